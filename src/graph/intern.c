/* Hash-consing: the one node that stands for an operation on its inputs, and the memory of nodes. */
#include <stdlib.h>
#include <string.h>

#include "graph.h"

/* What a node is made of. */
typedef struct recipe {
    const tg_op *op;
    const tg_type *type;
    tg_tensor *const *inputs;
    const void *attr;
    size_t attr_size;
    int n;
    int shape_of_first; /* its shape is that of its first input */
    uint64_t serial;    /* of a node that is never merged; 0 */
    XXH128_hash_t structure;
} recipe;

/* ---- Structure ---------------------------------------------------------------------------------------- */

static int reserve_words(tg_graph *g, size_t count)
{
    if (g->words_room >= count) return 1;
    uint64_t *words = realloc(g->words, 2 * count * sizeof *words);
    if (words == NULL) return 0;
    g->words = words;
    g->words_room = 2 * count;
    return 1;
}

/* Attributes of more bytes are hashed by themselves first. */
#define MOST_HASHED_ONCE ((size_t)128)

/* The structure is a hash of the operation and of its inputs' structures, so that it says what the whole expression
 * is. 128 bits, so that different expressions do not meet by chance: the cache of plans relies on it. The parts of
 * what is hashed cannot be confused: the first words say how many they are, and a serial is one word. */
static int find_structure(tg_graph *g, recipe *r)
{
    const uint64_t rank = r->shape_of_first ? 0 : (uint64_t)r->type->rank;
    const size_t attr_words = r->attr_size <= MOST_HASHED_ONCE ? (r->attr_size + 7) / 8 : 2;
    if (!reserve_words(g, rank + 2 * (size_t)r->n + attr_words + 3)) return 0;
    uint64_t *at = g->words;
    *at++ = (uint64_t)(uintptr_t)r->op;
    *at++ = (uint64_t)r->n << 16 | (uint64_t)r->type->dtype << 8 | (r->shape_of_first ? 255 : rank);
    for (uint64_t i = 0; i < rank; i++) *at++ = (uint64_t)r->type->shape[i];
    for (int i = 0; i < r->n; i++, at += 2) memcpy(at, &r->inputs[i]->structure, sizeof(XXH128_hash_t));
    if (attr_words > 0) {
        /* Operation and type say how long attributes are, so that bytes and hashes do not meet. */
        XXH128_hash_t hash;
        const void *attr = r->attr;
        size_t size = r->attr_size;
        at[attr_words - 1] = 0; /* the last word may be filled in part */
        if (size > MOST_HASHED_ONCE) {
            hash = XXH3_128bits(attr, size);
            attr = &hash;
            size = sizeof hash;
        }
        memcpy(at, attr, size);
        at += attr_words;
    }
    if (r->serial != 0) *at++ = r->serial;
    r->structure = XXH3_128bits(g->words, (size_t)(at - g->words) * sizeof *at);
    return 1;
}

/* Attributes are as many bytes as the operation and the type say, so that only those are compared. */
static int same_node(const recipe *r, const tg_tensor *t)
{
    return t->structure.low64 == r->structure.low64 && t->structure.high64 == r->structure.high64 &&
           t->op == r->op && t->dtype == r->type->dtype && t->n_inputs == r->n &&
           tg_shape_equal(t->rank, t->shape, r->type->rank, r->type->shape) &&
           (r->n == 0 || memcmp(t->inputs, r->inputs, (size_t)r->n * sizeof(tg_tensor *)) == 0) &&
           (r->attr_size == 0 || memcmp(tg_node_attr(t), r->attr, r->attr_size) == 0);
}

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

static tg_tensor *find(const tg_graph *g, const recipe *r, const tg_tensor *newest)
{
    if (newest != NULL) {
        for (tg_tensor *t = newest->users; t != NULL; t = t->found.next_user)
            if (same_node(r, t)) return t;
        if (newest->n_users < MAX_USERS) return NULL;
    }
    tg_interned *entry;
    HASH_FIND_BYHASHVALUE(hh, g->interned, &r->structure, sizeof r->structure, (unsigned)r->structure.low64,
                          entry);
    return entry != NULL && same_node(r, entry->tensor) ? entry->tensor : NULL;
}

static int add_to_table(tg_graph *g, tg_tensor *t)
{
    tg_interned *entry = tg_arena_take(&g->arena, sizeof *entry);
    if (entry == NULL) return 0;
    memset(entry, 0, sizeof *entry);
    entry->tensor = t;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, g->interned, &t->structure, sizeof t->structure,
                                (unsigned)t->structure.low64, entry);
    if (!tg_hash_added(entry)) return 0;
    t->found_by = TG_FOUND_BY_TABLE;
    t->found.entry = entry;
    return 1;
}

static int make_findable(tg_graph *g, tg_tensor *t, tg_tensor *newest)
{
    if (newest == NULL || newest->n_users == MAX_USERS) return add_to_table(g, t);
    t->found_by = TG_FOUND_BY_INPUT;
    t->found.next_user = newest->users;
    newest->users = t;
    newest->n_users++;
    return 1;
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

static tg_tensor *new_node(tg_graph *g, const recipe *r)
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
    t->structure = r->structure;
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

tg_tensor *tg_intern(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n,
                     const void *attr, size_t attr_size, int unique)
{
    recipe r = {.op = op, .type = type, .inputs = inputs, .n = n, .attr = attr, .attr_size = attr_size};
    r.shape_of_first = n > 0 && tg_shape_equal(type->rank, type->shape, inputs[0]->rank, inputs[0]->shape);
    r.serial = unique ? g->next_serial + 1 : 0;
    if (!find_structure(g, &r)) return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    tg_tensor *newest = newest_input(inputs, n);
    tg_tensor *found = unique ? NULL : find(g, &r, newest);
    if (found != NULL) return found;
    tg_tensor *t = new_node(g, &r);
    if (t == NULL) return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    if (!unique && !make_findable(g, t, newest)) {
        tg_arena_rewind(&g->arena, t);
        return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    }
    g->next_serial++;
    g->nodes[g->n_nodes++] = t;
    return t;
}
