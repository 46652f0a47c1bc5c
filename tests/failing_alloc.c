/* Allocations that fail on request. */
#include "failing_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
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
static int64_t live;

static int fails_now(void)
{
    if (failed && all_fail_after) return 1;
    if (countdown == 0 || --countdown > 0) return 0;
    failed = 1;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    void *block = fails_now() ? NULL : __real_malloc(size);
    live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = fails_now() ? NULL : __real_calloc(count, size);
    live += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t size)
{
    void *moved = fails_now() ? NULL : __real_realloc(block, size);
    live += moved != NULL && block == NULL;
    return moved;
}

void __wrap_free(void *block)
{
    live -= block != NULL;
    __real_free(block);
}

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
