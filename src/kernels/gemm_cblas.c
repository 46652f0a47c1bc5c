/* The matrix product through CBLAS, for builds that have one. How many threads it uses is the process's affair. */
#include <cblas.h>

#include "gemm_library.h"

static CBLAS_TRANSPOSE transposed(int is_transposed)
{
    return is_transposed ? CblasTrans : CblasNoTrans;
}

void tg_gemm_cblas_f32(const tg_blas_layout *layout, const tg_product_f32 *p, float scale, int add)
{
    cblas_sgemm(CblasRowMajor, transposed(layout->a_transposed), transposed(layout->b_transposed), (int)p->m,
                (int)p->n, (int)p->k, scale, p->a.data, (int)layout->lda, p->b.data, (int)layout->ldb,
                add ? 1.0F : 0.0F, p->c, (int)p->c_row);
}

void tg_gemm_cblas_f64(const tg_blas_layout *layout, const tg_product_f64 *p, double scale, int add)
{
    cblas_dgemm(CblasRowMajor, transposed(layout->a_transposed), transposed(layout->b_transposed), (int)p->m,
                (int)p->n, (int)p->k, scale, p->a.data, (int)layout->lda, p->b.data, (int)layout->ldb,
                add ? 1.0 : 0.0, p->c, (int)p->c_row);
}
