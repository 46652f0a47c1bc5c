/* The derivative of <w, y(x)> along a direction, from differences. */
#ifndef TG_CHECK_SLOPE_H
#define TG_CHECK_SLOPE_H

#include "subject.h"

/* Where values are computed; one for a subject, an x and a w. */
typedef struct tg_probe {
    const tg_subject *s;
    const double *x, *w;
    double step; /* the first, for x of size 1 */
    double *moved, *low, *high;
    unsigned char *base_branches, *low_branches, *high_branches;
    double size; /* of what phi's values along the present direction are added up from */
    int64_t crossings;
} tg_probe;

/* 0 when memory runs out or the values at x cannot be computed, which *computable tells. Free it in any case. */
int tg_probe_make(tg_probe *p, const tg_subject *s, const double *x, const double *w, double step,
                  int *computable);
void tg_probe_free(tg_probe *p);

/* The direction: u, of n elements, or, when that is NULL, the unit vector of element `index`. */
typedef struct tg_direction {
    const double *u;
    int64_t index;
} tg_direction;

typedef struct tg_slope {
    int found; /* 0: no step was small enough, or no value finite */
    double value, noise, step;
    int rough; /* smaller steps give something else, and the claim fits that: a kink close to x */
    int kink;  /* the steps to both sides end on different pieces, however small */
    double left, right, side_noise;
    int sides_found;
} tg_slope;

/* claimed and tolerance are what the slope will be compared with: an estimate that is good enough for that ends
 * the search for a better step. */
tg_slope tg_slope_find(tg_probe *p, tg_direction d, double claimed, double tolerance);
/* The estimate from one step h: of the central difference, or extrapolated from it and two smaller steps. 0 where it
 * crosses a kink or is not finite. */
int tg_slope_at(tg_probe *p, tg_direction d, double h, int extrapolated, double *value);
/* The slopes to the left and to the right of x, into *found. */
void tg_slope_sides(tg_probe *p, tg_direction d, tg_slope *found);

/* <w, y(x + t u)> - <w, y(x)>; 0 when it is not finite or lies on another piece. */
int tg_probe_change(tg_probe *p, tg_direction d, double t, double *change);

#endif
