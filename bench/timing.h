/* Clocks, and the numbers that a list of times is reported by. */
#ifndef TG_BENCH_TIMING_H
#define TG_BENCH_TIMING_H

/* Seconds since some moment. */
double now(void);

/* Keeps the calling thread on one processor, the one it is on; 0 when the system does not allow it. */
int pin_thread(void);

/* median sorts the list. */
double median(double *times, int n);
double least(const double *times, int n);

#endif
