/* A fold: how one kind of reduction (sum, max, min) goes over elements of one type. reduce.c walks the array
 * and calls the folds of reduce_sum.c and reduce_order.c, whose loops stand in reduce_fold.inc. */
#ifndef TG_KERNELS_REDUCE_FOLD_H
#define TG_KERNELS_REDUCE_FOLD_H

#include <tapegrad/op.h>

#define TG_FOLD_TOTALS 256
#define TG_FOLD_LANES 16

/* Running totals, and what rounding has taken from each. */
typedef struct tg_totals {
    union {
        double f64[TG_FOLD_TOTALS];
        float f32[TG_FOLD_TOTALS];
        int64_t i64[TG_FOLD_TOTALS];
        uint64_t u64[TG_FOLD_TOTALS];
        unsigned char boolean[TG_FOLD_TOTALS];
    } of;
    double lost[TG_FOLD_TOTALS];
} tg_totals;

typedef struct tg_fold {
    /* The totals of nothing, for the first n. */
    void (*start)(tg_totals *t, int64_t n);
    /* Total i takes x[i * stride], for i < n <= TG_FOLD_TOTALS. */
    void (*across)(tg_totals *t, int64_t n, const void *x, int64_t stride);
    /* The first TG_FOLD_LANES totals share x[0], x[stride], …, n elements. */
    void (*along)(tg_totals *t, int64_t n, const void *x, int64_t stride);
    /* Total 0 takes the other lanes. */
    void (*join)(tg_totals *t);
    /* Writes the first n totals as elements. */
    void (*finish)(const tg_totals *t, int64_t n, void *out);
} tg_fold;

/* By tg_dtype. There is no sum of bool. */
extern const tg_fold *const tg_fold_sum[4], *const tg_fold_max[4], *const tg_fold_min[4];

#endif
