/* Clocks, and the numbers that a list of times is reported by. */
#ifndef TG_BENCH_TIMING_H
#define TG_BENCH_TIMING_H

/* Seconds since some moment. */
double now(void);

/* Keeps the calling thread on one processor, the one it is on; 0 when the system does not allow it. */
int pin_thread(void);

/* Keeps the process on n of the processors that it may use, its own among them; one that it has no more of is left out.
 * Threads that are made later inherit that. */
int pin_process(int n);

/* Sleeps. */
void wait_for(double seconds);

/* median sorts the list. */
double median(double *times, int n);
double least(const double *times, int n);

#endif
