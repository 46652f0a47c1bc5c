/* Parts of a matrix product: rows have the same bits whatever other rows are computed with them, and columns too where
 * they come from a packed B. Elements round, so another order of summing would show; and they are held against sums in
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
#include "kernels/gemm_own.h"
#include "kernels/instructions.h"

enum { MOST_ROWS = 400, MOST_COLUMNS = 70, MOST_STEPS = 700 };

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

static int find_kernels(const tg_gemm_kernels *found[3])
{
    int n = 0;
    found[n++] = &tg_gemm_baseline;
#if defined(__x86_64__)
    if (tg_instructions_here() >= TG_AVX2) found[n++] = &tg_gemm_avx2;
    if (tg_instructions_here() >= TG_AVX512) found[n++] = &tg_gemm_avx512;
#endif
    return n;
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

/* Rows [i, i + rows) and columns [j, j + columns) of C, which has n columns; from packed if it is not NULL. */
static void multiply(const tg_gemm_kernels *kernels, const setting *s, int64_t i, int64_t rows, int64_t j,
                     int64_t columns, const double *packed, double *c)
{
    const int64_t n = s->n;
    tg_matrix_f64 a = {s->a + i * s->k, s->k, 1}, b = {s->b + j, n, 1};
    if (s->a_transposed) a = (tg_matrix_f64){s->a + i, 1, s->m};
    if (s->b_transposed) b = (tg_matrix_f64){s->b + j * s->k, 1, s->k};
    const tg_epilogue_f64 end = {.scale = -0.3,
                                 .is_relu = 1,
                                 .start = {s->start + i * n + j, n, 1},
                                 .mask = {s->mask + i * n + j, n, 1}};
    tg_product_f64 p = {.m = rows, .n = columns, .k = s->k, .a = a, .b = b, .c = c + i * n + j, .c_row = n};
    p.end = &end;
    if (packed != NULL) p.packed = packed + j * s->k;
    /* What the whole product needs is enough for its parts. */
    size_t bytes = (tg_gemm_scratch(sizeof(double), s->m, n, s->k) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    assert_non_null(scratch);
    kernels->f64(&p, scratch);
    free(scratch);
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
        multiply(kernels, s, i, rows, 0, s->n, NULL, c);
    }
    assert_memory_equal(c, whole, (size_t)(s->m * s->n) * sizeof *c);
}

/* By ranges of columns that share a packed B, itself packed in two parts. */
static void check_columns(const tg_gemm_kernels *kernels, const setting *s, const double *whole, double *c)
{
    const int64_t half = s->n > TG_GEMM_PACKED_COLUMNS ? TG_GEMM_PACKED_COLUMNS : s->n;
    tg_matrix_f64 b = s->b_transposed ? (tg_matrix_f64){s->b, 1, s->k} : (tg_matrix_f64){s->b, s->n, 1};
    double *packed = aligned_alloc(64, (tg_gemm_packed_size(sizeof(double), s->n, s->k) + 64) / 64 * 64);
    assert_non_null(packed);
    kernels->pack_f64(half, s->k, b, packed);
    if (half < s->n) {
        b.data += half * b.column;
        kernels->pack_f64(s->n - half, s->k, b, packed + half * s->k);
    }
    memset(c, 0xff, (size_t)(s->m * s->n) * sizeof *c);
    for (int64_t j = 0; j < s->n; j += TG_GEMM_PACKED_COLUMNS) {
        int64_t columns = s->n - j < TG_GEMM_PACKED_COLUMNS ? s->n - j : TG_GEMM_PACKED_COLUMNS;
        multiply(kernels, s, 0, s->m / 2, j, columns, packed, c);
        multiply(kernels, s, s->m / 2, s->m - s->m / 2, j, columns, packed, c);
    }
    assert_memory_equal(c, whole, (size_t)(s->m * s->n) * sizeof *c);
    free(packed);
}

static void check(int64_t m, int64_t n, int64_t k, int a_transposed, int b_transposed)
{
    setting s = new_setting(m, n, k, a_transposed, b_transposed);
    double *whole = new_numbers(m * n), *c = new_numbers(m * n);
    const tg_gemm_kernels *kernels[3];
    int count = find_kernels(kernels);
    for (int i = 0; i < count; i++) {
        multiply(kernels[i], &s, 0, m, 0, n, NULL, whole);
        check_values(&s, whole);
        check_rows(kernels[i], &s, whole, c);
        if (n > 1 && m > 1) check_columns(kernels[i], &s, whole, c);
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
            check(draw(2, 60), columns[i], draw(300, MOST_STEPS), kind % 2, kind / 2);
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
    int count = find_kernels(kernels);
    for (int i = 0; i < count; i++) {
        double a[M * K], b[K * N], c[M * N], scratch[10000];
        assert_true(tg_gemm_scratch(sizeof(double), M, N, K) <= sizeof scratch);
        for (int j = 0; j < M * K; j++) a[j] = 1.0;
        for (int j = 0; j < K * N; j++) b[j] = 2.0;
        a[20 * K + 7] = (double)INFINITY;
        b[7 * N + 36] = 0.0;
        const tg_epilogue_f64 end = {.scale = 1.0, .is_relu = 1};
        const tg_product_f64 p = {M, N, K, {a, K, 1}, {b, N, 1}, NULL, c, N, &end};
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
