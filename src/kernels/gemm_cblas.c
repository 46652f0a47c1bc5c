/* The matrix product through CBLAS, for builds that have one. Arguments are checked before the call, since a
 * BLAS answers bad ones by printing. How many threads it uses is the process's affair. */
#include "gemm_own.h"

#include <cblas.h>
#include <limits.h>

/* How CBLAS can read rows by columns of a row-major matrix with these strides: as it is or transposed, with
 * what leading dimension; 0 when it cannot. */
static int blas_layout(int64_t rows, int64_t columns, int64_t row, int64_t column, CBLAS_TRANSPOSE *transpose)
{
    *transpose = CblasNoTrans;
    /* The stride of an axis of size 1 says nothing. */
    if (rows == 1) row = column == 1 ? columns : 1;
    if (columns == 1) column = 1;
    if (column == 1 && row >= columns && row <= INT_MAX) {
        return (int)row;
    }
    if (row == 1 && column >= rows && column <= INT_MAX) {
        *transpose = CblasTrans;
        return (int)column;
    }
    return 0;
}

static int sizes_fit(int64_t m, int64_t n, int64_t k)
{
    return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX;
}

int tg_gemm_cblas_f32(int64_t m, int64_t n, int64_t k, tg_matrix_f32 a, tg_matrix_f32 b, float *c)
{
    CBLAS_TRANSPOSE ta, tb;
    if (!sizes_fit(m, n, k)) return 0;
    int lda = blas_layout(m, k, a.row, a.column, &ta), ldb = blas_layout(k, n, b.row, b.column, &tb);
    if (lda == 0 || ldb == 0) return 0;
    cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0F, a.data, lda, b.data, ldb, 0.0F, c,
                (int)n);
    return 1;
}

int tg_gemm_cblas_f64(int64_t m, int64_t n, int64_t k, tg_matrix_f64 a, tg_matrix_f64 b, double *c)
{
    CBLAS_TRANSPOSE ta, tb;
    if (!sizes_fit(m, n, k)) return 0;
    int lda = blas_layout(m, k, a.row, a.column, &ta), ldb = blas_layout(k, n, b.row, b.column, &tb);
    if (lda == 0 || ldb == 0) return 0;
    cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, 1.0, a.data, lda, b.data, ldb, 0.0, c, (int)n);
    return 1;
}
