/* Records of chains, compiled for AVX2. */
#if defined(__x86_64__)
#define VECTOR_BYTES 32
#define KERNELS tg_chain_avx2
#include "chain_kernels.inc"
#else
typedef int tg_no_chain_avx2; /* a file must not be empty */
#endif
