/* Sums, products and other names for indices; slots; equality. */
#include <math.h>
#include <string.h>

#include "engine.h"

/* ---- Numbers and single factors ----------------------------------------------------------------------- */

static int64_t symbol_at(const tg_engine *e, int i)
{
    return e->task == NULL || i >= e->task->n_sizes ? 0 : e->task->sizes[i].size;
}

/* Draws the size symbols out of an integer. */
static int take_symbols(tg_engine *e, tg_term *t, int64_t *n, int exponent)
{
    for (int i = 0; symbol_at(e, i) != 0; i++)
        while (*n != 0 && *n % symbol_at(e, i) == 0) {
            if (t != NULL && t->n_factors >= TG_FACTORS_MAX) return 0;
            tg_term_factor(e, t, tg_atom_number(e, TG_ATOM_SIZE, symbol_at(e, i)), NULL,
                           tg_integer(exponent));
            *n /= symbol_at(e, i);
        }
    return 1;
}

static const tg_form *number(tg_engine *e, int rank, const int64_t *sizes, tg_rational r)
{
    tg_term only = {.coefficient = r};
    return tg_form_intern(e, rank, sizes, &only, r.num != 0);
}

const tg_form *tg_form_number(tg_engine *e, const tg_form *like, tg_rational r)
{
    return like == NULL ? NULL : number(e, like->rank, like->sizes, r);
}

const tg_form *tg_form_scalar(tg_engine *e, tg_rational r)
{
    return number(e, 0, NULL, r);
}

static const tg_form *rational_constant(tg_engine *e, const tg_form *like, tg_rational r)
{
    tg_work *w = tg_work_begin(e);
    tg_term *t = tg_work_term(e, w, tg_integer(1), TG_FACTORS_MAX, 0);
    take_symbols(e, t, &r.num, 1);
    take_symbols(e, t, &r.den, -1);
    tg_term_scale(e, t, r);
    return tg_work_finish(e, w, like->rank, like->sizes);
}

/* sqrt(r) pi^(k/2). */
static const tg_form *radical_constant(tg_engine *e, const tg_form *like, tg_rational r, int k)
{
    const tg_form *root = tg_form_pow(e, tg_form_number(e, like, r), (tg_rational){1, 2});
    tg_rational exponent;
    if (k == 0 || !tg_rational_make(k, 2, &exponent)) return root;
    const tg_atom *pi = tg_atom_number(e, TG_ATOM_PI, 0);
    return tg_form_mul(e, root, tg_form_single(e, like, pi, NULL, exponent));
}

const tg_form *tg_form_constant(tg_engine *e, const tg_form *like, double x, int is_f32)
{
    tg_rational r;
    int k;
    if (like == NULL || !isfinite(x)) return NULL;
    if (tg_rational_of_number(x, is_f32, &r)) return rational_constant(e, like, r);
    const tg_form *size;
    if (tg_radical_of_number(x, is_f32, &r, &k)) {
        size = radical_constant(e, like, r, k);
    } else {
        int64_t bits;
        double magnitude = fabs(x);
        memcpy(&bits, &magnitude, sizeof bits);
        size = tg_form_single(e, like, tg_atom_number(e, TG_ATOM_REAL, bits), NULL, tg_integer(1));
    }
    return x < 0 ? tg_form_scale(e, size, tg_integer(-1)) : size;
}

const tg_form *tg_form_single(tg_engine *e, const tg_form *like, const tg_atom *atom, const int8_t *index,
                              tg_rational exponent)
{
    if (like == NULL || atom == NULL) return NULL;
    tg_work *w = tg_work_begin(e);
    tg_term_factor(e, tg_work_term(e, w, tg_integer(1), 1, 0), atom, index, exponent);
    return tg_work_finish(e, w, like->rank, like->sizes);
}

int tg_form_is_number(const tg_form *a, tg_rational *r)
{
    *r = tg_integer(0);
    if (a->n_terms == 0) return 1;
    if (a->n_terms > 1 || a->terms[0].n_factors > 0) return 0;
    *r = a->terms[0].coefficient;
    return 1;
}

/* ---- Sums and products -------------------------------------------------------------------------------- */

const tg_form *tg_form_scale(tg_engine *e, const tg_form *a, tg_rational by)
{
    if (a == NULL) return NULL;
    tg_term *terms = tg_engine_scratch(e, ((size_t)a->n_terms + 1) * sizeof *terms);
    if (terms == NULL) return NULL;
    for (int i = 0; i < a->n_terms; i++) {
        terms[i] = a->terms[i];
        if (!tg_rational_mul(terms[i].coefficient, by, &terms[i].coefficient)) tg_engine_fail(e, TG_ERR_SIZE);
    }
    const tg_form *form = e->failure != TG_OK
                              ? NULL
                              : tg_form_intern(e, a->rank, a->sizes, terms, by.num == 0 ? 0 : a->n_terms);
    tg_arena_rewind(&e->scratch, terms);
    return form;
}

/* Both are sorted, so they are merged. */
static int merge_terms(tg_engine *e, const tg_form *a, const tg_form *b, int sign, tg_term *out)
{
    int i = 0, j = 0, n = 0;
    while (i < a->n_terms || j < b->n_terms) {
        int order = i == a->n_terms ? 1 : j == b->n_terms ? -1 : tg_term_compare(&a->terms[i], &b->terms[j]);
        if (order < 0) {
            out[n++] = a->terms[i++];
            continue;
        }
        out[n] = b->terms[j];
        out[n].coefficient.num *= sign;
        if (order == 0 && !tg_rational_add(out[n].coefficient, a->terms[i].coefficient, &out[n].coefficient))
            tg_engine_fail(e, TG_ERR_SIZE);
        i += order == 0;
        j++;
        n += out[n].coefficient.num != 0;
    }
    return n;
}

const tg_form *tg_form_add(tg_engine *e, const tg_form *a, const tg_form *b, int sign)
{
    if (a == NULL || b == NULL) return NULL;
    if (a->n_terms + b->n_terms > TG_TERMS_MAX) return tg_engine_fail(e, TG_ERR_SIZE);
    tg_term *terms = tg_engine_scratch(e, ((size_t)a->n_terms + (size_t)b->n_terms + 1) * sizeof *terms);
    if (terms == NULL) return NULL;
    int n = merge_terms(e, a, b, sign, terms);
    const tg_form *form = e->failure != TG_OK ? NULL : tg_form_intern(e, a->rank, a->sizes, terms, n);
    tg_arena_rewind(&e->scratch, terms);
    return form;
}

const tg_form *tg_form_mul(tg_engine *e, const tg_form *a, const tg_form *b)
{
    if (a == NULL || b == NULL) return NULL;
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms; i++)
        for (int j = 0; j < b->n_terms && e->failure == TG_OK; j++) {
            const tg_term *s = &a->terms[i], *t = &b->terms[j];
            tg_term *made =
                tg_work_term(e, w, tg_integer(1), s->n_factors + t->n_factors, s->n_bound + t->n_bound);
            tg_term_times(e, made, s, NULL);
            tg_term_times(e, made, t, NULL);
        }
    return tg_work_finish(e, w, a->rank, a->sizes);
}

const tg_form *tg_form_relabel(tg_engine *e, const tg_form *a, const int8_t *index, int rank,
                               const int64_t *sizes)
{
    if (a == NULL) return NULL;
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
        const tg_term *t = &a->terms[i];
        tg_term_times(e, tg_work_term(e, w, tg_integer(1), t->n_factors, t->n_bound), t, index);
    }
    return tg_work_finish(e, w, rank, sizes);
}

/* ---- Slots -------------------------------------------------------------------------------------------- */

static unsigned free_indices(const tg_form *a)
{
    unsigned set = 0;
    for (int i = 0; i < a->n_terms; i++)
        for (int k = 0; k < a->terms[i].n_factors; k++) {
            const tg_factor *f = &a->terms[i].factors[k];
            for (int s = 0; s < f->slots; s++)
                if (f->index[s] >= 0) set |= 1u << f->index[s];
        }
    return set;
}

typedef struct slot_order {
    tg_engine *engine;
    const tg_form *const *in;
    const tg_form **out;
    int n, slots, first; /* first: how many of them are captured */
    int8_t order[TG_MAX_RANK], best[TG_MAX_RANK];
    int found;
} slot_order;

static const tg_form *over_slots(const slot_order *s, const tg_form *a)
{
    int8_t index[TG_MAX_RANK] = {0};
    int64_t sizes[TG_MAX_RANK];
    for (int k = 0; k < s->slots; k++) {
        index[s->order[k]] = (int8_t)k;
        sizes[k] = a->sizes[s->order[k]];
    }
    return tg_form_relabel(s->engine, a, index, s->slots, sizes);
}

/* Keeps the forms in this order of the indices when they are smaller than those found so far. */
static void try_slots(slot_order *s)
{
    int order = s->found ? 0 : -1;
    for (int i = 0; i < s->n; i++) {
        const tg_form *form = over_slots(s, s->in[i]);
        if (form == NULL) return;
        if (order == 0) order = tg_form_compare(form, s->out[i]);
        if (order > 0) return;
        if (order < 0) s->out[i] = form;
    }
    if (order < 0) memcpy(s->best, s->order, sizeof s->best);
    s->found = 1;
}

static void permute_slots(slot_order *s, int at)
{
    if (at >= s->slots) {
        try_slots(s);
        return;
    }
    int end = at < s->first ? s->first : s->slots;
    if (s->slots > 4) end = at + 1; /* too many orders: only the given one */
    for (int other = at; other < end; other++) {
        int8_t kept = s->order[at];
        s->order[at] = s->order[other];
        s->order[other] = kept;
        permute_slots(s, at + 1);
        s->order[other] = s->order[at];
        s->order[at] = kept;
    }
}

int tg_form_slots(tg_engine *e, const tg_form *const *in, int n, unsigned captured, const tg_form **out,
                  int8_t *index, int *slots)
{
    slot_order s = {.engine = e, .in = in, .out = out, .n = n};
    unsigned used = 0;
    for (int i = 0; i < n; i++) used |= free_indices(in[i]);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < TG_MAX_RANK; k++)
            if ((used >> k & 1u) != 0 && (int)(captured >> k & 1u) == 1 - pass)
                s.order[s.slots++] = (int8_t)k;
        if (pass == 0) s.first = s.slots;
    }
    permute_slots(&s, 0);
    *slots = s.slots;
    memset(index, 0, TG_MAX_RANK);
    memcpy(index, s.best, (size_t)s.slots);
    return s.found && e->failure == TG_OK;
}

/* ---- Equality ----------------------------------------------------------------------------------------- */

/* The denominator of a term that has free indices alone, and its largest exponent among the terms. */
static int free_denominator(const tg_engine *e, const tg_form *a, tg_factor *found)
{
    int any = 0;
    for (int i = 0; i < a->n_terms; i++)
        for (int k = 0; k < a->terms[i].n_factors; k++) {
            const tg_factor *f = &a->terms[i].factors[k];
            if (tg_atom_of(e, f)->kind != TG_ATOM_POWER || f->exponent.num >= 0 ||
                !tg_is_integer(f->exponent) || !tg_factor_is_free(f))
                continue;
            int same = any && f->atom == found->atom && memcmp(f->index, found->index, sizeof f->index) == 0;
            if (any && (!same || f->exponent.num >= found->exponent.num)) continue;
            *found = *f;
            any = 1;
        }
    return any;
}

/* Multiplies by every denominator in free indices: complete for rational functions of elements. */
static const tg_form *clear_denominators(tg_engine *e, const tg_form *a)
{
    tg_factor f;
    for (int round = 0; round < 12 && a != NULL && free_denominator(e, a, &f); round++) {
        tg_note(e, TG_RULE_COMMON_DENOMINATOR);
        tg_work *w = tg_work_begin(e);
        for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
            const tg_term *t = &a->terms[i];
            tg_term *made = tg_work_term(e, w, tg_integer(1), t->n_factors + 1, t->n_bound);
            tg_term_times(e, made, t, NULL);
            tg_term_factor(e, made, tg_atom_of(e, &f), f.index, tg_integer(-f.exponent.num));
        }
        a = tg_work_finish(e, w, a->rank, a->sizes);
    }
    return a;
}

int tg_form_equal(tg_engine *e, const tg_form *a, const tg_form *b)
{
    if (a == NULL || b == NULL) return 0;
    if (a == b) return 1;
    if (a->rank != b->rank || memcmp(a->sizes, b->sizes, sizeof a->sizes) != 0) return 0;
    const tg_form *difference = tg_form_add(e, a, b, -1);
    if (difference == NULL) return 0;
    if (difference->n_terms > 0) difference = clear_denominators(e, difference);
    return difference != NULL && difference->n_terms == 0;
}
