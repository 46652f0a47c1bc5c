/* What the tests of src/io share. */
#define _XOPEN_SOURCE 700 /* mkdtemp */

#include "io_helpers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

const uint32_t io_special_f4[6] = {0x7fc01234, 0xff800001, 0x7f800000, 0xff800000, 0x80000000, 0x3fc00000};
const uint64_t io_special_f8[6] = {0x7ff8000000001234, 0xfff0000000000001, 0x7ff0000000000000,
                                   0xfff0000000000000, 0x8000000000000000, 0x3ff8000000000000};

static char folder[256];

int io_setup(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/tapegrad-io-XXXXXX", parent != NULL ? parent : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

int io_teardown(void **state)
{
    (void)state;
    DIR *directory = opendir(folder);
    if (directory == NULL) return -1;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(io_path(entry->d_name));
    closedir(directory);
    return rmdir(folder);
}

const char *io_path(const char *name)
{
    static char paths[4][600];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
    return paths[next];
}

int io_file_count(void)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int count = -2; /* . and .. */
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

tg_bytes io_read(const char *path)
{
    tg_bytes bytes = {0};
    tg_diag diag = {0};
    if (tg_file_read(path, &bytes, &diag) != TG_OK) fail_msg("%s", diag.message);
    return bytes;
}

tg_bytes io_fixture(const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/io/%s", TG_TEST_DATA, name);
    return io_read(path);
}

void io_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int ends_in(const char *name, const char *end)
{
    return strlen(name) >= strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

tg_status io_parse(const char *name, const void *bytes, size_t size, tg_diag *diag)
{
    tg_array *array = NULL;
    tg_bundle bundle = {0};
    tg_metadata metadata = {0};
    tg_csv *csv = NULL;
    tg_status status;
    if (ends_in(name, ".npy")) {
        status = tg_npy_parse(bytes, size, name, &array, diag);
    } else if (ends_in(name, ".npz")) {
        status = tg_npz_parse(bytes, size, name, &bundle, diag);
    } else if (ends_in(name, ".safetensors")) {
        status = tg_safetensors_parse(bytes, size, name, &bundle, &metadata, diag);
    } else if (ends_in(name, ".csv")) {
        status = tg_csv_parse(bytes, size, name, &csv, diag);
    } else {
        status = tg_idx_parse(bytes, size, name, &array, diag);
    }
    if (status != TG_OK)
        assert_true(array == NULL && bundle.count == 0 && metadata.count == 0 && csv == NULL);
    tg_array_free(array);
    tg_bundle_clear(&bundle);
    tg_metadata_clear(&metadata);
    tg_csv_free(csv);
    return status;
}

tg_status io_load(const char *path, tg_diag *diag)
{
    tg_array *array = NULL;
    tg_bundle bundle = {0};
    tg_csv *csv = NULL;
    tg_status status = ends_in(path, ".npy")           ? tg_npy_load(path, &array, diag)
                       : ends_in(path, ".npz")         ? tg_npz_load(path, &bundle, diag)
                       : ends_in(path, ".safetensors") ? tg_safetensors_load(path, &bundle, NULL, diag)
                       : ends_in(path, ".csv")         ? tg_csv_load(path, &csv, diag)
                                                       : tg_idx_load(path, &array, diag);
    tg_array_free(array);
    tg_bundle_clear(&bundle);
    tg_csv_free(csv);
    return status;
}

tg_array *io_load_fixture_npy(const char *name)
{
    tg_bytes bytes = io_fixture(name);
    tg_array *array = NULL;
    tg_diag diag = {0};
    if (tg_npy_parse(bytes.data, bytes.size, name, &array, &diag) != TG_OK) fail_msg("%s", diag.message);
    tg_bytes_clear(&bytes);
    return array;
}

tg_array *io_pattern(tg_dtype dtype, int rank, const int64_t *shape)
{
    tg_array *array = tg_array_new(dtype, rank, shape, NULL);
    assert_non_null(array);
    unsigned char *bytes = array->data;
    size_t size = tg_type_bytes(&array->type);
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(dtype == TG_BOOL ? i % 3 % 2 : i * 37 + 11);
    return array;
}

void io_assert_shape(const tg_array *array, tg_dtype dtype, int rank, const int64_t *shape)
{
    assert_non_null(array);
    assert_int_equal(array->type.dtype, dtype);
    assert_int_equal(array->type.rank, rank);
    for (int axis = 0; axis < rank; axis++) assert_int_equal(array->type.shape[axis], shape[axis]);
}

void io_assert_same_array(const tg_array *a, const tg_array *b)
{
    io_assert_shape(a, b->type.dtype, b->type.rank, b->type.shape);
    assert_memory_equal(a->data, b->data, tg_type_bytes(&b->type));
}

void io_assert_message(const tg_diag *diag, tg_status status, const char *part, const char *other_part)
{
    if (diag->status == status && strstr(diag->message, part) != NULL &&
        strstr(diag->message, other_part) != NULL)
        return;
    fail_msg("expected %s with '%s' and '%s', found %s: %s", tg_status_name(status), part, other_part,
             tg_status_name(diag->status), diag->message);
}
