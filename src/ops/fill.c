/* Tensors that are made rather than computed: iota, full, one_hot. */
#include "ops.h"

typedef struct iota_attr {
    int64_t n, dtype;
} iota_attr;

static tg_status iota_infer(tg_infer *q)
{
    const iota_attr *a = tg_infer_attr(q);
    if (a->dtype < TG_F32 || a->dtype > TG_I64)
        return tg_infer_fail(q, TG_ERR_DTYPE, "its type must be f32, f64 or i64");
    return tg_infer_output(q, (tg_dtype)a->dtype, 1, &a->n);
}

static tg_status iota_kernel(const tg_kernel_call *call)
{
    for (int64_t i = 0; i < call->out.count; i++) switch (call->out.dtype) {
        case TG_F32:
            ((float *)call->out.data)[i] = (float)i;
            break;
        case TG_F64:
            ((double *)call->out.data)[i] = (double)i;
            break;
        default:
            ((int64_t *)call->out.data)[i] = i;
            break;
        }
    return TG_OK;
}

static const tg_attr iota_attrs[] = {
    {"n", TG_ATTR_INT, offsetof(iota_attr, n), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(iota_attr, dtype), "i64"},
};
static const char *const iota_cases[] = {"iota(n=4, dtype=f64)", "iota(n=3)", NULL};

static const tg_op iota_op = {
    .name = "iota",
    .n_inputs = 0,
    .inputs = "",
    .formula = "0, 1, ..., n - 1",
    .attrs = iota_attrs,
    .n_attrs = 2,
    .attr_size = sizeof(iota_attr),
    .flags = TG_OP_CONSTANT_SLOPE,
    .cases = iota_cases,
    .infer = iota_infer,
    .kernel = iota_kernel,
};

tg_tensor *tg_iota(tg_graph *g, int64_t n, tg_dtype dtype)
{
    iota_attr attr = {n, dtype};
    return tg_apply(g, &iota_op, NULL, 0, &attr);
}

/* ---- full --------------------------------------------------------------------------------------------- */

typedef struct full_attr {
    tg_ints shape;
    double value;
    int64_t dtype;
} full_attr;

static tg_tensor *full_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)inputs, (void)n;
    const full_attr *a = attr;
    return tg_broadcast_to(tg_number(g, (tg_dtype)a->dtype, a->value), (int)a->shape.count, a->shape.values);
}

static const tg_attr full_attrs[] = {
    {"shape", TG_ATTR_INTS, offsetof(full_attr, shape), NULL},
    {"value", TG_ATTR_FLOAT, offsetof(full_attr, value), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(full_attr, dtype), "f64"},
};
static const char *const full_cases[] = {"full(shape=[2, 3], value=1.5)",
                                         "full(shape=[], value=2, dtype=i64)", NULL};

static const tg_op full_op = {
    .name = "full",
    .n_inputs = 0,
    .inputs = "",
    .formula = "a tensor of one number",
    .attrs = full_attrs,
    .n_attrs = 3,
    .attr_size = sizeof(full_attr),
    .cases = full_cases,
    .compose = full_compose,
};

tg_tensor *tg_full(tg_graph *g, tg_dtype dtype, int rank, const int64_t *shape, double value)
{
    full_attr attr = {tg_shape_attr(rank, shape), value, dtype};
    return tg_apply(g, &full_op, NULL, 0, &attr);
}

/* ---- one_hot ------------------------------------------------------------------------------------------ */

typedef struct one_hot_attr {
    int64_t depth, dtype;
} one_hot_attr;

static tg_tensor *one_hot_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n;
    const one_hot_attr *a = attr;
    tg_tensor *indices = inputs[0];
    char label[TG_LABEL_TEXT];
    if (indices->dtype != TG_I64)
        return tg_set_error(g, TG_ERR_DTYPE, "one_hot: indices must be i64; indices: %s",
                            tg_label(indices, label, sizeof label));
    int64_t shape[TG_MAX_RANK + 1];
    for (int i = 0; i < indices->rank; i++) shape[i] = indices->shape[i];
    shape[indices->rank] = 1;
    tg_tensor *column = tg_reshape(indices, indices->rank + 1, shape);
    return tg_cast(tg_eq(column, tg_iota(g, a->depth, TG_I64)), (tg_dtype)a->dtype);
}

static const tg_attr one_hot_attrs[] = {
    {"depth", TG_ATTR_INT, offsetof(one_hot_attr, depth), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(one_hot_attr, dtype), "f64"},
};
static const char *const one_hot_cases[] = {"one_hot(i4[5], depth=4)",
                                            "one_hot(i3[2, 2], depth=3, dtype=f32)", NULL};

static const tg_op one_hot_op = {
    .name = "one_hot",
    .n_inputs = 1,
    .inputs = "indices",
    .formula = "1 at the index along a new last axis, 0 elsewhere",
    .attrs = one_hot_attrs,
    .n_attrs = 2,
    .attr_size = sizeof(one_hot_attr),
    .cases = one_hot_cases,
    .compose = one_hot_compose,
};

tg_tensor *tg_one_hot(tg_tensor *indices, int64_t depth, tg_dtype dtype)
{
    one_hot_attr attr = {depth, dtype};
    return tg_apply(tg_graph_of(indices), &one_hot_op, &indices, 1, &attr);
}

const tg_op *const tg_fill_ops[] = {&iota_op, &full_op, &one_hot_op, NULL};
