/* The library's own matrix product: one template (gemm_own.inc) compiled for several instruction sets, and
 * gemm.c chooses by what the processor has. */
#ifndef TG_KERNELS_GEMM_OWN_H
#define TG_KERNELS_GEMM_OWN_H

#include "gemm.h"

/* How products are cut, see gemm_own.inc; all of it measured, TG_GEMM_BLOCK_DEPTH too. Strips of A in a group of rows, and
 * up to how many rows are one group, so that strips of B need not be kept; bytes of a row of a panel of B. */
#define TG_GEMM_GROUP_STRIPS 5
#define TG_GEMM_ONE_GROUP_ROWS 336
#define TG_GEMM_PANEL_ROW_BYTES 4096
/* The largest tile, and what a copied strip of A takes for each of its steps, in elements. */
#define TG_GEMM_TILE_ROWS 14
#define TG_GEMM_TILE_COLUMNS 32
#define TG_GEMM_STRIP_ROWS 16
/* A tile fetches what is read after it every so many steps. */
#define TG_GEMM_FETCH_STEPS 32
/* Up to so many columns A is read where it lies; B if it is read by so few rows, or if its rows are so short, in
 * bytes. */
#define TG_GEMM_DIRECT_COLUMNS 128
#define TG_GEMM_DIRECT_ROWS 28
#define TG_GEMM_DIRECT_STRIDE 512

/* A product of up to so many columns is made so many rows and, within them, steps at a time. */
#define TG_GEMM_NARROW_COLUMNS 16
#define TG_GEMM_NARROW_ROWS 512
#define TG_GEMM_NARROW_STEPS 32

/* The rows of a group, of m (at least 1): shared out so that tiles are as even as can be. */
static inline int64_t tg_gemm_group_rows(int64_t m)
{
    const int64_t most = TG_GEMM_GROUP_STRIPS * TG_GEMM_TILE_ROWS, groups = (m + most - 1) / most;
    if (m <= TG_GEMM_ONE_GROUP_ROWS) return m;
    return (m + groups - 1) / groups;
}

/* Same contracts as those of tg_gemm_f32, tg_gemm_join_f32 and their like, but m, n and k are at least 1. */
typedef struct tg_gemm_kernels {
    void (*f32)(const tg_product_f32 *p, void *scratch);
    void (*f64)(const tg_product_f64 *p, void *scratch);
    void (*join_f32)(const tg_product_f32 *p, int64_t n_blocks, const float *sums);
    void (*join_f64)(const tg_product_f64 *p, int64_t n_blocks, const double *sums);
} tg_gemm_kernels;

extern const tg_gemm_kernels tg_gemm_baseline;
#if defined(__x86_64__)
extern const tg_gemm_kernels tg_gemm_avx2, tg_gemm_avx512;
#endif

#endif
