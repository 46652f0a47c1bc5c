/* The own products that this machine can run, for tests of what they have in common. */
#ifndef TG_TESTS_GEMM_KERNELS_H
#define TG_TESTS_GEMM_KERNELS_H

#include "kernels/gemm_own.h"
#include "kernels/instructions.h"

/* How many there are. */
static inline int find_gemm_kernels(const tg_gemm_kernels *found[3])
{
    int n = 0;
    found[n++] = &tg_gemm_baseline;
#if defined(__x86_64__)
    if (tg_instructions_here() >= TG_AVX2) found[n++] = &tg_gemm_avx2;
    if (tg_instructions_here() >= TG_AVX512) found[n++] = &tg_gemm_avx512;
#endif
    return n;
}

#endif
