/* Building a model: statement by statement into the graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

static tg_tensor *build_declaration(tg_evaluator *e, const tg_declared *d, const char *suffix)
{
    int64_t shape[TG_MAX_RANK];
    tg_declared_shape(e->model, d, shape);
    if (!d->is_input) return tg_param_init(e->graph, d->name, d->dtype, d->rank, shape, d->init);
    char name[300];
    int length = snprintf(name, sizeof name, "%s%s", d->name, suffix == NULL ? "" : suffix);
    if (length < 0 || (size_t)length >= sizeof name)
        return tg_set_error(e->graph, TG_ERR_NAME, "input '%.60s': its name is too long", d->name);
    return tg_input(e->graph, name, d->dtype, d->rank, shape);
}

/* A typed constant's value must have the declared type. */
static tg_tensor *build_typed_const(tg_evaluator *e, const tg_declared *d, const tg_value *value)
{
    int64_t shape[TG_MAX_RANK];
    tg_declared_shape(e->model, d, shape);
    tg_tensor *t = tg_value_tensor(e, value, d->dtype);
    if (t == NULL) return NULL;
    tg_type type = tg_type_of(t), wanted = {.dtype = d->dtype, .rank = d->rank};
    memcpy(wanted.shape, shape, (size_t)d->rank * sizeof *shape);
    if (memcmp(&type, &wanted, sizeof type) == 0) return t;
    if (type.dtype == wanted.dtype && type.rank == 0) return tg_broadcast_to(t, d->rank, shape);
    char a[TG_TYPE_TEXT], b[TG_TYPE_TEXT];
    tg_value_problem(e, value->token, "expected %s, found %s", tg_type_text(&wanted, a, sizeof a),
                     tg_type_text(&type, b, sizeof b));
    return NULL;
}

/* The value of the statement's expression. Words and lists become tensors, but lists that have a declared type. */
static tg_value build_expression(tg_evaluator *e, const tg_statement *s)
{
    e->at = s->expression;
    e->end = s->end;
    e->broken = e->depth = 0;
    tg_value value = tg_evaluate_expression(e);
    if (!e->broken && e->at < e->end) tg_syntax_problem(e, e->at, "an operator or the end of the line");
    if (e->broken) value.kind = TG_VALUE_UNKNOWN;
    if (value.kind == TG_VALUE_WORD) {
        tg_tensor *t = e->graph == NULL ? NULL : tg_value_tensor(e, &value, TG_BOOL);
        value = t == NULL ? (tg_value){.kind = TG_VALUE_UNKNOWN}
                          : (tg_value){.kind = TG_VALUE_TENSOR, .tensor = t};
    }
    if (value.kind == TG_VALUE_LIST && s->declaration < 0) {
        tg_tensor *t = tg_value_tensor(e, &value, tg_meeting_dtype(&value, 1));
        value = t == NULL ? (tg_value){.kind = TG_VALUE_UNKNOWN}
                          : (tg_value){.kind = TG_VALUE_TENSOR, .token = value.token, .tensor = t};
    }
    return value;
}

/* A constant of the program as a leaf of its own with that value. A constant of the graph would be folded into what is
 * made of it, and merged with others of the same value, so that no derivative could be taken with respect to it. */
static tg_tensor *const_leaf(tg_evaluator *e, const tg_statement *s, tg_tensor *value, const char *suffix)
{
    tg_type type = tg_type_of(value);
    size_t size = tg_type_bytes(&type);
    char *name = tg_token_copy(e->model, s->name), full[300];
    void *data = malloc(size + 1);
    tg_tensor *leaf = NULL;
    if (name == NULL || data == NULL) {
        e->fatal = TG_ERR_MEMORY;
    } else if (tg_eval(e->graph, &value, 1, data, size) == TG_OK) {
        snprintf(full, sizeof full, "%.255s%s", name, suffix == NULL ? "" : suffix);
        leaf = tg_input(e->graph, full, type.dtype, type.rank, type.shape);
        if (leaf != NULL && tg_set(leaf, data, size) != TG_OK) leaf = NULL;
    }
    free(name);
    free(data);
    return leaf;
}

/* Whether the value is known without running anything: a constant, or one that is stretched. */
static int is_constant(const tg_tensor *t)
{
    while (t != NULL && strcmp(tg_op_of(t)->name, "broadcast_to") == 0) t = tg_input_at(t, 0);
    return t != NULL && tg_leaf_kind_of(t) == TG_LEAF_CONSTANT;
}

/* A function's parameters: how many there are, or -1 with a problem. */
static int check_parameters(tg_model *m, const tg_statement *s)
{
    uint32_t names[TG_ARGUMENTS_MAX];
    int count = 0;
    for (uint32_t at = s->name + 2; !tg_token_is(m, at, ")"); at++) {
        const tg_token *t = &m->tokens.items[at];
        if (t->kind != TG_TOKEN_NAME) continue;
        if (count == TG_ARGUMENTS_MAX) {
            tg_token_problem(m, s->name, "a function has at most %d parameters", TG_ARGUMENTS_MAX);
            return -1;
        }
        for (int i = 0; i < count; i++)
            if (m->tokens.items[names[i]].length == t->length &&
                memcmp(tg_token_text(m, names[i]), tg_token_text(m, at), t->length) == 0) {
                tg_token_problem(m, at, "there is a parameter '%.*s' already",
                                 (int)(t->length < 40 ? t->length : 40), tg_token_text(m, at));
                return -1;
            }
        names[count++] = at;
    }
    return count;
}

/* A function's body is checked with its parameters unknown. */
static void check_def(tg_evaluator *e, const tg_statement *s)
{
    tg_value parameters[TG_ARGUMENTS_MAX] = {{0}};
    int count = check_parameters(e->model, s);
    if (count < 0) {
        e->broken = 1;
        return;
    }
    tg_scope scope = {NULL, s->name + 2, parameters, count};
    tg_evaluator check = *e;
    check.graph = NULL;
    check.scope = &scope;
    check.at = s->expression;
    check.end = s->end;
    check.broken = check.depth = 0;
    tg_evaluate_expression(&check);
    if (!check.broken && check.at < check.end)
        tg_syntax_problem(&check, check.at, "an operator or the end of the line");
    e->work = check.work;
    e->lists = check.lists;
    e->fatal = check.fatal;
    e->broken = check.broken;
}

static void build_statement(tg_evaluator *e, tg_statement *s, tg_name_entry *entry, const char *suffix)
{
    const tg_declared *d = s->declaration >= 0 ? &e->model->declared[s->declaration] : NULL;
    if (s->kind == TG_STATEMENT_DEF) {
        int before = e->model->problems.count + e->model->problems.more;
        check_def(e, s);
        s->refused = e->broken || e->model->problems.count + e->model->problems.more > before;
        return;
    }
    tg_value value = {.kind = TG_VALUE_UNKNOWN};
    if (e->graph == NULL && s->kind <= TG_STATEMENT_PARAM) {
        entry->built = 0;
        return;
    }
    if (s->kind == TG_STATEMENT_INPUT || s->kind == TG_STATEMENT_PARAM) {
        value = tg_value_of(e, s->name, build_declaration(e, d, suffix));
    } else {
        value = build_expression(e, s);
        if (d != NULL && value.kind != TG_VALUE_UNKNOWN) {
            tg_tensor *t = build_typed_const(e, d, &value);
            value.kind = t == NULL ? TG_VALUE_UNKNOWN : TG_VALUE_TENSOR;
            value.tensor = t;
        }
    }
    if (s->kind == TG_STATEMENT_CONST && value.kind == TG_VALUE_TENSOR && is_constant(value.tensor))
        value = tg_value_of(e, s->name, const_leaf(e, s, value.tensor, suffix));
    if (value.kind == TG_VALUE_TENSOR) {
        char *name = tg_token_copy(e->model, s->name);
        if (name != NULL) tg_set_name(value.tensor, name);
        free(name);
    }
    entry->value = value;
    entry->built = value.kind != TG_VALUE_UNKNOWN;
}

static void report_unbound_sizes(tg_model *m)
{
    for (int i = 0; i < m->n_sizes; i++)
        if (m->sizes[i].value < 0)
            tg_token_problem(m, m->sizes[i].token,
                             "size '%s' is not known: load data that have it, or give --dim %s=NUMBER",
                             m->sizes[i].name, m->sizes[i].name);
}

/* A program without an output statement gives its last assignment. */
static int default_output(tg_model *m)
{
    if (m->n_outputs > 0) return 1;
    for (int i = m->n_statements - 1; i >= 0; i--) {
        if (m->statements[i].kind != TG_STATEMENT_ASSIGN || m->statements[i].broken) continue;
        if (!tg_reserve((void **)&m->outputs, 0, &m->outputs_room, sizeof *m->outputs)) return 0;
        m->outputs[m->n_outputs++] = m->statements[i].name;
        return 1;
    }
    return 1;
}

/* A number that has met nothing is f64. */
static void build_outputs(tg_evaluator *e)
{
    tg_model *m = e->model;
    e->work = 0;
    for (int i = 0; i < m->n_outputs; i++) {
        const tg_token *t = &m->tokens.items[m->outputs[i]];
        e->at = m->outputs[i];
        e->end = e->at + 1;
        e->statement = m->n_statements;
        e->broken = e->depth = 0;
        tg_value value = tg_evaluate_expression(e);
        tg_name_entry *entry = tg_name_find(m, m->text + t->start, t->length);
        if (entry == NULL || value.kind != TG_VALUE_NUMBER) continue;
        entry->value.tensor = tg_value_tensor(e, &value, TG_F64);
        entry->value.kind = entry->value.tensor == NULL ? TG_VALUE_UNKNOWN : TG_VALUE_TENSOR;
    }
}

static void clear_build(tg_model *m)
{
    for (tg_name_entry *entry = m->names; entry != NULL; entry = entry->hh.next) {
        entry->built = 0;
        entry->value = (tg_value){.kind = TG_VALUE_UNKNOWN};
    }
    for (int i = 0; i < m->n_statements; i++) m->statements[i].refused = 0;
    for (int i = 0; m->output_names != NULL && i < m->n_outputs; i++) free(m->output_names[i]);
    free(m->output_names);
    m->output_names = NULL;
}

/* check_only: names and syntax alone, where sizes are missing. */
static tg_status build_statements(tg_model *m, tg_graph *g, const char *suffix, int check_only)
{
    tg_evaluator e = {.model = m, .graph = check_only ? NULL : g, .ops = g, .first_node = tg_node_count(g)};
    e.work_limit = 500000 + 20 * (int64_t)m->tokens.count;
    for (int i = 0; i < m->n_statements && e.fatal == TG_OK && e.work <= e.work_limit; i++) {
        tg_statement *s = &m->statements[i];
        if (s->broken || s->kind == TG_STATEMENT_OUTPUT) continue;
        e.statement = i;
        tg_name_entry *entry = tg_name_find(m, tg_token_text(m, s->name), m->tokens.items[s->name].length);
        build_statement(&e, s, entry, suffix);
    }
    if (e.fatal == TG_OK && e.work <= e.work_limit) build_outputs(&e);
    tg_arena_free(&e.lists);
    return m->problems.failed ? TG_ERR_MEMORY : e.fatal;
}

static int copy_output_names(tg_model *m)
{
    m->output_names = calloc((size_t)m->n_outputs + 1, sizeof(char *));
    for (int i = 0; m->output_names != NULL && i < m->n_outputs; i++) {
        m->output_names[i] = tg_token_copy(m, m->outputs[i]);
        if (m->output_names[i] == NULL) return 0;
    }
    return m->output_names != NULL;
}

tg_status tg_model_build(tg_model *m, tg_graph *g, const char *input_suffix)
{
    if (m == NULL || g == NULL) return TG_ERR_NULL;
    if (tg_graph_status(g) != TG_OK) return tg_graph_status(g);
    tg_mark before = tg_get_mark(g);
    tg_problems_cut(&m->problems, m->parse_problems);
    clear_build(m);
    report_unbound_sizes(m);
    tg_status status = default_output(m) ? TG_OK : TG_ERR_MEMORY;
    int unbound = 0;
    for (int i = 0; i < m->n_sizes; i++) unbound |= m->sizes[i].value < 0;
    if (status == TG_OK) status = build_statements(m, g, input_suffix, unbound);
    if (status == TG_OK && m->problems.count == 0 && !copy_output_names(m)) status = TG_ERR_MEMORY;
    if (status == TG_OK && m->problems.count > 0) status = TG_ERR_SYNTAX;
    if (status == TG_OK) return TG_OK;
    clear_build(m);
    tg_rewind(g, before);
    tg_clear_error(g);
    return status;
}
