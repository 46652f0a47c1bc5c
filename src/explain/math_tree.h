/* Equations as trees, between the reader of LaTeX and the two writers. */
#ifndef TG_EXPLAIN_MATH_TREE_H
#define TG_EXPLAIN_MATH_TREE_H

#include "text.h"

/* What something is to its neighbours: it decides spaces, and how a minus sign is meant. */
typedef enum tg_math_class {
    TG_MATH_NOTHING, /* the edge of a row, spaces */
    TG_MATH_LETTER,
    TG_MATH_NUMBER,
    TG_MATH_WORD,
    TG_MATH_ORDINARY, /* other symbols that stand for something: ∞ … ¬ */
    TG_MATH_GROUP,    /* fractions, fences, tables */
    TG_MATH_LARGE,    /* Σ and Π */
    TG_MATH_FUNCTION, /* log */
    TG_MATH_BINARY,
    TG_MATH_SIGN, /* a binary operator with nothing to its left */
    TG_MATH_RELATION,
    TG_MATH_OPEN,
    TG_MATH_CLOSE,
    TG_MATH_BAR, /* | of a source: becomes OPEN, CLOSE or ORDINARY, by its row */
    TG_MATH_PUNCTUATION
} tg_math_class;

typedef enum tg_math_flag {
    TG_MATH_UPRIGHT = 1,  /* a letter that is not italic: Σ, ∇ */
    TG_MATH_LIMITS = 2,   /* scripts stand below and above in a displayed equation: max */
    TG_MATH_SPACED = 4,   /* MathML's own spaces around it would not do */
    TG_MATH_STRETCHY = 8, /* an accent as wide as what it is on */
    TG_MATH_SMALL = 16,   /* \tfrac */
    TG_MATH_BIG = 32,     /* \dfrac */
    TG_MATH_TALL = 64     /* a fence around something higher than a letter */
} tg_math_flag;

/* A command that is one symbol, "\odot", or a character that means one, "+". */
typedef struct tg_math_symbol {
    const char *name, *text;
    tg_math_class class;
    int flags;
} tg_math_symbol;

/* NULL when there is none. The name is the command without its backslash, or the character. */
const tg_math_symbol *tg_math_symbol_find(const char *name, size_t length);

typedef enum tg_math_alphabet {
    TG_MATH_ITALIC,
    TG_MATH_ROMAN,
    TG_MATH_BOLD,
    TG_MATH_DOUBLE_STRUCK,
    TG_MATH_SCRIPT
} tg_math_alphabet;

#define TG_MATH_CHARACTER 5 /* bytes of one character of UTF-8 and a final zero */

/* The character in another alphabet, as a character of its own: b in bold is 𝐛. Characters that it has not stay. */
void tg_math_alphabet_apply(char out[TG_MATH_CHARACTER], const char *character, size_t length,
                            tg_math_alphabet alphabet);

/* The raised or lowered form of the character at `text`, or NULL when there is none; *length is its bytes. */
const char *tg_math_raised(const char *text, size_t *length);
const char *tg_math_lowered(const char *text, size_t *length);

/* Bytes of the character that begins with this byte, in text that is valid. */
size_t tg_math_character_length(const char *text);

typedef enum tg_math_kind {
    TG_MATH_SYMBOL,   /* chars, length */
    TG_MATH_TEXT,     /* a word: its source is chars, length, where \_ means _ and so on */
    TG_MATH_ROW,      /* part[0] is the first item; next the one after it */
    TG_MATH_SCRIPTS,  /* part: base, subscript, superscript; count primes */
    TG_MATH_FRACTION, /* part: numerator, denominator */
    TG_MATH_ROOT,     /* part: what it is of, its degree */
    TG_MATH_FENCE,    /* part[0] between chars and closing */
    TG_MATH_SIZED,    /* a fence of its own, `count` tenths of the usual height */
    TG_MATH_ACCENT,   /* part[0] with chars, a combining character, on it; closing is MathML's character */
    TG_MATH_BRACE,    /* part[0] with chars below it or above it */
    TG_MATH_TABLE, /* part[0] is the first row, whose part[0] is its first cell; chars and closing around it */
    TG_MATH_SPACE  /* count eighteenths of the font's size */
} tg_math_kind;

typedef enum tg_math_table_kind { TG_MATH_CASES, TG_MATH_ALIGNED, TG_MATH_MATRIX } tg_math_table_kind;

/* Parts and next are indices of nodes; -1: none. Nothing is ever both part of two nodes. */
typedef struct tg_math_node {
    tg_math_kind kind;
    tg_math_class class; /* of a ROW: NOTHING when empty, its item's when it has one, else GROUP */
    tg_math_alphabet alphabet;
    tg_math_table_kind table;
    int flags, count, spoken; /* spoken: \text, whose spaces count */
    int part[3], next;
    const char *chars, *closing;
    size_t length;
} tg_math_node;

typedef struct tg_math_tree {
    tg_math_node *nodes;
    int n, room, root;
    int failed; /* memory ran out */
} tg_math_tree;

/* Begin with zeros. 1, or 0 when the source cannot be read or memory ran out. The tree refers to the source. */
int tg_math_parse(tg_math_tree *tree, const char *latex);
void tg_math_tree_free(tg_math_tree *tree);
/* The tree as Unicode text. */
void tg_math_write_text(tg_text *out, const tg_math_tree *tree);

/* The next character of a word's source, of *length bytes, or NULL at its end; *at moves behind it. */
const char *tg_math_word_next(const tg_math_node *word, size_t *at, size_t *length);

#endif
