/* What compilers have to be told before they make vectors of a loop. */
#ifndef TG_KERNELS_INDEPENDENT_H
#define TG_KERNELS_INDEPENDENT_H

/* An output may be an input's memory (the same element at the same time). */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

/* gcc would unroll a loop over lanes before it looks for vectors, and then miss choices such as those of max and min. */
#if defined(__GNUC__) && !defined(__clang__)
#define KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define KEEP_LOOP
#endif

/* A loop with a call in it stays as it is, and compilers stop putting functions into loops when a file grows. */
#if defined(__GNUC__)
#define ALWAYS_INLINE __attribute__((always_inline))
#else
#define ALWAYS_INLINE
#endif

#endif
