/* Recording a part of a tape again in f64. */
#include "graph_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

static void new_name(tg_graph_copy *c, char *name, size_t size)
{
    snprintf(name, size, "v%d", c->n_names++);
}

tg_tensor *tg_graph_copy_input(tg_graph_copy *c, int rank, const int64_t *shape)
{
    char name[32];
    new_name(c, name, sizeof name);
    return tg_input(c->g, name, c->floating, rank, shape);
}

/* The element type that stands for another in the copy. */
static tg_dtype copied_dtype(const tg_graph_copy *c, tg_dtype dtype)
{
    return dtype == TG_F32 || dtype == TG_F64 ? c->floating : dtype;
}

/* A value that is there keeps its bytes where the type stays: an i64 may be too large for a double. */
static tg_tensor *copy_leaf(tg_graph_copy *c, const tg_tensor *t, const tg_drawing *drawing)
{
    tg_dtype dtype = copied_dtype(c, tg_dtype_of(t));
    size_t size = tg_dtype_size(dtype);
    int64_t count = tg_count(t);
    char name[32], *bytes = calloc((size_t)count + 1, sizeof(double));
    double *values = calloc((size_t)count + 1, sizeof(double));
    const void *data = tg_data(t);
    tg_tensor *made = NULL;
    if (values == NULL || bytes == NULL) {
        tg_set_error(c->g, TG_ERR_MEMORY, "out of memory");
    } else {
        tg_leaf_values(t, drawing, values);
        for (int64_t i = 0; i < count; i++) {
            if (dtype == TG_F32) memcpy(bytes + (size_t)i * size, &(float){(float)values[i]}, size);
            if (dtype == TG_F64) memcpy(bytes + (size_t)i * size, &values[i], size);
            if (dtype == TG_I64) memcpy(bytes + (size_t)i * size, &(int64_t){(int64_t)values[i]}, size);
            if (dtype == TG_BOOL) bytes[i] = values[i] != 0;
        }
        if (data != NULL && dtype == tg_dtype_of(t)) memcpy(bytes, data, (size_t)count * size);
        new_name(c, name, sizeof name);
        made = tg_leaf_kind_of(t) == TG_LEAF_CONSTANT
                   ? tg_constant(c->g, dtype, tg_rank(t), tg_shape(t), bytes)
                   : tg_param(c->g, name, dtype, tg_rank(t), tg_shape(t), bytes);
    }
    free(values);
    free(bytes);
    return made;
}

/* Attributes name element types too. */
static void copy_dtypes(const tg_graph_copy *c, const tg_op *op, char *attr)
{
    for (int i = 0; i < op->n_attrs; i++) {
        int64_t dtype;
        if (op->attrs[i].kind != TG_ATTR_DTYPE) continue;
        memcpy(&dtype, attr + op->attrs[i].offset, sizeof dtype);
        dtype = copied_dtype(c, (tg_dtype)dtype);
        memcpy(attr + op->attrs[i].offset, &dtype, sizeof dtype);
    }
}

static tg_tensor *copy_operation(tg_graph_copy *c, const tg_tensor *t)
{
    const tg_op *op = tg_op_of(t);
    int n = tg_input_count(t);
    int64_t attr[TG_ATTR_MAX / sizeof(int64_t)];
    tg_tensor **inputs = malloc(((size_t)n + 1) * sizeof(tg_tensor *));
    if (inputs == NULL) return tg_set_error(c->g, TG_ERR_MEMORY, "out of memory");
    for (int i = 0; i < n; i++) inputs[i] = c->map[tg_id(tg_input_at(t, i))];
    if (op->attr_size > 0) {
        memcpy(attr, tg_attr_of(t), op->attr_size);
        copy_dtypes(c, op, (char *)attr);
    }
    tg_tensor *made = tg_apply(c->g, op, inputs, n, op->attr_size > 0 ? attr : NULL);
    free(inputs);
    return made;
}

static int hold(tg_graph_copy *c, const tg_tensor *t)
{
    tg_held *held = realloc(c->held, (size_t)(c->n_held + 1) * sizeof *held);
    if (held == NULL) return 0;
    c->held = held;
    tg_tensor *source = c->map[tg_id(tg_input_at(t, 0))];
    tg_tensor *input = tg_graph_copy_input(c, tg_rank(t), tg_shape(t));
    if (input == NULL) return 0;
    c->held[c->n_held++] = (tg_held){input, source};
    c->map[tg_id(t)] = input;
    return 1;
}

/* What the ys depend on without going through an x: 1 in `wanted`. */
static void mark(tg_graph *g, tg_tensor *const *ys, int m, const tg_graph_copy *c, char *wanted)
{
    for (int j = 0; j < m; j++) wanted[tg_id(ys[j])] = 1;
    for (int64_t id = tg_node_count(g) - 1; id >= 0; id--) {
        if (!wanted[id] || c->map[id] != NULL) continue;
        const tg_tensor *t = tg_node(g, id);
        for (int i = 0; i < tg_input_count(t); i++) wanted[tg_id(tg_input_at(t, i))] = 1;
    }
}

static int copy_nodes(tg_graph_copy *c, tg_graph *g, const char *wanted, int holds, const tg_drawing *drawing)
{
    const tg_op *stop = tg_op_find(g, "stop_gradient");
    for (int64_t id = 0; id < tg_node_count(g); id++) {
        const tg_tensor *t = tg_node(g, id);
        if (!wanted[id] || c->map[id] != NULL) continue;
        if (holds && tg_op_of(t) == stop && tg_dtype_of(t) != TG_I64 && tg_dtype_of(t) != TG_BOOL) {
            if (!hold(c, t)) return 0;
        } else {
            c->map[id] = tg_leaf_kind_of(t) != TG_LEAF_NONE ? copy_leaf(c, t, drawing) : copy_operation(c, t);
            if (c->map[id] == NULL) return 0;
        }
    }
    return 1;
}

int tg_graph_copy_operations(tg_graph *to, const tg_graph *from)
{
    /* tg_op_at would go through the whole library. */
    for (int i = 0; i < from->n_own_ops; i++)
        if (tg_op_find(to, from->own_ops[i]->name) == NULL && tg_op_register(to, from->own_ops[i]) == NULL)
            return 0;
    return 1;
}

int tg_graph_copy_make(tg_graph_copy *c, tg_tensor *const *ys, int m, tg_tensor *const *xs, int n, int holds,
                       const tg_drawing *drawing, tg_dtype floating)
{
    tg_graph *g = tg_graph_of(ys[0]);
    size_t nodes = (size_t)tg_node_count(g);
    *c = (tg_graph_copy){.g = tg_graph_new(NULL), .floating = floating};
    c->map = calloc(nodes, sizeof(tg_tensor *));
    c->xs = calloc((size_t)n + 1, sizeof(tg_tensor *));
    char *wanted = calloc(nodes, 1);
    int ok = c->g != NULL && c->map != NULL && c->xs != NULL && wanted != NULL &&
             tg_graph_copy_operations(c->g, g);
    for (int i = 0; i < n && ok; i++) {
        c->xs[i] = tg_graph_copy_input(c, tg_rank(xs[i]), tg_shape(xs[i]));
        c->map[tg_id(xs[i])] = c->xs[i];
        ok = c->xs[i] != NULL;
        c->n_xs += ok;
    }
    if (ok) {
        mark(g, ys, m, c, wanted);
        ok = copy_nodes(c, g, wanted, holds, drawing);
    }
    free(wanted);
    return ok;
}

void tg_graph_copy_free(tg_graph_copy *c)
{
    tg_graph_free(c->g);
    free(c->map);
    free(c->xs);
    free(c->held);
}

int tg_graph_copy_set(tg_graph_copy *c, const double *x)
{
    for (int i = 0; i < c->n_xs; i++) {
        int64_t count = tg_count(c->xs[i]);
        if (tg_set(c->xs[i], x, (size_t)count * sizeof(double)) != TG_OK) return 0;
        x += count;
    }
    for (int i = 0; i < c->n_held; i++) {
        size_t size = (size_t)tg_count(c->held[i].source) * sizeof(double);
        double *value = malloc(size + 1);
        tg_status status = value == NULL ? TG_ERR_MEMORY : tg_eval(c->g, &c->held[i].source, 1, value, size);
        if (status == TG_OK) status = tg_set(c->held[i].input, value, size);
        free(value);
        if (status != TG_OK) return 0;
    }
    return 1;
}
