/* What this processor can multiply and add at most, on one thread: many sums in registers, none of which waits for
 * another. Compiled for this processor's instructions. */
#include "peak.h"

#include "timing.h"

#if defined(__AVX512F__)
enum { VECTOR = 64, SUMS = 24 };
#elif defined(__AVX__)
enum { VECTOR = 32, SUMS = 12 };
#else
enum { VECTOR = 16, SUMS = 8 };
#endif
enum { REPEATS = 50000 };

typedef float f32_vector __attribute__((vector_size(VECTOR)));
typedef double f64_vector __attribute__((vector_size(VECTOR)));

double peak_f32(void)
{
    static volatile float seed = 0.5F, sink;
    f32_vector sum[SUMS], x = (f32_vector){0} + seed;
    for (int i = 0; i < SUMS; i++) sum[i] = x * (float)i;
    double begin = now();
    for (int r = 0; r < REPEATS; r++) {
#pragma GCC unroll 24
        for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * x + x;
    }
    double time = now() - begin;
    for (int i = 1; i < SUMS; i++) sum[0] += sum[i];
    sink = sum[0][0];
    (void)sink;
    return 2e-9 * REPEATS * SUMS * (VECTOR / sizeof(float)) / time;
}

double peak_f64(void)
{
    static volatile double seed = 0.5, sink;
    f64_vector sum[SUMS], x = (f64_vector){0} + seed;
    for (int i = 0; i < SUMS; i++) sum[i] = x * (double)i;
    double begin = now();
    for (int r = 0; r < REPEATS; r++) {
#pragma GCC unroll 24
        for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * x + x;
    }
    double time = now() - begin;
    for (int i = 1; i < SUMS; i++) sum[0] += sum[i];
    sink = sum[0][0];
    (void)sink;
    return 2e-9 * REPEATS * SUMS * (VECTOR / sizeof(double)) / time;
}
