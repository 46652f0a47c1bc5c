/* Functions of forms: exp, log, steps, maxima over axes, and functions of which no more is known than their parity. */
#include <string.h>

#include "engine.h"

/* kind of a, as a factor. */
static const tg_form *atom_of_form(tg_engine *e, const tg_form *like, tg_atom_kind kind, const tg_form *a,
                                   tg_rational exponent)
{
    const tg_form *over;
    int8_t index[TG_MAX_RANK];
    int n;
    if (a == NULL || !tg_form_slots(e, &a, 1, 0, &over, index, &n)) return NULL;
    return tg_form_single(e, like, tg_atom_about(e, kind, over, 0), index, exponent);
}

/* An atom's argument with the indices of a factor, among the axes of `like`. */
static const tg_form *argument_of(tg_engine *e, const tg_form *like, const tg_factor *f)
{
    return tg_form_relabel(e, tg_atom_of(e, f)->arguments[0], f->index, like->rank, like->sizes);
}

/* ---- exp ---------------------------------------------------------------------------------------------- */

/* exp(c m) for one term: a power of exp(m), or of p where m is log(p). */
static const tg_form *exp_of_term(tg_engine *e, const tg_form *a, const tg_term *t)
{
    const tg_factor *f = t->factors;
    if (t->n_bound == 0 && t->n_factors == 1 && tg_rational_equal(f->exponent, tg_integer(1)) &&
        tg_atom_of(e, f)->kind == TG_ATOM_LOG) {
        tg_note(e, TG_RULE_EXP_LOG);
        return tg_form_pow(e, argument_of(e, a, f), t->coefficient);
    }
    tg_term alone = *t;
    alone.coefficient = tg_integer(1);
    const tg_form *m = tg_form_intern(e, a->rank, a->sizes, &alone, 1);
    return atom_of_form(e, a, TG_ATOM_EXP, m, t->coefficient);
}

static const tg_form *exp_in_case(tg_engine *e, const tg_form *a, const void *context)
{
    (void)context;
    if (a->n_terms > 1) tg_note(e, TG_RULE_EXP_SUM);
    const tg_form *product = tg_form_number(e, a, tg_integer(1));
    for (int i = 0; i < a->n_terms; i++) product = tg_form_mul(e, product, exp_of_term(e, a, &a->terms[i]));
    return product;
}

const tg_form *tg_form_exp(tg_engine *e, const tg_form *a)
{
    return tg_form_by_cases(e, a, exp_in_case, NULL);
}

/* ---- log ---------------------------------------------------------------------------------------------- */

/* sum + sign log n, over the primes of n. */
static const tg_form *add_log_of_integer(tg_engine *e, const tg_form *sum, int64_t n, int sign)
{
    for (int64_t p = 2; n > 1; p++) {
        if (p > 1000 || p > n / p) p = n;
        const tg_form *prime = tg_form_number(e, sum, tg_integer(p));
        for (; n % p == 0; n /= p)
            sum = tg_form_add(e, sum, atom_of_form(e, sum, TG_ATOM_LOG, prime, tg_integer(1)), sign);
        if (sum == NULL) return NULL;
    }
    return sum;
}

static const tg_form *log_of_factor(tg_engine *e, const tg_form *a, const tg_factor *f)
{
    const tg_atom *atom = tg_atom_of(e, f);
    if (atom->kind == TG_ATOM_EXP) {
        tg_note(e, TG_RULE_LOG_EXP);
        return argument_of(e, a, f);
    }
    if (atom->kind == TG_ATOM_POWER)
        return tg_form_single(e, a, tg_atom_about(e, TG_ATOM_LOG, atom->arguments[0], 0), f->index,
                              tg_integer(1));
    return atom_of_form(e, a, TG_ATOM_LOG, tg_form_single(e, a, atom, f->index, tg_integer(1)),
                        tg_integer(1));
}

static const tg_form *log_in_case(tg_engine *e, const tg_form *a, const void *context)
{
    tg_content c;
    if (a->n_terms == 0) return atom_of_form(e, a, TG_ATOM_LOG, a, tg_integer(1));
    if (!tg_form_content(e, a, 1, &c)) return NULL;
    const tg_form *sum = tg_form_number(e, a, tg_integer(0));
    sum = add_log_of_integer(e, sum, c.number.num, 1);
    sum = add_log_of_integer(e, sum, c.number.den, -1);
    tg_rational rest;
    int is_number = tg_form_is_number(c.rest, &rest);
    if (c.n + !is_number > 1) tg_note(e, TG_RULE_LOG_PRODUCT);
    for (int i = 0; i < c.n; i++)
        sum = tg_form_add(e, sum, tg_form_scale(e, log_of_factor(e, a, &c.factors[i]), c.factors[i].exponent),
                          1);
    if (is_number && tg_rational_equal(rest, tg_integer(1))) return sum;
    if (c.n > 0) return tg_form_add(e, sum, log_in_case(e, c.rest, context), 1);
    return tg_form_add(e, sum, atom_of_form(e, a, TG_ATOM_LOG, c.rest, tg_integer(1)), 1);
}

const tg_form *tg_form_log(tg_engine *e, const tg_form *a)
{
    return tg_form_by_cases(e, a, log_in_case, NULL);
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

static int every_term_has(const tg_form *a, const tg_factor *f)
{
    for (int i = 0; i < a->n_terms; i++) {
        int has = 0;
        for (int k = 0; k < a->terms[i].n_factors; k++)
            has |= a->terms[i].factors[k].atom == f->atom &&
                   memcmp(a->terms[i].factors[k].index, f->index, sizeof f->index) == 0;
        if (!has) return 0;
    }
    return 1;
}

/* [u [u > 0] > 0] = [u > 0], and the same with -u and [u < 0]. a is without positive content. NULL without a
 * failure: a is not of this kind. */
static const tg_form *step_of_relu(tg_engine *e, const tg_form *a, int sign)
{
    for (int k = 0; a->n_terms > 0 && k < a->terms[0].n_factors; k++) {
        const tg_factor *f = &a->terms[0].factors[k];
        const tg_atom *atom = tg_atom_of(e, f);
        if ((atom->kind != TG_ATOM_POSITIVE && atom->kind != TG_ATOM_NEGATIVE) || !tg_factor_is_free(f) ||
            !every_term_has(a, f))
            continue;
        tg_content base;
        if (!tg_form_content(e, argument_of(e, a, f), 1, &base)) return NULL;
        const tg_form *stripped = tg_form_without(e, a, f);
        const tg_form *negated = tg_form_scale(e, base.rest, tg_integer(-1));
        if (stripped == NULL || (stripped != base.rest && stripped != negated)) continue;
        int is_positive = (stripped == base.rest) == (atom->kind == TG_ATOM_POSITIVE);
        tg_note(e, TG_RULE_STEP_RELU);
        if (is_positive != (sign > 0)) return tg_form_number(e, a, tg_integer(0));
        return tg_form_single(e, a, atom, f->index, tg_integer(1));
    }
    return NULL;
}

/* [a > 0] = [-a < 0]: of a and -a one is written. */
static const tg_form *step_atom(tg_engine *e, const tg_form *a, int sign)
{
    const tg_form *over[2], *in[2] = {a, tg_form_scale(e, a, tg_integer(-1))};
    int8_t index[2][TG_MAX_RANK];
    int n;
    for (int i = 0; i < 2; i++)
        if (in[i] == NULL || !tg_form_slots(e, &in[i], 1, 0, &over[i], index[i], &n)) return NULL;
    int which = tg_form_compare(over[1], over[0]) > 0;
    tg_atom_kind kind = (sign > 0) == (which == 0) ? TG_ATOM_POSITIVE : TG_ATOM_NEGATIVE;
    return tg_form_single(e, a, tg_atom_about(e, kind, over[which], 0), index[which], tg_integer(1));
}

static const tg_form *step_in_case(tg_engine *e, const tg_form *a, const void *context)
{
    int sign = *(const int *)context;
    tg_content c;
    if (a->n_terms == 0) return a;
    if (!tg_form_content(e, a, 1, &c)) return NULL;
    for (int s = -1; s <= 1; s += 2)
        if (tg_form_is_positive(e, c.rest, s)) {
            tg_note(e, TG_RULE_STEP_POSITIVE);
            return tg_form_number(e, a, tg_integer(s == sign));
        }
    return step_atom(e, c.rest, sign);
}

const tg_form *tg_form_step(tg_engine *e, const tg_form *a, int sign)
{
    tg_content c;
    if (a == NULL || !tg_form_content(e, a, 1, &c)) return NULL;
    const tg_form *simple = step_of_relu(e, c.rest, sign);
    if (simple != NULL || e->failure != TG_OK) return simple;
    return tg_form_by_cases(e, a, step_in_case, &sign);
}

/* ---- Maxima over axes --------------------------------------------------------------------------------- */

static int term_uses(const tg_term *t, unsigned axes)
{
    for (int i = 0; i < t->n_factors; i++)
        for (int s = 0; s < t->factors[i].slots; s++)
            if (t->factors[i].index[s] >= 0 && (axes >> t->factors[i].index[s] & 1u) != 0) return 1;
    return 0;
}

/* The terms that depend on the axes, or those that do not. */
static const tg_form *terms_using(tg_engine *e, const tg_form *a, unsigned axes, int using)
{
    tg_term *terms = tg_engine_scratch(e, ((size_t)a->n_terms + 1) * sizeof *terms);
    if (terms == NULL) return NULL;
    int n = 0;
    for (int i = 0; i < a->n_terms; i++)
        if (term_uses(&a->terms[i], axes) == using) terms[n++] = a->terms[i];
    const tg_form *form = tg_form_intern(e, a->rank, a->sizes, terms, n);
    tg_arena_rewind(&e->scratch, terms);
    return form;
}

const tg_form *tg_form_max(tg_engine *e, const tg_form *a, unsigned axes, const int8_t *index, int rank,
                           const int64_t *sizes)
{
    if (a == NULL) return NULL;
    const tg_form *inner = terms_using(e, a, axes, 1), *over;
    const tg_form *outer = tg_form_relabel(e, terms_using(e, a, axes, 0), index, rank, sizes);
    if (inner == NULL || outer == NULL || inner->n_terms == 0) return outer;
    if (outer->n_terms > 0) tg_note(e, TG_RULE_MAX_SHIFT);
    int8_t slots[TG_MAX_RANK], of_result[TG_MAX_RANK] = {0};
    int n, captured = 0;
    if (!tg_form_slots(e, &inner, 1, axes, &over, slots, &n)) return NULL;
    for (int s = 0; s < n; s++)
        if ((axes >> slots[s] & 1u) != 0)
            captured++;
        else
            of_result[s - captured] = index[slots[s]];
    const tg_atom *atom = tg_atom_about(e, TG_ATOM_MAX, over, captured);
    return tg_form_add(e, outer, tg_form_single(e, outer, atom, of_result, tg_integer(1)), 1);
}

/* ---- Other functions ---------------------------------------------------------------------------------- */

typedef struct named_function {
    const tg_function_facts *facts;
    const void *source;
    const char *name;
    const void *attr;
    size_t attr_size;
} named_function;

static const tg_form *function_atom(tg_engine *e, const tg_form *a, const tg_form *over, const int8_t *index,
                                    const named_function *f)
{
    tg_atom key = {.kind = TG_ATOM_FUNCTION,
                   .slots = over->rank,
                   .source = f->source,
                   .name = f->name,
                   .n_arguments = 1,
                   .arguments = &over,
                   .positive = f->facts->positive,
                   .sum_slot = -1};
    for (int i = 0; i < over->rank; i++) key.sizes[i] = over->sizes[i];
    return tg_form_single(e, a, tg_atom_intern(e, &key, f->attr, f->attr_size), index, tg_integer(1));
}

/* f(-x) from f(x). */
static const tg_form *reflected(tg_engine *e, const tg_form *a, const tg_form *of_minus, tg_parity parity)
{
    switch (parity) {
    case TG_PARITY_ODD:
        return tg_form_scale(e, of_minus, tg_integer(-1));
    case TG_PARITY_COMPLEMENT:
        return tg_form_add(e, tg_form_number(e, a, tg_integer(1)), of_minus, -1);
    case TG_PARITY_SHIFT:
        return tg_form_add(e, of_minus, a, 1);
    case TG_PARITY_EVEN:
    case TG_PARITY_NONE:
        break;
    }
    return of_minus;
}

static const tg_form *function_in_case(tg_engine *e, const tg_form *a, const void *context)
{
    const named_function *f = context;
    tg_parity parity = f->facts->parity;
    if (a->n_terms == 0 && parity == TG_PARITY_ODD) return a;
    if (a->n_terms == 0 && parity == TG_PARITY_COMPLEMENT) return tg_form_number(e, a, (tg_rational){1, 2});
    const tg_form *over[2], *in[2] = {a, a};
    int8_t index[2][TG_MAX_RANK];
    int n, both = parity != TG_PARITY_NONE;
    if (both) in[1] = tg_form_scale(e, a, tg_integer(-1));
    for (int i = 0; i <= both; i++)
        if (in[i] == NULL || !tg_form_slots(e, &in[i], 1, 0, &over[i], index[i], &n)) return NULL;
    int which = both && tg_form_compare(over[1], over[0]) > 0;
    const tg_form *value = function_atom(e, a, over[which], index[which], f);
    if (which == 0 || value == NULL) return value;
    tg_note(e, TG_RULE_PARITY);
    return reflected(e, a, value, parity);
}

const tg_form *tg_form_function(tg_engine *e, const tg_form *a, const tg_function_facts *facts,
                                const void *source, const char *name, const void *attr, size_t attr_size)
{
    named_function f = {facts, source, name, attr, attr_size};
    return tg_form_by_cases(e, a, function_in_case, &f);
}
