/* Costs and accuracy. */
#include <tapegrad/nn.h>

/* e^2 / 2 where |e| <= 1, else |e| - 1/2. */
static tg_tensor *huber(tg_tensor *e)
{
    tg_tensor *size = tg_abs(e), *limit = tg_number_like(e, 1);
    tg_tensor *inside = tg_mul_scalar(tg_square(e), 0.5);
    return tg_where(tg_le(size, limit), inside, tg_add_scalar(size, -0.5));
}

/* y log p, and 0 where y = 0 whatever p is. */
static tg_tensor *y_log(tg_tensor *y, tg_tensor *p)
{
    tg_tensor *none = tg_eq(y, tg_number_like(y, 0));
    return tg_mul(y, tg_log(tg_where(none, tg_number_like(p, 1), p)));
}

static tg_tensor *elementwise(tg_cost cost, tg_tensor *a, tg_tensor *y)
{
    switch (cost) {
    case TG_COST_QUADRATIC:
        return tg_mul_scalar(tg_square(tg_sub(a, y)), 0.5);
    case TG_COST_L1:
        return tg_abs(tg_sub(a, y));
    case TG_COST_HUBER:
        return huber(tg_sub(a, y));
    case TG_COST_LOGISTIC:
        return tg_softplus(tg_neg(tg_mul(y, a)));
    case TG_COST_HINGE_DIFF:
        return tg_relu(tg_sub(y, a));
    case TG_COST_CROSS_ENTROPY:
        return tg_neg(y_log(y, a));
    case TG_COST_BINARY_CROSS_ENTROPY: {
        tg_tensor *one = tg_number_like(a, 1);
        return tg_neg(tg_add(y_log(y, a), y_log(tg_sub(one, y), tg_sub(one, a))));
    }
    }
    return tg_set_error(tg_graph_of(a), TG_ERR_ARGUMENT, "unknown cost %d", (int)cost);
}

static int same_shape(tg_tensor *a, tg_tensor *y, const char *what)
{
    if (a == NULL || y == NULL) return 0;
    int same = tg_rank(a) == tg_rank(y) && tg_rank(a) >= 1;
    for (int i = 0; i < tg_rank(a) && same; i++) same = tg_shape(a)[i] == tg_shape(y)[i];
    if (same) return 1;
    char a_text[TG_TYPE_TEXT], y_text[TG_TYPE_TEXT];
    tg_type a_type = tg_type_of(a), y_type = tg_type_of(y);
    tg_set_error(tg_graph_of(a), TG_ERR_SHAPE, "%s: outputs and targets must have one shape; a: %s, y: %s",
                 what, tg_type_text(&a_type, a_text, sizeof a_text),
                 tg_type_text(&y_type, y_text, sizeof y_text));
    return 0;
}

tg_tensor *tg_cost_of(tg_cost cost, tg_tensor *a, tg_tensor *y)
{
    return same_shape(a, y, "cost") ? tg_sum(elementwise(cost, a, y), TG_AXES(-1)) : NULL;
}

tg_tensor *tg_accuracy(tg_tensor *a, tg_tensor *y)
{
    if (!same_shape(a, y, "accuracy")) return NULL;
    tg_tensor *right;
    if (tg_shape(a)[tg_rank(a) - 1] == 1) {
        tg_tensor *half = tg_number_like(a, 0.5);
        right = tg_index(tg_eq(tg_gt(a, half), tg_gt(y, half)), -1, 0);
    } else {
        right = tg_eq(tg_argmax(a, -1), tg_argmax(y, -1));
    }
    return tg_cast(right, tg_dtype_of(a));
}
