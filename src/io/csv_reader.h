/* The cells of a CSV file (RFC 4180), one after another. */
#ifndef TG_IO_CSV_READER_H
#define TG_IO_CSV_READER_H

#include <tapegrad/status.h>

#include "bytes.h"

typedef struct tg_csv_reader {
    const unsigned char *at, *end;
    const char *name;     /* of the file */
    int64_t line, column; /* of the cell read last, from 1; lines are the file's */
    int64_t next_line;
    bool last_in_line; /* whether that cell ended its line */
    tg_bytes cell;     /* its text, and a final zero */
} tg_csv_reader;

/* Skips a byte order mark. bytes must outlive the reader. */
void tg_csv_reader_open(tg_csv_reader *reader, const void *bytes, size_t size, const char *name);
void tg_csv_reader_close(tg_csv_reader *reader);
/* Whether no further line begins; to be asked after the last cell of a line. */
bool tg_csv_reader_at_end(const tg_csv_reader *reader);
/* Reads the next cell, which may not be empty. */
tg_status tg_csv_reader_next(tg_csv_reader *reader, tg_diag *diag);
/* TG_ERR_FORMAT with file, line and column. */
tg_status tg_csv_reader_fail(const tg_csv_reader *reader, tg_diag *diag, const char *what);

#endif
