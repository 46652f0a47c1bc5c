/* tg_compile and tg_eval, and the cache of plans that they share. */
#include <stdlib.h>
#include <string.h>

#include "function.h"

/* ---- Cache -------------------------------------------------------------------------------------------- */

struct cached_plan;

/* The last request that a plan was for: it is found again without a look at the tape. */
typedef struct known_request {
    XXH128_hash_t key;
    struct cached_plan *plan;
    UT_hash_handle hh;
} known_request;

/* A plan, and a function of it that tg_eval keeps for the next time. */
typedef struct cached_plan {
    XXH128_hash_t hash;
    tg_plan *plan;
    tg_function *idle;
    known_request known;
    UT_hash_handle hh;
    tg_tensor *leaves[]; /* of the known request, in the plan's order */
} cached_plan;

typedef struct plan_cache {
    cached_plan *plans;   /* uthash head; in order of their making */
    cached_plan *large;   /* the only one whose idle function may be large */
    known_request *known; /* uthash head */
} plan_cache;

/* Beyond this many the oldest plan is dropped. */
#define CACHE_LIMIT 256

/* Of functions with more memory than this, tg_eval keeps the last one alone. */
#define IDLE_LIMIT ((size_t)1 << 22)

static void forget_request(plan_cache *cache, cached_plan *entry)
{
    if (entry->known.hh.tbl != NULL) HASH_DELETE(hh, cache->known, &entry->known);
    entry->known.hh.tbl = NULL;
}

static void drop(plan_cache *cache, cached_plan *entry)
{
    forget_request(cache, entry);
    HASH_DELETE(hh, cache->plans, entry);
    if (cache->large == entry) cache->large = NULL;
    tg_function_free(entry->idle);
    tg_plan_release(entry->plan);
    free(entry);
}

static void free_cache(void *plans)
{
    plan_cache *cache = plans;
    cached_plan *entry, *next;
    HASH_ITER(hh, cache->plans, entry, next) drop(cache, entry);
    free(cache);
}

static plan_cache *cache_of(tg_graph *g)
{
    if (g->plans == NULL) {
        g->plans = calloc(1, sizeof(plan_cache));
        g->free_plans = g->plans == NULL ? NULL : free_cache;
    }
    return g->plans;
}

static cached_plan *add_to_cache(plan_cache *cache, XXH128_hash_t hash, tg_plan *plan)
{
    size_t leaves_size = (size_t)plan->n_leaves * sizeof(tg_tensor *);
    cached_plan *entry = calloc(1, sizeof *entry + leaves_size);
    if (entry == NULL) return NULL;
    if (HASH_COUNT(cache->plans) >= CACHE_LIMIT) drop(cache, cache->plans);
    entry->hash = hash;
    entry->plan = plan;
    HASH_ADD(hh, cache->plans, hash, sizeof entry->hash, entry);
    if (tg_hash_added(entry)) return entry;
    free(entry);
    return NULL;
}

/* The plan of a request with the same expressions over the same leaves, which then are all that the request needs
 * of the tape; or NULL. Leaves that were dropped cannot be met here: a new leaf has another structure. */
static cached_plan *find_known(plan_cache *cache, tg_request *request, XXH128_hash_t key)
{
    known_request *known;
    HASH_FIND(hh, cache->known, &key, sizeof key, known);
    if (known == NULL) return NULL;
    request->nodes = known->plan->leaves;
    request->n_nodes = known->plan->plan->n_leaves;
    request->leaves_only = 1;
    return known->plan;
}

/* 0 when memory runs out. */
static int remember(plan_cache *cache, cached_plan *entry, const tg_request *request, XXH128_hash_t key)
{
    forget_request(cache, entry);
    int n = 0;
    for (int64_t k = 0; k < request->n_nodes; k++)
        if (tg_is_bound(request->nodes[k])) entry->leaves[n++] = request->nodes[k];
    entry->known.key = key;
    entry->known.plan = entry;
    HASH_ADD(hh, cache->known, key, sizeof key, &entry->known);
    return tg_hash_added(&entry->known);
}

/* The cached plan of a request with nodes, made if need be; NULL with the error kept. */
static cached_plan *plan_of_nodes(plan_cache *cache, const tg_request *request, int *found)
{
    cached_plan *entry;
    XXH128_hash_t hash = tg_request_hash(request);
    HASH_FIND(hh, cache->plans, &hash, sizeof hash, entry);
    *found = entry != NULL;
    if (entry != NULL) return entry;
    tg_plan *plan = tg_plan_build_within(request);
    if (plan == NULL) return NULL;
    entry = add_to_cache(cache, hash, plan);
    if (entry != NULL) return entry;
    tg_plan_release(plan);
    tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for the cache of plans");
    return NULL;
}

/* The cached plan of the request, made if need be, and the request's nodes, or its leaves if they suffice. NULL with
 * the error kept. The caller frees the request. */
static cached_plan *plan_for(tg_request *request, int *found)
{
    plan_cache *cache = cache_of(request->graph);
    if (cache == NULL) {
        tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for the cache of plans");
        return NULL;
    }
    XXH128_hash_t key;
    if (tg_request_key(request, &key) != TG_OK) return NULL;
    cached_plan *entry = find_known(cache, request, key);
    *found = entry != NULL;
    if (entry != NULL || tg_request_make(request) != TG_OK) return entry;
    entry = plan_of_nodes(cache, request, found);
    if (entry == NULL || remember(cache, entry, request, key)) return entry;
    tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for the cache of plans");
    return NULL;
}

/* ---- tg_compile --------------------------------------------------------------------------------------- */

static tg_status check_update(tg_graph *g, const tg_update *updates, int i)
{
    char a[TG_LABEL_TEXT], b[TG_LABEL_TEXT];
    const tg_tensor *param = updates[i].param, *value = updates[i].value;
    if (param->op != &tg_op_param && param->op != &tg_op_state)
        return tg_graph_fail(g, TG_ERR_ARGUMENT,
                             "tg_compile: update %d is of %s (%s), which is no param or state", i,
                             tg_label(param, a, sizeof a), param->op->name);
    if (!tg_same_types(param, value))
        return tg_graph_fail(g, param->dtype != value->dtype ? TG_ERR_DTYPE : TG_ERR_SHAPE,
                             "tg_compile: update of %s with %s", tg_label(param, a, sizeof a),
                             tg_label(value, b, sizeof b));
    for (int k = 0; k < i; k++)
        if (updates[k].param == param)
            return tg_graph_fail(g, TG_ERR_ARGUMENT, "tg_compile: two updates of %s",
                                 tg_label(param, a, sizeof a));
    return TG_OK;
}

static tg_status check_request(tg_graph *g, tg_tensor *const *outputs, int n_outputs,
                               const tg_update *updates, int n_updates)
{
    tg_status status = tg_check_tensors(g, "tg_compile", "output", outputs, n_outputs);
    if (status == TG_OK && (n_updates < 0 || (n_updates > 0 && updates == NULL)))
        status = tg_graph_fail(g, TG_ERR_NULL, "tg_compile: the list of %d updates is NULL", n_updates);
    for (int i = 0; i < n_updates && status == TG_OK; i++) {
        tg_tensor *const pair[2] = {updates[i].param, updates[i].value};
        status = tg_check_tensors(g, "tg_compile", "update", pair, 2);
        if (status == TG_OK) status = check_update(g, updates, i);
    }
    return status;
}

static tg_status read_options(tg_graph *g, const tg_compile_options *options, unsigned *passes_off)
{
    const char *unknown;
    int length;
    *passes_off = 0;
    if (options == NULL) return TG_OK;
    if (options->threads < 0 || options->threads > TG_MAX_THREADS)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "tg_compile: %d threads, expected 0 to %d", options->threads,
                             TG_MAX_THREADS);
    if (options->passes_off == NULL || tg_passes_named(options->passes_off, passes_off, &unknown, &length))
        return TG_OK;
    return tg_graph_fail(g, TG_ERR_ARGUMENT, "tg_compile: there is no pass \"%.*s\" to leave out", length,
                         unknown);
}

tg_status tg_compile(tg_graph *g, tg_tensor *const *outputs, int n_outputs, const tg_update *updates,
                     int n_updates, tg_function **out)
{
    return tg_compile_with(g, outputs, n_outputs, updates, n_updates, NULL, out);
}

tg_status tg_compile_with(tg_graph *g, tg_tensor *const *outputs, int n_outputs, const tg_update *updates,
                          int n_updates, const tg_compile_options *options, tg_function **out)
{
    unsigned passes_off;
    if (out != NULL) *out = NULL;
    if (g == NULL) return TG_ERR_NULL;
    if (out == NULL) return tg_graph_fail(g, TG_ERR_NULL, "tg_compile: out is NULL");
    tg_status status = check_request(g, outputs, n_outputs, updates, n_updates);
    if (status == TG_OK) status = read_options(g, options, &passes_off);
    if (status != TG_OK) return status;

    tg_request request = {.graph = g,
                          .outputs = outputs,
                          .updates = updates,
                          .n_outputs = n_outputs,
                          .n_updates = n_updates,
                          .passes_off = passes_off,
                          .memory_limit = options == NULL ? 0 : options->memory_limit,
                          .threads = options == NULL || options->threads < 2 ? 0 : options->threads};
    int found;
    cached_plan *entry = plan_for(&request, &found);
    if (entry != NULL) *out = tg_function_new(entry->plan, &request);
    if (*out != NULL)
        (*out)->from_cache = found;
    else
        status = tg_graph_status(g);
    tg_request_free(&request);
    return status;
}

/* ---- tg_eval ------------------------------------------------------------------------------------------ */

static size_t packed_size(tg_tensor *const *tensors, int n)
{
    size_t size = 0;
    for (int i = 0; i < n; i++) {
        tg_type type = tg_type_of(tensors[i]);
        size_t bytes = tg_type_bytes(&type);
        size = bytes > SIZE_MAX - size ? SIZE_MAX : size + bytes;
    }
    return size;
}

static void limit_idle(plan_cache *cache, cached_plan *entry)
{
    if (entry->plan->arena_bytes <= IDLE_LIMIT || cache->large == entry) return;
    if (cache->large != NULL) {
        tg_function_free(cache->large->idle);
        cache->large->idle = NULL;
    }
    cache->large = entry;
}

static tg_status run_once(tg_request *request, void *data)
{
    int found;
    cached_plan *entry = plan_for(request, &found);
    if (entry == NULL) return tg_graph_status(request->graph);
    if (entry->idle == NULL)
        entry->idle = tg_function_new(entry->plan, request);
    else
        tg_function_adopt(entry->idle, request);
    tg_function *f = entry->idle;
    if (f == NULL) return tg_graph_status(request->graph);
    limit_idle(cache_of(request->graph), entry);
    tg_status status = tg_run(f);
    if (status != TG_OK) return tg_graph_fail(request->graph, status, "tg_eval: %s", tg_function_error(f));
    char *to = data;
    for (int i = 0; i < request->n_outputs; i++) {
        const tg_view *view = &f->lanes[0].views[f->plan->outputs[i]];
        size_t bytes = (size_t)view->count * tg_dtype_size(view->dtype);
        if (bytes > 0) memcpy(to, view->data, bytes);
        to += bytes;
    }
    return TG_OK;
}

tg_status tg_eval(tg_graph *g, tg_tensor *const *tensors, int n, void *data, size_t size)
{
    if (g == NULL) return TG_ERR_NULL;
    tg_status status = tg_check_tensors(g, "tg_eval", "tensor", tensors, n);
    if (status != TG_OK) return status;
    size_t expected = packed_size(tensors, n);
    if (size != expected)
        return tg_graph_fail(g, TG_ERR_SIZE, "tg_eval: %zu bytes for the values, expected %zu", size,
                             expected);
    if (data == NULL && size > 0) return tg_graph_fail(g, TG_ERR_NULL, "tg_eval: data is NULL");
    tg_request request = {.graph = g, .outputs = tensors, .n_outputs = n};
    status = run_once(&request, data);
    tg_request_free(&request);
    return status;
}
