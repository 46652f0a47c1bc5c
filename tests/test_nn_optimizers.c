/* Optimisers against plain loops in double: every rule, clipping, decay, rates and schedules; and bad settings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn_helpers.h"

/* Three params, of which one is a bias and one ends in "b" without being one. */
#define N_PARAMS 3
#define SIZE 6
#define TOTAL (2 * SIZE + 2)
#define STEPS 12
#define TOLERANCE 2e-14

static const char *const names[N_PARAMS] = {"net.W", "net.b", "other/b"};
static const int64_t counts[N_PARAMS] = {SIZE, SIZE, 2};

/* The loss is the sum of k (p - q)^2 / 2 over all elements: its gradient is k (p - q). */
typedef struct reference {
    double k[TOTAL], q[TOTAL];
    double p[TOTAL], u[TOTAL], m[TOTAL], v[TOTAL];
} reference;

static int param_of(int i)
{
    return i < SIZE ? 0 : i < 2 * SIZE ? 1 : 2;
}

static tg_tensor *make_problem(tg_graph *g, reference *r)
{
    memset(r, 0, sizeof *r);
    nn_fill(r->k, TOTAL, 0.2, 3, 1);
    nn_fill(r->q, TOTAL, -2, 2, 2);
    nn_fill(r->p, TOTAL, -1.5, 1.5, 3);
    tg_tensor *loss = tg_number(g, TG_F64, 0);
    for (int i = 0, at = 0; i < N_PARAMS; at += (int)counts[i], i++) {
        tg_tensor *p = param_1d(g, names[i], counts[i], r->p + at);
        tg_tensor *k = tg_constant(g, TG_F64, 1, &counts[i], r->k + at);
        tg_tensor *q = tg_constant(g, TG_F64, 1, &counts[i], r->q + at);
        loss = tg_add(loss, tg_sum(tg_mul(k, tg_mul_scalar(tg_square(tg_sub(p, q)), 0.5)), NULL));
    }
    return loss;
}

/* ---- The rules in plain C ----------------------------------------------------------------------------- */

static double schedule_at(const tg_schedule *s, int64_t t)
{
    double f = 1, done = s->every > 0 ? fmin((double)t / (double)s->every, 1) : 0;
    switch (s->kind) {
    case TG_SCHEDULE_CONSTANT:
        break;
    case TG_SCHEDULE_STEPS:
        f = pow(s->factor, (double)(t / s->every));
        break;
    case TG_SCHEDULE_EXPONENTIAL:
        f = pow(s->factor, (double)t / (double)s->every);
        break;
    case TG_SCHEDULE_LINEAR:
        f = 1 + (s->factor - 1) * done;
        break;
    case TG_SCHEDULE_COSINE:
        f = s->factor + (1 - s->factor) * (1 + cos(acos(-1) * done)) / 2;
        break;
    }
    return s->warmup > 0 && t + 1 < s->warmup ? f * (double)(t + 1) / (double)s->warmup : f;
}

static double rate_factor(const tg_optimizer *o, const char *name)
{
    for (int i = 0; i < o->n_rates; i++)
        if (strncmp(name, o->rates[i].prefix, strlen(o->rates[i].prefix)) == 0) return o->rates[i].factor;
    return 1;
}

static void clipped_gradient(const tg_optimizer *o, const reference *r, double *g)
{
    double squares = 0;
    for (int i = 0; i < TOTAL; i++) {
        g[i] = r->k[i] * (r->p[i] - r->q[i]);
        if (o->clip_value > 0) g[i] = fmax(fmin(g[i], o->clip_value), -o->clip_value);
        squares += g[i] * g[i];
    }
    double norm = sqrt(squares);
    for (int i = 0; i < TOTAL && o->clip_norm > 0 && norm > o->clip_norm; i++) g[i] *= o->clip_norm / norm;
}

static double direction(const tg_optimizer *o, reference *r, int i, double g, int64_t t)
{
    double beta1 = o->beta1 == 0 ? 0.9 : o->beta1, beta2 = o->beta2 == 0 ? 0.999 : o->beta2;
    double epsilon = o->epsilon == 0 ? 1e-8 : o->epsilon, momentum = o->momentum == 0 ? 0.9 : o->momentum;
    switch (o->kind) {
    case TG_OPTIMIZER_SGD:
        return g;
    case TG_OPTIMIZER_MOMENTUM:
        r->u[i] = momentum * r->u[i] + g;
        return o->nesterov ? g + momentum * r->u[i] : r->u[i];
    case TG_OPTIMIZER_ADAM:
    case TG_OPTIMIZER_ADAMW:
        break;
    }
    r->m[i] = beta1 * r->m[i] + (1 - beta1) * g;
    r->v[i] = beta2 * r->v[i] + (1 - beta2) * g * g;
    double m = r->m[i] / (1 - pow(beta1, (double)(t + 1))), v = r->v[i] / (1 - pow(beta2, (double)(t + 1)));
    return m / (sqrt(v) + epsilon);
}

static void reference_step(const tg_optimizer *o, reference *r, int64_t t)
{
    double g[TOTAL], usual = o->kind >= TG_OPTIMIZER_ADAM ? 0.001 : 0.01;
    clipped_gradient(o, r, g);
    for (int i = 0; i < TOTAL; i++) {
        double rate = (o->rate == 0 ? usual : o->rate) * schedule_at(&o->schedule, t) *
                      rate_factor(o, names[param_of(i)]);
        double decay = param_of(i) == 1 ? 0 : o->decay * r->p[i];
        double d = o->kind == TG_OPTIMIZER_ADAMW ? direction(o, r, i, g[i], t) + decay
                                                 : direction(o, r, i, g[i] + decay, t);
        r->p[i] -= rate * d;
    }
}

/* ---- Comparing ---------------------------------------------------------------------------------------- */

static void compare(tg_graph *g, const char *suffix, const double *expected, const char *what)
{
    for (int i = 0, at = 0; i < N_PARAMS; at += (int)counts[i], i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", names[i], suffix);
        const double *found = nn_value(g, name);
        double largest = 0;
        for (int k = 0; k < counts[i]; k++) largest = fmax(largest, fabs(expected[at + k]));
        for (int k = 0; k < counts[i]; k++)
            if (!(fabs(found[k] - expected[at + k]) <= TOLERANCE * largest))
                fail_msg("%s: %s[%d] is %.17g, expected %.17g", what, name, k, found[k], expected[at + k]);
    }
}

static void check_optimizer(const tg_optimizer *o, int64_t steps, const char *what)
{
    reference r;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *loss = make_problem(g, &r);
    tg_function *step = NULL;
    if (tg_train_step(g, loss, o, &step) != TG_OK) fail_msg("%s: %s", what, tg_error(g));
    for (int64_t t = 0; t < steps; t++) {
        double expected = 0;
        for (int i = 0; i < TOTAL; i++) expected += r.k[i] * (r.p[i] - r.q[i]) * (r.p[i] - r.q[i]) / 2;
        assert_int_equal(tg_run(step), TG_OK);
        nn_check_near(tg_scalar(step, loss), expected, 1e-13, what, t);
        reference_step(o, &r, t);
        compare(g, "", r.p, what);
    }
    int moments = o->kind >= TG_OPTIMIZER_ADAM, momentum = o->kind == TG_OPTIMIZER_MOMENTUM;
    if (momentum) compare(g, ".momentum", r.u, what);
    if (moments) compare(g, ".adam_m", r.m, what);
    if (moments) compare(g, ".adam_v", r.v, what);
    assert_int_equal(tg_param_count(g), N_PARAMS * (1 + momentum + 2 * moments) + 1);
    assert_int_equal(*(const int64_t *)tg_data(tg_find(g, "train.step")), steps);
    tg_function_free(step);
    tg_graph_free(g);
}

static void test_rules(void **state)
{
    (void)state;
    const struct {
        const char *what;
        tg_optimizer o;
    } cases[] = {
        {"SGD", TG_SGD(.rate = 0.1)},
        {"SGD by default", TG_SGD(.rate = 0)},
        {"SGD with decay", TG_SGD(.rate = 0.1, .decay = 0.3)},
        {"momentum", TG_MOMENTUM(.rate = 0.05, .momentum = 0.7)},
        {"momentum by default", TG_MOMENTUM(.rate = 0)},
        {"momentum with decay", TG_MOMENTUM(.rate = 0.05, .decay = 0.2)},
        {"Nesterov", TG_MOMENTUM(.rate = 0.05, .momentum = 0.8, .nesterov = 1)},
        {"Nesterov with decay", TG_MOMENTUM(.rate = 0.05, .nesterov = 1, .decay = 0.2)},
        {"Adam", TG_ADAM(.rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4)},
        {"Adam by default", TG_ADAM(.rate = 0)},
        {"Adam with decay", TG_ADAM(.rate = 0.1, .decay = 0.2)},
        {"AdamW", TG_ADAMW(.rate = 0.1, .decay = 0.2)},
        {"AdamW by default", TG_ADAMW(.rate = 0)},
        {"AdamW with little epsilon", TG_ADAMW(.beta1 = 0.5, .beta2 = 0.6, .epsilon = 1e-12, .decay = 1)},
    };
    for (int i = 0; i < COUNT(cases); i++) check_optimizer(&cases[i].o, STEPS, cases[i].what);
}

static void test_clipping(void **state)
{
    (void)state;
    const struct {
        const char *what;
        tg_optimizer o;
    } cases[] = {
        {"clip_value", TG_SGD(.rate = 0.1, .clip_value = 0.7)},
        {"clip_norm", TG_SGD(.rate = 0.1, .clip_norm = 0.5)},
        {"clip_norm beyond the norm", TG_SGD(.rate = 0.1, .clip_norm = 1e6)},
        {"clip_norm between", TG_SGD(.rate = 0.2, .clip_norm = 4)}, /* the first steps only */
        {"both", TG_MOMENTUM(.rate = 0.1, .clip_norm = 2, .clip_value = 1)},
        {"clip_norm and decay", TG_ADAMW(.rate = 0.1, .clip_norm = 0.5, .decay = 0.1)},
        {"clip_value and decay", TG_SGD(.rate = 0.1, .clip_value = 0.5, .decay = 0.4)},
    };
    for (int i = 0; i < COUNT(cases); i++) check_optimizer(&cases[i].o, STEPS, cases[i].what);
}

/* A gradient of zeros has no direction, and stays zeros. */
static void test_clip_norm_of_zero(void **state)
{
    tg_graph *g = *state;
    tg_tensor *p = param_1d(g, "p", 2, (const double[]){1, 2});
    tg_tensor *loss = tg_sum(tg_square(tg_sub(p, tg_stop_gradient(p))), NULL);
    tg_optimizer o = TG_SGD(.rate = 1, .clip_norm = 1);
    tg_function *step;
    assert_int_equal(tg_train_step(g, loss, &o, &step), TG_OK);
    assert_int_equal(tg_run(step), TG_OK);
    assert_values(p, ((const double[]){1, 2}), 2, 0);
    tg_function_free(step);
}

static void test_own_rates(void **state)
{
    (void)state;
    static const tg_rate rates[] = {{"net.W", 0.5}, {"net.", 3}, {"net.b", 100}, {"othe", 0}};
    tg_optimizer sgd = TG_SGD(.rate = 0.01, .rates = rates, .n_rates = 4);
    tg_optimizer adam = TG_ADAMW(.decay = 0.5, .rates = rates, .n_rates = 4);
    tg_optimizer none = TG_SGD(.rate = 0.01, .rates = rates, .n_rates = 0);
    check_optimizer(&sgd, STEPS, "rates of SGD");
    check_optimizer(&adam, STEPS, "rates of AdamW");
    check_optimizer(&none, STEPS, "an empty list of rates");
}

static void test_schedules(void **state)
{
    (void)state;
    for (int kind = TG_SCHEDULE_CONSTANT; kind <= TG_SCHEDULE_COSINE; kind++)
        for (int warmup = 0; warmup <= 5; warmup += 5) {
            char what[64];
            snprintf(what, sizeof what, "schedule %d, warmup %d", kind, warmup);
            tg_schedule s = {(tg_schedule_kind)kind, 0.3, 5, warmup};
            tg_optimizer sgd = TG_SGD(.rate = 0.1, .schedule = s), adam = TG_ADAM(.schedule = s);
            check_optimizer(&sgd, STEPS, what);
            check_optimizer(&adam, STEPS, what);
        }
}

/* 49 (1 / 49) is less than 1 in floating point: the step must come at t = 49, not later. */
static void test_steps_come_in_time(void **state)
{
    (void)state;
    tg_optimizer o = TG_SGD(.rate = 0.01, .schedule = {TG_SCHEDULE_STEPS, 0.5, 49, 0});
    check_optimizer(&o, 2 * 49 + 3, "steps of 49");
}

/* ---- Several functions and types ---------------------------------------------------------------------- */

static void test_two_batch_sizes_share_states(void **state)
{
    tg_graph *g = *state;
    tg_optimizer o = TG_ADAM(.rate = 0.1);
    tg_function *steps[2];
    for (int i = 0; i < 2; i++) {
        tg_net net;
        assert_int_equal(nn_classifier(g, 3 + i, &net, NULL), TG_OK);
        assert_int_equal(tg_train_step(g, net.loss, &o, &steps[i]), TG_OK);
        assert_int_equal(tg_param_count(g), 4 * 3 + 1);
        double zeros[8] = {0};
        assert_int_equal(tg_set(net.x, zeros, (size_t)tg_count(net.x) * 8), TG_OK);
        assert_int_equal(tg_set(net.y, zeros, (size_t)tg_count(net.y) * 8), TG_OK);
    }
    for (int i = 0; i < 5; i++) assert_int_equal(tg_run(steps[i % 2]), TG_OK);
    assert_int_equal(*(const int64_t *)tg_data(tg_find(g, "train.step")), 5);
    tg_function_free(steps[0]);
    tg_function_free(steps[1]);
}

static void test_f32(void **state)
{
    tg_graph *g = *state;
    const float start[2] = {1, -3};
    const int64_t two = 2;
    tg_tensor *p = tg_param(g, "p", TG_F32, 1, &two, start);
    tg_optimizer o = TG_ADAM(.rate = 0.5, .clip_norm = 100, .schedule = {TG_SCHEDULE_COSINE, 0, 10, 2});
    tg_function *step;
    const tg_compile_options none = {.passes_off = "nosuch"};
    assert_int_equal(tg_train_step_with(g, tg_sum(tg_square(p), NULL), &o, &none, &step), TG_ERR_ARGUMENT);
    tg_clear_error(g);
    assert_int_equal(tg_train_step_with(g, tg_sum(tg_square(p), NULL), &o, NULL, &step), TG_OK);
    assert_int_equal(tg_run(step), TG_OK);
    /* Adam's first step is the rate in the gradient's direction; half of it in the warmup. */
    assert_values(p, ((const double[]){0.75, -2.75}), 2, 1e-6);
    assert_int_equal(tg_dtype_of(tg_find(g, "p.adam_m")), TG_F32);
    tg_function_free(step);
}

static void test_params_of_two_types(void **state)
{
    tg_graph *g = *state;
    const float start = 3;
    tg_tensor *a = scalar_param(g, "a", 1), *b = tg_param(g, "b", TG_F32, 0, NULL, &start),
              *c = scalar_param(g, "c", 2);
    tg_tensor *squares = tg_add(tg_square(a), tg_square(c));
    tg_tensor *loss = tg_add(squares, tg_cast(tg_square(b), TG_F64));
    const tg_optimizer o = TG_SGD(.rate = 0.1);
    tg_function *step;
    assert_int_equal(tg_train_step(g, loss, &o, &step), TG_OK);
    assert_int_equal(tg_run(step), TG_OK);
    assert_values(a, ((const double[]){0.8}), 1, 1e-15);
    assert_values(b, ((const double[]){2.4}), 1, 1e-6);
    assert_values(c, ((const double[]){1.6}), 1, 1e-15);
    tg_function_free(step);
}

/* What the loss does not depend on, and states, stay as they are. */
static void test_only_what_the_loss_needs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *p = scalar_param(g, "p", 1), *aside = scalar_param(g, "aside", 2);
    tg_tensor *kept = tg_state(g, "kept", TG_F64, 0, NULL, NULL);
    tg_tensor *loss = tg_mul(tg_add(p, kept), p);
    tg_optimizer o = TG_MOMENTUM(.rate = 0.1);
    tg_update *updates;
    int n;
    assert_int_equal(tg_optimizer_updates(g, loss, &o, &updates, &n), TG_OK);
    assert_int_equal(n, 3);
    for (int i = 0; i < n; i++) assert_true(updates[i].param != aside && updates[i].param != kept);
    assert_null(tg_find(g, "aside.momentum"));
    tg_updates_free(updates);
    tg_updates_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_clipping),
        graph_test(test_clip_norm_of_zero),
        cmocka_unit_test(test_own_rates),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_steps_come_in_time),
        graph_test(test_two_batch_sizes_share_states),
        graph_test(test_f32),
        graph_test(test_params_of_two_types),
        graph_test(test_only_what_the_loss_needs),
    };
    return cmocka_run_group_tests_name("nn optimizers", tests, NULL, NULL);
}
