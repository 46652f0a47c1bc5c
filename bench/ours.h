/* The same training step, compiled by the library. */
#ifndef TG_BENCH_OURS_H
#define TG_BENCH_OURS_H

#include <tapegrad/tapegrad.h>

#include "workload.h"

typedef struct our_net {
    tg_graph *graph;
    tg_function *step;
    tg_tensor *loss, *W[MAX_LAYERS], *b[MAX_LAYERS];
} our_net;

/* Without the passes of the planner that are named, NULL for none. 0 when it cannot be made; tg_error(net->graph) says why. The data stays the caller's. */
int our_make(our_net *net, const workload *of, const batch *data, int threads, const char *without);
void our_free(our_net *net);

#endif
