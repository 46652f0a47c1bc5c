/* Identities in value: cast changes the element type, stop_gradient the derivative. */
#include "ops.h"

typedef struct cast_attr {
    int64_t dtype;
} cast_attr;

static tg_status cast_infer(tg_infer *q)
{
    int64_t dtype = ((const cast_attr *)tg_infer_attr(q))->dtype;
    tg_type x = tg_infer_input(q, 0);
    if (dtype < TG_F32 || dtype > TG_BOOL)
        return tg_infer_fail(q, TG_ERR_DTYPE, "unknown element type %lld", (long long)dtype);
    return tg_infer_output(q, (tg_dtype)dtype, x.rank, x.shape);
}

/* Towards zero; NaN gives 0 and what does not fit the nearest end. */
static int64_t to_integer(double x)
{
    if (x != x) return 0;
    if (x >= 9223372036854775807.0) return INT64_MAX;
    return x <= -9223372036854775808.0 ? INT64_MIN : (int64_t)x;
}

static int64_t float_to_integer(float x)
{
    return to_integer((double)x);
}

#define FROM(type, to_i64)                                                                                   \
    {                                                                                                        \
        const type *from = call->in[0].data;                                                                 \
        switch (call->out.dtype) {                                                                           \
        case TG_F32:                                                                                         \
            for (int64_t i = 0; i < n; i++) ((float *)to)[i] = (float)from[i];                               \
            break;                                                                                           \
        case TG_F64:                                                                                         \
            for (int64_t i = 0; i < n; i++) ((double *)to)[i] = (double)from[i];                             \
            break;                                                                                           \
        case TG_I64:                                                                                         \
            for (int64_t i = 0; i < n; i++) ((int64_t *)to)[i] = to_i64(from[i]);                            \
            break;                                                                                           \
        case TG_BOOL:                                                                                        \
            for (int64_t i = 0; i < n; i++) ((unsigned char *)to)[i] = from[i] != 0;                         \
            break;                                                                                           \
        }                                                                                                    \
        return TG_OK;                                                                                        \
    }

static tg_status cast_kernel(const tg_kernel_call *call)
{
    int64_t n = call->out.count;
    void *to = call->out.data;
    switch (call->in[0].dtype) {
    case TG_F32:
        FROM(float, float_to_integer)
    case TG_F64:
        FROM(double, to_integer)
    case TG_I64:
        FROM(int64_t, (int64_t))
    case TG_BOOL:
        FROM(unsigned char, (int64_t))
    }
    return TG_ERR_DTYPE;
}

/* Rounding to integers is constant in pieces. */
static tg_tensor *cast_branch(tg_tensor *node)
{
    return tg_is_floating(node->dtype) ? NULL : node;
}

/* Integers carry no derivative: the rules are only asked between floating types. */
static void cast_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_cast(tg_rule_output_adjoint(r), tg_dtype_of(tg_rule_input(r, 0))));
}

static tg_tensor *cast_nothing(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                               const tg_type *type)
{
    (void)op, (void)n, (void)attr;
    return inputs[0]->dtype == type->dtype ? inputs[0] : NULL;
}

static const tg_simplification cast_rules[] = {{"cast to its own type", cast_nothing}, {NULL, NULL}};
static const tg_attr cast_attrs[] = {{"dtype", TG_ATTR_DTYPE, offsetof(cast_attr, dtype), NULL}};
static const char *const cast_cases[] = {"cast(f[2, 3], dtype=f32)", "cast(f[2, 3], dtype=f64)",
                                         "cast(f[4], dtype=i64)",    "cast(i5[4], dtype=f64)",
                                         "cast(b[3], dtype=f32)",    NULL};

static const tg_op cast_op = {
    .name = "cast",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x in another element type",
    .attrs = cast_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(cast_attr),
    .cases = cast_cases,
    .infer = cast_infer,
    .kernel = cast_kernel,
    .vjp = cast_vjp,
    .jvp = tg_jvp_linear,
    .simplify = cast_rules,
    .branch = cast_branch,
    .index = TG_INDEX_CAST,
};

tg_tensor *tg_cast(tg_tensor *x, tg_dtype dtype)
{
    cast_attr attr = {dtype};
    return tg_apply(tg_graph_of(x), &cast_op, &x, 1, &attr);
}

/* ---- stop_gradient ------------------------------------------------------------------------------------ */

static const char *const stop_cases[] = {"stop_gradient(f[3])", NULL};

static const tg_op stop_op = {
    .name = "stop_gradient",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "x, with derivative zero",
    .flags = TG_OP_STRIDED | TG_OP_CONSTANT_SLOPE | TG_OP_OPAQUE,
    .cases = stop_cases,
    .infer = tg_same_infer,
    .view = tg_same_view,
};

tg_tensor *tg_stop_gradient(tg_tensor *x)
{
    return tg_apply(tg_graph_of(x), &stop_op, &x, 1, NULL);
}

const tg_op *const tg_cast_ops[] = {&cast_op, &stop_op, NULL};
