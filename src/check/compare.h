/* Holding a subject's derivatives against its differences, and keeping what is found in a report. */
#ifndef TG_CHECK_COMPARE_H
#define TG_CHECK_COMPARE_H

#include "subject.h"

/* A check under way. */
typedef struct tg_checking {
    tg_check_report *report;
    tg_check_options options; /* with the defaults filled in */
    int order;
    const char *claim;    /* what is being checked, of a callback; "" */
    const tg_part *parts; /* of what is being checked */
    int by_complex_step;
    double zero;         /* numbers below this are rounding errors of what is checked */
    int out_of_memory;   /* or: */
    const char *problem; /* why nothing more could be computed; NULL */
} tg_checking;

tg_check_options tg_check_defaults(const tg_check_options *options);

/* Makes the report with the names and shapes of the xs; 0 when memory runs out. */
int tg_checking_begin(tg_checking *c, const tg_check_options *options, const tg_part *parts, int n);
/* Sets the verdicts, and the reason unless the report has one already. */
void tg_checking_end(tg_checking *c);
/* Counts the entry, in the report and in its summary, and keeps it if it is among the worst. */
void tg_checking_add(tg_checking *c, const tg_check_entry *entry);
/* 1 when some first derivative was found that is not zero. */
int tg_checking_any_nonzero(const tg_checking *c);

/* Whether an entry is part of how large the errors are: at a kink there is no number to be near to. */
static inline int tg_check_counts(const tg_check_entry *e)
{
    return e->outcome != TG_CHECK_SUBGRADIENT && e->outcome != TG_CHECK_KINK;
}

/* Compares everything there is to compare at x, for phi = <w, y>. */
void tg_check_subject(tg_checking *c, const tg_subject *s, const double *x, const double *w);
/* <u, H v> against <v, H u>, for a subject that is a gradient. */
void tg_check_symmetry(tg_checking *c, const tg_subject *s, const double *x);

/* What the difference between all elements of a part looks like, in words; "" for nothing known. m is the number of
 * outputs. 1 when the words say what is wrong, 0 when at most where. */
int tg_check_pattern(const tg_part *part, int64_t m, const double *analytic, const double *numeric,
                     char *text, size_t size);
/* The same from a closer look: which of the outputs' contributions is left out. text stays when it is none. */
void tg_check_missing_terms(const tg_subject *s, const tg_part *part, const double *x, const double *w,
                            const double *analytic, const double *numeric, char *text, size_t size);

#endif
