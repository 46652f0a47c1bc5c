/* Operations along one axis: cumsum, argmax, argmin. */
#include <string.h>

#include "kernels/reduce.h"
#include "ops.h"

/* ---- cumsum ------------------------------------------------------------------------------------------- */

typedef struct scan_attr {
    int64_t axis, reverse;
} scan_attr;

static tg_status scan_canonical(tg_infer *q, void *attr)
{
    scan_attr *s = attr;
    s->reverse = s->reverse != 0;
    return tg_canonical_axis(q, &s->axis, tg_infer_input(q, 0).rank);
}

static tg_status scan_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (!tg_is_numeric(x.dtype)) return tg_infer_fail(q, TG_ERR_DTYPE, "it is not defined for bool");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status scan_kernel(const tg_kernel_call *call)
{
    const scan_attr *s = call->attr;
    tg_scan_sum(&call->in[0], (int)s->axis, (int)s->reverse, call->out.data);
    return TG_OK;
}

/* The transpose of a running sum is a running sum from the other end. */
static void scan_vjp(tg_rule *r)
{
    tg_tensor *node = tg_rule_output(r), *ybar = tg_rule_output_adjoint(r);
    scan_attr attr = *(const scan_attr *)tg_rule_attr(r);
    attr.reverse = !attr.reverse;
    tg_rule_adjoint(r, 0, tg_apply(node->graph, node->op, &ybar, 1, &attr));
}

static const tg_attr scan_attrs[] = {
    {"axis", TG_ATTR_INT, offsetof(scan_attr, axis), "0"},
    {"reverse", TG_ATTR_BOOL, offsetof(scan_attr, reverse), "false"},
};
static const char *const cumsum_cases[] = {"cumsum(f[5], axis=0)", "cumsum(f[2, 3, 2], axis=1)",
                                           "cumsum(f[2, 3], axis=-1, reverse=true)", NULL};

static const tg_op cumsum_op = {
    .name = "cumsum",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "running sums along an axis",
    .attrs = scan_attrs,
    .n_attrs = 2,
    .attr_size = sizeof(scan_attr),
    .flags = TG_OP_STRIDED,
    .cases = cumsum_cases,
    .canonical = scan_canonical,
    .infer = scan_infer,
    .kernel = scan_kernel,
    .vjp = scan_vjp,
    .jvp = tg_jvp_linear,
};

tg_tensor *tg_cumsum(tg_tensor *x, int axis)
{
    scan_attr attr = {axis, 0};
    return tg_apply(tg_graph_of(x), &cumsum_op, &x, 1, &attr);
}

/* ---- argmax, argmin ----------------------------------------------------------------------------------- */

typedef struct arg_attr {
    int64_t axis;
} arg_attr;

static tg_status arg_canonical(tg_infer *q, void *attr)
{
    return tg_canonical_axis(q, &((arg_attr *)attr)->axis, tg_infer_input(q, 0).rank);
}

static tg_status arg_infer(tg_infer *q)
{
    int axis = (int)((const arg_attr *)tg_infer_attr(q))->axis, rank = 0;
    tg_type x = tg_infer_input(q, 0);
    int64_t shape[TG_MAX_RANK];
    if (!tg_is_numeric(x.dtype)) return tg_infer_fail(q, TG_ERR_DTYPE, "it is not defined for bool");
    if (x.shape[axis] == 0) return tg_infer_fail(q, TG_ERR_SHAPE, "axis %d has no elements", axis);
    for (int i = 0; i < x.rank; i++)
        if (i != axis) shape[rank++] = x.shape[i];
    return tg_infer_output(q, TG_I64, rank, shape);
}

static tg_status arg_run(const tg_kernel_call *call, int least)
{
    const tg_view *in = &call->in[0];
    int64_t axis = ((const arg_attr *)call->attr)->axis;
    unsigned char is_reduced[TG_MAX_RANK] = {0};
    is_reduced[axis] = 1;
    tg_reduction plan;
    tg_reduction_plan(in, is_reduced, &plan);
    tg_reduce_arg(&plan, in->shape[axis], in->strides[axis], least, in->dtype, in->data, call->out.data);
    return TG_OK;
}

static tg_status argmax_kernel(const tg_kernel_call *call)
{
    return arg_run(call, 0);
}

static tg_status argmin_kernel(const tg_kernel_call *call)
{
    return arg_run(call, 1);
}

static const tg_attr arg_attrs[] = {{"axis", TG_ATTR_INT, offsetof(arg_attr, axis), "-1"}};
static const char *const argmax_cases[] = {"argmax(f[3, 4], axis=1)", "argmax(f[3, 4, 2], axis=0)", NULL};
static const char *const argmin_cases[] = {"argmin(f[3, 4], axis=1)", "argmin(f[3, 4, 2], axis=0)", NULL};

static const tg_op argmax_op = {.name = "argmax",
                                .n_inputs = 1,
                                .inputs = "x",
                                .formula = "the position of the first largest element along an axis",
                                .attrs = arg_attrs,
                                .n_attrs = 1,
                                .attr_size = sizeof(arg_attr),
                                .flags = TG_OP_STRIDED | TG_OP_CONSTANT_SLOPE,
                                .cases = argmax_cases,
                                .canonical = arg_canonical,
                                .infer = arg_infer,
                                .kernel = argmax_kernel,
                                .branch = tg_branch_itself};
static const tg_op argmin_op = {.name = "argmin",
                                .n_inputs = 1,
                                .inputs = "x",
                                .formula = "the position of the first smallest element along an axis",
                                .attrs = arg_attrs,
                                .n_attrs = 1,
                                .attr_size = sizeof(arg_attr),
                                .flags = TG_OP_STRIDED | TG_OP_CONSTANT_SLOPE,
                                .cases = argmin_cases,
                                .canonical = arg_canonical,
                                .infer = arg_infer,
                                .kernel = argmin_kernel,
                                .branch = tg_branch_itself};

tg_tensor *tg_argmax(tg_tensor *x, int axis)
{
    arg_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &argmax_op, &x, 1, &attr);
}

tg_tensor *tg_argmin(tg_tensor *x, int axis)
{
    arg_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &argmin_op, &x, 1, &attr);
}

const tg_op *const tg_scan_ops[] = {&cumsum_op, &argmax_op, &argmin_op, NULL};
