/* The gradients that tg_grad derives of multilayer perceptrons against the closed form of the rows convention, for every
 * activation of the last layer with every cost, depths 1 to 5, widths 1 to 17 and batches of 1 to 9. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "nn_helpers.h"

#define DEPTH_MAX 5
#define UNITS_MAX 17
#define BATCH_MAX 9
#define ROUNDS 8
#define TOLERANCE 1e-12
#define N_ACTIVATIONS (TG_SOFTMAX + 1)
#define N_COSTS (TG_COST_BINARY_CROSS_ENTROPY + 1)
#define PER_LAYER 3 /* W, b, z */

/* The loss as costs of the last layer's outputs, or as one of the operations that take its z. */
typedef enum loss_kind { LOSS_OF_OUTPUTS, LOSS_SOFTMAX_CROSS_ENTROPY, LOSS_SIGMOID_CROSS_ENTROPY } loss_kind;

typedef struct example {
    tg_delta_net net;
    int64_t sizes[DEPTH_MAX + 1];
    tg_activation activations[DEPTH_MAX];
    loss_kind loss;
    double x[BATCH_MAX * UNITS_MAX], y[BATCH_MAX * UNITS_MAX];
    const double *weights[DEPTH_MAX], *biases[DEPTH_MAX];
} example;

/* Everything the rules give. Index 0 of the layers is layer 1. */
typedef struct closed {
    double inputs[BATCH_MAX * UNITS_MAX], output[BATCH_MAX * UNITS_MAX];
    double dW[DEPTH_MAX][UNITS_MAX * UNITS_MAX], db[DEPTH_MAX][UNITS_MAX];
    double delta[DEPTH_MAX][BATCH_MAX * UNITS_MAX];
    double cost;
} closed;

static double largest_difference;
static int n_networks, n_tensors;

static int64_t draw(uint64_t key, uint64_t *i, int64_t low, int64_t high)
{
    return low + (int64_t)tg_random_below(key, (*i)++, (uint64_t)(high - low + 1));
}

/* ---- Networks ----------------------------------------------------------------------------------------- */

static void draw_network(example *e, tg_activation last, tg_cost cost, uint64_t key)
{
    uint64_t i = 0;
    memset(e, 0, sizeof *e);
    int depth = (int)draw(key, &i, 1, DEPTH_MAX);
    for (int l = 0; l <= depth; l++) e->sizes[l] = draw(key, &i, 1, UNITS_MAX);
    for (int l = 0; l < depth - 1; l++) e->activations[l] = (tg_activation)draw(key, &i, 0, TG_SOFTMAX - 1);
    e->activations[depth - 1] = last;
    e->net = (tg_delta_net){.convention = TG_CONVENTION_ROWS,
                            .n_layers = depth,
                            .sizes = e->sizes,
                            .activations = e->activations,
                            .cost = cost,
                            .batch = draw(key, &i, 1, BATCH_MAX),
                            .x = e->x,
                            .y = e->y,
                            .weights = e->weights,
                            .biases = e->biases};
    int entropy = cost >= TG_COST_CROSS_ENTROPY;
    nn_fill(e->x, e->net.batch * e->sizes[0], -1.5, 1.5, key + 1);
    nn_fill(e->y, e->net.batch * e->sizes[depth], entropy ? 0 : -2, entropy ? 1 : 2, key + 2);
}

/* Draws the weights into the graph's params. A cross-entropy needs outputs between 0 and 1: small weights and a
 * bias of 0.3 keep the last layer's there for every activation. */
static void draw_params(example *e, const tg_layer *layers, uint64_t key)
{
    for (int l = 0; l < e->net.n_layers; l++) {
        int narrow =
            e->net.cost >= TG_COST_CROSS_ENTROPY && e->loss == LOSS_OF_OUTPUTS && l == e->net.n_layers - 1;
        double values[UNITS_MAX * UNITS_MAX], bound = sqrt(3.0 / (double)e->sizes[l]);
        if (narrow) bound = 0.05 / (double)e->sizes[l];
        nn_fill(values, tg_count(layers[l].W), -bound, bound, key + 10 + (uint64_t)l);
        assert_int_equal(tg_set(layers[l].W, values, (size_t)tg_count(layers[l].W) * sizeof *values), TG_OK);
        nn_fill(values, tg_count(layers[l].b), narrow ? 0.25 : -0.5, narrow ? 0.35 : 0.5,
                key + 20 + (uint64_t)l);
        assert_int_equal(tg_set(layers[l].b, values, (size_t)tg_count(layers[l].b) * sizeof *values), TG_OK);
        e->weights[l] = tg_data(layers[l].W);
        e->biases[l] = tg_data(layers[l].b);
    }
}

static void apply_rules(const example *e, closed *c)
{
    double *dW[DEPTH_MAX], *db[DEPTH_MAX], *delta[DEPTH_MAX], *inputs[DEPTH_MAX] = {c->inputs};
    for (int l = 0; l < DEPTH_MAX; l++) {
        dW[l] = c->dW[l];
        db[l] = c->db[l];
        delta[l] = c->delta[l];
    }
    tg_delta_result result = {
        .output = c->output, .deltas = delta, .dweights = dW, .dbiases = db, .inputs = inputs};
    tg_diag diag = {TG_OK, ""};
    if (tg_delta_rules(&e->net, &result, &diag) != TG_OK) fail_msg("%s", diag.message);
    c->cost = result.cost;
}

static tg_tensor *loss_of(const example *e, const tg_layer *last, tg_tensor *y)
{
    tg_tensor *each = NULL;
    switch (e->loss) {
    case LOSS_OF_OUTPUTS:
        each = tg_cost_of(e->net.cost, last->a, y);
        break;
    case LOSS_SOFTMAX_CROSS_ENTROPY:
        each = tg_softmax_cross_entropy(last->z, y);
        break;
    case LOSS_SIGMOID_CROSS_ENTROPY:
        each = tg_sum(tg_sigmoid_cross_entropy(last->z, y), TG_AXES(-1));
        break;
    }
    return tg_mean(each, NULL);
}

/* ---- Comparing ---------------------------------------------------------------------------------------- */

/* The difference relative to the tensor's largest magnitude. */
static void compare(const double *found, const double *expected, int64_t n, const example *e,
                    const char *what, int layer)
{
    double largest = 0, difference = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(found[i]) || !isfinite(expected[i])) fail_msg("%s %d is not finite", what, layer);
        largest = fmax(largest, fabs(expected[i]));
        difference = fmax(difference, fabs(found[i] - expected[i]));
    }
    n_tensors++;
    if (difference > 0) largest_difference = fmax(largest_difference, difference / largest);
    if (difference > TOLERANCE * largest)
        fail_msg(
            "%s of layer %d of %d, last activation %d, cost %d, loss %d: off by %g where the largest is %g",
            what, layer, e->net.n_layers, (int)e->activations[e->net.n_layers - 1], (int)e->net.cost,
            (int)e->loss, difference, largest);
}

/* Every gradient in one evaluation: dC/dx, then W, b and z of each layer, then C and the outputs. */
static double *gradients_of(tg_graph *g, tg_tensor *loss, tg_tensor *x, const tg_layer *layers, int depth)
{
    tg_tensor *xs[1 + PER_LAYER * DEPTH_MAX], *out[3 + PER_LAYER * DEPTH_MAX];
    int n = 0;
    xs[n++] = x;
    for (int l = 0; l < depth; l++) {
        xs[n++] = layers[l].W;
        xs[n++] = layers[l].b;
        xs[n++] = layers[l].z;
    }
    if (tg_grad(g, loss, xs, n, out) != TG_OK) fail_msg("%s", tg_error(g));
    out[n++] = loss;
    out[n++] = layers[depth - 1].a;
    size_t size = 0;
    for (int i = 0; i < n; i++) size += (size_t)tg_count(out[i]) * sizeof(double);
    double *values = malloc(size);
    assert_non_null(values);
    if (tg_eval(g, out, n, values, size) != TG_OK) fail_msg("%s", tg_error(g));
    return values;
}

/* The adjoints that tg_grad finds carry the mean's 1/N; Delta and W Delta^T do not, and the latter has the examples
 * in columns. */
static void rescale(const example *e, closed *c)
{
    double W_delta[BATCH_MAX * UNITS_MAX];
    int64_t batch = e->net.batch, n_in = e->sizes[0];
    memcpy(W_delta, c->inputs, sizeof W_delta);
    for (int64_t i = 0; i < batch; i++)
        for (int64_t k = 0; k < n_in; k++) c->inputs[i * n_in + k] = W_delta[k * batch + i] / (double)batch;
    for (int l = 0; l < e->net.n_layers; l++)
        for (int64_t k = 0; k < batch * e->sizes[l + 1]; k++) c->delta[l][k] /= (double)batch;
}

static void compare_all(const example *e, closed *c, const double *found)
{
    int64_t batch = e->net.batch;
    int depth = e->net.n_layers;
    rescale(e, c);
    compare(found, c->inputs, batch * e->sizes[0], e, "dC/dx", 0);
    found += batch * e->sizes[0];
    for (int l = 0; l < depth; l++) {
        int64_t in = e->sizes[l], out = e->sizes[l + 1];
        compare(found, c->dW[l], in * out, e, "dC/dW", l + 1);
        compare(found + in * out, c->db[l], out, e, "dC/db", l + 1);
        compare(found + in * out + out, c->delta[l], batch * out, e, "delta", l + 1);
        found += in * out + out + batch * out;
    }
    compare(found, &c->cost, 1, e, "C", depth);
    compare(found + 1, c->output, batch * e->sizes[depth], e, "output", depth);
}

static void check_network(tg_activation last, tg_cost cost, loss_kind loss, uint64_t key)
{
    example e;
    closed *c = calloc(1, sizeof *c);
    tg_graph *g = tg_graph_new(NULL);
    tg_layer layers[DEPTH_MAX];
    draw_network(&e, last, cost, key);
    e.loss = loss;
    int64_t batch = e.net.batch, n_out = e.sizes[e.net.n_layers];
    tg_tensor *x = param_2d(g, "x", batch, e.sizes[0], e.x), *y = param_2d(g, "y", batch, n_out, e.y);
    tg_mlp_spec spec = {e.net.n_layers, e.sizes + 1, e.activations, TG_INIT_ZEROS};
    assert_non_null(tg_mlp(g, "net", x, &spec, layers));
    draw_params(&e, layers, key);
    apply_rules(&e, c);
    double *found = gradients_of(g, loss_of(&e, &layers[e.net.n_layers - 1], y), x, layers, e.net.n_layers);
    compare_all(&e, c, found);
    n_networks++;
    free(found);
    free(c);
    tg_graph_free(g);
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

static void test_every_activation_with_every_cost(void **state)
{
    (void)state;
    uint64_t key = 1000;
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int cost = 0; cost < N_COSTS; cost++)
            for (int round = 0; round < ROUNDS; round++, key += 100)
                check_network((tg_activation)activation, (tg_cost)cost, LOSS_OF_OUTPUTS, key);
}

static void test_fused_cross_entropies(void **state)
{
    (void)state;
    for (uint64_t key = 500000; key < 500000 + 100 * 60; key += 100) {
        check_network(TG_SOFTMAX, TG_COST_CROSS_ENTROPY, LOSS_SOFTMAX_CROSS_ENTROPY, key);
        check_network(TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, LOSS_SIGMOID_CROSS_ENTROPY, key);
    }
}

static void test_enough_was_compared(void **state)
{
    (void)state;
    print_message("%d networks, %d tensors: the largest difference is %.2g of a tensor's largest element\n",
                  n_networks, n_tensors, largest_difference);
    assert_true(n_networks >= 500);
    assert_true(largest_difference > 0); /* two computations that share nothing differ somewhere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_activation_with_every_cost),
        cmocka_unit_test(test_fused_cross_entropies),
        cmocka_unit_test(test_enough_was_compared),
    };
    return cmocka_run_group_tests_name("nn delta", tests, NULL, NULL);
}
