/* Matrix products: matmul, and dot and outer, which are composed. The primitive takes two stacks of matrices with
 * the same batch axes; everything else is brought to that form. */
#include <string.h>

#include "graph/infer.h"
#include "kernels/gemm.h"
#include "ops.h"

static int is_primitive(const tg_tensor *a, const tg_tensor *b)
{
    return a->rank >= 2 && b->rank >= 2 && tg_shape_equal(a->rank - 2, a->shape, b->rank - 2, b->shape);
}

/* The size of b's axis that the product sums over. */
static int64_t inner_size(int rank, const int64_t *shape)
{
    return shape[rank >= 2 ? rank - 2 : 0];
}

/* What does not fit is left as it was given, so that the shape rule's message shows the caller's tensors. */
static int matmul_composes(tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n, (void)attr;
    const tg_tensor *a = inputs[0], *b = inputs[1];
    if (a->rank == 0 || b->rank == 0 || !tg_is_floating(a->dtype) || a->dtype != b->dtype) return 0;
    return a->shape[a->rank - 1] == inner_size(b->rank, b->shape) && !is_primitive(a, b);
}

static tg_tensor *apply(tg_tensor *a, tg_tensor *b);

/* A row on the left or a column on the right, whose axis the result drops. */
static tg_tensor *with_vector(tg_tensor *a, tg_tensor *b)
{
    int row = a->rank == 1, column = b->rank == 1, rank = 0;
    tg_tensor *y = apply(row ? tg_reshape(a, 2, (int64_t[]){1, a->shape[0]}) : a,
                         column ? tg_reshape(b, 2, (int64_t[]){b->shape[0], 1}) : b);
    if (y == NULL) return NULL;
    int64_t shape[TG_MAX_RANK];
    for (int i = 0; i < y->rank; i++)
        if (!(row && i == y->rank - 2) && !(column && i == y->rank - 1)) shape[rank++] = y->shape[i];
    return tg_reshape(y, rank, shape);
}

/* A stack of matrices times one matrix is one product with the stack's rows. */
static tg_tensor *rows_times_matrix(tg_tensor *a, tg_tensor *b)
{
    int64_t rows[2] = {-1, a->shape[a->rank - 1]}, shape[TG_MAX_RANK];
    memcpy(shape, a->shape, (size_t)a->rank * sizeof *shape);
    shape[a->rank - 1] = b->shape[1];
    return tg_reshape(apply(tg_reshape(a, 2, rows), b), a->rank, shape);
}

static tg_tensor *matmul_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n, (void)attr;
    tg_tensor *a = inputs[0], *b = inputs[1];
    if (a->rank == 1 || b->rank == 1) return with_vector(a, b);
    if (b->rank == 2 && tg_count(a) > 0) return rows_times_matrix(a, b);

    int rank = a->rank - 2;
    int64_t batch[TG_MAX_RANK], shape[TG_MAX_RANK];
    memcpy(batch, a->shape, (size_t)rank * sizeof *batch);
    if (!tg_shape_broadcast(b->rank - 2, b->shape, &rank, batch)) {
        char la[TG_LABEL_TEXT], lb[TG_LABEL_TEXT];
        return tg_set_error(g, TG_ERR_SHAPE, "matmul: the batch axes do not broadcast; a: %s, b: %s",
                            tg_label(a, la, sizeof la), tg_label(b, lb, sizeof lb));
    }
    memcpy(shape, batch, (size_t)rank * sizeof *shape);
    memcpy(shape + rank, a->shape + a->rank - 2, 2 * sizeof *shape);
    tg_tensor *left = tg_broadcast_to(a, rank + 2, shape);
    memcpy(shape + rank, b->shape + b->rank - 2, 2 * sizeof *shape);
    return apply(left, tg_broadcast_to(b, rank + 2, shape));
}

static tg_status matmul_infer(tg_infer *q)
{
    const tg_tensor *a = q->inputs[0], *b = q->inputs[1];
    int64_t shape[TG_MAX_RANK];
    if (a->rank == 0 || b->rank == 0)
        return tg_infer_fail(q, TG_ERR_RANK, "a scalar has no matrix product; use mul");
    if (!tg_is_floating((tg_dtype)a->dtype) || a->dtype != b->dtype)
        return tg_infer_fail(q, TG_ERR_DTYPE, "both inputs must be f32, or both f64");
    int64_t inner = inner_size(b->rank, b->shape);
    if (a->shape[a->rank - 1] != inner)
        return tg_infer_fail(q, TG_ERR_SHAPE, "the inner sizes %lld and %lld differ",
                             (long long)a->shape[a->rank - 1], (long long)inner);
    for (int i = 0; i < a->rank - 1; i++) shape[i] = a->shape[i];
    shape[a->rank - 1] = b->shape[b->rank - 1];
    return tg_infer_output(q, (tg_dtype)a->dtype, a->rank, shape);
}

static size_t matmul_scratch(const tg_type *inputs, int n, const tg_type *output, const void *attr)
{
    (void)n, (void)attr;
    const tg_type *a = &inputs[0];
    return tg_gemm_scratch(tg_dtype_size(output->dtype), a->shape[a->rank - 2],
                           output->shape[output->rank - 1], a->shape[a->rank - 1]);
}

/* Of end_f32 and end_f64 the one of another type is ignored; NULL: C = A B. */
static void multiply_one(const tg_kernel_call *call, int64_t a_at, int64_t b_at, int64_t c_at,
                         const tg_epilogue_f32 *end_f32, const tg_epilogue_f64 *end_f64)
{
    const tg_view *a = &call->in[0], *b = &call->in[1], *c = &call->out;
    int last = c->rank - 1;
    int64_t m = c->shape[last - 1], n = c->shape[last], k = a->shape[last];
    if (c->dtype == TG_F32) {
        tg_matrix_f32 left = {(const float *)a->data + a_at, a->strides[last - 1], a->strides[last], 0};
        tg_matrix_f32 right = {(const float *)b->data + b_at, b->strides[last - 1], b->strides[last],
                               b->band};
        tg_product_f32 product = {.m = m, .n = n, .k = k, .a = left, .b = right, .end = end_f32};
        product.c = (float *)c->data + c_at;
        product.c_row = c->strides[last - 1];
        product.c_band = c->band;
        tg_gemm_f32(&product, call->scratch);
    } else {
        tg_matrix_f64 left = {(const double *)a->data + a_at, a->strides[last - 1], a->strides[last], 0};
        tg_matrix_f64 right = {(const double *)b->data + b_at, b->strides[last - 1], b->strides[last],
                               b->band};
        tg_product_f64 product = {.m = m, .n = n, .k = k, .a = left, .b = right, .end = end_f64};
        product.c = (double *)c->data + c_at;
        product.c_row = c->strides[last - 1];
        product.c_band = c->band;
        tg_gemm_f64(&product, call->scratch);
    }
}

/* Where that input lies, and the distance of its rows; NULL for none. */
static const void *epilogue_input(const tg_kernel_call *call, int input, int64_t *row)
{
    if (input == 0) return NULL;
    if (row != NULL) *row = call->in[input].strides[0];
    return call->in[input].data;
}

static tg_epilogue_f32 epilogue_f32(const tg_kernel_call *call)
{
    const tg_epilogue_attr *attr = call->attr;
    const float *scale = epilogue_input(call, attr->scale, NULL);
    const float s = scale == NULL ? 1 : *scale;
    tg_epilogue_f32 end = {.scale = attr->subtracts ? -s : s, .is_relu = attr->is_relu};
    end.start = epilogue_input(call, attr->start, &end.start_row);
    end.mask = epilogue_input(call, attr->mask, &end.mask_row);
    return end;
}

static tg_epilogue_f64 epilogue_f64(const tg_kernel_call *call)
{
    const tg_epilogue_attr *attr = call->attr;
    const double *scale = epilogue_input(call, attr->scale, NULL);
    const double s = scale == NULL ? 1 : *scale;
    tg_epilogue_f64 end = {.scale = attr->subtracts ? -s : s, .is_relu = attr->is_relu};
    end.start = epilogue_input(call, attr->start, &end.start_row);
    end.mask = epilogue_input(call, attr->mask, &end.mask_row);
    return end;
}

tg_status tg_matmul_epilogue(const tg_kernel_call *call)
{
    if (call->out.dtype == TG_F32) {
        const tg_epilogue_f32 end = epilogue_f32(call);
        multiply_one(call, 0, 0, 0, &end, NULL);
    } else {
        const tg_epilogue_f64 end = epilogue_f64(call);
        multiply_one(call, 0, 0, 0, NULL, &end);
    }
    return TG_OK;
}

tg_status tg_matmul_join(const tg_kernel_call *call)
{
    const tg_view *sums = &call->in[0], *c = &call->out;
    const int64_t m = c->shape[0], n = c->shape[1], row = c->strides[0];
    if (c->dtype == TG_F32) {
        const tg_epilogue_f32 end = epilogue_f32(call);
        const tg_product_f32 product = {
            .m = m, .n = n, .c = c->data, .c_row = row, .c_band = c->band, .end = &end};
        tg_gemm_join_f32(&product, sums->shape[0], sums->data);
    } else {
        const tg_epilogue_f64 end = epilogue_f64(call);
        const tg_product_f64 product = {
            .m = m, .n = n, .c = c->data, .c_row = row, .c_band = c->band, .end = &end};
        tg_gemm_join_f64(&product, sums->shape[0], sums->data);
    }
    return TG_OK;
}

/* Walks the batch axes. */
static tg_status matmul_kernel(const tg_kernel_call *call)
{
    const tg_view *c = &call->out;
    if (c->count == 0) return TG_OK;
    int batch = c->rank - 2;
    if (batch == 0) {
        multiply_one(call, 0, 0, 0, NULL, NULL);
        return TG_OK;
    }
    int64_t index[TG_MAX_RANK] = {0}, a_at = 0, b_at = 0, c_at = 0,
            size = c->shape[batch] * c->shape[batch + 1];
    for (;;) {
        multiply_one(call, a_at, b_at, c_at, NULL, NULL);
        c_at += size;
        int axis = batch - 1;
        for (; axis >= 0; axis--) {
            a_at += call->in[0].strides[axis];
            b_at += call->in[1].strides[axis];
            if (++index[axis] < c->shape[axis]) break;
            a_at -= call->in[0].strides[axis] * c->shape[axis];
            b_at -= call->in[1].strides[axis] * c->shape[axis];
            index[axis] = 0;
        }
        if (axis < 0) return TG_OK;
    }
}

/* The last two axes exchanged. */
static tg_tensor *transposed(tg_tensor *x)
{
    int order[TG_MAX_RANK], rank = tg_rank(x);
    for (int i = 0; i < rank; i++) order[i] = i;
    if (rank >= 2) {
        order[rank - 2] = rank - 1;
        order[rank - 1] = rank - 2;
    }
    return tg_transpose(x, order);
}

static void matmul_vjp(tg_rule *r)
{
    tg_tensor *a = tg_rule_input(r, 0), *b = tg_rule_input(r, 1), *ybar = tg_rule_output_adjoint(r);
    if (tg_rule_wants(r, 0)) tg_rule_adjoint(r, 0, apply(ybar, transposed(b)));
    if (tg_rule_wants(r, 1)) tg_rule_adjoint(r, 1, apply(transposed(a), ybar));
}

static void matmul_jvp(tg_rule *r)
{
    tg_tensor *adot = tg_rule_tangent(r, 0), *bdot = tg_rule_tangent(r, 1);
    if (adot != NULL) tg_rule_output_tangent(r, apply(adot, tg_rule_input(r, 1)));
    if (bdot != NULL) tg_rule_output_tangent(r, apply(tg_rule_input(r, 0), bdot));
}

static const char *const matmul_cases[] = {"matmul(f[2, 3], f[3, 4])",
                                           "matmul(f[3], f[3, 2])",
                                           "matmul(f[2, 3], f[3])",
                                           "matmul(f[2, 2, 3], f[2, 3, 2])",
                                           "matmul(f[2, 1, 2, 3], f[3, 3, 2])",
                                           "matmul(f[2, 2, 3], f[3, 4])",
                                           NULL};

static const tg_op matmul_op = {
    .name = "matmul",
    .n_inputs = 2,
    .inputs = "a b",
    .formula = "sum_k a_ik b_kj",
    .text = "#1 @ #2",
    .latex = "#1 \\, #2",
    .flags = TG_OP_STRIDED | TG_OP_ROWWISE | TG_OP_COLUMNWISE,
    .cases = matmul_cases,
    .infer = matmul_infer,
    .kernel = matmul_kernel,
    .scratch = matmul_scratch,
    .vjp = matmul_vjp,
    .jvp = matmul_jvp,
    .index = TG_INDEX_PRODUCT,
    .compose = matmul_compose,
    .composes = matmul_composes,
};

static tg_tensor *apply(tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[2] = {a, b};
    return tg_apply(tg_graph_of(a != NULL ? a : b), &matmul_op, inputs, 2, NULL);
}

tg_tensor *tg_matmul(tg_tensor *a, tg_tensor *b)
{
    return apply(a, b);
}

/* ---- dot, outer --------------------------------------------------------------------------------------- */

static int two_vectors(tg_graph *g, const char *call, tg_tensor *const *inputs)
{
    if (inputs[0]->rank == 1 && inputs[1]->rank == 1) return 1;
    char a[TG_LABEL_TEXT], b[TG_LABEL_TEXT];
    tg_set_error(g, TG_ERR_RANK, "%s: both inputs must have one axis; a: %s, b: %s", call,
                 tg_label(inputs[0], a, sizeof a), tg_label(inputs[1], b, sizeof b));
    return 0;
}

static tg_tensor *dot_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n, (void)attr;
    return two_vectors(g, "dot", inputs) ? apply(inputs[0], inputs[1]) : NULL;
}

static tg_tensor *outer_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n, (void)attr;
    if (!two_vectors(g, "outer", inputs)) return NULL;
    return tg_mul(tg_reshape(inputs[0], 2, (int64_t[]){inputs[0]->shape[0], 1}), inputs[1]);
}

static const char *const dot_cases[] = {"dot(f[4], f[4])", NULL};
static const char *const outer_cases[] = {"outer(f[2], f[3])", NULL};

static const tg_op dot_op = {.name = "dot",
                             .n_inputs = 2,
                             .inputs = "a b",
                             .formula = "sum_i a_i b_i",
                             .cases = dot_cases,
                             .compose = dot_compose};
static const tg_op outer_op = {.name = "outer",
                               .n_inputs = 2,
                               .inputs = "a b",
                               .formula = "a_i b_j",
                               .cases = outer_cases,
                               .compose = outer_compose};

tg_tensor *tg_dot(tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[2] = {a, b};
    return tg_apply(tg_graph_of(a != NULL ? a : b), &dot_op, inputs, 2, NULL);
}

tg_tensor *tg_outer(tg_tensor *a, tg_tensor *b)
{
    tg_tensor *const inputs[2] = {a, b};
    return tg_apply(tg_graph_of(a != NULL ? a : b), &outer_op, inputs, 2, NULL);
}

const tg_op *const tg_matmul_ops[] = {&matmul_op, &dot_op, &outer_op, NULL};
