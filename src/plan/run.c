/* Running the units of a plan, panel by panel and block by block. */
#include "function.h"

/* Row by row. */
static void run_rows(const tg_step *step, const tg_kernel_call *call, const char **in)
{
    const int64_t rows = call->out.shape[0], columns = call->out.shape[1];
    char *out = call->out.data;
    for (int64_t i = 0; i < rows; i++) {
        const void *at[TG_ELEMENTWISE_MAX];
        for (int k = 0; k < step->n_inputs; k++) at[k] = in[k] + i * step->row_bytes[k];
        step->loop(columns, out + i * step->row_bytes[step->n_inputs], at, step->strides);
    }
}

static inline tg_status run_step(const tg_step *step, const tg_kernel_call *call)
{
    if (step->loop == NULL) return call->out.count == 0 ? TG_OK : step->kernel(call);
    const void *in[TG_ELEMENTWISE_MAX];
    for (int k = 0; k < step->n_inputs; k++) in[k] = call->in[k].data;
    if (step->is_rows)
        run_rows(step, call, (const char **)in);
    else
        step->loop(call->out.count, call->out.data, in, step->strides);
    return TG_OK;
}

tg_status tg_run_steps(const tg_function *f, tg_lane *lane, int64_t first, int64_t n)
{
    for (int64_t s = first; s < first + n; s++) {
        tg_status status = run_step(&f->plan->steps[s], &lane->calls[s]);
        if (status != TG_OK) {
            lane->failed = s;
            lane->status = status;
            return status;
        }
    }
    return TG_OK;
}

static inline tg_status run_steps(const tg_function *f, tg_lane *lane, int64_t first, int64_t n)
{
    return lane->times == NULL ? tg_run_steps(f, lane, first, n) : tg_time_steps(f, lane, first, n);
}

static void *tile_data(const tg_function *f, const tg_lane *lane, const tg_place *p, int64_t panel,
                       int64_t block)
{
    char *memory = tg_base_memory(f, lane, p->base);
    return memory + p->offset + panel * p->tile->panel + block * p->tile->block;
}

/* Moves the views of a step to a block of a panel. */
static void move_step(const tg_function *f, const tg_lane *lane, int64_t s, int64_t panel, int64_t block)
{
    const tg_step *step = &f->plan->steps[s];
    const tg_place *places = f->plan->places;
    int64_t result = tg_result_place(step);
    for (int64_t i = step->first_place; i < result; i++)
        if (places[i].tile != NULL) lane->views[i].data = tile_data(f, lane, &places[i], panel, block);
    if (places[result].tile != NULL)
        lane->calls[s].out.data = tile_data(f, lane, &places[result], panel, block);
}

/* n steps on a block: rows is how many it has, and usual how many the views show now and later. */
static tg_status run_at(const tg_function *f, tg_lane *lane, int64_t first, int64_t n, int64_t panel,
                        int64_t block, int64_t rows, int64_t usual)
{
    for (int64_t s = first; s < first + n; s++) {
        move_step(f, lane, s, panel, block);
        if (rows != usual) tg_show_step(f, lane, s, rows);
    }
    tg_status status = run_steps(f, lane, first, n);
    for (int64_t s = first; s < first + n && rows != usual; s++) tg_show_step(f, lane, s, usual);
    return status;
}

void tg_run_panel(const tg_function *f, tg_lane *lane, const tg_unit *unit, int64_t panel)
{
    int64_t rows = tg_at_most(unit->panel_rows, unit->rows - panel * unit->panel_rows);
    int64_t first = unit->first_step + unit->n_heads;
    tg_status status = run_at(f, lane, unit->first_step, unit->n_heads, panel, 0, rows, unit->panel_rows);
    for (int64_t at = 0, block = 0; at < rows && status == TG_OK; at += unit->block_rows, block++)
        status = run_at(f, lane, first, unit->n_blocks, panel, block, tg_at_most(unit->block_rows, rows - at),
                        unit->block_rows);
}

static void run_panels(const tg_function *f, tg_lane *lane, const tg_unit *unit)
{
    lane->status = TG_OK;
    for (int64_t panel = 0; panel < unit->n_panels && lane->status == TG_OK; panel++)
        tg_run_panel(f, lane, unit, panel);
}

tg_status tg_run_unit(tg_function *f, const tg_unit *unit)
{
    tg_lane *lane = &f->lanes[0];
    if (unit->rows == unit->block_rows) return tg_run_steps(f, lane, unit->first_step, tg_unit_steps(unit));
    if (unit->is_parallel && tg_pool_size(f->pool) > 0)
        tg_pool_run(f->pool, unit);
    else
        run_panels(f, lane, unit);
    if (lane->status != TG_OK) return lane->status;
    return run_steps(f, lane, unit->first_step + unit->n_heads + unit->n_blocks, unit->n_finals);
}

tg_status tg_run_units(tg_function *f)
{
    const tg_plan *plan = f->plan;
    for (int64_t u = 0; u < plan->n_units; u++) {
        const tg_unit *unit = &plan->units[u];
        if (unit->program_units > 0) {
            tg_small_kernels_for(TG_F32)->go(&f->small[unit->program]);
            u += unit->program_units - 1;
        } else {
            tg_status status = tg_run_unit(f, unit);
            if (status != TG_OK) return status;
        }
    }
    return TG_OK;
}
