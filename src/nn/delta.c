/* The delta rules of backpropagation in closed form: checks, forward pass, backward pass, results.
 * Shares nothing with the graph but the status codes: it is what the graph's gradients are held against. */
#include <tapegrad/delta.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "delta_activation.h"

/* One layer: z, a and delta of all examples ([batch, outputs]) lie in the workspace. */
typedef struct layer {
    int64_t inputs, outputs;
    tg_activation activation;
    const double *weights, *bias; /* bias may be NULL */
    double *z, *a, *delta;
} layer;

/* Elements that one array may have, so that its size in bytes fits ptrdiff_t. */
#define MAX_ELEMENTS ((int64_t)(PTRDIFF_MAX / (ptrdiff_t)sizeof(double)))
#define LAYER_DOUBLES ((int64_t)((sizeof(layer) + sizeof(double) - 1) / sizeof(double)))

static tg_status check_pointers(const tg_delta_net *net, tg_diag *diag)
{
    const char *missing = !net->sizes         ? "sizes"
                          : !net->activations ? "activations"
                          : !net->x           ? "x"
                          : !net->y           ? "y"
                          : !net->weights     ? "weights"
                                              : NULL;
    if (missing) return tg_fail(diag, TG_ERR_NULL, "tg_delta_rules: net->%s is NULL", missing);
    for (int l = 0; l < net->n_layers; l++)
        if (!net->weights[l])
            return tg_fail(diag, TG_ERR_NULL, "tg_delta_rules: net->weights[%d], of layer %d, is NULL", l,
                           l + 1);
    return TG_OK;
}

static tg_status check_values(const tg_delta_net *net, tg_diag *diag)
{
    if (net->batch < 1)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "tg_delta_rules: net->batch is %" PRId64 ", expected at least 1", net->batch);
    if ((unsigned)net->cost > (unsigned)TG_COST_BINARY_CROSS_ENTROPY)
        return tg_fail(diag, TG_ERR_ARGUMENT, "tg_delta_rules: net->cost is %d, expected a tg_cost",
                       (int)net->cost);
    for (int l = 0; l <= net->n_layers; l++)
        if (net->sizes[l] < 1)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "tg_delta_rules: net->sizes[%d] is %" PRId64 ", expected at least 1", l,
                           net->sizes[l]);
    for (int l = 0; l < net->n_layers; l++)
        if ((unsigned)net->activations[l] > (unsigned)TG_SOFTMAX)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "tg_delta_rules: net->activations[%d] is %d, expected a tg_activation", l,
                           (int)net->activations[l]);
    return TG_OK;
}

/* Counts the doubles of the workspace; all factors are at least 1 by now. */
static tg_status check_sizes(const tg_delta_net *net, int64_t *workspace, tg_diag *diag)
{
    int64_t total = 0;
    for (int l = 0; l <= net->n_layers; l++) {
        int64_t units = net->sizes[l];
        if (units > MAX_ELEMENTS / net->batch)
            return tg_fail(diag, TG_ERR_SIZE,
                           "tg_delta_rules: batch %" PRId64 " times net->sizes[%d] = %" PRId64
                           " is too large",
                           net->batch, l, units);
        if (l == 0) continue;
        if (units > MAX_ELEMENTS / net->sizes[l - 1])
            return tg_fail(diag, TG_ERR_SIZE,
                           "tg_delta_rules: net->weights[%d] of %" PRId64 " by %" PRId64 " is too large",
                           l - 1, net->sizes[l - 1], units);
        int64_t left = MAX_ELEMENTS - total - LAYER_DOUBLES;
        if (left < 0 || net->batch * units > left / 3)
            return tg_fail(diag, TG_ERR_SIZE,
                           "tg_delta_rules: the first %d of %d layers are too large together", l,
                           net->n_layers);
        total += LAYER_DOUBLES + 3 * net->batch * units;
    }
    *workspace = total;
    return TG_OK;
}

static tg_status check(const tg_delta_net *net, const tg_delta_result *result, int64_t *workspace,
                       tg_diag *diag)
{
    if (!net) return tg_fail(diag, TG_ERR_NULL, "tg_delta_rules: net is NULL");
    if (!result) return tg_fail(diag, TG_ERR_NULL, "tg_delta_rules: result is NULL");
    if (net->n_layers < 1)
        return tg_fail(diag, TG_ERR_ARGUMENT, "tg_delta_rules: net->n_layers is %d, expected at least 1",
                       net->n_layers);
    tg_status status = check_pointers(net, diag);
    if (status == TG_OK) status = check_values(net, diag);
    if (status == TG_OK) status = check_sizes(net, workspace, diag);
    return status;
}

/* Divides the workspace: the doubles of all layers first, then, aligned as doubles are, the layers. */
static layer *lay_out(const tg_delta_net *net, double *workspace)
{
    double *next = workspace;
    int64_t total = 0;
    for (int l = 0; l < net->n_layers; l++) total += 3 * net->batch * net->sizes[l + 1];
    layer *layers = (layer *)(void *)(workspace + total);
    for (int l = 0; l < net->n_layers; l++) {
        int64_t elements = net->batch * net->sizes[l + 1];
        layers[l] = (layer){
            .inputs = net->sizes[l],
            .outputs = net->sizes[l + 1],
            .activation = net->activations[l],
            .weights = net->weights[l],
            .bias = net->biases ? net->biases[l] : NULL,
            .z = next,
            .a = next + elements,
            .delta = next + 2 * elements,
        };
        next += 3 * elements;
    }
    return layers;
}

/* z = a W + b and a = s(z), from the activations `previous` of the layer below. */
static void forward(const layer *own, int64_t batch, const double *previous)
{
    for (int64_t i = 0; i < batch; i++) {
        const double *input = previous + i * own->inputs;
        double *z = own->z + i * own->outputs;
        for (int64_t j = 0; j < own->outputs; j++) z[j] = own->bias ? own->bias[j] : 0.0;
        for (int64_t k = 0; k < own->inputs; k++)
            for (int64_t j = 0; j < own->outputs; j++) z[j] += input[k] * own->weights[k * own->outputs + j];
        tg_delta_activate(own->activation, own->outputs, z, own->a + i * own->outputs);
    }
}

/* Returns C, and sets delta^L. */
static double output_delta(const tg_delta_net *net, const layer *last)
{
    double divisor = net->mean ? (double)net->batch : 1.0;
    double cost = 0.0;
    for (int64_t i = 0; i < net->batch; i++) {
        int64_t row = i * last->outputs;
        const double *z = last->z + row, *a = last->a + row, *y = net->y + row;
        double *delta = last->delta + row;
        cost += tg_delta_cost_of(net->cost, last->activation, last->outputs, z, a, y);
        tg_delta_of_output(net->cost, last->activation, last->outputs, z, a, y, delta);
        for (int64_t j = 0; j < last->outputs; j++) delta[j] /= divisor;
    }
    return cost / divisor;
}

/* g = delta W^T: the derivative of C by the activations that entered the layer, [batch, inputs]. */
static void input_gradient(const layer *own, int64_t batch, double *g)
{
    for (int64_t i = 0; i < batch; i++) {
        const double *delta = own->delta + i * own->outputs;
        for (int64_t k = 0; k < own->inputs; k++) {
            const double *weights = own->weights + k * own->outputs;
            double sum = 0.0;
            for (int64_t j = 0; j < own->outputs; j++) sum += delta[j] * weights[j];
            g[i * own->inputs + k] = sum;
        }
    }
}

/* delta^l = (delta^(l+1) W^(l+1)^T) (*) s_l'(z^l) */
static void hidden_delta(const layer *own, const layer *next, int64_t batch)
{
    input_gradient(next, batch, own->delta);
    for (int64_t i = 0; i < batch; i++) {
        int64_t row = i * own->outputs;
        tg_delta_through(own->activation, own->outputs, own->z + row, own->a + row, own->delta + row,
                         own->delta + row);
    }
}

static void weight_gradient(const layer *own, int64_t batch, const double *previous, double *dweights)
{
    for (int64_t k = 0; k < own->inputs * own->outputs; k++) dweights[k] = 0.0;
    for (int64_t i = 0; i < batch; i++) {
        const double *delta = own->delta + i * own->outputs;
        for (int64_t k = 0; k < own->inputs; k++) {
            double input = previous[i * own->inputs + k];
            for (int64_t j = 0; j < own->outputs; j++) dweights[k * own->outputs + j] += input * delta[j];
        }
    }
}

static void bias_gradient(const layer *own, int64_t batch, double *dbias)
{
    for (int64_t j = 0; j < own->outputs; j++) dbias[j] = 0.0;
    for (int64_t i = 0; i < batch; i++)
        for (int64_t j = 0; j < own->outputs; j++) dbias[j] += own->delta[i * own->outputs + j];
}

static void fill_result(const tg_delta_net *net, const layer *layers, tg_delta_result *result)
{
    for (int l = 0; l < net->n_layers; l++) {
        const layer *own = &layers[l];
        const double *previous = l == 0 ? net->x : layers[l - 1].a;
        size_t bytes = (size_t)(net->batch * own->outputs) * sizeof(double);
        if (result->deltas && result->deltas[l]) memcpy(result->deltas[l], own->delta, bytes);
        if (result->dweights && result->dweights[l])
            weight_gradient(own, net->batch, previous, result->dweights[l]);
        if (result->dbiases && result->dbiases[l]) bias_gradient(own, net->batch, result->dbiases[l]);
        if (result->output && l == net->n_layers - 1) memcpy(result->output, own->a, bytes);
    }
    if (result->dx) input_gradient(&layers[0], net->batch, result->dx);
}

tg_status tg_delta_rules(const tg_delta_net *net, tg_delta_result *result, tg_diag *diag)
{
    int64_t count = 0;
    tg_status status = check(net, result, &count, diag);
    if (status != TG_OK) return status;
    double *workspace = malloc((size_t)count * sizeof(double));
    if (!workspace)
        return tg_fail(diag, TG_ERR_MEMORY,
                       "tg_delta_rules: no memory for a workspace of %" PRId64 " numbers", count);
    layer *layers = lay_out(net, workspace);
    for (int l = 0; l < net->n_layers; l++)
        forward(&layers[l], net->batch, l == 0 ? net->x : layers[l - 1].a);
    result->cost = output_delta(net, &layers[net->n_layers - 1]);
    for (int l = net->n_layers - 2; l >= 0; l--) hidden_delta(&layers[l], &layers[l + 1], net->batch);
    fill_result(net, layers, result);
    free(workspace);
    return TG_OK;
}
