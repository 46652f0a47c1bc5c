/* The opponent: a training step as a careful programmer writes it by hand, with one set of buffers and no
 * allocation. */
#ifndef TG_BENCH_HAND_H
#define TG_BENCH_HAND_H

#include "workload.h"

typedef struct hand_net {
    const workload *of;
    const float *x, *y;
    float *W[MAX_LAYERS], *b[MAX_LAYERS];     /* [in, out] and [out] */
    float *a[MAX_LAYERS], *delta[MAX_LAYERS]; /* [batch, out]; delta is the derivative of the cost by z */
    float loss;
} hand_net;

/* 0 when memory runs out. The data stays the caller's. */
int hand_make(hand_net *net, const workload *of, const batch *data);
void hand_free(hand_net *net);

/* Forward, backward and update. hand_step uses CBLAS; hand_small_step is plain loops for 2-3-1 and batch 4. */
void hand_step(hand_net *net);
void hand_small_step(hand_net *net);
int hand_is_small(const workload *of);

/* How many threads the BLAS library uses. */
void hand_use_threads(int n);

#endif
