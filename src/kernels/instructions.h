/* The instruction sets that kernels are compiled for, and which of them this processor has. */
#ifndef TG_KERNELS_INSTRUCTIONS_H
#define TG_KERNELS_INSTRUCTIONS_H

typedef enum tg_instructions { TG_BASELINE, TG_AVX2, TG_AVX512, TG_INSTRUCTION_SETS } tg_instructions;

/* The widest that runs here. It costs a few loads: the answer was found when the program started. */
static inline tg_instructions tg_instructions_here(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
        return wide ? TG_AVX512 : TG_AVX2;
    }
#endif
    return TG_BASELINE;
}

static inline const char *tg_instructions_name(tg_instructions set)
{
#if defined(__x86_64__)
    static const char *const names[] = {"x86-64", "avx2", "avx512"};
    return names[set];
#else
    (void)set;
    return "portable";
#endif
}

#endif
