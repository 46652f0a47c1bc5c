/* Lanes: the views and calls that a thread runs a plan with. */
#include <stdlib.h>
#include <string.h>

#include "function.h"

void *tg_base_memory(const tg_function *f, const tg_lane *lane, int base)
{
    switch (base) {
    case TG_BASE_ARENA:
        return f->arena;
    case TG_BASE_CONSTANT:
        return f->plan->constants;
    case TG_BASE_SCRATCH:
        return lane->scratch;
    case TG_BASE_PARTS:
        return f->arena + f->plan->parts_offset;
    default:
        return f->leaves[base - TG_BASE_LEAF].data;
    }
}

static int make_lane(const tg_plan *plan, tg_lane *lane)
{
    lane->views = malloc(((size_t)plan->n_places + 1) * sizeof *lane->views);
    lane->calls = malloc(((size_t)plan->n_steps + 1) * sizeof *lane->calls);
    lane->tile_shapes = malloc(((size_t)plan->n_places + 1) * sizeof *lane->tile_shapes);
    return lane->views != NULL && lane->calls != NULL && lane->tile_shapes != NULL;
}

static int make_programs(tg_function *f)
{
    const tg_plan *plan = f->plan;
    if (plan->n_small == 0) return 1;
    f->small = malloc((size_t)plan->n_small * sizeof *f->small);
    if (f->small == NULL) return 0;
    memcpy(f->small, plan->small, (size_t)plan->n_small * sizeof *f->small);
    return 1;
}

/* The operand's address; a leaf that is not bound yet has none. */
static const void *operand_data(const tg_lane *lane, const tg_small_record *r, int k)
{
    const char *data = lane->views[r->places[k]].data;
    return data == NULL ? NULL : data + r->shift[k];
}

void tg_point_programs(tg_function *f)
{
    const tg_lane *lane = &f->lanes[0];
    for (int64_t i = 0; i < f->plan->n_small; i++) {
        tg_small_record *r = &f->small[i];
        for (int k = 0; k < 3; k++)
            if (r->places[k] >= 0) r->in[k].from = operand_data(lane, r, k);
        if (r->places[3] >= 0) r->to = lane->calls[r->step].out.data;
    }
}

int tg_make_lanes(tg_function *f)
{
    const tg_plan *plan = f->plan;
    f->lanes = calloc((size_t)plan->threads, sizeof *f->lanes);
    if (f->lanes == NULL) return 0;
    f->n_lanes = plan->threads;
    f->lanes[0].scratch = f->arena + plan->scratch_offset;
    for (int l = 0; l < f->n_lanes; l++) {
        tg_lane *lane = &f->lanes[l];
        if (!make_lane(plan, lane)) return 0;
        if (l == 0) continue;
        lane->scratch = lane->own_scratch = tg_aligned_alloc(plan->stats.scratch_bytes);
        if (lane->scratch == NULL) return 0;
    }
    if (!make_programs(f)) return 0;
    if (f->n_lanes > 1) f->pool = tg_pool_new(f, f->n_lanes - 1);
    return 1;
}

void tg_free_lanes(tg_function *f)
{
    for (int l = 0; l < f->n_lanes; l++) {
        free(f->lanes[l].views);
        free(f->lanes[l].calls);
        free(f->lanes[l].tile_shapes);
        tg_aligned_free(f->lanes[l].own_scratch);
    }
    free(f->lanes);
    free(f->small);
}

void tg_show_tile(const tg_tile *tile, tg_extents size, int64_t *shape, tg_view *view)
{
    int64_t rows = tile->rows > 0 ? tile->rows : size.rows;
    int64_t per_row = tile->is_across ? size.rows : tile->is_cut ? size.columns : tile->per_row;
    view->count = rows * per_row;
    view->rank = tile->rank;
    view->strides = tile->strides;
    view->shape = shape;
    shape[0] = tile->rank == 1 ? view->count : rows;
    shape[1] = per_row;
}

/* Lets a view show so much of its place's tile. */
static void show(const tg_function *f, const tg_lane *lane, int64_t i, tg_extents size, tg_view *view)
{
    const tg_tile *tile = tg_places_of(f)[i].tile;
    if (tile != NULL) tg_show_tile(tile, size, lane->tile_shapes[i], view);
}

void tg_show_step(const tg_function *f, const tg_lane *lane, int64_t s, tg_extents size)
{
    const tg_step *step = &f->plan->steps[s];
    int64_t result = tg_result_place(step);
    for (int64_t i = step->first_place; i < result; i++) show(f, lane, i, size, &lane->views[i]);
    show(f, lane, result, size, &lane->calls[s].out);
}

static void show_first_blocks(const tg_function *f, const tg_lane *lane, const tg_unit *unit)
{
    int64_t first = unit->first_step + unit->n_heads;
    const tg_extents panel = {unit->panel_rows, unit->panel_columns},
                     block = {unit->block_rows, unit->panel_columns};
    for (int64_t s = unit->first_step; s < first; s++) tg_show_step(f, lane, s, panel);
    for (int64_t s = first; s < first + unit->n_blocks; s++) tg_show_step(f, lane, s, block);
}

static void prepare_lane(const tg_function *f, tg_lane *lane)
{
    const tg_plan *plan = f->plan;
    for (int64_t i = 0; i < plan->n_places; i++) {
        const tg_place *p = &tg_places_of(f)[i];
        char *memory = tg_base_memory(f, lane, p->base);
        lane->views[i] = (tg_view){.data = memory == NULL ? NULL : memory + p->offset,
                                   .dtype = p->dtype,
                                   .rank = p->rank,
                                   .count = p->count,
                                   .shape = p->shape,
                                   .strides = p->strides,
                                   .band = p->band};
    }
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const tg_step *step = &plan->steps[s];
        lane->calls[s] = (tg_kernel_call){.attr = step->attr,
                                          .n_inputs = step->n_inputs,
                                          .in = &lane->views[step->first_place],
                                          .out = lane->views[tg_result_place(step)],
                                          .scratch = lane->scratch,
                                          .diag = &lane->diag};
    }
    for (int64_t u = 0; u < plan->n_units; u++) show_first_blocks(f, lane, &plan->units[u]);
}

void tg_prepare_lanes(tg_function *f)
{
    for (int l = 0; l < f->n_lanes; l++) prepare_lane(f, &f->lanes[l]);
    tg_point_programs(f);
}
