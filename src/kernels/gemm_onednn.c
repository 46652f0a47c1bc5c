/* The matrix product through oneDNN, for builds that have one. oneDNN splits a product over OpenMP's threads; here it
 * gets one, since tapegrad has threads of its own. How many a parallel region takes is a variable of the calling
 * thread in OpenMP, so the rest of the process sees nothing of it. */
#include <oneapi/dnnl/dnnl.h>

#include "gemm_library.h"

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
#include <omp.h>
#elif DNNL_CPU_THREADING_RUNTIME != DNNL_RUNTIME_SEQ
#error                                                                                                       \
    "oneDNN must be built with OpenMP or without threads: other runtimes cannot be held to one thread from here"
#endif

void tg_gemm_onednn_f32(const tg_blas_layout *layout, const tg_product_f32 *p, float scale, int add)
{
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
    const int threads = omp_get_max_threads();
    if (threads != 1) omp_set_num_threads(1);
#endif
    dnnl_sgemm(layout->a_transposed ? 'T' : 'N', layout->b_transposed ? 'T' : 'N', p->m, p->n, p->k, scale,
               p->a.data, layout->lda, p->b.data, layout->ldb, add ? 1.0F : 0.0F, p->c, p->c_row);
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
    if (threads != 1) omp_set_num_threads(threads);
#endif
}
