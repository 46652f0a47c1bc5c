/* What is measured: training steps of multilayer perceptrons on one batch, in f32 or f64. */
#ifndef TG_BENCH_WORKLOAD_H
#define TG_BENCH_WORKLOAD_H

#include <stddef.h>

enum { MAX_LAYERS = 4 };

/* Hidden layers and outputs are sigmoid with the quadratic cost, or ReLU with a softmax cross-entropy at the end.
 * The cost is the mean over the batch. */
typedef struct workload {
    const char *name, *what;
    int n_layers;
    int sizes[MAX_LAYERS + 1];
    int batch;
    int is_softmax;
    double rate;
} workload;

/* W0 to W4, and NULL beyond them. */
const workload *workload_at(int i);

typedef enum precision { F32, F64, PRECISIONS } precision;

extern const char *const precision_names[PRECISIONS];

static inline size_t bytes_of(precision p, int n)
{
    return (size_t)n * (p == F32 ? sizeof(float) : sizeof(double));
}

static inline int weights_of(const workload *w, int l)
{
    return w->sizes[l] * w->sizes[l + 1];
}

/* A batch, row-major: x[batch, inputs] and y[batch, outputs], one-hot (alternating 0 and 1 for one output). */
typedef struct batch {
    precision type;
    void *x, *y;
} batch;

/* Fills in x and y for the type that data has; 0 without memory. batch_free in both cases. */
int batch_make(batch *data, const workload *w);
void batch_free(batch *data);

#endif
