/* Operations that see the same elements in another shape: reshape, transpose, broadcast_to. As far as
 * strides can say it they move nothing. */
#include <string.h>

#include "graph/infer.h"
#include "kernels/copy.h"
#include "ops.h"

/* ---- reshape ------------------------------------------------------------------------------------------ */

/* Fills in a size of -1. */
static tg_status reshape_canonical(tg_infer *q, void *attr)
{
    tg_ints *shape = attr;
    const tg_tensor *x = q->inputs[0];
    tg_status status = tg_check_shape_attr(q, shape);
    if (status != TG_OK) return status;
    int64_t known = 1;
    int open = -1;
    for (int i = 0; i < (int)shape->count; i++) {
        if (shape->values[i] == -1 && open < 0) {
            open = i;
        } else if (shape->values[i] < 0 || (shape->values[i] > 0 && known > INT64_MAX / shape->values[i])) {
            return tg_infer_fail(q, TG_ERR_SIZE, "size %lld of axis %d", (long long)shape->values[i], i);
        } else {
            known *= shape->values[i];
        }
    }
    int64_t count = tg_count(x);
    if (open >= 0) {
        if (known == 0 || count % known != 0)
            return tg_infer_fail(q, TG_ERR_SHAPE, "%lld elements are not a multiple of %lld",
                                 (long long)count, (long long)known);
        shape->values[open] = count / known;
        known = count;
    }
    if (known != count)
        return tg_infer_fail(q, TG_ERR_SHAPE, "the new shape has %lld elements, not %lld", (long long)known,
                             (long long)count);
    return TG_OK;
}

static tg_status shape_infer(tg_infer *q)
{
    const tg_ints *shape = tg_infer_attr(q);
    return tg_infer_output(q, (tg_dtype)q->inputs[0]->dtype, (int)shape->count, shape->values);
}

static int reshape_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                        const void *attr, int64_t *offset, int64_t *strides)
{
    (void)attr;
    int64_t contiguous[TG_MAX_RANK];
    tg_strides(input->rank, input->shape, contiguous);
    for (int i = 0; i < input->rank; i++)
        if (input->shape[i] != 1 && input_strides[i] != contiguous[i]) return 0;
    *offset = 0;
    tg_strides(output->rank, output->shape, strides);
    return 1;
}

static void reshape_vjp(tg_rule *r)
{
    tg_tensor *x = tg_rule_input(r, 0);
    tg_rule_adjoint(r, 0, tg_reshape(tg_rule_output_adjoint(r), x->rank, x->shape));
}

static tg_tensor *same_type(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                            const tg_type *type)
{
    (void)op, (void)n, (void)attr;
    return tg_has_type(inputs[0], type) ? inputs[0] : NULL;
}

/* The operation on an input made by the same operation: of reshape and broadcast_to only the last counts. */
static tg_tensor *last_counts(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                              const tg_type *type)
{
    (void)n, (void)type;
    if (inputs[0]->op != op) return NULL;
    return tg_apply(inputs[0]->graph, op, inputs[0]->inputs, 1, attr);
}

/* One number seen in another shape is that number stretched to it. */
static tg_tensor *stretched_number(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                                   const tg_type *type)
{
    (void)op, (void)n, (void)attr;
    tg_tensor *number = tg_scalar_constant(inputs[0]);
    return number == NULL ? NULL : tg_broadcast_to(number, type->rank, type->shape);
}

static const tg_simplification reshape_rules[] = {{"reshape to its own shape", same_type},
                                                  {"reshape of a reshape", last_counts},
                                                  {"reshape of a number", stretched_number},
                                                  {NULL, NULL}};

static const tg_attr shape_attrs[] = {{"shape", TG_ATTR_INTS, 0, NULL}};
static const char *const reshape_cases[] = {"reshape(f[2, 6], shape=[3, -1])", "reshape(f[2, 3], shape=[6])",
                                            "reshape(f[1], shape=[])", NULL};

static const tg_op reshape_op = {
    .name = "reshape",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "the same elements in another shape",
    .attrs = shape_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(tg_ints),
    .flags = TG_OP_STRIDED,
    .cases = reshape_cases,
    .canonical = reshape_canonical,
    .infer = shape_infer,
    .kernel = tg_copy_kernel,
    .vjp = reshape_vjp,
    .jvp = tg_jvp_linear,
    .simplify = reshape_rules,
    .view = reshape_view,
};

tg_tensor *tg_reshape(tg_tensor *x, int rank, const int64_t *shape)
{
    tg_ints attr = tg_shape_attr(rank, shape);
    return tg_apply(tg_graph_of(x), &reshape_op, &x, 1, &attr);
}

/* ---- transpose ---------------------------------------------------------------------------------------- */

static tg_status transpose_canonical(tg_infer *q, void *attr)
{
    tg_ints *order = attr;
    int rank = q->inputs[0]->rank;
    if (order->count < 0) {
        order->count = rank;
        for (int i = 0; i < rank; i++) order->values[i] = rank - 1 - i;
    }
    if (order->count != rank)
        return tg_infer_fail(q, TG_ERR_RANK, "an order of %lld %s for a tensor of rank %d",
                             (long long)order->count, order->count == 1 ? "axis" : "axes", rank);
    unsigned seen = 0;
    for (int i = 0; i < rank; i++) {
        tg_status status = tg_canonical_axis(q, &order->values[i], rank);
        if (status != TG_OK) return status;
        if ((seen >> order->values[i] & 1u) != 0)
            return tg_infer_fail(q, TG_ERR_ARGUMENT, "axis %lld stands twice in the order",
                                 (long long)order->values[i]);
        seen |= 1u << order->values[i];
    }
    return TG_OK;
}

static tg_status transpose_infer(tg_infer *q)
{
    const tg_ints *order = tg_infer_attr(q);
    const tg_tensor *x = q->inputs[0];
    int64_t shape[TG_MAX_RANK];
    for (int i = 0; i < x->rank; i++) shape[i] = x->shape[order->values[i]];
    return tg_infer_output(q, (tg_dtype)x->dtype, x->rank, shape);
}

static int transpose_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                          const void *attr, int64_t *offset, int64_t *strides)
{
    (void)output;
    const tg_ints *order = attr;
    *offset = 0;
    for (int i = 0; i < input->rank; i++) strides[i] = input_strides[order->values[i]];
    return 1;
}

static void transpose_vjp(tg_rule *r)
{
    const tg_ints *order = tg_rule_attr(r);
    int inverse[TG_MAX_RANK] = {0};
    for (int i = 0; i < (int)order->count; i++) inverse[order->values[i]] = i;
    tg_rule_adjoint(r, 0, tg_transpose(tg_rule_output_adjoint(r), inverse));
}

static tg_tensor *transpose_identity(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                                     const tg_type *type)
{
    (void)op, (void)n, (void)type;
    const tg_ints *order = attr;
    for (int i = 0; i < (int)order->count; i++)
        if (order->values[i] != i) return NULL;
    return inputs[0];
}

static tg_tensor *transpose_twice(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                                  const tg_type *type)
{
    (void)n, (void)type;
    if (inputs[0]->op != op) return NULL;
    const tg_ints *outer = attr, *inner = tg_node_attr(inputs[0]);
    int order[TG_MAX_RANK] = {0};
    for (int i = 0; i < (int)outer->count; i++) order[i] = (int)inner->values[outer->values[i]];
    return tg_transpose(inputs[0]->inputs[0], order);
}

static const tg_simplification transpose_rules[] = {{"transpose that moves nothing", transpose_identity},
                                                    {"transpose of a transpose", transpose_twice},
                                                    {"transpose of a number", stretched_number},
                                                    {NULL, NULL}};

static const tg_attr order_attrs[] = {{"order", TG_ATTR_INTS, 0, "none"}};
static const char *const transpose_cases[] = {"transpose(f[2, 3])", "transpose(f[2, 3, 4], order=[1, 2, 0])",
                                              "transpose(f[3])", NULL};

static const tg_op transpose_op = {
    .name = "transpose",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "axis i of the result is axis order[i] of x",
    .text = "transpose(#1)",
    .latex = "#1^{\\mathsf{T}}",
    .attrs = order_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(tg_ints),
    .flags = TG_OP_STRIDED,
    .cases = transpose_cases,
    .canonical = transpose_canonical,
    .infer = transpose_infer,
    .vjp = transpose_vjp,
    .jvp = tg_jvp_linear,
    .simplify = transpose_rules,
    .view = transpose_view,
};

tg_tensor *tg_transpose(tg_tensor *x, const int *order)
{
    tg_ints attr = {.count = order == NULL ? -1 : tg_rank(x)};
    for (int i = 0; order != NULL && i < tg_rank(x); i++) attr.values[i] = order[i];
    return tg_apply(tg_graph_of(x), &transpose_op, &x, 1, &attr);
}

/* ---- broadcast_to ------------------------------------------------------------------------------------- */

static tg_status broadcast_infer(tg_infer *q)
{
    const tg_ints *shape = tg_infer_attr(q);
    const tg_tensor *x = q->inputs[0];
    tg_status status = tg_check_shape_attr(q, shape);
    if (status != TG_OK) return status;
    const int rank = (int)shape->count, extra = rank - x->rank;
    int fits = extra >= 0;
    for (int i = extra; i < rank && fits; i++)
        fits = x->shape[i - extra] == 1 || x->shape[i - extra] == shape->values[i];
    if (!fits) {
        char text[TG_TYPE_TEXT];
        tg_type wanted = {.dtype = x->dtype, .rank = rank};
        memcpy(wanted.shape, shape->values, (size_t)rank * sizeof *wanted.shape);
        return tg_infer_fail(q, TG_ERR_SHAPE, "x cannot be stretched to %s",
                             tg_type_text(&wanted, text, sizeof text));
    }
    return tg_infer_output(q, (tg_dtype)x->dtype, rank, shape->values);
}

static int broadcast_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                          const void *attr, int64_t *offset, int64_t *strides)
{
    (void)attr;
    *offset = 0;
    int extra = output->rank - input->rank;
    for (int i = 0; i < output->rank; i++) {
        int stretched = i < extra || input->shape[i - extra] != output->shape[i];
        strides[i] = stretched ? 0 : input_strides[i - extra];
    }
    return 1;
}

/* The sum over the axes that were stretched. */
static void broadcast_vjp(tg_rule *r)
{
    tg_tensor *x = tg_rule_input(r, 0), *ybar = tg_rule_output_adjoint(r);
    tg_axes axes = {0};
    int extra = ybar->rank - x->rank;
    for (int i = 0; i < ybar->rank; i++)
        if (i < extra || x->shape[i - extra] != ybar->shape[i]) axes.axis[axes.count++] = i;
    tg_rule_adjoint(r, 0, tg_reshape(tg_sum(ybar, &axes), x->rank, x->shape));
}

static const tg_simplification broadcast_rules[] = {
    {"broadcast to its own shape", same_type}, {"broadcast of a broadcast", last_counts}, {NULL, NULL}};
static const char *const broadcast_cases[] = {"broadcast_to(f[3, 1], shape=[2, 3, 4])",
                                              "broadcast_to(f[], shape=[2, 2])", NULL};

static const tg_op broadcast_op = {
    .name = "broadcast_to",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x repeated along new axes and axes of size 1",
    .text = "#1",
    .latex = "#1",
    .attrs = shape_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(tg_ints),
    .flags = TG_OP_STRIDED,
    .cases = broadcast_cases,
    .infer = broadcast_infer,
    .vjp = broadcast_vjp,
    .jvp = tg_jvp_linear,
    .simplify = broadcast_rules,
    .view = broadcast_view,
};

/* What is stretched once is mostly stretched again, a number that goes with every element, say: its first users are
 * looked at before anything is worked out. */
static tg_tensor *stretched_before(const tg_tensor *x, int rank, const int64_t *shape)
{
    tg_tensor *t = x == NULL || (rank > 0 && shape == NULL) ? NULL : x->users;
    while (t != NULL && !(t->op == &broadcast_op && tg_shape_equal(t->rank, t->shape, rank, shape)))
        t = t->found.next_user;
    return t;
}

tg_tensor *tg_broadcast_to(tg_tensor *x, int rank, const int64_t *shape)
{
    tg_tensor *before = stretched_before(x, rank, shape);
    if (before != NULL) return before;
    tg_ints attr = tg_shape_attr(rank, shape);
    return tg_apply(tg_graph_of(x), &broadcast_op, &x, 1, &attr);
}

const tg_op *const tg_shape_ops[] = {&reshape_op, &transpose_op, &broadcast_op, NULL};
