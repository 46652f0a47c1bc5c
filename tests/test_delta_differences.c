/* The delta rules against central differences for every activation, cost, depth and batch rule. */
#include "delta_example.h"

static double cost_of(const tg_delta_net *net)
{
    tg_delta_result result = {0};
    assert_int_equal(tg_delta_rules(net, &result, NULL), TG_OK);
    return result.cost;
}

static double central_difference(const tg_delta_net *net, double *where, double step)
{
    double saved = *where;
    *where = saved + step;
    double above = cost_of(net);
    *where = saved - step;
    double below = cost_of(net);
    *where = saved;
    return (above - below) / (2.0 * step);
}

/* Richardson: the error term in step^2 cancels. */
static void check_elements(const tg_delta_net *net, double *where, const double *gradient, int64_t n,
                           const char *what)
{
    const double step = 1.0 / 4096;
    for (int64_t k = 0; k < n; k++) {
        double coarse = central_difference(net, &where[k], step);
        double fine = central_difference(net, &where[k], step / 2);
        assert_near(gradient[k], (4.0 * fine - coarse) / 3.0, 1e-9, what);
    }
}

/* The z of layer l (from 0): the output of the first layers, the last of them made the identity. */
static void weighted_inputs(const example *e, int l, double *z)
{
    tg_activation activations[MAX_LAYERS];
    memcpy(activations, e->activations, sizeof activations);
    activations[l] = TG_IDENTITY;
    tg_delta_net first = e->net;
    first.n_layers = l + 1;
    first.activations = activations;
    first.cost = TG_COST_QUADRATIC;
    tg_delta_result result = {.output = z};
    assert_int_equal(tg_delta_rules(&first, &result, NULL), TG_OK);
}

/* Central differences hold only away from kinks and poles, and prove nothing where all derivatives are 0. */
static int suits_differences(const example *e, const gradients *g)
{
    const double margin = 0.02;
    int last = e->net.n_layers - 1;
    int64_t n = BATCH * e->sizes[last + 1];
    for (int l = 0; l <= last; l++) {
        double z[BATCH * MAX_UNITS];
        weighted_inputs(e, l, z);
        for (int64_t k = 0; k < BATCH * e->sizes[l + 1]; k++)
            if (fabs(z[k]) < margin) return 0;
    }
    for (int64_t k = 0; k < n; k++) {
        double gap = fabs(g->output[k] - e->y[k]);
        if (e->net.cost < TG_COST_CROSS_ENTROPY && (gap < margin || fabs(gap - 1.0) < margin)) return 0;
        if (e->net.cost >= TG_COST_CROSS_ENTROPY && (g->output[k] < margin || g->output[k] > 1.0 - margin))
            return 0;
    }
    double largest = 0.0;
    for (int k = 0; k < e->sizes[1]; k++) largest = fmax(largest, fabs(g->dbiases[0][k]));
    return largest > 1e-6;
}

/* delta^l is dC/dz^l: the input gradient of the network that begins at z^l with an identity matrix. */
static void check_deltas(const example *e, const gradients *g, int l)
{
    example rest;
    int64_t sizes[MAX_LAYERS + 1] = {e->sizes[l + 1]};
    int left = e->net.n_layers - l;
    memcpy(sizes + 1, e->sizes + l + 1, (size_t)left * sizeof sizes[0]);
    prepare_example(&rest, left, sizes, BATCH);
    rest.net.cost = e->net.cost;
    rest.net.mean = e->net.mean;
    memcpy(rest.y, e->y, sizeof rest.y);
    memcpy(rest.activations, e->activations + l, (size_t)left * sizeof rest.activations[0]);
    for (int64_t k = 0; k < sizes[0]; k++) rest.weights[0][k * sizes[0] + k] = 1.0;
    for (int m = 1; m < left; m++) {
        rest.weight_list[m] = e->weights[l + m];
        rest.bias_list[m] = e->biases[l + m];
    }
    weighted_inputs(e, l, rest.x);
    check_elements(&rest.net, rest.x, g->deltas[l], BATCH * sizes[0], "delta");
}

static void check_network(tg_activation activation, tg_cost cost, int mean, int depth)
{
    static const int64_t sizes[MAX_LAYERS + 1] = {3, 4, 2, 3, 2};
    example e;
    gradients g;
    prepare_example(&e, depth, sizes, BATCH);
    e.net.cost = cost;
    e.net.mean = mean;
    /* The last layer has the activation in question; those below it have the others in turn. */
    for (int l = 0; l < depth; l++)
        e.activations[l] = (tg_activation)(((int)activation + depth - 1 - l) % N_ACTIVATIONS);
    uint64_t key = 0;
    do {
        if (++key > 20000) fail_msg("activation %d, cost %d, depth %d: no example", activation, cost, depth);
        fill_random(&e, key);
        compute(&e.net, &g);
    } while (!suits_differences(&e, &g));
    for (int l = 0; l < depth; l++) {
        check_elements(&e.net, e.weights[l], g.dweights[l], sizes[l] * sizes[l + 1], "weights");
        check_elements(&e.net, e.biases[l], g.dbiases[l], sizes[l + 1], "bias");
        check_deltas(&e, &g, l);
    }
    check_elements(&e.net, e.x, g.dx, BATCH * sizes[0], "x");
}

static void test_central_differences(void **state)
{
    (void)state;
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int cost = 0; cost < N_COSTS; cost++)
            for (int mean = 0; mean < 2; mean++)
                for (int depth = 1; depth <= MAX_LAYERS; depth++)
                    check_network((tg_activation)activation, (tg_cost)cost, mean, depth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_central_differences),
    };
    return cmocka_run_group_tests_name("delta differences", tests, NULL, NULL);
}
