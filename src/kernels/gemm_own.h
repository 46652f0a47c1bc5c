/* The library's own matrix product: one template (gemm_own.inc) compiled for several instruction sets, and
 * gemm.c chooses by what the processor has. Also what gemm_cblas.c offers when it is compiled. */
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

/* The rows of a block of that depth, of m (at least 1): as even as tiles allow. */
static inline int64_t tg_gemm_block_rows(int64_t m, int64_t depth)
{
    int64_t most = TG_GEMM_BLOCK_ELEMENTS / depth, blocks = (m + most - 1) / most;
    int64_t strips = ((m + blocks - 1) / blocks + TG_GEMM_TILE_ROWS - 1) / TG_GEMM_TILE_ROWS;
    return strips * TG_GEMM_TILE_ROWS;
}

/* Measured: where copying pays, and below how many multiplications a product is not worth it. Strides in bytes. */
#define TG_GEMM_SMALL 512
#define TG_GEMM_DIRECT_COLUMNS 128
#define TG_GEMM_DIRECT_ROWS 28
#define TG_GEMM_DIRECT_STRIDE 512

/* Same contract as tg_gemm_f32 and tg_gemm_f64, but m, n and k are at least 1. */
typedef struct tg_gemm_kernels {
    void (*f32)(int64_t m, int64_t n, int64_t k, tg_matrix_f32 a, tg_matrix_f32 b, float *c, void *scratch);
    void (*f64)(int64_t m, int64_t n, int64_t k, tg_matrix_f64 a, tg_matrix_f64 b, double *c, void *scratch);
} tg_gemm_kernels;

extern const tg_gemm_kernels tg_gemm_baseline;
#if defined(__x86_64__)
extern const tg_gemm_kernels tg_gemm_avx2, tg_gemm_avx512;
#endif

/* 1 when CBLAS did it; 0 when the strides or sizes are not for CBLAS, and nothing was done. m, n and k are at
 * least 1. No product is too small: a call takes some 15 ns. */
int tg_gemm_cblas_f32(int64_t m, int64_t n, int64_t k, tg_matrix_f32 a, tg_matrix_f32 b, float *c);
int tg_gemm_cblas_f64(int64_t m, int64_t n, int64_t k, tg_matrix_f64 a, tg_matrix_f64 b, double *c);

#endif
