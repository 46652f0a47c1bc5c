/* The conventions' rules as expressions, each in its own shapes and layout; with an error where one is planted. */
#include <tapegrad/ops.h>

#include "course.h"
#include "plant.h"

/* ---- What the rules are made of, right or wrong ------------------------------------------------------- */

static int planted(const tg_rules_net *net, tg_plant_kind kind, int l)
{
    return net->planted.kind == (int)kind && net->planted.layer == l;
}

static tg_tensor *transposed(tg_tensor *x)
{
    return tg_transpose(x, NULL);
}

static tg_tensor *filled(const tg_rules_net *net, int64_t rows, int64_t columns, double value)
{
    return tg_full(net->g, tg_dtype_of(net->x), 2, (int64_t[]){rows, columns}, value);
}

static tg_tensor *over(tg_tensor *x, double n)
{
    return tg_div(x, tg_number_like(x, n));
}

/* s'(z^l) */
static tg_tensor *slope(const tg_rules_net *net, int l)
{
    const tg_rules_layer *layer = &net->layer[l];
    tg_activation s = net->activations[l - 1];
    tg_tensor *z = layer->z, *a = layer->a;
    if (planted(net, TG_PLANT_DROPPED_SLOPE, l)) return filled(net, tg_shape(z)[0], tg_shape(z)[1], 1);
    if (planted(net, TG_PLANT_ACTIVATION_FOR_SLOPE, l)) return a;
    if (planted(net, TG_PLANT_SLOPE_OF_ACTIVATION, l))
        return tg_course_slope(s, a, tg_course_activation(s, a, net->axis));
    if (planted(net, TG_PLANT_SLOPE_BELOW, l)) {
        z = net->layer[l - 1].z;
        return tg_course_slope(s, z, tg_course_activation(s, z, net->axis));
    }
    return tg_course_slope(s, z, a);
}

/* W^(l+1), through which the error comes back to layer l. */
static tg_tensor *weights_above(const tg_rules_net *net, int l)
{
    tg_tensor *W = net->layer[planted(net, TG_PLANT_WRONG_WEIGHTS, l) ? l : l + 1].W;
    return planted(net, TG_PLANT_DROPPED_TRANSPOSE, l) ? transposed(W) : W;
}

/* The error term of layer l + 1, or of what is taken for it. */
static tg_tensor *delta_above(const tg_rules_net *net, int l)
{
    return net->layer[planted(net, TG_PLANT_SKIPPED_LAYER, l) ? l + 2 : l + 1].delta;
}

/* W^(l+1) times the error above, as the caller's `carry` does it, times the slope. */
static tg_tensor *through(const tg_rules_net *net, int l, tg_tensor *(*carry)(tg_tensor *W, tg_tensor *delta))
{
    tg_tensor *W = weights_above(net, l), *delta = delta_above(net, l), *s = slope(net, l);
    if (planted(net, TG_PLANT_SLOPE_INSIDE, l)) return carry(W, tg_mul(delta, s));
    tg_tensor *back = carry(W, delta);
    if (planted(net, TG_PLANT_DOT_PRODUCT, l)) {
        tg_tensor *sum = tg_sum(tg_mul(back, s), NULL);
        return tg_broadcast_to(sum, tg_rank(s), tg_shape(s));
    }
    return tg_mul(back, s);
}

/* The derivative of the cost by a^L. */
static tg_tensor *cost_slope(const tg_rules_net *net)
{
    tg_tensor *a = net->layer[net->L].a, *y = net->y;
    if (planted(net, TG_PLANT_DROPPED_TARGET, net->L)) y = filled(net, tg_shape(y)[0], tg_shape(y)[1], 0);
    return tg_course_cost_slope(net->kind, a, y);
}

/* a - y, where the last activation cancels against the cost. With softmax, this takes sum_k y_k = 1. */
static tg_tensor *difference(const tg_rules_net *net)
{
    tg_tensor *a = net->layer[net->L].a;
    tg_tensor *e = planted(net, TG_PLANT_DROPPED_TARGET, net->L) ? a : tg_sub(a, net->y);
    if (planted(net, TG_PLANT_KEPT_SLOPE, net->L))
        return tg_mul(e, tg_mul(a, tg_sub(tg_number_like(a, 1), a)));
    return e;
}

/* g goes through the softmax's Jacobian: a (*) (g - sum_k g_k a_k). */
static tg_tensor *through_softmax(const tg_rules_net *net, tg_tensor *g)
{
    tg_tensor *a = net->layer[net->L].a;
    if (planted(net, TG_PLANT_SOFTMAX_DIAGONAL, net->L))
        return tg_mul(g, tg_mul(a, tg_sub(tg_number_like(a, 1), a)));
    return tg_mul(a, tg_sub(g, tg_sum(tg_mul(g, a), TG_KEEP_AXES(net->axis))));
}

/* The error term of the last layer, for a cost that is not averaged. */
static tg_tensor *last_error(const tg_rules_net *net)
{
    tg_activation s = net->activations[net->L - 1];
    if ((s == TG_SOFTMAX && net->kind == TG_COST_CROSS_ENTROPY) ||
        (s == TG_SIGMOID && net->kind == TG_COST_BINARY_CROSS_ENTROPY))
        return difference(net);
    if (s == TG_SOFTMAX) return through_softmax(net, cost_slope(net));
    return tg_mul(cost_slope(net), slope(net, net->L));
}

/* What an error term can suffer as a whole. */
static tg_tensor *finished(const tg_rules_net *net, int l, tg_tensor *delta)
{
    if (planted(net, TG_PLANT_FLIPPED_SIGN, l)) return tg_neg(delta);
    if (planted(net, TG_PLANT_FACTOR_TWO, l)) return tg_mul_scalar(delta, 2);
    if (planted(net, TG_PLANT_MEAN_TWICE, l)) return over(delta, (double)net->K);
    return delta;
}

/* ---- The conventions' error terms --------------------------------------------------------------------- */

/* vector, delta: W^T delta */
static tg_tensor *by_transpose(tg_tensor *W, tg_tensor *delta)
{
    return tg_matmul(transposed(W), delta);
}

/* jacobian: P^j = (W^j B^j)^T is a row, and enters B^(j-1) transposed. */
static tg_tensor *by_row(tg_tensor *W, tg_tensor *B)
{
    tg_tensor *P = transposed(tg_matmul(W, B));
    return transposed(P);
}

/* rows: W Delta^T, whose transpose has the shape of Delta. */
static tg_tensor *by_transposed_error(tg_tensor *W, tg_tensor *delta)
{
    return transposed(tg_matmul(W, transposed(delta)));
}

/* columns: W Delta */
static tg_tensor *by_weights(tg_tensor *W, tg_tensor *delta)
{
    return tg_matmul(W, delta);
}

static tg_tensor *(*const carries[TG_CONVENTIONS])(tg_tensor *, tg_tensor *) = {
    by_transpose, by_row, by_transpose, by_transposed_error, by_weights};

tg_tensor *tg_rules_activation_derivative(const tg_rules_net *net, int l)
{
    if (l < net->L) return carries[net->convention](net->layer[l + 1].W, net->layer[l + 1].delta);
    tg_tensor *slope_of_cost = cost_slope(net);
    return net->convention == TG_CONVENTION_COLUMNS ? over(slope_of_cost, (double)net->K * (double)net->N)
                                                    : slope_of_cost;
}

static void error_terms(const tg_rules_net *net)
{
    int L = net->L;
    tg_tensor *last = last_error(net);
    if (net->convention == TG_CONVENTION_COLUMNS)
        last = over(last, (double)net->K * (planted(net, TG_PLANT_MISSING_MEAN, L) ? 1 : (double)net->N));
    net->layer[L].delta = finished(net, L, last);
    for (int l = L - 1; l >= 1; l--)
        net->layer[l].delta = finished(net, l, through(net, l, carries[net->convention]));
}

/* ---- The gradients ------------------------------------------------------------------------------------ */

/* The activation below, and the error, that make the gradient of W^l. */
static void weight_factors(const tg_rules_net *net, int l, tg_tensor **below, tg_tensor **delta)
{
    *below = net->layer[l - 1].a;
    *delta = net->layer[l].delta;
    if (planted(net, TG_PLANT_WEIGHTS_FROM_SAME_LAYER, l)) *below = net->layer[l].a;
    if (planted(net, TG_PLANT_WEIGHTS_FROM_Z, l)) *below = net->layer[l - 1].z;
    if (planted(net, TG_PLANT_WEIGHTS_FROM_INPUT, l)) *below = net->x;
    if (planted(net, TG_PLANT_WEIGHTS_OFF_BY_ONE, l)) *delta = net->layer[l + 1].delta;
}

/* delta a'^T, a' delta^T or X'^T Delta, and the mean where the gradient takes it. */
static tg_tensor *weight_gradient(const tg_rules_net *net, int l)
{
    tg_tensor *below, *delta, *dW;
    weight_factors(net, l, &below, &delta);
    if (tg_rules_in_rows(net->convention))
        dW = tg_matmul(transposed(below), delta);
    else if (tg_rules_in_out(net->convention))
        dW = tg_matmul(below, transposed(delta));
    else
        dW = tg_matmul(delta, transposed(below));
    if (planted(net, TG_PLANT_WEIGHTS_TRANSPOSED, l)) dW = transposed(dW);
    if (!planted(net, TG_PLANT_WEIGHTS_SUM_FOR_MEAN, l)) dW = tg_rules_scaled(net, dW);
    return planted(net, TG_PLANT_WEIGHT_DECAY, l) ? tg_add(dW, net->layer[l].W) : dW;
}

/* The gradient of the biases is made of the error term, or of what is taken for it. */
static tg_tensor *bias_factor(const tg_rules_net *net, int l)
{
    if (planted(net, TG_PLANT_BIAS_FROM_ACTIVATION, l)) return net->layer[l].a;
    if (planted(net, TG_PLANT_BIAS_OFF_BY_ONE, l)) return net->layer[l + 1].delta;
    if (planted(net, TG_PLANT_BIAS_WITHOUT_SLOPE, l))
        return carries[net->convention](net->layer[l + 1].W, net->layer[l + 1].delta);
    return net->layer[l].delta;
}

/* delta; or, over a batch, 1 Delta or Delta 1 with a row or column of ones. */
static tg_tensor *bias_gradient(const tg_rules_net *net, int l)
{
    tg_tensor *delta = bias_factor(net, l);
    if (net->N == 1 && tg_rules_single(net->convention)) return delta;
    tg_tensor *sum = tg_rules_in_rows(net->convention) ? tg_matmul(filled(net, 1, net->N, 1), delta)
                                                       : tg_matmul(delta, filled(net, net->N, 1, 1));
    return planted(net, TG_PLANT_BIAS_SUM_FOR_MEAN, l) ? sum : tg_rules_scaled(net, sum);
}

void tg_rules_closed_form(const tg_rules_net *net)
{
    error_terms(net);
    for (int l = 1; l <= net->L; l++) {
        net->layer[l].dW = weight_gradient(net, l);
        net->layer[l].db = bias_gradient(net, l);
    }
}
