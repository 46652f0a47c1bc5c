/* Bad input: every mistake gives an error that says what was wrong, and what existed before still works. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

/* Things to make mistakes with, and an expression that has to keep its value. */
typedef struct fixture {
    tg_graph *g, *other;
    tg_tensor *x23, *x32, *v2, *v3, *s, *f32, *i3, *b3, *foreign, *old;
    int64_t nodes;
} fixture;

static void begin(fixture *f, tg_graph *g)
{
    const int64_t three = 3;
    const double data[6] = {1, 2, 3, 4, 5, 6};
    f->g = g;
    f->other = tg_graph_new(NULL);
    f->x23 = param_2d(g, "x23", 2, 3, data);
    f->x32 = param_2d(g, "x32", 3, 2, data);
    f->v2 = param_1d(g, "v2", 2, data);
    f->v3 = param_1d(g, "v3", 3, data);
    f->s = scalar_param(g, "s", 2);
    f->f32 = tg_param(g, "single", TG_F32, 1, &three, NULL);
    f->i3 = tg_param(g, "i3", TG_I64, 1, &three, NULL);
    f->b3 = tg_param(g, "b3", TG_BOOL, 1, &three, NULL);
    f->foreign = param_1d(f->other, "foreign", 3, data);
    f->old = tg_sum(tg_mul(f->x23, f->v3), NULL);
    f->nodes = tg_node_count(g);
}

/* The call failed with this message, and nothing else changed. */
static void failed(fixture *f, const tg_tensor *result, tg_status status, const char *part, const char *other,
                   int line)
{
    if (result != NULL) {
        print_error("a tensor came back\n");
        _fail(__FILE__, line);
    }
    check_error(f->g, status, part, other, __FILE__, line);
    check_values(f->old, (const double[]){46}, 1, 0, __FILE__, line);
}
#define assert_failed(call, status, part, other) failed(&f, call, status, part, other, __LINE__)

static void test_elementwise(void **state)
{
    fixture f;
    begin(&f, *state);
    assert_failed(tg_add(f.x23, f.x32), TG_ERR_SHAPE, "add: ", "a: 'x23' f64[2, 3], b: 'x32' f64[3, 2]");
    assert_failed(tg_mul(f.x23, f.v2), TG_ERR_SHAPE, "f64[2, 3]", "'v2' f64[2]");
    assert_failed(tg_sub(f.v3, f.f32), TG_ERR_DTYPE, "'v3' f64[3]", "'single' f32[3]");
    assert_failed(tg_sin(f.i3), TG_ERR_DTYPE, "sin", "'i3' i64[3]");
    assert_failed(tg_div(f.i3, f.i3), TG_ERR_DTYPE, "div", "i64");
    assert_failed(tg_add(f.b3, f.b3), TG_ERR_DTYPE, "add", "bool");
    assert_failed(tg_logical_not(f.v3), TG_ERR_DTYPE, "logical_not", "f64[3]");
    assert_failed(tg_where(f.v3, f.v3, f.v3), TG_ERR_DTYPE, "where", "'v3'");
    assert_failed(tg_where(f.b3, f.v3, f.v2), TG_ERR_SHAPE, "where", "'v2' f64[2]");
    assert_failed(tg_lt(f.v3, f.i3), TG_ERR_DTYPE, "lt", "'i3'");
    tg_graph_free(f.other);
}

static void test_products_and_shapes(void **state)
{
    fixture f;
    begin(&f, *state);
    const int64_t seven = 7, minus[2] = {-1, -1}, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 6};
    const int twice[2] = {0, 0}, beyond[2] = {0, 2};
    assert_failed(tg_matmul(f.x23, f.x23), TG_ERR_SHAPE, "matmul", "'x23' f64[2, 3]");
    assert_failed(tg_matmul(f.s, f.x23), TG_ERR_RANK, "matmul", "'s' f64[]");
    assert_failed(tg_matmul(f.i3, f.i3), TG_ERR_DTYPE, "matmul", "i64[3]");
    assert_failed(tg_dot(f.v2, f.v3), TG_ERR_SHAPE, "'v2'", "'v3'");
    assert_failed(tg_dot(f.x23, f.x32), TG_ERR_RANK, "dot", "f64[2, 3]");
    assert_failed(tg_outer(f.x23, f.v2), TG_ERR_RANK, "outer", "f64[2, 3]");
    assert_failed(tg_reshape(f.x23, 1, &seven), TG_ERR_SHAPE, "7", "6");
    assert_failed(tg_reshape(f.x23, 2, minus), TG_ERR_SIZE, "reshape", "-1");
    assert_failed(tg_reshape(f.x23, 9, nine), TG_ERR_RANK, "reshape", "9");
    assert_failed(tg_transpose(f.x23, twice), TG_ERR_ARGUMENT, "axis 0", "twice");
    assert_failed(tg_transpose(f.x23, beyond), TG_ERR_ARGUMENT, "axis 2", "rank 2");
    assert_failed(tg_broadcast_to(f.x23, 1, &seven), TG_ERR_SHAPE, "broadcast_to", "f64[2, 3]");
    assert_failed(tg_flip(f.v3, 1), TG_ERR_ARGUMENT, "axis 1", "'v3'");
    assert_failed(tg_slice(f.v3, -2, 0, 1, 1), TG_ERR_ARGUMENT, "axis -2", "'v3'");
    assert_failed(tg_slice(f.v3, 0, 0, 1, 0), TG_ERR_ARGUMENT, "slice", "step is 0");
    assert_failed(tg_index(f.v3, 0, 3), TG_ERR_INDEX, "position 3", "size 3");
    assert_failed(tg_pad(f.v2, (const int64_t[]){-1}, (const int64_t[]){0}, NULL, 0), TG_ERR_SIZE, "pad",
                  "-1");
    assert_failed(tg_concat((tg_tensor *[]){f.x23, f.x32}, 2, 0), TG_ERR_SHAPE, "concat", "'x32'");
    assert_failed(tg_stack((tg_tensor *[]){f.v2, f.v3}, 2, 0), TG_ERR_SHAPE,
                  "stack: ", "; xs: 'v2' f64[2], 'v3' f64[3]");
    assert_failed(tg_concat((tg_tensor *[]){f.v3, f.f32}, 2, 0), TG_ERR_DTYPE, "concat", "'single' f32[3]");
    tg_graph_free(f.other);
}

/* What is wrong inside a composed operation is said with its own name and inputs; so is what is wrong two levels down. */
static void test_composed(void **state)
{
    fixture f;
    begin(&f, *state);
    assert_failed(tg_softmax_cross_entropy(f.x23, f.i3), TG_ERR_DTYPE,
                  "softmax_cross_entropy: its inputs have different types; ",
                  "; s: 'x23' f64[2, 3], y: 'i3' i64[3]");
    assert_failed(tg_softmax_cross_entropy(f.x23, f.x32), TG_ERR_SHAPE,
                  "softmax_cross_entropy: ", "; s: 'x23' f64[2, 3], y: 'x32' f64[3, 2]");
    assert_failed(tg_sigmoid_cross_entropy(f.x23, f.v2), TG_ERR_SHAPE,
                  "sigmoid_cross_entropy: ", "; z: 'x23'");
    assert_failed(tg_gt(f.v3, f.i3), TG_ERR_DTYPE, "gt: ", "; a: 'v3' f64[3], b: 'i3' i64[3]");
    assert_failed(tg_ge(f.v3, f.x32), TG_ERR_SHAPE, "ge: ", "; a: 'v3' f64[3], b: 'x32' f64[3, 2]");
    assert_failed(tg_random_normal(f.s, TG_F64, 0, NULL), TG_ERR_DTYPE, "random_normal: the key",
                  "; key: 's'");
    assert_failed(tg_random_bernoulli(f.s, f.v2, 1, (const int64_t[]){2}), TG_ERR_DTYPE,
                  "random_bernoulli: the key", "; key: 's' f64[], p: 'v2' f64[2]");
    assert_failed(tg_full(f.g, TG_I64, 0, NULL, 0.5), TG_ERR_ARGUMENT, "full: number: 0.5", "i64");
    /* An error that was there before is the one that is kept. */
    assert_null(tg_add(f.x23, f.x32));
    assert_failed(tg_softmax_cross_entropy(f.x23, f.i3), TG_ERR_SHAPE, "add: ", "'x32' f64[3, 2]");
    tg_graph_free(f.other);
}

static void test_sizes(void **state)
{
    fixture f;
    begin(&f, *state);
    const int64_t huge[2] = {INT64_MAX / 2, 8}, million = 1 << 20, negative = -3;
    const int64_t wide[8] = {1 << 20, 1 << 20, 1, 1, 1, 1, 1, 1};
    assert_failed(tg_input(f.g, "huge", TG_F64, 2, huge), TG_ERR_SIZE, "input 'huge'", "axis");
    assert_failed(tg_param(f.g, "p", TG_F64, 1, &negative, NULL), TG_ERR_SIZE, "param 'p'", "-3");
    assert_failed(tg_input(f.g, "deep", TG_F64, 9, wide), TG_ERR_RANK, "input 'deep'", "9");
    assert_failed(tg_input(f.g, "d", (tg_dtype)9, 0, NULL), TG_ERR_DTYPE, "input 'd'", "9");
    assert_failed(tg_input(f.g, "n", TG_F64, 2, NULL), TG_ERR_NULL, "input 'n'", "shape");
    tg_tensor *big = tg_input(f.g, "big", TG_F64, 8, wide);
    assert_failed(tg_mul(big, tg_input(f.g, "column", TG_F64, 5, (const int64_t[]){million, 1, 1, 1, 1})),
                  TG_ERR_SIZE, "2^63", "'big' f64[1048576, 1048576");
    assert_failed(tg_outer(tg_input(f.g, "a", TG_F64, 1, (const int64_t[]){(int64_t)1 << 40}),
                           tg_input(f.g, "b", TG_F64, 1, (const int64_t[]){(int64_t)1 << 40})),
                  TG_ERR_SIZE, "2^63", "1099511627776");
    assert_failed(tg_one_hot(f.i3, INT64_MAX / 2, TG_F64), TG_ERR_SIZE, "", "axis");
    assert_failed(tg_one_hot(f.i3, -1, TG_F64), TG_ERR_SIZE, "", "-1");
    assert_failed(tg_iota(f.g, -1, TG_I64), TG_ERR_SIZE, "iota", "-1");
    assert_failed(tg_full(f.g, TG_F64, 2, huge, 0), TG_ERR_SIZE, "full: ", "axis");
    assert_failed(tg_full(f.g, TG_F64, 9, wide, 0), TG_ERR_RANK, "full: ", "9");
    assert_failed(tg_full(f.g, TG_F64, 2, NULL, 0), TG_ERR_NULL, "full: ", "the shape is NULL");
    assert_failed(tg_reshape(f.x23, 1, NULL), TG_ERR_NULL, "reshape: the shape is NULL", "'x23'");
    assert_failed(tg_broadcast_to(f.x23, 2, NULL), TG_ERR_NULL, "broadcast_to: the shape is NULL", "'x23'");
    tg_tensor *key = tg_input(f.g, "key", TG_I64, 0, NULL);
    assert_failed(tg_random_uniform(key, TG_F64, 1, NULL), TG_ERR_NULL, "random_uniform: the shape is NULL",
                  "'key'");
    assert_failed(tg_random_bernoulli(key, f.s, 1, NULL), TG_ERR_NULL, "random_bernoulli: the shape is NULL",
                  "'s'");
    assert_failed(tg_pad(f.v2, (const int64_t[]){INT64_MAX}, (const int64_t[]){INT64_MAX}, NULL, 0),
                  TG_ERR_SIZE, "pad", "'v2'");
    assert_failed(tg_stack((tg_tensor *[]){big, big}, 2, 0), TG_ERR_RANK, "", "9");
    tg_graph_free(f.other);
}

static void test_reductions_and_indexing(void **state)
{
    fixture f;
    begin(&f, *state);
    tg_tensor *empty = tg_input(f.g, "empty", TG_F64, 1, (const int64_t[]){0});
    assert_failed(tg_sum(f.x23, TG_AXES(2)), TG_ERR_ARGUMENT, "sum: axis 2", "'x23'");
    assert_failed(tg_sum(f.x23, TG_AXES(0, -2)), TG_ERR_ARGUMENT, "axis 0", "twice");
    assert_failed(tg_sum(f.b3, NULL), TG_ERR_DTYPE, "sum", "bool");
    assert_failed(tg_max(empty, NULL), TG_ERR_SHAPE, "max", "'empty' f64[0]");
    assert_failed(tg_mean(empty, NULL), TG_ERR_SHAPE, "mean", "'empty' f64[0]");
    assert_failed(tg_argmax(empty, 0), TG_ERR_SHAPE, "argmax", "'empty' f64[0]");
    assert_failed(tg_cumsum(f.b3, 0), TG_ERR_DTYPE, "cumsum", "bool");
    assert_failed(tg_gather(f.x23, f.v3, 0), TG_ERR_DTYPE, "gather", "'v3' f64[3]");
    assert_failed(tg_gather(f.x23, f.i3, 2), TG_ERR_ARGUMENT, "gather", "axis 2");
    assert_failed(tg_scatter_add(f.x23, f.i3, f.x23, 0), TG_ERR_SHAPE, "scatter_add", "'x23'");
    assert_failed(tg_take_along_axis(f.x23, f.i3, 0), TG_ERR_SHAPE, "take_along_axis", "'i3'");
    assert_failed(tg_cast(f.v3, (tg_dtype)12), TG_ERR_DTYPE, "cast", "12");
    assert_failed(tg_softmax_cross_entropy(f.v3, f.f32), TG_ERR_DTYPE, "", "'single' f32[3]");
    assert_failed(tg_random_uniform(f.s, TG_F64, 0, NULL), TG_ERR_DTYPE, "random_uniform", "'s' f64[]");
    tg_graph_free(f.other);
}

static void test_numbers(void **state)
{
    fixture f;
    begin(&f, *state);
    const unsigned char two = 2;
    assert_failed(tg_number(f.g, TG_I64, 0.5), TG_ERR_ARGUMENT, "0.5", "i64");
    assert_failed(tg_number(f.g, TG_I64, (double)NAN), TG_ERR_ARGUMENT, "nan", "i64");
    assert_failed(tg_number(f.g, TG_F32, -0x1p128), TG_ERR_ARGUMENT, "-3.4028236692093846e+38", "f32");
    assert_non_null(tg_number(f.g, TG_F32, -HUGE_VAL));
    assert_failed(tg_number(f.g, TG_BOOL, 2), TG_ERR_ARGUMENT, "2", "bool");
    assert_failed(tg_number(f.g, (tg_dtype)5, 2), TG_ERR_DTYPE, "number", "5");
    assert_failed(tg_add_scalar(f.i3, 1.5), TG_ERR_ARGUMENT, "1.5", "i64");
    assert_failed(tg_constant(f.g, TG_F64, 1, (const int64_t[]){3}, NULL), TG_ERR_NULL, "constant", "NULL");
    assert_failed(tg_constant(f.g, TG_BOOL, 0, NULL, &two), TG_ERR_ARGUMENT, "constant", "2");
    tg_graph_free(f.other);
}

static void test_other_graph(void **state)
{
    fixture f;
    begin(&f, *state);
    tg_tensor *out = f.x23;
    tg_function *function;
    assert_failed(tg_add(f.v3, f.foreign), TG_ERR_GRAPH, "add: input 1", "'foreign' f64[3]");
    assert_int_equal(tg_grad(f.g, f.old, &f.foreign, 1, &out), TG_ERR_GRAPH);
    assert_failed(out, TG_ERR_GRAPH, "tg_vjp: input 0", "'foreign'");
    assert_int_equal(tg_compile(f.g, &f.foreign, 1, NULL, 0, &function), TG_ERR_GRAPH);
    assert_null(function);
    assert_failed(NULL, TG_ERR_GRAPH, "tg_compile", "'foreign'");
    double value[3];
    assert_int_equal(tg_eval(f.g, &f.foreign, 1, value, sizeof value), TG_ERR_GRAPH);
    assert_failed(NULL, TG_ERR_GRAPH, "tg_eval", "'foreign'");
    assert_int_equal(tg_graph_status(f.other), TG_OK);
    tg_graph_free(f.other);
}

static void test_first_error_is_kept(void **state)
{
    fixture f;
    begin(&f, *state);
    tg_tensor *bad = tg_add(f.x23, f.x32);
    assert_null(tg_sin(tg_mul(bad, f.s)));
    assert_null(tg_matmul(f.x23, f.x23));
    assert_null(tg_sub(f.v3, NULL));
    tg_tensor *gradient;
    assert_int_equal(tg_grad(f.g, tg_sum(bad, NULL), &f.s, 1, &gradient), TG_ERR_SHAPE);
    tg_function *function;
    assert_int_equal(tg_compile(f.g, &bad, 1, NULL, 0, &function), TG_ERR_SHAPE);
    assert_failed(NULL, TG_ERR_SHAPE, "add: ", "'x32' f64[3, 2]");
    /* Without an error to explain it, a NULL is an error itself. */
    assert_failed(tg_sub(f.v3, NULL), TG_ERR_NULL, "sub", "input 1 is NULL");
    assert_failed(tg_sub(NULL, f.v3), TG_ERR_NULL, "sub", "input 0 is NULL");
    tg_graph_free(f.other);
}

/* An error that nobody cleared does not stop what is right. */
static void test_work_goes_on_after_an_error(void **state)
{
    fixture f;
    begin(&f, *state);
    tg_add(f.x23, f.x32);
    tg_tensor *y = tg_square(f.s), *dy;
    assert_non_null(y);
    assert_int_equal(tg_grad(f.g, y, &f.s, 1, &dy), TG_OK);
    assert_value(dy, 4, 0);
    assert_failed(NULL, TG_ERR_SHAPE, "add", "x32");
    tg_graph_free(f.other);
}

static void test_set_error(void **state)
{
    tg_graph *g = *state;
    assert_null(tg_set_error(g, TG_ERR_ARGUMENT, "my layer: %d units", -1));
    assert_null(tg_set_error(g, TG_ERR_IO, "a later one"));
    assert_string_equal(tg_error(g), "my layer: -1 units");
    assert_int_equal(tg_graph_status(g), TG_ERR_ARGUMENT);
    tg_clear_error(g);
    assert_string_equal(tg_error(g), "");
    char name[2 * TG_DIAG_SIZE];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    tg_set_error(g, TG_ERR_NAME, "%s", name);
    assert_int_equal(strlen(tg_error(g)), TG_DIAG_SIZE - 1);
    tg_clear_error(g);
}

static void test_unbound_input(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "pixels", TG_F64, 1, (const int64_t[]){3}), *y = tg_sum(x, NULL);
    double value = 7;
    assert_int_equal(tg_eval(g, &y, 1, &value, sizeof value), TG_ERR_UNBOUND);
    assert_true(value == 7);
    assert_error(g, TG_ERR_UNBOUND, "'pixels' f64[3]", "tg_eval");
    const double data[3] = {1, 2, 3};
    assert_int_equal(tg_set(x, data, sizeof data), TG_OK);
    assert_value(y, 6, 0);
    assert_int_equal(tg_eval(g, &y, 1, &value, 4), TG_ERR_SIZE);
    assert_error(g, TG_ERR_SIZE, "4 bytes", "expected 8");
    assert_int_equal(tg_eval(g, &y, 1, NULL, 8), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_eval", "NULL");
    assert_int_equal(tg_eval(g, NULL, 1, &value, 8), TG_ERR_NULL);
    tg_clear_error(g);
    assert_int_equal(tg_eval(g, &y, -1, &value, 8), TG_ERR_ARGUMENT);
    tg_clear_error(g);
}

/* An index out of range is found when the expression runs, with the index and where it stands. */
static void test_bad_index(void **state)
{
    tg_graph *g = *state;
    const int64_t three = 3, indices[3] = {0, -2, 5};
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){1, 2, 3, 4});
    tg_tensor *i = tg_input(g, "i", TG_I64, 1, &three), *y = tg_gather(x, i, 0);
    assert_int_equal(tg_set(i, indices, sizeof indices), TG_OK);
    double value[3];
    assert_int_equal(tg_eval(g, &y, 1, value, sizeof value), TG_ERR_INDEX);
    assert_error(g, TG_ERR_INDEX, "gather", "5");
    assert_int_equal(tg_set(i, (const int64_t[]){0, -2, 1}, 24), TG_OK);
    assert_values(y, ((const double[]){1, 3, 2}), 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_elementwise),
        graph_test(test_products_and_shapes),
        graph_test(test_composed),
        graph_test(test_sizes),
        graph_test(test_reductions_and_indexing),
        graph_test(test_numbers),
        graph_test(test_other_graph),
        graph_test(test_first_error_is_kept),
        graph_test(test_work_goes_on_after_an_error),
        graph_test(test_set_error),
        graph_test(test_unbound_input),
        graph_test(test_bad_index),
    };
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
