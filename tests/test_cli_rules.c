/* `tapegrad rules` and `tapegrad explain` from the command line: what they print, JSON, files, exit statuses, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli_train_run.h"

#define assert_contains(text, part)                                                                          \
    do {                                                                                                     \
        if (strstr((text), (part)) == NULL) fail_msg("expected '%s' in:\n%s", (part), (text));               \
    } while (0)

/* Runs the command, which must end with `status`; its standard output, to be freed. */
static char *output(const char *arguments, int status)
{
    int found = run_tapegrad(arguments);
    if (found != status) fail_msg("tapegrad %s: status %d, expected %d", arguments, found, status);
    return read_text("out");
}

/* ---- rules -------------------------------------------------------------------------------------------- */

static void test_rules_of_all_conventions(void **state)
{
    (void)state;
    char *text = output("rules", 0);
    static const char *const parts[] = {"vector   4-5-3", "jacobian   4-5-3",       "delta   4-5-3",
                                        "rows   4-5-3",   "columns   4-5-3",        "δ² = (a² − y) ⊙ σ′(z²)",
                                        "sum to one",     "6 of 6 equations proved"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_contains(text, parts[i]);
    free(text);
}

static void test_rules_as_json(void **state)
{
    (void)state;
    char *text = output("rules rows --layers 3,4,5,2 --json", 0);
    json_t *answer = json_loads(text, 0, NULL),
           *found = json_array_get(json_object_get(answer, "conventions"), 0);
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "pass");
    assert_string_equal(json_string_value(json_object_get(found, "name")), "rows");
    assert_string_equal(json_string_value(json_object_get(found, "status")), "pass");
    assert_int_equal(json_array_size(json_object_get(found, "layers")), 4);
    json_t *parameters = json_object_get(found, "parameters");
    assert_int_equal(json_array_size(parameters), 6);
    for (size_t i = 0; i < 6; i++) {
        json_t *one = json_array_get(parameters, i);
        assert_true(json_is_string(json_object_get(one, "name")));
        assert_true(json_is_true(json_object_get(one, "proved")));
        assert_true(json_is_array(json_object_get(one, "steps")));
        assert_true(json_is_number(json_object_get(one, "max_ulp")));
        assert_true(json_number_value(json_object_get(one, "max_abs_error")) < 1e-12);
    }
    json_decref(answer);
    free(text);
}

/* The kinds that --plant list prints, each planted: the answer is no, and the JSON says where. */
static void test_every_listed_kind_is_refuted(void **state)
{
    (void)state;
    static const char *const conventions[] = {"vector", "jacobian", "delta", "rows", "columns"};
    for (int c = 0; c < 5; c++) {
        char line[200];
        snprintf(line, sizeof line, "rules %s --plant list", conventions[c]);
        char *kinds = output(line, 0);
        int n = 0;
        for (char *kind = strtok(kinds, "\n"); kind != NULL; kind = strtok(NULL, "\n"), n++) {
            snprintf(line, sizeof line, "rules %s --plant %s", conventions[c], kind);
            char *text = output(line, 1);
            assert_contains(text, "REFUTED");
            assert_contains(text, kind);
            free(text);
        }
        assert_true(n >= 12);
        free(kinds);
    }
}

static void test_an_exercise_does_not_tell(void **state)
{
    (void)state;
    char *text = output("rules delta --plant random --hide --seed 5", 1);
    assert_contains(text, "delta2 = ");
    assert_contains(text, "One of these rules is wrong");
    assert_null(strstr(text, "REFUTED"));
    assert_null(strstr(text, "planted"));
    free(text);
    text = output("rules delta --plant random --seed 5", 1);
    assert_contains(text, "REFUTED");
    free(text);
}

static void test_rules_refuses(void **state)
{
    (void)state;
    assert_refused("rules nosuch", "there is no convention 'nosuch'");
    assert_refused("rules --layers 4", "--layers 4");
    assert_refused("rules --layers 4,0,3", "--layers 4,0,3");
    assert_refused("rules --layers 4,x", "--layers 4,x");
    assert_refused("rules --activation softmax", "softmax");
    assert_refused("rules --cost mse", "found 'mse'");
    assert_refused("rules --plant nosuch", "'nosuch'");
    assert_refused("rules vector --plant missing-mean", "cannot be planted");
    assert_refused("rules --hide", "--plant");
    assert_refused("rules delta --at 2", "--at is for an error that --plant plants");
    assert_refused("rules --at 3 --plant flipped-sign", "at");
    assert_refused("rules --batch 0", "batch");
}

/* ---- explain ------------------------------------------------------------------------------------------ */

static const char net[] = "input  data : f64[N, 3]\n"
                          "input  goal : f64[N, 2]\n"
                          "param  U : f64[4, 3] = glorot\n"
                          "param  c : f64[4]\n"
                          "param  V : f64[2, 4] = glorot\n"
                          "h = 1 / (1 + exp(-(data @ transpose(U) + c)))\n"
                          "out = h @ transpose(V)\n"
                          "loss = mean((goal - out)^2)\n";

static void test_explain_finds_the_network(void **state)
{
    (void)state;
    write_text("net.tg", net);
    char *text = output("explain net.tg --convention delta", 0);
    static const char *const parts[] = {"3-4-2",     "sigmoid",
                                        "identity",  "δ¹",
                                        "U is w¹",   "proved: what differentiation derives is this rule",
                                        "f64[4, 3]", "It has examples in rows"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_contains(text, parts[i]);
    assert_null(strstr(text, "not decided"));
    assert_null(strstr(text, "refuted"));
    free(text);
}

static void test_explain_in_every_convention(void **state)
{
    (void)state;
    static const char *const conventions[] = {"vector", "jacobian", "delta", "rows", "columns"};
    write_text("net.tg", net);
    for (int c = 0; c < 5; c++) {
        char line[100];
        snprintf(line, sizeof line, "explain net.tg -c %s", conventions[c]);
        char *text = output(line, 0);
        assert_contains(text, "proved");
        assert_null(strstr(text, "not decided"));
        assert_null(strstr(text, "refuted"));
        free(text);
    }
}

static void test_explain_writes_pages(void **state)
{
    (void)state;
    write_text("net.tg", net);
    free(output("explain net.tg --format html -o net.html", 0));
    char *page = read_text("net.html");
    assert_contains(page, "<!DOCTYPE html>");
    assert_contains(page, "<math");
    assert_null(strstr(page, "src=\"http"));
    free(page);
    free(output("explain net.tg --format latex -c rows -o net.tex", 0));
    page = read_text("net.tex");
    assert_contains(page, "\\documentclass");
    assert_contains(page, "\\end{document}");
    free(page);
}

static void test_explain_of_other_models(void **state)
{
    (void)state;
    write_text("curve.tg", "param p : f64[2] = ones\nq = sin(p) * p\nloss = sum(q)\n");
    char *text = output("explain curve.tg", 0);
    assert_contains(text, "Not shown as a multilayer perceptron");
    assert_contains(text, "adjoint_q");
    assert_contains(text, "sin");
    free(text);
}

static void test_why(void **state)
{
    (void)state;
    write_text("why.tg", "input x : f64[3]\n"
                         "param dead : f64[3] = ones\n"
                         "param flat : f64[3] = ones\n"
                         "param lost : f64[3] = ones\n"
                         "param bad : f64[3] = ones\n"
                         "param fine : f64[3] = ones\n"
                         "r = relu(dead - 2)\n"
                         "s = sign(flat)\n"
                         "z = lost * x\n"
                         "loss = sum(r) + sum(s) + sum(sqrt(bad * 0)) + sum(fine^2)\n");
    static const struct {
        const char *name, *parts[3];
    } cases[] = {
        {"dead", {"is zero: all 3 elements", "The zero starts here", "relu(dead - 2)"}},
        {"flat", {"zero everywhere", "it ends at sign", "'s'"}},
        {"lost", {"missing: the loss does not depend on 'lost'", "'z'", "which the loss does not depend on"}},
        {"bad", {"not finite: 3 of 3", "reverse rule of sqrt", "its inputs there are finite"}},
        {"fine", {"not zero", "largest of 3 elements is 2", "0 are zero"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[100];
        snprintf(line, sizeof line, "explain why.tg --why %s", cases[i].name);
        char *text = output(line, 0);
        for (int k = 0; k < 3; k++) assert_contains(text, cases[i].parts[k]);
        free(text);
    }
    assert_refused("explain why.tg --why nosuch", "'nosuch'");
    assert_refused("explain why.tg --why dead --format html", "--why answers in text");
    assert_int_equal(run_tapegrad("explain why.tg --why dead -o why.txt"), 0);
    char *text = read_text("why.txt");
    assert_non_null(strstr(text, "the gradient of 'loss' by 'dead' is "));
    free(text);
}

static void test_explain_refuses(void **state)
{
    (void)state;
    write_text("net.tg", net);
    write_text("vector.tg", "param p : f64[2] = ones\nloss = p * 2\n");
    assert_refused("explain net.tg -c nosuch", "found 'nosuch'");
    assert_refused("explain net.tg --sample 9", "there is no example 9");
    assert_refused("explain net.tg --of nosuch", "nosuch");
    assert_refused("explain vector.tg", "has 2 elements");
    assert_refused("explain missing.tg", "missing.tg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_of_all_conventions),
        cmocka_unit_test(test_rules_as_json),
        cmocka_unit_test(test_every_listed_kind_is_refuted),
        cmocka_unit_test(test_an_exercise_does_not_tell),
        cmocka_unit_test(test_rules_refuses),
        cmocka_unit_test(test_explain_finds_the_network),
        cmocka_unit_test(test_explain_in_every_convention),
        cmocka_unit_test(test_explain_writes_pages),
        cmocka_unit_test(test_explain_of_other_models),
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_explain_refuses),
    };
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
