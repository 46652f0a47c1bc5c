/* Aligned blocks and the arena. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* The block's true start is kept in the word before the aligned address; malloc is used rather than
 * aligned_alloc because every target has it and a test can make it fail. */
void *tg_aligned_alloc(size_t size)
{
    if (size > SIZE_MAX - 2 * TG_ALIGNMENT - sizeof(void *)) return NULL;
    size_t rest = (TG_ALIGNMENT - size % TG_ALIGNMENT) % TG_ALIGNMENT;
    char *raw = malloc(size + rest + TG_ALIGNMENT + sizeof(void *));
    if (raw == NULL) return NULL;
    uintptr_t start = (uintptr_t)(raw + sizeof(void *));
    uintptr_t aligned = (start + TG_ALIGNMENT - 1) & ~(uintptr_t)(TG_ALIGNMENT - 1);
    char *block = raw + sizeof(void *) + (aligned - start);
    memcpy(block - sizeof(void *), &raw, sizeof raw);
    memset(block + size, 0, rest);
    return block;
}

void *tg_aligned_zeros(size_t size)
{
    void *block = tg_aligned_alloc(size);
    if (block != NULL) memset(block, 0, size);
    return block;
}

void tg_aligned_free(void *block)
{
    if (block == NULL) return;
    void *raw;
    memcpy(&raw, (char *)block - sizeof(void *), sizeof raw);
    free(raw);
}

struct tg_chunk {
    tg_chunk *previous;
    size_t size, used;
    max_align_t bytes[];
};

#define CHUNK_SIZE ((size_t)64 * 1024)
#define LARGEST_CHUNK ((size_t)16 * 1024 * 1024)

/* A long tape touches its memory once, a page after the other, and page faults would cost more than recording. Linux
 * gives large pages to who asks for them; where it does not, nothing is lost. */
static void ask_for_large_pages(char *start, size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const uintptr_t page = (uintptr_t)2 * 1024 * 1024;
    uintptr_t first = ((uintptr_t)start + page - 1) & ~(page - 1),
              end = ((uintptr_t)start + size) & ~(page - 1);
    if (first < end) (void)madvise(start + (first - (uintptr_t)start), end - first, MADV_HUGEPAGE);
#else
    (void)start, (void)size;
#endif
}

static tg_chunk *add_chunk(tg_arena *arena, size_t size)
{
    /* Chunks double, so that small graphs stay small and large ones take few blocks. */
    size_t room = CHUNK_SIZE;
    if (arena->last != NULL)
        room = arena->last->size < LARGEST_CHUNK / 2 ? 2 * arena->last->size : LARGEST_CHUNK;
    if (room < size) room = size;
    tg_chunk *chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL) return NULL;
    ask_for_large_pages((char *)chunk, sizeof *chunk + room);
    chunk->previous = arena->last;
    chunk->size = room;
    chunk->used = 0;
    arena->last = chunk;
    return chunk;
}

void *tg_arena_take(tg_arena *arena, size_t size)
{
    size_t unit = sizeof(max_align_t);
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + unit - 1) / unit * unit;
    tg_chunk *chunk = arena->last;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        chunk = add_chunk(arena, size);
        if (chunk == NULL) return NULL;
    }
    void *taken = (char *)chunk->bytes + chunk->used;
    chunk->used += size;
    return taken;
}

static int chunk_holds(const tg_chunk *chunk, const void *block)
{
    uintptr_t start = (uintptr_t)chunk->bytes, at = (uintptr_t)block;
    return at >= start && at < start + chunk->used;
}

static void drop_last_chunk(tg_arena *arena)
{
    tg_chunk *previous = arena->last->previous;
    free(arena->last);
    arena->last = previous;
}

void tg_arena_rewind(tg_arena *arena, const void *block)
{
    while (arena->last != NULL && !chunk_holds(arena->last, block)) drop_last_chunk(arena);
    if (arena->last != NULL) arena->last->used = (uintptr_t)block - (uintptr_t)arena->last->bytes;
}

void tg_arena_free(tg_arena *arena)
{
    while (arena->last != NULL) drop_last_chunk(arena);
}
