/* Softmax, its logarithm, and the cross-entropies, all composed. */
#include <float.h>

#include "ops.h"

typedef struct softmax_attr {
    int64_t axis;
} softmax_attr;

/* A row of more columns than a unit of the planner has (fuse.c) would be read once for its maximum and once for what is
 * made of it. So it is taken in pieces, which stay in the cache, each with a maximum of its own: such an x is [..., pieces,
 * columns], where pieces have no fewer columns than this. */
enum { MOST_COLUMNS = 8192, LEAST_COLUMNS = 1024 };

/* How many columns a piece of a row of n has; n where there are no pieces. */
static int64_t columns_of_pieces(int64_t n)
{
    int64_t columns = MOST_COLUMNS;
    if (n <= MOST_COLUMNS) return n;
    while (columns >= LEAST_COLUMNS && n % columns != 0) columns--;
    return columns >= LEAST_COLUMNS ? columns : n;
}

/* x in pieces, where the axis lends itself to it; x itself elsewhere. */
static tg_tensor *split(tg_tensor *x, int64_t axis)
{
    int64_t shape[TG_MAX_RANK];
    if (axis != x->rank - 1 || x->rank == TG_MAX_RANK) return x;
    for (int64_t i = 0; i < axis; i++) shape[i] = x->shape[i];
    shape[axis + 1] = columns_of_pieces(x->shape[axis]);
    if (shape[axis + 1] == x->shape[axis]) return x;
    shape[axis] = x->shape[axis] / shape[axis + 1];
    return tg_reshape(x, x->rank + 1, shape);
}

/* The maximum of every piece, which carries no derivative, and in its place the least number where all is -inf, since
 * -inf - -inf is no number and other pieces have some. */
static tg_tensor *tops_of(tg_tensor *pieces)
{
    tg_tensor *tops = tg_stop_gradient(tg_max(pieces, TG_KEEP_AXES(-1)));
    return tg_maximum(tops,
                      tg_number_like(tops, tg_dtype_of(pieces) == TG_F32 ? (double)-FLT_MAX : -DBL_MAX));
}

/* How far the maximum t of every piece is below that of all of them, m: t - m. exp of that is what the piece counts
 * beside the others. */
static tg_tensor *distances_of(tg_tensor *tops)
{
    return tg_sub(tops, tg_max(tops, TG_KEEP_AXES(-2)));
}

/* exp(x - t) w / sum w exp(x - t) with w = exp(t - m). */
static tg_tensor *softmax_of_pieces(tg_tensor *pieces)
{
    tg_tensor *tops = tops_of(pieces), *e = tg_exp(tg_sub(pieces, tops));
    tg_tensor *sums = tg_sum(e, TG_KEEP_AXES(-1)), *w = tg_exp(distances_of(tops));
    return tg_mul(e, tg_div(w, tg_sum(tg_mul(w, sums), TG_KEEP_AXES(-2))));
}

/* (x - t) - (log sum w exp(x - t) - (t - m)): x - t is stored where the result will be, which takes less than to read x
 * and write elsewhere. */
static tg_tensor *log_softmax_of_pieces(tg_tensor *pieces)
{
    tg_tensor *tops = tops_of(pieces), *shifted = tg_sub(pieces, tops);
    tg_tensor *sums = tg_sum(tg_exp(shifted), TG_KEEP_AXES(-1)), *distances = distances_of(tops);
    tg_tensor *logarithm = tg_log(tg_sum(tg_mul(tg_exp(distances), sums), TG_KEEP_AXES(-2)));
    return tg_sub(shifted, tg_sub(logarithm, distances));
}

/* exp(x - m) / sum exp(x - m); the maximum m carries no derivative, since the value does not depend on it. */
static tg_tensor *softmax_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    int64_t axis = ((const softmax_attr *)attr)->axis;
    if (!tg_needs_floating(x, "softmax") || !tg_resolve_axis(x, "softmax", &axis, x->rank)) return NULL;
    tg_tensor *pieces = split(x, axis);
    if (pieces != x) return tg_reshape(softmax_of_pieces(pieces), x->rank, x->shape);
    const tg_axes *along = TG_KEEP_AXES((int)axis);
    tg_tensor *e = tg_exp(tg_sub(x, tg_stop_gradient(tg_max(x, along))));
    return tg_div(e, tg_sum(e, along));
}

static tg_tensor *log_softmax_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    int64_t axis = ((const softmax_attr *)attr)->axis;
    if (!tg_needs_floating(x, "log_softmax") || !tg_resolve_axis(x, "log_softmax", &axis, x->rank))
        return NULL;
    tg_tensor *pieces = split(x, axis);
    if (pieces != x) return tg_reshape(log_softmax_of_pieces(pieces), x->rank, x->shape);
    const tg_axes *along = TG_KEEP_AXES((int)axis);
    tg_tensor *shifted = tg_sub(x, tg_stop_gradient(tg_max(x, along)));
    return tg_sub(shifted, tg_log(tg_sum(tg_exp(shifted), along)));
}

static tg_tensor *softmax_cross_entropy_compose(tg_graph *g, tg_tensor *const *inputs, int n,
                                                const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_neg(tg_sum(tg_mul(inputs[1], tg_log_softmax(inputs[0], -1)), TG_AXES(-1)));
}

/* y softplus(-z) + (1 - y) softplus(z): no term cancels another, whatever z is. */
static tg_tensor *sigmoid_cross_entropy_compose(tg_graph *g, tg_tensor *const *inputs, int n,
                                                const void *attr)
{
    (void)g, (void)n, (void)attr;
    tg_tensor *z = inputs[0], *y = inputs[1];
    tg_tensor *rest = tg_sub(tg_number_like(y, 1), y);
    return tg_add(tg_mul(y, tg_softplus(tg_neg(z))), tg_mul(rest, tg_softplus(z)));
}

static const tg_attr softmax_attrs[] = {{"axis", TG_ATTR_INT, offsetof(softmax_attr, axis), "-1"}};
static const char *const softmax_cases[] = {"softmax(f[2, 4])", "softmax(f[3, 2], axis=0)", NULL};
static const char *const log_softmax_cases[] = {"log_softmax(f[2, 4])", "log_softmax(f[3, 2], axis=0)", NULL};
static const char *const softmax_ce_cases[] = {"softmax_cross_entropy(f[2, 4], f[2, 4])", NULL};
static const char *const sigmoid_ce_cases[] = {"sigmoid_cross_entropy(f[2, 3], f[2, 3])", NULL};

static const tg_op softmax_op = {.name = "softmax",
                                 .n_inputs = 1,
                                 .inputs = "x",
                                 .formula = "exp(x_i) / sum_j exp(x_j) along an axis",
                                 .attrs = softmax_attrs,
                                 .n_attrs = 1,
                                 .attr_size = sizeof(softmax_attr),
                                 .cases = softmax_cases,
                                 .compose = softmax_compose};
static const tg_op log_softmax_op = {.name = "log_softmax",
                                     .n_inputs = 1,
                                     .inputs = "x",
                                     .formula = "x_i - log sum_j exp(x_j) along an axis",
                                     .attrs = softmax_attrs,
                                     .n_attrs = 1,
                                     .attr_size = sizeof(softmax_attr),
                                     .cases = log_softmax_cases,
                                     .compose = log_softmax_compose};
static const tg_op softmax_ce_op = {.name = "softmax_cross_entropy",
                                    .n_inputs = 2,
                                    .inputs = "s y",
                                    .formula = "-sum_k y_k log softmax(s)_k over the last axis",
                                    .cases = softmax_ce_cases,
                                    .compose = softmax_cross_entropy_compose};
static const tg_op sigmoid_ce_op = {.name = "sigmoid_cross_entropy",
                                    .n_inputs = 2,
                                    .inputs = "z y",
                                    .formula = "-y log sigmoid(z) - (1 - y) log(1 - sigmoid(z))",
                                    .cases = sigmoid_ce_cases,
                                    .compose = sigmoid_cross_entropy_compose};

tg_tensor *tg_softmax(tg_tensor *x, int axis)
{
    softmax_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &softmax_op, &x, 1, &attr);
}

tg_tensor *tg_log_softmax(tg_tensor *x, int axis)
{
    softmax_attr attr = {axis};
    return tg_apply(tg_graph_of(x), &log_softmax_op, &x, 1, &attr);
}

tg_tensor *tg_softmax_cross_entropy(tg_tensor *s, tg_tensor *y)
{
    tg_tensor *const inputs[2] = {s, y};
    return tg_apply(tg_graph_of(s != NULL ? s : y), &softmax_ce_op, inputs, 2, NULL);
}

tg_tensor *tg_sigmoid_cross_entropy(tg_tensor *z, tg_tensor *y)
{
    tg_tensor *const inputs[2] = {z, y};
    return tg_apply(tg_graph_of(z != NULL ? z : y), &sigmoid_ce_op, inputs, 2, NULL);
}

const tg_op *const tg_softmax_ops[] = {&softmax_op, &log_softmax_op, &softmax_ce_op, &sigmoid_ce_op, NULL};
