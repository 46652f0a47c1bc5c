/* Statements: their kinds, names, declared types and initialisers. Expressions are read when the model is built. */
#include <stdlib.h>
#include <string.h>

#include "graph/c_locale.h"
#include "model.h"

static int is_name(const tg_model *m, uint32_t token)
{
    return m->tokens.items[token].kind == TG_TOKEN_NAME;
}

/* Reports what was expected instead of the token. Returns 0. */
static int expected(tg_model *m, uint32_t token, const char *what)
{
    char label[64];
    tg_token_problem(m, token, "expected %s, found %s", what, tg_token_label(m, token, label, sizeof label));
    return 0;
}

/* ---- Names -------------------------------------------------------------------------------------------- */

static int line_of(const tg_model *m, uint32_t token)
{
    int line, column;
    tg_problem_place(&m->problems, m->tokens.items[token].start, &line, &column);
    return line;
}

/* 1 when the statement's name is new; TG_ERR_MEMORY comes back as -1. */
static int claim_name(tg_model *m, uint32_t token, int statement)
{
    const char *name = tg_token_text(m, token);
    uint32_t length = m->tokens.items[token].length;
    tg_name_entry *entry = tg_name_find(m, name, length);
    if (entry != NULL && m->problems.count >= TG_PROBLEMS_MAX) {
        m->problems.more++;
        return 0;
    }
    if (entry != NULL) {
        tg_token_problem(m, token, "'%.*s' has a value already, from line %d: a name is assigned once",
                         (int)length, name, line_of(m, m->statements[entry->statement].name));
        return 0;
    }
    entry = calloc(1, sizeof *entry);
    if (entry == NULL) return -1;
    entry->name = name;
    entry->length = length;
    entry->statement = statement;
    HASH_ADD_KEYPTR(hh, m->names, entry->name, length, entry);
    if (tg_hash_added(entry)) return 1;
    free(entry);
    return -1;
}

/* ---- Types -------------------------------------------------------------------------------------------- */

static int read_dtype(tg_model *m, uint32_t token, tg_dtype *dtype)
{
    for (int d = TG_F32; d <= TG_BOOL; d++)
        if (tg_token_is(m, token, tg_dtype_name((tg_dtype)d))) {
            *dtype = (tg_dtype)d;
            return 1;
        }
    return expected(m, token, "a type (f32, f64, i64 or bool)");
}

#define SIZES_MAX 1000

/* The number of the size that a token names, new or not; -1 with a problem. */
static int add_size(tg_model *m, uint32_t token)
{
    int found = tg_size_find(m, tg_token_text(m, token), m->tokens.items[token].length);
    if (found >= 0) return found;
    if (m->n_sizes == SIZES_MAX) {
        tg_token_problem(m, token, "more than %d named sizes", SIZES_MAX);
        return -1;
    }
    char *name = tg_token_copy(m, token);
    if (name == NULL || !tg_reserve((void **)&m->sizes, m->n_sizes, &m->sizes_room, sizeof *m->sizes)) {
        free(name);
        m->problems.failed = 1;
        return -1;
    }
    m->sizes[m->n_sizes] = (tg_size){name, token, -1};
    return m->n_sizes++;
}

/* One axis: a number or the name of a size. */
static int read_axis(tg_model *m, uint32_t token, tg_declared *d)
{
    if (d->rank == TG_MAX_RANK) {
        tg_token_problem(m, token, "a tensor has at most %d axes", TG_MAX_RANK);
        return 0;
    }
    d->size[d->rank] = -1;
    if (is_name(m, token)) {
        d->size[d->rank] = add_size(m, token);
        d->shape[d->rank] = -1;
        return d->size[d->rank++] >= 0;
    }
    char *text = tg_token_copy(m, token), *end = text;
    long long value = -1;
    if (text != NULL && m->tokens.items[token].kind == TG_TOKEN_NUMBER) value = strtoll(text, &end, 10);
    int whole = text != NULL && end != text && *end == '\0' && value >= 0 && value < INT64_MAX;
    free(text);
    if (!whole) return expected(m, token, "a size: a whole number or a name");
    d->shape[d->rank++] = value;
    return 1;
}

/* "f64[N, 4]" from *at on, which moves behind it. */
static int read_type(tg_model *m, uint32_t *at, tg_declared *d)
{
    if (!read_dtype(m, (*at)++, &d->dtype)) return 0;
    if (!tg_token_is(m, *at, "[")) return expected(m, *at, "'[' and the shape ('[]' for a scalar)");
    ++*at;
    while (!tg_token_is(m, *at, "]")) {
        if (!read_axis(m, (*at)++, d)) return 0;
        if (tg_token_is(m, *at, ","))
            ++*at;
        else if (!tg_token_is(m, *at, "]"))
            return expected(m, *at, "',' or ']'");
    }
    ++*at;
    return 1;
}

/* ---- Initialisers ------------------------------------------------------------------------------------- */

static int read_number(tg_model *m, uint32_t *at, double *value)
{
    int negative = tg_token_is(m, *at, "-");
    if (negative) ++*at;
    if (m->tokens.items[*at].kind != TG_TOKEN_NUMBER) return expected(m, *at, "a number");
    char *text = tg_token_copy(m, (*at)++);
    if (text == NULL) {
        m->problems.failed = 1;
        return 0;
    }
    *value = negative ? -tg_c_strtod(text, NULL) : tg_c_strtod(text, NULL);
    free(text);
    return 1;
}

static int read_init(tg_model *m, uint32_t *at, tg_init *init)
{
    static const struct {
        const char *name;
        tg_init_kind kind;
        double a;
        int arguments;
    } kinds[] = {
        {"zeros", TG_INIT_KIND_ZEROS, 0, 0},
        {"ones", TG_INIT_KIND_CONSTANT, 1, 0},
        {"constant", TG_INIT_KIND_CONSTANT, 0, 1},
        {"uniform", TG_INIT_KIND_UNIFORM, 0, 2},
        {"normal", TG_INIT_KIND_NORMAL, 0, 2},
        {"glorot", TG_INIT_KIND_GLOROT, 0, 0},
        {"he", TG_INIT_KIND_HE, 0, 0},
    };
    size_t i = 0, n = sizeof kinds / sizeof kinds[0];
    while (i < n && !tg_token_is(m, *at, kinds[i].name)) i++;
    if (i == n)
        return expected(
            m, *at,
            "an initialiser (zeros, ones, constant(v), uniform(lo, hi), normal(mean, std), glorot, he)");
    ++*at;
    *init = (tg_init){kinds[i].kind, kinds[i].a, 0};
    if (kinds[i].arguments == 0) return 1;
    if (!tg_token_is(m, (*at)++, "(")) return expected(m, *at - 1, "'('");
    if (!read_number(m, at, &init->a)) return 0;
    if (kinds[i].arguments == 2) {
        if (!tg_token_is(m, (*at)++, ",")) return expected(m, *at - 1, "','");
        if (!read_number(m, at, &init->b)) return 0;
    }
    return tg_token_is(m, (*at)++, ")") ? 1 : expected(m, *at - 1, "')'");
}

/* ---- Statements --------------------------------------------------------------------------------------- */

static int declare(tg_model *m, tg_statement *s, tg_declared *d)
{
    d->name = tg_token_copy(m, s->name);
    if (d->name == NULL || !tg_reserve((void **)&m->declared, m->n_declared, &m->declared_room, sizeof *d)) {
        free(d->name);
        m->problems.failed = 1;
        return 0;
    }
    s->declaration = m->n_declared;
    d->number = tg_model_declaration_count(m);
    m->declared[m->n_declared++] = *d;
    return 1;
}

/* "input x : TYPE" and "param W : TYPE = INIT". */
static int parse_declaration(tg_model *m, tg_statement *s)
{
    uint32_t at = s->name + 1;
    tg_declared d = {.is_input = s->kind == TG_STATEMENT_INPUT, .init = TG_INIT_ZEROS};
    if (!tg_token_is(m, at, ":")) return expected(m, at, "':' and a type");
    at++;
    if (!read_type(m, &at, &d)) return 0;
    if (!d.is_input && tg_token_is(m, at, "=")) {
        at++;
        if (!read_init(m, &at, &d.init)) return 0;
    }
    if (at != s->end)
        return expected(m, at, d.is_input ? "the end of the line" : "'=' or the end of the line");
    if (!d.is_input && d.dtype != TG_F32 && d.dtype != TG_F64) {
        tg_token_problem(m, s->name, "a param must be f32 or f64");
        return 0;
    }
    return declare(m, s, &d);
}

static int parse_const(tg_model *m, tg_statement *s)
{
    uint32_t at = s->name + 1;
    if (tg_token_is(m, at, ":")) {
        tg_declared d = {.is_const = 1};
        at++;
        if (!read_type(m, &at, &d) || !declare(m, s, &d)) return 0;
    }
    if (!tg_token_is(m, at, "=")) return expected(m, at, "'='");
    s->expression = at + 1;
    return 1;
}

/* "def f(a, b) = EXPRESSION": the parameters stay tokens. */
static int parse_def(tg_model *m, tg_statement *s)
{
    uint32_t at = s->name + 1;
    if (!tg_token_is(m, at, "(")) return expected(m, at, "'(' and the parameters");
    at++;
    while (!tg_token_is(m, at, ")")) {
        if (!is_name(m, at)) return expected(m, at, "a parameter's name");
        at++;
        if (tg_token_is(m, at, ","))
            at++;
        else if (!tg_token_is(m, at, ")"))
            return expected(m, at, "',' or ')'");
    }
    at++;
    if (!tg_token_is(m, at, "=")) return expected(m, at, "'='");
    s->expression = at + 1;
    return 1;
}

static int parse_output(tg_model *m, tg_statement *s)
{
    for (uint32_t at = s->name;; at += 2) {
        if (!is_name(m, at)) return expected(m, at, "a name");
        if (!tg_reserve((void **)&m->outputs, m->n_outputs, &m->outputs_room, sizeof *m->outputs)) {
            m->problems.failed = 1;
            return 0;
        }
        m->outputs[m->n_outputs++] = at;
        if (at + 1 == s->end) return 1;
        if (!tg_token_is(m, at + 1, ",")) return expected(m, at + 1, "',' or the end of the line");
    }
}

static int parse_assignment(tg_model *m, tg_statement *s)
{
    if (!tg_token_is(m, s->name + 1, "=")) return expected(m, s->name + 1, "'='");
    s->expression = s->name + 2;
    return 1;
}

/* The kind by the first word, when a name follows it: 'input = 3' assigns to a name. */
static tg_statement_kind kind_of(const tg_model *m, uint32_t first)
{
    static const char *const words[] = {"input", "param", "const", "def", "output"};
    for (int k = 0; k < 5; k++)
        if (tg_token_is(m, first, words[k]) && !tg_token_is(m, first + 1, "=")) return (tg_statement_kind)k;
    return TG_STATEMENT_ASSIGN;
}

static tg_status parse_statement(tg_model *m, uint32_t first, uint32_t end)
{
    static int (*const parsers[])(tg_model *, tg_statement *) = {
        parse_declaration, parse_declaration, parse_const, parse_def, parse_output, parse_assignment};
    if (!tg_reserve((void **)&m->statements, m->n_statements, &m->statements_room, sizeof *m->statements))
        return TG_ERR_MEMORY;
    int number = m->n_statements++;
    tg_statement *s = &m->statements[number];
    *s = (tg_statement){
        .kind = kind_of(m, first), .first = first, .end = end, .expression = end, .declaration = -1};
    s->name = s->kind == TG_STATEMENT_ASSIGN ? first : first + 1;
    if (!is_name(m, s->name)) {
        s->broken = 1;
        expected(m, s->name, s->kind == TG_STATEMENT_ASSIGN ? "a statement" : "a name");
        return TG_OK;
    }
    int claimed = s->kind == TG_STATEMENT_OUTPUT ? 1 : claim_name(m, s->name, number);
    s->broken = claimed != 1 || !parsers[s->kind](m, s);
    if (!s->broken && s->expression == end && s->kind != TG_STATEMENT_INPUT &&
        s->kind != TG_STATEMENT_PARAM && s->kind != TG_STATEMENT_OUTPUT)
        s->broken = !expected(m, end, "an expression");
    return claimed < 0 ? TG_ERR_MEMORY : TG_OK;
}

/* A name cannot also be a size. */
static void check_sizes(tg_model *m)
{
    for (int i = 0; i < m->n_sizes; i++) {
        const tg_name_entry *entry = tg_name_find(m, m->sizes[i].name, (uint32_t)strlen(m->sizes[i].name));
        if (entry != NULL)
            tg_token_problem(m, m->statements[entry->statement].name,
                             "'%s' is the name of a size, from line %d", m->sizes[i].name,
                             line_of(m, m->sizes[i].token));
    }
}

/* The statement that holds a byte of the text, or -1. */
static int statement_at(const tg_model *m, uint32_t byte)
{
    int low = 0, high = m->n_statements - 1;
    while (low <= high) {
        int middle = (low + high) / 2;
        const tg_statement *s = &m->statements[middle];
        if (byte < m->tokens.items[s->first].start)
            high = middle - 1;
        else if (byte > m->tokens.items[s->end].start)
            low = middle + 1;
        else
            return middle;
    }
    return -1;
}

/* What the lexer could not read would only give rise to further problems. */
static void mark_broken(tg_model *m)
{
    for (int i = 0; i < m->problems.count; i++) {
        int found = statement_at(m, m->problems.items[i].start);
        if (found >= 0) m->statements[found].broken = 1;
    }
}

tg_status tg_parse(tg_model *m)
{
    uint32_t at = 0;
    while (m->tokens.items[at].kind != TG_TOKEN_END) {
        uint32_t end = at;
        while (m->tokens.items[end].kind != TG_TOKEN_NEWLINE && m->tokens.items[end].kind != TG_TOKEN_END)
            end++;
        if (end > at && parse_statement(m, at, end) != TG_OK) return TG_ERR_MEMORY;
        at = m->tokens.items[end].kind == TG_TOKEN_END ? end : end + 1;
    }
    mark_broken(m);
    check_sizes(m);
    return m->problems.failed ? TG_ERR_MEMORY : TG_OK;
}
