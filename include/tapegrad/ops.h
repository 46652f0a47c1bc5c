/* The operations. Each records a node (or a few) and computes nothing.
 *
 * Common rules, which the lines below do not repeat:
 *   Types. Operations keep the element type of their inputs, which must agree: there is no silent promotion
 *     (tg_cast converts). Mathematical functions take f32 and f64; arithmetic takes i64 too (it wraps around);
 *     logical operations take bool. Index tensors are i64.
 *   Broadcasting. Elementwise operations stretch their inputs as NumPy does: shapes are aligned at their last
 *     axes, and an axis of size 1 or a missing one is repeated. What is repeated is recorded as a broadcast.
 *   Axes. A negative axis counts from the end.
 *   Errors. NULL is returned and the graph keeps the error: NULL, GRAPH, DTYPE, SHAPE, RANK, ARGUMENT, SIZE,
 *     MEMORY. A NULL input gives NULL.
 *   Derivatives. Every operation has reverse and forward rules to any order; tg_op_find(g, "name") has its
 *     record. Choices at kinks stand in diff.h. */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

#include <tapegrad/diff.h>

#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

/* ---- Arithmetic (elementwise) ------------------------------------------------------------------------- */

TG_API tg_tensor *tg_add(tg_tensor *a, tg_tensor *b); /* a + b */
TG_API tg_tensor *tg_sub(tg_tensor *a, tg_tensor *b); /* a - b */
TG_API tg_tensor *tg_mul(tg_tensor *a, tg_tensor *b); /* a b */
TG_API tg_tensor *tg_div(tg_tensor *a, tg_tensor *b); /* a / b, floating types only */
TG_API tg_tensor *tg_pow(tg_tensor *a, tg_tensor *b); /* a^b; its slope in b is 0 where a = 0 */
TG_API tg_tensor *tg_neg(tg_tensor *x);               /* -x */
TG_API tg_tensor *tg_abs(tg_tensor *x);               /* |x| */
TG_API tg_tensor *tg_sign(tg_tensor *x);              /* -1, 0 or 1 */
TG_API tg_tensor *tg_square(tg_tensor *x);            /* x^2 */
TG_API tg_tensor *tg_sqrt(tg_tensor *x);
TG_API tg_tensor *tg_rsqrt(tg_tensor *x);                 /* 1 / sqrt(x) */
TG_API tg_tensor *tg_reciprocal(tg_tensor *x);            /* 1 / x */
TG_API tg_tensor *tg_maximum(tg_tensor *a, tg_tensor *b); /* NaN if either is */
TG_API tg_tensor *tg_minimum(tg_tensor *a, tg_tensor *b);

/* The number v in x's element type, as a scalar; and x with a number. */
TG_API tg_tensor *tg_number_like(tg_tensor *x, double v);
TG_API tg_tensor *tg_add_scalar(tg_tensor *x, double v); /* x + v */
TG_API tg_tensor *tg_mul_scalar(tg_tensor *x, double v); /* x v */
TG_API tg_tensor *tg_pow_scalar(tg_tensor *x, double v); /* x^v */

/* ---- Mathematical functions (elementwise) ------------------------------------------------------------- */

TG_API tg_tensor *tg_exp(tg_tensor *x);
TG_API tg_tensor *tg_expm1(tg_tensor *x); /* exp(x) - 1, accurate near 0 */
TG_API tg_tensor *tg_log(tg_tensor *x);
TG_API tg_tensor *tg_log1p(tg_tensor *x); /* log(1 + x), accurate near 0 */
TG_API tg_tensor *tg_sin(tg_tensor *x);
TG_API tg_tensor *tg_cos(tg_tensor *x);
TG_API tg_tensor *tg_tan(tg_tensor *x);
TG_API tg_tensor *tg_atan(tg_tensor *x);
TG_API tg_tensor *tg_sinh(tg_tensor *x);
TG_API tg_tensor *tg_cosh(tg_tensor *x);
TG_API tg_tensor *tg_erf(tg_tensor *x);  /* 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x */
TG_API tg_tensor *tg_erfc(tg_tensor *x); /* 1 - erf(x), accurate for large x */

/* ---- Activations (elementwise) ------------------------------------------------------------------------ */

TG_API tg_tensor *tg_sigmoid(tg_tensor *x); /* 1 / (1 + exp(-x)); never overflows */
TG_API tg_tensor *tg_tanh(tg_tensor *x);
TG_API tg_tensor *tg_relu(tg_tensor *x);     /* max(x, 0); slope 0 at 0 */
TG_API tg_tensor *tg_elu(tg_tensor *x);      /* x where x > 0, else exp(x) - 1 */
TG_API tg_tensor *tg_softplus(tg_tensor *x); /* log(1 + exp(x)); never overflows */
/* x where x > 0, else slope x; slope at 0: slope */
TG_API tg_tensor *tg_leaky_relu(tg_tensor *x, double slope);
TG_API tg_tensor *tg_gelu(tg_tensor *x); /* x Phi(x), Phi the normal distribution function; the exact one */
TG_API tg_tensor *tg_silu(tg_tensor *x); /* x sigmoid(x) */

/* ---- Comparisons, logic, choice (elementwise) --------------------------------------------------------- */

/* Of any type, giving bool; a NaN is unequal to everything and neither less nor greater. */
TG_API tg_tensor *tg_eq(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_ne(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_lt(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_le(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_gt(tg_tensor *a, tg_tensor *b); /* recorded as b < a */
TG_API tg_tensor *tg_ge(tg_tensor *a, tg_tensor *b); /* recorded as b <= a */

TG_API tg_tensor *tg_logical_not(tg_tensor *x);
TG_API tg_tensor *tg_logical_and(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_logical_or(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_logical_xor(tg_tensor *a, tg_tensor *b);

/* a where condition (bool) is true, else b. A NaN or infinity in the part that is not taken does no harm. */
TG_API tg_tensor *tg_where(tg_tensor *condition, tg_tensor *a, tg_tensor *b);

/* ---- Reductions --------------------------------------------------------------------------------------- */

/* The axes that a reduction removes: NULL for all, TG_AXES(1) or TG_AXES(0, 2) for some, TG_KEEP_AXES(1) to
 * keep them with size 1. */
typedef struct tg_axes {
    int count;
    int keep;
    int axis[TG_MAX_RANK];
} tg_axes;

#ifdef __cplusplus
/* What TG_AXES makes in C++, where a temporary has no address: it lives as long as the expression that it is in. */
class tg_axes_list
{
    tg_axes axes;

  public:
    tg_axes_list(int keep, std::initializer_list<int> list) : axes()
    {
        axes.keep = keep;
        for (int axis : list) {
            if (axes.count < TG_MAX_RANK) axes.axis[axes.count] = axis;
            axes.count++; /* more than a tensor can have are an error of the operation */
        }
    }
    operator const tg_axes *() const
    {
        return &axes;
    }
};
#define TG_AXES(...) (tg_axes_list(0, {__VA_ARGS__}))
#define TG_KEEP_AXES(...) (tg_axes_list(1, {__VA_ARGS__}))
#else
#define TG_AXES(...) (&(tg_axes){(int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), 0, {__VA_ARGS__}})
#define TG_KEEP_AXES(...) (&(tg_axes){(int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), 1, {__VA_ARGS__}})
#endif

/* Sums are added in blocks with wider or compensated totals: their error does not grow with their length. */
TG_API tg_tensor *tg_sum(tg_tensor *x, const tg_axes *axes);  /* of nothing: 0 */
TG_API tg_tensor *tg_mean(tg_tensor *x, const tg_axes *axes); /* of nothing: an error */
TG_API tg_tensor *tg_prod(tg_tensor *x, const tg_axes *axes); /* of nothing: 1; right slopes at 0 */
TG_API tg_tensor *tg_max(tg_tensor *x, const tg_axes *axes);  /* of nothing: an error; NaN if any is */
TG_API tg_tensor *tg_min(tg_tensor *x, const tg_axes *axes);
/* log sum exp(x); never overflows; its slope is 0 where all is -inf. */
TG_API tg_tensor *tg_logsumexp(tg_tensor *x, const tg_axes *axes);

/* The position of the largest or smallest element along one axis, the first of equals (i64; of nothing: an
 * error). A NaN counts as the largest and the smallest. */
TG_API tg_tensor *tg_argmax(tg_tensor *x, int axis);
TG_API tg_tensor *tg_argmin(tg_tensor *x, int axis);

/* y_i = x_0 + … + x_i along an axis, of f32, f64 or i64. */
TG_API tg_tensor *tg_cumsum(tg_tensor *x, int axis);

/* ---- Products ----------------------------------------------------------------------------------------- */

/* The matrix product, of f32 or f64, with NumPy's conventions: [m, k] with [k, n] gives [m, n]; a 1-D tensor
 * is a row on the left and a column on the right, and its axis is dropped from the result; axes before the
 * last two are a batch and broadcast. */
TG_API tg_tensor *tg_matmul(tg_tensor *a, tg_tensor *b);
TG_API tg_tensor *tg_dot(tg_tensor *a, tg_tensor *b);   /* two 1-D tensors of one length: sum_i a_i b_i */
TG_API tg_tensor *tg_outer(tg_tensor *a, tg_tensor *b); /* two 1-D tensors: a_i b_j */

/* ---- Shape -------------------------------------------------------------------------------------------- */

/* The same elements in another shape; one size may be -1 and follows from the others. */
TG_API tg_tensor *tg_reshape(tg_tensor *x, int rank, const int64_t *shape);
/* Axis i of the result is axis order[i] of x; order NULL reverses the axes. */
TG_API tg_tensor *tg_transpose(tg_tensor *x, const int *order);
TG_API tg_tensor *tg_broadcast_to(tg_tensor *x, int rank, const int64_t *shape);
TG_API tg_tensor *tg_flip(tg_tensor *x, int axis); /* in reverse order along an axis */

/* x[start:stop:step] along an axis, as Python slices: negative positions count from the end, positions beyond
 * the ends are cut, step may be negative but not 0. TG_END as start or stop means up to the end. */
#define TG_END INT64_MAX
TG_API tg_tensor *tg_slice(tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step);
/* x at one position of an axis, which is dropped. */
TG_API tg_tensor *tg_index(tg_tensor *x, int axis, int64_t position);

/* low[i] elements of `value` before axis i, high[i] after it, and inner[i] between neighbours (inner may be
 * NULL: none). Nothing may be negative. */
TG_API tg_tensor *tg_pad(tg_tensor *x, const int64_t *low, const int64_t *high, const int64_t *inner,
                         double value);

/* n tensors joined along an axis that they have (concat) or along a new one (stack). */
TG_API tg_tensor *tg_concat(tg_tensor *const *xs, int n, int axis);
TG_API tg_tensor *tg_stack(tg_tensor *const *xs, int n, int axis);

/* ---- Indexing ----------------------------------------------------------------------------------------- */

/* Indices are i64, negative ones count from the end. One that is out of range is found when the expression
 * runs: TG_ERR_INDEX, with the index and where it stands. */

/* The slices of x along an axis that indices name: x[..., indices, ...], the axis replaced by the shape of
 * indices. tg_gather(W, tokens, 0) looks up rows. Repeated indices are fine; their adjoints add up. */
TG_API tg_tensor *tg_gather(tg_tensor *x, tg_tensor *indices, int axis);
/* x plus, at each index, the slice of updates that tg_gather with the same indices would have read there. */
TG_API tg_tensor *tg_scatter_add(tg_tensor *x, tg_tensor *indices, tg_tensor *updates, int axis);
/* One element for each of indices, which has x's shape but for the axis: y_ij = x[i, indices_ij] for axis 1. */
TG_API tg_tensor *tg_take_along_axis(tg_tensor *x, tg_tensor *indices, int axis);
/* A last axis of size depth that is 1 at the index and 0 elsewhere; all 0 for an index outside 0 .. depth-1. */
TG_API tg_tensor *tg_one_hot(tg_tensor *indices, int64_t depth, tg_dtype dtype);
/* 0, 1, …, n-1, of f32, f64 or i64. */
TG_API tg_tensor *tg_iota(tg_graph *g, int64_t n, tg_dtype dtype);
/* A tensor of one number. */
TG_API tg_tensor *tg_full(tg_graph *g, tg_dtype dtype, int rank, const int64_t *shape, double value);

/* ---- Types -------------------------------------------------------------------------------------------- */

/* x in another element type: to i64 towards zero (NaN gives 0, what does not fit the nearest end), to bool
 * whether it is not 0. Differentiable between f32 and f64. */
TG_API tg_tensor *tg_cast(tg_tensor *x, tg_dtype dtype);

/* x, with derivative zero. */
TG_API tg_tensor *tg_stop_gradient(tg_tensor *x);

/* ---- Softmax and its cross-entropies ------------------------------------------------------------------ */

TG_API tg_tensor *tg_softmax(tg_tensor *x, int axis);     /* exp(x_i) / sum_j exp(x_j); never overflows */
TG_API tg_tensor *tg_log_softmax(tg_tensor *x, int axis); /* x_i - logsumexp(x) */
/* -sum_k y_k log softmax(s)_k over the last axis, which is dropped. y has the type of s. */
TG_API tg_tensor *tg_softmax_cross_entropy(tg_tensor *s, tg_tensor *y);
/* -y log sigmoid(z) - (1 - y) log(1 - sigmoid(z)), elementwise; accurate for any z. */
TG_API tg_tensor *tg_sigmoid_cross_entropy(tg_tensor *z, tg_tensor *y);

/* ---- Random numbers ----------------------------------------------------------------------------------- */

/* key is an i64 scalar: the same key gives the same numbers, different keys independent ones (random.h). Take
 * a key of its own for every draw: the normal numbers of a key are made of its uniform ones. For new numbers in
 * every run make the key a state that an update increments. Derivative zero in the key. */
/* In [0, 1). */
TG_API tg_tensor *tg_random_uniform(tg_tensor *key, tg_dtype dtype, int rank, const int64_t *shape);
/* With mean 0 and deviation 1. */
TG_API tg_tensor *tg_random_normal(tg_tensor *key, tg_dtype dtype, int rank, const int64_t *shape);
/* 1 with probability p (of dtype f32 or f64, broadcast), else 0, as p's dtype. */
TG_API tg_tensor *tg_random_bernoulli(tg_tensor *key, tg_tensor *p, int rank, const int64_t *shape);

#ifdef __cplusplus
}
#endif

#endif
