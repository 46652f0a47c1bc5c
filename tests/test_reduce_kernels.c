/* Reductions and scans against plain loops, on any strides. Elements are multiples of 1/1024 of which every
 * sum is exact, so results must be equal. test_reduce_accuracy.c looks at rounding, infinities and NaN. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/reduce.h"

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

static double read(tg_dtype dtype, const void *data, int64_t at)
{
    switch (dtype) {
    case TG_F32:
        return (double)((const float *)data)[at];
    case TG_F64:
        return ((const double *)data)[at];
    case TG_I64:
        return (double)((const int64_t *)data)[at];
    default:
        return (double)((const unsigned char *)data)[at];
    }
}

static void write(tg_dtype dtype, void *data, int64_t at, int64_t value)
{
    switch (dtype) {
    case TG_F32:
        ((float *)data)[at] = (float)value / 1024.0F;
        break;
    case TG_F64:
        ((double *)data)[at] = (double)value / 1024.0;
        break;
    case TG_I64:
        ((int64_t *)data)[at] = value;
        break;
    default:
        ((unsigned char *)data)[at] = value > 0;
        break;
    }
}

/* An array with strides of its own. */
typedef struct strided {
    tg_view view;
    int64_t shape[TG_MAX_RANK], strides[TG_MAX_RANK];
    void *memory;
} strided;

/* Axes lie in memory in a random order, with gaps, backwards or repeated now and then. Few values differ
 * when `few`, so that there are ties. */
static void make(strided *x, tg_dtype dtype, int rank, const int64_t *shape, int few)
{
    int order[TG_MAX_RANK] = {0};
    int64_t step = 1, low = 0;
    *x = (strided){.view = {.dtype = dtype, .rank = rank, .count = 1}};
    for (int i = 0; i < rank; i++) {
        int j = (int)draw(0, i);
        order[i] = order[j];
        order[j] = i;
        x->shape[i] = shape[i];
        x->view.count *= shape[i];
    }
    int plain = draw(0, 2) == 0;
    for (int i = 0; i < rank; i++) {
        int axis = plain ? rank - 1 - i : order[i], kind = plain ? 9 : (int)draw(0, 9);
        if (kind == 0) continue;
        if (kind == 1) step *= 2;
        x->strides[axis] = kind == 2 ? -step : step;
        if (kind == 2) low += step * (shape[axis] > 0 ? shape[axis] - 1 : 0);
        step *= shape[axis] > 0 ? shape[axis] : 1;
    }
    x->memory = malloc((size_t)step * 8);
    assert_non_null(x->memory);
    for (int64_t i = 0; i < step; i++) write(dtype, x->memory, i, few ? draw(-3, 3) : draw(-8192, 8192));
    x->view.data = (char *)x->memory + low * (int64_t)tg_dtype_size(dtype);
    x->view.shape = x->shape;
    x->view.strides = x->strides;
}

/* The element offset of the i-th element in row-major order, and its place among those of the kept axes. */
static int64_t locate(const strided *x, const unsigned char *is_reduced, int64_t i, int64_t *result)
{
    int64_t offset = 0, row_major = 1;
    *result = 0;
    for (int axis = x->view.rank - 1; axis >= 0; axis--) {
        int64_t at = i % x->shape[axis];
        i /= x->shape[axis];
        offset += at * x->strides[axis];
        if (is_reduced[axis]) continue;
        *result += at * row_major;
        row_major *= x->shape[axis];
    }
    return offset;
}

static int64_t kept_count(const strided *x, const unsigned char *is_reduced)
{
    int64_t count = 1;
    for (int i = 0; i < x->view.rank; i++) count *= is_reduced[i] ? 1 : x->shape[i];
    return count;
}

typedef void (*reduce_fn)(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out);

static void check_reduction(const strided *x, const unsigned char *is_reduced, reduce_fn reduce, double start)
{
    const tg_dtype dtype = x->view.dtype;
    int64_t results = kept_count(x, is_reduced);
    double *expected = malloc((size_t)(results + 1) * sizeof(double));
    unsigned char *out = malloc((size_t)(results + 1) * 8);
    assert_non_null(expected);
    assert_non_null(out);
    for (int64_t i = 0; i < results; i++) expected[i] = start;
    for (int64_t i = 0; i < x->view.count; i++) {
        int64_t at, offset = locate(x, is_reduced, i, &at);
        double value = read(dtype, x->view.data, offset);
        if (reduce == tg_reduce_sum)
            expected[at] += value;
        else if (reduce == tg_reduce_max ? value > expected[at] : value < expected[at])
            expected[at] = value;
    }
    memset(out, 0xa5, (size_t)(results + 1) * 8);
    tg_reduction plan;
    tg_reduction_plan(&x->view, is_reduced, &plan);
    reduce(&plan, dtype, x->view.data, out);
    for (int64_t i = 0; i < results; i++) {
        double found = read(dtype, out, i),
               exact = dtype == TG_F32 ? (double)(float)expected[i] : expected[i];
        if (found != exact)
            fail_msg("result %lld of %lld is %g, not %g", (long long)i, (long long)results, found, exact);
    }
    for (size_t i = 0; i < 8; i++) assert_int_equal(out[(size_t)results * tg_dtype_size(dtype) + i], 0xa5);
    free(expected);
    free(out);
}

static void check_all(tg_dtype dtype, int rank, const int64_t *shape, const unsigned char *is_reduced)
{
    strided x;
    make(&x, dtype, rank, shape, 0);
    if (dtype != TG_BOOL) check_reduction(&x, is_reduced, tg_reduce_sum, 0.0);
    if (x.view.count > 0) {
        check_reduction(&x, is_reduced, tg_reduce_max, -(double)INFINITY);
        check_reduction(&x, is_reduced, tg_reduce_min, (double)INFINITY);
    }
    free(x.memory);
}

static void test_random_shapes(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 3000; repeat++) {
        int64_t shape[TG_MAX_RANK];
        unsigned char is_reduced[TG_MAX_RANK];
        int rank = (int)draw(0, 5);
        for (int i = 0; i < rank; i++) {
            shape[i] = draw(0, 40) == 0 ? 0 : draw(1, rank <= 2 ? 70 : 7);
            is_reduced[i] = (unsigned char)draw(0, 1);
        }
        check_all((tg_dtype)draw(0, 3), rank, shape, is_reduced);
    }
}

/* Longer than one block of totals, either way. */
static void test_long_axes(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 40; repeat++) {
        int64_t shape[3] = {draw(1, 3), draw(250, 600), draw(30, 40)};
        for (int axes = 0; axes < 8; axes++) {
            unsigned char is_reduced[3] = {axes & 1, (axes >> 1) & 1, (axes >> 2) & 1};
            check_all((tg_dtype)(repeat % 4), 3, shape, is_reduced);
        }
    }
}

static void test_empty_sum_is_zero(void **state)
{
    (void)state;
    const int64_t huge = INT64_C(1) << 40;
    const int64_t shapes[][3] = {{3, 0, 2}, {20, 0, 20}, {0, huge, huge}}, strides[3] = {1, 1, 1};
    const unsigned char is_reduced[3][3] = {{0, 1, 0}, {0, 1, 0}, {1, 1, 1}};
    const int results[] = {6, 400, 1};
    for (int i = 0; i < 3; i++) {
        double out[400], nothing = 0.0;
        for (int j = 0; j < 400; j++) out[j] = 7.0;
        tg_view view = {&nothing, TG_F64, 3, 0, shapes[i], strides, 0};
        tg_reduction plan;
        tg_reduction_plan(&view, is_reduced[i], &plan);
        tg_reduce_sum(&plan, TG_F64, &nothing, out);
        for (int j = 0; j < 400; j++) assert_true(out[j] == (j < results[i] ? 0.0 : 7.0));
    }
}

/* The plan leaves out sizes of 1 and walks a whole transposed array as one axis. */
static void test_plan_merges(void **state)
{
    (void)state;
    const int64_t shape[4] = {5, 1, 3, 4}, strides[4] = {1, 99, 20, 5};
    const unsigned char all[4] = {1, 1, 1, 1}, last_two[4] = {0, 0, 1, 1};
    tg_view view = {NULL, TG_F32, 4, 60, shape, strides, 0};
    tg_reduction plan;
    tg_reduction_plan(&view, all, &plan);
    assert_int_equal(plan.kept, 0);
    assert_int_equal(plan.reduced, 1);
    assert_int_equal(plan.reduced_size[0], 60);
    assert_int_equal(plan.reduced_stride[0], 1);
    tg_reduction_plan(&view, last_two, &plan);
    assert_int_equal(plan.kept, 1);
    assert_int_equal(plan.kept_size[0], 5);
    assert_int_equal(plan.reduced, 1);
    assert_int_equal(plan.reduced_size[0], 12);
    assert_int_equal(plan.reduced_stride[0], 5);
}

static int64_t arg(tg_dtype dtype, const void *x, int64_t n, int64_t stride, int least)
{
    tg_reduction kept = {0};
    int64_t at = -1;
    tg_reduce_arg(&kept, n, stride, least, dtype, x, &at);
    return at;
}

static void test_arg_of_ties_and_nan(void **state)
{
    (void)state;
    const double nan = (double)NAN, inf = (double)INFINITY;
    const double ties[] = {1, 3, 0, 3, 0}, nans[] = {inf, nan, -inf, nan}, low[] = {-inf, -inf},
                 zeros[] = {-0.0, 0.0};
    const float floats[] = {1.0F, NAN, 2.0F};
    const unsigned char bools[] = {0, 1, 1, 0};
    assert_int_equal(arg(TG_F64, ties, 5, 1, 0), 1);
    assert_int_equal(arg(TG_F64, ties, 5, 1, 1), 2);
    assert_int_equal(arg(TG_F64, ties + 4, 5, -1, 0), 1);
    assert_int_equal(arg(TG_F64, ties, 5, 0, 0), 0);
    assert_int_equal(arg(TG_F64, nans, 4, 1, 0), 1);
    assert_int_equal(arg(TG_F64, nans, 4, 1, 1), 1);
    assert_int_equal(arg(TG_F64, low, 2, 1, 0), 0);
    assert_int_equal(arg(TG_F64, zeros, 2, 1, 0), 0);
    assert_int_equal(arg(TG_F64, zeros, 1, 1, 1), 0);
    assert_int_equal(arg(TG_F32, floats, 3, 1, 1), 1);
    assert_int_equal(arg(TG_BOOL, bools, 4, 1, 0), 1);
    assert_int_equal(arg(TG_BOOL, bools + 1, 3, 1, 1), 2);
}

static void check_arg(const strided *x, int axis, int least)
{
    unsigned char is_reduced[TG_MAX_RANK] = {0};
    int64_t out[7 * 7 * 7], best[7 * 7 * 7], seen[7 * 7 * 7] = {0};
    is_reduced[axis] = 1;
    int64_t after = 1;
    for (int i = axis + 1; i < x->view.rank; i++) after *= x->shape[i];
    double value[7 * 7 * 7];
    for (int64_t i = 0; i < x->view.count; i++) {
        int64_t at, offset = locate(x, is_reduced, i, &at);
        double here = read(x->view.dtype, x->view.data, offset);
        if (!seen[at]++ || (least ? here < value[at] : here > value[at])) {
            value[at] = here;
            best[at] = i / after % x->shape[axis];
        }
    }
    tg_reduction plan;
    tg_reduction_plan(&x->view, is_reduced, &plan);
    tg_reduce_arg(&plan, x->shape[axis], x->strides[axis], least, x->view.dtype, x->view.data, out);
    int64_t results = kept_count(x, is_reduced);
    for (int64_t i = 0; i < results; i++) assert_int_equal(out[i], best[i]);
}

static void check_scan(const strided *x, int axis, int reverse)
{
    const tg_dtype dtype = x->view.dtype;
    int64_t after = 1, n = x->shape[axis];
    const unsigned char none[TG_MAX_RANK] = {0};
    unsigned char out[7 * 7 * 7 * 7 * 8];
    for (int i = axis + 1; i < x->view.rank; i++) after *= x->shape[i];
    tg_scan_sum(&x->view, axis, reverse, out);
    for (int64_t i = 0; i < x->view.count; i++) {
        int64_t at = i / after % n;
        double sum = 0.0;
        for (int64_t j = reverse ? at : 0; j <= (reverse ? n - 1 : at); j++) {
            int64_t place, offset = locate(x, none, i + (j - at) * after, &place);
            sum += read(dtype, x->view.data, offset);
        }
        double exact = dtype == TG_F32 ? (double)(float)sum : sum;
        if (read(dtype, out, i) != exact)
            fail_msg("element %lld is %g, not %g", (long long)i, read(dtype, out, i), exact);
    }
}

static void test_args_and_scans(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 1500; repeat++) {
        int64_t shape[4];
        int rank = (int)draw(1, 4);
        for (int i = 0; i < rank; i++) shape[i] = draw(1, 7);
        int axis = (int)draw(0, rank - 1), backward = (int)draw(0, 1);
        strided x;
        make(&x, (tg_dtype)draw(0, 3), rank, shape, 1);
        check_arg(&x, axis, backward);
        if (x.view.dtype != TG_BOOL) check_scan(&x, axis, backward);
        free(x.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_shapes),       cmocka_unit_test(test_long_axes),
        cmocka_unit_test(test_empty_sum_is_zero),   cmocka_unit_test(test_plan_merges),
        cmocka_unit_test(test_arg_of_ties_and_nan), cmocka_unit_test(test_args_and_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
