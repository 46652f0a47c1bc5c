/* Layers: values against plain loops, names of params, and bad requests. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn_helpers.h"

#define UNITS_MAX 8

/* z = x W + b for one row. */
static void dense_row(int64_t in, int64_t out, const double *x, const double *W, const double *b, double *z)
{
    for (int64_t j = 0; j < out; j++) {
        z[j] = b[j];
        for (int64_t k = 0; k < in; k++) z[j] += x[k] * W[k * out + j];
    }
}

static tg_tensor *filled_input(tg_graph *g, const char *name, int rank, const int64_t *shape, uint64_t key)
{
    double values[256];
    tg_tensor *x = tg_input(g, name, TG_F64, rank, shape);
    assert_true(x != NULL && tg_count(x) <= COUNT(values));
    nn_fill(values, tg_count(x), -2, 2, key);
    assert_int_equal(tg_set(x, values, (size_t)tg_count(x) * sizeof *values), TG_OK);
    return x;
}

/* Biases begin as zeros; tests of values give them others. */
static void fill_param(tg_graph *g, const char *name, uint64_t key)
{
    double values[256];
    tg_tensor *param = tg_find(g, name);
    assert_true(param != NULL && tg_count(param) <= COUNT(values));
    nn_fill(values, tg_count(param), -1, 1, key);
    assert_int_equal(tg_set(param, values, (size_t)tg_count(param) * sizeof *values), TG_OK);
}

/* ---- Dense -------------------------------------------------------------------------------------------- */

static void check_dense(tg_graph *g, const char *name, int rank, const int64_t *shape)
{
    const int64_t in = shape[rank - 1], out = 3;
    char input[32], weights[32], bias[32];
    snprintf(input, sizeof input, "%s.x", name);
    snprintf(weights, sizeof weights, "%s.W", name);
    snprintf(bias, sizeof bias, "%s.b", name);
    tg_tensor *x = filled_input(g, input, rank, shape, 1);
    tg_tensor *z = tg_dense(g, name, x, out, TG_INIT_GLOROT);
    assert_int_equal(tg_rank(z), rank);
    for (int i = 0; i < rank - 1; i++) assert_int_equal(tg_shape(z)[i], shape[i]);
    assert_int_equal(tg_shape(z)[rank - 1], out);
    const double *b = nn_value(g, bias);
    assert_true(b[0] == 0 && b[1] == 0 && b[2] == 0);
    fill_param(g, bias, 2);
    double expected[256];
    int64_t rows = tg_count(x) / in;
    for (int64_t i = 0; i < rows; i++)
        dense_row(in, out, (const double *)tg_data(x) + i * in, nn_value(g, weights), b, expected + i * out);
    assert_values(z, expected, rows * out, 1e-14);
}

static void test_dense(void **state)
{
    tg_graph *g = *state;
    check_dense(g, "row", 1, (const int64_t[]){5});
    check_dense(g, "rows", 2, (const int64_t[]){4, 5});
    check_dense(g, "one", 2, (const int64_t[]){1, 1});
    check_dense(g, "batches", 3, (const int64_t[]){2, 4, 5});
    check_dense(g, "deep", 4, (const int64_t[]){2, 1, 3, 4});
}

static void test_dense_params(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = filled_input(g, "x", 2, (const int64_t[]){4, 5}, 1);
    tg_tensor *z = tg_dense(g, "out", x, 3, TG_INIT_CONSTANT(0.25));
    assert_int_equal(tg_param_count(g), 2);
    tg_tensor *W = tg_find(g, "out.W"), *b = tg_find(g, "out.b");
    assert_true(tg_rank(W) == 2 && tg_shape(W)[0] == 5 && tg_shape(W)[1] == 3);
    assert_true(tg_rank(b) == 1 && tg_shape(b)[0] == 3);
    for (int i = 0; i < 15; i++) assert_true(nn_value(g, "out.W")[i] == 0.25);
    assert_true(tg_depends_on(z, W) && tg_depends_on(z, b) && tg_depends_on(z, x));
    /* The same name shares the weights, for another batch too. */
    tg_tensor *more = filled_input(g, "more", 2, (const int64_t[]){9, 5}, 1);
    assert_true(tg_depends_on(tg_dense(g, "out", more, 3, TG_INIT_HE), W));
    assert_ptr_equal(tg_dense(g, "out", x, 3, TG_INIT_HE), z);
    assert_int_equal(tg_param_count(g), 2);
    const int64_t one_two[2] = {1, 2};
    tg_tensor *single = tg_input(g, "single", TG_F32, 2, one_two);
    assert_int_equal(tg_dtype_of(tg_dense(g, "f32", single, 3, TG_INIT_HE)), TG_F32);
    assert_int_equal(tg_dtype_of(tg_find(g, "f32.W")), TG_F32);
    assert_int_equal(tg_dtype_of(tg_find(g, "f32.b")), TG_F32);
}

static void test_bad_dense(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    tg_tensor *x = filled_input(g, "x", 2, (const int64_t[]){4, 5}, 1);
    assert_null(tg_dense(g, "d", NULL, 3, TG_INIT_HE));
    assert_int_equal(tg_graph_status(g), TG_OK);
    assert_null(tg_dense(g, NULL, x, 3, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "dense", "NULL");
    assert_null(tg_dense(g, "d", scalar_param(g, "s", 1), 3, TG_INIT_HE));
    assert_error(g, TG_ERR_RANK, "'d'", "scalar");
    assert_null(tg_dense(other, "d", x, 3, TG_INIT_HE));
    assert_error(other, TG_ERR_GRAPH, "'d'", "another graph");
    assert_null(tg_dense(NULL, "d", x, 3, TG_INIT_HE));
    assert_null(tg_dense(g, "d", x, -3, TG_INIT_HE));
    assert_error(g, TG_ERR_SIZE, "d.W", "-3");
    assert_null(tg_dense(g, "two words", x, 3, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "two words.W", "name");
    char name[300];
    memset(name, 'n', sizeof name);
    name[299] = '\0';
    assert_null(tg_dense(g, name, x, 3, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "nnn", "too long");
    tg_tensor *whole = tg_input(g, "whole", TG_I64, 2, (const int64_t[]){4, 5});
    assert_null(tg_dense(g, "d", whole, 3, TG_INIT_HE));
    assert_error(g, TG_ERR_DTYPE, "d.W", "f32 and f64");
    assert_non_null(tg_dense(g, "d", x, 3, TG_INIT_HE));
    assert_null(tg_dense(g, "d", x, 4, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "d.W", "f64[5, 3]");
    tg_graph_free(other);
}

/* ---- Activations -------------------------------------------------------------------------------------- */

static double activation_at(tg_activation activation, double z)
{
    switch (activation) {
    case TG_IDENTITY:
        return z;
    case TG_SIGMOID:
        return 1 / (1 + exp(-z));
    case TG_TANH:
        return tanh(z);
    case TG_RELU:
        return z > 0 ? z : 0;
    case TG_LEAKY_RELU:
        return z > 0 ? z : 0.01 * z;
    case TG_ELU:
        return z > 0 ? z : exp(z) - 1;
    case TG_GELU:
        return z * 0.5 * (1 + erf(z / sqrt(2)));
    case TG_SILU:
        return z / (1 + exp(-z));
    case TG_SOFTPLUS:
        return log(1 + exp(z));
    case TG_SIN:
        return sin(z);
    case TG_SOFTMAX:
        break;
    }
    return (double)NAN;
}

static void activate_row(tg_activation activation, int64_t n, const double *z, double *a)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++) sum += exp(z[k]);
    for (int64_t k = 0; k < n; k++)
        a[k] = activation == TG_SOFTMAX ? exp(z[k]) / sum : activation_at(activation, z[k]);
}

static void test_activations(void **state)
{
    tg_graph *g = *state;
    tg_tensor *z = filled_input(g, "z", 3, (const int64_t[]){2, 3, 4}, 3);
    for (int s = TG_IDENTITY; s <= TG_SOFTMAX; s++) {
        double expected[24];
        for (int i = 0; i < 6; i++)
            activate_row((tg_activation)s, 4, (const double *)tg_data(z) + 4 * i, expected + 4 * i);
        assert_values(tg_activate(z, (tg_activation)s), expected, 24, 1e-14);
    }
    assert_null(tg_activate(z, (tg_activation)(TG_SOFTMAX + 1)));
    assert_error(g, TG_ERR_ARGUMENT, "activation", "11");
    assert_null(tg_activate(NULL, TG_TANH));
    assert_null(tg_activate(NULL, (tg_activation)99));
}

/* ---- Multilayer perceptrons --------------------------------------------------------------------------- */

static const int64_t units[3] = {6, 8, 4};

static void test_mlp(void **state)
{
    tg_graph *g = *state;
    const tg_activation chain[12] = {TG_IDENTITY, TG_SIGMOID, TG_TANH,     TG_RELU, TG_LEAKY_RELU, TG_ELU,
                                     TG_GELU,     TG_SILU,    TG_SOFTPLUS, TG_SIN,  TG_SOFTMAX,    TG_TANH};
    tg_tensor *x = filled_input(g, "x", 2, (const int64_t[]){5, 3}, 4);
    for (int net = 0; net < 4; net++) {
        char name[32], text[2][48];
        snprintf(name, sizeof name, "net%d", net);
        tg_layer layers[3];
        tg_mlp_spec spec = {3, units, chain + 3 * net, TG_INIT_NORMAL(0, 0.7)};
        tg_tensor *a = tg_mlp(g, name, x, &spec, layers);
        assert_ptr_equal(a, layers[2].a);
        double values[5][UNITS_MAX] = {{0}}, zs[5 * UNITS_MAX], as[5 * UNITS_MAX];
        for (int i = 0; i < 5; i++) memcpy(values[i], (const double *)tg_data(x) + 3 * i, 3 * sizeof(double));
        for (int l = 0; l < 3; l++) {
            int64_t in = l == 0 ? 3 : units[l - 1], out = units[l];
            snprintf(text[0], sizeof text[0], "net%d.%d.W", net, l + 1);
            snprintf(text[1], sizeof text[1], "net%d.%d.b", net, l + 1);
            assert_ptr_equal(layers[l].W, tg_find(g, text[0]));
            assert_ptr_equal(layers[l].b, tg_find(g, text[1]));
            fill_param(g, text[1], (uint64_t)(10 + l));
            for (int i = 0; i < 5; i++) {
                dense_row(in, out, values[i], nn_value(g, text[0]), nn_value(g, text[1]), zs + i * out);
                activate_row(spec.activations[l], out, zs + i * out, as + i * out);
                memcpy(values[i], as + i * out, (size_t)out * sizeof(double));
            }
            assert_values(layers[l].z, zs, 5 * out, 1e-13);
            assert_values(layers[l].a, as, 5 * out, 1e-13);
        }
        assert_int_equal(tg_param_count(g), 6 * (net + 1));
        assert_ptr_equal(tg_mlp(g, name, x, &spec, NULL), a);
    }
}

static void test_bad_mlp(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    const tg_activation known[3] = {TG_RELU, TG_RELU, TG_SOFTMAX},
                        unknown[3] = {TG_RELU, (tg_activation)50, TG_SIN};
    const int64_t negative[3] = {6, -8, 4};
    tg_tensor *x = filled_input(g, "x", 2, (const int64_t[]){5, 3}, 4);
    tg_mlp_spec good = {3, units, known, TG_INIT_HE}, bad = good;
    assert_null(tg_mlp(g, "m", NULL, &good, NULL));
    assert_int_equal(tg_graph_status(g), TG_OK);
    assert_null(tg_mlp(NULL, "m", x, &good, NULL));
    assert_null(tg_mlp(g, NULL, x, &good, NULL));
    assert_error(g, TG_ERR_NULL, "mlp", "NULL");
    assert_null(tg_mlp(g, "m", x, NULL, NULL));
    assert_error(g, TG_ERR_NULL, "mlp", "NULL");
    bad.units = NULL;
    assert_null(tg_mlp(g, "m", x, &bad, NULL));
    assert_error(g, TG_ERR_NULL, "mlp", "units");
    bad = good;
    bad.activations = NULL;
    assert_null(tg_mlp(g, "m", x, &bad, NULL));
    assert_error(g, TG_ERR_NULL, "mlp", "activations");
    bad = good;
    bad.n_layers = 0;
    assert_null(tg_mlp(g, "m", x, &bad, NULL));
    assert_error(g, TG_ERR_ARGUMENT, "'m'", "0 layers");
    assert_null(tg_mlp(other, "m", x, &good, NULL));
    assert_error(other, TG_ERR_GRAPH, "'m'", "another graph");
    assert_null(tg_mlp(g, "m", scalar_param(g, "s", 1), &good, NULL));
    assert_error(g, TG_ERR_RANK, "'m.1'", "scalar");
    assert_int_equal(tg_param_count(g), 1);
    bad = good;
    bad.activations = unknown;
    assert_null(tg_mlp(g, "m", x, &bad, NULL));
    assert_error(g, TG_ERR_ARGUMENT, "activation", "50");
    bad = good;
    bad.units = negative;
    tg_layer layers[3];
    assert_null(tg_mlp(g, "n", x, &bad, layers));
    assert_error(g, TG_ERR_SIZE, "n.2.W", "-8");
    assert_true(layers[0].a != NULL && layers[1].a == NULL && layers[2].a == NULL);
    tg_graph_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_dense),       graph_test(test_dense_params), graph_test(test_bad_dense),
        graph_test(test_activations), graph_test(test_mlp),          graph_test(test_bad_mlp),
    };
    return cmocka_run_group_tests_name("nn layers", tests, NULL, NULL);
}
