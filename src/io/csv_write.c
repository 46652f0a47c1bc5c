/* CSV: saving. What would not read back as it is, is refused. */
#define _POSIX_C_SOURCE 200809L /* newlocale, uselocale */

#include <inttypes.h>
#include <locale.h>
#include <string.h>

#include "csv_number.h"
#include "file.h"
#include "formats.h"

/* Appends the text, in quotes where they are needed; a first byte of a byte order mark would be skipped. */
static bool append_text(const char *text, tg_bytes *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL && (unsigned char)text[0] != 0xef)
        return tg_bytes_append_text(out, text);
    bool ok = tg_bytes_append(out, "\"", 1);
    for (; *text != '\0' && ok; text++)
        ok = tg_bytes_append(out, text, 1) && (*text != '"' || tg_bytes_append(out, text, 1));
    return ok && tg_bytes_append(out, "\"", 1);
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t")] == '\0';
}

/* Whether the column's classes can be told from numbers and from each other when they are read back. */
static tg_status check_classes(const tg_csv_column *column, int64_t rows, const char *name, tg_diag *diag)
{
    bool all_numbers = true;
    for (int64_t i = 0; i < column->n_classes; i++)
        if (is_blank(column->classes[i]))
            return tg_fail(diag, TG_ERR_NAME, "%s: column '%.100s': class %" PRId64 " has no name", name,
                           column->name, i);
    for (int64_t row = 0; row < rows; row++) {
        double value = column->values[row];
        if (!(value >= 0 && value < (double)column->n_classes) || value != (double)(int64_t)value)
            return tg_fail(diag, TG_ERR_INDEX,
                           "%s: column '%.100s', row %" PRId64 ": %g is none of %" PRId64 " classes", name,
                           column->name, row, value, column->n_classes);
        all_numbers = all_numbers && tg_csv_is_number(column->classes[(int64_t)value]);
    }
    if (rows > 0 && all_numbers)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "%s: column '%.100s': class names that would all read as numbers", name, column->name);
    return TG_OK;
}

static tg_status check_table(const tg_csv *csv, const char *name, tg_diag *diag)
{
    if (csv == NULL || csv->columns == NULL) return tg_fail(diag, TG_ERR_NULL, "%s: the table is NULL", name);
    if (csv->n_columns < 1 || csv->rows < 0)
        return tg_fail(diag, TG_ERR_SIZE,
                       "%s: %" PRId64 " columns of %" PRId64 " rows, expected at least 1 of 0", name,
                       csv->n_columns, csv->rows);
    for (int64_t i = 0; i < csv->n_columns; i++) {
        const tg_csv_column *column = &csv->columns[i];
        if (is_blank(column->name))
            return tg_fail(diag, TG_ERR_NAME, "%s: column %" PRId64 " has no name", name, i);
        for (int64_t j = 0; j < i; j++)
            if (strcmp(column->name, csv->columns[j].name) == 0)
                return tg_fail(diag, TG_ERR_NAME, "%s: two columns are named '%.100s'", name, column->name);
        if (column->values == NULL && csv->rows > 0)
            return tg_fail(diag, TG_ERR_NULL, "%s: column '%.100s' has no values", name, column->name);
        if (column->classes == NULL) continue;
        tg_status status = check_classes(column, csv->rows, name, diag);
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

static bool append_cell(const tg_csv_column *column, int64_t row, tg_bytes *out)
{
    double value = column->values[row];
    if (column->classes != NULL) return append_text(column->classes[(int64_t)value], out);
    char text[TG_CSV_NUMBER_TEXT];
    tg_csv_write_number(value, text);
    return tg_bytes_append_text(out, text);
}

static bool append_table(const tg_csv *csv, tg_bytes *out)
{
    for (int64_t row = -1; row < csv->rows; row++) { /* row -1 is the header */
        for (int64_t i = 0; i < csv->n_columns; i++) {
            const tg_csv_column *column = &csv->columns[i];
            if (i > 0 && !tg_bytes_append(out, ",", 1)) return false;
            if (!(row < 0 ? append_text(column->name, out) : append_cell(column, row, out))) return false;
        }
        if (!tg_bytes_append(out, "\n", 1)) return false;
    }
    return true;
}

tg_status tg_csv_serialise(const tg_csv *csv, const char *name, tg_bytes *out, tg_diag *diag)
{
    tg_status status = check_table(csv, name, diag);
    if (status != TG_OK) return status;
    /* printf's decimal point is the locale's; this thread writes in the "C" locale meanwhile. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    bool ok = c_locale != (locale_t)0;
    if (ok) {
        locale_t before = uselocale(c_locale);
        ok = append_table(csv, out);
        uselocale(before);
        freelocale(c_locale);
    }
    return ok ? TG_OK : tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the text", name);
}

tg_status tg_csv_save(const char *path, const tg_csv *csv, tg_diag *diag)
{
    if (path == NULL) return tg_fail(diag, TG_ERR_NULL, "tg_csv_save: path is NULL");
    tg_bytes bytes = {0};
    tg_status status = tg_csv_serialise(csv, path, &bytes, diag);
    if (status == TG_OK) status = tg_file_write(path, &bytes, 1, diag);
    tg_bytes_clear(&bytes);
    return status;
}
