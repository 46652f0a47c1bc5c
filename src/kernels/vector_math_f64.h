/* Functions of double, for vectors: see vector_math.h. Numbers of 64 bits are neither compared nor converted as
 * integers, for which the older instruction sets have no vectors. */
#ifndef TG_KERNELS_VECTOR_MATH_F64_H
#define TG_KERNELS_VECTOR_MATH_F64_H

#include "vector_math.h"

/* ---- Exponentials ------------------------------------------------------------------------------------- */

/* x = n log 2 + r + rest, |r| <= log(2) / 2, rest what rounding took from r. */
typedef struct exponent_f64 {
    uint64_t n; /* plus 2048 */
    double r, rest;
} exponent_f64;

typedef struct halves_f64 {
    double first, second;
} halves_f64;

static const double epsilon_f64 = 2.2204460492503131e-16, exp_large_f64 = 709.0, exp_least_f64 = -746.0,
                    exp_nothing_f64 = -60.0;

/* Adding this, 1.5 2^52, rounds to a whole number, which then stands in the lowest bits. log 2 is in two parts, of which
 * the first has zeros at its end, so that n times it is exact. */
static const double rounder_f64 = 6755399441055744.0, log2_e_f64 = 1.4426950408889634,
                    log2_high_f64 = 6.93147180369123816490e-1, log2_low_f64 = 1.90821492927058770002e-10;

/* The whole number in the lowest bits, plus 2048. */
static inline ALWAYS_INLINE uint64_t whole_number_f64(double shifted)
{
    return bits_f64(shifted) - bits_f64(rounder_f64) + 2048u;
}

static inline ALWAYS_INLINE exponent_f64 split_exponent_f64(double x)
{
    double shifted = mad_f64(x, log2_e_f64, rounder_f64), n = shifted - rounder_f64;
    double high = mad_f64(n, -log2_high_f64, x), low = n * log2_low_f64;
    exponent_f64 e = {whole_number_f64(shifted), high - low, 0};
    e.rest = (high - e.r) - low;
    return e;
}

/* (e^r - 1 - r) / r^2 = low + scale * high for |r| <= log(2) / 2. Pairs of terms, and pairs of those, do not wait for
 * each other. */
typedef struct terms_f64 {
    double low, high, scale;
} terms_f64;

static inline ALWAYS_INLINE terms_f64 exp_terms_f64(double r)
{
    double z = r * r, w = z * z;
    double a = mad_f64(0.16666666666666677, r, 0.5);
    double b = mad_f64(0.00833333333332161, r, 0.041666666666666505);
    double c = mad_f64(0.00019841269886202126, r, 0.0013888888888962815);
    double d = mad_f64(2.7557244110644417e-06, r, 2.4801587172039081e-05);
    double e = mad_f64(2.5109078982596694e-08, r, 2.7557402754950211e-07);
    c = mad_f64(d, z, c);
    e = mad_f64(2.0875390635135547e-09, z, e);
    return (terms_f64){mad_f64(b, z, a), mad_f64(e, w, c), w};
}

static inline ALWAYS_INLINE double power_f64(uint64_t n)
{
    return number_f64((n - (2048 - 1023)) << 52);
}

static inline ALWAYS_INLINE double inverse_power_f64(uint64_t n)
{
    return number_f64((2048 + 1023 - n) << 52);
}

/* 2^n in two factors, which are normal numbers for any n that exp meets. */
static inline ALWAYS_INLINE halves_f64 split_power_f64(uint64_t n)
{
    uint64_t half = n >> 1;
    return (halves_f64){power_f64(half + 1024), power_f64(n - half + 1024)};
}

/* ---- Quotients ---------------------------------------------------------------------------------------- */

/* Where neither dividend nor divisor is smaller or larger, no step of a quotient leaves the normal numbers. */
static const double quotient_low_f64 = 0x1p-450, quotient_high_f64 = 0x1p450;

/* The highest bit is set unless |x| is from the lower to the higher bound. */
static inline ALWAYS_INLINE uint64_t far_from_one_f64(double x)
{
    const uint64_t size = bits_f64(x) & UINT64_C(0x7fffffffffffffff);
    return (size - bits_f64(quotient_low_f64)) | (bits_f64(quotient_high_f64) - size);
}

/* ---- Logarithms --------------------------------------------------------------------------------------- */

/* log(2^n (1 + f)) for 1 + f from sqrt(1/2) to sqrt(2): with s = f / (2 + f) it is log((1 + s) / (1 - s)), whose
 * largest part, f - f^2 / 2, is put in at the end. */
static inline ALWAYS_INLINE double log_of_parts_f64(double n, double f)
{
    double s = f / (2.0 + f), z = s * s, half_square = 0.5 * f * f, p = 0.14795957736711099;
    p = mad_f64(p, z, 0.15314049703644214);
    p = mad_f64(p, z, 0.18183564360791246);
    p = mad_f64(p, z, 0.2222219857249611);
    p = mad_f64(p, z, 0.28571428742394456);
    p = mad_f64(p, z, 0.39999999999414648);
    p = mad_f64(p, z, 0.6666666666666734);
    double low = mad_f64(s, mad_f64(z, p, half_square), n * 1.90821492927058770002e-10);
    return mad_f64(n, 6.93147180369123816490e-1, f - (half_square - low));
}

/* What the logarithm of x is where no formula gives it; y elsewhere. */
static inline ALWAYS_INLINE double log_special_f64(double x, double y)
{
    y = x > 0.0 ? y : x == 0.0 ? -(double)INFINITY : (double)NAN;
    return x < (double)INFINITY ? y : x + x;
}

#define SQRT_HALF_BITS_F64 0x3fe6a09e667f3bcdu

/* x = 2^n (1 + f), n plus 1024 in `exponent`. */
typedef struct mantissa_f64 {
    uint64_t exponent;
    double n, f;
} mantissa_f64;

static inline ALWAYS_INLINE mantissa_f64 split_normal_f64(double x)
{
    const double magic =
        4503599627370496.0; /* 2^52: a whole number less than that can be put into its bits */
    uint64_t bits = bits_f64(x) - SQRT_HALF_BITS_F64;
    mantissa_f64 m = {(bits + (UINT64_C(1024) << 52)) >> 52, 0, 0};
    m.n = number_f64(m.exponent | bits_f64(magic)) - (magic + 1024.0);
    m.f = number_f64((bits & 0xfffffffffffffu) + SQRT_HALF_BITS_F64) - 1.0;
    return m;
}

/* The same for x that may be below the normal numbers; only n and f count. */
static inline ALWAYS_INLINE mantissa_f64 split_mantissa_f64(double x)
{
    const double least = 2.2250738585072014e-308, scale = x < least ? 4503599627370496.0 : 1.0;
    const double less = x < least ? 52.0 : 0.0;
    mantissa_f64 m = split_normal_f64(x * scale);
    m.n -= less;
    return m;
}

static inline ALWAYS_INLINE double log_f64(double x)
{
    mantissa_f64 m = split_mantissa_f64(x);
    return log_special_f64(x, log_of_parts_f64(m.n, m.f));
}

/* 1 + x = 2^n (1 + f), where f = 2^-n x + (2^-n - 1) is rounded once; from 2^53 on it is 1 that does not count. */
static inline ALWAYS_INLINE double log1p_f64(double x)
{
    double u = 1.0 + x;
    mantissa_f64 m = split_normal_f64(u);
    double scale = number_f64((1024 + 1023 - m.exponent) << 52);
    double f = x < 9007199254740992.0 ? mad_f64(scale, x, scale - 1.0) : m.f;
    return copysign(log_special_f64(u, log_of_parts_f64(m.n, f)), x);
}

/* ---- The error function ------------------------------------------------------------------------------- */

/* erf(x) / x - 1 for z = x^2 up to 1. */
static inline ALWAYS_INLINE double erf_tail_f64(double z)
{
    double p = 5.9452413600060755e-11;
    p = mad_f64(p, z, -1.13656526382812e-09);
    p = mad_f64(p, z, 1.4657876000232856e-08);
    p = mad_f64(p, z, -1.6350024579623616e-07);
    p = mad_f64(p, z, 1.6460972747918113e-06);
    p = mad_f64(p, z, -1.4925593501909272e-05);
    p = mad_f64(p, z, 0.00012055331036655525);
    p = mad_f64(p, z, -0.00085483269787341349);
    p = mad_f64(p, z, 0.0052239776247806919);
    p = mad_f64(p, z, -0.026866170645072872);
    p = mad_f64(p, z, 0.11283791670954857);
    p = mad_f64(p, z, -0.37612638903183748);
    p = mad_f64(p, z, 0.12837916709551259);
    return p;
}

/* (x + 1/2) e^(x^2) erfc(x) is erfc_middle + erfc_tail(t), where t = (x - 4) / (x + 4), for x from 3/4 on. */
static inline ALWAYS_INLINE double erfc_tail_f64(double t)
{
    double p = 1.698601584239149e-09;
    p = mad_f64(p, t, -5.2527944714729128e-09);
    p = mad_f64(p, t, -1.1167030795098119e-08);
    p = mad_f64(p, t, 5.2747487104802164e-08);
    p = mad_f64(p, t, 4.0048093815335256e-08);
    p = mad_f64(p, t, -4.1101533410292752e-07);
    p = mad_f64(p, t, 1.44976504202242e-07);
    p = mad_f64(p, t, 2.8540444245818091e-06);
    p = mad_f64(p, t, -5.6101635389760214e-06);
    p = mad_f64(p, t, -1.2199338145589525e-05);
    p = mad_f64(p, t, 7.5310595517826968e-05);
    p = mad_f64(p, t, -9.96284067725439e-05);
    p = mad_f64(p, t, -0.00037888659982641986);
    p = mad_f64(p, t, 0.0025159849975709566);
    p = mad_f64(p, t, -0.0080988670340159923);
    p = mad_f64(p, t, 0.018583757767982923);
    p = mad_f64(p, t, -0.033165182905761807);
    p = mad_f64(p, t, 0.046866417499211853);
    p = mad_f64(p, t, -0.050519533018164406);
    p = mad_f64(p, t, 0.034048527127345511);
    p = mad_f64(p, t, 0.0076898260513100425);
    p = mad_f64(p, t, -0.069810558420281249);
    p = mad_f64(p, t, -2.3165513139225837e-17);
    return p;
}

/* x with the second half of its bits left out, so that its square is exact. */
static inline ALWAYS_INLINE double upper_half_f64(double x)
{
    return number_f64(bits_f64(x) & 0xfffffffff8000000u);
}

static const double erfc_middle_f64 = 6.1649755931277628e-1, erfc_nothing_f64 = 27.5;

/* ---- Sine and cosine ---------------------------------------------------------------------------------- */

/* Beyond this, quarter turns are not taken off exactly; such numbers are left to the C library. */
static const double periodic_bound_f64 = 131072.0;

/* x = quarters pi / 2 + r + rest, |r| <= pi / 4, rest what rounding took from r, which has the sign of x where it is 0. */
typedef struct turn_f64 {
    uint64_t quarters; /* in its lowest bits */
    double r, rest;
} turn_f64;

/* pi / 2 is in three parts, of which two have zeros at their end. */
static inline ALWAYS_INLINE turn_f64 split_turn_f64(double x)
{
    const double magic = 6755399441055744.0, first = 1.57079632673412561417,
                 second = 6.07710050630396597660e-11, third = 2.02226624879595063154e-21;
    double shifted = mad_f64(x, 0.63661977236758134308, magic), n = shifted - magic;
    double high = mad_f64(n, -first, x), less = n * -second, sum = high + less, taken = sum - high;
    double rest = mad_f64(n, -third, (less - taken) - ((sum - taken) - high)), r = sum + rest;
    return (turn_f64){bits_f64(shifted), r, (sum - r) + rest};
}

/* (sin(r) - r) / (r z) for z = r^2, |r| <= pi / 4. */
static inline ALWAYS_INLINE double sin_tail_f64(double z)
{
    double p = -7.5784041151135091e-13;
    p = mad_f64(p, z, 1.6058360456664652e-10);
    p = mad_f64(p, z, -2.5052104860902045e-08);
    p = mad_f64(p, z, 2.7557319213985614e-06);
    p = mad_f64(p, z, -0.00019841269841254649);
    p = mad_f64(p, z, 0.0083333333333333228);
    p = mad_f64(p, z, -0.16666666666666666);
    return p;
}

/* (cos(r) - 1 + z / 2) / z^2. */
static inline ALWAYS_INLINE double cos_tail_f64(double z)
{
    double p = -1.1358310770530305e-11;
    p = mad_f64(p, z, 2.0875696577500826e-09);
    p = mad_f64(p, z, -2.7557314148654e-07);
    p = mad_f64(p, z, 2.4801587288748264e-05);
    p = mad_f64(p, z, -0.0013888888888872895);
    p = mad_f64(p, z, 0.041666666666666595);
    return p;
}

/* sin(x + quarters pi / 2). */
static inline ALWAYS_INLINE double turned_sin_f64(double x, uint64_t quarters)
{
    turn_f64 t = split_turn_f64(x);
    double z = t.r * t.r, half = 0.5 * z, top = 1.0 - half;
    double sine = t.r + mad_f64(sin_tail_f64(z) * z, t.r, t.rest * top);
    double cosine = top + (((1.0 - top) - half) + mad_f64(z * z, cos_tail_f64(z), -t.r * t.rest));
    uint64_t turn = t.quarters + quarters;
    /* As numbers, since integers of 64 bits are not compared. */
    double odd = number_f64((turn & 1) << 62), y = odd > 0.0 ? cosine : copysign(sine, t.r);
    return number_f64(bits_f64(y) ^ (turn & 2) << 62);
}

static inline ALWAYS_INLINE double sin_f64(double x)
{
    return turned_sin_f64(x, 0);
}

static inline ALWAYS_INLINE double cos_f64(double x)
{
    return turned_sin_f64(x, 1);
}

/* ---- Hyperbolic functions -------------------------------------------------------------------------------- */

/* (sinh(r) - r) / (r z) for z = r^2, |r| <= log(2) / 2. */
static inline ALWAYS_INLINE double sinh_tail_f64(double z)
{
    double p = 1.6090855336324254e-10;
    p = mad_f64(p, z, 2.5052056682669936e-08);
    p = mad_f64(p, z, 2.7557319265308238e-06);
    p = mad_f64(p, z, 0.0001984126984125315);
    p = mad_f64(p, z, 0.0083333333333333367);
    p = mad_f64(p, z, 0.16666666666666666);
    return p;
}

/* (cosh(r) - 1 - z / 2) / z^2. */
static inline ALWAYS_INLINE double cosh_tail_f64(double z)
{
    double p = 2.0921634556031463e-09;
    p = mad_f64(p, z, 2.7557252248282642e-07);
    p = mad_f64(p, z, 2.4801587348718288e-05);
    p = mad_f64(p, z, 0.0013888888888873511);
    p = mad_f64(p, z, 0.041666666666666685);
    return p;
}

/* ---- Arc tangent ----------------------------------------------------------------------------------------- */

/* (atan(t) - t) / (t z) for z = t^2 up to 1. */
static inline ALWAYS_INLINE double atan_tail_f64(double z)
{
    double w = z * z, u = w * w;
    double a = mad_f64(0.19999999999990448, z, -0.33333333333333287),
           b = mad_f64(0.11111111086447632, z, -0.1428571428503663);
    double c = mad_f64(0.076922997118668401, z, -0.090909085472619153),
           d = mad_f64(0.058817161600002353, z, -0.066665837236544873);
    double e = mad_f64(0.047449262435733851, z, -0.05259433820199845),
           f = mad_f64(0.038210073076734352, z, -0.042863913075822824);
    double g = mad_f64(0.026151690852704319, z, -0.032785445316120487),
           h = mad_f64(0.01131767662457512, z, -0.01861422725040526);
    double i = mad_f64(0.002151597171294354, z, -0.0056124055158053021),
           j = mad_f64(0.00010387254316648436, z, -0.00059289636906260728);
    a = mad_f64(b, w, a);
    c = mad_f64(d, w, c);
    e = mad_f64(f, w, e);
    g = mad_f64(h, w, g);
    i = mad_f64(j, w, i);
    i = mad_f64(-8.6542677336044504e-06, u, i);
    g = mad_f64(i, u, g);
    e = mad_f64(g, u, e);
    c = mad_f64(e, u, c);
    return mad_f64(c, u, a);
}

static const double half_turn_high_f64 = 1.5707963267948966, half_turn_low_f64 = 6.123233995736766e-17;

/* ---- Powers -------------------------------------------------------------------------------------------- */

static const double all_whole_f64 = 4503599627370496.0;

#define real double
#define R(name) name##_f64
#define C(name) name
#include "vector_math.inc"
#undef real
#undef R
#undef C

static inline ALWAYS_INLINE double tan_f64(double x)
{
    turn_f64 t = split_turn_f64(x);
    return turned_tan_f64(t.r, t.rest, number_f64((t.quarters & 1) << 62));
}

/* ---- What the processor does -------------------------------------------------------------------------- */

static inline ALWAYS_INLINE double fabs_f64(double x)
{
    return fabs(x);
}

static inline ALWAYS_INLINE double sqrt_f64(double x)
{
    return sqrt(x);
}

#endif
