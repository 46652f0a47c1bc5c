/* Small networks with storage of their own, and comparison of numbers, for the tests of the closed forms. */
#ifndef TG_TESTS_DELTA_EXAMPLE_H
#define TG_TESTS_DELTA_EXAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/delta.h>
#include <tapegrad/random.h>

#define MAX_LAYERS 4
#define MAX_UNITS 5
#define BATCH 3
#define N_ACTIVATIONS (TG_SOFTMAX + 1)
#define N_COSTS (TG_COST_BINARY_CROSS_ENTROPY + 1)

/* A network with storage of its own; net points into it, so it must not be copied. */
typedef struct example {
    tg_delta_net net;
    int64_t sizes[MAX_LAYERS + 1];
    tg_activation activations[MAX_LAYERS];
    double x[BATCH * MAX_UNITS], y[BATCH * MAX_UNITS];
    double weights[MAX_LAYERS][MAX_UNITS * MAX_UNITS], biases[MAX_LAYERS][MAX_UNITS];
    const double *weight_list[MAX_LAYERS], *bias_list[MAX_LAYERS];
} example;

/* Everything tg_delta_rules can give, for such a network; again not to be copied. */
typedef struct gradients {
    tg_delta_result result;
    double output[BATCH * MAX_UNITS];
    double deltas[MAX_LAYERS][BATCH * MAX_UNITS], inputs[MAX_LAYERS][BATCH * MAX_UNITS];
    double dweights[MAX_LAYERS][MAX_UNITS * MAX_UNITS], dbiases[MAX_LAYERS][MAX_UNITS];
    double *delta_list[MAX_LAYERS], *input_list[MAX_LAYERS], *dweight_list[MAX_LAYERS],
        *dbias_list[MAX_LAYERS];
} gradients;

/* ---- The layouts, as delta.h has them ---- */

/* Unit k of n, of example i. */
static inline int64_t unit_at(const tg_delta_net *net, int64_t n, int64_t k, int64_t i)
{
    return net->convention == TG_CONVENTION_ROWS ? i * n + k : k * net->batch + i;
}

/* The same in `inputs`. */
static inline int64_t input_at(const tg_delta_net *net, int64_t n, int64_t k, int64_t i)
{
    return net->convention == TG_CONVENTION_JACOBIAN ? i * n + k : k * net->batch + i;
}

/* The weight of layer l (from 0) from unit `in` to unit `out`. */
static inline int64_t weight_at(const tg_delta_net *net, int l, int64_t in, int64_t out)
{
    int outputs_first = net->convention == TG_CONVENTION_VECTOR || net->convention == TG_CONVENTION_DELTA;
    return outputs_first ? out * net->sizes[l] + in : in * net->sizes[l + 1] + out;
}

/* What the cost of the set is of the sum of the examples' costs. */
static inline double cost_share(const tg_delta_net *net)
{
    double units = net->convention == TG_CONVENTION_COLUMNS ? (double)net->sizes[net->n_layers] : 1.0;
    return 1.0 / ((double)net->batch * units);
}

/* What the error terms and inputs are of an example's own derivatives. */
static inline double term_share(const tg_delta_net *net)
{
    return net->convention == TG_CONVENTION_COLUMNS ? cost_share(net) : 1.0;
}

/* ---- Networks and their gradients ---- */

static inline void prepare_example(example *e, tg_convention convention, int n_layers, const int64_t *sizes,
                                   int64_t batch)
{
    memset(e, 0, sizeof *e);
    for (int l = 0; l <= n_layers; l++) e->sizes[l] = sizes[l];
    for (int l = 0; l < MAX_LAYERS; l++) {
        e->weight_list[l] = e->weights[l];
        e->bias_list[l] = e->biases[l];
    }
    e->net = (tg_delta_net){.convention = convention,
                            .n_layers = n_layers,
                            .sizes = e->sizes,
                            .activations = e->activations,
                            .batch = batch,
                            .x = e->x,
                            .y = e->y,
                            .weights = e->weight_list,
                            .biases = e->bias_list};
}

static inline void compute(const tg_delta_net *net, gradients *g)
{
    memset(g, 0, sizeof *g);
    for (int l = 0; l < MAX_LAYERS; l++) {
        g->delta_list[l] = g->deltas[l];
        g->input_list[l] = g->inputs[l];
        g->dweight_list[l] = g->dweights[l];
        g->dbias_list[l] = g->dbiases[l];
    }
    g->result = (tg_delta_result){.output = g->output,
                                  .deltas = g->delta_list,
                                  .inputs = g->input_list,
                                  .dweights = g->dweight_list,
                                  .dbiases = g->dbias_list};
    tg_diag diag = {TG_OK, ""};
    tg_status status = tg_delta_rules(net, &g->result, &diag);
    if (status != TG_OK) fail_msg("%s", diag.message);
}

static inline void assert_near(double found, double expected, double tolerance, const char *what)
{
    if (!(fabs(found - expected) <= tolerance * fmax(1.0, fabs(expected))))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

static inline void assert_all_near(const double *found, const double *expected, int n, double tolerance,
                                   const char *what)
{
    for (int k = 0; k < n; k++) assert_near(found[k], expected[k], tolerance, what);
}

static inline double uniform(uint64_t key, uint64_t *counter, double low, double high)
{
    uint32_t words[4];
    tg_philox(key, (*counter)++, 0, words);
    return low + (high - low) * (words[0] / 4294967296.0);
}

/* Cross-entropy needs outputs between 0 and 1: small last weights and a bias of 0.3 keep them there for
 * every activation. */
static inline void fill_random(example *e, uint64_t key)
{
    int last = e->net.n_layers - 1;
    int entropy = e->net.cost >= TG_COST_CROSS_ENTROPY;
    uint64_t counter = 0;
    for (int k = 0; k < BATCH * MAX_UNITS; k++) {
        e->x[k] = uniform(key, &counter, -1.5, 1.5);
        e->y[k] = entropy ? uniform(key, &counter, 0.0, 1.0) : uniform(key, &counter, -2.5, 2.5);
    }
    for (int l = 0; l <= last; l++) {
        double bound = entropy && l == last ? 0.1 : 1.2;
        double offset = entropy && l == last ? 0.3 : 0.0;
        for (int k = 0; k < MAX_UNITS * MAX_UNITS; k++)
            e->weights[l][k] = uniform(key, &counter, -bound, bound);
        for (int k = 0; k < MAX_UNITS; k++) e->biases[l][k] = offset + uniform(key, &counter, -bound, bound);
    }
}

#endif
