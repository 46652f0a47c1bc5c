/* x[i], x[a:b:s], x[:, 2], x[indices]. */
#include "evaluate.h"

/* A number between the colons. 0 with a problem. */
static int slice_number(tg_evaluator *e, const tg_value *v, int64_t *value)
{
    if (!tg_value_integer(e, v, value)) {
        tg_value_problem(e, v->token, "a position in a slice must be a whole number");
        return 0;
    }
    if (*value == TG_END) --*value; /* which is beyond every end too, but says that nothing was given */
    return 1;
}

/* The same where there may be none, which *given tells. */
static int position(tg_evaluator *e, int64_t *value, int *given)
{
    *given = !tg_next_is(e, ":") && !tg_next_is(e, ",") && !tg_next_is(e, "]");
    if (!*given) return 1;
    tg_value v = tg_evaluate_expression(e);
    if (e->broken || v.kind == TG_VALUE_UNKNOWN) return 0;
    return slice_number(e, &v, value);
}

/* What stands between two commas. */
typedef struct item {
    uint32_t token;
    int is_slice, known;
    int64_t start, stop, step;
    tg_value value; /* of a single index */
} item;

static item read_item(tg_evaluator *e)
{
    item i = {.token = e->at, .known = 1, .start = 0, .stop = TG_END, .step = 1};
    int given = 0, has_start = 0;
    if (!tg_next_is(e, ":")) {
        i.value = tg_evaluate_expression(e);
        if (e->broken || !tg_next_is(e, ":")) return i;
        has_start = 1;
        i.known = i.value.kind != TG_VALUE_UNKNOWN;
        i.known = i.known && slice_number(e, &i.value, &i.start);
    }
    i.is_slice = 1;
    e->at++;
    i.known &= position(e, &i.stop, &given);
    if (!given) i.stop = TG_END;
    if (!e->broken && tg_next_is(e, ":")) {
        e->at++;
        i.known &= position(e, &i.step, &given);
        if (!given) i.step = 1;
    }
    if (!has_start && i.step < 0) i.start = TG_END;
    return i;
}

/* x with the item applied to *axis, which moves to the next one. NULL with a problem, or when something is not
 * known. rank is that of the tensor before the first item. */
static tg_tensor *apply_item(tg_evaluator *e, tg_tensor *x, const item *i, int *axis, int rank)
{
    int64_t at;
    if (!i->known || (!i->is_slice && i->value.kind == TG_VALUE_UNKNOWN)) return NULL;
    if (*axis >= tg_rank(x)) {
        tg_value_problem(e, i->token, "too many indices for a tensor of rank %d", rank);
        return NULL;
    }
    tg_tensor *y;
    if (i->is_slice) {
        y = tg_slice(x, *axis, i->start, i->stop, i->step);
        ++*axis;
    } else if (tg_value_integer(e, &i->value, &at)) {
        y = tg_index(x, *axis, at);
    } else {
        tg_tensor *indices = tg_value_tensor(e, &i->value, TG_I64);
        if (indices == NULL) return NULL;
        y = tg_gather(x, indices, *axis);
        *axis += tg_rank(indices);
    }
    if (y == NULL) tg_value_of(e, i->token, NULL);
    return y;
}

tg_value tg_evaluate_index(tg_evaluator *e, tg_value x)
{
    uint32_t open = e->at++;
    tg_tensor *t = x.kind == TG_VALUE_UNKNOWN ? NULL : tg_value_tensor(e, &x, TG_F64);
    int axis = 0, rank = tg_rank(t);
    if (tg_next_is(e, "]")) return tg_syntax_problem(e, e->at, "an index");
    while (!e->broken && !tg_next_is(e, "]")) {
        item i = read_item(e);
        if (e->broken) break;
        if (t != NULL) t = apply_item(e, t, &i, &axis, rank);
        if (tg_next_is(e, ","))
            e->at++;
        else if (!tg_next_is(e, "]"))
            tg_syntax_problem(e, e->at, "',' or ']'");
    }
    e->at++;
    if (t == NULL || e->broken) return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = open};
    return (tg_value){.kind = TG_VALUE_TENSOR, .token = open, .tensor = t};
}
