/* Batches, for training and scoring. */
#ifndef TG_NN_BATCHES_H
#define TG_NN_BATCHES_H

#include <tapegrad/nn.h>
#include <tapegrad/random.h>

/* 0 examples, or x and y of different lengths, are errors, kept by the graph. */
tg_status tg_check_dataset(tg_graph *g, const char *call, const tg_dataset *data);

/* The network for batches of one size, as a function, with memory for a batch. */
typedef struct tg_runner {
    tg_net net;
    tg_tensor *metric; /* the sum over the batch, or NULL */
    tg_function *function;
    int64_t n;
    tg_array *x, *y;
} tg_runner;

/* Builds the network, checks that it fits the data, and compiles it as options say: its score alone, or with an
 * optimiser's updates unless that is NULL. Begin with a zeroed runner, and free it in any case. */
tg_status tg_runner_make(tg_runner *r, tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                         int64_t n, const tg_optimizer *optimizer, const tg_compile_options *options);
void tg_runner_free(tg_runner *r);

/* Runs on the examples rows[0 .. n-1] and adds loss times n and the metric's sum to *total. The graph keeps an
 * error, which begins with `call`. */
tg_status tg_runner_run(tg_runner *r, tg_graph *g, const char *call, const tg_dataset *data,
                        const int64_t *rows, tg_score *total);

/* Memory for the numbers of n examples (n > 0), or NULL with an error kept by the graph. */
int64_t *tg_rows_new(tg_graph *g, const char *call, int64_t n);

/* The examples of an epoch, in order: n_rows of them (n for every way but uniform draws). They depend on seed and
 * epoch alone. */
void tg_draw_rows(tg_sampling sampling, uint64_t seed, int64_t epoch, int64_t n, int64_t n_rows,
                  int64_t *rows);

#endif
