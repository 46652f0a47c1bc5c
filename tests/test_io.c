/* Arrays through files and back, bit for bit, and files that NumPy and others wrote. */
#define _XOPEN_SOURCE 700 /* setenv */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_helpers.h"

static const int64_t shapes[][TG_MAX_RANK] = {
    {5},
    {0},
    {2, 3},
    {0, 4},
    {3, 0},
    {2, 3, 4},
    {1, 1, 1, 7},
    {2, 1, 2, 1, 3},
    {1, 2, 1, 2, 1, 2},
    {2, 2, 2, 1, 1, 1, 3},
    {2, 1, 2, 1, 2, 1, 2, 1},
    {0, 2, 2, 2, 2, 2, 2, 2},
};
static const int ranks[] = {1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 8};
#define N_SHAPES ((int)(sizeof ranks / sizeof ranks[0]))

/* Calls check with an array of every dtype and rank; the last call of each dtype has a scalar. */
static void for_every_type(void (*check)(const tg_array *array))
{
    for (int dtype = TG_F32; dtype <= TG_BOOL; dtype++) {
        for (int i = 0; i <= N_SHAPES; i++) {
            tg_array *array = i < N_SHAPES ? io_pattern((tg_dtype)dtype, ranks[i], shapes[i])
                                           : io_pattern((tg_dtype)dtype, 0, NULL);
            check(array);
            tg_array_free(array);
        }
    }
}

static void check_npy(const tg_array *array)
{
    tg_array *loaded = NULL;
    assert_int_equal(tg_npy_save(io_path("a.npy"), array, NULL), TG_OK);
    assert_int_equal(tg_npy_load(io_path("a.npy"), &loaded, NULL), TG_OK);
    io_assert_same_array(loaded, array);
    tg_array_free(loaded);
}

/* IDX has no 64-bit integers and no bool: those come back as i64. */
static void check_idx_named(const tg_array *array, const char *name)
{
    tg_array *loaded = NULL;
    assert_int_equal(tg_idx_save(io_path(name), array, NULL), TG_OK);
    assert_int_equal(tg_idx_load(io_path(name), &loaded, NULL), TG_OK);
    if (array->type.dtype == TG_BOOL) {
        io_assert_shape(loaded, TG_I64, array->type.rank, array->type.shape);
        for (int64_t i = 0; i < tg_type_count(&array->type); i++)
            assert_int_equal(((int64_t *)loaded->data)[i], ((unsigned char *)array->data)[i]);
    } else {
        io_assert_same_array(loaded, array);
    }
    tg_array_free(loaded);
}

static void check_idx(const tg_array *array)
{
    int64_t *integers = array->data;
    if (array->type.dtype == TG_I64)
        for (int64_t i = 0; i < tg_type_count(&array->type); i++) integers[i] = i % 256;
    check_idx_named(array, "a.idx");
    check_idx_named(array, "a.idx.gz");
    if (array->type.dtype == TG_I64 && tg_type_count(&array->type) > 1) {
        integers[1] = -1; /* small, but no unsigned byte */
        check_idx_named(array, "a.idx");
        integers[0] = INT32_MIN;
        integers[1] = INT32_MAX;
        check_idx_named(array, "a.idx");
        integers[0] = (int64_t)INT32_MAX + 1;
        tg_diag diag = {0};
        assert_int_equal(tg_idx_save(io_path("b.idx"), array, &diag), TG_ERR_ARGUMENT);
        io_assert_message(&diag, TG_ERR_ARGUMENT, "element 0", "2147483648");
    }
}

static tg_bundle bundle_of(const tg_array *array)
{
    tg_bundle bundle = {0};
    tg_array *copy = tg_array_new(array->type.dtype, array->type.rank, array->type.shape, NULL);
    memcpy(copy->data, array->data, tg_type_bytes(&array->type));
    assert_int_equal(tg_bundle_add(&bundle, "first/weight", copy, NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&bundle, "\xcf\x83 \"q\"", io_pattern(TG_F64, 0, NULL), NULL), TG_OK);
    return bundle;
}

static void check_same_bundle(const tg_bundle *a, const tg_bundle *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < b->count; i++) {
        assert_string_equal(a->items[i].name, b->items[i].name);
        io_assert_same_array(a->items[i].array, b->items[i].array);
    }
}

static void check_npz(const tg_array *array)
{
    tg_bundle bundle = bundle_of(array), loaded = {0};
    assert_int_equal(tg_npz_save(io_path("a.npz"), &bundle, NULL), TG_OK);
    assert_int_equal(tg_npz_load(io_path("a.npz"), &loaded, NULL), TG_OK);
    check_same_bundle(&loaded, &bundle);
    tg_bundle_clear(&loaded);
    tg_bundle_clear(&bundle);
}

static void check_safetensors(const tg_array *array)
{
    tg_bundle bundle = bundle_of(array), loaded = {0};
    tg_metadata metadata = {0}, loaded_metadata = {0};
    assert_int_equal(tg_metadata_set(&metadata, "step", "1", NULL), TG_OK);
    assert_int_equal(tg_metadata_set(&metadata, "note", "\xc2\xbd \"\\\n", NULL), TG_OK);
    assert_int_equal(tg_metadata_set(&metadata, "step", "12", NULL), TG_OK);
    assert_int_equal(tg_safetensors_save(io_path("a.safetensors"), &bundle, &metadata, NULL), TG_OK);
    assert_int_equal(tg_safetensors_load(io_path("a.safetensors"), &loaded, &loaded_metadata, NULL), TG_OK);
    check_same_bundle(&loaded, &bundle);
    assert_int_equal(loaded_metadata.count, 3);
    assert_string_equal(tg_metadata_get(&loaded_metadata, "step"), "12");
    assert_string_equal(tg_metadata_get(&loaded_metadata, "note"), "\xc2\xbd \"\\\n");
    assert_int_equal(strlen(tg_metadata_get(&loaded_metadata, "tapegrad.xxh3")), 32);
    assert_null(tg_metadata_get(&loaded_metadata, "absent"));

    /* The metadata that were loaded can be saved again: the checksum among them is made anew. */
    tg_bytes first = io_read(io_path("a.safetensors"));
    assert_int_equal(tg_safetensors_save(io_path("b.safetensors"), &loaded, &loaded_metadata, NULL), TG_OK);
    tg_bytes second = io_read(io_path("b.safetensors"));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    tg_bytes_clear(&first);
    tg_bytes_clear(&second);
    tg_metadata_clear(&metadata);
    tg_metadata_clear(&loaded_metadata);
    tg_bundle_clear(&loaded);
    tg_bundle_clear(&bundle);
}

static void test_every_type_round_trips(void **state)
{
    (void)state;
    for_every_type(check_npy);
    for_every_type(check_idx);
    for_every_type(check_npz);
    for_every_type(check_safetensors);
}

static void assert_special(const tg_array *array)
{
    io_assert_shape(array, array->type.dtype, 2, (int64_t[]){2, 3});
    if (array->type.dtype == TG_F32)
        assert_memory_equal(array->data, io_special_f4, sizeof io_special_f4);
    else
        assert_memory_equal(array->data, io_special_f8, sizeof io_special_f8);
}

static void test_numpy_special_values(void **state)
{
    (void)state;
    static const char *const names[] = {"special_f4.npy", "special_f8.npy", "special_f8_big_endian.npy"};
    for (int i = 0; i < 3; i++) {
        tg_array *array = io_load_fixture_npy(names[i]);
        assert_int_equal(array->type.dtype, i == 0 ? TG_F32 : TG_F64);
        assert_special(array);
        check_npy(array);
        check_npz(array);
        check_safetensors(array);
        check_idx(array);
        tg_array_free(array);
    }
}

static void assert_counting(const tg_array *array)
{
    io_assert_shape(array, array->type.dtype, 3, (int64_t[]){2, 3, 4});
    for (int i = 0; i < 24; i++) {
        double value =
            array->type.dtype == TG_F64 ? ((double *)array->data)[i] : (double)((float *)array->data)[i];
        assert_true(value == i);
    }
}

static void test_numpy_order_and_versions(void **state)
{
    (void)state;
    static const char *const names[] = {"fortran.npy", "fortran_big_endian.npy", "version2.npy",
                                        "version3.npy"};
    for (int i = 0; i < 4; i++) {
        tg_array *array = io_load_fixture_npy(names[i]);
        assert_int_equal(array->type.dtype, i == 1 ? TG_F32 : TG_F64);
        assert_counting(array);
        tg_array_free(array);
    }
    tg_array *scalar = io_load_fixture_npy("scalar.npy");
    io_assert_shape(scalar, TG_F64, 0, NULL);
    assert_true(*(double *)scalar->data == 2.5);
    tg_array_free(scalar);
    tg_array *empty = io_load_fixture_npy("empty.npy");
    io_assert_shape(empty, TG_F32, 2, (int64_t[]){0, 3});
    tg_array_free(empty);
    tg_array *mask = io_load_fixture_npy("bool.npy");
    io_assert_shape(mask, TG_BOOL, 1, (int64_t[]){3});
    assert_memory_equal(mask->data, "\1\0\1", 3);
    tg_array_free(mask);
}

static void test_numpy_integers(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int64_t smallest, largest;
    } types[] = {
        {"i1", INT8_MIN, INT8_MAX},   {"u1", 0, UINT8_MAX},         {"i2", INT16_MIN, INT16_MAX},
        {"u2", 0, UINT16_MAX},        {"i4", INT32_MIN, INT32_MAX}, {"u4", 0, UINT32_MAX},
        {"i8", INT64_MIN, INT64_MAX}, {"u8", 0, INT64_MAX},
    };
    for (int i = 0; i < 16; i++) {
        char name[64];
        if (i % 2 == 1 && types[i / 2].code[1] == '1') continue;
        snprintf(name, sizeof name, "%s%s.npy", types[i / 2].code, i % 2 == 1 ? "_big_endian" : "");
        tg_array *array = io_load_fixture_npy(name);
        io_assert_shape(array, TG_I64, 1, (int64_t[]){5});
        const int64_t expected[5] = {types[i / 2].smallest, 0, 1, 100, types[i / 2].largest};
        assert_memory_equal(array->data, expected, sizeof expected);
        tg_array_free(array);
    }
}

static void test_npz_of_numpy(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "stored.npz" : "compressed.npz";
        tg_bytes bytes = io_fixture(name);
        tg_bundle bundle = {0};
        assert_int_equal(tg_npz_parse(bytes.data, bytes.size, name, &bundle, NULL), TG_OK);
        assert_int_equal(bundle.count, 3);
        assert_string_equal(bundle.items[0].name, "weights");
        assert_counting(tg_bundle_find(&bundle, "weights"));
        io_assert_shape(tg_bundle_find(&bundle, "steps"), TG_I64, 1, (int64_t[]){5});
        io_assert_shape(tg_bundle_find(&bundle, "mask"), TG_BOOL, 2, (int64_t[]){1, 2});
        tg_bundle_clear(&bundle);
        tg_bytes_clear(&bytes);
    }
}

static void test_npz_empty_and_repeatable(void **state)
{
    (void)state;
    tg_bundle empty = {0}, loaded = {0};
    assert_int_equal(tg_npz_save(io_path("empty.npz"), &empty, NULL), TG_OK);
    assert_int_equal(tg_npz_load(io_path("empty.npz"), &loaded, NULL), TG_OK);
    assert_int_equal(loaded.count, 0);
    assert_int_equal(tg_safetensors_save(io_path("empty.safetensors"), &empty, NULL, NULL), TG_OK);
    assert_int_equal(tg_safetensors_load(io_path("empty.safetensors"), &loaded, NULL, NULL), TG_OK);
    assert_int_equal(loaded.count, 0);

    tg_array *array = io_pattern(TG_F32, 2, (int64_t[]){30, 40});
    tg_bundle bundle = bundle_of(array);
    tg_bytes first = {0}, second = {0};
    assert_int_equal(tg_npz_serialise(&bundle, "first", &first, NULL), TG_OK);
    setenv("TZ", "UTC+7", 1); /* zip keeps local times */
    assert_int_equal(tg_npz_serialise(&bundle, "second", &second, NULL), TG_OK);
    unsetenv("TZ");
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    /* In the first entry's header: the method is "stored", the time midnight, the date 1980-01-01. */
    assert_memory_equal(first.data + 8, "\0\0\0\0\x21\0", 6);
    tg_bytes_clear(&first);
    tg_bytes_clear(&second);
    tg_bundle_clear(&bundle);
    tg_array_free(array);
}

static void assert_integers(const tg_bundle *bundle, const char *name, int64_t first, int64_t second)
{
    const tg_array *array = tg_bundle_find(bundle, name);
    io_assert_shape(array, TG_I64, 1, (int64_t[]){2});
    assert_true(((int64_t *)array->data)[0] == first && ((int64_t *)array->data)[1] == second);
}

static void assert_floats(const tg_array *array, const float *expected, int count)
{
    assert_int_equal(array->type.dtype, TG_F32);
    assert_int_equal(tg_type_count(&array->type), count);
    assert_memory_equal(array->data, expected, (size_t)count * sizeof *expected);
}

static void test_safetensors_types(void **state)
{
    (void)state;
    tg_bytes bytes = io_fixture("types.safetensors");
    tg_bundle bundle = {0};
    tg_metadata metadata = {0};
    assert_int_equal(tg_safetensors_parse(bytes.data, bytes.size, "types", &bundle, &metadata, NULL), TG_OK);
    assert_int_equal(bundle.count, 15);
    assert_string_equal(bundle.items[0].name, "half");
    assert_string_equal(tg_metadata_get(&metadata, "gr\xc3\xb6\xc3\x9f"
                                                   "e"),
                        "\xc2\xbd");
    float half[10] = {0.0f, -0.0f, 1.0f, -2.0f, 65504.0f, 0x1p-24f, 1023 * 0x1p-24f, INFINITY, -INFINITY, 0};
    float brain[5] = {1.0f, -2.0f, INFINITY, -0.0f, 0};
    const uint32_t half_nan = 0x7fc02000, brain_nan = 0x7fc10000;
    memcpy(&half[9], &half_nan, 4);
    memcpy(&brain[4], &brain_nan, 4);
    assert_floats(tg_bundle_find(&bundle, "half"), half, 10);
    assert_floats(tg_bundle_find(&bundle, "brain"), brain, 5);
    assert_special(tg_bundle_find(&bundle, "single"));
    assert_memory_equal(tg_bundle_find(&bundle, "double")->data, io_special_f8, sizeof io_special_f8);
    assert_true(*(double *)tg_bundle_find(&bundle, "scalar")->data == 2.5);
    io_assert_shape(tg_bundle_find(&bundle, "none"), TG_I64, 2, (int64_t[]){0, 4});
    assert_memory_equal(tg_bundle_find(&bundle, "mask")->data, "\1\0\1", 3);
    assert_integers(&bundle, "i8", INT8_MIN, INT8_MAX);
    assert_integers(&bundle, "u8", 0, UINT8_MAX);
    assert_integers(&bundle, "i16", INT16_MIN, INT16_MAX);
    assert_integers(&bundle, "u16", 0, UINT16_MAX);
    assert_integers(&bundle, "i32", INT32_MIN, INT32_MAX);
    assert_integers(&bundle, "u32", 0, UINT32_MAX);
    assert_integers(&bundle, "i64", INT64_MIN, INT64_MAX);
    assert_integers(&bundle, "u64", 0, INT64_MAX);
    tg_metadata_clear(&metadata);
    tg_bundle_clear(&bundle);
    tg_bytes_clear(&bytes);
}

static tg_array *load_fixture_idx(const char *name)
{
    tg_bytes bytes = io_fixture(name);
    tg_array *array = NULL;
    tg_diag diag = {0};
    if (tg_idx_parse(bytes.data, bytes.size, name, &array, &diag) != TG_OK) fail_msg("%s", diag.message);
    tg_bytes_clear(&bytes);
    return array;
}

static void test_idx_types(void **state)
{
    (void)state;
    static const char *const images[] = {"images.idx", "images.idx.gz", "images_two_members.idx.gz"};
    for (int i = 0; i < 3; i++) {
        tg_array *array = load_fixture_idx(images[i]);
        io_assert_shape(array, TG_I64, 3, (int64_t[]){2, 3, 4});
        for (int j = 0; j < 24; j++) assert_int_equal(((int64_t *)array->data)[j], j);
        tg_array_free(array);
    }
    static const struct {
        const char *name;
        int64_t smallest, largest;
    } integers[] = {{"bytes.idx", INT8_MIN, INT8_MAX},
                    {"shorts.idx", INT16_MIN, INT16_MAX},
                    {"ints.idx", INT32_MIN, INT32_MAX}};
    for (int i = 0; i < 3; i++) {
        tg_array *array = load_fixture_idx(integers[i].name);
        io_assert_shape(array, TG_I64, 1, (int64_t[]){3});
        const int64_t expected[3] = {integers[i].smallest, 0, integers[i].largest};
        assert_memory_equal(array->data, expected, sizeof expected);
        tg_array_free(array);
    }
    tg_array *floats = load_fixture_idx("floats.idx"), *doubles = load_fixture_idx("doubles.idx");
    assert_special(floats);
    assert_special(doubles);
    tg_array_free(floats);
    tg_array_free(doubles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_round_trips),
        cmocka_unit_test(test_numpy_special_values),
        cmocka_unit_test(test_numpy_order_and_versions),
        cmocka_unit_test(test_numpy_integers),
        cmocka_unit_test(test_npz_of_numpy),
        cmocka_unit_test(test_npz_empty_and_repeatable),
        cmocka_unit_test(test_safetensors_types),
        cmocka_unit_test(test_idx_types),
    };
    return cmocka_run_group_tests_name("io", tests, io_setup, io_teardown);
}
