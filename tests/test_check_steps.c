/* The error of differences against their step: it falls as theory says, first with the step and then against it. */
#include <math.h>

#include "graph_helpers.h"

#include "check/steps.h"

static const double numbers[4] = {0.7, -1.3, 0.4, 2.1};

static void test_curves(void **state)
{
    tg_graph *g = *state;
    tg_check_steps s;
    tg_diag diag;
    tg_tensor *x = param_1d(g, "x", 4, numbers);
    assert_int_equal(tg_check_measure_steps(tg_sum(tg_exp(tg_sin(x)), NULL), &x, 1, NULL, &s, &diag), TG_OK);
    assert_true(s.step[0] == 1 && fabs(s.step[TG_STEPS - 1] - 1e-12) < 1e-26);
    /* Central differences: 100 times less error for a step 10 times smaller, in both types. */
    assert_true(fabs(s.f64[4] / s.f64[8] - 100) < 20);
    assert_true(fabs(s.f64[8] / s.f64[12] - 100) < 5);
    assert_true(fabs(s.f32[4] / s.f64[4] - 1) < 0.05);
    /* Then rounding: of 1e-7 in f32, of 1e-16 in f64, divided by the step. */
    assert_true(s.f32[24] > 1e-4 && s.f32[24] < 1 && s.f64[24] < 1e-8);
    assert_true(s.f64[40] > 1e-9 && s.f64[40] < 1e-4);
    assert_true(s.extrapolated[8] < 1e-3 * s.f64[8]);
    assert_true(s.chosen > 1e-5 && s.chosen < 0.1 && s.chosen_error < 1e-9);
}

static void test_kinks_are_gaps(void **state)
{
    tg_graph *g = *state;
    tg_check_steps s;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){0.7, -0.3, 0.4, 0.001});
    assert_int_equal(tg_check_measure_steps(tg_square(tg_relu(x)), &x, 1, NULL, &s, NULL), TG_OK);
    assert_true(isnan(s.f64[0]) && isnan(s.extrapolated[0]));
    assert_true(s.f64[20] < 1e-8);
}

static void test_refused(void **state)
{
    tg_graph *g = *state;
    tg_check_steps s;
    tg_diag diag;
    tg_tensor *x = param_1d(g, "x", 4, numbers);
    assert_int_equal(tg_check_measure_steps(tg_sign(x), &x, 1, NULL, &s, &diag), TG_ERR_ARGUMENT);
    assert_contains(diag.message, "zero");
    assert_int_not_equal(tg_check_measure_steps(tg_log(x), &x, 1, NULL, &s, &diag), TG_OK);
    assert_contains(diag.message, "not finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_curves),
        graph_test(test_kinks_are_gaps),
        graph_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
