/* A process whose locale writes 0,5: programs, texts and reports have a decimal point all the same. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang_helpers.h"

/* Goes to a locale with a decimal comma; 77 ends the tests as skipped where there is none. */
static int enter_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL && strcmp(localeconv()->decimal_point, ",") == 0) return 1;
    return 0;
}

/* The locale itself must be what it was before. */
static void assert_comma(void)
{
    char text[8];
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5");
}

static double value_of(program *p, const char *name)
{
    tg_tensor *t = tg_model_find(p->model, name);
    double value = (double)NAN;
    assert_non_null(t);
    assert_int_equal(tg_eval(p->graph, &t, 1, &value, sizeof value), TG_OK);
    return value;
}

static void test_numbers_of_programs(void **state)
{
    (void)state;
    program p = program_of("param w : f64[] = constant(-2.75)\n"
                           "const s : f32[] = 0.1\n"
                           "a = 1.5e-1 + w\n"
                           "b = leaky_relu(-1.0 * w / w)\n"
                           "c = cast(s, f64)\n");
    assert_string_equal(p.problems, "");
    assert_true(value_of(&p, "w") == -2.75);
    assert_true(value_of(&p, "a") == 0.15 - 2.75);
    assert_true(value_of(&p, "b") == -0.01); /* the default of an argument */
    assert_true(value_of(&p, "c") == (double)0.1F);
    program_free(&p);
    assert_comma();
}

static void test_texts(void **state)
{
    (void)state;
    program p = program_of("param w : f64[2]\ny = leaky_relu(w, slope=0.25) * 1.125\n");
    char *text = tg_expression(tg_model_find(p.model, "y"), TG_TEXT);
    assert_non_null(text);
    assert_non_null(strstr(text, "0.25"));
    assert_non_null(strstr(text, "1.125"));
    assert_null(strstr(text, "0,25"));
    tg_text_free(text);
    program_free(&p);
    assert_comma();
}

static void test_messages(void **state)
{
    (void)state;
    program p = program_of("const k : i64[] = 1.5\n");
    assert_non_null(strstr(p.problems, "1.5 is not a value of type i64"));
    program_free(&p);
}

/* The report of a gradient that is off by a factor, as JSON and as text. */
static void square(const double *x, double *y, void *context)
{
    (void)context;
    *y = x[0] * x[0];
}

static void half_of_its_slope(const double *x, double *gradient, void *context)
{
    (void)context;
    gradient[0] = x[0];
}

static void test_reports(void **state)
{
    (void)state;
    tg_callback call = {.n = 1, .m = 1, .f = square, .gradient = half_of_its_slope};
    double x = 0.7;
    tg_check_report *report = NULL;
    assert_int_equal(tg_check_callback(&call, &x, NULL, &report), TG_FAIL);
    char *json = tg_check_json(report), *text = tg_check_text(report), *junit = tg_check_junit(report, "s");
    assert_non_null(strstr(json, "\"analytic\": 0.69999"));
    assert_null(strstr(json, "0,69999"));
    assert_non_null(strstr(text, "analytic 0.7"));
    assert_null(strstr(text, "0,7"));
    assert_non_null(strstr(junit, "analytic 0.7"));
    tg_text_free(json);
    tg_text_free(text);
    tg_text_free(junit);
    tg_check_free(report);
    assert_comma();
}

int main(void)
{
    if (!enter_comma_locale()) {
        puts("there is no locale with a decimal comma");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_programs),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
