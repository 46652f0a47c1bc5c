/* The closed forms of every convention against central differences of its own cost: every activation, cost and depth. */
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
    int64_t batch = e->net.batch;
    for (int l = 0; l <= last; l++) {
        double z[BATCH * MAX_UNITS];
        weighted_inputs(e, l, z);
        for (int64_t k = 0; k < batch * e->sizes[l + 1]; k++)
            if (fabs(z[k]) < margin) return 0;
    }
    for (int64_t k = 0; k < batch * e->sizes[last + 1]; k++) {
        double gap = fabs(g->output[k] - e->y[k]);
        if (e->net.cost < TG_COST_CROSS_ENTROPY && (gap < margin || fabs(gap - 1.0) < margin)) return 0;
        if (e->net.cost >= TG_COST_CROSS_ENTROPY && (g->output[k] < margin || g->output[k] > 1.0 - margin))
            return 0;
    }
    double largest = 0.0;
    for (int k = 0; k < e->sizes[1]; k++) largest = fmax(largest, fabs(g->dbiases[0][k]));
    return largest > 1e-6;
}

/* The network from layer l (from 0) on: its x is a^(l-1), to be filled. */
static void rest_of(const example *e, int l, example *rest)
{
    prepare_example(rest, e->net.convention, e->net.n_layers - l, e->sizes + l, e->net.batch);
    rest->net.cost = e->net.cost;
    memcpy(rest->y, e->y, sizeof rest->y);
    memcpy(rest->activations, e->activations + l,
           (size_t)(e->net.n_layers - l) * sizeof rest->activations[0]);
    for (int m = l; m < e->net.n_layers; m++) {
        rest->weight_list[m - l] = e->weight_list[m];
        rest->bias_list[m - l] = e->bias_list[m];
    }
}

/* The error term is dC/dz^l: in the network that begins at z^l with an identity matrix, dC/dx. */
static void check_error_term(const example *e, const gradients *g, int l)
{
    example rest;
    double expected[BATCH * MAX_UNITS], identity[MAX_UNITS * MAX_UNITS] = {0};
    int64_t n = e->sizes[l + 1];
    rest_of(e, l, &rest);
    rest.sizes[0] = n;
    for (int64_t k = 0; k < n; k++) identity[k * n + k] = 1.0;
    rest.weight_list[0] = identity;
    rest.bias_list[0] = NULL;
    weighted_inputs(e, l, rest.x);
    for (int64_t k = 0; k < e->net.batch * n; k++)
        expected[k] = g->deltas[l][k] * cost_share(&e->net) / term_share(&e->net);
    check_elements(&rest.net, rest.x, expected, e->net.batch * n, "error term");
}

static void check_inputs(const example *e, const gradients *g, int l)
{
    example rest;
    double expected[BATCH * MAX_UNITS];
    int64_t n = e->sizes[l], batch = e->net.batch;
    rest_of(e, l, &rest);
    if (l == 0) {
        memcpy(rest.x, e->x, sizeof rest.x);
    } else {
        tg_delta_net below = e->net;
        below.n_layers = l;
        below.cost = TG_COST_QUADRATIC;
        tg_delta_result result = {.output = rest.x};
        assert_int_equal(tg_delta_rules(&below, &result, NULL), TG_OK);
    }
    for (int64_t i = 0; i < batch; i++)
        for (int64_t k = 0; k < n; k++)
            expected[unit_at(&e->net, n, k, i)] =
                g->inputs[l][input_at(&e->net, n, k, i)] * cost_share(&e->net) / term_share(&e->net);
    check_elements(&rest.net, rest.x, expected, batch * n, "inputs");
}

/* The last layer has the activation in question; those below it have the others but softmax in turn. */
static void prepare_network(example *e, tg_convention convention, tg_activation activation, tg_cost cost,
                            int depth)
{
    static const int64_t sizes[MAX_LAYERS + 1] = {1, 4, 2, 5, 3};
    int one = convention == TG_CONVENTION_VECTOR || ((int)activation + (int)cost + depth) % 4 == 0;
    prepare_example(e, convention, depth, sizes, one ? 1 : BATCH);
    e->net.cost = cost;
    for (int l = 0; l < depth - 1; l++)
        e->activations[l] = (tg_activation)(((int)activation + depth - 1 - l) % TG_SOFTMAX);
    e->activations[depth - 1] = activation;
    if (depth == 3) e->bias_list[1] = NULL;
}

static void check_network(tg_convention convention, tg_activation activation, tg_cost cost, int depth)
{
    example e;
    gradients g;
    prepare_network(&e, convention, activation, cost, depth);
    uint64_t key = 0;
    do {
        if (++key > 20000)
            fail_msg("%s, %s, %s, depth %d: no example", tg_convention_name(convention),
                     tg_activation_name(activation), tg_cost_name(cost), depth);
        fill_random(&e, key);
        compute(&e.net, &g);
    } while (!suits_differences(&e, &g));
    for (int l = 0; l < depth; l++) {
        check_elements(&e.net, e.weights[l], g.dweights[l], e.sizes[l] * e.sizes[l + 1], "weights");
        if (e.bias_list[l]) check_elements(&e.net, e.biases[l], g.dbiases[l], e.sizes[l + 1], "bias");
        check_error_term(&e, &g, l);
        check_inputs(&e, &g, l);
    }
}

static void check_convention(tg_convention convention)
{
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int cost = 0; cost < N_COSTS; cost++)
            for (int depth = 1; depth <= MAX_LAYERS; depth++)
                check_network(convention, (tg_activation)activation, (tg_cost)cost, depth);
}

static void test_vector(void **state)
{
    (void)state;
    check_convention(TG_CONVENTION_VECTOR);
}

static void test_jacobian(void **state)
{
    (void)state;
    check_convention(TG_CONVENTION_JACOBIAN);
}

static void test_delta(void **state)
{
    (void)state;
    check_convention(TG_CONVENTION_DELTA);
}

static void test_rows(void **state)
{
    (void)state;
    check_convention(TG_CONVENTION_ROWS);
}

static void test_columns(void **state)
{
    (void)state;
    check_convention(TG_CONVENTION_COLUMNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector), cmocka_unit_test(test_jacobian), cmocka_unit_test(test_delta),
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests_name("delta differences", tests, NULL, NULL);
}
