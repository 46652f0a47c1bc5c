/* Clocks, and the numbers that a list of times is reported by. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "timing.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int pin_process(int n)
{
    int here = sched_getcpu(), taken = 1;
    cpu_set_t allowed, set;
    if (here < 0 || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
    CPU_ZERO(&set);
    CPU_SET((size_t)here, &set);
    for (int cpu = 0; cpu < CPU_SETSIZE && taken < n; cpu++) {
        if (cpu == here || !CPU_ISSET((size_t)cpu, &allowed)) continue;
        CPU_SET((size_t)cpu, &set);
        taken++;
    }
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

int pin_thread(void)
{
    return pin_process(1);
}

void wait_for(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&t, NULL);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *times, int n)
{
    qsort(times, (size_t)n, sizeof *times, compare);
    return (times[(n - 1) / 2] + times[n / 2]) / 2;
}

double least(const double *times, int n)
{
    double best = times[0];
    for (int i = 1; i < n; i++) {
        if (times[i] < best) best = times[i];
    }
    return best;
}
