/* Element types and shapes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "type.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [TG_F32] = {"f32", sizeof(float)},
    [TG_F64] = {"f64", sizeof(double)},
    [TG_I64] = {"i64", sizeof(int64_t)},
    [TG_BOOL] = {"bool", 1},
};

static int dtype_known(tg_dtype dtype)
{
    return (int)dtype >= 0 && (size_t)dtype < sizeof dtypes / sizeof dtypes[0];
}

const char *tg_dtype_name(tg_dtype dtype)
{
    return dtype_known(dtype) ? dtypes[dtype].name : "?";
}

size_t tg_dtype_size(tg_dtype dtype)
{
    return dtype_known(dtype) ? dtypes[dtype].size : 0;
}

tg_status tg_type_make(tg_type *type, tg_dtype dtype, int rank, const int64_t *shape, tg_diag *diag)
{
    if (type == NULL) return tg_fail(diag, TG_ERR_NULL, "type is NULL");
    if (!dtype_known(dtype)) return tg_fail(diag, TG_ERR_DTYPE, "unknown element type %d", (int)dtype);
    if (rank < 0 || rank > TG_MAX_RANK)
        return tg_fail(diag, TG_ERR_RANK, "rank %d, expected 0 to %d", rank, TG_MAX_RANK);
    if (rank > 0 && shape == NULL) return tg_fail(diag, TG_ERR_NULL, "shape is NULL for rank %d", rank);

    /* The product of the axes that are not 0 must fit too, so that strides never overflow. */
    int64_t bytes = (int64_t)tg_dtype_size(dtype);
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return tg_fail(diag, TG_ERR_SIZE, "axis %d has size %" PRId64 ", expected 0 or more", i,
                           shape[i]);
        /* Most are so small that no division is needed to see that they fit. */
        if (shape[i] > 0 && (bytes | shape[i]) > INT32_MAX && bytes > INT64_MAX / shape[i])
            return tg_fail(diag, TG_ERR_SIZE,
                           "the sizes up to axis %d (%" PRId64 ") multiply to more than "
                           "2^63 bytes",
                           i, shape[i]);
        if (shape[i] > 0) bytes *= shape[i];
    }
    if ((uint64_t)bytes > SIZE_MAX / 2)
        return tg_fail(diag, TG_ERR_SIZE, "%" PRId64 " bytes do not fit this machine's memory", bytes);
    type->dtype = dtype;
    type->rank = rank;
    for (int i = 0; i < TG_MAX_RANK; i++) type->shape[i] = i < rank ? shape[i] : 0;
    return TG_OK;
}

int64_t tg_type_count(const tg_type *type)
{
    return tg_shape_count(type->rank, type->shape);
}

int64_t tg_shape_count(int rank, const int64_t *shape)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++) count *= shape[i];
    return count;
}

size_t tg_type_bytes(const tg_type *type)
{
    return (size_t)tg_type_count(type) * tg_dtype_size(type->dtype);
}

int tg_type_equal(const tg_type *a, const tg_type *b)
{
    return a->dtype == b->dtype && tg_shape_equal(a->rank, a->shape, b->rank, b->shape);
}

void tg_strides(int rank, const int64_t *shape, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= shape[i] > 0 ? shape[i] : 1;
    }
}

int tg_shape_broadcast(int rank_a, const int64_t *a, int *rank, int64_t *shape)
{
    if (rank_a == 0) return 1; /* a number goes with anything */
    int joint = rank_a > *rank ? rank_a : *rank;
    int64_t made[TG_MAX_RANK];
    for (int i = 1; i <= joint; i++) { /* from the last axis */
        int64_t x = i <= rank_a ? a[rank_a - i] : 1, y = i <= *rank ? shape[*rank - i] : 1;
        if (x != y && x != 1 && y != 1) return 0;
        made[joint - i] = x == 1 ? y : x;
    }
    memcpy(shape, made, (size_t)joint * sizeof *shape);
    *rank = joint;
    return 1;
}

char *tg_type_text(const tg_type *type, char *text, size_t size)
{
    if (size == 0) return text;
    int used = snprintf(text, size, "%s[", tg_dtype_name(type->dtype));
    for (int i = 0; i < type->rank && used >= 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, "%s%" PRId64, i > 0 ? ", " : "", type->shape[i]);
    if (used >= 0 && (size_t)used < size) snprintf(text + used, size - (size_t)used, "]");
    return text;
}
