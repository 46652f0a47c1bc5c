/* What a shape rule works with. */
#ifndef TG_GRAPH_INFER_H
#define TG_GRAPH_INFER_H

#include "graph.h"

struct tg_infer {
    tg_graph *graph;
    const tg_op *op;
    tg_tensor *const *inputs;
    int n;
    const void *attr;
    tg_type output;
    int given; /* tg_infer_output was called */
};

/* Runs the operation's rule; on failure the graph keeps a message with the inputs' types. */
tg_status tg_infer_run(tg_infer *q);

#endif
