/* A model as a network for batches: built for each size that is asked for, with shared params. */
#ifndef TG_CLI_TRAIN_NET_H
#define TG_CLI_TRAIN_NET_H

#include "train_data.h"

/* The model for one batch size. */
typedef struct train_build {
    int64_t n;
    tg_net net;
    tg_tensor *pred; /* NULL where there is no output of that name */
} train_build;

typedef struct train_net {
    tg_model *model;
    const train_data *data; /* whose shapes the inputs take */
    int64_t fixed;          /* the only batch size that the model takes; 0: any */
    int64_t *given; /* the values of named sizes that --dim gives, by their number; -1 for the others */
    int classes;    /* the targets are classes: accuracy counts */
    train_build *builds;
    int n_builds;
} train_net;

/* Looks at the model's inputs: NAME where there is no x, or one that no data are bound to; SHAPE where the first axis
 * of x cannot be the batch; SIZE where a named size neither follows from the data nor is bound. */
tg_status train_net_check(const tg_model *m, int64_t *fixed, tg_diag *diag);

/* The model's sizes as --dim has bound them, for `given`; NULL when memory runs out. */
int64_t *train_net_given_sizes(const tg_model *m);
/* Binds the sizes of x and y to those of n of the examples. */
tg_status train_net_bind(tg_model *m, const train_data *data, int64_t n, tg_diag *diag);
/* Forgets the sizes of data and batch; the given ones stay. */
void train_net_free_sizes(tg_model *m, const int64_t *given);

/* Whether targets are classes: rows that are distributions (one-hot mostly), columns of 0 and 1, or i64 numbers. */
int train_targets_are_classes(const tg_array *y);

/* A tg_net_fn whose context is a train_net. */
tg_status train_net_build(tg_graph *g, int64_t n, tg_net *net, void *context);
/* The build for n, or NULL when the model was not built for it. */
const train_build *train_net_find(const train_net *t, int64_t n);
void train_net_clear(train_net *t);

/* pred for every example, as numbers in a new array [n, …] of pred's type. NULL with *diag. */
tg_array *train_predict(tg_graph *g, train_net *t, const train_data *data, int64_t batch, tg_diag *diag);

#endif
