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
    tg_type output; /* not set before it is given */
    int given;      /* tg_infer_output or tg_infer_like_first was called */
    int like_first; /* the last of them was tg_infer_like_first */
};

static inline void tg_infer_start(tg_infer *q, tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n,
                                  const void *attr)
{
    q->graph = g;
    q->op = op;
    q->inputs = inputs;
    q->n = n;
    q->attr = attr;
    q->given = 0;
    q->like_first = 0;
}

/* tg_infer_output with the first input's shape, and elements that are no larger than its own: nothing can be wrong
 * with that. */
static inline tg_status tg_infer_like_first(tg_infer *q, tg_dtype dtype)
{
    const tg_tensor *first = q->inputs[0];
    q->output.dtype = dtype;
    q->output.rank = first->rank;
    for (int i = 0; i < first->rank; i++) q->output.shape[i] = first->shape[i];
    q->given = 1;
    q->like_first = 1;
    return TG_OK;
}

/* What is wrong after the operation's rule returned `status` or gave no result; the graph keeps a message with the
 * inputs' types. */
tg_status tg_infer_failed(tg_infer *q, tg_status status);

/* What is wrong, kept before by something that a composed operation is made of, as that operation's: with its name and its
 * inputs, which are what the caller knows. */
void tg_compose_failed(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n);

/* Runs the operation's rule. */
static inline tg_status tg_infer_run(tg_infer *q)
{
    tg_status status = q->op->infer(q);
    return status == TG_OK && q->given ? TG_OK : tg_infer_failed(q, status);
}

#endif
