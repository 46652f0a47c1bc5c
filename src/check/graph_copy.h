/* A part of a tape recorded again in a graph of its own, in f64 (or in f32, to see what that does). */
#ifndef TG_CHECK_GRAPH_COPY_H
#define TG_CHECK_GRAPH_COPY_H

#include <tapegrad/function.h>
#include <tapegrad/ops.h>

#include "drawing.h"

/* stop_gradient nodes are held constant where `hold` is set: each becomes an input, whose value is that of `source`
 * at x. */
typedef struct tg_held {
    tg_tensor *input, *source;
} tg_held;

typedef struct tg_graph_copy {
    tg_graph *g;
    tg_dtype floating; /* what every floating tensor is here */
    tg_tensor **map;   /* from ids of the original to tensors here; NULL where not copied */
    tg_tensor **xs;    /* the inputs that stand for the xs */
    int n_xs;
    tg_held *held;
    int n_held;
    int n_names;
} tg_graph_copy;

/* Records again what the ys depend on, with an input in the place of each x. 0 when that fails: the copy's graph has
 * the error, or is NULL when memory ran out. Free it in any case. */
int tg_graph_copy_make(tg_graph_copy *c, tg_tensor *const *ys, int m, tg_tensor *const *xs, int n, int hold,
                       const tg_drawing *drawing, tg_dtype floating);
void tg_graph_copy_free(tg_graph_copy *c);

/* Registers in `to` the operations that `from` has and the library has not, so that rules find them by name. 0 with
 * an error of `to`. */
int tg_graph_copy_operations(tg_graph *to, const tg_graph *from);

/* A new floating input of the copy with a name that nothing else has. */
tg_tensor *tg_graph_copy_input(tg_graph_copy *c, int rank, const int64_t *shape);

/* Sets the values of the xs (one after another in x) and of what is held, in f64. 0 with the copy's error. */
int tg_graph_copy_set(tg_graph_copy *c, const double *x);

#endif
