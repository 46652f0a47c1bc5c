/* .npy: one array as NumPy saves it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "formats.h"

/* Moves every element from where column-major order has it to where row-major order has it. */
static void copy_row_major(const tg_array *column_major, tg_array *row_major)
{
    const tg_type *type = &row_major->type;
    size_t size = tg_dtype_size(type->dtype);
    int64_t index[TG_MAX_RANK] = {0}, stride[TG_MAX_RANK];
    int64_t count = tg_type_count(type), from = 0;
    for (int axis = 0; axis < type->rank; axis++)
        stride[axis] = axis == 0 ? 1 : stride[axis - 1] * type->shape[axis - 1];
    for (int64_t to = 0; to < count; to++) {
        memcpy((char *)row_major->data + (size_t)to * size, (char *)column_major->data + (size_t)from * size,
               size);
        for (int axis = type->rank - 1; axis >= 0; axis--) {
            from += stride[axis];
            if (++index[axis] < type->shape[axis]) break;
            from -= index[axis] * stride[axis];
            index[axis] = 0;
        }
    }
}

static tg_status to_row_major(tg_array **array, const char *name, tg_diag *diag)
{
    tg_diag cause = {0};
    const tg_type *type = &(*array)->type;
    tg_array *row_major = tg_array_new(type->dtype, type->rank, type->shape, &cause);
    if (row_major == NULL) return tg_fail(diag, cause.status, "%s: %s", name, cause.message);
    if (tg_type_count(type) > 0) copy_row_major(*array, row_major);
    tg_array_free(*array);
    *array = row_major;
    return TG_OK;
}

tg_status tg_npy_parse(const void *bytes, size_t size, const char *name, tg_array **out, tg_diag *diag)
{
    tg_npy_header header;
    tg_status status = tg_npy_parse_header(bytes, size, name, &header, diag);
    if (status != TG_OK) return status;
    tg_array *array = NULL;
    const unsigned char *data = (const unsigned char *)bytes + header.data_offset;
    status = tg_elements_decode(&header.layout, data, size - header.data_offset, name, &array, diag);
    if (status == TG_OK && header.fortran_order && header.layout.rank > 1)
        status = to_row_major(&array, name, diag);
    if (status != TG_OK) {
        tg_array_free(array);
        return status;
    }
    *out = array;
    return TG_OK;
}

/* Appends magic, version 1.0, length and dictionary, padded so that the data begin at a multiple of 64. */
static bool append_header(const tg_array *array, tg_bytes *out)
{
    static const char *const codes[] = {
        [TG_F32] = "<f4", [TG_F64] = "<f8", [TG_I64] = "<i8", [TG_BOOL] = "|b1"};
    char shape[32 * TG_MAX_RANK] = "", text[32 * TG_MAX_RANK + 128];
    size_t used = 0;
    for (int i = 0; i < array->type.rank; i++) {
        /* A tuple of one has a comma after its element. */
        const char *after = i + 1 < array->type.rank ? ", " : i == 0 ? "," : "";
        int wrote = snprintf(shape + used, sizeof shape - used, "%" PRId64 "%s", array->type.shape[i], after);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                          codes[array->type.dtype], shape);
    if (length < 0) return false;
    size_t end = 10 + (size_t)length + 1; /* with the final newline */
    size_t padding = (64 - end % 64) % 64;
    unsigned char start[10] = "\x93NUMPY\x01";
    tg_store_bytes(start + 8, (size_t)length + padding + 1, 2, false);
    if (!tg_bytes_append(out, start, sizeof start) || !tg_bytes_append_text(out, text)) return false;
    for (size_t i = 0; i < padding; i++)
        if (!tg_bytes_append(out, " ", 1)) return false;
    return tg_bytes_append(out, "\n", 1);
}

tg_status tg_npy_serialise(const tg_array *array, const char *name, tg_bytes *out, tg_diag *diag)
{
    tg_status status = tg_array_check(array, name, diag);
    if (status != TG_OK) return status;
    if (!append_header(array, out) ||
        !tg_elements_encode(array, tg_element_of_dtype(array->type.dtype), false, out))
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the array's bytes", name);
    return TG_OK;
}

tg_status tg_npy_load(const char *path, tg_array **out, tg_diag *diag)
{
    if (path == NULL || out == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_npy_load: %s is NULL", path == NULL ? "path" : "out");
    tg_bytes bytes = {0};
    tg_status status = tg_file_read(path, &bytes, diag);
    if (status == TG_OK) status = tg_npy_parse(bytes.data, bytes.size, path, out, diag);
    tg_bytes_clear(&bytes);
    return status;
}

tg_status tg_npy_save(const char *path, const tg_array *array, tg_diag *diag)
{
    if (path == NULL) return tg_fail(diag, TG_ERR_NULL, "tg_npy_save: path is NULL");
    tg_bytes bytes = {0};
    tg_status status = tg_npy_serialise(array, path, &bytes, diag);
    if (status == TG_OK) status = tg_file_write(path, &bytes, 1, diag);
    tg_bytes_clear(&bytes);
    return status;
}
