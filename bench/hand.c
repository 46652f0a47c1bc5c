/* Training steps by hand with CBLAS. What can be done while a result is in cache is done in one loop, and the
 * gradient of a weight matrix is never stored: its product is added to the weights. */
#include "hand.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

/* ---- Memory ------------------------------------------------------------------------------------------- */

static float *floats(int n)
{
    size_t bytes = ((size_t)n * sizeof(float) + 63) / 64 * 64;
    return aligned_alloc(64, bytes);
}

int hand_make(hand_net *net, const workload *of, const batch *data)
{
    *net = (hand_net){.of = of, .x = data->x, .y = data->y};
    int made = 1;
    for (int l = 0; l < of->n_layers; l++) {
        int in = of->sizes[l], out = of->sizes[l + 1];
        net->W[l] = floats(in * out);
        net->b[l] = floats(out);
        net->a[l] = floats(of->batch * out);
        net->delta[l] = floats(of->batch * out);
        made = made && net->W[l] != NULL && net->b[l] != NULL && net->a[l] != NULL && net->delta[l] != NULL;
    }
    return made;
}

void hand_free(hand_net *net)
{
    for (int l = 0; l < MAX_LAYERS; l++) {
        free(net->W[l]);
        free(net->b[l]);
        free(net->a[l]);
        free(net->delta[l]);
    }
}

void hand_use_threads(int n)
{
    openblas_set_num_threads(n);
}

/* ---- Forward ------------------------------------------------------------------------------------------ */

static void add_bias(int rows, int columns, const float *restrict b, float *restrict z)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) z[i * columns + j] += b[j];
    }
}

static void bias_and_relu(int rows, int columns, const float *restrict b, float *restrict z)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            float x = z[i * columns + j] + b[j];
            z[i * columns + j] = x > 0 ? x : 0;
        }
    }
}

/* In two loops, of which the second has no short rows: exp is what costs. */
static void bias_and_sigmoid(int rows, int columns, const float *restrict b, float *restrict z)
{
    add_bias(rows, columns, b, z);
    for (int i = 0; i < rows * columns; i++) z[i] = 1 / (1 + expf(-z[i]));
}

static void forward(const hand_net *net)
{
    const workload *w = net->of;
    const float *x = net->x;
    for (int l = 0; l < w->n_layers; l++) {
        int in = w->sizes[l], out = w->sizes[l + 1];
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, w->batch, out, in, 1, x, in, net->W[l], out, 0,
                    net->a[l], out);
        if (!w->is_softmax)
            bias_and_sigmoid(w->batch, out, net->b[l], net->a[l]);
        else if (l < w->n_layers - 1)
            bias_and_relu(w->batch, out, net->b[l], net->a[l]);
        else
            add_bias(w->batch, out, net->b[l], net->a[l]);
        x = net->a[l];
    }
}

/* ---- Cost and its derivative -------------------------------------------------------------------------- */

static float softmax_cost(int rows, int columns, const float *restrict y, float *restrict s,
                          float *restrict delta)
{
    float loss = 0, share = 1 / (float)rows;
    for (int i = 0; i < rows; i++) {
        float top = s[i * columns];
        for (int k = 1; k < columns; k++) top = s[i * columns + k] > top ? s[i * columns + k] : top;
        for (int k = 0; k < columns; k++) s[i * columns + k] -= top;
    }
    for (int i = 0; i < rows * columns; i++) delta[i] = expf(s[i]);
    for (int i = 0; i < rows; i++) {
        const float *yi = y + i * columns, *si = s + i * columns;
        float *di = delta + i * columns, sum = 0, weight = 0, chosen = 0;
        for (int k = 0; k < columns; k++) sum += di[k];
        for (int k = 0; k < columns; k++) weight += yi[k];
        for (int k = 0; k < columns; k++) chosen += yi[k] * si[k];
        loss += weight * logf(sum) - chosen;
        float scale = weight * share / sum;
        for (int k = 0; k < columns; k++) di[k] = di[k] * scale - yi[k] * share;
    }
    return loss * share;
}

static float quadratic_cost(int rows, int columns, const float *restrict y, const float *restrict a,
                            float *restrict delta)
{
    float loss = 0, share = 1 / (float)rows;
    for (int i = 0; i < rows * columns; i++) {
        float e = a[i] - y[i];
        loss += e * e;
        delta[i] = e * a[i] * (1 - a[i]) * share;
    }
    return loss * share / 2;
}

static void cost(hand_net *net)
{
    const workload *w = net->of;
    int last = w->n_layers - 1, rows = w->batch, columns = w->sizes[last + 1];
    if (w->is_softmax)
        net->loss = softmax_cost(rows, columns, net->y, net->a[last], net->delta[last]);
    else
        net->loss = quadratic_cost(rows, columns, net->y, net->a[last], net->delta[last]);
}

/* ---- Backward and update ------------------------------------------------------------------------------ */

static void times_slope(int n, int is_relu, const float *restrict a, float *restrict delta)
{
    if (is_relu) {
        for (int i = 0; i < n; i++) delta[i] = a[i] > 0 ? delta[i] : 0;
    } else {
        for (int i = 0; i < n; i++) delta[i] *= a[i] * (1 - a[i]);
    }
}

static void update_bias(int rows, int columns, float rate, const float *restrict delta, float *restrict b)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) b[j] -= rate * delta[i * columns + j];
    }
}

static void backward(const hand_net *net)
{
    const workload *w = net->of;
    for (int l = w->n_layers - 1; l >= 0; l--) {
        int in = w->sizes[l], out = w->sizes[l + 1];
        const float *x = l > 0 ? net->a[l - 1] : net->x;
        if (l > 0) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, w->batch, in, out, 1, net->delta[l], out,
                        net->W[l], out, 0, net->delta[l - 1], in);
            times_slope(w->batch * in, w->is_softmax, net->a[l - 1], net->delta[l - 1]);
        }
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, w->batch, -w->rate, x, in,
                    net->delta[l], out, 1, net->W[l], out);
        update_bias(w->batch, out, w->rate, net->delta[l], net->b[l]);
    }
}

void hand_step(hand_net *net)
{
    forward(net);
    cost(net);
    backward(net);
}
