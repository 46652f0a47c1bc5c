/* Reverse mode: the backpropagation equations as new nodes. */
#include "rule.h"

tg_tensor *tg_zeros_for(tg_tensor *t)
{
    tg_type type = tg_type_of(t);
    return t->graph->library->full(t->graph, &type, 0);
}

static tg_status check_floating(tg_graph *g, const char *call, const char *role, tg_tensor *const *ts, int n)
{
    for (int i = 0; i < n; i++) {
        if (tg_is_floating(ts[i]->dtype)) continue;
        char label[TG_LABEL_TEXT];
        return tg_graph_fail(g, TG_ERR_DTYPE, "%s: %s %d, %s, is not of a floating type", call, role, i,
                             tg_label(ts[i], label, sizeof label));
    }
    return TG_OK;
}

tg_status tg_check_pairs(tg_graph *g, const char *call, const char *role, tg_tensor *const *ts,
                         tg_tensor *const *partners, int n)
{
    tg_status status = tg_check_tensors(g, call, role, ts, n);
    if (status == TG_OK) status = check_floating(g, call, role, ts, n);
    if (status != TG_OK || partners == NULL) return status;
    status = tg_check_tensors(g, call, "derivative", partners, n);
    for (int i = 0; i < n && status == TG_OK; i++) {
        if (tg_same_types(ts[i], partners[i])) continue;
        char a[TG_LABEL_TEXT], b[TG_LABEL_TEXT];
        status = tg_graph_fail(g, TG_ERR_SHAPE, "%s: %s %d is %s, but what is given for it is %s", call, role,
                               i, tg_label(ts[i], a, sizeof a), tg_label(partners[i], b, sizeof b));
    }
    return status;
}

/* Walks the span from its end, calling the rule of every active node that has an adjoint. */
static tg_status sweep(tg_graph *g, tg_span *span, tg_tensor *const *ys, tg_tensor *const *ybars, int m)
{
    tg_rule rule = {.graph = g, .adjoints = span->values, .visited = span->flags, .low = span->low};
    for (int j = 0; j < m; j++) {
        if (!tg_span_active(span, ys[j])) continue;
        tg_tensor **adjoint = &span->values[ys[j]->id - span->low];
        *adjoint = *adjoint == NULL ? ybars[j] : g->library->add(*adjoint, ybars[j]);
        if (*adjoint == NULL) return g->status;
    }
    for (int64_t id = span->high; id >= span->low; id--) {
        tg_tensor *t = g->nodes[id];
        if (span->values[id - span->low] == NULL || t->n_inputs == 0) continue;
        rule.node = t;
        rule.adjoint = span->values[id - span->low];
        /* A node whose own inputs are all passive is an x that was computed. */
        int any = 0;
        for (int i = 0; i < t->n_inputs && !any; i++) any = tg_span_active(span, t->inputs[i]);
        if (any) tg_rule_run_reverse(&rule);
        if (rule.failed) return g->status;
    }
    return TG_OK;
}

static void clear(tg_tensor **out, int n)
{
    for (int i = 0; out != NULL && i < n; i++) out[i] = NULL;
}

tg_status tg_vjp(tg_graph *g, tg_tensor *const *ys, tg_tensor *const *ybars, int m, tg_tensor *const *xs,
                 int n, tg_tensor **out)
{
    clear(out, n);
    if (g == NULL) return TG_ERR_NULL;
    if (out == NULL && n > 0) return tg_graph_fail(g, TG_ERR_NULL, "tg_vjp: out is NULL");
    if (ybars == NULL && m > 0) return tg_graph_fail(g, TG_ERR_NULL, "tg_vjp: the list of adjoints is NULL");
    tg_status status = tg_check_pairs(g, "tg_vjp", "output", ys, ybars, m);
    if (status == TG_OK) status = tg_check_pairs(g, "tg_vjp", "input", xs, NULL, n);
    tg_span span = {0};
    if (status == TG_OK) status = tg_span_make(&span, g, ys, m, xs, n);
    if (status != TG_OK) return status;

    int64_t before = g->n_nodes;
    status = sweep(g, &span, ys, ybars, m);
    for (int i = 0; i < n && status == TG_OK; i++) {
        tg_tensor *found = tg_span_active(&span, xs[i]) ? span.values[xs[i]->id - span.low] : NULL;
        out[i] = found != NULL ? found : tg_zeros_for(xs[i]);
        if (out[i] == NULL) status = g->status;
    }
    tg_span_free(&span);
    if (status != TG_OK) {
        clear(out, n);
        tg_truncate(g, before);
    }
    return status;
}

tg_status tg_grad(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, int n, tg_tensor **out)
{
    clear(out, n);
    tg_status status = tg_check_pairs(g, "tg_grad", "output", &y, NULL, 1);
    if (status != TG_OK) return status;
    if (tg_count(y) != 1) {
        char label[TG_LABEL_TEXT];
        return tg_graph_fail(g, TG_ERR_SHAPE,
                             "tg_grad: the output %s has %lld elements, expected 1; tg_vjp and "
                             "tg_jacobian differentiate tensors",
                             tg_label(y, label, sizeof label), (long long)tg_count(y));
    }
    tg_type type = tg_type_of(y);
    tg_tensor *one = g->library->full(g, &type, 1);
    return one == NULL ? g->status : tg_vjp(g, &y, &one, 1, xs, n, out);
}
