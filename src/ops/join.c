/* Joining tensors: concat, and stack, which is concat along a new axis. */
#include <stdlib.h>
#include <string.h>

#include "kernels/copy.h"
#include "ops.h"

typedef struct join_attr {
    int64_t axis;
} join_attr;

static tg_status concat_canonical(tg_infer *q, void *attr)
{
    return tg_canonical_axis(q, &((join_attr *)attr)->axis, tg_infer_input(q, 0).rank);
}

static tg_status concat_infer(tg_infer *q)
{
    int axis = (int)((const join_attr *)tg_infer_attr(q))->axis;
    tg_type joint = tg_infer_input(q, 0);
    for (int i = 1; i < tg_infer_input_count(q); i++) {
        tg_type x = tg_infer_input(q, i);
        if (x.dtype != joint.dtype) return tg_infer_fail(q, TG_ERR_DTYPE, "its inputs have different types");
        int64_t size = x.rank == joint.rank ? x.shape[axis] : 0;
        x.shape[axis] = joint.shape[axis];
        if (!tg_shape_equal(x.rank, x.shape, joint.rank, joint.shape))
            return tg_infer_fail(q, TG_ERR_SHAPE, "input %d differs from input 0 in another axis than %d", i,
                                 axis);
        if (size > INT64_MAX - joint.shape[axis])
            return tg_infer_fail(q, TG_ERR_SIZE, "the result is too large");
        joint.shape[axis] += size;
    }
    return tg_infer_output(q, joint.dtype, joint.rank, joint.shape);
}

static tg_status concat_kernel(const tg_kernel_call *call)
{
    int64_t axis = ((const join_attr *)call->attr)->axis;
    size_t item = tg_dtype_size(call->out.dtype);
    char *to = call->out.data;
    for (int i = 0; i < call->n_inputs; i++) {
        const tg_view *in = &call->in[i];
        tg_copy_into(in->rank, in->shape, item, in->data, to, call->out.strides);
        to += in->shape[axis] * call->out.strides[axis] * (int64_t)item;
    }
    return TG_OK;
}

static void concat_vjp(tg_rule *r)
{
    int axis = (int)((const join_attr *)tg_rule_attr(r))->axis;
    int64_t at = 0;
    for (int i = 0; i < tg_rule_input_count(r); i++) {
        int64_t size = tg_shape(tg_rule_input(r, i))[axis];
        if (tg_rule_wants(r, i))
            tg_rule_adjoint(r, i, tg_slice(tg_rule_output_adjoint(r), axis, at, at + size, 1));
        at += size;
    }
}

/* The tangents joined; zeros stand for those that are absent. */
static void concat_jvp(tg_rule *r)
{
    tg_graph *g = tg_rule_graph(r);
    int n = tg_rule_input_count(r);
    tg_tensor **tangents = malloc((size_t)n * sizeof(tg_tensor *));
    for (int i = 0; i < n && tangents != NULL; i++) {
        tg_tensor *x = tg_rule_input(r, i);
        tangents[i] = tg_rule_tangent(r, i);
        if (tangents[i] == NULL) tangents[i] = tg_full(g, x->dtype, x->rank, x->shape, 0);
    }
    if (tangents == NULL) tg_set_error(g, TG_ERR_MEMORY, "concat: out of memory");
    tg_tensor *joined = NULL;
    if (tangents != NULL) joined = tg_concat(tangents, n, (int)((const join_attr *)tg_rule_attr(r))->axis);
    free(tangents);
    tg_rule_output_tangent(r, joined);
}

static tg_tensor *concat_one(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                             const tg_type *type)
{
    (void)op, (void)attr, (void)type;
    return n == 1 ? inputs[0] : NULL;
}

static const tg_simplification concat_rules[] = {{"concat of one", concat_one}, {NULL, NULL}};
static const tg_attr join_attrs[] = {{"axis", TG_ATTR_INT, offsetof(join_attr, axis), "0"}};
static const char *const concat_cases[] = {"concat(f[2, 3], f[1, 3], axis=0)",
                                           "concat(f[2, 1], f[2, 2], f[2, 3], axis=-1)", NULL};
static const char *const stack_cases[] = {"stack(f[3], f[3], axis=0)", "stack(f[2, 3], f[2, 3], axis=-1)",
                                          NULL};

static const tg_op concat_op = {
    .name = "concat",
    .n_inputs = TG_VARIADIC,
    .inputs = "xs",
    .formula = "the inputs one after another along an axis",
    .attrs = join_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(join_attr),
    .cases = concat_cases,
    .canonical = concat_canonical,
    .infer = concat_infer,
    .kernel = concat_kernel,
    .vjp = concat_vjp,
    .jvp = concat_jvp,
    .simplify = concat_rules,
};

/* Each input with the new axis, joined along it. */
static tg_tensor *stack_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    int64_t axis = ((const join_attr *)attr)->axis;
    if (!tg_resolve_axis(inputs[0], "stack", &axis, inputs[0]->rank + 1)) return NULL;
    tg_tensor **rows = malloc((size_t)n * sizeof(tg_tensor *));
    if (rows == NULL) return tg_set_error(g, TG_ERR_MEMORY, "stack: out of memory");
    for (int i = 0; i < n; i++) {
        const tg_tensor *x = inputs[i];
        int64_t shape[TG_MAX_RANK + 1];
        int at = axis < x->rank ? (int)axis : x->rank;
        memcpy(shape, x->shape, (size_t)at * sizeof *shape);
        shape[at] = 1;
        memcpy(shape + at + 1, x->shape + at, (size_t)(x->rank - at) * sizeof *shape);
        rows[i] = tg_reshape(inputs[i], x->rank + 1, shape);
    }
    tg_tensor *joined = tg_concat(rows, n, (int)axis);
    free(rows);
    return joined;
}

static const tg_op stack_op = {
    .name = "stack",
    .n_inputs = TG_VARIADIC,
    .inputs = "xs",
    .formula = "the inputs one after another along a new axis",
    .attrs = join_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(join_attr),
    .cases = stack_cases,
    .compose = stack_compose,
};

/* The first tensor there is, whose graph keeps the error when others are missing. */
static tg_graph *graph_of_any(tg_tensor *const *xs, int n)
{
    for (int i = 0; xs != NULL && i < n; i++)
        if (xs[i] != NULL) return xs[i]->graph;
    return NULL;
}

tg_tensor *tg_concat(tg_tensor *const *xs, int n, int axis)
{
    join_attr attr = {axis};
    return tg_apply(graph_of_any(xs, n), &concat_op, xs, n, &attr);
}

tg_tensor *tg_stack(tg_tensor *const *xs, int n, int axis)
{
    join_attr attr = {axis};
    return tg_apply(graph_of_any(xs, n), &stack_op, xs, n, &attr);
}

const tg_op *const tg_join_ops[] = {&concat_op, &stack_op, NULL};
