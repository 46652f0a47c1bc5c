/* The folds of reductions, for any processor. */
#define KERNELS tg_reduce_baseline
#include "reduce_kernels.inc"
