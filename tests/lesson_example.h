/* Lessons for the tests of the formats, and for looking at them. */
#ifndef TG_TESTS_LESSON_EXAMPLE_H
#define TG_TESTS_LESSON_EXAMPLE_H

#include "lesson/lesson.h"

/* A network with these layers, 4 inputs, 3 outputs and layers of 5 between, sigmoid and quadratic cost, in the first
 * n_views of the conventions delta, rows, vector, jacobian and columns. Free it with tg_lesson_clear. */
void lesson_network(tg_lesson *lesson, int layers, int n_views);
/* A model that is no network: one view without a convention, of so many steps in a chain. */
void lesson_tape(tg_lesson *lesson, int steps);
/* One view, in which every string is `text`, and every symbol and equation `latex`. */
void lesson_of_string(tg_lesson *lesson, const char *text, const char *latex);

#endif
