/* Chains: which elementwise steps of a unit run as one, chunk by chunk with their results in registers, and how. All of
 * them see the same elements in the same order, so that a chunk of each can come before the next chunk of the first. A
 * chain goes over them as one axis; or row by row, where a step sees rows that lie apart, or a number for each of them.
 * It may end with a sum of all, or of each row. */
#include "kernels/chain.h"

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

/* What computes a chunk of the step; NULL when there is nothing. */
static tg_chain_fn record_of(const tg_plan *plan, int64_t s)
{
    const tg_step *step = &plan->steps[s];
    const tg_place *out = result_of(plan, s);
    if (step->loop == NULL || out->tile == NULL || (step->is_rows && !is_wide(out->tile))) return NULL;
    const tg_chain_kernels *kernels = tg_chain_for(tg_instructions_here(), out->dtype);
    if (kernels == NULL) return NULL;
    for (int k = 0; k < step->n_inputs; k++)
        if (input_of(plan, s, k)->tile == NULL || input_of(plan, s, k)->dtype != out->dtype) return NULL;
    int row = 0;
    while (row < TG_ROWS && tg_elementwise_ops[row] != step->op) row++;
    return row < TG_ROWS ? kernels->rows[row] : NULL;
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
    if (record_of(plan, s) == NULL || out->dtype != before->dtype || !is_same_extent(out->tile, before->tile))
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

/* ---- Operands and results ---------------------------------------------------------------------------------- */

static void find_operands(tg_plan *plan, int64_t first, int64_t s)
{
    tg_step *step = &plan->steps[s];
    step->record = (tg_chain_record){.run = record_of(plan, s)};
    for (int k = 0; k < step->n_inputs; k++) {
        tg_chain_kind *kind = &step->record.kind[k];
        step->record.row_bytes[k] = row_bytes(input_of(plan, s, k));
        *kind = step->strides[k] == 0 ? TG_CHAIN_NUMBER : TG_CHAIN_READ;
        if (*kind == TG_CHAIN_READ && s > first &&
            is_same_memory(input_of(plan, s, k), result_of(plan, s - 1)))
            *kind = TG_CHAIN_KEPT;
    }
    step->record.row_bytes[2] = row_bytes(result_of(plan, s));
}

static void end_with_sum(tg_plan *plan, int64_t s)
{
    const tg_place *out = result_of(plan, s);
    tg_chain_record *record = &plan->steps[s].record;
    *record = (tg_chain_record){.run = tg_chain_for(tg_instructions_here(), out->dtype)->sum, .is_stored = 1};
    record->kind[0] = TG_CHAIN_KEPT;
    record->row_bytes[2] = (int64_t)tg_dtype_size(out->dtype);
}

/* 1 when somebody finds the result of step s in memory, of the steps up to `end` if it is in scratch memory. `last` ends
 * its chain. */
static int must_store(const tg_plan *plan, int64_t s, int64_t last, int64_t end)
{
    const tg_place *made = result_of(plan, s);
    if (made->base != TG_BASE_SCRATCH) return 1;
    for (int64_t i = s + 1; i < end; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            int is_kept = i == s + 1 && s < last && plan->steps[i].record.kind[k] == TG_CHAIN_KEPT;
            if (!is_kept && begins_alike(input_of(plan, i, k), made)) return 1;
        }
        if (begins_alike(result_of(plan, i), made)) return 0;
    }
    return 0;
}

/* Makes a chain of steps first to last, of a unit whose steps end at `end`. */
static void make_chain(tg_plan *plan, int64_t first, int64_t last, int64_t end)
{
    tg_step *ending = &plan->steps[last];
    int is_sum = ending->loop == NULL;
    int is_row_sum = is_sum && is_sum_of_rows(ending);
    for (int64_t s = first; s <= last - is_sum; s++) find_operands(plan, first, s);
    if (is_sum) end_with_sum(plan, last);
    for (int64_t s = first; s <= last - is_sum; s++)
        plan->steps[s].record.is_stored = must_store(plan, s, last, end);
    plan->steps[first].chain = last - first + 1;
    if (is_row_sum || has_rows(plan, first, last))
        plan->steps[first].chain_columns = result_of(plan, first)->tile->per_row;
}

void tg_plan_chains(tg_plan *plan)
{
    for (int64_t u = 0; u < plan->n_units; u++) {
        const tg_unit *unit = &plan->units[u];
        int64_t first = unit->first_step + unit->n_heads, end = first + unit->n_blocks;
        while (first < end) {
            int64_t next = first + 1, most = tg_at_most(end, first + TG_CHAIN_RECORDS);
            if (record_of(plan, first) != NULL)
                while (next < most && can_follow(plan, first, next)) next++;
            if (record_of(plan, first) != NULL && next < most && can_end(plan, first, next)) next++;
            if (next - first > 1) make_chain(plan, first, next - 1, end);
            first = next;
        }
    }
}

/* ---- Running ----------------------------------------------------------------------------------------------- */

/* Where a chain is. */
typedef struct chain {
    const tg_chain_kernels *kernels;
    const tg_step *steps;
    const tg_kernel_call *calls;
    const tg_fold *sum; /* NULL for none */
    int64_t n, columns; /* steps without the sum */
    tg_chain_record records[TG_CHAIN_RECORDS + 1];
    tg_totals totals;
} chain;

static void point_at_row(chain *c, int64_t row)
{
    for (int64_t s = 0; s < c->n; s++) {
        tg_chain_record *r = &c->records[s];
        r->to = (char *)c->calls[s].out.data + row * r->row_bytes[2];
        for (int k = 0; k < c->steps[s].n_inputs; k++)
            r->in[k] = (const char *)c->calls[s].in[k].data + row * r->row_bytes[k];
    }
}

/* What fills no whole chunk goes through the loops, step by step. */
static void run_rest(chain *c, int64_t done)
{
    const int64_t item = (int64_t)tg_dtype_size(c->calls->out.dtype), rest = c->columns - done;
    for (int64_t s = 0; s < c->n; s++) {
        const void *in[TG_ELEMENTWISE_MAX];
        for (int k = 0; k < c->steps[s].n_inputs; k++)
            in[k] = c->records[s].in[k] + done * c->steps[s].strides[k] * item;
        c->steps[s].loop(rest, c->records[s].to + done * item, in, c->steps[s].strides);
    }
    if (c->sum != NULL) c->sum->along(&c->totals, rest, c->records[c->n - 1].to + done * item, 1);
}

static void run_row(chain *c, int64_t row)
{
    const int64_t chunks = c->columns / c->kernels->chunk, done = chunks * c->kernels->chunk;
    point_at_row(c, row);
    if (c->sum != NULL) c->sum->start(&c->totals, c->sum->lanes);
    if (chunks > 0) c->kernels->go(c->records, chunks);
    if (c->columns > done) run_rest(c, done);
    if (c->sum == NULL) return;
    c->sum->join(&c->totals);
    c->sum->finish(&c->totals, 1, (char *)c->calls[c->n].out.data + row * c->records[c->n].row_bytes[2]);
}

int tg_run_chain(const tg_step *steps, const tg_kernel_call *calls)
{
    const tg_dtype dtype = calls->out.dtype;
    const tg_instructions set = tg_instructions_here();
    chain c;
    int is_sum = steps[steps->chain - 1].loop == NULL;
    if (is_sum && calls->out.count <= TG_SUM_SMALL) return 0;
    c.kernels = tg_chain_for(set, dtype);
    c.steps = steps;
    c.calls = calls;
    c.sum = is_sum ? tg_reduce_for(set)->sum[dtype] : NULL;
    c.n = steps->chain - is_sum;
    c.columns = steps->chain_columns > 0 ? steps->chain_columns : calls->out.count;
    for (int64_t s = 0; s < steps->chain; s++) c.records[s] = steps[s].record;
    c.records[c.n].to = (char *)&c.totals;
    if (!is_sum) c.records[c.n].run = c.kernels->end;
    for (int64_t row = 0; row * c.columns < calls->out.count; row++) run_row(&c, row);
    return 1;
}
