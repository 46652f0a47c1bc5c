/* How the records of a program have their operands, and with it the functions that compute them. */
#include "kernels/small.h"
#include "plan.h"

static int is_same_memory(const tg_plan *plan, const tg_small_record *r, int k, const tg_small_record *other)
{
    const tg_place *p = &plan->places[r->places[k]], *made = &plan->places[other->places[3]];
    return p->base == made->base && p->dtype == made->dtype && p->offset + r->shift[k] == made->offset;
}

int tg_can_be_kept(const tg_plan *plan, const tg_small_record *r, int k, const tg_small_record *before)
{
    int is_possible = r->terms > 0 || r->in[k].kind == TG_SMALL_READ;
    return is_possible && before->dtype == r->dtype && is_same_memory(plan, r, k, before);
}

/* Memory that is aligned has whole vectors, but for what a program binds; and what other kernels leave between the end
 * of an array and of its vector may be slow to compute with. */
static int is_whole(const tg_plan *plan, const tg_small_record *first, const tg_small_record *r, int k)
{
    const tg_place *p = &plan->places[r->places[k]];
    if ((p->offset + r->shift[k]) % TG_ALIGNMENT != 0 || p->dtype == TG_BOOL) return 0;
    if (p->base == TG_BASE_CONSTANT) return 1;
    if (p->base >= TG_BASE_LEAF) return !plan->leaves[p->base - TG_BASE_LEAF].is_input;
    while (first < r && !is_same_memory(plan, r, k, first)) first++;
    return first < r;
}

/* 1 when 64 bytes that the operand's lanes are in may be read: aligned memory of ours comes in vectors. */
static int can_be_picked(const tg_plan *plan, const tg_small_record *r, int k)
{
    const tg_place *p = &plan->places[r->places[k]];
    int is_input = p->base >= TG_BASE_LEAF && plan->leaves[p->base - TG_BASE_LEAF].is_input;
    size_t last = tg_dtype_size(p->dtype) == sizeof(double) ? TG_SMALL_COUNT / 2 : TG_SMALL_COUNT;
    return !is_input && (p->offset + r->shift[k]) % TG_ALIGNMENT == 0 && r->in[k].loaded >> last == 0 &&
           p->dtype != TG_BOOL;
}

/* How the operand could best be had, `picked` being the best of the ways that do in any order. */
static tg_small_kind best_kind(const tg_plan *plan, const tg_small_record *first, const tg_small_record *r,
                               int k, tg_small_kind picked)
{
    const tg_small_kind kind = r->in[k].kind;
    if (k >= r->n_inputs) return TG_SMALL_ANY;
    if (first < r && tg_can_be_kept(plan, r, k, r - 1)) return TG_SMALL_KEPT;
    return kind == TG_SMALL_ANY || (kind == TG_SMALL_READ && !is_whole(plan, first, r, k)) ? picked : kind;
}

void tg_choose_form(const tg_plan *plan, const tg_small_record *first, tg_small_record *r)
{
    tg_small_kind best[2], next[2], far[2];
    for (int k = 0; k < 2; k++) {
        const tg_small_kind picked =
            k < r->n_inputs && can_be_picked(plan, r, k) ? TG_SMALL_PICKED : TG_SMALL_ANY;
        best[k] = best_kind(plan, first, r, k, picked);
        next[k] = best[k] == TG_SMALL_KEPT ? best[k] : picked;
        far[k] = best[k] == TG_SMALL_KEPT ? best[k] : TG_SMALL_ANY;
    }
    const tg_small_kind tries[][2] = {{best[0], best[1]},     {next[0], next[1]},
                                      {far[0], far[1]},       {far[0], TG_SMALL_ANY},
                                      {TG_SMALL_ANY, far[1]}, {TG_SMALL_ANY, TG_SMALL_ANY}};
    int i = 0;
    while ((*r->forms)[tries[i][0]][tries[i][1]] == NULL) i++;
    r->run = (*r->forms)[tries[i][0]][tries[i][1]];
    for (int k = 0; k < 3; k++) r->in[k].kind = k < 2 ? tries[i][k] : TG_SMALL_ANY;
}
