/* Which kernels for small arrays run here. */
#include "small.h"

#include <stddef.h>

#if defined(__x86_64__)
extern const tg_small_kernels *const tg_small_avx512[2];
#endif

const tg_small_kernels *tg_small_kernels_for(tg_dtype dtype)
{
#if defined(__x86_64__)
    if (tg_instructions_here() == TG_AVX512 && (dtype == TG_F32 || dtype == TG_F64))
        return tg_small_avx512[dtype];
#endif
    (void)dtype;
    return NULL;
}
