/* Looking at expressions: as text, LaTeX or MathML, as a listing of the tape.
 *
 * The texts are new memory; free them with tg_text_free (text.h). NULL means that memory ran out or the argument is
 * NULL; the graph keeps the error. */
#ifndef TAPEGRAD_EXPLAIN_H
#define TAPEGRAD_EXPLAIN_H

#include <tapegrad/graph.h>
#include <tapegrad/text.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_notation {
    TG_TEXT,   /* the syntax of the model language */
    TG_LATEX,  /* for mathematics mode */
    TG_MATHML, /* a <math> element, which browsers show as they are */
    TG_UNICODE /* the LaTeX as one would write it by hand: x² ⊙ σ(z₁) */
} tg_notation;

/* One expression, written with each operation's own template. Tensors with a name (inputs, params, and those
 * that tg_set_name named) stand as their names; what lies more than 8,000 characters in is written as %id. The
 * tensor itself is always expanded, unless it is a leaf. In MathML and Unicode, what is nested more than 200 deep
 * stays LaTeX. */
TG_API char *tg_expression(const tg_tensor *t, tg_notation notation);

/* The nodes that the tensors depend on, one a line in the order of the tape:
 *     %7 = matmul(%0 'x', %2 'W') : f32[64, 10]
 * with a note on nodes that differentiation made: "reverse of %5, input 0". */
TG_API char *tg_listing(tg_graph *g, tg_tensor *const *tensors, int n);

#ifdef __cplusplus
}
#endif

#endif
