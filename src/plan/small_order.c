/* The order of a program's records. A processor computes them as soon as their operands are there, if it has seen them by
 * then, so that order matters for two things: what a record has computed is in a register for the next one, and for others
 * a few cycles later in memory, so the longest chain of records that wait for each other should lie in one piece; and of
 * what is left, that should come first which the next run waits for. */
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "plan.h"

/* Records by their place in the order that they were made in. */
typedef struct ordering {
    const tg_plan *plan;
    int n;
    unsigned char depends[TG_SMALL_RECORDS][TG_SMALL_RECORDS]; /* [i][j]: i comes after j < i */
    unsigned char done[TG_SMALL_RECORDS];
    /* Cycles until a record's operands are there; from then to the end of the longest chain behind it; and from its end
     * to that of the longest chain that waits for it in the next run. */
    int ready[TG_SMALL_RECORDS], rest[TG_SMALL_RECORDS], again[TG_SMALL_RECORDS];
    tg_small_record records[TG_SMALL_RECORDS];
} ordering;

/* About how many cycles the result takes. Sums keep what rounding takes away. */
static int latency_of(const ordering *o, const tg_small_record *r)
{
    enum { ARITHMETIC = 4, QUOTIENT = 15, EXACT_SUM = 35, FUNCTION = 50 };
    const tg_op *op = o->plan->steps[r->step].op;
    if (op != NULL && op->index == TG_INDEX_SUM) return EXACT_SUM;
    if (r->terms > 0) return ARITHMETIC * (1 + r->terms);
    if (op == tg_elementwise_ops[TG_ROW_div] || op == tg_elementwise_ops[TG_ROW_reciprocal]) return QUOTIENT;
    return r->is_function ? FUNCTION : ARITHMETIC;
}

/* Up to the last lane that is loaded. */
static int lanes_of(uint32_t loaded)
{
    int n = 0;
    for (; loaded != 0; loaded >>= 1) n++;
    return n;
}

/* Memory that a record reads for input k, or writes (3). */
static void extent_of(const ordering *o, const tg_small_record *r, int k, int64_t *from, int64_t *to)
{
    const tg_place *p = &o->plan->places[r->places[k]];
    *from = p->offset + (k < 3 ? r->shift[k] : 0);
    *to = *from + (k < 3 ? lanes_of(r->in[k].loaded) * (int64_t)tg_dtype_size(p->dtype) : r->bytes);
}

static int overlap(const ordering *o, const tg_small_record *a, int j, const tg_small_record *b, int k)
{
    int64_t from, to, other_from, other_to;
    if (a->places[j] < 0 || b->places[k] < 0) return 0;
    if (o->plan->places[a->places[j]].base != o->plan->places[b->places[k]].base) return 0;
    extent_of(o, a, j, &from, &to);
    extent_of(o, b, k, &other_from, &other_to);
    return from < other_to && other_from < to;
}

/* One of them writes what the other reads or writes. */
static int must_wait(const ordering *o, const tg_small_record *later, const tg_small_record *earlier)
{
    for (int k = 0; k < 4; k++)
        if (overlap(o, later, k, earlier, 3) || overlap(o, later, 3, earlier, k)) return 1;
    return 0;
}

static void find_ready(ordering *o)
{
    for (int i = 0; i < o->n; i++) {
        for (int j = 0; j < i; j++) {
            if (!must_wait(o, &o->records[i], &o->records[j])) continue;
            o->depends[i][j] = 1;
            int there = o->ready[j] + latency_of(o, &o->records[j]);
            if (there > o->ready[i]) o->ready[i] = there;
        }
    }
}

static void find_rest(ordering *o)
{
    memcpy(o->rest, o->again, sizeof o->rest);
    for (int i = o->n - 1; i >= 0; i--) {
        o->rest[i] += latency_of(o, &o->records[i]);
        for (int j = 0; j < i; j++)
            if (o->depends[i][j] && o->rest[i] > o->rest[j]) o->rest[j] = o->rest[i];
    }
}

/* What is left in a leaf is read again by the next run, which waits for it. */
static void find_again(ordering *o)
{
    for (int i = 0; i < o->n; i++) {
        if (o->plan->places[o->records[i].places[3]].base < TG_BASE_LEAF) continue;
        for (int j = 0; j < o->n; j++)
            for (int k = 0; k < 3; k++)
                if (overlap(o, &o->records[j], k, &o->records[i], 3) && o->rest[j] > o->again[i])
                    o->again[i] = o->rest[j];
    }
}

static int can_be_next(const ordering *o, int i)
{
    if (o->done[i]) return 0;
    for (int j = 0; j < i; j++)
        if (o->depends[i][j] && !o->done[j]) return 0;
    return 1;
}

static int takes_result(const ordering *o, int i, int last)
{
    int takes = 0;
    for (int k = 0; last >= 0 && k < o->records[i].n_inputs; k++)
        takes |= tg_can_be_kept(o->plan, &o->records[i], k, &o->records[last]);
    return takes;
}

/* Half-way between as soon as it could be and as late as it may be. */
static int urgency(const ordering *o, int i)
{
    return o->rest[i] - o->ready[i];
}

/* A record that takes the last one's result, of the longest chain; or else the most urgent one. */
static int choose_next(const ordering *o, int last)
{
    int best = 0, best_takes = -1;
    for (int i = 0; i < o->n; i++) {
        if (!can_be_next(o, i)) continue;
        int takes = takes_result(o, i, last), is_better = takes > best_takes;
        if (takes == best_takes)
            is_better = takes ? o->rest[i] > o->rest[best] : urgency(o, i) > urgency(o, best);
        if (!is_better) continue;
        best = i;
        best_takes = takes;
    }
    return best;
}

int tg_order_program(const tg_plan *plan, tg_small_record *first, int64_t n)
{
    ordering *o = calloc(1, sizeof *o);
    if (o == NULL) return 0;
    o->plan = plan;
    o->n = (int)n;
    memcpy(o->records, first, (size_t)n * sizeof *first);
    find_ready(o);
    find_rest(o);
    find_again(o);
    find_rest(o);
    for (int last = -1, i = 0; i < o->n; i++) {
        last = choose_next(o, last);
        o->done[last] = 1;
        first[i] = o->records[last];
    }
    free(o);
    return 1;
}
