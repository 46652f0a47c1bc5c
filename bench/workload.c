/* The training steps that are measured, and their data. */
#include "workload.h"

#include <stdint.h>
#include <stdlib.h>

const char *const precision_names[PRECISIONS] = {[F32] = "f32", [F64] = "f64"};

static const workload workloads[] = {
    {"W0", "2-3-1 sigmoid, quadratic, batch 4", 2, {2, 3, 1}, 4, 0, 0.5},
    {"W1", "784-30-10 sigmoid, quadratic, batch 10", 2, {784, 30, 10}, 10, 0, 0.5},
    {"W2", "784-64-10 ReLU, softmax, batch 64", 2, {784, 64, 10}, 64, 1, 0.01},
    {"W3", "784-512-512-10 ReLU, softmax, batch 128", 3, {784, 512, 512, 10}, 128, 1, 0.01},
    {"W4", "1024-1024-1024-1024-10 ReLU, batch 256", 4, {1024, 1024, 1024, 1024, 10}, 256, 1, 0.002},
};

const workload *workload_at(int i)
{
    const int n = sizeof workloads / sizeof workloads[0];
    return i < n ? &workloads[i] : NULL;
}

static void put(const batch *data, void *to, int i, double value)
{
    if (data->type == F32)
        ((float *)to)[i] = (float)value;
    else
        ((double *)to)[i] = value;
}

int batch_make(batch *data, const workload *w)
{
    int inputs = w->sizes[0], outputs = w->sizes[w->n_layers];
    data->x = malloc(bytes_of(data->type, w->batch * inputs));
    data->y = malloc(bytes_of(data->type, w->batch * outputs));
    if (data->x == NULL || data->y == NULL) return 0;
    uint32_t random = 1;
    for (int i = 0; i < w->batch * inputs; i++) {
        random = random * 1664525U + 1013904223U;
        put(data, data->x, i, (random >> 8) / 8388608.0 - 1);
    }
    for (int i = 0; i < w->batch * outputs; i++) {
        int row = i / outputs, column = i % outputs;
        put(data, data->y, i, outputs == 1 ? row % 2 : column == row % outputs);
    }
    return 1;
}

void batch_free(batch *data)
{
    free(data->x);
    free(data->y);
}
