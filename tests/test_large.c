/* Long chains: nothing recurses over the graph, so a small stack is enough for any length. */
#include <math.h>
#include <pthread.h>

#include "graph_helpers.h"

/* Builds without optimisation or with sanitizers take a tenth. */
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LENGTH 1000000
#define STACK ((size_t)(TG_WITH_CBLAS ? 128 : 64) * 1024) /* OpenBLAS has 60 KiB of each thread's stack */
#else
#define LENGTH 100000
#define STACK ((size_t)256 * 1024)
#endif

typedef struct result {
    int ok;
    const char *where;
    double value, slope, tangent;
    int64_t nodes;
} result;

/* Every other link adds x again, so that x is used very often. */
static tg_tensor *chain(tg_tensor *x, int length)
{
    tg_tensor *t = x;
    for (int i = 0; i < length; i++) t = i % 2 == 0 ? tg_sin(t) : tg_add(t, x);
    return t;
}

static int compute(result *r, tg_graph *g)
{
    tg_tensor *x = scalar_param(g, "x", 0.25), *y = chain(x, LENGTH), *dy, *ydot;
    tg_tensor *one = tg_number(g, TG_F64, 1), *beginning = chain(x, LENGTH / 10); /* the same nodes */
    r->where = "recording";
    if (y == NULL) return 0;
    r->where = "reverse mode";
    if (tg_grad(g, y, &x, 1, &dy) != TG_OK) return 0;
    r->where = "forward mode";
    if (tg_jvp(g, &beginning, 1, &x, &one, 1, &ydot) != TG_OK) return 0;
    r->nodes = tg_node_count(g);
    tg_tensor *const outputs[3] = {y, dy, ydot};
    tg_function *f;
    r->where = "compiling";
    if (tg_compile(g, outputs, 3, NULL, 0, &f) != TG_OK) return 0;
    r->where = "running";
    int ran = tg_run(f) == TG_OK;
    r->value = tg_scalar(f, y);
    r->slope = tg_scalar(f, dy);
    r->tangent = tg_scalar(f, ydot);
    tg_function_free(f);
    r->where = "asking";
    return ran && tg_depends_on(y, x) && tg_rewind(g, (tg_mark){1, TG_OK}) == TG_OK;
}

static void *work(void *data)
{
    result *r = data;
    tg_graph *g = tg_graph_new(NULL);
    r->ok = g != NULL && compute(r, g);
    tg_graph_free(g);
    return NULL;
}

static void test_long_chain_on_a_small_stack(void **state)
{
    (void)state;
    result r = {0};
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, work, &r), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    if (!r.ok) fail_msg("%s failed", r.where);
    assert_true(r.nodes > 2 * (int64_t)LENGTH);
    const double x = 0.25;
    double value = x, slope = 1, tangent = 0;
    for (int i = 0; i < LENGTH; i++) {
        if (i == LENGTH / 10) tangent = slope;
        slope = i % 2 == 0 ? slope * cos(value) : slope + 1;
        value = i % 2 == 0 ? sin(value) : value + x;
    }
    assert_true(fabs(r.value - value) < 1e-9);
    assert_true(fabs(r.slope - slope) < 1e-9 * fabs(slope));
    assert_true(fabs(r.tangent - tangent) < 1e-9 * fabs(tangent));
}

/* One operation with very many inputs, and one tensor with very many uses. */
static void test_wide(void **state)
{
    tg_graph *g = *state;
    enum { WIDTH = 20000 };
    static tg_tensor *parts[WIDTH];
    tg_tensor *x = param_1d(g, "x", 1, (const double[]){2}), *dx;
    for (int i = 0; i < WIDTH; i++) parts[i] = tg_mul_scalar(x, i);
    tg_tensor *y = tg_sum(tg_square(tg_concat(parts, WIDTH, 0)), NULL);
    assert_int_equal(tg_grad(g, y, &x, 1, &dx), TG_OK);
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) sum += (double)i * i;
    assert_value(y, 4 * sum, 1e-12);
    assert_value(dx, 4 * sum, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_long_chain_on_a_small_stack),
                                       graph_test(test_wide)};
    return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
