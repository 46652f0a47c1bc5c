/* Every named rule: the two sides of its statement have the same values at random points, the engine proves them to
 * be the same, and says that it used the rule. Where the rule rests on an assumption, nothing is proved without it. */
#include "proof_helpers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 3
#define COLUMNS 4
#define ELEMENTS (ROWS * COLUMNS)

/* x and y are any numbers, p and q are assumed to be positive, s to sum to one along its rows. */
typedef struct leaves {
    tg_tensor *x, *y, *p, *q, *s;
} leaves;

static const int64_t shape[2] = {ROWS, COLUMNS};

static tg_tensor *number(tg_tensor *x, double v)
{
    return tg_broadcast_to(tg_number_like(x, v), 2, shape);
}

static tg_tensor *row_sum(tg_tensor *x)
{
    return tg_broadcast_to(tg_sum(x, TG_KEEP_AXES(1)), 2, shape);
}

static tg_tensor *row_max(tg_tensor *x)
{
    return tg_broadcast_to(tg_max(x, TG_KEEP_AXES(1)), 2, shape);
}

static tg_tensor *above(tg_tensor *x)
{
    return tg_cast(tg_gt(x, number(x, 0)), TG_F64);
}

static tg_tensor *below(tg_tensor *x)
{
    return tg_cast(tg_lt(x, number(x, 0)), TG_F64);
}

/* The two sides of a rule's statement. */
typedef struct sides {
    tg_tensor *left, *right;
} sides;

#define RULE(name, l, r)                                                                                     \
    static sides name(leaves v)                                                                              \
    {                                                                                                        \
        return (sides){l, r};                                                                                \
    }

RULE(distribute, tg_mul(tg_add(v.x, v.y), tg_sub(v.x, v.y)), tg_sub(tg_square(v.x), tg_square(v.y)))
RULE(sum_over_sum, row_sum(tg_div(tg_mul(v.y, tg_exp(v.x)), row_sum(tg_mul(v.y, tg_exp(v.x))))),
     number(v.x, 1))
RULE(part_over_whole, tg_div(tg_exp(v.x), tg_add(number(v.x, 1), tg_exp(v.x))),
     tg_sub(number(v.x, 1), tg_reciprocal(tg_add(number(v.x, 1), tg_exp(v.x)))))
RULE(common_denominator, tg_add(tg_reciprocal(tg_sub(v.x, v.y)), tg_reciprocal(tg_add(v.x, v.y))),
     tg_div(tg_mul_scalar(v.x, 2), tg_sub(tg_square(v.x), tg_square(v.y))))
RULE(x_over_x, tg_mul(tg_div(v.y, v.x), v.x), v.y)
RULE(exp_sum, tg_exp(tg_add(v.x, v.y)), tg_mul(tg_exp(v.x), tg_exp(v.y)))
RULE(exp_log, tg_exp(tg_mul_scalar(tg_log(v.x), 3)), tg_pow_scalar(v.x, 3))
RULE(log_exp, tg_log(tg_exp(v.x)), v.x)
RULE(log_product, tg_log(tg_mul(v.p, v.q)), tg_add(tg_log(v.p), tg_log(v.q)))
RULE(log_product_exp, tg_log(tg_mul(tg_exp(v.x), v.y)), tg_add(v.x, tg_log(v.y)))
RULE(max_shift, row_max(tg_add(v.x, row_sum(v.y))), tg_add(row_max(v.x), row_sum(v.y)))
RULE(step, tg_mul(above(v.x), tg_mul(above(v.x), tg_sub(v.y, below(v.x)))), tg_mul(above(v.x), v.y))
RULE(step_negative, tg_abs(v.x), tg_add(tg_relu(v.x), tg_relu(tg_neg(v.x))))
RULE(step_positive, above(tg_add(tg_exp(v.x), number(v.x, 2))), number(v.x, 1))
RULE(step_relu, above(tg_relu(tg_sub(v.x, v.y))), above(tg_sub(v.x, v.y)))
RULE(cases, tg_exp(tg_neg(tg_relu(v.x))),
     tg_add(tg_mul(above(v.x), tg_exp(tg_neg(v.x))), tg_sub(number(v.x, 1), above(v.x))))
RULE(parity, tg_mul(tg_sigmoid(tg_sub(v.x, v.y)), tg_tanh(tg_sub(v.y, v.x))),
     tg_neg(tg_mul(tg_sub(number(v.x, 1), tg_sigmoid(tg_sub(v.y, v.x))), tg_tanh(tg_sub(v.x, v.y)))))
RULE(parity_even, tg_cos(tg_sub(v.x, v.y)), tg_cos(tg_sub(v.y, v.x)))
RULE(parity_shift, tg_softplus(tg_neg(v.x)), tg_sub(tg_softplus(v.x), v.x))
RULE(sum_one, row_sum(tg_mul(v.s, row_sum(v.x))), row_sum(v.x))
RULE(positive, tg_sqrt(tg_mul(v.p, tg_square(v.q))), tg_mul(v.q, tg_sqrt(v.p)))
RULE(off_kink, tg_maximum(tg_sign(v.x), number(v.x, -1)),
     tg_sub(tg_mul_scalar(above(v.x), 2), number(v.x, 1)))

static const struct {
    const char *rule;
    sides (*make)(leaves v);
    int tier;
    int positive; /* x and y are drawn positive, as the condition demands */
} cases_of_rules[] = {
    {"distribute", distribute, 1, 0},
    {"S/S", sum_over_sum, 1, 0},
    {"L/(L+R)", part_over_whole, 1, 0},
    {"common denominator", common_denominator, 1, 0},
    {"x/x", x_over_x, 1, 0},
    {"exp of a sum", exp_sum, 1, 0},
    {"exp of a log", exp_log, 1, 1},
    {"log of an exp", log_exp, 1, 0},
    {"log of a product", log_product, 1, 0},
    {"log of a product", log_product_exp, 1, 1},
    {"max shift", max_shift, 1, 0},
    {"step", step, 1, 0},
    {"negative part", step_negative, 1, 0},
    {"step of a positive", step_positive, 1, 0},
    {"step of relu", step_relu, 1, 0},
    {"case split", cases, 1, 0},
    {"parity", parity, 1, 0},
    {"parity", parity_even, 1, 0},
    {"parity", parity_shift, 1, 0},
    {"sum to one", sum_one, 1, 0},
    {"positive", positive, 1, 0},
    {"off the kink", off_kink, 1, 0},
};

static leaves make_leaves(tg_graph *g)
{
    return (leaves){tg_input(g, "x", TG_F64, 2, shape), tg_input(g, "y", TG_F64, 2, shape),
                    tg_input(g, "p", TG_F64, 2, shape), tg_input(g, "q", TG_F64, 2, shape),
                    tg_input(g, "s", TG_F64, 2, shape)};
}

/* Values that meet the assumptions. */
static void set_leaves(tg_graph *g, leaves v, uint64_t seed, int positive)
{
    double s[ELEMENTS], p[ELEMENTS];
    set_inputs(g, seed, positive ? 0.1 : -2, 2);
    evaluate(tg_softmax(v.x, 1), s, ELEMENTS, __FILE__, __LINE__);
    evaluate(tg_exp(v.y), p, ELEMENTS, __FILE__, __LINE__);
    assert_int_equal(tg_set(v.s, s, sizeof s), TG_OK);
    assert_int_equal(tg_set(v.p, p, sizeof p), TG_OK);
    assert_int_equal(tg_set(v.q, s, sizeof s), TG_OK);
}

static int is_assumption(const char *name)
{
    int count;
    const tg_proof_rule_info *rules = tg_proof_rules(&count);
    for (int i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0) return rules[i].is_assumption;
    fail_msg("no rule is called '%s'", name);
    return 0;
}

static void check_rule(tg_graph *g, leaves v, int i)
{
    const char *rule = cases_of_rules[i].rule;
    sides s = cases_of_rules[i].make(v);
    double left[ELEMENTS], right[ELEMENTS];
    for (uint64_t seed = 0; seed < 5; seed++) {
        set_leaves(g, v, seed, cases_of_rules[i].positive);
        evaluate(s.left, left, ELEMENTS, __FILE__, __LINE__);
        evaluate(s.right, right, ELEMENTS, __FILE__, __LINE__);
        for (int k = 0; k < ELEMENTS; k++) {
            assert_true(isfinite(left[k]));
            assert_true(fabs(left[k] - right[k]) <= 1e-11 * fmax(1, fabs(left[k])));
        }
    }
    tg_tensor *const positive[2] = {v.p, v.q};
    tg_sum_one sum = {v.s, 1};
    tg_proof_task bare = {.left = s.left, .right = s.right}, task = bare;
    task.positive = positive, task.n_positive = 2;
    task.sums = &sum, task.n_sums = 1;
    task.off_kinks = strcmp(rule, "off the kink") == 0;
    if (verdict_on(g, task) != TG_PROVED) fail_msg("'%s' (%d): not proved", rule, i);
    if (!proof_uses(g, task, rule)) fail_msg("'%s' (%d): not used", rule, i);
    if (is_assumption(rule) && verdict_on(g, bare) == TG_PROVED) fail_msg("'%s': proved without it", rule);
}

static void test_every_rule(void **state)
{
    tg_graph *g = *state;
    leaves v = make_leaves(g);
    int count, covered = 0;
    const tg_proof_rule_info *rules = tg_proof_rules(&count);
    for (int i = 0; i < COUNT(cases_of_rules); i++) check_rule(g, v, i);
    for (int r = 0; r < count; r++) {
        int found = 0;
        for (int i = 0; i < COUNT(cases_of_rules); i++)
            found |= strcmp(cases_of_rules[i].rule, rules[r].name) == 0;
        if (!found) fail_msg("no case for the rule '%s'", rules[r].name);
        covered += found;
    }
    assert_int_equal(covered, count);
}

/* What looks alike and is wrong. */
static void test_no_rule(void **state)
{
    tg_graph *g = *state;
    leaves v = make_leaves(g);
    tg_tensor *e = tg_exp(v.x);
    const sides wrong[] = {
        {tg_exp(tg_mul(v.x, v.y)), tg_mul(tg_exp(v.x), tg_exp(v.y))},
        {tg_sum(tg_div(e, row_sum(e)), TG_AXES(0)), tg_full(g, TG_F64, 1, shape + 1, 1)},
        {tg_div(e, tg_add(e, number(v.x, 2))),
         tg_sub(number(v.x, 1), tg_reciprocal(tg_add(e, number(v.x, 2))))},
        {row_max(tg_add(v.x, v.y)), tg_add(row_max(v.x), v.y)},
        {row_max(tg_neg(v.x)), tg_neg(row_max(v.x))},
        {above(v.x), tg_sub(number(v.x, 1), above(v.y))},
        {tg_sigmoid(tg_neg(v.x)), tg_neg(tg_sigmoid(v.x))},
        {tg_cos(tg_neg(v.x)), tg_neg(tg_cos(v.x))},
        {tg_abs(tg_mul(v.x, v.y)), tg_mul(tg_abs(v.x), v.y)},
        {tg_sqrt(tg_square(v.x)), v.x},
        {tg_log(tg_square(v.x)), tg_mul_scalar(tg_log(tg_abs(tg_add_scalar(v.x, 1))), 2)},
        {row_sum(tg_mul(v.x, v.y)), tg_mul(row_sum(v.x), row_sum(v.y))},
        {tg_div(row_sum(tg_mul(v.x, v.y)), tg_mul(row_sum(v.x), row_sum(v.y))), number(v.x, 1)},
        {tg_pow_scalar(tg_sub(v.x, v.y), -2), tg_neg(tg_pow_scalar(tg_sub(v.y, v.x), -2))},
        {tg_pow_scalar(tg_sub(v.y, v.x), -2), tg_neg(tg_pow_scalar(tg_sub(v.x, v.y), -2))},
        {tg_reciprocal(tg_sub(v.x, v.y)), tg_reciprocal(tg_sub(v.y, v.x))},
        {tg_sqrt(tg_mul(tg_square(v.x), tg_exp(v.y))), tg_mul(v.x, tg_sqrt(tg_exp(v.y)))},
        {row_max(tg_mul_scalar(v.x, -2)), tg_mul_scalar(row_max(v.x), -2)},
    };
    for (int i = 0; i < COUNT(wrong); i++)
        if (verdict_on(g,
                       (tg_proof_task){.left = wrong[i].left, .right = wrong[i].right, .points = POINTS}) !=
            TG_REFUTED)
            fail_msg("case %d is not refuted", i);
    /* At the kink they differ, where no random point lies: neither proved nor refuted. */
    assert_int_equal(verdict_on(g, (tg_proof_task){.left = tg_sub(number(v.x, 1), above(v.x)),
                                                   .right = below(v.x),
                                                   .points = POINTS}),
                     TG_UNDECIDED);
    /* log(a b) of what may be negative is not split. */
    assert_int_equal(verdict_on(g, (tg_proof_task){.left = tg_log(tg_mul(v.x, v.y)),
                                                   .right = tg_add(tg_log(v.x), tg_log(v.y)),
                                                   .points = POINTS}),
                     TG_UNDECIDED);
}

/* A sum over y's axis is only one where nothing else depends on it. */
static void test_sum_one(void **state)
{
    tg_graph *g = *state;
    leaves v = make_leaves(g);
    const tg_sum_one sums[2] = {{v.s, 1}, {v.y, 1}};
    assert_refuted(g, .left = row_sum(tg_mul(v.s, v.x)), .right = row_sum(tg_mul(v.y, v.x)), .sums = sums,
                   .n_sums = 2);
    assert_refuted(g, .left = row_sum(tg_square(v.s)), .right = number(v.x, 1), .sums = sums, .n_sums = 2);
    assert_proved(g, .left = row_sum(v.s), .right = row_sum(v.y), .sums = sums, .n_sums = 2);
    assert_refuted(g, .left = row_sum(v.s), .right = row_sum(v.y), .sums = sums, .n_sums = 1);
    /* On an axis of one element y is 1. */
    tg_tensor *w = tg_input(g, "w", TG_F64, 2, (const int64_t[]){ROWS, 1});
    const tg_sum_one of_w = {w, 1};
    assert_proved(g, .left = w, .right = tg_full(g, TG_F64, 2, tg_shape(w), 1), .sums = &of_w, .n_sums = 1);
}

/* ---- Tasks and answers -------------------------------------------------------------------------------- */

static void test_answers(void **state)
{
    tg_graph *g = *state;
    leaves v = make_leaves(g);
    tg_proof *p;
    tg_proof_task task = {.left = tg_sigmoid(v.x),
                          .right = tg_reciprocal(tg_add_scalar(tg_exp(tg_neg(v.x)), 1))};
    assert_int_equal(tg_prove(g, &task, &p), TG_OK);
    assert_int_equal(tg_proof_tier(p), 2);
    assert_string_equal(tg_proof_verdict_name(tg_proof_verdict_of(p)), "proved");
    assert_string_equal(tg_proof_form(p, 0, TG_TEXT), tg_proof_form(p, 1, TG_TEXT));
    assert_string_equal(tg_proof_form(p, 0, TG_TEXT), "1 - 1 / (1 + exp(x[i,j]))");
    assert_string_equal(tg_proof_form(p, 0, TG_LATEX), "1 - \\frac{1}{\\left(1 + e^{{x}_{ij}}\\right)}");
    assert_int_equal(tg_proof_step_count(p), 2);
    const tg_proof_step *step_of_left = tg_proof_step_at(p, 0), *step_of_right = tg_proof_step_at(p, 1);
    assert_ptr_equal(step_of_left->node, task.left);
    assert_string_equal(step_of_left->matrix, "sigmoid(x)");
    assert_string_equal(step_of_left->rules, "L/(L+R)");
    assert_string_equal(step_of_left->index, "1 - 1 / (1 + exp(x[i,j]))");
    assert_true(step_of_left->right == 0 && step_of_right->right == 1);
    assert_null(tg_proof_step_at(p, 2));
    assert_null(tg_proof_rule(p, tg_proof_rule_count(p)));
    assert_null(tg_proof_counterexample(p));
    tg_proof_free(p);
    task.right = task.left;
    assert_int_equal(tg_prove(g, &task, &p), TG_OK);
    assert_int_equal(tg_proof_tier(p), 0);
    assert_int_equal(tg_proof_verdict_of(p), TG_PROVED);
    assert_int_equal(tg_proof_step_count(p), 0);
    assert_string_equal(tg_proof_form(p, 0, TG_TEXT), "");
    tg_proof_free(p);
}

/* A refused task leaves no proof and says why. */
static void check_refused(tg_graph *g, tg_proof_task task, tg_status status, const char *part)
{
    tg_proof *p = (tg_proof *)(void *)&task;
    assert_int_equal(tg_prove(g, &task, &p), status);
    assert_null(p);
    assert_error(g, status, "prove", part);
}

static void test_refused(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    leaves v = make_leaves(g);
    tg_tensor *foreign = tg_input(other, "x", TG_F64, 2, shape), *sum = tg_sum(v.x, NULL), *e = tg_exp(v.x);
    tg_cut wrong_shape = {v.x, sum}, no_value = {v.x, NULL};
    tg_sum_one no_leaf = {e, 1}, no_axis = {v.x, 2};
    tg_size_symbol no_size = {1, "n"};
    check_refused(g, (tg_proof_task){.left = v.x}, TG_ERR_NULL, "right");
    check_refused(g, (tg_proof_task){.left = v.x, .right = foreign}, TG_ERR_GRAPH, "right");
    check_refused(g, (tg_proof_task){.left = v.x, .right = sum}, TG_ERR_SHAPE, "shapes");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .cuts = &wrong_shape, .n_cuts = 1},
                  TG_ERR_SHAPE, "cut");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .cuts = &no_value, .n_cuts = 1}, TG_ERR_NULL,
                  "cut");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .sums = &no_leaf, .n_sums = 1}, TG_ERR_ARGUMENT,
                  "leaf");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .sums = &no_axis, .n_sums = 1}, TG_ERR_ARGUMENT,
                  "axes");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .positive = &e, .n_positive = 1},
                  TG_ERR_ARGUMENT, "leaf");
    check_refused(g, (tg_proof_task){.left = v.x, .right = e, .sizes = &no_size, .n_sizes = 1},
                  TG_ERR_ARGUMENT, "size");
    tg_proof *p = NULL;
    assert_int_equal(tg_prove(NULL, NULL, &p), TG_ERR_NULL);
    assert_int_equal(tg_prove(g, NULL, &p), TG_ERR_NULL);
    tg_clear_error(g);
    tg_proof_free(NULL);
    tg_graph_free(other);
}

/* Undecided because the left side has no normal form that fits. */
static void check_too_large(tg_graph *g, tg_tensor *left, tg_tensor *right)
{
    tg_proof *p;
    tg_mark mark = tg_get_mark(g);
    tg_proof_task task = {.left = left, .right = right};
    assert_int_equal(tg_prove(g, &task, &p), TG_OK);
    assert_int_equal(tg_proof_verdict_of(p), TG_UNDECIDED);
    assert_string_equal(tg_proof_form(p, 0, TG_TEXT), "");
    tg_proof_free(p);
    assert_int_equal(tg_get_mark(g).nodes, mark.nodes);
}

static void test_too_large(void **state)
{
    tg_graph *g = *state;
    leaves v = make_leaves(g);
    /* Coefficients that do not fit 64 bits. */
    tg_tensor *left = v.x, *sum = v.x, *product = tg_sum(v.x, NULL);
    for (int i = 0; i < 8; i++) left = tg_mul_scalar(tg_add(left, v.y), 3037.0 * (i + 1) / 4099);
    check_too_large(g, left, v.x);
    /* Too many terms. */
    for (int i = 0; i < 40; i++) sum = tg_add(sum, tg_sin(tg_mul_scalar(v.x, i + 2)));
    for (int i = 0; i < 4; i++) sum = tg_mul(sum, tg_add_scalar(sum, 1));
    check_too_large(g, sum, v.x);
    /* Eight sums that nothing tells apart: 16 bound indices, 8 pairs in 40,320 orders. */
    for (int i = 0; i < 3; i++) product = tg_square(product);
    check_too_large(g, product, tg_exp(product));
}

/* A size symbol stands for any size: a sum over it counts to n, not to 101. */
static void test_sizes(void **state)
{
    tg_graph *g = *state;
    const int64_t n = 101;
    const tg_size_symbol symbol = {101, "n"};
    tg_tensor *x = tg_input(g, "t", TG_F64, 1, &n), *one = tg_full(g, TG_F64, 1, &n, 1);
    tg_tensor *count = tg_sum(one, NULL), *mean = tg_mean(x, NULL);
    assert_proved(g, .left = count, .right = tg_number(g, TG_F64, 101), .sizes = &symbol, .n_sizes = 1);
    assert_proved(g, .left = mean, .right = tg_div(tg_sum(x, NULL), count), .sizes = &symbol, .n_sizes = 1);
    tg_proof *p;
    tg_proof_task task = {.left = mean,
                          .right = tg_div(tg_sum(x, NULL), tg_sum(tg_exp(tg_sub(x, x)), NULL)),
                          .sizes = &symbol,
                          .n_sizes = 1};
    assert_int_equal(tg_prove(g, &task, &p), TG_OK);
    assert_int_equal(tg_proof_verdict_of(p), TG_PROVED);
    assert_string_equal(tg_proof_form(p, 0, TG_TEXT), "sum_a t[a] / n");
    tg_proof_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_every_rule), graph_test(test_no_rule), graph_test(test_sum_one),
        graph_test(test_answers),    graph_test(test_refused), graph_test(test_too_large),
        graph_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
