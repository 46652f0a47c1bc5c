/* Where the largest or the smallest element is. */
#include <stdint.h>

#include "reduce.h"
#include "walk.h"

#define FIRST f32_first
#define element float
#define is_nan(x) ((x) != (x))
#include "reduce_arg.inc"

#define FIRST f64_first
#define element double
#define is_nan(x) ((x) != (x))
#include "reduce_arg.inc"

#define FIRST i64_first
#define element int64_t
#define is_nan(x) 0
#include "reduce_arg.inc"

#define FIRST bool_first
#define element unsigned char
#define is_nan(x) 0
#include "reduce_arg.inc"

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
