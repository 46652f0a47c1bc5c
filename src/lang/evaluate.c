/* Operators and operands, by precedence: comparisons, sums, products, signs, powers, calls and indices. */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/c_locale.h"

#define DEPTH_MAX 200     /* of brackets, powers and calls */
#define NODES_MAX 5000000 /* that one program may record */

static tg_value evaluate_unary(tg_evaluator *e);

/* Goes one level deeper; 0 with a problem at the limit. */
static int descend(tg_evaluator *e, uint32_t token)
{
    if (e->depth >= DEPTH_MAX) {
        tg_value_problem(e, token, "nested more than %d deep", DEPTH_MAX);
        e->broken = 1;
        return 0;
    }
    e->depth++;
    return 1;
}

/* Counts a piece of work; functions that call each other could otherwise take exponential time. */
static int within_limits(tg_evaluator *e, uint32_t token)
{
    if (++e->work > e->work_limit) {
        tg_value_problem(e, token, "the functions of this program expand to more than %lld operations",
                         (long long)e->work_limit);
        e->broken = 1;
    } else if (e->graph != NULL && tg_node_count(e->graph) - e->first_node > NODES_MAX) {
        tg_value_problem(e, token, "this program records more than %d nodes", NODES_MAX);
        e->work = e->work_limit + 1;
        e->broken = 1;
    }
    return !e->broken;
}

/* ---- Binary operators --------------------------------------------------------------------------------- */

typedef struct binary {
    const char *symbol;
    tg_tensor *(*record)(tg_tensor *a, tg_tensor *b);
} binary;

static double compute(const char *symbol, double a, double b)
{
    switch (symbol[0]) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '/':
        return a / b;
    default:
        return pow(a, b);
    }
}

static tg_value combine(tg_evaluator *e, const binary *op, uint32_t token, const tg_value *pair)
{
    if (pair[0].kind == TG_VALUE_UNKNOWN || pair[1].kind == TG_VALUE_UNKNOWN || e->graph == NULL)
        return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    if (pair[0].kind == TG_VALUE_NUMBER && pair[1].kind == TG_VALUE_NUMBER &&
        strchr("+-*/^", op->symbol[0]) != NULL)
        return (tg_value){.kind = TG_VALUE_NUMBER,
                          .token = pair[0].token,
                          .number = compute(op->symbol, pair[0].number, pair[1].number)};
    tg_dtype dtype = tg_meeting_dtype(pair, 2);
    tg_tensor *a = tg_value_tensor(e, &pair[0], dtype), *b = tg_value_tensor(e, &pair[1], dtype);
    if (a == NULL || b == NULL) return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    return tg_value_of(e, token, op->record(a, b));
}

static const binary *operator_here(const tg_evaluator *e, const binary *operators)
{
    for (; operators->symbol != NULL; operators++)
        if (tg_next_is(e, operators->symbol)) return operators;
    return NULL;
}

/* A chain of operators of one precedence, from the left. */
static tg_value evaluate_chain(tg_evaluator *e, const binary *operators, tg_value (*operand)(tg_evaluator *))
{
    tg_value pair[2];
    const binary *op;
    pair[0] = operand(e);
    while (!e->broken && (op = operator_here(e, operators)) != NULL) {
        uint32_t token = e->at++;
        pair[1] = operand(e);
        pair[0] = combine(e, op, token, pair);
    }
    return pair[0];
}

static tg_value evaluate_product(tg_evaluator *e)
{
    static const binary operators[] = {{"*", tg_mul}, {"/", tg_div}, {"@", tg_matmul}, {NULL, NULL}};
    return evaluate_chain(e, operators, evaluate_unary);
}

static tg_value evaluate_sum(tg_evaluator *e)
{
    static const binary operators[] = {{"+", tg_add}, {"-", tg_sub}, {NULL, NULL}};
    return evaluate_chain(e, operators, evaluate_product);
}

tg_value tg_evaluate_expression(tg_evaluator *e)
{
    static const binary operators[] = {{"==", tg_eq}, {"!=", tg_ne}, {"<=", tg_le}, {">=", tg_ge},
                                       {"<", tg_lt},  {">", tg_gt},  {NULL, NULL}};
    if (!descend(e, e->at)) return (tg_value){.kind = TG_VALUE_UNKNOWN};
    tg_value value = evaluate_chain(e, operators, evaluate_sum);
    e->depth--;
    return value;
}

/* ---- Operands ----------------------------------------------------------------------------------------- */

static tg_value number(tg_evaluator *e)
{
    uint32_t token = e->at++;
    char *text = tg_token_copy(e->model, token);
    if (text == NULL) {
        e->fatal = TG_ERR_MEMORY;
        e->broken = 1;
        return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    }
    double value = tg_c_strtod(text, NULL);
    free(text);
    if (isinf(value)) return tg_value_problem(e, token, "the number is too large");
    return (tg_value){.kind = TG_VALUE_NUMBER, .token = token, .number = value, .literal = token};
}

static tg_value word(tg_evaluator *e, uint32_t token)
{
    static const char *const words[] = {"none", "true", "false", "f32", "f64", "i64", "bool"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (tg_token_is(e->model, token, words[i]))
            return (tg_value){.kind = TG_VALUE_WORD, .token = token, .word = words[i]};
    return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
}

static tg_value unknown_name(tg_evaluator *e, uint32_t token)
{
    const char *text = tg_token_text(e->model, token), *best = NULL;
    uint32_t length = e->model->tokens.items[token].length;
    int distance = 3;
    if (e->model->problems.count < TG_PROBLEMS_MAX)
        for (const tg_name_entry *n = e->model->names; n != NULL; n = n->hh.next) {
            char name[64];
            if (n->statement >= e->statement || n->length >= sizeof name) continue;
            memcpy(name, n->name, n->length);
            name[n->length] = '\0';
            const char *found = NULL;
            tg_suggest(text, length, name, &found, &distance);
            if (found != NULL) best = n->name;
        }
    if (best == NULL) return tg_value_problem(e, token, "'%.*s' has no value", (int)length, text);
    return tg_value_problem(
        e, token, "'%.*s' has no value; did you mean '%.*s'?", (int)length, text,
        (int)strspn(best, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), best);
}

static tg_value named_size(tg_evaluator *e, uint32_t token, int size)
{
    const tg_size *s = &e->model->sizes[size];
    if (e->graph == NULL) return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    return (tg_value){.kind = TG_VALUE_NUMBER, .token = token, .number = (double)s->value};
}

/* A name's value: a parameter of the function, a name of the program that was assigned before, a size. */
static tg_value name(tg_evaluator *e)
{
    uint32_t token = e->at++, length = e->model->tokens.items[token].length;
    const char *text = tg_token_text(e->model, token);
    for (int i = 0; e->scope != NULL && i < e->scope->count; i++) {
        uint32_t parameter = e->scope->first_parameter + 2 * (uint32_t)i;
        const tg_token *t = &e->model->tokens.items[parameter];
        if (t->length == length && memcmp(e->model->text + t->start, text, length) == 0)
            return e->scope->arguments[i];
    }
    const tg_name_entry *entry = tg_name_find(e->model, text, length);
    int size = entry == NULL ? tg_size_find(e->model, text, length) : -1;
    if (size >= 0) return named_size(e, token, size);
    if (entry == NULL) {
        tg_value value = word(e, token);
        return value.kind == TG_VALUE_WORD ? value : unknown_name(e, token);
    }
    if (entry->statement >= e->statement) {
        int line = 0, column;
        /* Finding the line takes as long as the program: not for problems that nobody will see. */
        if (e->model->problems.count >= TG_PROBLEMS_MAX)
            return tg_value_problem(e, token, "used before it gets its value");
        tg_problem_place(&e->model->problems,
                         e->model->tokens.items[e->model->statements[entry->statement].name].start, &line,
                         &column);
        return tg_value_problem(e, token, "'%.*s' is used before it gets its value, on line %d", (int)length,
                                text, line);
    }
    if (e->model->statements[entry->statement].kind == TG_STATEMENT_DEF)
        return tg_value_problem(e, token, "'%.*s' is a function: it needs its arguments", (int)length, text);
    tg_value value = entry->value;
    value.token = token;
    return entry->built ? value : (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
}

int tg_evaluate_items(tg_evaluator *e, const char *closing, tg_value *items, uint32_t room, uint32_t *count)
{
    *count = 0;
    while (!e->broken && !tg_next_is(e, closing)) {
        tg_value item = tg_evaluate_expression(e);
        if (*count < room) items[*count] = item;
        ++*count;
        if (e->broken) return 0;
        if (tg_next_is(e, ","))
            e->at++;
        else if (!tg_next_is(e, closing))
            tg_syntax_problem(e, e->at, closing[0] == ']' ? "',' or ']'" : "',' or ')'");
    }
    e->at++;
    return !e->broken;
}

/* How many items a list has at most: its own commas, not those of lists in it, and one. */
static uint32_t count_items(const tg_evaluator *e, uint32_t open)
{
    const tg_token *tokens = e->model->tokens.items;
    uint32_t count = 1, end = tokens[open].match < e->end ? tokens[open].match : e->end;
    for (uint32_t i = open + 1; i<end; i = tokens[i].match> i ? tokens[i].match : i + 1)
        if (tg_token_is(e->model, i, ",")) count++;
    return count;
}

static tg_value list(tg_evaluator *e)
{
    uint32_t token = e->at++, count = 0, room = count_items(e, token);
    tg_value *items = tg_arena_take(&e->lists, room * sizeof *items);
    if (items == NULL) {
        e->fatal = TG_ERR_MEMORY;
        e->broken = 1;
        return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    }
    if (!tg_evaluate_items(e, "]", items, room, &count) || count > room)
        return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    for (uint32_t i = 0; i < count; i++)
        if (items[i].kind == TG_VALUE_UNKNOWN) return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    tg_value value = {.kind = TG_VALUE_LIST, .token = token, .items = items, .count = count};
    value.meets = tg_meets_dtype(items, count, &value.meeting);
    return value;
}

static tg_value parenthesised(tg_evaluator *e)
{
    e->at++;
    tg_value value = tg_evaluate_expression(e);
    if (e->broken) return value;
    if (!tg_next_is(e, ")")) return tg_syntax_problem(e, e->at, "')'");
    e->at++;
    return value;
}

static tg_value primary(tg_evaluator *e)
{
    uint32_t token = e->at;
    if (token >= e->end) return tg_syntax_problem(e, token, "an expression");
    if (!within_limits(e, token)) return (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token};
    tg_token_kind kind = e->model->tokens.items[token].kind;
    if (kind == TG_TOKEN_NUMBER) return number(e);
    if (kind == TG_TOKEN_NAME && token + 1 < e->end && tg_token_is(e->model, token + 1, "(")) {
        e->at++;
        return tg_evaluate_call(e, token);
    }
    if (kind == TG_TOKEN_NAME) return name(e);
    if (tg_next_is(e, "(")) return parenthesised(e);
    if (tg_next_is(e, "[")) return list(e);
    return tg_syntax_problem(e, token, "an expression");
}

static tg_value evaluate_postfix(tg_evaluator *e)
{
    tg_value value = primary(e);
    while (!e->broken && tg_next_is(e, "[")) value = tg_evaluate_index(e, value);
    return value;
}

/* a ^ b ^ c is a ^ (b ^ c), and b may have a sign. */
static tg_value evaluate_power(tg_evaluator *e)
{
    static const binary power = {"^", tg_pow};
    tg_value pair[2];
    pair[0] = evaluate_postfix(e);
    if (e->broken || !tg_next_is(e, "^")) return pair[0];
    uint32_t token = e->at++;
    if (!descend(e, token)) return pair[0];
    pair[1] = evaluate_unary(e);
    e->depth--;
    return e->broken ? pair[1] : combine(e, &power, token, pair);
}

static tg_value negate(tg_evaluator *e, uint32_t token, tg_value value)
{
    if (value.kind == TG_VALUE_UNKNOWN) return value;
    if (value.kind == TG_VALUE_NUMBER) {
        value.number = -value.number;
        value.negative = !value.negative;
        value.token = token;
        return value;
    }
    tg_tensor *t = tg_value_tensor(e, &value, TG_F64);
    return t == NULL ? (tg_value){.kind = TG_VALUE_UNKNOWN, .token = token}
                     : tg_value_of(e, token, tg_neg(t));
}

static tg_value evaluate_unary(tg_evaluator *e)
{
    uint32_t token = e->at, signs = 0;
    while (tg_next_is(e, "-")) {
        e->at++;
        signs++;
    }
    tg_value value = evaluate_power(e);
    return e->broken || signs % 2 == 0 ? value : negate(e, token, value);
}
