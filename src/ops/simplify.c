/* The rewrite rules of the elementwise operations. None changes a result, for finite arguments or others (the
 * sign of a zero aside), which is why x * 0 and x - x stay. */
#include "simplify.h"

#include <string.h>

#define ARGUMENTS const tg_op *op, tg_tensor *const *inputs, int n, const void *attr, const tg_type *type
#define IGNORE_ARGUMENTS ((void)op, (void)inputs, (void)n, (void)attr, (void)type)

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

static int is_number(const tg_tensor *t, double expected)
{
    double value;
    return t->sees_constant && tg_is_number(t, &value) && value == expected;
}

tg_tensor *tg_scalar_constant(tg_tensor *t)
{
    if (!t->sees_constant) return NULL;
    if (t->op->view != NULL && t->n_inputs == 1) t = t->inputs[0];
    return t->op == &tg_op_constant && t->rank == 0 ? t : NULL;
}

/* The scalars are combined, and the result is stretched. */
static tg_tensor *combined(ARGUMENTS)
{
    tg_tensor *scalars[TG_ELEMENTWISE_MAX];
    for (int i = 0; i < n; i++) {
        scalars[i] = tg_scalar_constant(inputs[i]);
        if (scalars[i] == NULL) return NULL;
    }
    if (tg_type_count(type) == 0 || type->rank == 0) return NULL; /* scalars are folded */
    return tg_broadcast_to(tg_apply(inputs[0]->graph, op, scalars, n, attr), type->rank, type->shape);
}

/* f(number) = number */
static tg_tensor *combine_numbers(ARGUMENTS)
{
    return inputs[0]->sees_constant ? combined(op, inputs, n, attr, type) : NULL;
}

static tg_tensor *negated(const tg_tensor *t)
{
    return t->op == &tg_neg_op ? t->inputs[0] : NULL;
}

static tg_tensor *double_negation(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return negated(inputs[0]);
}

static tg_tensor *add_zero(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    if (is_number(inputs[1], 0)) return inputs[0];
    return is_number(inputs[0], 0) ? inputs[1] : NULL;
}

static tg_tensor *add_negated(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    tg_tensor *a = negated(inputs[0]), *b = negated(inputs[1]);
    if (b != NULL) return tg_sub(inputs[0], b);
    return a != NULL ? tg_sub(inputs[1], a) : NULL;
}

static tg_tensor *subtract_zero(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return is_number(inputs[1], 0) ? inputs[0] : NULL;
}

static tg_tensor *subtract_negated(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    tg_tensor *b = negated(inputs[1]);
    return b != NULL ? tg_add(inputs[0], b) : NULL;
}

static tg_tensor *multiply_by_one(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    if (is_number(inputs[1], 1)) return inputs[0];
    return is_number(inputs[0], 1) ? inputs[1] : NULL;
}

static tg_tensor *multiply_by_minus_one(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    if (is_number(inputs[1], -1)) return tg_neg(inputs[0]);
    return is_number(inputs[0], -1) ? tg_neg(inputs[1]) : NULL;
}

static tg_tensor *divide_by_one(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return is_number(inputs[1], 1) ? inputs[0] : NULL;
}

static tg_tensor *power_one(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return is_number(inputs[1], 1) ? inputs[0] : NULL;
}

static tg_tensor *power_two(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return is_number(inputs[1], 2) ? tg_square(inputs[0]) : NULL;
}

static tg_tensor *same_arguments(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return inputs[0] == inputs[1] ? inputs[0] : NULL;
}

/* Where one argument is known: `deciding and x` is `deciding` when it is 0, and x when it is 1; or the other way
 * round. The kept number has to have the result's shape. */
static tg_tensor *known_argument(tg_tensor *const *inputs, const tg_type *type, double deciding)
{
    double value;
    for (int i = 0; i < 2; i++) {
        if (!tg_is_number(inputs[i], &value)) continue;
        tg_tensor *kept = value == deciding ? inputs[i] : inputs[1 - i];
        tg_type kept_type = tg_type_of(kept);
        if (tg_type_equal(&kept_type, type)) return kept;
    }
    return NULL;
}

static tg_tensor *and_known(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return known_argument(inputs, type, 0);
}

static tg_tensor *or_known(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    return known_argument(inputs, type, 1);
}

static tg_tensor *known_condition(ARGUMENTS)
{
    IGNORE_ARGUMENTS;
    double value;
    if (inputs[1] == inputs[2]) return inputs[1];
    if (!tg_is_number(inputs[0], &value)) return NULL;
    return value != 0 ? inputs[1] : inputs[2];
}

#define NUMBERS                                                                                              \
    {                                                                                                        \
        "f(number) = number", combine_numbers                                                                \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, NULL                                                                                           \
    }

const tg_simplification number_rules[] = {NUMBERS, END};
const tg_simplification neg_rules[] = {{"-(-x) = x", double_negation}, NUMBERS, END};
const tg_simplification add_rules[] = {
    {"x + 0 = x", add_zero}, {"a + (-b) = a - b", add_negated}, NUMBERS, END};
const tg_simplification sub_rules[] = {
    {"x - 0 = x", subtract_zero}, {"a - (-b) = a + b", subtract_negated}, NUMBERS, END};
const tg_simplification mul_rules[] = {
    {"x 1 = x", multiply_by_one}, {"x (-1) = -x", multiply_by_minus_one}, NUMBERS, END};
const tg_simplification div_rules[] = {{"x / 1 = x", divide_by_one}, NUMBERS, END};
const tg_simplification pow_rules[] = {{"x ^ 1 = x", power_one}, {"x ^ 2 = x x", power_two}, NUMBERS, END};
const tg_simplification same_rules[] = {{"f(x, x) = x", same_arguments}, NUMBERS, END};
const tg_simplification and_rules[] = {
    {"f(x, x) = x", same_arguments}, {"x and a known one", and_known}, NUMBERS, END};
const tg_simplification or_rules[] = {
    {"f(x, x) = x", same_arguments}, {"x or a known one", or_known}, NUMBERS, END};
const tg_simplification not_rules[] = {NUMBERS, END};
const tg_simplification where_rules[] = {{"the branch that a known condition takes", known_condition}, END};
