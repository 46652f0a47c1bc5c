/* Activations and costs as the courses write them. The costs are the textbook formulas: tg_cost_of (nn.h) guards them
 * against saturation, which a proof about formulas does not need. */
#include "course.h"

#include <tapegrad/nn.h>
#include <tapegrad/ops.h>

#define SQRT_HALF 0.70710678118654752440
#define ONE_OVER_SQRT_TWO_PI 0.39894228040143267794
#define LEAKY_SLOPE 0.01

static tg_tensor *number(tg_tensor *like, double v)
{
    return tg_broadcast_to(tg_number_like(like, v), tg_rank(like), tg_shape(like));
}

static tg_tensor *one_minus(tg_tensor *x)
{
    return tg_sub(tg_number_like(x, 1), x);
}

/* [z > 0] times a, [z <= 0] times b. */
static tg_tensor *by_sign(tg_tensor *z, tg_tensor *a, tg_tensor *b)
{
    return tg_where(tg_gt(z, tg_number_like(z, 0)), a, b);
}

tg_tensor *tg_course_activation(tg_activation activation, tg_tensor *z, int axis)
{
    return activation == TG_SOFTMAX ? tg_softmax(z, axis) : tg_activate(z, activation);
}

/* Phi(z) + z phi(z) */
static tg_tensor *gelu_slope(tg_tensor *z)
{
    tg_tensor *distribution = tg_mul_scalar(tg_erfc(tg_mul_scalar(z, -SQRT_HALF)), 0.5);
    tg_tensor *density = tg_mul_scalar(tg_exp(tg_mul_scalar(tg_square(z), -0.5)), ONE_OVER_SQRT_TWO_PI);
    return tg_add(distribution, tg_mul(z, density));
}

tg_tensor *tg_course_slope(tg_activation activation, tg_tensor *z, tg_tensor *a)
{
    tg_tensor *s;
    switch (activation) {
    case TG_IDENTITY:
        return number(z, 1);
    case TG_SIGMOID:
        return tg_mul(a, one_minus(a));
    case TG_TANH:
        return one_minus(tg_square(a));
    case TG_RELU:
        return by_sign(z, number(z, 1), number(z, 0));
    case TG_LEAKY_RELU:
        return by_sign(z, number(z, 1), number(z, LEAKY_SLOPE));
    case TG_ELU:
        return by_sign(z, number(z, 1), tg_exp(tg_minimum(z, number(z, 0))));
    case TG_GELU:
        return gelu_slope(z);
    case TG_SILU:
        s = tg_sigmoid(z);
        return tg_add(s, tg_mul(a, one_minus(s)));
    case TG_SOFTPLUS:
        return tg_sigmoid(z);
    case TG_SIN:
        return tg_cos(z);
    case TG_SOFTMAX:
        break;
    }
    return tg_set_error(tg_graph_of(z), TG_ERR_ARGUMENT, "activation %d has no elementwise derivative",
                        (int)activation);
}

tg_tensor *tg_course_cost(tg_cost cost, tg_tensor *a, tg_tensor *y)
{
    tg_tensor *size;
    switch (cost) {
    case TG_COST_QUADRATIC:
        return tg_mul_scalar(tg_square(tg_sub(y, a)), 0.5);
    case TG_COST_L1:
        return tg_abs(tg_sub(y, a));
    case TG_COST_HUBER:
        size = tg_abs(tg_sub(y, a));
        return tg_where(tg_le(size, tg_number_like(size, 1)), tg_mul_scalar(tg_square(tg_sub(y, a)), 0.5),
                        tg_add_scalar(size, -0.5));
    case TG_COST_LOGISTIC:
        return tg_log(tg_add_scalar(tg_exp(tg_neg(tg_mul(y, a))), 1));
    case TG_COST_HINGE_DIFF:
        return tg_relu(tg_sub(y, a));
    case TG_COST_CROSS_ENTROPY:
        return tg_neg(tg_mul(y, tg_log(a)));
    case TG_COST_BINARY_CROSS_ENTROPY:
        return tg_neg(tg_add(tg_mul(y, tg_log(a)), tg_mul(one_minus(y), tg_log(one_minus(a)))));
    }
    return tg_set_error(tg_graph_of(a), TG_ERR_ARGUMENT, "unknown cost %d", (int)cost);
}

tg_tensor *tg_course_cost_slope(tg_cost cost, tg_tensor *a, tg_tensor *y)
{
    tg_tensor *e = tg_sub(a, y);
    switch (cost) {
    case TG_COST_QUADRATIC:
        return e;
    case TG_COST_L1:
        return tg_sign(e);
    case TG_COST_HUBER:
        return tg_where(tg_le(tg_abs(e), tg_number_like(e, 1)), e, tg_sign(e));
    case TG_COST_LOGISTIC:
        return tg_neg(tg_div(y, tg_add_scalar(tg_exp(tg_mul(y, a)), 1)));
    case TG_COST_HINGE_DIFF:
        return by_sign(tg_neg(e), number(e, -1), number(e, 0));
    case TG_COST_CROSS_ENTROPY:
        return tg_neg(tg_div(y, a));
    case TG_COST_BINARY_CROSS_ENTROPY:
        return tg_div(e, tg_mul(a, one_minus(a)));
    }
    return tg_set_error(tg_graph_of(a), TG_ERR_ARGUMENT, "unknown cost %d", (int)cost);
}

const char *tg_course_slope_latex(tg_activation activation)
{
    switch (activation) {
    case TG_IDENTITY:
        return "1";
    case TG_SIGMOID:
        return "a (1 - a)";
    case TG_TANH:
        return "1 - a^2";
    case TG_RELU:
        return "\\begin{cases} 1 & \\text{if } z > 0 \\\\ 0 & \\text{otherwise} \\end{cases}";
    case TG_LEAKY_RELU:
        return "\\begin{cases} 1 & \\text{if } z > 0 \\\\ 0.01 & \\text{otherwise} \\end{cases}";
    case TG_ELU:
        return "\\begin{cases} 1 & \\text{if } z > 0 \\\\ e^{z} & \\text{otherwise} \\end{cases}";
    case TG_GELU:
        return "\\Phi_{\\mathcal{N}}(z) + z\\, \\varphi_{\\mathcal{N}}(z)";
    case TG_SILU:
        return "\\frac{1}{1 + e^{-z}} (1 - a) + a";
    case TG_SOFTPLUS:
        return "\\frac{1}{1 + e^{-z}}";
    case TG_SIN:
        return "\\cos z";
    case TG_SOFTMAX:
        return "a_k ([j = k] - a_j)";
    }
    return "";
}

const char *tg_course_cost_latex(tg_cost cost)
{
    switch (cost) {
    case TG_COST_QUADRATIC:
        return "\\tfrac{1}{2} \\sum_k (<y>_k - <a>_k)^2";
    case TG_COST_L1:
        return "\\sum_k \\lvert <y>_k - <a>_k \\rvert";
    case TG_COST_HUBER:
        return "\\sum_k \\begin{cases} \\tfrac{1}{2} (<y>_k - <a>_k)^2 & \\text{if } \\lvert <y>_k - <a>_k \\rvert \\le 1 "
               "\\\\ \\lvert <y>_k - <a>_k \\rvert - \\tfrac{1}{2} & \\text{otherwise} \\end{cases}";
    case TG_COST_LOGISTIC:
        return "\\sum_k \\log(1 + e^{-<y>_k <a>_k})";
    case TG_COST_HINGE_DIFF:
        return "\\sum_k \\max(0, <y>_k - <a>_k)";
    case TG_COST_CROSS_ENTROPY:
        return "-\\sum_k <y>_k \\log <a>_k";
    case TG_COST_BINARY_CROSS_ENTROPY:
        return "-\\sum_k \\left( <y>_k \\log <a>_k + (1 - <y>_k) \\log(1 - <a>_k) \\right)";
    }
    return "";
}

const char *tg_course_cost_slope_latex(tg_cost cost)
{
    switch (cost) {
    case TG_COST_QUADRATIC:
        return "<a> - <y>";
    case TG_COST_L1:
        return "\\operatorname{sign}(<a> - <y>)";
    case TG_COST_HUBER:
        return "\\begin{cases} <a> - <y> & \\text{if } \\lvert <a> - <y> \\rvert \\le 1 \\\\ "
               "\\operatorname{sign}(<a> - <y>) & \\text{otherwise} \\end{cases}";
    case TG_COST_LOGISTIC:
        return "-\\frac{<y>}{1 + e^{<y> <a>}}";
    case TG_COST_HINGE_DIFF:
        return "-[<y> > <a>]";
    case TG_COST_CROSS_ENTROPY:
        return "-\\frac{<y>}{<a>}";
    case TG_COST_BINARY_CROSS_ENTROPY:
        return "\\frac{<a> - <y>}{<a> (1 - <a>)}";
    }
    return "";
}
