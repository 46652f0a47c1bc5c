/* Matrix products behind one interface: C = A B for one pair of matrices. */
#ifndef TG_KERNELS_GEMM_H
#define TG_KERNELS_GEMM_H

#include <stddef.h>
#include <stdint.h>

/* A matrix whose element (i, j) lies at data[i * row + j * column]; strides may be anything, 0 and negative
 * too. */
typedef struct tg_matrix_f32 {
    const float *data;
    int64_t row, column;
} tg_matrix_f32;

typedef struct tg_matrix_f64 {
    const double *data;
    int64_t row, column;
} tg_matrix_f64;

/* c[m, n] = a[m, k] b[k, n]; c is row-major and overlaps neither. k = 0 gives zeros. scratch has
 * tg_gemm_scratch bytes, 64-byte aligned. They neither allocate nor fail nor keep state. */
void tg_gemm_f32(int64_t m, int64_t n, int64_t k, tg_matrix_f32 a, tg_matrix_f32 b, float *c, void *scratch);
void tg_gemm_f64(int64_t m, int64_t n, int64_t k, tg_matrix_f64 a, tg_matrix_f64 b, double *c, void *scratch);

/* item: sizeof(float) or sizeof(double). */
size_t tg_gemm_scratch(size_t item, int64_t m, int64_t n, int64_t k);

/* What computes: "own" or the CBLAS library's name. */
const char *tg_gemm_name(void);

#endif
