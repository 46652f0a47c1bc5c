/* The learning rules: updates by hand, updates in the order and number that each convention says, uniform draws. */
#include "delta_example.h"

/* Trains an example in place. */
static void learn(example *e, const tg_delta_learning *how, double *costs)
{
    double *weights[MAX_LAYERS], *biases[MAX_LAYERS];
    for (int l = 0; l < MAX_LAYERS; l++) {
        weights[l] = e->weights[l];
        biases[l] = e->bias_list[l] ? e->biases[l] : NULL;
    }
    tg_diag diag = {TG_OK, ""};
    if (tg_delta_learn(&e->net, weights, e->net.biases ? biases : NULL, how, costs, &diag) != TG_OK)
        fail_msg("%s", diag.message);
}

/* One weight w = 1 and one bias b = 0, identity, x = (1, 2), y = (0, 1): a = (1, 2), cost 1/2 each, rate 1/2.
 * All at once:     dw = (1*1 + 2*1) / 2 = 3/2, db = 1:       w = 1/4, b = -1/2; a = (-1/4, 0), cost 17/64
 * One by one:      dw = 1, db = 1:                           w = 1/2, b = -1/2;
 *                  a = 2/2 - 1/2 = 1/2, db = -1/2, dw = -1:  w = 1, b = -1/4;   a = (3/4, 7/4), cost 9/32 */
static void test_updates_by_hand(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        example e;
        double costs[2], rate = 0.5;
        int one_by_one = c == TG_CONVENTION_VECTOR;
        prepare_example(&e, (tg_convention)c, 1, (int64_t[]){1, 1}, 2);
        e.weights[0][0] = 1;
        memcpy(e.x, (double[]){1, 2}, 2 * sizeof(double));
        memcpy(e.y, (double[]){0, 1}, 2 * sizeof(double));
        learn(&e, &(tg_delta_learning){.rates = &rate, .epochs = 1}, costs);
        assert_near(e.weights[0][0], one_by_one ? 1 : 0.25, 0, "w");
        assert_near(e.biases[0][0], one_by_one ? -0.25 : -0.5, 0, "b");
        assert_near(costs[0], 0.5, 0, "cost before");
        assert_near(costs[1], one_by_one ? 9.0 / 32 : 17.0 / 64, 0, "cost after");
    }
}

/* ---- Against the rules, update by update ---- */

#define EPOCHS 3

/* The examples rows[0 .. n-1] of e, as a network that shares e's weights. */
static void select_examples(const example *e, const int64_t *rows, int64_t n, example *part)
{
    int64_t n_in = e->sizes[0], n_out = e->sizes[e->net.n_layers];
    prepare_example(part, e->net.convention, e->net.n_layers, e->sizes, n);
    part->net.cost = e->net.cost;
    part->net.activations = e->activations;
    part->net.weights = e->net.weights;
    part->net.biases = e->net.biases;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < n_in; k++)
            part->x[unit_at(&part->net, n_in, k, i)] = e->x[unit_at(&e->net, n_in, k, rows[i])];
        for (int64_t k = 0; k < n_out; k++)
            part->y[unit_at(&part->net, n_out, k, i)] = e->y[unit_at(&e->net, n_out, k, rows[i])];
    }
}

static void update_by(example *e, const int64_t *rows, int64_t n, const double *rates)
{
    example part;
    gradients g;
    select_examples(e, rows, n, &part);
    compute(&part.net, &g);
    for (int l = 0; l < e->net.n_layers; l++) {
        double rate = rates[e->net.convention == TG_CONVENTION_COLUMNS ? l : 0];
        for (int k = 0; k < MAX_UNITS * MAX_UNITS; k++) e->weights[l][k] -= rate * g.dweights[l][k];
        for (int k = 0; k < MAX_UNITS && e->bias_list[l]; k++) e->biases[l][k] -= rate * g.dbiases[l][k];
    }
}

static double mean_cost(const example *e)
{
    double sum = 0;
    for (int64_t i = 0; i < e->net.batch; i++) {
        example one;
        gradients g;
        select_examples(e, &i, 1, &one);
        compute(&one.net, &g);
        sum += g.result.cost;
    }
    return sum / (double)e->net.batch;
}

/* An epoch as the header has it, an update after every `draw` examples: all for 0. */
static void epoch_by_hand(example *e, const tg_delta_learning *how, int64_t epoch)
{
    int64_t n = e->net.batch, rows[BATCH];
    int in_order = e->net.convention != TG_CONVENTION_JACOBIAN || how->draw == 0;
    int64_t each = e->net.convention == TG_CONVENTION_VECTOR ? 1 : how->draw == 0 ? n : how->draw;
    for (int64_t i = 0; i < n; i++) {
        uint64_t number = (uint64_t)(epoch * n + i);
        uint64_t drawn = tg_random_below(tg_random_key(how->seed, "tg_delta_learn"), number, (uint64_t)n);
        rows[i % each] = in_order ? i : (int64_t)drawn;
        if (i % each == each - 1) update_by(e, rows, each, how->rates);
    }
}

static void prepare_learner(example *e, tg_convention convention)
{
    prepare_example(e, convention, 3, (int64_t[]){3, 5, 2, 4}, BATCH);
    e->activations[0] = TG_TANH;
    e->activations[1] = TG_SOFTPLUS;
    e->bias_list[1] = NULL;
    fill_random(e, 20 + (uint64_t)convention);
}

static void check_learning(tg_convention convention, int64_t draw)
{
    static const double rates[3] = {0.05, 0.1, 0.025};
    example e, by_hand;
    double costs[EPOCHS + 1], expected[EPOCHS + 1];
    tg_delta_learning how = {.rates = rates, .epochs = EPOCHS, .draw = draw, .seed = 5};
    prepare_learner(&e, convention);
    prepare_learner(&by_hand, convention);
    learn(&e, &how, costs);
    expected[0] = mean_cost(&by_hand);
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        epoch_by_hand(&by_hand, &how, epoch);
        expected[epoch + 1] = mean_cost(&by_hand);
    }
    assert_all_near(costs, expected, EPOCHS + 1, 1e-14, "cost");
    for (int l = 0; l < 3; l++) {
        assert_all_near(e.weights[l], by_hand.weights[l], MAX_UNITS * MAX_UNITS, 1e-14, "weights");
        assert_all_near(e.biases[l], by_hand.biases[l], MAX_UNITS, 1e-14, "biases");
    }
}

static void test_learning_is_updates_by_the_rules(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) check_learning((tg_convention)c, 0);
    check_learning(TG_CONVENTION_JACOBIAN, 1);
    check_learning(TG_CONVENTION_JACOBIAN, BATCH);
}

/* With a small rate, descent by the whole gradient makes every step a step down, and so does a time step here. */
static void test_cost_decreases(void **state)
{
    (void)state;
    static const double rates[3] = {0.02, 0.02, 0.02};
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        example e;
        double costs[21];
        prepare_learner(&e, (tg_convention)c);
        learn(&e, &(tg_delta_learning){.rates = rates, .epochs = 20}, costs);
        for (int i = 0; i < 20; i++)
            if (!(costs[i + 1] < costs[i]))
                fail_msg("%s: cost %g after epoch %d, %g before", tg_convention_name((tg_convention)c),
                         costs[i + 1], i + 1, costs[i]);
    }
}

static void test_no_epochs(void **state)
{
    (void)state;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        example e, before;
        double cost = 0, rates[3] = {1, 1, 1};
        prepare_learner(&e, (tg_convention)c);
        prepare_learner(&before, (tg_convention)c);
        learn(&e, &(tg_delta_learning){.rates = rates}, &cost);
        assert_near(cost, mean_cost(&before), 1e-14, "cost");
        assert_memory_equal(e.weights, before.weights, sizeof e.weights);
        assert_memory_equal(e.biases, before.biases, sizeof e.biases);
        learn(&e, &(tg_delta_learning){.rates = rates}, NULL);
    }
}

/* A rate of 0 keeps its layer as it is, bit by bit, and no other. */
static void test_a_rate_for_each_layer(void **state)
{
    (void)state;
    for (int still = 0; still < 3; still++) {
        example e, before;
        double rates[3] = {0.5, 0.5, 0.5};
        rates[still] = 0;
        prepare_learner(&e, TG_CONVENTION_COLUMNS);
        prepare_learner(&before, TG_CONVENTION_COLUMNS);
        learn(&e, &(tg_delta_learning){.rates = rates, .epochs = 2}, NULL);
        for (int l = 0; l < 3; l++) {
            int same = memcmp(e.weights[l], before.weights[l], sizeof e.weights[l]) == 0;
            int same_bias = memcmp(e.biases[l], before.biases[l], sizeof e.biases[l]) == 0;
            assert_int_equal(same, l == still);
            assert_int_equal(same_bias, l == still || l == 1); /* layer 2 has no biases */
        }
    }
}

/* ---- Which examples are drawn ---- */

/* The examples are unit vectors, and with max(0, y - a) and a y that is never reached an update takes the rate from
 * nothing but the weights of its examples: the weights count how often an example was taken (divided by `draw`), and
 * the bias counts the updates. */
#define SET 12

static void count_draws(tg_convention convention, int64_t draw, int64_t epochs, uint64_t seed,
                        double counts[SET], double *updates)
{
    double x[SET * SET] = {0}, y[SET], rate = 1;
    const int64_t sizes[2] = {SET, 1};
    const tg_activation identity = TG_IDENTITY;
    for (int i = 0; i < SET; i++) {
        x[i * SET + i] = 1;
        y[i] = 1e9;
        counts[i] = 0;
    }
    *updates = 0;
    tg_delta_net net = {.convention = convention,
                        .n_layers = 1,
                        .sizes = sizes,
                        .activations = &identity,
                        .cost = TG_COST_HINGE_DIFF,
                        .batch = SET,
                        .x = x,
                        .y = y,
                        .weights = (const double *[]){counts},
                        .biases = (const double *[]){updates}};
    tg_delta_learning how = {.rates = &rate, .epochs = epochs, .draw = draw, .seed = seed};
    assert_int_equal(tg_delta_learn(&net, &counts, &updates, &how, NULL, NULL), TG_OK);
    for (int i = 0; i < SET; i++) counts[i] *= (double)(draw > 0 ? draw : 1);
}

static void test_number_of_updates(void **state)
{
    (void)state;
    double counts[SET], updates;
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        count_draws((tg_convention)c, 0, 5, 1, counts, &updates);
        assert_near(updates, c == TG_CONVENTION_VECTOR ? 5 * SET : 5, 1e-12, "updates");
        for (int i = 0; i < SET; i++)
            assert_near(counts[i], c == TG_CONVENTION_VECTOR ? 5 : 5.0 / SET, 1e-12, "taken");
    }
    static const int64_t draws[] = {1, 2, 3, 4, 6, 12};
    for (int d = 0; d < 6; d++) {
        double total = 0;
        count_draws(TG_CONVENTION_JACOBIAN, draws[d], 5, 1, counts, &updates);
        for (int i = 0; i < SET; i++) total += counts[i];
        assert_near(updates, 5.0 * SET / (double)draws[d], 1e-12, "updates");
        assert_near(total, 5 * SET, 1e-12, "draws");
    }
}

/* chi^2 has 11 degrees of freedom for a seed. The sum over 60 seeds has 660, and so the mean 660 and the standard
 * deviation 36.3: it lies more than four of these away once in some ten thousand times. Draws without replacement would
 * give 0. */
static void test_draws_are_uniform(void **state)
{
    (void)state;
    for (int64_t draw = 1; draw <= 4; draw *= 2) {
        double chi = 0;
        for (uint64_t seed = 0; seed < 60; seed++) {
            double counts[SET], updates, expected = 50;
            count_draws(TG_CONVENTION_JACOBIAN, draw, 50, seed, counts, &updates);
            for (int i = 0; i < SET; i++) chi += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        if (!(chi > 515 && chi < 805)) fail_msg("%d to an update: chi^2 is %g", (int)draw, chi);
    }
}

static void test_seeds(void **state)
{
    (void)state;
    double counts[SET], again[SET], other[SET], updates;
    count_draws(TG_CONVENTION_JACOBIAN, 1, 3, 8, counts, &updates);
    count_draws(TG_CONVENTION_JACOBIAN, 1, 3, 8, again, &updates);
    count_draws(TG_CONVENTION_JACOBIAN, 1, 3, 9, other, &updates);
    assert_memory_equal(counts, again, sizeof counts);
    assert_memory_not_equal(counts, other, sizeof counts);
}

/* The mean of the gradients of all examples, each drawn with the same probability, is the gradient of the set. */
static void test_expectation_of_the_stochastic_gradient(void **state)
{
    (void)state;
    example e;
    gradients whole;
    double dW[3][MAX_UNITS * MAX_UNITS] = {{0}}, db[3][MAX_UNITS] = {{0}};
    prepare_learner(&e, TG_CONVENTION_JACOBIAN);
    compute(&e.net, &whole);
    for (int64_t i = 0; i < BATCH; i++) {
        example one;
        gradients g;
        select_examples(&e, &i, 1, &one);
        compute(&one.net, &g);
        for (int l = 0; l < 3; l++) {
            for (int k = 0; k < MAX_UNITS * MAX_UNITS; k++) dW[l][k] += g.dweights[l][k] / BATCH;
            for (int k = 0; k < MAX_UNITS; k++) db[l][k] += g.dbiases[l][k] / BATCH;
        }
    }
    for (int l = 0; l < 3; l++) {
        assert_all_near(dW[l], whole.dweights[l], MAX_UNITS * MAX_UNITS, 1e-15, "weights");
        assert_all_near(db[l], whole.dbiases[l], MAX_UNITS, 1e-15, "biases");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_updates_by_hand),
        cmocka_unit_test(test_learning_is_updates_by_the_rules),
        cmocka_unit_test(test_cost_decreases),
        cmocka_unit_test(test_no_epochs),
        cmocka_unit_test(test_a_rate_for_each_layer),
        cmocka_unit_test(test_number_of_updates),
        cmocka_unit_test(test_draws_are_uniform),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_expectation_of_the_stochastic_gradient),
    };
    return cmocka_run_group_tests_name("delta learn", tests, NULL, NULL);
}
