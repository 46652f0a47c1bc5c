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
#include <tapegrad/op.h>

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

/* What a check of an operation found, over all its cases. Read only; everything it points to is its own. */
typedef struct tg_check_op_report {
    tg_verdict verdict;
    char reason[512];       /* the verdict in a line */
    char op[64];            /* the operation's name */
    int cases;              /* that were checked, those in f32 and those in f64 */
    int passed, failed;     /* of them */
    int unsure;             /* that are inconclusive */
    int vacuous;            /* whose derivatives are zero everywhere */
    int constant;           /* that have none: not of floating type, or locally constant */
    double worst_error;     /* the largest relative error against differences */
    char worst_case[160];   /* the first case that fails, otherwise the one with the largest error */
    tg_check_report *worst; /* its report; NULL: there is none */
} tg_check_op_report;

/* Checks the rules of an operation of g: one of the library's (tg_op_find) or what tg_op_register returned. Its
 * record says how (op.h): `cases` lists calls, and `domain` says where their inputs are drawn from. A record without
 * cases is tried with shapes by the number of its inputs. Every case is checked in f64 and, where the operation takes
 * it, in f32, by every input, forward mode against reverse mode, and to the second order. g is not changed.
 * TG_INCONCLUSIVE for an operation that no case fits. *report (which may be NULL when nobody wants it) is NULL only
 * when memory ran out. */
TG_API tg_verdict tg_check_op(tg_graph *g, const tg_op *op, const tg_check_options *options,
                              tg_check_op_report **report);
TG_API void tg_check_op_free(tg_check_op_report *report);

#ifdef __cplusplus
}
#endif

#endif
