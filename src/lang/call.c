/* Calls: operations by their records, derivatives, and functions of the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

static tg_value unknown(uint32_t token)
{
    return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
}

/* Reads "a, b, key=c)". 0 with a problem, or when the syntax is broken. */
static int read_arguments(tg_evaluator *e, uint32_t name, tg_arguments *a)
{
    *a = (tg_arguments){.name = name};
    e->at++;
    while (!e->broken && !tg_next_is(e, ")")) {
        uint32_t n = a->count + a->named, key = 0;
        if (e->at + 1 < e->end && e->model->tokens.items[e->at].kind == TG_TOKEN_NAME &&
            tg_token_is(e->model, e->at + 1, "=")) {
            key = e->at;
            e->at += 2;
        } else if (a->named > 0) {
            tg_syntax_problem(e, e->at, "an argument with its name, as the one before it");
            return 0;
        }
        if (n == TG_ARGUMENTS_MAX) {
            tg_value_problem(e, e->at, "more than %d arguments", TG_ARGUMENTS_MAX);
            e->broken = 1;
            return 0;
        }
        a->keys[n] = key;
        a->values[n] = tg_evaluate_expression(e);
        if (key == 0)
            a->count++;
        else
            a->named++;
        if (e->broken) return 0;
        if (tg_next_is(e, ","))
            e->at++;
        else if (!tg_next_is(e, ")"))
            tg_syntax_problem(e, e->at, "',' or ')'");
    }
    e->at++;
    return !e->broken;
}

static int all_known(const tg_arguments *a)
{
    for (uint32_t i = 0; i < a->count + a->named; i++)
        if (a->values[i].kind == TG_VALUE_UNKNOWN) return 0;
    return 1;
}

/* ---- Operations --------------------------------------------------------------------------------------- */

/* Indices and keys are i64 by their nature; other numbers take the type that they meet. */
static tg_dtype input_dtype(const tg_op *op, uint32_t i, tg_dtype meeting)
{
    const char *name = op->inputs;
    for (; i > 0 && *name != '\0'; i--) {
        name += strcspn(name, " ");
        name += strspn(name, " ");
    }
    size_t length = strcspn(name, " ");
    int is_integer =
        (length == 7 && memcmp(name, "indices", 7) == 0) || (length == 3 && memcmp(name, "key", 3) == 0);
    if (length == 9 && memcmp(name, "condition", 9) == 0) return TG_BOOL;
    return is_integer ? TG_I64 : meeting;
}

static tg_value apply_op(tg_evaluator *e, const tg_op *op, const tg_arguments *a, const tg_value *inputs,
                         uint32_t n, uint32_t taken)
{
    _Alignas(8) char attr[TG_ATTR_MAX] = {0};
    if (!tg_read_attributes(e, op, a, taken, attr)) return unknown(a->name);
    if (e->graph == NULL || !all_known(a)) return unknown(a->name);
    e->work += n;
    tg_tensor **tensors = tg_arena_take(&e->lists, ((size_t)n + 1) * sizeof(tg_tensor *));
    if (tensors == NULL) {
        e->fatal = TG_ERR_MEMORY;
        e->broken = 1;
        return unknown(a->name);
    }
    tg_dtype meeting = tg_meeting_dtype(inputs, n);
    for (uint32_t i = 0; i < n; i++) {
        tensors[i] = tg_value_tensor(e, &inputs[i], input_dtype(op, i, meeting));
        if (tensors[i] == NULL) return unknown(a->name);
    }
    return tg_value_of(e, a->name, tg_apply(e->graph, op, tensors, (int)n, attr));
}

static tg_value call_op(tg_evaluator *e, const tg_op *op, const tg_arguments *a)
{
    if (!all_known(a) && e->graph != NULL) return unknown(a->name);
    uint32_t n = (uint32_t)op->n_inputs, most = n + (uint32_t)op->n_attrs;
    if (op->n_inputs == TG_VARIADIC) {
        if (e->graph == NULL) return unknown(a->name);
        if (a->count < 1 || a->values[0].kind != TG_VALUE_LIST)
            return tg_value_problem(e, a->name, "%s: expected a list of tensors first", op->name);
        if (a->values[0].count == 0) return tg_value_problem(e, a->name, "%s: the list is empty", op->name);
        if (a->count > 1 + (uint32_t)op->n_attrs)
            return tg_value_problem(e, a->name, "%s: expected at most %d arguments, found %u", op->name,
                                    1 + op->n_attrs, a->count);
        return apply_op(e, op, a, a->values[0].items, a->values[0].count, 1);
    }
    if (a->count < n || a->count > most)
        return tg_value_problem(e, a->name, "%s: expected %s%u argument%s, found %u", op->name,
                                op->n_attrs > 0 && a->count < n ? "at least " : "", a->count < n ? n : most,
                                (a->count < n ? n : most) == 1 ? "" : "s", a->count);
    return apply_op(e, op, a, a->values, n, n);
}

/* ---- Derivatives -------------------------------------------------------------------------------------- */

/* A Jacobian repeats the graph for each row or column; beyond this product it is refused. */
#define JACOBIAN_MAX 20000000

static tg_status whole_jacobian(tg_evaluator *e, tg_tensor *const *t, int is_hessian, tg_tensor **out,
                                uint32_t token)
{
    int64_t rows = is_hessian                        ? tg_count(t[1])
                   : tg_count(t[0]) < tg_count(t[1]) ? tg_count(t[0])
                                                     : tg_count(t[1]);
    int64_t nodes = tg_node_count(e->graph) - e->first_node + 8;
    if (rows > JACOBIAN_MAX / nodes) {
        tg_value_problem(
            e, token,
            "%lld rows of a graph of %lld nodes are too many; vjp and jvp give products with the "
            "whole matrix",
            (long long)rows, (long long)nodes);
        return TG_ERR_SIZE;
    }
    return is_hessian ? tg_hessian(e->graph, t[0], t[1], out) : tg_jacobian(e->graph, t[0], t[1], out);
}

typedef struct derivative {
    const char *name, *parameters;
    uint32_t n;
} derivative;

static const derivative derivatives[] = {{"grad", "y, x", 2},      {"vjp", "y, ybar, x", 3},
                                         {"jvp", "y, x, xdot", 3}, {"hvp", "y, x, v", 3},
                                         {"jacobian", "y, x", 2},  {"hessian", "y, x", 2}};

#define DERIVATIVES (sizeof derivatives / sizeof derivatives[0])

static const derivative *find_derivative(const tg_model *m, uint32_t token)
{
    for (size_t i = 0; i < DERIVATIVES; i++)
        if (tg_token_is(m, token, derivatives[i].name)) return &derivatives[i];
    return NULL;
}

static tg_value call_derivative(tg_evaluator *e, const derivative *d, const tg_arguments *a)
{
    if (a->count != d->n || a->named > 0)
        return tg_value_problem(e, a->name, "expected %s(%s)", d->name, d->parameters);
    if (e->graph == NULL || !all_known(a)) return unknown(a->name);
    tg_tensor *t[3], *out = NULL;
    for (uint32_t i = 0; i < d->n; i++) {
        t[i] = tg_value_tensor(e, &a->values[i], tg_meeting_dtype(a->values, a->count));
        if (t[i] == NULL) return unknown(a->name);
    }
    /* Numbers are folded into what is made of them: the derivative would be zero whatever the program says. */
    uint32_t by = strcmp(d->name, "vjp") == 0 ? 2 : 1;
    if (a->values[by].kind != TG_VALUE_TENSOR || tg_leaf_kind_of(t[by]) == TG_LEAF_CONSTANT)
        return tg_value_problem(
            e, a->values[by].token,
            "%s: no derivative with respect to a number; give it a type: const x : f64[] = 2", d->name);
    tg_status status = TG_OK;
    switch ((int)(d - derivatives)) {
    case 0:
        status = tg_grad(e->graph, t[0], &t[1], 1, &out);
        break;
    case 1:
        status = tg_vjp(e->graph, &t[0], &t[1], 1, &t[2], 1, &out);
        break;
    case 2:
        status = tg_jvp(e->graph, &t[0], 1, &t[1], &t[2], 1, &out);
        break;
    case 3:
        status = tg_hvp(e->graph, t[0], &t[1], &t[2], 1, &out);
        break;
    case 4:
        status = whole_jacobian(e, t, 0, &out, a->name);
        break;
    default:
        status = whole_jacobian(e, t, 1, &out, a->name);
        break;
    }
    if (status != TG_OK && tg_graph_status(e->graph) == TG_OK) return unknown(a->name); /* refused above */
    return tg_value_of(e, a->name, out);
}

/* checkpoint(y, x, ...). A derivative records the segment again, so that its length counts as work here. */
static tg_value call_checkpoint(tg_evaluator *e, const tg_arguments *a)
{
    if (a->count < 2 || a->named > 0) return tg_value_problem(e, a->name, "expected checkpoint(y, x, ...)");
    if (e->graph == NULL || !all_known(a)) return unknown(a->name);
    tg_tensor *t[TG_ARGUMENTS_MAX];
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < a->count; i++) {
        t[i] = tg_value_tensor(e, &a->values[i], tg_meeting_dtype(a->values, a->count));
        if (t[i] == NULL) return unknown(a->name);
        if (i > 0 && tg_id(t[i]) < first) first = tg_id(t[i]);
    }
    if (tg_id(t[0]) > first) e->work += tg_id(t[0]) - first;
    return tg_value_of(e, a->name, tg_checkpoint(t[0], t + 1, (int)a->count - 1));
}

/* ---- Functions of the program ------------------------------------------------------------------------- */

static int parameter_count(const tg_model *m, const tg_statement *s)
{
    uint32_t at = s->name + 2;
    int count = 0;
    for (; !tg_token_is(m, at, ")"); at++) count += m->tokens.items[at].kind == TG_TOKEN_NAME;
    return count;
}

/* A problem in the body belongs to the call, where the values come from: what is wrong with the body itself was found
 * when it was defined. Only the first is kept. */
static void move_problems(tg_evaluator *e, int before, const tg_name_entry *f, uint32_t token)
{
    tg_problems *p = &e->model->problems;
    if (p->count == before) return;
    char message[900];
    snprintf(message, sizeof message, "%s", p->items[before].message);
    tg_problems_cut(p, before);
    /* Of nested calls the innermost is named. */
    if (strncmp(message, "in '", 4) == 0)
        tg_value_problem(e, token, "%s", message);
    else
        tg_value_problem(e, token, "in '%.*s': %s", (int)(f->length < 40 ? f->length : 40), f->name, message);
}

/* Evaluates the body with the parameters bound. */
static tg_value expand(tg_evaluator *e, const tg_statement *s, const tg_name_entry *f, const tg_arguments *a)
{
    tg_scope scope = {e->scope, s->name + 2, a->values, (int)a->count};
    tg_evaluator body = *e;
    body.scope = &scope;
    body.statement = f->statement;
    body.at = s->expression;
    body.end = s->end;
    body.depth = e->depth + 1;
    int problems = e->model->problems.count;
    tg_value value = tg_evaluate_expression(&body);
    move_problems(e, problems, f, a->name);
    e->work = body.work;
    e->lists = body.lists;
    e->fatal = body.fatal;
    if (body.work > body.work_limit || body.fatal != TG_OK) e->broken = 1;
    value.token = a->name;
    return value;
}

static tg_value call_function(tg_evaluator *e, const tg_name_entry *f, const tg_arguments *a)
{
    const tg_statement *s = &e->model->statements[f->statement];
    if (s->kind != TG_STATEMENT_DEF)
        return tg_value_problem(e, a->name, "'%.*s' is no function", (int)f->length, f->name);
    if (s->broken || s->refused) return unknown(a->name);
    int n = parameter_count(e->model, s);
    if (a->named > 0)
        return tg_value_problem(e, a->keys[a->count], "'%.*s' takes its arguments by place, without names",
                                (int)f->length, f->name);
    if ((int)a->count != n)
        return tg_value_problem(e, a->name, "'%.*s' takes %d argument%s, found %u", (int)f->length, f->name,
                                n, n == 1 ? "" : "s", a->count);
    if (e->graph == NULL || !all_known(a)) return unknown(a->name);
    return expand(e, s, f, a);
}

/* ---- Names -------------------------------------------------------------------------------------------- */

static tg_value no_function(tg_evaluator *e, uint32_t token)
{
    const tg_token *t = &e->model->tokens.items[token];
    const char *text = e->model->text + t->start, *best = NULL;
    int distance = 3, length = t->length < 40 ? (int)t->length : 40;
    const tg_op *op;
    for (int i = 0; (op = tg_op_at(e->ops, i)) != NULL; i++)
        tg_suggest(text, t->length, op->name, &best, &distance);
    for (size_t i = 0; i < DERIVATIVES; i++)
        tg_suggest(text, t->length, derivatives[i].name, &best, &distance);
    tg_suggest(text, t->length, "checkpoint", &best, &distance);
    for (int i = 0; i < e->statement && e->model->problems.count < TG_PROBLEMS_MAX; i++) {
        const tg_statement *s = &e->model->statements[i];
        if (s->kind != TG_STATEMENT_DEF || s->broken) continue;
        char *name = tg_token_copy(e->model, s->name);
        const char *found = NULL;
        if (name != NULL) tg_suggest(text, t->length, name, &found, &distance);
        if (found != NULL) best = tg_token_text(e->model, s->name);
        free(name);
    }
    if (best == NULL) return tg_value_problem(e, token, "there is no function '%.*s'", length, text);
    int best_length = (int)strspn(best, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return tg_value_problem(e, token, "there is no function '%.*s'; did you mean '%.*s'?", length, text,
                            best_length, best);
}

tg_value tg_evaluate_call(tg_evaluator *e, uint32_t name)
{
    tg_arguments a;
    if (!read_arguments(e, name, &a)) return unknown(name);
    const tg_token *t = &e->model->tokens.items[name];
    const tg_name_entry *f = tg_name_find(e->model, e->model->text + t->start, t->length);
    if (f != NULL && f->statement < e->statement) return call_function(e, f, &a);
    const derivative *d = find_derivative(e->model, name);
    if (d != NULL) return call_derivative(e, d, &a);
    if (tg_token_is(e->model, name, "checkpoint")) return call_checkpoint(e, &a);
    const tg_op *op = NULL;
    char text[64];
    if (t->length < sizeof text) {
        memcpy(text, e->model->text + t->start, t->length);
        text[t->length] = '\0';
        op = tg_op_find(e->ops, text);
    }
    if (op != NULL) return call_op(e, op, &a);
    if (f != NULL)
        return tg_value_problem(e, name, "'%.*s' is used before it is defined", (int)f->length, f->name);
    return no_function(e, name);
}
