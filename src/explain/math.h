/* Equations: LaTeX in, Unicode text or MathML out, so that an equation is written once.
 *
 * What is read: letters, numbers, Greek, \mathrm and its kin, ^ _ and primes, \frac \sqrt \sum \log \hat
 * \underbrace, \left( \right), \bigl( \bigr), the environments cases, aligned and the matrices, spaces, and the
 * symbols of math_symbols.c. Anything else, and nesting more than 200 deep, cannot be read. */
#ifndef TG_EXPLAIN_MATH_H
#define TG_EXPLAIN_MATH_H

#include "text.h"

/* Appends what the source says as text: δ² = (a − y) ⊙ σ′(z²). Returns 1, or 0 when the source cannot be read, and
 * then appends the source itself; also 0 when memory runs out, as out->failed says. */
int tg_math_text(tg_text *out, const char *latex);

/* The same as a <math> element; display: on a line of its own. A source that cannot be read is its <mtext>. */
int tg_math_mathml(tg_text *out, const char *latex, int display);

#endif
