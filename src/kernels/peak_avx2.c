/* The measuring loops, compiled for AVX2. */
#if defined(__x86_64__)
#define KERNELS tg_peak_avx2
#define VECTOR_BYTES 32
#include "peak_kernels.inc"
#else
typedef int tg_no_peak_avx2; /* a file must not be empty */
#endif
