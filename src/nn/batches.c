/* Batches: which examples a step sees, and the networks for each batch size. */
#include "batches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Checks ----------------------------------------------------------------------------------- */

static tg_status check_input(tg_graph *g, const char *what, const tg_tensor *t, const tg_array *data,
                             int64_t n)
{
    tg_type type = tg_type_of(t), expected = data->type;
    expected.shape[0] = n;
    if (memcmp(&type, &expected, sizeof type) == 0) return TG_OK;
    char a[TG_TYPE_TEXT], b[TG_TYPE_TEXT];
    tg_status status = type.dtype != expected.dtype ? TG_ERR_DTYPE : TG_ERR_SHAPE;
    tg_set_error(g, status, "the network's %s for a batch of %" PRId64 " is %s, but the data need %s", what,
                 n, tg_type_text(&type, a, sizeof a), tg_type_text(&expected, b, sizeof b));
    return status;
}

static tg_status check_loss(tg_graph *g, const tg_net *net, int64_t n)
{
    if (tg_rank(net->loss) == 0) return TG_OK;
    tg_type type = tg_type_of(net->loss);
    char text[TG_TYPE_TEXT];
    tg_set_error(g, TG_ERR_SHAPE, "the network's loss for a batch of %" PRId64 " is %s, expected a scalar", n,
                 tg_type_text(&type, text, sizeof text));
    return TG_ERR_SHAPE;
}

static tg_status check_metric(tg_graph *g, const tg_net *net, int64_t n)
{
    if (net->metric == NULL || (tg_rank(net->metric) == 1 && tg_shape(net->metric)[0] == n)) return TG_OK;
    tg_type type = tg_type_of(net->metric);
    char text[TG_TYPE_TEXT];
    tg_set_error(g, TG_ERR_SHAPE,
                 "the network's metric for a batch of %" PRId64 " is %s, expected one number an example", n,
                 tg_type_text(&type, text, sizeof text));
    return TG_ERR_SHAPE;
}

static tg_status build_net(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data, int64_t n,
                           tg_net *net)
{
    *net = (tg_net){0};
    tg_status status = build(g, n, net, context);
    if (status != TG_OK) return status;
    if (net->x == NULL || net->y == NULL || net->loss == NULL) {
        if (tg_graph_status(g) != TG_OK) return tg_graph_status(g);
        tg_set_error(g, TG_ERR_NULL, "the network has no x, y or loss");
        return TG_ERR_NULL;
    }
    status = check_input(g, "x", net->x, data->x, n);
    if (status == TG_OK) status = check_input(g, "y", net->y, data->y, n);
    if (status == TG_OK) status = check_loss(g, net, n);
    if (status == TG_OK) status = check_metric(g, net, n);
    return status;
}

tg_status tg_check_dataset(tg_graph *g, const char *call, const tg_dataset *data)
{
    if (data == NULL || data->x == NULL || data->y == NULL) {
        tg_set_error(g, TG_ERR_NULL, "%s: the data are NULL", call);
        return TG_ERR_NULL;
    }
    const tg_type *x = &data->x->type, *y = &data->y->type;
    int same = x->rank >= 1 && y->rank >= 1 && x->shape[0] == y->shape[0];
    if (same && x->shape[0] > 0) return TG_OK;
    tg_status status = same ? TG_ERR_ARGUMENT : TG_ERR_SHAPE;
    char a[TG_TYPE_TEXT], b[TG_TYPE_TEXT];
    tg_set_error(g, status, "%s: x and y must have as many examples, at least one; x: %s, y: %s", call,
                 tg_type_text(x, a, sizeof a), tg_type_text(y, b, sizeof b));
    return status;
}

/* ---- Runners ------------------------------------------------------------------------------------------ */

static tg_status compile(tg_runner *r, tg_graph *g, const tg_optimizer *optimizer,
                         const tg_compile_options *options)
{
    tg_update *updates = NULL;
    int n_updates = 0;
    tg_status status = TG_OK;
    if (optimizer != NULL) status = tg_optimizer_updates(g, r->net.loss, optimizer, &updates, &n_updates);
    if (status != TG_OK) return status;
    r->metric = r->net.metric == NULL ? NULL : tg_sum(r->net.metric, NULL);
    tg_tensor *const outputs[2] = {r->net.loss, r->metric};
    status =
        tg_compile_with(g, outputs, r->net.metric == NULL ? 1 : 2, updates, n_updates, options, &r->function);
    tg_updates_free(updates);
    return status;
}

static tg_array *array_for_batch(const tg_array *data, int64_t n, tg_diag *diag)
{
    int64_t shape[TG_MAX_RANK];
    memcpy(shape, data->type.shape, sizeof shape);
    shape[0] = n;
    return tg_array_new(data->type.dtype, data->type.rank, shape, diag);
}

tg_status tg_runner_make(tg_runner *r, tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                         int64_t n, const tg_optimizer *optimizer, const tg_compile_options *options)
{
    r->n = n;
    tg_status status = build_net(g, build, context, data, n, &r->net);
    if (status == TG_OK) status = compile(r, g, optimizer, options);
    if (status != TG_OK) return status;
    tg_diag diag;
    r->x = array_for_batch(data->x, n, &diag);
    r->y = r->x == NULL ? NULL : array_for_batch(data->y, n, &diag);
    if (r->y == NULL) {
        tg_set_error(g, diag.status, "a batch of %" PRId64 ": %s", n, diag.message);
        return diag.status;
    }
    /* A network that does not read x or y leaves it unbound, which is no error. */
    tg_bind(r->function, r->net.x, r->x->data);
    tg_bind(r->function, r->net.y, r->y->data);
    return TG_OK;
}

void tg_runner_free(tg_runner *r)
{
    tg_function_free(r->function);
    tg_array_free(r->x);
    tg_array_free(r->y);
    *r = (tg_runner){0};
}

static void copy_rows(tg_array *to, const tg_array *from, const int64_t *rows, int64_t n)
{
    size_t bytes = tg_type_bytes(&from->type) / (size_t)from->type.shape[0];
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)to->data + (size_t)i * bytes, (const char *)from->data + (size_t)rows[i] * bytes,
               bytes);
}

tg_status tg_runner_run(tg_runner *r, tg_graph *g, const char *call, const tg_dataset *data,
                        const int64_t *rows, tg_score *total)
{
    copy_rows(r->x, data->x, rows, r->n);
    copy_rows(r->y, data->y, rows, r->n);
    tg_status status = tg_run(r->function);
    if (status != TG_OK) {
        tg_set_error(g, status, "%s: %s", call, tg_function_error(r->function));
        return status;
    }
    total->loss += tg_scalar(r->function, r->net.loss) * (double)r->n;
    total->metric += r->metric == NULL ? (double)NAN : tg_scalar(r->function, r->metric);
    return TG_OK;
}

/* ---- Draws -------------------------------------------------------------------------------------------- */

int64_t *tg_rows_new(tg_graph *g, const char *call, int64_t n)
{
    int64_t *rows = (uint64_t)n > PTRDIFF_MAX / sizeof *rows ? NULL : malloc((size_t)n * sizeof *rows);
    if (rows == NULL)
        tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory for an order of %" PRId64 " examples", call, n);
    return rows;
}

void tg_draw_rows(tg_sampling sampling, uint64_t seed, int64_t epoch, int64_t n, int64_t n_rows,
                  int64_t *rows)
{
    char name[48];
    snprintf(name, sizeof name, "epoch %" PRId64, epoch);
    uint64_t key = tg_random_key(seed, name);
    switch (sampling) {
    case TG_SHUFFLED:
        tg_random_permutation(key, n, rows);
        break;
    case TG_UNIFORM:
        for (int64_t i = 0; i < n_rows; i++)
            rows[i] = (int64_t)tg_random_below(key, (uint64_t)i, (uint64_t)n);
        break;
    case TG_IN_ORDER:
    case TG_FULL:
        for (int64_t i = 0; i < n_rows; i++) rows[i] = i;
        break;
    }
}
