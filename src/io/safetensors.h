/* The header of a .safetensors file. */
#ifndef TG_IO_SAFETENSORS_H
#define TG_IO_SAFETENSORS_H

#include <tapegrad/io.h>

#include "bytes.h"
#include "elements.h"

#define TG_SAFETENSORS_HEADER_MAX 100000000 /* the limit that the format's own loader sets */

typedef struct tg_safetensors_entry {
    char *name;
    const char *element_name; /* static */
    tg_layout layout;
    size_t begin, size; /* where its bytes are in the data */
} tg_safetensors_entry;

/* entries are in the header's order. Begin with zeros. */
typedef struct tg_safetensors_header {
    size_t count;
    tg_safetensors_entry *entries;
    tg_metadata metadata;
} tg_safetensors_header;

/* "F32" and so on. */
const char *tg_safetensors_element_name(tg_element element);

/* Parses the header's JSON and checks that the tensors cover data_size bytes without gap or overlap. Clear *out in
 * any case. */
tg_status tg_safetensors_header_parse(const char *text, size_t length, size_t data_size, const char *name,
                                      tg_safetensors_header *out, tg_diag *diag);
void tg_safetensors_header_clear(tg_safetensors_header *header);

/* Appends the length and the JSON, padded so that the data begin at a multiple of 8. The contents have been
 * checked; digest is the checksum's text. */
tg_status tg_safetensors_header_serialise(const tg_bundle *arrays, const tg_metadata *metadata,
                                          const char *digest, const char *name, tg_bytes *out, tg_diag *diag);

#endif
