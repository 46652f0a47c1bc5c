/* Random numbers from a counter: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). There is no hidden state: the same key and counter always give the same
 * numbers, on every machine and with any number of threads; different keys give independent streams. */
#ifndef TAPEGRAD_RANDOM_H
#define TAPEGRAD_RANDOM_H

#include <stdint.h>

#include <tapegrad/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The four 32-bit numbers of one counter. */
TG_API void tg_philox(uint64_t key, uint64_t counter_low, uint64_t counter_high, uint32_t out[4]);

/* A key for a part of a program, from a seed and a name: independent streams for independent purposes. */
TG_API uint64_t tg_random_key(uint64_t seed, const char *name);

/* The i-th number of stream key, uniform in 0 .. n-1 without bias (n > 0; 0 when n is 0). */
TG_API uint64_t tg_random_below(uint64_t key, uint64_t i, uint64_t n);

/* Puts the numbers 0 .. n-1 into order in the random order of stream key (Fisher and Yates). */
TG_API void tg_random_permutation(uint64_t key, int64_t n, int64_t *order);

#ifdef __cplusplus
}
#endif

#endif
