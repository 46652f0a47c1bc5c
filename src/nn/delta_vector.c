/* The vector convention: one example as a column, gradients as columns. W is [n_l, n_(l-1)]; a prime marks the layer
 * before; d_u f is the column of the derivatives of f by the elements of u.
 *
 *     (1) d_a C = a - y at the last layer          (4) d_(w_i) C = a'_i d_z C for column w_i of W
 *     (2) d_z C = d_a C (*) s'(z)                  (5) D_W C = d_z C a'^T, which is (4) for all columns
 *     (3) d_b C = d_z C                            (6) d_a' C = W^T d_z C, the (1) of the layer before */
#include "delta_activation.h"
#include "delta_work.h"

/* z = W a' + b: a sum of the columns w_i of W, weighted with the a'_i. Then a = s(z). */
static void forward(const tg_delta_layer *own, const double *a_before)
{
    for (int64_t j = 0; j < own->outputs; j++) own->z[j] = 0.0;
    for (int64_t i = 0; i < own->inputs; i++)
        for (int64_t j = 0; j < own->outputs; j++)
            own->z[j] += a_before[i] * own->weights[j * own->inputs + i];
    for (int64_t j = 0; j < own->outputs && own->bias; j++) own->z[j] += own->bias[j];
    tg_delta_activate(own->activation, own->outputs, own->z, own->a);
}

/* Rule 1, with the cost's derivative in the place of a - y. */
static void rule_1(tg_cost cost, const tg_delta_layer *last, const double *y, double *d_a)
{
    for (int64_t j = 0; j < last->outputs; j++) d_a[j] = tg_delta_cost_slope(cost, last->a[j], y[j]);
}

static void rule_2(const tg_delta_layer *own, const double *d_a, double *d_z)
{
    for (int64_t j = 0; j < own->outputs; j++) d_z[j] = d_a[j] * tg_delta_slope(own->activation, own->z[j]);
}

static void rule_3(const tg_delta_layer *own, const double *d_z, double *d_b)
{
    if (!d_b) return;
    for (int64_t j = 0; j < own->outputs; j++) d_b[j] = d_z[j];
}

/* Rule 4 for column i of W, which is column i of D_W C. */
static void rule_4(const tg_delta_layer *own, int64_t i, double a_before_i, const double *d_z, double *D_W)
{
    for (int64_t j = 0; j < own->outputs; j++) D_W[j * own->inputs + i] = a_before_i * d_z[j];
}

static void rule_5(const tg_delta_layer *own, const double *a_before, const double *d_z, double *D_W)
{
    if (!D_W) return;
    for (int64_t i = 0; i < own->inputs; i++) rule_4(own, i, a_before[i], d_z, D_W);
}

/* Element i of W^T d_z C is the product of column w_i with d_z C. */
static void rule_6(const tg_delta_layer *own, const double *d_z, double *d_a_before)
{
    for (int64_t i = 0; i < own->inputs; i++) {
        d_a_before[i] = 0.0;
        for (int64_t j = 0; j < own->outputs; j++)
            d_a_before[i] += own->weights[j * own->inputs + i] * d_z[j];
    }
}

void tg_delta_vector(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    const tg_delta_layer *layers = work->layers, *last = &layers[net->n_layers - 1];
    const double *d_a = work->a;
    for (int l = 0; l < net->n_layers; l++) forward(&layers[l], l == 0 ? net->x : layers[l - 1].a);
    result->cost = tg_delta_cost_of(net->cost, last->activation, last->outputs, last->z, last->a, net->y);
    tg_delta_copy(last->a, last->outputs, result->output);
    rule_1(net->cost, last, net->y, work->a);
    for (int l = net->n_layers - 1; l >= 0; l--) {
        const tg_delta_layer *own = &layers[l];
        const double *a_before = l == 0 ? net->x : layers[l - 1].a;
        double *d_z = own->error, *d_a_before = own->below;
        /* Softmax, and the pairs that would lose a finite result, have rules 1 and 2 in one formula. */
        if (own != last ||
            !tg_delta_of_pair(net->cost, own->activation, own->outputs, own->z, own->a, net->y, d_z))
            rule_2(own, d_a, d_z);
        rule_3(own, d_z, tg_delta_wanted(result->dbiases, l));
        rule_5(own, a_before, d_z, tg_delta_wanted(result->dweights, l));
        rule_6(own, d_z, d_a_before);
        tg_delta_copy(d_z, own->outputs, tg_delta_wanted(result->deltas, l));
        tg_delta_copy(d_a_before, own->inputs, tg_delta_wanted(result->inputs, l));
        d_a = d_a_before;
    }
}
