/* Matrix products behind one interface: C = A B for one pair of matrices, and what is done to C in the same pass. */
#ifndef TG_KERNELS_GEMM_H
#define TG_KERNELS_GEMM_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a row of a band. A matrix lies in bands when so much of every row lies together, row by row, and what follows in
 * the rows is a band of its own: what a tile of a product reads and writes is then one piece of memory. */
#define TG_GEMM_BAND_BYTES 128

static inline int64_t tg_gemm_band_row(size_t item)
{
    return TG_GEMM_BAND_BYTES / (int64_t)item;
}

/* A matrix whose element (i, j) lies at data[i * row + j * column]; strides may be anything, 0 and negative
 * too. band: 0, or it or its transpose lies in bands, so many elements from one to the next. Then the stride along a band
 * is 1, the other one is the elements of a row of a band, and data is where a band begins. */
typedef struct tg_matrix_f32 {
    const float *data;
    int64_t row, column, band;
} tg_matrix_f32;

typedef struct tg_matrix_f64 {
    const double *data;
    int64_t row, column, band;
} tg_matrix_f64;

/* The most steps of k that are summed in one go; where there are more, C holds the sums so far. */
#define TG_GEMM_BLOCK_DEPTH 400

/* The steps of such a block, of k (at least 1): shared out, in whole fours; blocks are even in number, for threads. */
static inline int64_t tg_gemm_depth(int64_t k)
{
    int64_t blocks = (k + TG_GEMM_BLOCK_DEPTH - 1) / TG_GEMM_BLOCK_DEPTH;
    if (blocks > 1) blocks += blocks % 2;
    return ((k + blocks - 1) / blocks + 3) / 4 * 4;
}

/* What becomes of the sums: C = start + scale * A B, rounded twice. After that, with is_relu, what is negative becomes 0;
 * and with a mask, what has no positive number there becomes 0. start and mask are NULL, or matrices whose columns lie
 * side by side, and their rows at any distance, 0 too. start may be C itself, element by element, if k is at most
 * TG_GEMM_BLOCK_DEPTH; otherwise C overlaps nothing. */
typedef struct tg_epilogue_f32 {
    float scale;
    int is_relu;
    const float *start, *mask;
    int64_t start_row, mask_row;
} tg_epilogue_f32;

typedef struct tg_epilogue_f64 {
    double scale;
    int is_relu;
    const double *start, *mask;
    int64_t start_row, mask_row;
} tg_epilogue_f64;

/* A product of a[m, k] and b[k, n]. Element (i, j) of C is c[i * c_row + j], or C lies in bands, c_band being as in a
 * matrix; then a start that is C itself does so too. a lies in no bands, and where something does, m, n and
 * k are at least 1. end: NULL for C = A B. */
typedef struct tg_product_f32 {
    int64_t m, n, k;
    tg_matrix_f32 a, b;
    float *c;
    int64_t c_row;
    const tg_epilogue_f32 *end;
    int64_t c_band;
} tg_product_f32;

typedef struct tg_product_f64 {
    int64_t m, n, k;
    tg_matrix_f64 a, b;
    double *c;
    int64_t c_row;
    const tg_epilogue_f64 *end;
    int64_t c_band;
} tg_product_f64;

/* k = 0 gives sums of 0. scratch has tg_gemm_scratch bytes, 64-byte aligned. They neither allocate nor fail nor keep
 * state. An element of C has the same bits whatever other rows are computed with it, and whatever other columns if
 * n > 1, unless CBLAS or oneDNN computes it. */
void tg_gemm_f32(const tg_product_f32 *p, void *scratch);
void tg_gemm_f64(const tg_product_f64 *p, void *scratch);

/* C of p from the sums of each of its blocks of depth, computed apart: n_blocks matrices of m by n, row by row, one after
 * the other. C gets the bits that it has when p is computed at once. Of p, k, a and b are not looked at. */
void tg_gemm_join_f32(const tg_product_f32 *p, int64_t n_blocks, const float *sums);
void tg_gemm_join_f64(const tg_product_f64 *p, int64_t n_blocks, const double *sums);

/* item: sizeof(float) or sizeof(double). Enough for products of fewer rows or columns too, with the same k. */
size_t tg_gemm_scratch(size_t item, int64_t m, int64_t n, int64_t k);

/* 1 when B pays in bands, in a product of m rows, where a row of it takes so many bytes otherwise. */
int tg_gemm_wants_bands(int64_t m, int64_t row_bytes);

/* What computes: "own", or the names of the libraries that some shapes go to. */
const char *tg_gemm_name(void);

#endif
