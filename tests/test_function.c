/* Compiled functions: outputs, updates, bindings, forks, errors. */
#include <math.h>

#include "graph_helpers.h"

static tg_function *compile(tg_graph *g, tg_tensor *const *outputs, int n, const tg_update *updates,
                            int n_updates)
{
    tg_function *f;
    if (tg_compile(g, outputs, n, updates, n_updates, &f) != TG_OK) fail_msg("%s", tg_error(g));
    return f;
}

static void run(tg_function *f)
{
    if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
}

/* ---- Outputs and updates ---------------------------------------------------------------------------------- */

static void test_outputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3}), *y = tg_square(x), *s = tg_sum(y, NULL);
    tg_tensor *half = tg_number(g, TG_F32, 0.5), *more = tg_gt(s, tg_number(g, TG_F64, 10)),
              *i = tg_argmax(x, 0);
    tg_tensor *outputs[] = {y, s, x, half, more, i, y};
    tg_function *f = compile(g, outputs, COUNT(outputs), NULL, 0);
    run(f);
    double values[3];
    assert_int_equal(tg_read(f, y, values, sizeof values), TG_OK);
    assert_true(values[0] == 1 && values[1] == 4 && values[2] == 9);
    assert_int_equal(tg_read(f, x, values, sizeof values), TG_OK);
    assert_true(values[0] == 1 && values[1] == 2 && values[2] == 3);
    assert_ptr_not_equal(tg_output(f, x), tg_data(x));
    assert_true(((const double *)tg_output(f, y))[2] == 9);
    assert_true(tg_scalar(f, s) == 14 && tg_scalar(f, half) == 0.5 && tg_scalar(f, more) == 1 &&
                tg_scalar(f, i) == 2);
    assert_true(isnan(tg_scalar(f, y)));
    assert_null(tg_output(f, tg_sin(x)));
    assert_true(isnan(tg_scalar(f, tg_sin(s))));
    assert_int_equal(tg_read(f, tg_sin(x), values, sizeof values), TG_ERR_ARGUMENT);
    assert_int_equal(tg_read(f, y, values, 16), TG_ERR_SIZE);
    tg_function_free(f);
}

static void test_nothing_to_do(void **state)
{
    tg_graph *g = *state;
    tg_function *f = compile(g, NULL, 0, NULL, 0);
    run(f);
    assert_int_equal(tg_stats(f).nodes, 0);
    tg_function_free(f);
    assert_int_equal(tg_eval(g, NULL, 0, NULL, 0), TG_OK);
}

static void test_updates_read_old_values(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_1d(g, "a", 2, (const double[]){1, 2}),
              *b = param_1d(g, "b", 2, (const double[]){30, 40});
    tg_tensor *c = param_1d(g, "c", 2, (const double[]){5, 6});
    /* Three params change places, and an output is what one of them was. */
    tg_function *f = compile(g, &a, 1, (const tg_update[]){{a, b}, {b, c}, {c, a}}, 3);
    run(f);
    assert_values(a, ((const double[]){30, 40}), 2, 0);
    assert_values(b, ((const double[]){5, 6}), 2, 0);
    assert_values(c, ((const double[]){1, 2}), 2, 0);
    double old[2];
    assert_int_equal(tg_read(f, a, old, sizeof old), TG_OK);
    assert_true(old[0] == 1 && old[1] == 2);
    tg_function_free(f);
    /* Swapped and changed at once, so that both could be computed in place. */
    f = compile(g, NULL, 0, (const tg_update[]){{a, tg_add_scalar(b, 1)}, {b, tg_neg(a)}}, 2);
    run(f);
    assert_values(a, ((const double[]){6, 7}), 2, 0);
    assert_values(b, ((const double[]){-30, -40}), 2, 0);
    tg_function_free(f);
}

static void test_updates_that_share_a_value(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_1d(g, "a", 2, (const double[]){1, 2}), *b = param_1d(g, "b", 2, NULL);
    tg_tensor *value = tg_mul_scalar(a, 10), *total = tg_sum(value, NULL),
              *part = tg_slice(value, 0, 1, 2, 1);
    tg_tensor *outputs[3] = {value, total, part};
    for (int n = 0; n <= 3; n++) {
        tg_function *f = compile(g, outputs, n, (const tg_update[]){{a, value}, {b, value}}, 2);
        const double start[2] = {1, 2};
        assert_int_equal(tg_set(a, start, sizeof start), TG_OK);
        run(f);
        assert_values(a, ((const double[]){10, 20}), 2, 0);
        assert_values(b, ((const double[]){10, 20}), 2, 0);
        if (n >= 2) assert_true(tg_scalar(f, total) == 30);
        if (n >= 3) assert_true(tg_scalar(f, part) == 20);
        tg_function_free(f);
    }
}

/* The old value is read after the new one is computed. */
static void test_old_value_as_output(void **state)
{
    tg_graph *g = *state;
    tg_tensor *n = tg_state(g, "n", TG_I64, 0, NULL, NULL), *next = tg_add_scalar(n, 1);
    tg_tensor *w = param_1d(g, "w", 2, (const double[]){1, 2}), *stepped = tg_mul_scalar(w, 2);
    tg_tensor *outputs[3] = {n, w, tg_sum(tg_sub(stepped, w), NULL)};
    tg_function *f = compile(g, outputs, 3, (const tg_update[]){{n, next}, {w, stepped}}, 2);
    for (int i = 0; i < 5; i++) {
        run(f);
        assert_true(tg_scalar(f, n) == i);
        assert_true(((const double *)tg_output(f, w))[1] == ldexp(2, i));
        assert_true(tg_scalar(f, outputs[2]) == ldexp(3, i));
    }
    assert_value(n, 5, 0);
    tg_function_free(f);
}

/* x + x^T may not be written over x: element (i, j) is still needed at (j, i). */
static void test_views_of_an_updated_param(void **state)
{
    tg_graph *g = *state;
    const double start[4] = {1, 2, 3, 4};
    tg_tensor *x = param_2d(g, "x", 2, 2, start);
    tg_tensor *values[] = {tg_add(x, tg_transpose(x, NULL)), tg_sub(x, tg_flip(x, 0)),
                           tg_mul(x, tg_sum(x, TG_KEEP_AXES(1))), tg_transpose(x, NULL),
                           tg_add(x, tg_slice(tg_concat((tg_tensor *[]){x, x}, 2, 0), 0, 1, 3, 1))};
    const double expected[][4] = {{2, 5, 5, 8}, {-2, -2, 2, 2}, {3, 6, 21, 28}, {1, 3, 2, 4}, {4, 6, 4, 6}};
    for (int i = 0; i < COUNT(values); i++) {
        assert_int_equal(tg_set(x, start, sizeof start), TG_OK);
        tg_function *f = compile(g, NULL, 0, &(tg_update){x, values[i]}, 1);
        run(f);
        check_values(x, expected[i], 4, 0, __FILE__, __LINE__);
        tg_function_free(f);
        /* The same where it is a result and not a param that could be overwritten. */
        tg_tensor *made = tg_add_scalar(x, 0.5), *sum = tg_add(made, tg_transpose(made, NULL));
        const double *now = tg_data(x);
        const double sums[4] = {2 * now[0] + 1, now[1] + now[2] + 1, now[1] + now[2] + 1, 2 * now[3] + 1};
        assert_values(sum, sums, 4, 1e-15);
    }
}

static void test_bad_updates(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL), *p = scalar_param(g, "p", 1),
              *v = param_1d(g, "v", 2, NULL);
    const struct {
        tg_update updates[2];
        int n;
        tg_status status;
        const char *part, *other;
    } bad[] = {
        {{{x, p}}, 1, TG_ERR_ARGUMENT, "'x'", "input"},
        {{{tg_sin(p), p}}, 1, TG_ERR_ARGUMENT, "sin", "no param"},
        {{{p, v}}, 1, TG_ERR_SHAPE, "'p' f64[]", "'v' f64[2]"},
        {{{p, tg_number(g, TG_F32, 1)}}, 1, TG_ERR_DTYPE, "'p' f64[]", "f32[]"},
        {{{p, tg_sin(p)}, {p, tg_cos(p)}}, 2, TG_ERR_ARGUMENT, "two updates", "'p'"},
    };
    for (int i = 0; i < COUNT(bad); i++) {
        tg_function *f = (tg_function *)g;
        assert_int_equal(tg_compile(g, &p, 1, bad[i].updates, bad[i].n, &f), bad[i].status);
        assert_null(f);
        assert_error(g, bad[i].status, bad[i].part, bad[i].other);
    }
    assert_value(p, 1, 0);
}

/* ---- Failing ------------------------------------------------------------------------------------------------ */

static tg_status odd_kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    for (int64_t i = 0; i < call->out.count; i++) {
        if (x[i] < 0) return TG_ERR_ARGUMENT; /* without a message */
        ((double *)call->out.data)[i] = x[i] + 1;
    }
    return TG_OK;
}

static tg_status first_type(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

/* A kernel fails before, at, or after the step that could have written to the param. */
static void test_failed_run_updates_nothing(void **state)
{
    tg_graph *g = *state;
    const tg_op *op =
        tg_op_register(g, &(tg_op){.name = "odd",
                                   .n_inputs = 1,
                                   .infer = first_type,
                                   .kernel = odd_kernel,
                                   .flags = TG_OP_ELEMENTWISE | TG_OP_CAN_FAIL | TG_OP_CONSTANT_SLOPE});
    const double start[3] = {1, -2, 3}, right[3] = {1, 2, 3};
    tg_tensor *p = param_1d(g, "p", 3, start), *q = param_1d(g, "q", 3, right);
    const int64_t index = 7, zero = 0;
    tg_tensor *i = tg_input(g, "i", TG_I64, 0, NULL), *picked = tg_gather(q, i, 0);
    assert_int_equal(tg_set(i, &zero, 8), TG_OK);
    const tg_update updates[2] = {{p, tg_apply(g, op, &p, 1, NULL)}, {q, tg_mul_scalar(q, 2)}};
    tg_function *f = compile(g, &picked, 1, updates, 2);
    assert_int_equal(tg_run(f), TG_ERR_ARGUMENT);
    assert_string_equal(tg_function_error(f), "odd: an argument has a value that is not allowed");
    assert_memory_equal(tg_data(p), start, sizeof start);
    assert_memory_equal(tg_data(q), right, sizeof right);
    assert_int_equal(tg_set(p, right, sizeof right), TG_OK);
    assert_int_equal(tg_set(i, &index, 8), TG_OK);
    assert_int_equal(tg_run(f), TG_ERR_INDEX);
    assert_contains(tg_function_error(f), "gather: ");
    assert_contains(tg_function_error(f), "7");
    assert_memory_equal(tg_data(p), right, sizeof right);
    assert_memory_equal(tg_data(q), right, sizeof right);
    assert_int_equal(tg_set(i, &zero, 8), TG_OK);
    run(f);
    assert_string_equal(tg_function_error(f), "");
    assert_values(p, ((const double[]){2, 3, 4}), 3, 0);
    assert_values(q, ((const double[]){2, 4, 6}), 3, 0);
    assert_true(tg_scalar(f, picked) == 1);
    tg_function_free(f);
}

/* ---- Binding and forks ---------------------------------------------------------------------------------------- */

static void test_bind(void **state)
{
    tg_graph *g = *state;
    const int64_t two = 2;
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, &two), *unused = tg_input(g, "unused", TG_F64, 1, &two);
    tg_tensor *p = param_1d(g, "p", 2, (const double[]){1, 1}), *y = tg_sum(tg_mul(tg_square(x), p), NULL);
    tg_function *f = compile(g, &y, 1, NULL, 0);
    assert_int_equal(tg_run(f), TG_ERR_UNBOUND);
    assert_contains(tg_function_error(f), "'x' f64[2]");
    assert_int_equal(tg_graph_status(g), TG_OK);
    double first[2] = {1, 2}, second[2] = {3, 4}, set[2] = {5, 6};
    assert_int_equal(tg_bind(f, x, first), TG_OK);
    run(f);
    assert_true(tg_scalar(f, y) == 5);
    first[0] = 10;
    run(f);
    assert_true(tg_scalar(f, y) == 104);
    assert_int_equal(tg_set(x, set, sizeof set), TG_OK);
    run(f);
    assert_true(tg_scalar(f, y) == 104);
    assert_int_equal(tg_bind(f, x, second), TG_OK);
    run(f);
    assert_true(tg_scalar(f, y) == 25);
    assert_int_equal(tg_bind(f, x, NULL), TG_OK);
    run(f);
    assert_true(tg_scalar(f, y) == 61);
    assert_int_equal(tg_bind(f, unused, first), TG_ERR_ARGUMENT);
    assert_contains(tg_function_error(f), "tg_bind");
    assert_int_equal(tg_bind(f, p, first), TG_ERR_ARGUMENT);
    assert_int_equal(tg_bind(f, y, first), TG_ERR_ARGUMENT);
    tg_function_free(f);
}

static void test_fork(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL), *p = scalar_param(g, "p", 2),
              *y = tg_mul(tg_exp(tg_mul(x, p)), p);
    tg_function *f = compile(g, &y, 1, NULL, 0);
    const double one = 1, three = 3;
    assert_int_equal(tg_bind(f, x, &one), TG_OK);
    run(f);
    const double before = tg_scalar(f, y);
    tg_function *fork = tg_function_fork(f), *second = tg_function_fork(fork);
    run(fork);
    assert_true(tg_scalar(fork, y) == before);
    assert_int_equal(tg_bind(fork, x, &three), TG_OK);
    run(fork);
    assert_true(tg_scalar(f, y) == before);
    assert_true(tg_scalar(fork, y) == 2 * exp(6));
    tg_function_free(f); /* forks outlive the first */
    run(second);
    assert_true(tg_scalar(second, y) == before);
    assert_int_equal(tg_set(p, &three, 8), TG_OK);
    run(second);
    run(fork);
    assert_true(tg_scalar(second, y) == 3 * exp(3) && tg_scalar(fork, y) == 3 * exp(9));
    tg_function_free(fork);
    tg_function_free(second);
}

static void test_many_values_at_once(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3});
    tg_tensor *all[3] = {tg_neg(x), tg_argmax(x, 0), tg_gt(x, tg_number(g, TG_F64, 1.5))};
    struct {
        double negative[3];
        int64_t position;
        unsigned char larger[3];
    } out;
    assert_int_equal(tg_eval(g, all, 3, &out, 24 + 8 + 3), TG_OK);
    assert_true(out.negative[2] == -3 && out.position == 2 && out.larger[0] == 0 && out.larger[2] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_outputs),
        graph_test(test_nothing_to_do),
        graph_test(test_updates_read_old_values),
        graph_test(test_updates_that_share_a_value),
        graph_test(test_old_value_as_output),
        graph_test(test_views_of_an_updated_param),
        graph_test(test_bad_updates),
        graph_test(test_failed_run_updates_nothing),
        graph_test(test_bind),
        graph_test(test_fork),
        graph_test(test_many_values_at_once),
    };
    return cmocka_run_group_tests_name("function", tests, NULL, NULL);
}
