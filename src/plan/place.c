/* Placing buffers in one arena by their lifetimes. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* The gaps of the arena, in order of offset and never adjacent, and its end so far. */
typedef struct gap {
    size_t offset, size;
} gap;

typedef struct gaps {
    gap *items;
    int64_t n, room;
    size_t end;
} gaps;

static size_t rounded(size_t bytes)
{
    size_t unit = TG_ALIGNMENT;
    return bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
}

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

/* Frees the buffers that ended at one step; `next` chains them. A buffer whose memory another took over is left to
 * that one. */
static int free_ended(gaps *g, const tg_buffer *buffers, const int64_t *next, int64_t i)
{
    int fits = 1;
    for (; i >= 0 && fits; i = next[i])
        if (!buffers[i].taken_over) fits = give(g, (size_t)buffers[i].offset, rounded(buffers[i].bytes));
    return fits;
}

static void place(gaps *g, tg_buffer *buffers, tg_buffer *b)
{
    if (b->reuses >= 0) {
        b->offset = buffers[b->reuses].offset;
        buffers[b->reuses].taken_over = 1;
    } else {
        b->offset = (int64_t)take(g, rounded(b->bytes));
    }
}

int tg_place_buffers(tg_buffer *buffers, int64_t n, int64_t n_steps, size_t *size)
{
    gaps g = {0};
    int64_t *ended_at = malloc(((size_t)n_steps + 1) * sizeof *ended_at);
    int64_t *next = malloc(((size_t)n + 1) * sizeof *next);
    int fits = ended_at != NULL && next != NULL;
    for (int64_t s = 0; s <= n_steps && fits; s++) ended_at[s] = -1;
    for (int64_t i = 0, s = 0; i < n && fits; i++) {
        /* What ended before this step is free; what ends at it is still being read. */
        for (; s < buffers[i].first && fits; s++) fits = free_ended(&g, buffers, next, ended_at[s]);
        if (!fits) break;
        place(&g, buffers, &buffers[i]);
        if (buffers[i].last < n_steps) {
            next[i] = ended_at[buffers[i].last];
            ended_at[buffers[i].last] = i;
        }
    }
    free(ended_at);
    free(next);
    free(g.items);
    *size = g.end;
    return fits;
}

/* A buffer that takes over another's memory lives in its place from its own first step on. */
int tg_live_bytes(const tg_buffer *buffers, int64_t n, int64_t n_steps, size_t *most)
{
    int64_t *change = calloc((size_t)n_steps + 2, sizeof *change), live = 0;
    *most = 0;
    if (change == NULL) return 0;
    for (int64_t i = 0; i < n; i++) {
        const tg_buffer *b = &buffers[i];
        change[b->first] += (int64_t)b->bytes;
        change[b->last < n_steps ? b->last + 1 : n_steps + 1] -= (int64_t)b->bytes;
        if (b->reuses < 0) continue;
        const tg_buffer *before = &buffers[b->reuses];
        change[b->first] -= (int64_t)before->bytes;
        change[before->last + 1] += (int64_t)before->bytes;
    }
    for (int64_t s = 0; s <= n_steps; s++) {
        live += change[s];
        if (live > (int64_t)*most) *most = (size_t)live;
    }
    free(change);
    return 1;
}
