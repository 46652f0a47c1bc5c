/* Copies of strided arrays. */
#include "copy.h"

#include <string.h>

/* n elements with a stride to n elements with another. */
static void copy_run(size_t item, int64_t n, const char *from, int64_t from_stride, char *to,
                     int64_t to_stride)
{
    if (from_stride == 1 && to_stride == 1) {
        memcpy(to, from, (size_t)n * item);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * to_stride * (int64_t)item, from + i * from_stride * (int64_t)item, item);
}

static void copy_strided(int rank, const int64_t *shape, size_t item, const char *from,
                         const int64_t *from_strides, char *to, const int64_t *to_strides)
{
    for (int i = 0; i < rank; i++)
        if (shape[i] == 0) return;
    int last = rank - 1;
    int64_t n = rank == 0 ? 1 : shape[last], index[TG_MAX_RANK] = {0}, size = (int64_t)item;
    int64_t from_stride = rank == 0 ? 1 : from_strides[last], to_stride = rank == 0 ? 1 : to_strides[last];
    for (;;) {
        copy_run(item, n, from, from_stride, to, to_stride);
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            from += from_strides[axis] * size;
            to += to_strides[axis] * size;
            if (++index[axis] < shape[axis]) break;
            from -= from_strides[axis] * size * shape[axis];
            to -= to_strides[axis] * size * shape[axis];
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}

static void row_major(int rank, const int64_t *shape, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= shape[i];
    }
}

void tg_copy(const tg_view *in, void *out)
{
    int64_t strides[TG_MAX_RANK];
    row_major(in->rank, in->shape, strides);
    copy_strided(in->rank, in->shape, tg_dtype_size(in->dtype), in->data, in->strides, out, strides);
}

tg_status tg_copy_kernel(const tg_kernel_call *call)
{
    tg_copy(&call->in[0], call->out.data);
    return TG_OK;
}

void tg_copy_into(int rank, const int64_t *shape, size_t item, const void *in, void *out,
                  const int64_t *strides)
{
    int64_t from[TG_MAX_RANK];
    row_major(rank, shape, from);
    copy_strided(rank, shape, item, in, from, out, strides);
}
