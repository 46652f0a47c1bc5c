/* Units of several steps: how large panels and blocks are, which results stay in scratch memory, and what every
 * kernel sees of its operands. */
#include "tile.h"

#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"

/* Measured: elements of a block; what the results of a block may take together, for they share the L1 cache; what a
 * panel may take, in the L2 cache. */
#define BLOCK_ELEMENTS 1024
#define BLOCK_BYTES 24576
#define PANEL_BYTES 1048576
/* Threads pay from so many nanoseconds on. An element takes a tenth of one in each kernel; a product does a hundred
 * operations in one. */
#define PARALLEL_TIME 20000
/* Where rows cannot be walked as one, a row should fit the cache. */
#define WIDEST_ROW 32768

/* A unit while it is made. */
typedef struct tiling {
    tg_tiler *t;
    const int64_t *steps;
    int64_t n;
    int64_t head; /* step, -1 for none */
    int64_t rows, columns, panel_rows, block_rows, n_panels;
    int is_flat; /* rows are elements */
    int is_parallel;
    size_t scratch, parts;
} tiling;

static size_t aligned(size_t bytes)
{
    return (bytes + TG_ALIGNMENT - 1) / TG_ALIGNMENT * TG_ALIGNMENT;
}

static int64_t item_of(const tg_place *p)
{
    return (int64_t)tg_dtype_size(p->dtype);
}

static tg_place *places_of(const tiling *u, int64_t s)
{
    return &u->t->b->plan->places[u->t->b->plan->steps[s].first_place];
}

static tg_place *result_of(const tiling *u, int64_t s)
{
    return places_of(u, s) + u->t->b->plan->steps[s].n_inputs;
}

static const tg_member *member(const tiling *u, int64_t s)
{
    return &u->t->fusion->members[s];
}

static int64_t times(int64_t parts, int64_t whole)
{
    return (whole + parts - 1) / parts;
}

/* ---- Rows and columns ------------------------------------------------------------------------------------ */

static int is_scalar(const tg_lie *lie)
{
    return lie->row == 0 && lie->column == 0;
}

static int is_compact(const tiling *u, const tg_lie *lie)
{
    return (u->rows == 1 || lie->row == u->columns) && (u->columns == 1 || lie->column == 1);
}

/* 1 when all that the step reads in rows by columns can be walked as one axis. */
static int is_one_axis(const tiling *u, int64_t s)
{
    tg_lie lie;
    for (int k = 0; k < u->t->b->plan->steps[s].n_inputs; k++)
        if (!tg_lie_of(places_of(u, s) + k, member(u, s)->reads, &lie) ||
            !(is_compact(u, &lie) || is_scalar(&lie)))
            return 0;
    return 1;
}

static int can_be_flat(const tiling *u)
{
    if (u->head >= 0) return 0;
    for (int64_t i = 0; i < u->n; i++) {
        const tg_member *m = member(u, u->steps[i]);
        const tg_step *step = &u->t->b->plan->steps[u->steps[i]];
        if (m->reads != TG_EXTENT_FULL || m->makes == TG_EXTENT_COLUMN || !is_one_axis(u, u->steps[i]))
            return 0;
        if (m->makes == TG_EXTENT_FULL && (step->op->flags & TG_OP_REDUCTION) != 0) return 0;
        if (m->makes == TG_EXTENT_END && result_of(u, u->steps[i])->count != 1) return 0;
    }
    return 1;
}

/* ---- Scratch memory ----------------------------------------------------------------------------------------- */

/* A place in scratch memory that results take in turn. */
typedef struct slot {
    tg_extent extent;
    int64_t item; /* bytes of an element */
    int64_t last; /* the last step that reads what is in it */
    size_t offset;
} slot;

static int64_t row_bytes(const tiling *u, const slot *at)
{
    return (at->extent == TG_EXTENT_FULL ? u->columns : 1) * at->item;
}

static int stays_in_scratch(const tiling *u, int64_t s)
{
    return s != u->head && !u->t->outside[s] && member(u, s)->makes != TG_EXTENT_END;
}

/* 1 when the slot can take the result of step s. An elementwise step may write over what it reads last, element by
 * element. */
static int is_free(const tiling *u, const slot *at, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    if (at->extent != member(u, s)->makes || at->item != item_of(result_of(u, s))) return 0;
    return at->last < s || (at->last == s && (step->op->flags & TG_OP_ELEMENTWISE) != 0);
}

/* Gives every result that stays in scratch memory a slot; which_slot[i] is -1 for other steps. Returns how many. */
static int64_t assign_slots(const tiling *u, slot *slots, int64_t *which_slot)
{
    int64_t n = 0;
    for (int64_t i = 0; i < u->n; i++) {
        int64_t s = u->steps[i], k = 0;
        which_slot[i] = -1;
        if (!stays_in_scratch(u, s)) continue;
        while (k < n && !is_free(u, &slots[k], s)) k++;
        if (k == n) n++;
        slots[k] = (slot){
            .extent = member(u, s)->makes, .item = item_of(result_of(u, s)), .last = u->t->last_reader[s]};
        which_slot[i] = k;
    }
    return n;
}

/* ---- Panels and blocks ----------------------------------------------------------------------------------------- */

static int64_t at_least_one(int64_t x)
{
    return x < 1 ? 1 : x;
}

static int is_worth_threads(const tiling *u)
{
    double elements = (double)u->rows * (double)u->columns, time = 0.1 * elements * (double)u->n;
    if (u->head >= 0) time += 0.02 * elements * (double)places_of(u, u->head)->shape[1];
    return u->t->b->plan->threads > 1 && time >= PARALLEL_TIME;
}

static int64_t power_of_two(int64_t most)
{
    int64_t x = 1;
    while (2 * x <= most) x *= 2;
    return x;
}

/* Blocks first: how many rows they have does not depend on threads, so that sums do not either. Panels are whole
 * blocks, in number a multiple of the threads'. */
static void choose_sizes(tiling *u, int64_t slot_bytes_a_row)
{
    int64_t block = at_least_one(BLOCK_ELEMENTS / u->columns), panel = u->rows, threads = 1;
    if (slot_bytes_a_row * block > BLOCK_BYTES) block = BLOCK_BYTES / slot_bytes_a_row;
    block = power_of_two(block);
    if (u->rows < 2 * block && slot_bytes_a_row * u->rows <= BLOCK_BYTES) block = u->rows;
    if (u->head >= 0) panel = at_least_one(PANEL_BYTES / (u->columns * item_of(result_of(u, u->head))));
    if (is_worth_threads(u)) threads = u->t->b->plan->threads;
    panel = times(times(threads, times(panel, u->rows)) * threads, u->rows);
    panel = times(block, panel) * block;
    u->block_rows = block;
    u->panel_rows = panel < u->rows ? panel : u->rows;
    u->n_panels = times(u->panel_rows, u->rows);
    u->is_parallel = threads > 1 && u->n_panels > 1;
}

static int is_one_block(const tiling *u)
{
    return u->n_panels == 1 && u->block_rows == u->rows;
}

static int64_t count_blocks(const tiling *u)
{
    int64_t before = (u->n_panels - 1) * u->panel_rows;
    return (u->n_panels - 1) * times(u->block_rows, u->panel_rows) + times(u->block_rows, u->rows - before);
}

static void take_scratch(tiling *u, slot *slots, int64_t n)
{
    u->scratch = 0;
    for (int64_t k = 0; k < n; k++) {
        slots[k].offset = u->scratch;
        u->scratch += aligned((size_t)(row_bytes(u, &slots[k]) * u->block_rows));
    }
}

/* ---- Tiles ----------------------------------------------------------------------------------------------------- */

static int give_tile(const tiling *u, tg_place *p, const tg_tile *tile)
{
    tg_tile *memory = tg_arena_take(&u->t->b->plan->memory, sizeof *memory);
    if (memory == NULL) return 0;
    *memory = *tile;
    p->tile = memory;
    return 1;
}

/* Moves a place to scratch memory, or to the parts of reductions. */
static void move_to_scratch(const tiling *u, tg_place *p, int base, size_t offset)
{
    p->base = base;
    p->offset = (int64_t)offset;
    u->t->b->buffer_of[p - u->t->b->plan->places] = -1;
}

/* How far the place goes on from block to block, and from panel to panel; one in scratch memory stays, but for the
 * head's result, which has a panel there. */
static void set_steps(const tiling *u, const tg_place *p, int is_panel, int64_t row, tg_tile *tile)
{
    if (p->base == TG_BASE_SCRATCH && !is_panel) return;
    tile->block = u->block_rows * row * item_of(p);
    if (p->base != TG_BASE_SCRATCH) tile->panel = u->panel_rows * row * item_of(p);
}

static int tile_operand(const tiling *u, tg_place *p, tg_extent extent, int one_axis, int is_panel)
{
    tg_lie lie;
    tg_tile tile = {.per_row = extent == TG_EXTENT_FULL ? u->columns : 1, .rank = one_axis ? 1 : 2};
    tg_lie_of(p, extent, &lie);
    int64_t row = lie.row;
    if (u->is_flat) row = is_scalar(&lie) ? 0 : 1;
    set_steps(u, p, is_panel, row, &tile);
    if (!one_axis) {
        tile.strides[0] = row;
        tile.strides[1] = lie.column;
    } else if (tile.per_row == 1) {
        tile.strides[0] = row;
    } else {
        tile.strides[0] = is_scalar(&lie) ? 0 : 1;
    }
    return give_tile(u, p, &tile);
}

/* Inputs and result of an elementwise step or a reduction. */
static int tile_step(const tiling *u, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    const tg_member *m = member(u, s);
    int reduces = (step->op->flags & TG_OP_REDUCTION) != 0;
    int one_axis =
        m->reads == TG_EXTENT_COLUMN || (!reduces && (u->columns == 1 || u->is_flat || is_one_axis(u, s)));
    for (int k = 0; k < step->n_inputs; k++) {
        tg_place *p = places_of(u, s) + k;
        int64_t from = u->t->b->buffer_of[step->first_place + k];
        int is_panel = from >= 0 && from == u->head;
        if (from >= 0 && u->t->moved[from] > 0)
            move_to_scratch(u, p, TG_BASE_SCRATCH, (size_t)u->t->moved[from] - 1);
        if (!tile_operand(u, p, m->reads, one_axis, is_panel)) return 0;
    }
    if (m->makes == TG_EXTENT_END) return 1;
    tg_place *out = result_of(u, s);
    if (u->t->moved[s] > 0) move_to_scratch(u, out, TG_BASE_SCRATCH, (size_t)u->t->moved[s] - 1);
    return tile_operand(u, out, m->makes, reduces || one_axis, 0);
}

static int tile_head(const tiling *u)
{
    if (u->head < 0) return 1;
    tg_place *in = places_of(u, u->head), *out = result_of(u, u->head);
    tg_tile from = {.panel = u->panel_rows * in->strides[0] * item_of(in),
                    .per_row = in->shape[1],
                    .rank = 2,
                    .strides = {in->strides[0], in->strides[1]}};
    if (u->t->moved[u->head] > 0) move_to_scratch(u, out, TG_BASE_SCRATCH, (size_t)u->t->moved[u->head] - 1);
    tg_tile to = {.panel = out->base == TG_BASE_SCRATCH ? 0 : u->panel_rows * u->columns * item_of(out),
                  .per_row = u->columns,
                  .rank = 2,
                  .strides = {u->columns, 1}};
    return give_tile(u, in, &from) && give_tile(u, out, &to);
}

/* ---- Reductions --------------------------------------------------------------------------------------------------- */

static const void *new_axes(const tiling *u, unsigned axes)
{
    tg_axes_attr *attr = tg_arena_take(&u->t->b->plan->memory, sizeof *attr);
    if (attr == NULL) return NULL;
    *attr = (tg_axes_attr){0};
    for (int i = 0; i < 2; i++)
        if ((axes >> i & 1u) != 0) attr->axes.values[attr->axes.count++] = i;
    return attr;
}

/* The step that reduces what the blocks left, from the parts at `offset` to the place of the result. */
static int add_final(tiling *u, const tg_step *step, const tg_place *out, int64_t buffer, size_t offset)
{
    tg_builder *b = u->t->b;
    int64_t width = out->count, blocks = count_blocks(u);
    int64_t *shape = tg_arena_take(&b->plan->memory, 4 * sizeof *shape);
    tg_step *final = &u->t->steps[u->t->n_steps];
    if (shape == NULL) return 0;
    memcpy(shape, (const int64_t[]){blocks, width, width, 1}, 4 * sizeof *shape);
    tg_place parts = {.base = TG_BASE_PARTS,
                      .offset = (int64_t)offset,
                      .dtype = out->dtype,
                      .rank = 2,
                      .count = blocks * width,
                      .shape = shape,
                      .strides = shape + 2};
    *final = *step;
    final->first_place = b->plan->n_places;
    final->attr = new_axes(u, 1);
    if (final->attr == NULL || !tg_add_place(b, &parts, -1) || !tg_add_place(b, out, buffer)) return 0;
    u->t->n_steps++;
    return 1;
}

/* Reductions find rows and columns where they had other axes. One over all rows gives a part for every block, and
 * a final step puts the parts together. */
static int finish_reductions(tiling *u, tg_unit *unit)
{
    tg_builder *b = u->t->b;
    for (int64_t i = 0; i < u->n; i++) {
        tg_step *step = &u->t->steps[unit->first_step + i];
        int64_t s = u->steps[i];
        unsigned axes = 3;
        if (s == u->head || (step->op->flags & TG_OP_REDUCTION) == 0) continue;
        if (!u->is_flat) tg_reduced_extent(step, places_of(u, s), member(u, s)->reads, &axes);
        step->attr = new_axes(u, axes);
        if (step->attr == NULL) return 0;
        if (member(u, s)->makes != TG_EXTENT_END) continue;
        tg_place whole = *result_of(u, s);
        int64_t at = tg_result_place(step), buffer = b->buffer_of[at], item = item_of(&whole);
        tg_tile tile = {.per_row = whole.count, .fixed = 1, .rank = 1, .strides = {1, 0}};
        if (!is_one_block(u)) {
            size_t offset = u->parts;
            u->parts += aligned((size_t)(count_blocks(u) * whole.count * item));
            tile.block = whole.count * item;
            tile.panel = tile.block * times(u->block_rows, u->panel_rows);
            if (!add_final(u, step, &whole, buffer, offset)) return 0;
            unit->n_finals++;
            move_to_scratch(u, &b->plan->places[at], TG_BASE_PARTS, offset);
        }
        if (!give_tile(u, &b->plan->places[at], &tile)) return 0;
    }
    return 1;
}

/* ---- Units ----------------------------------------------------------------------------------------------------------- */

/* Room for n steps, and a final one for each, and for a unit. */
static tg_unit *begin_unit(tg_tiler *t, int64_t n)
{
    tg_plan *plan = t->b->plan;
    if (t->n_steps + 2 * n > t->room) {
        int64_t room = 2 * t->room + 2 * n;
        tg_step *grown = realloc(t->steps, (size_t)room * sizeof *grown);
        if (grown == NULL) return NULL;
        t->steps = grown;
        t->room = room;
    }
    if (plan->n_units == t->units_room) {
        int64_t room = 2 * t->units_room + 16;
        tg_unit *grown = realloc(plan->units, (size_t)room * sizeof *grown);
        if (grown == NULL) return NULL;
        plan->units = grown;
        t->units_room = room;
    }
    plan->units[plan->n_units] = (tg_unit){.first_step = t->n_steps};
    return &plan->units[plan->n_units];
}

int tg_add_whole_unit(tg_tiler *t, int64_t step)
{
    tg_unit *unit = begin_unit(t, 1);
    if (unit == NULL) return 0;
    unit->n_finals = 1;
    t->steps[t->n_steps++] = t->b->plan->steps[step];
    t->b->plan->n_units++;
    return 1;
}

static int lay_out(tiling *u)
{
    slot *slots = malloc((size_t)u->n * sizeof *slots);
    int64_t *which = malloc((size_t)u->n * sizeof *which);
    int done = slots != NULL && which != NULL;
    if (done) {
        int64_t n = assign_slots(u, slots, which), bytes = 0;
        for (int64_t k = 0; k < n; k++) bytes += row_bytes(u, &slots[k]);
        choose_sizes(u, at_least_one(bytes));
        take_scratch(u, slots, n);
        for (int64_t i = 0; i < u->n; i++)
            if (which[i] >= 0) u->t->moved[u->steps[i]] = (int64_t)slots[which[i]].offset + 1;
        if (u->head >= 0 && !u->t->outside[u->head]) {
            u->t->moved[u->head] = (int64_t)u->scratch + 1;
            u->scratch += aligned((size_t)(u->panel_rows * u->columns * item_of(result_of(u, u->head))));
        }
    }
    free(slots);
    free(which);
    return done;
}

static int fill_unit(tiling *u, tg_unit *unit)
{
    tg_tiler *t = u->t;
    unit->n_heads = u->head >= 0;
    unit->n_blocks = u->n - unit->n_heads;
    unit->rows = u->rows;
    unit->panel_rows = u->panel_rows;
    unit->block_rows = u->block_rows;
    unit->n_panels = u->n_panels;
    unit->is_parallel = u->is_parallel;
    for (int64_t i = 0; i < u->n; i++) t->steps[t->n_steps++] = t->b->plan->steps[u->steps[i]];
    if (!finish_reductions(u, unit) || !tile_head(u)) return 0;
    for (int64_t i = unit->n_heads; i < u->n; i++)
        if (!tile_step(u, u->steps[i])) return 0;
    return 1;
}

int tg_add_tiled_unit(tg_tiler *t, const int64_t *steps, int64_t n, int64_t group)
{
    const tg_group *g = &t->fusion->groups[group];
    tiling u = {.t = t, .steps = steps, .n = n, .head = g->head, .rows = g->rows, .columns = g->columns};
    u.is_flat = can_be_flat(&u);
    if (u.is_flat) {
        u.rows *= u.columns;
        u.columns = 1;
    }
    if (u.columns > WIDEST_ROW) return 0;
    tg_unit *unit = begin_unit(t, n);
    if (unit == NULL || !lay_out(&u) || !fill_unit(&u, unit)) return -1;
    if (u.scratch > t->scratch) t->scratch = u.scratch;
    if (u.parts > t->parts) t->parts = u.parts;
    t->b->plan->n_units++;
    return 1;
}

/* ---- Loops ------------------------------------------------------------------------------------------------------------- */

/* The stride in which a loop goes over the elements of a place, or of a row of its tile: -1 for any but 0 and 1. */
static int64_t stride_of(const tg_place *p)
{
    tg_lie lie = {.row = -1};
    if (p->tile != NULL)
        lie.row = p->tile->strides[p->tile->rank - 1];
    else if (!tg_lie_of(p, TG_EXTENT_COLUMN, &lie))
        return -1;
    return lie.row == 0 || lie.row == 1 ? lie.row : -1;
}

static int64_t row_bytes_of(const tg_place *p)
{
    return p->tile == NULL ? 0 : p->tile->strides[0] * item_of(p);
}

/* Spares a step the walk over axes where it can do without. */
static void use_loop(const tg_builder *b, tg_step *step)
{
    const tg_place *places = &b->plan->places[step->first_place];
    if (step->op == NULL || (step->op->flags & TG_OP_ELEMENTWISE) == 0 || places[step->n_inputs].count == 0)
        return;
    for (int k = 0; k < step->n_inputs; k++) {
        step->strides[k] = stride_of(&places[k]);
        if (step->strides[k] < 0) return;
    }
    const tg_tile *tile = places[step->n_inputs].tile;
    step->is_rows = tile != NULL && tile->rank == 2;
    for (int k = 0; k <= step->n_inputs; k++) step->row_bytes[k] = row_bytes_of(&places[k]);
    step->loop = tg_loop_of(step->op, places[0].dtype);
}

/* ---- Beginning and end ------------------------------------------------------------------------------------------------- */

int tg_tiler_begin(tg_tiler *t)
{
    const tg_builder *b = t->b;
    const tg_plan *plan = b->plan;
    size_t n = (size_t)plan->n_steps + 1;
    t->outside = calloc(n, 1);
    t->moved = calloc(n, sizeof *t->moved);
    t->last_reader = malloc(n * sizeof *t->last_reader);
    if (t->outside == NULL || t->moved == NULL || t->last_reader == NULL) return 0;
    for (int64_t s = 0; s < plan->n_steps; s++) t->last_reader[s] = s;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const tg_step *step = &plan->steps[s];
        for (int k = 0; k < step->n_inputs; k++) {
            int64_t from = b->buffer_of[step->first_place + k];
            if (from < 0) continue;
            t->last_reader[from] = s;
            if (tg_group_of(t->fusion, from) != tg_group_of(t->fusion, s)) t->outside[from] = 1;
        }
    }
    for (int i = 0; i < plan->n_outputs; i++)
        if (b->buffer_of[plan->outputs[i]] >= 0) t->outside[b->buffer_of[plan->outputs[i]]] = 1;
    for (int i = 0; i < plan->n_updates; i++)
        if (b->buffer_of[plan->updates[i].place] >= 0) t->outside[b->buffer_of[plan->updates[i].place]] = 1;
    return 1;
}

int tg_tiler_end(tg_tiler *t, int done)
{
    if (done) {
        free(t->b->plan->steps);
        for (int64_t s = 0; s < t->n_steps; s++) use_loop(t->b, &t->steps[s]);
        t->b->plan->steps = t->steps;
        t->b->plan->n_steps = t->n_steps;
        t->b->unit_scratch = t->scratch;
        t->b->parts = t->parts;
    } else {
        free(t->steps);
    }
    free(t->outside);
    free(t->moved);
    free(t->last_reader);
    return done;
}
