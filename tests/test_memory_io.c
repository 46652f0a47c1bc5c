/* Files while memory runs out: every loader and saver says so, leaks nothing, and leaves files as they were.
 * What libzip, jansson and zlib allocate themselves does not fail here. */
#include <stdio.h>
#include <string.h>

#include "failing_alloc.h"
#include "io_helpers.h"

#include <tapegrad/io.h>

enum { NPY, NPZ, SAFETENSORS, IDX, IDX_GZ, CSV, KINDS };
static const char *const names[KINDS] = {"a.npy", "a.npz", "a.safetensors", "a.idx", "a.idx.gz", "a.csv"};

/* What is saved and loaded, in every kind of file. */
typedef struct contents {
    int kind;
    tg_array *array;
    tg_bundle bundle;
    tg_metadata metadata;
    tg_csv csv;
    char path[512];
} contents;

static tg_array *numbers(void)
{
    tg_array *array = tg_array_new(TG_I64, 2, (const int64_t[]){30, 20}, NULL);
    assert_non_null(array);
    for (int i = 0; i < 600; i++) ((int64_t *)array->data)[i] = i % 256;
    return array;
}

static double cells[4] = {1, 2.5, 0, 1};
static char *classes[2] = {(char[]){"red"}, (char[]){"a, \"quoted\" one"}};
static tg_csv_column columns[2] = {{(char[]){"size"}, cells, NULL, 0},
                                   {(char[]){"colour"}, cells + 2, classes, 2}};

static void prepare(contents *c, int kind)
{
    *c = (contents){.kind = kind, .array = numbers(), .csv = {2, 2, columns}};
    assert_int_equal(tg_bundle_add(&c->bundle, "first", numbers(), NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&c->bundle, "second", io_pattern(TG_F32, 1, (const int64_t[]){7}), NULL),
                     TG_OK);
    assert_int_equal(tg_metadata_set(&c->metadata, "format", "test", NULL), TG_OK);
    snprintf(c->path, sizeof c->path, "%s", io_path(names[kind]));
}

static void drop(contents *c)
{
    tg_array_free(c->array);
    tg_bundle_clear(&c->bundle);
    tg_metadata_clear(&c->metadata);
}

static tg_status save(const contents *c, tg_diag *diag)
{
    switch (c->kind) {
    case NPY:
        return tg_npy_save(c->path, c->array, diag);
    case NPZ:
        return tg_npz_save(c->path, &c->bundle, diag);
    case SAFETENSORS:
        return tg_safetensors_save(c->path, &c->bundle, &c->metadata, diag);
    case CSV:
        return tg_csv_save(c->path, &c->csv, diag);
    default:
        return tg_idx_save(c->path, c->array, diag);
    }
}

static void check_bundle(const contents *c, const tg_bundle *found)
{
    assert_int_equal(found->count, 2);
    io_assert_same_array(tg_bundle_find(found, "first"), c->bundle.items[0].array);
    io_assert_same_array(tg_bundle_find(found, "second"), c->bundle.items[1].array);
}

static tg_status load_array(const contents *c, tg_diag *diag)
{
    tg_array *array = NULL;
    tg_status status =
        c->kind == NPY ? tg_npy_load(c->path, &array, diag) : tg_idx_load(c->path, &array, diag);
    if (status == TG_OK)
        io_assert_same_array(array, c->array);
    else
        assert_null(array);
    tg_array_free(array);
    return status;
}

static tg_status load_bundle(const contents *c, tg_diag *diag)
{
    tg_bundle bundle = {0};
    tg_metadata metadata = {0};
    tg_status status = c->kind == NPZ ? tg_npz_load(c->path, &bundle, diag)
                                      : tg_safetensors_load(c->path, &bundle, &metadata, diag);
    if (status == TG_OK) {
        check_bundle(c, &bundle);
        if (c->kind == SAFETENSORS) assert_string_equal(tg_metadata_get(&metadata, "format"), "test");
    } else {
        assert_int_equal(bundle.count, 0);
        assert_int_equal(metadata.count, 0);
    }
    tg_bundle_clear(&bundle);
    tg_metadata_clear(&metadata);
    return status;
}

static tg_status load_csv(const contents *c, tg_diag *diag)
{
    tg_csv *csv = NULL;
    tg_status status = tg_csv_load(c->path, &csv, diag);
    if (status == TG_OK) {
        assert_int_equal(csv->rows, 2);
        assert_true(csv->columns[0].values[1] == 2.5);
        assert_string_equal(csv->columns[1].classes[1], classes[1]);
    } else {
        assert_null(csv);
    }
    tg_csv_free(csv);
    return status;
}

static tg_status load(const contents *c, tg_diag *diag)
{
    if (c->kind == CSV) return load_csv(c, diag);
    return c->kind == NPZ || c->kind == SAFETENSORS ? load_bundle(c, diag) : load_array(c, diag);
}

/* 1 for success; a failure has to be one of memory, with a message. */
static int outcome(tg_status status, const tg_diag *diag, const char *name)
{
    if (status == TG_OK) return 1;
    if (status != TG_ERR_MEMORY || diag->status != status || strstr(diag->message, "memory") == NULL)
        fail_msg("%s: %s, %s", name, tg_status_name(status), diag->message);
    return 0;
}

static int attempt_load(void *context)
{
    const contents *c = context;
    tg_diag diag = {0};
    return outcome(load(c, &diag), &diag, names[c->kind]);
}

/* The file that is there stays as it is when saving fails, and nothing is left beside it. */
static int attempt_save(void *context)
{
    const contents *c = context;
    tg_diag diag = {0};
    int saved = outcome(save(c, &diag), &diag, names[c->kind]);
    if (saved) return 1;
    failing_alloc_stop();
    assert_int_equal(load(c, NULL), TG_OK);
    assert_int_equal(io_file_count(), 1);
    return 0;
}

static void test_loading(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        contents c;
        prepare(&c, kind);
        assert_int_equal(save(&c, NULL), TG_OK);
        int64_t n = failing_alloc_every(attempt_load, &c);
        if (n < 2) fail_msg("%s: %lld allocations", names[kind], (long long)n);
        remove(c.path);
        drop(&c);
    }
}

static void test_saving(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        contents c;
        prepare(&c, kind);
        assert_int_equal(save(&c, NULL), TG_OK);
        int64_t n = failing_alloc_every(attempt_save, &c);
        if (n < 1) fail_msg("%s: %lld allocations", names[kind], (long long)n);
        remove(c.path);
        drop(&c);
    }
}

static int attempt_metadata(void *context)
{
    (void)context;
    tg_metadata metadata = {0};
    tg_diag diag = {0};
    tg_status status = TG_OK;
    for (int i = 0; i < 5 && status == TG_OK; i++) {
        const char key[2] = {(char)('a' + i % 4), '\0'};
        status = tg_metadata_set(&metadata, key, i < 4 ? "first" : "second", &diag);
    }
    if (status == TG_OK) assert_string_equal(tg_metadata_get(&metadata, "a"), "second");
    tg_metadata_clear(&metadata);
    return outcome(status, &diag, "metadata");
}

static void test_metadata(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(attempt_metadata, NULL) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loading), cmocka_unit_test(test_saving),
                                       cmocka_unit_test(test_metadata)};
    return cmocka_run_group_tests_name("memory of files", tests, io_setup, io_teardown);
}
