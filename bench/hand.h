/* The opponents: a training step as careful programmers write it by hand, with one set of buffers and no allocation. */
#ifndef TG_BENCH_HAND_H
#define TG_BENCH_HAND_H

#include "workload.h"

typedef struct hand_net {
    const workload *of;
    precision type;
    const void *x, *y;
    void *W[MAX_LAYERS], *b[MAX_LAYERS];     /* [in, out] and [out] */
    void *a[MAX_LAYERS], *delta[MAX_LAYERS]; /* [batch, out]; delta is the derivative of the cost by z */
    double loss;
    void *more; /* the version's own */
} hand_net;

/* 0 when memory runs out. The data stays the caller's. */
int hand_make(hand_net *net, const workload *of, const batch *data);
void hand_free(hand_net *net);

/* A way of writing the step. */
typedef struct hand_version {
    const char *name; /* as in hand_NAME_us */
    int (*fits)(const workload *of, precision type);
    /* With the weights in place, which it may change; NULL where there is nothing to do. 0 when that fails. */
    int (*prepare)(hand_net *net);
    void (*finish)(hand_net *net); /* undoes it, or NULL */
    void (*step)(hand_net *net);   /* forward, backward and update */
    void (*use_threads)(int n);    /* or NULL */
} hand_version;

enum { HAND_PLAIN, HAND_OPENBLAS, HAND_ONEDNN, HAND_VERSIONS };

/* Plain loops of constant sizes, for 2-3-1 and batch 4. */
extern const hand_version hand_plain;
extern const hand_version hand_openblas;
/* f32 alone, which is what oneDNN does on processors; NULL where it is not installed. */
extern const hand_version *const hand_onednn;

#endif
