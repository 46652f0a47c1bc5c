/* The file formats, from and to memory: what the functions of tapegrad/io.h read and write as files, and what
 * tests and fuzz targets call directly. name stands for the file in messages. A parser fills *out only when it
 * succeeds; a serialiser appends to *out, and on failure *out may hold a part. */
#ifndef TG_IO_FORMATS_H
#define TG_IO_FORMATS_H

#include <tapegrad/io.h>

#include "bytes.h"
#include "elements.h"

/* What an .npy file says before its data. */
typedef struct tg_npy_header {
    tg_layout layout;
    bool fortran_order;
    size_t data_offset;
    size_t data_bytes;
} tg_npy_header;

/* No header needs more: preamble and text together. */
#define TG_NPY_HEADER_MAX ((size_t)64 * 1024)

/* bytes may be the file's beginning alone, of TG_NPY_HEADER_MAX bytes or the whole file if that is less. */
tg_status tg_npy_parse_header(const void *bytes, size_t size, const char *name, tg_npy_header *out,
                              tg_diag *diag);
tg_status tg_npy_parse(const void *bytes, size_t size, const char *name, tg_array **out, tg_diag *diag);
tg_status tg_npy_serialise(const tg_array *array, const char *name, tg_bytes *out, tg_diag *diag);

tg_status tg_npz_parse(const void *bytes, size_t size, const char *name, tg_bundle *out, tg_diag *diag);
tg_status tg_npz_serialise(const tg_bundle *arrays, const char *name, tg_bytes *out, tg_diag *diag);

tg_status tg_safetensors_parse(const void *bytes, size_t size, const char *name, tg_bundle *out,
                               tg_metadata *metadata, tg_diag *diag);
tg_status tg_safetensors_serialise(const tg_bundle *arrays, const tg_metadata *metadata, const char *name,
                                   tg_bytes *header, tg_bytes *data, tg_diag *diag);

tg_status tg_idx_parse(const void *bytes, size_t size, const char *name, tg_array **out, tg_diag *diag);
tg_status tg_idx_serialise(const tg_array *array, const char *name, tg_bytes *out, tg_diag *diag);

tg_status tg_csv_parse(const void *bytes, size_t size, const char *name, tg_csv **out, tg_diag *diag);
tg_status tg_csv_serialise(const tg_csv *csv, const char *name, tg_bytes *out, tg_diag *diag);

/* The metadata key of the checksum in a .safetensors file. */
#define TG_CHECKSUM_KEY "tapegrad.xxh3"

/* Adds a pair whose key is known to be new. */
tg_status tg_metadata_append(tg_metadata *metadata, const char *key, const char *value, tg_diag *diag);

/* Whether an array's name can stand in a file: neither empty nor too long, and UTF-8. name is the file's. */
#define TG_NAME_BYTES_MAX 65000 /* zip counts a name's bytes in 16 bits */
tg_status tg_array_name_check(const char *array_name, const char *name, tg_diag *diag);

#endif
