/* The jacobian convention: one example as a column, derivatives as Jacobians in numerator layout. W^j is
 * [n_(j-1), n_j], with the weights of neuron k in column k.
 *
 *     zeta = W^T alpha' + beta, alpha = Phi(zeta); df/da' has the rows Phi'(zeta_k) w_k^T
 *     P^(L+1) = dC/da^L and P^j = P^(j+1) df^j/da^(j-1) are rows. With B^j = Phi'(zeta^j) (*) (P^(j+1))^T a column,
 *     P^j = (W^j B^j)^T; algorithm A finds all P^j and B^j, and from these algorithm B the gradients.
 *
 * The cost of a set is the mean over its examples, and so are its gradients. */
#include "delta_activation.h"
#include "delta_work.h"

/* Neuron k: zeta_k = w_k^T alpha' + beta_k, where w_k is column k of W. */
static void forward(const tg_delta_layer *own, const double *alpha_before)
{
    for (int64_t k = 0; k < own->outputs; k++) {
        double zeta = own->bias ? own->bias[k] : 0.0;
        for (int64_t i = 0; i < own->inputs; i++)
            zeta += own->weights[i * own->outputs + k] * alpha_before[i];
        own->z[k] = zeta;
    }
    tg_delta_activate(own->activation, own->outputs, own->z, own->a);
}

/* P^(L+1) = dC/da^L, a row. */
static void cost_jacobian(tg_cost cost, const tg_delta_layer *last, const double *y, double *P)
{
    for (int64_t k = 0; k < last->outputs; k++) P[k] = tg_delta_cost_slope(cost, last->a[k], y[k]);
}

/* B^j = Phi'(zeta^j) (*) (P^(j+1))^T */
static void error_column(const tg_delta_layer *own, const double *P_after, double *B)
{
    for (int64_t k = 0; k < own->outputs; k++) B[k] = tg_delta_slope(own->activation, own->z[k]) * P_after[k];
}

/* P^j = (W^j B^j)^T */
static void input_row(const tg_delta_layer *own, const double *B, double *P)
{
    for (int64_t i = 0; i < own->inputs; i++) {
        double sum = 0.0;
        for (int64_t k = 0; k < own->outputs; k++) sum += own->weights[i * own->outputs + k] * B[k];
        P[i] = sum;
    }
}

/* Backpropagation: all B^j and P^j of the example, from the last layer to the first. */
static void algorithm_a(const tg_delta_net *net, const tg_delta_work *work)
{
    const tg_delta_layer *last = &work->layers[net->n_layers - 1];
    /* Softmax, and the pairs that would lose a finite result, have B^L as a whole. */
    if (!tg_delta_of_pair(net->cost, last->activation, last->outputs, last->z, last->a, work->y,
                          last->error)) {
        cost_jacobian(net->cost, last, work->y, work->a);
        error_column(last, work->a, last->error);
    }
    input_row(last, last->error, last->below);
    for (int j = net->n_layers - 2; j >= 0; j--) {
        const tg_delta_layer *own = &work->layers[j];
        error_column(own, own[1].below, own->error);
        input_row(own, own->error, own->below);
    }
}

/* The gradients: adds alpha^(j-1) (B^j)^T / N to that of W^j, and B^j / N to that of b^j. */
static void algorithm_b(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    const double n_examples = (double)net->batch;
    for (int j = 0; j < net->n_layers; j++) {
        const tg_delta_layer *own = &work->layers[j];
        const double *alpha_before = j == 0 ? work->x : work->layers[j - 1].a, *B = own->error;
        double *dW = tg_delta_wanted(result->dweights, j), *db = tg_delta_wanted(result->dbiases, j);
        for (int64_t i = 0; i < own->inputs && dW; i++)
            for (int64_t k = 0; k < own->outputs; k++)
                dW[i * own->outputs + k] += alpha_before[i] * B[k] / n_examples;
        for (int64_t k = 0; k < own->outputs && db; k++) db[k] += B[k] / n_examples;
    }
}

/* B^j is column i of the result's, and P^j is row i. */
static void store(const tg_delta_net *net, const tg_delta_work *work, int64_t i, tg_delta_result *result)
{
    const tg_delta_layer *last = &work->layers[net->n_layers - 1];
    tg_delta_put_column(last->a, last->outputs, net->batch, i, result->output);
    for (int j = 0; j < net->n_layers; j++) {
        const tg_delta_layer *own = &work->layers[j];
        double *P = tg_delta_wanted(result->inputs, j);
        tg_delta_put_column(own->error, own->outputs, net->batch, i, tg_delta_wanted(result->deltas, j));
        tg_delta_copy(own->below, own->inputs, P ? P + i * own->inputs : NULL);
    }
}

void tg_delta_jacobian(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    const tg_delta_layer *last = &work->layers[net->n_layers - 1];
    double sum = 0.0;
    for (int j = 0; j < net->n_layers; j++) {
        tg_delta_clear(net->sizes[j] * net->sizes[j + 1], tg_delta_wanted(result->dweights, j));
        tg_delta_clear(net->sizes[j + 1], tg_delta_wanted(result->dbiases, j));
    }
    for (int64_t i = 0; i < net->batch; i++) {
        tg_delta_get_column(net->x, net->sizes[0], net->batch, i, work->x);
        tg_delta_get_column(net->y, last->outputs, net->batch, i, work->y);
        for (int j = 0; j < net->n_layers; j++)
            forward(&work->layers[j], j == 0 ? work->x : work->layers[j - 1].a);
        sum += tg_delta_cost_of(net->cost, last->activation, last->outputs, last->z, last->a, work->y);
        algorithm_a(net, work);
        algorithm_b(net, work, result);
        store(net, work, i, result);
    }
    result->cost = sum / (double)net->batch;
}
