/* tapegrad check: verdicts as exit statuses, the JSON of docs/commands.md, what it chooses by itself, and files. */
#include "cli_train_run.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char layer[] = "input x : f32[N, 4]\n"
                            "input k : i64[N]\n"
                            "param W : f32[4, 3] = glorot\n"
                            "param b : f32[3]\n"
                            "s = x @ W + b\n"
                            "loss = mean(sum(softmax(s)[:, 0:2]^2, axis=1)) + sum(W[k]^2)\n"
                            "kinks = sum(relu(s), axis=0)\n"
                            "number = sum(s)\n"
                            "whole = k + 1\n"
                            "output number, whole, kinks\n";

static void assert_says(const char *file, const char *part)
{
    char *text = read_text(file);
    if (strstr(text, part) == NULL) fail_msg("expected '%s' in '%s':\n%s", part, file, text);
    free(text);
}

static void assert_check(const char *arguments, int status, const char *part)
{
    char all[500];
    snprintf(all, sizeof all, "check %s", arguments);
    int found = run_tapegrad(all);
    if (found != status) {
        char *out = read_text("out"), *err = read_text("err");
        fail_msg("%s: status %d, expected %d\n%s%s", all, found, status, out, err);
    }
    assert_says("out", part);
}

static json_t *check_json(const char *arguments, int status)
{
    assert_check(arguments, status, "{\"status\": \"");
    char *out = read_text("out");
    json_t *result = json_loads(out, 0, NULL);
    if (result == NULL) fail_msg("no JSON: %s", out);
    free(out);
    return result;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL) fail_msg("no text '%s'", name);
    return text;
}

/* ---- Verdicts --------------------------------------------------------------------------------------------- */

static void verdicts(void **state)
{
    (void)state;
    write_text("layer.tg", layer);
    assert_check("layer.tg", 0, "pass: ");
    assert_says("err", "size 'N' is not bound; taking 3");
    assert_says("out", "drawn: 'x' from -1 to 1, 'k' from 0 to 3");
    assert_check("layer.tg --dim N=2 --of kinks --order 2 --rtol 1e-7", 0, "central  order 2");
    write_text("zero.tg", "param x : f64[3] = normal(0, 1)\nparam u : f64[2] = ones\n"
                          "zero = sum(0 * x)\nhalf = sum(x^2)\ncut = sum(sign(x)) + sum(stop_gradient(x))\n"
                          "sure = sum(sin(u))\nbad = sum(log(x - 10))\noutput zero, half\n");
    assert_check("zero.tg --of zero --wrt x", 3, "every derivative is zero");
    assert_check("zero.tg --of half", 3, "the derivative by 'u' is zero in every element");
    assert_check("zero.tg --of half --wrt x", 0, "pass: ");
    assert_check("zero.tg --of cut --wrt x", 3, "every derivative is zero");
    assert_check("zero.tg --of bad --wrt x", 3, "not finite");
    assert_check("zero.tg --of sure --wrt u --rtol 1e-15", 3, "too inexact");
    write_text("kinks.tg", "param x : f64[4]\nloss = sum(relu(x)) + 0.3 * sum(x)\n");
    assert_check("kinks.tg", 0, "kinks: 4 elements accepted as subgradients");
    write_text("dead.tg", "param x : f64[4]\nloss = sum(relu(x))\n");
    assert_check("dead.tg", 3, "every derivative is zero or lies at a kink");
}

static void usage(void **state)
{
    (void)state;
    write_text("two.tg", "param x : f64[3] = ones\na = sum(x)\nb = sum(x^2)\noutput a, b\n");
    write_text("none.tg", "const c : f64[2] = [1, 2]\nloss = sum(c)\n");
    write_text("broken.tg", "param x : f64[3]\nloss = sum(x +)\n");
    assert_refused("check", "expected 'tapegrad check MODEL.tg' or 'tapegrad check --library'");
    assert_refused("check two.tg",
                   "two.tg has no 'loss', and more than one of its outputs is a floating number");
    assert_refused("check two.tg --of c", "--of: two.tg has no tensor 'c'");
    assert_refused("check two.tg --of a --wrt y", "two.tg has no tensor 'y'");
    assert_refused("check two.tg --of a --wrt x,x --order 3", "--order: expected one of: 1 2");
    assert_refused("check two.tg --of a --rtol 2", "--rtol: expected a number");
    assert_refused("check layer.tg --of whole",
                   "'whole' is i64[3]; only f32 and f64 tensors have derivatives");
    assert_refused("check layer.tg --wrt k", "--wrt: 'k' is i64[3]");
    assert_refused("check none.tg", "depends on no floating param or input");
    assert_refused("check broken.tg", "broken.tg:2:");
    assert_refused("check nothing.tg", "nothing.tg");
    assert_refused("check two.tg --of a --load two.txt", "expected FILE.npz");
    assert_refused("check --library two.tg", "not a program; found 'two.tg' too");
    assert_refused("check --library --of a", "--of is for the check of a program");
    assert_refused("check two.tg --of a --junit nowhere/x.xml", "nowhere/x.xml");
    assert_refused("check two.tg --of a --steps nowhere/x.svg", "nowhere/x.svg");
}

/* ---- What it chooses -------------------------------------------------------------------------------------- */

static void choices(void **state)
{
    (void)state;
    /* Without a loss the only number; without params the inputs that it depends on. */
    write_text("inputs.tg", "input a : f64[N, M]\ninput b : f64[M]\ninput c : f64[2]\nq = sum(log(a) @ b)\n"
                            "r = a + sum(c)\noutput r, q\n");
    json_t *result = check_json("inputs.tg --json", 0);
    assert_string_equal(text_of(result, "of"), "q");
    assert_string_equal(text_of(result, "drawn"), "'a' from 0.2 to 1.2, 'b' from 0.2 to 1.2");
    json_t *checks = json_object_get(result, "checks"), *check;
    size_t i;
    int of_c = 0;
    json_array_foreach(checks, i, check) of_c += strcmp(text_of(check, "wrt"), "c") == 0;
    assert_int_equal(of_c, 0);
    assert_string_equal(text_of(json_array_get(checks, 0), "wrt"), "a");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(checks, 0), "elements")), 3 * 4);
    json_decref(result);
    assert_says("err", "size 'M' is not bound; taking 4");
    /* A size that 3 does not do for. */
    write_text("even.tg", "input x : f64[N]\nloss = sum(prod(reshape(x, [2, -1]), axis=0))\n");
    assert_check("even.tg", 0, "pass: ");
    assert_says("err", "size 'N' is not bound; taking 4");
    /* Seeds, and values that are there. */
    assert_check("inputs.tg --seed 7", 0, "seed: 7");
    write_text("at.tg", "input x : f64[2]\nloss = sum(log(x))\n");
    tg_bundle bundle = {0};
    tg_array *x = tg_array_new(TG_F64, 1, (const int64_t[]){2}, NULL);
    assert_non_null(x);
    memcpy(x->data, (const double[]){100, 300}, 16);
    assert_int_equal(tg_bundle_add(&bundle, "x", x, NULL), TG_OK);
    assert_int_equal(tg_npz_save("at.npz", &bundle, NULL), TG_OK);
    tg_bundle_clear(&bundle);
    result = check_json("at.tg --load at.npz --json", 0);
    assert_string_equal(text_of(result, "drawn"), "");
    double analytic = json_number_value(json_object_get(
        json_object_get(json_array_get(json_object_get(result, "checks"), 0), "worst"), "analytic"));
    assert_true(fabs(analytic - 0.01) < 1e-12 || fabs(analytic - 1 / 300.0) < 1e-12);
    json_decref(result);
}

/* ---- JSON and JUnit --------------------------------------------------------------------------------------- */

static void json_form(void **state)
{
    (void)state;
    json_t *result = check_json("layer.tg --json --order 2", 0), *check;
    assert_string_equal(text_of(result, "status"), "pass");
    assert_string_equal(text_of(result, "of"), "loss");
    assert_string_equal(text_of(result, "dtype"), "f32");
    int central = 0, forward = 0, second = 0;
    size_t i;
    json_array_foreach(json_object_get(result, "checks"), i, check)
    {
        const char *method = text_of(check, "method");
        json_t *worst = json_object_get(check, "worst"), *index = json_object_get(worst, "index");
        assert_string_equal(text_of(check, "status"), "pass");
        assert_true(json_is_number(json_object_get(check, "max_abs_error")));
        assert_true(json_number_value(json_object_get(check, "max_rel_error")) < 1e-6 || method[0] == 't');
        assert_true(json_is_number(json_object_get(worst, "analytic")));
        assert_true(json_is_number(json_object_get(worst, "numeric")));
        assert_true(json_is_array(index));
        assert_true(json_integer_value(json_object_get(check, "elements")) > 0);
        assert_int_equal(json_integer_value(json_object_get(check, "kinks")), 0);
        int is_W = strcmp(text_of(check, "wrt"), "W") == 0;
        if (is_W) assert_int_equal(json_array_size(index), 2);
        if (is_W) assert_int_equal(json_integer_value(json_object_get(check, "elements")), 12);
        central += strcmp(method, "central") == 0;
        forward += strcmp(method, "forward") == 0;
        second += json_integer_value(json_object_get(check, "order")) == 2;
    }
    assert_int_equal(central, 4);
    assert_int_equal(forward, 4);
    assert_true(second >= 5);
    json_decref(result);
    result = check_json("kinks.tg --json", 0);
    check = json_array_get(json_object_get(result, "checks"), 0);
    assert_int_equal(json_integer_value(json_object_get(check, "kinks")), 4);
    json_decref(result);
    result = check_json("zero.tg --json --of zero", 3);
    assert_string_equal(text_of(result, "status"), "inconclusive");
    json_decref(result);
}

static void junit(void **state)
{
    (void)state;
    assert_check("layer.tg --junit fine.xml", 0, "pass: ");
    assert_says("fine.xml", "<testsuite name=\"layer.tg\" tests=\"6\" failures=\"0\" errors=\"0\"");
    assert_says("fine.xml", "<testcase name=\"W forward order 1\">");
    assert_check("zero.tg --of half --junit zero.xml", 3, "inconclusive: ");
    assert_says("zero.xml", "errors=\"3\"");
}

/* ---- The library ------------------------------------------------------------------------------------------ */

static void library(void **state)
{
    (void)state;
    assert_check("--library --order 1", 0, "\nmatmul ");
    assert_says("out", "pass: 8");
    json_t *result = check_json("--library --json --order 1", 0), *check;
    assert_string_equal(text_of(result, "status"), "pass");
    json_t *checks = json_object_get(result, "checks");
    assert_int_equal(json_array_size(checks), json_integer_value(json_object_get(result, "operations")));
    size_t i;
    json_array_foreach(checks, i, check)
    {
        if (strcmp(text_of(check, "status"), "pass") != 0) fail_msg("%s", text_of(check, "wrt"));
        assert_true(json_number_value(json_object_get(check, "max_rel_error")) < 1e-6);
        assert_true(json_integer_value(json_object_get(check, "cases")) > 0);
    }
    json_decref(result);
}

/* ---- A wrong rule, in a command that has one ---------------------------------------------------------------- */

static int run_wrong(const char *arguments)
{
    char command[1000];
    snprintf(command, sizeof command, "'%s' check %s >out 2>err", TG_TEST_WRONG_COMMAND, arguments);
    int status = system(command);
    return (status >> 8) & 0xff;
}

static void wrong_rule(void **state)
{
    (void)state;
    write_text("wrong.tg", "input x : f64[N, 3]\nparam W : f64[3, 2] = glorot\nh = wrong_tanh(x @ W)\n"
                           "loss = mean(exp(h)^2)\n");
    assert_refused("check wrong.tg", "there is no function 'wrong_tanh'");
    assert_int_equal(run_wrong("wrong.tg --reproducer again.tg --junit wrong.xml"), 1);
    assert_says("out", "fail: ");
    assert_says("out", "the first operation whose own rule fails: wrong_tanh 'h'");
    assert_says("out", "loss = wrong_tanh(x0)\n");
    assert_says("wrong.xml", "<testcase name=\"W central order 1\">\n    <failure");
    assert_says("again.tg", "#   tapegrad check FILE.tg --order 1 --seed 0\n");
    assert_int_equal(run_wrong("again.tg --order 1 --seed 0 --json"), 1);
    assert_says("out", "\"culprit\": \"wrong_tanh 'loss'");
    /* The first rule may be passed around: what does not use it is right. */
    assert_int_equal(run_wrong("layer.tg"), 0);
    assert_int_equal(run_wrong("--library"), 1);
    assert_says("out", "wrong_tanh: fail: ");
    assert_check("layer.tg --reproducer none.tg.out", 0, "pass: ");
    assert_says("err", "there is nothing to reproduce");
}

/* ---- Steps ------------------------------------------------------------------------------------------------ */

/* With every number in it replaced by one '#'. */
static char *without_numbers(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (!isdigit((unsigned char)*from)) {
            *to++ = *from++;
            continue;
        }
        char *end;
        strtod(from, &end);
        from = end;
        *to++ = '#';
    }
    *to = '\0';
    return text;
}

/* The drawing of docs/checking.md is what the command draws, but for the numbers' last digits. */
static void steps(void **state)
{
    (void)state;
    assert_check("'" TG_TEST_SOURCE "/examples/models/xor.tg' --steps steps.svg", 0, "pass: ");
    char *found = without_numbers(read_text("steps.svg"));
    char *expected = without_numbers(read_text(TG_TEST_SOURCE "/docs/images/steps.svg"));
    if (strcmp(found, expected) != 0) fail_msg("docs/images/steps.svg has another structure:\n%s", found);
    free(found);
    free(expected);
    assert_says("steps.svg", ">chosen: h = 0.00");
    assert_says("steps.svg", "prefers-color-scheme:dark");
    assert_refused("check zero.tg --of zero --wrt x --steps zero.svg", "the derivative is zero");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),   cmocka_unit_test(usage), cmocka_unit_test(choices),
        cmocka_unit_test(json_form),  cmocka_unit_test(junit), cmocka_unit_test(library),
        cmocka_unit_test(wrong_rule), cmocka_unit_test(steps),
    };
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
