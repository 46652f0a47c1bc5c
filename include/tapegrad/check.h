/* Checking the derivatives of a graph's tensors and of operations against differences.
 *
 *     tg_check_report *r;
 *     if (tg_check(g, loss, params, n, NULL, &r) != TG_PASS) {
 *         char *text = tg_check_text(r);
 *         fputs(text != NULL ? text : "out of memory", stderr);
 *         tg_text_free(text);
 *     }
 *     tg_check_free(r);
 *
 * check_callback.h has the verdicts, the options and the report, and checks derivative code over plain arrays. */
#ifndef TAPEGRAD_CHECK_H
#define TAPEGRAD_CHECK_H

#include <tapegrad/check_callback.h>
#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Checks dy/dxs, y of any shape, at the present values of inputs and params; inputs without a value are drawn.
 * The part of the tape between xs and y is recorded anew in a graph of its own, with f64 in place of f32 (casts and
 * other dtype attributes included) and the same records, so that g is not changed: its values, its nodes and its
 * error stay. xs may be expressions. Kinks are found from the records' branch functions (op.h), stop_gradient is
 * held constant, random numbers are drawn in f64. A rule of tg_custom must not use tensors that its rule was not
 * given. *report (which may be NULL when nobody wants it) is NULL only when memory ran out. */
TG_API tg_verdict tg_check(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, int n,
                           const tg_check_options *options, tg_check_report **report);

#ifdef __cplusplus
}
#endif

#endif
