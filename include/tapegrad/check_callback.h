/* Checking derivative code written by hand, over plain arrays; and the report of every check.
 *
 *     tg_callback call = {.n = 20, .m = 3, .f = f, .vjp = f_vjp};
 *     tg_check_report *r;
 *     if (tg_check_callback(&call, x, NULL, &r) != TG_PASS) {
 *         char *text = tg_check_text(r);
 *         fputs(text != NULL ? text : "out of memory", stderr);
 *         tg_text_free(text);
 *     }
 *     tg_check_free(r);
 *
 * What is compared: phi(x) = <w, y(x)> for random w is differentiated numerically (central differences at three
 * steps, extrapolated, with an error estimate; the step is made smaller until it crosses no kink and the
 * estimate is small) and held against the derivative under test: every element of small tensors, random
 * directions for large ones and, where these disagree, every element. Forward mode is held against reverse mode,
 * the order of the Taylor remainder is measured, and second derivatives are checked as derivatives of the first.
 * docs/checking.md says how to choose tolerances and what to make of the answers. */
#ifndef TAPEGRAD_CHECK_CALLBACK_H
#define TAPEGRAD_CHECK_CALLBACK_H

#include <stdint.h>

#include <tapegrad/export.h>
#include <tapegrad/text.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_verdict {
    TG_PASS,        /* everything that was compared agrees, and some of every derivative is not zero */
    TG_FAIL,        /* a difference that is larger than the tolerance and than the error of the numbers */
    TG_INCONCLUSIVE /* neither can be said: nothing to compare, all zero, too noisy, not computable */
} tg_verdict;

/* "pass", "fail", "inconclusive". */
TG_API const char *tg_verdict_name(tg_verdict verdict);

/* All zeros (or a NULL pointer) mean the defaults that stand in brackets. */
typedef struct tg_check_options {
    uint64_t seed;      /* of adjoints, directions and drawn inputs */
    double rtol;        /* [1e-6] tolerance relative to the larger of the two derivatives */
    double atol;        /* [0] added to it. Derivatives below a ten-thousandth of the largest of their
                           tensor count as that large */
    double step;        /* [0.006] the first and largest step, relative to max(1, |x|) */
    int64_t full_limit; /* [64] tensors with more elements are checked in random directions first */
    int directions;     /* [3] how many */
    int order;          /* [2] 1: first derivatives only */
    double low, high; /* [-1, 1] inputs of a graph that have no value are drawn from here. Without a range of
                           one's own, 0.2 to 1.2 is tried where y is not finite for the first */
    int worst;        /* [8] how many of the worst comparisons are listed */
    const char *of;   /* [its name] what y is called in the report */
    const char *const *names; /* [their names] what the xs are called */
} tg_check_options;

typedef enum tg_check_kind {
    TG_CHECK_ELEMENT,   /* one element of x */
    TG_CHECK_DIRECTION, /* a random direction in one tensor */
    TG_CHECK_MODES,    /* <w, J u> against <J^T w, u>, u being an element or a random direction; "analytic" is
                           reverse mode, "numeric" forward mode */
    TG_CHECK_SYMMETRY, /* <u, H v> against <v, H u> */
    TG_CHECK_TAYLOR    /* the order of the remainder; "numeric" is the order measured, "analytic" 2 */
} tg_check_kind;

typedef enum tg_check_outcome {
    TG_CHECK_AGREES,
    TG_CHECK_DIFFERS,
    TG_CHECK_UNSURE,      /* the error estimate is as large as the tolerance */
    TG_CHECK_SUBGRADIENT, /* at a kink: the value lies between the slopes of the two sides */
    TG_CHECK_KINK         /* at a kink, and no more can be said */
} tg_check_outcome;

/* One comparison. */
typedef struct tg_check_entry {
    tg_check_kind kind;
    tg_check_outcome outcome;
    int order;     /* 1, or 2 for derivatives of the gradient */
    int part;      /* which x (an index into names), -1: all of them */
    int64_t index; /* the element in row-major order, or the number of the direction; -1 where none applies */
    double x;      /* the element's value */
    double analytic, numeric;
    double error;       /* |analytic - numeric| */
    double scale;       /* what a relative error is relative to */
    double tolerance;   /* what the error may be */
    double noise;       /* the estimated error of the numeric value */
    double step;        /* with which it was computed */
    double left, right; /* at a kink: the slopes of the two sides */
} tg_check_entry;

typedef enum tg_check_method {
    TG_BY_DIFFERENCES,  /* "central": elements and random directions */
    TG_BY_COMPLEX_STEP, /* "complex": the same, without a step to choose */
    TG_BY_FORWARD_MODE, /* "forward": reverse mode against forward mode */
    TG_BY_SYMMETRY,     /* "symmetry" of second derivatives */
    TG_BY_TAYLOR        /* "taylor": the order of the remainder */
} tg_check_method;

TG_API const char *tg_check_method_name(tg_check_method method);

/* What one method found of one x. */
typedef struct tg_check_summary {
    tg_check_method method;
    const char *claim; /* of a callback: what was checked, "vjp", "jacobian", …; "" */
    int order, part;   /* as in an entry */
    tg_verdict verdict;
    int64_t elements;   /* covered, one by one or all together by random directions */
    int64_t directions; /* random directions */
    int64_t nonzero, differing, unsure;
    int64_t kinks; /* elements at a kink */
    double max_abs_error, max_rel_error;
    tg_check_entry worst;
} tg_check_summary;

#define TG_CHECK_MAX_RANK 8

typedef struct tg_check_shape {
    int rank;
    int64_t sizes[TG_CHECK_MAX_RANK];
} tg_check_shape;

/* What a check found. Read only; everything it points to is its own. */
typedef struct tg_check_report {
    tg_verdict verdict;
    char reason[512];   /* the verdict in a line */
    int vacuous;        /* inconclusive, though nothing was unsure: nothing to compare, or all of it zero */
    char pattern[256];  /* what the error looks like: a wrong sign, a factor, ...; "" */
    char culprit[320];  /* of a graph: the first operation whose own rule fails; "" */
    int64_t culprit_id; /* its tg_id, or -1 */
    char *reproducer; /* the culprit alone, as a program in the model language that fails in the same way when
                           it is checked; NULL: there is none */
    uint64_t seed;
    char of[64];       /* the name of what was differentiated */
    const char *dtype; /* of it: "f32", "f64" */
    char drawn[256];   /* inputs that had no value, and what they were drawn from; "" */
    int n_parts;
    char **names;           /* of the xs */
    tg_check_shape *shapes; /* of the xs */
    int n_summaries;        /* what was compared, in order */
    tg_check_summary *summaries;
    int64_t elements, directions; /* compared */
    int64_t differing, unsure;    /* of all comparisons */
    int64_t subgradients, kinks;  /* elements at a kink: accepted as subgradients, and left open */
    int64_t crossings;            /* steps that crossed a kink and were taken anew, smaller */
    int64_t held;        /* stop_gradient nodes, whose values were held constant in the differences */
    double taylor_order; /* about 2; infinite where the remainder vanishes; NaN where not measured */
    int n_entries;       /* the worst first; kinks are among them */
    tg_check_entry *entries;
} tg_check_report;

/* A function of n numbers that gives m, and what is claimed to be its derivative; any number of the claims. Each
 * must write all of its result and nothing else, and must not depend on anything but its arguments. */
typedef struct tg_callback {
    int64_t n, m;
    void (*f)(const double *x, double *y, void *context);
    void (*vjp)(const double *x, const double *ybar, double *xbar, void *context);
    void (*jvp)(const double *x, const double *xdot, double *ydot, void *context);
    void (*gradient)(const double *x, double *gradient, void *context); /* m is 1 */
    void (*jacobian)(const double *x, double *jacobian, void *context); /* [m, n], row-major */
    /* Second derivatives; m is 1, and a first derivative (other than jvp alone) is given too, whose derivatives
     * they are checked as. */
    void (*hvp)(const double *x, const double *v, double *hv, void *context);
    void (*hessian)(const double *x, double *hessian, void *context); /* [n, n], row-major */
    /* f for complex arguments, real and imaginary parts interleaved (an array of double complex). With it there is
     * no step to choose: the imaginary part of f(x + i h u) / h is exact to rounding. */
    void (*complex_f)(const double *x, double *y, void *context);
    void *context;
} tg_callback;

/* Checks the claims at x (n numbers, not changed). f and every claim are called twice with the same arguments, and f
 * once more at the end: what answers differently is refused, as is a call that writes into its arguments or beyond
 * its result, which is noticed by guards around them. The options low, high and names do not apply. *report (report may
 * be NULL when nobody wants it) is NULL only when memory ran out. */
TG_API tg_verdict tg_check_callback(const tg_callback *callback, const double *x,
                                    const tg_check_options *options, tg_check_report **report);

/* The report for people, for programs (one JSON object; docs/commands.md has its form) and for CI (a JUnit XML test
 * suite named suite, with a test case for every summary). New memory: free it with tg_text_free. NULL when memory
 * runs out or report is NULL. */
TG_API char *tg_check_text(const tg_check_report *report);
TG_API char *tg_check_json(const tg_check_report *report);
TG_API char *tg_check_junit(const tg_check_report *report, const char *suite);
TG_API void tg_check_free(tg_check_report *report);

#ifdef __cplusplus
}
#endif

#endif
