/* The own matrix product, for any processor: vectors of 16 bytes, which compilers split where there are none. */
#include "gemm_own.h"

#include <string.h>

#define GEMM(part) f32_##part
#define real float
#define matrix tg_matrix_f32
#define TILE_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "gemm_own.inc"

#define GEMM(part) f64_##part
#define real double
#define matrix tg_matrix_f64
#define TILE_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_baseline = {f32_product, f64_product};
