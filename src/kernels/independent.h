/* An output may be an input's memory (the same element at the same time), which the compiler has to be told before
 * it makes vectors of a loop. */
#ifndef TG_KERNELS_INDEPENDENT_H
#define TG_KERNELS_INDEPENDENT_H

#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

#endif
