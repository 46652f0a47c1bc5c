/* What the tests of src/nn share: random numbers, datasets, comparing params, and one small network. */
#ifndef TG_TESTS_NN_HELPERS_H
#define TG_TESTS_NN_HELPERS_H

#include "graph_helpers.h"

#include <tapegrad/nn.h>

/* n numbers in low .. high, the same in every run. */
void nn_fill(double *values, int64_t n, double low, double high, uint64_t key);

/* The value of an f64 param, state or input, where it lies. */
const double *nn_value(tg_graph *g, const char *name);

/* found is expected but for tolerance, relative to the larger of them; what and i go into the message. */
void nn_check_near(double found, double expected, double tolerance, const char *what, int64_t i);

/* Fails unless both graphs have the same params and states by name, type and bits. */
void nn_assert_same_params(const tg_graph *a, const tg_graph *b);
/* 1 when some param of a has other bits in b. */
int nn_params_differ(const tg_graph *a, const tg_graph *b);

/* f64 arrays of [rows, columns]; data may be NULL: zeros. */
tg_array *nn_array(int64_t rows, int64_t columns, const double *data);

/* n examples in two classes: x [n, 2] around two centres, y [n, 2] one-hot. Free both arrays. */
typedef struct nn_data {
    tg_array *x, *y;
    tg_dataset set;
} nn_data;
void nn_data_make(nn_data *d, int64_t n, uint64_t key);
void nn_data_free(nn_data *d);

/* A tg_net_fn for such data: a hidden layer of 5 tanh units, softmax with cross-entropy, and accuracy. */
tg_status nn_classifier(tg_graph *g, int64_t n, tg_net *net, void *context);
/* The mean cross-entropy and accuracy of that network in plain loops. */
tg_score nn_classifier_score(tg_graph *g, const nn_data *d);

#endif
