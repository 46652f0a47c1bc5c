/* The training loop from outside: callbacks, stopping, patience, scores, and what does not fit. */
#include <math.h>
#include <string.h>

#include "nn_helpers.h"

/* ---- Callbacks ---------------------------------------------------------------------------------------- */

typedef struct calls {
    int64_t steps, epochs;               /* how often each callback was called */
    int64_t stop_at_step, stop_at_epoch; /* 0: never */
    int64_t epochs_expected, steps_expected, first_epoch;
    int validates;
    tg_score last; /* of the last epoch */
} calls;

static void check_progress(const tg_progress *p, const calls *c)
{
    assert_non_null(p->graph);
    assert_int_equal(p->epochs, c->epochs_expected);
    assert_int_equal(p->steps, c->steps_expected);
    assert_int_equal(p->epoch, c->first_epoch + c->epochs);
    assert_true(p->train.loss > 0 && p->train.metric >= 0 && p->train.metric <= 1);
}

static int on_step(const tg_progress *p, void *context)
{
    calls *c = context;
    check_progress(p, c);
    assert_int_equal(p->step, c->steps % c->steps_expected + 1);
    assert_true(isnan(p->validation.loss) && isnan(p->validation.metric));
    c->steps++;
    return c->steps == c->stop_at_step;
}

static int on_epoch(const tg_progress *p, void *context)
{
    calls *c = context;
    check_progress(p, c);
    assert_int_equal(p->step, p->steps);
    assert_int_equal(isnan(p->validation.loss), !c->validates);
    c->last = p->validation;
    c->epochs++;
    return c->epochs == c->stop_at_epoch;
}

static tg_fit_options options_with(calls *c)
{
    return (tg_fit_options){.optimizer = TG_SGD(.rate = 0.1),
                            .epochs = c->epochs_expected,
                            .batch = 8,
                            .seed = 4,
                            .first_epoch = c->first_epoch,
                            .on_step = on_step,
                            .on_epoch = on_epoch,
                            .context = c};
}

static void test_callbacks(void **state)
{
    tg_graph *g = *state;
    nn_data d;
    nn_data_make(&d, 37, 3);
    calls c = {.epochs_expected = 6, .steps_expected = 5, .first_epoch = 2};
    tg_fit_options o = options_with(&c);
    tg_fit_result result;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
    assert_int_equal(c.steps, 4 * 5);
    assert_int_equal(c.epochs, 4);
    assert_int_equal(result.epochs, 6);
    assert_int_equal(result.steps, 4 * 5);
    /* Nothing is left to do, and the epochs before count as done. */
    o.first_epoch = 6;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
    assert_int_equal(result.epochs, 6);
    assert_int_equal(result.steps, 0);
    assert_true(isnan(result.train.loss));
    nn_data_free(&d);
}

/* Stopping after some steps leaves the params as training for so many steps does. */
static void test_stopping(void **state)
{
    tg_graph *g = *state, *whole = tg_graph_new(NULL);
    nn_data d;
    nn_data_make(&d, 40, 3);
    calls c = {.epochs_expected = 6, .steps_expected = 5, .stop_at_step = 10};
    tg_fit_options o = options_with(&c);
    tg_fit_result result;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_STOPPED);
    assert_int_equal(c.steps, 10);
    assert_int_equal(c.epochs, 1);
    assert_int_equal(result.steps, 10);
    assert_int_equal(result.epochs, 1); /* stopped before the second was complete */
    assert_int_equal(*(const int64_t *)tg_data(tg_find(g, "train.step")), 10);
    assert_int_equal(tg_graph_status(g), TG_OK);
    calls two = {.epochs_expected = 6, .steps_expected = 5, .stop_at_epoch = 2};
    o = options_with(&two);
    assert_int_equal(tg_fit(whole, nn_classifier, NULL, &d.set, &o, &result), TG_STOPPED);
    assert_int_equal(two.epochs, 2);
    assert_int_equal(result.epochs, 2);
    assert_false(result.stopped_early);
    nn_assert_same_params(g, whole);
    tg_graph_free(whole);
    nn_data_free(&d);
}

/* ---- Validation and patience -------------------------------------------------------------------------- */

static void test_validation(void **state)
{
    tg_graph *g = *state;
    nn_data d, held;
    nn_data_make(&d, 40, 3);
    nn_data_make(&held, 300, 9); /* more than the 256 of a batch */
    calls c = {.epochs_expected = 3, .steps_expected = 5, .validates = 1};
    tg_fit_options o = options_with(&c);
    o.validation = &held.set;
    tg_fit_result result;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
    assert_true(tg_find(g, "x.256") != NULL && tg_find(g, "x.44") != NULL);
    tg_score expected = nn_classifier_score(g, &held);
    nn_check_near(result.validation.loss, expected.loss, 1e-13, "validation loss", 0);
    nn_check_near(result.validation.metric, expected.metric, 1e-13, "validation metric", 0);
    assert_memory_equal(&c.last, &result.validation, sizeof c.last);
    /* Validation changes nothing. */
    tg_graph *without = tg_graph_new(NULL);
    calls plain = {.epochs_expected = 3, .steps_expected = 5};
    o = options_with(&plain);
    assert_int_equal(tg_fit(without, nn_classifier, NULL, &d.set, &o, NULL), TG_OK);
    nn_assert_same_params(g, without);
    tg_graph_free(without);
    nn_data_free(&d);
    nn_data_free(&held);
}

/* Data with the opposite classes become worse with every epoch: the first is the best. */
static void test_patience(void **state)
{
    (void)state;
    nn_data d, opposite;
    nn_data_make(&d, 40, 3);
    nn_data_make(&opposite, 40, 3);
    double *y = opposite.y->data;
    for (int i = 0; i < 80; i++) y[i] = 1 - y[i];
    for (int64_t patience = 1; patience <= 3; patience++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.1),
                            .epochs = 50,
                            .batch = 8,
                            .validation = &opposite.set,
                            .patience = patience};
        tg_fit_result result;
        assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
        assert_true(result.stopped_early);
        assert_int_equal(result.epochs, 1 + patience);
        tg_graph_free(g);
    }
    tg_graph *g = tg_graph_new(NULL);
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 0.01),
                        .epochs = 12,
                        .batch = 8,
                        .validation = &d.set,
                        .patience = 1}; /* that of the training data becomes better */
    tg_fit_result result;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
    assert_false(result.stopped_early);
    assert_int_equal(result.epochs, 12);
    tg_graph_free(g);
    nn_data_free(&d);
    nn_data_free(&opposite);
}

/* Training data (x = 1, y = 0) move p by -1 an epoch; validation data (x = 0, y = 1) cost what the table says. */
static tg_status tabled_net(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    const int64_t length = 10, one = 1;
    net->x = tg_batch_input(g, "x", n, TG_F64, 1, &one);
    net->y = tg_batch_input(g, "y", n, TG_F64, 1, &one);
    tg_tensor *p = tg_param_init(g, "p", TG_F64, 0, NULL, TG_INIT_ZEROS);
    tg_tensor *cost = tg_gather(tg_constant(g, TG_F64, 1, &length, context), tg_cast(tg_neg(p), TG_I64), 0);
    net->loss = tg_add(tg_mul(tg_mean(net->x, NULL), p), tg_mul(tg_mean(net->y, NULL), cost));
    return tg_graph_status(g);
}

/* The smallest loss so far counts, not the last one, and waiting begins anew with every smaller one. */
static void test_patience_counts_from_the_best(void **state)
{
    (void)state;
    double table[10] = {9, 1, 2, 1.5, 0.5, 3, 0.75, 0.5, 0.25, 0.125}; /* after epoch e: entry e + 1 */
    const int64_t epochs[5] = {0, 2, 3, 7, 9};
    tg_array *one = nn_array(1, 1, (const double[]){1}), *zero = nn_array(1, 1, NULL);
    const tg_dataset training = {one, zero}, validation = {zero, one};
    for (int64_t patience = 1; patience <= 4; patience++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_fit_options o = {
            .optimizer = TG_SGD(.rate = 1), .epochs = 9, .validation = &validation, .patience = patience};
        tg_fit_result result;
        assert_int_equal(tg_fit(g, tabled_net, table, &training, &o, &result), TG_OK);
        assert_int_equal(result.epochs, epochs[patience]);
        assert_int_equal(result.stopped_early, patience < 4);
        assert_true(result.validation.loss == table[result.epochs]);
        tg_graph_free(g);
    }
    tg_array_free(one);
    tg_array_free(zero);
}

/* ---- Scores ------------------------------------------------------------------------------------------- */

static tg_status without_metric(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    tg_status status = nn_classifier(g, n, net, context);
    net->metric = NULL;
    return status;
}

static void test_evaluate(void **state)
{
    tg_graph *g = *state;
    nn_data d;
    nn_data_make(&d, 23, 3);
    const int64_t batches[] = {0, 1, 4, 22, 23, 24, 1000};
    for (int i = 0; i < COUNT(batches); i++) {
        tg_score score;
        assert_int_equal(tg_evaluate(g, nn_classifier, NULL, &d.set, batches[i], &score), TG_OK);
        tg_score expected = nn_classifier_score(g, &d);
        nn_check_near(score.loss, expected.loss, 1e-13, "loss, batch", batches[i]);
        nn_check_near(score.metric, expected.metric, 1e-13, "metric, batch", batches[i]);
        tg_score same;
        const tg_compile_options two = {.threads = 2};
        assert_int_equal(tg_evaluate_with(g, nn_classifier, NULL, &d.set, batches[i], &two, &same), TG_OK);
        assert_memory_equal(&same, &score, sizeof same);
        assert_int_equal(tg_evaluate(g, without_metric, NULL, &d.set, batches[i], &score), TG_OK);
        nn_check_near(score.loss, expected.loss, 1e-13, "loss, batch", batches[i]);
        assert_true(isnan(score.metric));
    }
    assert_int_equal(tg_param_count(g), 4);
    /* A network for the batches and one for what is left, no others: 23 = 5 x 4 + 3. */
    assert_true(tg_find(g, "x.4") != NULL && tg_find(g, "x.3") != NULL);
    assert_null(tg_find(g, "x.19"));
    nn_data_free(&d);
}

/* With a rate too small to matter the score while training is the score. */
static void test_score_while_training(void **state)
{
    tg_graph *g = *state;
    nn_data d;
    nn_data_make(&d, 37, 3);
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 1e-15), .batch = 8};
    tg_fit_result result;
    assert_int_equal(tg_fit(g, nn_classifier, NULL, &d.set, &o, &result), TG_OK);
    assert_int_equal(result.epochs, 1);
    tg_score expected = nn_classifier_score(g, &d);
    nn_check_near(result.train.loss, expected.loss, 1e-12, "loss", 0);
    nn_check_near(result.train.metric, expected.metric, 1e-12, "metric", 0);
    assert_int_equal(tg_fit(g, without_metric, NULL, &d.set, &o, &result), TG_OK);
    assert_true(isnan(result.train.metric));
    nn_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_callbacks),
        graph_test(test_stopping),
        graph_test(test_validation),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_patience_counts_from_the_best),
        graph_test(test_evaluate),
        graph_test(test_score_while_training),
    };
    return cmocka_run_group_tests_name("nn fit control", tests, NULL, NULL);
}
