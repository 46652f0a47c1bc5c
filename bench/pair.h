/* One workload: the library's step, and every version of it that is written by hand. */
#ifndef TG_BENCH_PAIR_H
#define TG_BENCH_PAIR_H

#include "hand.h"
#include "ours.h"

/* Both sides with their own weights, and those that every block begins with. */
typedef struct pair {
    const workload *of;
    batch data;
    our_net ours;
    our_net alone;                               /* the same on one thread; nothing if ours is */
    hand_net start;                              /* for its weights alone */
    const hand_version *versions[HAND_VERSIONS]; /* NULL: not for this workload */
    hand_net hand[HAND_VERSIONS];
} pair;

/* 0 with a message. pair_free in both cases. */
int pair_make(pair *p, const workload *w, precision type, int threads);
void pair_free(pair *p);

/* All go back to the same weights. */
void pair_reset(pair *p);

/* How far the sides are apart after some steps, relative to how far their params have moved; infinity when one did not, for
 * then nothing was compared. pair_tolerance is what rounding explains. */
double pair_difference(pair *p);
double pair_tolerance(precision type);

#endif
