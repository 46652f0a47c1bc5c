/* Whole files: read into memory, and written so that a reader sees the old file or the new one. */
#ifndef TG_IO_FILE_H
#define TG_IO_FILE_H

#include <tapegrad/status.h>

#include "bytes.h"

/* Appends the file's contents to *out. Regular files and pipes only. On failure *out is as it was but for
 * its room. */
tg_status tg_file_read(const char *path, tg_bytes *out, tg_diag *diag);

/* The same with standard input, which may be a terminal or a socket too. */
tg_status tg_standard_input_read(tg_bytes *out, tg_diag *diag);

/* Writes the pieces one after another to a new file beside path, syncs it and renames it to path. On failure
 * the new file is removed and what was at path stays. A symbolic link is followed; an existing file keeps its
 * permissions. */
tg_status tg_file_write(const char *path, const tg_bytes *pieces, size_t count, tg_diag *diag);

#endif
