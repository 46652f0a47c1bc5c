/* Parts of a tensor: slice and index, and pad, which is slice's transpose; flip. */
#include <math.h>
#include <string.h>

#include "graph/infer.h"
#include "kernels/copy.h"
#include "ops.h"

/* ---- flip --------------------------------------------------------------------------------------------- */

typedef struct axis_attr {
    int64_t axis;
} axis_attr;

static tg_status flip_canonical(tg_infer *q, void *attr)
{
    return tg_canonical_axis(q, &((axis_attr *)attr)->axis, q->inputs[0]->rank);
}

static int flip_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                     const void *attr, int64_t *offset, int64_t *strides)
{
    (void)output;
    int64_t axis = ((const axis_attr *)attr)->axis;
    memcpy(strides, input_strides, (size_t)input->rank * sizeof *strides);
    *offset = input->shape[axis] > 0 ? (input->shape[axis] - 1) * input_strides[axis] : 0;
    strides[axis] = -strides[axis];
    return 1;
}

static void flip_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0,
                    tg_flip(tg_rule_output_adjoint(r), (int)((const axis_attr *)tg_rule_attr(r))->axis));
}

static tg_tensor *flip_twice(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                             const tg_type *type)
{
    (void)n, (void)type;
    const tg_tensor *x = inputs[0];
    return x->op == op && memcmp(tg_node_attr(x), attr, sizeof(axis_attr)) == 0 ? x->inputs[0] : NULL;
}

static const tg_simplification flip_rules[] = {{"flip of a flip", flip_twice}, {NULL, NULL}};
static const tg_attr axis_attrs[] = {{"axis", TG_ATTR_INT, offsetof(axis_attr, axis), "0"}};
static const char *const flip_cases[] = {"flip(f[5], axis=0)", "flip(f[2, 3], axis=-1)", NULL};

static const tg_op flip_op = {
    .name = "flip",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x in reverse order along an axis",
    .attrs = axis_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(axis_attr),
    .flags = TG_OP_STRIDED,
    .cases = flip_cases,
    .canonical = flip_canonical,
    .infer = tg_same_infer,
    .vjp = flip_vjp,
    .jvp = tg_jvp_linear,
    .simplify = flip_rules,
    .view = flip_view,
};

tg_tensor *tg_flip(tg_tensor *x, int axis)
{
    axis_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &flip_op, &x, 1, &attr);
}

/* ---- slice -------------------------------------------------------------------------------------------- */

typedef struct slice_attr {
    int64_t axis, start, stop, step; /* canonical: 0 <= start, step > 0, stop = one past the last taken */
} slice_attr;

/* A position as Python reads it: from the end when negative, cut to low .. high. */
static int64_t cut(int64_t position, int64_t size, int64_t low, int64_t high)
{
    if (position < 0) position += size;
    return position < low ? low : position > high ? high : position;
}

static int slice_composes(tg_tensor *const *inputs, int n, const void *attr)
{
    (void)inputs, (void)n;
    return ((const slice_attr *)attr)->step < 0;
}

/* A negative step reads the flipped tensor forwards. */
static tg_tensor *slice_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    const slice_attr *s = attr;
    tg_tensor *x = inputs[0];
    int64_t axis = s->axis;
    if (!tg_resolve_axis(x, "slice", &axis, x->rank)) return NULL;
    if (s->step == INT64_MIN) return tg_set_error(x->graph, TG_ERR_ARGUMENT, "slice: the step is too small");
    int64_t size = x->shape[axis];
    int64_t start = s->start == TG_END ? size - 1 : cut(s->start, size, -1, size - 1);
    int64_t stop = s->stop == TG_END ? -1 : cut(s->stop, size, -1, size - 1);
    return tg_slice(tg_flip(x, (int)axis), (int)axis, size - 1 - start, size - 1 - stop, -s->step);
}

static tg_status slice_canonical(tg_infer *q, void *attr)
{
    slice_attr *s = attr;
    const tg_tensor *x = q->inputs[0];
    tg_status status = tg_canonical_axis(q, &s->axis, x->rank);
    if (status != TG_OK) return status;
    if (s->step == 0) return tg_infer_fail(q, TG_ERR_ARGUMENT, "the step is 0");
    int64_t size = x->shape[s->axis];
    s->start = cut(s->start, size, 0, size);
    s->stop = cut(s->stop, size, 0, size);
    int64_t count = s->stop > s->start ? (s->stop - s->start - 1) / s->step + 1 : 0;
    if (count <= 1) s->step = 1;
    s->stop = count == 0 ? s->start : s->start + (count - 1) * s->step + 1;
    return TG_OK;
}

static tg_status slice_infer(tg_infer *q)
{
    const slice_attr *s = tg_infer_attr(q);
    const tg_tensor *x = q->inputs[0];
    int64_t shape[TG_MAX_RANK];
    for (int i = 0; i < x->rank; i++) shape[i] = x->shape[i];
    shape[s->axis] = s->stop > s->start ? (s->stop - s->start - 1) / s->step + 1 : 0;
    return tg_infer_output(q, (tg_dtype)x->dtype, x->rank, shape);
}

static int slice_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                      const void *attr, int64_t *offset, int64_t *strides)
{
    const slice_attr *s = attr;
    memcpy(strides, input_strides, (size_t)input->rank * sizeof *strides);
    *offset = tg_type_count(output) > 0 ? s->start * input_strides[s->axis] : 0;
    strides[s->axis] *= s->step;
    return 1;
}

/* Zeros where nothing was taken. */
static void slice_vjp(tg_rule *r)
{
    const slice_attr *s = tg_rule_attr(r);
    tg_tensor *x = tg_rule_input(r, 0);
    if (tg_count(tg_rule_output(r)) == 0) return;
    int64_t low[TG_MAX_RANK] = {0}, high[TG_MAX_RANK] = {0}, inner[TG_MAX_RANK] = {0};
    low[s->axis] = s->start;
    high[s->axis] = x->shape[s->axis] - s->stop;
    inner[s->axis] = s->step - 1;
    tg_rule_adjoint(r, 0, tg_pad(tg_rule_output_adjoint(r), low, high, inner, 0));
}

static tg_tensor *whole(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                        const tg_type *type)
{
    (void)op, (void)n, (void)attr;
    return tg_has_type(inputs[0], type) ? inputs[0] : NULL;
}

static const tg_simplification slice_rules[] = {{"slice of everything", whole}, {NULL, NULL}};
static const tg_attr slice_attrs[] = {
    {"axis", TG_ATTR_INT, offsetof(slice_attr, axis), "0"},
    {"start", TG_ATTR_INT, offsetof(slice_attr, start), "0"},
    {"stop", TG_ATTR_INT, offsetof(slice_attr, stop), "9223372036854775807"},
    {"step", TG_ATTR_INT, offsetof(slice_attr, step), "1"},
};
static const char *const slice_cases[] = {
    "slice(f[6], axis=0, start=1, stop=5, step=2)", "slice(f[2, 5], axis=1, start=-2)",
    "slice(f[3, 2], axis=0, start=2, stop=-9, step=-1)", "slice(f[4, 3], axis=-1, start=1, stop=2)", NULL};

static const tg_op slice_op = {
    .name = "slice",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x[start:stop:step] along an axis",
    .attrs = slice_attrs,
    .n_attrs = 4,
    .attr_size = sizeof(slice_attr),
    .flags = TG_OP_STRIDED,
    .cases = slice_cases,
    .canonical = slice_canonical,
    .infer = slice_infer,
    .vjp = slice_vjp,
    .jvp = tg_jvp_linear,
    .simplify = slice_rules,
    .view = slice_view,
    .compose = slice_compose,
    .composes = slice_composes,
};

tg_tensor *tg_slice(tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step)
{
    slice_attr attr = {axis, start, stop, step};
    return tg_apply(tg_graph_of(x), &slice_op, &x, 1, &attr);
}

tg_tensor *tg_index(tg_tensor *x, int axis, int64_t position)
{
    int64_t at = axis, shape[TG_MAX_RANK];
    if (x == NULL || !tg_resolve_axis(x, "index", &at, x->rank)) return NULL;
    int64_t size = x->shape[at], from = position < 0 ? position + size : position;
    if (from < 0 || from >= size) {
        char label[TG_LABEL_TEXT];
        return tg_set_error(x->graph, TG_ERR_INDEX,
                            "index: position %lld of axis %lld, which has size %lld; %s", (long long)position,
                            (long long)at, (long long)size, tg_label(x, label, sizeof label));
    }
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (i != at) shape[rank++] = x->shape[i];
    return tg_reshape(tg_slice(x, (int)at, from, from + 1, 1), rank, shape);
}

/* ---- pad ---------------------------------------------------------------------------------------------- */

typedef struct pad_attr {
    tg_ints low, high, inner;
    double value;
} pad_attr;

static tg_status pad_canonical(tg_infer *q, void *attr)
{
    pad_attr *p = attr;
    int rank = q->inputs[0]->rank;
    tg_ints *lists[] = {&p->low, &p->high, &p->inner};
    for (int k = 0; k < 3; k++) {
        if (k > 0 && lists[k]->count < 0) *lists[k] = (tg_ints){.count = rank};
        if (lists[k]->count != rank)
            return tg_infer_fail(q, TG_ERR_RANK, "%lld amounts for %d axes", (long long)lists[k]->count,
                                 rank);
        for (int i = 0; i < rank; i++)
            if (lists[k]->values[i] < 0 || lists[k]->values[i] > INT64_MAX / 4)
                return tg_infer_fail(q, TG_ERR_SIZE, "padding of %lld", (long long)lists[k]->values[i]);
    }
    return TG_OK;
}

static tg_status pad_infer(tg_infer *q)
{
    const pad_attr *p = tg_infer_attr(q);
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype == TG_I64 && !(fabs(p->value) <= 9007199254740992.0 && p->value == floor(p->value)))
        return tg_infer_fail(q, TG_ERR_ARGUMENT, "%g is not an i64", p->value);
    if (x.dtype == TG_BOOL && p->value != 0 && p->value != 1)
        return tg_infer_fail(q, TG_ERR_ARGUMENT, "%g is not a bool", p->value);
    for (int i = 0; i < x.rank; i++) {
        int64_t gaps = x.shape[i] > 1 ? x.shape[i] - 1 : 0, inner = p->inner.values[i];
        if (gaps > 0 && inner > (INT64_MAX / 4) / gaps)
            return tg_infer_fail(q, TG_ERR_SIZE, "the padding is too large");
        if (x.shape[i] > INT64_MAX / 4) return tg_infer_fail(q, TG_ERR_SIZE, "the padding is too large");
        x.shape[i] += gaps * inner;
        if (x.shape[i] > INT64_MAX - p->low.values[i] - p->high.values[i])
            return tg_infer_fail(q, TG_ERR_SIZE, "the padding is too large");
        x.shape[i] += p->low.values[i] + p->high.values[i];
    }
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static void fill(const tg_view *out, double value)
{
    for (int64_t i = 0; i < out->count; i++) switch (out->dtype) {
        case TG_F32:
            ((float *)out->data)[i] = (float)value;
            break;
        case TG_F64:
            ((double *)out->data)[i] = value;
            break;
        case TG_I64:
            ((int64_t *)out->data)[i] = (int64_t)value;
            break;
        case TG_BOOL:
            ((unsigned char *)out->data)[i] = value != 0;
            break;
        }
}

static tg_status pad_kernel(const tg_kernel_call *call)
{
    const pad_attr *p = call->attr;
    const tg_view *in = &call->in[0];
    fill(&call->out, p->value);
    size_t item = tg_dtype_size(in->dtype);
    int64_t strides[TG_MAX_RANK], start = 0;
    for (int i = 0; i < in->rank; i++) {
        start += p->low.values[i] * call->out.strides[i];
        strides[i] = call->out.strides[i] * (p->inner.values[i] + 1);
    }
    tg_copy_into(in->rank, in->shape, item, in->data, (char *)call->out.data + start * (int64_t)item,
                 strides);
    return TG_OK;
}

static void pad_vjp(tg_rule *r)
{
    const pad_attr *p = tg_rule_attr(r);
    tg_tensor *x = tg_rule_input(r, 0), *xbar = tg_rule_output_adjoint(r);
    if (tg_count(x) == 0) return;
    for (int i = 0; i < x->rank; i++) {
        int64_t low = p->low.values[i], step = p->inner.values[i] + 1;
        xbar = tg_slice(xbar, i, low, low + (x->shape[i] - 1) * step + 1, step);
    }
    tg_rule_adjoint(r, 0, xbar);
}

static void pad_jvp(tg_rule *r)
{
    const pad_attr *p = tg_rule_attr(r);
    tg_rule_output_tangent(r,
                           tg_pad(tg_rule_tangent(r, 0), p->low.values, p->high.values, p->inner.values, 0));
}

static const tg_simplification pad_rules[] = {{"pad with nothing", whole}, {NULL, NULL}};
static const tg_attr pad_attrs[] = {
    {"low", TG_ATTR_INTS, offsetof(pad_attr, low), NULL},
    {"high", TG_ATTR_INTS, offsetof(pad_attr, high), "none"},
    {"inner", TG_ATTR_INTS, offsetof(pad_attr, inner), "none"},
    {"value", TG_ATTR_FLOAT, offsetof(pad_attr, value), "0"},
};
static const char *const pad_cases[] = {"pad(f[2, 3], low=[1, 0], high=[0, 2])",
                                        "pad(f[3], low=[1], high=[1], inner=[2], value=7)", NULL};

static const tg_op pad_op = {
    .name = "pad",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x with a value before, after and between its elements",
    .attrs = pad_attrs,
    .n_attrs = 4,
    .attr_size = sizeof(pad_attr),
    .cases = pad_cases,
    .canonical = pad_canonical,
    .infer = pad_infer,
    .kernel = pad_kernel,
    .vjp = pad_vjp,
    .jvp = pad_jvp,
    .simplify = pad_rules,
};

tg_tensor *tg_pad(tg_tensor *x, const int64_t *low, const int64_t *high, const int64_t *inner, double value)
{
    int rank = tg_rank(x);
    if (x != NULL && rank > 0 && (low == NULL || high == NULL))
        return tg_set_error(x->graph, TG_ERR_NULL, "pad: low or high is NULL");
    pad_attr attr = {.low.count = rank, .high.count = rank, .inner.count = rank, .value = value};
    for (int i = 0; i < rank; i++) {
        attr.low.values[i] = low[i];
        attr.high.values[i] = high[i];
        attr.inner.values[i] = inner == NULL ? 0 : inner[i];
    }
    return tg_apply(tg_graph_of(x), &pad_op, &x, 1, &attr);
}

const tg_op *const tg_slice_ops[] = {&flip_op, &slice_op, &pad_op, NULL};
