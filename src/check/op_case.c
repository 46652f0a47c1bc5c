/* Reading the cases of records, and the values that their operands get. */
#include "op_case.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "graph/c_locale.h"

/* ---- Text --------------------------------------------------------------------------------------------- */

static int fail(tg_op_case *c, const char *what, const char *at)
{
    snprintf(c->error, sizeof c->error, "%.40s: case \"%.60s\": %.30s at \"%.12s\"", c->op->name, c->text,
             what, at);
    return 0;
}

static int take(const char **at, char symbol)
{
    while (**at == ' ') ++*at;
    if (**at != symbol) return 0;
    ++*at;
    return 1;
}

static int read_integer(const char **at, int64_t *value)
{
    while (**at == ' ') ++*at;
    char *end;
    *value = strtoll(*at, &end, 10);
    if (end == *at) return 0;
    *at = end;
    return 1;
}

/* "[2, 3]" */
static int read_list(const char **at, int64_t *values, int *n)
{
    *n = 0;
    if (!take(at, '[')) return 0;
    if (take(at, ']')) return 1;
    do {
        if (*n == TG_MAX_RANK || !read_integer(at, &values[*n])) return 0;
        ++*n;
    } while (take(at, ','));
    return take(at, ']');
}

static int read_word(const char **at, char *word, size_t size)
{
    size_t n = 0;
    while (**at == ' ') ++*at;
    while ((isalnum((unsigned char)**at) || strchr("_.+-", **at) != NULL) && **at != '\0' && n + 1 < size)
        word[n++] = *(*at)++;
    word[n] = '\0';
    return n > 0;
}

/* ---- Attributes --------------------------------------------------------------------------------------- */

static int read_dtype(const char *word, int64_t *dtype)
{
    for (*dtype = TG_F32; *dtype <= TG_BOOL; ++*dtype)
        if (strcmp(word, tg_dtype_name((tg_dtype)*dtype)) == 0) return 1;
    return 0;
}

/* A number alone is a list of one. */
static int read_ints(const char **at, tg_ints *list)
{
    int n = 0;
    memset(list, 0, sizeof *list);
    if (strncmp(*at, "none", 4) == 0) {
        *at += 4;
        list->count = -1;
        return 1;
    }
    if (**at != '[') {
        list->count = 1;
        return read_integer(at, &list->values[0]);
    }
    int well = read_list(at, list->values, &n);
    list->count = n;
    return well;
}

static int read_attribute(const char **at, const tg_attr *a, unsigned char *struct_)
{
    char word[40];
    int64_t integer = 0;
    tg_ints list;
    if (a->kind == TG_ATTR_INTS) {
        if (!read_ints(at, &list)) return 0;
        memcpy(struct_ + a->offset, &list, sizeof list);
        return 1;
    }
    if (!read_word(at, word, sizeof word)) return 0;
    char *end = word + strlen(word);
    if (a->kind == TG_ATTR_FLOAT) {
        double number = tg_c_strtod(word, &end);
        memcpy(struct_ + a->offset, &number, sizeof number);
        return *end == '\0';
    }
    if (a->kind == TG_ATTR_DTYPE) {
        if (!read_dtype(word, &integer)) return 0;
    } else if (a->kind == TG_ATTR_BOOL) {
        integer = strcmp(word, "true") == 0;
        if (!integer && strcmp(word, "false") != 0) return 0;
    } else {
        integer = strtoll(word, &end, 10);
    }
    memcpy(struct_ + a->offset, &integer, sizeof integer);
    return *end == '\0';
}

static int read_keywords(tg_op_case *c, const char **at, int more)
{
    unsigned given = 0;
    for (; more; more = take(at, ',')) {
        char name[40];
        int i = 0;
        if (!read_word(at, name, sizeof name) || !take(at, '=')) return fail(c, "no name=", *at);
        while (i < c->op->n_attrs && strcmp(name, c->op->attrs[i].name) != 0) i++;
        if (i == c->op->n_attrs) return fail(c, "unknown attribute", name);
        while (**at == ' ') ++*at;
        if (!read_attribute(at, &c->op->attrs[i], c->attr)) return fail(c, "malformed value", *at);
        given |= 1u << i;
    }
    for (int i = 0; i < c->op->n_attrs; i++) {
        const tg_attr *a = &c->op->attrs[i];
        const char *text = a->fallback;
        if ((given >> i & 1u) != 0) continue;
        if (text == NULL) return fail(c, "missing attribute", a->name);
        if (!read_attribute(&text, a, c->attr) || *text != '\0')
            return fail(c, "malformed fallback", a->name);
    }
    return 1;
}

/* ---- Operands ----------------------------------------------------------------------------------------- */

static int read_operand(tg_op_case *c, const char **at, tg_dtype floating)
{
    int k = c->n_inputs, rank;
    int64_t number = 0, shape[TG_MAX_RANK];
    const char *start = *at;
    if (k == TG_OP_CASE_INPUTS) return fail(c, "too many operands", start);
    c->same_as[k] = -1;
    c->n_inputs++;
    char letter = *(*at)++;
    if (letter == '#') {
        if (!read_integer(at, &number) || number < 1 || number > k) return fail(c, "no such operand", start);
        c->same_as[k] = (int)number - 1;
        c->types[k] = c->types[number - 1];
        return 1;
    }
    if (letter == 'i' && !read_integer(at, &c->below[k])) return fail(c, "i without a number", start);
    if (!read_list(at, shape, &rank)) return fail(c, "malformed shape", start);
    tg_dtype dtype = letter == 'f' ? floating : letter == 'b' ? TG_BOOL : TG_I64;
    if (tg_type_make(&c->types[k], dtype, rank, shape, NULL) != TG_OK) return fail(c, "bad shape", start);
    return 1;
}

static int is_operand(const char *at)
{
    return *at == '#' || ((*at == 'f' || *at == 'b') && at[1] == '[') ||
           (*at == 'i' && isdigit((unsigned char)at[1]));
}

static int parse(tg_op_case *c, tg_dtype floating)
{
    const char *at = c->text;
    size_t n = strlen(c->op->name);
    if (strncmp(at, c->op->name, n) != 0 || at[n] != '(') return fail(c, "another name", at);
    at += n + 1;
    int more = 1;
    while (more) {
        while (*at == ' ') at++;
        if (!is_operand(at)) break;
        if (!read_operand(c, &at, floating)) return 0;
        more = take(&at, ',');
    }
    while (*at == ' ') at++;
    if (!read_keywords(c, &at, more && *at != ')')) return 0;
    if (!take(&at, ')') || *at != '\0') return fail(c, "no end", at);
    return 1;
}

/* ---- Cases for elementwise operations ----------------------------------------------------------------- */

/* By the number of operands. K stands for their kind: f, or b for operations of truth values. */
static const char *const templates[][6] = {
    {"K[3, 5]", "K[]", "K[1]", "K[0, 3]"},
    {"K[3, 5], K[3, 5]", "K[2, 1], K[3]", "K[], K[3]", "K[1], K[1]", "K[0, 3], K[3]", "K[2, 3], #1"},
    {"K[2, 3], K[2, 3], K[2, 3]", "K[2, 1], K[3], K[]"},
    {"K[2, 3], K[2, 3], K[2, 3], K[2, 3]"},
};

/* A variadic operation gets two. */
static int operand_count(const tg_op *op)
{
    return op->n_inputs == TG_VARIADIC ? 2 : op->n_inputs;
}

/* The attributes are the defaults. */
static int takes_floats(const tg_op_case *c)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *inputs[TG_OP_CASE_INPUTS];
    for (int k = 0; k < operand_count(c->op); k++) {
        char name[2] = {(char)('a' + k), '\0'};
        inputs[k] = tg_input(g, name, TG_F64, 0, NULL);
    }
    int accepted = tg_apply(g, c->op, inputs, operand_count(c->op), c->attr) != NULL;
    tg_graph_free(g);
    return accepted;
}

static int made_text(tg_op_case *c, int i)
{
    if (!read_keywords(c, &(const char *){""}, 0)) return 0;
    char kind = takes_floats(c) ? 'f' : 'b';
    snprintf(c->text, sizeof c->text, "%s(%s)", c->op->name, templates[operand_count(c->op) - 1][i]);
    for (char *at = c->text; *at != '\0'; at++)
        if (*at == 'K') *at = kind;
    return 1;
}

int tg_op_case_guesses(const tg_op *op)
{
    int n = 0, operands = operand_count(op);
    if (operands < 1 || operands > TG_OP_CASE_INPUTS) return 0;
    while (n < 6 && templates[operands - 1][n] != NULL) n++;
    return n;
}

int tg_op_case_count(const tg_op *op)
{
    int n = 0;
    if (op->cases == NULL) return (op->flags & TG_OP_ELEMENTWISE) != 0 ? tg_op_case_guesses(op) : 0;
    while (op->cases[n] != NULL) n++;
    return n;
}

int tg_op_case_make(tg_op_case *c, const tg_op *op, int i, tg_dtype floating)
{
    memset(c, 0, sizeof *c);
    c->op = op;
    if (op->cases != NULL)
        snprintf(c->text, sizeof c->text, "%s", op->cases[i]);
    else if (!made_text(c, i))
        return 0;
    return parse(c, floating);
}

int tg_op_case_differentiable(const tg_op_case *c, int k)
{
    return (c->types[k].dtype == TG_F32 || c->types[k].dtype == TG_F64) && c->same_as[k] < 0;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static uint64_t key_of(const tg_op_case *c, const char *purpose)
{
    return tg_random_key(tg_random_key(0, purpose), c->text);
}

/* Uniform in [0, 1), of 24 bits. */
static double uniform(uint64_t key, int64_t i)
{
    uint32_t words[4];
    tg_philox(key, (uint64_t)i, 0, words);
    return (double)(words[0] >> 8) * 0x1p-24;
}

/* Place `place` of n in the domain: the middle of its share of it, moved by up to a quarter of the share, and
 * then away from 0 when that lies inside. */
static double place_in(tg_domain domain, int64_t place, int64_t n, double shift)
{
    if (domain.low == 0 && domain.high == 0) domain = (tg_domain){-2, 2};
    double value = domain.low + (domain.high - domain.low) * ((double)place + 0.25 + 0.5 * shift) / (double)n;
    double gap = 0.05;
    if (domain.low < 0 && domain.high > 0)
        value = value * (1 - gap / fmax(-domain.low, domain.high)) + copysign(gap, value);
    return (double)(float)value;
}

static int float_values(const tg_op_case *c, int k, double *values)
{
    int64_t total = 0, first = 0;
    for (int i = 0; i < c->n_inputs; i++) {
        if (i == k) first = total;
        if (tg_op_case_differentiable(c, i)) total += tg_type_count(&c->types[i]);
    }
    int64_t *order = malloc(((size_t)total + 1) * sizeof *order);
    if (order == NULL) return 0;
    uint64_t key = key_of(c, "values");
    tg_random_permutation(key, total, order);
    for (int64_t i = 0; i < tg_type_count(&c->types[k]); i++)
        values[i] = place_in(c->op->domain, order[first + i], total, uniform(key, first + i));
    free(order);
    return 1;
}

int tg_op_case_values(const tg_op_case *c, int k, double *values)
{
    if (c->same_as[k] >= 0) k = c->same_as[k];
    if (tg_op_case_differentiable(c, k)) return float_values(c, k, values);
    uint64_t key = key_of(c, "values") + (uint64_t)k;
    uint64_t below = c->types[k].dtype == TG_BOOL ? 2 : (uint64_t)c->below[k];
    for (int64_t i = 0; i < tg_type_count(&c->types[k]); i++)
        values[i] = (double)tg_random_below(key, (uint64_t)i, below);
    if (below == 2 && tg_type_count(&c->types[k]) > 1) values[0] = 1 - values[1];
    return 1;
}

void tg_op_case_random(const tg_op_case *c, const char *purpose, int64_t n, double *values)
{
    uint64_t key = key_of(c, purpose);
    for (int64_t i = 0; i < n; i++) values[i] = (double)(float)(2 * uniform(key, i) - 1);
}
