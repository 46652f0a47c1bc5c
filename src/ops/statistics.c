/* Reductions that are composed of others: mean, prod, logsumexp. */
#include <math.h>
#include <string.h>

#include "ops.h"

/* The axes counted from the front, sorted; all where none are given. 0 with an error kept. */
static int resolve_axes(tg_tensor *x, const char *call, const tg_axes_attr *attr, tg_axes *axes)
{
    unsigned set = attr->axes.count < 0 ? (1u << x->rank) - 1 : 0;
    if (attr->axes.count > TG_MAX_RANK) {
        tg_set_error(x->graph, TG_ERR_RANK, "%s: %lld axes", call, (long long)attr->axes.count);
        return 0;
    }
    for (int i = 0; i < (int)attr->axes.count; i++) {
        int64_t axis = attr->axes.values[i];
        if (!tg_resolve_axis(x, call, &axis, x->rank)) return 0;
        if ((set >> axis & 1u) != 0) {
            tg_set_error(x->graph, TG_ERR_ARGUMENT, "%s: axis %lld stands twice", call, (long long)axis);
            return 0;
        }
        set |= 1u << axis;
    }
    *axes = (tg_axes){.keep = attr->keep != 0};
    for (int i = 0; i < x->rank; i++)
        if ((set >> i & 1u) != 0) axes->axis[axes->count++] = i;
    return 1;
}

static int64_t reduced_count(const tg_tensor *x, const tg_axes *axes)
{
    int64_t count = 1;
    for (int i = 0; i < axes->count; i++) count *= x->shape[axes->axis[i]];
    return count;
}

/* The sum divided by the count, as a division so that the count stays an integer in the equations. */
static tg_tensor *mean_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n;
    tg_tensor *x = inputs[0];
    tg_axes axes;
    if (!tg_needs_floating(x, "mean") || !resolve_axes(x, "mean", attr, &axes)) return NULL;
    int64_t count = reduced_count(x, &axes);
    char label[TG_LABEL_TEXT];
    if (count == 0)
        return tg_set_error(g, TG_ERR_SHAPE, "mean: of no elements; x: %s", tg_label(x, label, sizeof label));
    return tg_div(tg_sum(x, &axes), tg_number_like(x, (double)count));
}

/* The product along the last axis, by halves: log2(n) products of slices, so that no division is needed and
 * the derivative is right where elements are zero. */
static tg_tensor *product_of_last(tg_tensor *x)
{
    int last = tg_rank(x) - 1;
    while (x != NULL && x->shape[last] > 1) {
        int64_t size = x->shape[last], half = size / 2;
        tg_tensor *pairs = tg_mul(tg_slice(x, last, 0, half, 1), tg_slice(x, last, half, 2 * half, 1));
        tg_tensor *const parts[2] = {pairs, tg_slice(x, last, 2 * half, size, 1)};
        x = size % 2 == 0 ? pairs : tg_concat(parts, 2, last);
    }
    return x;
}

static tg_tensor *prod_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)n;
    tg_tensor *x = inputs[0];
    tg_axes axes;
    char label[TG_LABEL_TEXT];
    if (!tg_is_numeric(x->dtype))
        return tg_set_error(g, TG_ERR_DTYPE, "prod: it is not defined for bool; x: %s",
                            tg_label(x, label, sizeof label));
    if (!resolve_axes(x, "prod", attr, &axes)) return NULL;
    int64_t kept[TG_MAX_RANK], rows[TG_MAX_RANK + 1];
    int order[TG_MAX_RANK], n_kept = 0, n_rows = 0, next = 0;
    for (int i = 0; i < x->rank; i++) {
        int reduced = next < axes.count && axes.axis[next] == i;
        if (reduced) next++;
        if (!reduced) order[n_rows] = i, rows[n_rows++] = x->shape[i];
        if (!reduced || axes.keep) kept[n_kept++] = reduced ? 1 : x->shape[i];
    }
    for (int i = 0; i < axes.count; i++) order[n_rows + i] = axes.axis[i];
    int64_t count = reduced_count(x, &axes);
    if (count == 0) return tg_full(g, x->dtype, n_kept, kept, 1);
    if (axes.count == 0) return x;
    rows[n_rows] = count;
    return tg_reshape(product_of_last(tg_reshape(tg_transpose(x, order), n_rows + 1, rows)), n_kept, kept);
}

/* m + log sum exp(x - m) with m the maximum, or 0 where that is infinite. m carries no derivative: the value does
 * not depend on it. The sum is 0 where every x is -inf alone: the value is then that maximum, and the derivative 0. */
static tg_tensor *logsumexp_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    tg_tensor *x = inputs[0];
    tg_axes axes;
    if (!tg_needs_floating(x, "logsumexp") || !resolve_axes(x, "logsumexp", attr, &axes)) return NULL;
    int keep = axes.keep;
    axes.keep = 1;
    tg_tensor *most = tg_stop_gradient(tg_max(x, &axes)), *zero = tg_number_like(most, 0);
    tg_tensor *m = tg_where(tg_eq(tg_abs(most), tg_number_like(most, (double)INFINITY)), zero, most);
    tg_tensor *sum = tg_sum(tg_exp(tg_sub(x, m)), &axes), *is_none = tg_eq(sum, zero);
    tg_tensor *logarithm = tg_log(tg_where(is_none, tg_number_like(sum, 1), sum));
    tg_tensor *total = tg_where(is_none, most, tg_add(m, logarithm));
    if (keep || total == NULL) return total;
    int64_t shape[TG_MAX_RANK];
    int rank = 0, next = 0;
    for (int i = 0; i < x->rank; i++) {
        if (next < axes.count && axes.axis[next] == i)
            next++;
        else
            shape[rank++] = x->shape[i];
    }
    return tg_reshape(total, rank, shape);
}

static const char *const mean_cases[] = {"mean(f[2, 3])", "mean(f[2, 3, 4], axis=[0, 2])",
                                         "mean(f[2, 3], axis=1, keepdims=true)", NULL};
static const char *const prod_cases[] = {"prod(f[2, 3])", "prod(f[5, 2], axis=0)",
                                         "prod(f[2, 7, 2], axis=1, keepdims=true)", NULL};
static const char *const logsumexp_cases[] = {"logsumexp(f[2, 3])", "logsumexp(f[3, 4], axis=1)",
                                              "logsumexp(f[3, 4], axis=0, keepdims=true)", NULL};

static const tg_op mean_op = {.name = "mean",
                              .n_inputs = 1,
                              .inputs = "x",
                              .formula = "the mean over axes",
                              .attrs = tg_axes_attrs,
                              .n_attrs = 2,
                              .attr_size = sizeof(tg_axes_attr),
                              .cases = mean_cases,
                              .compose = mean_compose};
static const tg_op prod_op = {.name = "prod",
                              .n_inputs = 1,
                              .inputs = "x",
                              .formula = "the product over axes",
                              .attrs = tg_axes_attrs,
                              .n_attrs = 2,
                              .attr_size = sizeof(tg_axes_attr),
                              .cases = prod_cases,
                              .compose = prod_compose};
static const tg_op logsumexp_op = {.name = "logsumexp",
                                   .n_inputs = 1,
                                   .inputs = "x",
                                   .formula = "log sum exp(x) over axes",
                                   .attrs = tg_axes_attrs,
                                   .n_attrs = 2,
                                   .attr_size = sizeof(tg_axes_attr),
                                   .cases = logsumexp_cases,
                                   .compose = logsumexp_compose};

tg_tensor *tg_mean(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &mean_op, axes);
}

tg_tensor *tg_prod(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &prod_op, axes);
}

tg_tensor *tg_logsumexp(tg_tensor *x, const tg_axes *axes)
{
    return tg_apply_axes(x, &logsumexp_op, axes);
}

const tg_op *const tg_statistics_ops[] = {&mean_op, &prod_op, &logsumexp_op, NULL};
