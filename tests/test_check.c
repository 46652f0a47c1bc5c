/* tg_check: verdicts, reports, and what it leaves alone. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>
#include <tapegrad/random.h>

static const double numbers[6] = {0.7, -1.3, 0.4, 2.1, -0.6, 1.5};

static void assert_report(tg_check_report *r, const char *part)
{
    char *text = tg_check_text(r);
    assert_non_null(text);
    assert_contains(text, part);
    tg_text_free(text);
}

/* A check of one x that is expected to end so; the report's text has the part. */
static void check_one(tg_tensor *y, tg_tensor *x, tg_verdict expected, const char *part)
{
    tg_check_report *r;
    assert_int_equal(tg_check(tg_graph_of(y), y, &x, 1, NULL, &r), expected);
    assert_non_null(r);
    assert_report(r, part);
    tg_check_free(r);
}

/* ---- Verdicts ----------------------------------------------------------------------------------------------- */

static void test_vacuous(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 6, numbers), *z = param_1d(g, "z", 6, numbers);
    check_one(tg_exp(z), x, TG_INCONCLUSIVE, "every derivative is zero");
    check_one(tg_sign(x), x, TG_INCONCLUSIVE, "every derivative is zero");
    check_one(tg_relu(tg_sub(x, tg_number(g, TG_F64, 9))), x, TG_INCONCLUSIVE, "every derivative is zero");
    check_one(tg_sum(tg_softmax(x, 0), NULL), x, TG_INCONCLUSIVE, "every derivative is zero");
    check_one(tg_exp(tg_slice(x, 0, 0, 0, 1)), x, TG_INCONCLUSIVE, "every derivative is zero");
    check_one(tg_log(x), x, TG_INCONCLUSIVE, "not finite");
    tg_tensor *none = param_1d(g, "none", 0, NULL);
    check_one(tg_sum(none, NULL), none, TG_INCONCLUSIVE, "nothing to compare");
    tg_tensor *y = tg_exp(x);
    assert_int_equal(tg_check(g, y, NULL, 0, NULL, NULL), TG_INCONCLUSIVE);
}

/* One of several tensors without a derivative is enough. */
static void test_vacuous_for_one(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 6, numbers), *z = param_1d(g, "z", 6, numbers), *xs[2] = {x, z};
    tg_check_report *r;
    assert_int_equal(tg_check(g, tg_exp(x), xs, 2, NULL, &r), TG_INCONCLUSIVE);
    assert_contains(r->reason, "the derivative by 'z' is zero in every element");
    assert_int_equal(r->vacuous, 1);
    assert_int_equal(r->summaries[0].verdict, TG_PASS);
    tg_check_free(r);
    assert_int_equal(tg_check(g, tg_exp(tg_mul(x, z)), xs, 2, NULL, &r), TG_PASS);
    assert_int_equal(r->vacuous, 0);
    tg_check_free(r);
}

/* Inputs are drawn from where the function has a value, and integers from where its operations take them. */
static void test_drawing(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){3, 2});
    tg_tensor *k = tg_input(g, "k", TG_I64, 1, (const int64_t[]){50});
    tg_tensor *y = tg_log(tg_gather(x, k, 0));
    const tg_check_options negative = {.low = -2, .high = -1};
    assert_int_equal(tg_check(g, y, &x, 1, NULL, &r), TG_PASS);
    assert_string_equal(r->drawn, "'x' from 0.2 to 1.2, 'k' from 0 to 1");
    tg_check_free(r);
    assert_int_equal(tg_check(g, y, &x, 1, &negative, &r), TG_INCONCLUSIVE);
    tg_check_free(r);
    assert_null(tg_data(x));
    assert_null(tg_data(k));
}

static void test_arguments(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    tg_tensor *x = param_1d(g, "x", 6, numbers), *far = scalar_param(other, "far", 1);
    tg_tensor *whole = tg_number(g, TG_I64, 3), *twice[2] = {x, x};
    check_one(tg_exp(x), far, TG_INCONCLUSIVE, "another graph");
    check_one(tg_exp(x), whole, TG_INCONCLUSIVE, "neither f32 nor f64");
    check_one(tg_cast(x, TG_I64), x, TG_INCONCLUSIVE, "y is neither f32 nor f64");
    check_one(tg_exp(x), NULL, TG_INCONCLUSIVE, "an x is NULL");
    assert_int_equal(tg_check(g, tg_exp(x), twice, 2, NULL, NULL), TG_INCONCLUSIVE);
    assert_int_equal(tg_check(NULL, NULL, NULL, 0, NULL, NULL), TG_INCONCLUSIVE);
    assert_string_equal(tg_verdict_name(TG_INCONCLUSIVE), "inconclusive");
    assert_string_equal(tg_verdict_name((tg_verdict)7), "unknown verdict");
    assert_null(tg_check_text(NULL));
    tg_check_free(NULL);
    tg_graph_free(other);
}

static void test_kinks(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){0, 1, -1, 1e-5});
    assert_int_equal(tg_check(g, tg_relu(x), &x, 1, NULL, &r), TG_PASS);
    assert_int_equal(r->subgradients, 1);
    assert_true(r->crossings > 0);
    assert_report(r, "1 element accepted as subgradient,");
    tg_check_free(r);
    tg_tensor *at_zero = param_1d(g, "zero", 1, (const double[]){0});
    check_one(tg_relu(at_zero), at_zero, TG_INCONCLUSIVE, "every derivative is zero or lies at a kink");
    check_one(tg_sub(tg_relu(at_zero), tg_relu(tg_neg(at_zero))), at_zero, TG_INCONCLUSIVE, "unsure");
    check_one(tg_mul(tg_sign(at_zero), tg_exp(at_zero)), at_zero, TG_INCONCLUSIVE, "at a kink");
}

/* ---- Values --------------------------------------------------------------------------------------------------- */

static void test_inputs_are_drawn_and_stay(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r, *again;
    tg_tensor *x = tg_input(g, "x", TG_F32, 2, (const int64_t[]){3, 4});
    tg_tensor *w = param_2d(g, "w", 4, 2, (const double[]){1, 2, 3, 4, 5, 6, 7, 8});
    tg_tensor *xs[2] = {x, w}, *y = tg_tanh(tg_matmul(tg_cast(x, TG_F64), w));
    int64_t nodes = tg_node_count(g);
    assert_int_equal(tg_check(g, y, xs, 2, NULL, &r), TG_PASS);
    assert_int_equal(tg_check(g, y, xs, 2, NULL, &again), TG_PASS);
    assert_int_equal(r->elements, 2 * (12 + 8));
    assert_memory_equal(r->entries, again->entries, sizeof *r->entries);
    assert_int_equal(tg_node_count(g), nodes);
    assert_null(tg_data(x));
    assert_true(((const double *)tg_data(w))[7] == 8);
    assert_true(fabs(r->taylor_order - 2) < 0.5 || fabs(r->taylor_order - 3) < 0.5);
    tg_check_free(r);
    tg_check_free(again);
}

static void test_expressions_as_x(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 6, numbers), *h = tg_exp(x), *xs[2] = {x, h};
    tg_check_report *r;
    /* x counts only where it does not go through h. */
    assert_int_equal(tg_check(g, tg_mul(h, tg_sin(x)), xs, 2, NULL, &r), TG_PASS);
    assert_string_equal(r->names[0], "x");
    assert_contains(r->names[1], "%");
    tg_check_free(r);
}

static void test_stop_gradient_is_held(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    tg_tensor *x = param_1d(g, "x", 6, numbers);
    assert_int_equal(tg_check(g, tg_mul(x, tg_stop_gradient(tg_exp(x))), &x, 1, NULL, &r), TG_PASS);
    assert_int_equal(r->held, 1);
    tg_check_free(r);
    check_one(tg_log_softmax(x, 0), x, TG_PASS, "held constant: 1");
}

/* ---- Failures -------------------------------------------------------------------------------------------------- */

static const tg_op *inner;
static int wrong_element;

/* Right but for the sign of one element. */
static void one_wrong(tg_rule *r)
{
    tg_tensor *x = tg_rule_input(r, 0), *y = tg_apply(tg_rule_graph(r), inner, &x, 1, NULL);
    tg_tensor *ybar = tg_rule_output_adjoint(r), *xbar;
    if (tg_vjp(tg_rule_graph(r), &y, &ybar, 1, &x, 1, &xbar) != TG_OK) return;
    tg_tensor *hot = tg_one_hot(tg_number(tg_rule_graph(r), TG_I64, wrong_element), tg_count(x), TG_F64);
    tg_tensor *factor = tg_sub(tg_number_like(xbar, 1), tg_mul_scalar(hot, 2));
    tg_rule_adjoint(r, 0, tg_mul(xbar, tg_reshape(factor, tg_rank(x), tg_shape(x))));
}

static tg_tensor *broken_sin(tg_tensor *x)
{
    tg_graph *g = tg_graph_of(x);
    inner = tg_op_find(g, "sin");
    tg_op record = *inner;
    record.name = "broken_sin";
    record.slope = NULL;
    record.simplify = NULL;
    record.vjp = one_wrong;
    return tg_apply(g, tg_op_register(g, &record), &x, 1, NULL);
}

static void test_large_tensors_are_escalated(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    double values[2000];
    for (int i = 0; i < 2000; i++) values[i] = sin(i);
    tg_tensor *x = param_2d(g, "x", 20, 100, values), *scale = scalar_param(g, "scale", 1.5);
    tg_tensor *xs[2] = {x, scale};
    assert_int_equal(tg_check(g, tg_exp(tg_sin(tg_mul(x, scale))), xs, 2, NULL, &r), TG_PASS);
    assert_int_equal(r->elements, 2); /* of scale, after the directions of x */
    assert_int_equal(r->directions, 2 * 3);
    tg_check_free(r);
    wrong_element = 1234;
    tg_tensor *broken = broken_sin(tg_mul_scalar(x, 2));
    assert_int_equal(tg_check(g, tg_sum(tg_exp(broken), NULL), &x, 1, NULL, &r), TG_FAIL);
    assert_int_equal(r->elements, 2000);
    assert_int_equal(r->entries[0].index, 1234);
    assert_string_equal(r->pattern, "1 of 2000 elements are wrong: their sign is");
    assert_int_equal(r->culprit_id, tg_id(broken));
    assert_contains(r->culprit, "broken_sin");
    tg_check_free(r);
}

static void wrong_shape(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_sum(tg_rule_output_adjoint(r), NULL));
}

static void test_rule_of_wrong_shape(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 6, numbers);
    tg_tensor *y = tg_custom(tg_sin(x), &x, 1, &(tg_custom_rules){.name = "mine", .vjp = wrong_shape});
    check_one(y, x, TG_FAIL, "its rule gives the adjoint");
}

/* ---- Reports ---------------------------------------------------------------------------------------------------- */

static void test_reports(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    wrong_element = 2;
    tg_tensor *x = param_1d(g, "x", 6, numbers), *y = tg_set_name(broken_sin(x), "a<b & \"c\"");
    assert_int_equal(tg_check(g, y, &x, 1, &(tg_check_options){.seed = 42, .worst = 3}, &r), TG_FAIL);
    assert_int_equal(r->n_entries, 3);
    assert_report(r, "seed: 42");
    char *json = tg_check_json(r), *xml = tg_check_junit(r, "my<suite>");
    assert_contains(json, "{\"status\": \"fail\", \"of\": \"a<b & \\\"c\\\"\", \"dtype\": \"f64\"");
    assert_contains(json, "{\"wrt\": \"x\", \"method\": \"central\", \"order\": 1, \"status\": \"fail\"");
    assert_contains(json, "\"worst\": {\"index\": [2], ");
    assert_contains(json, "'a<b & \\\"c\\\"'");
    assert_contains(json, "\"seed\": \"42\"");
    assert_contains(json, "\"index\": [2], \"x\": 0.4");
    assert_null(strstr(json, ": nan"));
    assert_contains(xml, "<testsuite name=\"my&lt;suite&gt;\" tests=\"4\" failures=\"3\" errors=\"0\"");
    assert_contains(xml, "<testcase name=\"x central order 1\">\n    <failure");
    assert_contains(xml, "a&lt;b &amp; &quot;c&quot;");
    tg_text_free(json);
    tg_text_free(xml);
    tg_check_free(r);
    tg_tensor *right = tg_sin(x);
    assert_int_equal(tg_check(g, right, &x, 1, NULL, &r), TG_PASS);
    xml = tg_check_junit(r, NULL);
    assert_contains(xml, "failures=\"0\" errors=\"0\"");
    assert_null(strstr(xml, "<failure"));
    tg_text_free(xml);
    tg_check_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_vacuous),
        graph_test(test_vacuous_for_one),
        graph_test(test_drawing),
        graph_test(test_arguments),
        graph_test(test_kinks),
        graph_test(test_inputs_are_drawn_and_stay),
        graph_test(test_expressions_as_x),
        graph_test(test_stop_gradient_is_held),
        graph_test(test_large_tensors_are_escalated),
        graph_test(test_rule_of_wrong_shape),
        graph_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
