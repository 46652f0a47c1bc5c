/* A graph as a drawing for Graphviz. */
#ifndef TG_CLI_GRAPH_DOT_H
#define TG_CLI_GRAPH_DOT_H

#include <tapegrad/graph.h>

/* What the tensors depend on, in the DOT language: nodes grouped by layer, the reverse pass beside the forward one,
 * shapes on the edges. Constants stand in the labels of what uses them, and broadcasts, reshapes and transposes on the
 * edges. New memory, freed with tg_text_free; NULL when memory runs out. */
char *tg_graph_dot(tg_graph *g, tg_tensor *const *tensors, int n, const char *title);

#endif
