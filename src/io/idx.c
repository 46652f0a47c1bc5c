/* IDX: two zero bytes, an element type, the number of axes, the sizes, the data, all big-endian; the format of the
 * MNIST files. Compressed with gzip or not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "formats.h"
#include "gzip.h"

#define PREAMBLE 4 /* two zeros, the element type, the number of axes */
#define SIZE_WIDTH 4
#define HEADER_MAX (PREAMBLE + SIZE_WIDTH * TG_MAX_RANK)

static const struct {
    unsigned char code;
    tg_element element;
} codes[] = {
    {0x08, TG_ELEMENT_U8},  {0x09, TG_ELEMENT_I8},  {0x0b, TG_ELEMENT_I16},
    {0x0c, TG_ELEMENT_I32}, {0x0d, TG_ELEMENT_F32}, {0x0e, TG_ELEMENT_F64},
};

static tg_status parse_preamble(const unsigned char *bytes, const char *name, tg_layout *layout,
                                tg_diag *diag)
{
    if (bytes[0] != 0 || bytes[1] != 0)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: not an IDX file: expected two zero bytes, found %02x %02x",
                       name, bytes[0], bytes[1]);
    *layout = (tg_layout){.element = TG_ELEMENT_KINDS, .big_endian = true, .rank = bytes[3]};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == bytes[2]) layout->element = codes[i].element;
    if (layout->element == TG_ELEMENT_KINDS)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: unknown IDX element type 0x%02x", name, bytes[2]);
    if (layout->rank > TG_MAX_RANK)
        return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: %d axes, expected at most %d", name, layout->rank,
                       TG_MAX_RANK);
    return TG_OK;
}

static void parse_sizes(const unsigned char *bytes, tg_layout *layout)
{
    for (int axis = 0; axis < layout->rank; axis++)
        layout->shape[axis] = (int64_t)tg_load_bytes(bytes + SIZE_WIDTH * axis, SIZE_WIDTH, true);
}

static tg_status parse_plain(const unsigned char *bytes, size_t size, const char *name, tg_array **out,
                             tg_diag *diag)
{
    if (size < PREAMBLE)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: not an IDX file: %zu bytes, expected at least 4", name,
                       size);
    tg_layout layout;
    tg_status status = parse_preamble(bytes, name, &layout, diag);
    if (status != TG_OK) return status;
    size_t header = PREAMBLE + SIZE_WIDTH * (size_t)layout.rank;
    if (size < header)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected an IDX header of %zu bytes, found %zu", name,
                       header, size);
    parse_sizes(bytes + PREAMBLE, &layout);
    return tg_elements_decode(&layout, bytes + header, size - header, name, out, diag);
}

/* Reads the header, and the data only if so many can come from compressed bytes. *data is allocated. */
static tg_status decompress(tg_gunzip *gunzip, size_t compressed, const char *name, tg_layout *layout,
                            unsigned char **data, size_t *size, tg_diag *diag)
{
    unsigned char header[HEADER_MAX];
    tg_status status = tg_gunzip_read(gunzip, header, PREAMBLE, diag);
    if (status == TG_OK) status = parse_preamble(header, name, layout, diag);
    if (status == TG_OK) status = tg_gunzip_read(gunzip, header, SIZE_WIDTH * (size_t)layout->rank, diag);
    if (status != TG_OK) return status;
    parse_sizes(header, layout);
    status = tg_layout_bytes(layout, name, size, diag);
    if (status != TG_OK) return status;
    if (*size / TG_DEFLATE_MAX_RATIO > compressed)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: %zu bytes of data cannot come from %zu compressed", name,
                       *size, compressed);
    *data = malloc(*size > 0 ? *size : 1);
    if (*data == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for %zu bytes", name, *size);
    status = tg_gunzip_read(gunzip, *data, *size, diag);
    return status == TG_OK ? tg_gunzip_finish(gunzip, diag) : status;
}

tg_status tg_idx_parse(const void *bytes, size_t size, const char *name, tg_array **out, tg_diag *diag)
{
    if (!tg_is_gzip(bytes, size)) return parse_plain(bytes, size, name, out, diag);
    tg_gunzip *gunzip = NULL;
    tg_status status = tg_gunzip_open(bytes, size, name, &gunzip, diag);
    if (status != TG_OK) return status;
    tg_layout layout;
    unsigned char *data = NULL;
    size_t data_size = 0;
    status = decompress(gunzip, size, name, &layout, &data, &data_size, diag);
    tg_gunzip_close(gunzip);
    if (status == TG_OK) status = tg_elements_decode(&layout, data, data_size, name, out, diag);
    free(data);
    return status;
}

/* The smallest IDX element type, of those that tg_idx_save documents, that holds every value. */
static tg_status choose_element(const tg_array *array, const char *name, tg_element *element, tg_diag *diag)
{
    switch (array->type.dtype) {
    case TG_F32:
        *element = TG_ELEMENT_F32;
        return TG_OK;
    case TG_F64:
        *element = TG_ELEMENT_F64;
        return TG_OK;
    case TG_BOOL:
        *element = TG_ELEMENT_U8;
        return TG_OK;
    case TG_I64:
        break;
    }
    *element = TG_ELEMENT_U8;
    const int64_t *values = array->data;
    int64_t count = tg_type_count(&array->type);
    for (int64_t i = 0; i < count; i++) {
        if (values[i] < INT32_MIN || values[i] > INT32_MAX)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "%s: element %" PRId64 " is %" PRId64 ", expected at most 32 bits for IDX", name,
                           i, values[i]);
        if (values[i] < 0 || values[i] > UINT8_MAX) *element = TG_ELEMENT_I32;
    }
    return TG_OK;
}

tg_status tg_idx_serialise(const tg_array *array, const char *name, tg_bytes *out, tg_diag *diag)
{
    tg_element element = TG_ELEMENT_U8;
    tg_status status = tg_array_check(array, name, diag);
    if (status == TG_OK) status = choose_element(array, name, &element, diag);
    if (status != TG_OK) return status;
    unsigned char header[HEADER_MAX] = {0};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].element == element) header[2] = codes[i].code;
    header[3] = (unsigned char)array->type.rank;
    for (int axis = 0; axis < array->type.rank; axis++) {
        int64_t size = array->type.shape[axis];
        if (size > UINT32_MAX)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "%s: axis %d has size %" PRId64 ", IDX holds at most 2^32 - 1", name, axis, size);
        tg_store_bytes(header + PREAMBLE + SIZE_WIDTH * axis, (uint64_t)size, SIZE_WIDTH, true);
    }
    if (!tg_bytes_append(out, header, PREAMBLE + SIZE_WIDTH * (size_t)array->type.rank) ||
        !tg_elements_encode(array, element, true, out))
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the array's bytes", name);
    return TG_OK;
}

tg_status tg_idx_load(const char *path, tg_array **out, tg_diag *diag)
{
    if (path == NULL || out == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_idx_load: %s is NULL", path == NULL ? "path" : "out");
    tg_bytes bytes = {0};
    tg_status status = tg_file_read(path, &bytes, diag);
    if (status == TG_OK) status = tg_idx_parse(bytes.data, bytes.size, path, out, diag);
    tg_bytes_clear(&bytes);
    return status;
}

tg_status tg_idx_save(const char *path, const tg_array *array, tg_diag *diag)
{
    if (path == NULL) return tg_fail(diag, TG_ERR_NULL, "tg_idx_save: path is NULL");
    tg_bytes bytes = {0}, compressed = {0};
    size_t length = strlen(path);
    bool compress = length >= 3 && strcmp(path + length - 3, ".gz") == 0;
    tg_status status = tg_idx_serialise(array, path, &bytes, diag);
    if (status == TG_OK && compress) status = tg_gzip(&bytes, path, &compressed, diag);
    if (status == TG_OK) status = tg_file_write(path, compress ? &compressed : &bytes, 1, diag);
    tg_bytes_clear(&bytes);
    tg_bytes_clear(&compressed);
    return status;
}
