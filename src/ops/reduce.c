/* The primitive reductions: sum, max, min. */
#include "kernels/reduce.h"

#include <string.h>

#include "graph/infer.h"
#include "ops.h"

static unsigned axes_set(const tg_axes_attr *a)
{
    unsigned set = 0;
    for (int i = 0; i < (int)a->axes.count; i++) set |= 1u << a->axes.values[i];
    return set;
}

static tg_status reduce_canonical(tg_infer *q, void *attr)
{
    tg_axes_attr *a = attr;
    int rank = q->inputs[0]->rank;
    a->keep = a->keep != 0;
    if (a->axes.count > TG_MAX_RANK)
        return tg_infer_fail(q, TG_ERR_RANK, "%lld axes", (long long)a->axes.count);
    unsigned set = a->axes.count < 0 ? (1u << rank) - 1 : 0;
    for (int i = 0; i < (int)a->axes.count; i++) {
        tg_status status = tg_canonical_axis(q, &a->axes.values[i], rank);
        if (status != TG_OK) return status;
        if ((set >> a->axes.values[i] & 1u) != 0)
            return tg_infer_fail(q, TG_ERR_ARGUMENT, "axis %lld stands twice", (long long)a->axes.values[i]);
        set |= 1u << a->axes.values[i];
    }
    a->axes = (tg_ints){0};
    for (int i = 0; i < rank; i++)
        if ((set >> i & 1u) != 0) a->axes.values[a->axes.count++] = i;
    return TG_OK;
}

static tg_status reduced_output(tg_infer *q, tg_dtype dtype)
{
    const tg_axes_attr *a = tg_infer_attr(q);
    const tg_tensor *x = q->inputs[0];
    unsigned set = axes_set(a);
    int64_t shape[TG_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if ((set >> i & 1u) == 0)
            shape[rank++] = x->shape[i];
        else if (a->keep)
            shape[rank++] = 1;
    }
    return tg_infer_output(q, dtype, rank, shape);
}

static tg_status sum_infer(tg_infer *q)
{
    const tg_tensor *x = q->inputs[0];
    if (!tg_is_numeric((tg_dtype)x->dtype))
        return tg_infer_fail(q, TG_ERR_DTYPE, "it is not defined for bool");
    return reduced_output(q, (tg_dtype)x->dtype);
}

/* An extremum of nothing does not exist. */
static tg_status extremum_infer(tg_infer *q)
{
    const tg_tensor *x = q->inputs[0];
    const tg_axes_attr *a = tg_infer_attr(q);
    for (int i = 0; i < (int)a->axes.count; i++)
        if (x->shape[a->axes.values[i]] == 0)
            return tg_infer_fail(q, TG_ERR_SHAPE, "axis %lld has no elements", (long long)a->axes.values[i]);
    return sum_infer(q);
}

static void reduction_of(const tg_kernel_call *call, tg_reduction *plan)
{
    unsigned char is_reduced[TG_MAX_RANK];
    unsigned set = axes_set(call->attr);
    for (int i = 0; i < call->in[0].rank; i++) is_reduced[i] = (set >> i & 1u) != 0;
    tg_reduction_plan(&call->in[0], is_reduced, plan);
}

static tg_status sum_kernel(const tg_kernel_call *call)
{
    tg_reduction plan;
    if (tg_sum_small(&call->in[0], axes_set(call->attr), call->out.data)) return TG_OK;
    reduction_of(call, &plan);
    tg_reduce_sum(&plan, call->in[0].dtype, call->in[0].data, call->out.data);
    return TG_OK;
}

static tg_status max_kernel(const tg_kernel_call *call)
{
    tg_reduction plan;
    reduction_of(call, &plan);
    tg_reduce_max(&plan, call->in[0].dtype, call->in[0].data, call->out.data);
    return TG_OK;
}

static tg_status min_kernel(const tg_kernel_call *call)
{
    tg_reduction plan;
    reduction_of(call, &plan);
    tg_reduce_min(&plan, call->in[0].dtype, call->in[0].data, call->out.data);
    return TG_OK;
}

/* t, of the reduction's type, stretched back to the shape of its input. */
static tg_tensor *stretch(const tg_tensor *node, tg_tensor *t)
{
    const tg_axes_attr *a = tg_node_attr(node);
    const tg_tensor *x = node->inputs[0];
    int64_t kept[TG_MAX_RANK];
    if (x->rank > 0) memcpy(kept, x->shape, (size_t)x->rank * sizeof *kept);
    for (int i = 0; i < (int)a->axes.count; i++) kept[a->axes.values[i]] = 1;
    return tg_broadcast_to(tg_reshape(t, x->rank, kept), x->rank, x->shape);
}

static tg_axes rule_axes(const tg_rule *r)
{
    const tg_axes_attr *a = tg_rule_attr(r);
    tg_axes axes = {.count = (int)a->axes.count, .keep = (int)a->keep};
    for (int i = 0; i < axes.count; i++) axes.axis[i] = (int)a->axes.values[i];
    return axes;
}

static void sum_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, stretch(tg_rule_output(r), tg_rule_output_adjoint(r)));
}

static tg_tensor *attains_extremum(tg_tensor *node)
{
    return tg_eq(node->inputs[0], stretch(node, node));
}

/* Each element that attains the extremum has an equal share in it. */
static tg_tensor *shares(const tg_rule *r)
{
    tg_tensor *node = tg_rule_output(r);
    tg_axes axes = rule_axes(r);
    tg_tensor *attains = tg_cast(attains_extremum(node), node->dtype);
    return tg_div(attains, stretch(node, tg_sum(attains, &axes)));
}

static void extremum_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_mul(stretch(tg_rule_output(r), tg_rule_output_adjoint(r)), shares(r)));
}

static void extremum_jvp(tg_rule *r)
{
    tg_axes axes = rule_axes(r);
    tg_rule_output_tangent(r, tg_sum(tg_mul(tg_rule_tangent(r, 0), shares(r)), &axes));
}

static tg_tensor *nothing_reduced(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                                  const tg_type *type)
{
    (void)op, (void)n, (void)type;
    return ((const tg_axes_attr *)attr)->axes.count == 0 ? inputs[0] : NULL;
}

static const tg_simplification reduce_rules[] = {{"reduction of no axis", nothing_reduced}, {NULL, NULL}};
#define REDUCE_CASES(name)                                                                                   \
    name "(f[2, 3, 4])", name "(f[2, 3, 4], axis=[0, 2])", name "(f[2, 3], axis=1, keepdims=true)",          \
        name "(f[5, 3], axis=0)", NULL
static const char *const sum_cases[] = {REDUCE_CASES("sum")};
static const char *const max_cases[] = {REDUCE_CASES("max")};
static const char *const min_cases[] = {REDUCE_CASES("min")};

static const tg_op sum_op = {.name = "sum",
                             .n_inputs = 1,
                             .inputs = "x",
                             .formula = "the sum over axes",
                             .latex = "\\sum #1",
                             .attrs = tg_axes_attrs,
                             .n_attrs = 2,
                             .attr_size = sizeof(tg_axes_attr),
                             .flags = TG_OP_STRIDED | TG_OP_REDUCTION,
                             .cases = sum_cases,
                             .canonical = reduce_canonical,
                             .infer = sum_infer,
                             .kernel = sum_kernel,
                             .vjp = sum_vjp,
                             .jvp = tg_jvp_linear,
                             .simplify = reduce_rules,
                             .index = TG_INDEX_SUM};
static const tg_op max_op = {.name = "max",
                             .n_inputs = 1,
                             .inputs = "x",
                             .formula = "the largest element over axes",
                             .latex = "\\max #1",
                             .attrs = tg_axes_attrs,
                             .n_attrs = 2,
                             .attr_size = sizeof(tg_axes_attr),
                             .flags = TG_OP_STRIDED | TG_OP_REDUCTION,
                             .cases = max_cases,
                             .canonical = reduce_canonical,
                             .infer = extremum_infer,
                             .kernel = max_kernel,
                             .vjp = extremum_vjp,
                             .jvp = extremum_jvp,
                             .simplify = reduce_rules,
                             .index = TG_INDEX_MAX,
                             .branch = attains_extremum};
static const tg_op min_op = {.name = "min",
                             .n_inputs = 1,
                             .inputs = "x",
                             .formula = "the smallest element over axes",
                             .latex = "\\min #1",
                             .attrs = tg_axes_attrs,
                             .n_attrs = 2,
                             .attr_size = sizeof(tg_axes_attr),
                             .flags = TG_OP_STRIDED | TG_OP_REDUCTION,
                             .cases = min_cases,
                             .canonical = reduce_canonical,
                             .infer = extremum_infer,
                             .kernel = min_kernel,
                             .vjp = extremum_vjp,
                             .jvp = extremum_jvp,
                             .simplify = reduce_rules,
                             .index = TG_INDEX_MIN,
                             .branch = attains_extremum};

tg_tensor *tg_sum(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &sum_op, axes);
}

tg_tensor *tg_max(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &max_op, axes);
}

tg_tensor *tg_min(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &min_op, axes);
}

const tg_op *const tg_reduce_ops[] = {&sum_op, &max_op, &min_op, NULL};
