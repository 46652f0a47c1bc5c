/* Recording: from an operation and its inputs to the one node that stands for it. */
#include <string.h>

#include "graph.h"
#include "infer.h"

/* 1 when the inputs can be used; otherwise the error is kept. */
static int inputs_usable(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n)
{
    if (op->n_inputs == TG_VARIADIC ? n < 1 : n != op->n_inputs) {
        tg_set_error(g, TG_ERR_ARGUMENT, "%s: %d inputs, expected %s%d", op->name, n,
                     op->n_inputs == TG_VARIADIC ? "at least " : "",
                     op->n_inputs == TG_VARIADIC ? 1 : op->n_inputs);
        return 0;
    }
    if (n > 0 && inputs == NULL) return tg_check_tensors(g, op->name, "input", inputs, n) == TG_OK;
    for (int i = 0; i < n; i++)
        if (inputs[i] == NULL || inputs[i]->graph != g)
            return tg_check_tensors(g, op->name, "input", inputs, n) == TG_OK;
    return 1;
}

static int all_see_constants(tg_tensor *const *inputs, int n)
{
    int i = 0;
    while (i < n && inputs[i]->sees_constant) i++;
    return i == n;
}

static tg_tensor *simplified(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                             int n, const void *attr)
{
    if (all_see_constants(inputs, n)) {
        tg_tensor *t = tg_fold_constants(g, op, type, inputs, n, attr);
        if (t != NULL) return t;
    }
    for (const tg_simplification *rule = op->simplify; rule != NULL && rule->name != NULL; rule++) {
        tg_tensor *t = rule->apply(op, inputs, n, attr, type);
        if (t != NULL) return t;
    }
    return NULL;
}

/* An operation on its inputs and with its attributes as they are. */
static tg_tensor *record(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    tg_infer q;
    tg_infer_start(&q, g, op, inputs, n, attr);
    if (tg_infer_run(&q) != TG_OK) return NULL;
    tg_tensor *swapped[2];
    if ((op->flags & TG_OP_COMMUTATIVE) != 0 && inputs[0]->id > inputs[1]->id) {
        swapped[0] = inputs[1];
        swapped[1] = inputs[0];
        inputs = swapped;
    }
    if ((g->options.flags & TG_NO_SIMPLIFY) == 0) {
        tg_tensor *t = simplified(g, op, &q.output, inputs, n, attr);
        if (t != NULL) return t;
    }
    const int like_first = q.like_first || (n > 0 && tg_shape_equal(q.output.rank, q.output.shape,
                                                                    inputs[0]->rank, inputs[0]->shape));
    return tg_intern(g, &(tg_recipe){.op = op,
                                     .type = &q.output,
                                     .inputs = inputs,
                                     .attr = attr,
                                     .attr_size = op->attr_size,
                                     .n = n,
                                     .shape_of_first = like_first,
                                     .unique = (g->options.flags & TG_NO_INTERN) != 0});
}

/* Attributes in the form that equal operations share; 0 when there is something wrong with them. */
static int make_canonical(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                          char *canonical)
{
    tg_infer q;
    tg_infer_start(&q, g, op, inputs, n, attr);
    memcpy(canonical, attr, op->attr_size);
    return op->canonical(&q, canonical) == TG_OK;
}

static int same_shapes(tg_tensor *const *inputs, int n)
{
    const tg_tensor *first = inputs[0];
    for (int i = 1; i < n; i++)
        if (!tg_shape_equal(first->rank, first->shape, inputs[i]->rank, inputs[i]->shape)) return 0;
    return 1;
}

/* Brings inputs of an elementwise operation to one shape; 0 when that failed. Those that do not fit together stay as they
 * are, and the shape rule will say so. */
static int stretch(tg_graph *g, tg_tensor *const *inputs, int n, tg_tensor **stretched)
{
    int rank = 0, all_fit = 1;
    int64_t shape[TG_MAX_RANK];
    for (int i = 0; i < n && all_fit; i++)
        all_fit = tg_shape_broadcast(inputs[i]->rank, inputs[i]->shape, &rank, shape);
    for (int i = 0; i < n; i++) {
        stretched[i] = inputs[i];
        if (all_fit && !tg_shape_equal(inputs[i]->rank, inputs[i]->shape, rank, shape))
            stretched[i] = g->library->broadcast_to(inputs[i], rank, shape);
        if (stretched[i] == NULL) return 0;
    }
    return 1;
}

static tg_tensor *compose(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    const int was_fine = g->status == TG_OK;
    tg_tensor *made = op->compose(g, inputs, n, attr);
    if (made == NULL && was_fine && g->status != TG_OK) tg_compose_failed(g, op, inputs, n);
    return made;
}

tg_tensor *tg_apply(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    if (g == NULL) return NULL;
    if (op == NULL) return tg_set_error(g, TG_ERR_NULL, "tg_apply: the operation is NULL");
    if (op->attr_size > 0 && attr == NULL)
        return tg_set_error(g, TG_ERR_NULL, "%s: its attributes are NULL", op->name);
    if (!inputs_usable(g, op, inputs, n)) return NULL;
    if (op->compose != NULL && (op->composes == NULL || op->composes(inputs, n, attr)))
        return compose(g, op, inputs, n, attr);
    tg_tensor *stretched[TG_ELEMENTWISE_MAX];
    if ((op->flags & TG_OP_ELEMENTWISE) != 0 && !same_shapes(inputs, n)) {
        if (!stretch(g, inputs, n, stretched)) return NULL;
        inputs = stretched;
    }
    char canonical[TG_ATTR_MAX];
    if (op->canonical != NULL) {
        if (!make_canonical(g, op, inputs, n, attr, canonical)) return NULL;
        attr = canonical;
    }
    return record(g, op, inputs, n, attr);
}
