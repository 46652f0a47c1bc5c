/* Walking the axes of a strided array in row-major order, one element offset at a time. */
#ifndef TG_KERNELS_WALK_H
#define TG_KERNELS_WALK_H

#include <tapegrad/op.h>

typedef struct tg_walk {
    int rank;
    const int64_t *size, *stride;
    int64_t index[TG_MAX_RANK];
    int64_t offset; /* of the element it stands at, in elements */
} tg_walk;

static inline void tg_walk_start(tg_walk *w, int rank, const int64_t *size, const int64_t *stride)
{
    w->rank = rank;
    w->size = size;
    w->stride = stride;
    w->offset = 0;
    for (int i = 0; i < rank; i++) w->index[i] = 0;
}

/* After the last element it stands at the first again. */
static inline void tg_walk_next(tg_walk *w)
{
    for (int i = w->rank - 1; i >= 0; i--) {
        w->offset += w->stride[i];
        if (++w->index[i] < w->size[i]) return;
        w->offset -= w->index[i] * w->stride[i];
        w->index[i] = 0;
    }
}

/* How many elements axes of these sizes have. The sizes beside a 0 may be too large to multiply. */
static inline int64_t tg_walk_count(int rank, const int64_t *size)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++) {
        if (size[i] == 0) return 0;
    }
    for (int i = 0; i < rank; i++) count *= size[i];
    return count;
}

#endif
