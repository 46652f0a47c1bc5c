/* The delta convention: columns, and the four equations of delta = dC/dz. w_jk, element [j, k] of W^l
 * [n_l, n_(l-1)], goes from neuron k of layer l - 1 to neuron j of layer l. For one example:
 *
 *     (1) delta^L = grad_a C (*) s'(z^L)                             (3) dC/db_j = delta_j
 *     (2) delta^l = ((W^(l+1))^T delta^(l+1)) (*) s'(z^l)            (4) dC/dw_jk = a^(l-1)_k delta_j
 *
 * C and its gradients are the means of these over the examples. */
#include "delta_activation.h"
#include "delta_work.h"

/* Neuron j: z_j = sum_k w_jk a'_k + b_j. */
static void forward(const tg_delta_layer *own, const double *a_before)
{
    for (int64_t j = 0; j < own->outputs; j++) {
        const double *w_j = own->weights + j * own->inputs;
        double sum = 0.0;
        for (int64_t k = 0; k < own->inputs; k++) sum += w_j[k] * a_before[k];
        own->z[j] = own->bias ? sum + own->bias[j] : sum;
    }
    tg_delta_activate(own->activation, own->outputs, own->z, own->a);
}

/* Softmax, and the pairs that would lose a finite result, have the product as a whole. */
static void equation_1(tg_cost cost, const tg_delta_layer *last, const double *y, double *delta)
{
    if (tg_delta_of_pair(cost, last->activation, last->outputs, last->z, last->a, y, delta)) return;
    for (int64_t j = 0; j < last->outputs; j++)
        delta[j] = tg_delta_cost_slope(cost, last->a[j], y[j]) * tg_delta_slope(last->activation, last->z[j]);
}

/* W^T delta: neuron k of the layer before collects the errors of the neurons j that it leads to. */
static void send_back(const tg_delta_layer *own, const double *delta, double *sums)
{
    for (int64_t k = 0; k < own->inputs; k++) sums[k] = 0.0;
    for (int64_t j = 0; j < own->outputs; j++)
        for (int64_t k = 0; k < own->inputs; k++) sums[k] += own->weights[j * own->inputs + k] * delta[j];
}

static void equation_2(const tg_delta_layer *own, const tg_delta_layer *next, double *delta)
{
    send_back(next, next->error, next->below);
    for (int64_t k = 0; k < own->outputs; k++)
        delta[k] = next->below[k] * tg_delta_slope(own->activation, own->z[k]);
}

/* Adds the example's part to the sum over the examples. */
static void equation_3(const tg_delta_layer *own, const double *delta, double *db)
{
    for (int64_t j = 0; j < own->outputs; j++) db[j] += delta[j];
}

/* The same. */
static void equation_4(const tg_delta_layer *own, const double *a_before, const double *delta, double *dw)
{
    for (int64_t j = 0; j < own->outputs; j++)
        for (int64_t k = 0; k < own->inputs; k++) dw[j * own->inputs + k] += a_before[k] * delta[j];
}

static void divide(int64_t n, double divisor, double *numbers)
{
    for (int64_t i = 0; i < n && numbers; i++) numbers[i] /= divisor;
}

/* Example i, whose x and y are in the workspace: returns its cost. */
static double one_example(const tg_delta_net *net, const tg_delta_work *work, int64_t i,
                          tg_delta_result *result)
{
    tg_delta_layer *layers = work->layers, *last = &layers[net->n_layers - 1];
    for (int l = 0; l < net->n_layers; l++) forward(&layers[l], l == 0 ? work->x : layers[l - 1].a);
    equation_1(net->cost, last, work->y, last->error);
    for (int l = net->n_layers - 2; l >= 0; l--) equation_2(&layers[l], &layers[l + 1], layers[l].error);
    send_back(&layers[0], layers[0].error, layers[0].below);
    for (int l = 0; l < net->n_layers; l++) {
        double *db = tg_delta_wanted(result->dbiases, l), *dw = tg_delta_wanted(result->dweights, l);
        if (db) equation_3(&layers[l], layers[l].error, db);
        if (dw) equation_4(&layers[l], l == 0 ? work->x : layers[l - 1].a, layers[l].error, dw);
        tg_delta_put_column(layers[l].error, layers[l].outputs, net->batch, i,
                            tg_delta_wanted(result->deltas, l));
        tg_delta_put_column(layers[l].below, layers[l].inputs, net->batch, i,
                            tg_delta_wanted(result->inputs, l));
    }
    tg_delta_put_column(last->a, last->outputs, net->batch, i, result->output);
    return tg_delta_cost_of(net->cost, last->activation, last->outputs, last->z, last->a, work->y);
}

void tg_delta_equations(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    double sum = 0.0, n_examples = (double)net->batch;
    for (int l = 0; l < net->n_layers; l++) {
        tg_delta_clear(net->sizes[l] * net->sizes[l + 1], tg_delta_wanted(result->dweights, l));
        tg_delta_clear(net->sizes[l + 1], tg_delta_wanted(result->dbiases, l));
    }
    for (int64_t i = 0; i < net->batch; i++) {
        tg_delta_get_column(net->x, net->sizes[0], net->batch, i, work->x);
        tg_delta_get_column(net->y, net->sizes[net->n_layers], net->batch, i, work->y);
        sum += one_example(net, work, i, result);
    }
    for (int l = 0; l < net->n_layers; l++) {
        divide(net->sizes[l] * net->sizes[l + 1], n_examples, tg_delta_wanted(result->dweights, l));
        divide(net->sizes[l + 1], n_examples, tg_delta_wanted(result->dbiases, l));
    }
    result->cost = sum / n_examples;
}
