/* Where a compiled function spends its time, kernel by kernel, and what the machine could do at most.
 *
 *     tg_profile_start(f);
 *     for (int i = 0; i < 1000; i++) tg_run(f);
 *     tg_profile_stop(f);
 *     for (int64_t i = 0; i < tg_stats(f).steps; i++) {
 *         tg_step_info step = tg_step_at(f, i);
 *         double seconds = tg_profile_step(f, i).seconds, flops = step.flops * 1000;
 *         printf("%-12s %8.3f ms %8.2f GFLOP/s\n", step.op, 1e3 * seconds, 1e-9 * flops / seconds);
 *     }
 *
 * A function that is not profiled pays for this with a comparison for every run and every block of rows. */
#ifndef TAPEGRAD_PROFILE_H
#define TAPEGRAD_PROFILE_H

#include <tapegrad/function.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Time per kernel ---------------------------------------------------------------------------------- */

/* Times every kernel call of f's runs from now on, counting from zero; nothing is allocated while f runs. Not while f
 * runs; a fork of f begins without. Errors: NULL, MEMORY (tg_function_error has the message). */
TG_API tg_status tg_profile_start(tg_function *f);
/* Runs are no longer timed; what was counted stays until the next start or the function's end. */
TG_API void tg_profile_stop(tg_function *f);

/* One step of the plan (see tg_step_at). With threads, seconds are the sum over them, so that flops over seconds is
 * what one thread reaches. The time of reading the clock is taken off; what is left of kernels that take less than
 * some 50 ns is still too long, since work overlaps less with a clock between. */
typedef struct tg_step_profile {
    int64_t calls; /* of the kernel: one for every block of rows */
    double seconds;
} tg_step_profile;

/* Zeroes when there is no such step or f was never profiled. */
TG_API tg_step_profile tg_profile_step(const tg_function *f, int64_t i);

/* The runs since the start, those that failed among them. What is neither in kernels nor clock is moving from block to
 * block, waiting for threads, and copying updates that could not be computed in place. */
typedef struct tg_profile_total {
    int64_t runs;
    int threads;
    double seconds;        /* from the call of tg_run to its return */
    double kernel_seconds; /* of all steps, summed over threads */
    double clock_seconds;  /* about what the profile itself took, summed over threads */
} tg_profile_total;

TG_API tg_profile_total tg_profile_sum(const tg_function *f);

/* The input, param or state that the i-th step reads as that input or, for input = n_inputs, writes its result into; NULL
 * where that is none. */
TG_API const tg_tensor *tg_step_tensor(const tg_function *f, int64_t i, int input);

/* ---- The machine -------------------------------------------------------------------------------------- */

/* What this machine does at most with the instructions that the library uses on it, of all threads together. */
typedef struct tg_peak {
    int threads;
    double f32_flops, f64_flops; /* a second: products added to sums that stay in registers, two each */
    /* Bytes a second read, or read and written, in arrays that are 64 MiB together: those of memory, or of the last
     * cache where that is as large. */
    double bandwidth;
} tg_peak;

/* Measures for some 50 ms on that many threads at once, which should be processors that have nothing else to do. Errors:
 * NULL, ARGUMENT (threads are not 1 to TG_MAX_THREADS), MEMORY (also where the system gives no thread). */
TG_API tg_status tg_measure_peak(int threads, tg_peak *peak);

#ifdef __cplusplus
}
#endif

#endif
