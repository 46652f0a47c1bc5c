/* The delta rules: values worked out by hand, saturated units, optional results and bad input. */
#include "delta_example.h"

/* ---- one layer with W = 1 and no bias, so that z = x ---- */

static void one_layer(tg_activation activation, tg_cost cost, int64_t units, const double *z, const double *y,
                      gradients *g)
{
    example e;
    prepare_example(&e, 1, (int64_t[]){units, units}, 1);
    for (int64_t k = 0; k < units; k++) e.weights[0][k * units + k] = 1.0;
    memcpy(e.x, z, (size_t)units * sizeof *z);
    memcpy(e.y, y, (size_t)units * sizeof *y);
    e.activations[0] = activation;
    e.net.cost = cost;
    e.net.biases = NULL;
    compute(&e.net, g);
}

/* Values of the formulas in delta.h at 0.7, -1.3 and 0, computed with 40 digits. */
static void test_activation_values(void **state)
{
    (void)state;
    static const double z[3] = {0.7, -1.3, 0.0}, y[3] = {0};
    static const double expected[N_ACTIVATIONS][3] = {
        [TG_IDENTITY] = {0.7, -1.3, 0.0},
        [TG_SIGMOID] = {0.66818777216816610653, 0.2141650169574413874, 0.5},
        [TG_TANH] = {0.60436777711716349631, -0.86172315931330636429, 0.0},
        [TG_RELU] = {0.7, 0.0, 0.0},
        [TG_LEAKY_RELU] = {0.7, -0.013, 0.0},
        [TG_ELU] = {0.7, -0.72746820696598739688, 0.0},
        [TG_GELU] = {0.53062544344384888968, -0.1258406299612934331, 0.0},
        [TG_SILU] = {0.46773144051771627457, -0.27841452204467380362, 0.0},
        [TG_SOFTPLUS] = {1.1031860488854578932, 0.24100845383299220527, 0.69314718055994530942},
        [TG_SIN] = {0.64421768723769105367, -0.9635581854171929647, 0.0},
        [TG_SOFTMAX] = {0.6127749156110307068, 0.082930066764510280934, 0.30429501762445901227},
    };
    for (int activation = 0; activation < N_ACTIVATIONS; activation++) {
        gradients g;
        one_layer((tg_activation)activation, TG_COST_QUADRATIC, 3, z, y, &g);
        assert_all_near(g.output, expected[activation], 3, 1e-15, "activation");
    }
}

/* Costs and their derivatives at a, y by the formulas in delta.h, with log 2 and log 4 written out:
 * logistic(1, 0) = log 2; cross-entropy(1/4, 1) = log 4; its binary form at (1/4, 0) is -log(3/4). */
static void test_cost_values(void **state)
{
    (void)state;
    static const struct {
        tg_cost cost;
        double a, y, value, derivative;
    } cases[] = {
        {TG_COST_QUADRATIC, 3.0, 1.0, 2.0, 2.0},
        {TG_COST_L1, 3.0, 1.0, 2.0, 1.0},
        {TG_COST_L1, 1.0, 3.0, 2.0, -1.0},
        {TG_COST_L1, 1.0, 1.0, 0.0, 0.0},
        {TG_COST_HUBER, 1.5, 1.0, 0.125, 0.5},
        {TG_COST_HUBER, 3.0, 1.0, 1.5, 1.0},
        {TG_COST_HUBER, -2.0, 1.0, 2.5, -1.0},
        {TG_COST_LOGISTIC, 1.0, 0.0, 0.69314718055994530942, 0.0},
        {TG_COST_LOGISTIC, 0.25, 0.75, 0.60378528955559474826, -0.75 * 0.45326184801538613348},
        {TG_COST_HINGE_DIFF, 1.0, 3.0, 2.0, -1.0},
        {TG_COST_HINGE_DIFF, 3.0, 3.0, 0.0, 0.0},
        {TG_COST_CROSS_ENTROPY, 0.25, 1.0, 1.3862943611198906188, -4.0},
        {TG_COST_CROSS_ENTROPY, 0.0, 0.0, 0.0, 0.0},
        {TG_COST_BINARY_CROSS_ENTROPY, 0.25, 0.0, 0.28768207245178092744, 4.0 / 3.0},
        {TG_COST_BINARY_CROSS_ENTROPY, 0.25, 0.75, 1.111641288952863196, -3.0 + 1.0 / 3.0},
        {TG_COST_BINARY_CROSS_ENTROPY, 1.0, 1.0, 0.0, -1.0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        gradients g;
        one_layer(TG_IDENTITY, cases[k].cost, 1, &cases[k].a, &cases[k].y, &g);
        assert_near(g.result.cost, cases[k].value, 1e-15, "cost");
        assert_near(g.deltas[0][0], cases[k].derivative, 1e-15, "derivative of the cost");
    }
}

/* x = (1, 2), W^1 = [1 -1; 2 1], b^1 = (-1, -3):   z^1 = (1 + 4 - 1, -1 + 2 - 3) = (4, -2), a^1 = (4, 0)
 * by ReLU; W^2 = [3; 5], b^2 = -10, identity, y = 1:   a^2 = 12 - 10 = 2, C = 1/2, delta^2 = 1
 * dW^2 = a^1 delta^2 = (4, 0);                     delta^1 = (3, 5) (*) (1, 0) = (3, 0)
 * dW^1 = x^T delta^1 = [3 0; 6 0];                 dx = delta^1 W^1^T = (3, 6) */
static void test_two_layers_by_hand(void **state)
{
    (void)state;
    example e;
    gradients g;
    prepare_example(&e, 2, (int64_t[]){2, 2, 1}, 1);
    memcpy(e.x, (double[]){1, 2}, 2 * sizeof(double));
    memcpy(e.weights[0], (double[]){1, -1, 2, 1}, 4 * sizeof(double));
    memcpy(e.biases[0], (double[]){-1, -3}, 2 * sizeof(double));
    memcpy(e.weights[1], (double[]){3, 5}, 2 * sizeof(double));
    e.biases[1][0] = -10;
    e.y[0] = 1;
    e.activations[0] = TG_RELU;
    compute(&e.net, &g);
    assert_near(g.result.cost, 0.5, 0, "cost");
    assert_near(g.output[0], 2, 0, "output");
    assert_near(g.deltas[1][0], 1, 0, "delta 2");
    assert_near(g.dbiases[1][0], 1, 0, "bias 2");
    assert_all_near(g.dweights[1], (double[]){4, 0}, 2, 0, "weights 2");
    assert_all_near(g.deltas[0], (double[]){3, 0}, 2, 0, "delta 1");
    assert_all_near(g.dbiases[0], (double[]){3, 0}, 2, 0, "bias 1");
    assert_all_near(g.dweights[0], (double[]){3, 0, 6, 0}, 4, 0, "weights 1");
    assert_all_near(g.dx, (double[]){3, 6}, 2, 0, "dx");
}

/* Identity, W = 2, x = (1, 3), y = (1, 1): a = (2, 6), a - y = (1, 5). Sum: C = (1 + 25) / 2 = 13,
 * dW = 1*1 + 3*5 = 16, db = 6, dx = (2, 10). The mean over the batch of 2 halves all of them. */
static void test_sum_and_mean(void **state)
{
    (void)state;
    for (int mean = 0; mean < 2; mean++) {
        example e;
        gradients g;
        double divisor = mean ? 2.0 : 1.0;
        prepare_example(&e, 1, (int64_t[]){1, 1}, 2);
        e.net.mean = mean;
        e.weights[0][0] = 2;
        memcpy(e.x, (double[]){1, 3}, 2 * sizeof(double));
        memcpy(e.y, (double[]){1, 1}, 2 * sizeof(double));
        compute(&e.net, &g);
        assert_near(g.result.cost, 13 / divisor, 0, "cost");
        assert_near(g.dweights[0][0], 16 / divisor, 0, "weights");
        assert_near(g.dbiases[0][0], 6 / divisor, 0, "bias");
        assert_all_near(g.dx, (double[]){2 / divisor, 10 / divisor}, 2, 0, "dx");
    }
}

/* z = (0, log 3) gives p = (1/4, 3/4). Quadratic with y = 0: g = p, sum g p = 10/16,
 * delta = (1/4 (1/4 - 5/8), 3/4 (3/4 - 5/8)) = (-3/32, 3/32). Cross-entropy with y = (1, 0): C = log 4,
 * delta = p - y = (-3/4, 3/4). Sigmoid at log 3 is 3/4 with derivative 3/16: quadratic with y = 1/4 gives
 * delta = 3/32; binary cross-entropy gives delta = a - y = 1/2; cross-entropy -y (1 - a) = -1/16. */
static void test_softmax_and_sigmoid_by_hand(void **state)
{
    (void)state;
    const double z[2] = {0.0, log(3.0)}, quarter[1] = {0.25};
    gradients g;
    one_layer(TG_SOFTMAX, TG_COST_QUADRATIC, 2, z, (double[]){0, 0}, &g);
    assert_all_near(g.deltas[0], (double[]){-3.0 / 32, 3.0 / 32}, 2, 1e-16, "softmax, quadratic");
    one_layer(TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 2, z, (double[]){1, 0}, &g);
    assert_near(g.result.cost, log(4.0), 1e-15, "softmax, cross-entropy");
    assert_all_near(g.deltas[0], (double[]){-0.75, 0.75}, 2, 1e-15, "softmax, cross-entropy");
    one_layer(TG_SIGMOID, TG_COST_QUADRATIC, 1, z + 1, quarter, &g);
    assert_near(g.deltas[0][0], 3.0 / 32, 1e-16, "sigmoid, quadratic");
    one_layer(TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, z + 1, quarter, &g);
    assert_near(g.deltas[0][0], 0.5, 1e-15, "sigmoid, binary cross-entropy");
    one_layer(TG_SIGMOID, TG_COST_CROSS_ENTROPY, 1, z + 1, quarter, &g);
    assert_near(g.deltas[0][0], -1.0 / 16, 1e-16, "sigmoid, cross-entropy");
}

/* The documented choices at 0: ReLU' = 0, leaky ReLU' = 0.01, and y = -1 makes g = 1. */
static void test_kinks(void **state)
{
    (void)state;
    const double zero = 0.0, y = -1.0;
    gradients g;
    one_layer(TG_RELU, TG_COST_QUADRATIC, 1, &zero, &y, &g);
    assert_near(g.deltas[0][0], 0.0, 0, "relu");
    one_layer(TG_LEAKY_RELU, TG_COST_QUADRATIC, 1, &zero, &y, &g);
    assert_near(g.deltas[0][0], 0.01, 0, "leaky relu");
}

/* ---- saturated units ---- */

static void test_saturated_units_are_finite(void **state)
{
    (void)state;
    static const double z[2] = {800.0, -800.0}, y[2] = {0.5, 0.5};
    for (int activation = 0; activation < N_ACTIVATIONS; activation++) {
        gradients g;
        one_layer((tg_activation)activation, TG_COST_QUADRATIC, 2, z, y, &g);
        for (int k = 0; k < 2; k++)
            if (!isfinite(g.output[k]) || !isfinite(g.deltas[0][k]))
                fail_msg("activation %d at %g: a = %g, delta = %g", activation, z[k], g.output[k],
                         g.deltas[0][k]);
    }
}

/* With z = (800, -800) the second softmax probability is exp(-1600), below the smallest double, yet its log
 * is -1600; log(1 - p_1) is -1600 as well. Of sigmoid(-800) and of 1 - sigmoid(800) the log is -800. */
static void test_saturated_costs(void **state)
{
    (void)state;
    static const struct {
        tg_activation activation;
        tg_cost cost;
        double z[2], y[2], value, delta[2];
    } cases[] = {
        {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, {800, -800}, {0, 1}, 1600, {1, -1}},
        {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, {800, -800}, {1, 0}, 0, {0, 0}},
        {TG_SOFTMAX, TG_COST_BINARY_CROSS_ENTROPY, {800, -800}, {0, 1}, 3200, {2, -2}},
        {TG_SOFTMAX, TG_COST_BINARY_CROSS_ENTROPY, {800, -800}, {1, 0}, 0, {0, 0}},
        {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, {800, -800}, {0, 1}, 1600, {1, -1}},
        {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, {800, -800}, {1, 0}, 0, {0, 0}},
        {TG_SIGMOID, TG_COST_CROSS_ENTROPY, {800, -800}, {1, 1}, 800, {0, -1}},
        {TG_IDENTITY, TG_COST_LOGISTIC, {800, -800}, {1, 1}, 800, {0, -1}},
        {TG_SOFTPLUS, TG_COST_L1, {800, -800}, {0, 0}, 800, {1, 0}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        gradients g;
        one_layer(cases[k].activation, cases[k].cost, 2, cases[k].z, cases[k].y, &g);
        assert_near(g.result.cost, cases[k].value, 1e-15, "saturated cost");
        assert_all_near(g.deltas[0], cases[k].delta, 2, 1e-15, "saturated delta");
    }
}

/* Small results keep their digits: gelu(-20) = -5.5e-88, sigmoid'(40) = exp(-40), and 1 - tanh(20)^2. */
static void test_small_results(void **state)
{
    (void)state;
    const double below = -20.0, forty = 40.0, twenty = 20.0, zero = 0.0;
    gradients g;
    one_layer(TG_GELU, TG_COST_QUADRATIC, 1, &below, &zero, &g);
    assert_near(g.output[0] / -5.5072482372124673902e-88, 1.0, 1e-13, "gelu");
    one_layer(TG_SIGMOID, TG_COST_QUADRATIC, 1, &forty, &zero, &g);
    assert_near(g.deltas[0][0] / exp(-40.0), 1.0, 1e-15, "sigmoid");
    one_layer(TG_TANH, TG_COST_QUADRATIC, 1, &twenty, &zero, &g);
    assert_near(g.deltas[0][0] / (4.0 * exp(-40.0)), 1.0, 1e-15, "tanh");
}

/* ---- optional and bad arguments ---- */

static void test_absent_biases(void **state)
{
    (void)state;
    example e;
    gradients zero_bias, no_entry, no_array;
    prepare_example(&e, 3, (int64_t[]){3, 4, 2, 3}, BATCH);
    fill_random(&e, 1);
    memset(e.biases[1], 0, sizeof e.biases[1]);
    e.activations[0] = TG_TANH;
    compute(&e.net, &zero_bias);
    e.bias_list[1] = NULL;
    compute(&e.net, &no_entry);
    assert_memory_equal(zero_bias.deltas, no_entry.deltas, sizeof no_entry.deltas);
    assert_memory_equal(zero_bias.dbiases, no_entry.dbiases, sizeof no_entry.dbiases);
    memset(e.biases, 0, sizeof e.biases);
    compute(&e.net, &zero_bias);
    e.net.biases = NULL;
    compute(&e.net, &no_array);
    assert_memory_equal(zero_bias.dweights, no_array.dweights, sizeof no_array.dweights);
    assert_memory_equal(zero_bias.dbiases, no_array.dbiases, sizeof no_array.dbiases);
}

static void test_unwanted_results(void **state)
{
    (void)state;
    example e;
    gradients all;
    prepare_example(&e, 2, (int64_t[]){3, 4, 2}, BATCH);
    fill_random(&e, 1);
    compute(&e.net, &all);
    double wanted[MAX_UNITS * 2] = {0};
    double *some[2] = {NULL, wanted}, *none[2] = {NULL, NULL};
    tg_delta_result result = {.deltas = none, .dweights = some, .dbiases = none};
    assert_int_equal(tg_delta_rules(&e.net, &result, NULL), TG_OK);
    assert_memory_equal(wanted, all.dweights[1], sizeof wanted);
    assert_memory_equal(&result.cost, &all.result.cost, sizeof(double));
}

/* Expects the status and the field's name in the message, and the result untouched. */
static void assert_refused(const tg_delta_net *net, tg_status expected, const char *field)
{
    tg_delta_result result = {.cost = 42.0};
    tg_diag diag = {TG_OK, ""};
    assert_int_equal(tg_delta_rules(net, &result, &diag), expected);
    assert_int_equal(diag.status, expected);
    if (strstr(diag.message, field) == NULL) fail_msg("'%s' does not name %s", diag.message, field);
    assert_true(result.cost == 42.0);
    assert_int_equal(tg_delta_rules(net, &result, NULL), expected);
}

static void test_null_arguments(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_diag diag;
    assert_int_equal(tg_delta_rules(&good, NULL, &diag), TG_ERR_NULL);
    assert_non_null(strstr(diag.message, "result"));
    assert_refused(NULL, TG_ERR_NULL, "net");
    tg_delta_net bad = good;
    bad.sizes = NULL;
    assert_refused(&bad, TG_ERR_NULL, "sizes");
    bad = good;
    bad.activations = NULL;
    assert_refused(&bad, TG_ERR_NULL, "activations");
    bad = good;
    bad.x = NULL;
    assert_refused(&bad, TG_ERR_NULL, "net->x");
    bad = good;
    bad.y = NULL;
    assert_refused(&bad, TG_ERR_NULL, "net->y");
    bad = good;
    bad.weights = NULL;
    assert_refused(&bad, TG_ERR_NULL, "weights");
    e.weight_list[1] = NULL;
    assert_refused(&good, TG_ERR_NULL, "weights[1]");
}

static void test_bad_values(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_delta_net bad = good;
    bad.n_layers = 0;
    assert_refused(&bad, TG_ERR_ARGUMENT, "n_layers");
    bad = good;
    bad.batch = 0;
    assert_refused(&bad, TG_ERR_ARGUMENT, "batch");
    bad = good;
    bad.cost = (tg_cost)N_COSTS;
    assert_refused(&bad, TG_ERR_ARGUMENT, "cost");
    bad.cost = (tg_cost)-1;
    assert_refused(&bad, TG_ERR_ARGUMENT, "cost");
    e.activations[1] = (tg_activation)N_ACTIVATIONS;
    assert_refused(&good, TG_ERR_ARGUMENT, "activations[1]");
    e.activations[1] = TG_IDENTITY;
    for (int l = 0; l <= 2; l++) {
        int64_t saved = e.sizes[l];
        e.sizes[l] = l == 1 ? -1 : 0;
        assert_refused(&good, TG_ERR_ARGUMENT, (const char *[]){"sizes[0]", "sizes[1]", "sizes[2]"}[l]);
        e.sizes[l] = saved;
    }
}

static void test_sizes_that_overflow(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_delta_net bad = good;
    bad.batch = INT64_MAX;
    assert_refused(&bad, TG_ERR_SIZE, "batch");
    e.sizes[0] = e.sizes[1] = (int64_t)1 << 40;
    assert_refused(&good, TG_ERR_SIZE, "weights[0]");
    e.sizes[0] = e.sizes[2] = 1;
    e.sizes[1] = INT64_MAX / (int64_t)(2 * sizeof(double) * BATCH); /* one array of it fits, three do not */
    bad = good;
    bad.n_layers = 1;
    assert_refused(&bad, TG_ERR_SIZE, "layers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_values),
        cmocka_unit_test(test_cost_values),
        cmocka_unit_test(test_two_layers_by_hand),
        cmocka_unit_test(test_sum_and_mean),
        cmocka_unit_test(test_softmax_and_sigmoid_by_hand),
        cmocka_unit_test(test_kinks),
        cmocka_unit_test(test_saturated_units_are_finite),
        cmocka_unit_test(test_saturated_costs),
        cmocka_unit_test(test_small_results),
        cmocka_unit_test(test_absent_biases),
        cmocka_unit_test(test_unwanted_results),
        cmocka_unit_test(test_null_arguments),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_sizes_that_overflow),
    };
    return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
