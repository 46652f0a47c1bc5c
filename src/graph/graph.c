/* Making and freeing graphs, marks, and looking at nodes. */
#include <stdlib.h>
#include <string.h>

#include "graph.h"

tg_graph *tg_graph_create(const tg_graph_options *options, const tg_library *library)
{
    tg_graph *g = calloc(1, sizeof *g);
    if (g == NULL) return NULL;
    if (options != NULL) g->options = *options;
    g->library = library;
    g->origin = (tg_origin){.kind = TG_ORIGIN_RECORDED, .of = NULL, .input = -1};
    return g;
}

void tg_graph_free(tg_graph *g)
{
    if (g == NULL) return;
    if (g->free_plans != NULL) g->free_plans(g->plans);
    tg_truncate(g, 0);
    for (int i = 0; i < g->n_own_ops; i++) free(g->own_ops[i]);
    free(g->own_ops);
    tg_aligned_free(g->nodes);
    free(g->params);
    tg_aligned_free(g->structures);
    tg_arena_free(&g->arena);
    free(g);
}

static void drop_leaf(tg_graph *g, tg_leaf *leaf)
{
    HASH_DELETE(hh, g->leaves, leaf);
    tg_leaf_free(leaf);
}

void tg_truncate(tg_graph *g, int64_t nodes)
{
    if (nodes >= g->n_nodes) return;
    for (int64_t id = g->n_nodes - 1; id >= nodes; id--) {
        tg_tensor *t = g->nodes[id];
        tg_forget(g, t);
        if (t->is_leaf)
            drop_leaf(g, t->own.leaf);
        else if (t->own.name != NULL)
            free(t->own.name);
    }
    while (g->n_params > 0 && g->params[g->n_params - 1]->id >= nodes) g->n_params--;
    tg_arena_rewind(&g->arena, g->nodes[nodes]);
    g->n_nodes = nodes;
    if (g->n_structures > nodes) g->n_structures = nodes;
    tg_leaves_changed(g);
}

uint64_t tg_graph_seed(const tg_graph *g)
{
    return g == NULL ? 0 : g->options.seed;
}

tg_mark tg_get_mark(const tg_graph *g)
{
    return g == NULL ? (tg_mark){0, TG_OK} : (tg_mark){g->n_nodes, g->status};
}

tg_status tg_rewind(tg_graph *g, tg_mark mark)
{
    if (g == NULL) return TG_ERR_NULL;
    if (mark.nodes < 0 || mark.nodes > g->n_nodes)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "tg_rewind: the mark is at node %lld of a tape of %lld",
                             (long long)mark.nodes, (long long)g->n_nodes);
    tg_truncate(g, mark.nodes);
    if (mark.status == TG_OK) tg_clear_error(g);
    return TG_OK;
}

tg_graph *tg_graph_of(const tg_tensor *t)
{
    return t == NULL ? NULL : t->graph;
}

tg_type tg_type_of(const tg_tensor *t)
{
    tg_type type = {.dtype = TG_F32, .rank = -1};
    if (t == NULL) return type;
    type.dtype = (tg_dtype)t->dtype;
    type.rank = t->rank;
    for (int i = 0; i < t->rank; i++) type.shape[i] = t->shape[i];
    return type;
}

tg_dtype tg_dtype_of(const tg_tensor *t)
{
    return t == NULL ? TG_F32 : (tg_dtype)t->dtype;
}

int tg_rank(const tg_tensor *t)
{
    return t == NULL ? -1 : t->rank;
}

const int64_t *tg_shape(const tg_tensor *t)
{
    return t == NULL ? NULL : t->shape;
}

int64_t tg_count(const tg_tensor *t)
{
    return t == NULL ? -1 : tg_shape_count(t->rank, t->shape);
}

int64_t tg_id(const tg_tensor *t)
{
    return t == NULL ? -1 : t->id;
}

int64_t tg_node_count(const tg_graph *g)
{
    return g == NULL ? 0 : g->n_nodes;
}

tg_tensor *tg_node(const tg_graph *g, int64_t id)
{
    return g == NULL || id < 0 || id >= g->n_nodes ? NULL : g->nodes[id];
}

const tg_op *tg_op_of(const tg_tensor *t)
{
    return t == NULL ? NULL : t->op;
}

int tg_input_count(const tg_tensor *t)
{
    return t == NULL ? 0 : t->n_inputs;
}

tg_tensor *tg_input_at(const tg_tensor *t, int i)
{
    return t == NULL || i < 0 || i >= t->n_inputs ? NULL : t->inputs[i];
}

size_t tg_node_attr_size(const tg_tensor *t)
{
    return t->op == &tg_op_constant ? (size_t)tg_count(t) * tg_dtype_size((tg_dtype)t->dtype)
                                    : t->op->attr_size;
}

const void *tg_attr_of(const tg_tensor *t)
{
    return t == NULL ? NULL : tg_node_attr(t);
}

tg_origin tg_origin_of(const tg_tensor *t)
{
    if (t == NULL) return (tg_origin){TG_ORIGIN_RECORDED, NULL, -1};
    return (tg_origin){(tg_origin_kind)t->origin_kind, tg_node(t->graph, t->origin_of), t->origin_input};
}

const char *tg_name(const tg_tensor *t)
{
    if (t == NULL) return "";
    if (t->is_leaf) return t->own.leaf->name;
    return t->own.name == NULL ? "" : t->own.name;
}

tg_tensor *tg_set_name(tg_tensor *t, const char *name)
{
    if (t == NULL || name == NULL || t->is_leaf || t->own.name != NULL) return t;
    size_t length = strlen(name);
    t->own.name = malloc(length + 1);
    if (t->own.name == NULL)
        return tg_set_error(t->graph, TG_ERR_MEMORY, "out of memory for the name '%.60s'", name);
    memcpy(t->own.name, name, length + 1);
    return t;
}
