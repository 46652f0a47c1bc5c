/* The closed forms of backpropagation: checks, memory, and which convention's algorithm runs.
 * Shares nothing with the graph but the status codes: it is what the graph's gradients are held against. */
#include <tapegrad/delta.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "delta_work.h"

#define LAYER_DOUBLES ((int64_t)((sizeof(tg_delta_layer) + sizeof(double) - 1) / sizeof(double)))

/* ---- Checks ---- */

static tg_status check_pointers(const tg_delta_net *net, const char *call, tg_diag *diag)
{
    const char *missing = !net->sizes         ? "sizes"
                          : !net->activations ? "activations"
                          : !net->x           ? "x"
                          : !net->y           ? "y"
                          : !net->weights     ? "weights"
                                              : NULL;
    if (missing) return tg_fail(diag, TG_ERR_NULL, "%s: net->%s is NULL", call, missing);
    for (int l = 0; l < net->n_layers; l++)
        if (!net->weights[l])
            return tg_fail(diag, TG_ERR_NULL, "%s: net->weights[%d], of layer %d, is NULL", call, l, l + 1);
    return TG_OK;
}

static tg_status check_activations(const tg_delta_net *net, const char *call, tg_diag *diag)
{
    for (int l = 0; l < net->n_layers; l++) {
        if (!tg_activation_name(net->activations[l]))
            return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->activations[%d] is %d, expected a tg_activation",
                           call, l, (int)net->activations[l]);
        if (net->activations[l] == TG_SOFTMAX && l < net->n_layers - 1)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "%s: net->activations[%d] is softmax, which only the last layer, %d, may have",
                           call, l, net->n_layers);
    }
    return TG_OK;
}

static tg_status check_values(const tg_delta_net *net, const char *call, tg_diag *diag)
{
    if (net->batch < 1)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->batch is %" PRId64 ", expected at least 1", call,
                       net->batch);
    if (!tg_cost_name(net->cost))
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->cost is %d, expected a tg_cost", call,
                       (int)net->cost);
    for (int l = 0; l <= net->n_layers; l++)
        if (net->sizes[l] < 1)
            return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->sizes[%d] is %" PRId64 ", expected at least 1",
                           call, l, net->sizes[l]);
    return check_activations(net, call, diag);
}

/* Every matrix of the network and of the results fits into an array; all factors are at least 1 by now. */
static tg_status check_sizes(const tg_delta_net *net, const char *call, tg_diag *diag)
{
    for (int l = 0; l <= net->n_layers; l++) {
        int64_t units = net->sizes[l];
        if (units > TG_DELTA_ELEMENTS / net->batch)
            return tg_fail(diag, TG_ERR_SIZE,
                           "%s: net->batch, %" PRId64 ", times net->sizes[%d], %" PRId64 ", is too large",
                           call, net->batch, l, units);
        if (l > 0 && units > TG_DELTA_ELEMENTS / net->sizes[l - 1])
            return tg_fail(diag, TG_ERR_SIZE,
                           "%s: net->weights[%d] of %" PRId64 " by %" PRId64 " is too large", call, l - 1,
                           net->sizes[l - 1], units);
    }
    return TG_OK;
}

tg_status tg_delta_check(const tg_delta_net *net, const char *call, tg_diag *diag)
{
    if (!net) return tg_fail(diag, TG_ERR_NULL, "%s: net is NULL", call);
    if (!tg_convention_name(net->convention))
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->convention is %d, expected a tg_convention", call,
                       (int)net->convention);
    if (net->n_layers < 1)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: net->n_layers is %d, expected at least 1", call,
                       net->n_layers);
    tg_status status = check_pointers(net, call, diag);
    if (status == TG_OK) status = check_values(net, call, diag);
    if (status == TG_OK) status = check_sizes(net, call, diag);
    return status;
}

/* ---- Memory ---- */

int tg_delta_add(int64_t *total, int64_t n)
{
    if (n > TG_DELTA_ELEMENTS - *total) return 0;
    *total += n;
    return 1;
}

/* How many examples the arrays of a layer hold: vector, jacobian and delta go through them one by one. */
static int64_t examples_at_once(const tg_delta_net *net)
{
    int matrices = net->convention == TG_CONVENTION_ROWS || net->convention == TG_CONVENTION_COLUMNS;
    return matrices ? net->batch : 1;
}

/* The doubles of the workspace, the layers' own among them; 0 when they are too many. */
static int64_t count_numbers(const tg_delta_net *net)
{
    int64_t total = 0, count = examples_at_once(net);
    int fits = tg_delta_add(&total, net->sizes[0]);
    for (int k = 0; k < 4; k++) fits = fits && tg_delta_add(&total, net->sizes[net->n_layers]);
    for (int l = 0; l < net->n_layers && fits; l++) {
        fits = tg_delta_add(&total, LAYER_DOUBLES) && tg_delta_add(&total, count * net->sizes[l]);
        for (int k = 0; k < 3; k++) fits = fits && tg_delta_add(&total, count * net->sizes[l + 1]);
    }
    return fits ? total : 0;
}

static double *take(double **next, int64_t n)
{
    double *taken = *next;
    *next += n;
    return taken;
}

/* Divides the block: the layers first, which are aligned as doubles are, then the numbers. */
static void lay_out(const tg_delta_net *net, tg_delta_work *work)
{
    int64_t count = examples_at_once(net), n_out = net->sizes[net->n_layers];
    double *next = work->numbers + LAYER_DOUBLES * net->n_layers;
    work->layers = (tg_delta_layer *)(void *)work->numbers;
    work->x = take(&next, net->sizes[0]);
    work->y = take(&next, n_out);
    work->z = take(&next, n_out);
    work->a = take(&next, n_out);
    work->error = take(&next, n_out);
    for (int l = 0; l < net->n_layers; l++) {
        tg_delta_layer *own = &work->layers[l];
        own->inputs = net->sizes[l];
        own->outputs = net->sizes[l + 1];
        own->activation = net->activations[l];
        own->weights = net->weights[l];
        own->bias = net->biases ? net->biases[l] : NULL;
        own->z = take(&next, count * own->outputs);
        own->a = take(&next, count * own->outputs);
        own->error = take(&next, count * own->outputs);
        own->below = take(&next, count * own->inputs);
    }
}

tg_status tg_delta_work_new(const tg_delta_net *net, const char *call, tg_delta_work *work, tg_diag *diag)
{
    int64_t count = count_numbers(net);
    if (count == 0)
        return tg_fail(diag, TG_ERR_SIZE, "%s: the %d layers are too large together", call, net->n_layers);
    work->numbers = malloc((size_t)count * sizeof(double));
    if (!work->numbers)
        return tg_fail(diag, TG_ERR_MEMORY, "%s: no memory for a workspace of %" PRId64 " numbers", call,
                       count);
    lay_out(net, work);
    return TG_OK;
}

void tg_delta_work_free(tg_delta_work *work)
{
    free(work->numbers);
}

/* ---- Copies ---- */

double *tg_delta_wanted(double *const *list, int l)
{
    return list ? list[l] : NULL;
}

void tg_delta_get_column(const double *matrix, int64_t n, int64_t count, int64_t i, double *column)
{
    for (int64_t k = 0; k < n; k++) column[k] = matrix[k * count + i];
}

void tg_delta_put_column(const double *column, int64_t n, int64_t count, int64_t i, double *matrix)
{
    if (!matrix) return;
    for (int64_t k = 0; k < n; k++) matrix[k * count + i] = column[k];
}

void tg_delta_clear(int64_t n, double *numbers)
{
    for (int64_t i = 0; i < n && numbers; i++) numbers[i] = 0.0;
}

void tg_delta_copy(const double *from, int64_t n, double *to)
{
    if (to) memcpy(to, from, (size_t)n * sizeof *to);
}

/* ---- Running ---- */

void tg_delta_run(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result)
{
    static void (*const algorithms[TG_CONVENTIONS])(const tg_delta_net *, const tg_delta_work *,
                                                    tg_delta_result *) = {
        [TG_CONVENTION_VECTOR] = tg_delta_vector,   [TG_CONVENTION_JACOBIAN] = tg_delta_jacobian,
        [TG_CONVENTION_DELTA] = tg_delta_equations, [TG_CONVENTION_ROWS] = tg_delta_rows,
        [TG_CONVENTION_COLUMNS] = tg_delta_columns,
    };
    algorithms[net->convention](net, work, result);
}

tg_status tg_delta_rules(const tg_delta_net *net, tg_delta_result *result, tg_diag *diag)
{
    static const char call[] = "tg_delta_rules";
    tg_delta_work work;
    if (net && !result) return tg_fail(diag, TG_ERR_NULL, "%s: result is NULL", call);
    tg_status status = tg_delta_check(net, call, diag);
    if (status != TG_OK) return status;
    if (net->convention == TG_CONVENTION_VECTOR && net->batch != 1)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "%s: net->batch is %" PRId64 ", but the vector convention has one example", call,
                       net->batch);
    status = tg_delta_work_new(net, call, &work, diag);
    if (status != TG_OK) return status;
    tg_delta_run(net, &work, result);
    tg_delta_work_free(&work);
    return TG_OK;
}
