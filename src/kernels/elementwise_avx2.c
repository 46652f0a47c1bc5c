/* The elementwise loops, compiled for AVX2 with FMA. */
#if defined(__x86_64__)
#define KERNELS tg_elementwise_avx2
#include "elementwise_kernels.inc"
#else
typedef int tg_no_elementwise_avx2; /* a file must not be empty */
#endif
