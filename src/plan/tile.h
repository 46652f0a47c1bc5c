/* From a group to a unit: blocks, and where each member's kernel finds its part of the arrays. */
#ifndef TG_PLAN_TILE_H
#define TG_PLAN_TILE_H

#include "fuse.h"

typedef struct tg_tiler {
    tg_builder *b;
    const tg_fusion *fusion;
    tg_step *steps; /* the plan's in their new order, and how many */
    int64_t n_steps, room;
    int64_t units_room;
    unsigned char *outside; /* of every step: its result is read outside its group, or stays */
    int64_t *last_reader;   /* of every step: the last that reads its result, or itself */
    int64_t *moved;         /* of every step: the scratch place of its result, 0 for none */
    size_t scratch, parts;  /* the most that a unit takes */
} tg_tiler;

int tg_tiler_begin(tg_tiler *t);
/* Appends a unit. tg_add_tiled_unit: 1 added, 0 when the group does not lend itself to it, -1 out of memory. The
 * other one: 0 when memory runs out. */
int tg_add_whole_unit(tg_tiler *t, int64_t step);
int tg_add_tiled_unit(tg_tiler *t, const int64_t *steps, int64_t n, int64_t group);
/* Gives the steps to the plan if `done`, and frees the rest. Returns done. */
int tg_tiler_end(tg_tiler *t, int done);

#endif
