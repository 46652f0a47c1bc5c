/* Compiled functions: a plan with memory, bindings and an error of their own. */
#include "function.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/layout.h"

/* ---- Making ------------------------------------------------------------------------------------------- */

static int take_memory(tg_function *f)
{
    const tg_plan *plan = f->plan;
    f->arena = tg_aligned_alloc(plan->arena_bytes);
    f->leaves = calloc((size_t)plan->n_leaves + 1, sizeof *f->leaves);
    f->outputs = calloc((size_t)plan->n_outputs + 1, sizeof(tg_tensor *));
    return f->arena != NULL && f->leaves != NULL && f->outputs != NULL && tg_make_lanes(f);
}

static tg_function *new_function(tg_plan *plan, tg_graph *g)
{
    tg_function *f = calloc(1, sizeof *f);
    if (f == NULL) return NULL;
    f->plan = plan;
    f->graph = g;
    f->leaf_changes = tg_count_leaf_changes(g);
    atomic_fetch_add(&plan->references, 1);
    if (!take_memory(f)) {
        tg_function_free(f);
        return NULL;
    }
    return f;
}

void tg_function_adopt(tg_function *f, const tg_request *request)
{
    int n = 0;
    for (int64_t k = 0; k < request->n_nodes; k++) {
        tg_tensor *t = request->nodes[k];
        if (!tg_is_bound(t)) continue;
        tg_bound_leaf *leaf = &f->leaves[n++];
        leaf->tensor = t;
        leaf->id = t->id;
        leaf->structure = request->graph->structures[t->id];
        leaf->bound = NULL;
        /* Without memory for them, it stays in rows. */
        if (f->plan->leaves[n - 1].is_banded) tg_reserve_bands(t);
    }
    for (int i = 0; i < request->n_outputs; i++) f->outputs[i] = request->outputs[i];
    f->leaf_changes = tg_count_leaf_changes(request->graph);
    f->has_leaves = 0;
}

tg_function *tg_function_new(tg_plan *plan, const tg_request *request)
{
    tg_function *f = new_function(plan, request->graph);
    if (f == NULL) {
        tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for a function of %zu bytes",
                      plan->arena_bytes);
        return NULL;
    }
    tg_function_adopt(f, request);
    tg_prepare_lanes(f);
    return f;
}

tg_function *tg_function_fork(const tg_function *f)
{
    if (f == NULL) return NULL;
    tg_function *copy = new_function(f->plan, f->graph);
    if (copy == NULL) return NULL;
    memcpy(copy->leaves, f->leaves, (size_t)f->plan->n_leaves * sizeof *f->leaves);
    for (int i = 0; i < f->plan->n_leaves; i++) copy->leaves[i].data = NULL;
    for (int i = 0; i < f->plan->n_outputs; i++) copy->outputs[i] = f->outputs[i];
    copy->leaf_changes = f->leaf_changes;
    tg_prepare_lanes(copy);
    return copy;
}

void tg_function_free(tg_function *f)
{
    if (f == NULL) return;
    tg_pool_free(f->pool);
    tg_free_lanes(f);
    tg_plan_release(f->plan);
    tg_aligned_free(f->arena);
    tg_profile_free(f->profile);
    free(f->leaves);
    free(f->outputs);
    free(f);
}

/* ---- Binding ------------------------------------------------------------------------------------------ */

tg_status tg_bind(tg_function *f, const tg_tensor *input, const void *data)
{
    if (f == NULL) return TG_ERR_NULL;
    if (input == NULL) return tg_fail(&f->diag, TG_ERR_NULL, "tg_bind: the input is NULL");
    for (int i = 0; i < f->plan->n_leaves; i++) {
        if (f->leaves[i].tensor != input || !f->plan->leaves[i].is_input) continue;
        f->leaves[i].bound = data;
        f->has_leaves = 0;
        return TG_OK;
    }
    return tg_fail(&f->diag, TG_ERR_ARGUMENT, "tg_bind: the tensor is no input that this function reads");
}

int tg_leaf_is_there(const tg_function *f, const tg_bound_leaf *leaf)
{
    /* It had a structure, so that what has none is not it. */
    if (leaf->id >= f->graph->n_structures) return 0;
    XXH128_hash_t now = f->graph->structures[leaf->id];
    return now.low64 == leaf->structure.low64 && now.high64 == leaf->structure.high64;
}

static void point(tg_function *f, int i, void *data)
{
    const tg_plan_leaf *leaf = &f->plan->leaves[i];
    f->leaves[i].data = data;
    for (int64_t k = 0; k < leaf->count; k++) {
        int64_t place = f->plan->places_of_leaves[leaf->first + k];
        for (int l = 0; l < f->n_lanes; l++)
            f->lanes[l].views[place].data = (char *)data + f->plan->places[place].offset;
    }
}

/* Results are kept by value in the calls; those that are computed in a leaf follow it. */
static void point_results(tg_function *f)
{
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *step = &f->plan->steps[s];
        for (int l = 0; l < f->n_lanes; l++)
            f->lanes[l].calls[s].out.data = f->lanes[l].views[step->first_place + step->n_inputs].data;
    }
    tg_point_programs(f);
}

/* Whether all leaves that the plan would have in bands may lie so. Otherwise none does. */
static int can_have_bands(const tg_function *f)
{
    if (f->plan->in_bands == NULL) return 0;
    for (int i = 0; i < f->plan->n_leaves; i++) {
        if (!f->plan->leaves[i].is_banded) continue;
        const tg_leaf *leaf = f->leaves[i].tensor->own.leaf;
        if (leaf->bands == NULL || atomic_load(&leaf->keeps_rows)) return 0;
    }
    return 1;
}

/* Where the value of a leaf is, NULL for none. Inputs are only read, so that the cast is safe; an input without a name
 * belongs to no caller. */
static void *value_of_leaf(const tg_function *f, int i)
{
    const tg_bound_leaf *leaf = &f->leaves[i];
    if (leaf->bound != NULL) return (void *)(uintptr_t)leaf->bound;
    if (!leaf->tensor->is_leaf) return NULL;
    if (f->in_bands && f->plan->leaves[i].is_banded) return tg_bands_of(leaf->tensor);
    void *data = tg_rows_of(leaf->tensor);
    if (f->plan->leaves[i].is_updated) tg_now_in_rows(leaf->tensor);
    return data;
}

static tg_status find_leaves(tg_function *f)
{
    const unsigned long long changes = tg_count_leaf_changes(f->graph);
    int moved = 0;
    if (f->leaf_changes != changes) {
        for (int i = 0; i < f->plan->n_leaves; i++)
            if (!tg_leaf_is_there(f, &f->leaves[i]))
                return tg_fail(&f->diag, TG_ERR_STALE,
                               "an input or param of this function was dropped by tg_rewind");
    }
    if (can_have_bands(f) != f->in_bands) {
        f->in_bands = !f->in_bands;
        tg_prepare_lanes(f);
    }
    for (int i = 0; i < f->plan->n_leaves; i++) {
        const tg_bound_leaf *leaf = &f->leaves[i];
        void *data = value_of_leaf(f, i);
        if (data == NULL) {
            char label[TG_LABEL_TEXT];
            return tg_fail(&f->diag, TG_ERR_UNBOUND,
                           "input %s has no value: neither tg_bind nor tg_set gave one",
                           tg_label(leaf->tensor, label, sizeof label));
        }
        if (data == leaf->data) continue;
        point(f, i, data);
        moved = 1;
    }
    if (moved) point_results(f);
    f->leaf_changes = changes;
    f->has_leaves = 1;
    return TG_OK;
}

/* ---- Running ------------------------------------------------------------------------------------------ */

/* The kernel's message with its operation's name; a kernel of a user's may have given none. */
static tg_status kernel_failed(tg_function *f)
{
    const tg_lane *lane = &f->lanes[0];
    return tg_fail(&f->diag, lane->status, "%s: %.400s", f->plan->steps[lane->failed].op->name,
                   lane->diag.message[0] == '\0' ? tg_status_text(lane->status) : lane->diag.message);
}

static void copy_updates(const tg_function *f)
{
    const tg_plan *plan = f->plan;
    for (int i = 0; i < plan->n_updates; i++) {
        const tg_plan_update *update = &plan->updates[i];
        if (update->place >= 0 && update->bytes > 0)
            memcpy(f->leaves[update->leaf].data, f->lanes[0].views[update->place].data, update->bytes);
    }
}

static inline void forget_failure(tg_function *f)
{
    f->diag.status = TG_OK;
    f->diag.message[0] = '\0';
}

static inline int shows_leaves(const tg_function *f)
{
    return f->has_leaves && f->leaf_changes == tg_count_leaf_changes(f->graph);
}

static inline tg_status run(tg_function *f, tg_status (*run_units)(tg_function *))
{
    forget_failure(f);
    f->lanes[0].diag.message[0] = '\0';
    if (!shows_leaves(f)) {
        tg_status status = find_leaves(f);
        if (status != TG_OK) return status;
    }
    if (run_units(f) != TG_OK) return kernel_failed(f);
    if (f->plan->n_copies > 0) copy_updates(f);
    return TG_OK;
}

/* Not made a part of tg_run, which would save registers for it. */
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static tg_status
run_by_units(tg_function *f)
{
    if (!f->is_profiled) return run(f, tg_run_units);
    uint64_t began = tg_clock_nanoseconds();
    tg_status status = run(f, tg_time_units);
    tg_profile_count_run(f, began);
    return status;
}

/* To go through units would be a tenth of a tiny network's step. */
tg_status tg_run(tg_function *f)
{
    if (f == NULL) return TG_ERR_NULL;
    if (!f->plan->is_program || f->is_profiled || !shows_leaves(f)) return run_by_units(f);
    forget_failure(f);
    f->plan->run_small(f->small);
    return TG_OK;
}

const char *tg_function_error(const tg_function *f)
{
    return f == NULL ? "the function is NULL" : f->diag.message;
}

/* ---- Results ------------------------------------------------------------------------------------------ */

static const tg_view *find_output(const tg_function *f, const tg_tensor *output)
{
    if (f == NULL || output == NULL) return NULL;
    for (int i = 0; i < f->plan->n_outputs; i++)
        if (f->outputs[i] == output) return &f->lanes[0].views[f->plan->outputs[i]];
    return NULL;
}

const void *tg_output(const tg_function *f, const tg_tensor *output)
{
    const tg_view *view = find_output(f, output);
    return view == NULL ? NULL : view->data;
}

tg_status tg_read(const tg_function *f, const tg_tensor *output, void *data, size_t size)
{
    const tg_view *view = find_output(f, output);
    if (f == NULL || output == NULL || (data == NULL && size > 0)) return TG_ERR_NULL;
    if (view == NULL) return TG_ERR_ARGUMENT;
    if ((size_t)view->count * tg_dtype_size(view->dtype) != size) return TG_ERR_SIZE;
    if (size > 0) memcpy(data, view->data, size);
    return TG_OK;
}

double tg_scalar(const tg_function *f, const tg_tensor *output)
{
    const tg_view *view = find_output(f, output);
    if (view == NULL || view->count != 1) return (double)NAN;
    switch (view->dtype) {
    case TG_F32:
        return (double)*(const float *)view->data;
    case TG_F64:
        return *(const double *)view->data;
    case TG_I64:
        return (double)*(const int64_t *)view->data;
    case TG_BOOL:
        return *(const unsigned char *)view->data;
    }
    return (double)NAN;
}

tg_function_stats tg_stats(const tg_function *f)
{
    if (f == NULL) return (tg_function_stats){0};
    tg_function_stats stats = f->plan->stats;
    stats.from_cache = f->from_cache;
    return stats;
}
