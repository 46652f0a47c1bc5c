/* Running out of memory at every allocation there is: an error, no leak, and a graph that works on. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_alloc.h"
#include "graph_helpers.h"

/* The call failed for want of memory, and says so; with failures switched off the graph is usable. */
static void check_usable(tg_graph *g)
{
    int any = failing_alloc_stop();
    assert_true(any);
    assert_int_equal(tg_graph_status(g), TG_ERR_MEMORY);
    assert_contains(tg_error(g), "memory");
    tg_clear_error(g);
    tg_tensor *x = tg_find(g, "check");
    if (x == NULL) x = scalar_param(g, "check", 3);
    assert_value(tg_add_scalar(tg_square(x), 1), 10, 0);
}

/* ---- A training step ----------------------------------------------------------------------------------------- */

typedef struct network {
    tg_graph *g;
    tg_tensor *x, *y, *W[2], *b[2], *cost, *gradients[4];
    tg_function *f;
} network;

static tg_tensor *layer(network *n, int l, int64_t from, int64_t to, tg_tensor *a)
{
    static const char *const names[2][2] = {{"W1", "b1"}, {"W2", "b2"}};
    n->W[l] = tg_param(n->g, names[l][0], TG_F64, 2, (const int64_t[]){from, to}, NULL);
    n->b[l] = tg_param(n->g, names[l][1], TG_F64, 1, &to, NULL);
    return tg_set_name(tg_add(tg_matmul(a, n->W[l]), n->b[l]), names[l][0]);
}

static int record(network *n)
{
    n->x = tg_input(n->g, "x", TG_F64, 2, (const int64_t[]){4, 3});
    n->y = tg_input(n->g, "y", TG_F64, 2, (const int64_t[]){4, 2});
    tg_tensor *scores = layer(n, 1, 5, 2, tg_tanh(layer(n, 0, 3, 5, n->x)));
    n->cost = tg_mean(tg_softmax_cross_entropy(scores, n->y), NULL);
    return n->cost != NULL;
}

static int differentiate(network *n)
{
    tg_tensor *const params[4] = {n->W[0], n->b[0], n->W[1], n->b[1]};
    tg_status status = tg_grad(n->g, n->cost, params, 4, n->gradients);
    if (status != TG_OK)
        for (int i = 0; i < 4; i++) assert_null(n->gradients[i]);
    return status == TG_OK;
}

static int compile(network *n)
{
    tg_update updates[4];
    for (int i = 0; i < 4; i++) {
        tg_tensor *p = i % 2 == 0 ? n->W[i / 2] : n->b[i / 2];
        updates[i] = (tg_update){p, tg_sub(p, tg_mul_scalar(n->gradients[i], 0.5))};
    }
    return tg_compile(n->g, &n->cost, 1, updates, 4, &n->f) == TG_OK;
}

static int run(network *n)
{
    static const double x[12] = {1, 0, 2, -1, 1, 0, 0, 3, 1, 2, 2, -2}, y[8] = {1, 0, 0, 1, 1, 0, 1, 0};
    double cost;
    if (tg_set(n->x, x, sizeof x) != TG_OK || tg_set(n->y, y, sizeof y) != TG_OK) return 0;
    if (tg_run(n->f) != TG_OK || tg_eval(n->g, &n->cost, 1, &cost, sizeof cost) != TG_OK) return 0;
    tg_function *fork = tg_function_fork(n->f);
    if (fork == NULL) {
        tg_set_error(n->g, TG_ERR_MEMORY, "no memory for a fork"); /* it has nowhere to say so itself */
        return 0;
    }
    assert_int_equal(tg_run(fork), TG_OK);
    tg_function_free(fork);
    assert_true(cost < log(2));
    return 1;
}

static int train(void *context)
{
    (void)context;
    network n = {.g = tg_graph_new(NULL)};
    if (n.g == NULL) return 0;
    int done = record(&n) && differentiate(&n) && compile(&n) && run(&n);
    if (!done) check_usable(n.g);
    tg_function_free(n.f);
    tg_graph_free(n.g);
    return done;
}

static void test_training_step(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(train, NULL) > 50);
}

/* ---- The rest of the interface ------------------------------------------------------------------------------- */

/* Marks, a loop that records again, and leaves in it. */
static int rewind_and_record(void *context)
{
    (void)context;
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *x = scalar_param(g, "x", 2);
    tg_mark mark = tg_get_mark(g);
    int done = x != NULL;
    for (int round = 0; round < 3 && done; round++) {
        double value = 0;
        tg_tensor *w = scalar_param(g, "w", round), *t = x;
        for (int i = 0; i < 150; i++) t = tg_add(tg_mul(t, w), x); /* more than one chunk and table size */
        done = tg_eval(g, &t, 1, &value, sizeof value) == TG_OK;
        if (done && round == 1) assert_true(value == 302);
        if (done) assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
    if (!done) check_usable(g);
    tg_graph_free(g);
    return done;
}

static void test_marks(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(rewind_and_record, NULL) > 20);
}

static tg_status same_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status cube_kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    for (int64_t i = 0; i < call->out.count; i++) ((double *)call->out.data)[i] = x[i] * x[i] * x[i];
    return TG_OK;
}

static void cube_vjp(tg_rule *r)
{
    tg_tensor *slope = tg_mul_scalar(tg_square(tg_rule_input(r, 0)), 3);
    tg_rule_adjoint(r, 0, tg_mul(tg_rule_output_adjoint(r), slope));
}

/* Registered operations, whose forward rule is derived; Jacobians, Hessians, custom rules, many inputs. */
static int derive(void *context)
{
    (void)context;
    static const tg_op cube = {
        .name = "cube", .n_inputs = 1, .infer = same_infer, .kernel = cube_kernel, .vjp = cube_vjp};
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){1, 2}), *h = NULL, *j = NULL, *hv = NULL;
    const tg_op *op = tg_op_register(g, &cube);
    int done = x != NULL && op != NULL;
    tg_tensor *y = done ? tg_apply(g, op, &x, 1, NULL) : NULL;
    tg_tensor *z = tg_custom(y, &x, 1, &(tg_custom_rules){.name = "cube", .vjp = cube_vjp});
    tg_tensor *all = z == NULL ? NULL : tg_concat((tg_tensor *[]){y, z, x, y, z, x}, 6, 0);
    tg_tensor *total = tg_sum(tg_mul(all, all), NULL);
    done = done && tg_hessian(g, tg_sum(y, NULL), x, &h) == TG_OK && tg_jacobian(g, all, x, &j) == TG_OK &&
           tg_hvp(g, total, &x, &x, 1, &hv) == TG_OK;
    double values[4 + 24];
    tg_tensor *const both[2] = {h, j};
    done = done && tg_depends_on(hv, x) && tg_eval(g, both, 2, values, sizeof values) == TG_OK;
    if (done) assert_true(values[0] == 6 && values[3] == 12 && values[4] == 3 && values[7] == 12);
    if (!done) check_usable(g);
    tg_graph_free(g);
    return done;
}

static void test_derivatives(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(derive, NULL) > 50);
}

/* Checkpoints, one within another, over a node of many inputs. */
static int checkpoint(void *context)
{
    (void)context;
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){1, 2}), *d = NULL, *y = tg_sin(x), *total;
    y = tg_checkpoint(tg_mul(tg_exp(y), x), &x, 1);
    total = tg_concat((tg_tensor *[]){x, y, x, y, x, y, x, y, x, y}, 10, 0);
    total = tg_checkpoint(tg_sum(tg_mul(total, total), NULL), &x, 1);
    double values[2];
    int done = x != NULL && total != NULL && tg_grad(g, total, &x, 1, &d) == TG_OK &&
               tg_eval(g, &d, 1, values, sizeof values) == TG_OK;
    if (done) assert_true(values[0] > 10);
    if (!done) check_usable(g);
    tg_graph_free(g);
    return done;
}

static void test_checkpoints(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(checkpoint, NULL) > 50);
}

/* A function within a limit of memory; *limit becomes what it takes without one where that is 0. */
static int compile_within(void *limit)
{
    size_t *bytes = limit;
    double data[64] = {1, 2, 3};
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *W = param_2d(g, "W", 8, 8, data), *a = W, *d = NULL;
    for (int l = 0; l < 10; l++) a = tg_tanh(tg_matmul(a, W));
    tg_function *f = NULL;
    const tg_compile_options options = {.memory_limit = *bytes};
    int done = a != NULL && tg_grad(g, tg_sum(a, NULL), &W, 1, &d) == TG_OK &&
               tg_compile_with(g, &d, 1, NULL, 0, &options, &f) == TG_OK;
    if (done && *bytes == 0) *bytes = tg_stats(f).arena_bytes + tg_stats(f).scratch_bytes;
    if (!done) check_usable(g);
    tg_function_free(f);
    tg_graph_free(g);
    return done;
}

static void test_limited(void **state)
{
    (void)state;
    size_t bytes = 0;
    assert_true(compile_within(&bytes));
    bytes = bytes / 4 * 3;
    assert_true(failing_alloc_every(compile_within, &bytes) > 30);
}

/* More plans than the cache holds its first tables for. */
static int compile_many(void *context)
{
    (void)context;
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *x = scalar_param(g, "x", 1);
    int done = x != NULL;
    for (int i = 0; i < 12 && done; i++) {
        tg_function *f = NULL;
        tg_tensor *y = tg_add_scalar(x, i + 0.5);
        done = y != NULL && tg_compile(g, &y, 1, NULL, 0, &f) == TG_OK;
        assert_int_equal(f != NULL, done);
        if (done) assert_int_equal(tg_run(f), TG_OK);
        if (done) assert_true(tg_scalar(f, y) == i + 1.5);
        tg_function_free(f);
    }
    if (!done) check_usable(g);
    tg_graph_free(g);
    return done;
}

static void test_cache(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(compile_many, NULL) > 50);
}

/* ---- Params in bands ---------------------------------------------------------------------------------------------- */

enum { ROWS = 32, WIDTH = 160 };

/* One step of a graph whose param would lie in bands; `made` is the param after it. 0 when memory ran out on the way. */
static int step_in_bands(const float *x, float *made)
{
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 0;
    tg_tensor *w = tg_param(g, "w", TG_F32, 2, (const int64_t[]){ROWS, WIDTH}, x), *gradient;
    tg_tensor *a = tg_constant(g, TG_F32, 2, (const int64_t[]){ROWS, ROWS}, x);
    tg_tensor *y = tg_sum(tg_square(tg_matmul(a, w)), NULL);
    tg_function *f = NULL;
    int done = tg_grad(g, y, &w, 1, &gradient) == TG_OK;
    if (done) {
        const tg_update update = {w, tg_sub(w, tg_mul_scalar(gradient, 0.5))};
        done = tg_compile(g, &y, 1, &update, 1, &f) == TG_OK;
    }
    if (done) {
        assert_int_equal(tg_run(f), TG_OK);
        assert_int_equal(tg_get(w, made, ROWS * WIDTH * sizeof *made), TG_OK);
    }
    tg_function_free(f);
    tg_graph_free(g);
    return done;
}

/* Where there is no memory for bands, the param stays in rows, which changes no bit. */
static void test_bands(void **state)
{
    (void)state;
    static float x[ROWS * WIDTH], expected[ROWS * WIDTH], made[ROWS * WIDTH];
    int without_bands = 0, failed = 1;
    for (int i = 0; i < ROWS * WIDTH; i++) x[i] = (float)(i * 7 % 31 - 15) / 8;
    assert_true(step_in_bands(x, expected));
    for (int64_t k = 1; failed; k++) {
        const int64_t live = failing_alloc_live();
        failing_alloc_start(k, 0);
        const int done = step_in_bands(x, made);
        failed = failing_alloc_stop();
        assert_true(done || failed);
        assert_int_equal(failing_alloc_live(), live);
        if (done) assert_memory_equal(made, expected, sizeof made);
        without_bands += done && failed;
    }
    printf("steps that did without some memory: %d\n", without_bands);
}

/* ---- Arrays ------------------------------------------------------------------------------------------------------- */

static int fill_bundle(void *context)
{
    (void)context;
    tg_bundle b = {0};
    tg_diag diag = {0};
    tg_status status = TG_OK;
    for (int i = 0; i < 5 && status == TG_OK; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        tg_array *array = tg_array_new(TG_F32, 1, (const int64_t[]){i}, &diag);
        status = array == NULL ? diag.status : tg_bundle_add(&b, name, array, &diag);
    }
    if (status != TG_OK) {
        assert_int_equal(status, TG_ERR_MEMORY);
        assert_int_equal(diag.status, TG_ERR_MEMORY);
        assert_contains(diag.message, "memory");
    }
    tg_bundle_clear(&b);
    return status == TG_OK;
}

static void test_bundle(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(fill_bundle, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_step), cmocka_unit_test(test_marks),
        cmocka_unit_test(test_derivatives),   cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_limited),       cmocka_unit_test(test_cache),
        cmocka_unit_test(test_bands),         cmocka_unit_test(test_bundle),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
