/* exp and sigmoid of whole registers where the processor multiplies by powers of 2 by itself (AVX-512), which takes a
 * third of the work off. exp is the same to the last bit as exp_f32 and exp_f64. */
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

#endif

#endif
