/* The arguments of a call that are attributes of the operation. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "graph/c_locale.h"

static int read_ints(tg_evaluator *e, const tg_value *v, const char *name, tg_ints *ints)
{
    *ints = (tg_ints){0};
    if (v->kind == TG_VALUE_WORD && strcmp(v->word, "none") == 0) {
        ints->count = -1;
        return 1;
    }
    const tg_value *items = v->kind == TG_VALUE_LIST ? v->items : v;
    uint32_t count = v->kind == TG_VALUE_LIST ? v->count : 1;
    if (count > TG_MAX_RANK) {
        tg_value_problem(e, v->token, "%s: %u numbers, at most %d", name, count, TG_MAX_RANK);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!tg_value_integer(e, &items[i], &ints->values[i])) {
            tg_value_problem(e, items[i].token, "%s: expected a whole number or a list of them", name);
            return 0;
        }
    ints->count = count;
    return 1;
}

/* Writes the value into the attribute struct. 0 with a problem. */
static int write_attribute(tg_evaluator *e, const tg_attr *a, const tg_value *v, char *struct_bytes)
{
    int64_t integer = -1;
    tg_ints ints;
    char *field = struct_bytes + a->offset;
    switch (a->kind) {
    case TG_ATTR_INT:
        if (!tg_value_integer(e, v, &integer)) break;
        memcpy(field, &integer, sizeof integer);
        return 1;
    case TG_ATTR_FLOAT:
        if (v->kind != TG_VALUE_NUMBER) break;
        memcpy(field, &v->number, sizeof v->number);
        return 1;
    case TG_ATTR_BOOL:
        if (v->kind != TG_VALUE_WORD || (strcmp(v->word, "true") != 0 && strcmp(v->word, "false") != 0))
            break;
        integer = v->word[0] == 't';
        memcpy(field, &integer, sizeof integer);
        return 1;
    case TG_ATTR_DTYPE:
        for (int d = TG_F32; v->kind == TG_VALUE_WORD && d <= TG_BOOL; d++)
            if (strcmp(v->word, tg_dtype_name((tg_dtype)d)) == 0) integer = d;
        if (integer < 0) break;
        memcpy(field, &integer, sizeof integer);
        return 1;
    case TG_ATTR_INTS:
        if (!read_ints(e, v, a->name, &ints)) return 0;
        memcpy(field, &ints, sizeof ints);
        return 1;
    }
    static const char *const expected[] = {[TG_ATTR_INT] = "a whole number",
                                           [TG_ATTR_FLOAT] = "a number",
                                           [TG_ATTR_BOOL] = "true or false",
                                           [TG_ATTR_DTYPE] = "a type (f32, f64, i64 or bool)",
                                           [TG_ATTR_INTS] = ""};
    tg_value_problem(e, v->token, "%s: expected %s", a->name, expected[a->kind]);
    return 0;
}

/* The default, from its text. */
static void write_fallback(const tg_attr *a, char *struct_bytes)
{
    char *field = struct_bytes + a->offset;
    int64_t integer = strtoll(a->fallback, NULL, 10);
    double number = tg_c_strtod(a->fallback, NULL);
    tg_ints none = {.count = -1};
    if (a->kind == TG_ATTR_BOOL) integer = strcmp(a->fallback, "true") == 0;
    for (int d = TG_F32; a->kind == TG_ATTR_DTYPE && d <= TG_BOOL; d++)
        if (strcmp(a->fallback, tg_dtype_name((tg_dtype)d)) == 0) integer = d;
    if (a->kind == TG_ATTR_INTS)
        memcpy(field, &none, sizeof none);
    else if (a->kind == TG_ATTR_FLOAT)
        memcpy(field, &number, sizeof number);
    else
        memcpy(field, &integer, sizeof integer);
}

/* The attribute that a named argument is for, or -1 with a problem. */
static int find_attribute(tg_evaluator *e, const tg_op *op, uint32_t key)
{
    const char *best = NULL;
    int distance = 3;
    const tg_token *t = &e->model->tokens.items[key];
    for (int k = 0; k < op->n_attrs; k++) {
        if (tg_token_is(e->model, key, op->attrs[k].name)) return k;
        tg_suggest(e->model->text + t->start, t->length, op->attrs[k].name, &best, &distance);
    }
    int length = t->length < 40 ? (int)t->length : 40;
    if (best != NULL)
        tg_value_problem(e, key, "%s has no argument '%.*s'; did you mean '%s'?", op->name, length,
                         e->model->text + t->start, best);
    else
        tg_value_problem(e, key, "%s has no argument '%.*s'", op->name, length, e->model->text + t->start);
    return -1;
}

int tg_read_attributes(tg_evaluator *e, const tg_op *op, const tg_arguments *a, uint32_t n_inputs,
                       char *bytes)
{
    unsigned given = 0;
    for (uint32_t i = n_inputs; i < a->count + a->named; i++) {
        int k = i < a->count ? (int)(i - n_inputs) : find_attribute(e, op, a->keys[i]);
        if (k < 0) return 0;
        if ((given >> k & 1u) != 0) {
            tg_value_problem(e, a->keys[i], "%s: '%s' is given twice", op->name, op->attrs[k].name);
            return 0;
        }
        given |= 1u << k;
        if (a->values[i].kind != TG_VALUE_UNKNOWN && !write_attribute(e, &op->attrs[k], &a->values[i], bytes))
            return 0;
    }
    for (int k = 0; k < op->n_attrs; k++) {
        if ((given >> k & 1u) != 0) continue;
        if (op->attrs[k].fallback == NULL) {
            tg_value_problem(e, a->name, "%s: '%s' is missing", op->name, op->attrs[k].name);
            return 0;
        }
        write_fallback(&op->attrs[k], bytes);
    }
    return 1;
}
