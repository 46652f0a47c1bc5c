/* Data for `train`: reading, and fitting to what the model declares. */
#define _POSIX_C_SOURCE 200809L /* stat, strdup */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arrays.h"
#include "io/csv_number.h"
#include "train_data.h"

/* ---- Reading ------------------------------------------------------------------------------------------ */

static void free_names(char **names, int64_t n)
{
    for (int64_t i = 0; names != NULL && i < n; i++) free(names[i]);
    free(names);
}

static void clear_source(train_source *source)
{
    tg_array_free(source->x);
    tg_array_free(source->y);
    free_names(source->classes, source->n_classes);
    *source = (train_source){0};
}

/* The features, all columns but the last. */
static tg_status read_features(const char *path, const tg_csv *csv, train_source *source, tg_diag *diag)
{
    int64_t width = csv->n_columns - 1;
    for (int64_t c = 0; c < width; c++)
        if (csv->columns[c].classes != NULL)
            return tg_fail(diag, TG_ERR_FORMAT,
                           "%s: expected numbers in column '%.60s', found '%.60s'; only the last column, the "
                           "target, may have names",
                           path, csv->columns[c].name, csv->columns[c].classes[0]);
    source->x = tg_array_new(TG_F64, 2, (int64_t[]){csv->rows, width}, diag);
    if (source->x == NULL) return TG_ERR_MEMORY;
    double *x = source->x->data;
    for (int64_t i = 0; i < csv->rows; i++)
        for (int64_t c = 0; c < width; c++) x[i * width + c] = csv->columns[c].values[i];
    return TG_OK;
}

static int features_are_named_by_numbers(const tg_csv *csv)
{
    for (int64_t c = 0; c < csv->n_columns - 1; c++)
        if (!tg_csv_is_number(csv->columns[c].name)) return 0;
    return 1;
}

static tg_status read_csv(const char *path, train_source *source, tg_diag *diag)
{
    tg_csv *csv = NULL;
    tg_status status = tg_csv_load(path, &csv, diag);
    if (status != TG_OK) return status;
    if (csv->n_columns < 2)
        status = tg_fail(diag, TG_ERR_FORMAT,
                         "%s: expected at least two columns, features and a target, found one", path);
    if (status == TG_OK) status = read_features(path, csv, source, diag);
    if (status == TG_OK) {
        tg_csv_column *target = &csv->columns[csv->n_columns - 1];
        source->y = tg_array_new(TG_F64, 1, &csv->rows, diag);
        if (source->y == NULL)
            status = TG_ERR_MEMORY;
        else if (csv->rows > 0)
            memcpy(source->y->data, target->values, (size_t)csv->rows * sizeof(double));
        source->labelled = target->classes != NULL;
        source->classes = target->classes; /* taken over */
        source->n_classes = target->n_classes;
        target->classes = NULL;
        target->n_classes = 0;
        source->numbers_as_header = features_are_named_by_numbers(csv);
    }
    tg_csv_free(csv);
    return status;
}

static tg_array *take(tg_bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->items[i].name, name) == 0) {
            tg_array *array = bundle->items[i].array;
            bundle->items[i].array = NULL;
            return array;
        }
    return NULL;
}

static tg_status read_npz(const char *path, train_source *source, tg_diag *diag)
{
    tg_bundle bundle = {0};
    tg_status status = tg_npz_load(path, &bundle, diag);
    if (status == TG_OK) {
        source->x = take(&bundle, "x");
        source->y = take(&bundle, "y");
        if (source->x == NULL)
            status = tg_fail(diag, TG_ERR_NAME, "%s: expected arrays x and y, found no x", path);
    }
    tg_bundle_clear(&bundle);
    return status;
}

static int is_zip(const char *path)
{
    char begin[4] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    size_t n = fread(begin, 1, sizeof begin, file);
    fclose(file);
    return n == sizeof begin && memcmp(begin, "PK\3\4", sizeof begin) == 0;
}

static tg_status read_source(const char *path, train_part part, train_source *source, tg_diag *diag)
{
    struct stat about;
    if (stat(path, &about) != 0) return tg_fail(diag, TG_ERR_IO, "%s: %s", path, strerror(errno));
    tg_status status = S_ISDIR(about.st_mode) ? train_folder_load(path, part, source, diag)
                       : is_zip(path)         ? read_npz(path, source, diag)
                                              : read_csv(path, source, diag);
    if (status != TG_OK) return status;
    const tg_type *x = &source->x->type;
    if (x->rank < 1 || x->shape[0] == 0)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%s: there are no examples", path);
    if (x->rank == 3) {
        source->rows = x->shape[1];
        source->columns = x->shape[2];
    } else if (x->rank == 4 && (x->shape[1] == 1 || x->shape[3] == 1)) { /* one channel, first or last */
        source->rows = x->shape[1] == 1 ? x->shape[2] : x->shape[1];
        source->columns = x->shape[1] == 1 ? x->shape[3] : x->shape[2];
    }
    return TG_OK;
}

/* ---- Elements ----------------------------------------------------------------------------------------- */

double train_number(const tg_array *array, int64_t i)
{
    switch (array->type.dtype) {
    case TG_F32:
        return (double)((const float *)array->data)[i];
    case TG_F64:
        return ((const double *)array->data)[i];
    case TG_I64:
        return (double)((const int64_t *)array->data)[i];
    case TG_BOOL:
        return ((const unsigned char *)array->data)[i];
    }
    return (double)NAN;
}

/* A new array with the same elements in another type and shape, which has as many. */
static tg_status convert(const char *path, const char *name, const tg_array *from, tg_dtype dtype, int rank,
                         const int64_t *shape, tg_array **out, tg_diag *diag)
{
    tg_diag why;
    tg_array *to = tg_array_as(from, dtype, &why);
    if (to == NULL) return tg_fail(diag, why.status, "%s: %s: %s", path, name, why.message);
    to->type = (tg_type){.dtype = dtype, .rank = rank};
    memcpy(to->type.shape, shape, (size_t)rank * sizeof *shape);
    *out = to;
    return TG_OK;
}

/* ---- Fitting to the model ----------------------------------------------------------------------------- */

tg_declaration train_input(const tg_model *m, const char *name)
{
    for (int i = 0; i < tg_model_declaration_count(m); i++) {
        tg_declaration d = tg_model_declaration_at(m, i);
        if (d.is_input && strcmp(d.name, name) == 0) return d;
    }
    return (tg_declaration){0};
}

/* The shape in which the array fits the declaration: its own; [n, rest] for rank 2; the declared sizes after the
 * first where they hold as many elements. Its own again where nothing fits, which binding will report. */
static int fitting_shape(const tg_type *type, const tg_declaration *d, int64_t shape[TG_MAX_RANK])
{
    memcpy(shape, type->shape, sizeof type->shape);
    if (d->rank == type->rank || d->rank == 0 || type->shape[0] == 0) return type->rank;
    int64_t rest = tg_type_count(type) / type->shape[0], declared = 1;
    if (d->rank == 2) {
        shape[1] = rest;
        return 2;
    }
    for (int i = 1; i < d->rank; i++) {
        if (d->shape[i] < 0 || (d->shape[i] > 0 && declared > rest / d->shape[i])) return type->rank;
        declared *= d->shape[i];
    }
    if (declared != rest) return type->rank;
    for (int i = 1; i < d->rank; i++) shape[i] = d->shape[i];
    return d->rank;
}

static tg_status fit_array(const char *path, const tg_array *from, const tg_declaration *d, tg_array **out,
                           tg_diag *diag)
{
    int64_t shape[TG_MAX_RANK];
    int rank = fitting_shape(&from->type, d, shape);
    return convert(path, d->name, from, d->dtype, rank, shape, out, diag);
}

/* The first element that is no label, a whole number from 0 and below the limit; -1 where all are. */
static int64_t first_no_label(const tg_array *y, int64_t limit)
{
    for (int64_t i = 0; i < y->type.shape[0]; i++) {
        double label = train_number(y, i);
        if (!(label >= 0 && label < (double)limit) || label != floor(label)) return i;
    }
    return -1;
}

static double largest(const tg_array *y)
{
    double most = 0;
    for (int64_t i = 0; i < y->type.shape[0]; i++) most = fmax(most, train_number(y, i));
    return most;
}

/* The number of classes: the declared width, that of the training data, or what the labels need. */
static int64_t class_count(const train_source *source, const tg_declaration *d, const train_data *like)
{
    if (d->shape[1] >= 0) return d->shape[1];
    if (like != NULL && like->y != NULL && like->y->type.rank == 2) return like->y->type.shape[1];
    if (source->n_classes > 0) return source->n_classes;
    double most = largest(source->y);
    return most < 1e6 ? (int64_t)most + 1 : 1000000;
}

/* Targets that do not fit k columns, which are for so many classes. */
static tg_status bad_label(const char *path, const train_source *source, int64_t k, int64_t classes,
                           double label, tg_diag *diag)
{
    const char *columns = k == 1 ? "" : "s";
    if (source->n_classes > 0)
        return tg_fail(diag, TG_ERR_SHAPE,
                       "%s: y has %" PRId64 " column%s, for at most %" PRId64 " classes; found %" PRId64
                       " class names",
                       path, k, columns, classes, source->n_classes);
    return tg_fail(diag, TG_ERR_SHAPE,
                   "%s: y has %" PRId64 " column%s, so that the targets must be whole numbers from 0 to "
                   "%" PRId64 "; found %.17g",
                   path, k, columns, classes - 1, label);
}

static tg_status one_hot(const char *path, const train_source *source, const tg_declaration *d,
                         const train_data *like, tg_array **out, tg_diag *diag)
{
    int64_t n = source->y->type.shape[0], k = class_count(source, d, like);
    int64_t classes = d->shape[1] == 1 ? 2 : k; /* a single column takes 0 and 1, which need no one_hot */
    int64_t bad = first_no_label(source->y, classes);
    if (bad >= 0) return bad_label(path, source, k, classes, train_number(source->y, bad), diag);
    tg_array *set = tg_array_new(TG_BOOL, 2, (int64_t[]){n, k}, diag);
    if (set == NULL) return diag->status;
    for (int64_t i = 0; i < n; i++)
        ((unsigned char *)set->data)[i * k + (int64_t)train_number(source->y, i)] = 1;
    *out = tg_array_as(set, d->dtype, diag);
    tg_array_free(set);
    return *out == NULL ? diag->status : TG_OK;
}

static tg_status fit_targets(const char *path, const train_source *source, const tg_declaration *d,
                             const train_data *like, tg_array **out, tg_diag *diag)
{
    if (source->y == NULL) return tg_fail(diag, TG_ERR_NAME, "%s: expected arrays x and y, found no y", path);
    const tg_type *type = &source->y->type;
    if (type->rank < 1 || type->shape[0] != source->x->type.shape[0]) {
        char x[TG_TYPE_TEXT], y[TG_TYPE_TEXT];
        return tg_fail(diag, TG_ERR_SHAPE, "%s: x and y must have as many examples; x: %s, y: %s", path,
                       tg_type_text(&source->x->type, x, sizeof x), tg_type_text(type, y, sizeof y));
    }
    if (type->rank != 1 || d->rank != 2) return fit_array(path, source->y, d, out, diag);
    int single = d->shape[1] == 1 || (d->shape[1] < 0 && !source->labelled);
    /* Two classes also fit one column, as 0 and 1. */
    if (single && (!source->labelled || first_no_label(source->y, 2) < 0))
        return fit_array(path, source->y, d, out, diag);
    return one_hot(path, source, d, like, out, diag);
}

/* Numbers the classes as `like` does. */
static tg_status match_classes(const char *path, train_source *source, const train_data *like, tg_diag *diag)
{
    if (like == NULL || like->classes == NULL) return TG_OK;
    if (source->classes == NULL)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected class names as in the training data, found numbers",
                       path);
    int64_t *number = calloc((size_t)source->n_classes + 1, sizeof *number);
    tg_status status = number == NULL ? tg_fail(diag, TG_ERR_MEMORY, "out of memory") : TG_OK;
    for (int64_t i = 0; i < source->n_classes && status == TG_OK; i++) {
        while (number[i] < like->n_classes && strcmp(source->classes[i], like->classes[number[i]]) != 0)
            number[i]++;
        if (number[i] == like->n_classes)
            status = tg_fail(diag, TG_ERR_NAME, "%s: the class '%.100s' is not in the training data", path,
                             source->classes[i]);
    }
    double *y = source->y->data;
    for (int64_t i = 0; status == TG_OK && i < source->y->type.shape[0]; i++)
        y[i] = (double)number[(int64_t)y[i]];
    free(number);
    return status;
}

static tg_status fit_to_model(const char *path, const train_source *source, const tg_model *m,
                              const train_data *like, train_data *data, tg_diag *diag)
{
    tg_declaration x = train_input(m, "x"), y = train_input(m, "y");
    tg_status status = fit_array(path, source->x, &x, &data->x, diag);
    if (status == TG_OK && y.name != NULL) status = fit_targets(path, source, &y, like, &data->y, diag);
    data->rows = source->rows;
    data->columns = source->columns;
    data->numbers_as_header = source->numbers_as_header;
    return status;
}

tg_status train_data_load(const char *path, train_part part, const tg_model *m, const train_data *like,
                          train_data *data, tg_diag *diag)
{
    tg_diag unwanted;
    if (diag == NULL) diag = &unwanted;
    train_source source = {0};
    tg_status status = read_source(path, part, &source, diag);
    if (status == TG_OK) status = match_classes(path, &source, like, diag);
    if (status == TG_OK) status = fit_to_model(path, &source, m, like, data, diag);
    if (status == TG_OK) { /* the names are taken over */
        data->classes = source.classes;
        data->n_classes = source.n_classes;
        source.classes = NULL;
        source.n_classes = 0;
    }
    clear_source(&source);
    return status;
}

void train_data_clear(train_data *data)
{
    tg_array_free(data->x);
    tg_array_free(data->y);
    free_names(data->classes, data->n_classes);
    *data = (train_data){0};
}

int64_t train_data_count(const train_data *data)
{
    return data->x->type.shape[0];
}

void train_data_cut(train_data *data, int64_t n)
{
    data->x->type.shape[0] = n;
    if (data->y != NULL) data->y->type.shape[0] = n;
}
