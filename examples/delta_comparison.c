/* Three ways to one gradient, in f64, for the trained network of digits.c:
 *
 *   tg_grad             derived from the graph by reverse-mode differentiation; knows nothing of layers
 *   tg_delta_rules      the closed form for layered networks with examples in rows, in plain loops:
 *                       Delta^2 = X^2 - Y, Delta^1 = [ReLU'(S^1)^T (*) (W^2 Delta^2^T)]^T,
 *                       dC/dW = (1/N) X^T Delta, dC/db = (1/N) 1 Delta
 *   finite differences  (C(w + h) - C(w - h)) / 2h for some of the weights and biases
 *
 * The 1/N of the mean is in tg_grad's adjoints of z; the closed form puts it into the gradients, so delta is Delta / N.
 * A difference is given relative to the largest element of the gradient. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "delta_comparison.h"

#define LAYERS 2
#define N 100      /* digits in the batch */
#define SAMPLES 12 /* elements of each weight matrix and bias for finite differences */
#define STEP 1e-5  /* h */

static const int64_t sizes[LAYERS + 1] = {64, 64, 10};

/* What is compared: delta, dC/dW and dC/db of each layer, from tg_grad and from the delta rules. */
typedef struct gradients {
    double delta[LAYERS][N * 64], dW[LAYERS][64 * 64], db[LAYERS][64];
} gradients;

typedef struct comparison {
    tg_graph *g;
    tg_tensor *x, *y, *loss;
    tg_layer layers[LAYERS];
    tg_function *cost; /* computes loss */
    gradients derived, textbook;
} comparison;

/* ---- The network in f64, with the trained weights ----------------------------------------------------- */

static tg_status set_from_f32(tg_tensor *to, const float *from)
{
    double values[N * 64];
    int64_t n = tg_count(to);
    for (int64_t i = 0; i < n; i++) values[i] = (double)from[i];
    return tg_set(to, values, (size_t)n * sizeof *values);
}

static tg_status build(comparison *c, const tg_graph *trained, const tg_dataset *data)
{
    tg_graph *g = c->g;
    c->x = tg_input(g, "x", TG_F64, 2, (int64_t[]){N, 64});
    c->y = tg_input(g, "y", TG_F64, 2, (int64_t[]){N, 10});
    tg_mlp_spec spec = {LAYERS, sizes + 1, (tg_activation[]){TG_RELU, TG_IDENTITY}, TG_INIT_ZEROS};
    tg_tensor *scores = tg_mlp(g, "net", c->x, &spec, c->layers);
    c->loss = tg_mean(tg_softmax_cross_entropy(scores, c->y), NULL);
    tg_status status = tg_compile(g, &c->loss, 1, NULL, 0, &c->cost);
    if (status == TG_OK) status = set_from_f32(c->x, data->x->data);
    if (status == TG_OK) status = set_from_f32(c->y, data->y->data);
    for (int64_t i = 0; i < tg_param_count(g) && status == TG_OK; i++) {
        tg_tensor *param = tg_param_at(g, i);
        status = set_from_f32(param, tg_data(tg_find(trained, tg_name(param))));
    }
    return status;
}

/* ---- The three ways ----------------------------------------------------------------------------------- */

static tg_status derive(comparison *c)
{
    for (int l = 0; l < LAYERS; l++) {
        tg_layer *layer = &c->layers[l];
        tg_tensor *gradient[3];
        tg_status status = tg_grad(c->g, c->loss, (tg_tensor *[]){layer->z, layer->W, layer->b}, 3, gradient);
        double *to[3] = {c->derived.delta[l], c->derived.dW[l], c->derived.db[l]};
        for (int i = 0; i < 3 && status == TG_OK; i++)
            status = tg_eval(c->g, &gradient[i], 1, to[i], (size_t)tg_count(gradient[i]) * sizeof(double));
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

static tg_status apply_delta_rules(comparison *c, tg_diag *diag)
{
    gradients *t = &c->textbook;
    const double *W[LAYERS] = {tg_data(c->layers[0].W), tg_data(c->layers[1].W)};
    const double *b[LAYERS] = {tg_data(c->layers[0].b), tg_data(c->layers[1].b)};
    tg_delta_net net = {.convention = TG_CONVENTION_ROWS,
                        .n_layers = LAYERS,
                        .sizes = sizes,
                        .activations = (tg_activation[]){TG_RELU, TG_SOFTMAX},
                        .cost = TG_COST_CROSS_ENTROPY,
                        .batch = N,
                        .x = tg_data(c->x),
                        .y = tg_data(c->y),
                        .weights = W,
                        .biases = b};
    tg_delta_result result = {.deltas = (double *[]){t->delta[0], t->delta[1]},
                              .dweights = (double *[]){t->dW[0], t->dW[1]},
                              .dbiases = (double *[]){t->db[0], t->db[1]}};
    tg_status status = tg_delta_rules(&net, &result, diag);
    for (int l = 0; l < LAYERS; l++)
        for (int64_t k = 0; k < N * sizes[l + 1]; k++) t->delta[l][k] /= N;
    return status;
}

/* *cost when element i of param is v. The param is changed. */
static tg_status cost_at(comparison *c, tg_tensor *param, int64_t i, double v, double *cost)
{
    double values[64 * 64];
    size_t size = (size_t)tg_count(param) * sizeof *values;
    tg_status status = tg_get(param, values, size);
    values[i] = v;
    if (status == TG_OK) status = tg_set(param, values, size);
    if (status == TG_OK) status = tg_run(c->cost);
    *cost = tg_scalar(c->cost, c->loss);
    return status;
}

/* ---- Differences -------------------------------------------------------------------------------------- */

static double largest(const double *v, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(v[i]));
    return most;
}

static double difference(const double *u, const double *v, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(u[i] - v[i]));
    return most / largest(v, n);
}

/* The same between a gradient and finite differences, at SAMPLES elements drawn at random; infinite on failure. */
static double finite_difference(comparison *c, tg_tensor *param, const double *gradient)
{
    int64_t n = tg_count(param);
    double most = 0;
    for (uint64_t s = 0; s < SAMPLES; s++) {
        int64_t i = (int64_t)tg_random_below(tg_random_key(1, tg_name(param)), s, (uint64_t)n);
        double w = ((const double *)tg_data(param))[i], above, below, again;
        if (cost_at(c, param, i, w + STEP, &above) != TG_OK ||
            cost_at(c, param, i, w - STEP, &below) != TG_OK || cost_at(c, param, i, w, &again) != TG_OK)
            return HUGE_VAL;
        most = fmax(most, fabs((above - below) / (2 * STEP) - gradient[i]));
    }
    return most / largest(gradient, n);
}

/* A row of the table; param is NULL for a delta, which is no param that could be varied. */
static int compare(comparison *c, int l, const char *what, tg_tensor *param, const double *derived,
                   const double *textbook, int64_t n)
{
    double rules = difference(derived, textbook, n);
    printf("%5d   %-7s %6d %20.1e", l + 1, what, (int)n, rules);
    double numeric = param == NULL ? 0 : finite_difference(c, param, derived);
    if (param == NULL)
        printf("%26s\n", "-");
    else
        printf("%26.1e\n", numeric);
    return rules <= 1e-12 && numeric <= 1e-6;
}

static int print_table(comparison *c)
{
    printf("\nThe gradients of a batch of %d test digits, derived by tg_grad. Largest difference from\n\n",
           N);
    printf("layer   of      values      the delta rules        finite differences\n");
    int agree = 1;
    for (int l = 0; l < LAYERS; l++) {
        const gradients *d = &c->derived, *t = &c->textbook;
        int64_t in = sizes[l], out = sizes[l + 1];
        agree &= compare(c, l, "delta", NULL, d->delta[l], t->delta[l], N * out);
        agree &= compare(c, l, "dC/dW", c->layers[l].W, d->dW[l], t->dW[l], in * out);
        agree &= compare(c, l, "dC/db", c->layers[l].b, d->db[l], t->db[l], out);
    }
    printf("\n%s\n", agree ? "All agree: differentiating the graph gives the delta rules of backpropagation."
                           : "They do NOT agree.");
    return agree;
}

int compare_with_delta_rules(const tg_graph *trained, const tg_dataset *data)
{
    tg_diag diag = {TG_OK, ""};
    comparison *c = calloc(1, sizeof *c);
    if (c != NULL) c->g = tg_graph_new(NULL);
    int agree = 0;
    if (c == NULL || c->g == NULL)
        fprintf(stderr, "out of memory\n");
    else if (data->x->type.shape[0] < N)
        fprintf(stderr, "the comparison needs %d digits\n", N);
    else if (build(c, trained, data) != TG_OK || derive(c) != TG_OK)
        fprintf(stderr, "%s\n", tg_error(c->g));
    else if (apply_delta_rules(c, &diag) != TG_OK)
        fprintf(stderr, "%s\n", diag.message);
    else
        agree = print_table(c);
    if (c != NULL) {
        tg_function_free(c->cost);
        tg_graph_free(c->g);
    }
    free(c);
    return agree;
}
