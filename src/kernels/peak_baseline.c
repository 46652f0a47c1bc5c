/* The measuring loops, for any processor. */
#define KERNELS tg_peak_baseline
#define VECTOR_BYTES 16
#include "peak_kernels.inc"
