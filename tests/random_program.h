/* Random programs: params, operations of all kinds on them, gradients, updates and outputs. */
#ifndef TG_TESTS_RANDOM_PROGRAM_H
#define TG_TESTS_RANDOM_PROGRAM_H

#include "graph_helpers.h"

enum { RANDOM_PARAMS = 8 };

/* Sizes of axes, and of what is computed: arrays of one block, of many, and of rows that are long. */
typedef struct random_sizes {
    int64_t two, three, four, most;
    int operations;
} random_sizes;
extern const random_sizes random_small, random_large, random_wide;

typedef struct random_program {
    tg_graph *g;
    uint64_t key, at;
    const random_sizes *sizes;
    tg_tensor *params[RANDOM_PARAMS];
    tg_update updates[RANDOM_PARAMS];
    tg_tensor *outputs[6];
    int n_updates, n_outputs;
} random_program;

/* Makes the program of this number in a graph of its own, which the caller frees. Every second one is not simplified. */
void random_program_make(random_program *p, uint64_t key, const random_sizes *sizes);

#endif
