/* The parts of a check of a graph. */
#ifndef TG_CHECK_GRAPH_CHECK_H
#define TG_CHECK_GRAPH_CHECK_H

#include "compare.h"
#include "graph_subject.h"

/* The elements of the xs, all together. */
int64_t tg_check_count(tg_tensor *const *xs, int n);

/* The values of the xs at which is checked: of leaves their own or drawn, of expressions what they come to. 0 with
 * the reason in c. */
int tg_check_point(tg_checking *c, const tg_drawing *drawing, tg_tensor *const *xs, int n, double *x);

/* Compares dy/dxs, to the order of the options. */
void tg_check_derivatives(tg_checking *c, const tg_drawing *drawing, tg_tensor *y, tg_tensor *const *xs,
                          int n);

/* Looks for the first operation between xs and y whose own rule fails, and writes it into the report. */
void tg_check_bisect(tg_checking *c, const tg_drawing *drawing, tg_tensor *y, tg_tensor *const *xs, int n);

/* A program that has the operation t alone, at the values that the xs, its floating inputs, have. New memory, or NULL
 * when it runs out. fails: the check that it failed. */
char *tg_check_reproducer(const tg_tensor *t, tg_tensor *const *xs, int n, const double *x,
                          const tg_drawing *drawing, const tg_checking *fails);

#endif
