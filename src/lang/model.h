/* A model from inside. */
#ifndef TG_LANG_MODEL_H
#define TG_LANG_MODEL_H

#include <tapegrad/nn.h>

#include "graph/hash.h"
#include "lexer.h"

typedef enum tg_statement_kind {
    TG_STATEMENT_INPUT,
    TG_STATEMENT_PARAM,
    TG_STATEMENT_CONST,
    TG_STATEMENT_DEF,
    TG_STATEMENT_OUTPUT,
    TG_STATEMENT_ASSIGN
} tg_statement_kind;

/* A statement's tokens, and where its name and its expression stand. */
typedef struct tg_statement {
    tg_statement_kind kind;
    uint32_t first, end; /* tokens */
    uint32_t name;       /* token; of an output statement the first name */
    uint32_t expression; /* first token, or end where there is none */
    int declaration;     /* of inputs, params and typed constants; -1 for others */
    int broken;          /* has a problem of syntax that keeps it from being built */
    int refused;         /* a function whose body this build found a problem in: calls of it stay quiet */
} tg_statement;

/* What an expression stands for. */
typedef enum tg_value_kind {
    TG_VALUE_UNKNOWN, /* a problem was reported, or nothing is computed: quiet wherever it goes */
    TG_VALUE_TENSOR,
    TG_VALUE_NUMBER, /* takes the type it meets */
    TG_VALUE_LIST,
    TG_VALUE_WORD /* none, true, false, f32, f64, i64, bool */
} tg_value_kind;

typedef struct tg_value tg_value;
struct tg_value {
    tg_value_kind kind;
    uint32_t token; /* where it begins */
    tg_tensor *tensor;
    double number;
    uint32_t literal; /* the token of the number's own text, 0 when it was computed */
    int negative;     /* the literal's sign was turned */
    const char *word;
    const tg_value *items; /* of a list */
    uint32_t count;
    int meets; /* of a list: a tensor is in it, and numbers beside it take its type */
    tg_dtype meeting;
};

/* A name of the program. */
typedef struct tg_name_entry {
    const char *name;
    uint32_t length;
    int statement;
    int built; /* the value is known in this build */
    tg_value value;
    UT_hash_handle hh;
} tg_name_entry;

typedef struct tg_size {
    char *name;
    uint32_t token; /* its first use */
    int64_t value;  /* -1: not bound */
} tg_size;

typedef struct tg_declared {
    char *name;
    int is_input, is_const;
    int number; /* how many inputs and params were declared before */
    tg_dtype dtype;
    int rank;
    int64_t shape[TG_MAX_RANK]; /* -1 for a named size */
    int size[TG_MAX_RANK];      /* the number of the named size, or -1 */
    tg_init init;
} tg_declared;

struct tg_model {
    char *text, *name;
    tg_tokens tokens;
    tg_problems problems;
    int parse_problems; /* those of the parser; a build begins with them */
    char *shown;        /* tg_model_problems */
    tg_statement *statements;
    int n_statements, statements_room;
    tg_declared *declared;
    int n_declared, declared_room;
    tg_size *sizes;
    int n_sizes, sizes_room;
    tg_name_entry *names; /* uthash head */
    uint32_t *outputs;    /* tokens of their names */
    int n_outputs, outputs_room;
    char **output_names;
};

/* The text of a token; not ended by a zero byte. */
static inline const char *tg_token_text(const tg_model *m, uint32_t token)
{
    return m->text + m->tokens.items[token].start;
}

int tg_token_is(const tg_model *m, uint32_t token, const char *text);
/* A copy of the token's text, or NULL. */
char *tg_token_copy(const tg_model *m, uint32_t token);
/* Reports a problem at a token. */
void tg_token_problem(tg_model *m, uint32_t token, const char *format, ...) TG_PRINTF(3, 4);
/* "'axis'", "end of line", …: the token for a message. Returns text. */
char *tg_token_label(const tg_model *m, uint32_t token, char *text, size_t size);

tg_name_entry *tg_name_find(const tg_model *m, const char *name, uint32_t length);
/* The number of the named size, or -1. */
int tg_size_find(const tg_model *m, const char *name, uint32_t length);

/* The shape with the sizes that are bound; -1 for others. */
void tg_declared_shape(const tg_model *m, const tg_declared *d, int64_t *shape);

/* Fills statements, names, declarations and sizes from the tokens. */
tg_status tg_parse(tg_model *m);

/* Room for one more item in a list that doubles. 0 when memory runs out. */
int tg_reserve(void **items, int count, int *room, size_t item);

#endif
