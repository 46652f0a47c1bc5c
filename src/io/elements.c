/* Conversion between elements in files and elements of arrays. */
#include "elements.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    size_t size;
    tg_dtype dtype; /* of the array that such elements become */
} elements[TG_ELEMENT_KINDS] = {
    [TG_ELEMENT_BOOL] = {1, TG_BOOL}, [TG_ELEMENT_I8] = {1, TG_I64},   [TG_ELEMENT_U8] = {1, TG_I64},
    [TG_ELEMENT_I16] = {2, TG_I64},   [TG_ELEMENT_U16] = {2, TG_I64},  [TG_ELEMENT_I32] = {4, TG_I64},
    [TG_ELEMENT_U32] = {4, TG_I64},   [TG_ELEMENT_I64] = {8, TG_I64},  [TG_ELEMENT_U64] = {8, TG_I64},
    [TG_ELEMENT_F16] = {2, TG_F32},   [TG_ELEMENT_BF16] = {2, TG_F32}, [TG_ELEMENT_F32] = {4, TG_F32},
    [TG_ELEMENT_F64] = {8, TG_F64},
};

tg_element tg_element_of_dtype(tg_dtype dtype)
{
    switch (dtype) {
    case TG_F32:
        return TG_ELEMENT_F32;
    case TG_F64:
        return TG_ELEMENT_F64;
    case TG_I64:
        return TG_ELEMENT_I64;
    case TG_BOOL:
        return TG_ELEMENT_BOOL;
    }
    return TG_ELEMENT_KINDS;
}

static bool host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

tg_status tg_layout_bytes(const tg_layout *layout, const char *name, size_t *bytes, tg_diag *diag)
{
    tg_type type;
    tg_diag cause = {0};
    if (tg_type_make(&type, elements[layout->element].dtype, layout->rank, layout->shape, &cause) != TG_OK)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: impossible shape: %s", name, cause.message);
    /* An element takes no more bytes in the file than in the array, so this cannot overflow. */
    *bytes = (size_t)tg_type_count(&type) * elements[layout->element].size;
    return TG_OK;
}

static float float_of_half(uint32_t half)
{
    uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    uint32_t bits;
    if (exponent == 0) {
        float small = (float)fraction * 0x1p-24f;
        memcpy(&bits, &small, sizeof bits);
    } else if (exponent == 0x1f) {
        bits = 0x7f800000u | fraction << 13;
    } else {
        bits = (exponent + 112) << 23 | fraction << 13;
    }
    bits |= (half & 0x8000u) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store_float_bits(void *data, int64_t i, uint32_t bits)
{
    memcpy((unsigned char *)data + 4 * i, &bits, sizeof bits);
}

/* The element's value as an array stores it. False when it has no such value. */
static bool decode_one(tg_element element, uint64_t bits, void *data, int64_t i)
{
    int64_t *integers = data;
    switch (element) {
    case TG_ELEMENT_BOOL:
        ((unsigned char *)data)[i] = (unsigned char)bits;
        return bits <= 1;
    case TG_ELEMENT_I8:
        integers[i] = (int8_t)bits;
        return true;
    case TG_ELEMENT_I16:
        integers[i] = (int16_t)bits;
        return true;
    case TG_ELEMENT_I32:
        integers[i] = (int32_t)bits;
        return true;
    case TG_ELEMENT_U8:
    case TG_ELEMENT_U16:
    case TG_ELEMENT_U32:
    case TG_ELEMENT_I64:
        integers[i] = (int64_t)bits;
        return true;
    case TG_ELEMENT_U64:
        integers[i] = (int64_t)bits;
        return bits <= INT64_MAX;
    case TG_ELEMENT_F16:
        ((float *)data)[i] = float_of_half((uint32_t)bits);
        return true;
    case TG_ELEMENT_BF16:
        store_float_bits(data, i, (uint32_t)bits << 16);
        return true;
    case TG_ELEMENT_F32:
        store_float_bits(data, i, (uint32_t)bits);
        return true;
    case TG_ELEMENT_F64:
        memcpy((unsigned char *)data + 8 * i, &bits, sizeof bits);
        return true;
    case TG_ELEMENT_KINDS:
        break;
    }
    return false;
}

/* Whether the array's memory has the very bytes of the file. */
static bool same_bytes(tg_element element, bool big_endian)
{
    bool as_is = element == TG_ELEMENT_F32 || element == TG_ELEMENT_F64 || element == TG_ELEMENT_I64;
    return as_is && big_endian == host_is_big_endian();
}

static tg_status fill_array(const tg_layout *layout, const unsigned char *data, tg_array *array,
                            const char *name, tg_diag *diag)
{
    size_t width = elements[layout->element].size;
    int64_t count = tg_type_count(&array->type);
    if (count == 0) return TG_OK;
    if (same_bytes(layout->element, layout->big_endian)) {
        memcpy(array->data, data, (size_t)count * width);
        return TG_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits = tg_load_bytes(data + (size_t)i * width, width, layout->big_endian);
        if (!decode_one(layout->element, bits, array->data, i))
            return tg_fail(diag, TG_ERR_FORMAT, "%s: element %" PRId64 " is %" PRIu64 ", expected %s", name,
                           i, bits, layout->element == TG_ELEMENT_BOOL ? "0 or 1" : "at most 2^63 - 1");
    }
    return TG_OK;
}

tg_status tg_elements_decode(const tg_layout *layout, const unsigned char *data, size_t size,
                             const char *name, tg_array **out, tg_diag *diag)
{
    size_t expected = 0;
    tg_status status = tg_layout_bytes(layout, name, &expected, diag);
    if (status != TG_OK) return status;
    if (size != expected)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected %zu bytes of data for the shape, found %zu", name,
                       expected, size);
    tg_diag cause = {0};
    tg_array *array = tg_array_new(elements[layout->element].dtype, layout->rank, layout->shape, &cause);
    if (array == NULL) return tg_fail(diag, cause.status, "%s: %s", name, cause.message);
    status = fill_array(layout, data, array, name, diag);
    if (status != TG_OK) {
        tg_array_free(array);
        return status;
    }
    *out = array;
    return TG_OK;
}

static uint64_t bits_at(const tg_array *array, int64_t i)
{
    size_t size = tg_dtype_size(array->type.dtype);
    const unsigned char *at = (const unsigned char *)array->data + (size_t)i * size;
    return tg_load_bytes(at, size, host_is_big_endian());
}

bool tg_elements_encode(const tg_array *array, tg_element element, bool big_endian, tg_bytes *out)
{
    size_t width = elements[element].size;
    int64_t count = tg_type_count(&array->type);
    if (!tg_bytes_reserve(out, (size_t)count * width)) return false;
    if (same_bytes(element, big_endian)) return tg_bytes_append(out, array->data, (size_t)count * width);
    /* An integer that fits has its low bytes stored; two's complement keeps the sign. */
    for (int64_t i = 0; i < count; i++) {
        tg_store_bytes(out->data + out->size, bits_at(array, i), width, big_endian);
        out->size += width;
    }
    return true;
}

tg_status tg_array_check(const tg_array *array, const char *label, tg_diag *diag)
{
    if (array == NULL) return tg_fail(diag, TG_ERR_NULL, "%s: the array is NULL", label);
    tg_type type;
    tg_diag cause = {0};
    tg_status status = tg_type_make(&type, array->type.dtype, array->type.rank, array->type.shape, &cause);
    if (status != TG_OK) return tg_fail(diag, status, "%s: %s", label, cause.message);
    if (array->data == NULL && tg_type_count(&type) > 0)
        return tg_fail(diag, TG_ERR_NULL, "%s: the array has no data", label);
    return TG_OK;
}
