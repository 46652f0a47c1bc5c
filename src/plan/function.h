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
    tg_view *views;            /* of the plan's places */
    tg_kernel_call *calls;     /* of the plan's steps */
    int64_t (*tile_shapes)[2]; /* of the plan's places that have a tile */
    tg_bound_leaf *leaves;
    tg_tensor **outputs;
    tg_diag diag;
    int from_cache;
};

/* The memory that places with this base lie in; NULL for a leaf that is not bound yet. */
void *tg_base_memory(const tg_function *f, int base);

/* Lets the calls of a unit's steps see its first block. */
void tg_prepare_unit(tg_function *f, const tg_unit *unit);
/* Runs all of it; *step is the step that failed. */
tg_status tg_run_unit(tg_function *f, const tg_unit *unit, int64_t *step);

#endif
