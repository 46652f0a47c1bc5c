/* exp of whole registers where the processor multiplies by powers of 2 by itself (AVX-512), which takes a third of the
 * work off: the same to the last bit as exp_f32 and exp_f64. */
#ifndef TG_KERNELS_VECTOR_EXP_H
#define TG_KERNELS_VECTOR_EXP_H

#include "vector_math_f32.h"
#include "vector_math_f64.h"

#if defined(__AVX512F__)
#include <immintrin.h>

/* Where e^x is 0 nothing is computed: small results take processors long. */
static inline __attribute__((always_inline)) __m512 exp_scaled_vector_f32(__m512 in)
{
    float x[16], y[16], n[16];
    _mm512_storeu_ps(x, _mm512_min_ps(_mm512_set1_ps(exp_large_f32 + 1), in));
    for (int i = 0; i < 16; i++) {
        scaled_f32 e = exp_scaled_f32(x[i]);
        y[i] = e.y;
        n[i] = e.n;
    }
    __mmask16 is_some = _mm512_cmp_ps_mask(in, _mm512_set1_ps(exp_least_f32), _CMP_NLT_UQ);
    return _mm512_maskz_scalef_ps(is_some, _mm512_loadu_ps(y), _mm512_loadu_ps(n));
}

static inline __attribute__((always_inline)) __m512d exp_scaled_vector_f64(__m512d in)
{
    double x[8], y[8], n[8];
    _mm512_storeu_pd(x, _mm512_min_pd(_mm512_set1_pd(exp_large_f64 + 1), in));
    for (int i = 0; i < 8; i++) {
        scaled_f64 e = exp_scaled_f64(x[i]);
        y[i] = e.y;
        n[i] = e.n;
    }
    __mmask8 is_some = _mm512_cmp_pd_mask(in, _mm512_set1_pd(exp_least_f64), _CMP_NLT_UQ);
    return _mm512_maskz_scalef_pd(is_some, _mm512_loadu_pd(y), _mm512_loadu_pd(n));
}

/* Loops. */
static inline void exp_vectors_f32(int64_t n, float *to, const float *from)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) _mm512_storeu_ps(to + i, exp_scaled_vector_f32(_mm512_loadu_ps(from + i)));
    if (i == n) return;
    __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
    _mm512_mask_storeu_ps(to + i, rest, exp_scaled_vector_f32(_mm512_maskz_loadu_ps(rest, from + i)));
}

static inline void exp_vectors_f64(int64_t n, double *to, const double *from)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) _mm512_storeu_pd(to + i, exp_scaled_vector_f64(_mm512_loadu_pd(from + i)));
    if (i == n) return;
    __mmask8 rest = (__mmask8)((1u << (n - i)) - 1);
    _mm512_mask_storeu_pd(to + i, rest, exp_scaled_vector_f64(_mm512_maskz_loadu_pd(rest, from + i)));
}

#endif

#endif
