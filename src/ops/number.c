/* Numbers that are known when they are recorded. */
#include "ops.h"

#include <string.h>

int tg_is_number(const tg_tensor *t, double *value)
{
    while (t->op->view != NULL && t->n_inputs == 1 && tg_shape_count(t->rank, t->shape) > 0) t = t->inputs[0];
    if (t->op != &tg_op_constant) return 0;
    int64_t count = tg_count(t);
    size_t item = tg_dtype_size(t->dtype);
    if (count < 1 || count > 64) return 0;
    const char *first = tg_node_attr(t);
    for (int64_t i = 1; i < count; i++)
        if (memcmp(first, first + (size_t)i * item, item) != 0) return 0;
    switch (t->dtype) {
    case TG_F32:
        *value = (double)*(const float *)(const void *)first;
        return 1;
    case TG_F64:
        *value = *(const double *)(const void *)first;
        return 1;
    case TG_I64:
        *value = (double)*(const int64_t *)(const void *)first;
        return 1;
    case TG_BOOL:
        *value = *(const unsigned char *)first;
        return 1;
    }
    return 0;
}

tg_tensor *tg_scalar_constant(tg_tensor *t)
{
    if (!t->sees_constant) return NULL;
    if (t->op->view != NULL && t->n_inputs == 1) t = t->inputs[0];
    return t->op == &tg_op_constant && t->rank == 0 ? t : NULL;
}

tg_tensor *tg_combine_numbers(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                              const tg_type *type)
{
    tg_tensor *scalars[TG_ELEMENTWISE_MAX];
    for (int i = 0; i < n; i++) {
        scalars[i] = tg_scalar_constant(inputs[i]);
        if (scalars[i] == NULL) return NULL;
    }
    if (tg_type_count(type) == 0 || type->rank == 0) return NULL; /* scalars are folded */
    return tg_broadcast_to(tg_apply(inputs[0]->graph, op, scalars, n, attr), type->rank, type->shape);
}
