/* A compiled function from inside. */
#ifndef TG_PLAN_FUNCTION_H
#define TG_PLAN_FUNCTION_H

#include "plan.h"

typedef struct tg_bound_leaf {
    tg_tensor *tensor;
    int64_t id;
    XXH128_hash_t structure; /* no other leaf's, also of those that were dropped */
    const void *bound;       /* by tg_bind */
    void *data;              /* what the views point to now */
} tg_bound_leaf;

/* What a step has taken in one lane. */
typedef struct tg_step_time {
    uint64_t calls, nanoseconds;
} tg_step_time;

/* What a thread runs with. */
typedef struct tg_lane {
    tg_view *views;            /* of the plan's places */
    tg_kernel_call *calls;     /* of the plan's steps */
    int64_t (*tile_shapes)[2]; /* of the plan's places that have a tile */
    char *scratch;
    char *own_scratch; /* what is freed; the first lane's scratch is in the arena */
    tg_diag diag;
    tg_status status;
    int64_t failed;      /* the step that failed */
    tg_step_time *times; /* NULL where steps are not timed */
} tg_lane;

typedef struct tg_pool tg_pool;
typedef struct tg_profile tg_profile;

struct tg_function {
    tg_plan *plan;
    tg_graph *graph;
    unsigned long long leaf_changes; /* of the graph, when the leaves were last looked at */
    char *arena;
    tg_lane *lanes;
    int n_lanes;
    tg_small_record *small; /* the plan's records, with addresses */
    tg_pool *pool;          /* of the lanes after the first; NULL without */
    tg_bound_leaf *leaves;
    int in_bands; /* leaves lie so where the plan's in_bands says it */
    int has_leaves; /* the views show what is bound: nothing was since they were pointed there, and a leaf that has a
                     * value keeps its memory */
    tg_tensor **outputs;
    tg_profile *profile; /* what was counted; NULL before the first start */
    int is_profiled;
    tg_diag diag;
    int from_cache;
};

/* Makes f's lanes, as many as the plan has threads. 0 when memory runs out. */
int tg_make_lanes(tg_function *f);
void tg_free_lanes(tg_function *f);
/* Lets the calls of all lanes see what they will work on: the first block of every unit. */
void tg_prepare_lanes(tg_function *f);
/* Lets the records of programs see what the first lane's views and calls do. */
void tg_point_programs(tg_function *f);

/* The plan's places as the leaves lie now. */
static inline const tg_place *tg_places_of(const tg_function *f)
{
    return f->in_bands ? f->plan->in_bands : f->plan->places;
}

/* The memory that places with this base lie in; NULL for a leaf that is not bound yet. */
void *tg_base_memory(const tg_function *f, const tg_lane *lane, int base);

/* Whether the tensor was not dropped by a rewind, when its memory may hold another node. */
int tg_leaf_is_there(const tg_function *f, const tg_bound_leaf *leaf);

/* Lets a step's views show so much of their tiles. */
void tg_show_step(const tg_function *f, const tg_lane *lane, int64_t s, tg_extents size);

/* Runs all units; what failed, if anything, is in the function's first lane. */
tg_status tg_run_units(tg_function *f);
/* Runs n steps as the lane's calls show them; what failed is noted there. */
tg_status tg_run_steps(const tg_function *f, tg_lane *lane, int64_t first, int64_t n);
/* Runs the chain that begins with the first of these steps; 0 when there are so few elements that its steps have to run one
 * by one. */
int tg_run_chain(const tg_step *steps, const tg_kernel_call *calls);
/* Runs all of a unit; what failed, if anything, is in the function's first lane. */
tg_status tg_run_unit(tg_function *f, const tg_unit *unit);
/* One panel, in one lane, which notes what fails. */
void tg_run_panel(const tg_function *f, tg_lane *lane, const tg_unit *unit, int64_t panel);

/* ---- Profile (profile.c) ------------------------------------------------------------------------------- */

uint64_t tg_clock_nanoseconds(void);
/* tg_run_units and tg_run_steps, each step timed. */
tg_status tg_time_units(tg_function *f);
tg_status tg_time_steps(const tg_function *f, tg_lane *lane, int64_t first, int64_t n);
/* Counts a run that began at that time. */
void tg_profile_count_run(tg_function *f, uint64_t began);
void tg_profile_free(tg_profile *profile);

/* ---- Threads ------------------------------------------------------------------------------------------ */

/* n threads for the lanes after the first, which sleep until there is work; fewer where the system gives fewer. NULL
 * when memory runs out. */
tg_pool *tg_pool_new(tg_function *f, int n);
void tg_pool_free(tg_pool *pool);
/* How many threads work here: none in a process that was forked off. */
int tg_pool_size(const tg_pool *pool);
/* Runs all panels of a unit, the caller in the first lane, and waits for the others. */
void tg_pool_run(tg_pool *pool, const tg_unit *unit);

#endif
