/* Evaluating expressions: tokens to tensors, in one pass. */
#ifndef TG_LANG_EVALUATE_H
#define TG_LANG_EVALUATE_H

#include "graph/memory.h"
#include "model.h"

/* The parameters of the function whose body is evaluated. */
typedef struct tg_scope {
    const struct tg_scope *outer;
    uint32_t first_parameter; /* token; every second one is a parameter */
    const tg_value *arguments;
    int count;
} tg_scope;

typedef struct tg_evaluator {
    tg_model *model;
    tg_graph *graph; /* NULL: check names and syntax alone */
    tg_graph *ops;   /* whose operations can be called */
    tg_arena lists;  /* items of lists */
    const tg_scope *scope;
    int statement;    /* names of later statements are not known yet */
    uint32_t at, end; /* tokens */
    int depth;        /* of brackets and calls */
    int broken;       /* a problem was reported from which reading cannot go on */
    int64_t work, work_limit, first_node;
    tg_status fatal; /* MEMORY, or TG_OK */
} tg_evaluator;

/* The expression from e->at on; reading stops behind it. */
tg_value tg_evaluate_expression(tg_evaluator *e);

/* Reports a problem at a token (the first of a call stays the only one) and gives an unknown value. */
tg_value tg_value_problem(tg_evaluator *e, uint32_t token, const char *format, ...) TG_PRINTF(3, 4);
/* The same, and reading cannot go on. */
tg_value tg_syntax_problem(tg_evaluator *e, uint32_t token, const char *expected);

/* A tensor as a value; NULL becomes a problem at the token, with the graph's message. */
tg_value tg_value_of(tg_evaluator *e, uint32_t token, tg_tensor *tensor);
/* The value as a tensor of this type where it is a number or a list of numbers; NULL with a problem. */
tg_tensor *tg_value_tensor(tg_evaluator *e, const tg_value *value, tg_dtype dtype);
/* Whether a tensor is among the values: *dtype is the type of the first. */
int tg_meets_dtype(const tg_value *values, uint32_t count, tg_dtype *dtype);
/* The type that numbers take beside these values: that of the first tensor, f64 without one. */
tg_dtype tg_meeting_dtype(const tg_value *values, uint32_t count);
/* Whether the value is a whole number that fits: *integer. A literal of digits alone is read to its last digit, where a
 * double has 53 bits. */
int tg_value_integer(const tg_evaluator *e, const tg_value *value, int64_t *integer);

/* name(…), from the opening bracket on. */
tg_value tg_evaluate_call(tg_evaluator *e, uint32_t name);
/* x[…], from the opening bracket on. */
tg_value tg_evaluate_index(tg_evaluator *e, tg_value x);
/* A list of expressions up to the closing bracket, which is passed. */
int tg_evaluate_items(tg_evaluator *e, const char *closing, tg_value *items, uint32_t room, uint32_t *count);

static inline int tg_next_is(const tg_evaluator *e, const char *text)
{
    return e->at < e->end && tg_token_is(e->model, e->at, text);
}

#endif
