/* What this processor can multiply and add at most, on one thread. */
#ifndef TG_BENCH_PEAK_H
#define TG_BENCH_PEAK_H

/* Operations a nanosecond, measured now, in about a millisecond. */
double peak_f32(void);
double peak_f64(void);

#endif
