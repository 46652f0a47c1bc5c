/* The library's own matrix product: one template (gemm_own.inc) compiled for several instruction sets, and
 * gemm.c chooses by what the processor has. Also what gemm_cblas.c offers when it is compiled. */
#ifndef TG_KERNELS_GEMM_OWN_H
#define TG_KERNELS_GEMM_OWN_H

#include "gemm.h"

/* Blocks of A (rows by depth) and of B (depth by columns): the first stays in the L2 cache, a tile's part of
 * the second in L1. Tiles have at most TG_GEMM_TILE_ROWS rows and TG_GEMM_TILE_COLUMNS columns. */
#define TG_GEMM_BLOCK_ROWS 96
#define TG_GEMM_BLOCK_DEPTH 256
#define TG_GEMM_BLOCK_COLUMNS 512
#define TG_GEMM_TILE_ROWS 8
#define TG_GEMM_TILE_COLUMNS 32

/* Measured: a product of fewer multiplications is not worth blocking; copying A pays from so many columns of
 * B on, copying B from so many rows of A on. */
#define TG_GEMM_SMALL 512
#define TG_GEMM_DIRECT_COLUMNS 128
#define TG_GEMM_DIRECT_ROWS 64

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
