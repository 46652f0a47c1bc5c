/* Placing blocks in the order of time, with a list of what is free. */
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* The gaps of the arena, in order of offset and never adjacent, and its end so far. */
typedef struct gap {
    size_t offset, size;
} gap;

typedef struct gaps {
    gap *items;
    int64_t n, room;
    size_t end;
} gaps;

/* The smallest gap that holds size bytes; otherwise the arena grows, from its last gap if that touches the end. */
static size_t take(gaps *g, size_t size)
{
    int64_t best = -1;
    for (int64_t i = 0; i < g->n; i++)
        if (g->items[i].size >= size && (best < 0 || g->items[i].size < g->items[best].size)) best = i;
    if (best < 0 && g->n > 0) {
        gap *last = &g->items[g->n - 1];
        if (last->offset + last->size == g->end) {
            g->end = last->offset + size;
            g->n--;
            return last->offset;
        }
    }
    if (best < 0) {
        g->end += size;
        return g->end - size;
    }
    size_t offset = g->items[best].offset;
    g->items[best].offset += size;
    g->items[best].size -= size;
    if (g->items[best].size == 0) {
        memmove(&g->items[best], &g->items[best + 1], (size_t)(g->n - best - 1) * sizeof(gap));
        g->n--;
    }
    return offset;
}

static int give(gaps *g, size_t offset, size_t size)
{
    int64_t low = 0, high = g->n;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (g->items[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    int joins_before = low > 0 && g->items[low - 1].offset + g->items[low - 1].size == offset;
    int joins_after = low < g->n && offset + size == g->items[low].offset;
    if (joins_before && joins_after) {
        g->items[low - 1].size += size + g->items[low].size;
        memmove(&g->items[low], &g->items[low + 1], (size_t)(g->n - low - 1) * sizeof(gap));
        g->n--;
    } else if (joins_before) {
        g->items[low - 1].size += size;
    } else if (joins_after) {
        g->items[low].offset = offset;
        g->items[low].size += size;
    } else {
        if (g->n == g->room) {
            int64_t room = g->room == 0 ? 64 : 2 * g->room;
            gap *items = realloc(g->items, (size_t)room * sizeof *items);
            if (items == NULL) return 0;
            g->items = items;
            g->room = room;
        }
        memmove(&g->items[low + 1], &g->items[low], (size_t)(g->n - low) * sizeof(gap));
        g->items[low] = (gap){offset, size};
        g->n++;
    }
    return 1;
}

/* ---- In the order of time -------------------------------------------------------------------------------- */

/* Which blocks are taken, and which are given back, at every moment: chains through next. */
typedef struct schedule {
    int64_t *taken, *given; /* of every moment the first block, -1 for none */
    int64_t *next_taken, *next_given;
} schedule;

static int make_schedule(schedule *s, const tg_block *blocks, int64_t n, int64_t n_steps, int backward)
{
    s->taken = malloc(((size_t)n_steps + 1) * sizeof *s->taken);
    s->given = malloc(((size_t)n_steps + 1) * sizeof *s->given);
    s->next_taken = malloc(((size_t)n + 1) * sizeof *s->next_taken);
    s->next_given = malloc(((size_t)n + 1) * sizeof *s->next_given);
    if (s->taken == NULL || s->given == NULL || s->next_taken == NULL || s->next_given == NULL) return 0;
    for (int64_t t = 0; t <= n_steps; t++) s->taken[t] = s->given[t] = -1;
    for (int64_t i = n - 1; i >= 0; i--) {
        int64_t from = backward ? n_steps - blocks[i].last : blocks[i].first;
        int64_t to = backward ? n_steps - blocks[i].first : blocks[i].last;
        s->next_taken[i] = s->taken[from];
        s->taken[from] = i;
        s->next_given[i] = s->given[to];
        s->given[to] = i;
    }
    return 1;
}

static void free_schedule(schedule *s)
{
    free(s->taken);
    free(s->given);
    free(s->next_taken);
    free(s->next_given);
}

int tg_place_by_time(tg_block *blocks, int64_t n, int64_t n_steps, int backward, size_t *size)
{
    gaps g = {0};
    schedule s = {0};
    int done = make_schedule(&s, blocks, n, n_steps, backward);
    for (int64_t t = 0; t <= n_steps && done; t++) {
        for (int64_t i = s.taken[t]; i >= 0; i = s.next_taken[i]) blocks[i].offset = take(&g, blocks[i].size);
        /* What is given back at a moment is still read at it. */
        for (int64_t i = s.given[t]; i >= 0 && done; i = s.next_given[i])
            done = give(&g, blocks[i].offset, blocks[i].size);
    }
    free_schedule(&s);
    free(g.items);
    *size = g.end;
    return done;
}
