/* What measures a processor and its memory: loops that do nothing else than products and sums, or reading and copying,
 * compiled for every instruction set. */
#ifndef TG_KERNELS_PEAK_H
#define TG_KERNELS_PEAK_H

#include <stdint.h>

/* Products that are added to sums in registers: *sum takes the total, so that no compiler leaves them out. The result is
 * how many floating-point operations there were. */
typedef struct tg_peak_kernels {
    double (*f32)(int64_t rounds, float *sum);
    double (*f64)(int64_t rounds, double *sum);
    /* n is a multiple of TG_PEAK_CHUNK. */
    float (*read)(int64_t n, const float *from);
    void (*copy)(int64_t n, const float *from, float *to);
} tg_peak_kernels;

#define TG_PEAK_CHUNK 1024

extern const tg_peak_kernels tg_peak_baseline;
#if defined(__x86_64__)
extern const tg_peak_kernels tg_peak_avx2, tg_peak_avx512;
#endif

/* Those for the widest instructions that run here. */
const tg_peak_kernels *tg_peak_here(void);

#endif
