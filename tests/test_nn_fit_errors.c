/* Training and scoring that cannot be done: data and networks that do not fit, bad settings, failing runs. */
#include <string.h>

#include "nn_helpers.h"

/* Both tg_fit and tg_evaluate refuse, and the message has both parts. */
static void refused(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data, tg_status status,
                    const char *part, const char *other)
{
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.1), .batch = 8};
    tg_fit_result result;
    assert_int_equal(tg_fit(g, build, context, data, &o, &result), status);
    assert_error(g, status, part, other);
    tg_score score = {3, 4};
    assert_int_equal(tg_evaluate(g, build, context, data, 8, &score), status);
    assert_true(score.loss == 3 && score.metric == 4);
    assert_error(g, status, part, other);
}

/* ---- Data --------------------------------------------------------------------------------------------- */

static void test_bad_datasets(void **state)
{
    tg_graph *g = *state;
    tg_array *x = nn_array(10, 2, NULL), *y = nn_array(9, 2, NULL), *none = nn_array(0, 2, NULL);
    tg_array *scalar = tg_array_new(TG_F64, 0, NULL, NULL);
    refused(g, nn_classifier, NULL, NULL, TG_ERR_NULL, "data", "NULL");
    refused(g, nn_classifier, NULL, &(tg_dataset){x, NULL}, TG_ERR_NULL, "data", "NULL");
    refused(g, nn_classifier, NULL, &(tg_dataset){NULL, y}, TG_ERR_NULL, "data", "NULL");
    refused(g, nn_classifier, NULL, &(tg_dataset){x, y}, TG_ERR_SHAPE, "f64[10, 2]", "f64[9, 2]");
    refused(g, nn_classifier, NULL, &(tg_dataset){none, none}, TG_ERR_ARGUMENT, "at least one", "f64[0, 2]");
    refused(g, nn_classifier, NULL, &(tg_dataset){scalar, scalar}, TG_ERR_SHAPE, "examples", "f64[]");
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.1), .validation = &(tg_dataset){x, y}};
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &(tg_dataset){x, x}, &o, NULL), TG_ERR_SHAPE);
    assert_error(g, TG_ERR_SHAPE, "validation", "f64[9, 2]");
    assert_int_equal(tg_node_count(g), 0); /* refused before anything was built */
    tg_array_free(x);
    tg_array_free(y);
    tg_array_free(none);
    tg_array_free(scalar);
}

static void test_data_of_other_types(void **state)
{
    tg_graph *g = *state;
    tg_array *x = nn_array(10, 2, NULL), *wide = nn_array(10, 3, NULL);
    tg_array *single = tg_array_new(TG_F32, 2, (const int64_t[]){10, 2}, NULL);
    refused(g, nn_classifier, NULL, &(tg_dataset){wide, x}, TG_ERR_SHAPE, "network's x", "f64[8, 3]");
    refused(g, nn_classifier, NULL, &(tg_dataset){x, wide}, TG_ERR_SHAPE, "network's y", "f64[8, 3]");
    refused(g, nn_classifier, NULL, &(tg_dataset){single, x}, TG_ERR_DTYPE, "network's x", "f32[8, 2]");
    refused(g, nn_classifier, NULL, &(tg_dataset){x, single}, TG_ERR_DTYPE, "network's y", "f32[8, 2]");
    tg_array_free(x);
    tg_array_free(wide);
    tg_array_free(single);
}

/* ---- Networks ----------------------------------------------------------------------------------------- */

typedef enum fault {
    NO_X,
    NO_Y,
    NO_LOSS,
    LOSS_OF_EACH,
    METRIC_A_SCALAR,
    METRIC_OF_MORE,
    BATCH_IGNORED,
    ERROR_KEPT,
    ERROR_RETURNED,
    INDEX_TOO_LARGE
} fault;

static tg_status faulty(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    const int64_t two = 2;
    tg_status status = nn_classifier(g, n, net, NULL);
    tg_tensor *t = tg_batch_input(g, "t", 5, TG_F64, 1, &two);
    switch (*(const fault *)context) {
    case NO_X:
        net->x = NULL;
        break;
    case NO_Y:
        net->y = NULL;
        break;
    case NO_LOSS:
        net->loss = NULL;
        break;
    case LOSS_OF_EACH:
        net->loss = tg_sum(net->x, TG_AXES(1));
        break;
    case METRIC_A_SCALAR:
        net->metric = net->loss;
        break;
    case METRIC_OF_MORE:
        net->metric = net->x;
        break;
    case BATCH_IGNORED:
        net->x = t;
        break;
    case ERROR_KEPT:
        net->loss = tg_sum(
            tg_mul(net->x, tg_param_init(g, "odd", TG_F64, 1, (const int64_t[]){7}, TG_INIT_HE)), NULL);
        break;
    case ERROR_RETURNED:
        return TG_ERR_IO;
    case INDEX_TOO_LARGE:
        net->loss = tg_add(net->loss,
                           tg_mean(tg_gather(net->x, tg_add_scalar(tg_cast(net->y, TG_I64), 99), 0), NULL));
        break;
    }
    return status;
}

static void test_faulty_networks(void **state)
{
    tg_graph *g = *state;
    static const struct {
        fault fault;
        tg_status status;
        const char *part, *other;
    } cases[] = {
        {NO_X, TG_ERR_NULL, "network", "no x, y or loss"},
        {NO_Y, TG_ERR_NULL, "network", "no x, y or loss"},
        {NO_LOSS, TG_ERR_NULL, "network", "no x, y or loss"},
        {LOSS_OF_EACH, TG_ERR_SHAPE, "loss", "f64[8]"},
        {METRIC_A_SCALAR, TG_ERR_SHAPE, "metric", "f64[]"},
        {METRIC_OF_MORE, TG_ERR_SHAPE, "metric", "f64[8, 2]"},
        {BATCH_IGNORED, TG_ERR_SHAPE, "f64[5, 2]", "f64[8, 2]"},
        {ERROR_KEPT, TG_ERR_SHAPE, "[8, 2]", "[7]"},
        {INDEX_TOO_LARGE, TG_ERR_INDEX, "tg_", "outside"},
    };
    nn_data d;
    nn_data_make(&d, 20, 3);
    for (int i = 0; i < COUNT(cases); i++) {
        fault f = cases[i].fault;
        refused(g, faulty, &f, &d.set, cases[i].status, cases[i].part, cases[i].other);
    }
    fault f = ERROR_RETURNED;
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.1)};
    assert_int_equal(tg_fit(g, faulty, &f, &d.set, &o, NULL), TG_ERR_IO);
    nn_data_free(&d);
}

/* A run that fails changes no param: the step is all or nothing. */
static void test_failing_run_changes_nothing(void **state)
{
    tg_graph *g = *state, *fresh = tg_graph_new(NULL);
    nn_data d;
    nn_data_make(&d, 20, 3);
    tg_net net = {0};
    assert_int_equal(nn_classifier(fresh, 8, &net, NULL), TG_OK);
    fault f = INDEX_TOO_LARGE;
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.1), .batch = 8};
    tg_fit_result result;
    assert_int_equal(tg_fit(g, faulty, &f, &d.set, &o, &result), TG_ERR_INDEX);
    assert_error(g, TG_ERR_INDEX, "tg_fit", "outside");
    assert_int_equal(result.steps, 0);
    assert_false(nn_params_differ(fresh, g));
    assert_int_equal(*(const int64_t *)tg_data(tg_find(g, "train.step")), 0);
    tg_graph_free(fresh);
    nn_data_free(&d);
}

/* ---- Settings ----------------------------------------------------------------------------------------- */

static void test_bad_options(void **state)
{
    tg_graph *g = *state;
    nn_data d;
    nn_data_make(&d, 20, 3);
    const tg_fit_options cases[] = {
        {.epochs = -1},  {.first_epoch = -1},          {.batch = -1}, {.patience = -1, .validation = &d.set},
        {.patience = 1}, {.sampling = (tg_sampling)4},
    };
    const char *const names[] = {"epochs", "first_epoch", "first_step", "first_step",
                                 "batch",  "patience",    "validation", "sampling"};
    for (int i = 0; i < COUNT(cases); i++) {
        assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &cases[i], NULL), TG_ERR_ARGUMENT);
        assert_error(g, TG_ERR_ARGUMENT, "tg_fit", names[i]);
    }
    tg_fit_options bad = {.optimizer = TG_SGD(.rate = -1)};
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &bad, NULL), TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "rate", "-1");
    tg_fit_options huge = {.sampling = TG_UNIFORM, .batch = INT64_MAX};
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &huge, NULL), TG_ERR_MEMORY);
    assert_error(g, TG_ERR_MEMORY, "tg_fit", "9223372036854775807");
    tg_score score;
    assert_int_equal(tg_evaluate(g, nn_classifier, NULL, &d.set, -1, &score), TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "tg_evaluate", "-1");
    nn_data_free(&d);
}

static void test_null_arguments(void **state)
{
    tg_graph *g = *state;
    nn_data d;
    nn_data_make(&d, 20, 3);
    tg_fit_options o = {.epochs = 1};
    tg_score score;
    assert_int_equal(tg_fit(NULL, nn_classifier, NULL, &d.set, &o, NULL), TG_ERR_NULL);
    assert_int_equal(tg_fit(g, NULL, NULL, &d.set, &o, NULL), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_fit", "NULL");
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, NULL, NULL), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_fit", "NULL");
    assert_int_equal(tg_evaluate(NULL, nn_classifier, NULL, &d.set, 1, &score), TG_ERR_NULL);
    assert_int_equal(tg_evaluate(g, NULL, NULL, &d.set, 1, &score), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_evaluate", "NULL");
    assert_int_equal(tg_evaluate(g, nn_classifier, NULL, &d.set, 1, NULL), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_evaluate", "NULL");
    nn_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_bad_datasets),    graph_test(test_data_of_other_types),
        graph_test(test_faulty_networks), graph_test(test_failing_run_changes_nothing),
        graph_test(test_bad_options),     graph_test(test_null_arguments),
    };
    return cmocka_run_group_tests_name("nn fit errors", tests, NULL, NULL);
}
