/* Writing: what fails changes nothing, and what is replaced keeps its links and permissions. */
#define _XOPEN_SOURCE 700 /* setrlimit, symlink */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_helpers.h"

static void test_failed_write_keeps_the_old_file(void **state)
{
    (void)state;
    tg_array *small = io_pattern(TG_F32, 1, (int64_t[]){3}),
             *large = io_pattern(TG_F32, 1, (int64_t[]){5000});
    char path[600];
    snprintf(path, sizeof path, "%s", io_path("keep.npy"));
    assert_int_equal(tg_npy_save(path, small, NULL), TG_OK);
    int files = io_file_count();

    /* A disk that is full, as far as this process can tell. */
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 4096;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    tg_diag diag = {0};
    tg_status status = tg_npy_save(path, large, &diag);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, TG_ERR_IO);
    io_assert_message(&diag, TG_ERR_IO, path, "cannot write");
    assert_int_equal(io_file_count(), files);

    if (geteuid() != 0) { /* permissions do not stop root */
        assert_int_equal(chmod(path, 0444), 0);
        assert_int_equal(tg_npy_save(path, large, &diag), TG_ERR_IO);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(chmod(io_path("."), 0555), 0);
        assert_int_equal(tg_npy_save(path, large, &diag), TG_ERR_IO);
        assert_int_equal(chmod(io_path("."), 0755), 0);
    }
    tg_array *loaded = NULL;
    assert_int_equal(tg_npy_load(path, &loaded, NULL), TG_OK);
    io_assert_same_array(loaded, small);
    tg_array_free(loaded);
    assert_int_equal(remove(path), 0);

    assert_int_equal(tg_npy_save(io_path("absent/x.npy"), small, &diag), TG_ERR_IO);
    io_assert_message(&diag, TG_ERR_IO, "absent/x.npy", "No such file");
    assert_int_equal(tg_npy_save(io_path("."), small, &diag), TG_ERR_IO);
    io_assert_message(&diag, TG_ERR_IO, "expected a file", "a directory");
    assert_int_equal(tg_npy_save("/dev/null", small, &diag), TG_ERR_IO);
    assert_int_equal(io_file_count(), files - 1);
    tg_array_free(small);
    tg_array_free(large);
}

static void test_write_keeps_links_and_permissions(void **state)
{
    (void)state;
    tg_array *array = io_pattern(TG_F32, 1, (int64_t[]){3});
    char path[600], link[600];
    snprintf(path, sizeof path, "%s", io_path("real.npy"));
    snprintf(link, sizeof link, "%s", io_path("link.npy"));
    io_write(path, "old", 3);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("real.npy", link), 0);
    assert_int_equal(tg_npy_save(link, array, NULL), TG_OK);
    struct stat status;
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(io_load(path, NULL), TG_OK);

    /* The longest name a file can have, in the current directory. */
    char longest[256];
    memset(longest, 'n', 251);
    memcpy(longest + 251, ".npy", 5);
    char *before = getcwd(NULL, 0);
    assert_non_null(before);
    assert_int_equal(chdir(io_path(".")), 0);
    tg_status saved = tg_npy_save(longest, array, NULL), loaded = io_load(longest, NULL);
    assert_int_equal(chdir(before), 0);
    free(before);
    assert_int_equal(saved, TG_OK);
    assert_int_equal(loaded, TG_OK);
    tg_array_free(array);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    tg_diag diag = {0};
    tg_array *array = io_pattern(TG_F32, 1, (int64_t[]){3}), *loaded = NULL;
    tg_bundle bundle = {0};
    assert_int_equal(tg_npy_load(NULL, &loaded, &diag), TG_ERR_NULL);
    assert_int_equal(tg_npy_save(io_path("x.npy"), NULL, &diag), TG_ERR_NULL);
    assert_int_equal(tg_idx_load(io_path("x.idx"), NULL, &diag), TG_ERR_NULL);
    assert_int_equal(tg_idx_save(NULL, array, &diag), TG_ERR_NULL);
    assert_int_equal(tg_npz_save(io_path("x.npz"), NULL, &diag), TG_ERR_NULL);
    assert_int_equal(tg_metadata_set(NULL, "k", "v", &diag), TG_ERR_NULL);
    tg_array broken = {.type = {.dtype = TG_F32, .rank = 1, .shape = {4}}, .data = NULL};
    assert_int_equal(tg_npy_save(io_path("x.npy"), &broken, &diag), TG_ERR_NULL);
    assert_int_equal(tg_bundle_add(&bundle, "a", array, NULL), TG_OK);
    assert_int_equal(tg_npz_load(io_path("x.npz"), &bundle, &diag), TG_ERR_ARGUMENT);
    assert_int_equal(tg_safetensors_load(io_path("x.safetensors"), &bundle, NULL, &diag), TG_ERR_ARGUMENT);

    /* Names that a file could not give back. */
    tg_named_array pair[2] = {{"a", array}, {"a", array}};
    tg_bundle twice = {.count = 2, .items = pair};
    assert_int_equal(tg_npz_save(io_path("x.npz"), &twice, &diag), TG_ERR_NAME);
    assert_int_equal(tg_safetensors_save(io_path("x.safetensors"), &twice, NULL, &diag), TG_ERR_NAME);
    char not_utf8[] = "\xc0\x80", metadata_name[] = "__metadata__";
    tg_named_array odd = {not_utf8, array};
    tg_bundle one = {.count = 1, .items = &odd};
    assert_int_equal(tg_npz_save(io_path("x.npz"), &one, &diag), TG_ERR_NAME);
    assert_int_equal(tg_safetensors_save(io_path("x.safetensors"), &one, NULL, &diag), TG_ERR_NAME);
    odd.name = metadata_name;
    assert_int_equal(tg_safetensors_save(io_path("x.safetensors"), &one, NULL, &diag), TG_ERR_NAME);
    tg_bundle_clear(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_write_keeps_links_and_permissions),
        cmocka_unit_test(test_wrong_arguments),
    };
    return cmocka_run_group_tests_name("io write", tests, io_setup, io_teardown);
}
