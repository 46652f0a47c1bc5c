/* A plan while it is being made. */
#ifndef TG_PLAN_BUILD_H
#define TG_PLAN_BUILD_H

#include "kernels/copy.h"
#include "plan.h"

/* Where a node's elements are. In the arena they are given by a buffer, whose offset is not known yet, and the
 * place's own offset within it. */
typedef struct tg_location {
    tg_place place;
    int64_t buffer; /* -1 outside the arena */
    int64_t
        after; /* the step before which nobody may read it (see the barrier of checkpoint.c), -1 for none */
} tg_location;

typedef struct tg_builder {
    const tg_request *request;
    tg_plan *plan;
    tg_location *locations; /* of every node */
    tg_buffer *buffers;
    int64_t *buffer_of;        /* the buffer of every place, -1 outside the arena */
    int64_t *constant_offsets; /* of every node that is a constant */
    int *moved_to;             /* the leaf that a buffer's contents are computed in, -1 for none */
    int64_t *last_read;        /* of every leaf: the last unit that reads it, -1 for none */
    int64_t after;             /* what is computed again now must not come before this step, -1 for none */
    int64_t last_failing;      /* the last unit that can fail, -1 for none */
    int64_t n_buffers, buffers_room, buffer_of_room, places_room, steps_room;
    size_t constant_bytes;
    size_t scratch;      /* what kernels ask for */
    size_t unit_scratch; /* what units keep there, behind it */
    size_t parts;        /* what reductions leave of their blocks */
} tg_builder;

/* The place of an operand goes to the plan, with its buffer (-1 outside the arena) remembered until offsets are
 * known. 0 when memory runs out. */
int tg_add_place(tg_builder *b, const tg_place *place, int64_t buffer);

/* After lowering: lets products scale what they make, add to it and send it through ReLU (epilogue.c). 0 when memory runs out. */
int tg_fold_epilogues(tg_builder *b);

/* After that, and tg_schedule: lets updates be computed where they belong, lets elementwise steps overwrite their inputs,
 * places buffers, and fills in offsets, constants and statistics. 0 when memory runs out. */
int tg_plan_finish(tg_builder *b);

#endif
