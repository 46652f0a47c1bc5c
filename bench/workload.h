/* What is measured: training steps of multilayer perceptrons in f32 on one batch. */
#ifndef TG_BENCH_WORKLOAD_H
#define TG_BENCH_WORKLOAD_H

enum { MAX_LAYERS = 4 };

/* Hidden layers and outputs are sigmoid with the quadratic cost, or ReLU with a softmax cross-entropy at the end.
 * The cost is the mean over the batch. */
typedef struct workload {
    const char *name, *what;
    int n_layers;
    int sizes[MAX_LAYERS + 1];
    int batch;
    int is_softmax;
    float rate;
} workload;

/* A batch, row-major: x[batch, inputs] and y[batch, outputs], one-hot (alternating 0 and 1 for one output). */
typedef struct batch {
    float *x, *y;
} batch;

#endif
