/* The matrix product's entry points: CBLAS or oneDNN where the build has it and it is the faster one, else the own
 * product for what the processor has. */
#include "gemm.h"

#include "gemm_library.h"
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

/* Room for the strips of a group of A, which are less than twice as wide as their rows, and a panel of B; or for the sums
 * of a product of few columns. A product of fewer rows or columns must not need more, so it is counted with the largest
 * group that fits, not with the one that is used. */
size_t tg_gemm_scratch(size_t item, int64_t m, int64_t n, int64_t k)
{
    if (m < 1 || n < 1 || k < 1) return 0;
    size_t depth = (size_t)tg_gemm_depth(k), group = (size_t)at_most(m, TG_GEMM_ONE_GROUP_ROWS);
    size_t columns = (size_t)at_most(n, TG_GEMM_PANEL_ROW_BYTES / (int64_t)item) + TG_GEMM_TILE_COLUMNS;
    size_t blocks = (2 * group + TG_GEMM_STRIP_ROWS + columns) * depth;
    size_t rows = (size_t)at_most(m + TG_GEMM_TILE_COLUMNS, TG_GEMM_NARROW_ROWS);
    size_t narrow = 2 * rows * (size_t)at_most(n, TG_GEMM_NARROW_COLUMNS);
    return (blocks > narrow ? blocks : narrow) * item;
}

#define ENTRY(part) f32_##part
#define real float
#define product tg_product_f32
#define epilogue tg_epilogue_f32
#define OWN(p, scratch) own_kernels()->f32(p, scratch)
#define LIBRARY(library, layout, p, scale, add) tg_gemm_library_f32(library, layout, p, scale, add)
#include "gemm_entry.inc"

#define ENTRY(part) f64_##part
#define real double
#define product tg_product_f64
#define epilogue tg_epilogue_f64
#define OWN(p, scratch) own_kernels()->f64(p, scratch)
#define LIBRARY(library, layout, p, scale, add) tg_gemm_library_f64(library, layout, p, scale, add)
#include "gemm_entry.inc"

void tg_gemm_f32(const tg_product_f32 *p, void *scratch)
{
    f32_multiply(p, scratch);
}

void tg_gemm_f64(const tg_product_f64 *p, void *scratch)
{
    f64_multiply(p, scratch);
}

void tg_gemm_join_f32(const tg_product_f32 *p, int64_t n_blocks, const float *sums)
{
    if (p->m > 0 && p->n > 0) own_kernels()->join_f32(p, n_blocks, sums);
}

void tg_gemm_join_f64(const tg_product_f64 *p, int64_t n_blocks, const double *sums)
{
    if (p->m > 0 && p->n > 0) own_kernels()->join_f64(p, n_blocks, sums);
}

int tg_gemm_wants_bands(int64_t m, int64_t row_bytes)
{
    return !TG_WITH_CBLAS && !TG_WITH_ONEDNN && m > TG_GEMM_DIRECT_ROWS && row_bytes > TG_GEMM_DIRECT_STRIDE;
}

const char *tg_gemm_name(void)
{
#if TG_WITH_CBLAS && TG_WITH_ONEDNN
    return "oneDNN and cblas";
#elif TG_WITH_ONEDNN
    return "oneDNN";
#elif TG_WITH_CBLAS
    return "cblas";
#else
    return "own";
#endif
}
