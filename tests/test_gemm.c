/* The matrix product against a plain triple loop: every kernel that this processor can run, and the entry
 * points. Elements are small whole numbers, so that every order of summing gives the same bits. */
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

typedef struct product {
    const char *name;
    tg_gemm_kernels kernels;
} product;

/* The entry points, and the own kernels that run here. */
static int find_products(product found[4])
{
    int n = 0;
    found[n++] = (product){"entry points", {tg_gemm_f32, tg_gemm_f64}};
    found[n++] = (product){"baseline", tg_gemm_baseline};
#if defined(__x86_64__)
    if (tg_instructions_here() >= TG_AVX2) found[n++] = (product){"AVX2", tg_gemm_avx2};
    if (tg_instructions_here() >= TG_AVX512) found[n++] = (product){"AVX-512", tg_gemm_avx512};
#endif
    return n;
}

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

typedef enum layout {
    ROW_MAJOR,
    TRANSPOSED,
    GAPS,
    BACKWARD,
    SAME_ROWS,
    SAME_COLUMNS,
    SLIDING,
    SLIDING_DOWN,
    CONSTANT,
    LAYOUTS
} layout;

typedef struct operand {
    void *memory;
    int64_t offset, row, column;
} operand;

static operand lay_out(layout kind, int64_t rows, int64_t columns, size_t item)
{
    operand x = {0};
    switch (kind) {
    case ROW_MAJOR:
        x.row = columns, x.column = 1;
        break;
    case TRANSPOSED:
        x.row = 1, x.column = rows;
        break;
    case GAPS:
        x.row = 2 * columns + 3, x.column = 2;
        break;
    case BACKWARD:
        x.row = -columns, x.column = -1;
        break;
    case SAME_ROWS:
        x.column = 1;
        break;
    case SAME_COLUMNS:
        x.row = 1;
        break;
    case SLIDING:
        x.row = 2, x.column = 1;
        break;
    case SLIDING_DOWN:
        x.row = 1, x.column = 2;
        break;
    default:
        break;
    }
    int64_t last = (rows - 1) * x.row + (columns - 1) * x.column, count = 1;
    if (rows > 0 && columns > 0) {
        x.offset = last < 0 ? -last : 0;
        count = (last < 0 ? -last : last) + 1;
    }
    x.memory = malloc((size_t)count * item);
    assert_non_null(x.memory);
    for (int64_t i = 0; i < count; i++) {
        double value = (double)draw(-8, 8);
        if (item == sizeof(float))
            ((float *)x.memory)[i] = (float)value;
        else
            ((double *)x.memory)[i] = value;
    }
    return x;
}

static double element(const operand *x, size_t item, int64_t i, int64_t j)
{
    int64_t at = x->offset + i * x->row + j * x->column;
    return item == sizeof(float) ? (double)((float *)x->memory)[at] : ((double *)x->memory)[at];
}

/* Scratch of the promised size and alignment, the rest of its last line checked afterwards. */
static unsigned char *new_scratch(size_t bytes)
{
    size_t whole = (bytes + 64) / 64 * 64;
    unsigned char *scratch = aligned_alloc(64, whole);
    assert_non_null(scratch);
    memset(scratch + bytes, 0x5a, whole - bytes);
    return scratch;
}

static void free_scratch(unsigned char *scratch, size_t bytes)
{
    for (size_t i = bytes; i < (bytes + 64) / 64 * 64; i++) assert_int_equal(scratch[i], 0x5a);
    free(scratch);
}

static void multiply(const product *p, size_t item, int64_t m, int64_t n, int64_t k, const operand *a,
                     const operand *b, void *c)
{
    size_t bytes = tg_gemm_scratch(item, m, n, k);
    unsigned char *scratch = new_scratch(bytes);
    if (item == sizeof(float)) {
        tg_matrix_f32 x = {(float *)a->memory + a->offset, a->row, a->column};
        tg_matrix_f32 y = {(float *)b->memory + b->offset, b->row, b->column};
        p->kernels.f32(m, n, k, x, y, c, scratch);
    } else {
        tg_matrix_f64 x = {(double *)a->memory + a->offset, a->row, a->column};
        tg_matrix_f64 y = {(double *)b->memory + b->offset, b->row, b->column};
        p->kernels.f64(m, n, k, x, y, c, scratch);
    }
    free_scratch(scratch, bytes);
}

static void check_c(const char *name, size_t item, int64_t m, int64_t n, int64_t k, const operand *a,
                    const operand *b, const void *c)
{
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double expected = 0.0;
            for (int64_t p = 0; p < k; p++) expected += element(a, item, i, p) * element(b, item, p, j);
            int64_t at = i * n + j;
            double found = item == sizeof(float) ? (double)((const float *)c)[at] : ((const double *)c)[at];
            if (found != expected) {
                fail_msg("%s, %zu bytes, %lld x %lld x %lld: c[%lld, %lld] is %g, not %g", name, item,
                         (long long)m, (long long)n, (long long)k, (long long)i, (long long)j, found,
                         expected);
            }
        }
    }
}

/* One product by every kernel; c is filled with NaN first, which must all go, and has guards at its end. */
static void check(size_t item, int64_t m, int64_t n, int64_t k, layout a_kind, layout b_kind)
{
    enum { GUARD = 64 };
    operand a = lay_out(a_kind, m, k, item), b = lay_out(b_kind, k, n, item);
    size_t bytes = (size_t)(m * n) * item;
    unsigned char *c = malloc(bytes + GUARD);
    assert_non_null(c);
    product products[4];
    int count = find_products(products);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (m == 0 || n == 0 || k == 0)) break; /* only the entry points take size 0 */
        memset(c, 0xff, bytes + GUARD);
        multiply(&products[i], item, m, n, k, &a, &b, c);
        check_c(products[i].name, item, m, n, k, &a, &b, c);
        for (size_t j = bytes; j < bytes + GUARD; j++) assert_int_equal(c[j], 0xff);
    }
    free(c);
    free(a.memory);
    free(b.memory);
}

static void test_layouts(void **state)
{
    (void)state;
    for (int a = 0; a < LAYOUTS; a++) {
        for (int b = 0; b < LAYOUTS; b++) {
            for (int repeat = 0; repeat < 4; repeat++) {
                int64_t m = draw(0, 70), n = draw(0, 70), k = draw(0, 70);
                check(sizeof(float), m, n, k, (layout)a, (layout)b);
                check(sizeof(double), m, n, k, (layout)a, (layout)b);
            }
        }
    }
}

/* Every size beside and at the tiles' edges, and the paths for one row, one column and depth one. */
static void test_small_sizes(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 16, 33};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            for (int l = 0; l < COUNT; l++) {
                layout a = (layout)draw(0, LAYOUTS - 1), b = (layout)draw(0, LAYOUTS - 1);
                check(sizeof(float), sizes[i], sizes[j], sizes[l], a, b);
                check(sizeof(double), sizes[i], sizes[j], sizes[l], a, b);
            }
        }
    }
}

/* More than one block of rows, columns and depth. */
static void test_large_sizes(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {
        {5, 40, 600}, {205, 37, 300}, {20, 1100, 9}, {100, 530, 260}, {64, 64, 784}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int repeat = 0; repeat < 3; repeat++) {
            layout a = (layout)draw(0, BACKWARD), b = (layout)draw(0, BACKWARD);
            check(sizeof(float), sizes[i][0], sizes[i][1], sizes[i][2], a, b);
            check(sizeof(double), sizes[i][0], sizes[i][1], sizes[i][2], a, b);
        }
    }
}

/* An infinity in a makes its row of c infinite and leaves the others alone; 0 times infinity is NaN. */
static void test_infinity_stays_in_its_row(void **state)
{
    (void)state;
    enum { M = 21, N = 37, K = 30 };
    product products[4];
    int count = find_products(products);
    for (int i = 0; i < count; i++) {
        double a[M * K], b[K * N], c[M * N];
        for (int j = 0; j < M * K; j++) a[j] = 1.0;
        for (int j = 0; j < K * N; j++) b[j] = 2.0;
        a[20 * K + 7] = (double)INFINITY;
        b[7 * N + 36] = 0.0;
        operand x = {a, 0, K, 1}, y = {b, 0, N, 1};
        multiply(&products[i], sizeof(double), M, N, K, &x, &y, c);
        for (int j = 0; j < 20 * N; j++) assert_true(c[j] == (j % N == 36 ? 58.0 : 60.0));
        for (int j = 0; j < 36; j++) assert_true(c[20 * N + j] == (double)INFINITY);
        assert_true(isnan(c[20 * N + 36]));
    }
}

/* Elements that round: within the bound that k additions and multiplications allow, and the same bits again. */
static void test_rounding(void **state)
{
    (void)state;
    enum { M = 19, N = 45, K = 500 };
    static double a[M * K], b[K * N], c[M * N], again[M * N];
    for (int j = 0; j < M * K; j++) a[j] = (double)draw(-1000000, 1000000) / 3.0;
    for (int j = 0; j < K * N; j++) b[j] = (double)draw(-1000000, 1000000) / 7.0;
    operand x = {a, 0, K, 1}, y = {b, 0, N, 1};
    product products[4];
    int count = find_products(products);
    for (int q = 0; q < count; q++) {
        multiply(&products[q], sizeof(double), M, N, K, &x, &y, c);
        multiply(&products[q], sizeof(double), M, N, K, &x, &y, again);
        assert_memory_equal(c, again, sizeof c);
        for (int i = 0; i < M * N; i++) {
            double sum = 0.0, size = 0.0;
            for (int p = 0; p < K; p++) {
                double term = a[i / N * K + p] * b[p * N + i % N];
                sum += term;
                size += fabs(term);
            }
            assert_true(fabs(c[i] - sum) <= 2.0 * K * DBL_EPSILON * size);
        }
    }
}

static void test_name(void **state)
{
    (void)state;
    assert_true(strcmp(tg_gemm_name(), "own") == 0 || strcmp(tg_gemm_name(), "cblas") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),     cmocka_unit_test(test_small_sizes),
        cmocka_unit_test(test_large_sizes), cmocka_unit_test(test_infinity_stays_in_its_row),
        cmocka_unit_test(test_rounding),    cmocka_unit_test(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
