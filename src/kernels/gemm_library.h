/* Matrix products by libraries, in builds that have one: which product goes where. */
#ifndef TG_KERNELS_GEMM_LIBRARY_H
#define TG_KERNELS_GEMM_LIBRARY_H

#include "gemm.h"

typedef enum tg_gemm_library { TG_GEMM_OWN, TG_GEMM_CBLAS, TG_GEMM_ONEDNN } tg_gemm_library;

/* How a BLAS reads A and B: as they are or transposed, with what leading dimensions. */
typedef struct tg_blas_layout {
    int a_transposed, b_transposed;
    int64_t lda, ldb;
} tg_blas_layout;

/* Who should multiply; TG_GEMM_OWN too when strides or sizes are not for a BLAS. m, n and k are at least 1; a and b are
 * strides of rows and columns. */
tg_gemm_library tg_gemm_choose(size_t item, int64_t m, int64_t n, int64_t k, const int64_t a[2],
                               const int64_t b[2], int64_t c_row, tg_blas_layout *layout);

/* C = scale * A B, or C += scale * A B with `add`. */
void tg_gemm_library_f32(tg_gemm_library library, const tg_blas_layout *layout, const tg_product_f32 *p,
                         float scale, int add);
void tg_gemm_library_f64(tg_gemm_library library, const tg_blas_layout *layout, const tg_product_f64 *p,
                         double scale, int add);

void tg_gemm_cblas_f32(const tg_blas_layout *layout, const tg_product_f32 *p, float scale, int add);
void tg_gemm_cblas_f64(const tg_blas_layout *layout, const tg_product_f64 *p, double scale, int add);
void tg_gemm_onednn_f32(const tg_blas_layout *layout, const tg_product_f32 *p, float scale, int add);

#endif
