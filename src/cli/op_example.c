/* An operation at work, from its record. */
#include "op_example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/diff.h>
#include <tapegrad/explain.h>
#include <tapegrad/lang.h>

/* The i-th name of the record's list; of a variadic operation, which has one, with a number. */
static void input_name(const tg_op *op, int i, char *name, size_t size)
{
    const char *at = op->inputs == NULL ? "x" : op->inputs;
    for (int k = 0; op->n_inputs >= 0 && k < i; k++) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    int length = (int)strcspn(at, " ");
    if (op->n_inputs >= 0)
        snprintf(name, size, "%.*s", length, at);
    else
        snprintf(name, size, "%.*s%d", length, at, i + 1);
}

char *tg_op_signature(const tg_op *op, char *text, size_t size)
{
    int at = snprintf(text, size, "%s(", op->name);
    const char *before = "";
    if (op->n_inputs < 0) {
        at += snprintf(text + at, size - (size_t)at, "[%s, ...]", op->inputs);
        before = ", ";
    }
    for (int i = 0; i < op->n_inputs; i++, before = ", ") {
        char name[32];
        input_name(op, i, name, sizeof name);
        at += snprintf(text + at, size - (size_t)at, "%s%s", before, name);
    }
    for (int i = 0; i < op->n_attrs; i++, before = ", ") {
        const tg_attr *a = &op->attrs[i];
        at += snprintf(text + at, size - (size_t)at, "%s%s%s%s", before, a->name,
                       a->fallback == NULL ? "" : "=", a->fallback == NULL ? "" : a->fallback);
    }
    snprintf(text + at, size - (size_t)at, ")");
    return text;
}

/* ---- The call ----------------------------------------------------------------------------------------- */

/* The length of an operand of a case: f[2, 3], b[3], i4[5] or #1; 0 for anything else, such as axis=1. */
static size_t operand_length(const char *at)
{
    if (at[0] == '#') return 2;
    size_t letters = 1 + (at[0] == 'i' ? strspn(at + 1, "0123456789") : 0);
    if (strchr("fbi", at[0]) == NULL || at[letters] != '[') return 0;
    return strcspn(at, "]") + 1;
}

/* Reads a case into call, names and types. */
static int read_case(const tg_op *op, const char *text, const char *floating, tg_op_example *e)
{
    const char *at = strchr(text, '('), *variadic = op->n_inputs < 0 ? "[" : "";
    size_t length;
    int used = snprintf(e->call, sizeof e->call, "%s(%s", op->name, variadic);
    e->n_inputs = 0;
    for (at++; (length = operand_length(at)) > 0; at += strspn(at, ", ")) {
        int repeats = at[0] == '#', i = repeats ? at[1] - '1' : e->n_inputs;
        if (i < 0 || i >= TG_EXAMPLE_INPUTS || i > e->n_inputs) return 0;
        if (!repeats) {
            const char *dtype = at[0] == 'f' ? floating : at[0] == 'b' ? "bool" : "i64";
            size_t shape = strcspn(at, "[");
            input_name(op, e->n_inputs++, e->names[i], sizeof e->names[i]);
            snprintf(e->types[i], sizeof e->types[i], "%s%.*s", dtype, (int)(length - shape), at + shape);
        }
        used += snprintf(e->call + used, sizeof e->call - (size_t)used, "%s%s",
                         e->call[used - 1] == '(' || e->call[used - 1] == '[' ? "" : ", ", e->names[i]);
        at += length;
        if (at[0] == ')') break;
    }
    used += snprintf(e->call + used, sizeof e->call - (size_t)used, "%s%s%s", op->n_inputs < 0 ? "]" : "",
                     at[0] == ')' || e->n_inputs == 0 ? "" : ", ", at);
    return (size_t)used < sizeof e->call;
}

/* Elementwise operations need no cases. */
static void elementwise_case(const tg_op *op, char *text, size_t size)
{
    int at = snprintf(text, size, "%s(", op->name);
    for (int i = 0; i < op->n_inputs; i++)
        at += snprintf(text + at, size - (size_t)at, "%sf[3]", i > 0 ? ", " : "");
    snprintf(text + at, size - (size_t)at, ")");
}

/* ---- The result --------------------------------------------------------------------------------------- */

static int build(tg_op_example *e)
{
    char text[1024];
    int at = 0;
    for (int i = 0; i < e->n_inputs; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "input %s : %s\n", e->names[i], e->types[i]);
    at += snprintf(text + at, sizeof text - (size_t)at, "result = %s\n", e->call);
    tg_model *model = NULL;
    tg_graph_free(e->graph);
    e->graph = tg_graph_new(NULL);
    int fine = e->graph != NULL && (size_t)at < sizeof text &&
               tg_model_parse(text, (size_t)at, "example", &model, NULL) == TG_OK &&
               tg_model_build(model, e->graph, NULL) == TG_OK;
    e->result = fine ? tg_model_find(model, "result") : NULL;
    tg_model_free(model);
    return e->result != NULL;
}

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

static void derive(const tg_op *op, tg_op_example *e)
{
    tg_type type = tg_type_of(e->result);
    if (!is_floating(e->result) || (op->flags & TG_OP_CONSTANT_SLOPE) != 0) return;
    tg_tensor *g = tg_input(e->graph, "g", type.dtype, type.rank, type.shape), *adjoint;
    for (int i = 0; i < e->n_inputs; i++) {
        tg_tensor *x = tg_find(e->graph, e->names[i]);
        if (!is_floating(x)) continue;
        if (tg_vjp(e->graph, &e->result, &g, 1, &x, 1, &adjoint) == TG_OK)
            e->derivatives[i] = tg_expression(adjoint, TG_TEXT);
        tg_clear_error(e->graph);
    }
}

int tg_op_example_make(const tg_op *op, tg_op_example *e)
{
    char own[160];
    const char *text = own;
    *e = (tg_op_example){0};
    if (op->cases != NULL && op->cases[0] != NULL)
        text = op->cases[0];
    else
        elementwise_case(op, own, sizeof own);
    /* Logical operations take no floating inputs. */
    if (!(read_case(op, text, "f64", e) && build(e)) && !(read_case(op, text, "bool", e) && build(e)))
        return 0;
    derive(op, e);
    return 1;
}

void tg_op_example_clear(tg_op_example *e)
{
    for (int i = 0; i < TG_EXAMPLE_INPUTS; i++) tg_text_free(e->derivatives[i]);
    tg_graph_free(e->graph);
    *e = (tg_op_example){0};
}
