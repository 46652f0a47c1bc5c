/* Philox 4x32-10, the counter-based generator of tapegrad/random.h, inline so that kernels can draw in bulk.
 *
 * Constants and round: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011. A 64-bit key or counter half goes in with its low word first. */
#ifndef TG_KERNELS_PHILOX_H
#define TG_KERNELS_PHILOX_H

#include <stdint.h>

#define TG_PHILOX_ROUNDS 10

/* One round: two 32x32->64 products; their halves, mixed with the key, become the new counter. */
static inline void tg_philox_round(uint32_t counter[4], uint32_t key0, uint32_t key1)
{
    uint64_t product0 = (uint64_t)0xD2511F53u * counter[0];
    uint64_t product1 = (uint64_t)0xCD9E8D57u * counter[2];
    counter[0] = (uint32_t)(product1 >> 32) ^ counter[1] ^ key0;
    counter[1] = (uint32_t)product1;
    counter[2] = (uint32_t)(product0 >> 32) ^ counter[3] ^ key1;
    counter[3] = (uint32_t)product0;
}

/* The four numbers of one counter. Between rounds the key moves on by the Weyl constants of the paper
 * (the golden ratio and sqrt(3) - 1, as 32-bit fractions). */
static inline void tg_philox_4x32(uint64_t key, uint64_t counter_low, uint64_t counter_high, uint32_t out[4])
{
    uint32_t key0 = (uint32_t)key;
    uint32_t key1 = (uint32_t)(key >> 32);
    out[0] = (uint32_t)counter_low;
    out[1] = (uint32_t)(counter_low >> 32);
    out[2] = (uint32_t)counter_high;
    out[3] = (uint32_t)(counter_high >> 32);
    for (int round = 0; round < TG_PHILOX_ROUNDS; round++) {
        tg_philox_round(out, key0, key1);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

#endif
