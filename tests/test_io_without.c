/* A build without zlib, libzip or jansson: the functions are there and name the package that they need. In a
 * build that has everything there is nothing to check. */
#include <string.h>

#include "io_helpers.h"

static void assert_needs(const char *file, const char *package)
{
    tg_bytes bytes = io_fixture(file);
    tg_diag diag = {0};
    assert_int_equal(io_parse(file, bytes.data, bytes.size, &diag), TG_ERR_UNSUPPORTED);
    io_assert_message(&diag, TG_ERR_UNSUPPORTED, file, package);
    tg_bytes_clear(&bytes);
}

static void test_zlib(void **state)
{
    (void)state;
    if (TG_WITH_ZLIB) skip();
    assert_needs("images.idx.gz", "zlib");
    tg_array *array = io_pattern(TG_F32, 1, (int64_t[]){3});
    tg_diag diag = {0};
    assert_int_equal(tg_idx_save(io_path("a.idx.gz"), array, &diag), TG_ERR_UNSUPPORTED);
    io_assert_message(&diag, TG_ERR_UNSUPPORTED, "a.idx.gz", "zlib");
    /* What is not compressed needs no zlib. */
    assert_int_equal(tg_idx_save(io_path("a.idx"), array, NULL), TG_OK);
    assert_int_equal(io_load(io_path("a.idx"), NULL), TG_OK);
    tg_array_free(array);
}

static void test_libzip(void **state)
{
    (void)state;
    if (TG_WITH_LIBZIP) skip();
    assert_needs("stored.npz", "libzip");
    tg_diag diag = {0};
    tg_bundle empty = {0};
    assert_int_equal(tg_npz_save(io_path("a.npz"), &empty, &diag), TG_ERR_UNSUPPORTED);
    io_assert_message(&diag, TG_ERR_UNSUPPORTED, "a.npz", "libzip");
}

static void test_jansson(void **state)
{
    (void)state;
    if (TG_WITH_JANSSON) skip();
    assert_needs("types.safetensors", "jansson");
    tg_diag diag = {0};
    tg_bundle empty = {0};
    assert_int_equal(tg_safetensors_save(io_path("a.safetensors"), &empty, NULL, &diag), TG_ERR_UNSUPPORTED);
    io_assert_message(&diag, TG_ERR_UNSUPPORTED, "a.safetensors", "jansson");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zlib),
        cmocka_unit_test(test_libzip),
        cmocka_unit_test(test_jansson),
    };
    return cmocka_run_group_tests_name("io without", tests, io_setup, io_teardown);
}
