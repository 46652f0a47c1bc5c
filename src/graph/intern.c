/* Hash-consing: the one node that stands for an operation on its inputs, and the memory of nodes. */
#include <stdlib.h>
#include <string.h>

#include "graph.h"

/* ---- Finding ------------------------------------------------------------------------------------------ */

/* A node is looked for among the users of its newest input. Who records it has just recorded that input, so both are
 * in the processor's cache, where the buckets of a table of a long tape are not. The table finds what has no inputs,
 * and what comes after the first users of an input. Nodes are dropped newest first, so that the users that are listed
 * stay the first ones. */
#define MAX_USERS 8

static tg_tensor *newest_input(tg_tensor *const *inputs, int n)
{
    tg_tensor *newest = n > 0 ? inputs[0] : NULL;
    for (int i = 1; i < n; i++)
        if (inputs[i]->id > newest->id) newest = inputs[i];
    return newest;
}

static int same_inputs(const tg_recipe *r, const tg_tensor *t)
{
    int i = 0;
    while (i < r->n && r->inputs[i] == t->inputs[i]) i++;
    return i == r->n;
}

/* Attributes are as many bytes as the operation and the type say, so that only those are compared. */
static int same_node(const tg_recipe *r, const tg_tensor *t)
{
    return t->op == r->op && t->n_inputs == r->n && same_inputs(r, t) && t->dtype == r->type->dtype &&
           tg_shape_equal(t->rank, t->shape, r->type->rank, r->type->shape) &&
           (r->attr_size == 0 || memcmp(tg_node_attr(t), r->attr, r->attr_size) == 0);
}

/* The table compares what is looked for, a recipe, with the keys of its entries, which are nodes. An entry is seldom in
 * the processor's cache, so there are more buckets than uthash would make and few with two; they have large pages like
 * the nodes. */
#undef HASH_KEYCMP
#define HASH_KEYCMP(node, recipe, size) (!same_node((recipe), (node)))
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 6U
#undef uthash_malloc
#define uthash_malloc(size) tg_aligned_alloc(size)
#undef uthash_free
#define uthash_free(memory, size) tg_aligned_free(memory)

static tg_tensor *find_user(const tg_recipe *r, const tg_tensor *newest)
{
    tg_tensor *t = newest->users;
    while (t != NULL && !same_node(r, t)) t = t->found.next_user;
    return t;
}

static tg_tensor *find_in_table(const tg_graph *g, const tg_recipe *r, unsigned hash)
{
    tg_interned *entry;
    HASH_FIND_BYHASHVALUE(hh, g->interned, r, sizeof(tg_tensor *), hash, entry);
    return entry == NULL ? NULL : (tg_tensor *)(uintptr_t)entry->hh.key; /* keys are const to uthash alone */
}

static int add_to_table(tg_graph *g, tg_tensor *t, unsigned hash)
{
    tg_interned *entry = tg_arena_take(&g->arena, sizeof *entry);
    if (entry == NULL) return 0;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, g->interned, t, sizeof(tg_tensor *), hash, entry);
    if (!tg_hash_added(entry)) return 0;
    t->found_by = TG_FOUND_BY_TABLE;
    t->found.entry = entry;
    return 1;
}

static void add_user(tg_tensor *newest, tg_tensor *t)
{
    t->found_by = TG_FOUND_BY_INPUT;
    t->found.next_user = newest->users;
    newest->users = t;
    newest->n_users++;
}

void tg_forget(tg_graph *g, tg_tensor *t)
{
    if (t->found_by == TG_FOUND_BY_INPUT) {
        tg_tensor *newest = newest_input(t->inputs, t->n_inputs);
        newest->users = t->found.next_user;
        newest->n_users--;
    } else if (t->found_by == TG_FOUND_BY_TABLE) {
        HASH_DELETE(hh, g->interned, t->found.entry);
    }
    t->found_by = TG_FOUND_NOWHERE;
}

/* ---- Making ------------------------------------------------------------------------------------------- */

static int reserve_node(tg_graph *g)
{
    if (g->n_nodes == TG_MOST_NODES) return 0;
    if (g->n_nodes < g->room) return 1;
    int64_t room = g->room == 0 ? 256 : 4 * g->room;
    tg_tensor **nodes = tg_aligned_alloc((size_t)room * sizeof(tg_tensor *));
    if (nodes == NULL) return 0;
    if (g->n_nodes > 0) memcpy(nodes, g->nodes, (size_t)g->n_nodes * sizeof(tg_tensor *));
    tg_aligned_free(g->nodes);
    g->nodes = nodes;
    g->room = room;
    return 1;
}

static tg_tensor *new_node(tg_graph *g, const tg_recipe *r)
{
    if (!reserve_node(g)) return NULL;
    size_t inputs_size = (size_t)r->n * sizeof(tg_tensor *);
    size_t shape_size = r->shape_of_first ? 0 : (size_t)r->type->rank * sizeof(int64_t);
    if (r->attr_size > SIZE_MAX / 2) return NULL;
    tg_tensor *t = tg_arena_take(&g->arena, sizeof *t + inputs_size + shape_size + r->attr_size);
    if (t == NULL) return NULL;
    int64_t *shape = (int64_t *)(void *)(t->inputs + r->n);
    for (int i = 0; i < r->n; i++) t->inputs[i] = r->inputs[i];
    if (!r->shape_of_first)
        for (int i = 0; i < r->type->rank; i++) shape[i] = r->type->shape[i];
    if (r->attr_size > 0) memcpy((char *)shape + shape_size, r->attr, r->attr_size);
    t->op = r->op;
    t->graph = g;
    t->shape = r->shape_of_first ? r->inputs[0]->shape : shape;
    t->users = NULL;
    t->found.next_user = NULL;
    t->own.leaf = NULL;
    t->id = (int32_t)g->n_nodes;
    t->origin_of = g->origin.of == NULL ? -1 : g->origin.of->id;
    t->origin_input = g->origin.input;
    t->n_inputs = r->n;
    t->dtype = (uint8_t)r->type->dtype;
    t->rank = (uint8_t)r->type->rank;
    t->n_users = 0;
    t->found_by = TG_FOUND_NOWHERE;
    t->origin_kind = (uint8_t)g->origin.kind;
    t->is_leaf = 0;
    t->has_shape = (uint8_t)!r->shape_of_first;
    t->sees_constant = (uint8_t)(r->op == &tg_op_constant ||
                                 (r->op->view != NULL && r->n == 1 && r->inputs[0]->sees_constant));
    return t;
}

static tg_tensor *out_of_memory(tg_graph *g, const tg_recipe *r)
{
    return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", r->op->name);
}

tg_tensor *tg_intern(tg_graph *g, const tg_recipe *r)
{
    tg_tensor *newest = newest_input(r->inputs, r->n), *found = NULL;
    const int in_table = !r->unique && (newest == NULL || newest->n_users == MAX_USERS);
    const unsigned hash = in_table ? tg_recipe_hash(r) : 0;
    if (!r->unique && newest != NULL) found = find_user(r, newest);
    if (found == NULL && in_table) found = find_in_table(g, r, hash);
    if (found != NULL) return found;
    tg_tensor *t = new_node(g, r);
    if (t == NULL) return out_of_memory(g, r);
    if (in_table && !add_to_table(g, t, hash)) {
        tg_arena_rewind(&g->arena, t);
        return out_of_memory(g, r);
    }
    if (!r->unique && !in_table) add_user(newest, t);
    g->nodes[g->n_nodes++] = t;
    return t;
}
