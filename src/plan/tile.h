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
/* Appends a unit. 1 added, 0 when the group does not lend itself to it, -1 out of memory; tg_add_whole_unit: 0 when memory
 * runs out. */
int tg_add_whole_unit(tg_tiler *t, int64_t step);
/* The same for a product that is shared out among threads by what it sums over. */
int tg_add_depth_unit(tg_tiler *t, int64_t step);
int tg_add_tiled_unit(tg_tiler *t, const int64_t *steps, int64_t n, int64_t group);
/* Gives the steps to the plan if `done`, and frees the rest. Returns done. */
int tg_tiler_end(tg_tiler *t, int done);

/* Room for n steps, and a final one for each, and the next unit, which begins with the first of them; NULL when memory runs
 * out. */
tg_unit *tg_begin_unit(tg_tiler *t, int64_t n);

/* A unit while it is made. */
typedef struct tg_tiling {
    tg_tiler *t;
    const int64_t *steps;
    int64_t n;
    int64_t head; /* step, -1 for none */
    int64_t rows, columns, panel_rows, panel_columns, block_rows;
    int64_t n_panels, column_panels; /* panels of rows, and each of them in panels of columns */
    int is_flat;                     /* rows are elements */
    int is_parallel;
    size_t scratch, parts;
} tg_tiling;

static inline size_t tg_tile_aligned(size_t bytes)
{
    return (bytes + TG_ALIGNMENT - 1) / TG_ALIGNMENT * TG_ALIGNMENT;
}

static inline int64_t tg_item_of(const tg_place *p)
{
    return (int64_t)tg_dtype_size(p->dtype);
}

static inline tg_place *tg_tile_places(const tg_tiling *u, int64_t s)
{
    return &u->t->b->plan->places[u->t->b->plan->steps[s].first_place];
}

static inline tg_place *tg_tile_result(const tg_tiling *u, int64_t s)
{
    return tg_tile_places(u, s) + u->t->b->plan->steps[s].n_inputs;
}

static inline const tg_member *tg_tile_member(const tg_tiling *u, int64_t s)
{
    return &u->t->fusion->members[s];
}

static inline int64_t tg_times(int64_t parts, int64_t whole)
{
    return (whole + parts - 1) / parts;
}

static inline int tg_is_scalar(const tg_lie *lie)
{
    return lie->row == 0 && lie->column == 0;
}

static inline int tg_is_compact(const tg_tiling *u, const tg_lie *lie)
{
    return (u->rows == 1 || lie->row == u->columns) && (u->columns == 1 || lie->column == 1);
}

static inline int tg_is_cut(const tg_tiling *u)
{
    return u->column_panels > 1;
}

static inline int tg_is_one_block(const tg_tiling *u)
{
    return u->n_panels == 1 && u->block_rows == u->rows;
}

static inline int64_t tg_count_blocks(const tg_tiling *u)
{
    int64_t before = (u->n_panels - 1) * u->panel_rows;
    return (u->n_panels - 1) * tg_times(u->block_rows, u->panel_rows) +
           tg_times(u->block_rows, u->rows - before);
}

/* 1 when all that the step reads in rows by columns can be walked as one axis. */
int tg_is_one_axis(const tg_tiling *u, int64_t s);

/* 1 when panels need not have whole rows: columns of all that the unit makes come from the same columns of what it
 * reads, and the kernels can do with rows that lie apart. */
int tg_can_cut_rows(const tg_tiling *u);

/* 1 when the unit takes long enough to be shared out among threads. */
int tg_is_worth_threads(const tg_tiling *u);

/* Gives a place a copy of the tile. 0 when memory runs out. */
int tg_give_tile(const tg_tiling *u, tg_place *p, const tg_tile *tile);

/* Give tiles: to inputs and result of an elementwise step or a reduction, and of the head, if there is one. 0 when
 * memory runs out. */
int tg_tile_step(const tg_tiling *u, int64_t s);
int tg_tile_head(const tg_tiling *u);

/* Reductions find rows and columns where they had other axes. One over all rows gives a part for every block, and a
 * final step puts the parts together. 0 when memory runs out. */
int tg_tile_reductions(tg_tiling *u, tg_unit *unit);

/* Spares a step the walk over axes where it can do without. */
void tg_use_loop(const tg_builder *b, tg_step *step);

#endif
