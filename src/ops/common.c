/* What the families of operations share. */
#include "graph/infer.h"
#include "ops.h"

#include <string.h>

static int resolve(int64_t *axis, int rank)
{
    if (*axis < -rank || *axis >= rank) return 0;
    if (*axis < 0) *axis += rank;
    return 1;
}

tg_status tg_canonical_axis(tg_infer *q, int64_t *axis, int rank)
{
    if (resolve(axis, rank)) return TG_OK;
    return tg_infer_fail(q, TG_ERR_ARGUMENT, "axis %lld of a tensor of rank %d", (long long)*axis, rank);
}

int tg_resolve_axis(tg_tensor *x, const char *call, int64_t *axis, int rank)
{
    if (resolve(axis, rank)) return 1;
    char label[TG_LABEL_TEXT];
    tg_set_error(x->graph, TG_ERR_ARGUMENT, "%s: axis %lld of a tensor of rank %d; %s", call,
                 (long long)*axis, rank, tg_label(x, label, sizeof label));
    return 0;
}

/* The rank of a shape that is NULL. */
#define NO_SHAPE INT32_MIN

tg_ints tg_shape_attr(int rank, const int64_t *shape)
{
    tg_ints made = {.count = rank > 0 && shape == NULL ? NO_SHAPE : rank};
    for (int i = 0; i < rank && i < TG_MAX_RANK && shape != NULL; i++) made.values[i] = shape[i];
    return made;
}

tg_status tg_check_shape_attr(tg_infer *q, const tg_ints *shape)
{
    if (shape->count == NO_SHAPE) return tg_infer_fail(q, TG_ERR_NULL, "the shape is NULL");
    if (shape->count < 0 || shape->count > TG_MAX_RANK)
        return tg_infer_fail(q, TG_ERR_RANK, "a shape of rank %lld", (long long)shape->count);
    return TG_OK;
}

int tg_needs_floating(tg_tensor *x, const char *call)
{
    if (tg_is_floating(x->dtype)) return 1;
    char label[TG_LABEL_TEXT];
    tg_set_error(x->graph, TG_ERR_DTYPE, "%s: it is not defined for %s; x: %s", call, tg_dtype_name(x->dtype),
                 tg_label(x, label, sizeof label));
    return 0;
}

void tg_jvp_linear(tg_rule *r)
{
    tg_tensor *node = tg_rule_output(r), *inputs[TG_ELEMENTWISE_MAX];
    for (int i = 0; i < node->n_inputs; i++) inputs[i] = node->inputs[i];
    inputs[0] = tg_rule_tangent(r, 0);
    if (inputs[0] != NULL)
        tg_rule_output_tangent(r,
                               tg_apply(node->graph, node->op, inputs, node->n_inputs, tg_node_attr(node)));
}

const tg_attr tg_axes_attrs[2] = {
    {"axis", TG_ATTR_INTS, offsetof(tg_axes_attr, axes), "none"},
    {"keepdims", TG_ATTR_BOOL, offsetof(tg_axes_attr, keep), "false"},
};

/* An impossible count is left for the shape rule to refuse. */
tg_tensor *tg_apply_axes(tg_tensor *x, const tg_op *op, const tg_axes *axes)
{
    tg_axes_attr attr = {.axes.count = axes == NULL ? -1 : axes->count};
    if (axes != NULL) {
        attr.keep = axes->keep;
        if (axes->count < 0) attr.axes.count = TG_MAX_RANK + 1;
        for (int i = 0; i < axes->count && i < TG_MAX_RANK; i++) attr.axes.values[i] = axes->axis[i];
    }
    return tg_apply(tg_graph_of(x), op, &x, 1, &attr);
}

tg_status tg_same_infer(tg_infer *q)
{
    return tg_infer_like_first(q, (tg_dtype)q->inputs[0]->dtype);
}

int tg_same_view(const tg_type *input, const int64_t *input_strides, const tg_type *output, const void *attr,
                 int64_t *offset, int64_t *strides)
{
    (void)output, (void)attr;
    *offset = 0;
    memcpy(strides, input_strides, (size_t)input->rank * sizeof *strides);
    return 1;
}

tg_tensor *tg_branch_itself(tg_tensor *node)
{
    return node;
}
