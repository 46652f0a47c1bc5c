/* Forward mode: tangents as new nodes; and forward over reverse. */
#include <stdlib.h>

#include "rule.h"

static tg_status sweep(tg_graph *g, tg_span *span, tg_tensor *const *xs, tg_tensor *const *xdots, int n)
{
    for (int i = 0; i < n; i++) {
        if (!tg_span_active(span, xs[i])) continue;
        tg_tensor **tangent = &span->values[xs[i]->id - span->low];
        *tangent = *tangent == NULL ? xdots[i] : g->library->add(*tangent, xdots[i]);
        if (*tangent == NULL) return g->status;
    }
    for (int64_t id = span->low; id <= span->high; id++) {
        tg_tensor *t = g->nodes[id];
        if (!tg_span_active(span, t) || t->n_inputs == 0) continue;
        int any = 0;
        for (int i = 0; i < t->n_inputs && !any; i++)
            any = tg_span_active(span, t->inputs[i]) && span->values[t->inputs[i]->id - span->low] != NULL;
        if (!any) continue;
        /* A computed x adds what flows into it to what was given for it. */
        tg_rule rule = {.graph = g,
                        .node = t,
                        .visited = span->flags,
                        .low = span->low,
                        .tangents = span->values,
                        .tangent = span->values[id - span->low]};
        tg_rule_run_forward(&rule);
        if (rule.failed) return g->status;
        span->values[id - span->low] = rule.tangent;
    }
    return TG_OK;
}

static void clear(tg_tensor **out, int n)
{
    for (int i = 0; out != NULL && i < n; i++) out[i] = NULL;
}

tg_status tg_jvp(tg_graph *g, tg_tensor *const *ys, int m, tg_tensor *const *xs, tg_tensor *const *xdots,
                 int n, tg_tensor **out)
{
    clear(out, m);
    if (g == NULL) return TG_ERR_NULL;
    if (out == NULL && m > 0) return tg_graph_fail(g, TG_ERR_NULL, "tg_jvp: out is NULL");
    if (xdots == NULL && n > 0) return tg_graph_fail(g, TG_ERR_NULL, "tg_jvp: the list of tangents is NULL");
    tg_status status = tg_check_pairs(g, "tg_jvp", "output", ys, NULL, m);
    if (status == TG_OK) status = tg_check_pairs(g, "tg_jvp", "input", xs, xdots, n);
    tg_span span = {0};
    if (status == TG_OK) status = tg_span_make(&span, g, ys, m, xs, n);
    if (status != TG_OK) return status;

    int64_t before = g->n_nodes;
    status = sweep(g, &span, xs, xdots, n);
    for (int j = 0; j < m && status == TG_OK; j++) {
        tg_tensor *found = tg_span_active(&span, ys[j]) ? span.values[ys[j]->id - span.low] : NULL;
        out[j] = found != NULL ? found : tg_zeros_for(ys[j]);
        if (out[j] == NULL) status = g->status;
    }
    tg_span_free(&span);
    if (status != TG_OK) {
        clear(out, m);
        tg_truncate(g, before);
    }
    return status;
}

tg_status tg_hvp(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, tg_tensor *const *vs, int n,
                 tg_tensor **out)
{
    clear(out, n);
    if (g == NULL) return TG_ERR_NULL;
    if (n <= 0) return n == 0 ? TG_OK : tg_graph_fail(g, TG_ERR_ARGUMENT, "tg_hvp: %d inputs", n);
    if (vs == NULL) return tg_graph_fail(g, TG_ERR_NULL, "tg_hvp: the list of vectors is NULL");
    tg_tensor **gradients = calloc((size_t)n, sizeof(tg_tensor *));
    if (gradients == NULL) return tg_graph_fail(g, TG_ERR_MEMORY, "tg_hvp: out of memory");
    tg_status status = tg_grad(g, y, xs, n, gradients);
    if (status == TG_OK) status = tg_jvp(g, gradients, n, xs, vs, n, out);
    free(gradients);
    return status;
}
