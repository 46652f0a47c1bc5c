/* tg_custom: an expression with derivative rules of its caller's. */
#include <stdlib.h>
#include <string.h>

#include "graph/rule.h"
#include "ops.h"

/* The node's inputs are y and then xs; its value is y's. It is not in the list of operations, because it means
 * nothing without its rules. */

/* The caller's rules do not see y. */
static void custom_vjp(tg_rule *r)
{
    r->first = 1;
    ((const tg_custom_rules *)tg_node_attr(r->node))->vjp(r);
    r->first = 0;
}

static void custom_jvp(tg_rule *r)
{
    r->first = 1;
    ((const tg_custom_rules *)tg_node_attr(r->node))->jvp(r);
    r->first = 0;
}

#define CUSTOM_RECORD                                                                                        \
    .name = "custom", .n_inputs = TG_VARIADIC, .inputs = "y",                                                \
    .formula = "y, with derivative rules of its own", .attr_size = sizeof(tg_custom_rules),                  \
    .flags = TG_OP_STRIDED | TG_OP_OPAQUE, .infer = tg_same_infer, .vjp = custom_vjp, .view = tg_same_view

static const tg_op custom_op = {CUSTOM_RECORD, .jvp = custom_jvp};
/* Its forward rule is derived from the reverse rule. */
static const tg_op custom_reverse_op = {CUSTOM_RECORD};

void *tg_rule_context(const tg_rule *r)
{
    const tg_op *op = r->node->op;
    if (op != &custom_op && op != &custom_reverse_op) return NULL;
    return ((const tg_custom_rules *)tg_node_attr(r->node))->context;
}

tg_tensor *tg_custom(tg_tensor *y, tg_tensor *const *xs, int n, const tg_custom_rules *rules)
{
    tg_graph *g = tg_graph_of(y);
    if (g == NULL) return NULL;
    if (rules == NULL || rules->vjp == NULL)
        return tg_set_error(g, TG_ERR_NULL, "tg_custom: the rules are NULL or have no vjp");
    if (tg_check_tensors(g, "tg_custom", "input", xs, n) != TG_OK) return NULL;
    tg_tensor **inputs = malloc(((size_t)n + 1) * sizeof(tg_tensor *));
    if (inputs == NULL) return tg_set_error(g, TG_ERR_MEMORY, "tg_custom: out of memory");
    inputs[0] = y;
    for (int i = 0; i < n; i++) inputs[i + 1] = xs[i];
    tg_custom_rules attr;
    memset(&attr, 0, sizeof attr);
    attr = *rules;
    tg_tensor *t = tg_apply(g, rules->jvp != NULL ? &custom_op : &custom_reverse_op, inputs, n + 1, &attr);
    free(inputs);
    return tg_set_name(t, rules->name);
}
