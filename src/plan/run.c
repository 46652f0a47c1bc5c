/* Running the units of a plan, panel by panel and block by block. */
#include "function.h"

void *tg_base_memory(const tg_function *f, int base)
{
    switch (base) {
    case TG_BASE_ARENA:
        return f->arena;
    case TG_BASE_CONSTANT:
        return f->plan->constants;
    case TG_BASE_SCRATCH:
        return f->arena + f->plan->scratch_offset;
    default:
        return f->leaves[base - TG_BASE_LEAF].data;
    }
}

/* ---- Tiles ------------------------------------------------------------------------------------------------ */

/* Lets a view show `rows` rows of its place's tile. */
static void show_rows(tg_function *f, int64_t i, int64_t rows, tg_view *view)
{
    const tg_tile *tile = f->plan->places[i].tile;
    int64_t *shape = f->tile_shapes[i];
    view->count = tile->fixed ? tile->per_row : rows * tile->per_row;
    view->rank = tile->rank;
    view->strides = tile->strides;
    view->shape = shape;
    shape[0] = tile->rank == 1 ? view->count : rows;
    shape[1] = tile->per_row;
}

static void show_step(tg_function *f, int64_t s, int64_t rows)
{
    const tg_step *step = &f->plan->steps[s];
    int64_t result = step->first_place + step->n_inputs;
    for (int64_t i = step->first_place; i < result; i++)
        if (f->plan->places[i].tile != NULL) show_rows(f, i, rows, &f->views[i]);
    if (f->plan->places[result].tile != NULL) show_rows(f, result, rows, &f->calls[s].out);
}

static void *tile_data(const tg_function *f, const tg_place *p, int64_t panel, int64_t block)
{
    return (char *)tg_base_memory(f, p->base) + p->offset + panel * p->tile->panel + block * p->tile->block;
}

/* Moves the views of a step to a block of a panel. */
static void move_step(tg_function *f, int64_t s, int64_t panel, int64_t block)
{
    const tg_step *step = &f->plan->steps[s];
    const tg_place *places = f->plan->places;
    int64_t result = step->first_place + step->n_inputs;
    for (int64_t i = step->first_place; i < result; i++)
        if (places[i].tile != NULL) f->views[i].data = tile_data(f, &places[i], panel, block);
    if (places[result].tile != NULL) f->calls[s].out.data = tile_data(f, &places[result], panel, block);
}

static int64_t at_most(int64_t x, int64_t limit)
{
    return x < limit ? x : limit;
}

void tg_prepare_unit(tg_function *f, const tg_unit *unit)
{
    int64_t first = unit->first_step + unit->n_heads;
    for (int64_t s = unit->first_step; s < first; s++) show_step(f, s, at_most(unit->panel_rows, unit->rows));
    for (int64_t s = first; s < first + unit->n_blocks; s++) show_step(f, s, unit->block_rows);
}

/* ---- Running ---------------------------------------------------------------------------------------------- */

static inline tg_status run_step(const tg_step *step, const tg_kernel_call *call)
{
    if (step->loop == NULL) return call->out.count == 0 ? TG_OK : step->kernel(call);
    const void *in[TG_ELEMENTWISE_MAX];
    for (int k = 0; k < step->n_inputs; k++) in[k] = call->in[k].data;
    step->loop(call->out.count, call->out.data, in, step->strides);
    return TG_OK;
}

static tg_status run_steps(tg_function *f, int64_t first, int64_t n, int64_t *failed)
{
    for (int64_t s = first; s < first + n; s++) {
        tg_status status = run_step(&f->plan->steps[s], &f->calls[s]);
        if (status != TG_OK) {
            *failed = s;
            return status;
        }
    }
    return TG_OK;
}

/* The same, on a block: rows is how many it has, and usual how many the views show now and later. */
static tg_status run_at(tg_function *f, int64_t first, int64_t n, int64_t panel, int64_t block, int64_t rows,
                        int64_t usual, int64_t *failed)
{
    for (int64_t s = first; s < first + n; s++) {
        move_step(f, s, panel, block);
        if (rows != usual) show_step(f, s, rows);
    }
    tg_status status = run_steps(f, first, n, failed);
    for (int64_t s = first; s < first + n && rows != usual; s++) show_step(f, s, usual);
    return status;
}

static tg_status run_panel(tg_function *f, const tg_unit *unit, int64_t panel, int64_t *failed)
{
    int64_t usual = at_most(unit->panel_rows, unit->rows);
    int64_t rows = at_most(unit->panel_rows, unit->rows - panel * unit->panel_rows);
    int64_t first = unit->first_step + unit->n_heads;
    tg_status status = run_at(f, unit->first_step, unit->n_heads, panel, 0, rows, usual, failed);
    for (int64_t at = 0, block = 0; at < rows && status == TG_OK; at += unit->block_rows, block++)
        status = run_at(f, first, unit->n_blocks, panel, block, at_most(unit->block_rows, rows - at),
                        unit->block_rows, failed);
    return status;
}

tg_status tg_run_unit(tg_function *f, const tg_unit *unit, int64_t *failed)
{
    if (unit->rows == unit->block_rows) return run_steps(f, unit->first_step, tg_unit_steps(unit), failed);
    tg_status status = TG_OK;
    for (int64_t panel = 0; panel * unit->panel_rows < unit->rows && status == TG_OK; panel++)
        status = run_panel(f, unit, panel, failed);
    if (status != TG_OK) return status;
    return run_steps(f, unit->first_step + unit->n_heads + unit->n_blocks, unit->n_finals, failed);
}
