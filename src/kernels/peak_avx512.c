/* The measuring loops, compiled for AVX-512. */
#if defined(__x86_64__)
#define KERNELS tg_peak_avx512
#define VECTOR_BYTES 64
#include "peak_kernels.inc"
#else
typedef int tg_no_peak_avx512; /* a file must not be empty */
#endif
