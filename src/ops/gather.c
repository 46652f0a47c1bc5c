/* Indexing with tensors of indices: gather and take_along_axis read, scatter_add and scatter_add_along_axis are
 * their transposes and write. */
#include <string.h>

#include "ops.h"

typedef struct gather_attr {
    int64_t axis;
} gather_attr;

static tg_status gather_canonical(tg_infer *q, void *attr)
{
    return tg_canonical_axis(q, &((gather_attr *)attr)->axis, tg_infer_input(q, 0).rank);
}

/* x with its axis replaced by the shape of the indices. */
static tg_status gathered_type(tg_infer *q, tg_type *made)
{
    int axis = (int)((const gather_attr *)tg_infer_attr(q))->axis;
    tg_type x = tg_infer_input(q, 0), indices = tg_infer_input(q, 1);
    if (indices.dtype != TG_I64) return tg_infer_fail(q, TG_ERR_DTYPE, "indices must be i64");
    int rank = x.rank - 1 + indices.rank;
    if (rank > TG_MAX_RANK) return tg_infer_fail(q, TG_ERR_RANK, "the result would have rank %d", rank);
    *made = (tg_type){.dtype = x.dtype, .rank = rank};
    for (int i = 0; i < rank; i++)
        made->shape[i] = i < axis                  ? x.shape[i]
                         : i < axis + indices.rank ? indices.shape[i - axis]
                                                   : x.shape[i - indices.rank + 1];
    return TG_OK;
}

static tg_status gather_infer(tg_infer *q)
{
    tg_type made;
    tg_status status = gathered_type(q, &made);
    return status != TG_OK ? status : tg_infer_output(q, made.dtype, made.rank, made.shape);
}

static tg_status scatter_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0), updates = tg_infer_input(q, 2), made;
    tg_status status = gathered_type(q, &made);
    if (status != TG_OK) return status;
    if (x.dtype == TG_BOOL || updates.dtype != x.dtype)
        return tg_infer_fail(q, TG_ERR_DTYPE, "x and updates must be of one numeric type");
    if (!tg_shape_equal(updates.rank, updates.shape, made.rank, made.shape)) {
        char text[TG_TYPE_TEXT];
        return tg_infer_fail(q, TG_ERR_SHAPE, "updates must be %s", tg_type_text(&made, text, sizeof text));
    }
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status check_along(tg_infer *q)
{
    int axis = (int)((const gather_attr *)tg_infer_attr(q))->axis;
    tg_type x = tg_infer_input(q, 0), indices = tg_infer_input(q, 1);
    if (indices.dtype != TG_I64) return tg_infer_fail(q, TG_ERR_DTYPE, "indices must be i64");
    x.shape[axis] = indices.rank == x.rank ? indices.shape[axis] : 0;
    if (!tg_shape_equal(x.rank, x.shape, indices.rank, indices.shape))
        return tg_infer_fail(q, TG_ERR_SHAPE, "indices must have x's shape in every axis but %d", axis);
    return TG_OK;
}

static tg_status take_infer(tg_infer *q)
{
    tg_status status = check_along(q);
    tg_type indices = tg_infer_input(q, 1);
    return status != TG_OK ? status
                           : tg_infer_output(q, tg_infer_input(q, 0).dtype, indices.rank, indices.shape);
}

static tg_status put_infer(tg_infer *q)
{
    tg_status status = check_along(q);
    if (status != TG_OK) return status;
    tg_type x = tg_infer_input(q, 0), indices = tg_infer_input(q, 1), updates = tg_infer_input(q, 2);
    if (x.dtype == TG_BOOL || updates.dtype != x.dtype)
        return tg_infer_fail(q, TG_ERR_DTYPE, "x and updates must be of one numeric type");
    if (!tg_shape_equal(updates.rank, updates.shape, indices.rank, indices.shape))
        return tg_infer_fail(q, TG_ERR_SHAPE, "updates must have the shape of indices");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

/* ---- Kernels ------------------------------------------------------------------------------------------ */

/* The array as [outer, size, inner] around the axis. */
typedef struct around {
    int64_t outer, size, inner;
} around;

static around split(const tg_view *x, int64_t axis)
{
    around s = {1, x->shape[axis], 1};
    for (int i = 0; i < x->rank; i++) {
        if (i < axis) s.outer *= x->shape[i];
        if (i > axis) s.inner *= x->shape[i];
    }
    return s;
}

static tg_status bad_index(const tg_kernel_call *call, int64_t i, int64_t size)
{
    return tg_fail(call->diag, TG_ERR_INDEX,
                   "index %lld, at position %lld of the indices, is outside an axis of size %lld",
                   (long long)((const int64_t *)call->in[1].data)[i], (long long)i, (long long)size);
}

/* The index counted from the front, or -1. */
static int64_t resolve_index(int64_t index, int64_t size)
{
    if (index < 0) index += size;
    return index >= 0 && index < size ? index : -1;
}

/* All indices are looked at first, so that a bad one changes nothing. */
static tg_status check_indices(const tg_kernel_call *call, int64_t size)
{
    const int64_t *indices = call->in[1].data;
    for (int64_t i = 0; i < call->in[1].count; i++)
        if (resolve_index(indices[i], size) < 0) return bad_index(call, i, size);
    return TG_OK;
}

static void add_run(tg_dtype dtype, int64_t n, void *to, const void *from)
{
    switch (dtype) {
    case TG_F32:
        for (int64_t i = 0; i < n; i++) ((float *)to)[i] += ((const float *)from)[i];
        break;
    case TG_F64:
        for (int64_t i = 0; i < n; i++) ((double *)to)[i] += ((const double *)from)[i];
        break;
    default: /* through unsigned, so that it wraps around */
        for (int64_t i = 0; i < n; i++) ((uint64_t *)to)[i] += ((const uint64_t *)from)[i];
    }
}

static tg_status gather_kernel(const tg_kernel_call *call)
{
    around s = split(&call->in[0], ((const gather_attr *)call->attr)->axis);
    tg_status status = check_indices(call, s.size);
    if (status != TG_OK) return status;
    const int64_t *indices = call->in[1].data;
    int64_t m = call->in[1].count, run = s.inner * (int64_t)tg_dtype_size(call->out.dtype);
    const char *from = call->in[0].data;
    char *to = call->out.data;
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < m; i++, to += run)
            memcpy(to, from + (o * s.size + resolve_index(indices[i], s.size)) * run, (size_t)run);
    return TG_OK;
}

static tg_status scatter_kernel(const tg_kernel_call *call)
{
    around s = split(&call->in[0], ((const gather_attr *)call->attr)->axis);
    tg_status status = check_indices(call, s.size);
    if (status != TG_OK) return status;
    const int64_t *indices = call->in[1].data;
    int64_t m = call->in[1].count, item = (int64_t)tg_dtype_size(call->out.dtype), run = s.inner * item;
    char *to = call->out.data;
    const char *from = call->in[2].data;
    if (call->out.count > 0) memcpy(to, call->in[0].data, (size_t)(call->out.count * item));
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < m; i++, from += run)
            add_run(call->out.dtype, s.inner, to + (o * s.size + resolve_index(indices[i], s.size)) * run,
                    from);
    return TG_OK;
}

/* Element (o, i, k) of the indices stands for element (o, index, k) of an array with axis size `size`. */
static int64_t along(const around *s, int64_t m, int64_t position, int64_t index)
{
    int64_t o = position / (m * s->inner), k = position % s->inner;
    return (o * s->size + resolve_index(index, s->size)) * s->inner + k;
}

static tg_status take_kernel(const tg_kernel_call *call)
{
    int64_t axis = ((const gather_attr *)call->attr)->axis;
    around s = split(&call->in[0], axis);
    tg_status status = check_indices(call, s.size);
    if (status != TG_OK) return status;
    const int64_t *indices = call->in[1].data;
    int64_t m = call->in[1].shape[axis];
    size_t item = tg_dtype_size(call->out.dtype);
    const char *from = call->in[0].data;
    char *to = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++)
        memcpy(to + i * (int64_t)item, from + along(&s, m, i, indices[i]) * (int64_t)item, item);
    return TG_OK;
}

static tg_status put_kernel(const tg_kernel_call *call)
{
    int64_t axis = ((const gather_attr *)call->attr)->axis;
    around s = split(&call->in[0], axis);
    tg_status status = check_indices(call, s.size);
    if (status != TG_OK) return status;
    const int64_t *indices = call->in[1].data;
    int64_t m = call->in[1].shape[axis], item = (int64_t)tg_dtype_size(call->out.dtype);
    const char *from = call->in[2].data;
    char *to = call->out.data;
    if (call->out.count > 0) memcpy(to, call->in[0].data, (size_t)(call->out.count * item));
    for (int64_t i = 0; i < call->in[1].count; i++)
        add_run(call->out.dtype, 1, to + along(&s, m, i, indices[i]) * item, from + i * item);
    return TG_OK;
}

/* ---- Rules -------------------------------------------------------------------------------------------- */

static tg_tensor *put_along_axis(tg_tensor *x, tg_tensor *indices, tg_tensor *updates, int axis);

static int axis_of(const tg_rule *r)
{
    return (int)((const gather_attr *)tg_rule_attr(r))->axis;
}

static tg_tensor *zeros_like(tg_tensor *x)
{
    return tg_full(x->graph, x->dtype, x->rank, x->shape, 0);
}

static void gather_vjp(tg_rule *r)
{
    tg_tensor *indices = tg_rule_input(r, 1);
    tg_rule_adjoint(
        r, 0,
        tg_scatter_add(zeros_like(tg_rule_input(r, 0)), indices, tg_rule_output_adjoint(r), axis_of(r)));
}

static void take_vjp(tg_rule *r)
{
    tg_tensor *indices = tg_rule_input(r, 1);
    tg_rule_adjoint(
        r, 0,
        put_along_axis(zeros_like(tg_rule_input(r, 0)), indices, tg_rule_output_adjoint(r), axis_of(r)));
}

static void scatter_vjp(tg_rule *r)
{
    tg_tensor *ybar = tg_rule_output_adjoint(r);
    tg_rule_adjoint(r, 0, ybar);
    if (tg_rule_wants(r, 2)) tg_rule_adjoint(r, 2, tg_gather(ybar, tg_rule_input(r, 1), axis_of(r)));
}

static void put_vjp(tg_rule *r)
{
    tg_tensor *ybar = tg_rule_output_adjoint(r);
    tg_rule_adjoint(r, 0, ybar);
    if (tg_rule_wants(r, 2)) tg_rule_adjoint(r, 2, tg_take_along_axis(ybar, tg_rule_input(r, 1), axis_of(r)));
}

/* Linear in x and updates together. */
static void adding_jvp(tg_rule *r)
{
    tg_tensor *node = tg_rule_output(r), *inputs[3];
    for (int i = 0; i < 3; i++) {
        inputs[i] = i == 1 ? tg_rule_input(r, 1) : tg_rule_tangent(r, i);
        if (inputs[i] == NULL) inputs[i] = zeros_like(tg_rule_input(r, i));
    }
    tg_rule_output_tangent(r, tg_apply(node->graph, node->op, inputs, 3, tg_node_attr(node)));
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static const tg_attr axis_attrs[] = {{"axis", TG_ATTR_INT, offsetof(gather_attr, axis), "0"}};
static const char *const gather_cases[] = {"gather(f[4, 3], i4[5], axis=0)",
                                           "gather(f[2, 3, 2], i3[2, 2], axis=1)", NULL};
static const char *const scatter_cases[] = {"scatter_add(f[4, 3], i4[5], f[5, 3], axis=0)",
                                            "scatter_add(f[2, 3], i3[4], f[2, 4], axis=1)", NULL};
static const char *const take_cases[] = {"take_along_axis(f[3, 4], i4[3, 2], axis=1)",
                                         "take_along_axis(f[3, 2], i3[5, 2], axis=0)", NULL};
static const char *const put_cases[] = {"scatter_add_along_axis(f[3, 4], i4[3, 2], f[3, 2], axis=1)", NULL};

#define GATHER_RECORD(record, name_, n, inputs_, formula_, cases_, infer_, kernel_, vjp_, jvp_)              \
    static const tg_op record = {.name = name_,                                                              \
                                 .n_inputs = n,                                                              \
                                 .inputs = inputs_,                                                          \
                                 .formula = formula_,                                                        \
                                 .attrs = axis_attrs,                                                        \
                                 .n_attrs = 1,                                                               \
                                 .attr_size = sizeof(gather_attr),                                           \
                                 .flags = TG_OP_CAN_FAIL,                                                    \
                                 .cases = cases_,                                                            \
                                 .canonical = gather_canonical,                                              \
                                 .infer = infer_,                                                            \
                                 .kernel = kernel_,                                                          \
                                 .vjp = vjp_,                                                                \
                                 .jvp = jvp_};

GATHER_RECORD(gather_op, "gather", 2, "x indices", "the slices of x along an axis that indices name",
              gather_cases, gather_infer, gather_kernel, gather_vjp, tg_jvp_linear)
GATHER_RECORD(scatter_op, "scatter_add", 3, "x indices updates",
              "x with updates added at the slices that indices name", scatter_cases, scatter_infer,
              scatter_kernel, scatter_vjp, adding_jvp)
GATHER_RECORD(take_op, "take_along_axis", 2, "x indices", "one element along an axis for each of indices",
              take_cases, take_infer, take_kernel, take_vjp, tg_jvp_linear)
GATHER_RECORD(put_op, "scatter_add_along_axis", 3, "x indices updates",
              "x with updates added at the elements that indices name along an axis", put_cases, put_infer,
              put_kernel, put_vjp, adding_jvp)

tg_tensor *tg_gather(tg_tensor *x, tg_tensor *indices, int axis)
{
    gather_attr attr = {axis};
    tg_tensor *const inputs[2] = {x, indices};
    return tg_apply(tg_graph_of(x != NULL ? x : indices), &gather_op, inputs, 2, &attr);
}

tg_tensor *tg_scatter_add(tg_tensor *x, tg_tensor *indices, tg_tensor *updates, int axis)
{
    gather_attr attr = {axis};
    tg_tensor *const inputs[3] = {x, indices, updates};
    return tg_apply(tg_graph_of(x != NULL ? x : indices), &scatter_op, inputs, 3, &attr);
}

tg_tensor *tg_take_along_axis(tg_tensor *x, tg_tensor *indices, int axis)
{
    gather_attr attr = {axis};
    tg_tensor *const inputs[2] = {x, indices};
    return tg_apply(tg_graph_of(x != NULL ? x : indices), &take_op, inputs, 2, &attr);
}

static tg_tensor *put_along_axis(tg_tensor *x, tg_tensor *indices, tg_tensor *updates, int axis)
{
    gather_attr attr = {axis};
    tg_tensor *const inputs[3] = {x, indices, updates};
    return tg_apply(tg_graph_of(x != NULL ? x : indices), &put_op, inputs, 3, &attr);
}

const tg_op *const tg_gather_ops[] = {&gather_op, &scatter_op, &take_op, &put_op, NULL};
