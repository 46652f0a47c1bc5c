/* What is checked, whatever it is: a function of n numbers with derivatives that it claims to have. */
#ifndef TG_CHECK_SUBJECT_H
#define TG_CHECK_SUBJECT_H

#include <stddef.h>

#include <tapegrad/check_callback.h>

/* One of the tensors that x consists of. */
typedef struct tg_part {
    const char *name;
    int64_t offset, count;
    int rank;
    int64_t shape[TG_CHECK_MAX_RANK];
} tg_part;

/* branches says which pieces of piecewise operations apply at x: between two points where all bytes agree there is
 * no kink. vjp or jvp may be NULL, not both. slope is phi's derivative along u by a way that needs no step, or
 * NULL. All return 0 when the values cannot be computed. */
typedef struct tg_subject {
    void *context;
    const tg_part *parts;
    int n_parts;
    int64_t n, m;
    int knows_kinks; /* branches tell of every kink */
    size_t branch_size;
    int (*value)(void *context, const double *x, double *y, unsigned char *branches);
    int (*vjp)(void *context, const double *x, const double *ybar, double *xbar);
    int (*jvp)(void *context, const double *x, const double *xdot, double *ydot);
    int (*slope)(void *context, const double *x, const double *u, const double *ybar, double *slope);
} tg_subject;

/* A stream of random numbers for a purpose. */
uint64_t tg_check_key(uint64_t seed, const char *purpose);
/* Fills values with numbers of stream key: away from zero, of both signs, 0.5 .. 1.5 in size. */
void tg_check_draw(uint64_t key, int64_t n, double *values);
/* Uniform in low .. high. */
double tg_check_uniform(uint64_t key, int64_t i, double low, double high);

#endif
