/* What tg_delta_learn refuses: the message names the field, and nothing has changed. */
#include "delta_example.h"

/* A network, how it is to learn, and copies of what must stay. */
typedef struct request {
    example e, before;
    tg_delta_net net;
    double *weights[2], *biases[2], rates[2], costs[3];
    double *const *weight_list, *const *bias_list;
    tg_delta_learning how;
    const tg_delta_learning *how_given;
} request;

static void prepare_request(request *r, tg_convention convention)
{
    static const int64_t sizes[3] = {3, 4, 2};
    prepare_example(&r->e, convention, 2, sizes, BATCH);
    prepare_example(&r->before, convention, 2, sizes, BATCH);
    fill_random(&r->e, 3);
    fill_random(&r->before, 3);
    r->net = r->e.net;
    for (int l = 0; l < 2; l++) {
        r->weights[l] = r->e.weights[l];
        r->biases[l] = r->e.biases[l];
        r->rates[l] = 0.1;
    }
    r->weight_list = r->weights;
    r->bias_list = r->biases;
    r->how = (tg_delta_learning){.rates = r->rates, .epochs = 2};
    r->how_given = &r->how;
    r->costs[0] = r->costs[1] = r->costs[2] = 42;
}

static void assert_refused(request *r, tg_status expected, const char *words)
{
    tg_diag diag = {TG_OK, ""};
    assert_int_equal(tg_delta_learn(&r->net, r->weight_list, r->bias_list, r->how_given, r->costs, &diag),
                     expected);
    assert_int_equal(diag.status, expected);
    if (strstr(diag.message, words) == NULL) fail_msg("'%s' does not say '%s'", diag.message, words);
    if (strstr(diag.message, "tg_delta_learn: ") != diag.message)
        fail_msg("'%s' names no function", diag.message);
    assert_int_equal(tg_delta_learn(&r->net, r->weight_list, r->bias_list, r->how_given, r->costs, NULL),
                     expected);
    assert_memory_equal(r->e.weights, r->before.weights, sizeof r->e.weights);
    assert_memory_equal(r->e.biases, r->before.biases, sizeof r->e.biases);
    for (int i = 0; i < 3; i++) assert_true(r->costs[i] == 42);
}

static void test_null_arguments(void **state)
{
    (void)state;
    request r;
    tg_diag diag = {TG_OK, ""};
    prepare_request(&r, TG_CONVENTION_ROWS);
    assert_int_equal(tg_delta_learn(NULL, r.weights, r.biases, &r.how, NULL, &diag), TG_ERR_NULL);
    assert_string_equal(diag.message, "tg_delta_learn: net is NULL");
    r.weight_list = NULL;
    assert_refused(&r, TG_ERR_NULL, "weights is NULL");
    r.weight_list = r.weights;
    r.how_given = NULL;
    assert_refused(&r, TG_ERR_NULL, "how is NULL");
    r.how_given = &r.how;
    r.how.rates = NULL;
    assert_refused(&r, TG_ERR_NULL, "how->rates");
    r.how.rates = r.rates;
    r.net.y = NULL;
    assert_refused(&r, TG_ERR_NULL, "net->y");
}

static void test_a_network_that_is_wrong(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        request r;
        prepare_request(&r, (tg_convention)c);
        r.net.batch = 0;
        assert_refused(&r, TG_ERR_ARGUMENT, "net->batch");
        r.net.batch = INT64_MAX;
        assert_refused(&r, TG_ERR_SIZE, "net->batch");
        r.net.batch = BATCH;
        r.net.cost = (tg_cost)N_COSTS;
        assert_refused(&r, TG_ERR_ARGUMENT, "net->cost");
        r.net.cost = TG_COST_QUADRATIC;
        r.e.activations[0] = TG_SOFTMAX;
        assert_refused(&r, TG_ERR_ARGUMENT, "activations[0]");
        r.e.activations[0] = TG_IDENTITY;
        r.net.convention = (tg_convention)TG_CONVENTIONS;
        assert_refused(&r, TG_ERR_ARGUMENT, "net->convention");
    }
}

/* The params to change must be those that the network has. */
static void test_params_of_another_network(void **state)
{
    (void)state;
    request r;
    prepare_request(&r, TG_CONVENTION_DELTA);
    r.weights[1] = r.before.weights[1];
    assert_refused(&r, TG_ERR_ARGUMENT, "weights[1]");
    r.weights[1] = NULL;
    assert_refused(&r, TG_ERR_ARGUMENT, "weights[1]");
    r.weights[1] = r.e.weights[1];
    r.biases[0] = r.before.biases[0];
    assert_refused(&r, TG_ERR_ARGUMENT, "biases[0]");
    r.biases[0] = r.e.biases[0];
    r.bias_list = NULL;
    assert_refused(&r, TG_ERR_ARGUMENT, "biases[0]");
    r.bias_list = r.biases;
    r.net.biases = NULL;
    assert_refused(&r, TG_ERR_ARGUMENT, "biases[0]");
    r.bias_list = NULL;
    assert_int_equal(tg_delta_learn(&r.net, r.weights, NULL, &r.how, NULL, NULL), TG_OK);
}

static void test_bad_rates(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        request r;
        prepare_request(&r, (tg_convention)c);
        r.how.epochs = -1;
        assert_refused(&r, TG_ERR_ARGUMENT, "how->epochs is -1");
        r.how.epochs = 2;
        r.rates[0] = (double)INFINITY;
        assert_refused(&r, TG_ERR_ARGUMENT, "how->rates[0]");
        r.rates[0] = 0.1;
        r.rates[1] = (double)NAN;
        if (c == TG_CONVENTION_COLUMNS)
            assert_refused(&r, TG_ERR_ARGUMENT, "how->rates[1]");
        else
            assert_int_equal(tg_delta_learn(&r.net, r.weights, r.biases, &r.how, NULL, NULL), TG_OK);
    }
}

static void test_draws_that_do_not_fit(void **state)
{
    (void)state;
    static const int64_t wrong[] = {-1, 2, BATCH + 1, INT64_MAX, INT64_MIN};
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        request r;
        prepare_request(&r, (tg_convention)c);
        for (int i = 0; i < 5; i++) {
            r.how.draw = wrong[i];
            assert_refused(&r, TG_ERR_ARGUMENT, "how->draw");
        }
        r.how.draw = 1;
        if (c != TG_CONVENTION_JACOBIAN) assert_refused(&r, TG_ERR_ARGUMENT, "how->draw is 1, expected 0");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_arguments),
        cmocka_unit_test(test_a_network_that_is_wrong),
        cmocka_unit_test(test_params_of_another_network),
        cmocka_unit_test(test_bad_rates),
        cmocka_unit_test(test_draws_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("delta learn errors", tests, NULL, NULL);
}
