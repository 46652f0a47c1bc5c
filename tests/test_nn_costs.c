/* Costs and accuracy: values against plain formulas, gradients against the closed form, kinks, bad requests. */
#include <math.h>

#include "nn_helpers.h"

#define N 5
#define K 4

static const tg_cost last_cost = TG_COST_BINARY_CROSS_ENTROPY;

static double cost_at(tg_cost cost, double a, double y)
{
    double e = a - y;
    switch (cost) {
    case TG_COST_QUADRATIC:
        return e * e / 2;
    case TG_COST_L1:
        return fabs(e);
    case TG_COST_HUBER:
        return fabs(e) <= 1 ? e * e / 2 : fabs(e) - 0.5;
    case TG_COST_LOGISTIC:
        return log(1 + exp(-y * a));
    case TG_COST_HINGE_DIFF:
        return y - a > 0 ? y - a : 0;
    case TG_COST_CROSS_ENTROPY:
        return -y * log(a);
    case TG_COST_BINARY_CROSS_ENTROPY:
        return -y * log(a) - (1 - y) * log(1 - a);
    }
    return (double)NAN;
}

/* Outputs and targets that suit the cost: between 0 and 1 for the cross-entropies. */
static void fill_example(tg_cost cost, double *a, double *y, int64_t n, uint64_t key)
{
    int entropy = cost >= TG_COST_CROSS_ENTROPY;
    nn_fill(a, n, entropy ? 0.05 : -2.5, entropy ? 0.95 : 2.5, key);
    nn_fill(y, n, entropy ? 0 : -1.5, entropy ? 1 : 1.5, key + 1);
}

/* The output of one identity layer with weights 1 is its input, and its error term is dC/da: the mean over the batch
 * of the costs of `rows`, of which the error term has no part. */
static double closed_form(tg_cost cost, int64_t batch, int64_t width, const double *a, const double *y,
                          double *gradient)
{
    double W[K * K] = {0};
    for (int64_t k = 0; k < width; k++) W[k * width + k] = 1;
    const double *weights = W;
    const tg_activation identity = TG_IDENTITY;
    tg_delta_net net = {.convention = TG_CONVENTION_ROWS,
                        .n_layers = 1,
                        .sizes = (const int64_t[]){width, width},
                        .activations = &identity,
                        .cost = cost,
                        .batch = batch,
                        .x = a,
                        .y = y,
                        .weights = &weights};
    tg_delta_result result = {.deltas = &gradient};
    assert_int_equal(tg_delta_rules(&net, &result, NULL), TG_OK);
    return result.cost;
}

static void check_cost(tg_graph *g, tg_cost cost, int64_t batch, int64_t width)
{
    double a[N * K], y[N * K], rows[N] = {0}, gradient[N * K];
    const int64_t count = batch * width;
    fill_example(cost, a, y, count, 10 * (uint64_t)cost + 7);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *at = param_2d(g, "a", batch, width, a), *yt = param_2d(g, "y", batch, width, y), *slope;
    tg_tensor *costs = tg_cost_of(cost, at, yt);
    assert_int_equal(tg_rank(costs), 1);
    for (int64_t i = 0; i < count; i++) rows[i / width] += cost_at(cost, a[i], y[i]);
    assert_values(costs, rows, batch, 1e-14);
    double mean = closed_form(cost, batch, width, a, y, gradient);
    assert_value(tg_mean(costs, NULL), mean, 1e-14);
    assert_int_equal(tg_grad(g, tg_sum(costs, NULL), &at, 1, &slope), TG_OK);
    assert_values(slope, gradient, count, 1e-14);
    for (int64_t i = 0; i < count; i++) gradient[i] /= (double)batch;
    assert_int_equal(tg_grad(g, tg_mean(costs, NULL), &at, 1, &slope), TG_OK);
    assert_values(slope, gradient, count, 1e-14);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
}

static void test_values_and_gradients(void **state)
{
    tg_graph *g = *state;
    for (int cost = 0; cost <= (int)last_cost; cost++) {
        check_cost(g, (tg_cost)cost, N, K);
        check_cost(g, (tg_cost)cost, 1, K);
        check_cost(g, (tg_cost)cost, N, 1);
        check_cost(g, (tg_cost)cost, 1, 1);
    }
}

/* Both sides of every kink, and the kink itself. */
static void test_kinks(void **state)
{
    tg_graph *g = *state;
    static const struct {
        tg_cost cost;
        double a, y, value, slope;
    } cases[] = {
        {TG_COST_L1, 2, 2, 0, 0},
        {TG_COST_L1, 2.5, 2, 0.5, 1},
        {TG_COST_L1, 1.5, 2, 0.5, -1},
        {TG_COST_HINGE_DIFF, 2, 2, 0, 0},
        {TG_COST_HINGE_DIFF, 3, 2, 0, 0},
        {TG_COST_HINGE_DIFF, 1, 2, 1, -1},
        {TG_COST_HUBER, 3, 2, 0.5, 1},
        {TG_COST_HUBER, 1, 2, 0.5, -1},
        {TG_COST_HUBER, 2, 2, 0, 0},
        {TG_COST_HUBER, 4, 2, 1.5, 1},
        {TG_COST_HUBER, -4, 2, 5.5, -1},
        {TG_COST_HUBER, 2.5, 2, 0.125, 0.5},
        {TG_COST_LOGISTIC, 0, 1, 0.69314718055994531, -0.5},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        tg_mark mark = tg_get_mark(g);
        tg_tensor *a = param_1d(g, "a", 1, &cases[i].a), *y = param_1d(g, "y", 1, &cases[i].y), *slope;
        tg_tensor *cost = tg_cost_of(cases[i].cost, a, y);
        assert_value(cost, cases[i].value, 1e-15);
        assert_int_equal(tg_grad(g, cost, &a, 1, &slope), TG_OK);
        assert_value(slope, cases[i].slope, 1e-15);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

/* A term that the targets leave out counts nothing, whatever the output there is: 0 log 0 is 0. */
static void test_absent_terms(void **state)
{
    tg_graph *g = *state;
    const double a[3] = {0, 0.25, 1}, y[3] = {0, 1, 0}, outer[2] = {0, 1};
    tg_tensor *at = param_2d(g, "a", 1, 3, a), *slope;
    tg_tensor *cost = tg_sum(tg_cost_of(TG_COST_CROSS_ENTROPY, at, param_2d(g, "y", 1, 3, y)), NULL);
    assert_value(cost, log(4), 1e-15);
    assert_int_equal(tg_grad(g, cost, &at, 1, &slope), TG_OK);
    assert_values(slope, ((const double[]){0, -4, 0}), 3, 1e-15);
    tg_tensor *right = param_2d(g, "right", 1, 2, outer);
    cost = tg_sum(tg_cost_of(TG_COST_BINARY_CROSS_ENTROPY, right, param_2d(g, "y2", 1, 2, outer)), NULL);
    assert_value(cost, 0, 0);
    assert_int_equal(tg_grad(g, cost, &right, 1, &slope), TG_OK);
    assert_values(slope, ((const double[]){1, -1}), 2, 1e-15);
}

static void test_bad_costs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_2d(g, "a", 5, 4, NULL), *y = param_2d(g, "y", 4, 5, NULL);
    tg_tensor *row = param_1d(g, "row", 4, NULL), *s = scalar_param(g, "s", 1), *t = scalar_param(g, "t", 1);
    tg_tensor *single = tg_input(g, "single", TG_F32, 2, (const int64_t[]){5, 4});
    for (int cost = 0; cost <= (int)last_cost; cost++) {
        assert_null(tg_cost_of((tg_cost)cost, a, y));
        assert_error(g, TG_ERR_SHAPE, "f64[5, 4]", "f64[4, 5]");
        assert_null(tg_cost_of((tg_cost)cost, a, row));
        assert_error(g, TG_ERR_SHAPE, "f64[5, 4]", "f64[4]");
        assert_null(tg_cost_of((tg_cost)cost, row, y));
        assert_error(g, TG_ERR_SHAPE, "f64[4]", "f64[4, 5]");
        assert_null(tg_cost_of((tg_cost)cost, s, t));
        assert_error(g, TG_ERR_SHAPE, "cost", "f64[]");
        assert_null(tg_cost_of((tg_cost)cost, a, single));
        assert_error(g, TG_ERR_DTYPE, "f64", "f32");
        assert_null(tg_cost_of((tg_cost)cost, NULL, y));
        assert_null(tg_cost_of((tg_cost)cost, a, NULL));
    }
    assert_null(tg_cost_of((tg_cost)(last_cost + 1), a, a));
    assert_error(g, TG_ERR_ARGUMENT, "cost", "7");
    assert_null(tg_accuracy(a, y));
    assert_error(g, TG_ERR_SHAPE, "accuracy", "f64[4, 5]");
    assert_null(tg_accuracy(NULL, y));
    assert_null(tg_accuracy(a, NULL));
}

/* ---- Accuracy ----------------------------------------------------------------------------------------- */

static void test_accuracy_of_classes(void **state)
{
    tg_graph *g = *state;
    const double a[5][3] = {{0.1, 0.7, 0.2}, {3, -1, 2}, {-3, -1, -2}, {0.2, 0.2, 0.6}, {5, 5, 1}};
    const double y[5][3] = {{0, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0.3, 0.3, 0.4}, {1, 0, 0}};
    tg_tensor *right = tg_accuracy(param_2d(g, "a", 5, 3, a[0]), param_2d(g, "y", 5, 3, y[0]));
    assert_int_equal(tg_rank(right), 1);
    assert_int_equal(tg_dtype_of(right), TG_F64);
    assert_values(right, ((const double[]){1, 0, 1, 1, 1}), 5, 0);
}

static void test_accuracy_of_one_output(void **state)
{
    tg_graph *g = *state;
    const double a[6] = {0.9, 0.2, 0.6, 0.5, 0.5, 0.51}, y[6] = {1, 0, 0, 0, 1, 0.8};
    tg_tensor *at = param_2d(g, "a", 6, 1, a), *slope;
    tg_tensor *right = tg_accuracy(at, param_2d(g, "y", 6, 1, y));
    assert_int_equal(tg_rank(right), 1);
    assert_values(right, ((const double[]){1, 1, 0, 1, 0, 1}), 6, 0);
    assert_int_equal(tg_grad(g, tg_sum(right, NULL), &at, 1, &slope), TG_OK);
    assert_values(slope, ((const double[]){0, 0, 0, 0, 0, 0}), 6, 0);
}

static void test_accuracy_keeps_the_type(void **state)
{
    tg_graph *g = *state;
    const float a[4] = {1, 2, 4, 3}, y[4] = {0, 1, 0, 1};
    const int64_t shape[2] = {2, 2};
    tg_tensor *right = tg_accuracy(tg_constant(g, TG_F32, 2, shape, a), tg_constant(g, TG_F32, 2, shape, y));
    assert_int_equal(tg_dtype_of(right), TG_F32);
    assert_values(right, ((const double[]){1, 0}), 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_values_and_gradients),
        graph_test(test_kinks),
        graph_test(test_absent_terms),
        graph_test(test_bad_costs),
        graph_test(test_accuracy_of_classes),
        graph_test(test_accuracy_of_one_output),
        graph_test(test_accuracy_keeps_the_type),
    };
    return cmocka_run_group_tests_name("nn costs", tests, NULL, NULL);
}
