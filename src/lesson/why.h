/* Why a gradient is zero, missing or not finite: the path that made it so. */
#ifndef TG_LESSON_WHY_H
#define TG_LESSON_WHY_H

#include <tapegrad/graph.h>

/* The answer in sentences, one a line, for the gradient of the scalar `loss` by x, at the values that inputs and params
 * have now. Free it with tg_text_free; NULL with the graph's error kept (or *diag's message where running failed).
 * Leaves the tape as it was. */
char *tg_lesson_why(tg_graph *g, tg_tensor *loss, tg_tensor *x, tg_diag *diag);

#endif
