/* Placing blocks in other orders than that of time: each as low as the ones before it let it. The best order is hard to
 * find, but large ones first is mostly as good as can be, and where it is not, a few changes are. */
#include <stdlib.h>
#include <string.h>

#include "place.h"

#include <tapegrad/random.h>

/* Placing n blocks in an order takes time in proportion to n^2. */
#define MOST_BLOCKS 4096
/* What the search for changes may take: orders, and times n^2. */
#define MOST_TRIES 500
#define MOST_WORK 2000000

typedef struct turn {
    double weight;
    int64_t block;
} turn;

typedef struct search {
    tg_block *blocks; /* their offsets are those of the order tried last */
    int64_t n;
    int64_t *order, *changed; /* blocks */
    int64_t *placed;          /* those placed so far, by offset */
    int64_t *rank;            /* of every block: when its turn is */
    turn *turns;
    size_t *best; /* offsets */
    size_t best_size, least;
} search;

/* ---- One order -------------------------------------------------------------------------------------------- */

static int at_one_time(const tg_block *a, const tg_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset that is free while b is there. */
static size_t lowest(const search *s, int64_t n_placed, const tg_block *b)
{
    size_t at = 0;
    for (int64_t k = 0; k < n_placed; k++) {
        const tg_block *other = &s->blocks[s->placed[k]];
        if (other->offset + other->size <= at || !at_one_time(other, b)) continue;
        if (other->offset >= at + b->size) break;
        at = other->offset + other->size;
    }
    return at;
}

/* Returns where the blocks end. */
static size_t place_in_order(search *s, const int64_t *order)
{
    size_t end = 0;
    for (int64_t k = 0; k < s->n; k++) {
        tg_block *b = &s->blocks[order[k]];
        int64_t at = k;
        b->offset = lowest(s, k, b);
        if (b->offset + b->size > end) end = b->offset + b->size;
        for (; at > 0 && s->blocks[s->placed[at - 1]].offset > b->offset; at--)
            s->placed[at] = s->placed[at - 1];
        s->placed[at] = order[k];
    }
    return end;
}

static void keep_if_better(search *s, size_t size)
{
    if (size >= s->best_size) return;
    s->best_size = size;
    for (int64_t i = 0; i < s->n; i++) s->best[i] = s->blocks[i].offset;
}

/* ---- Orders ------------------------------------------------------------------------------------------------ */

static double by_size(const tg_block *b)
{
    return (double)b->size;
}

static double by_size_and_time(const tg_block *b)
{
    return (double)b->size * (double)(b->last - b->first + 1);
}

static double by_time(const tg_block *b)
{
    return (double)(b->last - b->first);
}

static int heavier_first(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->block < y->block ? -1 : 1;
}

/* Leaves the order in s->order. */
static size_t place_by_weight(search *s, double (*weight)(const tg_block *b))
{
    for (int64_t i = 0; i < s->n; i++) s->turns[i] = (turn){weight(&s->blocks[i]), i};
    qsort(s->turns, (size_t)s->n, sizeof *s->turns, heavier_first);
    for (int64_t i = 0; i < s->n; i++) s->order[i] = s->turns[i].block;
    return place_in_order(s, s->order);
}

/* ---- Changes of an order ------------------------------------------------------------------------------------ */

/* The block that ends last. */
static int64_t highest(const search *s)
{
    int64_t top = 0;
    for (int64_t i = 1; i < s->n; i++)
        if (s->blocks[i].offset + s->blocks[i].size > s->blocks[top].offset + s->blocks[top].size) top = i;
    return top;
}

/* A block that was in the way of the highest one; -1 where none was. */
static int64_t one_in_the_way(const search *s, int64_t top, uint64_t drawn)
{
    int64_t n = 0, chosen = -1;
    for (int pass = 0; pass < 2; pass++) {
        int64_t left = pass == 0 || n == 0 ? -1 : (int64_t)tg_random_below(0, drawn, (uint64_t)n);
        for (int64_t k = 0; k < s->rank[top]; k++) {
            if (!at_one_time(&s->blocks[s->order[k]], &s->blocks[top])) continue;
            if (pass == 0)
                n++;
            else if (left-- == 0)
                chosen = s->order[k];
        }
    }
    return chosen;
}

/* The highest block gets its turn before one that was in its way; or that one changes its turn with any other. */
static void change(search *s, uint64_t i)
{
    for (int64_t k = 0; k < s->n; k++) s->rank[s->order[k]] = k;
    int64_t top = highest(s), other = one_in_the_way(s, top, 2 * i);
    memcpy(s->changed, s->order, (size_t)s->n * sizeof *s->order);
    if (other < 0) other = top;
    int64_t from = s->rank[top], to = s->rank[other];
    if (i % 2 == 0) {
        memmove(&s->changed[to + 1], &s->changed[to], (size_t)(from - to) * sizeof *s->changed);
        s->changed[to] = top;
    } else {
        from = (int64_t)tg_random_below(0, 2 * i + 1, (uint64_t)s->n);
        s->changed[to] = s->order[from];
        s->changed[from] = other;
    }
}

/* Changes that are no worse stay, so that the search does not stop at the first order that no single change
 * improves. */
static void change_order(search *s, size_t size)
{
    int64_t tries = MOST_WORK / (s->n * s->n);
    if (tries > MOST_TRIES) tries = MOST_TRIES;
    for (int64_t i = 0; i < tries && s->best_size > s->least; i++) {
        change(s, (uint64_t)i);
        size_t changed = place_in_order(s, s->changed);
        keep_if_better(s, changed);
        if (changed > size) {
            place_in_order(s, s->order);
            continue;
        }
        int64_t *kept = s->changed;
        s->changed = s->order;
        s->order = kept;
        size = changed;
    }
}

/* ---- The search --------------------------------------------------------------------------------------------- */

static void try_orders(search *s)
{
    static double (*const weights[])(const tg_block *) = {by_time, by_size_and_time, by_size};
    size_t size = 0;
    for (int k = 0; k < 3 && s->best_size > s->least; k++) {
        size = place_by_weight(s, weights[k]);
        keep_if_better(s, size);
    }
    if (s->best_size > s->least) change_order(s, size);
}

int tg_place_by_order(tg_block *blocks, int64_t n, size_t least, size_t *size)
{
    if (*size <= least || n > MOST_BLOCKS) return 1;
    search s = {.blocks = blocks, .n = n, .best_size = *size, .least = least};
    s.order = malloc((size_t)n * sizeof *s.order);
    s.changed = malloc((size_t)n * sizeof *s.changed);
    s.placed = malloc((size_t)n * sizeof *s.placed);
    s.rank = malloc((size_t)n * sizeof *s.rank);
    s.turns = malloc((size_t)n * sizeof *s.turns);
    s.best = malloc((size_t)n * sizeof *s.best);
    int done = s.order != NULL && s.changed != NULL && s.placed != NULL && s.rank != NULL &&
               s.turns != NULL && s.best != NULL;
    if (done) {
        for (int64_t i = 0; i < n; i++) s.best[i] = blocks[i].offset;
        try_orders(&s);
        for (int64_t i = 0; i < n; i++) blocks[i].offset = s.best[i];
        *size = s.best_size;
    }
    free(s.order);
    free(s.changed);
    free(s.placed);
    free(s.rank);
    free(s.turns);
    free(s.best);
    return done;
}
