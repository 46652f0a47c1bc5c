/* Chains: which elementwise steps of a unit run as one, chunk by chunk with their results in registers, and how. All of
 * them see the same elements in the same order, as one axis, so that a chunk of each can come before the next chunk of
 * the first. */
#include "kernels/chain.h"

#include "function.h"
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

/* 1 when both are the same memory, whatever the block. */
static int is_same_memory(const tg_place *p, const tg_place *q)
{
    return begins_alike(p, q) && p->tile->panel == q->tile->panel && p->tile->block == q->tile->block &&
           p->tile->across == q->tile->across;
}

static int is_same_extent(const tg_tile *a, const tg_tile *b)
{
    return a->rows == b->rows && a->per_row == b->per_row && a->is_cut == b->is_cut;
}

/* ---- Which steps ------------------------------------------------------------------------------------------- */

/* What computes a chunk of the step; NULL when there is nothing. */
static tg_chain_fn record_of(const tg_plan *plan, int64_t s)
{
    const tg_step *step = &plan->steps[s];
    const tg_place *out = result_of(plan, s);
    if (step->loop == NULL || step->is_rows || out->tile == NULL) return NULL;
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

/* ---- Operands and results ---------------------------------------------------------------------------------- */

static void find_operands(tg_plan *plan, int64_t first, int64_t s)
{
    tg_step *step = &plan->steps[s];
    step->record = (tg_chain_record){.run = record_of(plan, s)};
    for (int k = 0; k < step->n_inputs; k++) {
        tg_chain_kind *kind = &step->record.kind[k];
        *kind = step->strides[k] == 0 ? TG_CHAIN_NUMBER : TG_CHAIN_READ;
        if (*kind == TG_CHAIN_READ && s > first &&
            is_same_memory(input_of(plan, s, k), result_of(plan, s - 1)))
            *kind = TG_CHAIN_KEPT;
    }
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
    for (int64_t s = first; s <= last; s++) find_operands(plan, first, s);
    for (int64_t s = first; s <= last; s++) plan->steps[s].record.is_stored = must_store(plan, s, last, end);
    plan->steps[first].chain = last - first + 1;
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
            if (next - first > 1) make_chain(plan, first, next - 1, end);
            first = next;
        }
    }
}

/* ---- Running ----------------------------------------------------------------------------------------------- */

/* What fills no whole chunk goes through the loops, step by step. */
static void run_rest(const tg_step *steps, const tg_kernel_call *calls, int64_t done)
{
    const int64_t item = (int64_t)tg_dtype_size(calls->out.dtype);
    for (int64_t s = 0; s < steps->chain; s++) {
        const void *in[TG_ELEMENTWISE_MAX];
        for (int k = 0; k < steps[s].n_inputs; k++)
            in[k] = (const char *)calls[s].in[k].data + done * steps[s].strides[k] * item;
        steps[s].loop(calls->out.count - done, (char *)calls[s].out.data + done * item, in, steps[s].strides);
    }
}

static void run_chunks(const tg_chain_kernels *kernels, const tg_step *steps, const tg_kernel_call *calls,
                       int64_t chunks)
{
    tg_chain_record records[TG_CHAIN_RECORDS + 1];
    for (int64_t s = 0; s < steps->chain; s++) {
        records[s] = steps[s].record;
        records[s].to = calls[s].out.data;
        for (int k = 0; k < steps[s].n_inputs; k++) records[s].in[k] = calls[s].in[k].data;
    }
    records[steps->chain].run = kernels->end;
    kernels->go(records, chunks);
}

void tg_run_chain(const tg_step *steps, const tg_kernel_call *calls)
{
    const tg_chain_kernels *kernels = tg_chain_for(tg_instructions_here(), calls->out.dtype);
    int64_t chunks = calls->out.count / kernels->chunk;
    if (chunks > 0) run_chunks(kernels, steps, calls, chunks);
    if (calls->out.count > chunks * kernels->chunk) run_rest(steps, calls, chunks * kernels->chunk);
}
