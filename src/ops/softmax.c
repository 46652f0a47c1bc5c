/* Softmax, its logarithm, and the cross-entropies, all composed. */
#include "ops.h"

typedef struct softmax_attr {
    int64_t axis;
} softmax_attr;

/* exp(x - m) / sum exp(x - m); the maximum m carries no derivative, since the value does not depend on it. */
static tg_tensor *softmax_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    int64_t axis = ((const softmax_attr *)attr)->axis;
    if (!tg_needs_floating(x, "softmax") || !tg_resolve_axis(x, "softmax", &axis, x->rank)) return NULL;
    const tg_axes *along = TG_KEEP_AXES((int)axis);
    tg_tensor *e = tg_exp(tg_sub(x, tg_stop_gradient(tg_max(x, along))));
    return tg_div(e, tg_sum(e, along));
}

static tg_tensor *log_softmax_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    int64_t axis = ((const softmax_attr *)attr)->axis;
    if (!tg_needs_floating(x, "log_softmax") || !tg_resolve_axis(x, "log_softmax", &axis, x->rank))
        return NULL;
    const tg_axes *along = TG_KEEP_AXES((int)axis);
    tg_tensor *shifted = tg_sub(x, tg_stop_gradient(tg_max(x, along)));
    return tg_sub(shifted, tg_log(tg_sum(tg_exp(shifted), along)));
}

static tg_tensor *softmax_cross_entropy_compose(tg_graph *g, tg_tensor *const *inputs, int n,
                                                const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_neg(tg_sum(tg_mul(inputs[1], tg_log_softmax(inputs[0], -1)), TG_AXES(-1)));
}

/* y softplus(-z) + (1 - y) softplus(z): no term cancels another, whatever z is. */
static tg_tensor *sigmoid_cross_entropy_compose(tg_graph *g, tg_tensor *const *inputs, int n,
                                                const void *attr)
{
    (void)g, (void)n, (void)attr;
    tg_tensor *z = inputs[0], *y = inputs[1];
    tg_tensor *rest = tg_sub(tg_number_like(y, 1), y);
    return tg_add(tg_mul(y, tg_softplus(tg_neg(z))), tg_mul(rest, tg_softplus(z)));
}

static const tg_attr softmax_attrs[] = {{"axis", TG_ATTR_INT, offsetof(softmax_attr, axis), "-1"}};
static const char *const softmax_cases[] = {"softmax(f[2, 4])", "softmax(f[3, 2], axis=0)", NULL};
static const char *const log_softmax_cases[] = {"log_softmax(f[2, 4])", "log_softmax(f[3, 2], axis=0)", NULL};
static const char *const softmax_ce_cases[] = {"softmax_cross_entropy(f[2, 4], f[2, 4])", NULL};
static const char *const sigmoid_ce_cases[] = {"sigmoid_cross_entropy(f[2, 3], f[2, 3])", NULL};

static const tg_op softmax_op = {.name = "softmax",
                                 .n_inputs = 1,
                                 .inputs = "x",
                                 .formula = "exp(x_i) / sum_j exp(x_j) along an axis",
                                 .attrs = softmax_attrs,
                                 .n_attrs = 1,
                                 .attr_size = sizeof(softmax_attr),
                                 .cases = softmax_cases,
                                 .compose = softmax_compose};
static const tg_op log_softmax_op = {.name = "log_softmax",
                                     .n_inputs = 1,
                                     .inputs = "x",
                                     .formula = "x_i - log sum_j exp(x_j) along an axis",
                                     .attrs = softmax_attrs,
                                     .n_attrs = 1,
                                     .attr_size = sizeof(softmax_attr),
                                     .cases = log_softmax_cases,
                                     .compose = log_softmax_compose};
static const tg_op softmax_ce_op = {.name = "softmax_cross_entropy",
                                    .n_inputs = 2,
                                    .inputs = "s y",
                                    .formula = "-sum_k y_k log softmax(s)_k over the last axis",
                                    .cases = softmax_ce_cases,
                                    .compose = softmax_cross_entropy_compose};
static const tg_op sigmoid_ce_op = {.name = "sigmoid_cross_entropy",
                                    .n_inputs = 2,
                                    .inputs = "z y",
                                    .formula = "-y log sigmoid(z) - (1 - y) log(1 - sigmoid(z))",
                                    .cases = sigmoid_ce_cases,
                                    .compose = sigmoid_cross_entropy_compose};

tg_tensor *tg_softmax(tg_tensor *x, int axis)
{
    softmax_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &softmax_op, &x, 1, &attr);
}

tg_tensor *tg_log_softmax(tg_tensor *x, int axis)
{
    softmax_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &log_softmax_op, &x, 1, &attr);
}

tg_tensor *tg_softmax_cross_entropy(tg_tensor *s, tg_tensor *y)
{
    tg_tensor *const inputs[2] = {s, y};
    return tg_apply(tg_graph_of(s != NULL ? s : y), &softmax_ce_op, inputs, 2, NULL);
}

tg_tensor *tg_sigmoid_cross_entropy(tg_tensor *z, tg_tensor *y)
{
    tg_tensor *const inputs[2] = {z, y};
    return tg_apply(tg_graph_of(z != NULL ? z : y), &sigmoid_ce_op, inputs, 2, NULL);
}

const tg_op *const tg_softmax_ops[] = {&softmax_op, &log_softmax_op, &softmax_ce_op, &sigmoid_ce_op, NULL};
