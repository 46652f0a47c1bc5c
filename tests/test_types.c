/* Element types, shapes, arrays, bundles and status codes: what works without a graph. */
#include <stdio.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/array.h>

static void test_dtypes(void **state)
{
    (void)state;
    static const struct {
        tg_dtype dtype;
        const char *name;
        size_t size;
    } known[] = {{TG_F32, "f32", 4}, {TG_F64, "f64", 8}, {TG_I64, "i64", 8}, {TG_BOOL, "bool", 1}};
    for (int i = 0; i < COUNT(known); i++) {
        assert_string_equal(tg_dtype_name(known[i].dtype), known[i].name);
        assert_int_equal(tg_dtype_size(known[i].dtype), known[i].size);
    }
    assert_string_equal(tg_dtype_name((tg_dtype)4), "?");
    assert_string_equal(tg_dtype_name((tg_dtype)-1), "?");
    assert_int_equal(tg_dtype_size((tg_dtype)99), 0);
}

static void test_type_make(void **state)
{
    (void)state;
    tg_type type;
    tg_diag diag = {.status = TG_OK, .message = "untouched"};
    const int64_t shape[TG_MAX_RANK] = {2, 3, 1, 1, 1, 1, 1, 4};
    assert_int_equal(tg_type_make(&type, TG_F32, 2, shape, &diag), TG_OK);
    assert_int_equal(tg_type_count(&type), 6);
    assert_int_equal(tg_type_bytes(&type), 24);
    assert_int_equal(type.shape[2], 0);
    assert_int_equal(tg_type_make(&type, TG_BOOL, 8, shape, &diag), TG_OK);
    assert_int_equal(tg_type_count(&type), 24);
    assert_int_equal(tg_type_make(&type, TG_F64, 0, NULL, &diag), TG_OK);
    assert_int_equal(tg_type_count(&type), 1);
    assert_string_equal(diag.message, "untouched");
}

static void test_type_errors(void **state)
{
    (void)state;
    const int64_t large = INT64_MAX;
    static const struct {
        tg_dtype dtype;
        int rank;
        int64_t shape[9];
        tg_status status;
        const char *part;
    } bad[] = {
        {(tg_dtype)7, 1, {1}, TG_ERR_DTYPE, "7"},
        {TG_F64, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, TG_ERR_RANK, "9"},
        {TG_F64, -1, {0}, TG_ERR_RANK, "-1"},
        {TG_F64, 2, {3, -4}, TG_ERR_SIZE, "-4"},
        {TG_F64, 2, {INT64_MAX / 4, 4}, TG_ERR_SIZE, "axis"},
        {TG_F64, 1, {INT64_MAX / 4}, TG_ERR_SIZE, "axis 0"},
        {TG_F32, 3, {1 << 30, 1 << 30, 8}, TG_ERR_SIZE, "axis"},
        {TG_F64, 3, {0, INT64_MAX, INT64_MAX}, TG_ERR_SIZE, "axis 1"},
    };
    for (int i = 0; i < COUNT(bad); i++) {
        tg_type type = {.rank = 5};
        tg_diag diag = {0};
        assert_int_equal(tg_type_make(&type, bad[i].dtype, bad[i].rank, bad[i].shape, &diag), bad[i].status);
        assert_int_equal(diag.status, bad[i].status);
        assert_contains(diag.message, bad[i].part);
        assert_int_equal(type.rank, 5);
        assert_int_equal(tg_type_make(&type, bad[i].dtype, bad[i].rank, bad[i].shape, NULL), bad[i].status);
    }
    tg_type type;
    assert_int_equal(tg_type_make(&type, TG_F64, 1, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_type_make(NULL, TG_F64, 0, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_type_make(&type, TG_BOOL, 1, &large, NULL), TG_OK);
}

static void test_type_text(void **state)
{
    (void)state;
    tg_type type;
    char text[TG_TYPE_TEXT];
    assert_int_equal(tg_type_make(&type, TG_F32, 2, (const int64_t[]){64, 784}, NULL), TG_OK);
    assert_string_equal(tg_type_text(&type, text, sizeof text), "f32[64, 784]");
    assert_string_equal(tg_type_text(&type, text, 8), "f32[64,");
    assert_string_equal(tg_type_text(&type, text, 1), "");
    text[0] = 'z';
    assert_ptr_equal(tg_type_text(&type, text, 0), text);
    assert_int_equal(text[0], 'z');
    assert_int_equal(tg_type_make(&type, TG_BOOL, 0, NULL, NULL), TG_OK);
    assert_string_equal(tg_type_text(&type, text, sizeof text), "bool[]");
}

static void test_arrays(void **state)
{
    (void)state;
    const int64_t shape[2] = {3, 5}, empty[2] = {0, 4}, bad = -1;
    tg_array *a = tg_array_new(TG_F64, 2, shape, NULL);
    assert_non_null(a);
    assert_int_equal((uintptr_t)a->data % 64, 0);
    for (int i = 0; i < 15; i++) assert_true(((double *)a->data)[i] == 0);
    tg_array_free(a);
    a = tg_array_new(TG_F32, 2, empty, NULL);
    assert_non_null(a);
    assert_int_equal(tg_type_count(&a->type), 0);
    tg_array_free(a);
    tg_diag diag = {0};
    assert_null(tg_array_new(TG_F32, 1, &bad, &diag));
    assert_int_equal(diag.status, TG_ERR_SIZE);
    tg_array_free(NULL);
}

static tg_array *scalar(double value)
{
    tg_array *a = tg_array_new(TG_F64, 0, NULL, NULL);
    assert_non_null(a);
    memcpy(a->data, &value, sizeof value);
    return a;
}

static void test_bundles(void **state)
{
    (void)state;
    tg_bundle b = {0};
    tg_diag diag = {0};
    assert_null(tg_bundle_find(&b, "a"));
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "array%d", i);
        assert_int_equal(tg_bundle_add(&b, name, scalar(i), &diag), TG_OK);
    }
    assert_int_equal(b.count, 100);
    assert_string_equal(b.items[42].name, "array42");
    assert_true(*(double *)tg_bundle_find(&b, "array77")->data == 77);
    assert_int_equal(tg_bundle_add(&b, "array5", scalar(0), &diag), TG_ERR_NAME);
    assert_contains(diag.message, "array5");
    assert_int_equal(tg_bundle_add(&b, "", scalar(0), &diag), TG_ERR_NAME);
    assert_int_equal(tg_bundle_add(&b, NULL, scalar(0), &diag), TG_ERR_NAME);
    assert_int_equal(tg_bundle_add(&b, "null", NULL, &diag), TG_ERR_NULL);
    assert_int_equal(tg_bundle_add(NULL, "null", scalar(0), NULL), TG_ERR_NULL);
    assert_int_equal(b.count, 100);
    assert_true(*(double *)tg_bundle_find(&b, "array5")->data == 5);
    tg_bundle_clear(&b);
    assert_int_equal(b.count, 0);
    assert_null(b.items);
    tg_bundle_clear(&b);
    tg_bundle_clear(NULL);
}

static void test_status_texts(void **state)
{
    (void)state;
#define ONE(name, number, text)                                                                              \
    assert_int_equal(name, number);                                                                          \
    assert_string_equal(tg_status_name(name), #name);                                                        \
    assert_string_equal(tg_status_text(name), text);
    TG_STATUS_LIST(ONE)
#undef ONE
    assert_string_equal(tg_status_text((tg_status)77), "unknown status");
    assert_string_equal(tg_status_name((tg_status)-77), "unknown status");
}

static void test_fail(void **state)
{
    (void)state;
    tg_diag diag;
    assert_int_equal(tg_fail(&diag, TG_ERR_IO, "%s: %d", "file", 3), TG_ERR_IO);
    assert_int_equal(diag.status, TG_ERR_IO);
    assert_string_equal(diag.message, "file: 3");
    assert_int_equal(tg_fail(NULL, TG_ERR_IO, "nobody reads this"), TG_ERR_IO);
    char long_text[2 * TG_DIAG_SIZE];
    memset(long_text, 'l', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    tg_fail(&diag, TG_ERR_IO, "%s", long_text);
    assert_int_equal(strlen(diag.message), TG_DIAG_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),       cmocka_unit_test(test_type_make),
        cmocka_unit_test(test_type_errors),  cmocka_unit_test(test_type_text),
        cmocka_unit_test(test_arrays),       cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_status_texts), cmocka_unit_test(test_fail),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
