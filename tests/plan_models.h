/* Training steps of several kinds, for tests of plans. */
#ifndef TG_TESTS_PLAN_MODELS_H
#define TG_TESTS_PLAN_MODELS_H

#include "graph_helpers.h"

/* Each makes a new graph, which the caller frees, and a cost on it; inputs have values. */

enum { MOST_LAYERS = 40 };

/* layers that are as wide as each other where variety is 0, and all of one activation; else neither. */
tg_graph *network_model(int layers, int width, int batch, int variety, tg_tensor **cost);

/* Words, looked up in a table; convolutions as products of patches, with pooling. */
tg_graph *convolution_model(int64_t channels, tg_tensor **cost);

/* The same step many times, each with the state that the one before left. */
tg_graph *recurrent_model(int steps, tg_tensor **cost);

#endif
