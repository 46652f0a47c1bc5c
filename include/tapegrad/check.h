/* Checking derivatives against differences: of a graph's tensors, and of derivative code written by hand.
 *
 *     tg_check_report *r;
 *     if (tg_check(g, loss, params, n, NULL, &r) != TG_PASS) {
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
 * the order of the Taylor remainder is measured, and for graphs all of it is done again for the gradient itself.
 * docs/checking.md says how to choose tolerances and what to make of the answers. */
#ifndef TAPEGRAD_CHECK_H
#define TAPEGRAD_CHECK_H

#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_verdict {
    TG_PASS,        /* everything that was compared agrees, and some of it is not zero */
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
    double low, high;   /* [-1, 1] inputs of a graph that have no value are drawn from here */
    int worst;          /* [8] how many of the worst comparisons are listed */
} tg_check_options;

typedef enum tg_check_kind {
    TG_CHECK_ELEMENT,   /* one element of x */
    TG_CHECK_DIRECTION, /* a random direction in one tensor */
    TG_CHECK_MODES,     /* <w, J u> against <J^T w, u>; "analytic" is reverse mode, "numeric" forward mode */
    TG_CHECK_SYMMETRY,  /* <u, H v> against <v, H u> */
    TG_CHECK_TAYLOR     /* the order of the remainder; "numeric" is the order measured, "analytic" 2 */
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
    double tolerance;   /* what it may be */
    double noise;       /* the estimated error of the numeric value */
    double step;        /* with which it was computed */
    double left, right; /* at a kink: the slopes of the two sides */
} tg_check_entry;

/* What a check found. Read only; everything it points to is its own. */
typedef struct tg_check_report {
    tg_verdict verdict;
    char reason[512];   /* the verdict in a line */
    char pattern[256];  /* what the error looks like: a wrong sign, a factor, ...; "" */
    char culprit[256];  /* of a graph: the first operation whose own rule fails; "" */
    int64_t culprit_id; /* its tg_id, or -1 */
    uint64_t seed;
    int n_parts;
    char **names;                 /* of the xs */
    int64_t elements, directions; /* compared */
    int64_t differing, unsure;    /* of all comparisons */
    int64_t subgradients, kinks;  /* elements at a kink: accepted as subgradients, and left open */
    int64_t crossings;            /* steps that crossed a kink and were taken anew, smaller */
    int64_t held;        /* stop_gradient nodes, whose values were held constant in the differences */
    double taylor_order; /* about 2; infinite where the remainder vanishes; NaN where not measured */
    int n_entries;       /* the worst first; kinks are among them */
    tg_check_entry *entries;
} tg_check_report;

/* Checks dy/dxs, y of any shape, at the present values of inputs and params; inputs without a value are drawn.
 * The part of the tape between xs and y is recorded anew in a graph of its own, with f64 in place of f32 (casts and
 * other dtype attributes included) and the same records, so that g is not changed: its values, its nodes and its
 * error stay. xs may be expressions. Kinks are found from the records' branch functions (op.h), stop_gradient is
 * held constant, random numbers are drawn in f64. A rule of tg_custom must not use tensors that its rule was not
 * given. *report (which may be NULL when nobody wants it) is NULL only when memory ran out. */
TG_API tg_verdict tg_check(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, int n,
                           const tg_check_options *options, tg_check_report **report);

/* ---- Functions over arrays ---------------------------------------------------------------------------- */

/* A function of n numbers that gives m, and what is claimed to be its derivative; any number of the claims. Each
 * must write all of its result and nothing else, and must not depend on anything but its arguments. */
typedef struct tg_callback {
    int64_t n, m;
    void (*f)(const double *x, double *y, void *context);
    void (*vjp)(const double *x, const double *ybar, double *xbar, void *context);
    void (*jvp)(const double *x, const double *xdot, double *ydot, void *context);
    void (*gradient)(const double *x, double *gradient, void *context); /* m is 1 */
    void (*jacobian)(const double *x, double *jacobian, void *context); /* [m, n], row-major */
    /* f for complex arguments, real and imaginary parts interleaved (an array of double complex). With it there is
     * no step to choose: the imaginary part of f(x + i h u) / h is exact to rounding. */
    void (*complex_f)(const double *x, double *y, void *context);
    void *context;
} tg_callback;

/* Checks the claims at x (n numbers, not changed). f is called twice at x: a function that answers differently is
 * refused, as is a call that writes into its arguments or beyond its result, which is noticed by guards around
 * them. Every claim is checked; order and low, high do not apply. */
TG_API tg_verdict tg_check_callback(const tg_callback *callback, const double *x,
                                    const tg_check_options *options, tg_check_report **report);

/* ---- Reports ------------------------------------------------------------------------------------------ */

/* For people, for programs (one JSON object) and for CI (a JUnit XML test suite named suite). New memory: free it
 * with tg_text_free (explain.h). NULL when memory runs out or report is NULL. */
TG_API char *tg_check_text(const tg_check_report *report);
TG_API char *tg_check_json(const tg_check_report *report);
TG_API char *tg_check_junit(const tg_check_report *report, const char *suite);
TG_API void tg_check_free(tg_check_report *report);

#ifdef __cplusplus
}
#endif

#endif
