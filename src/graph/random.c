/* Random numbers from a counter: the interface to Philox, keys from names, bounded integers, permutations. */
#include <tapegrad/random.h>

#include <stddef.h>
#include <string.h>

#include <xxhash.h>

#include "../kernels/philox.h"

void tg_philox(uint64_t key, uint64_t counter_low, uint64_t counter_high, uint32_t out[4])
{
    if (out) tg_philox_4x32(key, counter_low, counter_high, out);
}

uint64_t tg_random_key(uint64_t seed, const char *name)
{
    const char *text = name ? name : "";
    return XXH3_64bits_withSeed(text, strlen(text), seed);
}

/* The 128-bit product of a and b, from four 32-bit products: C11 has no 128-bit type. */
static void multiply_wide(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    const uint64_t mask = 0xFFFFFFFFu;
    uint64_t low_low = (a & mask) * (b & mask);
    uint64_t high_low = (a >> 32) * (b & mask);
    uint64_t low_high = (a & mask) * (b >> 32);
    uint64_t middle = high_low + (low_low >> 32) + (low_high & mask);
    *high = (a >> 32) * (b >> 32) + (middle >> 32) + (low_high >> 32);
    *low = (middle << 32) | (low_low & mask);
}

/* Lemire, "Fast random integer generation in an interval", 2019: the high half of r n is uniform once the
 * draws r whose low half falls below 2^64 mod n are rejected. A counter holds two draws; when both are
 * rejected the high half of the counter moves on, so that number i never uses another number's counters. */
uint64_t tg_random_below(uint64_t key, uint64_t i, uint64_t n)
{
    if (n == 0) return 0;
    uint64_t threshold = (UINT64_MAX - n + 1) % n;
    for (uint64_t attempt = 0;; attempt++) {
        uint32_t words[4];
        tg_philox_4x32(key, i, attempt, words);
        for (int half = 0; half < 4; half += 2) {
            uint64_t draw = (uint64_t)words[half + 1] << 32 | words[half];
            uint64_t high, low;
            multiply_wide(draw, n, &high, &low);
            if (low >= threshold) return high;
        }
    }
}

/* Inside out: element i is put at a random place j <= i, and what was there moves to i. */
void tg_random_permutation(uint64_t key, int64_t n, int64_t *order)
{
    if (!order) return;
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)tg_random_below(key, (uint64_t)i, (uint64_t)i + 1);
        order[i] = i;
        order[i] = order[j];
        order[j] = i;
    }
}
