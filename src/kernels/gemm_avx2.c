/* The own matrix product, compiled for AVX2 with FMA. */
#include "gemm_own.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

/* All ones in the first n lanes. */
static inline __m256i first_32(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __m256i first_64(int64_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

/* Element (i, p) of up to 8 rows goes to to[p * along + i], for p < k, which is in whole fours; more of to's 8 is garbage.
 * Blocks of 4 by 4 are loaded to where they belong, and each is transposed within its half of a vector. */
static inline __m256 halves_of(const float *const row[8], int i, int64_t p)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row[i] + p)),
                                _mm_loadu_ps(row[i + 4] + p), 1);
}

static void transpose_f32(int64_t have, int64_t k, const float *from, int64_t row, float *to, int64_t along)
{
    const float *at[8];
    for (int i = 0; i < 8; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 4, to += 4 * along) {
        const __m256 a = halves_of(at, 0, p), b = halves_of(at, 1, p), c = halves_of(at, 2, p),
                     d = halves_of(at, 3, p);
        const __m256 low_ab = _mm256_unpacklo_ps(a, b), high_ab = _mm256_unpackhi_ps(a, b),
                     low_cd = _mm256_unpacklo_ps(c, d), high_cd = _mm256_unpackhi_ps(c, d);
        _mm256_storeu_ps(to, _mm256_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm256_storeu_ps(to + along, _mm256_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(3, 2, 3, 2)));
        _mm256_storeu_ps(to + 2 * along, _mm256_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm256_storeu_ps(to + 3 * along, _mm256_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(3, 2, 3, 2)));
    }
}

/* The same for up to 4 rows of doubles, with blocks of 2 by 2. */
static inline __m256d pairs_of(const double *const row[4], int i, int64_t p)
{
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(row[i] + p)),
                                _mm_loadu_pd(row[i + 2] + p), 1);
}

static void transpose_f64(int64_t have, int64_t k, const double *from, int64_t row, double *to, int64_t along)
{
    const double *at[4];
    for (int i = 0; i < 4; i++) at[i] = from + (i < have ? i : have - 1) * row;
    for (int64_t p = 0; p < k; p += 2, to += 2 * along) {
        const __m256d even = pairs_of(at, 0, p), odd = pairs_of(at, 1, p);
        _mm256_storeu_pd(to, _mm256_unpacklo_pd(even, odd));
        _mm256_storeu_pd(to + along, _mm256_unpackhi_pd(even, odd));
    }
}

#define GEMM(part) f32_##part
#define real float
#define integer int32_t
#define matrix tg_matrix_f32
#define product tg_product_f32
#define epilogue tg_epilogue_f32
#define TILE_BYTES 32
#define TILE_ROWS 6
#define LOAD_PART(p, n) (f32_vector) _mm256_maskload_ps(p, first_32(n))
#define STORE_PART(p, v, n) _mm256_maskstore_ps(p, first_32(n), (__m256)(v))
#define TRANSPOSE transpose_f32
#include "gemm_own.inc"

#define GEMM(part) f64_##part
#define real double
#define integer int64_t
#define matrix tg_matrix_f64
#define product tg_product_f64
#define epilogue tg_epilogue_f64
#define TILE_BYTES 32
#define TILE_ROWS 6
#define LOAD_PART(p, n) (f64_vector) _mm256_maskload_pd(p, first_64(n))
#define STORE_PART(p, v, n) _mm256_maskstore_pd(p, first_64(n), (__m256d)(v))
#define TRANSPOSE transpose_f64
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx2 = {f32_multiply, f64_multiply, f32_join, f64_join};

#endif
