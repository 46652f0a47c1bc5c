/* Exact rational numbers, and which rational a floating-point number stands for. */
#include "rational.h"

#include <float.h>
#include <math.h>

#define PI 3.14159265358979323846

int64_t tg_gcd(int64_t a, int64_t b)
{
    if (a < 0) a = -a;
    if (b < 0) b = -b;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int mul_fits(int64_t a, int64_t b, int64_t *product)
{
    int64_t high = a < 0 ? -a : a, other = b < 0 ? -b : b;
    if (high != 0 && other > INT64_MAX / high) return 0;
    *product = a * b;
    return 1;
}

static int add_fits(int64_t a, int64_t b, int64_t *sum)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < -INT64_MAX - b)) return 0;
    *sum = a + b;
    return 1;
}

int tg_rational_make(int64_t num, int64_t den, tg_rational *r)
{
    if (den == 0 || num == INT64_MIN || den == INT64_MIN) return 0;
    int64_t common = tg_gcd(num, den);
    if (den < 0) common = -common;
    *r = (tg_rational){num / common, den / common};
    return 1;
}

int tg_rational_add(tg_rational a, tg_rational b, tg_rational *r)
{
    int64_t common = tg_gcd(a.den, b.den), left, right, sum, den;
    if (!mul_fits(a.num, b.den / common, &left) || !mul_fits(b.num, a.den / common, &right)) return 0;
    if (!add_fits(left, right, &sum) || !mul_fits(a.den, b.den / common, &den)) return 0;
    return tg_rational_make(sum, den, r);
}

int tg_rational_mul(tg_rational a, tg_rational b, tg_rational *r)
{
    if (a.num == 0 || b.num == 0) return tg_rational_make(0, 1, r);
    int64_t across = tg_gcd(a.num, b.den), back = tg_gcd(b.num, a.den), num, den;
    if (!mul_fits(a.num / across, b.num / back, &num) || !mul_fits(a.den / back, b.den / across, &den))
        return 0;
    return tg_rational_make(num, den, r);
}

int tg_rational_pow(tg_rational a, int64_t exponent, tg_rational *r)
{
    if (exponent == INT64_MIN || (exponent < 0 && a.num == 0)) return 0;
    if (exponent < 0 && !tg_rational_make(a.den, a.num, &a)) return 0;
    int64_t left = exponent < 0 ? -exponent : exponent;
    tg_rational result = {1, 1}, square = a;
    while (left > 0) {
        if (left % 2 == 1 && !tg_rational_mul(result, square, &result)) return 0;
        left /= 2;
        if (left > 0 && !tg_rational_mul(square, square, &square)) return 0;
    }
    *r = result;
    return 1;
}

int64_t tg_rational_floor(tg_rational a)
{
    int64_t quotient = a.num / a.den;
    return a.num % a.den < 0 ? quotient - 1 : quotient;
}

int tg_rational_less(tg_rational a, tg_rational b)
{
    tg_rational difference;
    if (tg_rational_add(a, (tg_rational){-b.num, b.den}, &difference)) return difference.num < 0;
    return (double)a.num / (double)a.den < (double)b.num / (double)b.den;
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

/* An f64 may be off by the two roundings of a quotient of quotients, as in 1 / 7 / 10. */
static int rounds_to(double num, double den, double x, int is_f32)
{
    double value = num / den;
    double error = x < 1e6 ? DBL_EPSILON * x : 0;
    return is_f32 ? (float)value == (float)x : fabs(value - x) <= error;
}

/* The first convergent of x's continued fraction that rounds to x, its denominator at most `limit`. */
static int convergent(double x, int is_f32, double limit, tg_rational *r)
{
    double rest = x, num = 1, den = 0, num_before = 0, den_before = 1;
    for (int step = 0; step < 40; step++) {
        double whole = floor(rest), n = whole * num + num_before, d = whole * den + den_before;
        if (d > limit || n > 9e15) return 0;
        num_before = num, den_before = den, num = n, den = d;
        if (rounds_to(num, den, x, is_f32)) return tg_rational_make((int64_t)num, (int64_t)den, r);
        if (rest == whole) return 0;
        rest = 1 / (rest - whole);
    }
    return 0;
}

int tg_rational_of_number(double x, int is_f32, tg_rational *r)
{
    double size = fabs(x);
    if (!(size <= 9e15)) return 0;
    int found = size == 0 ? tg_rational_make(0, 1, r) : convergent(size, is_f32, is_f32 ? 4096 : 1e6, r);
    double inverse = size == 0 ? 0 : floor(1 / size + 0.5);
    if (!found && inverse >= 1 && inverse < 4294967296.0 && rounds_to(1, inverse, size, is_f32))
        found = tg_rational_make(1, (int64_t)inverse, r);
    if (found && x < 0) r->num = -r->num;
    return found;
}

int tg_radical_of_number(double x, int is_f32, tg_rational *r, int *k)
{
    static const int powers[5] = {0, -1, 1, -2, 2};
    double precision = is_f32 ? (double)FLT_EPSILON : DBL_EPSILON, limit = is_f32 ? 16 : 4096;
    if (!(x * x > 1e-12 && x * x < 1e12)) return 0;
    for (int i = 0; i < 5; i++) {
        double pi_power = pow(PI, powers[i]), square = x * x / pi_power;
        /* What lies this near to the square of the number, in few digits, or is none of it. */
        for (double den = 1; den <= limit; den++) {
            double num = floor(square * den + 0.5);
            if (num < 1 || num > limit) continue;
            if (fabs(sqrt(num / den * pi_power) - fabs(x)) > 1.5 * precision * fabs(x)) continue;
            *k = powers[i];
            return tg_rational_make((int64_t)num, (int64_t)den, r);
        }
    }
    return 0;
}
