/* How far off elementwise loops are, in units in the last place: for the tests of their mathematical functions. */
#ifndef TESTS_UNITS_H
#define TESTS_UNITS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/elementwise.h"

#if TG_TEST_QUADMATH
#include <quadmath.h>
typedef __float128 quad;
#define Q(name) name##q
#else
typedef long double quad;
#define Q(name) name##l
#endif

#define WRONG 1e9 /* the error of what is not even of the right kind */

/* The distance of got from what is wanted, in units of wanted's last place in a type of `bits` bits whose largest
 * power of 2 is 2^top; an infinite result stands for 2^(top + 1). */
static inline double error_in_units(quad got, quad wanted, int bits, int top)
{
    const quad beyond = Q(ldexp)(1, top + 1);
    if (wanted != wanted || got != got) return (wanted != wanted) == (got != got) ? 0 : WRONG;
    if (wanted == 0) return got == 0 && (1 / got > 0) == (1 / wanted > 0) ? 0 : WRONG;
    quad size = Q(fabs)(wanted);
    if (size >= beyond) return got * wanted > 0 && Q(fabs)(got) >= beyond ? 0 : WRONG;
    if (Q(fabs)(got) > beyond) got = got > 0 ? beyond : -beyond;
    int exponent, least = 3 - top - bits;
    Q(frexp)(size, &exponent);
    exponent -= bits;
    return (double)(Q(fabs)(got - wanted) / Q(ldexp)(1, exponent < least ? least : exponent));
}

static inline double clip(double x)
{
    const double beyond = 0x1p128;
    x = x > beyond ? beyond : x;
    return x < -beyond ? -beyond : x;
}

/* The same for f32, quicker: the size of a unit is read off the exponent. */
static inline double error_f32(float got, double wanted)
{
    double value = clip((double)got), size = clip(wanted), unit;
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    bits &= UINT64_C(0x7ff) << 52;
    memcpy(&unit, &bits, sizeof unit);
    unit = unit * 0x1p-23 > 0x1p-149 ? unit * 0x1p-23 : 0x1p-149;
    double error = fabs(value - size) / unit;
    error = wanted == 0 && copysign(1.0, value) != copysign(1.0, wanted) ? WRONG : error;
    error = wanted != wanted ? 0 : error;
    return (value != value) != (wanted != wanted) ? WRONG : error;
}

typedef struct worst {
    double error, at;
} worst;

static inline void take_worse(worst *w, double error, double at)
{
    if (error > w->error) *w = (worst){error, at};
}

static inline int set_count(void)
{
    return (int)tg_instructions_here() + 1;
}

static inline tg_loop loop_of(int set, tg_dtype dtype, tg_row row)
{
    return tg_elementwise_for((tg_instructions)set)->rows[dtype][row];
}

/* A number of 64 random bits. */
static inline uint64_t draw(void)
{
    static uint64_t seed = 1;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

#endif
