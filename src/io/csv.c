/* CSV: loading. The file is read twice: once to check it, count its rows and tell columns of numbers from columns
 * of class names, and once to fill the columns. */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_number.h"
#include "csv_reader.h"
#include "file.h"
#include "formats.h"
#include "graph/c_locale.h"
#include "text_index.h"

static tg_status fail_memory(const char *name, tg_diag *diag)
{
    return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the table", name);
}

static const char *cell_text(const tg_csv_reader *reader)
{
    return (const char *)reader->cell.data;
}

/* The column names, in order. */
static tg_status read_header(tg_csv_reader *reader, tg_text_index *names, tg_diag *diag)
{
    if (tg_csv_reader_at_end(reader))
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected a header line, found an empty file", reader->name);
    do {
        size_t number;
        bool is_new;
        tg_status status = tg_csv_reader_next(reader, diag);
        if (status != TG_OK) return status;
        if (!tg_text_index_add(names, cell_text(reader), &number, &is_new))
            return fail_memory(reader->name, diag);
        if (!is_new)
            return tg_csv_reader_fail(
                reader, diag, "a column name that is already there (the first line names the columns)");
    } while (!reader->last_in_line);
    return TG_OK;
}

/* Reads the cell of this column, which must end the line if and only if the column is the last. */
static tg_status read_cell(tg_csv_reader *reader, int64_t column, int64_t n_columns, tg_diag *diag)
{
    tg_status status = tg_csv_reader_next(reader, diag);
    if (status != TG_OK || reader->last_in_line == (column == n_columns - 1)) return status;
    char what[128];
    snprintf(what, sizeof what, "expected %" PRId64 " cell%s in the line, found %s", n_columns,
             n_columns == 1 ? "" : "s", reader->last_in_line ? "fewer" : "more");
    return tg_csv_reader_fail(reader, diag, what);
}

/* Checks every row, counts them, and marks the columns that have a cell that is no number. */
static tg_status scan_rows(tg_csv_reader *reader, tg_csv *csv, bool *is_class, tg_diag *diag)
{
    while (!tg_csv_reader_at_end(reader)) {
        for (int64_t column = 0; column < csv->n_columns; column++) {
            tg_status status = read_cell(reader, column, csv->n_columns, diag);
            if (status != TG_OK) return status;
            if (!is_class[column]) is_class[column] = !tg_csv_is_number(cell_text(reader));
        }
        csv->rows++;
    }
    return TG_OK;
}

static tg_status fill_cell(const tg_csv_reader *reader, tg_text_index *classes, double *value, tg_diag *diag)
{
    if (classes == NULL) {
        if (tg_csv_read_number(cell_text(reader), value)) return TG_OK;
        return tg_csv_reader_fail(reader, diag, "a number beyond the largest double");
    }
    size_t number;
    bool is_new;
    if (!tg_text_index_add(classes, cell_text(reader), &number, &is_new))
        return fail_memory(reader->name, diag);
    *value = (double)number;
    return TG_OK;
}

static tg_status fill_rows(tg_csv_reader *reader, tg_csv *csv, const bool *is_class, tg_text_index *classes,
                           tg_diag *diag)
{
    for (int64_t row = 0; row < csv->rows; row++) {
        for (int64_t column = 0; column < csv->n_columns; column++) {
            tg_status status = read_cell(reader, column, csv->n_columns, diag);
            if (status == TG_OK)
                status = fill_cell(reader, is_class[column] ? &classes[column] : NULL,
                                   &csv->columns[column].values[row], diag);
            if (status != TG_OK) return status;
        }
    }
    return TG_OK;
}

static bool allocate_values(tg_csv *csv)
{
    for (int64_t column = 0; column < csv->n_columns; column++) {
        csv->columns[column].values = calloc(csv->rows > 0 ? (size_t)csv->rows : 1, sizeof(double));
        if (csv->columns[column].values == NULL) return false;
    }
    return true;
}

/* Reads the rows twice; the reader stands after the header. */
static tg_status read_rows(tg_csv_reader *reader, tg_csv *csv, bool *is_class, tg_text_index *classes,
                           tg_diag *diag)
{
    const unsigned char *first_row = reader->at;
    int64_t first_line = reader->next_line;
    tg_status status = scan_rows(reader, csv, is_class, diag);
    if (status != TG_OK) return status;
    if (!allocate_values(csv)) return fail_memory(reader->name, diag);
    reader->at = first_row;
    reader->next_line = first_line;
    status = fill_rows(reader, csv, is_class, classes, diag);
    if (status != TG_OK) return status;
    for (int64_t column = 0; column < csv->n_columns; column++) {
        csv->columns[column].n_classes = (int64_t)classes[column].count;
        csv->columns[column].classes = tg_text_index_release(&classes[column]);
    }
    return TG_OK;
}

/* Gives the table its columns, which take the names over. */
static bool make_columns(tg_csv *csv, tg_text_index *names)
{
    csv->columns = calloc(names->count, sizeof *csv->columns);
    if (csv->columns == NULL) return false;
    csv->n_columns = (int64_t)names->count;
    char **texts = tg_text_index_release(names);
    for (int64_t column = 0; column < csv->n_columns; column++) csv->columns[column].name = texts[column];
    free(texts);
    return true;
}

static tg_status read_table(tg_csv_reader *reader, tg_csv *csv, tg_diag *diag)
{
    tg_text_index names = {0};
    tg_status status = read_header(reader, &names, diag);
    if (status == TG_OK && !make_columns(csv, &names)) status = fail_memory(reader->name, diag);
    tg_text_index_clear(&names);
    if (status != TG_OK) return status;
    bool *is_class = calloc((size_t)csv->n_columns, sizeof *is_class);
    tg_text_index *classes = calloc((size_t)csv->n_columns, sizeof *classes);
    if (is_class == NULL || classes == NULL)
        status = fail_memory(reader->name, diag);
    else
        status = read_rows(reader, csv, is_class, classes, diag);
    for (int64_t column = 0; classes != NULL && column < csv->n_columns; column++)
        tg_text_index_clear(&classes[column]);
    free(classes);
    free(is_class);
    return status;
}

tg_status tg_csv_parse(const void *bytes, size_t size, const char *name, tg_csv **out, tg_diag *diag)
{
    tg_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) return fail_memory(name, diag);
    tg_csv_reader reader;
    void *before = tg_enter_c_locale(); /* for strtod, number by number */
    tg_csv_reader_open(&reader, bytes, size, name);
    tg_status status = read_table(&reader, csv, diag);
    tg_csv_reader_close(&reader);
    tg_leave_c_locale(before);
    if (status == TG_OK)
        *out = csv;
    else
        tg_csv_free(csv);
    return status;
}

void tg_csv_free(tg_csv *csv)
{
    if (csv == NULL) return;
    for (int64_t column = 0; column < csv->n_columns; column++) {
        tg_csv_column *c = &csv->columns[column];
        for (int64_t i = 0; i < c->n_classes; i++) free(c->classes[i]);
        free(c->classes);
        free(c->values);
        free(c->name);
    }
    free(csv->columns);
    free(csv);
}

tg_status tg_csv_load(const char *path, tg_csv **out, tg_diag *diag)
{
    if (path == NULL || out == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_csv_load: %s is NULL", path == NULL ? "path" : "out");
    tg_bytes bytes = {0};
    tg_status status = tg_file_read(path, &bytes, diag);
    if (status == TG_OK) status = tg_csv_parse(bytes.data, bytes.size, path, out, diag);
    tg_bytes_clear(&bytes);
    return status;
}
