/* The part of the tape between some tensors and what they depend on. */
#include <stdlib.h>
#include <string.h>

#include "rule.h"

static void bounds(tg_span *span, tg_tensor *const *ys, int m, tg_tensor *const *xs, int n)
{
    span->low = INT64_MAX;
    span->high = -1;
    for (int i = 0; i < n; i++)
        if (xs[i]->id < span->low) span->low = xs[i]->id;
    for (int i = 0; i < m; i++)
        if (ys[i]->id > span->high) span->high = ys[i]->id;
    if (span->low > span->high) span->low = span->high + 1; /* every y is older than every x: nothing */
}

/* Nodes are in topological order, so one sweep down and one sweep up reach everything. */
static void mark_above(tg_span *span, const tg_graph *g, tg_tensor *const *ys, int m)
{
    for (int i = 0; i < m; i++)
        if (ys[i]->id >= span->low) span->flags[ys[i]->id - span->low] = TG_SPAN_ABOVE;
    for (int64_t id = span->high; id >= span->low; id--) {
        if (span->flags[id - span->low] == 0) continue;
        const tg_tensor *t = g->nodes[id];
        for (int i = 0; i < t->n_inputs; i++)
            if (t->inputs[i]->id >= span->low) span->flags[t->inputs[i]->id - span->low] = TG_SPAN_ABOVE;
    }
}

static void mark_active(tg_span *span, const tg_graph *g, tg_tensor *const *xs, int n)
{
    for (int i = 0; i < n; i++)
        if (xs[i]->id <= span->high && span->flags[xs[i]->id - span->low] != 0)
            span->flags[xs[i]->id - span->low] |= TG_SPAN_ACTIVE | TG_SPAN_TARGET;
    for (int64_t id = span->low; id <= span->high; id++) {
        if (span->flags[id - span->low] != TG_SPAN_ABOVE) continue;
        const tg_tensor *t = g->nodes[id];
        if (!tg_is_floating(t->dtype) || (t->op->flags & TG_OP_CONSTANT_SLOPE) != 0) continue;
        for (int i = 0; i < t->n_inputs; i++)
            if (tg_span_active(span, t->inputs[i])) {
                span->flags[id - span->low] |= TG_SPAN_ACTIVE;
                break;
            }
    }
}

tg_status tg_span_make(tg_span *span, tg_graph *g, tg_tensor *const *ys, int m, tg_tensor *const *xs, int n)
{
    bounds(span, ys, m, xs, n);
    size_t size = (size_t)(span->high - span->low + 1);
    span->flags = calloc(size + 1, 1);
    span->values = calloc(size + 1, sizeof(tg_tensor *));
    if (span->flags == NULL || span->values == NULL) {
        tg_span_free(span);
        return tg_graph_fail(g, TG_ERR_MEMORY, "out of memory for differentiating %zu nodes", size);
    }
    mark_above(span, g, ys, m);
    mark_active(span, g, xs, n);
    return TG_OK;
}

void tg_span_free(tg_span *span)
{
    free(span->flags);
    free(span->values);
    span->flags = NULL;
    span->values = NULL;
}

int tg_span_active(const tg_span *span, const tg_tensor *t)
{
    return t->id >= span->low && t->id <= span->high &&
           (span->flags[t->id - span->low] & TG_SPAN_ACTIVE) != 0;
}

int tg_depends_on(const tg_tensor *y, const tg_tensor *x)
{
    if (y == NULL || x == NULL || y->graph != x->graph || y->id < x->id) return 0;
    tg_span span = {.low = x->id, .high = y->id};
    span.flags = calloc((size_t)(span.high - span.low + 1), 1);
    if (span.flags == NULL) {
        tg_graph_fail(y->graph, TG_ERR_MEMORY, "tg_depends_on: out of memory");
        return 0;
    }
    tg_tensor *const ys[1] = {y->graph->nodes[y->id]};
    mark_above(&span, y->graph, ys, 1);
    int reached = span.flags[0] != 0;
    free(span.flags);
    return reached;
}
