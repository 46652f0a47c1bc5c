/* From raw terms to a form: a list of terms still to be looked at. A term either gives way to others, which are put
 * on the list, or is done: it then has no rule that applies, gets canonical names, and is collected. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct tg_work {
    tg_term **waiting;
    int n_waiting, waiting_room;
    tg_term *done;
    int n_done, done_room;
};

/* ---- Lists -------------------------------------------------------------------------------------------- */

tg_work *tg_work_begin(tg_engine *e)
{
    tg_work *w = tg_engine_scratch(e, sizeof *w);
    if (w != NULL) *w = (tg_work){0};
    return w;
}

/* Room for one more item of this size in a list of the scratch memory. */
static void *grown(tg_engine *e, void *items, int n, int *room, size_t item)
{
    if (n < *room) return items;
    if (n >= 2 * TG_TERMS_MAX) return tg_engine_fail(e, TG_ERR_SIZE);
    int larger = *room == 0 ? 16 : 2 * *room;
    void *moved = tg_engine_scratch(e, (size_t)larger * item);
    if (moved == NULL) return NULL;
    if (n > 0) memcpy(moved, items, (size_t)n * item);
    *room = larger;
    return moved;
}

tg_term *tg_work_term(tg_engine *e, tg_work *w, tg_rational coefficient, int factors, int bound)
{
    if (w == NULL || e->failure != TG_OK) return NULL;
    if (factors > TG_FACTORS_MAX || bound > TG_BOUND_MAX || w->n_waiting + w->n_done > TG_TERMS_MAX)
        return tg_engine_fail(e, TG_ERR_SIZE);
    tg_term **waiting = grown(e, w->waiting, w->n_waiting, &w->waiting_room, sizeof *waiting);
    tg_term *t = tg_engine_scratch(e, sizeof *t);
    tg_factor *list = tg_engine_scratch(e, ((size_t)factors + 1) * sizeof *list);
    int64_t *sizes = tg_engine_scratch(e, ((size_t)bound + 1) * sizeof *sizes);
    if (waiting == NULL || t == NULL || list == NULL || sizes == NULL) return NULL;
    *t = (tg_term){.coefficient = coefficient, .factors = list, .bound = sizes};
    w->waiting = waiting;
    w->waiting[w->n_waiting++] = t;
    return t;
}

void tg_term_factor(tg_engine *e, tg_term *t, const tg_atom *atom, const int8_t *index, tg_rational exponent)
{
    if (t == NULL || atom == NULL || e->failure != TG_OK) return;
    tg_factor *f = &t->factors[t->n_factors++];
    *f = (tg_factor){.atom = atom->id, .slots = atom->slots, .exponent = exponent};
    for (int i = 0; i < atom->slots; i++) f->index[i] = index[i];
}

int tg_term_scale(tg_engine *e, tg_term *t, tg_rational by)
{
    if (t != NULL && tg_rational_mul(t->coefficient, by, &t->coefficient)) return 1;
    tg_engine_fail(e, TG_ERR_SIZE);
    return 0;
}

void tg_term_times(tg_engine *e, tg_term *t, const tg_term *by, const int8_t *index)
{
    if (t == NULL || !tg_term_scale(e, t, by->coefficient)) return;
    for (int i = 0; i < by->n_factors; i++) {
        tg_factor f = by->factors[i];
        for (int s = 0; s < f.slots; s++) {
            if (f.index[s] < 0)
                f.index[s] = (int8_t)(f.index[s] - t->n_bound);
            else if (index != NULL)
                f.index[s] = index[f.index[s]];
        }
        t->factors[t->n_factors++] = f;
    }
    for (int b = 0; b < by->n_bound; b++) t->bound[t->n_bound++] = by->bound[b];
}

/* ---- Within a term ------------------------------------------------------------------------------------ */

static void drop_factor(tg_term *t, int i)
{
    t->factors[i] = t->factors[--t->n_factors];
}

static int same_place(const tg_factor *a, const tg_factor *b)
{
    return a->atom == b->atom && memcmp(a->index, b->index, sizeof a->index) == 0;
}

/* a^p a^q = a^(p + q). */
static void merge_equal_factors(tg_engine *e, tg_term *t)
{
    for (int i = 0; i < t->n_factors; i++) {
        tg_factor *f = &t->factors[i];
        int merged = 0;
        for (int j = t->n_factors - 1; j > i; j--) {
            if (!same_place(f, &t->factors[j])) continue;
            if (!tg_rational_add(f->exponent, t->factors[j].exponent, &f->exponent))
                tg_engine_fail(e, TG_ERR_SIZE);
            drop_factor(t, j);
            merged = 1;
        }
        if (f->exponent.num != 0) continue;
        if (merged && !tg_atom_is_positive(e, tg_atom_of(e, f))) tg_note(e, TG_RULE_X_OVER_X);
        drop_factor(t, i--);
    }
}

static int find_factor(const tg_engine *e, const tg_term *t, tg_atom_kind kind, const tg_form *argument,
                       const int8_t *index)
{
    for (int i = 0; i < t->n_factors; i++) {
        const tg_atom *a = tg_atom_of(e, &t->factors[i]);
        if (a->kind == kind && a->arguments[0] == argument &&
            memcmp(t->factors[i].index, index, sizeof t->factors[i].index) == 0)
            return i;
    }
    return -1;
}

/* An indicator to a positive power is itself; with its opposite it is 0. Returns 1 when the term is 0. */
static int settle_indicator(tg_engine *e, tg_term *t, int i)
{
    tg_factor *f = &t->factors[i];
    const tg_atom *a = tg_atom_of(e, f);
    if (f->exponent.num > 0 && !tg_rational_equal(f->exponent, tg_integer(1))) {
        f->exponent = tg_integer(1);
        tg_note(e, TG_RULE_STEP);
    }
    if (a->kind != TG_ATOM_NEGATIVE) return 0;
    if (find_factor(e, t, TG_ATOM_POSITIVE, a->arguments[0], f->index) < 0) return 0;
    tg_note(e, TG_RULE_STEP);
    return 1;
}

/* The whole part of a prime's exponent belongs to the coefficient. Returns 1 when the factor is gone. */
static int settle_prime(tg_engine *e, tg_term *t, int i)
{
    tg_factor *f = &t->factors[i];
    int64_t whole = tg_rational_floor(f->exponent);
    if (whole == 0) return 0;
    tg_rational power;
    if (!tg_rational_pow(tg_integer(tg_atom_of(e, f)->number), whole, &power) ||
        !tg_rational_add(f->exponent, tg_integer(-whole), &f->exponent)) {
        tg_engine_fail(e, TG_ERR_SIZE);
        return 0;
    }
    tg_term_scale(e, t, power);
    if (f->exponent.num != 0) return 0;
    drop_factor(t, i);
    return 1;
}

/* ---- Terms in the place of a term --------------------------------------------------------------------- */

/* A copy of t without factor `skip` (-1: none) and what was taken from it, with room for more. */
static tg_term *remainder_of(tg_engine *e, tg_work *w, const tg_term *t, int skip, const tg_rational *taken,
                             uint64_t gone, const tg_term *more)
{
    tg_term *made =
        tg_work_term(e, w, t->coefficient, t->n_factors + more->n_factors + 1, t->n_bound + more->n_bound);
    if (made == NULL) return NULL;
    for (int i = 0; i < t->n_factors; i++) {
        tg_factor f = t->factors[i];
        if (i == skip) continue;
        if (taken != NULL && taken[i].num != 0 &&
            !tg_rational_add(f.exponent, (tg_rational){-taken[i].num, taken[i].den}, &f.exponent))
            tg_engine_fail(e, TG_ERR_SIZE);
        if (f.exponent.num != 0) made->factors[made->n_factors++] = f;
    }
    for (int b = 0; b < t->n_bound; b++)
        made->bound[made->n_bound++] = (gone >> b & 1) != 0 ? 0 : t->bound[b];
    return made;
}

static const tg_term nothing = {.coefficient = {1, 1}};

/* A power of a sum with a positive whole exponent is multiplied out, one factor at a time. */
static void expand_power(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor f = t->factors[i];
    const tg_atom *atom = tg_atom_of(e, &f);
    const tg_form *base = atom->arguments[0];
    for (int k = 0; k < base->n_terms; k++) {
        tg_term *made = remainder_of(e, w, t, i, NULL, 0, &base->terms[k]);
        if (f.exponent.num > 1) tg_term_factor(e, made, atom, f.index, tg_integer(f.exponent.num - 1));
        tg_term_times(e, made, &base->terms[k], f.index);
    }
}

/* With S = c L + R and L in the term: L S^-k = (S^(1-k) - R S^-k) / c. */
static int cancel_sum(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor *f = &t->factors[i];
    const tg_atom *atom = tg_atom_of(e, f);
    const tg_form *sum = atom->arguments[0];
    const tg_term *lead = tg_form_lead(e, sum);
    tg_rational taken[TG_FACTORS_MAX], share;
    uint64_t gone;
    if (!tg_term_match(e, lead, f->index, t, taken, &gone)) return 0;
    tg_note(e, sum->n_terms == 1 ? TG_RULE_SUM_OVER_SUM : TG_RULE_PART_OVER_WHOLE);
    if (!tg_rational_make(lead->coefficient.den, lead->coefficient.num, &share)) {
        tg_engine_fail(e, TG_ERR_SIZE);
        return 1;
    }
    tg_term *whole = remainder_of(e, w, t, -1, taken, gone, &nothing);
    tg_term_factor(e, whole, atom, f->index, tg_integer(1));
    tg_term_scale(e, whole, share);
    share.num = -share.num;
    for (int k = 0; k < sum->n_terms; k++) {
        if (&sum->terms[k] == lead) continue;
        tg_term *rest = remainder_of(e, w, t, -1, taken, gone, &sum->terms[k]);
        tg_term_scale(e, rest, share);
        tg_term_times(e, rest, &sum->terms[k], f->index);
    }
    return 1;
}

/* The assumption: [u < 0] = 1 - [u > 0]. */
static int leave_kink(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor *f = &t->factors[i];
    tg_note(e, TG_RULE_OFF_KINK);
    const tg_atom *positive = tg_atom_about(e, TG_ATOM_POSITIVE, tg_atom_of(e, f)->arguments[0], 0);
    remainder_of(e, w, t, i, NULL, 0, &nothing);
    tg_term *minus = remainder_of(e, w, t, i, NULL, 0, &nothing);
    tg_term_factor(e, minus, positive, f->index, tg_integer(1));
    tg_term_scale(e, minus, tg_integer(-1));
    return 1;
}

/* With u = c L + R and L in the term: L [u < 0] = (u - u [u > 0] - R [u < 0]) / c. */
static int replace_negative_part(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor *f = &t->factors[i];
    const tg_atom *atom = tg_atom_of(e, f);
    const tg_form *u = atom->arguments[0];
    const tg_term *lead = tg_form_lead(e, u);
    tg_rational taken[TG_FACTORS_MAX], share;
    uint64_t gone;
    if (lead->n_factors == 0 || !tg_term_match(e, lead, f->index, t, taken, &gone)) return 0;
    tg_note(e, TG_RULE_STEP_NEGATIVE);
    const tg_atom *positive = tg_atom_about(e, TG_ATOM_POSITIVE, u, 0);
    if (!tg_rational_make(lead->coefficient.den, lead->coefficient.num, &share))
        tg_engine_fail(e, TG_ERR_SIZE);
    for (int k = 0; k < u->n_terms && e->failure == TG_OK; k++) {
        const tg_term *part = &u->terms[k];
        for (int choice = 0; choice < 3; choice++) {
            if (choice == 2 && part == lead) continue;
            tg_term *made = remainder_of(e, w, t, i, taken, gone, part);
            if (choice > 0) tg_term_factor(e, made, choice == 1 ? positive : atom, f->index, tg_integer(1));
            tg_term_scale(e, made, share);
            if (choice > 0) tg_term_scale(e, made, tg_integer(-1));
            tg_term_times(e, made, part, f->index);
        }
    }
    return 1;
}

/* The assumption: the sum over a bound index that only this factor has is 1. */
static int sum_to_one(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor *f = &t->factors[i];
    int index = f->index[tg_atom_of(e, f)->sum_slot];
    if (index >= 0 || !tg_rational_equal(f->exponent, tg_integer(1))) return 0;
    int occurs = 0;
    for (int k = 0; k < t->n_factors; k++)
        for (int s = 0; s < t->factors[k].slots; s++) occurs += t->factors[k].index[s] == index;
    if (occurs != 1) return 0;
    tg_note(e, TG_RULE_SUM_ONE);
    remainder_of(e, w, t, i, NULL, UINT64_C(1) << (-1 - index), &nothing);
    return 1;
}

/* Applies the first rule that has the factor give way to other terms. */
static int replace_factor(tg_engine *e, tg_work *w, const tg_term *t, int i)
{
    const tg_factor *f = &t->factors[i];
    const tg_atom *a = tg_atom_of(e, f);
    if (a->kind == TG_ATOM_POWER && f->exponent.num < 0 && tg_is_integer(f->exponent))
        return cancel_sum(e, w, t, i);
    if (a->kind == TG_ATOM_NEGATIVE && tg_rational_equal(f->exponent, tg_integer(1)))
        return e->off_kinks ? leave_kink(e, w, t, i) : replace_negative_part(e, w, t, i);
    return a->sum_slot >= 0 && e->assume_sums && sum_to_one(e, w, t, i);
}

/* ---- The whole ---------------------------------------------------------------------------------------- */

static int is_symbol(const tg_engine *e, int64_t size)
{
    for (int i = 0; e->task != NULL && i < e->task->n_sizes; i++)
        if (e->task->sizes[i].size == size) return 1;
    return 0;
}

/* A bound index that occurs in no factor multiplies by its size. The others move up. 1 when a size symbol became a
 * factor. */
static int count_unused_indices(tg_engine *e, tg_work *w, tg_term *t)
{
    int8_t moved[TG_BOUND_MAX];
    unsigned char used[TG_BOUND_MAX] = {0};
    int kept = 0, symbols = 0;
    const tg_atom *sizes[TG_BOUND_MAX];
    for (int i = 0; i < t->n_factors; i++)
        for (int s = 0; s < t->factors[i].slots; s++)
            if (t->factors[i].index[s] < 0) used[-1 - t->factors[i].index[s]] = 1;
    for (int b = 0; b < t->n_bound; b++) {
        int64_t size = t->bound[b];
        moved[b] = (int8_t)(-1 - kept);
        if (used[b])
            t->bound[kept++] = size;
        else if (size != 0 && is_symbol(e, size))
            sizes[symbols++] = tg_atom_number(e, TG_ATOM_SIZE, size);
        else if (size != 0)
            tg_term_scale(e, t, tg_integer(size));
    }
    t->n_bound = kept;
    for (int i = 0; i < t->n_factors; i++)
        for (int s = 0; s < t->factors[i].slots; s++)
            if (t->factors[i].index[s] < 0) t->factors[i].index[s] = moved[-1 - t->factors[i].index[s]];
    if (symbols == 0) return 0;
    tg_term *made = tg_work_term(e, w, tg_integer(1), t->n_factors + symbols, t->n_bound);
    if (made == NULL) return 1;
    tg_term_times(e, made, t, NULL);
    for (int k = 0; k < symbols; k++) tg_term_factor(e, made, sizes[k], NULL, tg_integer(1));
    return 1;
}

/* 1 when the term gave way to others (or is 0). */
static int rewrite(tg_engine *e, tg_work *w, tg_term *t)
{
    merge_equal_factors(e, t);
    for (int i = 0; i < t->n_factors; i++) {
        const tg_atom *a = tg_atom_of(e, &t->factors[i]);
        tg_rational exponent = t->factors[i].exponent;
        if (a->indicator && settle_indicator(e, t, i)) return 1;
        if (a->kind == TG_ATOM_PRIME && settle_prime(e, t, i)) i--;
        if (a->kind == TG_ATOM_POWER && exponent.num > 0 && tg_is_integer(exponent)) {
            expand_power(e, w, t, i);
            return 1;
        }
    }
    for (int i = 0; i < t->n_factors; i++)
        if (replace_factor(e, w, t, i)) return 1;
    return count_unused_indices(e, w, t);
}

static int compare_terms(const void *a, const void *b)
{
    return tg_term_compare(a, b);
}

/* Adds the coefficients of equal terms; the zeros go. */
static int collect(tg_engine *e, tg_term *terms, int n)
{
    int kept = 0;
    qsort(terms, (size_t)n, sizeof *terms, compare_terms);
    for (int i = 0; i < n;) {
        tg_term sum = terms[i++];
        while (i < n && tg_term_compare(&sum, &terms[i]) == 0)
            if (!tg_rational_add(sum.coefficient, terms[i++].coefficient, &sum.coefficient))
                tg_engine_fail(e, TG_ERR_SIZE);
        if (sum.coefficient.num != 0) terms[kept++] = sum;
    }
    return kept;
}

static void normalize(tg_engine *e, tg_work *w)
{
    while (w->n_waiting > 0 && e->failure == TG_OK) {
        tg_term *t = w->waiting[--w->n_waiting];
        if (++e->steps > TG_STEPS_MAX) tg_engine_fail(e, TG_ERR_SIZE);
        if (t->coefficient.num == 0 || rewrite(e, w, t) || e->failure != TG_OK) continue;
        tg_term *done = grown(e, w->done, w->n_done, &w->done_room, sizeof *done);
        if (done == NULL || !tg_term_canonical(e, t)) return;
        w->done = done;
        w->done[w->n_done++] = *t;
    }
}

const tg_form *tg_work_finish(tg_engine *e, tg_work *w, int rank, const int64_t *sizes)
{
    if (w == NULL) return NULL;
    normalize(e, w);
    const tg_form *form = NULL;
    int n = e->failure != TG_OK || w->n_done == 0 ? 0 : collect(e, w->done, w->n_done);
    if (e->failure == TG_OK) form = tg_form_intern(e, rank, sizes, w->done, n);
    tg_arena_rewind(&e->scratch, w);
    return form;
}
