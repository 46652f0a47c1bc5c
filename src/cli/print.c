/* Arrays for people and as JSON. */
#include "print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SHOWN 1000 /* elements; of more, the ends of every axis are shown */
#define ENDS 3

/* The sign of a NaN says nothing, and differs from processor to processor. */
static int real_text(double value, char *text, size_t size)
{
    return isnan(value) ? snprintf(text, size, "nan") : snprintf(text, size, "%.8g", value);
}

static int element_text(const tg_type *type, const void *data, int64_t i, char *text, size_t size)
{
    switch (type->dtype) {
    case TG_F32:
        return real_text((double)((const float *)data)[i], text, size);
    case TG_F64:
        return real_text(((const double *)data)[i], text, size);
    case TG_I64:
        return snprintf(text, size, "%" PRId64, ((const int64_t *)data)[i]);
    case TG_BOOL:
        break;
    }
    return snprintf(text, size, "%s", ((const unsigned char *)data)[i] ? "true" : "false");
}

/* What is written: the array, how wide its columns are, whether it is cut. */
typedef struct layout {
    FILE *to; /* NULL: only the width is found */
    const tg_type *type;
    const void *data;
    int width, cut;
} layout;

static void put_element(layout *l, int64_t at)
{
    char text[64];
    int n = element_text(l->type, l->data, at, text, sizeof text);
    if (l->to != NULL)
        fprintf(l->to, "%*s", l->type->rank == 0 ? 0 : l->width, text);
    else if (n > l->width)
        l->width = n;
}

static void put(const layout *l, const char *text)
{
    if (l->to != NULL) fputs(text, l->to);
}

/* Between two items of an axis: a comma in a row, and line ends as many as axes end here. */
static void put_separator(const layout *l, int axis)
{
    int inner = l->type->rank - 1 - axis;
    put(l, inner == 0 ? ", " : ",");
    for (int i = 0; i < inner; i++) put(l, "\n");
    for (int i = 0; inner > 0 && i <= axis; i++) put(l, " ");
}

/* The items of an axis; `at` is the first element, `block` how many elements lie behind one item. */
static void put_axis(layout *l, int axis, int64_t at, int64_t block)
{
    if (axis == l->type->rank) {
        put_element(l, at);
        return;
    }
    int64_t n = l->type->shape[axis], next = n > 0 ? block / n : 0;
    put(l, "[");
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) put_separator(l, axis);
        if (l->cut && n > 2 * ENDS && i == ENDS) {
            put(l, "...");
            i = n - ENDS - 1;
            continue;
        }
        put_axis(l, axis + 1, at + i * next, next);
    }
    put(l, "]");
}

void tg_print_array(FILE *to, const tg_type *type, const void *data)
{
    int64_t count = tg_type_count(type);
    layout l = {NULL, type, data, 0, count > SHOWN};
    if (count == 0) {
        fputs("[]\n", to);
        return;
    }
    put_axis(&l, 0, 0, count);
    l.to = to;
    put_axis(&l, 0, 0, count);
    fputc('\n', to);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static json_t *json_element(const tg_type *type, const void *data, int64_t i)
{
    switch (type->dtype) {
    case TG_F32:
        return tg_json_real((double)((const float *)data)[i]);
    case TG_F64:
        return tg_json_real(((const double *)data)[i]);
    case TG_I64:
        return json_integer(((const int64_t *)data)[i]);
    case TG_BOOL:
        break;
    }
    return json_boolean(((const unsigned char *)data)[i]);
}

static json_t *json_axis(const tg_type *type, const void *data, int axis, int64_t at, int64_t block)
{
    if (axis == type->rank) return json_element(type, data, at);
    json_t *list = json_array();
    int64_t n = type->shape[axis], next = n > 0 ? block / n : 0;
    for (int64_t i = 0; list != NULL && i < n; i++)
        if (json_array_append_new(list, json_axis(type, data, axis + 1, at + i * next, next)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

json_t *tg_json_shape(const tg_type *type)
{
    json_t *shape = json_array();
    for (int i = 0; i < type->rank; i++) json_array_append_new(shape, json_integer(type->shape[i]));
    return shape;
}

json_t *tg_json_array(const tg_type *type, const void *data)
{
    json_t *values = json_axis(type, data, 0, 0, tg_type_count(type));
    return values == NULL ? NULL
                          : json_pack("{s:s, s:o, s:o}", "dtype", tg_dtype_name(type->dtype), "shape",
                                      tg_json_shape(type), "data", values);
}
