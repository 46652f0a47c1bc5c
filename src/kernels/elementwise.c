/* Elementwise kernels over strided operands. */

#include "elementwise.h"

static const tg_loop *const tables[] = {
    [TG_F32] = tg_loops_f32, [TG_F64] = tg_loops_f64, [TG_I64] = tg_loops_i64, [TG_BOOL] = tg_loops_bool};

int tg_row_accepts(tg_row row, tg_dtype dtype)
{
    return tables[dtype][row] != NULL;
}

tg_loop tg_row_loop(tg_row row, tg_dtype dtype)
{
    return tables[dtype][row];
}

tg_status tg_row_run(tg_row row, const tg_kernel_call *call)
{
    tg_elementwise_walk(call, tables[call->in[0].dtype][row]);
    return TG_OK;
}

/* The axes of the result, with axes that every operand walks in one stride merged into one. */
typedef struct walk {
    int rank;
    int64_t size[TG_MAX_RANK];
    int64_t stride[TG_ELEMENTWISE_MAX][TG_MAX_RANK];
} walk;

static int mergeable(const tg_kernel_call *call, const walk *w, int axis)
{
    for (int k = 0; k < call->n_inputs; k++)
        if (w->stride[k][w->rank - 1] != call->in[k].strides[axis] * call->out.shape[axis]) return 0;
    return 1;
}

static void plan_walk(const tg_kernel_call *call, walk *w)
{
    w->rank = 0;
    for (int axis = 0; axis < call->out.rank; axis++) {
        int64_t size = call->out.shape[axis];
        if (size == 1) continue;
        if (w->rank > 0 && mergeable(call, w, axis))
            w->size[w->rank - 1] *= size;
        else
            w->size[w->rank++] = size;
        for (int k = 0; k < call->n_inputs; k++) w->stride[k][w->rank - 1] = call->in[k].strides[axis];
    }
    if (w->rank == 0) {
        w->rank = 1;
        w->size[0] = 1;
        for (int k = 0; k < call->n_inputs; k++) w->stride[k][0] = 0;
    }
}

void tg_elementwise_walk(const tg_kernel_call *call, tg_loop loop)
{
    if (call->out.count == 0) return;
    walk w;
    plan_walk(call, &w);
    const char *in[TG_ELEMENTWISE_MAX];
    int64_t inner_strides[TG_ELEMENTWISE_MAX], item[TG_ELEMENTWISE_MAX];
    int last = w.rank - 1;
    for (int k = 0; k < call->n_inputs; k++) {
        in[k] = call->in[k].data;
        inner_strides[k] = w.stride[k][last];
        item[k] = (int64_t)tg_dtype_size(call->in[k].dtype);
    }
    char *out = call->out.data;
    int64_t step = w.size[last] * (int64_t)tg_dtype_size(call->out.dtype);
    int64_t index[TG_MAX_RANK] = {0};
    for (;;) {
        const void *at[TG_ELEMENTWISE_MAX];
        for (int k = 0; k < call->n_inputs; k++) at[k] = in[k];
        loop(w.size[last], out, at, inner_strides);
        out += step;
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            for (int k = 0; k < call->n_inputs; k++) in[k] += w.stride[k][axis] * item[k];
            if (++index[axis] < w.size[axis]) break;
            for (int k = 0; k < call->n_inputs; k++) in[k] -= w.stride[k][axis] * item[k] * w.size[axis];
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}
