/* The elementwise loops, compiled for AVX-512. */
#if defined(__x86_64__)
#define KERNELS tg_elementwise_avx512
#include "elementwise_kernels.inc"
#else
typedef int tg_no_elementwise_avx512; /* a file must not be empty */
#endif
