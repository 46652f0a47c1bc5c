/* The structures of nodes: hashes by which the plan of an expression is found again. */
#include <string.h>

#include "graph.h"

/* Attributes of more bytes are hashed by themselves first. */
#define MOST_HASHED_ONCE ((size_t)128)

/* What is hashed at once: an operation, its attributes, and some inputs. */
enum { MOST_WORDS = 3 + TG_MAX_RANK + MOST_HASHED_ONCE / 8 + 2 * 16 };

/* What is hashed are words. Parts cannot be confused: the first words say how many they are. A result's shape follows
 * from the operation and its inputs; only that of what has none has to be told. */
static uint64_t *put_operation(uint64_t *at, const tg_op *op, int n, tg_dtype dtype, int rank,
                               const int64_t *shape)
{
    *at++ = (uint64_t)(uintptr_t)op;
    *at++ = (uint64_t)n << 16 | (uint64_t)dtype << 8 | (uint64_t)rank;
    for (int i = 0; i < rank && n == 0; i++) *at++ = (uint64_t)shape[i];
    return at;
}

/* Operation and type say how long attributes are, so that these and their hashes do not meet. */
static uint64_t *put_attributes(uint64_t *at, const void *attr, size_t size)
{
    if (size > MOST_HASHED_ONCE) {
        const XXH128_hash_t hash = XXH3_128bits(attr, size);
        memcpy(at, &hash, sizeof hash);
        return at + 2;
    }
    if (size == 0) return at;
    const size_t words = (size + 7) / 8;
    at[words - 1] = 0; /* the last word may be filled in part */
    memcpy(at, attr, size);
    return at + words;
}

static XXH128_hash_t hash_words(const uint64_t *words, const uint64_t *end)
{
    return XXH3_128bits(words, (size_t)(end - words) * sizeof *words);
}

/* Room for two more words: where there is none, those so far are replaced by their hash. */
static uint64_t *make_room(uint64_t *words, uint64_t *at)
{
    if (at + 2 <= words + MOST_WORDS) return at;
    const XXH128_hash_t before = hash_words(words, at);
    memcpy(words, &before, sizeof before);
    return words + 2;
}

unsigned tg_recipe_hash(const tg_recipe *r)
{
    uint64_t words[MOST_WORDS];
    const tg_type *type = r->type;
    uint64_t *at = put_operation(words, r->op, r->n, type->dtype, type->rank, type->shape);
    at = put_attributes(at, r->attr, r->attr_size);
    for (int i = 0; i < r->n; i++) {
        at = make_room(words, at);
        *at++ = (uint64_t)(uintptr_t)r->inputs[i];
    }
    return (unsigned)XXH3_64bits(words, (size_t)(at - words) * sizeof *at);
}

/* 128 bits, so that different expressions do not meet by chance: the cache of plans relies on it. A node that is never
 * merged, such as a leaf, has a serial in it, so that it is told from one in its place before a rewind. */
static XXH128_hash_t structure_of(tg_graph *g, const tg_tensor *t)
{
    uint64_t words[MOST_WORDS];
    uint64_t *at = put_operation(words, t->op, t->n_inputs, (tg_dtype)t->dtype, t->rank, t->shape);
    at = put_attributes(at, tg_node_attr(t), tg_node_attr_size(t));
    if (t->found_by == TG_FOUND_NOWHERE) *at++ = ++g->last_serial;
    for (int i = 0; i < t->n_inputs; i++) {
        at = make_room(words, at);
        memcpy(at, &g->structures[t->inputs[i]->id], sizeof *g->structures);
        at += 2;
    }
    return hash_words(words, at);
}

static int reserve(tg_graph *g, int64_t count)
{
    if (g->structures_room >= count) return 1;
    XXH128_hash_t *structures = tg_aligned_alloc((size_t)g->room * sizeof *structures);
    if (structures == NULL) return 0;
    if (g->n_structures > 0) memcpy(structures, g->structures, (size_t)g->n_structures * sizeof *structures);
    tg_aligned_free(g->structures);
    g->structures = structures;
    g->structures_room = g->room;
    return 1;
}

int tg_find_structures(tg_graph *g, int64_t last)
{
    if (!reserve(g, last + 1)) return 0;
    for (; g->n_structures <= last; g->n_structures++)
        g->structures[g->n_structures] = structure_of(g, g->nodes[g->n_structures]);
    return 1;
}
