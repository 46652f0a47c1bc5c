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

/* The transpose of 4 by 4 doubles, with zeros for the rows that are not there. */
static void transpose_4(int64_t have, const double *from, int64_t row, double *to, int64_t along)
{
    __m256d r[4];
    for (int i = 0; i < 4; i++) r[i] = i < have ? _mm256_loadu_pd(from + i * row) : _mm256_setzero_pd();
    __m256d a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
    __m256d c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
    _mm256_storeu_pd(to, _mm256_permute2f128_pd(a, c, 0x20));
    _mm256_storeu_pd(to + along, _mm256_permute2f128_pd(b, d, 0x20));
    _mm256_storeu_pd(to + 2 * along, _mm256_permute2f128_pd(a, c, 0x31));
    _mm256_storeu_pd(to + 3 * along, _mm256_permute2f128_pd(b, d, 0x31));
}

/* Columns 0, 1, 4 and 5 (or, `high`, 2, 3, 6 and 7) of four rows of 8 floats, in that order: each is four floats of the
 * transpose. */
static void columns_of_four(__m256 r0, __m256 r1, __m256 r2, __m256 r3, int high, __m256 column[2])
{
    __m256 a = high ? _mm256_unpackhi_ps(r0, r1) : _mm256_unpacklo_ps(r0, r1);
    __m256 b = high ? _mm256_unpackhi_ps(r2, r3) : _mm256_unpacklo_ps(r2, r3);
    column[0] = _mm256_shuffle_ps(a, b, 0x44);
    column[1] = _mm256_shuffle_ps(a, b, 0xee);
}

/* The same for 8 by 8 floats. */
static void transpose_8(int64_t have, const float *from, int64_t row, float *to, int64_t along)
{
    __m256 r[8];
    for (int i = 0; i < 8; i++) r[i] = i < have ? _mm256_loadu_ps(from + i * row) : _mm256_setzero_ps();
    for (int high = 0; high < 2; high++) {
        __m256 top[2], bottom[2];
        columns_of_four(r[0], r[1], r[2], r[3], high, top);
        columns_of_four(r[4], r[5], r[6], r[7], high, bottom);
        for (int i = 0; i < 2; i++) {
            float *first = to + (2 * high + i) * along;
            _mm256_storeu_ps(first, _mm256_permute2f128_ps(top[i], bottom[i], 0x20));
            _mm256_storeu_ps(first + 4 * along, _mm256_permute2f128_ps(top[i], bottom[i], 0x31));
        }
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
#define TRANSPOSE transpose_8
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
#define TRANSPOSE transpose_4
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx2 = {f32_multiply, f64_multiply, f32_join, f64_join};

#endif
