/* What sums and scans do with rounding, and what reductions do with infinities and NaN: on data whose exact
 * answer is known. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/reduce.h"

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

typedef void (*reduce_fn)(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out);

/* Reduces a row-major matrix along one axis into out. */
static void reduce_matrix(reduce_fn reduce, tg_dtype dtype, void *x, int64_t rows, int64_t columns, int axis,
                          void *out)
{
    const int64_t shape[2] = {rows, columns}, strides[2] = {columns, 1};
    const unsigned char is_reduced[2] = {axis == 0, axis == 1};
    tg_view view = {x, dtype, 2, rows * columns, shape, strides, 0};
    tg_reduction plan;
    tg_reduction_plan(&view, is_reduced, &plan);
    reduce(&plan, dtype, x, out);
}

/* Ten million numbers near 0.1, whole multiples of 2^-27, so that the exact sum is known. */
static void test_f32_sum_is_accurate(void **state)
{
    (void)state;
    enum { N = 10000000, COLUMNS = 40 };
    float *x = malloc(N * sizeof *x);
    assert_non_null(x);
    int64_t exact[COLUMNS] = {0}, total = 0;
    for (int i = 0; i < N; i++) {
        int64_t units = 13421773 + draw(-500, 500);
        x[i] = (float)units * 0x1p-27F;
        exact[i % COLUMNS] += units;
        total += units;
    }
    float sum, sums[COLUMNS];
    reduce_matrix(tg_reduce_sum, TG_F32, x, 1, N, 1, &sum);
    float expected = (float)((double)total * 0x1p-27);
    assert_true(sum >= nextafterf(expected, 0.0F) && sum <= nextafterf(expected, INFINITY));
    reduce_matrix(tg_reduce_sum, TG_F32, x, N / COLUMNS, COLUMNS, 0, sums);
    for (int j = 0; j < COLUMNS; j++) {
        expected = (float)((double)exact[j] * 0x1p-27);
        assert_true(sums[j] >= nextafterf(expected, 0.0F) && sums[j] <= nextafterf(expected, INFINITY));
    }
    free(x);
}

/* 1e16, 1, -1e16 over and over: plain summation loses every 1. In f64 the answer is exact at any length. */
static void test_f64_sum_survives_cancellation(void **state)
{
    (void)state;
    static const double pattern[3] = {1e16, 1.0, -1e16};
    static const int64_t lengths[] = {1, 7, 100, 10000, 75000};
    enum { COLUMNS = 40 };
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        int64_t n = 3 * lengths[l];
        double *x = malloc((size_t)n * COLUMNS * sizeof *x), sums[COLUMNS];
        assert_non_null(x);
        for (int64_t i = 0; i < n; i++) x[i] = pattern[i % 3];
        reduce_matrix(tg_reduce_sum, TG_F64, x, 1, n, 1, sums);
        assert_true(sums[0] == (double)lengths[l]);
        for (int64_t i = 0; i < n * COLUMNS; i++) x[i] = pattern[i / COLUMNS % 3];
        reduce_matrix(tg_reduce_sum, TG_F64, x, n, COLUMNS, 0, sums);
        for (int j = 0; j < COLUMNS; j++) assert_true(sums[j] == (double)lengths[l]);
        free(x);
    }
}

static int same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

/* Puts two values among zeros, at random places of each row or column, and reduces both ways and types. */
static void check_specials(reduce_fn reduce, double first, double second, double expected)
{
    enum { N = 50 };
    for (int axis = 0; axis < 2; axis++) {
        double x[N * N] = {0}, out[N];
        float y[N * N] = {0}, y_out[N];
        for (int i = 0; i < N; i++) {
            int p = (int)draw(0, N - 1), q = (p + 1 + (int)draw(0, N - 2)) % N;
            int at_p = axis == 1 ? i * N + p : p * N + i, at_q = axis == 1 ? i * N + q : q * N + i;
            x[at_p] = first, x[at_q] = second;
            y[at_p] = (float)first, y[at_q] = (float)second;
        }
        reduce_matrix(reduce, TG_F64, x, N, N, axis, out);
        reduce_matrix(reduce, TG_F32, y, N, N, axis, y_out);
        for (int i = 0; i < N; i++) {
            if (!same(out[i], expected) || !same((double)y_out[i], expected))
                fail_msg("%g and %g give %g and %g, not %g", first, second, out[i], (double)y_out[i],
                         expected);
        }
    }
}

static void test_specials(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    check_specials(tg_reduce_sum, inf, 1.0, inf);
    check_specials(tg_reduce_sum, -inf, -inf, -inf);
    check_specials(tg_reduce_sum, inf, -inf, nan);
    check_specials(tg_reduce_sum, nan, inf, nan);
    check_specials(tg_reduce_max, inf, -inf, inf);
    check_specials(tg_reduce_max, nan, inf, nan);
    check_specials(tg_reduce_max, -inf, -1.0, 0.0);
    check_specials(tg_reduce_min, inf, -inf, -inf);
    check_specials(tg_reduce_min, nan, -inf, nan);
    check_specials(tg_reduce_min, inf, 1.0, 0.0);
    double large[2] = {DBL_MAX, DBL_MAX}, low[3] = {-inf, -inf, -inf}, out;
    reduce_matrix(tg_reduce_sum, TG_F64, large, 1, 2, 1, &out);
    assert_true(out == inf);
    reduce_matrix(tg_reduce_max, TG_F64, low, 1, 3, 1, &out);
    assert_true(out == -inf);
    int64_t wrap[2] = {INT64_MAX, 1}, wrapped;
    reduce_matrix(tg_reduce_sum, TG_I64, wrap, 1, 2, 1, &wrapped);
    assert_true(wrapped == INT64_MIN);
}

static void test_scan_accuracy_and_specials(void **state)
{
    (void)state;
    enum { N = 3000 };
    static double x[N], out[N];
    static const double pattern[3] = {1e16, 1.0, -1e16};
    for (int i = 0; i < N; i++) x[i] = pattern[i % 3];
    const int64_t shape[1] = {N}, strides[1] = {1}, five[1] = {5};
    tg_view view = {x, TG_F64, 1, N, shape, strides, 0};
    tg_scan_sum(&view, 0, 0, out);
    for (int i = 2; i < N; i += 3) assert_true(out[i] == (double)(i / 3 + 1));
    tg_scan_sum(&view, 0, 1, out);
    for (int i = 0; i < N; i += 3) assert_true(out[i] == (double)((N - i) / 3));
    double specials[5] = {1.0, (double)INFINITY, 2.0, -(double)INFINITY, 3.0};
    view = (tg_view){specials, TG_F64, 1, 5, five, strides, 0};
    tg_scan_sum(&view, 0, 0, out);
    assert_true(out[0] == 1.0 && out[1] == (double)INFINITY && out[2] == (double)INFINITY);
    assert_true(isnan(out[3]) && isnan(out[4]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_sum_is_accurate),
        cmocka_unit_test(test_f64_sum_survives_cancellation),
        cmocka_unit_test(test_specials),
        cmocka_unit_test(test_scan_accuracy_and_specials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
