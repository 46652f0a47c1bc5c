/* Activations and costs as the courses write them, with their derivatives: as expressions and in LaTeX. */
#ifndef TG_RULES_COURSE_H
#define TG_RULES_COURSE_H

#include <tapegrad/delta.h>
#include <tapegrad/graph.h>

/* s(z); axis is that of the units, for softmax. */
tg_tensor *tg_course_activation(tg_activation activation, tg_tensor *z, int axis);
/* s'(z), elementwise, with a = s(z). Not for softmax. */
tg_tensor *tg_course_slope(tg_activation activation, tg_tensor *z, tg_tensor *a);
/* The cost of each output, and its derivative by a. */
tg_tensor *tg_course_cost(tg_cost cost, tg_tensor *a, tg_tensor *y);
tg_tensor *tg_course_cost_slope(tg_cost cost, tg_tensor *a, tg_tensor *y);

/* LaTeX with z and a, or <a> and <y> for the names of the convention. */
const char *tg_course_slope_latex(tg_activation activation); /* "a (1 - a)" */
const char *tg_course_cost_latex(tg_cost cost);              /* of an example, summed over the outputs */
const char *tg_course_cost_slope_latex(tg_cost cost);

#endif
