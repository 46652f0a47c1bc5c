/* The folds of reductions, compiled for AVX2 with FMA. */
#if defined(__x86_64__)
#define KERNELS tg_reduce_avx2
#include "reduce_kernels.inc"
#else
typedef int tg_no_reduce_avx2; /* a file must not be empty */
#endif
