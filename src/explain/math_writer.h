/* Writing equations as text: spaces between neighbours, symbols and words. math_text.c makes lines of them. */
#ifndef TG_EXPLAIN_MATH_WRITER_H
#define TG_EXPLAIN_MATH_WRITER_H

#include <string.h>

#include "math_tree.h"

typedef struct tg_math_writer {
    tg_text *out;
    const tg_math_tree *tree;
    tg_math_class before; /* of what was written last */
    int blanks;           /* asked for, and written when something follows */
    int tight;            /* in a script: operators have no spaces */
    int scripted;         /* what was written last ended with a script */
} tg_math_writer;

static inline const tg_math_node *tg_math_node_at(const tg_math_writer *w, int node)
{
    return &w->tree->nodes[node];
}

static inline int tg_math_is_operator(tg_math_class class)
{
    return class == TG_MATH_BINARY || class == TG_MATH_RELATION;
}

/* What can be a factor without an operator in front of it. */
static inline int tg_math_is_operand(tg_math_class class)
{
    return class == TG_MATH_LETTER || class == TG_MATH_NUMBER || class == TG_MATH_WORD ||
           class == TG_MATH_GROUP || class == TG_MATH_ORDINARY;
}

static inline int tg_math_is_symbol(const tg_math_node *n, const char *chars)
{
    return n->kind == TG_MATH_SYMBOL && n->length == strlen(chars) && memcmp(n->chars, chars, n->length) == 0;
}

/* What comes before something of this class: the space that belongs there. Whoever writes to w->out calls it first. */
void tg_math_begin(tg_math_writer *w, tg_math_class class);
/* Something of this class; an empty text is nothing. */
void tg_math_put(tg_math_writer *w, tg_math_class class, const char *chars);
void tg_math_write_symbol(tg_math_writer *w, const tg_math_node *n);
/* Spaces at a word's ends become spaces between it and its neighbours. */
void tg_math_write_word(tg_math_writer *w, const tg_math_node *n);

#endif
