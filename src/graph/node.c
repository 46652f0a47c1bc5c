/* Recording: from an operation and its inputs to the one node that stands for it. */
#include <string.h>

#include "graph.h"
#include "infer.h"

/* 1 when the inputs can be used; otherwise the error is kept. */
static int inputs_usable(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n)
{
    if (op->n_inputs == TG_VARIADIC ? n < 1 : n != op->n_inputs) {
        tg_set_error(g, TG_ERR_ARGUMENT, "%s: %d inputs, expected %s%d", op->name, n,
                     op->n_inputs == TG_VARIADIC ? "at least " : "",
                     op->n_inputs == TG_VARIADIC ? 1 : op->n_inputs);
        return 0;
    }
    if (n > 0 && inputs == NULL) return tg_check_tensors(g, op->name, "input", inputs, n) == TG_OK;
    for (int i = 0; i < n; i++)
        if (inputs[i] == NULL || inputs[i]->graph != g)
            return tg_check_tensors(g, op->name, "input", inputs, n) == TG_OK;
    return 1;
}

/* Constants of at most this many elements are folded. */
#define FOLD_LIMIT 16

/* The constant that t is, or that it sees with other strides; NULL for anything else. */
static const tg_tensor *constant_of(const tg_tensor *t, int64_t *offset, int64_t *strides)
{
    *offset = 0;
    tg_strides(t->rank, t->shape, strides);
    if (t->op == &tg_op_constant) return t;
    if (t->op->view == NULL || t->n_inputs != 1 || t->inputs[0]->op != &tg_op_constant) return NULL;
    const tg_tensor *seen = t->inputs[0];
    tg_type from = tg_type_of(seen), to = tg_type_of(t);
    int64_t seen_strides[TG_MAX_RANK];
    tg_strides(seen->rank, seen->shape, seen_strides);
    return t->op->view(&from, seen_strides, &to, tg_node_attr(t), offset, strides) ? seen : NULL;
}

/* Folding is for small results of constants, at least one of which is no view: views stay, since a number that is
 * stretched is easier to recognise than an array of equal numbers. */
static int can_fold(const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n)
{
    int direct = n == 0;
    for (int i = 0; i < n; i++) /* most nodes leave here */
        if (!inputs[i]->sees_constant) return 0;
    if (op->scratch != NULL || op->view != NULL || (op->flags & (TG_OP_OPAQUE | TG_OP_CAN_FAIL)) != 0)
        return 0;
    if (n > FOLD_LIMIT || tg_type_count(type) > FOLD_LIMIT || tg_type_count(type) == 0) return 0;
    for (int i = 0; i < n; i++) {
        int64_t offset, strides[TG_MAX_RANK];
        if (constant_of(inputs[i], &offset, strides) == NULL) return 0;
        if (inputs[i]->op == &tg_op_constant)
            direct = 1;
        else if ((op->flags & TG_OP_STRIDED) == 0)
            return 0;
    }
    return direct;
}

static tg_tensor *fold(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n,
                       const void *attr)
{
    tg_view in[FOLD_LIMIT];
    int64_t strides[FOLD_LIMIT + 1][TG_MAX_RANK];
    for (int i = 0; i < n; i++) {
        int64_t offset;
        const tg_tensor *t = inputs[i], *seen = constant_of(t, &offset, strides[i]);
        /* The kernel reads the constant where it lies; it has no way to write there. */
        char *data = (char *)(uintptr_t)tg_node_attr(seen) + offset * (int64_t)tg_dtype_size(t->dtype);
        in[i] = (tg_view){data, t->dtype, t->rank, tg_count(t), t->shape, strides[i]};
    }
    tg_strides(type->rank, type->shape, strides[n]);
    double result[FOLD_LIMIT] = {0};
    tg_kernel_call call = {.attr = attr, .n_inputs = n, .in = in};
    call.out = (tg_view){result, type->dtype, type->rank, tg_type_count(type), type->shape, strides[n]};
    if (op->kernel(&call) != TG_OK) return NULL;
    return tg_intern(g, &tg_op_constant, type, NULL, 0, result, tg_type_bytes(type), 0);
}

static tg_tensor *simplified(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                             int n, const void *attr)
{
    if (can_fold(op, type, inputs, n)) {
        tg_tensor *t = fold(g, op, type, inputs, n, attr);
        if (t != NULL) return t;
    }
    for (const tg_simplification *rule = op->simplify; rule != NULL && rule->name != NULL; rule++) {
        tg_tensor *t = rule->apply(op, inputs, n, attr, type);
        if (t != NULL) return t;
    }
    return NULL;
}

/* An operation on its inputs as they are. */
static tg_tensor *record(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    char canonical[TG_ATTR_MAX];
    tg_infer q;
    tg_infer_start(&q, g, op, inputs, n, attr);
    if (op->canonical != NULL) {
        memcpy(canonical, attr, op->attr_size);
        if (op->canonical(&q, canonical) != TG_OK) return NULL;
        q.attr = attr = canonical;
    }
    if (tg_infer_run(&q) != TG_OK) return NULL;
    tg_tensor *swapped[2];
    if ((op->flags & TG_OP_COMMUTATIVE) != 0 && inputs[0]->id > inputs[1]->id) {
        swapped[0] = inputs[1];
        swapped[1] = inputs[0];
        inputs = swapped;
    }
    if ((g->options.flags & TG_NO_SIMPLIFY) == 0) {
        tg_tensor *t = simplified(g, op, &q.output, inputs, n, attr);
        if (t != NULL) return t;
    }
    return tg_intern(g, op, &q.output, inputs, n, attr, op->attr_size,
                     (g->options.flags & TG_NO_INTERN) != 0);
}

static int same_shapes(tg_tensor *const *inputs, int n)
{
    const tg_tensor *first = inputs[0];
    for (int i = 1; i < n; i++)
        if (!tg_shape_equal(first->rank, first->shape, inputs[i]->rank, inputs[i]->shape)) return 0;
    return 1;
}

/* An elementwise operation on inputs that are brought to one shape first. Those that do not fit together stay as they
 * are, and the shape rule will say so. */
static tg_tensor *record_broadcast(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n,
                                   const void *attr)
{
    tg_tensor *stretched[TG_ELEMENTWISE_MAX];
    int rank = 0;
    int64_t shape[TG_MAX_RANK];
    for (int i = 0; i < n; i++)
        if (!tg_shape_broadcast(inputs[i]->rank, inputs[i]->shape, &rank, shape))
            return record(g, op, inputs, n, attr);
    for (int i = 0; i < n; i++) {
        int fits = tg_shape_equal(inputs[i]->rank, inputs[i]->shape, rank, shape);
        stretched[i] = fits ? inputs[i] : g->library->broadcast_to(inputs[i], rank, shape);
        if (stretched[i] == NULL) return NULL;
    }
    return record(g, op, stretched, n, attr);
}

tg_tensor *tg_apply(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    if (g == NULL) return NULL;
    if (op == NULL) return tg_set_error(g, TG_ERR_NULL, "tg_apply: the operation is NULL");
    if (op->attr_size > 0 && attr == NULL)
        return tg_set_error(g, TG_ERR_NULL, "%s: its attributes are NULL", op->name);
    if (!inputs_usable(g, op, inputs, n)) return NULL;
    if (op->compose != NULL && (op->composes == NULL || op->composes(inputs, n, attr)))
        return op->compose(g, inputs, n, attr);
    if ((op->flags & TG_OP_ELEMENTWISE) != 0 && !same_shapes(inputs, n))
        return record_broadcast(g, op, inputs, n, attr);
    return record(g, op, inputs, n, attr);
}
