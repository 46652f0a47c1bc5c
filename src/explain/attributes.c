/* Attributes and constants as text. */
#include "attributes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/c_locale.h"

/* The fewest digits that read back as the same double (or float); whole numbers without an exponent. */
static void real(tg_text *text, double value, int single)
{
    char digits[40];
    if (isnan(value) || isinf(value)) {
        tg_text_print(text, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        tg_text_print(text, "%.0f", value);
        return;
    }
    for (int n = 1; n <= 17; n++) {
        tg_c_snprintf(digits, sizeof digits, "%.*g", n, value);
        double back = tg_c_strtod(digits, NULL);
        if (single ? (float)back == (float)value : back == value) break;
    }
    tg_text_print(text, "%s", digits);
}

void tg_text_number(tg_text *text, tg_dtype dtype, const void *value)
{
    switch (dtype) {
    case TG_F32:
        real(text, (double)*(const float *)value, 1);
        break;
    case TG_F64:
        real(text, *(const double *)value, 0);
        break;
    case TG_I64:
        tg_text_print(text, "%" PRId64, *(const int64_t *)value);
        break;
    case TG_BOOL:
        tg_text_print(text, "%s", *(const unsigned char *)value ? "true" : "false");
        break;
    }
}

#define SHOWN 16 /* elements of a constant */

void tg_text_constant(tg_text *text, const tg_tensor *t)
{
    const char *at = tg_data(t);
    size_t item = tg_dtype_size(tg_dtype_of(t));
    int rank = tg_rank(t);
    const int64_t *shape = tg_shape(t);
    int64_t count = tg_count(t), index[TG_MAX_RANK] = {0};
    if (count == 0) tg_text_add(text, "[]", 2);
    for (int64_t i = 0; i < count && i < SHOWN; i++, at += item) {
        /* Brackets open where the last axes are at their beginning, and close where they are at their end. */
        int first = rank, last = rank;
        while (first > 0 && index[first - 1] == 0) first--;
        if (i > 0) tg_text_add(text, ", ", 2);
        for (int axis = first; axis < rank; axis++) tg_text_add(text, "[", 1);
        tg_text_number(text, tg_dtype_of(t), at);
        while (last > 0 && index[last - 1] == shape[last - 1] - 1) index[--last] = 0;
        for (int axis = last; axis < rank; axis++) tg_text_add(text, "]", 1);
        if (last > 0) index[last - 1]++;
    }
    if (count > SHOWN) tg_text_add(text, ", ...", 5);
}

/* ---- Attributes --------------------------------------------------------------------------------------- */

static void list(tg_text *text, const tg_ints *ints)
{
    if (ints->count < 0) {
        tg_text_add(text, "none", 4);
        return;
    }
    tg_text_add(text, "[", 1);
    for (int i = 0; i < (int)ints->count; i++)
        tg_text_print(text, "%s%" PRId64, i > 0 ? ", " : "", ints->values[i]);
    tg_text_add(text, "]", 1);
}

static void attribute(tg_text *text, const tg_attr *a, const void *attr)
{
    const char *field = (const char *)attr + a->offset;
    int64_t integer;
    double number;
    tg_ints ints;
    memcpy(&integer, field, sizeof integer);
    memcpy(&number, field, sizeof number);
    switch (a->kind) {
    case TG_ATTR_INT:
        tg_text_print(text, "%" PRId64, integer);
        break;
    case TG_ATTR_FLOAT:
        real(text, number, 0);
        break;
    case TG_ATTR_BOOL:
        tg_text_print(text, "%s", integer ? "true" : "false");
        break;
    case TG_ATTR_DTYPE:
        tg_text_print(text, "%s", tg_dtype_name((tg_dtype)integer));
        break;
    case TG_ATTR_INTS:
        memcpy(&ints, field, sizeof ints);
        list(text, &ints);
        break;
    }
}

void tg_text_attributes(tg_text *text, const tg_op *op, const void *attr, int after_something)
{
    for (int i = 0; i < op->n_attrs; i++) {
        tg_text value = {0};
        attribute(&value, &op->attrs[i], attr);
        char *chars = tg_text_take(&value);
        if (chars == NULL)
            text->failed = 1;
        else if (op->attrs[i].fallback == NULL || strcmp(chars, op->attrs[i].fallback) != 0) {
            tg_text_print(text, "%s%s=%s", after_something ? ", " : "", op->attrs[i].name, chars);
            after_something = 1;
        }
        free(chars);
    }
}
