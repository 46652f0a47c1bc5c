/* The closed forms with every allocation failing in turn: no leak, a message, and nothing has changed. */
#include "delta_example.h"
#include "failing_alloc.h"

static void assert_no_memory(tg_status status, const tg_diag *diag, const char *call)
{
    assert_int_equal(status, TG_ERR_MEMORY);
    assert_int_equal(diag->status, TG_ERR_MEMORY);
    assert_non_null(strstr(diag->message, call));
    assert_non_null(strstr(diag->message, "no memory"));
}

static void prepare_network(example *e, tg_convention convention, int64_t batch)
{
    prepare_example(e, convention, 2, (int64_t[]){3, 4, 2}, batch);
    fill_random(e, 1);
}

static int rules(void *context)
{
    tg_convention convention = *(tg_convention *)context;
    example e;
    double output[MAX_UNITS * BATCH] = {42};
    prepare_network(&e, convention, convention == TG_CONVENTION_VECTOR ? 1 : BATCH);
    tg_delta_result result = {.cost = 42, .output = output};
    tg_diag diag = {TG_OK, ""};
    tg_status status = tg_delta_rules(&e.net, &result, &diag);
    if (status == TG_OK) return 1;
    assert_no_memory(status, &diag, "tg_delta_rules");
    assert_true(result.cost == 42 && output[0] == 42);
    return 0;
}

static int learn(void *context)
{
    tg_convention convention = *(tg_convention *)context;
    example e, before;
    double rates[2] = {0.1, 0.1}, costs[2] = {42, 42};
    prepare_network(&e, convention, BATCH);
    prepare_network(&before, convention, BATCH);
    tg_delta_learning how = {.rates = rates, .epochs = 1, .draw = convention == TG_CONVENTION_JACOBIAN};
    tg_diag diag = {TG_OK, ""};
    tg_status status = tg_delta_learn(&e.net, (double *[]){e.weights[0], e.weights[1]},
                                      (double *[]){e.biases[0], e.biases[1]}, &how, costs, &diag);
    if (status == TG_OK) return 1;
    assert_no_memory(status, &diag, "tg_delta_learn");
    assert_memory_equal(e.weights, before.weights, sizeof e.weights);
    assert_memory_equal(e.biases, before.biases, sizeof e.biases);
    assert_true(costs[0] == 42 && costs[1] == 42);
    return 0;
}

static void test_memory(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        tg_convention convention = (tg_convention)c;
        assert_int_equal(failing_alloc_every(rules, &convention), 1);
        assert_int_equal(failing_alloc_every(learn, &convention), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests_name("delta memory", tests, NULL, NULL);
}
