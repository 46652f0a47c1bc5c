/* Shapes, for the library's own use. */
#ifndef TG_GRAPH_TYPE_H
#define TG_GRAPH_TYPE_H

#include <tapegrad/array.h>

int64_t tg_shape_count(int rank, const int64_t *shape);
/* Nodes share their shapes, so that most of them are told to be equal by their address. */
static inline int tg_shape_equal(int rank_a, const int64_t *a, int rank_b, const int64_t *b)
{
    if (rank_a != rank_b) return 0;
    if (a == b) return 1;
    int i = 0;
    while (i < rank_a && a[i] == b[i]) i++;
    return i == rank_a;
}
int tg_type_equal(const tg_type *a, const tg_type *b);
/* Row-major strides in elements; axes of size 0 count as 1 so that strides are never 0. */
void tg_strides(int rank, const int64_t *shape, int64_t *strides);

/* The shape that shape a and *shape broadcast to, as NumPy does it, in *rank and shape; 0 when they do not. */
int tg_shape_broadcast(int rank_a, const int64_t *a, int *rank, int64_t *shape);

#endif
