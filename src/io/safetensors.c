/* .safetensors: loading and saving. The header is a JSON object, parsed in safetensors_header.c, that says of each
 * tensor its element type, its shape and where its bytes are in the data that follow; they must cover the data
 * without a gap. The format is described in the safetensors project's README. */
#include "safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "file.h"
#include "formats.h"

#if TG_WITH_JANSSON

/* The length of the header's text, checked against the file. */
static tg_status find_header(const unsigned char *bytes, size_t size, const char *name, size_t *length,
                             tg_diag *diag)
{
    if (size < 8)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected the header's length in 8 bytes, found %zu bytes",
                       name, size);
    uint64_t claimed = tg_load_bytes(bytes, 8, false);
    if (claimed > TG_SAFETENSORS_HEADER_MAX)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: header of %" PRIu64 " bytes, expected at most %d", name,
                       claimed, TG_SAFETENSORS_HEADER_MAX);
    if (claimed > size - 8)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected a header of %" PRIu64 " bytes, found %zu", name,
                       claimed, size - 8);
    *length = (size_t)claimed;
    return TG_OK;
}

static tg_status verify(const tg_safetensors_header *header, const unsigned char *data, const char *name,
                        tg_diag *diag)
{
    const char *expected = tg_metadata_get(&header->metadata, TG_CHECKSUM_KEY);
    if (expected == NULL) return TG_OK;
    tg_checksum *checksum = tg_checksum_new();
    if (checksum == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the checksum", name);
    tg_checksum_number(checksum, header->count);
    for (size_t i = 0; i < header->count; i++) {
        const tg_safetensors_entry *entry = &header->entries[i];
        tg_checksum_tensor(checksum, entry->name, entry->element_name, entry->layout.rank,
                           entry->layout.shape, data + entry->begin, entry->size);
    }
    tg_checksum_metadata(checksum, &header->metadata);
    char found[TG_CHECKSUM_TEXT];
    tg_checksum_end(checksum, found);
    if (strcmp(found, expected) == 0) return TG_OK;
    return tg_fail(diag, TG_ERR_CHECKSUM, "%s: the checksum says %.40s, the contents give %s", name, expected,
                   found);
}

static tg_status decode_entries(const tg_safetensors_header *header, const unsigned char *data,
                                const char *name, tg_bundle *out, tg_diag *diag)
{
    for (size_t i = 0; i < header->count; i++) {
        const tg_safetensors_entry *entry = &header->entries[i];
        tg_array *array = NULL;
        tg_diag cause = {0};
        tg_status status =
            tg_elements_decode(&entry->layout, data + entry->begin, entry->size, entry->name, &array, &cause);
        if (status == TG_OK) status = tg_bundle_add(out, entry->name, array, &cause);
        if (status == TG_ERR_NAME) status = TG_ERR_FORMAT;
        if (status != TG_OK) return tg_fail(diag, status, "%s: %s", name, cause.message);
    }
    return TG_OK;
}

tg_status tg_safetensors_parse(const void *bytes, size_t size, const char *name, tg_bundle *out,
                               tg_metadata *metadata, tg_diag *diag)
{
    size_t length = 0;
    tg_status status = find_header(bytes, size, name, &length, diag);
    if (status != TG_OK) return status;
    const unsigned char *text = (const unsigned char *)bytes + 8, *data = text + length;
    tg_safetensors_header header = {0};
    tg_bundle loaded = {0};
    status = tg_safetensors_header_parse((const char *)text, length, size - 8 - length, name, &header, diag);
    if (status == TG_OK) status = verify(&header, data, name, diag);
    if (status == TG_OK) status = decode_entries(&header, data, name, &loaded, diag);
    if (status == TG_OK) {
        *out = loaded;
        if (metadata != NULL) {
            *metadata = header.metadata;
            header.metadata = (tg_metadata){0};
        }
    } else {
        tg_bundle_clear(&loaded);
    }
    tg_safetensors_header_clear(&header);
    return status;
}

/* Appends the arrays' bytes to data and gives the checksum of everything. */
static tg_status encode_entries(const tg_bundle *arrays, const tg_metadata *metadata, const char *name,
                                tg_bytes *data, char digest[TG_CHECKSUM_TEXT], tg_diag *diag)
{
    tg_checksum *checksum = tg_checksum_new();
    tg_status status = TG_OK;
    if (checksum == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the checksum", name);
    tg_checksum_number(checksum, arrays->count);
    for (size_t i = 0; i < arrays->count && status == TG_OK; i++) {
        const tg_array *array = arrays->items[i].array;
        tg_element element = tg_element_of_dtype(array->type.dtype);
        size_t before = data->size;
        if (!tg_elements_encode(array, element, false, data))
            status = tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the arrays' bytes", name);
        else
            tg_checksum_tensor(checksum, arrays->items[i].name, tg_safetensors_element_name(element),
                               array->type.rank, array->type.shape,
                               data->data != NULL ? data->data + before : NULL, data->size - before);
    }
    tg_checksum_metadata(checksum, metadata);
    tg_checksum_end(checksum, digest);
    return status;
}

static tg_status check_contents(const tg_bundle *arrays, const tg_metadata *metadata, const char *name,
                                tg_diag *diag)
{
    for (size_t i = 0; i < arrays->count; i++) {
        tg_diag cause = {0};
        tg_status status = tg_array_name_check(arrays->items[i].name, name, diag);
        if (status != TG_OK) return status;
        status = tg_array_check(arrays->items[i].array, arrays->items[i].name, &cause);
        if (status != TG_OK) return tg_fail(diag, status, "%s: %s", name, cause.message);
    }
    for (size_t i = 0; metadata != NULL && i < metadata->count; i++) {
        const char *key = metadata->items[i].key, *value = metadata->items[i].value;
        if (key == NULL || value == NULL)
            return tg_fail(diag, TG_ERR_NULL, "%s: metadata pair %zu has a NULL", name, i);
        if (!tg_text_is_utf8(key) || !tg_text_is_utf8(value))
            return tg_fail(diag, TG_ERR_ARGUMENT, "%s: metadata pair %zu is not UTF-8", name, i);
        if (tg_metadata_get(metadata, key) != value)
            return tg_fail(diag, TG_ERR_NAME, "%s: metadata has two pairs '%.100s'", name, key);
    }
    return TG_OK;
}

tg_status tg_safetensors_serialise(const tg_bundle *arrays, const tg_metadata *metadata, const char *name,
                                   tg_bytes *header, tg_bytes *data, tg_diag *diag)
{
    char digest[TG_CHECKSUM_TEXT];
    tg_status status = check_contents(arrays, metadata, name, diag);
    if (status == TG_OK) status = encode_entries(arrays, metadata, name, data, digest, diag);
    if (status == TG_OK)
        status = tg_safetensors_header_serialise(arrays, metadata, digest, name, header, diag);
    return status;
}

#else

static tg_status fail_without_jansson(const char *name, tg_diag *diag)
{
    return tg_fail(diag, TG_ERR_UNSUPPORTED,
                   "%s: safetensors files need jansson: build with the package jansson", name);
}

tg_status tg_safetensors_parse(const void *bytes, size_t size, const char *name, tg_bundle *out,
                               tg_metadata *metadata, tg_diag *diag)
{
    (void)bytes, (void)size, (void)out, (void)metadata;
    return fail_without_jansson(name, diag);
}

tg_status tg_safetensors_serialise(const tg_bundle *arrays, const tg_metadata *metadata, const char *name,
                                   tg_bytes *header, tg_bytes *data, tg_diag *diag)
{
    (void)arrays, (void)metadata, (void)header, (void)data;
    return fail_without_jansson(name, diag);
}

#endif

tg_status tg_safetensors_load(const char *path, tg_bundle *out, tg_metadata *metadata, tg_diag *diag)
{
    if (path == NULL || out == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_safetensors_load: %s is NULL", path == NULL ? "path" : "out");
    if (out->count != 0 || out->items != NULL || (metadata != NULL && metadata->count != 0))
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: the bundle or metadata to load into is not empty", path);
    tg_bytes bytes = {0};
    tg_status status = tg_file_read(path, &bytes, diag);
    if (status == TG_OK) status = tg_safetensors_parse(bytes.data, bytes.size, path, out, metadata, diag);
    tg_bytes_clear(&bytes);
    return status;
}

tg_status tg_safetensors_save(const char *path, const tg_bundle *arrays, const tg_metadata *metadata,
                              tg_diag *diag)
{
    if (path == NULL || arrays == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_safetensors_save: %s is NULL",
                       path == NULL ? "path" : "arrays");
    tg_bytes pieces[2] = {{0}, {0}};
    tg_status status = tg_safetensors_serialise(arrays, metadata, path, &pieces[0], &pieces[1], diag);
    if (status == TG_OK) status = tg_file_write(path, pieces, 2, diag);
    tg_bytes_clear(&pieces[0]);
    tg_bytes_clear(&pieces[1]);
    return status;
}
