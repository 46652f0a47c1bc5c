/* The checksum of a .safetensors file: XXH3-128 over what the file says, not over its bytes, so that spaces in
 * the header do not matter. Fed in this order: the number of tensors; of each its name, its element type as in the
 * file, its rank, its sizes, its data; the number of metadata pairs but for the checksum itself; of each
 * its key and its value. Numbers are 8 bytes, little-endian; text and data follow their length. */
#ifndef TG_IO_CHECKSUM_H
#define TG_IO_CHECKSUM_H

#include <tapegrad/io.h>

#include "bytes.h"

#define TG_CHECKSUM_TEXT 33 /* 32 hexadecimal digits and a final zero */

typedef struct tg_checksum tg_checksum;

/* NULL: out of memory. */
tg_checksum *tg_checksum_new(void);
void tg_checksum_number(tg_checksum *checksum, uint64_t number);
void tg_checksum_tensor(tg_checksum *checksum, const char *name, const char *element, int rank,
                        const int64_t *shape, const void *data, size_t size);
/* metadata may be NULL, which is the same as no pairs. */
void tg_checksum_metadata(tg_checksum *checksum, const tg_metadata *metadata);
/* Writes the digest as text and frees the checksum. */
void tg_checksum_end(tg_checksum *checksum, char text[TG_CHECKSUM_TEXT]);

#endif
