/* Which library multiplies what, in builds that have one. Arguments are checked here, since a BLAS answers bad ones by
 * printing. */
#include "gemm_library.h"

#include <limits.h>

#include "instructions.h"

/* How a BLAS can read rows by columns of a row-major matrix with these strides: its leading dimension; 0 when it
 * cannot. */
static int64_t leading(int64_t rows, int64_t columns, const int64_t strides[2], int *is_transposed)
{
    int64_t row = strides[0], column = strides[1];
    *is_transposed = 0;
    /* The stride of an axis of size 1 says nothing. */
    if (rows == 1) row = column == 1 ? columns : 1;
    if (columns == 1) column = 1;
    if (column == 1 && row >= columns && row <= INT_MAX) return row;
    *is_transposed = 1;
    return row == 1 && column >= rows && column <= INT_MAX ? column : 0;
}

static int fits(int64_t m, int64_t n, int64_t k, int64_t c_row)
{
    return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && c_row >= n && c_row <= INT_MAX;
}

/* Measured in f32 on a processor with AVX-512, one thread, GFLOP/s of oneDNN 2.6 and the own kernels (bench_gemm): forward
 * 128 x 512 x 784 173 and 151, 256 x 1024 x 1024 170 and 158, its update 179 and 163, its adjoint 170 and 163; 64 x 64 x 784
 * 181 and 175; but 784 x 30 x 10 56 and 87, 10 x 30 x 784 117 and 147. So it is for products whose sizes are all large. */
static int is_for_onednn(size_t item, int64_t m, int64_t n, int64_t k)
{
    return TG_WITH_ONEDNN && item == sizeof(float) && m >= 128 && n >= 128 && k >= 128;
}

/* Measured on a processor with AVX-512, one thread, steps of bench_steps with all products by OpenBLAS 0.3.21 and with the
 * own kernels, beside what is written by hand: f32 1.28 and 0.91, 1.30 and 1.05, 1.20 and 1.02 (W1 to W3), 1.17 and 1.08
 * to 1.15 (W4, sizes of 256 and 1024); f64 1.11 and 0.87, 1.03 and 0.71, 1.01 and 0.96, 1.01 and 1.05 to 1.07. 1000 x 1000 x
 * 1000 in f32: 155 and 139 GFLOP/s. On other processors it has all. */
static int is_for_cblas(size_t item, int64_t m, int64_t n, int64_t k)
{
    const int64_t least = item == sizeof(float) ? 512 : 256;
    return TG_WITH_CBLAS && (tg_instructions_here() != TG_AVX512 || (m >= least && n >= least && k >= least));
}

tg_gemm_library tg_gemm_choose(size_t item, int64_t m, int64_t n, int64_t k, const int64_t a[2],
                               const int64_t b[2], int64_t c_row, tg_blas_layout *layout)
{
    if (!fits(m, n, k, c_row)) return TG_GEMM_OWN;
    layout->lda = leading(m, k, a, &layout->a_transposed);
    layout->ldb = leading(k, n, b, &layout->b_transposed);
    if (layout->lda == 0 || layout->ldb == 0) return TG_GEMM_OWN;
    if (is_for_onednn(item, m, n, k)) return TG_GEMM_ONEDNN;
    return is_for_cblas(item, m, n, k) ? TG_GEMM_CBLAS : TG_GEMM_OWN;
}

void tg_gemm_library_f32(tg_gemm_library library, const tg_blas_layout *layout, const tg_product_f32 *p,
                         float scale, int add)
{
#if TG_WITH_ONEDNN
    if (library == TG_GEMM_ONEDNN) tg_gemm_onednn_f32(layout, p, scale, add);
#endif
#if TG_WITH_CBLAS
    if (library == TG_GEMM_CBLAS) tg_gemm_cblas_f32(layout, p, scale, add);
#endif
}

void tg_gemm_library_f64(tg_gemm_library library, const tg_blas_layout *layout, const tg_product_f64 *p,
                         double scale, int add)
{
#if TG_WITH_CBLAS
    if (library == TG_GEMM_CBLAS) tg_gemm_cblas_f64(layout, p, scale, add);
#else
    (void)library, (void)layout, (void)p, (void)scale, (void)add;
#endif
}
