/* A fold: how one kind of reduction (sum, max, min) goes over elements of one type. reduce.c walks the array
 * and calls the folds, which reduce_kernels.inc makes for every instruction set of the loops in reduce_fold.inc. */
#ifndef TG_KERNELS_REDUCE_FOLD_H
#define TG_KERNELS_REDUCE_FOLD_H

#include <tapegrad/op.h>

#include "instructions.h"

#define TG_FOLD_TOTALS 256
/* Totals that share a run of elements: element i belongs to the total i mod lanes. Floats that are added up as doubles
 * have more, so that an addition need not wait for the one before. */
#define TG_FOLD_LANES 16
#define TG_FOLD_LANES_F32 32

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
    int64_t lanes;
    /* The totals of nothing, for the first n. */
    void (*start)(tg_totals *t, int64_t n);
    /* Total i takes x[i * stride], for i < n <= TG_FOLD_TOTALS, and so in so many rows. */
    void (*across)(tg_totals *t, int64_t n, const void *x, int64_t stride, int64_t rows, int64_t row_stride);
    /* The first `lanes` totals share x[0], x[stride], …, n elements. */
    void (*along)(tg_totals *t, int64_t n, const void *x, int64_t stride);
    /* Total 0 takes the other lanes. */
    void (*join)(tg_totals *t);
    /* Writes the first n totals as elements. */
    void (*finish)(const tg_totals *t, int64_t n, void *out);
} tg_fold;

/* The folds compiled for one instruction set, by tg_dtype. There is no sum of bool. */
typedef struct tg_reduce_kernels {
    const tg_fold *sum[4], *max[4], *min[4];
} tg_reduce_kernels;

/* NULL where this build has none for that set. The caller sees to it that the processor has it. */
const tg_reduce_kernels *tg_reduce_for(tg_instructions set);

#endif
