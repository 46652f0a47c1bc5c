/* How each convention writes: its symbols and equations, in LaTeX with placeholders. <l>, <l-1>, <l+1> and <L> stand for
 * layers; <a> and <y> for the outputs and the targets. */
#ifndef TG_RULES_NOTATION_H
#define TG_RULES_NOTATION_H

#include <tapegrad/rules.h>

#include "explain/text.h"

typedef struct tg_convention_notation {
    const char *a, *y;         /* outputs and targets, as matrices or vectors */
    const char *one_a, *one_y; /* the same for one example, whose elements get an index */
    const char *W, *b, *x;     /* weights and biases of layer l; the input */
    const char *output;        /* the derivative by a^L */
    const char *error;         /* the error term of layer l */
    const char *slope;         /* the derivative of the activation at layer l */
    const char *cost;          /* "C = <c>", where <c> is the cost of one example */
    const char *mean;          /* what stands before the error of the last layer: "\\frac{1}{M K}", or "" */
    const char *equations[TG_EQUATIONS]; /* of those kinds that do not depend on the cost */
    const char *labels[TG_EQUATIONS];    /* of the rules */
    const char *reasons[TG_EQUATIONS];
    const char *slips[4]; /* NULL-ended */
} tg_convention_notation;

extern const tg_convention_notation tg_notations[TG_CONVENTIONS];

/* Writes a template for layer l of L; l = 0: with letters. */
void tg_notation_write(tg_text *text, const tg_convention_notation *notation, const char *pattern, int l,
                       int L);

#endif
