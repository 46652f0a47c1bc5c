/* The JSON header of .safetensors files, with jansson. */
#include "safetensors.h"

#if TG_WITH_JANSSON

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"

#define METADATA_KEY "__metadata__"

static const char *const element_names[TG_ELEMENT_KINDS] = {
    [TG_ELEMENT_BOOL] = "BOOL", [TG_ELEMENT_I8] = "I8",     [TG_ELEMENT_U8] = "U8",
    [TG_ELEMENT_I16] = "I16",   [TG_ELEMENT_U16] = "U16",   [TG_ELEMENT_I32] = "I32",
    [TG_ELEMENT_U32] = "U32",   [TG_ELEMENT_I64] = "I64",   [TG_ELEMENT_U64] = "U64",
    [TG_ELEMENT_F16] = "F16",   [TG_ELEMENT_BF16] = "BF16", [TG_ELEMENT_F32] = "F32",
    [TG_ELEMENT_F64] = "F64",
};

const char *tg_safetensors_element_name(tg_element element)
{
    return element_names[element];
}

static tg_status parse_shape(const json_t *shape, const char *label, tg_layout *layout, tg_diag *diag)
{
    if (!json_is_array(shape)) return tg_fail(diag, TG_ERR_FORMAT, "%s: expected a list \"shape\"", label);
    size_t rank = json_array_size(shape);
    if (rank > TG_MAX_RANK)
        return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: %zu axes, expected at most %d", label, rank,
                       TG_MAX_RANK);
    layout->rank = (int)rank;
    for (size_t axis = 0; axis < rank; axis++) {
        const json_t *size = json_array_get(shape, axis);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return tg_fail(diag, TG_ERR_FORMAT,
                           "%s: size %zu of \"shape\" is not a whole number of 0 or more", label, axis);
        layout->shape[axis] = json_integer_value(size);
    }
    return TG_OK;
}

static tg_status parse_dtype(const json_t *dtype, const char *label, tg_safetensors_entry *entry,
                             tg_diag *diag)
{
    const char *text = json_string_value(dtype);
    if (text == NULL) return tg_fail(diag, TG_ERR_FORMAT, "%s: expected a text \"dtype\"", label);
    for (int element = 0; element < TG_ELEMENT_KINDS; element++) {
        if (strcmp(text, element_names[element]) != 0) continue;
        entry->layout.element = (tg_element)element;
        entry->element_name = element_names[element];
        return TG_OK;
    }
    return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: element type \"%.40s\" is not supported", label, text);
}

static tg_status parse_offsets(const json_t *offsets, size_t data_size, const char *label,
                               tg_safetensors_entry *entry, tg_diag *diag)
{
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected two whole numbers \"data_offsets\"", label);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > data_size)
        return tg_fail(diag, TG_ERR_FORMAT,
                       "%s: data_offsets %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT
                       " do not lie in the %zu bytes of data",
                       label, begin, end, data_size);
    size_t expected = 0;
    tg_status status = tg_layout_bytes(&entry->layout, label, &expected, diag);
    if (status != TG_OK) return status;
    entry->begin = (size_t)begin;
    entry->size = (size_t)(end - begin);
    if (entry->size != expected)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected %zu bytes for the shape, data_offsets give %zu",
                       label, expected, entry->size);
    return TG_OK;
}

static tg_status parse_entry(const json_t *tensor, const char *label, size_t data_size,
                             tg_safetensors_entry *entry, tg_diag *diag)
{
    if (!json_is_object(tensor) || json_object_size(tensor) != 3)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected \"dtype\", \"shape\" and \"data_offsets\"", label);
    tg_status status = parse_dtype(json_object_get(tensor, "dtype"), label, entry, diag);
    if (status == TG_OK) status = parse_shape(json_object_get(tensor, "shape"), label, &entry->layout, diag);
    if (status == TG_OK)
        status = parse_offsets(json_object_get(tensor, "data_offsets"), data_size, label, entry, diag);
    return status;
}

static tg_status parse_metadata(json_t *pairs, tg_metadata *out, tg_diag *diag)
{
    if (!json_is_object(pairs)) return tg_fail(diag, TG_ERR_FORMAT, METADATA_KEY " is not an object");
    for (void *at = json_object_iter(pairs); at != NULL; at = json_object_iter_next(pairs, at)) {
        const char *key = json_object_iter_key(at), *value = json_string_value(json_object_iter_value(at));
        if (value == NULL)
            return tg_fail(diag, TG_ERR_FORMAT, METADATA_KEY ": the value of '%.100s' is not text", key);
        tg_status status = tg_metadata_append(out, key, value, diag);
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

static tg_status parse_tensors(json_t *root, size_t data_size, tg_safetensors_header *out, tg_diag *diag)
{
    size_t room = json_object_size(root);
    out->entries = calloc(room > 0 ? room : 1, sizeof *out->entries);
    if (out->entries == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for %zu tensors", room);
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *key = json_object_iter_key(at);
        json_t *value = json_object_iter_value(at);
        tg_status status;
        if (strcmp(key, METADATA_KEY) == 0) {
            status = parse_metadata(value, &out->metadata, diag);
        } else {
            tg_safetensors_entry *entry = &out->entries[out->count++];
            entry->name = tg_text_copy(key, strlen(key));
            if (entry->name == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a tensor's name");
            char label[128];
            snprintf(label, sizeof label, "tensor '%.100s'", key);
            status = parse_entry(value, label, data_size, entry, diag);
        }
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

static int compare_places(const void *a, const void *b)
{
    const tg_safetensors_entry *const *left = a, *const *right = b;
    if ((*left)->begin != (*right)->begin) return (*left)->begin < (*right)->begin ? -1 : 1;
    return ((*left)->size > (*right)->size) - ((*left)->size < (*right)->size);
}

/* Checks that every byte of the data belongs to exactly one tensor. */
static tg_status check_coverage(const tg_safetensors_header *header, size_t data_size, tg_diag *diag)
{
    const tg_safetensors_entry **sorted = calloc(header->count > 0 ? header->count : 1, sizeof *sorted);
    if (sorted == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for %zu tensors", header->count);
    for (size_t i = 0; i < header->count; i++) sorted[i] = &header->entries[i];
    qsort(sorted, header->count, sizeof *sorted, compare_places);
    tg_status status = TG_OK;
    size_t covered = 0;
    for (size_t i = 0; i < header->count && status == TG_OK; i++) {
        if (sorted[i]->begin != covered)
            status =
                tg_fail(diag, TG_ERR_FORMAT, "tensor '%.100s' begins at byte %zu of the data, expected %zu",
                        sorted[i]->name, sorted[i]->begin, covered);
        covered = sorted[i]->begin + sorted[i]->size;
    }
    if (status == TG_OK && covered != data_size)
        status =
            tg_fail(diag, TG_ERR_FORMAT, "the tensors take %zu bytes of data, found %zu", covered, data_size);
    free(sorted);
    return status;
}

tg_status tg_safetensors_header_parse(const char *text, size_t length, size_t data_size, const char *name,
                                      tg_safetensors_header *out, tg_diag *diag)
{
    json_error_t error = {.line = 0};
    if (length == 0 || text[0] != '{')
        return tg_fail(diag, TG_ERR_FORMAT, "%s: not a safetensors file: no JSON object at byte 8", name);
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        /* Where jansson runs out of memory it may leave no text. */
        bool memory = json_error_code(&error) == json_error_out_of_memory || error.text[0] == '\0';
        return tg_fail(diag, memory ? TG_ERR_MEMORY : TG_ERR_FORMAT, "%s: header, line %d, column %d: %s",
                       name, error.line, error.column, memory ? "out of memory" : error.text);
    }
    tg_diag cause = {0};
    tg_status status = parse_tensors(root, data_size, out, &cause);
    if (status == TG_OK) status = check_coverage(out, data_size, &cause);
    json_decref(root);
    return status == TG_OK ? TG_OK : tg_fail(diag, status, "%s: %s", name, cause.message);
}

void tg_safetensors_header_clear(tg_safetensors_header *header)
{
    for (size_t i = 0; i < header->count; i++) free(header->entries[i].name);
    free(header->entries);
    tg_metadata_clear(&header->metadata);
    *header = (tg_safetensors_header){0};
}

/* Takes value over. False: out of memory. */
static bool set_pair(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *make_metadata(const tg_metadata *metadata, const char *digest)
{
    json_t *pairs = json_object();
    bool ok = pairs != NULL;
    for (size_t i = 0; metadata != NULL && i < metadata->count && ok; i++)
        if (strcmp(metadata->items[i].key, TG_CHECKSUM_KEY) != 0)
            ok = set_pair(pairs, metadata->items[i].key, json_string(metadata->items[i].value));
    ok = ok && set_pair(pairs, TG_CHECKSUM_KEY, json_string(digest));
    if (ok) return pairs;
    json_decref(pairs);
    return NULL;
}

static json_t *make_entry(const tg_type *type, size_t begin, size_t end)
{
    json_t *entry = json_object(), *shape = json_array(), *offsets = json_array();
    bool ok = entry != NULL && shape != NULL && offsets != NULL;
    for (int axis = 0; axis < type->rank && ok; axis++)
        ok = json_array_append_new(shape, json_integer(type->shape[axis])) == 0;
    ok = ok && json_array_append_new(offsets, json_integer((json_int_t)begin)) == 0 &&
         json_array_append_new(offsets, json_integer((json_int_t)end)) == 0;
    const char *element = element_names[tg_element_of_dtype(type->dtype)];
    ok = ok && set_pair(entry, "dtype", json_string(element)) &&
         json_object_set(entry, "shape", shape) == 0 && json_object_set(entry, "data_offsets", offsets) == 0;
    json_decref(shape);
    json_decref(offsets);
    if (ok) return entry;
    json_decref(entry);
    return NULL;
}

static tg_status make_root(const tg_bundle *arrays, const char *name, json_t *root, tg_diag *diag)
{
    size_t begin = 0;
    for (size_t i = 0; i < arrays->count; i++) {
        const tg_named_array *item = &arrays->items[i];
        size_t size = tg_type_bytes(&item->array->type);
        if (json_object_get(root, item->name) != NULL)
            return tg_fail(diag, TG_ERR_NAME, "%s: the name '%.100s' is taken", name, item->name);
        if (!set_pair(root, item->name, make_entry(&item->array->type, begin, begin + size)))
            return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the header", name);
        begin += size;
    }
    return TG_OK;
}

static int append_json(const char *text, size_t size, void *out)
{
    return tg_bytes_append(out, text, size) ? 0 : -1;
}

/* Appends 8 bytes of length and the text, padded with spaces. */
static tg_status dump_root(const json_t *root, const char *name, tg_bytes *out, tg_diag *diag)
{
    const unsigned char length_to_come[8] = {0};
    size_t start = out->size;
    bool ok = tg_bytes_append(out, length_to_come, sizeof length_to_come) &&
              json_dump_callback(root, append_json, out, JSON_COMPACT) == 0;
    while (ok && (out->size - start) % 8 != 0) ok = tg_bytes_append(out, " ", 1);
    if (!ok) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the header", name);
    size_t length = out->size - start - 8;
    if (length > TG_SAFETENSORS_HEADER_MAX)
        return tg_fail(diag, TG_ERR_SIZE, "%s: names and metadata take %zu bytes, expected at most %d", name,
                       length, TG_SAFETENSORS_HEADER_MAX);
    tg_store_bytes(out->data + start, length, 8, false);
    return TG_OK;
}

tg_status tg_safetensors_header_serialise(const tg_bundle *arrays, const tg_metadata *metadata,
                                          const char *digest, const char *name, tg_bytes *out, tg_diag *diag)
{
    json_t *root = json_object();
    tg_status status;
    if (root == NULL || !set_pair(root, METADATA_KEY, make_metadata(metadata, digest)))
        status = tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the header", name);
    else
        status = make_root(arrays, name, root, diag);
    if (status == TG_OK) status = dump_root(root, name, out, diag);
    json_decref(root);
    return status;
}

#endif
