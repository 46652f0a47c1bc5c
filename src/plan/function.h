/* A compiled function from inside. */
#ifndef TG_PLAN_FUNCTION_H
#define TG_PLAN_FUNCTION_H

#include "plan.h"

typedef struct tg_bound_leaf {
    tg_tensor *tensor;
    int64_t id;
    uint64_t serial;
    const void *bound; /* by tg_bind */
    void *data;        /* what the views point to now */
} tg_bound_leaf;

struct tg_function {
    tg_plan *plan;
    tg_graph *graph;
    uint64_t rewinds; /* of the graph, when the leaves were last looked at */
    char *arena;
    tg_view *views;        /* of the plan's places */
    tg_kernel_call *calls; /* of the plan's steps */
    tg_bound_leaf *leaves;
    tg_tensor **outputs;
    tg_diag diag;
    int from_cache;
};

#endif
