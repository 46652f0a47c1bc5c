/* Which of the measuring loops runs here. */
#include "peak.h"

#include "instructions.h"

const tg_peak_kernels *tg_peak_here(void)
{
#if defined(__x86_64__)
    switch (tg_instructions_here()) {
    case TG_AVX512:
        return &tg_peak_avx512;
    case TG_AVX2:
        return &tg_peak_avx2;
    default:
        break;
    }
#endif
    return &tg_peak_baseline;
}
