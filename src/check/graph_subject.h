/* A copied part of a tape as a subject: its value, its derivatives, its branches. */
#ifndef TG_CHECK_GRAPH_SUBJECT_H
#define TG_CHECK_GRAPH_SUBJECT_H

#include "graph_copy.h"
#include "subject.h"

typedef struct tg_graph_subject {
    tg_subject subject;
    tg_graph_copy *copy;
    tg_tensor *y, *ybar, *ydot;
    tg_tensor **xdots, **xbars;
    tg_tensor **branches;
    int n_branches;
    tg_function *value, *reverse, *forward;
} tg_graph_subject;

/* y, of the copy, with respect to its xs, which are the parts. 0 when a rule or a compilation fails: the copy's graph
 * has the error. Free it in any case, before the copy. */
int tg_graph_subject_make(tg_graph_subject *s, tg_graph_copy *copy, tg_tensor *y, const tg_part *parts);
void tg_graph_subject_free(tg_graph_subject *s);

/* All the adjoints of the xs as one tensor of one axis, for ybar as set: the function that second derivatives are
 * derivatives of. */
tg_tensor *tg_graph_subject_gradient(tg_graph_subject *s, const double *ybar);

#endif
