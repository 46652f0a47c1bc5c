/* Which steps run together. One sweep in the order of the steps: a step joins the last group that it reads from,
 * if what it reads there lies in the same rows and columns; and groups that it brings together become one, if
 * nothing in between keeps them apart. */
#include "fuse.h"

#include <stdlib.h>
#include <string.h>

/* Members of a group share the L1 cache. */
#define MAX_MEMBERS 64
/* A row that is reduced has to be in the cache as a whole. */
#define MAX_COLUMNS 8192

typedef struct fusing {
    const tg_builder *b;
    const tg_plan *plan;
    tg_fusion *to;
} fusing;

int64_t tg_group_of(const tg_fusion *fusion, int64_t step)
{
    int64_t i = fusion->members[step].group;
    while (fusion->groups[i].merged_into != i) {
        tg_group *g = &fusion->groups[i];
        g->merged_into = fusion->groups[g->merged_into].merged_into;
        i = g->merged_into;
    }
    return i;
}

/* The step that fills the buffer that input i of a step lies in, -1 for none: step k fills buffer k. */
static int64_t source(const fusing *f, const tg_step *step, int i)
{
    return f->b->buffer_of[step->first_place + i];
}

static int is_fusable(const tg_step *step, const tg_place *out)
{
    return step->op != NULL && (step->op->flags & TG_OP_CAN_FAIL) == 0 && out->count > 0;
}

/* ---- Does a step fit? -------------------------------------------------------------------------------- */

/* 1 when what a member makes lies where another one, which works on the same rows, looks for it. */
static int reads_same_rows(const tg_place *p, tg_extent reads, tg_extent makes, const tg_group *g)
{
    tg_lie lie;
    if (makes == TG_EXTENT_END || makes == TG_EXTENT_NONE || p->offset != 0 || !tg_lie_of(p, reads, &lie))
        return 0;
    if (reads == TG_EXTENT_COLUMN && makes == TG_EXTENT_FULL) return 0;
    int64_t row = makes == TG_EXTENT_FULL ? g->columns : 1, column = makes == TG_EXTENT_FULL ? 1 : 0;
    return (g->rows == 1 || lie.row == row) &&
           (g->columns == 1 || reads == TG_EXTENT_COLUMN || lie.column == column);
}

/* 1 when the step can read all its inputs as a member of group i. */
static int can_read(const fusing *f, const tg_step *step, tg_extent reads, int64_t i)
{
    const tg_group *g = &f->to->groups[i];
    for (int k = 0; k < step->n_inputs; k++) {
        const tg_place *p = &f->plan->places[step->first_place + k];
        tg_lie lie;
        if (!tg_lie_of(p, reads, &lie)) return 0;
        int64_t from = source(f, step, k);
        if (from >= 0 && tg_group_of(f->to, from) == i &&
            !reads_same_rows(p, reads, f->to->members[from].makes, g))
            return 0;
    }
    return 1;
}

/* What the step would read and make in a group of these rows and columns; 0 when it does not fit. */
static int extents(const fusing *f, const tg_step *step, int64_t rows, int64_t columns, tg_member *as)
{
    int reduces = (step->op->flags & TG_OP_REDUCTION) != 0;
    const tg_place *shape = &f->plan->places[reduces ? step->first_place : tg_result_place(step)];
    int64_t own_rows, own_columns;
    unsigned axes;
    tg_extent_of(shape, &own_rows, &own_columns);
    if (own_rows == rows && own_columns == columns)
        as->reads = TG_EXTENT_FULL;
    else if (shape->count == rows && columns > 1)
        as->reads = TG_EXTENT_COLUMN;
    else
        return 0;
    as->makes = reduces ? tg_reduced_extent(step, shape, as->reads, &axes) : as->reads;
    return as->makes != TG_EXTENT_NONE && (!reduces || columns <= MAX_COLUMNS);
}

static int fits(const fusing *f, const tg_step *step, int64_t i, tg_member *as)
{
    const tg_group *g = &f->to->groups[i];
    return g->rows > 0 && g->count < MAX_MEMBERS && extents(f, step, g->rows, g->columns, as) &&
           can_read(f, step, as->reads, i);
}

/* ---- Groups ---------------------------------------------------------------------------------------------- */

static void append(const fusing *f, int64_t i, int64_t s)
{
    tg_group *g = &f->to->groups[i];
    if (g->last >= 0)
        f->to->members[g->last].next = s;
    else
        g->first = s;
    g->last = s;
    g->count++;
    f->to->members[s].group = i;
    f->to->members[s].next = -1;
}

/* The last group that a step reads from, other than `except`; or that it must not come before. */
static int64_t last_source(const fusing *f, const tg_step *step, int64_t except)
{
    int64_t last = step->after < 0 ? -1 : tg_group_of(f->to, step->after);
    if (last == except) last = -1;
    for (int k = 0; k < step->n_inputs; k++) {
        int64_t from = source(f, step, k);
        int64_t group = from < 0 ? -1 : tg_group_of(f->to, from);
        if (group > last && group != except) last = group;
    }
    return last;
}

static void join(const fusing *f, int64_t i, int64_t s, const tg_member *as)
{
    tg_group *g = &f->to->groups[i];
    int64_t depends = last_source(f, &f->plan->steps[s], i);
    f->to->members[s].reads = as->reads;
    f->to->members[s].makes = as->makes;
    append(f, i, s);
    if (depends > g->depends) g->depends = depends;
}

/* 1 when group `later` can become a part of `earlier`: nothing that it reads comes between them, and what it reads
 * from the earlier one lies in the same rows. */
static int can_merge(const fusing *f, int64_t earlier, int64_t later)
{
    const tg_group *a = &f->to->groups[earlier], *b = &f->to->groups[later];
    if (a->rows != b->rows || a->columns != b->columns || b->depends > earlier) return 0;
    if (a->count + b->count > MAX_MEMBERS || (a->head >= 0 && b->head >= 0)) return 0;
    if (b->head >= 0 && b->head_depends >= earlier) return 0;
    for (int64_t s = b->first; s >= 0; s = f->to->members[s].next) {
        const tg_step *step = &f->plan->steps[s];
        for (int k = 0; k < step->n_inputs && s != b->head; k++) {
            int64_t from = source(f, step, k);
            if (from < 0 || tg_group_of(f->to, from) != earlier) continue;
            if (!reads_same_rows(&f->plan->places[step->first_place + k], f->to->members[s].reads,
                                 f->to->members[from].makes, a))
                return 0;
        }
    }
    return 1;
}

static void merge(const fusing *f, int64_t earlier, int64_t later)
{
    tg_group *a = &f->to->groups[earlier], *b = &f->to->groups[later];
    b->merged_into = earlier;
    for (int64_t s = b->first; s >= 0; s = f->to->members[s].next) {
        int64_t depends = last_source(f, &f->plan->steps[s], earlier);
        if (depends > a->depends) a->depends = depends;
    }
    f->to->members[a->last].next = b->first;
    a->last = b->last;
    a->count += b->count;
    if (b->head < 0) return;
    a->head = b->head;
    a->head_depends = b->head_depends;
}

/* The step, which is to join the last group that it reads from, reads from others too: that group becomes a part of
 * the one before it, and so on down to the first that it cannot be merged with, since the step must not come to stand
 * before a group that it reads from. */
static int64_t merge_sources(const fusing *f, const tg_step *step, int64_t last)
{
    for (;;) {
        int64_t before = last_source(f, step, last);
        if (before < 0 || !can_merge(f, before, last)) return last;
        merge(f, before, last);
        last = before;
    }
}

/* ---- The sweep ---------------------------------------------------------------------------------------------- */

static void begin_group(const fusing *f, int64_t s)
{
    const tg_step *step = &f->plan->steps[s];
    const tg_place *out = &f->plan->places[tg_result_place(step)];
    unsigned flags = step->op == NULL ? 0 : step->op->flags;
    int64_t i = f->to->n_groups++;
    tg_group *g = &f->to->groups[i];
    tg_member as = {.reads = TG_EXTENT_NONE, .makes = TG_EXTENT_NONE};
    *g = (tg_group){.merged_into = i, .depends = -1, .head = -1, .first = -1, .last = -1};
    if (is_fusable(step, out)) {
        if ((flags & TG_OP_ROWWISE) != 0 && out->rank == 2) {
            tg_extent_of(out, &g->rows, &g->columns);
            g->head = s;
            g->head_depends = last_source(f, step, -1);
            as.makes = TG_EXTENT_FULL;
        } else if ((flags & (TG_OP_ELEMENTWISE | TG_OP_REDUCTION)) != 0) {
            tg_extent_of((flags & TG_OP_REDUCTION) != 0 ? &f->plan->places[step->first_place] : out, &g->rows,
                         &g->columns);
            if (!fits(f, step, i, &as)) g->rows = 0, as.makes = as.reads = TG_EXTENT_NONE;
        }
    }
    join(f, i, s, &as);
}

static void sweep(const fusing *f)
{
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *step = &f->plan->steps[s];
        const tg_place *out = &f->plan->places[tg_result_place(step)];
        tg_member as;
        int64_t last = -1;
        if (is_fusable(step, out) && (step->op->flags & (TG_OP_ELEMENTWISE | TG_OP_REDUCTION)) != 0)
            last = last_source(f, step, -1);
        if (last >= 0 && fits(f, step, last, &as)) {
            last = merge_sources(f, step, last);
            if (fits(f, step, last, &as)) {
                join(f, last, s, &as);
                continue;
            }
        }
        begin_group(f, s);
    }
}

static void leave_apart(const fusing *f)
{
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        int64_t i = f->to->n_groups++;
        f->to->groups[i] = (tg_group){.merged_into = i, .depends = -1, .head = -1, .first = -1, .last = -1};
        join(f, i, s, &(tg_member){.reads = TG_EXTENT_NONE, .makes = TG_EXTENT_NONE});
    }
}

int tg_fuse(const tg_builder *b, tg_fusion *fusion)
{
    size_t n = (size_t)b->plan->n_steps + 1;
    fusing f = {b, b->plan, fusion};
    *fusion = (tg_fusion){.members = malloc(n * sizeof *fusion->members),
                          .groups = malloc(n * sizeof *fusion->groups)};
    if (fusion->members == NULL || fusion->groups == NULL) return 0;
    if (tg_does(b->request, TG_PASS_FUSE))
        sweep(&f);
    else
        leave_apart(&f);
    return 1;
}

void tg_fusion_free(tg_fusion *fusion)
{
    free(fusion->members);
    free(fusion->groups);
}
