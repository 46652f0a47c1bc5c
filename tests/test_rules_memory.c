/* The check of a convention's rules survives every allocation that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <tapegrad/tapegrad.h>

#include "failing_alloc.h"

static int attempt(void *context)
{
    tg_rules_report *report = NULL;
    tg_diag diag = {TG_OK, ""};
    tg_status status = tg_rules_check(context, &report, &diag);
    if (status != TG_OK && status != TG_ERR_MEMORY) fail_msg("%d %s", (int)status, diag.message);
    assert_true(status == TG_OK || status == TG_ERR_MEMORY);
    assert_true((status == TG_OK) == (report != NULL));
    tg_rules_free(report);
    return status == TG_OK;
}

static void test_no_memory(void **state)
{
    (void)state;
    static const int64_t two[] = {2, 2};
    static const tg_activation sigmoid[] = {TG_SIGMOID};
    tg_rules_spec spec = {.convention = TG_CONVENTION_DELTA,
                          .n_layers = 1,
                          .sizes = two,
                          .activations = sigmoid,
                          .cost = TG_COST_QUADRATIC,
                          .batch = 2};
    assert_true(failing_alloc_every(attempt, &spec) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
