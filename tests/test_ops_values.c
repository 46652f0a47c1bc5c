/* What operations give where a random case says little: broadcasting, negative axes, padding, indices out of
 * range, ties, conversions, integers, matrix products of every shape, long sums. Values are worked out by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)

static tg_tensor *numbers(tg_graph *g, int64_t n, const double *values)
{
    return tg_constant(g, TG_F64, 1, &n, values);
}

static tg_tensor *integers(tg_graph *g, int64_t n, const int64_t *values)
{
    return tg_constant(g, TG_I64, 1, &n, values);
}

/* A constant with elements 0, 1, 2, ... */
static tg_tensor *counting(tg_graph *g, int rank, const int64_t *shape)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++) n *= shape[i];
    return tg_reshape(tg_iota(g, n, TG_F64), rank, shape);
}

static void assert_shape(const tg_tensor *t, int rank, const int64_t *shape)
{
    assert_non_null(t);
    assert_int_equal(tg_rank(t), rank);
    for (int i = 0; i < rank; i++) assert_int_equal(tg_shape(t)[i], shape[i]);
}

/* Exact values of an i64 tensor, which doubles cannot hold. */
static void assert_integers(tg_tensor *t, const int64_t *expected, int n)
{
    int64_t values[16];
    assert_int_equal(tg_dtype_of(t), TG_I64);
    assert_int_equal(tg_eval(tg_graph_of(t), &t, 1, values, (size_t)n * sizeof *values), TG_OK);
    for (int i = 0; i < n; i++) assert_int_equal(values[i], expected[i]);
}

/* ---- Shapes ------------------------------------------------------------------------------------------- */

static void test_broadcasting(void **state)
{
    tg_graph *g = *state;
    tg_tensor *column = counting(g, 2, (const int64_t[]){2, 1}),
              *row = numbers(g, 3, (const double[]){10, 20, 30});
    tg_tensor *sum = tg_add(column, row);
    assert_shape(sum, 2, (const int64_t[]){2, 3});
    assert_values(sum, ((const double[]){10, 20, 30, 11, 21, 31}), 6, 0);
    assert_shape(tg_mul(tg_number(g, TG_F64, 2), row), 1, (const int64_t[]){3});
    tg_tensor *empty = tg_constant(g, TG_F64, 2, (const int64_t[]){0, 3}, NULL);
    assert_shape(tg_add(empty, row), 2, (const int64_t[]){0, 3});
    tg_tensor *cube =
        tg_sub(counting(g, 3, (const int64_t[]){2, 1, 2}), counting(g, 2, (const int64_t[]){2, 1}));
    assert_shape(cube, 3, (const int64_t[]){2, 2, 2});
    assert_values(cube, ((const double[]){0, 1, -1, 0, 2, 3, 1, 2}), 8, 0);
    assert_null(tg_add(row, counting(g, 1, (const int64_t[]){2})));
    assert_error(g, TG_ERR_SHAPE, "add", "f64[2]");
}

static void test_negative_axes(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = counting(g, 3, (const int64_t[]){2, 3, 4});
    assert_ptr_equal(tg_sum(x, TG_AXES(-1)), tg_sum(x, TG_AXES(2)));
    assert_ptr_equal(tg_sum(x, TG_AXES(-1, 0)), tg_sum(x, TG_AXES(0, 2)));
    assert_ptr_equal(tg_max(x, TG_KEEP_AXES(-3)), tg_max(x, TG_KEEP_AXES(0)));
    assert_ptr_equal(tg_argmax(x, -2), tg_argmax(x, 1));
    assert_ptr_equal(tg_cumsum(x, -1), tg_cumsum(x, 2));
    assert_ptr_equal(tg_flip(x, -3), tg_flip(x, 0));
    assert_ptr_equal(tg_slice(x, -1, 1, 3, 1), tg_slice(x, 2, 1, 3, 1));
    assert_ptr_equal(tg_index(x, -2, -1), tg_index(x, 1, 2));
    assert_ptr_equal(tg_softmax(x, -3), tg_softmax(x, 0));
    assert_ptr_equal(tg_transpose(x, (const int[]){-1, 0, -2}), tg_transpose(x, (const int[]){2, 0, 1}));
    tg_tensor *pair[2] = {x, x};
    assert_ptr_equal(tg_concat(pair, 2, -3), tg_concat(pair, 2, 0));
    tg_tensor *stacked = tg_stack(pair, 2, -1);
    assert_shape(stacked, 4, (const int64_t[]){2, 3, 4, 2});
    assert_ptr_equal(stacked, tg_stack(pair, 2, 3));
    assert_null(tg_sum(x, TG_AXES(3)));
    assert_error(g, TG_ERR_ARGUMENT, "sum", "axis 3");
    assert_null(tg_sum(x, TG_AXES(1, -2)));
    assert_error(g, TG_ERR_ARGUMENT, "sum", "twice");
}

static void test_reshape_and_transpose(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = counting(g, 2, (const int64_t[]){2, 3}), *turned = tg_transpose(x, NULL);
    assert_values(turned, ((const double[]){0, 3, 1, 4, 2, 5}), 6, 0);
    assert_values(tg_reshape(turned, 1, (const int64_t[]){-1}), ((const double[]){0, 3, 1, 4, 2, 5}), 6, 0);
    assert_values(tg_sum(turned, TG_AXES(0)), ((const double[]){3, 12}), 2, 0);
    assert_values(tg_flip(turned, 1), ((const double[]){3, 0, 4, 1, 5, 2}), 6, 0);
    assert_null(tg_reshape(x, 2, (const int64_t[]){4, -1}));
    assert_error(g, TG_ERR_SHAPE, "reshape", "6");
}

static void test_pad(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = numbers(g, 3, (const double[]){1, 2, 3});
    tg_tensor *y = tg_pad(x, (const int64_t[]){1}, (const int64_t[]){2}, (const int64_t[]){1}, 9);
    assert_values(y, ((const double[]){9, 1, 9, 2, 9, 3, 9, 9}), 8, 0);
    tg_tensor *m = counting(g, 2, (const int64_t[]){2, 2});
    tg_tensor *framed =
        tg_pad(m, (const int64_t[]){0, 1}, (const int64_t[]){1, 0}, (const int64_t[]){0, 1}, -1);
    assert_values(framed, ((const double[]){-1, 0, -1, 1, -1, 2, -1, 3, -1, -1, -1, -1}), 12, 0);
    tg_tensor *nothing = tg_constant(g, TG_F64, 1, &(int64_t){0}, NULL);
    tg_tensor *filled = tg_pad(nothing, (const int64_t[]){1}, (const int64_t[]){1}, (const int64_t[]){5}, 4);
    assert_values(filled, ((const double[]){4, 4}), 2, 0);
    assert_null(tg_pad(x, (const int64_t[]){-1}, (const int64_t[]){0}, NULL, 0));
    assert_error(g, TG_ERR_SIZE, "pad", "-1");
}

/* ---- Indices ------------------------------------------------------------------------------------------ */

static void test_gather(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = counting(g, 2, (const int64_t[]){3, 2}),
              *at = integers(g, 3, (const int64_t[]){-1, 0, -3});
    assert_values(tg_gather(x, at, 0), ((const double[]){4, 5, 0, 1, 0, 1}), 6, 0);
    assert_values(tg_gather(x, integers(g, 1, (const int64_t[]){-2}), 1), ((const double[]){0, 2, 4}), 3, 0);
    assert_values(tg_gather(x, tg_number(g, TG_I64, 1), 0), ((const double[]){2, 3}), 2, 0);
    tg_tensor *added = tg_scatter_add(numbers(g, 3, (const double[]){1, 1, 1}), at,
                                      numbers(g, 3, (const double[]){10, 20, 40}), 0);
    assert_values(added, ((const double[]){61, 1, 11}), 3, 0);
    tg_tensor *picks = tg_constant(g, TG_I64, 2, (const int64_t[]){3, 1}, (const int64_t[]){1, -1, 0});
    assert_values(tg_take_along_axis(x, picks, 1), ((const double[]){1, 3, 4}), 3, 0);
}

static void check_bad_index(tg_graph *g, tg_tensor *t, const char *op, const char *index)
{
    double data[16];
    assert_non_null(t);
    assert_int_equal(tg_eval(g, &t, 1, data, (size_t)tg_count(t) * sizeof *data), TG_ERR_INDEX);
    assert_contains(tg_error(g), op);
    assert_error(g, TG_ERR_INDEX, index, "size 3");
}

static void test_indices_out_of_range(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = numbers(g, 3, (const double[]){1, 2, 3});
    tg_tensor *beyond = integers(g, 2, (const int64_t[]){0, 3}),
              *before = integers(g, 2, (const int64_t[]){-4, 0});
    check_bad_index(g, tg_gather(x, beyond, 0), "gather", "index 3, at position 1");
    check_bad_index(g, tg_gather(x, before, 0), "gather", "index -4, at position 0");
    check_bad_index(g, tg_gather(x, integers(g, 1, &(int64_t){INT64_MIN}), 0), "gather",
                    "-9223372036854775808");
    check_bad_index(g, tg_gather(x, integers(g, 1, &(int64_t){INT64_MAX}), 0), "gather",
                    "9223372036854775807");
    check_bad_index(g, tg_scatter_add(x, beyond, tg_slice(x, 0, 0, 2, 1), 0), "scatter_add", "index 3");
    check_bad_index(g, tg_take_along_axis(x, before, 0), "take_along_axis", "index -4");
    assert_null(tg_index(x, 0, 3));
    assert_error(g, TG_ERR_INDEX, "index", "3");
}

static void test_one_hot(void **state)
{
    tg_graph *g = *state;
    tg_tensor *at = integers(g, 4, (const int64_t[]){1, -1, 2, 0});
    assert_values(tg_one_hot(at, 2, TG_F64), ((const double[]){0, 1, 0, 0, 0, 0, 1, 0}), 8, 0);
    assert_shape(tg_one_hot(at, 0, TG_F32), 2, (const int64_t[]){4, 0});
    assert_values(tg_one_hot(tg_number(g, TG_I64, 1), 3, TG_I64), ((const double[]){0, 1, 0}), 3, 0);
}

static void test_argmax(void **state)
{
    tg_graph *g = *state;
    static const double rows[4][4] = {{1, 5, 5, 2},
                                      {-3, -3, -3, -3},
                                      {1, (double)NAN, 9, (double)NAN},
                                      {-(double)INFINITY, 2, (double)INFINITY, 0}};
    tg_tensor *x = tg_constant(g, TG_F64, 2, (const int64_t[]){4, 4}, rows);
    assert_values(tg_argmax(x, 1), ((const double[]){1, 0, 1, 2}), 4, 0);
    assert_values(tg_argmin(x, 1), ((const double[]){0, 0, 1, 0}), 4, 0);
    assert_values(tg_argmax(integers(g, 3, (const int64_t[]){INT64_MIN, INT64_MAX, INT64_MAX}), 0),
                  ((const double[]){1}), 1, 0);
    assert_values(tg_max(x, TG_AXES(1)), ((const double[]){5, -3, NOT_A_NUMBER, INF}), 4, 0);
    assert_values(tg_min(x, TG_AXES(1)), ((const double[]){1, -3, NOT_A_NUMBER, -INF}), 4, 0);
}

static void test_cumsum(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = counting(g, 2, (const int64_t[]){2, 3});
    assert_values(tg_cumsum(x, 1), ((const double[]){0, 1, 3, 3, 7, 12}), 6, 0);
    assert_values(tg_cumsum(x, 0), ((const double[]){0, 1, 2, 3, 5, 7}), 6, 0);
    assert_values(tg_flip(tg_cumsum(tg_flip(x, 1), 1), 1), ((const double[]){3, 3, 2, 12, 9, 5}), 6, 0);
    assert_shape(tg_cumsum(tg_constant(g, TG_F64, 1, &(int64_t){0}, NULL), 0), 1, (const int64_t[]){0});
}

/* ---- Types -------------------------------------------------------------------------------------------- */

static void test_casts(void **state)
{
    tg_graph *g = *state;
    static const double edges[] = {1.9,
                                   -1.9,
                                   -0.0,
                                   (double)NAN,
                                   (double)INFINITY,
                                   -(double)INFINITY,
                                   9223372036854775808.0,
                                   -9223372036854775808.0,
                                   9.2e18,
                                   1e300};
    tg_tensor *x = numbers(g, 10, edges);
    assert_integers(tg_cast(x, TG_I64),
                    ((const int64_t[]){1, -1, 0, 0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN,
                                       9200000000000000000, INT64_MAX}),
                    10);
    assert_values(tg_cast(x, TG_BOOL), ((const double[]){1, 1, 0, 1, 1, 1, 1, 1, 1, 1}), 10, 0);
    tg_tensor *single = tg_cast(x, TG_F32);
    assert_values(single,
                  ((const double[]){(double)1.9f, -(double)1.9f, 0, NOT_A_NUMBER, INF, -INF, 0x1p63, -0x1p63,
                                    (double)9.2e18f, INF}),
                  10, 0);
    assert_integers(tg_cast(single, TG_I64),
                    ((const int64_t[]){1, -1, 0, 0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN,
                                       (int64_t)9.2e18f, INT64_MAX}),
                    10);
    tg_tensor *truth = tg_gt(numbers(g, 2, (const double[]){1, -1}), tg_number(g, TG_F64, 0));
    assert_integers(tg_cast(truth, TG_I64), (const int64_t[]){1, 0}, 2);
    assert_values(tg_cast(integers(g, 2, (const int64_t[]){16777217, INT64_MAX}), TG_F32),
                  ((const double[]){16777216, 0x1p63}), 2, 0);
}

static void test_integers_wrap_around(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = integers(g, 3, (const int64_t[]){INT64_MAX, INT64_MIN, 3037000500});
    assert_integers(tg_add(x, tg_number(g, TG_I64, 1)),
                    (const int64_t[]){INT64_MIN, INT64_MIN + 1, 3037000501}, 3);
    assert_integers(tg_neg(x), (const int64_t[]){-INT64_MAX, INT64_MIN, -3037000500}, 3);
    assert_integers(tg_abs(x), (const int64_t[]){INT64_MAX, INT64_MIN, 3037000500}, 3);
    assert_integers(tg_square(x), (const int64_t[]){1, 0, -9223372036709301616}, 3);
    assert_integers(tg_sub(x, tg_number(g, TG_I64, 2)),
                    (const int64_t[]){INT64_MAX - 2, INT64_MAX - 1, 3037000498}, 3);
    assert_integers(tg_sum(tg_slice(x, 0, 0, 2, 1), NULL), (const int64_t[]){-1}, 1);
    assert_integers(tg_prod(integers(g, 2, (const int64_t[]){INT64_MIN, -1}), NULL),
                    (const int64_t[]){INT64_MIN}, 1);
    assert_integers(tg_maximum(x, tg_number(g, TG_I64, 0)), (const int64_t[]){INT64_MAX, 0, 3037000500}, 3);
}

static void test_reductions_of_nothing(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_constant(g, TG_F64, 2, (const int64_t[]){0, 2}, NULL);
    assert_values(tg_sum(x, TG_AXES(0)), ((const double[]){0, 0}), 2, 0);
    assert_values(tg_prod(x, TG_AXES(0)), ((const double[]){1, 1}), 2, 0);
    assert_shape(tg_max(x, TG_AXES(1)), 1, (const int64_t[]){0});
    assert_null(tg_max(x, TG_AXES(0)));
    assert_error(g, TG_ERR_SHAPE, "max", "no elements");
    assert_null(tg_mean(x, NULL));
    assert_error(g, TG_ERR_SHAPE, "mean", "no elements");
    assert_null(tg_logsumexp(x, NULL));
    assert_error(g, TG_ERR_SHAPE, "", "no elements");
}

/* ---- Matrix products ---------------------------------------------------------------------------------- */

typedef struct shape {
    int rank;
    int64_t size[4];
} shape;

/* The shape with the axis that a vector lacks, and batch axes of size 1 up to rank 4. */
static shape as_matrices(shape s, int column)
{
    shape full = {4, {1, 1, 1, 1}};
    if (s.rank == 1) full.size[column ? 2 : 3] = s.size[0];
    for (int i = 0; s.rank > 1 && i < s.rank; i++) full.size[4 - s.rank + i] = s.size[i];
    return full;
}

static int64_t position(shape s, int64_t i, int64_t j, int64_t row, int64_t column)
{
    int64_t outer = s.size[0] == 1 ? 0 : i, inner = s.size[1] == 1 ? 0 : j;
    return ((outer * s.size[1] + inner) * s.size[2] + row) * s.size[3] + column;
}

static void check_product(tg_graph *g, shape a_shape, shape b_shape)
{
    tg_mark mark = tg_get_mark(g);
    tg_tensor *a = tg_sin(counting(g, a_shape.rank, a_shape.size));
    tg_tensor *b = tg_cos(counting(g, b_shape.rank, b_shape.size));
    shape left = as_matrices(a_shape, 0), right = as_matrices(b_shape, 1);
    int64_t outer = left.size[0] > right.size[0] ? left.size[0] : right.size[0];
    int64_t inner = left.size[1] > right.size[1] ? left.size[1] : right.size[1];
    int64_t m = left.size[2], k = left.size[3], n = right.size[3], at = 0;
    double *expected = calloc((size_t)(outer * inner * m * n) + 1, sizeof *expected);
    assert_non_null(expected);
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            for (int64_t row = 0; row < m; row++)
                for (int64_t column = 0; column < n; column++, at++)
                    for (int64_t l = 0; l < k; l++)
                        expected[at] += sin((double)position(left, i, j, row, l)) *
                                        cos((double)position(right, i, j, l, column));
    assert_values(tg_matmul(a, b), expected, at, 1e-13);
    free(expected);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
}

static void test_matmul_shapes(void **state)
{
    tg_graph *g = *state;
    static const struct {
        shape a, b;
    } pairs[] = {
        {{2, {2, 3}}, {2, {3, 4}}},
        {{1, {3}}, {1, {3}}},
        {{1, {3}}, {2, {3, 2}}},
        {{2, {2, 3}}, {1, {3}}},
        {{3, {4, 2, 3}}, {1, {3}}},
        {{1, {3}}, {3, {4, 3, 2}}},
        {{3, {2, 2, 3}}, {2, {3, 4}}},
        {{2, {2, 3}}, {3, {5, 3, 2}}},
        {{4, {2, 1, 2, 3}}, {3, {3, 3, 2}}},
        {{4, {1, 3, 2, 3}}, {4, {2, 1, 3, 2}}},
        {{4, {2, 3, 1, 1}}, {4, {2, 3, 1, 1}}},
        {{2, {2, 0}}, {2, {0, 3}}},
        {{2, {0, 3}}, {2, {3, 2}}},
        {{2, {67, 129}}, {2, {129, 70}}},
    };
    for (int i = 0; i < COUNT(pairs); i++) check_product(g, pairs[i].a, pairs[i].b);
    tg_tensor *three = counting(g, 1, (const int64_t[]){3});
    assert_null(tg_matmul(three, counting(g, 2, (const int64_t[]){2, 3})));
    assert_error(g, TG_ERR_SHAPE, "matmul", "3 and 2");
    assert_null(tg_matmul(three, tg_number(g, TG_F64, 1)));
    assert_error(g, TG_ERR_RANK, "matmul", "scalar");
}

static void test_matmul_of_views(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = counting(g, 2, (const int64_t[]){2, 3}), *turned = tg_transpose(x, NULL);
    assert_values(tg_matmul(x, turned), ((const double[]){5, 14, 14, 50}), 4, 0);
    assert_values(tg_matmul(turned, x), ((const double[]){9, 12, 15, 12, 17, 22, 15, 22, 29}), 9, 0);
    assert_values(tg_matmul(tg_flip(x, 1), turned), ((const double[]){1, 10, 10, 46}), 4, 0);
    assert_values(tg_matmul(tg_slice(turned, 0, 0, TG_END, 2), x), ((const double[]){9, 12, 15, 15, 22, 29}),
                  6, 0);
    tg_tensor *ones = tg_full(g, TG_F64, 2, (const int64_t[]){3, 2}, 1);
    assert_values(tg_matmul(x, ones), ((const double[]){3, 3, 12, 12}), 4, 0);
    assert_values(tg_outer(counting(g, 1, (const int64_t[]){2}), numbers(g, 2, (const double[]){3, 4})),
                  ((const double[]){0, 0, 3, 4}), 4, 0);
}

/* ---- Long sums ---------------------------------------------------------------------------------------- */

/* 0.1f ten million times: added one by one in f32 it would be off by several percent. */
static void test_long_sum(void **state)
{
    tg_graph *g = *state;
    int64_t n = 10000000;
    float *data = malloc((size_t)n * sizeof *data), got[2];
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++) data[i] = 0.1f;
    tg_tensor *x = tg_param(g, "x", TG_F32, 1, &n, data);
    free(data);
    tg_tensor *sums[2] = {tg_sum(x, NULL), tg_mean(x, NULL)};
    assert_int_equal(tg_eval(g, sums, 2, got, sizeof got), TG_OK);
    assert_true(got[0] == (float)((double)0.1f * (double)n));
    assert_true(fabsf(got[1] - 0.1f) <= 0x1p-27f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_broadcasting),
        graph_test(test_negative_axes),
        graph_test(test_reshape_and_transpose),
        graph_test(test_pad),
        graph_test(test_gather),
        graph_test(test_indices_out_of_range),
        graph_test(test_one_hot),
        graph_test(test_argmax),
        graph_test(test_cumsum),
        graph_test(test_casts),
        graph_test(test_integers_wrap_around),
        graph_test(test_reductions_of_nothing),
        graph_test(test_matmul_shapes),
        graph_test(test_matmul_of_views),
        graph_test(test_long_sum),
    };
    return cmocka_run_group_tests_name("ops: values", tests, NULL, NULL);
}
