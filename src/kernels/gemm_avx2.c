/* The own matrix product, compiled for AVX2 with FMA. */
#include "gemm_own.h"

#include <string.h>

#if defined(__x86_64__)

#define GEMM(part) f32_##part
#define real float
#define matrix tg_matrix_f32
#define TILE_BYTES 32
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "gemm_own.inc"

#define GEMM(part) f64_##part
#define real double
#define matrix tg_matrix_f64
#define TILE_BYTES 32
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx2 = {f32_product, f64_product};

#endif
