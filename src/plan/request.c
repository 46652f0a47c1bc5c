/* What a compilation needs of the tape, and the hash of its structure. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static void bounds(tg_request *q)
{
    q->high = -1;
    for (int i = 0; i < q->n_outputs; i++)
        if (q->outputs[i]->id > q->high) q->high = q->outputs[i]->id;
    for (int i = 0; i < q->n_updates; i++) {
        if (q->updates[i].value->id > q->high) q->high = q->updates[i].value->id;
        if (q->updates[i].param->id > q->high) q->high = q->updates[i].param->id;
    }
}

/* Marks t in flags, whose last entry is for node `high`. */
static int64_t mark(const tg_request *q, unsigned char *flags, const tg_tensor *t)
{
    unsigned char *flag = &flags[q->high - t->id];
    int64_t added = *flag == 0;
    *flag = 1;
    return added;
}

/* Sweeps down from the newest node and stops as soon as nothing older is needed, so that the cost is that of the
 * part of the tape that is used. Returns how many nodes there are; q->low is the oldest. */
static int64_t sweep(tg_request *q, unsigned char *flags)
{
    int64_t pending = 0, found = 0;
    for (int i = 0; i < q->n_outputs; i++) pending += mark(q, flags, q->outputs[i]);
    for (int i = 0; i < q->n_updates; i++)
        pending += mark(q, flags, q->updates[i].value) + mark(q, flags, q->updates[i].param);
    q->low = q->high + 1;
    while (pending > 0) {
        q->low--;
        if (!flags[q->high - q->low]) continue;
        pending--;
        found++;
        const tg_tensor *t = q->graph->nodes[q->low];
        for (int i = 0; i < t->n_inputs; i++) pending += mark(q, flags, t->inputs[i]);
    }
    return found;
}

tg_status tg_request_make(tg_request *q)
{
    unsigned char *flags = calloc((size_t)q->high + 2, 1);
    if (flags == NULL) return tg_graph_fail(q->graph, TG_ERR_MEMORY, "out of memory for compiling");
    int64_t n = sweep(q, flags);
    q->nodes = malloc(((size_t)n + 1) * sizeof(tg_tensor *));
    q->local = malloc(((size_t)(q->high - q->low) + 2) * sizeof *q->local);
    if (q->nodes == NULL || q->local == NULL || n > INT32_MAX) {
        free(flags);
        return tg_graph_fail(q->graph, TG_ERR_MEMORY, "out of memory for compiling %lld nodes", (long long)n);
    }
    q->n_nodes = 0;
    for (int64_t id = q->low; id <= q->high; id++) {
        q->local[id - q->low] = flags[q->high - id] ? (int32_t)q->n_nodes : -1;
        if (flags[q->high - id]) q->nodes[q->n_nodes++] = q->graph->nodes[id];
    }
    free(flags);
    return TG_OK;
}

void tg_request_free(tg_request *q)
{
    if (!q->leaves_only) free(q->nodes);
    free(q->local);
}

/* What a plan depends on besides the expressions. */
static XXH128_hash_t finish_hash(XXH3_state_t *state, const tg_request *q)
{
    const int64_t counts[5] = {q->n_outputs, q->n_updates, q->passes_off, q->threads,
                               (int64_t)q->memory_limit};
    XXH3_128bits_update(state, counts, sizeof counts);
    return XXH3_128bits_digest(state);
}

static void hash_node(XXH3_state_t *state, const tg_tensor *t)
{
    XXH3_128bits_update(state, &t->graph->structures[t->id], sizeof(XXH128_hash_t));
}

XXH128_hash_t tg_request_hash(const tg_request *q)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    for (int64_t k = 0; k < q->n_nodes; k++) {
        const tg_tensor *t = q->nodes[k];
        struct {
            const tg_op *op;
            int64_t dtype, rank, n_inputs, attr_size;
        } head = {t->op, t->dtype, t->rank, t->n_inputs, (int64_t)tg_node_attr_size(t)};
        XXH3_128bits_update(&state, &head, sizeof head);
        XXH3_128bits_update(&state, t->shape, (size_t)t->rank * sizeof *t->shape);
        XXH3_128bits_update(&state, tg_node_attr(t), (size_t)head.attr_size);
        for (int i = 0; i < t->n_inputs; i++) {
            int32_t index = tg_request_index(q, t->inputs[i]);
            XXH3_128bits_update(&state, &index, sizeof index);
        }
    }
    for (int i = 0; i < q->n_outputs; i++) {
        int32_t index = tg_request_index(q, q->outputs[i]);
        XXH3_128bits_update(&state, &index, sizeof index);
    }
    for (int i = 0; i < q->n_updates; i++) {
        int32_t pair[2] = {tg_request_index(q, q->updates[i].param),
                           tg_request_index(q, q->updates[i].value)};
        XXH3_128bits_update(&state, pair, sizeof pair);
    }
    return finish_hash(&state, q);
}

tg_status tg_request_key(tg_request *q, XXH128_hash_t *key)
{
    XXH3_state_t state;
    bounds(q);
    if (!tg_find_structures(q->graph, q->high))
        return tg_graph_fail(q->graph, TG_ERR_MEMORY, "out of memory for compiling");
    XXH3_128bits_reset(&state);
    for (int i = 0; i < q->n_outputs; i++) hash_node(&state, q->outputs[i]);
    for (int i = 0; i < q->n_updates; i++) {
        hash_node(&state, q->updates[i].param);
        hash_node(&state, q->updates[i].value);
    }
    *key = finish_hash(&state, q);
    return TG_OK;
}
