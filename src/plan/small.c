/* Which units run as programs over small arrays, and their records. A unit does when its kernels run once each (one
 * block), every array has few elements that lie close together, and every operation has a record. */
#include <stdlib.h>
#include <string.h>

#include "kernels/small.h"
#include "ops/ops.h"
#include "plan.h"
#include "tile.h"

/* Axes that lanes are counted along, in elements of memory. */
typedef struct axes {
    int rank;
    int64_t size[TG_MAX_RANK], stride[TG_MAX_RANK];
} axes;

/* A step as its kernel sees it: its inputs and, behind them, its result. */
typedef struct seen_step {
    tg_plan *plan;
    const tg_step *step;
    const tg_small_kernels *kernels;
    tg_view views[TG_ELEMENTWISE_MAX + 1];
    int64_t shapes[TG_ELEMENTWISE_MAX + 1][2];
} seen_step;

/* ---- Lanes ------------------------------------------------------------------------------------------------ */

static void add_axis(axes *to, int64_t size, int64_t stride)
{
    to->size[to->rank] = size;
    to->stride[to->rank++] = stride;
}

/* The offset of element i of the axes, row-major. */
static int64_t offset_of(const axes *a, int64_t i)
{
    int64_t offset = 0;
    for (int k = a->rank - 1; k >= 0; k--) {
        offset += i % a->size[k] * a->stride[k];
        i /= a->size[k];
    }
    return offset;
}

static int64_t count_of(const axes *a)
{
    int64_t count = 1;
    for (int k = 0; k < a->rank; k++) count *= a->size[k];
    return count;
}

/* Keeps the lanes for as long as the plan lives, in numbers of the size that the kernels want. NULL when memory runs
 * out. */
static const void *keep_lanes(const seen_step *s, const int64_t *lanes, int64_t terms)
{
    const tg_small_kernels *kernels = s->kernels;
    size_t bytes = (size_t)terms * (size_t)kernels->lanes * kernels->lane_size;
    char *kept = tg_arena_take(&s->plan->memory, bytes + TG_ALIGNMENT - 1);
    if (kept == NULL) return NULL;
    kept += (TG_ALIGNMENT - (uintptr_t)kept % TG_ALIGNMENT) % TG_ALIGNMENT;
    for (int64_t t = 0; t < terms; t++) {
        for (int i = 0; i < kernels->lanes; i++) {
            int64_t lane = lanes[t * TG_SMALL_COUNT + i], at = t * kernels->lanes + i;
            if (kernels->lane_size == sizeof(int64_t))
                ((int64_t *)kept)[at] = lane;
            else
                ((int32_t *)kept)[at] = (int32_t)lane;
        }
    }
    return kept;
}

/* Where an operand finds the elements of a result, for every term. 1 done, 0 they lie too far apart, -1 out of
 * memory. */
static int find_lanes(const seen_step *s, int k, const axes *elements, const axes *terms, tg_small_record *r)
{
    int64_t lanes[TG_SMALL_COUNT * TG_SMALL_COUNT] = {0};
    tg_small_operand *x = &r->in[k];
    int64_t n = count_of(elements), n_terms = count_of(terms), low = INT64_MAX, high = INT64_MIN;
    int as_they_lie = terms->rank == 0;
    for (int64_t t = 0; t < n_terms; t++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t at = offset_of(terms, t) + offset_of(elements, i);
            if (at < low) low = at;
            if (at > high) high = at;
            if (high - low >= TG_SMALL_COUNT) return 0;
        }
    }
    for (int64_t t = 0; t < n_terms; t++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t lane = offset_of(terms, t) + offset_of(elements, i) - low;
            lanes[t * TG_SMALL_COUNT + i] = lane;
            x->loaded |= 1u << lane;
            if (lane != i) as_they_lie = 0;
        }
    }
    r->shift[k] = low * (int64_t)tg_dtype_size(s->views[k].dtype);
    x->kind = as_they_lie ? TG_SMALL_READ : low == high ? TG_SMALL_SPLAT : TG_SMALL_ANY;
    x->lanes = keep_lanes(s, lanes, n_terms);
    return x->lanes != NULL ? 1 : -1;
}

/* ---- Operations --------------------------------------------------------------------------------------------- */

/* TG_ROWS for none that has records: bools are taken by rows that take nothing else. */
static int row_of(const tg_op *op, tg_dtype dtype)
{
    int row = 0;
    while (row < TG_ROWS && tg_elementwise_ops[row] != op) row++;
    return row < TG_ROWS && dtype == TG_BOOL && tg_row_accepts((tg_row)row, TG_F32) ? TG_ROWS : row;
}

static int find_elementwise(const seen_step *s, tg_small_record *r)
{
    int found = 1;
    for (int k = 0; k < s->step->n_inputs && found == 1; k++) {
        axes all = {0};
        for (int i = 0; i < s->views[k].rank; i++)
            add_axis(&all, s->views[k].shape[i], s->views[k].strides[i]);
        found = find_lanes(s, k, &all, &(axes){0}, r);
    }
    return found;
}

static int find_reduction(const seen_step *s, tg_small_record *r)
{
    const tg_axes_attr *attr = s->step->attr;
    const tg_view *x = &s->views[0];
    axes stay = {0}, go = {0};
    unsigned set = 0;
    for (int i = 0; i < (int)attr->axes.count; i++) set |= 1u << attr->axes.values[i];
    for (int i = 0; i < x->rank; i++)
        add_axis((set >> i & 1u) != 0 ? &go : &stay, x->shape[i], x->strides[i]);
    if (go.rank == 0) add_axis(&go, 1, 0);
    if (count_of(&go) > TG_SMALL_COUNT) return 0;
    r->terms = (int)count_of(&go);
    return find_lanes(s, 0, &stay, &go, r);
}

static int find_product(const seen_step *s, tg_small_record *r)
{
    const tg_view *a = &s->views[0], *b = &s->views[1];
    /* As many terms as lanes are added in lanes elsewhere, which would be rounded otherwise. */
    if (a->rank != 2 || b->rank != 2 || a->shape[1] >= TG_SMALL_COUNT) return 0;
    axes rows = {2, {a->shape[0], b->shape[1]}, {a->strides[0], 0}},
         along = {1, {a->shape[1]}, {a->strides[1]}};
    r->terms = (int)a->shape[1];
    int found = find_lanes(s, 0, &rows, &along, r);
    axes columns = {2, {a->shape[0], b->shape[1]}, {0, b->strides[1]}},
         down = {1, {b->shape[0]}, {b->strides[0]}};
    return found == 1 ? find_lanes(s, 1, &columns, &down, r) : found;
}

/* Of reductions and products, whose terms are counted. */
static const tg_small_forms *forms_of_terms(const tg_op *op, const tg_small_kernels *kernels, int terms)
{
    int own = terms < TG_SMALL_TERMS ? terms : 0;
    if (op->index == TG_INDEX_PRODUCT) return &kernels->product[own];
    if (op->index == TG_INDEX_SUM) return &kernels->sum[own];
    return op->index == TG_INDEX_MAX ? &kernels->max : &kernels->min;
}

/* What may compute a step that has no terms, or NULL. */
static const tg_small_forms *forms_of(const seen_step *s, tg_small_record *r)
{
    const tg_op *op = s->step->op;
    const tg_small_kernels *kernels = s->kernels;
    const tg_dtype dtype = s->views[0].dtype;
    if (op == NULL) return dtype == TG_BOOL ? &kernels->copy_bool : &kernels->copy;
    if (op == tg_where_ops[0]) return s->views[1].dtype != TG_BOOL ? &kernels->where : NULL;
    if ((op->flags & TG_OP_ELEMENTWISE) != 0) {
        int row = row_of(op, dtype);
        if (row == TG_ROWS) return NULL;
        r->loop = tg_row_loop((tg_row)row, dtype);
        r->is_function = !tg_row_accepts((tg_row)row, TG_I64);
        return kernels->rows[row][TG_SMALL_ANY][TG_SMALL_ANY] != NULL ? &kernels->rows[row] : &kernels->loop;
    }
    return NULL;
}

/* Finds the record's lanes, and what may compute it. 1 done, 0 nothing may, -1 out of memory. */
static int find_record(const seen_step *s, tg_small_record *r)
{
    const tg_op *op = s->step->op;
    int is_reduction = op != NULL && (op->flags & TG_OP_REDUCTION) != 0,
        is_product = op != NULL && op->index == TG_INDEX_PRODUCT;
    if (!is_reduction && !is_product) {
        r->forms = forms_of(s, r);
        return r->forms != NULL ? find_elementwise(s, r) : 0;
    }
    if (s->views[0].dtype == TG_I64) return 0;
    int found = is_product ? find_product(s, r) : find_reduction(s, r);
    r->forms = forms_of_terms(op, s->kernels, r->terms);
    return found;
}

/* ---- Steps -------------------------------------------------------------------------------------------------- */

static int is_small(const tg_plan *plan, const tg_unit *unit)
{
    if (!tg_unit_is_whole(unit) || tg_unit_steps(unit) >= TG_SMALL_RECORDS) return 0;
    for (int64_t s = unit->first_step; s < unit->first_step + tg_unit_steps(unit); s++) {
        const tg_step *step = &plan->steps[s];
        int64_t count = plan->places[tg_result_place(step)].count;
        if (count < 1 || count > TG_SMALL_COUNT || step->n_inputs > 3) return 0;
        if (step->op != NULL && (step->op->flags & TG_OP_CAN_FAIL) != 0) return 0;
        for (int k = 0; k < step->n_inputs; k++)
            if (plan->places[step->first_place + k].count < 1) return 0;
    }
    return 1;
}

static void see(tg_plan *plan, const tg_unit *unit, const tg_step *step, seen_step *s)
{
    s->plan = plan;
    s->step = step;
    for (int k = 0; k <= step->n_inputs; k++) {
        const tg_place *p = &plan->places[step->first_place + k];
        s->views[k] = (tg_view){NULL, p->dtype, p->rank, p->count, p->shape, p->strides, 0};
        if (p->tile != NULL)
            tg_show_tile(p->tile, (tg_extents){unit->rows, unit->columns}, s->shapes[k], &s->views[k]);
    }
}

/* The type that the step works on, float where it is bool throughout; bool where it has several others. */
static tg_dtype working_type(const tg_place *places, int n)
{
    tg_dtype type = places[n].dtype == TG_BOOL ? places[0].dtype : places[n].dtype;
    for (int k = 0; k <= n; k++)
        if (places[k].dtype != type && (places[k].dtype != TG_BOOL || type == TG_I64)) return TG_BOOL;
    return type == TG_BOOL ? TG_F32 : type;
}

/* ---- Records ------------------------------------------------------------------------------------------------ */

/* 1 when the result may be written in whole vectors. */
static int has_whole_result(const tg_plan *plan, const tg_place *out)
{
    int is_ours = out->base == TG_BASE_ARENA || out->base == TG_BASE_SCRATCH ||
                  (out->base >= TG_BASE_LEAF && !plan->leaves[out->base - TG_BASE_LEAF].is_input);
    return is_ours && out->offset % TG_ALIGNMENT == 0;
}

/* Adds a step's record, which has no function yet, to the plan's. 1 added, 0 impossible, -1 out of memory. */
static int add_record(tg_plan *plan, const tg_unit *unit, int64_t step)
{
    const int64_t place = plan->steps[step].first_place;
    const int n = plan->steps[step].n_inputs;
    const tg_place *out = &plan->places[place + n];
    const tg_dtype type = working_type(&plan->places[place], n);
    seen_step s = {.kernels = tg_small_kernels_for(type, out->count)};
    if (s.kernels == NULL || !has_whole_result(plan, out)) return 0;
    see(plan, unit, &plan->steps[step], &s);
    tg_small_record *r = &plan->small[plan->n_small];
    *r = (tg_small_record){.n_inputs = n,
                           .written = (1u << out->count) - 1,
                           .places = {-1, -1, -1, place + n},
                           .step = step,
                           .dtype = type,
                           .bytes = (int)tg_tile_aligned((size_t)s.kernels->lanes * s.kernels->lane_size)};
    for (int k = 0; k < n; k++) r->places[k] = place + k;
    int found = find_record(&s, r);
    if (found == 1) plan->n_small++;
    return found;
}

/* ---- Programs ------------------------------------------------------------------------------------------------ */

typedef struct programs {
    tg_plan *plan;
    int64_t first;  /* the unit that the last program begins with, if there is room in it, or -1 */
    int has_limit;  /* of memory */
    size_t scratch; /* what programs take of it by themselves */
} programs;

/* Orders the records of the last program, and gives them their functions. 0 when memory runs out. */
static int end_program(programs *p)
{
    tg_plan *plan = p->plan;
    if (p->first < 0) return 1;
    tg_small_record *begin = &plan->small[plan->units[p->first].program],
                    *end = &plan->small[plan->n_small++];
    size_t scratch = p->has_limit ? 0 : tg_spread_program(plan, begin, end - begin);
    if (scratch > p->scratch) p->scratch = scratch;
    if (!tg_order_program(plan, begin, end - begin)) return 0;
    for (tg_small_record *r = begin; r < end; r++) tg_choose_form(plan, begin, r);
    *end = (tg_small_record){.run = tg_small_kernels_for(TG_F32, 1)->end, .places = {-1, -1, -1, -1}};
    p->first = -1;
    return 1;
}

/* Appends the records of unit u, to the last program if there is room in it. 1 done, 0 impossible, -1 out of memory. */
static int add_unit(programs *p, int64_t u)
{
    tg_plan *plan = p->plan;
    tg_unit *unit = &plan->units[u];
    if (p->first >= 0 &&
        plan->n_small - plan->units[p->first].program + tg_unit_steps(unit) >= TG_SMALL_RECORDS &&
        !end_program(p))
        return -1;
    int64_t before = plan->n_small;
    int added = 1;
    for (int64_t i = 0; i < tg_unit_steps(unit) && added == 1; i++)
        added = add_record(plan, unit, unit->first_step + i);
    if (added != 1) {
        plan->n_small = before;
        return added;
    }
    if (p->first < 0) {
        p->first = u;
        unit->program = before;
    }
    plan->units[p->first].program_units++;
    return 1;
}

static int add_programs(programs *p)
{
    for (int64_t u = 0; u < p->plan->n_units; u++) {
        int added = is_small(p->plan, &p->plan->units[u]) ? add_unit(p, u) : 0;
        if (added < 0 || (added == 0 && !end_program(p))) return 0;
    }
    return end_program(p);
}

int tg_plan_small(tg_plan *plan, int has_limit)
{
    int64_t records = 0;
    if (tg_small_kernels_for(TG_F32, 1) == NULL) return 1;
    for (int64_t u = 0; u < plan->n_units; u++)
        if (is_small(plan, &plan->units[u])) records += tg_unit_steps(&plan->units[u]) + 1;
    if (records == 0) return 1;
    plan->run_small = tg_small_kernels_for(TG_F32, 1)->go;
    plan->small = malloc((size_t)records * sizeof *plan->small);
    programs p = {.plan = plan, .first = -1, .has_limit = has_limit};
    if (plan->small == NULL || !add_programs(&p)) return 0;
    plan->is_program = plan->units[0].program_units == plan->n_units && plan->n_copies == 0;
    plan->stats.scratch_bytes += p.scratch;
    plan->parts_offset += p.scratch;
    plan->arena_bytes += p.scratch;
    return 1;
}
