/* Epilogues: a matrix product that is scaled, and added to or subtracted from a matrix, becomes one step that does it
 * while the sums are still in registers. So an optimiser's update reads and writes the weights once, and their gradient
 * is nowhere in memory. Rounding is the same as in steps of their own. */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "kernels/gemm_own.h"
#include "ops/ops.h"

/* What is known of every step's result, which is the buffer of the same number. */
typedef struct folding {
    tg_builder *b;
    int64_t *readers; /* places that lie in it, other than the result itself */
    int64_t *reader;  /* a step that reads it */
    int64_t *renumbered;
    unsigned char *gone;
} folding;

/* A product and what is done with it: its ending. */
typedef struct ending {
    int64_t product, scaling, adding; /* steps; scaling: -1 for none */
    int scale, start;                 /* inputs of scaling and adding */
    int subtracts;
} ending;

/* ---- What reads a result ------------------------------------------------------------------------------------ */

static const tg_place *input_of(const folding *f, int64_t s, int k)
{
    return &f->b->plan->places[f->b->plan->steps[s].first_place + k];
}

static const tg_place *result_of(const folding *f, int64_t s)
{
    return &f->b->plan->places[tg_result_place(&f->b->plan->steps[s])];
}

static void find_readers(folding *f)
{
    const tg_plan *plan = f->b->plan;
    for (int64_t s = 0; s < plan->n_steps; s++) f->readers[s] = f->reader[s] = -1;
    for (int64_t i = 0; i < plan->n_places; i++)
        if (f->b->buffer_of[i] >= 0) f->readers[f->b->buffer_of[i]]++;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const tg_step *step = &plan->steps[s];
        for (int k = 0; k < step->n_inputs; k++) {
            int64_t from = f->b->buffer_of[step->first_place + k];
            if (from >= 0) f->reader[from] = s;
        }
    }
}

/* 1 when the place has the shape of `as`, its rows are contiguous, and they follow each other at any distance. */
static int lies_in_rows(const tg_place *p, const tg_place *as)
{
    return p->dtype == as->dtype && p->rank == 2 && p->shape[0] == as->shape[0] &&
           p->shape[1] == as->shape[1] && p->strides[1] == 1 && p->strides[0] >= 0;
}

/* The step that alone reads what s makes, all of it as it lies, as *input of its two; -1 for none. */
static int64_t only_reader(const folding *f, int64_t s, int *input)
{
    const tg_place *made = result_of(f, s);
    if (f->readers[s] != 1 || f->reader[s] < 0) return -1;
    const tg_step *step = &f->b->plan->steps[f->reader[s]];
    if (step->op == NULL || step->n_inputs != 2) return -1;
    *input = f->b->buffer_of[step->first_place] == s ? 0 : 1;
    const tg_place *p = input_of(f, f->reader[s], *input);
    return p->offset == 0 && lies_in_rows(p, made) && p->strides[0] == made->strides[0] ? f->reader[s] : -1;
}

static int is_one_number(const tg_place *p)
{
    for (int i = 0; i < p->rank; i++)
        if (p->shape[i] != 1 && p->strides[i] != 0) return 0;
    return 1;
}

/* ---- Endings -------------------------------------------------------------------------------------------------- */

/* Products of many steps are made in several goes, and tiny ones have better ways. */
static int may_begin(const folding *f, int64_t s)
{
    const tg_step *step = &f->b->plan->steps[s];
    const tg_place *out = result_of(f, s);
    return step->op == tg_matmul_ops[0] && step->n_inputs == 2 && out->rank == 2 &&
           out->count > TG_SMALL_COUNT && input_of(f, s, 0)->shape[1] <= TG_GEMM_BLOCK_DEPTH;
}

static int find_ending(const folding *f, int64_t s, ending *e)
{
    int input;
    *e = (ending){.product = s, .scaling = -1};
    if (!may_begin(f, s)) return 0;
    int64_t next = only_reader(f, s, &input);
    if (next < 0) return 0;
    if (f->b->plan->steps[next].op == tg_elementwise_ops[TG_ROW_mul]) {
        e->scaling = next;
        e->scale = 1 - input;
        if (!is_one_number(input_of(f, next, e->scale))) return 0;
        next = only_reader(f, next, &input);
        if (next < 0) return 0;
    }
    const tg_op *op = f->b->plan->steps[next].op;
    e->adding = next;
    e->start = 1 - input;
    e->subtracts = op == tg_elementwise_ops[TG_ROW_sub];
    if (e->subtracts ? input == 0 : op != tg_elementwise_ops[TG_ROW_add]) return 0;
    return lies_in_rows(input_of(f, next, e->start), result_of(f, s));
}

/* ---- Folding ---------------------------------------------------------------------------------------------------- */

/* Nobody reads what the place was for. */
static void drop_places(folding *f, int64_t s)
{
    const tg_step *step = &f->b->plan->steps[s];
    for (int k = 0; k <= step->n_inputs; k++) f->b->buffer_of[step->first_place + k] = -1;
}

/* The last step becomes all of them. 0 when memory runs out. */
static int fold(folding *f, const ending *e)
{
    tg_builder *b = f->b;
    tg_plan *plan = b->plan;
    const tg_step product = plan->steps[e->product], adding = plan->steps[e->adding];
    int64_t from[5] = {product.first_place, product.first_place + 1, adding.first_place + e->start};
    int n = 3;
    if (e->scaling >= 0) from[n++] = plan->steps[e->scaling].first_place + e->scale;
    from[n] = tg_result_place(&adding);
    tg_epilogue_attr *attr = tg_arena_take(&plan->memory, sizeof *attr);
    if (attr == NULL) return 0;
    *attr = (tg_epilogue_attr){.subtracts = e->subtracts};
    int64_t first = plan->n_places;
    for (int k = 0; k <= n; k++) {
        const tg_place place = plan->places[from[k]];
        if (!tg_add_place(b, &place, b->buffer_of[from[k]])) return 0;
    }
    drop_places(f, e->product);
    drop_places(f, e->adding);
    f->gone[e->product] = 1;
    if (e->scaling >= 0) {
        drop_places(f, e->scaling);
        f->gone[e->scaling] = 1;
    }
    plan->steps[e->adding] = (tg_step){.op = product.op,
                                       .kernel = tg_matmul_epilogue,
                                       .attr = attr,
                                       .n_inputs = n,
                                       .start = 2,
                                       .first_place = first,
                                       .after = -1};
    return 1;
}

/* Steps close ranks, and buffers with them. */
static void renumber(folding *f)
{
    tg_builder *b = f->b;
    int64_t n = 0;
    for (int64_t s = 0; s < b->plan->n_steps; s++) {
        f->renumbered[s] = n;
        if (f->gone[s]) continue;
        b->plan->steps[n] = b->plan->steps[s];
        b->buffers[n] = b->buffers[s];
        n++;
    }
    for (int64_t i = 0; i < b->plan->n_places; i++)
        if (b->buffer_of[i] >= 0) b->buffer_of[i] = f->renumbered[b->buffer_of[i]];
    b->plan->n_steps = b->n_buffers = n;
}

static int fold_all(folding *f)
{
    int folded = 0;
    ending e;
    find_readers(f);
    for (int64_t s = 0; s < f->b->plan->n_steps; s++) {
        if (!find_ending(f, s, &e)) continue;
        if (!fold(f, &e)) return 0;
        folded = 1;
    }
    if (folded) renumber(f);
    return 1;
}

int tg_fold_epilogues(tg_builder *b)
{
    size_t n = (size_t)b->plan->n_steps + 1;
    /* A step that must not come before another stays where it is. */
    for (int64_t s = 0; s < b->plan->n_steps; s++)
        if (b->plan->steps[s].after >= 0) return 1;
    folding f = {.b = b,
                 .readers = malloc(n * sizeof *f.readers),
                 .reader = malloc(n * sizeof *f.reader),
                 .renumbered = malloc(n * sizeof *f.renumbered),
                 .gone = calloc(n, 1)};
    int done =
        f.readers != NULL && f.reader != NULL && f.renumbered != NULL && f.gone != NULL && fold_all(&f);
    free(f.readers);
    free(f.reader);
    free(f.renumbered);
    free(f.gone);
    return done;
}
