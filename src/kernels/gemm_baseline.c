/* The own matrix product for any processor, with vectors of 16 bytes where the compiler knows vectors. */
#include "gemm_own.h"

#include <string.h>

#if defined(__GNUC__)
typedef float f32_part __attribute__((vector_size(16)));
typedef double f64_part __attribute__((vector_size(16)));
#else
typedef float f32_part;
typedef double f64_part;
#endif

static inline f32_part load_f32(const float *from, int64_t n)
{
    f32_part x = {0};
    memcpy(&x, from, (size_t)n * sizeof *from);
    return x;
}

static inline f64_part load_f64(const double *from, int64_t n)
{
    f64_part x = {0};
    memcpy(&x, from, (size_t)n * sizeof *from);
    return x;
}

#define GEMM(part) f32_##part
#define real float
#define integer int32_t
#define matrix tg_matrix_f32
#define product tg_product_f32
#define epilogue tg_epilogue_f32
#define TILE_BYTES 16
#define TILE_ROWS 4
#define LOAD_PART(p, n) load_f32(p, n)
#define STORE_PART(p, v, n) memcpy(p, &(v), (size_t)(n) * sizeof(float))
#include "gemm_own.inc"

#define GEMM(part) f64_##part
#define real double
#define integer int64_t
#define matrix tg_matrix_f64
#define product tg_product_f64
#define epilogue tg_epilogue_f64
#define TILE_BYTES 16
#define TILE_ROWS 4
#define LOAD_PART(p, n) load_f64(p, n)
#define STORE_PART(p, v, n) memcpy(p, &(v), (size_t)(n) * sizeof(double))
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_baseline = {f32_multiply, f64_multiply, f32_join, f64_join};
