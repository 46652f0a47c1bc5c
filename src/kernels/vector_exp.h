/* exp and sigmoid of whole registers where the processor multiplies by powers of 2 by itself (AVX-512), which takes a
 * third of the work off: the same to the last bit as exp_f32, sigmoid_f32 and those of double. */
#ifndef TG_KERNELS_VECTOR_EXP_H
#define TG_KERNELS_VECTOR_EXP_H

#include "vector_math_f32.h"
#include "vector_math_f64.h"

#if defined(__AVX512F__)
#include <immintrin.h>

#define real float
#define R(name) name##_f32
#define vector __m512
#define F(name) _mm512_##name##_ps
#define MASK __mmask16
#define MASK_OF _mm512_cmp_ps_mask
#define T(name) name##_f32
#include "vector_exp.inc"
#undef real
#undef R
#undef vector
#undef F
#undef MASK
#undef MASK_OF
#undef T

#define real double
#define R(name) name##_f64
#define vector __m512d
#define F(name) _mm512_##name##_pd
#define MASK __mmask8
#define MASK_OF _mm512_cmp_pd_mask
#define T(name) name##_f64
#include "vector_exp.inc"
#undef real
#undef R
#undef vector
#undef F
#undef MASK
#undef MASK_OF
#undef T

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
