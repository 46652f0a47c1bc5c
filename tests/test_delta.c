/* The closed forms: values worked out by hand, saturated units. What holds for
 * one example holds in every convention, but that columns divides by the number K of outputs. */
#include <stdio.h>

#include "delta_example.h"

/* ---- one layer with W = 1 and no bias, so that z = x ---- */

static void one_layer(tg_convention convention, tg_activation activation, tg_cost cost, int64_t units,
                      const double *z, const double *y, gradients *g)
{
    example e;
    prepare_example(&e, convention, 1, (int64_t[]){units, units}, 1);
    for (int64_t k = 0; k < units; k++) e.weights[0][k * units + k] = 1.0;
    memcpy(e.x, z, (size_t)units * sizeof *z);
    memcpy(e.y, y, (size_t)units * sizeof *y);
    e.activations[0] = activation;
    e.net.cost = cost;
    e.net.biases = NULL;
    compute(&e.net, g);
}

/* The same in every convention, with what cost and error term are to be. */
static void check_one_layer(tg_activation activation, tg_cost cost, int64_t units, const double *z,
                            const double *y, double value, const double *error, double tolerance)
{
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        gradients g;
        double divisor = c == TG_CONVENTION_COLUMNS ? (double)units : 1.0;
        char what[100];
        snprintf(what, sizeof what, "%s, %s, %s", tg_convention_name((tg_convention)c),
                 tg_activation_name(activation), tg_cost_name(cost));
        one_layer((tg_convention)c, activation, cost, units, z, y, &g);
        assert_near(g.result.cost * divisor, value, tolerance, what);
        for (int64_t k = 0; k < units; k++) assert_near(g.deltas[0][k] * divisor, error[k], tolerance, what);
    }
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
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int c = 0; c < TG_CONVENTIONS; c++) {
            gradients g;
            one_layer((tg_convention)c, (tg_activation)activation, TG_COST_QUADRATIC, 3, z, y, &g);
            assert_all_near(g.output, expected[activation], 3, 1e-15,
                            tg_activation_name((tg_activation)activation));
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
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        check_one_layer(TG_IDENTITY, cases[k].cost, 1, &cases[k].a, &cases[k].y, cases[k].value,
                        &cases[k].derivative, 1e-15);
}

/* x = (1, 2), from units to units W^1 = [1 -1; 2 1], b^1 = (-1, -3):  z^1 = (1 + 4 - 1, -1 + 2 - 3) = (4, -2),
 * a^1 = (4, 0) by ReLU; W^2 = [3; 5], b^2 = -10, identity, y = 1:  a^2 = 12 - 10 = 2, C = 1/2, delta^2 = 1
 * dW^2 = a^1 delta^2 = (4, 0);    dC/da^1 = (3, 5);    delta^1 = (3, 5) (*) (1, 0) = (3, 0)
 * dW^1 = x delta^1 = [3 0; 6 0];  dC/dx = (1*3 - 1*0, 2*3 + 1*0) = (3, 6) */
static void check_two_layers(tg_convention convention)
{
    example e;
    gradients g;
    prepare_example(&e, convention, 2, (int64_t[]){2, 2, 1}, 1);
    static const double W1[2][2] = {{1, -1}, {2, 1}}, dW1[2][2] = {{3, 0}, {6, 0}};
    memcpy(e.x, (double[]){1, 2}, 2 * sizeof(double));
    for (int in = 0; in < 2; in++)
        for (int out = 0; out < 2; out++) e.weights[0][weight_at(&e.net, 0, in, out)] = W1[in][out];
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
    assert_all_near(g.inputs[1], (double[]){3, 5}, 2, 0, "inputs 2");
    assert_all_near(g.deltas[0], (double[]){3, 0}, 2, 0, "delta 1");
    assert_all_near(g.dbiases[0], (double[]){3, 0}, 2, 0, "bias 1");
    for (int in = 0; in < 2; in++)
        for (int out = 0; out < 2; out++)
            assert_near(g.dweights[0][weight_at(&e.net, 0, in, out)], dW1[in][out], 0, "weights 1");
    assert_all_near(g.inputs[0], (double[]){3, 6}, 2, 0, "inputs 1");
}

static void test_two_layers_by_hand(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) check_two_layers((tg_convention)c);
}

/* Identity, from 1 unit to 2 with weights 2 and 1, x = (1, 3), y = 1 everywhere: a = (2, 1) and (6, 3), the
 * differences (1, 0) and (5, 2), the costs 1/2 and 29/2. The mean is 15/2, the mean of W's gradients
 * ((1 + 15) / 2, (0 + 6) / 2) = (8, 3), of b's (3, 1); dC/dx = 2*1 + 1*0 = 2 and 2*5 + 1*2 = 12. Columns has half of
 * the mean in everything that is one, and 1/4 in the rest. */
static void test_means(void **state)
{
    (void)state;
    for (int c = TG_CONVENTION_JACOBIAN; c < TG_CONVENTIONS; c++) {
        example e;
        gradients g;
        static const double terms[2][2] = {{1, 0}, {5, 2}};
        double mean = c == TG_CONVENTION_COLUMNS ? 0.5 : 1.0, each = c == TG_CONVENTION_COLUMNS ? 0.25 : 1.0;
        prepare_example(&e, (tg_convention)c, 1, (int64_t[]){1, 2}, 2);
        memcpy(e.weights[0], (double[]){2, 1}, 2 * sizeof(double));
        memcpy(e.x, (double[]){1, 3}, 2 * sizeof(double));
        memcpy(e.y, (double[]){1, 1, 1, 1}, 4 * sizeof(double));
        compute(&e.net, &g);
        assert_near(g.result.cost, 7.5 * mean, 0, "cost");
        assert_all_near(g.dweights[0], (double[]){8 * mean, 3 * mean}, 2, 0, "weights");
        assert_all_near(g.dbiases[0], (double[]){3 * mean, 1 * mean}, 2, 0, "bias");
        assert_all_near(g.inputs[0], (double[]){2 * each, 12 * each}, 2, 0, "inputs");
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 2; k++)
                assert_near(g.deltas[0][unit_at(&e.net, 2, k, i)], terms[i][k] * each, 0, "error terms");
    }
}

/* z = (0, log 3) gives p = (1/4, 3/4). Quadratic with y = 0: g = p, sum g p = 10/16,
 * delta = (1/4 (1/4 - 5/8), 3/4 (3/4 - 5/8)) = (-3/32, 3/32). Cross-entropy with y = (1, 0): C = log 4,
 * delta = p - y = (-3/4, 3/4); with y = (2, 1), which do not add up to 1, 3 p - y = (-5/4, 5/4). Sigmoid at log 3 is 3/4 with derivative 3/16: quadratic with y = 1/4 gives
 * delta = 3/32; binary cross-entropy gives delta = a - y = 1/2; cross-entropy -y (1 - a) = -1/16. */
static void test_softmax_and_sigmoid_by_hand(void **state)
{
    (void)state;
    const double z[2] = {0.0, log(3.0)}, quarter = 0.25, zeros[2] = {0, 0}, first[2] = {1, 0};
    check_one_layer(TG_SOFTMAX, TG_COST_QUADRATIC, 2, z, zeros, 5.0 / 16, (double[]){-3.0 / 32, 3.0 / 32},
                    1e-15);
    check_one_layer(TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 2, z, first, log(4.0), (double[]){-0.75, 0.75}, 1e-15);
    check_one_layer(TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 2, z, (double[]){2, 1}, 2 * log(4.0) - log(0.75),
                    (double[]){-1.25, 1.25}, 1e-15);
    check_one_layer(TG_SIGMOID, TG_COST_QUADRATIC, 1, z + 1, &quarter, 1.0 / 8, (double[]){3.0 / 32}, 1e-15);
    check_one_layer(TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, z + 1, &quarter,
                    -0.25 * log(0.75) - 0.75 * log(0.25), (double[]){0.5}, 1e-15);
    check_one_layer(TG_SIGMOID, TG_COST_CROSS_ENTROPY, 1, z + 1, &quarter, -0.25 * log(0.75),
                    (double[]){-1.0 / 16}, 1e-15);
}

/* The documented choices at 0: ReLU' = 0, leaky ReLU' = 0.01 (y = -1 makes g = 1), |a - y|' = 0 where a = y, also
 * below the last layer: z^1 = 0, a^2 = 2, y = 1, so that delta^1 = 3 ReLU'(0). */
static void test_kinks(void **state)
{
    (void)state;
    const double zero = 0.0, y = -1.0, two = 2.0, slope = 0.01;
    check_one_layer(TG_RELU, TG_COST_QUADRATIC, 1, &zero, &y, 0.5, &zero, 0);
    check_one_layer(TG_LEAKY_RELU, TG_COST_QUADRATIC, 1, &zero, &y, 0.5, &slope, 0);
    check_one_layer(TG_IDENTITY, TG_COST_L1, 1, &two, &two, 0, &zero, 0);
    for (int c = 0; c < TG_CONVENTIONS; c++)
        for (int leaky = 0; leaky < 2; leaky++) {
            example e;
            gradients g;
            prepare_example(&e, (tg_convention)c, 2, (int64_t[]){1, 1, 1}, 1);
            e.activations[0] = leaky ? TG_LEAKY_RELU : TG_RELU;
            e.weights[1][0] = 3;
            e.biases[1][0] = 2;
            e.y[0] = 1;
            compute(&e.net, &g);
            assert_near(g.inputs[1][0], 3, 0, "above the kink");
            assert_near(g.deltas[0][0], leaky ? 0.03 : 0, 1e-17, "at the kink");
        }
}

/* ---- saturated units ---- */

static void test_saturated_units_are_finite(void **state)
{
    (void)state;
    static const double z[2] = {800.0, -800.0}, y[2] = {0.5, 0.5};
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int c = 0; c < TG_CONVENTIONS; c++) {
            gradients g;
            one_layer((tg_convention)c, (tg_activation)activation, TG_COST_QUADRATIC, 2, z, y, &g);
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
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        check_one_layer(cases[k].activation, cases[k].cost, 2, cases[k].z, cases[k].y, cases[k].value,
                        cases[k].delta, 1e-15);
}

/* Small results keep their digits: gelu(-20) = -5.5e-88, sigmoid'(40) = exp(-40), and 1 - tanh(20)^2. */
static void test_small_results(void **state)
{
    (void)state;
    const double below = -20.0, forty = 40.0, twenty = 20.0, zero = 0.0;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        gradients g;
        one_layer((tg_convention)c, TG_GELU, TG_COST_QUADRATIC, 1, &below, &zero, &g);
        assert_near(g.output[0] / -5.5072482372124673902e-88, 1.0, 1e-13, "gelu");
        one_layer((tg_convention)c, TG_SIGMOID, TG_COST_QUADRATIC, 1, &forty, &zero, &g);
        assert_near(g.deltas[0][0] / exp(-40.0), 1.0, 1e-15, "sigmoid");
        one_layer((tg_convention)c, TG_TANH, TG_COST_QUADRATIC, 1, &twenty, &zero, &g);
        assert_near(g.deltas[0][0] / (4.0 * exp(-40.0)), 1.0, 1e-15, "tanh");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_values),
        cmocka_unit_test(test_cost_values),
        cmocka_unit_test(test_two_layers_by_hand),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_softmax_and_sigmoid_by_hand),
        cmocka_unit_test(test_kinks),
        cmocka_unit_test(test_saturated_units_are_finite),
        cmocka_unit_test(test_saturated_costs),
        cmocka_unit_test(test_small_results),
    };
    return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
