/* What the families of operations share. */
#include "ops.h"

static int resolve(int64_t *axis, int rank)
{
    if (*axis < -rank || *axis >= rank) return 0;
    if (*axis < 0) *axis += rank;
    return 1;
}

tg_status tg_canonical_axis(tg_infer *q, int64_t *axis, int rank)
{
    if (resolve(axis, rank)) return TG_OK;
    return tg_infer_fail(q, TG_ERR_ARGUMENT, "axis %lld of a tensor of rank %d", (long long)*axis, rank);
}

int tg_resolve_axis(tg_tensor *x, const char *call, int64_t *axis, int rank)
{
    if (resolve(axis, rank)) return 1;
    char label[TG_LABEL_TEXT];
    tg_set_error(x->graph, TG_ERR_ARGUMENT, "%s: axis %lld of a tensor of rank %d; %s", call,
                 (long long)*axis, rank, tg_label(x, label, sizeof label));
    return 0;
}

int tg_needs_floating(tg_tensor *x, const char *call)
{
    if (tg_is_floating(x->dtype)) return 1;
    char label[TG_LABEL_TEXT];
    tg_set_error(x->graph, TG_ERR_DTYPE, "%s: it is not defined for %s; x: %s", call, tg_dtype_name(x->dtype),
                 tg_label(x, label, sizeof label));
    return 0;
}

void tg_jvp_linear(tg_rule *r)
{
    tg_tensor *node = tg_rule_output(r), *inputs[TG_ELEMENTWISE_MAX];
    for (int i = 0; i < node->n_inputs; i++) inputs[i] = node->inputs[i];
    inputs[0] = tg_rule_tangent(r, 0);
    if (inputs[0] != NULL)
        tg_rule_output_tangent(r, tg_apply(node->graph, node->op, inputs, node->n_inputs, node->attr));
}
