/* Activations that are composed of other operations: leaky_relu, gelu, silu. */
#include "ops.h"

#define SQRT_HALF 0.70710678118654752440

typedef struct leaky_attr {
    double slope;
} leaky_attr;

static tg_tensor *leaky_relu_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    if (!tg_needs_floating(x, "leaky_relu")) return NULL;
    return tg_where(tg_gt(x, tg_number_like(x, 0)), x, tg_mul_scalar(x, ((const leaky_attr *)attr)->slope));
}

/* Phi(x) = erfc(-x / sqrt 2) / 2, which is accurate in both tails. */
static tg_tensor *gelu_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    tg_tensor *x = inputs[0];
    if (!tg_needs_floating(x, "gelu")) return NULL;
    return tg_mul(x, tg_mul_scalar(tg_erfc(tg_mul_scalar(x, -SQRT_HALF)), 0.5));
}

static tg_tensor *silu_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_needs_floating(inputs[0], "silu") ? tg_mul(inputs[0], tg_sigmoid(inputs[0])) : NULL;
}

static const tg_attr leaky_attrs[] = {{"slope", TG_ATTR_FLOAT, offsetof(leaky_attr, slope), "0.01"}};
static const char *const leaky_cases[] = {"leaky_relu(f[2, 3])", "leaky_relu(f[4], slope=0.2)", NULL};

static const tg_op leaky_relu_op = {
    .name = "leaky_relu",
    .n_inputs = 1,
    .inputs = "x",
    .formula = "where(x > 0, x, slope * x)",
    .attrs = leaky_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(leaky_attr),
    .cases = leaky_cases,
    .compose = leaky_relu_compose,
};
static const tg_op gelu_op = {.name = "gelu",
                              .n_inputs = 1,
                              .inputs = "x",
                              .formula = "x * erfc(-x / sqrt(2)) / 2",
                              .flags = TG_OP_ELEMENTWISE,
                              .domain = {-5, 5},
                              .compose = gelu_compose};
static const tg_op silu_op = {.name = "silu",
                              .n_inputs = 1,
                              .inputs = "x",
                              .formula = "x / (1 + exp(-x))",
                              .flags = TG_OP_ELEMENTWISE,
                              .domain = {-10, 10},
                              .compose = silu_compose};

tg_tensor *tg_leaky_relu(tg_tensor *x, double slope)
{
    leaky_attr attr = {slope};
    return tg_apply(tg_graph_of(x), &leaky_relu_op, &x, 1, &attr);
}

tg_tensor *tg_gelu(tg_tensor *x)
{
    return tg_apply(tg_graph_of(x), &gelu_op, &x, 1, NULL);
}

tg_tensor *tg_silu(tg_tensor *x)
{
    return tg_apply(tg_graph_of(x), &silu_op, &x, 1, NULL);
}

const tg_op *const tg_activation_ops[] = {&leaky_relu_op, &gelu_op, &silu_op, NULL};
