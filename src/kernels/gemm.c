/* The matrix product's entry points: CBLAS where the build has it and it fits, else the own product for what
 * the processor has. */
#include "gemm.h"

#include "gemm_own.h"
#include "instructions.h"

static const tg_gemm_kernels *own_kernels(void)
{
#if defined(__x86_64__)
    switch (tg_instructions_here()) {
    case TG_AVX512:
        return &tg_gemm_avx512;
    case TG_AVX2:
        return &tg_gemm_avx2;
    default:
        break;
    }
#endif
    return &tg_gemm_baseline;
}

static int64_t at_most(int64_t x, int64_t limit)
{
    return x < limit ? x : limit;
}

/* Room for the strips of a block of A, which are less than twice as wide as their rows, and a strip of B. */
size_t tg_gemm_scratch(size_t item, int64_t m, int64_t n, int64_t k)
{
    (void)n;
    if (m < 1 || k < 1) return 0;
    size_t depth = (size_t)at_most(k, TG_GEMM_BLOCK_DEPTH);
    size_t rows = 2 * (size_t)at_most(m, tg_gemm_block_rows(m, (int64_t)depth));
    rows += TG_GEMM_STRIP_ROWS;
    return (rows + TG_GEMM_TILE_COLUMNS) * depth * item;
}

void tg_gemm_f32(int64_t m, int64_t n, int64_t k, tg_matrix_f32 a, tg_matrix_f32 b, float *c, void *scratch)
{
    if (m == 0 || n == 0) return;
    if (k == 0) {
        for (int64_t i = 0; i < m * n; i++) c[i] = 0.0F;
        return;
    }
#if TG_WITH_CBLAS
    if (tg_gemm_cblas_f32(m, n, k, a, b, c)) return;
#endif
    own_kernels()->f32(m, n, k, a, b, c, scratch);
}

void tg_gemm_f64(int64_t m, int64_t n, int64_t k, tg_matrix_f64 a, tg_matrix_f64 b, double *c, void *scratch)
{
    if (m == 0 || n == 0) return;
    if (k == 0) {
        for (int64_t i = 0; i < m * n; i++) c[i] = 0.0;
        return;
    }
#if TG_WITH_CBLAS
    if (tg_gemm_cblas_f64(m, n, k, a, b, c)) return;
#endif
    own_kernels()->f64(m, n, k, a, b, c, scratch);
}

const char *tg_gemm_name(void)
{
#if TG_WITH_CBLAS
    return "cblas";
#else
    return "own";
#endif
}
