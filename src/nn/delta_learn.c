/* The conventions' learning rules: which examples an update takes, in what order, and with what rate. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <tapegrad/random.h>

#include "delta_work.h"

static const char call[] = "tg_delta_learn";

typedef struct learner {
    const tg_delta_net *net;
    const tg_delta_learning *how;
    double *const *weights, *const *biases; /* those of net, to be changed */
    tg_delta_work work;
    double *numbers, **lists; /* the blocks that are allocated */
    double *x, *y;            /* the examples of one update, where that does not take all */
    tg_delta_result gradient;
} learner;

/* ---- Checks ---- */

/* weights[l] or biases[l], in two lists, must be one array. */
static tg_status check_same(const char *what, int l, const double *own, const double *net, tg_diag *diag)
{
    if (own == net) return TG_OK;
    return tg_fail(diag, TG_ERR_ARGUMENT, "%s: %s[%d] is not net->%s[%d], which it should be", call, what, l,
                   what, l);
}

static tg_status check_params(const tg_delta_net *net, double *const *weights, double *const *biases,
                              tg_diag *diag)
{
    if (!weights) return tg_fail(diag, TG_ERR_NULL, "%s: weights is NULL", call);
    for (int l = 0; l < net->n_layers; l++) {
        tg_status status = check_same("weights", l, weights[l], net->weights[l], diag);
        if (status == TG_OK)
            status = check_same("biases", l, tg_delta_wanted(biases, l), net->biases ? net->biases[l] : NULL,
                                diag);
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

static tg_status check_rates(const tg_delta_net *net, const tg_delta_learning *how, tg_diag *diag)
{
    int n_rates = net->convention == TG_CONVENTION_COLUMNS ? net->n_layers : 1;
    if (!how->rates) return tg_fail(diag, TG_ERR_NULL, "%s: how->rates is NULL", call);
    for (int l = 0; l < n_rates; l++)
        if (!isfinite(how->rates[l]))
            return tg_fail(diag, TG_ERR_ARGUMENT, "%s: how->rates[%d] is %g, expected a finite number", call,
                           l, how->rates[l]);
    return TG_OK;
}

static tg_status check_draw(const tg_delta_net *net, const tg_delta_learning *how, tg_diag *diag)
{
    if (how->draw == 0) return TG_OK;
    if (net->convention != TG_CONVENTION_JACOBIAN)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "%s: how->draw is %" PRId64 ", expected 0, since the %s convention draws no examples",
                       call, how->draw, tg_convention_name(net->convention));
    if (how->draw < 0 || net->batch % how->draw != 0)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "%s: how->draw is %" PRId64 ", expected 0 or a divisor of the %" PRId64 " examples",
                       call, how->draw, net->batch);
    return TG_OK;
}

static tg_status check(const learner *t, tg_diag *diag)
{
    tg_status status = tg_delta_check(t->net, call, diag);
    if (status == TG_OK) status = check_params(t->net, t->weights, t->biases, diag);
    if (status != TG_OK) return status;
    if (!t->how) return tg_fail(diag, TG_ERR_NULL, "%s: how is NULL", call);
    if (t->how->epochs < 0)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: how->epochs is %" PRId64 ", expected at least 0", call,
                       t->how->epochs);
    status = check_rates(t->net, t->how, diag);
    return status == TG_OK ? check_draw(t->net, t->how, diag) : status;
}

/* ---- Memory ---- */

/* How many examples an update copies out of the set. */
static int64_t examples_apart(const learner *t)
{
    return t->net->convention == TG_CONVENTION_VECTOR ? 1 : t->how->draw;
}

/* The gradients of all layers, and the examples of an update; 0 when they are too many. */
static int64_t count_numbers(const learner *t)
{
    const int64_t *sizes = t->net->sizes;
    int64_t total = 0, apart = examples_apart(t);
    int fits =
        tg_delta_add(&total, apart * sizes[0]) && tg_delta_add(&total, apart * sizes[t->net->n_layers]);
    for (int l = 0; l < t->net->n_layers && fits; l++)
        fits = tg_delta_add(&total, sizes[l] * sizes[l + 1]) && tg_delta_add(&total, sizes[l + 1]);
    return fits ? total : 0;
}

static void lay_out(learner *t)
{
    int n_layers = t->net->n_layers;
    const int64_t *sizes = t->net->sizes;
    double *next = t->numbers, **dweights = t->lists, **dbiases = t->lists + n_layers;
    for (int l = 0; l < n_layers; l++) {
        dweights[l] = next;
        dbiases[l] = next + sizes[l] * sizes[l + 1];
        next = dbiases[l] + sizes[l + 1];
    }
    t->x = next;
    t->y = next + examples_apart(t) * sizes[0];
    t->gradient = (tg_delta_result){.dweights = dweights, .dbiases = dbiases};
}

static tg_status prepare(learner *t, tg_diag *diag)
{
    int64_t count = count_numbers(t);
    if (count == 0)
        return tg_fail(diag, TG_ERR_SIZE, "%s: the gradients of the %d layers are too large together", call,
                       t->net->n_layers);
    tg_status status = tg_delta_work_new(t->net, call, &t->work, diag);
    if (status != TG_OK) return status;
    t->numbers = malloc((size_t)count * sizeof *t->numbers);
    t->lists = malloc((size_t)t->net->n_layers * 2 * sizeof *t->lists);
    if (!t->numbers || !t->lists)
        return tg_fail(diag, TG_ERR_MEMORY, "%s: no memory for gradients of %" PRId64 " numbers", call,
                       count);
    lay_out(t);
    return TG_OK;
}

static void release(learner *t)
{
    tg_delta_work_free(&t->work);
    free(t->numbers);
    free(t->lists);
}

/* ---- Updates ---- */

/* Column `from` of the set becomes column `to` of the n examples of an update. */
static void take_example(learner *t, int64_t from, int64_t to, int64_t n)
{
    const tg_delta_net *net = t->net;
    const int64_t n_in = net->sizes[0], n_out = net->sizes[net->n_layers];
    for (int64_t k = 0; k < n_in; k++) t->x[k * n + to] = net->x[k * net->batch + from];
    for (int64_t k = 0; k < n_out; k++) t->y[k * n + to] = net->y[k * net->batch + from];
}

/* The network with the n examples that were taken. */
static tg_delta_net with_taken(const learner *t, int64_t n)
{
    tg_delta_net part = *t->net;
    part.batch = n;
    part.x = t->x;
    part.y = t->y;
    return part;
}

/* W <- W - r dC/dW, b <- b - r dC/db by the gradient of C on the examples of `part`. */
static void update(learner *t, const tg_delta_net *part)
{
    tg_delta_run(part, &t->work, &t->gradient);
    for (int l = 0; l < part->n_layers; l++) {
        double rate = t->how->rates[part->convention == TG_CONVENTION_COLUMNS ? l : 0];
        const double *dW = t->gradient.dweights[l], *db = t->gradient.dbiases[l];
        double *W = t->weights[l], *b = tg_delta_wanted(t->biases, l);
        for (int64_t k = 0; k < part->sizes[l] * part->sizes[l + 1]; k++) W[k] -= rate * dW[k];
        for (int64_t k = 0; k < part->sizes[l + 1] && b; k++) b[k] -= rate * db[k];
    }
}

/* A time step: after each example an update. */
static void vector_epoch(learner *t)
{
    tg_delta_net one = with_taken(t, 1);
    for (int64_t i = 0; i < t->net->batch; i++) {
        take_example(t, i, 0, 1);
        update(t, &one);
    }
}

/* Draws as many examples as the set has, `draw` to an update. Draw i of the epoch is number epoch * N + i of the
 * stream: no draw depends on how many an update takes. */
static void stochastic_epoch(learner *t, int64_t epoch)
{
    const int64_t n = t->net->batch, draw = t->how->draw;
    const uint64_t key = tg_random_key(t->how->seed, call);
    tg_delta_net part = with_taken(t, draw);
    for (int64_t i = 0; i < n; i++) {
        uint64_t number = (uint64_t)epoch * (uint64_t)n + (uint64_t)i;
        take_example(t, (int64_t)tg_random_below(key, number, (uint64_t)n), i % draw, draw);
        if (i % draw == draw - 1) update(t, &part);
    }
}

static void run_epoch(learner *t, int64_t epoch)
{
    if (t->net->convention == TG_CONVENTION_VECTOR)
        vector_epoch(t);
    else if (t->how->draw > 0)
        stochastic_epoch(t, epoch);
    else
        update(t, t->net);
}

/* The cost of the whole set. */
static double cost_of_set(learner *t)
{
    tg_delta_result result = {0};
    if (t->net->convention != TG_CONVENTION_VECTOR) {
        tg_delta_run(t->net, &t->work, &result);
        return result.cost;
    }
    tg_delta_net one = with_taken(t, 1);
    double sum = 0.0;
    for (int64_t i = 0; i < t->net->batch; i++) {
        take_example(t, i, 0, 1);
        tg_delta_run(&one, &t->work, &result);
        sum += result.cost;
    }
    return sum / (double)t->net->batch;
}

tg_status tg_delta_learn(const tg_delta_net *net, double *const *weights, double *const *biases,
                         const tg_delta_learning *how, double *costs, tg_diag *diag)
{
    learner t = {.net = net, .how = how, .weights = weights, .biases = biases};
    tg_status status = check(&t, diag);
    if (status == TG_OK) status = prepare(&t, diag);
    if (status == TG_OK) {
        if (costs) costs[0] = cost_of_set(&t);
        for (int64_t epoch = 0; epoch < how->epochs; epoch++) {
            run_epoch(&t, epoch);
            if (costs) costs[epoch + 1] = cost_of_set(&t);
        }
    }
    release(&t);
    return status;
}
