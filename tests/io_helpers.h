/* What the tests of src/io share: a folder for files, fixtures, one interface to all parsers, comparisons. */
#ifndef TG_TESTS_IO_HELPERS_H
#define TG_TESTS_IO_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats.h"

/* Make and remove a new folder for files, for cmocka's group. */
int io_setup(void **state);
int io_teardown(void **state);
/* The path of a file in that folder. The text lives until the fourth call after this one. */
const char *io_path(const char *name);
/* How many files are in it. */
int io_file_count(void);

/* The contents of a fixture, of any file, and writing one. */
tg_bytes io_fixture(const char *name);
tg_bytes io_read(const char *path);
void io_write(const char *path, const void *bytes, size_t size);

/* Parses bytes as the kind of file that name ends in and frees the result. */
tg_status io_parse(const char *name, const void *bytes, size_t size, tg_diag *diag);
/* The same from a file, through the public functions. */
tg_status io_load(const char *path, tg_diag *diag);

tg_array *io_load_fixture_npy(const char *name);

/* A new array of which element i has the bytes of a counting pattern; bool gets 0 and 1. */
tg_array *io_pattern(tg_dtype dtype, int rank, const int64_t *shape);
void io_assert_same_array(const tg_array *a, const tg_array *b);
void io_assert_shape(const tg_array *array, tg_dtype dtype, int rank, const int64_t *shape);
/* The message has every part, in any order. */
void io_assert_message(const tg_diag *diag, tg_status status, const char *part, const char *other_part);

/* The values of the fixtures special_f4 and special_f8, as bits: NaNs with payloads, a signalling one,
 * both infinities, -0 and 1.5. */
extern const uint32_t io_special_f4[6];
extern const uint64_t io_special_f8[6];

#endif
