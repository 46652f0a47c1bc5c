/* Allocations that fail on request. */
#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The linker's names for the C library's functions and for the ones that replace them. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static int64_t countdown; /* 0: nothing fails */
static int all_fail_after, failed;
static atomic_llong calls;

/* ---- Which blocks are live: a table with linear probing, because free is also called for blocks that a shared
 * library allocated ---- */

enum { ROOM = 1 << 16 };
static void *blocks[ROOM];
static int64_t live;

static size_t home(const void *block)
{
    return (size_t)((uintptr_t)block >> 4) * 2654435761u % ROOM;
}

/* Where the block is, or the free place where it belongs. */
static size_t find(const void *block)
{
    size_t at = home(block);
    while (blocks[at] != NULL && blocks[at] != block) at = (at + 1) % ROOM;
    return at;
}

static void *note(void *block)
{
    if (block == NULL) return NULL;
    if (live >= ROOM / 2) fail_msg("too many blocks to follow");
    blocks[find(block)] = block;
    live++;
    return block;
}

/* Takes the block out and moves up those that it had pushed away. */
static void forget(const void *block)
{
    size_t hole = find(block);
    if (block == NULL || blocks[hole] == NULL) return;
    live--;
    for (size_t at = (hole + 1) % ROOM; blocks[at] != NULL; at = (at + 1) % ROOM) {
        if ((at - home(blocks[at])) % ROOM < (at - hole) % ROOM) continue;
        blocks[hole] = blocks[at];
        hole = at;
    }
    blocks[hole] = NULL;
}

/* ---- The C library's functions ---- */

static int fails_now(void)
{
    atomic_fetch_add(&calls, 1);
    if (failed && all_fail_after) return 1;
    if (countdown == 0 || --countdown > 0) return 0;
    failed = 1;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails_now()) return NULL;
    forget(block);
    void *moved = __real_realloc(block, size);
    if (moved == NULL) note(block);
    return note(moved);
}

void __wrap_free(void *block)
{
    forget(block);
    __real_free(block);
}

/* ---- Failing on request ---- */

void failing_alloc_start(int64_t k, int all_after)
{
    countdown = k;
    all_fail_after = all_after;
    failed = 0;
}

int failing_alloc_stop(void)
{
    countdown = 0;
    all_fail_after = 0;
    return failed;
}

int64_t failing_alloc_live(void)
{
    return live;
}

int64_t failing_alloc_calls(void)
{
    return atomic_load(&calls);
}

/* Runs one attempt; 1 when none of its allocations failed. */
static int attempt_with(int64_t k, int all_after, int (*attempt)(void *context), void *context)
{
    int64_t before = live;
    failing_alloc_start(k, all_after);
    int succeeded = attempt(context);
    int any = failing_alloc_stop();
    if (live != before)
        fail_msg("allocation %lld failing: %lld blocks leaked", (long long)k, (long long)(live - before));
    if (!any && !succeeded) fail_msg("no allocation failed, but the attempt did");
    return !any;
}

int64_t failing_alloc_every(int (*attempt)(void *context), void *context)
{
    int64_t k = 1;
    while (!attempt_with(k, 0, attempt, context)) {
        attempt_with(k, 1, attempt, context);
        k++;
    }
    return k - 1;
}
