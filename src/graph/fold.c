/* Folding: small results of constants are computed when they are recorded. */
#include "graph.h"

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

tg_tensor *tg_fold_constants(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                             int n, const void *attr)
{
    if (!can_fold(op, type, inputs, n)) return NULL;
    tg_view in[FOLD_LIMIT];
    int64_t strides[FOLD_LIMIT + 1][TG_MAX_RANK];
    for (int i = 0; i < n; i++) {
        int64_t offset;
        const tg_tensor *t = inputs[i], *seen = constant_of(t, &offset, strides[i]);
        /* The kernel reads the constant where it lies; it has no way to write there. */
        char *data = (char *)(uintptr_t)tg_node_attr(seen) + offset * (int64_t)tg_dtype_size(t->dtype);
        in[i] = (tg_view){data, t->dtype, t->rank, tg_count(t), t->shape, strides[i], 0};
    }
    tg_strides(type->rank, type->shape, strides[n]);
    double result[FOLD_LIMIT] = {0};
    tg_kernel_call call = {.attr = attr, .n_inputs = n, .in = in};
    call.out = (tg_view){result, type->dtype, type->rank, tg_type_count(type), type->shape, strides[n], 0};
    if (op->kernel(&call) != TG_OK) return NULL;
    return tg_constant_node(g, type, result);
}
