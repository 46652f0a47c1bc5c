/* Epilogues: what is done with a matrix product, element by element, becomes a part of its step while the sums are still
 * in registers: a factor, a sum with a matrix or a row, ReLU, and the choice of 0 where ReLU's input was not positive. So
 * an optimiser's update reads and writes the weights once, their gradient is nowhere in memory, and neither are a layer's
 * sums. Rounding is the same as in steps of their own. */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "kernels/gemm.h"
#include "ops/ops.h"

enum { MAX_CHAIN = 5 };

typedef struct folding {
    tg_builder *b;
    /* Of every step, whose result is the buffer of the same number: a place that lies in it, -1 for none. Of every place:
     * the next such one, and the step that reads it, -1 for none. */
    int64_t *first_use, *next_use, *user;
    int64_t *renumbered;
    unsigned char *gone;
    int64_t *constants; /* the node of every constant, by its offset in units of TG_ALIGNMENT; -1 for none */
} folding;

/* A product and the steps that are done with it: its ending. Places are -1 for none. */
typedef struct ending {
    int64_t chain[MAX_CHAIN];
    int n;
    int64_t scale, start, mask;
    int64_t positive; /* the step that made a mask of what `mask` is now read for */
    int subtracts, is_relu;
} ending;

static const tg_step *step_at(const folding *f, int64_t s)
{
    return &f->b->plan->steps[s];
}

static const tg_place *input_of(const folding *f, int64_t s, int k)
{
    return &f->b->plan->places[step_at(f, s)->first_place + k];
}

static const tg_place *result_of(const folding *f, int64_t s)
{
    return &f->b->plan->places[tg_result_place(step_at(f, s))];
}

static int is_row(const folding *f, int64_t s, tg_row row)
{
    return step_at(f, s)->op == tg_elementwise_ops[row];
}

/* ---- What reads a result ------------------------------------------------------------------------------------ */

/* The place, of a step that reads it or of none, lies in the buffer of step s. */
static void note_use(folding *f, int64_t place, int64_t user, int64_t s)
{
    f->user[place] = user;
    if (s < 0) return;
    f->next_use[place] = f->first_use[s];
    f->first_use[s] = place;
}

/* From one place that still lies in the buffer of step s to the next; the first one after -1. */
static int64_t next_use(const folding *f, int64_t s, int64_t place)
{
    place = place < 0 ? f->first_use[s] : f->next_use[place];
    while (place >= 0 && f->b->buffer_of[place] != s) place = f->next_use[place];
    return place;
}

/* Places come in the order of the steps; those between are of none. */
static void find_uses(folding *f)
{
    const tg_plan *plan = f->b->plan;
    int64_t place = 0;
    for (int64_t s = 0; s < plan->n_steps; s++) f->first_use[s] = -1;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const tg_step *step = &plan->steps[s];
        for (; place < tg_result_place(step); place++)
            note_use(f, place, place < step->first_place ? -1 : s, f->b->buffer_of[place]);
        place++;
    }
    for (; place < plan->n_places; place++) note_use(f, place, -1, f->b->buffer_of[place]);
}

/* 1 when the place has the shape of `as`, its rows are contiguous, and they follow each other at any distance. */
static int lies_in_rows(const tg_place *p, const tg_place *as)
{
    return p->rank == 2 && as->rank == 2 && p->shape[0] == as->shape[0] && p->shape[1] == as->shape[1] &&
           p->strides[1] == 1 && p->strides[0] >= 0;
}

/* 1 when the place is all of what step s makes, as it lies. */
static int is_all_of(const folding *f, int64_t place, int64_t s)
{
    const tg_place *p = &f->b->plan->places[place], *made = result_of(f, s);
    return f->b->buffer_of[place] == s && p->offset == 0 && lies_in_rows(p, made) &&
           p->strides[0] == made->strides[0];
}

static int is_one_number(const tg_place *p)
{
    for (int i = 0; i < p->rank; i++)
        if (p->shape[i] != 1 && p->strides[i] != 0) return 0;
    return 1;
}

/* 1 for the constant 0, repeated or not. */
static int is_zero(const folding *f, const tg_place *p)
{
    static const char nothing[sizeof(double)];
    if (p->base != TG_BASE_CONSTANT || p->offset % TG_ALIGNMENT != 0 || p->count == 0 || !is_one_number(p))
        return 0;
    int64_t node = f->constants[p->offset / TG_ALIGNMENT];
    return node >= 0 &&
           memcmp(tg_node_attr(f->b->request->nodes[node]), nothing, tg_dtype_size(p->dtype)) == 0;
}

/* 1 for a step that says where its second input is positive. */
static int finds_positive(const folding *f, int64_t s)
{
    return is_row(f, s, TG_ROW_lt) && is_zero(f, input_of(f, s, 0));
}

/* ---- What follows a product ------------------------------------------------------------------------------------ */

/* The place of the only step that reads what step s makes, if it is all of it as it lies; -1 for none. */
static int64_t only_use(const folding *f, int64_t s)
{
    int64_t place = next_use(f, s, -1);
    if (place < 0 || next_use(f, s, place) >= 0 || f->user[place] < 0 || !is_all_of(f, place, s)) return -1;
    return place;
}

/* The place where ReLU reads what step s makes, if all others who read it ask later where it is positive; -1 if not. */
static int64_t use_by_relu(const folding *f, int64_t s)
{
    int64_t relu = -1;
    for (int64_t i = next_use(f, s, -1); i >= 0; i = next_use(f, s, i)) {
        if (f->user[i] < 0 || !is_all_of(f, i, s)) return -1;
        if (relu < 0 && is_row(f, f->user[i], TG_ROW_relu))
            relu = i;
        else if (!finds_positive(f, f->user[i]))
            return -1;
    }
    for (int64_t i = next_use(f, s, -1); i >= 0 && relu >= 0; i = next_use(f, s, i))
        if (f->user[i] < f->user[relu]) return -1;
    return relu;
}

/* ReLU's result is positive where its input is: the others read the result as well, and ReLU alone what step s makes. */
static void ask_relu(folding *f, int64_t s)
{
    int64_t relu = use_by_relu(f, s), next;
    for (int64_t i = next_use(f, s, -1); i >= 0 && relu >= 0; i = next) {
        next = next_use(f, s, i);
        if (i == relu) continue;
        f->b->buffer_of[i] = f->user[relu];
        note_use(f, i, f->user[i], f->user[relu]);
    }
    if (relu < 0) return;
    f->first_use[s] = relu;
    f->next_use[relu] = -1;
}

static int takes_scale(const folding *f, ending *e, int64_t next, int64_t other)
{
    if (!is_row(f, next, TG_ROW_mul) || e->n > 1 || !is_one_number(&f->b->plan->places[other])) return 0;
    e->scale = other;
    return 1;
}

/* What is added to or subtracted from must be there until the end of the product, when C holds sums of its own. */
static int takes_start(const folding *f, ending *e, int64_t next, int64_t other)
{
    const tg_place *start = &f->b->plan->places[other];
    const int subtracts = is_row(f, next, TG_ROW_sub) && other == step_at(f, next)->first_place;
    if (e->start >= 0 || e->is_relu || e->mask >= 0) return 0;
    if (!subtracts && !is_row(f, next, TG_ROW_add)) return 0;
    if (!lies_in_rows(start, result_of(f, next))) return 0;
    if (start->strides[0] != 0 && input_of(f, e->chain[0], 0)->shape[1] > TG_GEMM_BLOCK_DEPTH) return 0;
    e->start = other;
    e->subtracts = subtracts;
    return 1;
}

static int takes_relu(const folding *f, ending *e, int64_t next)
{
    if (!is_row(f, next, TG_ROW_relu) || e->is_relu || e->mask >= 0) return 0;
    e->is_relu = 1;
    return 1;
}

/* 1 when a step after s reads the buffer, so that it is there anyway. */
static int is_kept(const folding *f, int64_t buffer, int64_t s, int64_t but)
{
    for (int64_t i = next_use(f, buffer, -1); i >= 0; i = next_use(f, buffer, i))
        if (f->user[i] < 0 || (f->user[i] > s && f->user[i] != but)) return 1;
    return 0;
}

/* where(0 < mask, product, 0): the mask itself is read if it is there at that time. */
static int takes_mask(const folding *f, ending *e, int64_t next, int64_t product)
{
    int64_t condition = step_at(f, next)->first_place, positive = f->b->buffer_of[condition];
    if (step_at(f, next)->op != tg_where_ops[0] || e->mask >= 0 || product != condition + 1) return 0;
    if (!is_zero(f, input_of(f, next, 2)) || positive < 0 || !finds_positive(f, positive)) return 0;
    int64_t mask = step_at(f, positive)->first_place + 1, buffer = f->b->buffer_of[mask];
    const tg_place *p = &f->b->plan->places[mask], *made = result_of(f, next);
    if (!is_all_of(f, condition, positive) || p->dtype != made->dtype || !lies_in_rows(p, made)) return 0;
    if (buffer < 0 || !is_kept(f, buffer, e->chain[0], positive)) return 0;
    e->mask = mask;
    e->positive = positive;
    return 1;
}

static int takes(const folding *f, ending *e, int64_t place)
{
    const int64_t next = f->user[place], first = step_at(f, next)->first_place;
    if (step_at(f, next)->n_inputs == 1) return takes_relu(f, e, next);
    if (step_at(f, next)->n_inputs == 3) return takes_mask(f, e, next, place);
    const int64_t other = place == first ? first + 1 : first;
    return step_at(f, next)->n_inputs == 2 &&
           (takes_scale(f, e, next, other) || takes_start(f, e, next, other));
}

/* Tiny products have better ways, and what has its ending has no other. */
static int may_begin(const folding *f, int64_t s)
{
    const tg_place *out = result_of(f, s);
    return step_at(f, s)->op == tg_matmul_ops[0] && step_at(f, s)->kernel != tg_matmul_epilogue &&
           out->rank == 2 && out->count > TG_SMALL_COUNT;
}

static int find_ending(folding *f, int64_t s, ending *e)
{
    *e = (ending){.chain = {s}, .n = 1, .scale = -1, .start = -1, .mask = -1, .positive = -1};
    if (f->gone[s] || !may_begin(f, s)) return 0;
    while (e->n < MAX_CHAIN) {
        ask_relu(f, e->chain[e->n - 1]);
        int64_t place = only_use(f, e->chain[e->n - 1]);
        if (place < 0 || !takes(f, e, place)) break;
        e->chain[e->n++] = f->user[place];
    }
    return e->n > 1;
}

/* ---- Folding ---------------------------------------------------------------------------------------------------- */

/* Nobody reads what the step's places were for. */
static void drop(folding *f, int64_t s)
{
    const tg_step *step = step_at(f, s);
    for (int k = 0; k <= step->n_inputs; k++) f->b->buffer_of[step->first_place + k] = -1;
    f->gone[s] = 1;
}

/* The places of the step that does it all, from those of the steps that it stands for. Returns how many inputs. */
static int list_places(const folding *f, const ending *e, int64_t *from, tg_epilogue_attr *attr)
{
    const tg_step *product = step_at(f, e->chain[0]);
    int n = 0;
    *attr = (tg_epilogue_attr){.subtracts = e->subtracts, .is_relu = e->is_relu};
    from[n++] = product->first_place;
    from[n++] = product->first_place + 1;
    if (e->start >= 0) attr->start = n, from[n++] = e->start;
    if (e->scale >= 0) attr->scale = n, from[n++] = e->scale;
    if (e->mask >= 0) attr->mask = n, from[n++] = e->mask;
    from[n] = tg_result_place(step_at(f, e->chain[e->n - 1]));
    return n;
}

/* The last step becomes all of them. 0 when memory runs out. */
static int fold(folding *f, const ending *e)
{
    tg_builder *b = f->b;
    const int64_t last = e->chain[e->n - 1], first = b->plan->n_places;
    const tg_step product = *step_at(f, e->chain[0]);
    const int is_deep = input_of(f, e->chain[0], 0)->shape[1] > TG_GEMM_BLOCK_DEPTH;
    int64_t from[6];
    tg_epilogue_attr *attr = tg_arena_take(&b->plan->memory, sizeof *attr);
    if (attr == NULL) return 0;
    const int n = list_places(f, e, from, attr);
    for (int k = 0; k <= n; k++) {
        const tg_place place = b->plan->places[from[k]];
        if (!tg_add_place(b, &place, b->buffer_of[from[k]])) return 0;
        if (k < n) note_use(f, first + k, last, b->buffer_of[from[k]]);
    }
    for (int i = 0; i < e->n; i++) drop(f, e->chain[i]);
    f->gone[last] = 0;
    if (e->positive >= 0 && next_use(f, e->positive, -1) < 0) drop(f, e->positive);
    b->plan->steps[last] = (tg_step){.op = product.op,
                                     .kernel = tg_matmul_epilogue,
                                     .attr = attr,
                                     .n_inputs = n,
                                     .start = is_deep ? 0 : attr->start,
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

static void find_constants(folding *f)
{
    const tg_request *q = f->b->request;
    for (size_t i = 0; i < f->b->constant_bytes / TG_ALIGNMENT; i++) f->constants[i] = -1;
    for (int64_t k = 0; k < q->n_nodes; k++)
        if (q->nodes[k]->op == &tg_op_constant && tg_node_attr_size(q->nodes[k]) > 0)
            f->constants[f->b->constant_offsets[k] / TG_ALIGNMENT] = k;
}

static int fold_all(folding *f)
{
    int folded = 0;
    ending e;
    find_uses(f);
    find_constants(f);
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
    /* A folded step has at most the places of those that it stands for. */
    size_t n = (size_t)b->plan->n_steps + 1, places = 2 * (size_t)b->plan->n_places + 1;
    /* A step that must not come before another stays where it is. */
    for (int64_t s = 0; s < b->plan->n_steps; s++)
        if (b->plan->steps[s].after >= 0) return 1;
    folding f = {.b = b,
                 .first_use = malloc(n * sizeof *f.first_use),
                 .next_use = malloc(places * sizeof *f.next_use),
                 .user = malloc(places * sizeof *f.user),
                 .renumbered = malloc(n * sizeof *f.renumbered),
                 .gone = calloc(n, 1),
                 .constants = malloc((b->constant_bytes / TG_ALIGNMENT + 1) * sizeof *f.constants)};
    int done = f.first_use != NULL && f.next_use != NULL && f.user != NULL && f.renumbered != NULL &&
               f.gone != NULL && f.constants != NULL && fold_all(&f);
    free(f.first_use);
    free(f.next_use);
    free(f.user);
    free(f.renumbered);
    free(f.gone);
    free(f.constants);
    return done;
}
