/* The reader of equations: rows and scripts in math_parse.c, commands in math_commands.c. */
#ifndef TG_EXPLAIN_MATH_PARSER_H
#define TG_EXPLAIN_MATH_PARSER_H

#include "math_tree.h"

/* Functions that read give the index of a node, or -1 when the source cannot be read from here on. */
typedef struct tg_math_parser {
    const char *at; /* what is not read yet */
    tg_math_tree *tree;
    tg_math_alphabet alphabet;
    int depth;
} tg_math_parser;

#define TG_MATH_DEPTH 200

int tg_math_new(tg_math_parser *p, tg_math_kind kind, tg_math_class class);
tg_math_node *tg_math_node_at(const tg_math_parser *p, int node);

void tg_math_skip_spaces(tg_math_parser *p);
/* Moves behind `text` if it is next, which is told. */
int tg_math_take(tg_math_parser *p, const char *text);

/* Items up to what ends a row: the end, }, &, \\, \right, \end, or ] when `bracket` is set. `before` is the class of
 * what stands before it. */
int tg_math_read_row(tg_math_parser *p, tg_math_class before, int bracket);
/* One argument of a command: {…}, or one symbol or command. */
int tg_math_read_argument(tg_math_parser *p);
/* What begins with a backslash. */
int tg_math_read_command(tg_math_parser *p);
int tg_math_new_symbol(tg_math_parser *p, const tg_math_symbol *symbol);
/* The symbol of one character, ( or |, or NULL. */
const tg_math_symbol *tg_math_character_symbol(char c);

#endif
