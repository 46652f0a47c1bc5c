/* Allocations that fail on request. A test that links this file and is linked with
 * --wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free calls these instead of the C library's (calls from within
 * shared libraries are not wrapped). */
#ifndef TG_TESTS_FAILING_ALLOC_H
#define TG_TESTS_FAILING_ALLOC_H

#include <stdint.h>

/* The k-th allocation from now on fails, counted from 1, and so do all after it when `all_after` is set. k = 0
 * stops that. */
void failing_alloc_start(int64_t k, int all_after);
/* Stops, and tells whether an allocation has failed since the start. */
int failing_alloc_stop(void);
/* How many of the blocks that were allocated this way are not freed yet. */
int64_t failing_alloc_live(void);
/* How many blocks were asked for so far, in all threads. */
int64_t failing_alloc_calls(void);

/* Calls attempt(context) with the first, second, … allocation failing, until one of them runs without a failure;
 * once with that allocation alone failing and once with all from it on. attempt returns 1 when it succeeded and 0
 * when it reported the failure as it should; it fails the test itself where something is wrong. Checks that no
 * attempt leaks, and that one without a failing allocation succeeds. Returns how many allocations an attempt makes. */
int64_t failing_alloc_every(int (*attempt)(void *context), void *context);

#endif
