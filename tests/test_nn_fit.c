/* The training loop: which examples a step sees, callbacks, stopping, scores, and the same bits again. */
#include <math.h>
#include <string.h>

#include "nn_helpers.h"

/* ---- What a step sees --------------------------------------------------------------------------------- */

#define N 10
#define LOG_MAX 4000

/* The examples of every step, as they were drawn. */
typedef struct draws {
    int64_t steps, seen[LOG_MAX]; /* steps, and how many examples each had */
    int64_t count[LOG_MAX][N];    /* how often each example was in that step */
    int64_t epoch[LOG_MAX];
    double before[N];
} draws;

/* The loss is the batch's sum of c[example], so that gradient descent with rate 1 takes from c[i] the times that
 * example i was seen. Example i is row i of the identity. */
static tg_status counting_net(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    (void)context;
    const int64_t examples = N, one = 1;
    net->x = tg_batch_input(g, "x", n, TG_F64, 1, &examples);
    net->y = tg_batch_input(g, "y", n, TG_F64, 1, &one);
    tg_tensor *c = tg_param_init(g, "c", TG_F64, 1, &examples, TG_INIT_ZEROS);
    net->loss = tg_sum(tg_matmul(net->x, c), NULL);
    return tg_graph_status(g);
}

static int log_draws(const tg_progress *progress, void *context)
{
    draws *d = context;
    const double *c = nn_value(progress->graph, "c");
    assert_true(d->steps < LOG_MAX);
    for (int i = 0; i < N; i++) {
        int64_t times = (int64_t)(d->before[i] - c[i]);
        d->count[d->steps][i] = times;
        d->seen[d->steps] += times;
        d->before[i] = c[i];
    }
    d->epoch[d->steps++] = progress->epoch;
    return 0;
}

static draws draw_from_step(tg_sampling sampling, int64_t batch, int64_t epochs, int64_t first_epoch,
                            int64_t first_step, uint64_t seed)
{
    tg_array *x = nn_array(N, N, NULL), *y = nn_array(N, 1, NULL);
    for (int i = 0; i < N; i++) ((double *)x->data)[i * N + i] = 1;
    tg_graph *g = tg_graph_new(NULL);
    static draws d;
    memset(&d, 0, sizeof d);
    tg_fit_options o = {.optimizer = TG_SGD(.rate = 1),
                        .epochs = epochs,
                        .first_epoch = first_epoch,
                        .first_step = first_step,
                        .batch = batch,
                        .sampling = sampling,
                        .seed = seed,
                        .on_step = log_draws,
                        .context = &d};
    tg_dataset data = {x, y};
    if (tg_fit(g, counting_net, NULL, &data, &o, NULL) != TG_OK) fail_msg("%s", tg_error(g));
    tg_graph_free(g);
    tg_array_free(x);
    tg_array_free(y);
    return d;
}

static draws draw(tg_sampling sampling, int64_t batch, int64_t epochs, int64_t first_epoch, uint64_t seed)
{
    return draw_from_step(sampling, batch, epochs, first_epoch, 0, seed);
}

/* Every example once an epoch, in batches of `batch` and a smaller last one. */
static void check_once_an_epoch(const draws *d, int64_t batch, int64_t epochs)
{
    int64_t steps = (N + batch - 1) / batch;
    assert_int_equal(d->steps, steps * epochs);
    for (int64_t e = 0; e < epochs; e++) {
        int64_t times[N] = {0};
        for (int64_t s = 0; s < steps; s++) {
            assert_int_equal(d->epoch[e * steps + s], e);
            assert_int_equal(d->seen[e * steps + s], s == steps - 1 ? N - s * batch : batch);
            for (int i = 0; i < N; i++) times[i] += d->count[e * steps + s][i];
        }
        for (int i = 0; i < N; i++) assert_int_equal(times[i], 1);
    }
}

static int same_draws(const draws *a, int64_t from, const draws *b)
{
    for (int64_t s = 0; s < b->steps; s++)
        if (memcmp(a->count[from + s], b->count[s], sizeof b->count[s]) != 0) return 0;
    return 1;
}

static void test_shuffled(void **state)
{
    (void)state;
    static draws d, again;
    for (int64_t batch = 1; batch <= N; batch++) {
        d = draw(TG_SHUFFLED, batch, 4, 0, 7);
        check_once_an_epoch(&d, batch, 4);
    }
    d = draw(TG_SHUFFLED, 1, 4, 0, 7);
    again = draw(TG_SHUFFLED, 1, 4, 0, 7);
    assert_true(same_draws(&d, 0, &again));
    again = draw(TG_SHUFFLED, 1, 4, 0, 8);
    assert_false(same_draws(&d, 0, &again));
    again = draw(TG_SHUFFLED, 1, 4, 3, 7); /* the last epoch alone is as it was */
    assert_int_equal(again.steps, N);
    assert_true(same_draws(&d, 3 * N, &again));
    assert_false(same_draws(&d, 2 * N, &again)); /* epochs differ */
    assert_false(same_draws(&d, 0, &again));
}

/* Over many epochs every example is as often first as any other: chi-squared with 9 degrees of freedom. */
static double chi_squared(const int64_t *times, double expected)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += ((double)times[i] - expected) * ((double)times[i] - expected) / expected;
    return sum;
}

static void test_shuffled_evenly(void **state)
{
    (void)state;
    const int64_t epochs = 1000;
    static draws d;
    d = draw(TG_SHUFFLED, 5, epochs, 0, 11);
    int64_t first_half[N] = {0};
    for (int64_t e = 0; e < epochs; e++)
        for (int i = 0; i < N; i++) first_half[i] += d.count[2 * e][i];
    assert_true(chi_squared(first_half, (double)epochs / 2) < 25);
}

static void test_in_order_and_full(void **state)
{
    (void)state;
    static draws d;
    d = draw(TG_IN_ORDER, 4, 2, 0, 7);
    check_once_an_epoch(&d, 4, 2);
    for (int64_t s = 0; s < 6; s++)
        for (int i = 0; i < N; i++) assert_int_equal(d.count[s][i], i / 4 == s % 3);
    d = draw(TG_FULL, 3, 2, 0, 7);
    check_once_an_epoch(&d, N, 2);
    d = draw(TG_SHUFFLED, 400, 2, 0, 7); /* a batch larger than the dataset */
    check_once_an_epoch(&d, N, 2);
    d = draw(TG_SHUFFLED, 0, 1, 0, 7);
    check_once_an_epoch(&d, N, 1);
}

static void test_uniform(void **state)
{
    (void)state;
    static draws d, again;
    d = draw(TG_UNIFORM, 3, 900, 0, 7);
    assert_int_equal(d.steps, 900 * 4); /* 10 / 3, rounded up */
    int64_t times[N] = {0}, repeated = 0;
    for (int64_t s = 0; s < d.steps; s++) {
        assert_int_equal(d.seen[s], 3);
        for (int i = 0; i < N; i++) times[i] += d.count[s][i];
        for (int i = 0; i < N; i++) repeated += d.count[s][i] > 1;
    }
    assert_true(chi_squared(times, 900.0 * 4 * 3 / N) < 25);
    /* With replacement: a batch repeats an example with probability 1 - 0.9 0.8 = 0.28. */
    assert_true(fabs((double)repeated / (double)d.steps - 0.28) < 0.03);
    again = draw(TG_UNIFORM, 3, 900, 899, 7);
    assert_int_equal(again.steps, 4);
    assert_true(same_draws(&d, 899 * 4, &again));
    again = draw(TG_UNIFORM, 3, 900, 0, 8);
    assert_false(same_draws(&d, 0, &again));
    d = draw(TG_UNIFORM, 1, 3, 0, 7); /* the stochastic gradient descent of the textbooks */
    assert_int_equal(d.steps, 3 * N);
    d = draw(TG_UNIFORM, 25, 1, 0, 7); /* more draws than examples */
    assert_int_equal(d.steps, 1);
    assert_int_equal(d.seen[0], 25);
}

/* Resumed within an epoch, the steps that are left see what they would have seen; later epochs are whole. */
static void test_first_step(void **state)
{
    (void)state;
    static draws whole, rest;
    for (int sampling = TG_SHUFFLED; sampling <= TG_UNIFORM; sampling++) {
        whole = draw((tg_sampling)sampling, 3, 4, 0, 7);
        for (int64_t step = 0; step <= 4; step++) {
            rest = draw_from_step((tg_sampling)sampling, 3, 4, 1, step, 7);
            assert_int_equal(rest.steps, 3 * 4 - step);
            assert_true(same_draws(&whole, 4 + step, &rest));
        }
    }
}

/* ---- The expectation of the stochastic gradient ------------------------------------------------------- */

#define EXAMPLES 8

/* dC/dW of the mean cost over rows `first` .. `first` + n - 1, for x W with quadratic cost. */
static void gradient_of_rows(tg_graph *g, const double *x, const double *y, int64_t first, int64_t n,
                             double *out)
{
    const int64_t three = 3, two = 2, shape[2] = {3, 2};
    tg_tensor *xt = tg_batch_input(g, "x", n, TG_F64, 1, &three),
              *yt = tg_batch_input(g, "y", n, TG_F64, 1, &two);
    tg_tensor *W = tg_param_init(g, "W", TG_F64, 2, shape, TG_INIT_CONSTANT(0.75)), *slope;
    tg_tensor *loss = tg_mean(tg_cost_of(TG_COST_QUADRATIC, tg_matmul(xt, W), yt), NULL);
    assert_int_equal(tg_set(xt, x + 3 * first, (size_t)(3 * n) * sizeof *x), TG_OK);
    assert_int_equal(tg_set(yt, y + 2 * first, (size_t)(2 * n) * sizeof *y), TG_OK);
    assert_int_equal(tg_grad(g, loss, &W, 1, &slope), TG_OK);
    evaluate(slope, out, 6, __FILE__, __LINE__);
}

/* With data of few bits all sums are exact, and the mean of all single-example gradients is the full gradient to
 * the last bit. */
static void test_mean_of_single_gradients(void **state)
{
    tg_graph *g = *state;
    double x[3 * EXAMPLES], y[2 * EXAMPLES], full[6], mean[6] = {0}, single[6];
    nn_fill(x, 3 * EXAMPLES, -8, 8, 1);
    nn_fill(y, 2 * EXAMPLES, -8, 8, 2);
    for (int i = 0; i < 3 * EXAMPLES; i++) x[i] = floor(4 * x[i]) / 4;
    for (int i = 0; i < 2 * EXAMPLES; i++) y[i] = floor(4 * y[i]) / 4;
    gradient_of_rows(g, x, y, 0, EXAMPLES, full);
    for (int i = 0; i < EXAMPLES; i++) {
        gradient_of_rows(g, x, y, i, 1, single);
        for (int k = 0; k < 6; k++) mean[k] += single[k] / EXAMPLES;
        assert_memory_not_equal(single, full, sizeof full);
    }
    assert_memory_equal(mean, full, sizeof full);
}

/* ---- The same bits ------------------------------------------------------------------------------------ */

static tg_graph *trained(const nn_data *d, uint64_t init_seed, const tg_fit_options *o, tg_fit_result *result)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = init_seed});
    if (tg_fit(g, nn_classifier, NULL, &d->set, o, result) != TG_OK) fail_msg("%s", tg_error(g));
    return g;
}

static void test_same_seed_same_bits(void **state)
{
    (void)state;
    nn_data d;
    nn_data_make(&d, 37, 3);
    for (int sampling = TG_SHUFFLED; sampling <= TG_FULL; sampling++) {
        tg_fit_options o = {.optimizer = TG_ADAM(.rate = 0.02),
                            .epochs = 5,
                            .batch = 8,
                            .seed = 4,
                            .sampling = (tg_sampling)sampling},
                       other = o;
        other.seed = 5;
        tg_fit_result first, second;
        tg_graph *a = trained(&d, 1, &o, &first), *b = trained(&d, 1, &o, &second);
        tg_graph *drawn = trained(&d, 1, &other, NULL), *begun = trained(&d, 2, &o, NULL);
        nn_assert_same_params(a, b);
        assert_memory_equal(&first.train.loss, &second.train.loss, sizeof(double));
        int uses_seed = sampling == TG_SHUFFLED || sampling == TG_UNIFORM;
        assert_int_equal(nn_params_differ(a, drawn), uses_seed);
        assert_true(nn_params_differ(a, begun));
        tg_graph_free(a);
        tg_graph_free(b);
        tg_graph_free(drawn);
        tg_graph_free(begun);
    }
    nn_data_free(&d);
}

/* Training on data that can be told apart learns them. */
static void test_training_learns(void **state)
{
    (void)state;
    nn_data d;
    nn_data_make(&d, 100, 3);
    tg_fit_options o = {.optimizer = TG_ADAM(.rate = 0.02), .epochs = 40, .batch = 16, .seed = 4};
    tg_fit_result result;
    tg_score before, after;
    tg_graph *untrained = tg_graph_new(NULL);
    assert_int_equal(tg_evaluate(untrained, nn_classifier, NULL, &d.set, 0, &before), TG_OK);
    tg_graph *g = trained(&d, 0, &o, &result);
    assert_int_equal(tg_evaluate(g, nn_classifier, NULL, &d.set, 0, &after), TG_OK);
    assert_true(after.loss < 0.6 * before.loss && after.metric > 0.8);
    assert_int_equal(result.epochs, 40);
    assert_int_equal(result.steps, 40 * 7);
    assert_false(result.stopped_early);
    assert_true(fabs(result.train.loss - after.loss) < 0.1);
    assert_true(isnan(result.validation.loss) && isnan(result.validation.metric));
    tg_graph_free(g);
    tg_graph_free(untrained);
    nn_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shuffled),
        cmocka_unit_test(test_shuffled_evenly),
        cmocka_unit_test(test_in_order_and_full),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_first_step),
        graph_test(test_mean_of_single_gradients),
        cmocka_unit_test(test_same_seed_same_bits),
        cmocka_unit_test(test_training_learns),
    };
    return cmocka_run_group_tests_name("nn fit", tests, NULL, NULL);
}
