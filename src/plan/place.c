/* Placing buffers in one arena by their lifetimes. */
#include "place.h"

#include <stdlib.h>
#include <string.h>

static size_t rounded(size_t bytes)
{
    size_t unit = TG_ALIGNMENT;
    return (bytes + unit - 1) / unit * unit;
}

/* Fills blocks, and for every buffer which one it lies in: -1 for one of no bytes. Returns how many blocks. */
static int64_t collect_blocks(const tg_buffer *buffers, int64_t n, tg_block *blocks, int64_t *block_of)
{
    int64_t n_blocks = 0;
    for (int64_t i = 0; i < n; i++) {
        const tg_buffer *b = &buffers[i];
        if (b->bytes == 0) {
            block_of[i] = -1;
        } else if (b->reuses >= 0) {
            block_of[i] = block_of[b->reuses];
            blocks[block_of[i]].last = b->last;
        } else {
            blocks[n_blocks] = (tg_block){.first = b->first, .last = b->last, .size = rounded(b->bytes)};
            block_of[i] = n_blocks++;
        }
    }
    return n_blocks;
}

/* The most that blocks take at one moment. 0 when memory runs out. */
static int find_least(const tg_block *blocks, int64_t n, int64_t n_steps, size_t *least)
{
    size_t *begins = calloc((size_t)n_steps + 2, sizeof *begins);
    size_t *ends = calloc((size_t)n_steps + 2, sizeof *ends), live = 0;
    int done = begins != NULL && ends != NULL;
    *least = 0;
    for (int64_t i = 0; i < n && done; i++) {
        begins[blocks[i].first] += blocks[i].size;
        ends[blocks[i].last + 1] += blocks[i].size;
    }
    for (int64_t s = 0; s <= n_steps && done; s++) {
        live += begins[s] - ends[s];
        if (live > *least) *least = live;
    }
    free(begins);
    free(ends);
    return done;
}

static void place_apart(tg_block *blocks, int64_t n, size_t *size)
{
    *size = 0;
    for (int64_t i = 0; i < n; i++) {
        blocks[i].offset = *size;
        *size += blocks[i].size;
    }
}

/* Forward in time, or backward if that takes less. */
static int place_by_time(tg_block *blocks, int64_t n, int64_t n_steps, size_t least, size_t *size)
{
    size_t forward;
    if (!tg_place_by_time(blocks, n, n_steps, 0, &forward)) return 0;
    *size = forward;
    if (forward == least) return 1;
    if (!tg_place_by_time(blocks, n, n_steps, 1, size)) return 0;
    return *size <= forward || tg_place_by_time(blocks, n, n_steps, 0, size);
}

int tg_place_buffers(tg_buffer *buffers, int64_t n, int64_t n_steps, int share, size_t *size, size_t *least)
{
    tg_block *blocks = malloc(((size_t)n + 1) * sizeof *blocks);
    int64_t *block_of = malloc(((size_t)n + 1) * sizeof *block_of);
    int done = blocks != NULL && block_of != NULL;
    if (done) {
        int64_t n_blocks = collect_blocks(buffers, n, blocks, block_of);
        done = find_least(blocks, n_blocks, n_steps, least);
        if (!share)
            place_apart(blocks, n_blocks, size);
        else
            done = done && place_by_time(blocks, n_blocks, n_steps, *least, size) &&
                   tg_place_by_order(blocks, n_blocks, *least, size);
    }
    for (int64_t i = 0; i < n && done; i++)
        buffers[i].offset = block_of[i] < 0 ? 0 : (int64_t)blocks[block_of[i]].offset;
    free(blocks);
    free(block_of);
    return done;
}
