/* The own matrix product, compiled for AVX-512. */
#include "gemm_own.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

/* The transpose of 16 by 16 floats, with zeros for the rows that are not there: exchanges blocks of 1, 2, 4 and 8
 * across the diagonal. */
static void transpose_16(int64_t have, const float *from, int64_t row, float *to, int64_t along)
{
    __m512 r[16];
    for (int i = 0; i < 16; i++) r[i] = i < have ? _mm512_loadu_ps(from + i * row) : _mm512_setzero_ps();
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 4
#endif
    for (int s = 1; s < 16; s *= 2) {
        int keep[16], take[16];
        for (int l = 0; l < 16; l++) {
            keep[l] = (l & s) == 0 ? l : 16 + l - s;
            take[l] = (l & s) == 0 ? l + s : 16 + l;
        }
        __m512i low = _mm512_loadu_si512(keep), high = _mm512_loadu_si512(take);
        for (int i = 0; i < 16; i++) {
            if ((i & s) != 0) continue;
            __m512 a = r[i], b = r[i + s];
            r[i] = _mm512_permutex2var_ps(a, low, b);
            r[i + s] = _mm512_permutex2var_ps(a, high, b);
        }
    }
    for (int i = 0; i < 16; i++) _mm512_storeu_ps(to + i * along, r[i]);
}

/* The same for 8 by 8 doubles. */
static void transpose_8(int64_t have, const double *from, int64_t row, double *to, int64_t along)
{
    __m512d r[8];
    for (int i = 0; i < 8; i++) r[i] = i < have ? _mm512_loadu_pd(from + i * row) : _mm512_setzero_pd();
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 4
#endif
    for (int s = 1; s < 8; s *= 2) {
        int64_t keep[8], take[8];
        for (int l = 0; l < 8; l++) {
            keep[l] = (l & s) == 0 ? l : 8 + l - s;
            take[l] = (l & s) == 0 ? l + s : 8 + l;
        }
        __m512i low = _mm512_loadu_si512(keep), high = _mm512_loadu_si512(take);
        for (int i = 0; i < 8; i++) {
            if ((i & s) != 0) continue;
            __m512d a = r[i], b = r[i + s];
            r[i] = _mm512_permutex2var_pd(a, low, b);
            r[i + s] = _mm512_permutex2var_pd(a, high, b);
        }
    }
    for (int i = 0; i < 8; i++) _mm512_storeu_pd(to + i * along, r[i]);
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
#define TRANSPOSE transpose_16
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
#define TRANSPOSE transpose_8
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx512 = {f32_multiply, f64_multiply, f32_join, f64_join};

#endif
