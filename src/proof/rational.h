/* Exact rational numbers. Every operation says whether its result fits: nothing wraps around. */
#ifndef TG_PROOF_RATIONAL_H
#define TG_PROOF_RATIONAL_H

#include <stdint.h>

/* In lowest terms, den > 0. */
typedef struct tg_rational {
    int64_t num, den;
} tg_rational;

/* Each writes *r and returns 1, or returns 0 when the result does not fit (or divides by zero). */
int tg_rational_make(int64_t num, int64_t den, tg_rational *r);
int tg_rational_add(tg_rational a, tg_rational b, tg_rational *r);
int tg_rational_mul(tg_rational a, tg_rational b, tg_rational *r);
int tg_rational_pow(tg_rational a, int64_t exponent, tg_rational *r);

static inline tg_rational tg_integer(int64_t n)
{
    return (tg_rational){n, 1};
}

static inline int tg_is_integer(tg_rational a)
{
    return a.den == 1;
}

static inline int tg_rational_equal(tg_rational a, tg_rational b)
{
    return a.num == b.num && a.den == b.den;
}

/* The greatest integer that is not above a. */
int64_t tg_rational_floor(tg_rational a);
int tg_rational_less(tg_rational a, tg_rational b);
int64_t tg_gcd(int64_t a, int64_t b); /* of absolute values; neither may be INT64_MIN */

/* A floating-point number that is a rational with a small denominator, or 1 over an integer, rounded to this
 * type: that rational. 0: it is neither. */
int tg_rational_of_number(double x, int is_f32, tg_rational *r);

/* x = +-sqrt(r) pi^(k/2) with r a rational of small terms and k from -2 to 2, to the last bits. */
int tg_radical_of_number(double x, int is_f32, tg_rational *r, int *k);

#endif
