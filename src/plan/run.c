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

/* Many short rows are a matter for the kernel, since beginning a loop takes longer than a row. It writes them one behind the
 * other. */
static inline int are_short(const tg_view *out)
{
    enum { MANY = 16 };
    return out->shape[1] < TG_SHORT_ROW && out->shape[0] >= MANY && out->strides[0] == out->shape[1];
}

static inline tg_status run_step(const tg_step *step, const tg_kernel_call *call)
{
    if (step->loop == NULL || (step->is_rows && are_short(&call->out)))
        return call->out.count == 0 ? TG_OK : step->kernel(call);
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
        const tg_step *step = &f->plan->steps[s];
        if (step->chain > 1 && step->chain <= first + n - s && tg_run_chain(step, &lane->calls[s])) {
            s += step->chain - 1;
            continue;
        }
        tg_status status = run_step(step, &lane->calls[s]);
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

/* Where a block lies: in which panel of rows, panel of columns, block of that panel; and what is there. `usual` is what
 * the views show now and later. */
typedef struct part {
    int64_t panel, across, block;
    tg_extents size, usual;
} part;

static void *tile_data(const tg_function *f, const tg_lane *lane, const tg_place *p, const part *at)
{
    const tg_tile *tile = p->tile;
    char *memory = tg_base_memory(f, lane, p->base);
    return memory + p->offset + at->panel * tile->panel + at->across * tile->across + at->block * tile->block;
}

/* Moves the views of a step to a block of a panel. */
static void move_step(const tg_function *f, const tg_lane *lane, int64_t s, const part *at)
{
    const tg_step *step = &f->plan->steps[s];
    const tg_place *places = tg_places_of(f);
    int64_t result = tg_result_place(step);
    for (int64_t i = step->first_place; i < result; i++)
        if (places[i].tile != NULL) lane->views[i].data = tile_data(f, lane, &places[i], at);
    if (places[result].tile != NULL) lane->calls[s].out.data = tile_data(f, lane, &places[result], at);
}

/* n steps on a part. */
static tg_status run_at(const tg_function *f, tg_lane *lane, int64_t first, int64_t n, const part *at)
{
    int is_usual = at->size.rows == at->usual.rows && at->size.columns == at->usual.columns;
    for (int64_t s = first; s < first + n; s++) {
        move_step(f, lane, s, at);
        if (!is_usual) tg_show_step(f, lane, s, at->size);
    }
    tg_status status = run_steps(f, lane, first, n);
    for (int64_t s = first; s < first + n && !is_usual; s++) tg_show_step(f, lane, s, at->usual);
    return status;
}

void tg_run_panel(const tg_function *f, tg_lane *lane, const tg_unit *unit, int64_t panel)
{
    part at = {.panel = panel % unit->row_panels, .across = panel / unit->row_panels};
    int64_t rows = tg_at_most(unit->panel_rows, unit->rows - at.panel * unit->panel_rows);
    int64_t first = unit->first_step + unit->n_heads;
    at.size.columns = tg_at_most(unit->panel_columns, unit->columns - at.across * unit->panel_columns);
    at.size.rows = rows;
    at.usual = (tg_extents){unit->panel_rows, unit->panel_columns};
    tg_status status = run_at(f, lane, unit->first_step, unit->n_heads, &at);
    at.usual.rows = unit->block_rows;
    for (int64_t done = 0; done < rows && status == TG_OK; done += unit->block_rows, at.block++) {
        at.size.rows = tg_at_most(unit->block_rows, rows - done);
        status = run_at(f, lane, first, unit->n_blocks, &at);
    }
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
    if (tg_unit_is_whole(unit)) return tg_run_steps(f, lane, unit->first_step, tg_unit_steps(unit));
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
            plan->run_small(&f->small[unit->program]);
            u += unit->program_units - 1;
        } else {
            tg_status status = tg_run_unit(f, unit);
            if (status != TG_OK) return status;
        }
    }
    return TG_OK;
}
