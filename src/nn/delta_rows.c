/* The rows convention: a batch of N examples in rows. X^l, S^l and Delta^l are [N, n_l], W^l is [n_(l-1), n_l].
 *
 *     S^l = X^(l-1) W^l + 1^T B^l,   X^l = theta(S^l),   E = the mean of the examples' costs
 *     Delta^L = X^L - Y for softmax with cross-entropy, the targets of an example adding up to 1
 *     Delta^l = [theta'(S^l)^T (*) (W^(l+1) (Delta^(l+1))^T)]^T
 *     dE/dW^l = (1/N) (X^(l-1))^T Delta^l,   dE/dB^l = (1/N) 1 Delta^l
 *
 * Delta carries no 1/N: it is N times the derivative of E by S. */
#include "delta_activation.h"
#include "delta_work.h"

/* S = X' W + 1^T B and X = theta(S), row by row. */
static void forward(const tg_delta_layer *own, int64_t n_examples, const double *X_before)
{
    int64_t d = own->outputs;
    for (int64_t n = 0; n < n_examples; n++) {
        double *s = own->z + n * d;
        for (int64_t j = 0; j < d; j++) s[j] = own->bias ? own->bias[j] : 0.0;
        for (int64_t i = 0; i < own->inputs; i++)
            for (int64_t j = 0; j < d; j++) s[j] += X_before[n * own->inputs + i] * own->weights[i * d + j];
        tg_delta_activate(own->activation, d, s, own->a + n * d);
    }
}

static double mean_cost(const tg_delta_net *net, const tg_delta_layer *last)
{
    double sum = 0.0;
    for (int64_t n = 0; n < net->batch; n++) {
        int64_t row = n * last->outputs;
        sum += tg_delta_cost_of(net->cost, last->activation, last->outputs, last->z + row, last->a + row,
                                net->y + row);
    }
    return sum / (double)net->batch;
}

/* Delta^L of softmax with cross-entropy. X - Y needs sum_k y_k = 1; without that it is X sum_k y_k - Y, which is
 * what is computed, and is X - Y where the sum is 1. */
static void softmax_row(int64_t d, const double *x, const double *y, double *delta)
{
    double total = 0.0;
    for (int64_t k = 0; k < d; k++) total += y[k];
    for (int64_t k = 0; k < d; k++) delta[k] = x[k] * total - y[k];
}

/* Row n of Delta^L, for any last layer and cost. */
static void output_row(tg_cost cost, const tg_delta_layer *last, int64_t n, const double *y)
{
    int64_t d = last->outputs;
    const double *s = last->z + n * d, *x = last->a + n * d;
    double *delta = last->error + n * d;
    if (last->activation == TG_SOFTMAX && cost == TG_COST_CROSS_ENTROPY) {
        softmax_row(d, x, y, delta);
    } else if (!tg_delta_of_pair(cost, last->activation, d, s, x, y, delta)) {
        for (int64_t j = 0; j < d; j++)
            delta[j] = tg_delta_cost_slope(cost, x[j], y[j]) * tg_delta_slope(last->activation, s[j]);
    }
}

/* W Delta^T: [n_(l-1), N], an example to a column. */
static void times_transpose(const tg_delta_layer *own, int64_t n_examples, double *product)
{
    for (int64_t i = 0; i < own->inputs; i++)
        for (int64_t n = 0; n < n_examples; n++) {
            double sum = 0.0;
            for (int64_t j = 0; j < own->outputs; j++)
                sum += own->weights[i * own->outputs + j] * own->error[n * own->outputs + j];
            product[i * n_examples + n] = sum;
        }
}

/* Delta = [theta'(S)^T (*) product]^T, the product being that of the layer above. */
static void hidden_delta(const tg_delta_layer *own, int64_t n_examples, const double *product)
{
    for (int64_t n = 0; n < n_examples; n++)
        for (int64_t j = 0; j < own->outputs; j++) {
            int64_t at = n * own->outputs + j;
            own->error[at] = tg_delta_slope(own->activation, own->z[at]) * product[j * n_examples + n];
        }
}

/* (1/N) X'^T Delta */
static void weight_gradient(const tg_delta_layer *own, int64_t n_examples, const double *X_before, double *dW)
{
    int64_t d = own->outputs;
    for (int64_t k = 0; k < own->inputs * d; k++) dW[k] = 0.0;
    for (int64_t n = 0; n < n_examples; n++)
        for (int64_t i = 0; i < own->inputs; i++)
            for (int64_t j = 0; j < d; j++)
                dW[i * d + j] += X_before[n * own->inputs + i] * own->error[n * d + j];
    for (int64_t k = 0; k < own->inputs * d; k++) dW[k] *= 1.0 / (double)n_examples;
}

/* (1/N) 1 Delta: the mean of the rows. */
static void bias_gradient(const tg_delta_layer *own, int64_t n_examples, double *dB)
{
    for (int64_t j = 0; j < own->outputs; j++) {
        double sum = 0.0;
        for (int64_t n = 0; n < n_examples; n++) sum += own->error[n * own->outputs + j];
        dB[j] = sum * (1.0 / (double)n_examples);
    }
}

static void store(const tg_delta_net *net, const tg_delta_work *work, int l, tg_delta_result *result)
{
    const tg_delta_layer *own = &work->layers[l];
    const double *X_before = l == 0 ? net->x : work->layers[l - 1].a;
    double *dW = tg_delta_wanted(result->dweights, l), *dB = tg_delta_wanted(result->dbiases, l);
    tg_delta_copy(own->error, net->batch * own->outputs, tg_delta_wanted(result->deltas, l));
    tg_delta_copy(own->below, net->batch * own->inputs, tg_delta_wanted(result->inputs, l));
    if (dW) weight_gradient(own, net->batch, X_before, dW);
    if (dB) bias_gradient(own, net->batch, dB);
}

void tg_delta_rows(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    const tg_delta_layer *layers = work->layers, *last = &layers[net->n_layers - 1];
    for (int l = 0; l < net->n_layers; l++)
        forward(&layers[l], net->batch, l == 0 ? net->x : layers[l - 1].a);
    result->cost = mean_cost(net, last);
    tg_delta_copy(last->a, net->batch * last->outputs, result->output);
    for (int64_t n = 0; n < net->batch; n++) output_row(net->cost, last, n, net->y + n * last->outputs);
    for (int l = net->n_layers - 1; l >= 0; l--) {
        times_transpose(&layers[l], net->batch, layers[l].below);
        if (l > 0) hidden_delta(&layers[l - 1], net->batch, layers[l].below);
    }
    for (int l = 0; l < net->n_layers; l++) store(net, work, l, result);
}
