/* Pairs of text that a file carries beside its arrays, and the names that arrays may have in files. */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

tg_status tg_metadata_append(tg_metadata *metadata, const char *key, const char *value, tg_diag *diag)
{
    /* Room grows at each power of two. */
    if ((metadata->count & (metadata->count - 1)) == 0) {
        size_t room = metadata->count == 0 ? 1 : 2 * metadata->count;
        void *items = NULL;
        if (room <= SIZE_MAX / sizeof *metadata->items)
            items = realloc(metadata->items, room * sizeof *metadata->items);
        if (items == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for metadata '%s'", key);
        metadata->items = items;
    }
    char *key_copy = tg_text_copy(key, strlen(key));
    char *value_copy = tg_text_copy(value, strlen(value));
    if (key_copy == NULL || value_copy == NULL) {
        free(key_copy);
        free(value_copy);
        return tg_fail(diag, TG_ERR_MEMORY, "out of memory for metadata '%s'", key);
    }
    metadata->items[metadata->count].key = key_copy;
    metadata->items[metadata->count].value = value_copy;
    metadata->count++;
    return TG_OK;
}

tg_status tg_metadata_set(tg_metadata *metadata, const char *key, const char *value, tg_diag *diag)
{
    if (metadata == NULL || key == NULL || value == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_metadata_set: %s is NULL",
                       metadata == NULL ? "metadata"
                       : key == NULL    ? "key"
                                        : "value");
    for (size_t i = 0; i < metadata->count; i++) {
        if (strcmp(metadata->items[i].key, key) != 0) continue;
        char *copy = tg_text_copy(value, strlen(value));
        if (copy == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for metadata '%s'", key);
        free(metadata->items[i].value);
        metadata->items[i].value = copy;
        return TG_OK;
    }
    return tg_metadata_append(metadata, key, value, diag);
}

const char *tg_metadata_get(const tg_metadata *metadata, const char *key)
{
    if (metadata == NULL || key == NULL) return NULL;
    for (size_t i = 0; i < metadata->count; i++)
        if (strcmp(metadata->items[i].key, key) == 0) return metadata->items[i].value;
    return NULL;
}

void tg_metadata_clear(tg_metadata *metadata)
{
    if (metadata == NULL) return;
    for (size_t i = 0; i < metadata->count; i++) {
        free(metadata->items[i].key);
        free(metadata->items[i].value);
    }
    free(metadata->items);
    *metadata = (tg_metadata){0};
}

tg_status tg_array_name_check(const char *array_name, const char *name, tg_diag *diag)
{
    if (array_name == NULL || array_name[0] == '\0')
        return tg_fail(diag, TG_ERR_NAME, "%s: an array has no name", name);
    if (!tg_text_is_utf8(array_name))
        return tg_fail(diag, TG_ERR_NAME, "%s: an array's name is not UTF-8", name);
    if (strlen(array_name) > TG_NAME_BYTES_MAX)
        return tg_fail(diag, TG_ERR_NAME, "%s: an array's name has %zu bytes, expected at most %d", name,
                       strlen(array_name), TG_NAME_BYTES_MAX);
    return TG_OK;
}
