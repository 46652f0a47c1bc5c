/* Matrices in bands: a product that reads B there, or makes C there, has the same bits as with rows. Elements round, so
 * another order of summing would show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gemm_kernels.h"
#include "kernels/gemm.h"

static uint64_t seed = 11;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

static void *new_numbers(size_t item, int64_t count)
{
    void *x = malloc((size_t)count * item);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)draw(-1000000, 1000000) / 3.0;
        if (item == sizeof(float))
            ((float *)x)[i] = (float)value;
        else
            ((double *)x)[i] = value;
    }
    return x;
}

/* A matrix of rows by columns, the second a whole number of bands, as it lies there. */
static void *in_bands(size_t item, int64_t rows, int64_t columns, const char *x)
{
    const int64_t bands = columns * (int64_t)item / TG_GEMM_BAND_BYTES;
    char *y = malloc((size_t)(rows * columns) * item);
    assert_non_null(y);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t b = 0; b < bands; b++)
            memcpy(y + (b * rows + i) * TG_GEMM_BAND_BYTES, x + (i * bands + b) * TG_GEMM_BAND_BYTES,
                   TG_GEMM_BAND_BYTES);
    return y;
}

static void multiply(const tg_gemm_kernels *kernels, size_t item, const tg_product_f64 *p,
                     const double *start)
{
    void *scratch = aligned_alloc(64, (tg_gemm_scratch(item, p->m, p->n, p->k) + 63) / 64 * 64);
    assert_non_null(scratch);
    if (item == sizeof(double)) {
        const tg_epilogue_f64 end = {.scale = -0.3, .start = start, .start_row = p->c_row};
        tg_product_f64 product = *p;
        product.end = start != NULL ? &end : NULL;
        kernels->f64(&product, scratch);
    } else {
        const tg_epilogue_f32 end = {.scale = -0.3F, .start = (const void *)start, .start_row = p->c_row};
        const tg_product_f32 product = {.m = p->m,
                                        .n = p->n,
                                        .k = p->k,
                                        .a = {(const void *)p->a.data, p->a.row, p->a.column, 0},
                                        .b = {(const void *)p->b.data, p->b.row, p->b.column, p->b.band},
                                        .c = (void *)p->c,
                                        .c_row = p->c_row,
                                        .c_band = p->c_band,
                                        .end = start != NULL ? &end : NULL};
        kernels->f32(&product, scratch);
    }
    free(scratch);
}

typedef enum use { FORWARD, BACK, UPDATE, USES } use;

/* A layer's weights in their three uses: x w, x turned w, and w - 0.3 turned x d. */
static tg_product_f64 product_of(use u, size_t item, int64_t m, int64_t rows, int64_t columns, int has_bands)
{
    const int64_t row = has_bands ? TG_GEMM_BAND_BYTES / (int64_t)item : columns,
                  band = has_bands ? rows * row : 0;
    if (u == FORWARD)
        return (tg_product_f64){.m = m,
                                .n = columns,
                                .k = rows,
                                .a = {NULL, rows, 1, 0},
                                .b = {NULL, row, 1, band},
                                .c_row = columns};
    if (u == BACK)
        return (tg_product_f64){.m = m,
                                .n = rows,
                                .k = columns,
                                .a = {NULL, columns, 1, 0},
                                .b = {NULL, 1, row, band},
                                .c_row = rows};
    return (tg_product_f64){.m = rows,
                            .n = columns,
                            .k = m,
                            .a = {NULL, 1, rows, 0},
                            .b = {NULL, columns, 1, 0},
                            .c_row = row,
                            .c_band = band};
}

static void check(const tg_gemm_kernels *kernels, use u, size_t item, int64_t m, int64_t rows,
                  int64_t columns)
{
    const int64_t most = rows > columns ? rows : columns;
    const size_t bytes = (size_t)(rows * columns) * item, result = (size_t)(m * most) * item;
    void *x = new_numbers(item, m * most), *d = new_numbers(item, m * most),
         *w = new_numbers(item, rows * columns);
    void *other = in_bands(item, rows, columns, w), *c = malloc(result), *again = malloc(result);
    assert_true(c != NULL && again != NULL);
    for (int has_bands = 0; has_bands < 2; has_bands++) {
        void *weights = has_bands ? other : w;
        tg_product_f64 p = product_of(u, item, m, rows, columns, has_bands);
        p.a.data = x;
        p.b.data = u == UPDATE ? d : weights;
        p.c = u == UPDATE ? weights : has_bands ? again : c;
        multiply(kernels, item, &p, u == UPDATE ? weights : NULL);
    }
    if (u == UPDATE) {
        void *expected = in_bands(item, rows, columns, w);
        assert_memory_equal(other, expected, bytes);
        free(expected);
    } else {
        assert_memory_equal(again, c, (size_t)(m * (u == FORWARD ? columns : rows)) * item);
    }
    free(x), free(d), free(w), free(other), free(c), free(again);
}

static void test_uses(void **state)
{
    (void)state;
    const tg_gemm_kernels *kernels[3];
    const int n = find_gemm_kernels(kernels);
    static const int64_t sizes[][3] = {{1, 5, 64},    {30, 17, 64},  {29, 2, 96},
                                       {40, 410, 64}, {350, 30, 96}, {33, 20, 928}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int k = 0; k < n; k++) {
            for (use u = FORWARD; u < USES; u++) {
                check(kernels[k], u, sizeof(float), sizes[i][0], sizes[i][1], sizes[i][2]);
                check(kernels[k], u, sizeof(double), sizes[i][0], sizes[i][1], sizes[i][2]);
            }
        }
    }
}

/* Blocks of depth that were summed apart are joined there. */
static void test_join(void **state)
{
    (void)state;
    enum { M = 31, N = 96, BLOCKS = 3 };
    const tg_gemm_kernels *kernels[3];
    const int n = find_gemm_kernels(kernels);
    double *sums = new_numbers(sizeof(double), M * N * BLOCKS), *w = new_numbers(sizeof(double), M * N);
    for (int k = 0; k < n; k++) {
        double *rows = malloc(M * N * sizeof *rows), *bands = in_bands(sizeof(double), M, N, (void *)w);
        assert_non_null(rows);
        memcpy(rows, w, M * N * sizeof *rows);
        tg_epilogue_f64 end = {.scale = -0.7, .start = rows, .start_row = N};
        tg_product_f64 p = {.m = M, .n = N, .c = rows, .c_row = N, .end = &end};
        kernels[k]->join_f64(&p, BLOCKS, sums);
        end.start = p.c = bands;
        end.start_row = p.c_row = TG_GEMM_BAND_BYTES / (int)sizeof(double);
        p.c_band = M * p.c_row;
        kernels[k]->join_f64(&p, BLOCKS, sums);
        double *expected = in_bands(sizeof(double), M, N, (void *)rows);
        assert_memory_equal(bands, expected, M * N * sizeof *rows);
        free(rows), free(bands), free(expected);
    }
    free(sums), free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_uses), cmocka_unit_test(test_join)};
    return cmocka_run_group_tests_name("gemm_bands", tests, NULL, NULL);
}
