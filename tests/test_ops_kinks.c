/* Derivatives at kinks, ties and zeros, and values and derivatives far out, where a formula taken literally
 * overflows or divides 0 by 0. */
#include <math.h>

#include "graph_helpers.h"

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)
#define FAR 1e4

/* The gradient of the sum of y; NULL with the error kept. */
static tg_tensor *gradient(tg_tensor *y, tg_tensor *x)
{
    tg_tensor *found = NULL;
    if (y != NULL) (void)tg_grad(tg_graph_of(y), tg_sum(y, NULL), &x, 1, &found);
    return found;
}

static tg_tensor *second(tg_tensor *y, tg_tensor *x)
{
    return gradient(gradient(y, x), x);
}

/* ---- Kinks -------------------------------------------------------------------------------------------- */

static void test_kinks_at_zero(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){0, -0.0, 1, -1});
    assert_values(gradient(tg_relu(x), x), ((const double[]){0, 0, 1, 0}), 4, 0);
    assert_values(gradient(tg_abs(x), x), ((const double[]){0, 0, 1, -1}), 4, 0);
    assert_values(gradient(tg_sign(x), x), ((const double[]){0, 0, 0, 0}), 4, 0);
    assert_values(gradient(tg_leaky_relu(x, 0.25), x), ((const double[]){0.25, 0.25, 1, 0.25}), 4, 0);
    assert_values(gradient(tg_elu(x), x), ((const double[]){1, 1, 1, exp(-1)}), 4, 1e-15);
    assert_values(second(tg_relu(x), x), ((const double[]){0, 0, 0, 0}), 4, 0);
    assert_values(second(tg_abs(x), x), ((const double[]){0, 0, 0, 0}), 4, 0);
}

static void test_equal_arguments_share(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_1d(g, "a", 3, (const double[]){1, 2, 3}),
              *b = param_1d(g, "b", 3, (const double[]){1, 3, 2});
    assert_values(gradient(tg_maximum(a, b), a), ((const double[]){0.5, 0, 1}), 3, 0);
    assert_values(gradient(tg_maximum(a, b), b), ((const double[]){0.5, 1, 0}), 3, 0);
    assert_values(gradient(tg_minimum(a, b), a), ((const double[]){0.5, 1, 0}), 3, 0);
    assert_values(gradient(tg_minimum(a, b), b), ((const double[]){0.5, 0, 1}), 3, 0);
    assert_values(gradient(tg_maximum(a, a), a), ((const double[]){1, 1, 1}), 3, 0);
}

static void test_tied_elements_share(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 4, (const double[]){3, 1, 3, 3, -2, -2, 5, 0});
    tg_tensor *direction = param_2d(g, "direction", 2, 4, (const double[]){3, 10, 6, 9, 4, 8, 7, 10}), *moved;
    const double third = 1.0 / 3;
    assert_values(gradient(tg_max(x, TG_AXES(1)), x), ((const double[]){third, 0, third, third, 0, 0, 1, 0}),
                  8, 1e-15);
    assert_values(gradient(tg_min(x, TG_AXES(1)), x), ((const double[]){0, 1, 0, 0, 0.5, 0.5, 0, 0}), 8, 0);
    assert_values(gradient(tg_max(x, NULL), x), ((const double[]){0, 0, 0, 0, 0, 0, 1, 0}), 8, 0);
    tg_tensor *least = tg_min(x, TG_AXES(1));
    assert_int_equal(tg_jvp(g, &least, 1, &x, &direction, 1, &moved), TG_OK);
    assert_values(moved, ((const double[]){10, 6}), 2, 0);
}

static void test_pow_at_zero(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_1d(g, "a", 5, (const double[]){0, 0, 0, -2, 2}),
              *b = param_1d(g, "b", 5, (const double[]){0, 1, 2, 3, 0});
    tg_tensor *y = tg_pow(a, b);
    assert_values(y, ((const double[]){1, 0, 0, -8, 1}), 5, 0);
    assert_values(gradient(y, a), ((const double[]){0, 1, 0, 12, 0}), 5, 0);
    assert_values(gradient(y, b), ((const double[]){0, 0, 0, NOT_A_NUMBER, log(2)}), 5, 1e-15);
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){0, -3});
    assert_values(second(tg_pow_scalar(x, 3), x), ((const double[]){0, -18}), 2, 1e-15);
    assert_values(second(tg_pow_scalar(x, 2), x), ((const double[]){2, 2}), 2, 0);
    assert_values(gradient(tg_pow_scalar(x, 0), x), ((const double[]){0, 0}), 2, 0);
    assert_values(second(tg_pow_scalar(x, 1), x), ((const double[]){0, 0}), 2, 0);
}

/* The products of all others, whether elements are zero or not. */
static void test_prod_of_zeros(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 3, 3, (const double[]){2, 0, 3, 0, 0, 3, 2, 5, 7});
    tg_tensor *y = tg_prod(x, TG_AXES(1));
    assert_values(y, ((const double[]){0, 0, 70}), 3, 0);
    assert_values(gradient(y, x), ((const double[]){0, 6, 0, 0, 0, 0, 35, 14, 10}), 9, 0);
    /* The second derivative of a b c with respect to two of them is the third. */
    assert_values(second(y, x), ((const double[]){3, 5, 2, 3, 3, 0, 12, 9, 7}), 9, 0);
}

/* What is chosen against has the adjoint 0, not 0 times infinity. */
static void test_branch_not_taken(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = param_1d(g, "a", 3, (const double[]){NOT_A_NUMBER, INF, 2}),
              *b = param_1d(g, "b", 3, (const double[]){1, 2, -INF});
    tg_tensor *condition = tg_eq(a, tg_number(g, TG_F64, 2)), *y = tg_where(condition, a, b);
    assert_values(y, ((const double[]){1, 2, 2}), 3, 0);
    assert_values(gradient(y, a), ((const double[]){0, 0, 1}), 3, 0);
    assert_values(gradient(y, b), ((const double[]){1, 1, 0}), 3, 0);
    /* The usual way to keep a root away from negative numbers. */
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){-1, 0, 4}), *nought = tg_number(g, TG_F64, 0);
    tg_tensor *positive = tg_gt(x, nought), *kept = tg_where(positive, x, tg_number(g, TG_F64, 1));
    assert_values(gradient(tg_where(positive, tg_sqrt(kept), nought), x), ((const double[]){0, 0, 0.25}), 3,
                  0);
}

/* ---- Far out ------------------------------------------------------------------------------------------ */

static void test_saturated_functions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){FAR, -FAR});
    static const double nothing[2] = {0, 0};
    assert_values(tg_softplus(x), ((const double[]){FAR, 0}), 2, 0);
    assert_values(gradient(tg_softplus(x), x), ((const double[]){1, 0}), 2, 0);
    assert_values(second(tg_softplus(x), x), nothing, 2, 0);
    assert_values(tg_sigmoid(x), ((const double[]){1, 0}), 2, 0);
    assert_values(gradient(tg_sigmoid(x), x), nothing, 2, 0);
    assert_values(tg_tanh(x), ((const double[]){1, -1}), 2, 0);
    assert_values(gradient(tg_tanh(x), x), nothing, 2, 0);
    assert_values(tg_elu(x), ((const double[]){FAR, -1}), 2, 0);
    assert_values(gradient(tg_elu(x), x), ((const double[]){1, 0}), 2, 0);
    assert_values(second(tg_elu(x), x), nothing, 2, 0);
    assert_values(tg_silu(x), ((const double[]){FAR, 0}), 2, 0);
    assert_values(gradient(tg_silu(x), x), ((const double[]){1, 0}), 2, 0);
    assert_values(tg_gelu(x), ((const double[]){FAR, 0}), 2, 0);
    assert_values(gradient(tg_gelu(x), x), ((const double[]){1, 0}), 2, 0);
    assert_values(second(tg_gelu(x), x), nothing, 2, 0);
    assert_values(gradient(tg_erf(x), x), nothing, 2, 0);
}

static void test_logsumexp_far_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 4, 2, (const double[]){FAR, FAR, -FAR, -FAR, FAR, -FAR, -INF, 1});
    tg_tensor *y = tg_logsumexp(x, TG_AXES(1));
    assert_values(y, ((const double[]){FAR + log(2), -FAR + log(2), FAR, 1}), 4, 1e-15);
    assert_values(gradient(y, x), ((const double[]){0.5, 0.5, 0.5, 0.5, 1, 0, 0, 1}), 8, 0);
    tg_tensor *rows = param_2d(g, "rows", 3, 2, (const double[]){-INF, -INF, INF, 0, NOT_A_NUMBER, 0});
    assert_values(tg_logsumexp(rows, TG_AXES(1)), ((const double[]){-INF, INF, NOT_A_NUMBER}), 3, 0);
    /* Nothing in a row but -inf: it stays so, whichever element moves a little. */
    tg_tensor *none = param_2d(g, "none", 2, 2, (const double[]){-INF, -INF, -INF, 1});
    y = tg_logsumexp(none, TG_AXES(1));
    assert_values(y, ((const double[]){-INF, 1}), 2, 0);
    assert_values(gradient(y, none), ((const double[]){0, 0, 0, 1}), 4, 0);
    assert_values(second(y, none), ((const double[]){0, 0, 0, 0}), 4, 0);
}

static void test_softmax_far_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 2, (const double[]){FAR, -FAR, FAR, FAR});
    static const double nothing[4] = {0, 0, 0, 0};
    assert_values(tg_softmax(x, 1), ((const double[]){1, 0, 0.5, 0.5}), 4, 0);
    assert_values(tg_log_softmax(x, 1), ((const double[]){0, -2 * FAR, -log(2), -log(2)}), 4, 1e-15);
    assert_values(gradient(tg_softmax(x, 1), x), nothing, 4, 0);
    tg_tensor *picked = tg_index(tg_log_softmax(x, 1), 1, 1);
    assert_values(gradient(picked, x), ((const double[]){-1, 1, -0.5, 0.5}), 4, 0);
    tg_tensor *y = param_2d(g, "y", 2, 2, (const double[]){0, 1, 0, 1}),
              *cost = tg_softmax_cross_entropy(x, y);
    assert_values(cost, ((const double[]){2 * FAR, log(2)}), 2, 1e-15);
    assert_values(gradient(cost, x), ((const double[]){1, -1, 0.5, -0.5}), 4, 0);
}

static void test_sigmoid_cross_entropy_far_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *z = param_1d(g, "z", 5, (const double[]){FAR, FAR, -FAR, -FAR, 0});
    tg_tensor *y = param_1d(g, "y", 5, (const double[]){1, 0, 1, 0, 0.5}),
              *cost = tg_sigmoid_cross_entropy(z, y);
    assert_values(cost, ((const double[]){0, FAR, FAR, 0, log(2)}), 5, 1e-15);
    assert_values(gradient(cost, z), ((const double[]){0, 1, -1, 0, 0}), 5, 0);
    assert_values(gradient(cost, y), ((const double[]){-FAR, -FAR, FAR, FAR, 0}), 5, 0);
    assert_values(second(cost, z), ((const double[]){0, 0, 0, 0, 0.25}), 5, 0);
}

/* The gradient of the cost of a saturated unit keeps its digits: sigmoid(z) - y, and not 1 - 1. */
static void test_cross_entropy_keeps_digits(void **state)
{
    tg_graph *g = *state;
    tg_tensor *z = param_1d(g, "z", 2, (const double[]){-40, 40}),
              *y = param_1d(g, "y", 2, (const double[]){0, 1});
    double values[2];
    evaluate(tg_sigmoid_cross_entropy(z, y), values, 2, __FILE__, __LINE__);
    for (int i = 0; i < 2; i++) assert_true(fabs(values[i] / exp(-40) - 1) < 1e-14);
    evaluate(gradient(tg_sigmoid_cross_entropy(z, y), z), values, 2, __FILE__, __LINE__);
    for (int i = 0; i < 2; i++) assert_true(fabs(fabs(values[i]) / exp(-40) - 1) < 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_kinks_at_zero),
        graph_test(test_equal_arguments_share),
        graph_test(test_tied_elements_share),
        graph_test(test_pow_at_zero),
        graph_test(test_prod_of_zeros),
        graph_test(test_branch_not_taken),
        graph_test(test_saturated_functions),
        graph_test(test_logsumexp_far_out),
        graph_test(test_softmax_far_out),
        graph_test(test_sigmoid_cross_entropy_far_out),
        graph_test(test_cross_entropy_keeps_digits),
    };
    return cmocka_run_group_tests_name("ops: kinks", tests, NULL, NULL);
}
