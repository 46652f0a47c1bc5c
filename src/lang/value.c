/* Values: numbers and lists that become tensors where they meet some. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "graph/c_locale.h"

tg_value tg_value_problem(tg_evaluator *e, uint32_t token, const char *format, ...)
{
    tg_value unknown = {.kind = TG_VALUE_UNKNOWN, .token = token};
    char message[900];
    va_list args;
    va_start(args, format);
    tg_c_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tg_token_problem(e->model, token, "%s", message);
    return unknown;
}

tg_value tg_syntax_problem(tg_evaluator *e, uint32_t token, const char *expected)
{
    char label[64];
    tg_value unknown = {.kind = TG_VALUE_UNKNOWN, .token = token};
    if (!e->broken)
        unknown = tg_value_problem(e, token, "expected %s, found %s", expected,
                                   token < e->end ? tg_token_label(e->model, token, label, sizeof label)
                                                  : "the end of the line");
    e->broken = 1;
    return unknown;
}

tg_value tg_value_of(tg_evaluator *e, uint32_t token, tg_tensor *tensor)
{
    if (tensor != NULL) return (tg_value){.kind = TG_VALUE_TENSOR, .token = token, .tensor = tensor};
    tg_status status = tg_graph_status(e->graph);
    if (status == TG_ERR_MEMORY) {
        e->fatal = TG_ERR_MEMORY;
        e->broken = 1;
    }
    tg_value unknown = tg_value_problem(e, token, "%s", tg_error(e->graph));
    tg_clear_error(e->graph);
    return unknown;
}

/* A list knows what it holds: looking into it each time could take exponential time, since lists can share items. */
int tg_meets_dtype(const tg_value *values, uint32_t count, tg_dtype *dtype)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].kind == TG_VALUE_TENSOR && tg_dtype_of(values[i].tensor) != TG_BOOL) {
            *dtype = tg_dtype_of(values[i].tensor);
            return 1;
        }
        if (values[i].kind == TG_VALUE_LIST && values[i].meets) {
            *dtype = values[i].meeting;
            return 1;
        }
    }
    return 0;
}

tg_dtype tg_meeting_dtype(const tg_value *values, uint32_t count)
{
    tg_dtype dtype = TG_F64;
    tg_meets_dtype(values, count, &dtype);
    return dtype;
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

/* A double of that size or more may have been rounded from another whole number. */
#define EXACT_BELOW 0x1p53

/* A literal is rounded once, from its own text, so that f32 values are exact too. */
static float as_f32(const tg_evaluator *e, const tg_value *value)
{
    if (value->literal == 0) return (float)value->number;
    const tg_token *t = &e->model->tokens.items[value->literal];
    char text[64];
    if (t->length >= sizeof text) return (float)value->number;
    memcpy(text, e->model->text + t->start, t->length);
    text[t->length] = '\0';
    float read = tg_c_strtof(text, NULL);
    return value->negative ? -read : read;
}

static int is_digits(const tg_evaluator *e, const tg_value *value)
{
    const tg_token *t = &e->model->tokens.items[value->literal];
    const char *text = e->model->text + t->start;
    uint32_t i = 0;
    while (i < t->length && text[i] >= '0' && text[i] <= '9') i++;
    return value->literal != 0 && i == t->length;
}

int tg_value_integer(const tg_evaluator *e, const tg_value *value, int64_t *integer)
{
    if (value->kind != TG_VALUE_NUMBER) return 0;
    if (!is_digits(e, value)) {
        *integer = fabs(value->number) < EXACT_BELOW ? (int64_t)value->number : 0;
        return (double)*integer == value->number;
    }
    const tg_token *t = &e->model->tokens.items[value->literal];
    uint64_t most = (uint64_t)INT64_MAX + (value->negative ? 1 : 0), sum = 0;
    for (uint32_t i = 0; i < t->length; i++) {
        uint64_t digit = (uint64_t)(e->model->text[t->start + i] - '0');
        if (sum > (most - digit) / 10) return 0;
        sum = 10 * sum + digit;
    }
    *integer = value->negative ? -(int64_t)(sum / 2) - (int64_t)(sum - sum / 2) : (int64_t)sum;
    return 1;
}

/* The number as the program has it, for messages. */
static const char *number_text(const tg_evaluator *e, const tg_value *value, char *text, size_t size)
{
    const tg_token *t = &e->model->tokens.items[value->literal];
    if (value->literal == 0)
        tg_c_snprintf(text, size, "%.17g", value->number);
    else
        snprintf(text, size, "%s%.*s", value->negative ? "-" : "", (int)(t->length < 40 ? t->length : 40),
                 e->model->text + t->start);
    return text;
}

/* Writes the value as one element. 0 with a problem when the type does not have it. */
static int write_element(tg_evaluator *e, const tg_value *value, tg_dtype dtype, void *to)
{
    int64_t integer = 0;
    float single;
    if (value->kind == TG_VALUE_WORD && dtype == TG_BOOL && value->word[0] != 'n' &&
        (strcmp(value->word, "true") == 0 || strcmp(value->word, "false") == 0)) {
        *(unsigned char *)to = value->word[0] == 't';
        return 1;
    }
    if (value->kind != TG_VALUE_NUMBER) {
        char label[64];
        if (value->kind != TG_VALUE_UNKNOWN)
            tg_value_problem(e, value->token, "expected a number, found %s",
                             tg_token_label(e->model, value->token, label, sizeof label));
        return 0;
    }
    switch (dtype) {
    case TG_F32:
        single = as_f32(e, value);
        if (isinf(single) && !isinf(value->number)) break;
        memcpy(to, &single, sizeof single);
        return 1;
    case TG_F64:
        memcpy(to, &value->number, sizeof value->number);
        return 1;
    case TG_I64:
        if (!tg_value_integer(e, value, &integer)) break;
        memcpy(to, &integer, sizeof integer);
        return 1;
    case TG_BOOL:
        if (!tg_value_integer(e, value, &integer) || integer < 0 || integer > 1) break;
        *(unsigned char *)to = (unsigned char)integer;
        return 1;
    }
    char text[64];
    int may_be_rounded = dtype == TG_I64 && !is_digits(e, value) && fabs(value->number) >= EXACT_BELOW &&
                         fabs(value->number) < 0x1p63;
    tg_value_problem(e, value->token, "%s is not a value of type %s%s",
                     number_text(e, value, text, sizeof text), tg_dtype_name(dtype),
                     may_be_rounded ? ": numbers are f64, exact below 2^53, but for literals of digits alone"
                                    : "");
    return 0;
}

/* ---- Lists -------------------------------------------------------------------------------------------- */

/* The shape of nested lists: every list at one depth must be as long as the first. */
static int list_shape(tg_evaluator *e, const tg_value *value, int64_t *shape, int *rank)
{
    *rank = 0;
    for (const tg_value *v = value; v->kind == TG_VALUE_LIST; v = &v->items[0]) {
        if (*rank == TG_MAX_RANK) {
            tg_value_problem(e, value->token, "a tensor has at most %d axes", TG_MAX_RANK);
            return 0;
        }
        shape[(*rank)++] = v->count;
        if (v->count == 0) break;
    }
    return 1;
}

static int write_list(tg_evaluator *e, const tg_value *value, const int64_t *shape, int rank, tg_dtype dtype,
                      char **to)
{
    if (rank == 0) {
        if (!write_element(e, value, dtype, *to)) return 0;
        *to += tg_dtype_size(dtype);
        return 1;
    }
    if (value->kind != TG_VALUE_LIST || value->count != shape[0]) {
        tg_value_problem(e, value->token, "the lists are not of one length: expected %lld element%s here",
                         (long long)shape[0], shape[0] == 1 ? "" : "s");
        return 0;
    }
    for (uint32_t i = 0; i < value->count; i++)
        if (!write_list(e, &value->items[i], shape + 1, rank - 1, dtype, to)) return 0;
    return 1;
}

static tg_tensor *list_tensor(tg_evaluator *e, const tg_value *value, tg_dtype dtype)
{
    int64_t shape[TG_MAX_RANK];
    int rank;
    tg_type type;
    if (!list_shape(e, value, shape, &rank) || tg_type_make(&type, dtype, rank, shape, NULL) != TG_OK)
        return NULL;
    /* Ragged lists could promise more elements than there are tokens. */
    if (tg_type_count(&type) > e->model->tokens.count) {
        tg_value_problem(e, value->token, "the lists are not of one length");
        return NULL;
    }
    e->work += tg_type_count(&type);
    char *data = malloc(tg_type_bytes(&type) + 1), *to = data;
    if (data == NULL) {
        e->fatal = TG_ERR_MEMORY;
        return NULL;
    }
    tg_tensor *t = NULL;
    if (write_list(e, value, shape, rank, dtype, &to)) {
        t = tg_constant(e->graph, dtype, rank, shape, data);
        if (t == NULL) tg_value_of(e, value->token, NULL);
    }
    free(data);
    return t;
}

tg_tensor *tg_value_tensor(tg_evaluator *e, const tg_value *value, tg_dtype dtype)
{
    double element = 0;
    switch (value->kind) {
    case TG_VALUE_TENSOR:
        return value->tensor;
    case TG_VALUE_UNKNOWN:
        return NULL;
    case TG_VALUE_LIST:
        return e->graph == NULL ? NULL : list_tensor(e, value, dtype);
    case TG_VALUE_WORD:
        dtype = TG_BOOL;
        break;
    case TG_VALUE_NUMBER:
        break;
    }
    if (e->graph == NULL || !write_element(e, value, dtype, &element)) return NULL;
    tg_tensor *t = tg_constant(e->graph, dtype, 0, NULL, &element);
    if (t == NULL) tg_value_of(e, value->token, NULL);
    return t;
}
