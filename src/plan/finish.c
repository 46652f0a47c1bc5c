/* The second half of building a plan: memory. */
#include <stdlib.h>
#include <string.h>

#include "build.h"

static int64_t result_place(const tg_step *step)
{
    return step->first_place + step->n_inputs;
}

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

/* ---- Updates in place --------------------------------------------------------------------------------- */

/* 1 when the step that computes an update's value may write it straight to the leaf: it is elementwise, so that
 * each element is read before it is overwritten; nobody reads the old value later; and neither it nor a later step
 * can fail, since a run that fails must not have updated anything. */
static int can_update_in_place(const tg_builder *b, int64_t s, const tg_plan_update *update, int64_t buffer)
{
    const tg_step *step = &b->plan->steps[s];
    int base = TG_BASE_LEAF + update->leaf;
    if (step->op == NULL || (step->op->flags & TG_OP_ELEMENTWISE) == 0) return 0;
    if (b->last_read[update->leaf] > s || b->last_failing >= s) return 0;
    if (b->buffers[buffer].last == INT64_MAX) return 0;
    for (int i = 0; i < step->n_inputs; i++) {
        const tg_place *in = &b->plan->places[step->first_place + i];
        if (in->base == base && !covers_from_start(in)) return 0;
    }
    return 1;
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
        if (b->moved_to[buffer] >= 0 || !covers_from_start(&b->plan->places[update->place]) ||
            !can_update_in_place(b, b->buffers[buffer].first, update, buffer)) {
            b->buffers[buffer].last = INT64_MAX;
            continue;
        }
        move_to_leaf(b, buffer, update->leaf);
        update->place = -1;
    }
    return 1;
}

/* ---- Elementwise steps that overwrite an input --------------------------------------------------------- */

/* 1 when the step may write its result over the buffer: whatever it reads there it reads in the result's order. */
static int may_overwrite(const tg_builder *b, const tg_step *step, int64_t buffer)
{
    const tg_place *out = &b->plan->places[result_place(step)];
    for (int i = 0; i < step->n_inputs; i++) {
        const tg_place *in = &b->plan->places[step->first_place + i];
        if (b->buffer_of[step->first_place + i] != buffer) continue;
        if (in->dtype != out->dtype || in->count != out->count || !covers_from_start(in)) return 0;
    }
    return 1;
}

static void overwrite_inputs(tg_builder *b)
{
    for (int64_t s = 0; s < b->plan->n_steps; s++) {
        const tg_step *step = &b->plan->steps[s];
        if (step->op == NULL || (step->op->flags & TG_OP_ELEMENTWISE) == 0) continue;
        int64_t made = b->buffer_of[result_place(step)];
        if (b->moved_to[made] >= 0) continue;
        for (int i = 0; i < step->n_inputs && b->buffers[made].reuses < 0; i++) {
            int64_t read = b->buffer_of[step->first_place + i];
            if (read < 0 || b->moved_to[read] >= 0 || b->buffers[read].last != s ||
                b->buffers[read].taken_over)
                continue;
            if (b->buffers[read].bytes != b->buffers[made].bytes || !may_overwrite(b, step, read)) continue;
            b->buffers[made].reuses = read;
            b->buffers[read].taken_over = 1;
        }
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

static int place_buffers(tg_builder *b)
{
    tg_plan *plan = b->plan;
    for (int64_t i = 0; i < b->n_buffers; i++) {
        plan->stats.total_bytes += b->buffers[i].bytes;
        if (b->buffers[i].last > plan->n_steps) b->buffers[i].last = plan->n_steps;
        if (b->moved_to[i] >= 0) b->buffers[i].last = b->buffers[i].first;
    }
    if (!tg_place_buffers(b->buffers, b->n_buffers, plan->n_steps, &plan->arena_bytes) ||
        !tg_live_bytes(b->buffers, b->n_buffers, plan->n_steps, &plan->stats.live_bytes))
        return 0;
    plan->stats.arena_bytes = plan->arena_bytes;
    plan->stats.scratch_bytes = b->scratch;
    plan->scratch_offset = plan->arena_bytes;
    plan->arena_bytes += b->scratch;
    return 1;
}

static int copy_constants(tg_builder *b)
{
    b->plan->constants = tg_aligned_zeros(b->constant_bytes);
    if (b->plan->constants == NULL) return 0;
    for (int64_t k = 0; k < b->request->n_nodes; k++) {
        const tg_tensor *t = b->request->nodes[k];
        if (t->op == &tg_op_constant && t->attr_size > 0)
            memcpy((char *)b->plan->constants + b->constant_offsets[k], t->attr, t->attr_size);
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
    overwrite_inputs(b);
    /* Who takes over is decided; who has been taken over is found again while placing. */
    for (int64_t i = 0; i < b->n_buffers; i++) b->buffers[i].taken_over = 0;
    if (!place_buffers(b) || !copy_constants(b)) return 0;
    settle_places(b);
    b->plan->stats.nodes = b->request->n_nodes;
    b->plan->stats.steps = b->plan->n_steps;
    return list_places_of_leaves(b->plan);
}
