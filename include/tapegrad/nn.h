/* Neural networks: params with initialisers, layers, costs, optimisers, training.
 *
 * Everything here is built on graph.h, ops.h, diff.h and function.h alone; a program can do without it, or take
 * a part. A training step in a few lines:
 *
 *     tg_tensor *h = tg_relu(tg_dense(g, "h", x, 64, TG_INIT_HE));
 *     tg_tensor *s = tg_dense(g, "out", h, 10, TG_INIT_GLOROT);
 *     tg_tensor *loss = tg_mean(tg_softmax_cross_entropy(s, y), NULL);
 *     tg_optimizer adam = TG_ADAM(.rate = 1e-3);
 *     tg_function *step;
 *     tg_train_step(g, loss, &adam, &step);
 *
 * Errors are kept by the graph. Same seed, same data, same calls: same bits. */
#ifndef TAPEGRAD_NN_H
#define TAPEGRAD_NN_H

#include <tapegrad/delta.h>
#include <tapegrad/function.h>
#include <tapegrad/io.h>
#include <tapegrad/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Params ------------------------------------------------------------------------------------------- */

/* How a param begins. Its numbers depend on the graph's seed and the param's name alone, so that the order in
 * which params are made does not matter. fan_in and fan_out are the first and last axis of a matrix; of other
 * shapes all but the last axis, and the last. */
typedef enum tg_init_kind {
    TG_INIT_KIND_ZEROS,
    TG_INIT_KIND_CONSTANT, /* a */
    TG_INIT_KIND_UNIFORM,  /* from a to b */
    TG_INIT_KIND_NORMAL,   /* mean a, deviation b */
    TG_INIT_KIND_GLOROT,   /* uniform within +-sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010 */
    TG_INIT_KIND_HE        /* normal with deviation sqrt(2 / fan_in): He, Zhang, Ren and Sun 2015 */
} tg_init_kind;

typedef struct tg_init {
    tg_init_kind kind;
    double a, b;
} tg_init;

/* A record in an expression, as C and as C++ write it. */
#ifdef __cplusplus
#define TG_RECORD(type) type
#else
#define TG_RECORD(type) (type)
#endif

#define TG_INIT_ZEROS (TG_RECORD(tg_init){TG_INIT_KIND_ZEROS, 0, 0})
#define TG_INIT_CONSTANT(value) (TG_RECORD(tg_init){TG_INIT_KIND_CONSTANT, (double)(value), 0})
#define TG_INIT_UNIFORM(low, high) (TG_RECORD(tg_init){TG_INIT_KIND_UNIFORM, (double)(low), (double)(high)})
#define TG_INIT_NORMAL(mean, deviation)                                                                      \
    (TG_RECORD(tg_init){TG_INIT_KIND_NORMAL, (double)(mean), (double)(deviation)})
#define TG_INIT_GLOROT (TG_RECORD(tg_init){TG_INIT_KIND_GLOROT, 0, 0})
#define TG_INIT_HE (TG_RECORD(tg_init){TG_INIT_KIND_HE, 0, 0})

/* The param of this name; made and initialised unless it is there. Asking again for a name with the same type is
 * how weights are shared; with another type it is an error (NAME). f32 and f64. */
TG_API tg_tensor *tg_param_init(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                                tg_init init);

/* The input of this name and batch size, made unless it is there: "NAME.N" of shape [n, shape…]. For networks
 * that are built for several batch sizes. */
TG_API tg_tensor *tg_batch_input(tg_graph *g, const char *name, int64_t n, tg_dtype dtype, int rank,
                                 const int64_t *shape);

/* ---- Layers ------------------------------------------------------------------------------------------- */

/* x W + b for rows x: [..., in] gives [..., units]. Params "NAME.W" [in, units] with the initialiser and
 * "NAME.b" [units] of zeros. */
TG_API tg_tensor *tg_dense(tg_graph *g, const char *name, tg_tensor *x, int64_t units, tg_init init);

/* The activation (delta.h lists them); softmax over the last axis, leaky_relu with slope 0.01. */
TG_API tg_tensor *tg_activate(tg_tensor *z, tg_activation activation);

/* A multilayer perceptron: a^l = s_l(a^(l-1) W^l + b^l) for l = 1 .. L, with a^0 = x: [N, n_0]. */
typedef struct tg_mlp_spec {
    int n_layers;                     /* L */
    const int64_t *units;             /* n_1 .. n_L */
    const tg_activation *activations; /* s_1 .. s_L */
    tg_init init;                     /* of the weights */
} tg_mlp_spec;

typedef struct tg_layer {
    tg_tensor *W, *b, *z, *a;
} tg_layer;

/* a^L: [N, n_L]. Params "NAME.1.W", "NAME.1.b", "NAME.2.W", …; layers, unless NULL, takes L entries. */
TG_API tg_tensor *tg_mlp(tg_graph *g, const char *name, tg_tensor *x, const tg_mlp_spec *spec,
                         tg_layer *layers);

/* ---- Costs -------------------------------------------------------------------------------------------- */

/* The cost of each example: [N, K] outputs a and targets y give [N], summed over k (delta.h lists the costs).
 * tg_mean(…, NULL) or tg_sum(…, NULL) of it is the cost of the batch. For cross-entropies of a softmax or
 * sigmoid layer tg_softmax_cross_entropy and tg_sigmoid_cross_entropy (ops.h) take the layer's z and stay
 * accurate where the layer saturates. */
TG_API tg_tensor *tg_cost_of(tg_cost cost, tg_tensor *a, tg_tensor *y);

/* 1 for each example whose answer is right, else 0: the largest of K outputs is where the target's is; for K = 1,
 * output and target are on the same side of 1/2. Of a's dtype; no gradient. */
TG_API tg_tensor *tg_accuracy(tg_tensor *a, tg_tensor *y);

/* ---- Optimisers --------------------------------------------------------------------------------------- */

/* How the rate changes with the number t = 0, 1, … of the step; f multiplies it. */
typedef enum tg_schedule_kind {
    TG_SCHEDULE_CONSTANT,    /* f = 1 */
    TG_SCHEDULE_STEPS,       /* f = factor^floor(t / every) */
    TG_SCHEDULE_EXPONENTIAL, /* f = factor^(t / every) */
    TG_SCHEDULE_LINEAR,      /* f falls from 1 to factor over `every` steps, and stays */
    TG_SCHEDULE_COSINE       /* f falls from 1 to factor over `every` steps along half a cosine, and stays */
} tg_schedule_kind;

typedef struct tg_schedule {
    tg_schedule_kind kind;
    double factor;
    int64_t every;
    int64_t warmup; /* in the first steps f is multiplied by (t + 1) / warmup; 0: none */
} tg_schedule;

typedef enum tg_optimizer_kind {
    TG_OPTIMIZER_SGD,      /* W <- W - r (G + decay W) */
    TG_OPTIMIZER_MOMENTUM, /* U <- momentum U + G + decay W; W <- W - r U; nesterov: W <- W - r (G + momentum U) */
    TG_OPTIMIZER_ADAM, /* Kingma and Ba 2015, with G + decay W as gradient */
    TG_OPTIMIZER_ADAMW /* Adam with decoupled decay: W <- W - r decay W; Loshchilov and Hutter 2019 */
} tg_optimizer_kind;

/* A rate of its own for the params whose name begins with `prefix`: multiplied by `factor`; the first that fits
 * counts. */
typedef struct tg_rate {
    const char *prefix;
    double factor;
} tg_rate;

typedef struct tg_optimizer {
    tg_optimizer_kind kind;
    double rate;     /* 0: 0.01 for SGD and momentum, 0.001 for Adam */
    double momentum; /* 0: 0.9 (momentum) */
    int nesterov;
    double beta1, beta2; /* 0: 0.9 and 0.999 (Adam) */
    double epsilon;      /* 0: 1e-8 (Adam) */
    double decay;        /* weight decay; not of params "….b" */
    double clip_norm;    /* gradients are scaled together so that their norm is at most this; 0: not */
    double clip_value;   /* every element of a gradient is cut to +- this; 0: not */
    tg_schedule schedule;
    const tg_rate *rates;
    int n_rates;
} tg_optimizer;

/* TG_ADAM(.rate = 0.02): what is not named is 0. Before C++20, which has such names: a tg_optimizer that begins with {}
 * and whose fields are set. */
#define TG_SGD(...) (TG_RECORD(tg_optimizer){.kind = TG_OPTIMIZER_SGD, __VA_ARGS__})
#define TG_MOMENTUM(...) (TG_RECORD(tg_optimizer){.kind = TG_OPTIMIZER_MOMENTUM, __VA_ARGS__})
#define TG_ADAM(...) (TG_RECORD(tg_optimizer){.kind = TG_OPTIMIZER_ADAM, __VA_ARGS__})
#define TG_ADAMW(...) (TG_RECORD(tg_optimizer){.kind = TG_OPTIMIZER_ADAMW, __VA_ARGS__})

/* The updates of one step, as expressions: of every trainable param that loss depends on, and of the optimiser's
 * states, which are made where missing: "train.step" (i64 scalar: the number of steps done), "PARAM.momentum",
 * "PARAM.adam_m", "PARAM.adam_v". *updates is a new list; free it with tg_updates_free. Errors: NULL, SHAPE (loss
 * is no scalar), ARGUMENT (no param, or a setting out of range: the message names it), MEMORY. */
TG_API tg_status tg_optimizer_updates(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer,
                                      tg_update **updates, int *n_updates);
TG_API void tg_updates_free(tg_update *updates);

/* A function that computes loss (its output), the gradients, and the updates: forward, reverse and optimiser in
 * one plan. */
TG_API tg_status tg_train_step(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer,
                               tg_function **step);
/* The same compiled as options say (threads, memory); NULL: the usual ones. */
TG_API tg_status tg_train_step_with(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer,
                                    const tg_compile_options *options, tg_function **step);

/* ---- Training loop ------------------------------------------------------------------------------------ */

/* Examples: x[i], y[i] for i = 0 .. n-1 along the first axis. The arrays stay the caller's. */
typedef struct tg_dataset {
    const tg_array *x, *y;
} tg_dataset;

/* A network for a batch of n examples. metric has one number an example, whose mean is reported
 * (tg_accuracy makes the usual one); it may be NULL. */
typedef struct tg_net {
    tg_tensor *x, *y;  /* inputs of shape [n, …], of the dataset's types */
    tg_tensor *loss;   /* a scalar */
    tg_tensor *metric; /* [n] or NULL */
} tg_net;

/* Builds the network for batches of n examples in g. It is called once for each batch size that is needed;
 * tg_batch_input and tg_param_init make the inputs of each and share the params. */
typedef tg_status (*tg_net_fn)(tg_graph *g, int64_t n, tg_net *net, void *context);

typedef struct tg_score {
    double loss;   /* the mean over the batches, weighted by their sizes */
    double metric; /* the mean over the examples; NaN without a metric */
} tg_score;

/* The score on a dataset, in batches of `batch` (0: 256) and a last one of what is left. */
TG_API tg_status tg_evaluate(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                             int64_t batch, tg_score *score);
/* The same compiled as options say (threads, memory); NULL: the usual ones. */
TG_API tg_status tg_evaluate_with(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                                  int64_t batch, const tg_compile_options *options, tg_score *score);

/* Which examples a step sees. */
typedef enum tg_sampling {
    TG_SHUFFLED, /* every example once an epoch, in an order drawn anew; a smaller last batch takes what is left */
    TG_IN_ORDER, /* the same in the order of the dataset */
    TG_UNIFORM,  /* `batch` examples drawn uniformly with replacement, N / batch (rounded up) steps an epoch;
                    with batch 1 the stochastic gradient descent of the textbooks */
    TG_FULL      /* all N in one step */
} tg_sampling;

typedef struct tg_progress {
    int64_t epoch, epochs; /* this one, from 0, and how many there will be */
    int64_t step, steps;   /* within the epoch: steps done, and how many there are */
    tg_score train;        /* of the epoch so far, measured while the params change */
    tg_score validation;   /* at the end of an epoch with validation data; NaN otherwise */
    tg_graph *graph;
    tg_function *function; /* that ran the last step, for a profile say; a smaller last batch has another */
} tg_progress;

/* Returns nonzero to stop: training ends after this step or epoch with TG_STOPPED, everything consistent. */
typedef int (*tg_progress_fn)(const tg_progress *progress, void *context);

typedef struct tg_fit_options {
    tg_optimizer optimizer;
    int64_t epochs; /* 0: 1 */
    /* To resume: epochs before first_epoch count as done, and so do steps before first_step of that one, whose score
     * is then of the rest alone. The draws go on as if they had been. */
    int64_t first_epoch, first_step;
    int64_t batch; /* 0: 32 */
    tg_sampling sampling;
    uint64_t seed;                /* of the draws */
    const tg_dataset *validation; /* scored after every epoch; may be NULL */
    int64_t patience;             /* stop after so many epochs without a smaller validation loss; 0: never */
    tg_progress_fn on_step, on_epoch;
    void *context; /* of the two */
    int threads; /* that a step and a scoring use, as in tg_compile_options; 0: one. The results are the same */
} tg_fit_options;

typedef struct tg_fit_result {
    int64_t epochs;             /* done, the ones before first_epoch included */
    int64_t steps;              /* done by this call */
    tg_score train, validation; /* of the last epoch */
    int stopped_early;          /* by patience */
} tg_fit_result;

/* Trains. result may be NULL. Errors: NULL, SHAPE and DTYPE (the network's inputs do not fit the data), ARGUMENT
 * (no examples, a negative setting), STOPPED, and what building and running give. */
TG_API tg_status tg_fit(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                        const tg_fit_options *options, tg_fit_result *result);

/* ---- Saving ------------------------------------------------------------------------------------------- */

/* Saves every param and state of the graph as a safetensors file with a checksum, atomically. metadata (may be
 * NULL) is kept with it. */
TG_API tg_status tg_checkpoint_save(tg_graph *g, const char *path, const tg_metadata *metadata);

/* Sets every param and state that the file has to its value; one that the graph lacks is made, as a state if it
 * was one, so that an optimiser made later goes on with it. All values are checked before any is set. metadata
 * (may be NULL) must be empty and receives the file's. Errors: those of tg_safetensors_load, and SHAPE or DTYPE
 * where a name has another type; then nothing has changed. */
TG_API tg_status tg_checkpoint_load(tg_graph *g, const char *path, tg_metadata *metadata);

#ifdef __cplusplus
}
#endif

#endif
