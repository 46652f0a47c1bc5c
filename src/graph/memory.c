/* Aligned blocks and the arena. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define LARGE_PAGE ((size_t)2 * 1024 * 1024)

/* Memory that is touched for the first time costs a fault for every page of 4096 bytes, which for a long tape is more
 * than recording. Linux gives large pages to who asks for them; where it does not, nothing is lost. */
static void ask_for_large_pages(void *start, size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    (void)madvise(start, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#else
    (void)start, (void)size;
#endif
}

/* The block's true start is kept in the word before the aligned address; malloc is used rather than
 * aligned_alloc because every target has it and a test can make it fail. Large blocks begin where a large page does:
 * what lies before is never touched, and so takes no memory. */
void *tg_aligned_alloc(size_t size)
{
    size_t alignment = size >= LARGE_PAGE ? LARGE_PAGE : TG_ALIGNMENT;
    if (size > SIZE_MAX - TG_ALIGNMENT - alignment - sizeof(void *)) return NULL;
    size_t rest = (TG_ALIGNMENT - size % TG_ALIGNMENT) % TG_ALIGNMENT;
    char *raw = malloc(size + rest + alignment + sizeof(void *));
    if (raw == NULL) return NULL;
    uintptr_t start = (uintptr_t)(raw + sizeof(void *));
    uintptr_t aligned = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
    char *block = raw + sizeof(void *) + (aligned - start);
    memcpy(block - sizeof(void *), &raw, sizeof raw);
    memset(block + size, 0, rest);
    if (size >= LARGE_PAGE) ask_for_large_pages(block, size);
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
    size_t size; /* of what follows; whole units */
    tg_arena_unit bytes[];
};

/* With the head. */
#define SMALLEST_CHUNK ((size_t)64 * 1024)
#define LARGEST_CHUNK ((size_t)16 * 1024 * 1024)

/* What is taken next lies at `next` of the last chunk; NULL when there is none. */
static void take_from(tg_arena *arena, char *next)
{
    const tg_chunk *chunk = arena->last;
    arena->next = next;
    arena->left = chunk == NULL ? 0 : chunk->size - (size_t)(next - (const char *)chunk->bytes);
}

static int add_chunk(tg_arena *arena, size_t size)
{
    /* Chunks grow, so that small graphs stay small and large ones soon get large pages. */
    size_t whole = SMALLEST_CHUNK;
    if (arena->last != NULL) whole = 4 * (sizeof *arena->last + arena->last->size);
    if (whole > LARGEST_CHUNK) whole = LARGEST_CHUNK;
    if (whole < size + sizeof(tg_chunk)) whole = size + sizeof(tg_chunk);
    tg_chunk *chunk = arena->spare;
    if (chunk != NULL && chunk->size >= size) {
        arena->spare = chunk->previous;
    } else {
        chunk = tg_aligned_alloc(whole);
        if (chunk == NULL) return 0;
        chunk->size = whole - sizeof *chunk;
    }
    chunk->previous = arena->last;
    arena->last = chunk;
    take_from(arena, (char *)chunk->bytes);
    return 1;
}

void *tg_arena_take_more(tg_arena *arena, size_t size)
{
    const size_t unit = sizeof(tg_arena_unit);
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + unit - 1) / unit * unit;
    if ((arena->last == NULL || size > arena->left) && !add_chunk(arena, size)) return NULL;
    void *taken = arena->next;
    arena->next += size;
    arena->left -= size;
    return taken;
}

static int chunk_holds(const tg_chunk *chunk, const void *block)
{
    uintptr_t start = (uintptr_t)chunk->bytes, at = (uintptr_t)block;
    return at >= start && at < start + chunk->size;
}

/* Who records in a loop needs the memory again, but not that of something large. */
static void drop_last_chunk(tg_arena *arena)
{
    tg_chunk *chunk = arena->last;
    arena->last = chunk->previous;
    if (chunk->size > LARGEST_CHUNK) {
        tg_aligned_free(chunk);
    } else {
        chunk->previous = arena->spare;
        arena->spare = chunk;
    }
}

static void free_chunks(tg_chunk *chunk)
{
    while (chunk != NULL) {
        tg_chunk *previous = chunk->previous;
        tg_aligned_free(chunk);
        chunk = previous;
    }
}

void tg_arena_rewind(tg_arena *arena, const void *block)
{
    while (arena->last != NULL && !chunk_holds(arena->last, block)) drop_last_chunk(arena);
    take_from(arena, arena->last == NULL
                         ? NULL
                         : (char *)arena->last->bytes + ((uintptr_t)block - (uintptr_t)arena->last->bytes));
}

void tg_arena_free(tg_arena *arena)
{
    free_chunks(arena->last);
    free_chunks(arena->spare);
    *arena = (tg_arena){0};
}
