/* A model as a network for batches. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train_net.h"

static int uses_size(const tg_declaration *d, const char *size)
{
    for (int i = 0; i < d->rank; i++)
        if (d->size_names[i] != NULL && strcmp(d->size_names[i], size) == 0) return 1;
    return 0;
}

/* A size that is in neither x nor y has no value. */
static tg_status check_sizes(const tg_model *m, const tg_declaration *x, tg_diag *diag)
{
    tg_declaration y = train_input(m, "y");
    const char *size;
    int64_t value;
    for (int i = 0; (size = tg_model_size_at(m, i, &value)) != NULL; i++)
        if (value < 0 && !uses_size(x, size) && !uses_size(&y, size))
            return tg_fail(diag, TG_ERR_SIZE,
                           "the size %.100s does not follow from the data, as those of x and y do; "
                           "give --dim %.100s=NUMBER",
                           size, size);
    return TG_OK;
}

int64_t *train_net_given_sizes(const tg_model *m)
{
    int n = 0;
    while (tg_model_size_at(m, n, NULL) != NULL) n++;
    int64_t *given = malloc(((size_t)n + 1) * sizeof *given);
    for (int i = 0; given != NULL && i < n; i++) tg_model_size_at(m, i, &given[i]);
    return given;
}

void train_net_free_sizes(tg_model *m, const int64_t *given)
{
    const char *size;
    tg_model_unbind_sizes(m);
    for (int i = 0; (size = tg_model_size_at(m, i, NULL)) != NULL; i++)
        if (given[i] >= 0) tg_model_bind_size(m, size, given[i], NULL);
}

/* Whether the declared input has x's batch as its first axis. */
static int shares_batch(const tg_declaration *x, const tg_declaration *d)
{
    if (d->rank == 0) return 0;
    if (x->size_names[0] == NULL) return d->size_names[0] == NULL && d->shape[0] == x->shape[0];
    return d->size_names[0] != NULL && strcmp(d->size_names[0], x->size_names[0]) == 0;
}

tg_status train_net_check(const tg_model *m, int64_t *fixed, tg_diag *diag)
{
    tg_declaration x = train_input(m, "x");
    if (x.name == NULL)
        return tg_fail(diag, TG_ERR_NAME, "the model has no input x, to which the examples could be bound");
    if (x.rank == 0)
        return tg_fail(diag, TG_ERR_SHAPE, "input x is a scalar; its first axis must be the batch");
    if (x.size_names[0] != NULL && x.shape[0] >= 0)
        return tg_fail(diag, TG_ERR_SIZE, "the size %.100s is the batch's, which --batch gives",
                       x.size_names[0]);
    if (x.size_names[0] == NULL && x.shape[0] == 0)
        return tg_fail(diag, TG_ERR_SHAPE, "the first axis of input x, the batch, has size 0");
    for (int i = 0; i < tg_model_declaration_count(m); i++) {
        tg_declaration d = tg_model_declaration_at(m, i);
        if (!d.is_input) continue;
        if (strcmp(d.name, "x") != 0 && strcmp(d.name, "y") != 0)
            return tg_fail(diag, TG_ERR_NAME,
                           "input '%.100s' has no data: train binds the inputs x and y alone", d.name);
        if (!shares_batch(&x, &d))
            return tg_fail(diag, TG_ERR_SHAPE,
                           "inputs x and y must have the same first axis, the batch: examples stand in rows");
    }
    *fixed = x.size_names[0] == NULL ? x.shape[0] : 0;
    return check_sizes(m, &x, diag);
}

int train_targets_are_classes(const tg_array *y)
{
    if (y == NULL || y->type.rank < 1 || y->type.rank > 2) return 0;
    int64_t n = y->type.shape[0], k = y->type.rank == 2 ? y->type.shape[1] : 1;
    if (y->type.dtype == TG_I64 && y->type.rank == 1) return 1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++) {
            double value = train_number(y, i * k + c);
            if (!(value >= 0 && value <= 1)) return 0;
            sum += value;
        }
        if (k == 1 ? sum != 0 && sum != 1 : fabs(sum - 1) > 1e-5) return 0;
    }
    return 1;
}

/* ---- Building ----------------------------------------------------------------------------------------- */

static tg_status bind(tg_model *m, const char *name, const tg_array *array, int64_t n, tg_diag *diag)
{
    int64_t shape[TG_MAX_RANK];
    memcpy(shape, array->type.shape, sizeof shape);
    shape[0] = n;
    return tg_model_bind_shape(m, name, array->type.rank, shape, diag);
}

tg_status train_net_bind(tg_model *m, const train_data *data, int64_t n, tg_diag *diag)
{
    tg_status status = bind(m, "x", data->x, n, diag);
    return status == TG_OK && data->y != NULL ? bind(m, "y", data->y, n, diag) : status;
}

static tg_tensor *output_named(const tg_model *m, const char *name)
{
    for (int i = 0; i < tg_model_output_count(m); i++) {
        tg_tensor *t;
        if (strcmp(tg_model_output_at(m, i, &t), name) == 0) return t;
    }
    return NULL;
}

/* The class of each example as an i64 [n], from outputs or targets: the largest of k, above 1/2 for k = 1, or the
 * number itself. NULL where the tensor is none of these. */
static tg_tensor *class_of(tg_tensor *t)
{
    int rank = tg_rank(t);
    if (tg_dtype_of(t) == TG_I64) return rank == 1 ? t : NULL;
    if (tg_dtype_of(t) == TG_BOOL || rank < 1 || rank > 2) return NULL;
    if (rank == 2 && tg_shape(t)[1] != 1) return tg_shape(t)[1] == 0 ? NULL : tg_argmax(t, 1);
    tg_tensor *above = tg_gt(t, tg_number_like(t, 0.5));
    return tg_cast(rank == 2 ? tg_index(above, 1, 0) : above, TG_I64);
}

/* 1 for each example whose answer is right. NULL where pred is no answer to y. */
static tg_tensor *accuracy(tg_tensor *pred, tg_tensor *y)
{
    tg_tensor *answer = class_of(pred), *truth = class_of(y);
    if (answer == NULL || truth == NULL || tg_shape(answer)[0] != tg_shape(truth)[0]) return NULL;
    int64_t k = tg_rank(pred) == 2 ? tg_shape(pred)[1] : 1, y_k = tg_rank(y) == 2 ? tg_shape(y)[1] : 1;
    if (tg_rank(pred) == 2 && tg_rank(y) == 2 && k != y_k) return NULL;
    return tg_cast(tg_eq(answer, truth), TG_F64);
}

static tg_status build(tg_graph *g, int64_t n, train_net *t, train_build *b)
{
    char suffix[32];
    tg_diag diag;
    snprintf(suffix, sizeof suffix, ".%" PRId64, n);
    train_net_free_sizes(t->model, t->given);
    tg_status status = train_net_bind(t->model, t->data, n, &diag);
    if (status != TG_OK) {
        tg_set_error(g, status, "%s", diag.message);
        return status;
    }
    status = tg_model_build(t->model, g, suffix);
    if (status != TG_OK) {
        tg_set_error(g, status, "%s", tg_model_problems(t->model));
        return status;
    }
    b->n = n;
    b->net.x = tg_model_find(t->model, "x");
    b->net.y = t->data->y == NULL ? b->net.x : tg_model_find(t->model, "y");
    b->net.loss = tg_model_find(t->model, "loss");
    b->pred = output_named(t->model, "pred");
    if (b->pred != NULL && t->classes) b->net.metric = accuracy(b->pred, b->net.y);
    if (b->net.loss != NULL) return tg_graph_status(g);
    tg_set_error(g, TG_ERR_NAME, "the model has no value 'loss', which training makes small");
    return TG_ERR_NAME;
}

const train_build *train_net_find(const train_net *t, int64_t n)
{
    for (int i = 0; i < t->n_builds; i++)
        if (t->builds[i].n == n) return &t->builds[i];
    return NULL;
}

tg_status train_net_build(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    train_net *t = context;
    const train_build *found = train_net_find(t, n);
    if (found == NULL) {
        train_build *more = realloc(t->builds, ((size_t)t->n_builds + 1) * sizeof *more);
        if (more == NULL) {
            tg_set_error(g, TG_ERR_MEMORY, "out of memory");
            return TG_ERR_MEMORY;
        }
        t->builds = more;
        train_build made = {0};
        tg_status status = build(g, n, t, &made);
        if (status != TG_OK) return status;
        t->builds[t->n_builds] = made;
        found = &t->builds[t->n_builds++];
    }
    *net = found->net;
    return TG_OK;
}

void train_net_clear(train_net *t)
{
    free(t->given);
    free(t->builds);
    t->builds = NULL;
    t->n_builds = 0;
}

/* ---- Predictions -------------------------------------------------------------------------------------- */

static size_t example_bytes(const tg_array *array)
{
    return tg_type_bytes(&array->type) / (size_t)array->type.shape[0];
}

/* pred for the examples first … first + n - 1, into data. */
static tg_status predict_batch(tg_graph *g, train_net *t, const train_data *data, int64_t first, int64_t n,
                               tg_array **out, int64_t total, tg_diag *diag)
{
    tg_net net;
    tg_function *f = NULL;
    tg_status status = train_net_build(g, n, &net, t);
    tg_tensor *pred = status == TG_OK ? train_net_find(t, n)->pred : NULL;
    if (status == TG_OK) status = tg_compile(g, &pred, 1, NULL, 0, &f);
    if (status != TG_OK) return tg_fail(diag, status, "%.400s", tg_error(g));
    tg_type type = tg_type_of(pred);
    if (*out == NULL) {
        type.shape[0] = total;
        *out = tg_array_new(type.dtype, type.rank, type.shape, diag);
    }
    if (*out == NULL) {
        tg_function_free(f);
        return diag->status;
    }
    tg_bind(f, net.x, (char *)data->x->data + (size_t)first * example_bytes(data->x));
    if (data->y != NULL) tg_bind(f, net.y, (char *)data->y->data + (size_t)first * example_bytes(data->y));
    status = tg_run(f);
    if (status == TG_OK)
        memcpy((char *)(*out)->data + (size_t)first * example_bytes(*out), tg_output(f, pred),
               (size_t)n * example_bytes(*out));
    else
        tg_fail(diag, status, "%.400s", tg_function_error(f));
    tg_function_free(f);
    return status;
}

tg_array *train_predict(tg_graph *g, train_net *t, const train_data *data, int64_t batch, tg_diag *diag)
{
    tg_array *out = NULL;
    tg_status status = TG_OK;
    int64_t total = train_data_count(data);
    for (int64_t first = 0; first < total && status == TG_OK; first += batch) {
        int64_t n = total - first < batch ? total - first : batch;
        status = predict_batch(g, t, data, first, n, &out, total, diag);
    }
    if (status == TG_OK) return out;
    tg_array_free(out);
    return NULL;
}
