/* Saving and loading a graph's params and states. */
#include <stdlib.h>
#include <string.h>

#include <tapegrad/nn.h>

/* The metadata pair that lists the states, one a line: what a file has beside them are params. */
#define STATES_KEY "tapegrad.states"
/* The pair that tg_safetensors_save adds, see io.h. */
#define CHECKSUM_KEY "tapegrad.xxh3"

static tg_status keep(tg_graph *g, tg_status status, const char *call, const tg_diag *diag)
{
    if (status != TG_OK) tg_set_error(g, status, "%s: %s", call, diag->message);
    return status;
}

/* ---- Saving ------------------------------------------------------------------------------------------- */

static tg_status add_value(tg_bundle *bundle, const tg_tensor *t, tg_diag *diag)
{
    tg_type type = tg_type_of(t);
    tg_array *array = tg_array_new(type.dtype, type.rank, type.shape, diag);
    if (array == NULL) return TG_ERR_MEMORY;
    tg_get(t, array->data, tg_type_bytes(&type));
    return tg_bundle_add(bundle, tg_name(t), array, diag);
}

/* The names of the states, or NULL when memory runs out. */
static char *list_states(const tg_graph *g)
{
    size_t size = 1;
    for (int64_t i = 0; i < tg_param_count(g); i++) size += strlen(tg_name(tg_param_at(g, i))) + 1;
    char *list = malloc(size), *end = list;
    if (list == NULL) return NULL;
    for (int64_t i = 0; i < tg_param_count(g); i++) {
        const tg_tensor *t = tg_param_at(g, i);
        if (tg_is_trainable(t)) continue;
        size_t length = strlen(tg_name(t));
        memcpy(end, tg_name(t), length);
        end += length;
        *end++ = '\n';
    }
    *end = '\0';
    return list;
}

static tg_status gather_metadata(const tg_graph *g, const tg_metadata *given, tg_metadata *all, tg_diag *diag)
{
    tg_status status = TG_OK;
    for (size_t i = 0; given != NULL && i < given->count && status == TG_OK; i++)
        status = tg_metadata_set(all, given->items[i].key, given->items[i].value, diag);
    char *states = status == TG_OK ? list_states(g) : NULL;
    if (status == TG_OK && states == NULL) status = tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    if (status == TG_OK) status = tg_metadata_set(all, STATES_KEY, states, diag);
    free(states);
    return status;
}

tg_status tg_checkpoint_save(tg_graph *g, const char *path, const tg_metadata *metadata)
{
    if (g == NULL) return TG_ERR_NULL;
    tg_bundle bundle = {0};
    tg_metadata all = {0};
    tg_diag diag = {TG_OK, ""};
    tg_status status = gather_metadata(g, metadata, &all, &diag);
    for (int64_t i = 0; i < tg_param_count(g) && status == TG_OK; i++)
        status = add_value(&bundle, tg_param_at(g, i), &diag);
    if (status == TG_OK) status = tg_safetensors_save(path, &bundle, &all, &diag);
    tg_bundle_clear(&bundle);
    tg_metadata_clear(&all);
    return keep(g, status, "tg_checkpoint_save", &diag);
}

/* ---- Loading ------------------------------------------------------------------------------------------ */

static int listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = list; line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (n == length && memcmp(line, name, n) == 0) return 1;
        line += n;
        line += *line == '\n';
    }
    return 0;
}

/* An array whose name the graph has must have the tensor's type, and the tensor must hold a value. */
static tg_status check_item(tg_graph *g, const char *path, const tg_named_array *item)
{
    tg_tensor *t = tg_find(g, item->name);
    if (t == NULL) return TG_OK;
    tg_type type = tg_type_of(t);
    char a[TG_TYPE_TEXT], b[TG_TYPE_TEXT];
    tg_status status = TG_OK;
    if (tg_leaf_kind_of(t) == TG_LEAF_INPUT)
        status = TG_ERR_NAME;
    else if (type.dtype != item->array->type.dtype)
        status = TG_ERR_DTYPE;
    else if (memcmp(&type, &item->array->type, sizeof type) != 0)
        status = TG_ERR_SHAPE;
    if (status != TG_OK)
        tg_set_error(g, status, "tg_checkpoint_load: %s: '%s' is %s, but the graph's %s of that name is %s",
                     path, item->name, tg_type_text(&item->array->type, a, sizeof a), tg_op_of(t)->name,
                     tg_type_text(&type, b, sizeof b));
    return status;
}

/* A checkpoint of ours has a checksum: without one its name was damaged. Files from elsewhere need none. */
static tg_status check_origin(tg_graph *g, const char *path, const tg_metadata *metadata)
{
    if (tg_metadata_get(metadata, STATES_KEY) == NULL || tg_metadata_get(metadata, CHECKSUM_KEY) != NULL)
        return TG_OK;
    tg_set_error(g, TG_ERR_CHECKSUM, "tg_checkpoint_load: %s: the checkpoint has no '%s'", path,
                 CHECKSUM_KEY);
    return TG_ERR_CHECKSUM;
}

/* Makes what the graph lacks. */
static tg_status make_missing(tg_graph *g, const tg_bundle *bundle, const char *states)
{
    for (size_t i = 0; i < bundle->count; i++) {
        const tg_named_array *item = &bundle->items[i];
        const tg_type *type = &item->array->type;
        if (tg_find(g, item->name) != NULL) continue;
        tg_tensor *made =
            listed(states, item->name)
                ? tg_state(g, item->name, type->dtype, type->rank, type->shape, item->array->data)
                : tg_param(g, item->name, type->dtype, type->rank, type->shape, item->array->data);
        if (made == NULL) return tg_graph_status(g);
    }
    return TG_OK;
}

tg_status tg_checkpoint_load(tg_graph *g, const char *path, tg_metadata *metadata)
{
    if (g == NULL) return TG_ERR_NULL;
    if (metadata != NULL && metadata->count != 0) {
        tg_set_error(g, TG_ERR_ARGUMENT, "tg_checkpoint_load: the metadata to load into are not empty");
        return TG_ERR_ARGUMENT;
    }
    tg_bundle bundle = {0};
    tg_metadata own = {0}, *all = metadata != NULL ? metadata : &own;
    tg_diag diag = {TG_OK, ""};
    tg_mark before = tg_get_mark(g);
    tg_status status = keep(g, tg_safetensors_load(path, &bundle, all, &diag), "tg_checkpoint_load", &diag);
    if (status == TG_OK) status = check_origin(g, path, all);
    for (size_t i = 0; i < bundle.count && status == TG_OK; i++)
        status = check_item(g, path, &bundle.items[i]);
    if (status == TG_OK) status = make_missing(g, &bundle, tg_metadata_get(all, STATES_KEY));
    for (size_t i = 0; i < bundle.count && status == TG_OK; i++) {
        const tg_array *array = bundle.items[i].array;
        status = tg_set(tg_find(g, bundle.items[i].name), array->data, tg_type_bytes(&array->type));
    }
    if (status != TG_OK) {
        tg_mark same_error = {before.nodes, TG_ERR_STALE}; /* drop what was made, keep the error */
        tg_rewind(g, same_error);
        tg_metadata_clear(all);
    }
    tg_metadata_clear(&own);
    tg_bundle_clear(&bundle);
    return status;
}
