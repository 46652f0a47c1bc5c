/* x^y, for vectors: see vector_math.h. It is e^(y log |x|) with a sign, in double for floats; for doubles the logarithm
 * has a second part, since what is wrong with the exponent is seen in the power a thousand times as large. Where products
 * are rounded before they are added to, the C library is quicker. */
#ifndef TG_KERNELS_VECTOR_MATH_POW_H
#define TG_KERNELS_VECTOR_MATH_POW_H

#include "vector_math_f32.h"
#include "vector_math_f64.h"

#if HAS_FMA

/* ---- f32 ------------------------------------------------------------------------------------------------ */

/* log(1 + x) = x - x^2 / 2 + x^3 P(x) for 1 + x from sqrt(1/2) to sqrt(2), to 38 bits; this is P. */
static inline ALWAYS_INLINE double short_log_curve_f64(double x)
{
    double w = x * x, u = w * w;
    double a = mad_f64(-0.25000001125875077, x, 0.33333333399083009),
           b = mad_f64(-0.16666532452120464, x, 0.19999989273109081);
    double c = mad_f64(-0.12505713472489841, x, 0.14286178564641619),
           d = mad_f64(-0.098893924986607859, x, 0.11105481872314371);
    double e = mad_f64(-0.092868371867062913, x, 0.090401048312427179),
           f = mad_f64(-0.048230685526159167, x, 0.091160556352417474);
    a = mad_f64(b, w, a);
    c = mad_f64(d, w, c);
    e = mad_f64(f, w, e);
    c = mad_f64(e, u, c);
    return mad_f64(c, u, a);
}

/* e^r = 1 + r + r^2 P(r) for |r| <= log(2) / 2, to 34 bits; this is P. */
static inline ALWAYS_INLINE double short_exp_curve_f64(double r)
{
    double w = r * r;
    double a = mad_f64(0.16666665865147237, r, 0.50000000680324519),
           b = mad_f64(0.0083334975431714284, r, 0.041666293655756477);
    double c = mad_f64(0.00019790318556217465, r, 0.0013944756932014804);
    b = mad_f64(c, w, b);
    return mad_f64(b, w, a);
}

static inline ALWAYS_INLINE float pow_f32(float x, float any)
{
    const double log2 = 0.69314718055994531, large = 90.0, least = -104.0;
    const power_of_f32 p = power_of_parts_f32(x, any);
    const mantissa_f32 m = split_mantissa_f32(fabsf(x));
    const double f = (double)m.f, log = f + f * f * mad_f64(short_log_curve_f64(f), f, -0.5);
    double power = (double)p.y * mad_f64((double)m.n, log2, log);
    power = special_exponent_f32(p, power);
    const double below = power > large ? large : power, w = below < least ? least : below;
    const double shifted = mad_f64(w, log2_e_f64, rounder_f64), n = shifted - rounder_f64;
    const double r = mad_f64(n, -log2, w), e = 1.0 + mad_f64(short_exp_curve_f64(r), r * r, r);
    const double size = e * power_f64(whole_number_f64(shifted));
    return signed_power_f32(p, x, (float)(power < least ? 0.0 : size));
}

/* ---- f64 ------------------------------------------------------------------------------------------------ */

/* log((1 + s) / (1 - s)) = 2/3 s (3 + z + z^2 P(z)) for z = s^2; this is P. */
static inline ALWAYS_INLINE double log_curve_f64(double z)
{
    double w = z * z, u = w * w;
    double a = mad_f64(0.42857142857142566, z, 0.59999999999999998),
           b = mad_f64(0.27272727253915485, z, 0.33333333333435627);
    double c = mad_f64(0.19999860815159229, z, 0.23076925126709141),
           d = mad_f64(0.15634439810077677, z, 0.17653005726743579);
    a = mad_f64(b, w, a);
    c = mad_f64(d, w, c);
    c = mad_f64(0.16519374153465474, u, c);
    return mad_f64(c, u, a);
}

/* a b. */
static inline ALWAYS_INLINE sum_f64 product_f64(double a, double b)
{
    const double high = a * b;
    return (sum_f64){high, mad_f64(a, b, -high)};
}

/* log(1 + f) to 2^-65, as log_of_parts_f64 has it. What is lost of s^2 counts with the slope of the curve. */
static inline ALWAYS_INLINE sum_f64 long_log_f64(double f)
{
    const double third_high = 0.66666666666666663, third_low = 3.700743415417188e-17; /* 2/3 */
    const sum_f64 below = fast_sum_f64(2.0, f);
    const double inverse = 1.0 / below.high, s = f * inverse;
    const double s_low = mad_f64(-s, below.low, mad_f64(-s, below.high, f)) * inverse;
    const sum_f64 square = product_f64(s, s);
    const double z = square.high, z_low = mad_f64(s + s, s_low, square.low);
    const sum_f64 start = fast_sum_f64(3.0, z);
    const double rest = mad_f64(z * z, log_curve_f64(z), mad_f64(1.2 * z, z_low, z_low));
    const sum_f64 curve = fast_sum_f64(start.high, start.low + rest);
    sum_f64 p = product_f64(s, curve.high);
    p.low += mad_f64(s_low, curve.high, s * curve.low);
    sum_f64 log = product_f64(p.high, third_high);
    log.low += mad_f64(p.low, third_high, p.high * third_low);
    return log;
}

/* y log x, for x above 0 and finite. */
static inline ALWAYS_INLINE sum_f64 exponent_of_power_f64(double x, double y)
{
    const mantissa_f64 m = split_mantissa_f64(x);
    const sum_f64 part = long_log_f64(m.f), log = fast_sum_f64(m.n * log2_high_f64, part.high);
    sum_f64 product = product_f64(y, log.high);
    product.low = mad_f64(y, log.low + mad_f64(m.n, log2_low_f64, part.low), product.low);
    return product;
}

static inline ALWAYS_INLINE double pow_f64(double x, double any)
{
    const double large = exp_large_f64 + 1.0, least = exp_least_f64;
    const power_of_f64 p = power_of_parts_f64(x, any);
    const sum_f64 product = exponent_of_power_f64(fabs(x), p.y);
    const double power = special_exponent_f64(p, product.high);
    const double below = power > large ? large : power, w = below < least ? least : below;
    const double low = fabs(power) < -least ? product.low : 0.0;
    const exponent_f64 e = split_exponent_f64(w);
    const sum_f64 r = fast_sum_f64(e.r, low + e.rest), top = fast_sum_f64(1.0, r.high);
    const double size = top.high + (top.low + mad_f64(r.low, top.high, exp_tail_f64(r.high)));
    const halves_f64 n = split_power_f64(e.n);
    return signed_power_f64(p, x, (power < least ? 0.0 : size) * n.first * n.second);
}

#else

static inline ALWAYS_INLINE float pow_f32(float x, float y)
{
    return powf(x, y);
}

static inline ALWAYS_INLINE double pow_f64(double x, double y)
{
    return pow(x, y);
}

#endif

#endif
