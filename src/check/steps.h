/* The error of a difference as a function of its step. */
#ifndef TG_CHECK_STEPS_H
#define TG_CHECK_STEPS_H

#include <tapegrad/check.h>

#define TG_STEPS 49 /* four a decade, from 1 to 1e-12 */

/* Errors are relative to the derivative; NaN where a step crosses a kink or its value is not finite. */
typedef struct tg_check_steps {
    double step[TG_STEPS];
    double f32[TG_STEPS], f64[TG_STEPS]; /* central differences in these types */
    double extrapolated[TG_STEPS];       /* what the check works with: in f64, from three steps */
    double chosen, chosen_error;         /* the step that the check chooses */
    double derivative;                   /* of <w, y> along a random direction, by reverse mode */
} tg_check_steps;

/* Measures dy/dxs along one random direction. On failure *diag says why: something cannot be computed, the derivative
 * is zero, or memory ran out. */
tg_status tg_check_measure_steps(tg_tensor *y, tg_tensor *const *xs, int n, const tg_check_options *options,
                                 tg_check_steps *out, tg_diag *diag);

#endif
