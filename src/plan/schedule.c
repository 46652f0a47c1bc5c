/* From groups to units: the order of the steps, and when buffers live. */
#include <stdlib.h>
#include <string.h>

#include "fuse.h"
#include "tile.h"

/* ---- The order of the steps ------------------------------------------------------------------------------ */

/* starts[i] .. starts[i + 1]: the steps of group i, in the order of the tape, its head first. */
typedef struct order {
    int64_t *starts, *steps;
} order;

static int sort_steps(const tg_builder *b, const tg_fusion *fusion, order *o)
{
    int64_t n = b->plan->n_steps;
    o->starts = calloc((size_t)fusion->n_groups + 2, sizeof *o->starts);
    o->steps = malloc(((size_t)n + 1) * sizeof *o->steps);
    if (o->starts == NULL || o->steps == NULL) return 0;
    int64_t *next = o->starts + 1;
    for (int64_t s = 0; s < n; s++) o->starts[tg_group_of(fusion, s) + 1]++;
    for (int64_t i = 0; i < fusion->n_groups; i++) o->starts[i + 1] += o->starts[i];
    /* While steps are filled in, starts[i] is where the next one goes; in the end it is where group i + 1 starts. */
    for (int64_t i = 0; i < fusion->n_groups; i++)
        if (fusion->groups[i].head >= 0 && fusion->groups[i].merged_into == i)
            o->steps[o->starts[i]++] = fusion->groups[i].head;
    for (int64_t s = 0; s < n; s++) {
        int64_t i = tg_group_of(fusion, s);
        if (fusion->groups[i].head != s) o->steps[o->starts[i]++] = s;
    }
    memmove(next, o->starts, (size_t)fusion->n_groups * sizeof *o->starts);
    o->starts[0] = 0;
    return 1;
}

/* ---- When buffers live ----------------------------------------------------------------------------------- */

/* Buffers come to stand in the order in which they are filled. */
static int number_buffers(tg_builder *b)
{
    tg_plan *plan = b->plan;
    int64_t *numbers = malloc(((size_t)b->n_buffers + 1) * sizeof *numbers), n = 0;
    tg_buffer *sorted = malloc(((size_t)b->n_buffers + 1) * sizeof *sorted);
    int done = numbers != NULL && sorted != NULL;
    for (int64_t u = 0; u < plan->n_units && done; u++) {
        const tg_unit *unit = &plan->units[u];
        for (int64_t s = 0; s < tg_unit_steps(unit); s++) {
            int64_t made = b->buffer_of[tg_result_place(&plan->steps[unit->first_step + s])];
            if (made < 0) continue;
            sorted[n] = b->buffers[made];
            sorted[n].first = u;
            if (sorted[n].last != INT64_MAX) sorted[n].last = u;
            numbers[made] = n++;
        }
    }
    for (int64_t i = 0; i < plan->n_places && done; i++)
        if (b->buffer_of[i] >= 0) b->buffer_of[i] = numbers[b->buffer_of[i]];
    if (done && n > 0) memcpy(b->buffers, sorted, (size_t)n * sizeof *sorted);
    b->n_buffers = n;
    free(numbers);
    free(sorted);
    return done;
}

static void note_reads(tg_builder *b, int64_t u, const tg_step *step)
{
    for (int k = 0; k < step->n_inputs; k++) {
        int64_t i = step->first_place + k, buffer = b->buffer_of[i];
        if (buffer >= 0 && b->buffers[buffer].last < u) b->buffers[buffer].last = u;
        int base = b->plan->places[i].base;
        if (base >= TG_BASE_LEAF) b->last_read[base - TG_BASE_LEAF] = u;
    }
    if (step->op != NULL && (step->op->flags & TG_OP_CAN_FAIL) != 0) b->last_failing = u;
}

static int find_lives(tg_builder *b)
{
    if (!number_buffers(b)) return 0;
    for (int64_t u = 0; u < b->plan->n_units; u++) {
        const tg_unit *unit = &b->plan->units[u];
        for (int64_t s = 0; s < tg_unit_steps(unit); s++)
            note_reads(b, u, &b->plan->steps[unit->first_step + s]);
    }
    return 1;
}

/* ---- Units -------------------------------------------------------------------------------------------------- */

/* Appends the steps of one group as one unit, or as units of their own when that cannot be. A single step gains
 * nothing by blocks, but may by threads. */
static int add_units(tg_tiler *t, const int64_t *steps, int64_t n, int64_t group)
{
    if (n > 0 && t->fusion->groups[group].head == steps[0] && t->b->plan->threads > 1) {
        int added = tg_add_depth_unit(t, steps[0]);
        if (added < 0) return 0;
        steps += added;
        n -= added;
    }
    if (n > 1 || (n == 1 && t->b->plan->threads > 1 && t->fusion->groups[group].rows > 0)) {
        int added = tg_add_tiled_unit(t, steps, n, group);
        if (added != 0) return added > 0;
    }
    for (int64_t i = 0; i < n; i++)
        if (!tg_add_whole_unit(t, steps[i])) return 0;
    return 1;
}

int tg_schedule(tg_builder *b, const tg_fusion *fusion)
{
    order o = {0};
    tg_tiler t = {.b = b, .fusion = fusion};
    int done = sort_steps(b, fusion, &o) && tg_tiler_begin(&t);
    for (int64_t i = 0; i < fusion->n_groups && done; i++)
        done = add_units(&t, o.steps + o.starts[i], o.starts[i + 1] - o.starts[i], i);
    done = tg_tiler_end(&t, done) && find_lives(b);
    free(o.starts);
    free(o.steps);
    return done;
}
