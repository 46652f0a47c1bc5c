/* The closed forms: results that are not wanted, biases that are not there, bad input, names. */
#include "delta_example.h"

static int64_t batch_of(int convention)
{
    return convention == TG_CONVENTION_VECTOR ? 1 : BATCH;
}

static void test_absent_biases(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        example e;
        gradients zero_bias, no_entry, no_array;
        prepare_example(&e, (tg_convention)c, 3, (int64_t[]){3, 4, 2, 3}, batch_of(c));
        fill_random(&e, 1);
        memset(e.biases[1], 0, sizeof e.biases[1]);
        e.activations[0] = TG_TANH;
        compute(&e.net, &zero_bias);
        e.bias_list[1] = NULL;
        compute(&e.net, &no_entry);
        assert_memory_equal(zero_bias.deltas, no_entry.deltas, sizeof no_entry.deltas);
        assert_memory_equal(zero_bias.dbiases, no_entry.dbiases, sizeof no_entry.dbiases);
        memset(e.biases, 0, sizeof e.biases);
        compute(&e.net, &zero_bias);
        e.net.biases = NULL;
        compute(&e.net, &no_array);
        assert_memory_equal(zero_bias.dweights, no_array.dweights, sizeof no_array.dweights);
        assert_memory_equal(zero_bias.dbiases, no_array.dbiases, sizeof no_array.dbiases);
    }
}

static void test_unwanted_results(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        example e;
        gradients all;
        prepare_example(&e, (tg_convention)c, 2, (int64_t[]){3, 4, 2}, batch_of(c));
        fill_random(&e, 1);
        compute(&e.net, &all);
        double wanted[MAX_UNITS * MAX_UNITS] = {0};
        wanted[0] = (double)NAN; /* what was there before has no part in it */
        double *some[2] = {NULL, wanted}, *none[2] = {NULL, NULL};
        tg_delta_result result = {.deltas = none, .inputs = none, .dweights = some, .dbiases = none};
        assert_int_equal(tg_delta_rules(&e.net, &result, NULL), TG_OK);
        assert_memory_equal(wanted, all.dweights[1], sizeof wanted);
        assert_memory_equal(&result.cost, &all.result.cost, sizeof(double));
        result = (tg_delta_result){0};
        assert_int_equal(tg_delta_rules(&e.net, &result, NULL), TG_OK);
        assert_memory_equal(&result.cost, &all.result.cost, sizeof(double));
    }
}

/* Expects the status and the field's name in the message, and the result untouched. */
static void assert_refused(const tg_delta_net *net, tg_status expected, const char *field)
{
    tg_delta_result result = {.cost = 42.0};
    tg_diag diag = {TG_OK, ""};
    assert_int_equal(tg_delta_rules(net, &result, &diag), expected);
    assert_int_equal(diag.status, expected);
    if (strstr(diag.message, field) == NULL) fail_msg("'%s' does not name %s", diag.message, field);
    assert_true(result.cost == 42.0);
    assert_int_equal(tg_delta_rules(net, &result, NULL), expected);
}

static void test_null_arguments(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, TG_CONVENTION_ROWS, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_diag diag;
    assert_int_equal(tg_delta_rules(&good, NULL, &diag), TG_ERR_NULL);
    assert_non_null(strstr(diag.message, "result"));
    assert_refused(NULL, TG_ERR_NULL, "net");
    tg_delta_net bad = good;
    bad.sizes = NULL;
    assert_refused(&bad, TG_ERR_NULL, "sizes");
    bad = good;
    bad.activations = NULL;
    assert_refused(&bad, TG_ERR_NULL, "activations");
    bad = good;
    bad.x = NULL;
    assert_refused(&bad, TG_ERR_NULL, "net->x");
    bad = good;
    bad.y = NULL;
    assert_refused(&bad, TG_ERR_NULL, "net->y");
    bad = good;
    bad.weights = NULL;
    assert_refused(&bad, TG_ERR_NULL, "weights");
    e.weight_list[1] = NULL;
    assert_refused(&good, TG_ERR_NULL, "weights[1]");
}

static void test_bad_values(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, TG_CONVENTION_ROWS, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_delta_net bad = good;
    bad.n_layers = 0;
    assert_refused(&bad, TG_ERR_ARGUMENT, "n_layers");
    bad = good;
    bad.batch = 0;
    assert_refused(&bad, TG_ERR_ARGUMENT, "batch");
    bad = good;
    bad.cost = (tg_cost)N_COSTS;
    assert_refused(&bad, TG_ERR_ARGUMENT, "cost");
    bad.cost = (tg_cost)-1;
    assert_refused(&bad, TG_ERR_ARGUMENT, "cost");
    bad = good;
    bad.convention = (tg_convention)TG_CONVENTIONS;
    assert_refused(&bad, TG_ERR_ARGUMENT, "net->convention is 5");
    bad.convention = (tg_convention)-1;
    assert_refused(&bad, TG_ERR_ARGUMENT, "convention");
    bad.convention = TG_CONVENTION_VECTOR;
    assert_refused(&bad, TG_ERR_ARGUMENT, "net->batch is 3");
    e.activations[1] = (tg_activation)N_ACTIVATIONS;
    assert_refused(&good, TG_ERR_ARGUMENT, "activations[1]");
    e.activations[1] = TG_IDENTITY;
    e.activations[0] = TG_SOFTMAX;
    assert_refused(&good, TG_ERR_ARGUMENT, "activations[0] is softmax");
    e.activations[0] = TG_IDENTITY;
    for (int l = 0; l <= 2; l++) {
        int64_t saved = e.sizes[l];
        e.sizes[l] = l == 1 ? -1 : 0;
        assert_refused(&good, TG_ERR_ARGUMENT, (const char *[]){"sizes[0]", "sizes[1]", "sizes[2]"}[l]);
        e.sizes[l] = saved;
    }
}

static void test_sizes_that_overflow(void **state)
{
    (void)state;
    example e;
    prepare_example(&e, TG_CONVENTION_ROWS, 2, (int64_t[]){3, 4, 2}, BATCH);
    const tg_delta_net good = e.net;
    tg_delta_net bad = good;
    bad.batch = INT64_MAX;
    assert_refused(&bad, TG_ERR_SIZE, "batch");
    e.sizes[0] = e.sizes[1] = (int64_t)1 << 40;
    assert_refused(&good, TG_ERR_SIZE, "weights[0]");
    e.sizes[0] = e.sizes[2] = 1;
    e.sizes[1] = INT64_MAX / (int64_t)(2 * sizeof(double) * BATCH); /* one array of it fits, three do not */
    bad = good;
    bad.n_layers = 1;
    assert_refused(&bad, TG_ERR_SIZE, "layers");
}

/* ---- names ---- */

static void test_names(void **state)
{
    (void)state;
    static const char *const conventions[] = {"vector", "jacobian", "delta", "rows", "columns"};
    static const char *const activations[] = {"identity", "sigmoid", "tanh",     "relu", "leaky_relu", "elu",
                                              "gelu",     "silu",    "softplus", "sin",  "softmax"};
    static const char *const costs[] = {
        "quadratic", "l1", "huber", "logistic", "hinge", "cross_entropy", "binary_cross_entropy"};
    for (int i = 0; i < TG_CONVENTIONS; i++) {
        assert_string_equal(tg_convention_name((tg_convention)i), conventions[i]);
        assert_int_equal(tg_convention_find(conventions[i]), i);
    }
    for (int i = 0; i < N_ACTIVATIONS; i++) {
        assert_string_equal(tg_activation_name((tg_activation)i), activations[i]);
        assert_int_equal(tg_activation_find(activations[i]), i);
    }
    for (int i = 0; i < N_COSTS; i++) {
        assert_string_equal(tg_cost_name((tg_cost)i), costs[i]);
        assert_int_equal(tg_cost_find(costs[i]), i);
    }
}

static void test_no_such_names(void **state)
{
    (void)state;
    assert_null(tg_convention_name((tg_convention)TG_CONVENTIONS));
    assert_null(tg_convention_name((tg_convention)-1));
    assert_null(tg_activation_name((tg_activation)N_ACTIVATIONS));
    assert_null(tg_activation_name((tg_activation)-1));
    assert_null(tg_cost_name((tg_cost)N_COSTS));
    assert_null(tg_cost_name((tg_cost)-1));
    static const char *const none[] = {"", "row", "rows ", "Rows", "softmaxi", NULL};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(tg_convention_find(none[i]), -1);
        assert_int_equal(tg_activation_find(none[i]), -1);
        assert_int_equal(tg_cost_find(none[i]), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_biases),       cmocka_unit_test(test_unwanted_results),
        cmocka_unit_test(test_null_arguments),      cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_sizes_that_overflow), cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_such_names),
    };
    return cmocka_run_group_tests_name("delta arguments", tests, NULL, NULL);
}
