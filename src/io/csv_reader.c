/* The cells of a CSV file (RFC 4180), one after another. */
#include "csv_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tg_csv_reader_open(tg_csv_reader *reader, const void *bytes, size_t size, const char *name)
{
    const unsigned char *at = bytes;
    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
        size -= 3;
    }
    *reader = (tg_csv_reader){.at = at, .end = at + size, .name = name, .next_line = 1, .last_in_line = true};
}

void tg_csv_reader_close(tg_csv_reader *reader)
{
    tg_bytes_clear(&reader->cell);
}

bool tg_csv_reader_at_end(const tg_csv_reader *reader)
{
    return reader->at == reader->end;
}

tg_status tg_csv_reader_fail(const tg_csv_reader *reader, tg_diag *diag, const char *what)
{
    return tg_fail(diag, TG_ERR_FORMAT, "%s: line %" PRId64 ", column %" PRId64 ": %s", reader->name,
                   reader->line, reader->column, what);
}

static tg_status append(tg_csv_reader *reader, const unsigned char *text, size_t size, tg_diag *diag)
{
    if (tg_bytes_append(&reader->cell, text, size)) return TG_OK;
    return tg_fail(diag, TG_ERR_MEMORY, "%s: line %" PRId64 ": out of memory for a cell", reader->name,
                   reader->line);
}

static tg_status read_quoted(tg_csv_reader *reader, tg_diag *diag)
{
    reader->at++;
    for (;;) {
        const unsigned char *quote = memchr(reader->at, '"', (size_t)(reader->end - reader->at));
        if (quote == NULL) return tg_csv_reader_fail(reader, diag, "a quote is opened and never closed");
        for (const unsigned char *c = reader->at; c < quote; c++) reader->next_line += *c == '\n';
        tg_status status = append(reader, reader->at, (size_t)(quote - reader->at), diag);
        if (status != TG_OK) return status;
        reader->at = quote + 1;
        if (reader->at == reader->end || *reader->at != '"') return TG_OK;
        status = append(reader, quote, 1, diag); /* a doubled quote stands for one */
        if (status != TG_OK) return status;
        reader->at++;
    }
}

/* A zero byte too: read_separator refuses it. */
static bool ends_bare_cell(unsigned char c)
{
    return c == ',' || c == '\n' || c == '\r' || c == '"' || c == '\0';
}

static tg_status read_bare(tg_csv_reader *reader, tg_diag *diag)
{
    const unsigned char *start = reader->at;
    while (reader->at < reader->end && !ends_bare_cell(*reader->at)) reader->at++;
    return append(reader, start, (size_t)(reader->at - start), diag);
}

/* Takes what must follow a cell: a comma, the end of the line, or the end of the file. */
static tg_status read_separator(tg_csv_reader *reader, bool quoted, tg_diag *diag)
{
    const unsigned char *at = reader->at;
    reader->last_in_line = true;
    if (at == reader->end) return TG_OK;
    if (*at == ',') {
        reader->last_in_line = false;
        reader->at++;
        return TG_OK;
    }
    if (*at == '\r' && at + 1 < reader->end && at[1] == '\n') at++;
    if (*at == '\n') {
        reader->at = at + 1;
        reader->next_line++;
        return TG_OK;
    }
    if (*at == '\0') return tg_csv_reader_fail(reader, diag, "a zero byte");
    if (*at == '\r') return tg_csv_reader_fail(reader, diag, "a carriage return without a line feed");
    return tg_csv_reader_fail(reader, diag,
                              quoted ? "text after a closing quote" : "a quote inside a bare cell");
}

static bool is_blank(const tg_bytes *cell)
{
    for (size_t i = 0; i < cell->size; i++)
        if (cell->data[i] != ' ' && cell->data[i] != '\t') return false;
    return true;
}

tg_status tg_csv_reader_next(tg_csv_reader *reader, tg_diag *diag)
{
    reader->column = reader->last_in_line ? 1 : reader->column + 1;
    reader->line = reader->next_line;
    reader->cell.size = 0;
    bool quoted = reader->at < reader->end && *reader->at == '"';
    tg_status status = quoted ? read_quoted(reader, diag) : read_bare(reader, diag);
    if (status == TG_OK) status = read_separator(reader, quoted, diag);
    if (status != TG_OK) return status;
    if (is_blank(&reader->cell)) return tg_csv_reader_fail(reader, diag, "an empty cell");
    if (memchr(reader->cell.data, '\0', reader->cell.size) != NULL)
        return tg_csv_reader_fail(reader, diag, "a zero byte");
    return append(reader, (const unsigned char *)"", 1, diag);
}
