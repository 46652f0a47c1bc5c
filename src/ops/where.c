/* Choice: where, and the comparisons that are written with others. */
#include <string.h>

#include "kernels/elementwise.h"
#include "ops.h"
#include "simplify.h"

static tg_status where_infer(tg_infer *q)
{
    tg_type condition = tg_infer_input(q, 0), a = tg_infer_input(q, 1), b = tg_infer_input(q, 2);
    if (condition.dtype != TG_BOOL) return tg_infer_fail(q, TG_ERR_DTYPE, "the condition must be bool");
    if (a.dtype != b.dtype) return tg_infer_fail(q, TG_ERR_DTYPE, "a and b have different types");
    if (!tg_shape_equal(a.rank, a.shape, b.rank, b.shape) ||
        !tg_shape_equal(a.rank, a.shape, condition.rank, condition.shape))
        return tg_infer_fail(q, TG_ERR_SHAPE, "the shapes do not broadcast");
    return tg_infer_output(q, a.dtype, a.rank, a.shape);
}

static tg_status where_kernel(const tg_kernel_call *call)
{
    return tg_where_run(call);
}

static tg_tensor *where_slope(const tg_rule *r, int i, tg_tensor *g)
{
    tg_tensor *condition = tg_rule_input(r, 0), *nothing = tg_number_like(g, 0);
    return i == 1 ? tg_where(condition, g, nothing) : tg_where(condition, nothing, g);
}

static const char *const where_cases[] = {"where(b[2, 3], f[2, 3], f[2, 3])", "where(b[3], f[2, 1], f[])",
                                          NULL};

static const tg_op where_op = {
    .name = "where",
    .n_inputs = 3,
    .inputs = "condition a b",
    .formula = "where(condition, a, b)",
    .latex = "\\left(#1 \\mathbin{?} #2 : #3\\right)",
    .flags = TG_OP_ELEMENTWISE | TG_OP_STRIDED,
    .cases = where_cases,
    .infer = where_infer,
    .kernel = where_kernel,
    .slope = where_slope,
    .simplify = where_rules,
};

tg_tensor *tg_where(tg_tensor *condition, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[3] = {condition, a, b};
    tg_graph *g = tg_graph_of(condition != NULL ? condition : a != NULL ? a : b);
    return tg_apply(g, &where_op, inputs, 3, NULL);
}

static tg_tensor *gt_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_lt(inputs[1], inputs[0]);
}

static tg_tensor *ge_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_le(inputs[1], inputs[0]);
}

static const tg_op gt_op = {.name = "gt",
                            .n_inputs = 2,
                            .inputs = "a b",
                            .formula = "a > b",
                            .text = "#1 > #2",
                            .latex = "[#1 > #2]",
                            .flags = TG_OP_ELEMENTWISE,
                            .compose = gt_compose};
static const tg_op ge_op = {.name = "ge",
                            .n_inputs = 2,
                            .inputs = "a b",
                            .formula = "a >= b",
                            .text = "#1 >= #2",
                            .latex = "[#1 \\ge #2]",
                            .flags = TG_OP_ELEMENTWISE,
                            .compose = ge_compose};

tg_tensor *tg_gt(tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[2] = {a, b};
    return tg_apply(tg_graph_of(a != NULL ? a : b), &gt_op, inputs, 2, NULL);
}

tg_tensor *tg_ge(tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[2] = {a, b};
    return tg_apply(tg_graph_of(a != NULL ? a : b), &ge_op, inputs, 2, NULL);
}

const tg_op *const tg_where_ops[] = {&where_op, &gt_op, &ge_op, NULL};
