/* Derivatives, as new expressions on the same tape.
 *
 * Notation: for outputs y and inputs x, the adjoint (cotangent) of v is the tensor that says how a scalar
 * result changes with v, of v's type; the tangent is its forward-mode counterpart. Only f32 and f64 tensors
 * have derivatives. What these functions give can be differentiated again, to any order.
 *
 * All return a status and keep the error in the graph; on failure *out is NULL everywhere. out must not overlap
 * the lists that are given. A derivative that is structurally zero (the output does not depend on x, or only
 * through integers) is an explicit tensor of zeros; tg_depends_on (graph.h) answers the question behind it.
 * At kinks the derivative is a choice: relu'(0) = 0, abs'(0) = 0, equal arguments of maximum and minimum share
 * the adjoint equally, and so do tied elements of reduce max and min; sign and comparisons have slope 0. */
#ifndef TAPEGRAD_DIFF_H
#define TAPEGRAD_DIFF_H

#include <tapegrad/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] = dy/dx_i for a y with one element. Each has the type of x_i. Errors: NULL, SHAPE (y has more
 * elements), DTYPE (y or an x is not floating), GRAPH, RULE, MEMORY. */
TG_API tg_status tg_grad(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, int n, tg_tensor **out);

/* Reverse mode: out[i] = sum_j ybar_j^T dy_j/dx_i, given the outputs' adjoints, each of its output's type. */
TG_API tg_status tg_vjp(tg_graph *g, tg_tensor *const *ys, tg_tensor *const *ybars, int m,
                        tg_tensor *const *xs, int n, tg_tensor **out);

/* Forward mode: out[j] = sum_i dy_j/dx_i xdot_i, given the inputs' tangents, each of its input's type. */
TG_API tg_status tg_jvp(tg_graph *g, tg_tensor *const *ys, int m, tg_tensor *const *xs,
                        tg_tensor *const *xdots, int n, tg_tensor **out);

/* Hessian-vector product, forward over reverse: out[i] = sum_j d2y/(dx_i dx_j) v_j, for a scalar y. */
TG_API tg_status tg_hvp(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, tg_tensor *const *vs, int n,
                        tg_tensor **out);

/* The whole Jacobian dy/dx, of shape y's shape followed by x's. Built row by row in reverse mode, or column
 * by column in forward mode where x has fewer elements than y. */
TG_API tg_status tg_jacobian(tg_graph *g, tg_tensor *y, tg_tensor *x, tg_tensor **out);
/* The Hessian of a scalar y, of shape x's shape twice. */
TG_API tg_status tg_hessian(tg_graph *g, tg_tensor *y, tg_tensor *x, tg_tensor **out);

/* A composed function with derivative rules of one's own: the result is y with its value, but its derivative
 * with respect to xs is what the rules say; y's own operations are not differentiated. In the rules,
 * tg_rule_input(r, i) is xs[i] and tg_rule_output(r) the result. jvp may be NULL (derived from vjp).
 * context is for the caller; a rule finds it with tg_rule_context. */
typedef struct tg_custom_rules {
    const char *name;
    tg_rule_fn vjp;
    tg_rule_fn jvp;
    void *context;
} tg_custom_rules;

TG_API tg_tensor *tg_custom(tg_tensor *y, tg_tensor *const *xs, int n, const tg_custom_rules *rules);
TG_API void *tg_rule_context(const tg_rule *r);

#ifdef __cplusplus
}
#endif

#endif
