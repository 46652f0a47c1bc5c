/* Whole Jacobians and Hessians, a row or a column at a time. */
#include <stdlib.h>
#include <string.h>

#include "graph/rule.h"
#include "ops.h"

/* A tensor of t's type that is 1 at element i and 0 elsewhere. */
static tg_tensor *unit(tg_tensor *t, int64_t i)
{
    int64_t count = tg_count(t);
    tg_tensor *hot = tg_one_hot(tg_number(t->graph, TG_I64, (double)i), count, t->dtype);
    return tg_reshape(hot, t->rank, t->shape);
}

/* rows[i] = dy_i/dx, each of x's type. */
static tg_status reverse_rows(tg_graph *g, tg_tensor *y, tg_tensor *x, int64_t n, tg_tensor **rows)
{
    tg_status status = TG_OK;
    for (int64_t i = 0; i < n && status == TG_OK; i++) {
        tg_tensor *ybar = unit(y, i);
        status = ybar == NULL ? tg_graph_status(g) : tg_vjp(g, &y, &ybar, 1, &x, 1, &rows[i]);
    }
    return status;
}

/* columns[j] = dy/dx_j, each of y's type. */
static tg_status forward_columns(tg_graph *g, tg_tensor *y, tg_tensor *x, int64_t n, tg_tensor **columns)
{
    tg_status status = TG_OK;
    for (int64_t j = 0; j < n && status == TG_OK; j++) {
        tg_tensor *xdot = unit(x, j);
        status = xdot == NULL ? tg_graph_status(g) : tg_jvp(g, &y, 1, &x, &xdot, 1, &columns[j]);
    }
    return status;
}

/* The parts along the first axis (rows) or the last (columns), in the shape of y's followed by x's. */
static tg_tensor *assemble(tg_tensor *y, tg_tensor *x, tg_tensor **parts, int64_t n, int forward)
{
    int64_t shape[2 * TG_MAX_RANK];
    int rank = y->rank + x->rank;
    memcpy(shape, y->shape, (size_t)y->rank * sizeof *shape);
    memcpy(shape + y->rank, x->shape, (size_t)x->rank * sizeof *shape);
    if (n == 0) return tg_full(y->graph, y->dtype, rank, shape, 0);
    for (int64_t i = 0; i < n; i++) parts[i] = tg_reshape(parts[i], 1, (int64_t[]){-1});
    return tg_reshape(tg_stack(parts, (int)n, forward ? 1 : 0), rank, shape);
}

tg_status tg_jacobian(tg_graph *g, tg_tensor *y, tg_tensor *x, tg_tensor **out)
{
    if (g == NULL) return TG_ERR_NULL;
    if (out == NULL) return tg_graph_fail(g, TG_ERR_NULL, "tg_jacobian: out is NULL");
    *out = NULL;
    tg_status status = tg_check_pairs(g, "tg_jacobian", "output", &y, NULL, 1);
    if (status == TG_OK) status = tg_check_pairs(g, "tg_jacobian", "input", &x, NULL, 1);
    if (status != TG_OK) return status;
    if (y->rank + x->rank > TG_MAX_RANK)
        return tg_graph_fail(g, TG_ERR_RANK, "tg_jacobian: the result would have rank %d, at most %d",
                             y->rank + x->rank, TG_MAX_RANK);
    int forward = tg_count(x) < tg_count(y);
    int64_t n = tg_count(x) == 0 || tg_count(y) == 0 ? 0 : forward ? tg_count(x) : tg_count(y);
    if (n > INT32_MAX) return tg_graph_fail(g, TG_ERR_SIZE, "tg_jacobian: %lld rows", (long long)n);
    tg_tensor **parts = calloc((size_t)n + 1, sizeof(tg_tensor *));
    if (parts == NULL) return tg_graph_fail(g, TG_ERR_MEMORY, "tg_jacobian: out of memory");
    status = forward ? forward_columns(g, y, x, n, parts) : reverse_rows(g, y, x, n, parts);
    if (status == TG_OK) {
        *out = assemble(y, x, parts, n, forward);
        if (*out == NULL) status = tg_graph_status(g);
    }
    free(parts);
    return status;
}

tg_status tg_hessian(tg_graph *g, tg_tensor *y, tg_tensor *x, tg_tensor **out)
{
    if (g == NULL) return TG_ERR_NULL;
    if (out == NULL) return tg_graph_fail(g, TG_ERR_NULL, "tg_hessian: out is NULL");
    *out = NULL;
    tg_tensor *gradient;
    tg_status status = tg_grad(g, y, &x, 1, &gradient);
    if (status != TG_OK) return status;
    /* Forward over reverse: a column costs about what the gradient does. */
    int64_t n = tg_count(x);
    if (2 * x->rank > TG_MAX_RANK || n > INT32_MAX || n == 0) return tg_jacobian(g, gradient, x, out);
    tg_tensor **columns = calloc((size_t)n, sizeof(tg_tensor *));
    if (columns == NULL) return tg_graph_fail(g, TG_ERR_MEMORY, "tg_hessian: out of memory");
    status = forward_columns(g, gradient, x, n, columns);
    if (status == TG_OK) {
        *out = assemble(gradient, x, columns, n, 1);
        if (*out == NULL) status = tg_graph_status(g);
    }
    free(columns);
    return status;
}
