/* The elementwise operations: from the rows of elementwise.def to records and functions. */
#include "kernels/elementwise.h"
#include "graph/infer.h"
#include "ops.h"
#include "simplify.h"

#define TWO_OVER_SQRT_PI 1.12837916709551257390

/* ---- Words that slopes are written with --------------------------------------------------------------- */

static tg_tensor *zero(tg_tensor *like)
{
    return tg_number_like(like, 0);
}

static tg_tensor *one(tg_tensor *like)
{
    return tg_number_like(like, 1);
}

static tg_tensor *positive(tg_tensor *x)
{
    return tg_gt(x, zero(x));
}

/* g where a > b, half of it where they are equal. */
static tg_tensor *share_larger(tg_tensor *g, tg_tensor *a, tg_tensor *b)
{
    return tg_where(tg_gt(a, b), g, tg_where(tg_gt(b, a), zero(g), tg_mul_scalar(g, 0.5)));
}

/* b a^(b-1). Where both are 0 the exponent is kept away from -1, so that the slope is 0 and higher orders finite. */
static tg_tensor *pow_slope_base(tg_tensor *g, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *both_zero = tg_logical_and(tg_eq(b, zero(b)), tg_eq(a, zero(a)));
    tg_tensor *exponent = tg_where(both_zero, one(b), tg_sub(b, one(b)));
    return tg_mul(g, tg_mul(b, tg_pow(a, exponent)));
}

/* a^b log a, and 0 where a = 0; the logarithm is kept away from that 0 so that higher orders are finite. */
static tg_tensor *pow_slope_exponent(tg_tensor *g, tg_tensor *a, tg_tensor *y)
{
    tg_tensor *at_zero = tg_eq(a, zero(a));
    tg_tensor *logarithm = tg_log(tg_where(at_zero, one(a), a));
    return tg_mul(g, tg_mul(y, logarithm));
}

/* ---- Shape rule --------------------------------------------------------------------------------------- */

static tg_status infer_row(tg_infer *q, tg_row row, int gives_bool)
{
    const tg_tensor *first = q->inputs[0];
    for (int i = 1; i < q->n; i++) {
        const tg_tensor *other = q->inputs[i];
        if (other->dtype != first->dtype)
            return tg_infer_fail(q, TG_ERR_DTYPE, "its inputs have different types");
        if (!tg_shape_equal(first->rank, first->shape, other->rank, other->shape))
            return tg_infer_fail(q, TG_ERR_SHAPE, "the shapes do not broadcast");
    }
    if (!tg_row_accepts(row, first->dtype))
        return tg_infer_fail(q, TG_ERR_DTYPE, "it is not defined for %s", tg_dtype_name(first->dtype));
    return tg_infer_like_first(q, gives_bool ? TG_BOOL : first->dtype);
}

/* ---- Records ------------------------------------------------------------------------------------------ */

#define ELEMENTWISE (TG_OP_ELEMENTWISE | TG_OP_STRIDED)
#define COMMUTES_add TG_OP_COMMUTATIVE
#define COMMUTES_mul TG_OP_COMMUTATIVE
#define COMMUTES_maximum TG_OP_COMMUTATIVE
#define COMMUTES_minimum TG_OP_COMMUTATIVE
#define COMMUTES_sub 0u
#define COMMUTES_div 0u
#define COMMUTES_pow 0u

/* ---- Kinks -------------------------------------------------------------------------------------------- */

static tg_tensor *sign_of_input(tg_tensor *node)
{
    return tg_sign(node->inputs[0]);
}

static tg_tensor *sign_of_difference(tg_tensor *node)
{
    return tg_sign(tg_sub(node->inputs[0], node->inputs[1]));
}

#define BRANCH_AT_ZERO(row)                                                                                  \
    (TG_ROW_##row == TG_ROW_abs || TG_ROW_##row == TG_ROW_relu || TG_ROW_##row == TG_ROW_elu ? sign_of_input \
                                                                                             : NULL)
#define BRANCH_WHERE_EQUAL(row)                                                                              \
    (TG_ROW_##row == TG_ROW_maximum || TG_ROW_##row == TG_ROW_minimum ? sign_of_difference : NULL)

#define INFER_AND_KERNEL(name, gives_bool)                                                                   \
    static tg_status name##_infer(tg_infer *q)                                                               \
    {                                                                                                        \
        return infer_row(q, TG_ROW_##name, gives_bool);                                                      \
    }                                                                                                        \
    static tg_status name##_kernel(const tg_kernel_call *call)                                               \
    {                                                                                                        \
        return tg_row_run(TG_ROW_##name, call);                                                              \
    }

#define FUNCTION_1(name)                                                                                     \
    tg_tensor *tg_##name(tg_tensor *x)                                                                       \
    {                                                                                                        \
        return tg_apply(tg_graph_of(x), &tg_##name##_op, &x, 1, NULL);                                       \
    }

#define FUNCTION_2(name)                                                                                     \
    tg_tensor *tg_##name(tg_tensor *a, tg_tensor *b)                                                         \
    {                                                                                                        \
        tg_tensor *const inputs[2] = {a, b};                                                                 \
        return tg_apply(tg_graph_of(a != NULL ? a : b), &tg_##name##_op, inputs, 2, NULL);                   \
    }

#define UNARY(row, low_, high_, rules, text_, latex_, formula_, value, slope_)                               \
    INFER_AND_KERNEL(row, 0)                                                                                 \
    static tg_tensor *row##_slope(const tg_rule *r, int i, tg_tensor *g)                                     \
    {                                                                                                        \
        tg_tensor *x = tg_rule_input(r, 0), *y = tg_rule_output(r);                                          \
        (void)i, (void)x, (void)y;                                                                           \
        return slope_;                                                                                       \
    }                                                                                                        \
    const tg_op tg_##row##_op = {.name = #row,                                                               \
                                 .n_inputs = 1,                                                              \
                                 .inputs = "x",                                                              \
                                 .formula = formula_,                                                        \
                                 .text = text_,                                                              \
                                 .latex = latex_,                                                            \
                                 .flags = ELEMENTWISE,                                                       \
                                 .domain = {low_, high_},                                                    \
                                 .infer = row##_infer,                                                       \
                                 .kernel = row##_kernel,                                                     \
                                 .slope = row##_slope,                                                       \
                                 .simplify = rules,                                                          \
                                 .branch = BRANCH_AT_ZERO(row)};                                             \
    FUNCTION_1(row)

#define UNARY_PERIODIC UNARY
#define UNARY_ANY UNARY

#define FLAT(row, low_, high_, rules, text_, latex_, formula_, value)                                        \
    INFER_AND_KERNEL(row, 0)                                                                                 \
    const tg_op tg_##row##_op = {.name = #row,                                                               \
                                 .n_inputs = 1,                                                              \
                                 .inputs = "x",                                                              \
                                 .formula = formula_,                                                        \
                                 .text = text_,                                                              \
                                 .latex = latex_,                                                            \
                                 .flags = ELEMENTWISE | TG_OP_CONSTANT_SLOPE,                                \
                                 .domain = {low_, high_},                                                    \
                                 .infer = row##_infer,                                                       \
                                 .kernel = row##_kernel,                                                     \
                                 .simplify = rules,                                                          \
                                 .branch = tg_branch_itself};                                                \
    FUNCTION_1(row)

#define BINARY(row, low_, high_, rules, text_, latex_, formula_, value, slope_a, slope_b)                    \
    INFER_AND_KERNEL(row, 0)                                                                                 \
    static tg_tensor *row##_slope(const tg_rule *r, int i, tg_tensor *g)                                     \
    {                                                                                                        \
        tg_tensor *a = tg_rule_input(r, 0), *b = tg_rule_input(r, 1), *y = tg_rule_output(r);                \
        (void)a, (void)b, (void)y;                                                                           \
        return i == 0 ? slope_a : slope_b;                                                                   \
    }                                                                                                        \
    const tg_op tg_##row##_op = {.name = #row,                                                               \
                                 .n_inputs = 2,                                                              \
                                 .inputs = "a b",                                                            \
                                 .formula = formula_,                                                        \
                                 .text = text_,                                                              \
                                 .latex = latex_,                                                            \
                                 .flags = ELEMENTWISE | COMMUTES_##row,                                      \
                                 .domain = {low_, high_},                                                    \
                                 .infer = row##_infer,                                                       \
                                 .kernel = row##_kernel,                                                     \
                                 .slope = row##_slope,                                                       \
                                 .simplify = rules,                                                          \
                                 .branch = BRANCH_WHERE_EQUAL(row)};                                         \
    FUNCTION_2(row)

#define BINARY_ANY BINARY

#define COMPARE(row, rules, text_, latex_, formula_, value)                                                  \
    INFER_AND_KERNEL(row, 1)                                                                                 \
    const tg_op tg_##row##_op = {.name = #row,                                                               \
                                 .n_inputs = 2,                                                              \
                                 .inputs = "a b",                                                            \
                                 .formula = formula_,                                                        \
                                 .text = text_,                                                              \
                                 .latex = latex_,                                                            \
                                 .flags = ELEMENTWISE | TG_OP_CONSTANT_SLOPE,                                \
                                 .infer = row##_infer,                                                       \
                                 .kernel = row##_kernel,                                                     \
                                 .simplify = rules,                                                          \
                                 .branch = tg_branch_itself};                                                \
    FUNCTION_2(row)

#define LOGICAL(row, n, inputs_, rules, text_, latex_, formula_, value)                                      \
    INFER_AND_KERNEL(row, 1)                                                                                 \
    const tg_op tg_##row##_op = {.name = #row,                                                               \
                                 .n_inputs = n,                                                              \
                                 .inputs = inputs_,                                                          \
                                 .formula = formula_,                                                        \
                                 .text = text_,                                                              \
                                 .latex = latex_,                                                            \
                                 .flags = ELEMENTWISE | TG_OP_CONSTANT_SLOPE,                                \
                                 .infer = row##_infer,                                                       \
                                 .kernel = row##_kernel,                                                     \
                                 .simplify = rules};                                                         \
    FUNCTION_##n(row)

#include "elementwise.def"

#undef UNARY
#undef UNARY_PERIODIC
#undef UNARY_ANY
#undef FLAT
#undef BINARY
#undef BINARY_ANY
#undef COMPARE
#undef LOGICAL

const tg_op *const tg_elementwise_ops[] = {
#define UNARY(row, ...) &tg_##row##_op,
#define UNARY_PERIODIC UNARY
#define UNARY_ANY UNARY
#define FLAT UNARY
#define BINARY UNARY
#define BINARY_ANY UNARY
#define COMPARE UNARY
#define LOGICAL UNARY
#include "elementwise.def"
    NULL};

tg_loop tg_loop_of(const tg_op *op, tg_dtype in, tg_dtype out)
{
    for (int row = 0; row < TG_ROWS; row++)
        if (tg_elementwise_ops[row] == op) return tg_row_loop((tg_row)row, in);
    return op == tg_where_ops[0] ? tg_where_loop(out) : NULL;
}

/* ---- With numbers ------------------------------------------------------------------------------------- */

tg_tensor *tg_number_like(tg_tensor *x, double v)
{
    return tg_number(tg_graph_of(x), tg_dtype_of(x), v);
}

tg_tensor *tg_add_scalar(tg_tensor *x, double v)
{
    return tg_add(x, tg_number_like(x, v));
}

tg_tensor *tg_mul_scalar(tg_tensor *x, double v)
{
    return tg_mul(x, tg_number_like(x, v));
}

tg_tensor *tg_pow_scalar(tg_tensor *x, double v)
{
    return tg_pow(x, tg_number_like(x, v));
}
