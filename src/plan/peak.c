/* What the machine does at most. Every thread measures itself while the others do, and the rates are added. */
#include <tapegrad/profile.h>

#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "function.h"
#include "kernels/peak.h"

/* A measurement is the best of so many; ten of products, of about a millisecond on a fast processor, also let it reach
 * the speed that it keeps. */
enum { PRODUCT_ROUNDS = 10, MEMORY_ROUNDS = 3, PRODUCTS = 200000 };
/* Two arrays have together: */
#define MEMORY_BYTES ((size_t)64 << 20)

typedef struct measurement {
    atomic_int *ready; /* how many threads have their memory */
    int threads;
    int failed;
    tg_peak peak; /* of this thread */
} measurement;

static double better(double best, double amount, uint64_t began)
{
    double rate = 1e9 * amount / ((double)(tg_clock_nanoseconds() - began) + 1);
    return rate > best ? rate : best;
}

static void measure_products(tg_peak *peak)
{
    const tg_peak_kernels *kernels = tg_peak_here();
    float f32 = 0.5F;
    double f64 = 0.5;
    for (int i = 0; i < PRODUCT_ROUNDS; i++) {
        uint64_t began = tg_clock_nanoseconds();
        peak->f32_flops = better(peak->f32_flops, kernels->f32(PRODUCTS, &f32), began);
        began = tg_clock_nanoseconds();
        peak->f64_flops = better(peak->f64_flops, kernels->f64(PRODUCTS, &f64), began);
    }
}

static void measure_memory(tg_peak *peak, int64_t n, const float *from, float *to)
{
    const tg_peak_kernels *kernels = tg_peak_here();
    double bytes = (double)n * sizeof(float);
    float sum = 0;
    for (int i = 0; i < MEMORY_ROUNDS; i++) {
        uint64_t began = tg_clock_nanoseconds();
        kernels->copy(n, from, to);
        peak->bandwidth = better(peak->bandwidth, 2 * bytes, began);
        began = tg_clock_nanoseconds();
        sum += kernels->read(n, from);
        peak->bandwidth = better(peak->bandwidth, bytes, began);
    }
    to[0] = sum;
}

/* Without the memory it still says that it is ready, since the others wait for it. */
static void *measure(void *argument)
{
    measurement *m = argument;
    size_t size = MEMORY_BYTES / 2 / (size_t)m->threads;
    size -= size % (TG_PEAK_CHUNK * sizeof(float));
    float *from = tg_aligned_alloc(size), *to = tg_aligned_alloc(size);
    m->failed = from == NULL || to == NULL;
    if (!m->failed) {
        memset(from, 0, size);
        memset(to, 0, size);
    }
    atomic_fetch_add(m->ready, 1);
    while (atomic_load(m->ready) < m->threads) sched_yield();
    if (!m->failed) {
        measure_products(&m->peak);
        measure_memory(&m->peak, (int64_t)(size / sizeof(float)), from, to);
    }
    tg_aligned_free(from);
    tg_aligned_free(to);
    return NULL;
}

tg_status tg_measure_peak(int threads, tg_peak *peak)
{
    if (peak == NULL) return TG_ERR_NULL;
    *peak = (tg_peak){0};
    if (threads < 1 || threads > TG_MAX_THREADS) return TG_ERR_ARGUMENT;
    measurement of[TG_MAX_THREADS];
    pthread_t others[TG_MAX_THREADS];
    atomic_int ready = 0;
    int n = 1, failed = 0;
    for (int i = 0; i < threads; i++) of[i] = (measurement){.ready = &ready, .threads = threads};
    while (n < threads && pthread_create(&others[n], NULL, measure, &of[n]) == 0) n++;
    atomic_fetch_add(&ready, threads - n); /* nobody waits for those that there are not */
    measure(&of[0]);
    for (int i = 1; i < n; i++) pthread_join(others[i], NULL);
    peak->threads = threads;
    for (int i = 0; i < n; i++) {
        failed = failed || of[i].failed;
        peak->f32_flops += of[i].peak.f32_flops;
        peak->f64_flops += of[i].peak.f64_flops;
        peak->bandwidth += of[i].peak.bandwidth;
    }
    return failed || n < threads ? TG_ERR_MEMORY : TG_OK;
}
