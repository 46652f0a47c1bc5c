/* The checks with every allocation failing in turn: no leak, no crash, and never a verdict that was not earned. */
#include <math.h>
#include <string.h>

#include "failing_alloc.h"
#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>

/* 1 for a pass; anything else must be inconclusive because memory ran out. */
static int answer(tg_verdict verdict, tg_check_report *r)
{
    assert_int_not_equal(verdict, TG_FAIL);
    if (verdict != TG_PASS && r != NULL) assert_contains(r->reason, "memory");
    tg_check_free(r);
    return verdict == TG_PASS;
}

static int check_graph(void *context)
{
    (void)context;
    tg_check_report *r = NULL;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = tg_param(g, "x", TG_F64, 1, (const int64_t[]){3}, (const double[]){0.5, -1, 2});
    tg_tensor *y = tg_mul(tg_relu(x), tg_log_softmax(tg_sin(x), 0));
    tg_verdict verdict = TG_INCONCLUSIVE;
    if (y != NULL) verdict = tg_check(g, y, &x, 1, NULL, &r);
    int ok = answer(verdict, r);
    tg_graph_free(g);
    return ok;
}

static void cube(const double *x, double *y, void *context)
{
    (void)context;
    y[0] = x[0] * x[0] * x[1];
}

static void cube_gradient(const double *x, double *gradient, void *context)
{
    (void)context;
    gradient[0] = 2 * x[0] * x[1];
    gradient[1] = x[0] * x[0];
}

static int check_callback(void *context)
{
    (void)context;
    tg_check_report *r = NULL;
    const double x[2] = {1.5, -0.5};
    tg_callback call = {.n = 2, .m = 1, .f = cube, .gradient = cube_gradient};
    tg_verdict verdict = tg_check_callback(&call, x, NULL, &r);
    return answer(verdict, r);
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(check_graph, NULL) > 100);
    assert_true(failing_alloc_every(check_callback, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
