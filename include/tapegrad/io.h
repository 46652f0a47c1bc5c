/* Files of arrays: .npy and .npz (NumPy), .safetensors, IDX (the MNIST format), CSV.
 *
 * Every function returns TG_OK or a status with a message in *diag (which may be NULL) that names the file,
 * what was expected and what was found. A loader never trusts a header: sizes are checked against the
 * file's length before memory is taken. On failure nothing is returned and nothing leaks; a writer leaves
 * an existing file as it was, because it writes a temporary file beside it, syncs and renames.
 * These functions share no state and may be called from any thread. */
#ifndef TAPEGRAD_IO_H
#define TAPEGRAD_IO_H

#include <tapegrad/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* .npy, format versions 1 to 3: '<f4', '<f8', '<i8', '|b1' as they are; the other integer types ('|i1',
 * '|u1', '<i2', '<u2', '<i4', '<u4', and '<u8' when every value fits) become i64; big-endian and
 * Fortran-ordered files are converted. *out is a new array; free it with tg_array_free. */
TG_API tg_status tg_npy_load(const char *path, tg_array **out, tg_diag *diag);
TG_API tg_status tg_npy_save(const char *path, const tg_array *array, tg_diag *diag);

/* .npz: a zip archive of .npy files, stored or compressed; names lose their ".npy". *out must be empty;
 * clear it with tg_bundle_clear. Needs libzip (TG_ERR_UNSUPPORTED without). Saving with the same arrays
 * gives the same bytes. */
TG_API tg_status tg_npz_load(const char *path, tg_bundle *out, tg_diag *diag);
TG_API tg_status tg_npz_save(const char *path, const tg_bundle *arrays, tg_diag *diag);

/* .safetensors: F32, F64, I64 and BOOL as they are; F16 and BF16 become f32, smaller integers i64.
 * *metadata, when metadata is not NULL, becomes the value of "__metadata__" as text pairs; clear it with
 * tg_metadata_clear. tg_safetensors_save adds a pair "tapegrad.xxh3" with the XXH3-128 of everything else
 * that the file says; a file with such a pair is verified when loaded (TG_ERR_CHECKSUM). Needs jansson
 * (TG_ERR_UNSUPPORTED without). */
typedef struct tg_metadata {
    size_t count;
    struct {
        char *key, *value;
    } * items;
} tg_metadata;

TG_API tg_status tg_metadata_set(tg_metadata *metadata, const char *key, const char *value, tg_diag *diag);
TG_API const char *tg_metadata_get(const tg_metadata *metadata, const char *key); /* NULL: not there */
TG_API void tg_metadata_clear(tg_metadata *metadata);

TG_API tg_status tg_safetensors_load(const char *path, tg_bundle *out, tg_metadata *metadata, tg_diag *diag);
TG_API tg_status tg_safetensors_save(const char *path, const tg_bundle *arrays, const tg_metadata *metadata,
                                     tg_diag *diag);

/* IDX, gzip-compressed (needs zlib) or not, recognised by its first bytes: unsigned byte, signed byte,
 * short and int become i64; float and double become f32 and f64. Source of the format: the MNIST page of
 * LeCun, Cortes and Burges. tg_idx_save writes i64 arrays of values 0 to 255 as unsigned bytes, other i64
 * arrays as int (values beyond 32 bits: TG_ERR_ARGUMENT), f32 and f64 as they are, and bool as unsigned
 * bytes; it compresses when the path ends in ".gz". */
TG_API tg_status tg_idx_load(const char *path, tg_array **out, tg_diag *diag);
TG_API tg_status tg_idx_save(const char *path, const tg_array *array, tg_diag *diag);

/* CSV (RFC 4180: quotes, doubled quotes, line ends \n or \r\n) with a header line. A column whose every
 * cell is a number stays numeric; any other is a column of class names, numbered in order of first
 * appearance. An empty cell, a ragged line or a stray quote is TG_ERR_FORMAT with file, line and column. */
typedef struct tg_csv_column {
    char *name;
    double *values;    /* rows numbers: the cell's value, or the number of its class */
    char **classes;    /* class names, or NULL for a numeric column */
    int64_t n_classes; /* 0 for a numeric column */
} tg_csv_column;

typedef struct tg_csv {
    int64_t rows;
    int64_t n_columns;
    tg_csv_column *columns;
} tg_csv;

TG_API tg_status tg_csv_load(const char *path, tg_csv **out, tg_diag *diag);
/* Numbers are written so that reading them gives the same bits; cells and names are quoted where needed. */
TG_API tg_status tg_csv_save(const char *path, const tg_csv *csv, tg_diag *diag);
TG_API void tg_csv_free(tg_csv *csv);

#ifdef __cplusplus
}
#endif

#endif
