/* Parts of a matrix product: rows have the same bits whatever other rows are computed with them, columns whatever other
 * columns, and all of it if its blocks of depth are computed apart. Elements round, so another order of summing would show; and they are held against sums in
 * long double. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/gemm.h"
#include "gemm_kernels.h"

enum { MOST_ROWS = 400, MOST_COLUMNS = 70, MOST_STEPS = 1300 };

typedef struct setting {
    int64_t m, n, k;
    int a_transposed, b_transposed;
    double *a, *b, *start, *mask;
} setting;

static uint64_t seed = 7;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

static double *new_numbers(int64_t count)
{
    double *x = malloc((size_t)count * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++) x[i] = (double)draw(-1000000, 1000000) / 3.0;
    return x;
}

static setting new_setting(int64_t m, int64_t n, int64_t k, int a_transposed, int b_transposed)
{
    setting s = {.m = m, .n = n, .k = k, .a_transposed = a_transposed, .b_transposed = b_transposed};
    s.a = new_numbers(m * k);
    s.b = new_numbers(k * n);
    s.start = new_numbers(m * n);
    s.mask = new_numbers(m * n);
    return s;
}

static void free_setting(setting *s)
{
    free(s->a);
    free(s->b);
    free(s->start);
    free(s->mask);
}

static tg_matrix_f64 a_of(const setting *s, int64_t i, int64_t step)
{
    if (s->a_transposed) return (tg_matrix_f64){s->a + step * s->m + i, 1, s->m, 0};
    return (tg_matrix_f64){s->a + i * s->k + step, s->k, 1, 0};
}

static tg_matrix_f64 b_of(const setting *s, int64_t step, int64_t j)
{
    if (s->b_transposed) return (tg_matrix_f64){s->b + j * s->k + step, 1, s->k, 0};
    return (tg_matrix_f64){s->b + step * s->n + j, s->n, 1, 0};
}

static tg_epilogue_f64 end_of(const setting *s, int64_t i, int64_t j)
{
    return (tg_epilogue_f64){.scale = -0.3,
                             .is_relu = 1,
                             .start = s->start + i * s->n + j,
                             .start_row = s->n,
                             .mask = s->mask + i * s->n + j,
                             .mask_row = s->n};
}

/* What the whole product needs is enough for its parts. */
static void run(const tg_gemm_kernels *kernels, const setting *s, const tg_product_f64 *p)
{
    size_t bytes = (tg_gemm_scratch(sizeof(double), s->m, s->n, s->k) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    assert_non_null(scratch);
    kernels->f64(p, scratch);
    free(scratch);
}

/* Rows [i, i + rows) and columns [j, j + columns) of C, which has n columns. */
static void multiply(const tg_gemm_kernels *kernels, const setting *s, int64_t i, int64_t rows, int64_t j,
                     int64_t columns, double *c)
{
    const tg_epilogue_f64 end = end_of(s, i, j);
    const tg_product_f64 p = {rows, columns, s->k, a_of(s, i, 0), b_of(s, 0, j), c + i * s->n + j,
                              s->n, &end,    0};
    run(kernels, s, &p);
}

/* The bound that k additions and multiplications allow. */
static void check_values(const setting *s, const double *c)
{
    for (int repeat = 0; repeat < 300; repeat++) {
        int64_t i = draw(0, s->m - 1), j = draw(0, s->n - 1);
        long double sum = 0, size = 0;
        for (int64_t p = 0; p < s->k; p++) {
            long double x = (long double)s->a[s->a_transposed ? p * s->m + i : i * s->k + p] *
                            (long double)s->b[s->b_transposed ? j * s->k + p : p * s->n + j];
            sum += x;
            size += fabsl(x);
        }
        sum = (long double)s->start[i * s->n + j] - 0.3L * sum;
        size += fabsl((long double)s->start[i * s->n + j]);
        if (sum <= 0 || s->mask[i * s->n + j] <= 0) sum = 0;
        assert_true(fabsl((long double)c[i * s->n + j] - sum) <=
                    2.0L * (long double)(s->k + 2) * (long double)DBL_EPSILON * size);
    }
}

static void check_rows(const tg_gemm_kernels *kernels, const setting *s, const double *whole, double *c)
{
    memset(c, 0xff, (size_t)(s->m * s->n) * sizeof *c);
    for (int64_t i = 0, rows; i < s->m; i += rows) {
        rows = draw(0, 2) == 0 ? 1 : draw(1, s->m);
        if (rows > s->m - i) rows = s->m - i;
        multiply(kernels, s, i, rows, 0, s->n, c);
    }
    assert_memory_equal(c, whole, (size_t)(s->m * s->n) * sizeof *c);
}

/* By ranges of columns of more than one. */
static void check_columns(const tg_gemm_kernels *kernels, const setting *s, const double *whole, double *c)
{
    memset(c, 0xff, (size_t)(s->m * s->n) * sizeof *c);
    for (int64_t j = 0, columns; j < s->n; j += columns) {
        columns = draw(0, 1) == 0 ? 16 : draw(2, s->n);
        if (columns + 2 > s->n - j) columns = s->n - j;
        multiply(kernels, s, 0, s->m / 2, j, columns, c);
        multiply(kernels, s, s->m / 2, s->m - s->m / 2, j, columns, c);
    }
    assert_memory_equal(c, whole, (size_t)(s->m * s->n) * sizeof *c);
}

/* By blocks of depth, whose sums are added in the end, to rows of C that lie apart. */
static void check_blocks(const tg_gemm_kernels *kernels, const setting *s, const double *whole)
{
    const int64_t m = s->m, n = s->n, depth = tg_gemm_depth(s->k), blocks = (s->k + depth - 1) / depth,
                  row = n + 3;
    double *sums = new_numbers(blocks * m * n), *c = new_numbers(m * row);
    for (int64_t b = 0, step = 0; b < blocks; b++, step += depth) {
        const int64_t k = depth < s->k - step ? depth : s->k - step;
        run(kernels, s,
            &(tg_product_f64){m, n, k, a_of(s, 0, step), b_of(s, step, 0), sums + b * m * n, n, NULL, 0});
    }
    const tg_epilogue_f64 end = end_of(s, 0, 0);
    const tg_product_f64 p = {.m = m, .n = n, .c = c, .c_row = row, .end = &end};
    memset(c, 0xff, (size_t)(m * row) * sizeof *c);
    kernels->join_f64(&p, blocks, sums);
    for (int64_t i = 0; i < m; i++) {
        assert_memory_equal(c + i * row, whole + i * n, (size_t)n * sizeof *c);
        for (int64_t j = n; j < row && i < m - 1; j++) assert_true(isnan(c[i * row + j]));
    }
    free(sums);
    free(c);
}

static void check(int64_t m, int64_t n, int64_t k, int a_transposed, int b_transposed)
{
    setting s = new_setting(m, n, k, a_transposed, b_transposed);
    double *whole = new_numbers(m * n), *c = new_numbers(m * n);
    const tg_gemm_kernels *kernels[3];
    int count = find_gemm_kernels(kernels);
    for (int i = 0; i < count; i++) {
        multiply(kernels[i], &s, 0, m, 0, n, whole);
        check_values(&s, whole);
        check_rows(kernels[i], &s, whole, c);
        if (n > 1 && m > 1) check_columns(kernels[i], &s, whole, c);
        if (n > 1) check_blocks(kernels[i], &s, whole);
    }
    free(whole);
    free(c);
    free_setting(&s);
}

static void test_parts(void **state)
{
    (void)state;
    static const int64_t columns[] = {1, 2, 10, 32, 33, MOST_COLUMNS, 140};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        for (int kind = 0; kind < 4; kind++) {
            check(draw(2, 60), columns[i], draw(1, 60), kind % 2, kind / 2);
            check(draw(2, 60), columns[i], draw(380, MOST_STEPS), kind % 2, kind / 2);
        }
    }
}

/* More rows than one group has. */
static void test_parts_of_groups(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) check(MOST_ROWS, draw(129, 170), draw(20, 40), kind % 2, kind / 2);
}

/* An infinity in a makes its row of c infinite and leaves the others alone; 0 times infinity is NaN, which is not
 * made 0. */
static void test_infinity_stays_in_its_row(void **state)
{
    (void)state;
    enum { M = 21, N = 37, K = 30 };
    const tg_gemm_kernels *kernels[3];
    int count = find_gemm_kernels(kernels);
    for (int i = 0; i < count; i++) {
        double a[M * K], b[K * N], c[M * N], scratch[10000];
        assert_true(tg_gemm_scratch(sizeof(double), M, N, K) <= sizeof scratch);
        for (int j = 0; j < M * K; j++) a[j] = 1.0;
        for (int j = 0; j < K * N; j++) b[j] = 2.0;
        a[20 * K + 7] = (double)INFINITY;
        b[7 * N + 36] = 0.0;
        const tg_epilogue_f64 end = {.scale = 1.0, .is_relu = 1};
        const tg_product_f64 p = {M, N, K, {a, K, 1, 0}, {b, N, 1, 0}, c, N, &end, 0};
        kernels[i]->f64(&p, scratch);
        for (int j = 0; j < 20 * N; j++) assert_true(c[j] == (j % N == 36 ? 58.0 : 60.0));
        for (int j = 0; j < 36; j++) assert_true(c[20 * N + j] == (double)INFINITY);
        assert_true(isnan(c[20 * N + 36]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_of_groups),
        cmocka_unit_test(test_infinity_stays_in_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
