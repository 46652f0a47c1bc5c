/* Functions of float, for vectors: see vector_math.h. */
#ifndef TG_KERNELS_VECTOR_MATH_F32_H
#define TG_KERNELS_VECTOR_MATH_F32_H

#include "vector_math.h"

/* ---- Exponentials ------------------------------------------------------------------------------------- */

/* x = n log 2 + r + rest, |r| <= log(2) / 2, rest what rounding took from r. */
typedef struct exponent_f32 {
    int32_t n;
    float r, rest;
} exponent_f32;

typedef struct halves_f32 {
    float first, second;
} halves_f32;

static const float epsilon_f32 = 1.1920929e-7F, exp_large_f32 = 88.0F, exp_least_f32 = -104.0F,
                   exp_nothing_f32 = -30.0F;

/* Adding this, 1.5 2^23, rounds to a whole number, which then stands in the lowest bits. log 2 is in two parts, of which
 * the first has zeros at its end, so that n times it is exact. */
static const float rounder_f32 = 12582912.0F, log2_e_f32 = 1.44269504F, log2_high_f32 = 6.9314575195e-1F,
                   log2_low_f32 = 1.4286067653e-6F;

/* The whole number in the lowest bits. */
static inline ALWAYS_INLINE int32_t whole_number_f32(float shifted)
{
    return (int32_t)(bits_f32(shifted) - bits_f32(rounder_f32));
}

static inline ALWAYS_INLINE exponent_f32 split_exponent_f32(float x)
{
    float shifted = mad_f32(x, log2_e_f32, rounder_f32), n = shifted - rounder_f32;
    float high = mad_f32(n, -log2_high_f32, x), low = n * log2_low_f32;
    exponent_f32 e = {whole_number_f32(shifted), high - low, 0};
    e.rest = (high - e.r) - low;
    return e;
}

/* (e^r - 1 - r) / r^2 = low + scale * high for |r| <= log(2) / 2. Pairs of terms do not wait for each other. */
typedef struct terms_f32 {
    float low, high, scale;
} terms_f32;

static inline ALWAYS_INLINE terms_f32 exp_terms_f32(float r)
{
    float z = r * r;
    float a = mad_f32(0.166666359F, r, 0.5F), b = mad_f32(0.0083416095F, r, 0.0416665114F);
    float c = mad_f32(0.00014930297F, r, 0.0013930524F);
    return (terms_f32){a, mad_f32(c, z, b), z};
}

static inline ALWAYS_INLINE float power_f32(int32_t n)
{
    return number_f32((uint32_t)(n + 127) << 23);
}

static inline ALWAYS_INLINE float inverse_power_f32(int32_t n)
{
    return power_f32(-n);
}

/* 2^n in two factors, which are normal numbers for any n that exp meets. */
static inline ALWAYS_INLINE halves_f32 split_power_f32(int32_t n)
{
    int32_t half = n >> 1;
    return (halves_f32){power_f32(half), power_f32(n - half)};
}

/* ---- Quotients ---------------------------------------------------------------------------------------- */

/* Where neither dividend nor divisor is smaller or larger, no step of a quotient leaves the normal numbers. */
static const float quotient_low_f32 = 0x1p-60F, quotient_high_f32 = 0x1p60F;

/* The highest bit is set unless |x| is from the lower to the higher bound. */
static inline ALWAYS_INLINE uint32_t far_from_one_f32(float x)
{
    const uint32_t size = bits_f32(x) & 0x7fffffffu;
    return (size - bits_f32(quotient_low_f32)) | (bits_f32(quotient_high_f32) - size);
}

/* ---- Logarithms --------------------------------------------------------------------------------------- */

/* log(2^n (1 + f)) for 1 + f from sqrt(1/2) to sqrt(2). */
static inline ALWAYS_INLINE float log_of_parts_f32(float n, float f)
{
    float z = f * f, p = 0.0535882749F;
    p = mad_f32(p, f, -0.109271295F);
    p = mad_f32(p, f, 0.121052437F);
    p = mad_f32(p, f, -0.125474453F);
    p = mad_f32(p, f, 0.142097622F);
    p = mad_f32(p, f, -0.166595161F);
    p = mad_f32(p, f, 0.200022206F);
    p = mad_f32(p, f, -0.250001639F);
    p = mad_f32(p, f, 0.333333135F);
    float y = mad_f32(n, -2.12194440e-4F, p * f * z);
    y = f + mad_f32(-0.5F, z, y);
    return mad_f32(n, 6.93359375e-1F, y);
}

/* What the logarithm of x is where no formula gives it; y elsewhere. */
static inline ALWAYS_INLINE float log_special_f32(float x, float y)
{
    y = x > 0.0F ? y : x == 0.0F ? -INFINITY : NAN;
    return x < INFINITY ? y : x + x;
}

#define SQRT_HALF_BITS_F32 0x3f3504f3u

/* x = 2^n (1 + f). */
typedef struct mantissa_f32 {
    float n, f;
} mantissa_f32;

static inline ALWAYS_INLINE mantissa_f32 split_mantissa_f32(float x)
{
    const float least = 1.17549435e-38F, scale = x < least ? 8388608.0F : 1.0F;
    const float less = x < least ? 23.0F : 0.0F;
    uint32_t bits = bits_f32(x * scale) - SQRT_HALF_BITS_F32;
    return (mantissa_f32){(float)((int32_t)bits >> 23) - less,
                          number_f32((bits & 0x7fffffu) + SQRT_HALF_BITS_F32) - 1.0F};
}

static inline ALWAYS_INLINE float log_f32(float x)
{
    mantissa_f32 m = split_mantissa_f32(x);
    return log_special_f32(x, log_of_parts_f32(m.n, m.f));
}

/* 1 + x = 2^n (1 + f), where f = 2^-n x + (2^-n - 1) is rounded once; from 2^24 on it is 1 that does not count. */
static inline ALWAYS_INLINE float log1p_f32(float x)
{
    float u = 1.0F + x;
    uint32_t bits = bits_f32(u) - SQRT_HALF_BITS_F32;
    int32_t n = (int32_t)bits >> 23;
    float scale = power_f32(-n), f = mad_f32(scale, x, scale - 1.0F);
    f = x < 16777216.0F ? f : number_f32((bits & 0x7fffffu) + SQRT_HALF_BITS_F32) - 1.0F;
    return copysignf(log_special_f32(u, log_of_parts_f32((float)n, f)), x);
}

/* ---- The error function ------------------------------------------------------------------------------- */

/* erf(x) / x - 1 for z = x^2 up to 1. */
static inline ALWAYS_INLINE float erf_tail_f32(float z)
{
    float p = 7.80690389e-05F;
    p = mad_f32(p, z, -0.00079978531F);
    p = mad_f32(p, z, 0.0051871622F);
    p = mad_f32(p, z, -0.0268533472F);
    p = mad_f32(p, z, 0.112835787F);
    p = mad_f32(p, z, -0.37612626F);
    p = mad_f32(p, z, 0.128379166F);
    return p;
}

/* (x + 1/2) e^(x^2) erfc(x) is erfc_middle + erfc_tail(t), where t = (x - 4) / (x + 4), for x from 3/4 on. */
static inline ALWAYS_INLINE float erfc_tail_f32(float t)
{
    float p = -0.000110944806F;
    p = mad_f32(p, t, 0.00255155074F);
    p = mad_f32(p, t, -0.00820916984F);
    p = mad_f32(p, t, 0.0185583513F);
    p = mad_f32(p, t, -0.0331477411F);
    p = mad_f32(p, t, 0.0468701124F);
    p = mad_f32(p, t, -0.0505207777F);
    p = mad_f32(p, t, 0.0340483449F);
    p = mad_f32(p, t, 0.00768986205F);
    p = mad_f32(p, t, -0.0698105544F);
    p = mad_f32(p, t, -1.71156671e-08F);
    return p;
}

/* x with the second half of its bits left out, so that its square is exact. */
static inline ALWAYS_INLINE float upper_half_f32(float x)
{
    return number_f32(bits_f32(x) & 0xfffff000u);
}

static const float erfc_middle_f32 = 6.16497576e-1F, erfc_nothing_f32 = 10.2F;

/* ---- Sine and cosine ---------------------------------------------------------------------------------- */

/* Beyond this, quarter turns are not taken off exactly; such numbers are left to the C library. */
static const float periodic_bound_f32 = 1048576.0F;

/* x = quarters pi / 2 + r, |r| <= pi / 4. */
typedef struct turn_f32 {
    uint32_t quarters; /* in its lowest bits */
    double r;
} turn_f32;

/* pi / 2 is in two parts of which the first has zeros at its end. */
static inline ALWAYS_INLINE turn_f32 split_turn_f32(float x)
{
    const double magic = 6755399441055744.0, first = 1.57079632673412561417,
                 second = 6.07710050650619224932e-11;
    double shifted = mad_f64((double)x, 0.63661977236758134308, magic), n = shifted - magic;
    return (turn_f32){(uint32_t)bits_f64(shifted), mad_f64(n, -second, mad_f64(n, -first, (double)x))};
}

/* (sin(r) - r) / (r z) for z = r^2, |r| <= pi / 4. */
static inline ALWAYS_INLINE float sin_tail_f32(float z)
{
    float p = 2.83250165e-06F;
    p = mad_f32(p, z, -0.000198530644F);
    p = mad_f32(p, z, 0.0083333794F);
    p = mad_f32(p, z, -0.166666672F);
    return p;
}

/* (cos(r) - 1 + z / 2) / z^2. */
static inline ALWAYS_INLINE float cos_tail_f32(float z)
{
    float p = 2.44323401e-05F;
    p = mad_f32(p, z, -0.00138873095F);
    p = mad_f32(p, z, 0.0416666456F);
    return p;
}

/* sin(x + quarters pi / 2). */
static inline ALWAYS_INLINE float turned_sin_f32(float x, uint32_t quarters)
{
    turn_f32 t = split_turn_f32(x);
    float r = (float)t.r, z = r * r;
    float sine = copysignf(mad_f32(sin_tail_f32(z) * z, r, r), r); /* which may be -0 */
    float cosine = 1.0F - mad_f32(-z * z, cos_tail_f32(z), 0.5F * z);
    uint32_t turn = t.quarters + quarters;
    float y = (turn & 1) != 0 ? cosine : sine;
    return number_f32(bits_f32(y) ^ (turn & 2) << 30);
}

static inline ALWAYS_INLINE float sin_f32(float x)
{
    return turned_sin_f32(x, 0);
}

static inline ALWAYS_INLINE float cos_f32(float x)
{
    return turned_sin_f32(x, 1);
}

/* ---- Hyperbolic functions -------------------------------------------------------------------------------- */

/* (sinh(r) - r) / (r z) for z = r^2, |r| <= log(2) / 2. */
static inline ALWAYS_INLINE float sinh_tail_f32(float z)
{
    float p = 0.00019974084F;
    p = mad_f32(p, z, 0.00833317544F);
    p = mad_f32(p, z, 0.166666672F);
    return p;
}

/* (cosh(r) - 1 - z / 2) / z^2. */
static inline ALWAYS_INLINE float cosh_tail_f32(float z)
{
    float p = 0.00139354519F;
    p = mad_f32(p, z, 0.0416664593F);
    return p;
}

/* ---- Arc tangent ----------------------------------------------------------------------------------------- */

/* (atan(t) - t) / (t z) for z = t^2 up to 1. */
static inline ALWAYS_INLINE float atan_tail_f32(float z)
{
    float w = z * z;
    float a = mad_f32(0.199997157F, z, -0.333333284F), b = mad_f32(0.11061234F, z, -0.142803431F);
    float c = mad_f32(0.0676367357F, z, -0.088214688F), d = mad_f32(0.0227781087F, z, -0.044983726F);
    float e = mad_f32(0.00113458175F, z, -0.0074256314F);
    d = mad_f32(e, w, d);
    c = mad_f32(d, w, c);
    b = mad_f32(c, w, b);
    return mad_f32(b, w, a);
}

static const float half_turn_high_f32 = 1.57079637F, half_turn_low_f32 = -4.37113883e-8F;

/* ---- Powers -------------------------------------------------------------------------------------------- */

static const float all_whole_f32 = 8388608.0F;

#define real float
#define R(name) name##_f32
#define C(name) name##f
#include "vector_math.inc"
#undef real
#undef R
#undef C

static inline ALWAYS_INLINE float tan_f32(float x)
{
    turn_f32 t = split_turn_f32(x);
    float r = (float)t.r;
    return turned_tan_f32(r, (float)(t.r - (double)r), number_f32((t.quarters & 1) << 30));
}

/* ---- What the processor does -------------------------------------------------------------------------- */

static inline ALWAYS_INLINE float fabs_f32(float x)
{
    return fabsf(x);
}

static inline ALWAYS_INLINE float sqrt_f32(float x)
{
    return sqrtf(x);
}

#endif
