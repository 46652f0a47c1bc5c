/* The elementwise loops, for any processor. */
#define KERNELS tg_elementwise_baseline
#include "elementwise_kernels.inc"
