/* The library's own matrix product: one template (gemm_own.inc) compiled for several instruction sets, and
 * gemm.c chooses by what the processor has. */
#ifndef TG_KERNELS_GEMM_OWN_H
#define TG_KERNELS_GEMM_OWN_H

#include "gemm.h"

/* Blocks of A, which stay in the L2 cache if they are copied: their depth, and elements. What the largest strips take
 * for each step: TG_GEMM_STRIP_ROWS elements for a strip of A, TG_GEMM_TILE_COLUMNS for one of B. */
#define TG_GEMM_BLOCK_DEPTH 1024
#define TG_GEMM_BLOCK_ELEMENTS 286720
#define TG_GEMM_TILE_ROWS 14
#define TG_GEMM_STRIP_ROWS 16
#define TG_GEMM_TILE_COLUMNS 32
/* A tile fetches what is read after it every so many steps. */
#define TG_GEMM_FETCH_STEPS 16

/* The rows of a block of that depth, of m (at least 1): as even as tiles allow. */
static inline int64_t tg_gemm_block_rows(int64_t m, int64_t depth)
{
    int64_t most = TG_GEMM_BLOCK_ELEMENTS / depth, blocks = (m + most - 1) / most;
    int64_t strips = ((m + blocks - 1) / blocks + TG_GEMM_TILE_ROWS - 1) / TG_GEMM_TILE_ROWS;
    return strips * TG_GEMM_TILE_ROWS;
}

/* Measured: where copying pays. Strides in bytes. */
#define TG_GEMM_DIRECT_COLUMNS 128
#define TG_GEMM_DIRECT_ROWS 28
#define TG_GEMM_DIRECT_STRIDE 512

/* Same contract as tg_gemm_f32 and its like, but m, n and k are at least 1, and start and mask have columns side by
 * side. */
typedef struct tg_gemm_kernels {
    void (*f32)(const tg_product_f32 *p, void *scratch);
    void (*f64)(const tg_product_f64 *p, void *scratch);
    void (*pack_f32)(int64_t n, int64_t k, tg_matrix_f32 b, float *to);
    void (*pack_f64)(int64_t n, int64_t k, tg_matrix_f64 b, double *to);
} tg_gemm_kernels;

extern const tg_gemm_kernels tg_gemm_baseline;
#if defined(__x86_64__)
extern const tg_gemm_kernels tg_gemm_avx2, tg_gemm_avx512;
#endif

#endif
