/* Which kernels of chains there are. */
#include "chain.h"

#include <stddef.h>

#if defined(__x86_64__)
extern const tg_chain_kernels *const tg_chain_avx2[2], *const tg_chain_avx512[2];
#endif

const tg_chain_kernels *tg_chain_for(tg_instructions set, tg_dtype dtype)
{
    if (dtype != TG_F32 && dtype != TG_F64) return NULL;
#if defined(__x86_64__)
    if (set == TG_AVX512) return tg_chain_avx512[dtype];
    if (set == TG_AVX2) return tg_chain_avx2[dtype];
#endif
    (void)set;
    return NULL;
}
