/* Expressions as text and LaTeX, and listings of the tape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/tapegrad.h>

static int begin(void **state)
{
    *state = tg_graph_new(NULL);
    return *state == NULL;
}

static int end(void **state)
{
    tg_graph_free(*state);
    return 0;
}

static void assert_expression(const tg_tensor *t, tg_notation notation, const char *expected)
{
    char *text = tg_expression(t, notation);
    assert_non_null(text);
    assert_string_equal(text, expected);
    tg_text_free(text);
}

/* Parentheses stand where the reader needs them, and nowhere else. */
static void test_parentheses(void **state)
{
    tg_graph *g = *state;
    tg_tensor *q = tg_input(g, "q", TG_F64, 0, NULL), *r = tg_input(g, "r", TG_F64, 0, NULL);
    assert_expression(tg_add(tg_add(q, r), r), TG_TEXT, "r + (q + r)");
    assert_expression(tg_sub(tg_sub(q, r), q), TG_TEXT, "q - r - q");
    assert_expression(tg_sub(q, tg_sub(r, q)), TG_TEXT, "q - (r - q)");
    assert_expression(tg_mul(tg_add(q, r), r), TG_TEXT, "r * (q + r)");
    assert_expression(tg_div(q, tg_mul(r, q)), TG_TEXT, "q / (q * r)");
    assert_expression(tg_div(tg_mul(q, r), q), TG_TEXT, "q * r / q");
    assert_expression(tg_pow(tg_neg(q), r), TG_TEXT, "(-q) ^ r");
    assert_expression(tg_neg(tg_pow(q, r)), TG_TEXT, "-q ^ r");
    assert_expression(tg_pow(q, tg_pow(r, q)), TG_TEXT, "q ^ r ^ q");
    assert_expression(tg_pow(tg_pow(q, r), q), TG_TEXT, "(q ^ r) ^ q");
    assert_expression(tg_neg(tg_add(q, r)), TG_TEXT, "-(q + r)");
    assert_expression(tg_square(tg_add(q, r)), TG_TEXT, "(q + r) ^ 2");
    assert_expression(tg_lt(tg_add(q, r), r), TG_TEXT, "q + r < r");
    assert_expression(tg_sin(tg_add(q, r)), TG_TEXT, "sin(q + r)");
}

static void test_latex(void **state)
{
    tg_graph *g = *state;
    tg_tensor *q = tg_input(g, "q", TG_F64, 0, NULL), *w = tg_input(g, "w_1", TG_F64, 0, NULL);
    assert_expression(tg_div(tg_add(q, w), w), TG_LATEX,
                      "\\frac{\\mathrm{q} + \\mathrm{w\\_1}}{\\mathrm{w\\_1}}");
    assert_expression(tg_exp(tg_neg(q)), TG_LATEX, "e^{-\\mathrm{q}}");
    assert_expression(tg_sqrt(tg_add(q, w)), TG_LATEX, "\\sqrt{\\mathrm{q} + \\mathrm{w\\_1}}");
    assert_expression(tg_square(tg_add(q, w)), TG_LATEX, "(\\mathrm{q} + \\mathrm{w\\_1})^2");
    assert_expression(tg_elu(q), TG_LATEX, "\\operatorname{ELU}(\\mathrm{q})");
}

static void test_attributes_and_constants(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){2, 3});
    assert_expression(tg_sum(x, NULL), TG_TEXT, "sum(x, axis=[0, 1])");
    assert_expression(tg_sum(x, TG_KEEP_AXES(-1)), TG_TEXT, "sum(x, axis=[1], keepdims=true)");
    assert_expression(tg_cast(x, TG_F32), TG_TEXT, "cast(x, dtype=f32)");
    assert_expression(tg_slice(x, 1, 0, 2, 1), TG_TEXT, "slice(x, axis=1, stop=2)");
    assert_expression(tg_mul_scalar(x, 0.1), TG_TEXT, "x * 0.1");
    tg_tensor *c = tg_constant(g, TG_F32, 2, (const int64_t[]){2, 2}, (const float[]){1, 0.1f, -2, 1e30f});
    assert_expression(c, TG_TEXT, "[[1, 0.1], [-2, 1e+30]]");
    assert_expression(tg_number(g, TG_BOOL, 1), TG_TEXT, "true");
    assert_expression(tg_number(g, TG_I64, -7), TG_TEXT, "-7");
    assert_expression(tg_iota(g, 100, TG_I64), TG_TEXT, "iota(n=100)");
}

/* A name stands for what it names, but the named tensor itself is shown. */
static void test_names(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL), *z = tg_set_name(tg_sin(x), "z");
    assert_expression(z, TG_TEXT, "sin(x)");
    assert_expression(tg_exp(z), TG_TEXT, "exp(z)");
    assert_expression(x, TG_TEXT, "x");
    assert_null(tg_expression(NULL, TG_TEXT));
}

/* Sharing would make the text exponentially long; it is cut by ids instead. */
static void test_shared_subexpressions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *t = tg_input(g, "x", TG_F64, 0, NULL);
    for (int i = 0; i < 200; i++) t = tg_mul(tg_sin(t), t);
    char *text = tg_expression(t, TG_TEXT);
    assert_non_null(text);
    assert_true(strlen(text) < 20000);
    assert_non_null(strchr(text, '%'));
    tg_text_free(text);
}

static void test_deep_chain(void **state)
{
    tg_graph *g = *state;
    tg_tensor *t = tg_input(g, "x", TG_F64, 0, NULL);
    for (int i = 0; i < 100000; i++) t = tg_sin(t);
    char *text = tg_expression(t, TG_LATEX), *listing = tg_listing(g, &t, 1);
    assert_non_null(text);
    assert_non_null(listing);
    tg_text_free(text);
    tg_text_free(listing);
}

static void test_listing(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, (const int64_t[]){3}), *unused = tg_exp(x), *gradient;
    tg_tensor *y = tg_set_name(tg_sum(tg_mul(x, x), NULL), "y");
    (void)unused;
    assert_int_equal(tg_grad(g, y, &x, 1, &gradient), TG_OK);
    char *text = tg_listing(g, &gradient, 1);
    assert_string_equal(text, "%0 'x' = input() : f64[3]\n"
                              "%7 = add(%0 'x', %0 'x') : f64[3]  # sum of the adjoints of %0 'x'\n");
    tg_text_free(text);
    tg_tensor *slope;
    assert_int_equal(tg_grad(g, tg_sum(tg_sin(x), NULL), &x, 1, &slope), TG_OK);
    text = tg_listing(g, &slope, 1);
    assert_non_null(strstr(text, " = cos(%0 'x') : f64[3]  # reverse of "));
    tg_text_free(text);
    text = tg_listing(g, NULL, 0);
    assert_string_equal(text, "");
    tg_text_free(text);
    assert_null(tg_listing(NULL, &gradient, 1));
}

/* Every operation prints, in both notations, with each of its inputs in it. */
static void test_every_record_prints(void **state)
{
    tg_graph *g = *state;
    const tg_op *op;
    int printed = 0;
    static const char *const names[] = {"p", "q", "r", "s"};
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) {
        if ((op->flags & TG_OP_ELEMENTWISE) == 0 || op->compose != NULL) continue;
        tg_tensor *inputs[4];
        for (int k = 0; k < op->n_inputs; k++) {
            int is_bool = strncmp(op->name, "logical", 7) == 0 || (k == 0 && strcmp(op->name, "where") == 0);
            char name[64];
            snprintf(name, sizeof name, "%s_%s", names[k], op->name);
            inputs[k] = tg_input(g, name, is_bool ? TG_BOOL : TG_F64, 0, NULL);
        }
        tg_tensor *t = tg_apply(g, op, inputs, op->n_inputs, NULL);
        assert_non_null(t);
        for (int notation = TG_TEXT; notation <= TG_LATEX; notation++) {
            char *text = tg_expression(t, (tg_notation)notation);
            assert_non_null(text);
            for (int k = 0; k < op->n_inputs; k++)
                assert_non_null(strstr(text, notation == TG_TEXT ? tg_name(inputs[k]) : names[k]));
            tg_text_free(text);
        }
        printed++;
    }
    assert_true(printed > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parentheses, begin, end),
        cmocka_unit_test_setup_teardown(test_latex, begin, end),
        cmocka_unit_test_setup_teardown(test_attributes_and_constants, begin, end),
        cmocka_unit_test_setup_teardown(test_names, begin, end),
        cmocka_unit_test_setup_teardown(test_shared_subexpressions, begin, end),
        cmocka_unit_test_setup_teardown(test_deep_chain, begin, end),
        cmocka_unit_test_setup_teardown(test_listing, begin, end),
        cmocka_unit_test_setup_teardown(test_every_record_prints, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
