/* What is measured on long arrays. */
#ifndef TG_BENCH_ARRAY_WORKLOAD_H
#define TG_BENCH_ARRAY_WORKLOAD_H

#include <tapegrad/tapegrad.h>

typedef enum operation { CHAIN, LOGSUMEXP, SOFTMAX } operation;

typedef struct array_workload {
    const char *name, *what;
    operation kind;
    int64_t rows, columns; /* one row: an array with one axis */
} array_workload;

/* NULL beyond the last. */
const array_workload *array_workload_at(int i);

/* An input of the workload's shape, and what is computed from it. NULL as the library gives it. */
tg_tensor *array_input(tg_graph *g, const array_workload *w, tg_dtype dtype);
tg_tensor *array_result(const array_workload *w, tg_tensor *x);

/* n numbers of dtype, from -4 to 4. */
void array_fill(int64_t n, tg_dtype dtype, void *x);

#endif
