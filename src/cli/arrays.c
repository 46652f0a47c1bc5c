/* Arrays from files, by name, and their conversions. */
#define _POSIX_C_SOURCE 200809L

#include "arrays.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Lists -------------------------------------------------------------------------------------------- */

void tg_loaded_clear(tg_loaded_list *list)
{
    for (int i = 0; i < list->count; i++) {
        free(list->items[i].name);
        tg_array_free(list->items[i].array);
    }
    free(list->items);
    *list = (tg_loaded_list){0};
}

/* Takes name and array over; 0 when memory runs out. */
static int add(tg_loaded_list *list, char *name, tg_array *array, const char *from, int is_state)
{
    for (int i = 0; name != NULL && i < list->count; i++) {
        tg_loaded *item = &list->items[i];
        if (strcmp(item->name, name) != 0) continue;
        free(item->name);
        tg_array_free(item->array);
        *item = (tg_loaded){name, array, from, is_state};
        return 1;
    }
    tg_loaded *items = name == NULL ? NULL : realloc(list->items, ((size_t)list->count + 1) * sizeof *items);
    if (items == NULL) {
        free(name);
        tg_array_free(array);
        return 0;
    }
    list->items = items;
    list->items[list->count++] = (tg_loaded){name, array, from, is_state};
    return 1;
}

/* ---- Files -------------------------------------------------------------------------------------------- */

static int ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

/* Whether a line of the text is the name. */
static int has_line(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (; text != NULL && *text != '\0'; text += strspn(text, "\n")) {
        size_t n = strcspn(text, "\n");
        if (n == length && memcmp(text, name, n) == 0) return 1;
        text += n;
    }
    return 0;
}

/* Moves the bundle's arrays into the list. */
static int take_bundle(tg_bundle *bundle, const char *states, const char *from, tg_loaded_list *list)
{
    int fine = 1;
    for (size_t i = 0; i < bundle->count && fine; i++) {
        char *name = strdup(bundle->items[i].name);
        fine = add(list, name, bundle->items[i].array, from, has_line(states, bundle->items[i].name));
        bundle->items[i].array = NULL;
    }
    tg_bundle_clear(bundle);
    return fine;
}

static int load_npy(const tg_command *command, const char *file, tg_loaded_list *list)
{
    tg_diag diag;
    tg_array *array;
    size_t length = strspn(file, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (length == 0 || file[length] != '=')
        return tg_complain(command, "--load %s: an .npy file has one array without a name; give NAME=%s",
                           file, length == 0 && file[0] == '=' ? file + 1 : file);
    if (tg_npy_load(file + length + 1, &array, &diag) != TG_OK)
        return tg_complain(command, "%s", diag.message);
    if (add(list, strndup(file, length), array, file, 0)) return TG_EXIT_OK;
    return tg_complain(command, "out of memory");
}

int tg_load_arrays(const tg_command *command, const char *file, tg_loaded_list *list)
{
    tg_diag diag;
    tg_bundle bundle = {0};
    tg_metadata metadata = {0};
    if (ends_in(file, ".npy")) return load_npy(command, file, list);
    tg_status status;
    if (ends_in(file, ".npz"))
        status = tg_npz_load(file, &bundle, &diag);
    else if (ends_in(file, ".safetensors"))
        status = tg_safetensors_load(file, &bundle, &metadata, &diag);
    else
        return tg_complain(command, "--load %s: expected FILE.npz, FILE.safetensors or NAME=FILE.npy", file);
    if (status != TG_OK) return tg_complain(command, "%s", diag.message);
    int taken = take_bundle(&bundle, tg_metadata_get(&metadata, "tapegrad.states"), file, list);
    tg_metadata_clear(&metadata);
    return taken ? TG_EXIT_OK : tg_complain(command, "out of memory");
}

/* ---- Conversion --------------------------------------------------------------------------------------- */

/* An element of any type: exact as one of the two. */
typedef struct element {
    int is_real;
    double real;
    int64_t integer;
} element;

static element read_element(const tg_array *array, int64_t i)
{
    element e = {0};
    switch (array->type.dtype) {
    case TG_F32:
        e.is_real = 1;
        e.real = (double)((const float *)array->data)[i];
        break;
    case TG_F64:
        e.is_real = 1;
        e.real = ((const double *)array->data)[i];
        break;
    case TG_I64:
        e.integer = ((const int64_t *)array->data)[i];
        break;
    case TG_BOOL:
        e.integer = ((const unsigned char *)array->data)[i];
        break;
    }
    return e;
}

/* Whole numbers as such. 0 when the element is none. */
static int as_integer(element e, int64_t *integer)
{
    if (e.is_real && !(e.real >= -0x1p63 && e.real < 0x1p63 && e.real == floor(e.real))) return 0;
    *integer = e.is_real ? (int64_t)e.real : e.integer;
    return 1;
}

static int as_f64(element e, double *real)
{
    *real = e.is_real ? e.real : (double)e.integer;
    return e.is_real || (*real < 0x1p63 && (int64_t)*real == e.integer);
}

static int as_f32(element e, float *real)
{
    *real = e.is_real ? (float)e.real : (float)e.integer;
    if (e.is_real) return !isinf(*real) || isinf(e.real);
    return *real < 0x1p63f && (int64_t)*real == e.integer;
}

/* 0 when the type does not have the value. */
static int write_element(tg_array *array, int64_t i, element e)
{
    int64_t integer;
    switch (array->type.dtype) {
    case TG_F32:
        return as_f32(e, &((float *)array->data)[i]);
    case TG_F64:
        return as_f64(e, &((double *)array->data)[i]);
    case TG_I64:
        return as_integer(e, &((int64_t *)array->data)[i]);
    case TG_BOOL:
        if (!as_integer(e, &integer) || integer < 0 || integer > 1) return 0;
        ((unsigned char *)array->data)[i] = (unsigned char)integer;
        return 1;
    }
    return 0;
}

tg_array *tg_array_as(const tg_array *array, tg_dtype dtype, tg_diag *diag)
{
    tg_array *made = tg_array_new(dtype, array->type.rank, array->type.shape, diag);
    int64_t count = tg_type_count(&array->type);
    if (made != NULL && dtype == array->type.dtype) {
        if (count > 0) memcpy(made->data, array->data, tg_type_bytes(&array->type));
        return made;
    }
    for (int64_t i = 0; made != NULL && i < count; i++) {
        element e = read_element(array, i);
        if (write_element(made, i, e)) continue;
        if (e.is_real)
            tg_fail(diag, TG_ERR_DTYPE, "element %" PRId64 " is %.17g, which is no %s", i, e.real,
                    tg_dtype_name(dtype));
        else
            tg_fail(diag, TG_ERR_DTYPE, "element %" PRId64 " is %" PRId64 ", which is no %s", i, e.integer,
                    tg_dtype_name(dtype));
        tg_array_free(made);
        made = NULL;
    }
    return made;
}
