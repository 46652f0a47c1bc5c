/* The five conventions on the tape: every rule proved, every planted error refuted, equations that can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/tapegrad.h>

#include "explain/math.h"

static const int64_t sizes[] = {4, 5, 3, 6};
#define DEEPEST 3

static tg_activation activations[DEEPEST];

/* A network of the convention with this hidden activation and cost. */
static tg_rules_spec network(tg_convention convention, int depth, tg_activation hidden, tg_cost cost)
{
    for (int l = 0; l < depth; l++) activations[l] = hidden;
    activations[depth - 1] = tg_convention_output(convention, hidden, cost);
    return (tg_rules_spec){.convention = convention,
                           .n_layers = depth,
                           .sizes = sizes,
                           .activations = activations,
                           .cost = cost,
                           .batch = 3,
                           .seed = 5};
}

static tg_rules_report *check(const tg_rules_spec *spec)
{
    tg_diag diag;
    tg_rules_report *report;
    if (tg_rules_check(spec, &report, &diag) != TG_OK) fail_msg("%s", diag.message);
    return report;
}

/* ---- Right rules -------------------------------------------------------------------------------------- */

static void expect_proved(const tg_rules_spec *spec)
{
    tg_rules_report *report = check(spec);
    const tg_claim *claim;
    int n = 0;
    for (; (claim = tg_rules_claim(report, n)) != NULL; n++) {
        if (claim->verdict != TG_PROVED || claim->conditional || claim->differs || !(claim->max_ulp < 1000))
            fail_msg("%s, %d layers, %s, %s: claim %d of layer %d: %s, %g ulp",
                     tg_convention_name(spec->convention), spec->n_layers,
                     tg_activation_name(spec->activations[0]), tg_cost_name(spec->cost), (int)claim->kind,
                     claim->layer, tg_proof_verdict_name(claim->verdict), claim->max_ulp);
    }
    assert_int_equal(n, 3 * spec->n_layers);
    assert_int_equal(tg_rules_verdict(report), 1);
    assert_int_equal(tg_rules_planted(report), 0);
    tg_rules_free(report);
}

static void test_every_network_is_proved(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++)
        for (int depth = 1; depth <= 3; depth += 2)
            for (int s = TG_IDENTITY; s < TG_SOFTMAX; s++)
                for (int cost = TG_COST_QUADRATIC; cost <= TG_COST_BINARY_CROSS_ENTROPY; cost++) {
                    tg_rules_spec spec = network((tg_convention)c, depth, (tg_activation)s, (tg_cost)cost);
                    expect_proved(&spec);
                }
}

static void test_softmax_under_other_costs(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        tg_rules_spec spec = network((tg_convention)c, 2, TG_TANH, TG_COST_QUADRATIC);
        activations[1] = TG_SOFTMAX;
        expect_proved(&spec);
    }
}

/* ---- Wrong rules -------------------------------------------------------------------------------------- */

/* The claim that the error breaks is refuted, at the layer where it was planted; no other is. */
static void expect_refuted(const tg_rules_spec *spec)
{
    tg_rules_report *report = check(spec);
    const tg_claim *claim;
    int refuted = 0;
    assert_int_equal(tg_rules_planted(report), spec->plant_layer);
    for (int i = 0; (claim = tg_rules_claim(report, i)) != NULL; i++) {
        if (claim->verdict == TG_PROVED) continue;
        if (claim->verdict != TG_REFUTED || claim->layer != spec->plant_layer ||
            claim->generic == claim->rule)
            fail_msg("%s, %s at layer %d: claim %d of layer %d is %s", tg_convention_name(spec->convention),
                     spec->plant, spec->plant_layer, (int)claim->kind, claim->layer,
                     tg_proof_verdict_name(claim->verdict));
        refuted++;
    }
    if (refuted != 1)
        fail_msg("%s, %s at layer %d: %d claims refuted", tg_convention_name(spec->convention), spec->plant,
                 spec->plant_layer, refuted);
    assert_int_equal(tg_rules_verdict(report), 0);
    tg_rules_free(report);
}

static void test_every_planted_error_is_refuted(void **state)
{
    (void)state;
    static const struct {
        tg_activation hidden;
        tg_cost cost;
    } nets[] = {{TG_SIGMOID, TG_COST_QUADRATIC}, {TG_RELU, TG_COST_CROSS_ENTROPY}, {TG_SILU, TG_COST_HUBER}};
    for (int c = 0; c < TG_CONVENTIONS; c++)
        for (size_t n = 0; n < sizeof nets / sizeof *nets; n++) {
            tg_rules_spec spec = network((tg_convention)c, 3, nets[n].hidden, nets[n].cost);
            const tg_plant *plant;
            int kinds = 0;
            for (int i = 0; (plant = tg_plant_at(i)) != NULL; i++) {
                uint64_t layers;
                kinds += tg_plant_possible(&spec, plant->name, &layers);
                for (int l = 1; l <= 3; l++) {
                    if ((layers >> (l - 1) & 1) == 0) continue;
                    spec.plant = plant->name;
                    spec.plant_layer = l;
                    expect_refuted(&spec);
                }
            }
            assert_true(kinds >= 12);
        }
}

static void test_the_assumption_is_needed(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        tg_rules_spec spec = network((tg_convention)c, 2, TG_RELU, TG_COST_CROSS_ENTROPY);
        spec.no_assumptions = 1;
        tg_rules_report *report = check(&spec);
        assert_int_equal(tg_rules_claim(report, 0)->verdict, TG_REFUTED);
        for (int i = 1; i < 6; i++) {
            assert_int_equal(tg_rules_claim(report, i)->verdict, TG_PROVED);
            assert_int_equal(tg_rules_claim(report, i)->conditional, 1);
        }
        assert_int_equal(tg_rules_verdict(report), 0);
        tg_rules_free(report);
    }
}

/* With it, the proof says that it was used, and only there. */
static void test_the_assumption_is_stated(void **state)
{
    (void)state;
    int n, used[6] = {0};
    const tg_proof_rule_info *rules = tg_proof_rules(&n);
    tg_rules_spec spec = network(TG_CONVENTION_ROWS, 2, TG_RELU, TG_COST_CROSS_ENTROPY);
    tg_rules_report *report = check(&spec);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < tg_proof_rule_count(tg_rules_claim(report, i)->proof); k++)
            for (int r = 0; r < n; r++)
                used[i] |= rules[r].is_assumption &&
                           strcmp(rules[r].name, tg_proof_rule(tg_rules_claim(report, i)->proof, k)) == 0;
    assert_int_equal(used[0], 1);
    for (int i = 1; i < 6; i++) assert_int_equal(used[i], 0);
    tg_rules_free(report);
}

/* ---- Arguments ---------------------------------------------------------------------------------------- */

static void expect_error(tg_rules_spec spec, tg_status status, const char *part)
{
    tg_diag diag;
    tg_rules_report *report = (tg_rules_report *)&diag;
    assert_int_equal(tg_rules_check(&spec, &report, &diag), status);
    assert_null(report);
    if (strstr(diag.message, part) == NULL) fail_msg("'%s' is not in '%s'", part, diag.message);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    tg_rules_spec good = network(TG_CONVENTION_DELTA, 2, TG_TANH, TG_COST_QUADRATIC), bad;
    expect_error((bad = good, bad.convention = (tg_convention)9, bad), TG_ERR_ARGUMENT,
                 "unknown convention 9");
    expect_error((bad = good, bad.n_layers = 0, bad), TG_ERR_ARGUMENT, "0 layers");
    expect_error((bad = good, bad.n_layers = TG_RULES_LAYERS + 1, bad), TG_ERR_ARGUMENT, "65 layers");
    expect_error((bad = good, bad.batch = 0, bad), TG_ERR_ARGUMENT, "batch is 0");
    expect_error((bad = good, bad.cost = (tg_cost)70, bad), TG_ERR_ARGUMENT, "unknown cost 70");
    expect_error((bad = good, bad.sizes = NULL, bad), TG_ERR_NULL, "sizes");
    expect_error((bad = good, bad.sizes = (int64_t[]){4, 0, 3}, bad), TG_ERR_ARGUMENT, "layer 1 has 0 units");
    expect_error((bad = good, bad.activations = (tg_activation[]){TG_SOFTMAX, TG_TANH}, bad), TG_ERR_ARGUMENT,
                 "softmax in layer 1");
    expect_error((bad = good, bad.plant = "no-such-kind", bad), TG_ERR_NAME, "no-such-kind");
    expect_error((bad = good, bad.plant = "kept-slope", bad), TG_ERR_ARGUMENT,
                 "'kept-slope' cannot be planted");
    expect_error((bad = good, bad.plant = "dropped-transpose", bad.plant_layer = 2, bad), TG_ERR_ARGUMENT,
                 "at layer 2");
    assert_int_equal(tg_rules_check(&good, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_rules_verdict(NULL), -1);
    assert_null(tg_rules_claim(NULL, 0));
    assert_null(tg_plant_at(-1));
    tg_rules_free(NULL);
}

/* ---- Equations ---------------------------------------------------------------------------------------- */

static void expect_readable(const tg_rules_spec *spec, tg_equation_kind kind, int l)
{
    char *latex = tg_rules_equation(spec, kind, l, TG_LATEX),
         *text = tg_rules_equation(spec, kind, l, TG_UNICODE);
    char *mathml = tg_rules_equation(spec, kind, l, TG_MATHML);
    tg_text out = {0};
    assert_non_null(latex);
    if (!tg_math_text(&out, latex)) fail_msg("cannot be read: %s", latex);
    if (strstr(latex, "<a>") != NULL || strstr(latex, "<y>") != NULL || strstr(latex, "<l") != NULL ||
        strstr(latex, "<c>") != NULL || strstr(latex, "<L>") != NULL)
        fail_msg("a placeholder is left: %s", latex);
    assert_string_equal(out.chars, text);
    assert_non_null(strstr(mathml, "<math"));
    free(out.chars);
    tg_text_free(latex);
    tg_text_free(text);
    tg_text_free(mathml);
}

static void test_equations_can_be_read(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++)
        for (int s = TG_IDENTITY; s <= TG_SOFTMAX; s++)
            for (int cost = TG_COST_QUADRATIC; cost <= TG_COST_BINARY_CROSS_ENTROPY; cost++) {
                tg_rules_spec spec = network((tg_convention)c, 3, TG_TANH, (tg_cost)cost);
                activations[2] = (tg_activation)s;
                for (int kind = 0; kind < TG_EQUATIONS; kind++)
                    for (int l = 0; l <= 3; l++) expect_readable(&spec, (tg_equation_kind)kind, l);
            }
}

static void expect_equation(const tg_rules_spec *spec, tg_equation_kind kind, int l, const char *expected)
{
    char *text = tg_rules_equation(spec, kind, l, TG_LATEX);
    assert_string_equal(text, expected);
    tg_text_free(text);
}

static void test_equations_of_the_courses(void **state)
{
    (void)state;
    tg_rules_spec delta = network(TG_CONVENTION_DELTA, 3, TG_SIGMOID, TG_COST_QUADRATIC);
    expect_equation(&delta, TG_EQUATION_LAST_ERROR, 3, "\\delta^{3} = (a^{3} - y) \\odot \\sigma'(z^{3})");
    expect_equation(&delta, TG_EQUATION_LAST_ERROR, 0, "\\delta^{L} = (a^{L} - y) \\odot \\sigma'(z^{L})");
    expect_equation(&delta, TG_EQUATION_ERROR, 1,
                    "\\delta^{1} = \\left( (w^{2})^{\\top} \\delta^{2} \\right) \\odot \\sigma'(z^{1})");
    expect_equation(&delta, TG_EQUATION_ERROR, 0,
                    "\\delta^{l} = \\left( (w^{l+1})^{\\top} \\delta^{l+1} \\right) \\odot \\sigma'(z^{l})");
    expect_equation(&delta, TG_EQUATION_WEIGHT, 2,
                    "\\frac{\\partial C_x}{\\partial w^{2}_{jk}} = a^{1}_k \\delta^{2}_j");
    tg_rules_spec jacobian = network(TG_CONVENTION_JACOBIAN, 2, TG_SIGMOID, TG_COST_QUADRATIC);
    expect_equation(&jacobian, TG_EQUATION_OUTPUT, 0, "P^{L+1} = (\\alpha^{L} - y)^{\\top}");
    expect_equation(&jacobian, TG_EQUATION_OUTPUT, 1, "P^{3} = (\\alpha^{2} - y)^{\\top}");
    tg_rules_spec vector = network(TG_CONVENTION_VECTOR, 2, TG_SIGMOID, TG_COST_QUADRATIC);
    expect_equation(&vector, TG_EQUATION_OUTPUT, 2, "d_{a^{2}} C = a^{2} - y");
    expect_equation(&vector, TG_EQUATION_INPUT, 1, "d_{a^{1}} C = (W^{2})^{\\top} \\cdot d_{z^{2}} C");
    tg_rules_spec rows = network(TG_CONVENTION_ROWS, 2, TG_RELU, TG_COST_CROSS_ENTROPY);
    expect_equation(&rows, TG_EQUATION_LAST_ERROR, 2, "\\Delta^{(2)} = X^{(2)} - Y");
    tg_rules_spec columns = network(TG_CONVENTION_COLUMNS, 2, TG_TANH, TG_COST_QUADRATIC);
    expect_equation(&columns, TG_EQUATION_LAST_ERROR, 2, "\\Delta^{[2]} = \\frac{1}{M K} (A^{[2]} - T)");
    assert_null(tg_rules_equation(&columns, TG_EQUATION_Z, 3, TG_LATEX));
    assert_null(tg_rules_equation(NULL, TG_EQUATION_Z, 1, TG_LATEX));
    assert_null(tg_rules_slip(TG_CONVENTION_VECTOR, 0));
    assert_non_null(tg_rules_slip(TG_CONVENTION_COLUMNS, 2));
    assert_null(tg_rules_slip(TG_CONVENTION_COLUMNS, 3));
}

/* What goes with a convention and with its equations, in words. */
static void test_names_of_equations(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        tg_convention convention = (tg_convention)c;
        int is_rows = convention == TG_CONVENTION_ROWS;
        assert_int_equal(tg_convention_activation(convention), is_rows ? TG_RELU : TG_SIGMOID);
        assert_int_equal(tg_convention_cost(convention), is_rows ? TG_COST_CROSS_ENTROPY : TG_COST_QUADRATIC);
        for (int k = 0; k < TG_EQUATIONS; k++) {
            const char *label = tg_rules_equation_label(convention, (tg_equation_kind)k);
            const char *reason = tg_rules_equation_reason(convention, (tg_equation_kind)k);
            assert_true(label != NULL && label[0] != '\0');
            assert_true(reason == NULL || strlen(reason) > 10);
        }
        assert_null(tg_rules_equation_label(convention, (tg_equation_kind)TG_EQUATIONS));
        assert_null(tg_rules_equation_reason(convention, (tg_equation_kind)TG_EQUATIONS));
    }
    assert_string_equal(tg_rules_equation_label(TG_CONVENTION_DELTA, TG_EQUATION_ERROR), "equation 2");
    assert_non_null(strstr(tg_rules_equation_reason(TG_CONVENTION_DELTA, TG_EQUATION_ERROR), "chain rule"));
    assert_null(tg_rules_equation_label((tg_convention)TG_CONVENTIONS, TG_EQUATION_Z));
}

static void test_text_of_a_rule(void **state)
{
    (void)state;
    tg_rules_spec spec = network(TG_CONVENTION_DELTA, 2, TG_SIGMOID, TG_COST_QUADRATIC);
    spec.plant = "dropped-transpose";
    tg_rules_report *report = check(&spec);
    const tg_rules_spec *checked = tg_rules_spec_of(report);
    assert_string_equal(checked->plant, "dropped-transpose");
    assert_int_equal(checked->n_layers, 2);
    assert_true(checked->sizes[0] == checked->sizes[1] && checked->sizes[1] == checked->sizes[2]);
    char *last = tg_rules_rule_text(report, 0), *hidden = tg_rules_rule_text(report, 3);
    assert_string_equal(last, "a2 * (1 - a2) * (a2 - y)");
    assert_string_equal(hidden, "a1 * (1 - a1) * (W2 @ delta2)"); /* the transpose is missing */
    assert_null(tg_rules_rule_text(report, 6));
    assert_null(tg_rules_rule_text(NULL, 0));
    assert_null(tg_rules_spec_of(NULL));
    tg_text_free(last);
    tg_text_free(hidden);
    tg_rules_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_network_is_proved),
        cmocka_unit_test(test_softmax_under_other_costs),
        cmocka_unit_test(test_every_planted_error_is_refuted),
        cmocka_unit_test(test_the_assumption_is_needed),
        cmocka_unit_test(test_the_assumption_is_stated),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_equations_can_be_read),
        cmocka_unit_test(test_equations_of_the_courses),
        cmocka_unit_test(test_names_of_equations),
        cmocka_unit_test(test_text_of_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
