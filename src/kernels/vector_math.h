/* What the functions of vector_math_f32.h and vector_math_f64.h are made of. They have no branches and no tables, so
 * that compilers make vectors of the loops that call them, and every step rounds the same in vectors and in the
 * elements that are left over: a result depends on the element's value alone. Between instruction sets results may
 * differ in the last digits, because of mad and of a sigmoid of its own for AVX-512 (vector_exp.inc).
 *
 * tests/test_vector_math.c and test_vector_pow.c hold them against quadruple precision; their coefficients come from
 * scripts/fit_polynomials.py. How far off elementwise loops are at most, in units in the last place, in the worst of
 * baseline x86-64, AVX2 and AVX-512, rounded up: over all numbers of f32 (of sinh, cosh, tan, atan and the far part of
 * erfc all positive ones from 1e-4 on, below which nothing is to be rounded but x; of pow 20 million pairs), and 4
 * million of f64 at random:
 *
 *               f32   f64                f32   f64                f32   f64
 *     exp       1.01  0.99     expm1     1.14  1.10     log       0.81  0.78
 *     log1p     1.40  1.35     sqrt      0.50  0.50     rsqrt     1.49  1.49
 *     sigmoid   1.77  1.66     tanh      1.42  1.42     softplus  1.67  1.64
 *     elu       0.94  0.82     erf       1.32  1.19     erfc      1.53  1.31
 *     sin       1.49  0.79     cos       1.49  0.78     tan       1.05  0.98
 *     atan      1.25  1.19     sinh      0.80  0.85     cosh      0.95  0.91
 *     pow       0.51  0.84
 *
 * The C library's tan beyond periodic_bound is off by up to 1.48 and 0.57, its pow, which takes the place of this one where
 * products are not fused, by 0.81 and 0.51. */
#ifndef TG_KERNELS_VECTOR_MATH_H
#define TG_KERNELS_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "independent.h"

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif

/* a * b + c, rounded once where the processor can. Said outright, and contraction turned off, since compilers would
 * do it here and there. */
static inline ALWAYS_INLINE float mad_f32(float a, float b, float c)
{
#if HAS_FMA
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline ALWAYS_INLINE double mad_f64(double a, double b, double c)
{
#if HAS_FMA
    return fma(a, b, c);
#else
    return a * b + c;
#endif
}

static inline ALWAYS_INLINE uint32_t bits_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline ALWAYS_INLINE float number_f32(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline ALWAYS_INLINE uint64_t bits_f64(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline ALWAYS_INLINE double number_f64(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
