/* Holds the gradients of the digits network against the delta rules and against finite differences. */
#ifndef TAPEGRAD_EXAMPLES_DELTA_COMPARISON_H
#define TAPEGRAD_EXAMPLES_DELTA_COMPARISON_H

#include <tapegrad/tapegrad.h>

/* Prints a table of the differences on the first digits of the data. 1 when everything agrees, else 0. */
int compare_with_delta_rules(const tg_graph *trained, const tg_dataset *data);

#endif
