/* Whole expressions: forms bottom-up, each node once, and cuts. */
#include <string.h>

#include "engine.h"

tg_lowering *tg_lowering_new(tg_engine *e, tg_graph *g)
{
    size_t nodes = (size_t)tg_node_count(g);
    tg_lowering *l = tg_engine_take(e, sizeof *l);
    const tg_form **lists = tg_engine_take(e, 2 * nodes * sizeof *lists + 1);
    uint32_t *used = tg_engine_take(e, nodes * sizeof *used + 1);
    unsigned char *wanted = tg_engine_take(e, nodes + 1);
    if (l == NULL || lists == NULL || used == NULL || wanted == NULL) return NULL;
    memset(lists, 0, 2 * nodes * sizeof *lists);
    memset(used, 0, nodes * sizeof *used);
    *l = (tg_lowering){.engine = e,
                       .graph = g,
                       .nodes = (int64_t)nodes,
                       .cuts = lists,
                       .forms = lists + nodes,
                       .used = used,
                       .wanted = wanted};
    return l;
}

static const tg_form *lower_node(tg_lowering *l, const tg_tensor *t)
{
    tg_engine *e = l->engine;
    int n = tg_input_count(t);
    const tg_form **inputs = tg_engine_take(e, ((size_t)n + 1) * sizeof *inputs);
    if (inputs == NULL) return NULL;
    for (int i = 0; i < n; i++) inputs[i] = l->forms[tg_id(tg_input_at(t, i))];
    uint32_t before = e->used;
    e->used = 0;
    const tg_form *form = tg_node_form(e, t, inputs);
    l->used[tg_id(t)] = e->used;
    e->used |= before;
    return form;
}

const tg_form *tg_lower(tg_lowering *l, const tg_tensor *t)
{
    if (l == NULL || t == NULL) return NULL;
    int64_t last = tg_id(t);
    if (last >= l->nodes) return tg_engine_fail(l->engine, TG_ERR_SIZE);
    memset(l->wanted, 0, (size_t)last + 1);
    l->wanted[last] = 1;
    for (int64_t id = last; id >= 0; id--) {
        if (l->wanted[id] && l->cuts[id] != NULL) l->forms[id] = l->cuts[id];
        if (!l->wanted[id] || l->forms[id] != NULL) continue;
        const tg_tensor *node = tg_node(l->graph, id);
        for (int i = 0; i < tg_input_count(node); i++) l->wanted[tg_id(tg_input_at(node, i))] = 1;
    }
    for (int64_t id = 0; id <= last; id++) {
        if (!l->wanted[id] || l->forms[id] != NULL) continue;
        l->forms[id] = lower_node(l, tg_node(l->graph, id));
        if (l->forms[id] == NULL) return NULL;
    }
    return l->forms[last];
}

/* ---- Cuts --------------------------------------------------------------------------------------------- */

/* The value of node's input when node only renames its axes and multiplies by a number; NULL otherwise. */
static const tg_form *value_of_input(tg_lowering *l, const tg_tensor *node, const tg_form *value)
{
    tg_engine *e = l->engine;
    const tg_tensor *x = tg_input_at(node, 0);
    if (tg_input_count(node) != 1 || tg_count(x) != tg_count(node)) return NULL;
    uint32_t used = e->used;
    const tg_form *probe = tg_form_fresh(e, x, "probe");
    const tg_form *form = probe == NULL ? NULL : tg_node_form(e, node, &probe);
    e->used = used;
    if (form == NULL || form->n_terms != 1) return NULL;
    const tg_term *t = &form->terms[0];
    const tg_factor *f = t->factors;
    if (t->n_factors != 1 || t->n_bound != 0 || f->atom != probe->terms[0].factors[0].atom) return NULL;
    if (!tg_rational_equal(f->exponent, tg_integer(1))) return NULL;
    int8_t axes[TG_MAX_RANK], index[TG_MAX_RANK] = {0};
    tg_rational inverse;
    tg_indexed_axes(x, axes);
    for (int s = 0; s < f->slots; s++) index[f->index[s]] = axes[s];
    if (!tg_rational_make(t->coefficient.den, t->coefficient.num, &inverse)) return NULL;
    return tg_form_scale(e, tg_form_relabel(e, value, index, tg_rank(x), tg_shape(x)), inverse);
}

int tg_lowering_cut(tg_lowering *l, const tg_tensor *node, const tg_form *value)
{
    if (l == NULL || value == NULL) return 0;
    for (int first = 1; value != NULL && (first || l->cuts[tg_id(node)] == NULL); first = 0) {
        l->cuts[tg_id(node)] = value;
        if (tg_input_count(node) == 0) break;
        value = value_of_input(l, node, value);
        node = tg_input_at(node, 0);
    }
    return l->engine->failure == TG_OK;
}
