/* The own matrix product, compiled for AVX-512. */
#include "gemm_own.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#include "turn.h"

/* Element (i, p) of up to 16 rows goes to to[p * along + i], for p < k, which is in whole fours; more of to's 16 is
 * garbage. */
static void transpose_f32(int64_t have, int64_t k, const float *from, int64_t row, float *to, int64_t along)
{
    const float *at[16];
    for (int i = 0; i < 16; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 4) turn_four(at, p, to + p * along, along);
}

/* The same for up to 8 rows of doubles. */
static void transpose_f64(int64_t have, int64_t k, const double *from, int64_t row, double *to, int64_t along)
{
    const double *at[8];
    for (int i = 0; i < 8; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 2) turn_two(at, p, to + p * along, along);
}

#define GEMM(part) f32_##part
#define real float
#define integer int32_t
#define matrix tg_matrix_f32
#define product tg_product_f32
#define epilogue tg_epilogue_f32
#define TILE_BYTES 64
#define TILE_ROWS 14
#define LOAD_PART(p, n) (f32_vector) _mm512_maskz_loadu_ps((__mmask16)((1U << (n)) - 1), p)
#define STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1U << (n)) - 1), (__m512)(v))
#define TRANSPOSE transpose_f32
#include "gemm_own.inc"

#define GEMM(part) f64_##part
#define real double
#define integer int64_t
#define matrix tg_matrix_f64
#define product tg_product_f64
#define epilogue tg_epilogue_f64
#define TILE_BYTES 64
#define TILE_ROWS 14
#define LOAD_PART(p, n) (f64_vector) _mm512_maskz_loadu_pd((__mmask8)((1U << (n)) - 1), p)
#define STORE_PART(p, v, n) _mm512_mask_storeu_pd(p, (__mmask8)((1U << (n)) - 1), (__m512d)(v))
#define TRANSPOSE transpose_f64
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx512 = {f32_multiply, f64_multiply, f32_join, f64_join};

#endif
