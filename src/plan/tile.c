/* Units of several steps: how large panels and blocks are, and which results stay in scratch memory. */
#include "tile.h"

#include <stdlib.h>

/* Measured: elements of a block; what the results of a block may take together, for they share the L1 cache; what a
 * panel may take, in the L2 cache. */
#define BLOCK_ELEMENTS 4096
#define BLOCK_BYTES 24576
#define PANEL_BYTES 1048576
/* A block where all steps are elementwise: chains of them leave little in the cache, and what has to be done once for
 * every block counts. */
#define ELEMENTWISE_BLOCK_ELEMENTS 8192
#define ELEMENTWISE_BLOCK_BYTES 49152
/* A block of many that run as one chain, for which what it would leave in scratch memory is never touched. */
#define CHAIN_BLOCK_ELEMENTS 32768
#define CHAIN_BLOCKS 8
/* The fewest rows that are added to a part of a sum, if the cache allows. */
#define PART_ROWS 16
/* The fewest columns of a panel that does not have them all. */
#define PANEL_COLUMNS 32
/* A result that has so many times more rows than columns is shared out by rows. */
#define TALL 4
/* Threads pay from so many nanoseconds of work on: they have to learn of it and to be waited for. Behind a product they
 * do so earlier, since they are awake, but what it multiplies by and makes has to come to where it is used, byte by byte.
 * An element takes a tenth of a nanosecond in an elementwise kernel and more in others; a product does a hundred
 * operations in one. */
#define PARALLEL_TIME 20000
#define PARALLEL_PRODUCT_TIME 3500
#define PARALLEL_BYTE_TIME 0.1
#define ELEMENTWISE_TIME 0.1
#define OTHER_TIME 0.9
#define PRODUCT_TIME 0.02
/* Where rows cannot be walked as one, a row should fit the cache. */
#define WIDEST_ROW 32768

/* ---- Rows and columns ------------------------------------------------------------------------------------ */

static int can_be_flat(const tg_tiling *u)
{
    if (u->head >= 0) return 0;
    for (int64_t i = 0; i < u->n; i++) {
        const tg_member *m = tg_tile_member(u, u->steps[i]);
        const tg_step *step = &u->t->b->plan->steps[u->steps[i]];
        if (m->reads != TG_EXTENT_FULL || m->makes == TG_EXTENT_COLUMN || !tg_is_one_axis(u, u->steps[i]))
            return 0;
        if (m->makes == TG_EXTENT_FULL && (step->op->flags & TG_OP_REDUCTION) != 0) return 0;
        if (m->makes == TG_EXTENT_END && tg_tile_result(u, u->steps[i])->count != 1) return 0;
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

static int64_t row_bytes(const tg_tiling *u, const slot *at)
{
    return (at->extent == TG_EXTENT_FULL ? u->panel_columns : 1) * at->item;
}

static int stays_in_scratch(const tg_tiling *u, int64_t s)
{
    return s != u->head && !u->t->outside[s] && tg_tile_member(u, s)->makes != TG_EXTENT_END;
}

/* 1 when the slot can take the result of step s. An elementwise step may write over what it reads last, element by
 * element. */
static int is_free(const tg_tiling *u, const slot *at, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    if (at->extent != tg_tile_member(u, s)->makes || at->item != tg_item_of(tg_tile_result(u, s))) return 0;
    return at->last < s || (at->last == s && (step->op->flags & TG_OP_ELEMENTWISE) != 0);
}

/* Gives every result that stays in scratch memory a slot; which_slot[i] is -1 for other steps. Returns how many. */
static int64_t assign_slots(const tg_tiling *u, slot *slots, int64_t *which_slot)
{
    int64_t n = 0;
    for (int64_t i = 0; i < u->n; i++) {
        int64_t s = u->steps[i], k = 0;
        which_slot[i] = -1;
        if (!stays_in_scratch(u, s)) continue;
        while (k < n && !is_free(u, &slots[k], s)) k++;
        if (k == n) n++;
        slots[k] = (slot){.extent = tg_tile_member(u, s)->makes,
                          .item = tg_item_of(tg_tile_result(u, s)),
                          .last = u->t->last_reader[s]};
        which_slot[i] = k;
    }
    return n;
}

/* ---- Panels and blocks ----------------------------------------------------------------------------------------- */

static int64_t at_least_one(int64_t x)
{
    return x < 1 ? 1 : x;
}

int tg_is_worth_threads(const tg_tiling *u)
{
    const tg_plan *plan = u->t->b->plan;
    double elements = (double)u->rows * (double)u->columns, time = 0, least = PARALLEL_TIME;
    for (int64_t i = u->head >= 0; i < u->n; i++)
        time += (plan->steps[u->steps[i]].op->flags & TG_OP_ELEMENTWISE) != 0 ? ELEMENTWISE_TIME : OTHER_TIME;
    if (u->head >= 0) {
        const tg_place *in = tg_tile_places(u, u->head);
        time += PRODUCT_TIME * (double)in[0].shape[1];
        least = PARALLEL_PRODUCT_TIME +
                PARALLEL_BYTE_TIME * (double)tg_item_of(&in[1]) * (elements + (double)in[1].count);
    }
    return plan->threads > 1 && time * elements >= least;
}

static int64_t power_of_two(int64_t most)
{
    int64_t x = 1;
    while (2 * x <= most) x *= 2;
    return x;
}

/* Columns among threads: each has its own ones of a layer's weights, which it reads going forward and changes later,
 * so that they stay in its cache. As many panels as divide the threads. */
static int64_t choose_columns(tg_tiling *u, int64_t threads)
{
    u->column_panels = 1;
    u->panel_columns = u->columns;
    if (threads == 1 || u->columns < 2 * PANEL_COLUMNS || u->rows >= TALL * u->columns || !tg_can_cut_rows(u))
        return threads;
    int64_t panels = tg_at_most(threads, u->columns / PANEL_COLUMNS);
    while (threads % panels != 0) panels--;
    if (panels == 1) return threads;
    int64_t line = TG_ALIGNMENT / tg_item_of(tg_tile_result(u, u->head));
    u->panel_columns = tg_times(line, tg_times(panels, u->columns)) * line;
    u->column_panels = tg_times(u->panel_columns, u->columns);
    return threads / panels;
}

static int is_elementwise(const tg_tiling *u)
{
    for (int64_t i = 0; i < u->n; i++)
        if ((u->t->b->plan->steps[u->steps[i]].op->flags & TG_OP_ELEMENTWISE) == 0) return 0;
    return 1;
}

static int is_reduction(const tg_tiling *u, int64_t i)
{
    return (u->t->b->plan->steps[u->steps[i]].op->flags & TG_OP_REDUCTION) != 0;
}

/* 1 for steps that are likely to be one chain over an array so long that the memory's speed counts. Where it ends with a
 * sum that has the same blocks whatever passes are left out, and so the same bits. */
static int is_long_chain(const tg_tiling *u)
{
    const tg_request *request = u->t->b->request;
    const int64_t n = u->n - is_reduction(u, u->n - 1);
    if (!u->is_flat || n > TG_CHAIN_STEPS || u->rows < CHAIN_BLOCKS * CHAIN_BLOCK_ELEMENTS) return 0;
    for (int64_t i = 0; i < n; i++)
        if (!tg_can_chain(u->t->b->plan->steps[u->steps[i]].op, tg_tile_result(u, u->steps[i])->dtype))
            return 0;
    return n < u->n ||
           (tg_does(request, TG_PASS_CHAIN) && tg_does(request, TG_PASS_LOOP) && request->memory_limit == 0);
}

static int reduces_rows(const tg_tiling *u)
{
    for (int64_t i = 0; i < u->n; i++)
        if (tg_tile_member(u, u->steps[i])->makes == TG_EXTENT_END) return 1;
    return 0;
}

/* How many rows a block has, where what it leaves in scratch memory takes so much for a whole row. Blocks whose rows are
 * added have the same ones for any number of threads, so that the sums do not depend on it; and not too few, for each
 * leaves a part. */
static int64_t choose_block(const tg_tiling *u, int64_t slot_bytes_a_row)
{
    int reduces = reduces_rows(u), elementwise = is_elementwise(u);
    int64_t columns = reduces ? u->columns : u->panel_columns;
    int64_t row = tg_times(u->columns / columns, slot_bytes_a_row);
    if (is_long_chain(u)) return CHAIN_BLOCK_ELEMENTS;
    int64_t room = elementwise ? ELEMENTWISE_BLOCK_BYTES : BLOCK_BYTES;
    int64_t block = at_least_one((elementwise ? ELEMENTWISE_BLOCK_ELEMENTS : BLOCK_ELEMENTS) / columns);
    if (reduces && block < PART_ROWS) {
        block = PART_ROWS;
        room *= 2;
    }
    if (row * block > room) block = at_least_one(room / row);
    block = power_of_two(block);
    return u->rows < 2 * block && row * u->rows <= BLOCK_BYTES ? u->rows : block;
}

/* Panels of rows are whole blocks, in number a multiple of the threads that are left for them. */
static void choose_sizes(tg_tiling *u, int64_t slot_bytes_a_row)
{
    int64_t panel = u->rows;
    int64_t threads = choose_columns(u, tg_is_worth_threads(u) ? u->t->b->plan->threads : 1);
    int64_t block = choose_block(u, slot_bytes_a_row);
    if (u->head >= 0)
        panel = at_least_one(PANEL_BYTES / (u->panel_columns * tg_item_of(tg_tile_result(u, u->head))));
    panel = tg_times(tg_times(threads, tg_times(panel, u->rows)) * threads, u->rows);
    if (u->n == 1 && u->head >= 0) block = panel; /* there is nothing to do block by block */
    panel = tg_times(block, panel) * block;
    u->block_rows = block;
    u->panel_rows = panel < u->rows ? panel : u->rows;
    u->n_panels = tg_times(u->panel_rows, u->rows);
    u->is_parallel = tg_is_worth_threads(u) && u->n_panels * u->column_panels > 1;
}

static void take_scratch(tg_tiling *u, slot *slots, int64_t n)
{
    u->scratch = 0;
    for (int64_t k = 0; k < n; k++) {
        slots[k].offset = u->scratch;
        u->scratch += tg_tile_aligned((size_t)(row_bytes(u, &slots[k]) * u->block_rows));
    }
}

/* ---- Units ----------------------------------------------------------------------------------------------------------- */

tg_unit *tg_begin_unit(tg_tiler *t, int64_t n)
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
    tg_unit *unit = tg_begin_unit(t, 1);
    if (unit == NULL) return 0;
    unit->n_finals = 1;
    t->steps[t->n_steps++] = t->b->plan->steps[step];
    t->b->plan->n_units++;
    return 1;
}

static int lay_out(tg_tiling *u)
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
            u->scratch += tg_tile_aligned(
                (size_t)(u->panel_rows * u->panel_columns * tg_item_of(tg_tile_result(u, u->head))));
        }
    }
    free(slots);
    free(which);
    return done;
}

static int fill_unit(tg_tiling *u, tg_unit *unit)
{
    tg_tiler *t = u->t;
    unit->n_heads = u->head >= 0;
    unit->n_blocks = u->n - unit->n_heads;
    unit->rows = u->rows;
    unit->panel_rows = u->panel_rows;
    unit->block_rows = u->block_rows;
    unit->columns = u->columns;
    unit->panel_columns = u->panel_columns;
    unit->row_panels = u->n_panels;
    unit->n_panels = u->n_panels * u->column_panels;
    unit->is_parallel = u->is_parallel;
    for (int64_t i = 0; i < u->n; i++) t->steps[t->n_steps++] = t->b->plan->steps[u->steps[i]];
    if (!tg_tile_reductions(u, unit) || !tg_tile_head(u)) return 0;
    for (int64_t i = unit->n_heads; i < u->n; i++)
        if (!tg_tile_step(u, u->steps[i])) return 0;
    return 1;
}

int tg_add_tiled_unit(tg_tiler *t, const int64_t *steps, int64_t n, int64_t group)
{
    const tg_group *g = &t->fusion->groups[group];
    tg_tiling u = {.t = t, .steps = steps, .n = n, .head = -1, .rows = g->rows, .columns = g->columns};
    if (steps[0] == g->head) u.head = g->head; /* else it has a unit of its own */
    u.is_flat = can_be_flat(&u);
    if (u.is_flat) {
        u.rows *= u.columns;
        u.columns = 1;
    }
    if (u.columns > WIDEST_ROW) return 0;
    u.panel_columns = u.columns;
    tg_unit *unit = tg_begin_unit(t, n);
    if (unit == NULL || !lay_out(&u) || !fill_unit(&u, unit)) return -1;
    if (u.scratch > t->scratch) t->scratch = u.scratch;
    if (u.parts > t->parts) t->parts = u.parts;
    t->b->plan->n_units++;
    return 1;
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
        for (int64_t s = 0; s < t->n_steps; s++) tg_use_loop(t->b, &t->steps[s]);
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
