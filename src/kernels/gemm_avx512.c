/* The own matrix product, compiled for AVX-512. */
#include "gemm_own.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

/* Element (i, p) of up to 16 rows goes to to[p * along + i], for p < k, which is in whole fours; more of to's 16 is garbage.
 * Blocks of 4 by 4 are loaded to where they belong, and each is transposed within its quarter of a vector. */
static inline __m512 quarters_of(const float *const row[16], int i, int64_t p)
{
    __m512 x = _mm512_castps128_ps512(_mm_loadu_ps(row[i] + p));
    x = _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 4] + p), 1);
    x = _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 8] + p), 2);
    return _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 12] + p), 3);
}

static void transpose_f32(int64_t have, int64_t k, const float *from, int64_t row, float *to, int64_t along)
{
    const float *at[16];
    for (int i = 0; i < 16; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 4, to += 4 * along) {
        const __m512 a = quarters_of(at, 0, p), b = quarters_of(at, 1, p), c = quarters_of(at, 2, p),
                     d = quarters_of(at, 3, p);
        const __m512 low_ab = _mm512_unpacklo_ps(a, b), high_ab = _mm512_unpackhi_ps(a, b),
                     low_cd = _mm512_unpacklo_ps(c, d), high_cd = _mm512_unpackhi_ps(c, d);
        _mm512_storeu_ps(to, _mm512_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm512_storeu_ps(to + along, _mm512_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(3, 2, 3, 2)));
        _mm512_storeu_ps(to + 2 * along, _mm512_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm512_storeu_ps(to + 3 * along, _mm512_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(3, 2, 3, 2)));
    }
}

/* The same for up to 8 rows of doubles, with blocks of 2 by 2. */
static inline __m512d pairs_of(const double *const row[8], int i, int64_t p)
{
    __m512d x = _mm512_castpd128_pd512(_mm_loadu_pd(row[i] + p));
    x = _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 2] + p), 1);
    x = _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 4] + p), 2);
    return _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 6] + p), 3);
}

static void transpose_f64(int64_t have, int64_t k, const double *from, int64_t row, double *to, int64_t along)
{
    const double *at[8];
    for (int i = 0; i < 8; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 2, to += 2 * along) {
        const __m512d even = pairs_of(at, 0, p), odd = pairs_of(at, 1, p);
        _mm512_storeu_pd(to, _mm512_unpacklo_pd(even, odd));
        _mm512_storeu_pd(to + along, _mm512_unpackhi_pd(even, odd));
    }
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
