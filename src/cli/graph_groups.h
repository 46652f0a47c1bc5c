/* Which layer a node belongs to, told by names. */
#ifndef TG_CLI_GRAPH_GROUPS_H
#define TG_CLI_GRAPH_GROUPS_H

#include <tapegrad/graph.h>

#include "graph/hash.h"

typedef struct tg_group {
    char *key;        /* "layer 1", "loss" */
    int64_t nodes[2]; /* how many are drawn, of the forward and of the reverse pass */
    int number;
    UT_hash_handle hh;
} tg_group;

typedef struct tg_groups {
    tg_group *all;             /* uthash head, in the order of the tape */
    tg_group **of;             /* by id; NULL: none */
    unsigned char *is_reverse; /* by id: made by differentiation */
} tg_groups;

/* Groups the nodes for which wanted[id] is set. A name says its layer by the number that ends it (W1, b1 and a1 are of
 * layer 1) or by what stands before its last point (h1.W); what has no name belongs to the assignment that it was
 * recorded for, and what differentiation made to the node that it came from. 0 when memory runs out; free in both
 * cases. */
int tg_groups_make(tg_graph *g, const unsigned char *wanted, tg_groups *groups);
void tg_groups_free(tg_groups *groups);

#endif
