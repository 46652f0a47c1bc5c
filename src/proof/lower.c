/* From tensors to forms, bottom-up. No operation is named here: elementwise ones are read from their formulas, views
 * from the strides that they give, sums, maxima and products from the record's `index`. */
#include "engine.h"

#include <string.h>

/* ---- Leaves ------------------------------------------------------------------------------------------- */

const tg_form *tg_form_like(tg_engine *e, const tg_tensor *t)
{
    return tg_form_intern(e, tg_rank(t), tg_shape(t), NULL, 0);
}

int tg_indexed_axes(const tg_tensor *t, int8_t *axes)
{
    int n = 0;
    memset(axes, 0, TG_MAX_RANK);
    for (int i = 0; i < tg_rank(t); i++)
        if (tg_shape(t)[i] != 1) axes[n++] = (int8_t)i;
    return n;
}

static const tg_form *atom_of_type(tg_engine *e, const tg_tensor *like, tg_atom *key, const void *attr,
                                   size_t attr_size)
{
    int8_t axes[TG_MAX_RANK];
    key->slots = tg_indexed_axes(like, axes);
    for (int i = 0; i < key->slots; i++) key->sizes[i] = tg_shape(like)[axes[i]];
    return tg_form_single(e, tg_form_like(e, like), tg_atom_intern(e, key, attr, attr_size), axes,
                          tg_integer(1));
}

const tg_form *tg_form_fresh(tg_engine *e, const tg_tensor *like, const char *name)
{
    tg_atom key = {.kind = TG_ATOM_LEAF, .number = ++e->fresh, .name = name, .sum_slot = -1};
    return atom_of_type(e, like, &key, NULL, 0);
}

static double element(const tg_tensor *t, int64_t i)
{
    const void *data = tg_data(t);
    switch (tg_dtype_of(t)) {
    case TG_F32:
        return (double)((const float *)data)[i];
    case TG_F64:
        return ((const double *)data)[i];
    case TG_I64:
        return (double)((const int64_t *)data)[i];
    case TG_BOOL:
        return ((const unsigned char *)data)[i];
    }
    return 0;
}

static int is_constant(const tg_tensor *t)
{
    return tg_leaf_kind_of(t) == TG_LEAF_CONSTANT;
}

/* A constant of one number, read as an exact one; NULL when it is none. */
static const tg_form *number_of(tg_engine *e, const tg_tensor *t)
{
    if (!is_constant(t)) return NULL;
    for (int64_t i = 1; i < tg_count(t); i++)
        if (element(t, i) != element(t, 0)) return NULL;
    return tg_form_constant(e, tg_form_like(e, t), element(t, 0), tg_dtype_of(t) == TG_F32);
}

/* The axis along which the task lets the leaf sum to one, or -1. */
static int sum_axis(const tg_engine *e, const tg_tensor *t)
{
    for (int i = 0; e->assume_sums && i < e->task->n_sums; i++)
        if (e->task->sums[i].leaf == t)
            return e->task->sums[i].axis + (e->task->sums[i].axis < 0 ? tg_rank(t) : 0);
    return -1;
}

static int is_assumed_positive(const tg_engine *e, const tg_tensor *t)
{
    for (int i = 0; e->assume_positive && i < e->task->n_positive; i++)
        if (e->task->positive[i] == t) return 1;
    return 0;
}

static const tg_form *leaf_form(tg_engine *e, const tg_tensor *t)
{
    const tg_form *number = number_of(e, t);
    if (number != NULL || e->failure != TG_OK) return number;
    tg_atom key = {.kind = TG_ATOM_LEAF,
                   .source = t,
                   .number = is_constant(t) ? tg_id(t) : 0,
                   .name = tg_name(t),
                   .indicator = tg_dtype_of(t) == TG_BOOL,
                   .positive = is_assumed_positive(e, t) ? 2 : 0,
                   .sum_slot = -1};
    int8_t axes[TG_MAX_RANK];
    int n = tg_indexed_axes(t, axes), axis = sum_axis(e, t);
    if (axis >= 0 && tg_shape(t)[axis] == 1) {
        tg_note(e, TG_RULE_SUM_ONE);
        return tg_form_number(e, tg_form_like(e, t), tg_integer(1));
    }
    for (int i = 0; i < n && axis >= 0; i++)
        if (axes[i] == axis) key.sum_slot = i;
    return atom_of_type(e, t, &key, NULL, 0);
}

/* ---- Operations on indices ---------------------------------------------------------------------------- */

/* The set of axes that the attribute `axis` names; all of them when there is none. */
static unsigned reduced_axes(const tg_tensor *t)
{
    const tg_op *op = tg_op_of(t);
    int rank = tg_rank(tg_input_at(t, 0));
    unsigned all = (1u << rank) - 1, set = 0;
    for (int i = 0; i < op->n_attrs; i++) {
        const char *at = (const char *)tg_attr_of(t) + op->attrs[i].offset;
        tg_ints axes = {.count = 1};
        if (strcmp(op->attrs[i].name, "axis") != 0) continue;
        if (op->attrs[i].kind == TG_ATTR_INTS)
            memcpy(&axes, at, sizeof axes);
        else
            memcpy(&axes.values[0], at, sizeof axes.values[0]);
        for (int k = 0; k < (int)axes.count; k++)
            set |= 1u << (axes.values[k] < 0 ? axes.values[k] + rank : axes.values[k]);
        return axes.count < 0 ? all : set;
    }
    return all;
}

/* index[k]: the axis of the result that axis k of the input becomes, where it is not reduced. */
static void kept_axes(const tg_tensor *t, unsigned reduced, int8_t *index)
{
    int rank = tg_rank(tg_input_at(t, 0)), keep = rank == tg_rank(t), next = 0;
    memset(index, 0, TG_MAX_RANK);
    for (int k = 0; k < rank; k++) {
        index[k] = (int8_t)(keep ? k : next);
        next += (reduced >> k & 1u) == 0;
    }
}

static const tg_form *sum_form(tg_engine *e, const tg_tensor *t, const tg_form *a)
{
    unsigned reduced = reduced_axes(t);
    int8_t index[TG_MAX_RANK];
    int64_t bound[TG_MAX_RANK];
    int n = 0;
    kept_axes(t, reduced, index);
    for (int k = 0; k < a->rank; k++)
        if ((reduced >> k & 1u) != 0 && a->sizes[k] != 1) {
            bound[n] = a->sizes[k];
            index[k] = (int8_t)(-1 - n++);
        }
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms && e->failure == TG_OK; i++) {
        const tg_term *term = &a->terms[i];
        tg_term *made = tg_work_term(e, w, tg_integer(1), term->n_factors, term->n_bound + n);
        for (int k = 0; made != NULL && k < n; k++) made->bound[made->n_bound++] = bound[k];
        tg_term_times(e, made, term, index);
    }
    return tg_work_finish(e, w, tg_rank(t), tg_shape(t));
}

static const tg_form *max_form(tg_engine *e, const tg_tensor *t, const tg_form *a, int sign)
{
    unsigned reduced = reduced_axes(t);
    int8_t index[TG_MAX_RANK];
    kept_axes(t, reduced, index);
    const tg_form *m =
        tg_form_max(e, tg_form_scale(e, a, tg_integer(sign)), reduced, index, tg_rank(t), tg_shape(t));
    return tg_form_scale(e, m, tg_integer(sign));
}

/* sum over k of a[…, i, k] b[…, k, j]. */
static const tg_form *product_form(tg_engine *e, const tg_tensor *t, const tg_form *a, const tg_form *b)
{
    int last = tg_rank(t) - 1;
    int8_t of_a[TG_MAX_RANK], of_b[TG_MAX_RANK];
    for (int k = 0; k < TG_MAX_RANK; k++) of_a[k] = of_b[k] = (int8_t)k;
    of_a[last] = of_b[last - 1] = -1;
    int64_t inner = a->sizes[last];
    tg_work *w = tg_work_begin(e);
    for (int i = 0; i < a->n_terms; i++)
        for (int j = 0; j < b->n_terms && e->failure == TG_OK; j++) {
            const tg_term *l = &a->terms[i], *r = &b->terms[j];
            tg_term *made =
                tg_work_term(e, w, tg_integer(1), l->n_factors + r->n_factors, l->n_bound + r->n_bound + 1);
            if (made != NULL && inner != 1) made->bound[made->n_bound++] = inner;
            tg_term_times(e, made, l, of_a);
            tg_term_times(e, made, r, of_b);
        }
    return tg_work_finish(e, w, tg_rank(t), tg_shape(t));
}

/* Which axis of the input each axis of a view is, found by its stride; -1: a repeated one. 0 when the view is no mere
 * renaming of axes. */
static int view_axes(const tg_tensor *t, int *source)
{
    const tg_tensor *x = tg_input_at(t, 0);
    tg_type input = tg_type_of(x), output = tg_type_of(t);
    int64_t strides[TG_MAX_RANK], seen[TG_MAX_RANK], offset = 0, step = 1;
    unsigned taken = 0;
    for (int i = input.rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= input.shape[i];
    }
    if (!tg_op_of(t)->view(&input, strides, &output, tg_attr_of(t), &offset, seen) || offset != 0) return 0;
    for (int j = 0; j < output.rank; j++) {
        source[j] = -1;
        if (output.shape[j] == 1 || seen[j] == 0) continue;
        for (int i = 0; i < input.rank && source[j] < 0; i++)
            if (input.shape[i] == output.shape[j] && strides[i] == seen[j] && (taken >> i & 1u) == 0)
                source[j] = i;
        if (source[j] < 0) return 0;
        taken |= 1u << source[j];
    }
    for (int i = 0; i < input.rank; i++)
        if (input.shape[i] != 1 && (taken >> i & 1u) == 0) return 0;
    return 1;
}

static const tg_form *view_form(tg_engine *e, const tg_tensor *t, const tg_form *a)
{
    int source[TG_MAX_RANK];
    int8_t index[TG_MAX_RANK] = {0};
    if (!view_axes(t, source)) return NULL;
    for (int j = 0; j < tg_rank(t); j++)
        if (source[j] >= 0) index[source[j]] = (int8_t)j;
    return tg_form_relabel(e, a, index, tg_rank(t), tg_shape(t));
}

/* The same number in another element type, where that keeps it. */
static const tg_form *cast_form(tg_engine *e, const tg_tensor *t, const tg_form *a)
{
    tg_dtype from = tg_dtype_of(tg_input_at(t, 0)), to = tg_dtype_of(t);
    if (to == TG_F32 || to == TG_F64 || from == to || from == TG_BOOL) return a;
    if (to == TG_BOOL) return tg_form_add(e, tg_form_step(e, a, 1), tg_form_step(e, a, -1), 1);
    return NULL;
}

/* ---- What is not understood --------------------------------------------------------------------------- */

/* An unknown function, element by element: the names of the indices do not matter. */
static const tg_form *unknown_function(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs)
{
    const tg_op *op = tg_op_of(t);
    const tg_form *over[TG_ELEMENTWISE_MAX];
    int8_t index[TG_MAX_RANK];
    int n, count = tg_input_count(t);
    if (count < 1 || count > TG_ELEMENTWISE_MAX) return NULL;
    if (!tg_form_slots(e, inputs, count, 0, over, index, &n)) return NULL;
    tg_atom key = {.kind = TG_ATOM_FUNCTION,
                   .slots = n,
                   .source = op,
                   .number = tg_dtype_of(t),
                   .name = op->name,
                   .n_arguments = count,
                   .arguments = over,
                   .indicator = tg_dtype_of(t) == TG_BOOL,
                   .sum_slot = -1};
    for (int i = 0; i < n; i++) key.sizes[i] = over[0]->sizes[i];
    return tg_form_single(e, inputs[0], tg_atom_intern(e, &key, tg_attr_of(t), op->attr_size), index,
                          tg_integer(1));
}

static const tg_form *opaque_form(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs)
{
    const tg_op *op = tg_op_of(t);
    size_t head = (TG_MAX_RANK + 1) * sizeof(int64_t);
    char *key_bytes = tg_engine_take(e, head + op->attr_size);
    if (key_bytes == NULL) return NULL;
    int64_t type[TG_MAX_RANK + 1] = {tg_rank(t)};
    for (int i = 0; i < tg_rank(t); i++) type[1 + i] = tg_shape(t)[i];
    memcpy(key_bytes, type, sizeof type);
    if (op->attr_size > 0) memcpy(key_bytes + head, tg_attr_of(t), op->attr_size);
    tg_atom key = {.kind = TG_ATOM_OPAQUE,
                   .source = op,
                   .number = tg_dtype_of(t),
                   .name = op->name,
                   .n_arguments = tg_input_count(t),
                   .arguments = inputs,
                   .indicator = tg_dtype_of(t) == TG_BOOL,
                   .sum_slot = -1};
    return atom_of_type(e, t, &key, key_bytes, head + op->attr_size);
}

/* ---- Nodes -------------------------------------------------------------------------------------------- */

static const tg_form *elementwise_form(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs)
{
    const tg_op *op = tg_op_of(t);
    const tg_function_facts *facts = tg_function_facts_of(e, op, tg_attr_of(t));
    if (facts == NULL) return NULL;
    if (facts->opaque && e->tier == 1)
        return tg_form_function(e, inputs[0], facts, op, op->name, tg_attr_of(t), op->attr_size);
    const tg_form *form = tg_formula_form(e, op, tg_attr_of(t), inputs);
    return form != NULL || e->failure != TG_OK ? form : unknown_function(e, t, inputs);
}

/* By the record's `index`; NULL without a failure when it has none. */
static const tg_form *indexed_form(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs)
{
    switch (tg_op_of(t)->index) {
    case TG_INDEX_SUM:
        return sum_form(e, t, inputs[0]);
    case TG_INDEX_MAX:
        return max_form(e, t, inputs[0], 1);
    case TG_INDEX_MIN:
        return max_form(e, t, inputs[0], -1);
    case TG_INDEX_PRODUCT:
        return product_form(e, t, inputs[0], inputs[1]);
    case TG_INDEX_CAST:
        return cast_form(e, t, inputs[0]);
    case TG_INDEX_NONE:
        break;
    }
    return NULL;
}

const tg_form *tg_node_form(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs)
{
    const tg_op *op = tg_op_of(t);
    if (tg_count(t) == 0) return tg_engine_fail(e, TG_ERR_SIZE);
    if (op->infer == NULL && op->compose == NULL) return leaf_form(e, t);
    const tg_form *form = indexed_form(e, t, inputs);
    if (form == NULL && e->failure == TG_OK && op->view != NULL) form = view_form(e, t, inputs[0]);
    if (form == NULL && e->failure == TG_OK && (op->flags & TG_OP_ELEMENTWISE) != 0)
        form = elementwise_form(e, t, inputs);
    return form != NULL || e->failure != TG_OK ? form : opaque_form(e, t, inputs);
}
