/* The columns convention: a batch of M examples in columns. Z^l, A^l and Delta^l are [n_l, M], W^l is
 * [n_(l-1), n_l], with the weights of node i in column i.
 *
 *     Z^l = (W^l)^T A^(l-1) + B^l,   A^l = g(Z^l),   Y = A^L,   K = n_L
 *     E = 1/(M K) sum_m sum_k of the costs
 *     Delta^L = (Y - T) / (M K) (*) g'(Z^L),   Delta^l = (W^(l+1) Delta^(l+1)) (*) g'(Z^l)
 *     dE/dW^l = A^(l-1) (Delta^l)^T,   dE/db^l = Delta^l 1
 *
 * 1/(M K) is in Delta, and so in everything that follows from it. */
#include "delta_activation.h"
#include "delta_work.h"

/* A = g(Z); a column at a time for softmax, which takes all units of an example. */
static void activate(const tg_delta_layer *own, int64_t M, const tg_delta_work *work)
{
    if (own->activation != TG_SOFTMAX) {
        tg_delta_activate(own->activation, own->outputs * M, own->z, own->a);
        return;
    }
    for (int64_t m = 0; m < M; m++) {
        tg_delta_get_column(own->z, own->outputs, M, m, work->z);
        tg_delta_activate(own->activation, own->outputs, work->z, work->a);
        tg_delta_put_column(work->a, own->outputs, M, m, own->a);
    }
}

/* Z = W^T A' + B: z_jm = sum_i w_ij a'_im + b_j. */
static void forward(const tg_delta_layer *own, int64_t M, const double *A_before, const tg_delta_work *work)
{
    for (int64_t j = 0; j < own->outputs; j++) {
        double *z = own->z + j * M;
        for (int64_t m = 0; m < M; m++) z[m] = own->bias ? own->bias[j] : 0.0;
        for (int64_t i = 0; i < own->inputs; i++)
            for (int64_t m = 0; m < M; m++) z[m] += own->weights[i * own->outputs + j] * A_before[i * M + m];
    }
    activate(own, M, work);
}

/* Delta^L, and E. Example m comes into the workspace for its cost, and for the pairs with a formula of their own. */
static double output_delta(const tg_delta_net *net, const tg_delta_layer *last, const tg_delta_work *work)
{
    int64_t M = net->batch, K = last->outputs;
    double sum = 0.0, share = 1.0 / ((double)M * (double)K);
    for (int64_t m = 0; m < M; m++) {
        double *z = work->z, *y = work->a, *t = work->y, *delta = work->error;
        tg_delta_get_column(last->z, K, M, m, z);
        tg_delta_get_column(last->a, K, M, m, y);
        tg_delta_get_column(net->y, K, M, m, t);
        sum += tg_delta_cost_of(net->cost, last->activation, K, z, y, t);
        if (!tg_delta_of_pair(net->cost, last->activation, K, z, y, t, delta))
            for (int64_t k = 0; k < K; k++)
                delta[k] =
                    tg_delta_cost_slope(net->cost, y[k], t[k]) * tg_delta_slope(last->activation, z[k]);
        for (int64_t k = 0; k < K; k++) last->error[k * M + m] = delta[k] * share;
    }
    return sum * share;
}

/* W Delta: [n_(l-1), M]. */
static void times_weights(const tg_delta_layer *own, int64_t M, double *product)
{
    for (int64_t i = 0; i < own->inputs; i++) {
        double *row = product + i * M;
        for (int64_t m = 0; m < M; m++) row[m] = 0.0;
        for (int64_t k = 0; k < own->outputs; k++)
            for (int64_t m = 0; m < M; m++)
                row[m] += own->weights[i * own->outputs + k] * own->error[k * M + m];
    }
}

static void hidden_delta(const tg_delta_layer *own, int64_t M, const double *product)
{
    for (int64_t im = 0; im < own->outputs * M; im++)
        own->error[im] = product[im] * tg_delta_slope(own->activation, own->z[im]);
}

/* A' Delta^T: dE/dw_ik is a sum over the examples. */
static void weight_gradient(const tg_delta_layer *own, int64_t M, const double *A_before, double *dW)
{
    for (int64_t i = 0; i < own->inputs; i++)
        for (int64_t k = 0; k < own->outputs; k++) {
            double sum = 0.0;
            for (int64_t m = 0; m < M; m++) sum += A_before[i * M + m] * own->error[k * M + m];
            dW[i * own->outputs + k] = sum;
        }
}

/* Delta 1 */
static void bias_gradient(const tg_delta_layer *own, int64_t M, double *db)
{
    for (int64_t k = 0; k < own->outputs; k++) {
        db[k] = 0.0;
        for (int64_t m = 0; m < M; m++) db[k] += own->error[k * M + m];
    }
}

void tg_delta_columns(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    const tg_delta_layer *layers = work->layers, *last = &layers[net->n_layers - 1];
    int64_t M = net->batch;
    for (int l = 0; l < net->n_layers; l++) forward(&layers[l], M, l == 0 ? net->x : layers[l - 1].a, work);
    tg_delta_copy(last->a, last->outputs * M, result->output);
    result->cost = output_delta(net, last, work);
    for (int l = net->n_layers - 1; l >= 0; l--) {
        const tg_delta_layer *own = &layers[l];
        double *dW = tg_delta_wanted(result->dweights, l), *db = tg_delta_wanted(result->dbiases, l);
        times_weights(own, M, own->below);
        if (l > 0) hidden_delta(&layers[l - 1], M, own->below);
        if (dW) weight_gradient(own, M, l == 0 ? net->x : layers[l - 1].a, dW);
        if (db) bias_gradient(own, M, db);
        tg_delta_copy(own->error, own->outputs * M, tg_delta_wanted(result->deltas, l));
        tg_delta_copy(own->below, own->inputs * M, tg_delta_wanted(result->inputs, l));
    }
}
