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
#include "gemm_own.inc"

const tg_gemm_kernels tg_gemm_avx2 = {f32_multiply, f64_multiply, f32_pack_all, f64_pack_all};

#endif
