/* What a derivative rule works with, and the part of the tape that differentiation visits. */
#ifndef TG_GRAPH_RULE_H
#define TG_GRAPH_RULE_H

#include "graph.h"

struct tg_rule {
    tg_graph *graph;
    tg_tensor *node;
    int first;              /* inputs before this one are hidden from the rule (tg_custom) */
    tg_tensor *adjoint;     /* reverse: the output's */
    tg_tensor **adjoints;   /* reverse: of every node, by id - low */
    const uint8_t *visited; /* by id - low */
    int64_t low;
    tg_tensor **tangents; /* forward: of every node, by id - low */
    tg_tensor *tangent;   /* forward: the output's, as given so far */
    int failed;
};

/* The nodes between xs and ys: those that ys are made of and that a derivative with respect to an x can pass
 * through. flags[id - low] tells, for low <= id <= high. */
typedef struct tg_span {
    int64_t low, high;
    uint8_t *flags;
    tg_tensor **values; /* room for an adjoint or tangent a node, all NULL */
} tg_span;

#define TG_SPAN_ABOVE 1u  /* ys are made of it */
#define TG_SPAN_ACTIVE 2u /* and it depends on an x */
#define TG_SPAN_TARGET 4u /* it is an x */

tg_status tg_span_make(tg_span *span, tg_graph *g, tg_tensor *const *ys, int m, tg_tensor *const *xs, int n);
void tg_span_free(tg_span *span);
/* 1 when t lies in the span and is active. */
int tg_span_active(const tg_span *span, const tg_tensor *t);

/* tg_check_tensors for what is differentiated: all floating, and partners (unless NULL) of the same types. */
tg_status tg_check_pairs(tg_graph *g, const char *call, const char *role, tg_tensor *const *ts,
                         tg_tensor *const *partners, int n);

/* A tensor of zeros with t's type. */
tg_tensor *tg_zeros_for(tg_tensor *t);

/* tg_rule_wants and tg_rule_adjoint for any node that comes before r->node, not only its inputs. */
int tg_rule_wants_of(const tg_rule *r, const tg_tensor *t);
void tg_rule_adjoint_of(tg_rule *r, tg_tensor *t, tg_tensor *adjoint);

/* Calls the reverse rule of r->node, whose adjoint and adjoints are set. */
void tg_rule_run_reverse(tg_rule *r);
/* Calls the forward rule; r->tangent is the result, NULL when zero. */
void tg_rule_run_forward(tg_rule *r);

#endif
