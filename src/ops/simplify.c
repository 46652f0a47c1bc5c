/* The rewrite rules of the elementwise operations. None changes a result, for finite arguments or others (the
 * sign of a zero aside), which is why x * 0 and x - x stay. */
#include "simplify.h"

#define ARGUMENTS const tg_op *op, tg_tensor *const *inputs, int n, const void *attr, const tg_type *type
#define IGNORE_ARGUMENTS ((void)op, (void)inputs, (void)n, (void)attr, (void)type)

static int is_number(const tg_tensor *t, double expected)
{
    double value;
    return t->sees_constant && tg_is_number(t, &value) && value == expected;
}

/* f(number) = number */
static tg_tensor *combine_numbers(ARGUMENTS)
{
    return inputs[0]->sees_constant ? tg_combine_numbers(op, inputs, n, attr, type) : NULL;
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
        if (tg_has_type(kept, type)) return kept;
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
