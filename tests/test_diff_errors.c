/* What cannot be differentiated: an error that says so, results that are NULL, and everything else as it was. */
#include "graph_helpers.h"

typedef struct fixture {
    tg_graph *g;
    tg_tensor *x, *v, *i, *y, *out;
} fixture;

static fixture begin(tg_graph *g)
{
    fixture f = {.g = g};
    f.x = scalar_param(g, "x", 2);
    f.v = param_1d(g, "v", 3, (const double[]){1, 2, 3});
    f.i = tg_param(g, "i", TG_I64, 1, (const int64_t[]){3}, NULL);
    f.y = tg_square(f.x);
    return f;
}

/* The call's error; *out was emptied; values are what they were. */
static void failed(fixture *f, tg_status found, tg_status status, const char *part, const char *other,
                   int line)
{
    if (found != status || f->out != NULL) {
        print_error("%s, %s result\n", tg_status_name(found), f->out == NULL ? "no" : "a");
        _fail(__FILE__, line);
    }
    check_error(f->g, status, part, other, __FILE__, line);
    check_values(f->y, (const double[]){4}, 1, 0, __FILE__, line);
}
#define assert_failed(call, status, part, other)                                                             \
    do {                                                                                                     \
        f.out = f.x;                                                                                         \
        failed(&f, call, status, part, other, __LINE__);                                                     \
    } while (0)

static void test_output_is_no_scalar(void **state)
{
    fixture f = begin(*state);
    tg_tensor *squares = tg_square(f.v), *empty = tg_slice(f.v, 0, 0, 0, 1);
    assert_failed(tg_grad(f.g, squares, &f.v, 1, &f.out), TG_ERR_SHAPE, "f64[3] has 3 elements, expected 1",
                  "tg_vjp");
    assert_failed(tg_grad(f.g, empty, &f.v, 1, &f.out), TG_ERR_SHAPE, "0 elements", "f64[0]");
    assert_failed(tg_hessian(f.g, squares, f.v, &f.out), TG_ERR_SHAPE, "3 elements", "expected 1");
    assert_failed(tg_hvp(f.g, squares, &f.v, &f.v, 1, &f.out), TG_ERR_SHAPE, "3 elements", "expected 1");
    /* One element is enough, whatever its rank. */
    assert_int_equal(tg_grad(f.g, tg_sum(squares, TG_KEEP_AXES(0)), &f.v, 1, &f.out), TG_OK);
    assert_values(f.out, ((const double[]){2, 4, 6}), 3, 0);
}

static void test_integers(void **state)
{
    fixture f = begin(*state);
    tg_tensor *total = tg_sum(f.i, NULL);
    assert_failed(tg_grad(f.g, f.y, &f.i, 1, &f.out), TG_ERR_DTYPE, "input 0, 'i' i64[3]", "floating");
    assert_failed(tg_grad(f.g, total, &f.x, 1, &f.out), TG_ERR_DTYPE, "tg_grad", "i64[]");
    assert_failed(tg_jvp(f.g, &f.y, 1, &f.i, &f.i, 1, &f.out), TG_ERR_DTYPE, "tg_jvp: input 0", "'i' i64[3]");
    assert_failed(tg_jacobian(f.g, f.y, f.i, &f.out), TG_ERR_DTYPE, "tg_jacobian", "'i' i64[3]");
    assert_failed(tg_jacobian(f.g, f.i, f.x, &f.out), TG_ERR_DTYPE, "tg_jacobian: output", "'i' i64[3]");
}

static void test_partners_of_another_type(void **state)
{
    fixture f = begin(*state);
    tg_tensor *single = tg_number(f.g, TG_F32, 1);
    assert_failed(tg_vjp(f.g, &f.y, &f.v, 1, &f.x, 1, &f.out), TG_ERR_SHAPE, "tg_vjp: output 0",
                  "'v' f64[3]");
    assert_failed(tg_vjp(f.g, &f.y, &single, 1, &f.x, 1, &f.out), TG_ERR_SHAPE, "f64[]", "f32[]");
    assert_failed(tg_jvp(f.g, &f.y, 1, &f.x, &f.v, 1, &f.out), TG_ERR_SHAPE, "tg_jvp: input 0 is 'x' f64[]",
                  "'v' f64[3]");
    assert_failed(tg_hvp(f.g, f.y, &f.x, &f.v, 1, &f.out), TG_ERR_SHAPE, "'x' f64[]", "'v' f64[3]");
}

static void test_counts(void **state)
{
    fixture f = begin(*state);
    f.out = NULL;
    assert_int_equal(tg_grad(f.g, f.y, &f.x, -1, &f.out), TG_ERR_ARGUMENT);
    assert_error(f.g, TG_ERR_ARGUMENT, "-1 inputs", "");
    assert_int_equal(tg_vjp(f.g, &f.y, &f.y, -2, &f.x, 1, &f.out), TG_ERR_ARGUMENT);
    assert_error(f.g, TG_ERR_ARGUMENT, "-2 outputs", "");
    assert_int_equal(tg_jvp(f.g, &f.y, -1, &f.x, &f.x, 1, &f.out), TG_ERR_ARGUMENT);
    tg_clear_error(f.g);
    assert_int_equal(tg_hvp(f.g, f.y, &f.x, &f.x, -1, &f.out), TG_ERR_ARGUMENT);
    tg_clear_error(f.g);
}

static void test_rank_of_a_jacobian(void **state)
{
    fixture f = begin(*state);
    const int64_t ones[5] = {1, 1, 1, 1, 1};
    tg_tensor *deep = tg_param(f.g, "deep", TG_F64, 5, ones, NULL);
    assert_failed(tg_jacobian(f.g, deep, deep, &f.out), TG_ERR_RANK, "tg_jacobian", "10");
    assert_int_equal(tg_hessian(f.g, tg_sum(deep, NULL), deep, &f.out), TG_ERR_RANK);
    assert_null(f.out);
    tg_clear_error(f.g);
}

/* All results are emptied, also where an earlier one could have been given. */
static void test_all_results_are_emptied(void **state)
{
    fixture f = begin(*state);
    tg_tensor *xs[3] = {f.x, f.v, f.i}, *out[3] = {f.x, f.x, f.x};
    assert_int_equal(tg_grad(f.g, f.y, xs, 3, out), TG_ERR_DTYPE);
    for (int i = 0; i < 3; i++) assert_null(out[i]);
    tg_clear_error(f.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_output_is_no_scalar),      graph_test(test_integers),
        graph_test(test_partners_of_another_type), graph_test(test_counts),
        graph_test(test_rank_of_a_jacobian),       graph_test(test_all_results_are_emptied),
    };
    return cmocka_run_group_tests_name("diff errors", tests, NULL, NULL);
}
