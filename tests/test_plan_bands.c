/* Params in bands between runs: which they are; training has the same bits as in rows, on one thread and on two; and
 * whoever looks at such a param, or changes it, finds and leaves what he should. */
#include <stdlib.h>
#include <string.h>

#include <tapegrad/nn.h>

#include "graph_helpers.h"

#include "plan/function.h"

/* Matrices in bands: 48 x 256 and 256 x 192, not 192 x 8. */
enum {
    BATCH = 40,
    INPUTS = 48,
    FIRST = 256,
    SECOND = 192,
    LAST = 8,
    LAYERS = 3,
    STEPS = 5,
    MOST = 256 * 192
};

typedef struct net {
    tg_graph *g;
    tg_tensor *x, *y, *a, *loss, *weights[LAYERS];
    tg_function *step;
} net;

static void bind(tg_function *f, const net *n, tg_dtype dtype)
{
    static double x[BATCH * INPUTS], y[BATCH * LAST];
    static float x32[BATCH * INPUTS], y32[BATCH * LAST];
    for (int i = 0; i < BATCH * INPUTS; i++) x32[i] = (float)(x[i] = (i * 37 % 101) / 101.0 - 0.5);
    for (int i = 0; i < BATCH * LAST; i++) y32[i] = (float)(y[i] = i % LAST == i / LAST % LAST);
    assert_int_equal(tg_bind(f, n->x, dtype == TG_F32 ? (void *)x32 : (void *)x), TG_OK);
    if (n->y != NULL) tg_bind(f, n->y, dtype == TG_F32 ? (void *)y32 : (void *)y);
}

static net new_net(tg_dtype dtype, const char *passes_off, int threads)
{
    static const int64_t sizes[] = {FIRST, SECOND, LAST};
    static const tg_activation act[] = {TG_RELU, TG_RELU, TG_IDENTITY};
    const tg_mlp_spec spec = {LAYERS, sizes, act, TG_INIT_HE};
    const tg_optimizer sgd = TG_SGD(.rate = 0.1);
    tg_layer layers[LAYERS];
    tg_update *updates;
    int n_updates;
    net n = {.g = tg_graph_new(NULL)};
    n.x = tg_input(n.g, "x", dtype, 2, (int64_t[]){BATCH, INPUTS});
    n.y = tg_input(n.g, "y", dtype, 2, (int64_t[]){BATCH, LAST});
    n.a = tg_mlp(n.g, "net", n.x, &spec, layers);
    n.loss = tg_mean(tg_softmax_cross_entropy(n.a, n.y), NULL);
    for (int l = 0; l < LAYERS; l++) n.weights[l] = layers[l].W;
    assert_int_equal(tg_optimizer_updates(n.g, n.loss, &sgd, &updates, &n_updates), TG_OK);
    const tg_compile_options options = {.passes_off = passes_off, .threads = threads};
    assert_int_equal(tg_compile_with(n.g, &n.loss, 1, updates, n_updates, &options, &n.step), TG_OK);
    free(updates);
    bind(n.step, &n, dtype);
    return n;
}

static void free_net(net *n)
{
    tg_function_free(n->step);
    tg_graph_free(n->g);
}

static void run(tg_function *f, int times)
{
    for (int i = 0; i < times; i++) assert_int_equal(tg_run(f), TG_OK);
}

static size_t bytes_of(const tg_tensor *w)
{
    return (size_t)tg_count(w) * tg_dtype_size(tg_dtype_of(w));
}

/* All weights of the two have the same bits. */
static void check_same(const net *a, const net *b)
{
    static double x[MOST], y[MOST];
    for (int l = 0; l < LAYERS; l++) {
        const size_t bytes = bytes_of(a->weights[l]);
        assert_int_equal(tg_get(a->weights[l], x, bytes), TG_OK);
        assert_int_equal(tg_get(b->weights[l], y, bytes), TG_OK);
        assert_memory_equal(x, y, bytes);
    }
}

/* How many params lie in bands now. */
static int count_bands(const tg_function *f)
{
    int n = 0;
    for (int i = 0; i < f->plan->n_leaves; i++) n += f->in_bands && f->plan->leaves[i].is_banded;
    return n;
}

/* Where the library of a build makes products there are none. */
static int has_bands(void)
{
    net n = new_net(TG_F32, NULL, 1);
    run(n.step, 1);
    const int count = count_bands(n.step);
    free_net(&n);
    return count > 0;
}

static void test_training(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        const tg_dtype dtype = k % 2 == 0 ? TG_F32 : TG_F64;
        net rows = new_net(dtype, "bands", 1), bands = new_net(dtype, NULL, 1 + k / 2);
        run(rows.step, STEPS);
        run(bands.step, STEPS);
        assert_int_equal(count_bands(rows.step), 0);
        assert_int_equal(count_bands(bands.step), has_bands() ? 2 : 0);
        assert_true(tg_scalar(rows.step, rows.loss) == tg_scalar(bands.step, bands.loss));
        check_same(&rows, &bands);
        free_net(&rows);
        free_net(&bands);
    }
}

/* A pointer to a param's value shows what training makes of it, from then on. */
static void test_data_stays(void **state)
{
    (void)state;
    net rows = new_net(TG_F32, "bands", 1), bands = new_net(TG_F32, NULL, 1);
    run(rows.step, STEPS);
    run(bands.step, 2);
    const void *first = tg_data(bands.weights[0]), *expected = tg_data(rows.weights[0]);
    run(bands.step, STEPS - 2);
    assert_int_equal(count_bands(bands.step), 0);
    assert_memory_equal(first, expected, bytes_of(rows.weights[0]));
    assert_ptr_equal(tg_data(bands.weights[0]), first);
    run(rows.step, 1);
    run(bands.step, 1);
    assert_memory_equal(first, expected, bytes_of(rows.weights[0]));
    check_same(&rows, &bands);
    free_net(&rows);
    free_net(&bands);
}

/* tg_set while the value lies in bands; what was there is gone. */
static void test_set(void **state)
{
    (void)state;
    static float values[INPUTS * FIRST], found[INPUTS * FIRST];
    net rows = new_net(TG_F32, "bands", 1), bands = new_net(TG_F32, NULL, 1);
    for (int i = 0; i < INPUTS * FIRST; i++) values[i] = (float)(i % 17 - 8) / 64;
    for (int k = 0; k < 2; k++) {
        net *n = k == 0 ? &rows : &bands;
        run(n->step, 2);
        assert_int_equal(tg_set(n->weights[0], values, sizeof values), TG_OK);
        assert_int_equal(tg_get(n->weights[0], found, sizeof found), TG_OK);
        assert_memory_equal(found, values, sizeof values);
        run(n->step, 2);
        assert_int_equal(tg_get(n->weights[0], found, sizeof found), TG_OK);
        assert_memory_not_equal(found, values, sizeof values);
    }
    check_same(&rows, &bands);
    free_net(&rows);
    free_net(&bands);
}

/* Other functions see the value in turn with training: one that only reads, and one that changes it in rows. */
static void test_other_functions(void **state)
{
    (void)state;
    static float results[2][STEPS][BATCH * LAST];
    net nets[2] = {new_net(TG_F32, "bands", 1), new_net(TG_F32, NULL, 1)};
    for (int k = 0; k < 2; k++) {
        net *n = &nets[k];
        tg_tensor *w = n->weights[1], *half = tg_mul(w, tg_number(n->g, TG_F32, 0.5));
        const tg_update update = {w, half};
        tg_function *read = compile_with(n->g, &n->a, 1, NULL, 1), *shrink;
        assert_int_equal(tg_compile(n->g, NULL, 0, &update, 1, &shrink), TG_OK);
        const net only_x = {.x = n->x};
        bind(read, &only_x, TG_F32);
        for (int i = 0; i < STEPS; i++) {
            run(n->step, 1);
            if (i % 2 == 1) run(shrink, 1);
            run(read, 1);
            assert_int_equal(tg_read(read, n->a, results[k][i], sizeof results[k][i]), TG_OK);
        }
        tg_function_free(read);
        tg_function_free(shrink);
    }
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    check_same(&nets[0], &nets[1]);
    free_net(&nets[0]);
    free_net(&nets[1]);
}

/* A second function of the plan goes on where the first stopped. */
static void test_fork(void **state)
{
    (void)state;
    net rows = new_net(TG_F32, "bands", 1), bands = new_net(TG_F32, NULL, 1);
    run(rows.step, 2 * STEPS);
    run(bands.step, STEPS);
    tg_function *fork = tg_function_fork(bands.step);
    assert_non_null(fork);
    run(fork, STEPS);
    assert_int_equal(count_bands(fork), count_bands(bands.step));
    tg_function_free(fork);
    check_same(&rows, &bands);
    free_net(&rows);
    free_net(&bands);
}

/* A step that trains w by sum((x w)^2) / 100, whose shape and what reads it are of that kind. */
enum { PLAIN, FEW_ROWS, READ_ELSEWHERE, NO_ROWS, TWO_PARAMS, LIMITED, KINDS };

static tg_function *step_of(tg_graph *g, int kind, int threads, tg_tensor **w)
{
    static float values[256 * 256];
    char names[3][8] = {"w0", "x0", "v0"};
    for (int i = 0; i < 3; i++) names[i][1] = (char)('0' + kind);
    const int64_t rows = kind == FEW_ROWS ? 4 : kind == NO_ROWS ? 0 : 64, width = 256, columns = 160;
    for (int i = 0; i < 256 * 256; i++) values[i] = (float)(i * 37 % 101 - 50) / 512;
    *w = tg_param(g, names[0], TG_F32, 2, (int64_t[]){width, columns}, values);
    tg_tensor *x = tg_input(g, names[1], TG_F32, 2, (int64_t[]){rows, width}), *gradient,
              *seed = tg_constant(g, TG_F32, 2, (int64_t[]){rows, columns}, values);
    tg_tensor *y = tg_sum(tg_square(tg_matmul(x, *w)), NULL);
    if (kind == READ_ELSEWHERE) y = tg_add(y, tg_sum(tg_square(*w), NULL));
    if (kind == NO_ROWS) y = tg_sum(*w, NULL);
    assert_int_equal(tg_grad(g, y, w, 1, &gradient), TG_OK);
    if (kind == NO_ROWS) gradient = tg_matmul(tg_transpose(x, NULL), seed);
    tg_tensor *made = tg_sub(*w, tg_mul_scalar(gradient, 0.01));
    tg_update updates[2] = {{*w, made}};
    if (kind == TWO_PARAMS)
        updates[1] = (tg_update){tg_param(g, names[2], TG_F32, 2, (int64_t[]){width, columns}, NULL), made};
    const tg_compile_options options = {.threads = threads,
                                        .memory_limit = kind == LIMITED ? (size_t)1 << 24 : 0};
    tg_function *f;
    assert_int_equal(tg_compile_with(g, &y, 1, updates, 1 + (kind == TWO_PARAMS), &options, &f), TG_OK);
    assert_int_equal(tg_bind(f, x, values), TG_OK);
    run(f, 2);
    return f;
}

/* Matrices that something else reads, or that are read for few rows, stay in rows, and all where memory is limited. */
static void test_others_stay(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    for (int kind = 0; kind < KINDS; kind++) {
        static float a[256 * 160], b[256 * 160];
        tg_tensor *w, *again;
        tg_function *f = step_of(g, kind, 1, &w), *two = step_of(other, kind, 2, &again);
        const size_t bytes = bytes_of(w);
        assert_int_equal(count_bands(f), kind == PLAIN && has_bands());
        assert_int_equal(count_bands(two), 0); /* 80 columns are no whole bands */
        assert_int_equal(tg_get(w, a, bytes), TG_OK);
        assert_int_equal(tg_get(again, b, bytes), TG_OK);
        assert_memory_equal(a, b, bytes);
        tg_function_free(f);
        tg_function_free(two);
    }
    tg_graph_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_data_stays),
        cmocka_unit_test(test_set),      cmocka_unit_test(test_other_functions),
        cmocka_unit_test(test_fork),     graph_test(test_others_stay)};
    return cmocka_run_group_tests_name("plan_bands", tests, NULL, NULL);
}
