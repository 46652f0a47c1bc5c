/* A copied part of a tape as a subject. */
#include "graph_subject.h"

#include <stdlib.h>
#include <string.h>

/* tg_bind refuses inputs that the function does not depend on, which is no error here. */
static void bind_parts(const tg_graph_subject *s, tg_function *f, tg_tensor *const *inputs,
                       const double *values)
{
    for (int i = 0; i < s->subject.n_parts; i++)
        (void)tg_bind(f, inputs[i], values + s->subject.parts[i].offset);
}

static int run_value(void *context, const double *x, double *y, unsigned char *branches)
{
    tg_graph_subject *s = context;
    bind_parts(s, s->value, s->copy->xs, x);
    if (tg_run(s->value) != TG_OK) return 0;
    memcpy(y, tg_output(s->value, s->y), (size_t)s->subject.m * sizeof(double));
    for (int i = 0; i < s->n_branches; i++) {
        tg_type type = tg_type_of(s->branches[i]);
        memcpy(branches, tg_output(s->value, s->branches[i]), tg_type_bytes(&type));
        branches += tg_type_bytes(&type);
    }
    return 1;
}

static int run_reverse(void *context, const double *x, const double *ybar, double *xbar)
{
    tg_graph_subject *s = context;
    bind_parts(s, s->reverse, s->copy->xs, x);
    (void)tg_bind(s->reverse, s->ybar, ybar);
    if (tg_run(s->reverse) != TG_OK) return 0;
    for (int i = 0; i < s->subject.n_parts; i++)
        memcpy(xbar + s->subject.parts[i].offset, tg_output(s->reverse, s->xbars[i]),
               (size_t)s->subject.parts[i].count * sizeof(double));
    return 1;
}

static int run_forward(void *context, const double *x, const double *xdot, double *ydot)
{
    tg_graph_subject *s = context;
    bind_parts(s, s->forward, s->copy->xs, x);
    bind_parts(s, s->forward, s->xdots, xdot);
    if (tg_run(s->forward) != TG_OK) return 0;
    memcpy(ydot, tg_output(s->forward, s->ydot), (size_t)s->subject.m * sizeof(double));
    return 1;
}

/* One tensor for each piecewise operation that y depends on. */
static int find_branches(tg_graph_subject *s)
{
    tg_graph *g = s->copy->g;
    int64_t nodes = tg_id(s->y) + 1;
    char *needed = calloc((size_t)nodes, 1);
    s->branches = calloc((size_t)nodes, sizeof(tg_tensor *));
    int ok = needed != NULL && s->branches != NULL;
    if (ok) needed[nodes - 1] = 1;
    for (int64_t id = nodes - 1; id >= 0 && ok; id--) {
        tg_tensor *t = tg_node(g, id);
        if (!needed[id]) continue;
        for (int i = 0; i < tg_input_count(t); i++) needed[tg_id(tg_input_at(t, i))] = 1;
        tg_tensor *branch = tg_op_of(t)->branch != NULL ? tg_op_of(t)->branch(t) : NULL;
        if (branch == NULL) continue;
        tg_type type = tg_type_of(branch);
        s->branches[s->n_branches++] = branch;
        s->subject.branch_size += tg_type_bytes(&type);
    }
    free(needed);
    return ok && tg_graph_status(g) == TG_OK;
}

static int record_derivatives(tg_graph_subject *s)
{
    tg_graph_copy *c = s->copy;
    s->xbars = calloc((size_t)c->n_xs + 1, sizeof(tg_tensor *));
    s->xdots = calloc((size_t)c->n_xs + 1, sizeof(tg_tensor *));
    if (s->xbars == NULL || s->xdots == NULL) return 0;
    s->ybar = tg_graph_copy_input(c, tg_rank(s->y), tg_shape(s->y));
    if (s->ybar == NULL) return 0;
    for (int i = 0; i < c->n_xs; i++) {
        s->xdots[i] = tg_graph_copy_input(c, tg_rank(c->xs[i]), tg_shape(c->xs[i]));
        if (s->xdots[i] == NULL) return 0;
    }
    return tg_vjp(c->g, &s->y, &s->ybar, 1, c->xs, c->n_xs, s->xbars) == TG_OK &&
           tg_jvp(c->g, &s->y, 1, c->xs, s->xdots, c->n_xs, &s->ydot) == TG_OK;
}

static int compile_all(tg_graph_subject *s)
{
    tg_graph *g = s->copy->g;
    tg_tensor **outputs = malloc(((size_t)s->n_branches + 1) * sizeof(tg_tensor *));
    if (outputs == NULL) return 0;
    outputs[0] = s->y;
    memcpy(outputs + 1, s->branches, (size_t)s->n_branches * sizeof(tg_tensor *));
    tg_status status = tg_compile(g, outputs, s->n_branches + 1, NULL, 0, &s->value);
    free(outputs);
    return status == TG_OK && tg_compile(g, s->xbars, s->copy->n_xs, NULL, 0, &s->reverse) == TG_OK &&
           tg_compile(g, &s->ydot, 1, NULL, 0, &s->forward) == TG_OK;
}

int tg_graph_subject_make(tg_graph_subject *s, tg_graph_copy *copy, tg_tensor *y, const tg_part *parts)
{
    *s = (tg_graph_subject){.copy = copy, .y = y};
    s->subject = (tg_subject){.context = s,
                              .parts = parts,
                              .n_parts = copy->n_xs,
                              .m = tg_count(y),
                              .knows_kinks = 1,
                              .value = run_value,
                              .vjp = run_reverse,
                              .jvp = run_forward};
    for (int i = 0; i < copy->n_xs; i++) s->subject.n += parts[i].count;
    return find_branches(s) && record_derivatives(s) && compile_all(s);
}

void tg_graph_subject_free(tg_graph_subject *s)
{
    tg_function_free(s->value);
    tg_function_free(s->reverse);
    tg_function_free(s->forward);
    free(s->xdots);
    free(s->xbars);
    free(s->branches);
}

tg_tensor *tg_graph_subject_gradient(tg_graph_subject *s, const double *ybar)
{
    tg_graph_copy *c = s->copy;
    if (tg_set(s->ybar, ybar, (size_t)s->subject.m * sizeof(double)) != TG_OK) return NULL;
    tg_tensor **flat = calloc((size_t)c->n_xs + 1, sizeof(tg_tensor *));
    if (flat == NULL) return NULL;
    for (int i = 0; i < c->n_xs; i++)
        flat[i] = tg_reshape(s->xbars[i], 1, (const int64_t[]){tg_count(c->xs[i])});
    tg_tensor *all = tg_concat(flat, c->n_xs, 0);
    free(flat);
    return all;
}
