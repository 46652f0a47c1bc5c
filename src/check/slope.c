/* Numerical differentiation: central differences at three steps, extrapolated, with an error estimate. */
#include "slope.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/philox.h"

/* Steps get smaller by this much, this often. */
#define SHRINK 0.0625
#define LEVELS 8

uint64_t tg_check_key(uint64_t seed, const char *purpose)
{
    uint32_t words[4];
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (; *purpose != '\0'; purpose++) hash = (hash ^ (unsigned char)*purpose) * 0x100000001B3u;
    tg_philox_4x32(seed, hash, 0, words);
    return (uint64_t)words[1] << 32 | words[0];
}

double tg_check_uniform(uint64_t key, int64_t i, double low, double high)
{
    uint32_t words[4];
    tg_philox_4x32(key, (uint64_t)i, 0, words);
    return low + (high - low) * ((double)words[0] / 4294967296.0);
}

void tg_check_draw(uint64_t key, int64_t n, double *values)
{
    for (int64_t i = 0; i < n; i++) {
        double v = tg_check_uniform(key, i, -1, 1);
        values[i] = v + copysign(0.5, v);
    }
}

int tg_probe_make(tg_probe *p, const tg_subject *s, const double *x, const double *w, double step,
                  int *computable)
{
    *p = (tg_probe){.s = s, .x = x, .w = w, .step = step};
    *computable = 1;
    p->moved = calloc((size_t)s->n + 1, sizeof(double));
    p->low = calloc((size_t)s->m + 1, sizeof(double));
    p->high = calloc((size_t)s->m + 1, sizeof(double));
    p->base_branches = calloc(s->branch_size + 1, 1);
    p->low_branches = calloc(s->branch_size + 1, 1);
    p->high_branches = calloc(s->branch_size + 1, 1);
    if (p->moved == NULL || p->low == NULL || p->high == NULL || p->base_branches == NULL ||
        p->low_branches == NULL || p->high_branches == NULL)
        return 0;
    memcpy(p->moved, x, (size_t)s->n * sizeof(double));
    *computable = s->value(s->context, x, p->low, p->base_branches);
    for (int64_t k = 0; k < s->m && *computable; k++) *computable = isfinite(p->low[k]) != 0;
    return *computable;
}

void tg_probe_free(tg_probe *p)
{
    free(p->moved);
    free(p->low);
    free(p->high);
    free(p->base_branches);
    free(p->low_branches);
    free(p->high_branches);
}

/* The values at x + t u; the distance that was really moved, which rounding changes, where it is along one axis. */
static int value_at(tg_probe *p, tg_direction d, double t, double *y, unsigned char *branches, double *moved)
{
    const tg_subject *s = p->s;
    *moved = t;
    if (d.u == NULL) {
        p->moved[d.index] = p->x[d.index] + t;
        *moved = p->moved[d.index] - p->x[d.index];
    } else {
        for (int64_t i = 0; i < s->n; i++) p->moved[i] = p->x[i] + t * d.u[i];
    }
    int ok = s->value(s->context, p->moved, y, branches);
    if (d.u == NULL)
        p->moved[d.index] = p->x[d.index];
    else
        memcpy(p->moved, p->x, (size_t)s->n * sizeof(double));
    return ok;
}

/* <w, high - low>; 0 when it is not finite. Elements that do not change add no noise; those that change only with a
 * larger step do, so the size is kept. */
static int weighed_change(tg_probe *p, double *change)
{
    double sum = 0, size = 0;
    for (int64_t k = 0; k < p->s->m; k++) {
        double difference = p->high[k] - p->low[k];
        if (difference == 0) continue;
        sum += p->w[k] * difference;
        size += fabs(p->w[k]) * fmax(fabs(p->high[k]), fabs(p->low[k]));
    }
    *change = sum;
    if (isfinite(size)) p->size = fmax(p->size, size);
    return isfinite(sum) && isfinite(size);
}

static int same_piece(const tg_probe *p, const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, p->s->branch_size) == 0;
}

typedef enum quotient_answer { QUOTIENT_FOUND, QUOTIENT_NOT_FINITE, QUOTIENT_CROSSES } quotient_answer;

static quotient_answer central_quotient(tg_probe *p, tg_direction d, double h, double *quotient,
                                        double *noise)
{
    double down, up, change;
    if (!value_at(p, d, -h, p->low, p->low_branches, &down) ||
        !value_at(p, d, h, p->high, p->high_branches, &up))
        return QUOTIENT_NOT_FINITE;
    int finite = weighed_change(p, &change);
    if (!same_piece(p, p->low_branches, p->base_branches) ||
        !same_piece(p, p->high_branches, p->base_branches))
        return QUOTIENT_CROSSES;
    if (!finite || !(up > down)) return QUOTIENT_NOT_FINITE;
    *quotient = change / (up - down);
    *noise = DBL_EPSILON * p->size / (up - down);
    return QUOTIENT_FOUND;
}

/* Romberg's scheme on h, h/2, h/4: the last two columns tell how far off the result is. */
static quotient_answer extrapolate(tg_probe *p, tg_direction d, double h, double *value, double *error)
{
    double q[3], noise = 0;
    for (int k = 0; k < 3; k++) {
        double noise_k;
        quotient_answer answer = central_quotient(p, d, ldexp(h, -k), &q[k], &noise_k);
        if (answer != QUOTIENT_FOUND) return answer;
        noise = fmax(noise, noise_k);
    }
    double first = (4 * q[1] - q[0]) / 3, second = (4 * q[2] - q[1]) / 3;
    *value = (16 * second - first) / 15;
    *error = fabs(*value - second) + 2 * noise;
    return isfinite(*value) ? QUOTIENT_FOUND : QUOTIENT_NOT_FINITE;
}

int tg_slope_at(tg_probe *p, tg_direction d, double h, int extrapolated, double *value)
{
    double error;
    p->size = 0;
    return (extrapolated ? extrapolate(p, d, h, value, &error) : central_quotient(p, d, h, value, &error)) ==
           QUOTIENT_FOUND;
}

static double first_step(const tg_probe *p, tg_direction d)
{
    double size = 1;
    if (d.u == NULL) return p->step * fmax(1, fabs(p->x[d.index]));
    for (int64_t i = 0; i < p->s->n; i++) size = fmax(size, fabs(p->x[i]) * (d.u[i] != 0));
    return p->step * size;
}

tg_slope tg_slope_find(tg_probe *p, tg_direction d, double claimed, double tolerance)
{
    tg_slope best = {0};
    double values[LEVELS], errors[LEVELS], agreement = (double)INFINITY;
    int n = 0, crossed = 0, good_enough = 0, settled = 0;
    double h = first_step(p, d);
    p->size = 0;
    for (int level = 0; level < LEVELS && !good_enough && !settled; level++, h *= SHRINK) {
        double value, error;
        quotient_answer answer = extrapolate(p, d, h, &value, &error);
        if (answer == QUOTIENT_CROSSES) crossed++;
        if (answer != QUOTIENT_FOUND) continue;
        errors[n] = error;
        values[n++] = value;
        good_enough = error <= tolerance / 4 && fabs(value - claimed) <= tolerance;
        if (!best.found || error < best.noise || good_enough) {
            best = (tg_slope){.found = 1, .value = value, .noise = error, .step = h};
        }
        /* Two good estimates that agree: no smaller step will say otherwise, unless there is a kink close to x. */
        settled = p->s->knows_kinks && n >= 2 && fmax(errors[n - 1], errors[n - 2]) <= tolerance / 4 &&
                  fabs(values[n - 1] - values[n - 2]) <= tolerance / 4;
    }
    p->crossings += crossed;
    best.kink = n == 0 && crossed > 0;
    /* An estimate that disagrees with the claim has to be confirmed by that of another step. */
    if (good_enough || n < 2 || fabs(best.value - claimed) <= tolerance) return best;
    for (int i = 0, itself = 0; i < n; i++) {
        if (values[i] == best.value && !itself)
            itself = 1;
        else
            agreement = fmin(agreement, fabs(values[i] - best.value));
    }
    for (int i = 0; i < n; i++)
        best.rough |= fabs(values[i] - claimed) <= tolerance + 8 * errors[i] &&
                      fabs(values[i] - best.value) > 8 * (errors[i] + best.noise);
    best.noise = fmax(best.noise, agreement);
    return best;
}

/* The slope to one side from the values at 0, h/2 and h, for a function that is smooth there. */
static int side_quotient(tg_probe *p, tg_direction d, double h, double *slope)
{
    double half, whole, far, near, moved;
    const tg_subject *s = p->s;
    if (!value_at(p, d, h, p->high, p->high_branches, &whole)) return 0;
    if (!value_at(p, d, 0, p->low, p->low_branches, &moved) || !weighed_change(p, &far)) return 0;
    if (!value_at(p, d, h / 2, p->high, p->low_branches, &half)) return 0;
    int same = memcmp(p->low_branches, p->high_branches, s->branch_size) == 0;
    if (!same || !weighed_change(p, &near) || whole == 0 || half == 0) return 0;
    *slope = 2 * near / half - far / whole;
    return isfinite(*slope) != 0;
}

/* The pair of neighbouring steps that agree best; 0 when there is none. */
static int side_slope(tg_probe *p, tg_direction d, double sign, double *slope, double *noise)
{
    double previous = 0, h = first_step(p, d) * SHRINK;
    int n = 0;
    *noise = (double)INFINITY;
    for (int level = 1; level < LEVELS - 1; level++, h *= SHRINK) {
        double value;
        if (!side_quotient(p, d, sign * h, &value)) continue;
        if (n++ > 0 && fabs(value - previous) < *noise) {
            *noise = fabs(value - previous);
            *slope = value;
        }
        previous = value;
    }
    return n > 1;
}

void tg_slope_sides(tg_probe *p, tg_direction d, tg_slope *found)
{
    double left_noise, right_noise;
    found->sides_found =
        side_slope(p, d, -1, &found->left, &left_noise) && side_slope(p, d, 1, &found->right, &right_noise);
    found->side_noise = found->sides_found ? fmax(left_noise, right_noise) : (double)INFINITY;
}

int tg_probe_change(tg_probe *p, tg_direction d, double t, double *change)
{
    double moved;
    const tg_subject *s = p->s;
    if (!s->value(s->context, p->x, p->low, p->low_branches)) return 0;
    if (!value_at(p, d, t, p->high, p->high_branches, &moved)) return 0;
    return same_piece(p, p->low_branches, p->high_branches) && weighed_change(p, change);
}
