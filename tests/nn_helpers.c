/* What the tests of src/nn share. */
#include "nn_helpers.h"

#include <math.h>
#include <string.h>

#include <tapegrad/random.h>

#define HIDDEN 5

void nn_fill(double *values, int64_t n, double low, double high, uint64_t key)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t words[4];
        tg_philox(key, (uint64_t)i, 0, words);
        values[i] = low + (high - low) * ((double)words[0] / 4294967296.0);
    }
}

const double *nn_value(tg_graph *g, const char *name)
{
    tg_tensor *t = tg_find(g, name);
    if (t == NULL || tg_dtype_of(t) != TG_F64 || tg_data(t) == NULL) fail_msg("no f64 value '%s'", name);
    return tg_data(t);
}

void nn_check_near(double found, double expected, double tolerance, const char *what, int64_t i)
{
    if (found == expected || (isnan(found) && isnan(expected))) return;
    if (fabs(found - expected) <= tolerance * fmax(fabs(found), fabs(expected))) return;
    fail_msg("%s, element %lld: found %.17g, expected %.17g", what, (long long)i, found, expected);
}

static int same_param(const tg_tensor *a, const tg_tensor *b)
{
    tg_type type = tg_type_of(a), other = tg_type_of(b);
    return b != NULL && memcmp(&type, &other, sizeof type) == 0 && tg_is_trainable(a) == tg_is_trainable(b) &&
           memcmp(tg_data(a), tg_data(b), tg_type_bytes(&type)) == 0;
}

void nn_assert_same_params(const tg_graph *a, const tg_graph *b)
{
    assert_int_equal(tg_param_count(a), tg_param_count(b));
    for (int64_t i = 0; i < tg_param_count(a); i++) {
        const tg_tensor *t = tg_param_at(a, i);
        if (!same_param(t, tg_find(b, tg_name(t)))) fail_msg("'%s' differs", tg_name(t));
    }
}

int nn_params_differ(const tg_graph *a, const tg_graph *b)
{
    for (int64_t i = 0; i < tg_param_count(a); i++) {
        const tg_tensor *t = tg_param_at(a, i);
        if (tg_is_trainable(t) && !same_param(t, tg_find(b, tg_name(t)))) return 1;
    }
    return 0;
}

tg_array *nn_array(int64_t rows, int64_t columns, const double *data)
{
    tg_array *array = tg_array_new(TG_F64, 2, (const int64_t[]){rows, columns}, NULL);
    assert_non_null(array);
    if (data != NULL) memcpy(array->data, data, tg_type_bytes(&array->type));
    return array;
}

void nn_data_make(nn_data *d, int64_t n, uint64_t key)
{
    d->x = nn_array(n, 2, NULL);
    d->y = nn_array(n, 2, NULL);
    d->set = (tg_dataset){d->x, d->y};
    double *x = d->x->data, *y = d->y->data;
    nn_fill(x, 2 * n, -1, 1, key);
    for (int64_t i = 0; i < n; i++) {
        x[2 * i] += i % 2 == 0 ? 0.6 : -0.6;
        y[2 * i + i % 2] = 1;
    }
}

void nn_data_free(nn_data *d)
{
    tg_array_free(d->x);
    tg_array_free(d->y);
}

tg_status nn_classifier(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    (void)context;
    const int64_t two = 2;
    net->x = tg_batch_input(g, "x", n, TG_F64, 1, &two);
    net->y = tg_batch_input(g, "y", n, TG_F64, 1, &two);
    tg_tensor *h = tg_tanh(tg_dense(g, "h", net->x, HIDDEN, TG_INIT_GLOROT));
    tg_tensor *s = tg_dense(g, "out", h, 2, TG_INIT_GLOROT);
    net->loss = tg_mean(tg_softmax_cross_entropy(s, net->y), NULL);
    net->metric = tg_accuracy(s, net->y);
    return tg_graph_status(g);
}

tg_score nn_classifier_score(tg_graph *g, const nn_data *d)
{
    const double *x = d->x->data, *y = d->y->data;
    const double *W1 = nn_value(g, "h.W"), *b1 = nn_value(g, "h.b");
    const double *W2 = nn_value(g, "out.W"), *b2 = nn_value(g, "out.b");
    int64_t n = d->x->type.shape[0];
    tg_score total = {0};
    for (int64_t i = 0; i < n; i++) {
        double s[2] = {b2[0], b2[1]};
        for (int j = 0; j < HIDDEN; j++) {
            double h = tanh(x[2 * i] * W1[j] + x[2 * i + 1] * W1[HIDDEN + j] + b1[j]);
            s[0] += h * W2[2 * j];
            s[1] += h * W2[2 * j + 1];
        }
        int right = y[2 * i] > 0 ? 0 : 1;
        total.loss += log(exp(s[0]) + exp(s[1])) - s[right];
        total.metric += s[right] > s[1 - right];
    }
    return (tg_score){total.loss / (double)n, total.metric / (double)n};
}
