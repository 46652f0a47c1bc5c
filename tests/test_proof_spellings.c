/* Activations, costs and cross-entropies as people write them: every spelling of the function with every spelling of
 * its derivative is proved, and what is not the derivative is not. */
#include "proof_helpers.h"

#include <stdio.h>

#define ROWS 3
#define COLUMNS 4
#define VARIANTS 4

typedef tg_tensor *(*forward)(tg_tensor *z);
typedef tg_tensor *(*slope)(tg_tensor *z, tg_tensor *a);

static tg_tensor *number(tg_tensor *z, double v)
{
    return tg_broadcast_to(tg_number_like(z, v), 2, tg_shape(z));
}

static tg_tensor *plus(tg_tensor *z, double v)
{
    return tg_add_scalar(z, v);
}

static tg_tensor *times(tg_tensor *z, double v)
{
    return tg_mul_scalar(z, v);
}

static tg_tensor *above(tg_tensor *z, double v)
{
    return tg_gt(z, number(z, v));
}

static tg_tensor *step(tg_tensor *z)
{
    return tg_cast(above(z, 0), TG_F64);
}

static tg_tensor *e_minus(tg_tensor *z)
{
    return tg_exp(tg_neg(z));
}

static tg_tensor *one_minus(tg_tensor *z)
{
    return tg_sub(number(z, 1), z);
}

/* A function with a body of one expression. */
#define FORWARD(name, expression)                                                                            \
    static tg_tensor *name(tg_tensor *z)                                                                     \
    {                                                                                                        \
        return expression;                                                                                   \
    }
#define SLOPE(name, expression)                                                                              \
    static tg_tensor *name(tg_tensor *z, tg_tensor *a)                                                       \
    {                                                                                                        \
        (void)z, (void)a;                                                                                    \
        return expression;                                                                                   \
    }

FORWARD(sigmoid_by_exp, tg_reciprocal(plus(e_minus(z), 1)))
FORWARD(sigmoid_by_ratio, tg_div(tg_exp(z), plus(tg_exp(z), 1)))
FORWARD(sigmoid_by_tanh, times(plus(tg_tanh(times(z, 0.5)), 1), 0.5))
SLOPE(sigmoid_slope, tg_mul(a, one_minus(a)))
SLOPE(sigmoid_slope_by_exp, tg_div(e_minus(z), tg_square(plus(e_minus(z), 1))))
SLOPE(sigmoid_slope_both, tg_mul(tg_sigmoid(z), tg_sigmoid(tg_neg(z))))

FORWARD(tanh_by_exp, tg_div(tg_sub(tg_exp(z), e_minus(z)), tg_add(tg_exp(z), e_minus(z))))
FORWARD(tanh_by_sigmoid, plus(times(tg_sigmoid(times(z, 2)), 2), -1))
SLOPE(tanh_slope, one_minus(tg_square(a)))
SLOPE(tanh_slope_by_exp, tg_div(number(z, 4), tg_square(tg_add(tg_exp(z), e_minus(z)))))

FORWARD(relu_by_step, tg_mul(z, tg_stop_gradient(step(z))))
FORWARD(relu_by_where, tg_where(above(z, 0), z, number(z, 0)))
SLOPE(relu_slope, step(z))
SLOPE(relu_slope_by_where, tg_where(above(z, 0), number(z, 1), number(z, 0)))
SLOPE(relu_slope_of_a, step(a))
FORWARD(relu_by_max, tg_maximum(z, number(z, 0)))
FORWARD(relu_by_abs, times(tg_add(z, tg_abs(z)), 0.5))
FORWARD(relu_by_ge, tg_where(tg_ge(z, number(z, 0)), z, number(z, 0)))

FORWARD(leaky, tg_leaky_relu(z, 0.01))
FORWARD(leaky_by_max, tg_maximum(z, times(z, 0.01)))
FORWARD(leaky_by_relu, tg_sub(tg_relu(z), times(tg_relu(tg_neg(z)), 0.01)))
SLOPE(leaky_slope, tg_where(above(z, 0), number(z, 1), number(z, 0.01)))
SLOPE(leaky_slope_by_step, plus(times(step(z), 0.99), 0.01))

FORWARD(softplus_by_log, tg_log(plus(tg_exp(z), 1)))
FORWARD(softplus_shifted, tg_add(z, tg_log(plus(e_minus(z), 1))))
FORWARD(softplus_stable, tg_add(tg_relu(z), tg_log1p(e_minus(tg_abs(z)))))
SLOPE(softplus_slope, tg_sigmoid(z))
SLOPE(softplus_slope_of_a, one_minus(e_minus(a)))

FORWARD(elu_by_where, tg_where(above(z, 0), z, plus(tg_exp(z), -1)))
SLOPE(elu_slope, tg_where(above(z, 0), number(z, 1), tg_exp(z)))
SLOPE(elu_slope_of_a, tg_where(above(z, 0), number(z, 1), plus(a, 1)))

FORWARD(gelu_by_erf, tg_mul(times(z, 0.5), plus(tg_erf(tg_div(z, tg_sqrt(number(z, 2)))), 1)))
SLOPE(gelu_slope, tg_add(times(plus(tg_erf(times(z, 0.70710678118654752)), 1), 0.5),
                         tg_mul(tg_mul(z, tg_exp(times(tg_square(z), -0.5))), number(z, 0.3989422804014327))))

static tg_tensor *gelu_inner(tg_tensor *z)
{
    return times(tg_add(z, times(tg_pow_scalar(z, 3), 0.044715)), 0.7978845608028654);
}

FORWARD(gelu_by_tanh, tg_mul(times(z, 0.5), plus(tg_tanh(gelu_inner(z)), 1)))

static tg_tensor *gelu_by_tanh_slope(tg_tensor *z, tg_tensor *a)
{
    tg_tensor *t = tg_tanh(gelu_inner(z)),
              *inner = times(plus(times(tg_square(z), 0.134145), 1), 0.7978845608028654);
    (void)a;
    return tg_add(times(plus(t, 1), 0.5), tg_mul(tg_mul(times(z, 0.5), one_minus(tg_square(t))), inner));
}

FORWARD(silu_by_exp, tg_div(z, plus(e_minus(z), 1)))
SLOPE(silu_slope, tg_mul(tg_sigmoid(z), plus(tg_mul(z, one_minus(tg_sigmoid(z))), 1)))
SLOPE(silu_slope_of_a, tg_add(a, tg_mul(tg_sigmoid(z), one_minus(a))))

typedef struct activation {
    const char *name;
    int kink; /* its derivative at 0 is a matter of taste, and these differ there */
    forward forwards[VARIANTS];
    slope slopes[VARIANTS];
} activation;

static const activation activations[] = {
    {"sigmoid",
     0,
     {tg_sigmoid, sigmoid_by_exp, sigmoid_by_ratio, sigmoid_by_tanh},
     {sigmoid_slope, sigmoid_slope_by_exp, sigmoid_slope_both}},
    {"tanh", 0, {tg_tanh, tanh_by_exp, tanh_by_sigmoid}, {tanh_slope, tanh_slope_by_exp}},
    {"relu", 0, {tg_relu, relu_by_step, relu_by_where}, {relu_slope, relu_slope_by_where, relu_slope_of_a}},
    {"relu with a kink", 1, {relu_by_max, relu_by_abs, relu_by_ge}, {relu_slope}},
    {"leaky", 0, {leaky}, {leaky_slope, leaky_slope_by_step}},
    {"leaky with a kink", 1, {leaky_by_max, leaky_by_relu}, {leaky_slope}},
    {"softplus", 0, {tg_softplus, softplus_by_log, softplus_shifted}, {softplus_slope, softplus_slope_of_a}},
    {"softplus with a kink", 1, {softplus_stable}, {softplus_slope}},
    {"elu", 0, {tg_elu, elu_by_where}, {elu_slope, elu_slope_of_a}},
    {"gelu", 0, {tg_gelu, gelu_by_erf}, {gelu_slope}},
    {"gelu by tanh", 0, {gelu_by_tanh}, {gelu_by_tanh_slope}},
    {"silu", 0, {tg_silu, silu_by_exp}, {silu_slope, silu_slope_of_a}},
};

static tg_tensor *input(tg_graph *g, const char *name)
{
    return tg_input(g, name, TG_F64, 2, (const int64_t[]){ROWS, COLUMNS});
}

static tg_tensor *gradient(tg_graph *g, tg_tensor *cost, tg_tensor *z)
{
    tg_tensor *dz = NULL;
    assert_int_equal(tg_grad(g, tg_sum(cost, NULL), &z, 1, &dz), TG_OK);
    return dz;
}

/* dz times a random upstream, so that nothing rests on the adjoint being one. */
static void check_activation(tg_graph *g, const activation *a, forward f, slope s, int n)
{
    char z_name[16], d_name[16];
    snprintf(z_name, sizeof z_name, "z%d", n);
    snprintf(d_name, sizeof d_name, "d%d", n);
    tg_tensor *z = input(g, z_name), *d = input(g, d_name), *value = f(z);
    tg_tensor *left = gradient(g, tg_mul(value, d), z), *right = tg_mul(d, s(z, value));
    tg_proof_verdict verdict =
        verdict_on(g, (tg_proof_task){.left = left, .right = right, .off_kinks = a->kink, .points = POINTS});
    if (verdict != TG_PROVED) fail_msg("%s %d: %s", a->name, n, tg_proof_verdict_name(verdict));
    assert_refuted(g, .left = left, .right = times(right, 2), .off_kinks = a->kink);
    assert_refuted(g, .left = left, .right = tg_mul(d, tg_mul(s(z, value), plus(value, 0.5))),
                   .off_kinks = a->kink);
}

static void test_activations(void **state)
{
    tg_graph *g = *state;
    int n = 0;
    for (int i = 0; i < COUNT(activations); i++)
        for (int f = 0; f < VARIANTS && activations[i].forwards[f] != NULL; f++)
            for (int s = 0; s < VARIANTS && activations[i].slopes[s] != NULL; s++)
                check_activation(g, &activations[i], activations[i].forwards[f], activations[i].slopes[s],
                                 n++);
    assert_int_equal(n, 52);
    assert_int_equal(tg_graph_status(g), TG_OK);
}

/* The spellings of a function are proved to be the same function. */
static void test_forwards(void **state)
{
    tg_graph *g = *state;
    tg_tensor *z = input(g, "z");
    for (int i = 0; i < COUNT(activations); i++)
        for (int f = 1; f < VARIANTS && activations[i].forwards[f] != NULL; f++)
            assert_proved(g, .left = activations[i].forwards[0](z), .right = activations[i].forwards[f](z),
                          .off_kinks = activations[i].kink);
    assert_proved(g, .left = tg_relu(z), .right = relu_by_max(z));
    assert_refuted(g, .left = tg_gelu(z), .right = gelu_by_tanh(z));
    assert_refuted(g, .left = tg_relu(z), .right = tg_softplus(z));
}

/* ---- Costs -------------------------------------------------------------------------------------------- */

typedef tg_tensor *(*cost)(tg_tensor *o, tg_tensor *y);

#define COST(name, expression)                                                                               \
    static tg_tensor *name(tg_tensor *o, tg_tensor *y)                                                       \
    {                                                                                                        \
        return expression;                                                                                   \
    }

COST(half_square, times(tg_square(tg_sub(y, o)), 0.5))
COST(half_square_slope, tg_sub(o, y))
COST(distance, tg_abs(tg_sub(y, o)))
COST(distance_slope, tg_sign(tg_sub(o, y)))
COST(inside, tg_le(tg_abs(tg_sub(y, o)), number(o, 1.5)))
COST(huber, tg_where(inside(o, y), times(tg_square(tg_sub(y, o)), 0.5),
                     times(plus(tg_abs(tg_sub(y, o)), -0.75), 1.5)))
COST(huber_slope, tg_where(inside(o, y), tg_sub(o, y), times(tg_sign(tg_sub(o, y)), 1.5)))
COST(logistic, tg_softplus(tg_neg(tg_mul(y, o))))
COST(logistic_by_exp, tg_log(plus(e_minus(tg_mul(y, o)), 1)))
COST(logistic_slope, tg_neg(tg_div(y, plus(tg_exp(tg_mul(y, o)), 1))))
COST(hinge, tg_relu(tg_sub(y, o)))
COST(hinge_by_max, tg_maximum(number(o, 0), tg_sub(y, o)))
COST(hinge_slope, tg_neg(step(tg_sub(y, o))))
COST(binary, tg_sub(tg_softplus(o), tg_mul(y, o)))
COST(binary_by_log,
     tg_neg(tg_add(tg_mul(y, tg_log(tg_sigmoid(o))), tg_mul(one_minus(y), tg_log(one_minus(tg_sigmoid(o)))))))
COST(binary_stable, tg_add(tg_sub(tg_relu(o), tg_mul(o, y)), tg_log1p(e_minus(tg_abs(o)))))
COST(binary_slope, tg_sub(tg_sigmoid(o), y))

static const struct {
    cost value, slope;
    int kink;
} costs[] = {
    {half_square, half_square_slope, 0},
    {distance, distance_slope, 0},
    {huber, huber_slope, 0},
    {logistic, logistic_slope, 0},
    {logistic_by_exp, logistic_slope, 0},
    {hinge, hinge_slope, 0},
    {hinge_by_max, hinge_slope, 1},
    {binary, binary_slope, 0},
    {tg_sigmoid_cross_entropy, binary_slope, 0},
    {binary_by_log, binary_slope, 0},
    {binary_stable, binary_slope, 1},
};

static void test_costs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *o = input(g, "o"), *y = input(g, "y");
    for (int i = 0; i < COUNT(costs); i++) {
        tg_tensor *left = gradient(g, costs[i].value(o, y), o), *right = costs[i].slope(o, y);
        tg_proof_verdict verdict =
            verdict_on(g, (tg_proof_task){.left = left, .right = right, .off_kinks = costs[i].kink});
        if (verdict != TG_PROVED) fail_msg("cost %d: %s", i, tg_proof_verdict_name(verdict));
        assert_refuted(g, .left = left, .right = tg_neg(right), .off_kinks = costs[i].kink);
    }
}

/* The costs of nn.h, with respect to what they are given. */
static void test_library_costs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = input(g, "a"), *y = input(g, "y"), *e = tg_sub(a, y);
    tg_tensor *binary_cross = tg_div(e, tg_mul(a, one_minus(a)));
    tg_tensor *clipped = tg_where(tg_le(tg_abs(e), number(a, 1)), e, tg_sign(e));
    const struct {
        tg_cost cost;
        tg_tensor *slope;
    } of_library[] = {
        {TG_COST_QUADRATIC, e},
        {TG_COST_L1, tg_sign(e)},
        {TG_COST_HUBER, clipped},
        {TG_COST_LOGISTIC, tg_neg(tg_mul(y, tg_sigmoid(tg_neg(tg_mul(y, a)))))},
        {TG_COST_HINGE_DIFF, tg_neg(step(tg_sub(y, a)))},
        {TG_COST_CROSS_ENTROPY, tg_neg(tg_div(y, a))},
        {TG_COST_BINARY_CROSS_ENTROPY, binary_cross},
    };
    for (int i = 0; i < COUNT(of_library); i++) {
        tg_tensor *left = gradient(g, tg_cost_of(of_library[i].cost, a, y), a);
        tg_proof_verdict verdict = verdict_on(g, (tg_proof_task){.left = left, .right = of_library[i].slope});
        if (verdict != TG_PROVED)
            fail_msg("cost %d: %s", (int)of_library[i].cost, tg_proof_verdict_name(verdict));
    }
}

/* ---- Softmax and cross-entropies ---------------------------------------------------------------------- */

static tg_tensor *softmax_plain(tg_tensor *z)
{
    tg_tensor *e = tg_exp(z);
    return tg_div(e, tg_sum(e, TG_KEEP_AXES(1)));
}

/* The maximum's own derivative must vanish. */
static tg_tensor *softmax_shifted(tg_tensor *z)
{
    return softmax_plain(tg_sub(z, tg_max(z, TG_KEEP_AXES(1))));
}

FORWARD(log_softmax_lse, tg_sub(z, tg_log(tg_sum(tg_exp(z), TG_KEEP_AXES(1)))))
FORWARD(log_softmax_shifted, log_softmax_lse(tg_sub(z, tg_max(z, TG_KEEP_AXES(1)))))
FORWARD(log_softmax_stopped, log_softmax_lse(tg_sub(z, tg_stop_gradient(tg_max(z, TG_KEEP_AXES(1))))))
FORWARD(log_softmax_log, tg_log(softmax_plain(z)))
FORWARD(log_softmax_log_shifted, tg_log(softmax_shifted(z)))
FORWARD(log_softmax_op, tg_log_softmax(z, 1))

static void test_cross_entropies(void **state)
{
    static const forward forms[] = {log_softmax_lse, log_softmax_shifted,     log_softmax_stopped,
                                    log_softmax_log, log_softmax_log_shifted, log_softmax_op};
    tg_graph *g = *state;
    tg_tensor *z = input(g, "z"), *y = input(g, "y"), *right = tg_sub(softmax_plain(z), y);
    tg_tensor *weighted = tg_sub(tg_mul(softmax_plain(z), tg_sum(y, TG_KEEP_AXES(1))), y);
    tg_sum_one sum = {y, -1}, wrong_axis = {y, 0};
    for (int i = 0; i < COUNT(forms); i++) {
        tg_tensor *left = gradient(g, tg_neg(tg_mul(y, forms[i](z))), z);
        assert_proved(g, .left = left, .right = right, .sums = &sum, .n_sums = 1);
        assert_true(proof_uses(g, (tg_proof_task){.left = left, .right = right, .sums = &sum, .n_sums = 1},
                               "sum to one"));
        /* Without the assumption, and with another one, it is wrong; what it then is needs none. */
        assert_refuted(g, .left = left, .right = right);
        assert_refuted(g, .left = left, .right = right, .sums = &wrong_axis, .n_sums = 1);
        assert_proved(g, .left = left, .right = weighted, .sums = &sum, .n_sums = 1);
        assert_false(proof_uses(
            g, (tg_proof_task){.left = left, .right = weighted, .sums = &sum, .n_sums = 1}, "sum to one"));
        assert_refuted(g, .left = left, .right = tg_mul(right, softmax_plain(z)), .sums = &sum, .n_sums = 1);
    }
}

static void test_softmax(void **state)
{
    tg_graph *g = *state;
    tg_tensor *z = input(g, "z"), *d = input(g, "d"), *p = softmax_plain(z);
    const forward forms[] = {softmax_plain, softmax_shifted};
    assert_proved(g, .left = p, .right = softmax_shifted(z));
    assert_proved(g, .left = p, .right = tg_softmax(z, 1));
    assert_proved(g, .left = tg_softmax(z, 1), .right = tg_softmax(plus(z, 3), 1));
    assert_refuted(g, .left = p, .right = tg_softmax(z, 0));
    assert_proved(g, .left = tg_sum(p, TG_AXES(1)),
                  .right = tg_full(g, TG_F64, 1, (const int64_t[]){ROWS}, 1));
    for (int i = 0; i < COUNT(forms); i++) {
        tg_tensor *left = gradient(g, tg_mul(forms[i](z), d), z);
        tg_tensor *right = tg_mul(p, tg_sub(d, tg_sum(tg_mul(p, d), TG_KEEP_AXES(1))));
        assert_proved(g, .left = left, .right = right);
        assert_refuted(g, .left = left, .right = tg_mul(d, tg_mul(p, one_minus(p))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {graph_test(test_activations),     graph_test(test_forwards),
                                       graph_test(test_costs),           graph_test(test_library_costs),
                                       graph_test(test_cross_entropies), graph_test(test_softmax)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
