/* gzip, with zlib. Without zlib both directions fail with TG_ERR_UNSUPPORTED. */
#ifndef TG_IO_GZIP_H
#define TG_IO_GZIP_H

#include <tapegrad/status.h>

#include "bytes.h"

/* The most that deflate can shrink: 258 bytes to 2 bits, and a little for the frame. */
#define TG_DEFLATE_MAX_RATIO 1032

/* Whether the bytes begin as gzip does. */
bool tg_is_gzip(const void *bytes, size_t size);

/* Decompression in steps, so that the caller can look at the beginning before it takes memory for the rest.
 * bytes must outlive it. name is the file's. */
typedef struct tg_gunzip tg_gunzip;

tg_status tg_gunzip_open(const void *bytes, size_t size, const char *name, tg_gunzip **out, tg_diag *diag);
/* The next size bytes; TG_ERR_FORMAT when there are fewer. */
tg_status tg_gunzip_read(tg_gunzip *gunzip, void *out, size_t size, tg_diag *diag);
/* Checks that nothing is left and that gzip's own checksum held. */
tg_status tg_gunzip_finish(tg_gunzip *gunzip, tg_diag *diag);
void tg_gunzip_close(tg_gunzip *gunzip);

/* Appends the bytes compressed. The same bytes give the same file. */
tg_status tg_gzip(const tg_bytes *bytes, const char *name, tg_bytes *out, tg_diag *diag);

#endif
