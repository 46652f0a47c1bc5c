/* Derivatives against closed forms, to high orders, and what the functions promise about zeros and errors. */
#include <math.h>

#include "graph_helpers.h"

/* ---- First and second order ---------------------------------------------------------------------------- */

/* (1 - a)^2 + 100 (b - a^2)^2 with x = [a, b]. */
static tg_tensor *rosenbrock(tg_tensor *x)
{
    tg_tensor *a = tg_index(x, 0, 0), *b = tg_index(x, 0, 1);
    tg_tensor *valley = tg_sub(b, tg_square(a));
    return tg_add(tg_square(tg_sub(tg_number_like(a, 1), a)), tg_mul_scalar(tg_square(valley), 100));
}

static void test_rosenbrock(void **state)
{
    tg_graph *g = *state;
    const double a = -1.2, b = 1.0;
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){a, b}), *y = rosenbrock(x), *dy, *h, *hv;
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_value(y, 24.2, 1e-14);
    assert_values(dy, ((const double[]){-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)}), 2, 1e-14);
    assert_int_equal(tg_hessian(g, y, x, &h), TG_OK);
    const double hessian[4] = {1200 * a * a - 400 * b + 2, -400 * a, -400 * a, 200};
    assert_values(h, hessian, 4, 1e-14);
    tg_tensor *v = param_1d(g, "v", 2, (const double[]){3, -2});
    assert_int_equal(tg_hvp(g, y, &x, &v, 1, &hv), TG_OK);
    assert_values(hv, ((const double[]){3 * hessian[0] - 2 * hessian[1], 3 * hessian[2] - 2 * hessian[3]}), 2,
                  1e-14);
}

static void test_quadratic_form(void **state)
{
    tg_graph *g = *state;
    const double a[9] = {2, 1, 0, -1, 3, 5, 4, 0, 1};
    double expected[3] = {0}, symmetric[9];
    const double at[3] = {1, -2, 3};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            symmetric[3 * i + j] = a[3 * i + j] + a[3 * j + i];
            expected[i] += symmetric[3 * i + j] * at[j];
        }
    tg_tensor *x = param_1d(g, "x", 3, at), *A = param_2d(g, "A", 3, 3, a), *dy, *h, *dA;
    tg_tensor *y = tg_dot(x, tg_matmul(A, x));
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_values(dy, expected, 3, 1e-14);
    assert_int_equal(tg_hessian(g, y, x, &h), TG_OK);
    assert_int_equal(tg_rank(h), 2);
    assert_values(h, symmetric, 9, 1e-14);
    assert_int_equal(tg_grad(g, y, &A, 1, &dA), TG_OK);
    assert_values(dA, ((const double[]){1, -2, 3, -2, 4, -6, 3, -6, 9}), 9, 1e-14);
}

static void test_softmax_jacobian(void **state)
{
    tg_graph *g = *state;
    const double at[3] = {0.5, -1, 2};
    double p[3], sum = 0, expected[9];
    for (int i = 0; i < 3; i++) sum += exp(at[i]);
    for (int i = 0; i < 3; i++) p[i] = exp(at[i]) / sum;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) expected[3 * i + j] = p[i] * ((i == j) - p[j]);
    tg_tensor *x = param_1d(g, "x", 3, at), *j;
    assert_int_equal(tg_jacobian(g, tg_softmax(x, 0), x, &j), TG_OK);
    assert_values(j, expected, 9, 1e-14);
}

/* More outputs than inputs: built in forward mode; fewer: in reverse mode. Shapes are y's and then x's. */
static void test_jacobian_shapes(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){2, 3}), *j;
    tg_tensor *y = tg_outer(x, tg_square(x));
    assert_int_equal(tg_jacobian(g, y, x, &j), TG_OK);
    assert_int_equal(tg_rank(j), 3);
    assert_values(j, ((const double[]){12, 0, 9, 12, 12, 4, 0, 27}), 8, 1e-14);
    tg_tensor *m = param_2d(g, "m", 2, 2, (const double[]){1, 2, 3, 4}),
              *row = tg_sum(tg_square(m), TG_AXES(0));
    assert_int_equal(tg_jacobian(g, row, m, &j), TG_OK);
    assert_int_equal(tg_shape(j)[0], 2);
    assert_values(j, ((const double[]){2, 0, 6, 0, 0, 4, 0, 8}), 8, 0);
    tg_tensor *s = scalar_param(g, "s", 3);
    assert_int_equal(tg_jacobian(g, tg_square(s), s, &j), TG_OK);
    assert_int_equal(tg_rank(j), 0);
    assert_value(j, 6, 0);
    tg_tensor *empty = tg_param(g, "empty", TG_F64, 1, (const int64_t[]){0}, NULL);
    assert_int_equal(tg_jacobian(g, x, empty, &j), TG_OK);
    assert_int_equal(tg_count(j), 0);
    assert_int_equal(tg_hessian(g, tg_sum(tg_square(empty), NULL), empty, &j), TG_OK);
    assert_int_equal(tg_count(j), 0);
}

static void test_mixed_partials_agree(void **state)
{
    tg_graph *g = *state;
    const double a = 0.7, b = -0.4;
    tg_tensor *x = scalar_param(g, "x", a), *y = scalar_param(g, "y", b), *dx, *dy, *dxy, *dyx;
    tg_tensor *f = tg_mul(tg_exp(tg_mul(x, y)), tg_sin(x));
    assert_int_equal(tg_grad(g, f, &x, 1, &dx), TG_OK);
    assert_int_equal(tg_grad(g, f, &y, 1, &dy), TG_OK);
    assert_int_equal(tg_grad(g, dx, &y, 1, &dxy), TG_OK);
    assert_int_equal(tg_grad(g, dy, &x, 1, &dyx), TG_OK);
    const double expected = exp(a * b) * (sin(a) * (1 + a * b) + a * cos(a));
    assert_value(dxy, expected, 1e-14);
    assert_value(dyx, expected, 1e-14);
}

/* ---- Higher orders ------------------------------------------------------------------------------------- */

/* The derivatives of sin are cos, -sin, -cos, sin; and exp(2x) has 2^n exp(2x). */
static void test_nested_gradients(void **state)
{
    tg_graph *g = *state;
    const double at = 0.6, expected[4] = {cos(at), -sin(at), -cos(at), sin(at)};
    tg_tensor *x = scalar_param(g, "x", at), *s = tg_sin(x), *e = tg_exp(tg_mul_scalar(x, 2));
    for (int order = 0; order < 4; order++) {
        assert_int_equal(tg_grad(g, s, &x, 1, &s), TG_OK);
        assert_value(s, expected[order], 1e-14);
        assert_int_equal(tg_grad(g, e, &x, 1, &e), TG_OK);
        assert_value(e, pow(2, order + 1) * exp(2 * at), 1e-13);
    }
}

static tg_tensor *derivative(tg_graph *g, tg_tensor *y, tg_tensor *x, int forward)
{
    tg_tensor *out, *one = tg_number(g, TG_F64, 1);
    tg_status status = forward ? tg_jvp(g, &y, 1, &x, &one, 1, &out) : tg_grad(g, y, &x, 1, &out);
    assert_int_equal(status, TG_OK);
    return out;
}

/* All sixteen ways of taking four derivatives, in forward and reverse mode, of x^3 / (1 + x^2). */
static void test_modes_nest_in_any_order(void **state)
{
    tg_graph *g = *state;
    const double a = 0.8;
    tg_tensor *x = scalar_param(g, "x", a);
    tg_tensor *y = tg_div(tg_pow_scalar(x, 3), tg_add_scalar(tg_square(x), 1));
    /* x^3 / (1 + x^2) = x - x / (1 + x^2); the fourth derivative of x / (1 + x^2), by hand: */
    const double expected = -24 * a * (pow(a, 4) - 10 * a * a + 5) / pow(1 + a * a, 5);
    for (int ways = 0; ways < 16; ways++) {
        tg_tensor *d = y;
        for (int order = 0; order < 4; order++) d = derivative(g, d, x, ways >> order & 1);
        assert_value(d, expected, 1e-11);
    }
}

/* ---- Structure ----------------------------------------------------------------------------------------- */

static void test_shared_subexpressions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 3), *dy;
    assert_int_equal(tg_grad(g, tg_mul(x, x), &x, 1, &dy), TG_OK);
    assert_value(dy, 6, 0);
    assert_int_equal(tg_grad(g, tg_add(x, x), &x, 1, &dy), TG_OK);
    assert_value(dy, 2, 0);
    assert_int_equal(tg_grad(g, tg_sub(x, x), &x, 1, &dy), TG_OK);
    assert_value(dy, 0, 0);
    tg_tensor *s = tg_square(x), *diamond = tg_mul(tg_add_scalar(s, 1), tg_add_scalar(s, 2));
    assert_int_equal(tg_grad(g, diamond, &x, 1, &dy), TG_OK);
    assert_value(dy, 2 * 3 * (11 + 10), 0);
    /* Doubling thirty times visits each node once. */
    tg_tensor *t = x;
    for (int i = 0; i < 30; i++) t = tg_add(tg_mul_scalar(t, 0.5), tg_mul_scalar(t, 1.5));
    int64_t before = tg_node_count(g);
    assert_int_equal(tg_grad(g, t, &x, 1, &dy), TG_OK);
    assert_true(tg_node_count(g) - before < 200);
    assert_value(dy, pow(2, 30), 1e-15);
}

static void test_explicit_zeros(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3}), *other = param_2d(g, "other", 2, 2, NULL);
    tg_tensor *y = tg_sum(tg_square(x), NULL), *xs[2] = {other, x}, *out[2];
    assert_int_equal(tg_grad(g, y, xs, 2, out), TG_OK);
    assert_values(out[0], ((const double[]){0, 0, 0, 0}), 4, 0);
    assert_int_equal(tg_rank(out[0]), 2);
    assert_values(out[1], ((const double[]){2, 4, 6}), 3, 0);
    /* Recorded after y, so that y cannot depend on it. */
    tg_tensor *late = scalar_param(g, "late", 1), *one = tg_number(g, TG_F64, 1), *d;
    assert_int_equal(tg_grad(g, y, &late, 1, &d), TG_OK);
    assert_value(d, 0, 0);
    assert_int_equal(tg_jvp(g, &y, 1, &late, &one, 1, &d), TG_OK);
    assert_value(d, 0, 0);
    /* Through integers and comparisons there is a dependence, but no derivative. */
    tg_tensor *position = tg_cast(tg_argmax(x, 0), TG_F64);
    assert_int_equal(tg_grad(g, position, &x, 1, &d), TG_OK);
    assert_values(d, ((const double[]){0, 0, 0}), 3, 0);
    assert_int_equal(tg_grad(g, tg_sum(tg_sign(x), NULL), &x, 1, &d), TG_OK);
    assert_values(d, ((const double[]){0, 0, 0}), 3, 0);
}

static void test_no_inputs_or_outputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1), *y = tg_sin(x), *d;
    assert_int_equal(tg_grad(g, y, NULL, 0, NULL), TG_OK);
    assert_int_equal(tg_vjp(g, NULL, NULL, 0, &x, 1, &d), TG_OK);
    assert_value(d, 0, 0);
    assert_int_equal(tg_jvp(g, &y, 1, NULL, NULL, 0, &d), TG_OK);
    assert_value(d, 0, 0);
    assert_int_equal(tg_hvp(g, y, NULL, NULL, 0, NULL), TG_OK);
}

/* An intermediate and its ancestor: the ancestor's derivative goes through the intermediate. */
static void test_interior_inputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *s = tg_square(x), *y = tg_mul(s, x);
    tg_tensor *xs[3] = {x, s, y}, *out[3], *ydot;
    assert_int_equal(tg_grad(g, y, xs, 3, out), TG_OK);
    assert_value(out[0], 12, 0);
    assert_value(out[1], 2, 0);
    assert_value(out[2], 1, 0);
    tg_tensor *xdots[2] = {tg_number(g, TG_F64, 1), tg_number(g, TG_F64, 10)};
    assert_int_equal(tg_jvp(g, &y, 1, xs, xdots, 2, &ydot), TG_OK);
    assert_value(ydot, 12 + 2 * 10, 0);
    assert_int_equal(tg_jvp(g, &x, 1, &x, xdots, 1, &ydot), TG_OK);
    assert_value(ydot, 1, 0);
}

/* The same where the intermediate has no derivative of its own. */
static void test_interior_input_of_constant_slope(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", -3), *one = tg_number(g, TG_F64, 1), *ydot;
    tg_tensor *made[2] = {tg_sign(x), tg_stop_gradient(x)};
    for (int i = 0; i < 2; i++) {
        tg_tensor *y = tg_mul(made[i], x), *xs[2] = {x, made[i]}, *out[2], *ones[2] = {one, one};
        assert_int_equal(tg_grad(g, y, xs, 2, out), TG_OK);
        assert_value(out[0], i == 0 ? -1 : -3, 0);
        assert_value(out[1], -3, 0);
        assert_int_equal(tg_jvp(g, &y, 1, xs, ones, 2, &ydot), TG_OK);
        assert_value(ydot, i == 0 ? -4 : -6, 0);
    }
}

static void test_repeated_inputs_and_outputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *y = tg_square(x), *xs[2] = {x, x}, *out[2];
    assert_int_equal(tg_grad(g, y, xs, 2, out), TG_OK);
    assert_value(out[0], 4, 0);
    assert_value(out[1], 4, 0);
    tg_tensor *ys[2] = {y, y}, *seeds[2] = {tg_number(g, TG_F64, 1), tg_number(g, TG_F64, 10)}, *d;
    assert_int_equal(tg_vjp(g, ys, seeds, 2, &x, 1, &d), TG_OK);
    assert_value(d, 44, 0);
    assert_int_equal(tg_jvp(g, ys, 2, xs, seeds, 2, out), TG_OK);
    assert_value(out[0], 44, 0);
    assert_value(out[1], 44, 0);
}

static void test_stop_gradient(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 3), *dy, *ydot, *one = tg_number(g, TG_F64, 1);
    tg_tensor *y = tg_mul(tg_stop_gradient(tg_square(x)), x);
    assert_value(y, 27, 0);
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_value(dy, 9, 0);
    assert_int_equal(tg_jvp(g, &y, 1, &x, &one, 1, &ydot), TG_OK);
    assert_value(ydot, 9, 0);
    assert_true(tg_depends_on(y, x));
}

static void test_single_precision(void **state)
{
    tg_graph *g = *state;
    const float at = 0.5f;
    tg_tensor *x = tg_param(g, "x", TG_F32, 0, NULL, &at), *dy, *ddy;
    tg_tensor *y = tg_mul(tg_tanh(x), tg_cast(tg_exp(tg_cast(x, TG_F64)), TG_F32));
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_int_equal(tg_dtype_of(dy), TG_F32);
    const double t = tanh(0.5), slope = 1 - t * t;
    assert_value(dy, exp(0.5) * (slope + t), 1e-6);
    assert_int_equal(tg_grad(g, dy, &x, 1, &ddy), TG_OK);
    assert_value(ddy, exp(0.5) * (-2 * t * slope + 2 * slope + t), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_rosenbrock),
        graph_test(test_quadratic_form),
        graph_test(test_softmax_jacobian),
        graph_test(test_jacobian_shapes),
        graph_test(test_mixed_partials_agree),
        graph_test(test_nested_gradients),
        graph_test(test_modes_nest_in_any_order),
        graph_test(test_shared_subexpressions),
        graph_test(test_explicit_zeros),
        graph_test(test_no_inputs_or_outputs),
        graph_test(test_interior_inputs),
        graph_test(test_interior_input_of_constant_slope),
        graph_test(test_repeated_inputs_and_outputs),
        graph_test(test_stop_gradient),
        graph_test(test_single_precision),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
