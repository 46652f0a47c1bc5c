/* Order among factors, terms and forms, and canonical names for the bound indices of a term.
 *
 * Bound indices get colours from where they occur (size, atom, exponent, slot, the colours of their neighbours),
 * refined until nothing more can be told apart. Indices of one colour are tried in every order, and the smallest
 * term is kept. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

/* ---- Order -------------------------------------------------------------------------------------------- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_factors(const void *left, const void *right)
{
    const tg_factor *a = left, *b = right;
    if (a->atom != b->atom) return compare_numbers(a->atom, b->atom);
    for (int i = 0; i < a->slots; i++)
        if (a->index[i] != b->index[i]) return compare_numbers(a->index[i], b->index[i]);
    if (a->exponent.num != b->exponent.num) return compare_numbers(a->exponent.num, b->exponent.num);
    return compare_numbers(a->exponent.den, b->exponent.den);
}

static int compare_factor_lists(const tg_factor *a, const tg_factor *b, int n)
{
    for (int i = 0; i < n; i++) {
        int order = compare_factors(&a[i], &b[i]);
        if (order != 0) return order;
    }
    return 0;
}

int tg_term_compare(const tg_term *a, const tg_term *b)
{
    if (a->n_bound != b->n_bound) return compare_numbers(a->n_bound, b->n_bound);
    for (int i = 0; i < a->n_bound; i++)
        if (a->bound[i] != b->bound[i]) return compare_numbers(a->bound[i], b->bound[i]);
    if (a->n_factors != b->n_factors) return compare_numbers(a->n_factors, b->n_factors);
    return compare_factor_lists(a->factors, b->factors, a->n_factors);
}

int tg_form_compare(const tg_form *a, const tg_form *b)
{
    if (a == b) return 0;
    if (a->rank != b->rank) return compare_numbers(a->rank, b->rank);
    for (int i = 0; i < a->rank; i++)
        if (a->sizes[i] != b->sizes[i]) return compare_numbers(a->sizes[i], b->sizes[i]);
    if (a->n_terms != b->n_terms) return compare_numbers(a->n_terms, b->n_terms);
    for (int i = 0; i < a->n_terms; i++) {
        int order = tg_term_compare(&a->terms[i], &b->terms[i]);
        if (order != 0) return order;
    }
    for (int i = 0; i < a->n_terms; i++) {
        tg_rational c = a->terms[i].coefficient, d = b->terms[i].coefficient;
        if (c.num != d.num) return compare_numbers(c.num, d.num);
        if (c.den != d.den) return compare_numbers(c.den, d.den);
    }
    return 0;
}

/* ---- Colours ------------------------------------------------------------------------------------------ */

typedef struct colour {
    uint64_t value;
    int bound;
} colour;

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t both[2] = {a, b};
    return XXH3_64bits(both, sizeof both);
}

static int compare_colours(const void *left, const void *right)
{
    const colour *a = left, *b = right;
    if (a->value != b->value) return a->value > b->value ? 1 : -1;
    return a->bound - b->bound;
}

/* How bound index `self` occurs in a factor; 0: not at all. */
static uint64_t occurrence(const tg_factor *f, int self, const uint64_t *colours)
{
    uint64_t hash = mix((uint64_t)f->atom, mix((uint64_t)f->exponent.num, (uint64_t)f->exponent.den));
    int occurs = 0;
    for (int i = 0; i < f->slots; i++) {
        int j = f->index[i];
        if (j == -1 - self) occurs = 1;
        hash = mix(hash, j == -1 - self ? 1 : j >= 0 ? (uint64_t)j + 2 : mix(2, colours[-1 - j]));
    }
    return occurs ? hash : 0;
}

static void refine(const tg_term *t, uint64_t *colours)
{
    uint64_t next[TG_BOUND_MAX];
    for (int b = 0; b < t->n_bound; b++) {
        uint64_t sum = 0;
        for (int i = 0; i < t->n_factors; i++) sum += occurrence(&t->factors[i], b, colours);
        next[b] = mix(colours[b], sum);
    }
    memcpy(colours, next, (size_t)t->n_bound * sizeof *next);
}

/* ---- The smallest naming ------------------------------------------------------------------------------ */

typedef struct naming {
    tg_engine *engine;
    const tg_term *term;
    colour order[TG_BOUND_MAX]; /* by colour: position p gets the name -1 - p */
    tg_factor *best, *tried;
    int found;
} naming;

static void try_naming(naming *n)
{
    const tg_term *t = n->term;
    int8_t name[TG_BOUND_MAX];
    for (int p = 0; p < t->n_bound; p++) name[n->order[p].bound] = (int8_t)(-1 - p);
    for (int i = 0; i < t->n_factors; i++) {
        n->tried[i] = t->factors[i];
        for (int s = 0; s < t->factors[i].slots; s++)
            if (t->factors[i].index[s] < 0) n->tried[i].index[s] = name[-1 - t->factors[i].index[s]];
    }
    qsort(n->tried, (size_t)t->n_factors, sizeof *n->tried, compare_factors);
    if (n->found && compare_factor_lists(n->best, n->tried, t->n_factors) <= 0) return;
    tg_factor *before = n->best;
    n->best = n->tried;
    n->tried = before;
    n->found = 1;
}

/* Every order of the positions from `at` on that keeps the colours in order. */
static void permute(naming *n, int at)
{
    int count = n->term->n_bound;
    if (at >= count - 1) {
        try_naming(n);
        return;
    }
    for (int other = at; other < count && n->order[other].value == n->order[at].value; other++) {
        colour kept = n->order[at];
        n->order[at] = n->order[other];
        n->order[other] = kept;
        permute(n, at + 1);
        n->order[other] = n->order[at];
        n->order[at] = kept;
    }
}

/* The number of orders, or TG_PERMUTATIONS_MAX + 1 when it is larger. */
static int count_orders(const naming *n)
{
    int64_t orders = 1;
    int run = 1;
    for (int p = 1; p < n->term->n_bound; p++) {
        run = n->order[p].value == n->order[p - 1].value ? run + 1 : 1;
        orders *= run;
        if (orders > TG_PERMUTATIONS_MAX) return TG_PERMUTATIONS_MAX + 1;
    }
    return (int)orders;
}

int tg_term_canonical(tg_engine *e, tg_term *t)
{
    naming n = {.engine = e, .term = t};
    uint64_t colours[TG_BOUND_MAX];
    for (int b = 0; b < t->n_bound; b++) colours[b] = (uint64_t)t->bound[b];
    for (int round = 0; t->n_bound > 1 && round < t->n_bound; round++) refine(t, colours);
    for (int b = 0; b < t->n_bound; b++) n.order[b] = (colour){colours[b], b};
    qsort(n.order, (size_t)t->n_bound, sizeof *n.order, compare_colours);
    if (count_orders(&n) > TG_PERMUTATIONS_MAX) return tg_engine_fail(e, TG_ERR_SIZE) != NULL;
    size_t size = ((size_t)t->n_factors + 1) * sizeof(tg_factor);
    n.best = tg_engine_scratch(e, size);
    n.tried = tg_engine_scratch(e, size);
    int64_t *sizes = tg_engine_scratch(e, ((size_t)t->n_bound + 1) * sizeof *sizes);
    if (n.best == NULL || n.tried == NULL || sizes == NULL) return 0;
    for (int p = 0; p < t->n_bound; p++) sizes[p] = t->bound[n.order[p].bound];
    permute(&n, 0);
    t->factors = n.best;
    t->bound = sizes;
    return 1;
}
