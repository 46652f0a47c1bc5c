/* The second half of building a plan: memory. */
#include <stdlib.h>
#include <string.h>

#include "tile.h"

static int covers_from_start(const tg_place *p)
{
    int64_t stride = 1;
    if (p->offset != 0) return 0;
    for (int i = p->rank - 1; i >= 0; i--) {
        if (p->shape[i] != 1 && p->strides[i] != stride) return 0;
        stride *= p->shape[i] > 0 ? p->shape[i] : 1;
    }
    return 1;
}

/* ---- Overwriting ---------------------------------------------------------------------------------------- */

static const tg_unit *unit_of(const tg_builder *b, int64_t u)
{
    return &b->plan->units[u];
}

/* The step of unit u that fills the buffer. */
static int64_t maker(const tg_builder *b, int64_t u, int64_t buffer)
{
    int64_t s = unit_of(b, u)->first_step;
    while (b->buffer_of[tg_result_place(&b->plan->steps[s])] != buffer) s++;
    return s;
}

/* 1 when the step, of unit u, works on one element after the other, block by block or as a whole. */
static int is_elementwise(const tg_step *step)
{
    return step->op != NULL && (step->op->flags & TG_OP_ELEMENTWISE) != 0;
}

/* 1 when the step reads that input element by element, each before it makes the element in its place. */
static int reads_elementwise(const tg_step *step, int input)
{
    return is_elementwise(step) || (step->start > 0 && input == step->start);
}

/* 1 when `out`, the result of step s of unit u, may be written over memory (an arena buffer, or a leaf's base where
 * buffer is -1): whatever the unit reads there, it reads element by element in the same order, and not after s. */
static int may_overwrite(const tg_builder *b, int64_t u, int64_t s, int64_t buffer, int base)
{
    const tg_plan *plan = b->plan;
    const tg_unit *unit = unit_of(b, u);
    const tg_place *out = &plan->places[tg_result_place(&plan->steps[s])];
    for (int64_t k = 0; k < tg_unit_steps(unit); k++) {
        const tg_step *step = &plan->steps[unit->first_step + k];
        for (int i = 0; i < step->n_inputs; i++) {
            const tg_place *in = &plan->places[step->first_place + i];
            if (buffer >= 0 ? b->buffer_of[step->first_place + i] != buffer : in->base != base) continue;
            if (unit->first_step + k > s || !reads_elementwise(step, i)) return 0;
            if (in->dtype != out->dtype || in->count != out->count || !covers_from_start(in)) return 0;
        }
    }
    return 1;
}

/* ---- Updates in place --------------------------------------------------------------------------------- */

/* 1 when the step that computes an update's value may write it straight to the leaf: it is elementwise, or adds a
 * product to a matrix, so that each element is read before it is overwritten; nobody reads the old value later; and neither its unit nor a later
 * one can fail, since a run that fails must not have updated anything. */
static int can_update_in_place(const tg_builder *b, const tg_plan_update *update, int64_t buffer)
{
    int64_t u = b->buffers[buffer].first, s = maker(b, u, buffer);
    if (!is_elementwise(&b->plan->steps[s]) && b->plan->steps[s].start == 0) return 0;
    if (b->last_read[update->leaf] > u || b->last_failing >= u) return 0;
    /* A value that is a part of its buffer would take the rest of it along. */
    if (b->buffers[buffer].last == INT64_MAX || b->buffers[buffer].bytes != update->bytes) return 0;
    return may_overwrite(b, u, s, -1, TG_BASE_LEAF + update->leaf);
}

/* Every place in the buffer moves to the leaf. */
static void move_to_leaf(tg_builder *b, int64_t buffer, int leaf)
{
    b->buffers[buffer].bytes = 0;
    b->moved_to[buffer] = leaf;
}

static int update_in_place(tg_builder *b)
{
    b->moved_to = malloc(((size_t)b->n_buffers + 1) * sizeof *b->moved_to);
    if (b->moved_to == NULL) return 0;
    for (int64_t i = 0; i < b->n_buffers; i++) b->moved_to[i] = -1;
    for (int u = 0; u < b->plan->n_updates; u++) {
        tg_plan_update *update = &b->plan->updates[u];
        int64_t buffer = b->buffer_of[update->place];
        if (!tg_does(b->request, TG_PASS_UPDATE) || b->moved_to[buffer] >= 0 ||
            !covers_from_start(&b->plan->places[update->place]) || !can_update_in_place(b, update, buffer)) {
            b->buffers[buffer].last = INT64_MAX;
            b->plan->n_copies++;
            continue;
        }
        move_to_leaf(b, buffer, update->leaf);
        update->place = -1;
    }
    return 1;
}

/* ---- Elementwise steps that overwrite an input --------------------------------------------------------- */

/* Step s of unit u takes over the memory of a buffer that its unit is the last to read. */
static void overwrite_input(tg_builder *b, int64_t u, int64_t s)
{
    const tg_step *step = &b->plan->steps[s];
    int64_t made = b->buffer_of[tg_result_place(step)];
    if (made < 0 || b->moved_to[made] >= 0 || (!is_elementwise(step) && step->start == 0)) return;
    for (int i = 0; i < step->n_inputs && b->buffers[made].reuses < 0; i++) {
        int64_t read = b->buffer_of[step->first_place + i];
        if (read < 0 || b->moved_to[read] >= 0 || b->buffers[read].last != u || b->buffers[read].first == u ||
            b->buffers[read].taken_over || b->buffers[read].bytes != b->buffers[made].bytes ||
            !may_overwrite(b, u, s, read, 0))
            continue;
        b->buffers[made].reuses = read;
        b->buffers[read].taken_over = 1;
    }
}

static void overwrite_inputs(tg_builder *b)
{
    for (int64_t u = 0; u < b->plan->n_units; u++) {
        const tg_unit *unit = unit_of(b, u);
        for (int64_t k = 0; k < tg_unit_steps(unit); k++) overwrite_input(b, u, unit->first_step + k);
    }
}

/* ---- Offsets ------------------------------------------------------------------------------------------ */

static void settle_places(tg_builder *b)
{
    for (int64_t i = 0; i < b->plan->n_places; i++) {
        int64_t buffer = b->buffer_of[i];
        if (buffer < 0) continue;
        tg_place *p = &b->plan->places[i];
        if (b->moved_to[buffer] >= 0)
            p->base = TG_BASE_LEAF + b->moved_to[buffer];
        else
            p->offset += b->buffers[buffer].offset;
    }
}

/* Behind the results comes what kernels ask for, and behind that what units keep in scratch memory. */
static void place_scratch(tg_builder *b)
{
    tg_plan *plan = b->plan;
    size_t kernels = (b->scratch + TG_ALIGNMENT - 1) / TG_ALIGNMENT * TG_ALIGNMENT;
    plan->scratch_offset = plan->arena_bytes;
    plan->stats.scratch_bytes = kernels + b->unit_scratch;
    plan->parts_offset = plan->arena_bytes + plan->stats.scratch_bytes;
    plan->arena_bytes = plan->parts_offset + b->parts;
    for (int64_t i = 0; i < plan->n_places; i++)
        if (plan->places[i].base == TG_BASE_SCRATCH) plan->places[i].offset += (int64_t)kernels;
}

static int place_buffers(tg_builder *b)
{
    tg_plan *plan = b->plan;
    for (int64_t i = 0; i < b->n_buffers; i++) {
        plan->stats.total_bytes += tg_tile_aligned(b->buffers[i].bytes);
        if (b->buffers[i].last > plan->n_units) b->buffers[i].last = plan->n_units;
        if (b->moved_to[i] >= 0) b->buffers[i].last = b->buffers[i].first;
    }
    if (!tg_place_buffers(b->buffers, b->n_buffers, plan->n_units, tg_does(b->request, TG_PASS_PLACE),
                          &plan->arena_bytes, &plan->stats.live_bytes))
        return 0;
    plan->stats.arena_bytes = plan->arena_bytes;
    place_scratch(b);
    return 1;
}

static int copy_constants(tg_builder *b)
{
    b->plan->constants = tg_aligned_zeros(b->constant_bytes);
    if (b->plan->constants == NULL) return 0;
    for (int64_t k = 0; k < b->request->n_nodes; k++) {
        const tg_tensor *t = b->request->nodes[k];
        if (t->op == &tg_op_constant)
            memcpy((char *)b->plan->constants + b->constant_offsets[k], tg_node_attr(t),
                   tg_node_attr_size(t));
    }
    return 1;
}

/* For every leaf the list of places in it, so that binding touches those alone. */
static int list_places_of_leaves(tg_plan *plan)
{
    int64_t total = 0;
    for (int64_t i = 0; i < plan->n_places; i++)
        if (plan->places[i].base >= TG_BASE_LEAF)
            plan->leaves[plan->places[i].base - TG_BASE_LEAF].count++, total++;
    plan->places_of_leaves = malloc(((size_t)total + 1) * sizeof *plan->places_of_leaves);
    if (plan->places_of_leaves == NULL) return 0;
    for (int i = 1; i < plan->n_leaves; i++)
        plan->leaves[i].first = plan->leaves[i - 1].first + plan->leaves[i - 1].count;
    for (int i = 0; i < plan->n_leaves; i++) plan->leaves[i].count = 0;
    for (int64_t i = 0; i < plan->n_places; i++) {
        if (plan->places[i].base < TG_BASE_LEAF) continue;
        tg_plan_leaf *leaf = &plan->leaves[plan->places[i].base - TG_BASE_LEAF];
        plan->places_of_leaves[leaf->first + leaf->count++] = i;
    }
    return 1;
}

int tg_plan_finish(tg_builder *b)
{
    if (!update_in_place(b)) return 0;
    if (tg_does(b->request, TG_PASS_OVERWRITE)) overwrite_inputs(b);
    if (!place_buffers(b) || !copy_constants(b)) return 0;
    settle_places(b);
    b->plan->stats.nodes = b->request->n_nodes;
    b->plan->stats.steps = b->plan->n_steps;
    b->plan->stats.units = b->plan->n_units;
    if (tg_does(b->request, TG_PASS_SMALL) && !tg_plan_small(b->plan, b->request->memory_limit > 0)) return 0;
    if (tg_does(b->request, TG_PASS_CHAIN) && !tg_plan_chains(b->plan)) return 0;
    if (!list_places_of_leaves(b->plan)) return 0;
    /* Bands take memory that a limit does not count. */
    if (!tg_does(b->request, TG_PASS_BANDS) || b->request->memory_limit > 0) return 1;
    return tg_plan_bands(b->plan);
}
