/* What every kernel of a unit sees of its operands. */
#include <string.h>

#include "ops/ops.h"
#include "tile.h"

int tg_is_one_axis(const tg_tiling *u, int64_t s)
{
    tg_lie lie;
    for (int k = 0; k < u->t->b->plan->steps[s].n_inputs; k++)
        if (!tg_lie_of(tg_tile_places(u, s) + k, tg_tile_member(u, s)->reads, &lie) ||
            !(tg_is_compact(u, &lie) || tg_is_scalar(&lie)))
            return 0;
    return 1;
}

/* 1 when what a step reads and makes is in scratch memory, without gaps, or one number: where panels of columns are all
 * equal. */
static int is_compact_in_scratch(const tg_tiling *u, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    if (u->columns % u->panel_columns != 0 || u->t->moved[s] == 0) return 0;
    for (int k = 0; k < step->n_inputs; k++) {
        tg_lie lie;
        int64_t from = u->t->b->buffer_of[step->first_place + k];
        if (from >= 0 && u->t->moved[from] > 0) continue;
        if (!tg_lie_of(tg_tile_places(u, s) + k, TG_EXTENT_FULL, &lie) || !tg_is_scalar(&lie)) return 0;
    }
    return 1;
}

/* 1 for a step that has a loop, with which it goes over rows one by one. */
static int is_row_by_row(const tg_tiling *u, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    const tg_place *in = tg_tile_places(u, s);
    if ((step->op->flags & TG_OP_ELEMENTWISE) == 0 ||
        tg_loop_of(step->op, in[0].dtype, in[step->n_inputs].dtype) == NULL)
        return 0;
    for (int k = 0; k < step->n_inputs; k++) {
        tg_lie lie;
        if (!tg_lie_of(&in[k], TG_EXTENT_FULL, &lie) || (lie.column != 0 && lie.column != 1)) return 0;
    }
    return 1;
}

int tg_can_cut_rows(const tg_tiling *u)
{
    if (u->head < 0 || (u->t->b->plan->steps[u->head].op->flags & TG_OP_COLUMNWISE) == 0) return 0;
    if (tg_tile_places(u, u->head)[1].shape[0] < 1) return 0;
    for (int64_t i = 0; i < u->n; i++) {
        int64_t s = u->steps[i];
        const tg_member *m = tg_tile_member(u, s);
        unsigned axes;
        if (s == u->head) continue;
        if (m->reads != TG_EXTENT_FULL || m->makes == TG_EXTENT_COLUMN) return 0;
        if ((u->t->b->plan->steps[s].op->flags & TG_OP_REDUCTION) == 0) {
            if (!is_row_by_row(u, s)) return 0;
        } else if (m->makes != TG_EXTENT_END ||
                   (tg_reduced_extent(&u->t->b->plan->steps[s], tg_tile_places(u, s), m->reads, &axes),
                    axes != 1)) {
            return 0;
        }
    }
    return 1;
}

/* ---- Tiles ----------------------------------------------------------------------------------------------------- */

int tg_give_tile(const tg_tiling *u, tg_place *p, const tg_tile *tile)
{
    tg_tile *memory = tg_arena_take(&u->t->b->plan->memory, sizeof *memory);
    if (memory == NULL) return 0;
    *memory = *tile;
    p->tile = memory;
    return 1;
}

/* Moves a place to scratch memory, or to the parts of reductions. */
static void move_to_scratch(const tg_tiling *u, tg_place *p, int base, size_t offset)
{
    p->base = base;
    p->offset = (int64_t)offset;
    u->t->b->buffer_of[p - u->t->b->plan->places] = -1;
}

/* How far the place goes on from block to block, and from panel to panel; one in scratch memory stays, but for the
 * head's result, which has a panel there. */
static void set_steps(const tg_tiling *u, const tg_place *p, int is_panel, int64_t row, tg_tile *tile)
{
    if (p->base == TG_BASE_SCRATCH && !is_panel) return;
    tile->block = u->block_rows * row * tg_item_of(p);
    if (p->base != TG_BASE_SCRATCH) tile->panel = u->panel_rows * row * tg_item_of(p);
}

static int tile_operand(const tg_tiling *u, tg_place *p, tg_extent extent, int one_axis, int is_panel)
{
    tg_lie lie;
    tg_tile tile = {.per_row = extent == TG_EXTENT_FULL ? u->panel_columns : 1, .rank = one_axis ? 1 : 2};
    tg_lie_of(p, extent, &lie);
    int64_t row = lie.row;
    if (u->is_flat) row = tg_is_scalar(&lie) ? 0 : 1;
    if (tg_is_cut(u) && p->base == TG_BASE_SCRATCH) row = u->panel_columns;
    tile.is_cut = tg_is_cut(u);
    if (tile.is_cut && p->base != TG_BASE_SCRATCH)
        tile.across = u->panel_columns * lie.column * tg_item_of(p);
    set_steps(u, p, is_panel, row, &tile);
    if (!one_axis) {
        tile.strides[0] = row;
        tile.strides[1] = lie.column;
    } else if (tile.per_row == 1) {
        tile.strides[0] = row;
    } else {
        tile.strides[0] = tg_is_scalar(&lie) ? 0 : 1;
    }
    return tg_give_tile(u, p, &tile);
}

int tg_tile_step(const tg_tiling *u, int64_t s)
{
    const tg_step *step = &u->t->b->plan->steps[s];
    const tg_member *m = tg_tile_member(u, s);
    int reduces = (step->op->flags & TG_OP_REDUCTION) != 0;
    int one_axis = m->reads == TG_EXTENT_COLUMN;
    if (!one_axis && !reduces)
        one_axis = tg_is_cut(u) ? is_compact_in_scratch(u, s)
                                : u->columns == 1 || u->is_flat || tg_is_one_axis(u, s);
    for (int k = 0; k < step->n_inputs; k++) {
        tg_place *p = tg_tile_places(u, s) + k;
        int64_t from = u->t->b->buffer_of[step->first_place + k];
        int is_panel = from >= 0 && from == u->head;
        if (from >= 0 && u->t->moved[from] > 0)
            move_to_scratch(u, p, TG_BASE_SCRATCH, (size_t)u->t->moved[from] - 1);
        if (!tile_operand(u, p, m->reads, one_axis, is_panel)) return 0;
    }
    if (m->makes == TG_EXTENT_END) return 1;
    tg_place *out = tg_tile_result(u, s);
    if (u->t->moved[s] > 0) move_to_scratch(u, out, TG_BASE_SCRATCH, (size_t)u->t->moved[s] - 1);
    return tile_operand(u, out, m->makes, reduces || one_axis, 0);
}

/* What the head's product is added to or chosen by lies in rows, as its result does. */
static int tile_rest(const tg_tiling *u)
{
    const tg_step *step = &u->t->b->plan->steps[u->head];
    for (int k = 2; k < step->n_inputs; k++) {
        tg_place *p = tg_tile_places(u, u->head) + k;
        if (p->rank != 2) continue;
        tg_tile tile = {.panel = u->panel_rows * p->strides[0] * tg_item_of(p),
                        .across = u->panel_columns * p->strides[1] * tg_item_of(p),
                        .per_row = u->panel_columns,
                        .is_cut = tg_is_cut(u),
                        .rank = 2,
                        .strides = {p->strides[0], p->strides[1]}};
        if (!tg_give_tile(u, p, &tile)) return 0;
    }
    return 1;
}

int tg_tile_head(const tg_tiling *u)
{
    if (u->head < 0) return 1;
    tg_place *in = tg_tile_places(u, u->head), *out = tg_tile_result(u, u->head);
    tg_tile from = {.panel = u->panel_rows * in->strides[0] * tg_item_of(in),
                    .per_row = in->shape[1],
                    .rank = 2,
                    .strides = {in->strides[0], in->strides[1]}};
    if (u->t->moved[u->head] > 0) move_to_scratch(u, out, TG_BASE_SCRATCH, (size_t)u->t->moved[u->head] - 1);
    tg_tile to = {
        .per_row = u->panel_columns, .is_cut = tg_is_cut(u), .rank = 2, .strides = {u->panel_columns, 1}};
    if (out->base != TG_BASE_SCRATCH) {
        to.panel = u->panel_rows * u->columns * tg_item_of(out);
        to.across = u->panel_columns * tg_item_of(out);
        to.strides[0] = u->columns;
    }
    tg_tile across = {.across = u->panel_columns * in[1].strides[1] * tg_item_of(&in[1]),
                      .rows = in[1].shape[0],
                      .per_row = u->panel_columns,
                      .is_cut = 1,
                      .rank = 2,
                      .strides = {in[1].strides[0], in[1].strides[1]}};
    if (tg_is_cut(u) && !tg_give_tile(u, &in[1], &across)) return 0;
    return tile_rest(u) && tg_give_tile(u, in, &from) && tg_give_tile(u, out, &to);
}

/* ---- Reductions --------------------------------------------------------------------------------------------------- */

static const void *new_axes(const tg_tiling *u, unsigned axes)
{
    tg_axes_attr *attr = tg_arena_take(&u->t->b->plan->memory, sizeof *attr);
    if (attr == NULL) return NULL;
    *attr = (tg_axes_attr){0};
    for (int i = 0; i < 2; i++)
        if ((axes >> i & 1u) != 0) attr->axes.values[attr->axes.count++] = i;
    return attr;
}

/* The step that reduces what the blocks left, from the parts at `offset` to the place of the result. */
static int add_final(tg_tiling *u, const tg_step *step, const tg_place *out, int64_t buffer, size_t offset)
{
    tg_builder *b = u->t->b;
    int64_t width = out->count, blocks = tg_count_blocks(u);
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

int tg_tile_reductions(tg_tiling *u, tg_unit *unit)
{
    tg_builder *b = u->t->b;
    for (int64_t i = 0; i < u->n; i++) {
        tg_step *step = &u->t->steps[unit->first_step + i];
        int64_t s = u->steps[i];
        unsigned axes = 3;
        if (s == u->head || (step->op->flags & TG_OP_REDUCTION) == 0) continue;
        if (!u->is_flat) tg_reduced_extent(step, tg_tile_places(u, s), tg_tile_member(u, s)->reads, &axes);
        step->attr = new_axes(u, axes);
        if (step->attr == NULL) return 0;
        if (tg_tile_member(u, s)->makes != TG_EXTENT_END) continue;
        tg_place whole = *tg_tile_result(u, s);
        int64_t at = tg_result_place(step), buffer = b->buffer_of[at], item = tg_item_of(&whole);
        tg_tile tile = {.rows = 1, .per_row = whole.count, .rank = 1, .strides = {1, 0}};
        tile.is_cut = tg_is_cut(u);
        tile.across = tile.is_cut ? u->panel_columns * item : 0;
        if (!tg_is_one_block(u)) {
            size_t offset = u->parts;
            u->parts += tg_tile_aligned((size_t)(tg_count_blocks(u) * whole.count * item));
            tile.block = whole.count * item;
            tile.panel = tile.block * tg_times(u->block_rows, u->panel_rows);
            if (!add_final(u, step, &whole, buffer, offset)) return 0;
            unit->n_finals++;
            move_to_scratch(u, &b->plan->places[at], TG_BASE_PARTS, offset);
        }
        if (!tg_give_tile(u, &b->plan->places[at], &tile)) return 0;
    }
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
    return p->tile == NULL ? 0 : p->tile->strides[0] * tg_item_of(p);
}

void tg_use_loop(const tg_builder *b, tg_step *step)
{
    const tg_place *places = &b->plan->places[step->first_place];
    if (!tg_does(b->request, TG_PASS_LOOP)) return;
    if (step->op == NULL || (step->op->flags & TG_OP_ELEMENTWISE) == 0 || places[step->n_inputs].count == 0)
        return;
    for (int k = 0; k < step->n_inputs; k++) {
        step->strides[k] = stride_of(&places[k]);
        if (step->strides[k] < 0) return;
    }
    const tg_tile *tile = places[step->n_inputs].tile;
    step->is_rows = tile != NULL && tile->rank == 2;
    for (int k = 0; k <= step->n_inputs; k++) step->row_bytes[k] = row_bytes_of(&places[k]);
    step->loop = tg_loop_of(step->op, places[0].dtype, places[step->n_inputs].dtype);
}
