/* The folds of reductions, compiled for AVX-512. */
#if defined(__x86_64__)
#define KERNELS tg_reduce_avx512
#include "reduce_kernels.inc"
#else
typedef int tg_no_reduce_avx512; /* a file must not be empty */
#endif
