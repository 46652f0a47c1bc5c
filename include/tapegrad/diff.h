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

/* Less memory for more time: y with its value and its derivatives, but the reverse pass does not keep what lies
 * between xs and y. It records that segment again, from xs, once it has y's adjoint, and differentiates the copy; so
 * the memory of the first one is free for what comes between. A chain of n layers that is checkpointed after every
 * sqrt(n) of them needs memory for about 2 sqrt(n), and one more forward pass; docs/memory.md has an example.
 *
 * The segment is what y depends on and what depends on xs, without xs themselves and what they are made of.
 * Whatever else it reads (params, other tensors) is kept, and gets its derivative as well: xs need not be complete.
 * xs beyond need cost nothing. What another output or a later operation reads too, or what a derivative is asked with
 * respect to, is computed once and kept as usual. Forward mode goes through the first segment. Segments
 * may lie in others, TG_MAX_CHECKPOINTS deep: they are then recorded again more than once.
 * The same kernels run on the same numbers, so that values are the same to the last bit. Derivatives are too, but
 * for the order in which several adjoints of one of xs, or of what is kept, are added up.
 *
 * y is returned as it is where there is nothing to record again: it depends on none of xs, it is one of them, or
 * it is not floating. Errors (NULL is returned): NULL, GRAPH, ARGUMENT (nested too deep), MEMORY. */
#define TG_MAX_CHECKPOINTS 64
TG_API tg_tensor *tg_checkpoint(tg_tensor *y, tg_tensor *const *xs, int n);

#ifdef __cplusplus
}
#endif

#endif
