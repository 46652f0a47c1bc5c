/* Reductions and scans over strided arrays. */
#ifndef TG_KERNELS_REDUCE_H
#define TG_KERNELS_REDUCE_H

#include <tapegrad/op.h>

/* An array as axes that stay and axes that are reduced, each with size and stride in elements. Sizes of 1 are
 * left out and neighbours that can be walked in one stride are merged. The result is the kept axes in
 * row-major order. */
typedef struct tg_reduction {
    int kept, reduced;
    int64_t kept_size[TG_MAX_RANK], kept_stride[TG_MAX_RANK];
    int64_t reduced_size[TG_MAX_RANK], reduced_stride[TG_MAX_RANK];
} tg_reduction;

/* is_reduced[i] tells whether axis i of in goes. */
void tg_reduction_plan(const tg_view *in, const unsigned char *is_reduced, tg_reduction *plan);

/* f32 sums in f64, f64 sums with a compensated total, i64 sums wrapping around: the error of a sum does not
 * grow with its length, and does not depend on how the array lies in memory beyond the order of its axes. */
void tg_reduce_sum(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out);
#define TG_SUM_SMALL 128
/* The same over the axes whose bits are set, for up to TG_SUM_SMALL f32; 0 when there are more, and nothing was done. */
int tg_sum_small(const tg_view *in, unsigned axes, void *out);
/* NaN where any element is. There must be at least one element. */
void tg_reduce_max(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out);
void tg_reduce_min(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out);

/* The position of the first largest (smallest: least nonzero) element along the only reduced axis, which is
 * not left out when its size is 1; a NaN is both. n is the axis's size and stride its stride. */
void tg_reduce_arg(const tg_reduction *kept, int64_t n, int64_t stride, int least, tg_dtype dtype,
                   const void *in, int64_t *out);

/* Running sums along axis `axis` of in (f32, f64 or i64), from its end when reverse is nonzero; out is
 * row-major with in's shape. f32 runs in f64, f64 with compensation. */
void tg_scan_sum(const tg_view *in, int axis, int reverse, void *out);

#endif
