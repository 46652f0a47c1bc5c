/* Element types, shapes, and arrays in ordinary memory: what goes into a graph and what comes out. */
#ifndef TAPEGRAD_ARRAY_H
#define TAPEGRAD_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include <tapegrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_MAX_RANK 8

/* float, double, int64_t, and one byte that is 0 or 1. */
typedef enum tg_dtype { TG_F32, TG_F64, TG_I64, TG_BOOL } tg_dtype;

/* "f32", "f64", "i64", "bool"; "?" for anything else. */
TG_API const char *tg_dtype_name(tg_dtype dtype);
/* Bytes of one element: 4, 8, 8, 1; 0 for anything else. */
TG_API size_t tg_dtype_size(tg_dtype dtype);

/* The type of a tensor: element type and shape. rank 0 is a scalar; an axis may have size 0. */
typedef struct tg_type {
    tg_dtype dtype;
    int rank;
    int64_t shape[TG_MAX_RANK]; /* entries beyond rank are 0 */
} tg_type;

/* Checks dtype, rank (0 to 8) and sizes (none negative, elements and bytes countable in int64_t) and fills
 * *type. shape may be NULL for rank 0. Errors: DTYPE, RANK, SIZE, NULL. */
TG_API tg_status tg_type_make(tg_type *type, tg_dtype dtype, int rank, const int64_t *shape, tg_diag *diag);
/* The number of elements (1 for a scalar), and of bytes, of a type that tg_type_make accepted. */
TG_API int64_t tg_type_count(const tg_type *type);
TG_API size_t tg_type_bytes(const tg_type *type);

/* Writes "f32[64, 784]" ("f64[]" for a scalar), cut to fit, and returns text. 128 bytes hold any type of
 * ordinary sizes. */
#define TG_TYPE_TEXT 128
TG_API char *tg_type_text(const tg_type *type, char *text, size_t size);

/* An array that owns its memory: row-major (the last axis is contiguous), 64-byte aligned. */
typedef struct tg_array {
    tg_type type;
    void *data;
} tg_array;

/* A new array of zeros. NULL when the type is not acceptable or memory runs out; *diag says which.
 * Free it with tg_array_free (which accepts NULL). */
TG_API tg_array *tg_array_new(tg_dtype dtype, int rank, const int64_t *shape, tg_diag *diag);
TG_API void tg_array_free(tg_array *array);

/* Arrays with names, in order: the contents of an npz or safetensors file. */
typedef struct tg_named_array {
    char *name;
    tg_array *array;
} tg_named_array;

typedef struct tg_bundle {
    size_t count;
    tg_named_array *items;
} tg_bundle;

/* Begin with `tg_bundle b = {0};`. tg_bundle_add copies the name and takes the array over (it frees the
 * array when it fails). Errors: NULL, NAME (empty or already there), MEMORY. */
TG_API tg_status tg_bundle_add(tg_bundle *bundle, const char *name, tg_array *array, tg_diag *diag);
/* The array of that name, or NULL. It stays the bundle's. */
TG_API tg_array *tg_bundle_find(const tg_bundle *bundle, const char *name);
/* Frees every array and leaves an empty bundle. */
TG_API void tg_bundle_clear(tg_bundle *bundle);

#ifdef __cplusplus
}
#endif

#endif
