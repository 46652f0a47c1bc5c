/* What recognition knows of the tape: which leaves a tensor depends on, where params meet other tensors, which tensors
 * only rename axes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/ops.h>

#include "graph/c_locale.h"
#include "recogniser.h"

#define LEAVES_MAX 1024

int tg_refuse_model(const tg_recogniser *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tg_c_vsnprintf(r->reason, TG_REASON, format, arguments);
    va_end(arguments);
    return 0;
}

char *tg_called(const tg_tensor *t, char *text)
{
    if (tg_name(t)[0] != '\0')
        snprintf(text, TG_CALLED, "'%.60s'", tg_name(t));
    else
        snprintf(text, TG_CALLED, "%%%" PRId64 " (%.40s)", tg_id(t), tg_op_of(t)->name);
    return text;
}

/* ---- Leaves ------------------------------------------------------------------------------------------- */

/* Constants of one element are numbers in formulas; larger ones are data. */
static int is_leaf(const tg_tensor *t)
{
    tg_leaf_kind kind = tg_leaf_kind_of(t);
    return kind != TG_LEAF_NONE && (kind != TG_LEAF_CONSTANT || tg_count(t) > 1);
}

const uint64_t *tg_leaves_of(const tg_recogniser *r, const tg_tensor *t)
{
    return r->sets + tg_id(t) * r->words;
}

int tg_same_leaves(const tg_recogniser *r, const tg_tensor *a, const tg_tensor *b)
{
    return memcmp(tg_leaves_of(r, a), tg_leaves_of(r, b), (size_t)r->words * sizeof *r->sets) == 0;
}

static int in_common(const tg_recogniser *r, const tg_tensor *t, const uint64_t *set)
{
    const uint64_t *leaves = tg_leaves_of(r, t);
    for (int w = 0; w < r->words; w++)
        if ((leaves[w] & (set == NULL ? UINT64_MAX : set[w])) != 0) return 1;
    return 0;
}

int tg_has_leaves(const tg_recogniser *r, const tg_tensor *t)
{
    return in_common(r, t, NULL);
}

int tg_has_params(const tg_recogniser *r, const tg_tensor *t)
{
    return in_common(r, t, r->params);
}

static int count_leaves(const tg_recogniser *r, const tg_tensor *t)
{
    const uint64_t *leaves = tg_leaves_of(r, t);
    int n = 0;
    for (int i = 0; i < r->n_leaves; i++) n += (int)(leaves[i / 64] >> (i % 64) & 1u);
    return n;
}

/* ---- Setting out -------------------------------------------------------------------------------------- */

static void mark_part(tg_recogniser *r)
{
    r->part[tg_id(r->loss)] = 1;
    for (int64_t id = tg_id(r->loss); id >= 0; id--) {
        const tg_tensor *t = tg_node(r->g, id);
        for (int i = 0; r->part[id] && i < tg_input_count(t); i++) r->part[tg_id(tg_input_at(t, i))] = 1;
    }
}

static int count_kinds(tg_recogniser *r)
{
    for (int64_t id = 0; id < r->nodes; id++) {
        const tg_tensor *t = tg_node(r->g, id);
        if (!r->part[id] || !is_leaf(t)) continue;
        r->n_leaves++;
        r->n_params += tg_is_trainable(t);
    }
    r->words = r->n_leaves / 64 + 1;
    if (r->n_params == 0)
        return tg_refuse_model(r, "the loss depends on no param, so there is no network to look for");
    if (r->n_leaves > LEAVES_MAX)
        return tg_refuse_model(r, "the loss depends on more than %d params and inputs", LEAVES_MAX);
    return 1;
}

/* Numbers the leaves and finds what each node depends on. */
static void fill_sets(tg_recogniser *r)
{
    int leaf = 0, param = 0;
    for (int64_t id = 0; id < r->nodes; id++) {
        tg_tensor *t = tg_node(r->g, id);
        uint64_t *set = r->sets + id * r->words;
        if (!r->part[id]) continue;
        for (int i = 0; i < tg_input_count(t); i++)
            for (int w = 0; w < r->words; w++) set[w] |= tg_leaves_of(r, tg_input_at(t, i))[w];
        if (!is_leaf(t)) continue;
        r->leaves[leaf] = t;
        set[leaf / 64] |= UINT64_C(1) << (leaf % 64);
        if (tg_is_trainable(t)) {
            r->params[leaf / 64] |= set[leaf / 64];
            r->meetings[param++] = (struct tg_meeting){.param = t, .leaf = leaf};
        }
        leaf++;
    }
}

static void find_meeting(const tg_recogniser *r, struct tg_meeting *m)
{
    for (int64_t id = tg_id(m->param) + 1; id < r->nodes && m->node == NULL; id++) {
        tg_tensor *t = tg_node(r->g, id);
        if (!r->part[id] || (tg_leaves_of(r, t)[m->leaf / 64] >> (m->leaf % 64) & 1u) == 0) continue;
        if (count_leaves(r, t) > 1) m->node = t;
    }
}

/* Where a layer's param comes in there is all that the layers below do, so the order of the tape is that of depth. */
static int by_depth(const void *left, const void *right)
{
    const struct tg_meeting *a = left, *b = right;
    int64_t i = a->node != NULL ? tg_id(a->node) : INT64_MAX,
            j = b->node != NULL ? tg_id(b->node) : INT64_MAX;
    if (i != j) return i < j ? -1 : 1;
    return a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

static int out_of_memory(tg_graph *g)
{
    tg_set_error(g, TG_ERR_MEMORY, "recognise: out of memory");
    return -1;
}

int tg_recogniser_begin(tg_recogniser *r, tg_graph *g, tg_tensor *loss, tg_found_mlp *found, char *reason)
{
    *r = (tg_recogniser){.g = g, .loss = loss, .found = found, .reason = reason, .nodes = tg_id(loss) + 1};
    r->part = calloc((size_t)r->nodes, 1);
    r->seen = calloc((size_t)r->nodes, 1);
    if (r->part == NULL || r->seen == NULL) return out_of_memory(g);
    mark_part(r);
    if (!count_kinds(r)) return 0;
    r->leaves = calloc((size_t)r->n_leaves, sizeof(tg_tensor *));
    r->sets = calloc((size_t)r->nodes, (size_t)r->words * sizeof *r->sets);
    r->params = calloc((size_t)r->words, sizeof *r->params);
    r->meetings = calloc((size_t)r->n_params, sizeof *r->meetings);
    if (r->leaves == NULL || r->sets == NULL || r->params == NULL || r->meetings == NULL)
        return out_of_memory(g);
    fill_sets(r);
    for (int i = 0; i < r->n_params; i++) find_meeting(r, &r->meetings[i]);
    qsort(r->meetings, (size_t)r->n_params, sizeof *r->meetings, by_depth);
    return 1;
}

void tg_recogniser_end(tg_recogniser *r)
{
    free(r->part);
    free(r->seen);
    free(r->leaves);
    free(r->sets);
    free(r->params);
    free(r->meetings);
}

/* ---- Paths and views ---------------------------------------------------------------------------------- */

void tg_see_above(tg_recogniser *r, const tg_tensor *base)
{
    memset(r->seen, 0, (size_t)r->nodes);
    r->seen[tg_id(base)] = 1;
    for (int64_t id = tg_id(base) + 1; id < r->nodes; id++) {
        const tg_tensor *t = tg_node(r->g, id);
        for (int i = 0; r->part[id] && i < tg_input_count(t); i++)
            if (r->seen[tg_id(tg_input_at(t, i))]) r->seen[id] = 1;
    }
}

/* The sizes other than 1. */
static int long_axes(const tg_tensor *t, int64_t *sizes)
{
    int n = 0;
    for (int i = 0; i < tg_rank(t); i++)
        if (tg_shape(t)[i] != 1) sizes[n++] = tg_shape(t)[i];
    return n;
}

static int renames_axes(const tg_tensor *t)
{
    const char *name = tg_op_of(t)->name;
    if (strcmp(name, "transpose") == 0 || strcmp(name, "broadcast_to") == 0) return 1;
    if (strcmp(name, "reshape") != 0) return 0;
    int64_t before[TG_MAX_RANK], after[TG_MAX_RANK];
    int n = long_axes(tg_input_at(t, 0), before), m = long_axes(t, after);
    return n == m && memcmp(before, after, (size_t)n * sizeof *before) == 0;
}

tg_tensor *tg_peeled(tg_tensor *t)
{
    while (renames_axes(t)) t = tg_input_at(t, 0);
    return t;
}

int tg_versions(tg_tensor *t, const tg_tensor *like, tg_tensor **versions, int *swapped)
{
    int64_t have[TG_MAX_RANK], wanted[TG_MAX_RANK];
    int n = long_axes(t, have), count = 0;
    if (tg_rank(t) > 2 || tg_rank(like) > 2 || n != long_axes(like, wanted)) return 0;
    if (memcmp(have, wanted, (size_t)n * sizeof *have) == 0) {
        swapped[count] = 0;
        versions[count++] = tg_reshape(t, tg_rank(like), tg_shape(like));
    }
    if (n == 2 && have[0] == wanted[1] && have[1] == wanted[0]) {
        swapped[count] = 1;
        versions[count++] = tg_reshape(tg_transpose(t, NULL), tg_rank(like), tg_shape(like));
    }
    return count;
}

int tg_is_in_rows(const tg_tensor *t, int64_t units, int64_t N, int both)
{
    if ((units == 1) == (N == 1)) return tg_rank(t) < 2 || both;
    if (tg_rank(t) < 2) return units != 1;
    return units != 1 ? tg_shape(t)[1] != 1 : tg_shape(t)[0] != 1;
}

tg_tensor *tg_outputs_below(const tg_recogniser *r, int l, int *rows)
{
    const tg_found_mlp *found = r->found;
    *rows = l == 1 ? found->x_rows : found->layer[l - 1].a_rows;
    return l == 1 ? found->x : found->layer[l - 1].a;
}
