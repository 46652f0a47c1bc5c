/* Arrays that own their memory, and bundles of named arrays. */
#include <stdlib.h>
#include <string.h>

#include <tapegrad/array.h>

#include "memory.h"

tg_array *tg_array_new(tg_dtype dtype, int rank, const int64_t *shape, tg_diag *diag)
{
    tg_type type;
    if (tg_type_make(&type, dtype, rank, shape, diag) != TG_OK) return NULL;
    tg_array *array = malloc(sizeof *array);
    void *data = tg_aligned_zeros(tg_type_bytes(&type));
    if (array == NULL || data == NULL) {
        char text[TG_TYPE_TEXT];
        tg_fail(diag, TG_ERR_MEMORY, "out of memory for an array of type %s",
                tg_type_text(&type, text, sizeof text));
        tg_aligned_free(data);
        free(array);
        return NULL;
    }
    *array = (tg_array){.type = type, .data = data};
    return array;
}

void tg_array_free(tg_array *array)
{
    if (array == NULL) return;
    tg_aligned_free(array->data);
    free(array);
}

static tg_status bundle_reserve(tg_bundle *bundle, const char *name, tg_diag *diag)
{
    if (name == NULL || name[0] == '\0') return tg_fail(diag, TG_ERR_NAME, "an array needs a name");
    if (tg_bundle_find(bundle, name) != NULL)
        return tg_fail(diag, TG_ERR_NAME, "there are two arrays named '%s'", name);
    /* Room grows at each power of two. */
    if ((bundle->count & (bundle->count - 1)) == 0) {
        size_t room = bundle->count == 0 ? 1 : 2 * bundle->count;
        tg_named_array *items = realloc(bundle->items, room * sizeof *items);
        if (items == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for array '%s'", name);
        bundle->items = items;
    }
    return TG_OK;
}

tg_status tg_bundle_add(tg_bundle *bundle, const char *name, tg_array *array, tg_diag *diag)
{
    if (bundle == NULL || array == NULL) {
        tg_array_free(array);
        return tg_fail(diag, TG_ERR_NULL, "tg_bundle_add: %s is NULL", bundle == NULL ? "bundle" : "array");
    }
    tg_status status = bundle_reserve(bundle, name, diag);
    if (status != TG_OK) {
        tg_array_free(array);
        return status;
    }
    char *copy = malloc(strlen(name) + 1);
    if (copy == NULL) {
        tg_array_free(array);
        return tg_fail(diag, TG_ERR_MEMORY, "out of memory for array '%s'", name);
    }
    strcpy(copy, name);
    bundle->items[bundle->count++] = (tg_named_array){.name = copy, .array = array};
    return TG_OK;
}

tg_array *tg_bundle_find(const tg_bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->items[i].name, name) == 0) return bundle->items[i].array;
    return NULL;
}

void tg_bundle_clear(tg_bundle *bundle)
{
    if (bundle == NULL) return;
    for (size_t i = 0; i < bundle->count; i++) {
        free(bundle->items[i].name);
        tg_array_free(bundle->items[i].array);
    }
    free(bundle->items);
    *bundle = (tg_bundle){0};
}
