/* Chains: which elementwise steps of a unit run as one, chunk by chunk with their results in registers, and how. All of
 * them see the same elements in the same order, so that a chunk of each can come before the next chunk of the first. A
 * chain goes over them as one axis; or row by row, where a step sees rows that lie apart, or a number for each of them.
 * It may end with a sum of all, or of each row. */
#include "kernels/chain.h"

#include <string.h>

#include "function.h"
#include "kernels/reduce.h"
#include "kernels/reduce_fold.h"
#include "ops/ops.h"

static const tg_place *result_of(const tg_plan *plan, int64_t s)
{
    return &plan->places[tg_result_place(&plan->steps[s])];
}

static const tg_place *input_of(const tg_plan *plan, int64_t s, int k)
{
    return &plan->places[plan->steps[s].first_place + k];
}

static int begins_alike(const tg_place *p, const tg_place *q)
{
    return p->base == q->base && p->offset == q->offset;
}

/* From one row to the next, in bytes, as a loop goes over the place. */
static int64_t row_bytes(const tg_place *p)
{
    const tg_tile *tile = p->tile;
    int64_t elements =
        tile->rank == 2 || tile->per_row == 1 ? tile->strides[0] : tile->strides[0] * tile->per_row;
    return elements * (int64_t)tg_dtype_size(p->dtype);
}

/* 1 when both are the same memory, whatever the block. */
static int is_same_memory(const tg_place *p, const tg_place *q)
{
    return begins_alike(p, q) && p->tile->panel == q->tile->panel && p->tile->block == q->tile->block &&
           p->tile->across == q->tile->across && row_bytes(p) == row_bytes(q);
}

static int is_same_extent(const tg_tile *a, const tg_tile *b)
{
    return a->rows == b->rows && a->per_row == b->per_row && a->is_cut == b->is_cut;
}

/* ---- Which steps ------------------------------------------------------------------------------------------- */

/* Measured: the fewest elements of a row for which going row by row pays. */
enum { WIDE_ROW = 256 };

static int is_wide(const tg_tile *tile)
{
    return tile->per_row >= WIDE_ROW && !tile->is_cut;
}

/* The row of elementwise.def that the operation is, where chains have records of it for that type; or -1. */
static int chain_row(const tg_op *op, tg_dtype dtype)
{
    const tg_chain_kernels *kernels = tg_chain_for(tg_instructions_here(), dtype);
    int row = 0;
    if (kernels == NULL) return -1;
    while (row < TG_ROWS && tg_elementwise_ops[row] != op) row++;
    return row < TG_ROWS && kernels->rows[row][TG_CHAIN_KEPT] != NULL ? row : -1;
}

int tg_can_chain(const tg_op *op, tg_dtype dtype)
{
    return chain_row(op, dtype) >= 0;
}

/* What computes a chunk of the step, for each way to have its operands; NULL when there is nothing. */
static const tg_chain_fn *records_of(const tg_plan *plan, int64_t s)
{
    const tg_step *step = &plan->steps[s];
    const tg_place *out = result_of(plan, s);
    if (step->loop == NULL || out->tile == NULL || (step->is_rows && !is_wide(out->tile))) return NULL;
    for (int k = 0; k < step->n_inputs; k++)
        if (input_of(plan, s, k)->tile == NULL || input_of(plan, s, k)->dtype != out->dtype) return NULL;
    int row = chain_row(step->op, out->dtype);
    return row < 0 ? NULL : tg_chain_for(tg_instructions_here(), out->dtype)->rows[row];
}

/* 1 when the step reads one number where this place begins. */
static int reads_number(const tg_plan *plan, int64_t s, const tg_place *made)
{
    for (int k = 0; k < plan->steps[s].n_inputs; k++)
        if (plan->steps[s].strides[k] == 0 && begins_alike(input_of(plan, s, k), made)) return 1;
    return 0;
}

/* 1 when step s can follow those from `first` on. A number is there before the chain begins, and stays until it ends. */
static int can_follow(const tg_plan *plan, int64_t first, int64_t s)
{
    const tg_place *out = result_of(plan, s), *before = result_of(plan, first);
    if (records_of(plan, s) == NULL || out->dtype != before->dtype ||
        !is_same_extent(out->tile, before->tile))
        return 0;
    for (int64_t i = first; i < s; i++)
        if (reads_number(plan, s, result_of(plan, i)) || reads_number(plan, i, out)) return 0;
    return 1;
}

static int has_rows(const tg_plan *plan, int64_t first, int64_t last)
{
    for (int64_t s = first; s <= last; s++)
        if (plan->steps[s].is_rows) return 1;
    return 0;
}

static int is_sum_of_rows(const tg_step *step)
{
    const tg_axes_attr *attr = step->attr;
    return attr->axes.count == 1 && attr->axes.values[0] == 1;
}

/* 1 when step s is a sum of what the step before makes, of each row or, where the chain goes over one axis, of all. What
 * it writes may lie where a number for each row lies: that row is done then. */
static int can_end(const tg_plan *plan, int64_t first, int64_t s)
{
    const tg_step *step = &plan->steps[s];
    const tg_place *in = input_of(plan, s, 0), *before = result_of(plan, s - 1);
    if (step->op == NULL || step->op->index != TG_INDEX_SUM || in->tile == NULL || in->dtype != before->dtype)
        return 0;
    if (!is_same_memory(in, before) || !is_same_extent(in->tile, before->tile)) return 0;
    if (is_sum_of_rows(step)) return is_wide(in->tile);
    const tg_axes_attr *attr = step->attr;
    return (attr->axes.count == 2 || in->rank == 1) && !has_rows(plan, first, s - 1);
}

/* ---- Records ----------------------------------------------------------------------------------------------- */

/* Measured: so many bytes ahead memory is asked for, which would come too late otherwise, since arithmetic fills what a
 * processor looks ahead by itself. */
enum { AHEAD = 2048 };
/* A step may have its operand read and its result stored. */
enum { MOST_FETCHES = 8, MOST_LINKS = 3 * TG_CHAIN_STEPS + MOST_FETCHES + 1 };

/* Steps first to last, of a unit whose blocks have the steps from `begin` to before `end`. */
typedef struct maker {
    tg_plan *plan;
    const tg_unit *unit;
    int64_t begin, first, last, end;
    const tg_chain_kernels *kernels;
    tg_chain_link links[MOST_LINKS];
    int64_t n;
} maker;

static int is_sum(const tg_step *step)
{
    return step->loop == NULL;
}

static const tg_place *place_of(const maker *m, int64_t s, int operand)
{
    return &m->plan->places[m->plan->steps[s].first_place + operand];
}

static void add(maker *m, tg_chain_fn run, int64_t s, int operand)
{
    m->links[m->n++] = (tg_chain_link){{.run = run},
                                       .step = s - m->first,
                                       .operand = operand,
                                       .row_bytes = row_bytes(place_of(m, s, operand))};
}

/* 1 when the step before leaves operand k of step s in registers. */
static int is_kept(const maker *m, int64_t s, int k)
{
    return s > m->first && s <= m->last && is_same_memory(input_of(m->plan, s, k), result_of(m->plan, s - 1));
}

static int is_number(const maker *m, int64_t s, int k)
{
    return m->plan->steps[s].strides[k] == 0;
}

/* 1 when somebody finds the result of step s in memory, of the unit's steps if it is in scratch memory. */
static int must_store(const maker *m, int64_t s)
{
    const tg_place *made = result_of(m->plan, s);
    if (made->base != TG_BASE_SCRATCH) return 1;
    for (int64_t i = s + 1; i < m->end; i++) {
        for (int k = 0; k < m->plan->steps[i].n_inputs; k++)
            if (!(i == s + 1 && is_kept(m, i, k)) && begins_alike(input_of(m->plan, i, k), made)) return 1;
        if (begins_alike(result_of(m->plan, i), made)) return 0;
    }
    return 0;
}

/* The records of a step: where nothing is kept, the first operand has to be read first. */
static void add_step(maker *m, int64_t s)
{
    const tg_step *step = &m->plan->steps[s];
    const tg_chain_fn *records = records_of(m->plan, s);
    int is_binary = step->n_inputs == 2, kept = is_kept(m, s, 0) ? 0 : is_binary && is_kept(m, s, 1) ? 1 : -1;
    if (kept < 0) {
        kept = 0;
        add(m, is_number(m, s, 0) ? m->kernels->spread : m->kernels->read, s, 0);
    }
    int other = 1 - kept;
    tg_chain_way way = TG_CHAIN_KEPT;
    if (is_binary && !is_kept(m, s, other)) {
        way = is_number(m, s, other) ? TG_CHAIN_KEPT_NUMBER : TG_CHAIN_KEPT_READ;
        if (kept == 1) way = way == TG_CHAIN_KEPT_NUMBER ? TG_CHAIN_NUMBER_KEPT : TG_CHAIN_READ_KEPT;
    }
    add(m, records[way], s, way == TG_CHAIN_KEPT ? kept : other);
    if (must_store(m, s)) add(m, m->kernels->store, s, step->n_inputs);
}

/* ---- Memory ahead ------------------------------------------------------------------------------------------ */

/* 1 when one of the steps from `from` to before `to` makes what lies there, or reads it. */
static int is_made(const tg_plan *plan, int64_t from, int64_t to, const tg_place *p)
{
    for (int64_t s = from; s < to; s++)
        if (begins_alike(result_of(plan, s), p)) return 1;
    return 0;
}

static int is_read(const tg_plan *plan, int64_t from, int64_t to, const tg_place *p)
{
    for (int64_t s = from; s < to; s++)
        for (int k = 0; k < plan->steps[s].n_inputs; k++)
            if (begins_alike(input_of(plan, s, k), p)) return 1;
    return 0;
}

/* 1 when the chain walks the place as it walks its own result, from block to block. */
static int is_walked(const maker *m, const tg_place *p)
{
    const tg_place *own = result_of(m->plan, m->first);
    return p->base != TG_BASE_SCRATCH && p->tile != NULL && p->dtype == own->dtype && p->tile->block > 0 &&
           is_same_extent(p->tile, own->tile);
}

static void add_fetch(maker *m, tg_chain_fn run, int64_t s, int operand, int64_t ahead)
{
    const tg_place *p = place_of(m, s, operand);
    if (m->n == MOST_FETCHES) return;
    for (int64_t i = 0; i < m->n; i++)
        if (begins_alike(place_of(m, m->first + m->links[i].step, m->links[i].operand), p)) return;
    add(m, run, s, operand);
    m->links[m->n - 1].record.ahead = ahead;
}

/* What the chain reads, or the same of the next block where it was read in this block before. What the steps behind the
 * chain will write, so that it comes while the chain computes; but not what the chain itself does, which gained nothing. */
static void add_fetches(maker *m)
{
    const tg_plan *plan = m->plan;
    if (m->unit->block_rows == m->unit->rows) return;
    for (int64_t s = m->first; s <= m->last; s++) {
        for (int k = 0; k < plan->steps[s].n_inputs; k++) {
            const tg_place *p = input_of(plan, s, k);
            if (is_walked(m, p) && !is_number(m, s, k) && !is_made(plan, m->begin, m->last, p))
                add_fetch(m, m->kernels->fetch, s, k,
                          is_read(plan, m->begin, m->first, p) ? p->tile->block : AHEAD);
        }
    }
    for (int64_t s = m->last + 1; s < m->end; s++)
        if (is_walked(m, result_of(plan, s)))
            add_fetch(m, m->kernels->fetch_to_write, s, plan->steps[s].n_inputs, 0);
}

/* ---- Making ------------------------------------------------------------------------------------------------ */

static int make_chain(maker *m)
{
    tg_step *steps = &m->plan->steps[m->first], *ending = &m->plan->steps[m->last];
    m->kernels = tg_chain_for(tg_instructions_here(), result_of(m->plan, m->first)->dtype);
    m->n = 0;
    add_fetches(m);
    for (int64_t s = m->first; s <= m->last - is_sum(ending); s++) add_step(m, s);
    add(m, is_sum(ending) ? m->kernels->sum : m->kernels->end, m->last, ending->n_inputs);
    tg_chain_link *links = tg_arena_take(&m->plan->memory, (size_t)m->n * sizeof *links);
    if (links == NULL) return 0;
    memcpy(links, m->links, (size_t)m->n * sizeof *links);
    steps->links = links;
    steps->n_links = m->n;
    steps->chain = m->last - m->first + 1;
    if ((is_sum(ending) && is_sum_of_rows(ending)) || has_rows(m->plan, m->first, m->last))
        steps->chain_columns = result_of(m->plan, m->first)->tile->per_row;
    return 1;
}

int tg_plan_chains(tg_plan *plan)
{
    maker m = {.plan = plan};
    for (int64_t u = 0; u < plan->n_units; u++) {
        m.unit = &plan->units[u];
        m.begin = m.unit->first_step + m.unit->n_heads;
        m.end = m.begin + m.unit->n_blocks;
        for (m.first = m.begin; m.first < m.end; m.first = m.last + 1) {
            int64_t next = m.first + 1, most = tg_at_most(m.end, m.first + TG_CHAIN_STEPS);
            int begins = records_of(plan, m.first) != NULL;
            while (begins && next < most && can_follow(plan, m.first, next)) next++;
            if (begins && next < most && can_end(plan, m.first, next)) next++;
            m.last = next - 1;
            if (m.last > m.first && !make_chain(&m)) return 0;
        }
    }
    return 1;
}

/* ---- Running ----------------------------------------------------------------------------------------------- */

/* Over rows of so many elements, with a sum of each, or none. */
typedef struct chain {
    const tg_chain_kernels *kernels;
    const tg_fold *sum;
    int64_t rows, columns;
    tg_chain_record records[MOST_LINKS];
    tg_totals totals;
} chain;

static void run_rows(chain *c, const tg_step *steps, const tg_view *sums)
{
    const int64_t n = steps->n_links;
    char *to = sums->data;
    for (int64_t row = 0; row < c->rows; row++) {
        if (c->sum != NULL) c->sum->start(&c->totals, c->sum->lanes);
        c->kernels->go(c->records, c->columns);
        if (c->sum != NULL) {
            c->sum->join(&c->totals);
            c->sum->finish(&c->totals, 1, to + row * (int64_t)tg_dtype_size(sums->dtype));
        }
        for (int64_t i = 0; i < n - 1; i++) c->records[i].memory += steps->links[i].row_bytes;
    }
}

int tg_run_chain(const tg_step *steps, const tg_kernel_call *calls)
{
    const tg_dtype dtype = calls->out.dtype;
    const tg_instructions set = tg_instructions_here();
    const int64_t count = calls->out.count, n = steps->n_links;
    chain c;
    int sums = is_sum(&steps[steps->chain - 1]);
    c.kernels = tg_chain_for(set, dtype);
    if (count < c.kernels->chunk || (sums && count <= TG_SUM_SMALL)) return 0;
    c.sum = sums ? tg_reduce_for(set)->sum[dtype] : NULL;
    c.columns = steps->chain_columns > 0 ? steps->chain_columns : count;
    c.rows = count > 0 ? count / c.columns : 0;
    for (int64_t i = 0; i < n; i++) {
        const tg_chain_link *link = &steps->links[i];
        const tg_kernel_call *call = &calls[link->step];
        c.records[i] = link->record;
        c.records[i].memory = link->operand < call->n_inputs ? call->in[link->operand].data : call->out.data;
    }
    if (sums) c.records[n - 1].memory = (char *)&c.totals;
    run_rows(&c, steps, &calls[steps->chain - 1].out);
    return 1;
}
