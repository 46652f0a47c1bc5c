/* Records of chains, compiled for AVX-512. */
#if defined(__x86_64__)
#define VECTOR_BYTES 64
#define KERNELS tg_chain_avx512
#include "chain_kernels.inc"
#else
typedef int tg_no_chain_avx512; /* a file must not be empty */
#endif
