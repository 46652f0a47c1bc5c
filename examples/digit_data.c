/* Loading pictures of digits from IDX files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "digit_data.h"

#define DIGITS 10

static tg_status load(const char *folder, const char *name, tg_array **out, tg_diag *diag)
{
    char path[1024];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return tg_fail(diag, TG_ERR_NAME, "%.80s…: the path is too long", folder);
    return tg_idx_load(path, out, diag);
}

static tg_status check(const tg_array *images, const tg_array *labels, const char *folder, tg_diag *diag)
{
    const tg_type *x = &images->type, *y = &labels->type;
    if (x->dtype == TG_I64 && y->dtype == TG_I64 && x->rank == 3 && y->rank == 1 &&
        x->shape[0] == y->shape[0])
        return TG_OK;
    char x_text[TG_TYPE_TEXT], y_text[TG_TYPE_TEXT];
    return tg_fail(diag, TG_ERR_SHAPE,
                   "%s: expected images i64[n, rows, columns] and labels i64[n]; found %s and %s", folder,
                   tg_type_text(x, x_text, sizeof x_text), tg_type_text(y, y_text, sizeof y_text));
}

static tg_status convert(const tg_array *images, const tg_array *labels, double white, digit_data *out,
                         tg_diag *diag)
{
    int64_t n = images->type.shape[0], pixels = images->type.shape[1] * images->type.shape[2];
    out->x = tg_array_new(TG_F32, 2, (int64_t[]){n, pixels}, diag);
    out->y = tg_array_new(TG_F32, 2, (int64_t[]){n, DIGITS}, diag);
    if (out->x == NULL || out->y == NULL) return TG_ERR_MEMORY;

    const int64_t *grey = images->data, *label = labels->data;
    float *x = out->x->data, *y = out->y->data;
    for (int64_t i = 0; i < n * pixels; i++) x[i] = (float)((double)grey[i] / white);
    for (int64_t i = 0; i < n; i++) {
        if (label[i] < 0 || label[i] >= DIGITS)
            return tg_fail(diag, TG_ERR_FORMAT, "label %" PRId64 " is %" PRId64 ", not a digit", i, label[i]);
        y[i * DIGITS + label[i]] = 1;
    }
    return TG_OK;
}

tg_status digit_data_load(const char *folder, const char *images, const char *labels, double white,
                          digit_data *out, tg_diag *diag)
{
    tg_array *x = NULL, *y = NULL;
    tg_status status = load(folder, images, &x, diag);
    if (status == TG_OK) status = load(folder, labels, &y, diag);
    if (status == TG_OK) status = check(x, y, folder, diag);
    if (status == TG_OK) status = convert(x, y, white, out, diag);
    tg_array_free(x);
    tg_array_free(y);
    return status;
}

static tg_array *select_rows(const tg_array *from, const int64_t *rows, int64_t n, tg_diag *diag)
{
    int64_t width = from->type.shape[1];
    tg_array *to = tg_array_new(TG_F32, 2, (int64_t[]){n, width}, diag);
    for (int64_t i = 0; i < n && to != NULL; i++)
        memcpy((float *)to->data + i * width, (float *)from->data + rows[i] * width,
               (size_t)width * sizeof(float));
    return to;
}

tg_status digit_data_select(const digit_data *from, const int64_t *rows, int64_t n, digit_data *out,
                            tg_diag *diag)
{
    out->x = select_rows(from->x, rows, n, diag);
    out->y = select_rows(from->y, rows, n, diag);
    return out->x == NULL || out->y == NULL ? TG_ERR_MEMORY : TG_OK;
}

void digit_data_clear(digit_data *data)
{
    tg_array_free(data->x);
    tg_array_free(data->y);
    *data = (digit_data){0};
}
