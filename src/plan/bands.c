/* Which params lie in bands (kernels/gemm.h) between runs: large matrices that a function changes where they lie, and that
 * nothing but products of many rows reads. Tiles of these then read and write whole pieces of memory: a forward product
 * copies nothing, and rows far apart do not push each other out of the caches. A plan knows such places both ways, since
 * a param stays in rows once a caller knows where it is. */
#include <stdlib.h>
#include <string.h>

#include "graph/layout.h"
#include "kernels/gemm.h"
#include "ops/ops.h"
#include "tile.h"

static int is_product(const tg_step *step, const tg_place *out)
{
    return step->op == tg_matmul_ops[0] && out->rank == 2;
}

/* ---- Which ones ------------------------------------------------------------------------------------------- */

/* The whole matrix, or its transpose. */
static int is_whole(const tg_place *p, const tg_type *type)
{
    const int64_t rows = type->shape[0], columns = type->shape[1];
    if (p->offset != 0 || p->rank != 2) return 0;
    return (p->shape[0] == rows && p->shape[1] == columns && p->strides[0] == columns &&
            p->strides[1] == 1) ||
           (p->shape[0] == columns && p->shape[1] == rows && p->strides[0] == 1 && p->strides[1] == columns);
}

/* So many bytes along an axis of that stride are so many elements, and those in bands so many bytes; or -1 where a move is
 * no whole number of bands. */
static int64_t move_in_bands(const tg_place *p, int axis, int64_t bytes, int64_t band)
{
    const int64_t elements = bytes / (p->strides[axis] * tg_item_of(p)),
                  row = tg_gemm_band_row(tg_dtype_size(p->dtype));
    if (p->strides[axis] != 1) return elements * TG_GEMM_BAND_BYTES;
    return elements % row == 0 ? elements / row * band * tg_item_of(p) : -1;
}

static int moves_in_bands(const tg_place *p)
{
    const tg_tile *tile = p->tile;
    return tile == NULL ||
           (tile->rank == 2 && !tile->is_across && tile->block == 0 &&
            move_in_bands(p, 0, tile->panel, 1) >= 0 && move_in_bands(p, 1, tile->across, 1) >= 0);
}

/* 1 when operand k of a step, which is a leaf of that type, may lie in bands. */
static int takes_bands(const tg_plan *plan, const tg_step *step, int k, const tg_type *type)
{
    const tg_place *places = &plan->places[step->first_place], *p = &places[k],
                   *out = &places[step->n_inputs];
    const int is_join = step->kernel == tg_matmul_join, is_result = k == step->n_inputs;
    const tg_epilogue_attr *end = is_join || step->kernel == tg_matmul_epilogue ? step->attr : NULL;
    if (!(is_join || is_product(step, out)) || out->count == 0 || !is_whole(p, type) || !moves_in_bands(p))
        return 0;
    if (!is_join && places[0].shape[1] == 0) return 0;
    if (is_result) return p->strides[1] == 1;
    /* What a product begins with lies as its result, which it is. */
    if (end != NULL && end->start == k) return out->base == p->base && p->strides[1] == 1;
    return k == 1 && !is_join && tg_gemm_wants_bands(out->shape[0], type->shape[1] * tg_item_of(p));
}

static int is_candidate(const tg_plan *plan, const tg_plan_update *update)
{
    return update->place < 0 && !plan->leaves[update->leaf].is_input &&
           tg_can_lie_in_bands(&plan->leaves[update->leaf].type);
}

static tg_plan_leaf *leaf_at(const tg_plan *plan, int64_t place)
{
    const int base = place < 0 ? -1 : plan->places[place].base;
    return base < TG_BASE_LEAF ? NULL : &plan->leaves[base - TG_BASE_LEAF];
}

/* Steps of programs never take bands: their results are too small. */
static void look_at_steps(const tg_plan *plan)
{
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const tg_step *step = &plan->steps[s];
        for (int k = 0; k <= step->n_inputs; k++) {
            tg_plan_leaf *leaf = leaf_at(plan, step->first_place + k);
            if (leaf != NULL && leaf->is_banded && !takes_bands(plan, step, k, &leaf->type))
                leaf->is_banded = 0;
        }
    }
}

/* Marks the leaves, and counts them. */
static void choose_leaves(tg_plan *plan)
{
    for (int i = 0; i < plan->n_updates; i++)
        if (is_candidate(plan, &plan->updates[i])) plan->leaves[plan->updates[i].leaf].is_banded = 1;
    look_at_steps(plan);
    /* Outputs never lie in a leaf, but an update may be copied from another's. */
    for (int i = 0; i < plan->n_updates; i++) {
        tg_plan_leaf *leaf = leaf_at(plan, plan->updates[i].place);
        if (leaf != NULL) leaf->is_banded = 0;
    }
    for (int i = 0; i < plan->n_leaves; i++) {
        if (!plan->leaves[i].is_banded) continue;
        plan->stats.params_in_bands++;
        plan->stats.bands_bytes += tg_type_bytes(&plan->leaves[i].type);
    }
}

/* ---- Their places ----------------------------------------------------------------------------------------- */

static void stride_in_bands(const int64_t *rows, int64_t row, int64_t *bands)
{
    bands[0] = rows[1] == 1 ? row : 1;
    bands[1] = rows[1] == 1 ? 1 : row;
}

/* 0 when memory runs out. */
static int lay_in_bands(tg_plan *plan, const tg_type *type, tg_place *p)
{
    const int64_t row = tg_gemm_band_row(tg_dtype_size(p->dtype)), band = type->shape[0] * row;
    int64_t *strides = tg_arena_take(&plan->memory, 2 * sizeof *strides);
    if (strides == NULL) return 0;
    stride_in_bands(p->strides, row, strides);
    if (p->tile != NULL) {
        tg_tile *tile = tg_arena_take(&plan->memory, sizeof *tile);
        if (tile == NULL) return 0;
        *tile = *p->tile;
        tile->panel = move_in_bands(p, 0, tile->panel, band);
        tile->across = move_in_bands(p, 1, tile->across, band);
        stride_in_bands(p->strides, row, tile->strides);
        p->tile = tile;
    }
    p->strides = strides;
    p->band = band;
    return 1;
}

int tg_plan_bands(tg_plan *plan)
{
    choose_leaves(plan);
    if (plan->stats.params_in_bands == 0) return 1;
    const size_t bytes = (size_t)plan->n_places * sizeof *plan->places;
    plan->in_bands = malloc(bytes);
    if (plan->in_bands == NULL) return 0;
    memcpy(plan->in_bands, plan->places, bytes);
    for (int64_t i = 0; i < plan->n_places; i++) {
        const tg_plan_leaf *leaf = leaf_at(plan, i);
        if (leaf != NULL && leaf->is_banded && !lay_in_bands(plan, &leaf->type, &plan->in_bands[i])) return 0;
    }
    return 1;
}
