/* Powers of forms, and what they need: common factors, the sign, cases. */
#include <string.h>

#include "engine.h"

/* ---- Sign --------------------------------------------------------------------------------------------- */

static int term_has_sign(tg_engine *e, const tg_term *t, int sign)
{
    if ((t->coefficient.num > 0) != (sign > 0)) return 0;
    for (int i = 0; i < t->n_factors; i++)
        if (!tg_atom_is_positive(e, tg_atom_of(e, &t->factors[i]))) return 0;
    return 1;
}

int tg_form_is_positive(tg_engine *e, const tg_form *a, int sign)
{
    if (a == NULL || a->n_terms == 0) return 0;
    uint32_t used = e->used;
    for (int i = 0; i < a->n_terms; i++) {
        if (term_has_sign(e, &a->terms[i], sign)) continue;
        e->used = used; /* what was noted on the way led to nothing */
        return 0;
    }
    return 1;
}

/* ---- Content ------------------------------------------------------------------------------------------ */

static const tg_factor *same_factor(const tg_term *t, const tg_factor *f)
{
    for (int i = 0; i < t->n_factors; i++)
        if (t->factors[i].atom == f->atom && memcmp(t->factors[i].index, f->index, sizeof f->index) == 0)
            return &t->factors[i];
    return NULL;
}

static int may_be_drawn_out(tg_engine *e, const tg_factor *f, int positive_only)
{
    const tg_atom *a = tg_atom_of(e, f);
    return tg_factor_is_free(f) && !a->indicator && a->kind != TG_ATOM_PRIME &&
           (!positive_only || tg_atom_is_positive(e, a));
}

/* The least exponent that f's atom has there among all terms; a term without it counts as 0. */
static tg_rational least_exponent(const tg_form *a, const tg_factor *f)
{
    tg_rational least = f->exponent;
    for (int i = 0; i < a->n_terms; i++) {
        const tg_factor *there = same_factor(&a->terms[i], f);
        tg_rational exponent = there != NULL ? there->exponent : tg_integer(0);
        if (tg_rational_less(exponent, least)) least = exponent;
    }
    return least;
}

static void find_common_factors(tg_engine *e, const tg_form *a, int positive_only, tg_content *c)
{
    for (int i = 0; i < a->n_terms; i++)
        for (int k = 0; k < a->terms[i].n_factors; k++) {
            tg_factor f = a->terms[i].factors[k];
            tg_term found = {.factors = c->factors, .n_factors = c->n};
            if (same_factor(&found, &f) != NULL) continue;
            f.exponent = least_exponent(a, &f);
            if (f.exponent.num == 0 || !may_be_drawn_out(e, &f, positive_only)) continue;
            if (c->n == TG_FACTORS_MAX / 2) {
                tg_engine_fail(e, TG_ERR_SIZE);
                return;
            }
            c->factors[c->n++] = f;
        }
}

/* The greatest common divisor of the coefficients' numerators over the least common multiple of denominators. */
static tg_rational rational_content(tg_engine *e, const tg_form *a)
{
    tg_rational content = {0, 1}, larger;
    for (int i = 0; i < a->n_terms; i++) {
        tg_rational c = a->terms[i].coefficient;
        content.num = tg_gcd(content.num, c.num);
        if (!tg_rational_mul(tg_integer(content.den), tg_integer(c.den / tg_gcd(content.den, c.den)),
                             &larger))
            tg_engine_fail(e, TG_ERR_SIZE);
        else
            content.den = larger.num;
    }
    return a->n_terms == 0 ? tg_integer(1) : content;
}

int tg_form_content(tg_engine *e, const tg_form *a, int positive_only, tg_content *c)
{
    c->n = 0;
    c->rest = a;
    if (a == NULL) return 0;
    find_common_factors(e, a, positive_only, c);
    c->number = rational_content(e, a);
    if (c->n == 0 && tg_rational_equal(c->number, tg_integer(1))) return e->failure == TG_OK;
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
        const tg_term *t = &a->terms[i];
        tg_term *made = tg_work_term(e, w, tg_integer(1), t->n_factors + c->n, t->n_bound);
        tg_term_times(e, made, t, NULL);
        for (int k = 0; k < c->n; k++)
            tg_term_factor(e, made, tg_atom_of(e, &c->factors[k]), c->factors[k].index,
                           (tg_rational){-c->factors[k].exponent.num, c->factors[k].exponent.den});
        tg_term_scale(e, made, (tg_rational){c->number.den, c->number.num});
    }
    c->rest = tg_work_finish(e, w, a->rank, a->sizes);
    return c->rest != NULL;
}

/* ---- Cases -------------------------------------------------------------------------------------------- */

/* a without an indicator that every term has as a factor. */
const tg_form *tg_form_without(tg_engine *e, const tg_form *a, const tg_factor *indicator)
{
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
        tg_term *made = tg_work_term(e, w, tg_integer(1), a->terms[i].n_factors, a->terms[i].n_bound);
        tg_term_times(e, made, &a->terms[i], NULL);
        for (int k = 0; made != NULL && k < made->n_factors; k++)
            if (made->factors[k].atom == indicator->atom &&
                memcmp(made->factors[k].index, indicator->index, sizeof indicator->index) == 0)
                made->factors[k--] = made->factors[--made->n_factors];
    }
    return tg_work_finish(e, w, a->rank, a->sizes);
}

/* a where the indicators of u at this index are as given: terms with one that is 0 go. */
static const tg_form *in_case(tg_engine *e, const tg_form *a, const tg_factor *positive,
                              const tg_factor *negative, int is_positive, int is_negative)
{
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
        const tg_term *t = &a->terms[i];
        if ((same_factor(t, positive) != NULL && !is_positive) ||
            (same_factor(t, negative) != NULL && !is_negative))
            continue;
        tg_term *made = tg_work_term(e, w, tg_integer(1), t->n_factors, t->n_bound);
        tg_term_times(e, made, t, NULL);
        tg_term kept = {.factors = made == NULL ? NULL : made->factors};
        for (int k = 0; made != NULL && k < made->n_factors; k++) {
            tg_term one = {.factors = &made->factors[k], .n_factors = 1};
            if (same_factor(&one, positive) == NULL && same_factor(&one, negative) == NULL)
                kept.factors[kept.n_factors++] = made->factors[k];
        }
        if (made != NULL) made->n_factors = kept.n_factors;
    }
    return tg_work_finish(e, w, a->rank, a->sizes);
}

static const tg_factor *free_indicator(const tg_engine *e, const tg_form *a)
{
    for (int i = 0; i < a->n_terms; i++)
        for (int k = 0; k < a->terms[i].n_factors; k++) {
            const tg_factor *f = &a->terms[i].factors[k];
            tg_atom_kind kind = tg_atom_of(e, f)->kind;
            if ((kind == TG_ATOM_POSITIVE || kind == TG_ATOM_NEGATIVE) && tg_factor_is_free(f)) return f;
        }
    return NULL;
}

/* [u > 0] f(a where u > 0) + [u < 0] f(a where u < 0) + (1 - both) f(a where u = 0). */
const tg_form *tg_form_by_cases(tg_engine *e, const tg_form *a, tg_case_fn f, const void *context)
{
    const tg_factor *found = a == NULL ? NULL : free_indicator(e, a);
    if (found == NULL) return a == NULL ? NULL : f(e, a, context);
    tg_note(e, TG_RULE_CASES);
    const tg_form *u = tg_atom_of(e, found)->arguments[0], *parts[3];
    const tg_atom *above = tg_atom_about(e, TG_ATOM_POSITIVE, u, 0);
    const tg_atom *below = tg_atom_about(e, TG_ATOM_NEGATIVE, u, 0);
    if (above == NULL || below == NULL) return NULL;
    tg_factor positive = *found, negative = *found;
    positive.atom = above->id;
    negative.atom = below->id;
    for (int i = 0; i < 3; i++)
        parts[i] = tg_form_by_cases(e, in_case(e, a, &positive, &negative, i == 0, i == 1), f, context);
    const tg_form *p = tg_form_single(e, a, above, found->index, tg_integer(1));
    const tg_form *n = tg_form_single(e, a, below, found->index, tg_integer(1));
    const tg_form *z = tg_form_add(e, tg_form_add(e, tg_form_number(e, a, tg_integer(1)), p, -1), n, -1);
    const tg_form *sum = tg_form_add(e, tg_form_mul(e, p, parts[0]), tg_form_mul(e, n, parts[1]), 1);
    return tg_form_add(e, sum, tg_form_mul(e, z, parts[2]), 1);
}

/* ---- Powers ------------------------------------------------------------------------------------------- */

/* n^exponent as factors of primes; what is left of a large n counts as one. */
static void integer_power(tg_engine *e, tg_term *t, int64_t n, tg_rational exponent)
{
    for (int64_t p = 2; n > 1; p++) {
        if (p > 1000 || p > n / p) p = n;
        if (n % p != 0) continue;
        int64_t times = 0;
        while (n % p == 0) n /= p, times++;
        tg_rational power;
        if (!tg_rational_mul(exponent, tg_integer(times), &power)) tg_engine_fail(e, TG_ERR_SIZE);
        if (t != NULL && t->n_factors >= TG_FACTORS_MAX - 1) tg_engine_fail(e, TG_ERR_SIZE);
        tg_term_factor(e, t, tg_atom_number(e, TG_ATOM_PRIME, p), NULL, power);
    }
}

/* Multiplies t by a rational's power. */
static void number_power(tg_engine *e, tg_term *t, tg_rational c, tg_rational exponent)
{
    if (tg_is_integer(exponent)) {
        if (!tg_rational_pow(c, exponent.num, &c)) tg_engine_fail(e, TG_ERR_SIZE);
        tg_term_scale(e, t, c);
        return;
    }
    integer_power(e, t, c.num, exponent);
    integer_power(e, t, c.den, (tg_rational){-exponent.num, exponent.den});
}

static void factor_powers(tg_engine *e, tg_term *t, const tg_factor *factors, int n, tg_rational exponent)
{
    for (int i = 0; i < n; i++) {
        tg_rational power;
        if (!tg_rational_mul(factors[i].exponent, exponent, &power)) tg_engine_fail(e, TG_ERR_SIZE);
        tg_term_factor(e, t, tg_atom_of(e, &factors[i]), factors[i].index, power);
    }
}

/* A product of factors without bound indices, each of which may be raised on its own. */
static int is_plain_product(tg_engine *e, const tg_form *a, tg_rational exponent)
{
    if (a->n_terms != 1 || a->terms[0].n_bound > 0) return 0;
    const tg_term *t = &a->terms[0];
    if (!tg_is_integer(exponent) && !tg_form_is_positive(e, a, 1)) return 0;
    for (int i = 0; i < t->n_factors; i++)
        if (tg_atom_of(e, &t->factors[i])->indicator) return 0;
    return t->n_factors < TG_FACTORS_MAX / 2;
}

static const tg_form *product_power(tg_engine *e, const tg_form *a, tg_rational c, const tg_factor *factors,
                                    int n, tg_rational exponent)
{
    tg_work *w = tg_work_begin(e);
    tg_term *t = tg_work_term(e, w, tg_integer(1), TG_FACTORS_MAX, 0);
    factor_powers(e, t, factors, n, exponent);
    number_power(e, t, c, exponent);
    return tg_work_finish(e, w, a->rank, a->sizes);
}

/* The power of what has no content, as one atom. Whole powers do not care for the sign but by a factor. */
static const tg_form *sum_power(tg_engine *e, const tg_form *a, tg_rational exponent)
{
    const tg_form *slots[2], *in[2] = {a, NULL};
    int8_t index[2][TG_MAX_RANK];
    int n, which = 0;
    if (!tg_form_slots(e, &in[0], 1, 0, &slots[0], index[0], &n)) return NULL;
    if (tg_is_integer(exponent)) {
        in[1] = tg_form_scale(e, a, tg_integer(-1));
        if (in[1] == NULL || !tg_form_slots(e, &in[1], 1, 0, &slots[1], index[1], &n)) return NULL;
        which = tg_form_compare(slots[1], slots[0]) > 0;
    }
    const tg_atom *atom = tg_atom_about(e, TG_ATOM_POWER, slots[which], 0);
    const tg_form *power = tg_form_single(e, a, atom, index[which], exponent);
    return which == 1 && exponent.num % 2 != 0 ? tg_form_scale(e, power, tg_integer(-1)) : power;
}

/* 0 to a negative power: something undefined, the same wherever it occurs. */
static const tg_form *undefined(tg_engine *e, const tg_form *a, tg_rational exponent)
{
    static const char name[] = "undefined";
    tg_atom key = {
        .kind = TG_ATOM_OPAQUE, .source = name, .name = name, .number = exponent.num, .sum_slot = -1};
    return tg_form_single(e, a, tg_atom_intern(e, &key, NULL, 0), NULL, tg_integer(1));
}

static const tg_form *whole_power(tg_engine *e, const tg_form *a, int64_t exponent)
{
    if (exponent > 64) return tg_engine_fail(e, TG_ERR_SIZE);
    const tg_form *power = a;
    for (int64_t i = 1; i < exponent; i++) power = tg_form_mul(e, power, a);
    return power;
}

static const tg_form *power_in_case(tg_engine *e, const tg_form *a, const void *context)
{
    tg_rational exponent = *(const tg_rational *)context;
    if (exponent.num == 0) return tg_form_number(e, a, tg_integer(1));
    if (a->n_terms == 0) return exponent.num > 0 ? a : undefined(e, a, exponent);
    if (is_plain_product(e, a, exponent))
        return product_power(e, a, a->terms[0].coefficient, a->terms[0].factors, a->terms[0].n_factors,
                             exponent);
    if (exponent.num > 0 && tg_is_integer(exponent)) return whole_power(e, a, exponent.num);
    tg_content c;
    if (!tg_form_content(e, a, !tg_is_integer(exponent), &c)) return NULL;
    const tg_form *outer = product_power(e, a, c.number, c.factors, c.n, exponent);
    const tg_form *inner = c.n > 0 ? power_in_case(e, c.rest, context) : sum_power(e, c.rest, exponent);
    return tg_form_mul(e, outer, inner);
}

const tg_form *tg_form_pow(tg_engine *e, const tg_form *a, tg_rational exponent)
{
    if (a == NULL) return NULL;
    if (exponent.num >= 0 && tg_is_integer(exponent)) return power_in_case(e, a, &exponent);
    return tg_form_by_cases(e, a, power_in_case, &exponent);
}
