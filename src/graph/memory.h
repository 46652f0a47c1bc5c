/* Memory: aligned blocks, and an arena that gives back everything taken after some point. */
#ifndef TG_GRAPH_MEMORY_H
#define TG_GRAPH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define TG_ALIGNMENT 64 /* a cache line, and the widest vector */

/* size bytes of zeros at a multiple of TG_ALIGNMENT, or NULL. size 0 gives a block too. What is missing from a multiple
 * of TG_ALIGNMENT is there as well, and is zero at first, so that kernels may take whole vectors. */
void *tg_aligned_zeros(size_t size);
/* The same with undefined contents. */
void *tg_aligned_alloc(size_t size);
void tg_aligned_free(void *block);

/* What memory of an arena is aligned for. */
typedef union tg_arena_unit {
    double number;
    int64_t integer;
    void *pointer;
} tg_arena_unit;

typedef struct tg_chunk tg_chunk;

typedef struct tg_arena {
    char *next;  /* of the last chunk */
    size_t left; /* in it; whole units */
    tg_chunk *last;
    tg_chunk *spare; /* given back, for what is taken next */
} tg_arena;

/* tg_arena_take where the last chunk has no more than that. */
void *tg_arena_take_more(tg_arena *arena, size_t size);

/* size bytes, or NULL. Contents are undefined. */
static inline void *tg_arena_take(tg_arena *arena, size_t size)
{
    const size_t unit = sizeof(tg_arena_unit);
    if (size >= arena->left) return tg_arena_take_more(arena, size);
    void *taken = arena->next;
    size = (size + unit - 1) / unit * unit;
    arena->next += size;
    arena->left -= size;
    return taken;
}
/* Gives back `block`, which tg_arena_take returned, and everything taken after it. */
void tg_arena_rewind(tg_arena *arena, const void *block);
void tg_arena_free(tg_arena *arena);

#endif
