/* Optimisers that cannot be made: bad settings, losses without params, names that are taken. */
#include <math.h>
#include <string.h>

#include "nn_helpers.h"

/* The update list is refused, the message has both parts, and no state was made. */
static void refused(tg_graph *g, tg_tensor *loss, const tg_optimizer *o, tg_status status, const char *part,
                    const char *other)
{
    int64_t params = tg_param_count(g);
    tg_update *updates = (tg_update *)1;
    int n = -1;
    assert_int_equal(tg_optimizer_updates(g, loss, o, &updates, &n), status);
    assert_null(updates);
    assert_int_equal(n, 0);
    assert_error(g, status, part, other);
    tg_function *step = (tg_function *)1;
    assert_int_equal(tg_train_step(g, loss, o, &step), status);
    assert_null(step);
    assert_error(g, status, part, other);
    assert_int_equal(tg_param_count(g), params);
}

static void test_bad_numbers(void **state)
{
    tg_graph *g = *state;
    tg_tensor *loss = tg_square(scalar_param(g, "p", 3));
    const struct {
        const char *name;
        tg_optimizer o;
    } cases[] = {
        {"rate", TG_SGD(.rate = -0.1)},
        {"rate", TG_SGD(.rate = (double)NAN)},
        {"rate", TG_ADAM(.rate = (double)INFINITY)},
        {"momentum", TG_MOMENTUM(.momentum = 1)},
        {"momentum", TG_MOMENTUM(.momentum = -0.5)},
        {"beta1", TG_ADAM(.beta1 = 1)},
        {"beta1", TG_ADAM(.beta1 = -0.1)},
        {"beta2", TG_ADAMW(.beta2 = 1.5)},
        {"beta2", TG_ADAM(.beta2 = (double)NAN)},
        {"epsilon", TG_ADAM(.epsilon = -1e-8)},
        {"decay", TG_SGD(.decay = -1)},
        {"decay", TG_ADAMW(.decay = (double)INFINITY)},
        {"clip_norm", TG_SGD(.clip_norm = -1)},
        {"clip_norm", TG_SGD(.clip_norm = (double)NAN)},
        {"clip_value", TG_SGD(.clip_value = -1)},
        {"schedule.factor", TG_SGD(.schedule = {TG_SCHEDULE_STEPS, -0.5, 10, 0})},
        {"schedule.factor", TG_SGD(.schedule = {TG_SCHEDULE_LINEAR, (double)NAN, 10, 0})},
        {"rates[1].factor", TG_SGD(.rates = ((tg_rate[]){{"p", 1}, {"q", -1}}), .n_rates = 2)},
        {"rates[0].factor", TG_SGD(.rates = ((tg_rate[]){{"p", (double)NAN}}), .n_rates = 1)},
    };
    for (int i = 0; i < COUNT(cases); i++)
        refused(g, loss, &cases[i].o, TG_ERR_ARGUMENT, "optimizer", cases[i].name);
}

static void test_bad_choices(void **state)
{
    tg_graph *g = *state;
    tg_tensor *loss = tg_square(scalar_param(g, "p", 3));
    const struct {
        const char *name, *value;
        tg_optimizer o;
    } cases[] = {
        {"kind", "9", {.kind = (tg_optimizer_kind)9}},
        {"kind", "-1", {.kind = (tg_optimizer_kind)-1}},
        {"schedule.kind", "8", TG_SGD(.schedule = {(tg_schedule_kind)8, 1, 1, 0})},
        {"schedule.every", "0", TG_SGD(.schedule = {TG_SCHEDULE_COSINE, 0.5, 0, 0})},
        {"schedule.every", "-3", TG_SGD(.schedule = {TG_SCHEDULE_STEPS, 0.5, -3, 0})},
        {"schedule.warmup", "-2", TG_SGD(.schedule = {TG_SCHEDULE_CONSTANT, 0, 0, -2})},
        {"n_rates", "-1", TG_SGD(.n_rates = -1)},
        {"rates", "NULL", TG_SGD(.n_rates = 2)},
        {"rates[0].prefix", "NULL", TG_SGD(.rates = ((tg_rate[]){{NULL, 1}}), .n_rates = 1)},
    };
    for (int i = 0; i < COUNT(cases); i++)
        refused(g, loss, &cases[i].o, TG_ERR_ARGUMENT, cases[i].name, cases[i].value);
}

static void test_bad_losses(void **state)
{
    tg_graph *g = *state;
    tg_optimizer o = TG_ADAM(.rate = 0.1);
    tg_tensor *p = param_1d(g, "p", 3, NULL), *x = tg_input(g, "x", TG_F64, 0, NULL);
    refused(g, tg_square(x), &o, TG_ERR_ARGUMENT, "loss", "no param");
    refused(g, tg_square(tg_state(g, "s", TG_F64, 0, NULL, NULL)), &o, TG_ERR_ARGUMENT, "loss", "no param");
    refused(g, tg_square(p), &o, TG_ERR_SHAPE, "3 elements", "expected 1");
    refused(g, NULL, &o, TG_ERR_NULL, "NULL", "output");
    tg_graph *other = tg_graph_new(NULL);
    refused(g, tg_square(scalar_param(other, "p", 1)), &o, TG_ERR_GRAPH, "graph", "");
    tg_graph_free(other);
}

/* A loss that is NULL because building it failed: the message still tells why. */
static void test_first_cause_is_kept(void **state)
{
    tg_graph *g = *state;
    tg_optimizer o = TG_ADAM(.rate = 0.1);
    tg_tensor *a = param_1d(g, "a", 3, NULL), *b = param_1d(g, "b", 4, NULL);
    tg_tensor *loss = tg_sum(tg_mul(a, b), NULL);
    assert_null(loss);
    tg_function *step = (tg_function *)1;
    assert_true(tg_train_step(g, loss, &o, &step) != TG_OK);
    assert_null(step);
    assert_error(g, TG_ERR_SHAPE, "[3]", "[4]");
}

static void test_null_arguments(void **state)
{
    tg_graph *g = *state;
    tg_tensor *loss = tg_square(scalar_param(g, "p", 3));
    tg_optimizer o = TG_ADAM(.rate = 0.1);
    tg_update *updates = NULL;
    tg_function *step;
    int n;
    assert_int_equal(tg_optimizer_updates(NULL, loss, &o, &updates, &n), TG_ERR_NULL);
    assert_int_equal(tg_optimizer_updates(g, loss, NULL, &updates, &n), TG_ERR_NULL);
    assert_int_equal(tg_optimizer_updates(g, loss, &o, NULL, &n), TG_ERR_NULL);
    assert_int_equal(tg_optimizer_updates(g, loss, &o, &updates, NULL), TG_ERR_NULL);
    assert_int_equal(tg_train_step(g, loss, NULL, &step), TG_ERR_NULL);
    assert_null(step);
    assert_int_equal(tg_train_step(g, loss, &o, NULL), TG_ERR_NULL);
    assert_int_equal(tg_train_step(NULL, loss, &o, &step), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_optimizer_updates", "NULL");
}

/* Names that the optimiser needs and that hold something else. */
static void test_taken_names(void **state)
{
    (void)state;
    const tg_optimizer o = TG_MOMENTUM(.rate = 0.1);
    for (int i = 0; i < 5; i++) {
        tg_graph *g = tg_graph_new(NULL);
        const char *name = i < 3 ? "p.momentum" : "train.step";
        if (i == 0) param_1d(g, name, 2, NULL);
        if (i == 1) tg_input(g, name, TG_F64, 0, NULL);
        if (i == 2) tg_state(g, name, TG_F32, 0, NULL, NULL);
        if (i == 3) tg_input(g, name, TG_I64, 0, NULL);
        if (i == 4) tg_state(g, name, TG_F64, 0, NULL, NULL);
        tg_tensor *loss = tg_square(scalar_param(g, "p", 3));
        tg_function *step;
        assert_int_equal(tg_train_step(g, loss, &o, &step), TG_ERR_NAME);
        assert_null(step);
        assert_error(g, TG_ERR_NAME, "optimizer", name);
        tg_graph_free(g);
    }
}

static void test_name_too_long_for_states(void **state)
{
    tg_graph *g = *state;
    char name[252];
    memset(name, 'n', sizeof name);
    name[251] = '\0';
    tg_tensor *loss = tg_square(scalar_param(g, name, 3));
    tg_optimizer sgd = TG_SGD(.rate = 0.1), momentum = TG_MOMENTUM(.rate = 0.1);
    tg_function *step;
    assert_int_equal(tg_train_step(g, loss, &momentum, &step), TG_ERR_NAME);
    assert_error(g, TG_ERR_NAME, "optimizer", "too long");
    assert_int_equal(tg_train_step(g, loss, &sgd, &step), TG_OK);
    tg_function_free(step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_bad_numbers),
        graph_test(test_bad_choices),
        graph_test(test_bad_losses),
        graph_test(test_first_cause_is_kept),
        graph_test(test_null_arguments),
        cmocka_unit_test(test_taken_names),
        graph_test(test_name_too_long_for_states),
    };
    return cmocka_run_group_tests_name("nn optimizer errors", tests, NULL, NULL);
}
