/* The folds that look for the largest and the smallest, and where it is. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "reduce.h"
#include "reduce_fold.h"
#include "walk.h"

#define ORDER(name) f32_##name
#define element float
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define MEMBER f32
#define is_nan(x) ((x) != (x))
#include "reduce_order.inc"

#define ORDER(name) f64_##name
#define element double
#define LOWEST (double)-INFINITY
#define HIGHEST (double)INFINITY
#define MEMBER f64
#define is_nan(x) ((x) != (x))
#include "reduce_order.inc"

#define ORDER(name) i64_##name
#define element int64_t
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define MEMBER i64
#define is_nan(x) 0
#include "reduce_order.inc"

#define ORDER(name) bool_##name
#define element unsigned char
#define LOWEST 0
#define HIGHEST 1
#define MEMBER boolean
#define is_nan(x) 0
#include "reduce_order.inc"

const tg_fold *const tg_fold_max[4] = {
    [TG_F32] = &f32_max_fold,
    [TG_F64] = &f64_max_fold,
    [TG_I64] = &i64_max_fold,
    [TG_BOOL] = &bool_max_fold,
};

const tg_fold *const tg_fold_min[4] = {
    [TG_F32] = &f32_min_fold,
    [TG_F64] = &f64_min_fold,
    [TG_I64] = &i64_min_fold,
    [TG_BOOL] = &bool_min_fold,
};

typedef int64_t (*first_fn)(int64_t n, const void *x, int64_t stride, int least);

static const first_fn first[4] = {
    [TG_F32] = f32_first,
    [TG_F64] = f64_first,
    [TG_I64] = i64_first,
    [TG_BOOL] = bool_first,
};

void tg_reduce_arg(const tg_reduction *kept, int64_t n, int64_t stride, int least, tg_dtype dtype,
                   const void *in, int64_t *out)
{
    const int64_t item = (int64_t)tg_dtype_size(dtype);
    const int64_t outputs = tg_walk_count(kept->kept, kept->kept_size);
    tg_walk w;
    tg_walk_start(&w, kept->kept, kept->kept_size, kept->kept_stride);
    for (int64_t i = 0; i < outputs; i++, tg_walk_next(&w)) {
        out[i] = first[dtype](n, (const char *)in + w.offset * item, stride, least);
    }
}
