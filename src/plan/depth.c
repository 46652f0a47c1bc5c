/* Products that threads share by what they sum over. Where rows and columns are few and the sums long, as in the first layer
 * of a narrow network, shares of columns would let the cores fetch ahead what others change, and all would read all of
 * the left matrix. So every block of depth is a panel: its sums stay apart, and one step at the end adds them, in the order
 * in which they are added where one thread does it all, so that the bits are the same. */
#include <string.h>

#include "kernels/gemm.h"
#include "ops/ops.h"
#include "tile.h"

/* The most bytes of a result whose blocks are worth adding: it fits the L1 cache. */
#define RESULT_BYTES 32768

static int64_t depth_of(const tg_tiling *u)
{
    return tg_tile_places(u, u->head)->shape[1];
}

static int64_t count_depth_blocks(const tg_tiling *u)
{
    return tg_times(tg_gemm_depth(depth_of(u)), depth_of(u));
}

/* A single column is summed in another order. */
static int is_shared_by_depth(const tg_tiling *u)
{
    const tg_step *step = &u->t->b->plan->steps[u->head];
    const tg_place *out = tg_tile_result(u, u->head);
    if (!tg_does(u->t->b->request, TG_PASS_DEPTH) || step->op != tg_matmul_ops[0] || out->rank != 2) return 0;
    if (u->columns < 2 || depth_of(u) <= TG_GEMM_BLOCK_DEPTH || !tg_is_worth_threads(u)) return 0;
    return out->count * tg_item_of(out) <= RESULT_BYTES && count_depth_blocks(u) >= u->t->b->plan->threads;
}

/* The product alone, of one block: its sums go to the parts at `offset`. */
static int add_blocks(const tg_tiling *u, size_t offset, tg_step *blocks)
{
    tg_builder *b = u->t->b;
    const int64_t first = b->plan->n_places, at = b->plan->steps[u->head].first_place;
    const tg_place a = *tg_tile_places(u, u->head), right = tg_tile_places(u, u->head)[1];
    tg_place sums = *tg_tile_result(u, u->head);
    const int64_t item = tg_item_of(&sums), depth = tg_gemm_depth(depth_of(u));
    const tg_tile of_a = {.panel = depth * a.strides[1] * item,
                          .rows = u->rows,
                          .is_across = 1,
                          .rank = 2,
                          .strides = {a.strides[0], a.strides[1]}};
    const tg_tile of_right = {.panel = depth * right.strides[0] * item,
                              .per_row = u->columns,
                              .rank = 2,
                              .strides = {right.strides[0], right.strides[1]}};
    const tg_tile of_sums = {.panel = u->rows * u->columns * item,
                             .rows = u->rows,
                             .per_row = u->columns,
                             .rank = 2,
                             .strides = {u->columns, 1}};
    sums.base = TG_BASE_PARTS;
    sums.offset = (int64_t)offset;
    if (!tg_add_place(b, &a, b->buffer_of[at]) || !tg_add_place(b, &right, b->buffer_of[at + 1]) ||
        !tg_add_place(b, &sums, -1))
        return 0;
    *blocks =
        (tg_step){.op = tg_matmul_ops[0], .kernel = tg_matmul_ops[0]->kernel, .n_inputs = 2, .after = -1};
    blocks->first_place = first;
    return tg_give_tile(u, &b->plan->places[first], &of_a) &&
           tg_give_tile(u, &b->plan->places[first + 1], &of_right) &&
           tg_give_tile(u, &b->plan->places[first + 2], &of_sums);
}

/* Where the end's inputs are counted from: the parts are in the place of both matrices. */
static void take_epilogue(const tg_step *product, tg_epilogue_attr *attr)
{
    *attr = (tg_epilogue_attr){0};
    if (product->kernel != tg_matmul_epilogue) return;
    *attr = *(const tg_epilogue_attr *)product->attr;
    attr->scale -= attr->scale > 0;
    attr->start -= attr->start > 0;
    attr->mask -= attr->mask > 0;
}

/* The sum of all blocks, and what the product's step did with it. */
static int add_join(const tg_tiling *u, size_t offset, tg_step *join)
{
    tg_builder *b = u->t->b;
    const tg_step product = b->plan->steps[u->head];
    const int64_t blocks = count_depth_blocks(u), size = u->rows * u->columns, first = b->plan->n_places;
    tg_epilogue_attr *attr = tg_arena_take(&b->plan->memory, sizeof *attr);
    int64_t *shape = tg_arena_take(&b->plan->memory, 6 * sizeof *shape);
    if (attr == NULL || shape == NULL) return 0;
    take_epilogue(&product, attr);
    memcpy(shape, (const int64_t[]){blocks, u->rows, u->columns, size, u->columns, 1}, 6 * sizeof *shape);
    const tg_place parts = {.base = TG_BASE_PARTS,
                            .offset = (int64_t)offset,
                            .dtype = tg_tile_result(u, u->head)->dtype,
                            .rank = 3,
                            .count = blocks * size,
                            .shape = shape,
                            .strides = shape + 3};
    if (!tg_add_place(b, &parts, -1)) return 0;
    for (int k = 2; k <= product.n_inputs; k++) {
        const int64_t at = product.first_place + k;
        const tg_place place = b->plan->places[at];
        if (!tg_add_place(b, &place, b->buffer_of[at])) return 0;
    }
    *join = (tg_step){.op = tg_reduce_ops[0], .kernel = tg_matmul_join, .attr = attr, .after = -1};
    join->n_inputs = product.n_inputs - 1;
    join->first_place = first;
    return 1;
}

int tg_add_depth_unit(tg_tiler *t, int64_t step)
{
    tg_builder *b = t->b;
    tg_tiling u = {.t = t, .steps = &step, .n = 1, .head = step};
    const tg_place *out = tg_tile_result(&u, step);
    if (out->rank != 2) return 0;
    u.rows = out->shape[0];
    u.columns = out->shape[1];
    const size_t sums = (size_t)(out->count * tg_item_of(out));
    if (!is_shared_by_depth(&u)) return 0;
    tg_unit *unit = tg_begin_unit(t, 1);
    if (unit == NULL || !add_blocks(&u, 0, &t->steps[t->n_steps]) ||
        !add_join(&u, 0, &t->steps[t->n_steps + 1]))
        return -1;
    t->n_steps += 2;
    unit->n_heads = unit->n_finals = 1;
    unit->rows = depth_of(&u);
    unit->panel_rows = unit->block_rows = tg_gemm_depth(unit->rows);
    unit->columns = unit->panel_columns = u.columns;
    unit->row_panels = unit->n_panels = count_depth_blocks(&u);
    unit->is_parallel = 1;
    const tg_step *product = &b->plan->steps[step];
    for (int k = 0; k <= product->n_inputs; k++) b->buffer_of[product->first_place + k] = -1;
    const size_t parts = tg_tile_aligned((size_t)unit->n_panels * sums);
    if (parts > t->parts) t->parts = parts;
    b->plan->n_units++;
    return 1;
}
