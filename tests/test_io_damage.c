/* Damaged, truncated and wrong files: each gives a clean error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io_helpers.h"

static const char *const valid_files[] = {
    "special_f4.npy",
    "fortran.npy",
    "version2.npy",
    "bool.npy",
    "u8.npy",
    "stored.npz",
    "compressed.npz",
    "types.safetensors",
    "small.safetensors",
    "images.idx",
    "floats.idx",
    "images.idx.gz",
    "images_two_members.idx.gz",
};
#define N_VALID (sizeof valid_files / sizeof valid_files[0])

/* Parses a copy of exactly these bytes, so that reading past them is seen by checking tools. */
static tg_status parse_copy(const char *name, const unsigned char *bytes, size_t size, tg_diag *diag)
{
    unsigned char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0) memcpy(copy, bytes, size);
    tg_status status = io_parse(name, copy, size, diag);
    free(copy);
    return status;
}

static void assert_failed(tg_status status, const tg_diag *diag, const char *name, size_t size)
{
    if (status == TG_OK) fail_msg("%s with %zu bytes was accepted", name, size);
    assert_int_equal(diag->status, status);
    if (strstr(diag->message, name) == NULL) fail_msg("'%s' does not name %s", diag->message, name);
}

static void test_every_truncation_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_VALID; i++) {
        tg_bytes bytes = io_fixture(valid_files[i]);
        assert_int_equal(io_parse(valid_files[i], bytes.data, bytes.size, NULL), TG_OK);
        for (size_t size = 0; size < bytes.size; size++) {
            tg_diag diag = {0};
            tg_status status = parse_copy(valid_files[i], bytes.data, size, &diag);
            assert_failed(status, &diag, valid_files[i], size);
            assert_int_equal(status, TG_ERR_FORMAT);
        }
        tg_bytes_clear(&bytes);
    }
}

static void test_trailing_bytes_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_VALID; i++) {
        tg_bytes bytes = io_fixture(valid_files[i]);
        if (strstr(valid_files[i], ".npz") == NULL) { /* zip allows bytes around the archive */
            tg_diag diag = {0};
            assert_true(tg_bytes_append(&bytes, "", 1));
            assert_failed(io_parse(valid_files[i], bytes.data, bytes.size, &diag), &diag, valid_files[i],
                          bytes.size);
        }
        tg_bytes_clear(&bytes);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_random_flips_never_crash(void **state)
{
    (void)state;
    uint64_t random = 20240229;
    for (size_t i = 0; i < N_VALID; i++) {
        tg_bytes bytes = io_fixture(valid_files[i]);
        unsigned char *damaged = malloc(bytes.size);
        assert_non_null(damaged);
        for (int round = 0; round < 1000; round++) {
            memcpy(damaged, bytes.data, bytes.size);
            for (int flips = 1 + round % 4; flips > 0; flips--)
                damaged[next_random(&random) % bytes.size] ^= (unsigned char)(1 + next_random(&random) % 255);
            tg_diag diag = {0};
            tg_status status = io_parse(valid_files[i], damaged, bytes.size, &diag);
            if (status != TG_OK) assert_int_equal(diag.status, status);
        }
        free(damaged);
        tg_bytes_clear(&bytes);
    }
}

static void test_wrong_files(void **state)
{
    (void)state;
    static const char *const kinds[] = {"x.npy", "x.npz", "x.safetensors", "x.idx", "x.idx.gz", "x.csv"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *path = io_path(kinds[i]);
        tg_diag diag = {0};
        assert_failed(io_load(path, &diag), &diag, path, 0);
        io_assert_message(&diag, TG_ERR_IO, path, "No such file");

        io_write(path, "", 0);
        assert_failed(io_load(path, &diag), &diag, path, 0);
        assert_int_equal(diag.status, TG_ERR_FORMAT);

        /* Files of the other kinds. */
        for (size_t j = 0; j < N_VALID && strcmp(kinds[i], "x.csv") != 0; j++) {
            if (strstr(valid_files[j], strchr(kinds[i], '.')) != NULL) continue;
            if (strstr(valid_files[j], ".idx") != NULL && strstr(kinds[i], ".idx") != NULL) continue;
            tg_bytes bytes = io_fixture(valid_files[j]);
            io_write(path, bytes.data, bytes.size);
            tg_bytes_clear(&bytes);
            assert_failed(io_load(path, &diag), &diag, path, 0);
        }
        assert_int_equal(remove(path), 0);
        assert_int_equal(mkdir(path, 0777), 0);
        assert_failed(io_load(path, &diag), &diag, path, 0);
        io_assert_message(&diag, TG_ERR_IO, path, "a directory");
        assert_int_equal(remove(path), 0);
    }
}

static void test_unsupported_and_impossible(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        tg_status status;
        const char *message;
    } files[] = {
        {"complex.npy", TG_ERR_UNSUPPORTED, "<c8"},
        {"records.npy", TG_ERR_UNSUPPORTED, "records"},
        {"u8_too_large.npy", TG_ERR_FORMAT, "element 1 is 9223372036854775808"},
        {"text_entry.npz", TG_ERR_FORMAT, "notes.txt"},
        {"claim.npz", TG_ERR_FORMAT, "claim.npy"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        tg_bytes bytes = io_fixture(files[i].name);
        tg_diag diag = {0};
        assert_int_equal(io_parse(files[i].name, bytes.data, bytes.size, &diag), files[i].status);
        io_assert_message(&diag, files[i].status, files[i].name, files[i].message);
        tg_bytes_clear(&bytes);
    }
}

/* The size that the array's header gives is compared before the rest is decompressed, so that this is the error that is
 * found, and not that the entry's CRC is wrong. */
static void test_npz_size_is_checked_first(void **state)
{
    (void)state;
    tg_bundle bundle = {0};
    tg_bytes file = {0};
    assert_int_equal(tg_bundle_add(&bundle, "a", io_pattern(TG_F32, 1, (int64_t[]){50000}), NULL), TG_OK);
    assert_int_equal(tg_npz_serialise(&bundle, "s.npz", &file, NULL), TG_OK);
    unsigned char *at = file.data;
    while (memcmp(at, "(50000,)", 8) != 0) at++;
    at[1] = '4';
    tg_diag diag = {0};
    assert_int_equal(io_parse("s.npz", file.data, file.size, &diag), TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "s.npz: a.npy",
                      "expected 160000 bytes of data for the shape, found 200000");
    at[1] = '5';
    at[1000] ^= 1;
    assert_int_equal(io_parse("s.npz", file.data, file.size, &diag), TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "s.npz: a.npy", "CRC");
    tg_bytes_clear(&file);
    tg_bundle_clear(&bundle);
}

/* A file of magic, version 1.0, the header's length and the header, without data. */
static tg_status parse_npy_header(const char *header, tg_diag *diag)
{
    tg_bytes bytes = {0};
    unsigned char length[2];
    tg_store_bytes(length, strlen(header), 2, false);
    assert_true(tg_bytes_append(&bytes, "\x93NUMPY\1\0", 8) && tg_bytes_append(&bytes, length, 2) &&
                tg_bytes_append_text(&bytes, header));
    tg_status status = parse_copy("h.npy", bytes.data, bytes.size, diag);
    tg_bytes_clear(&bytes);
    return status;
}

static void test_npy_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        tg_status status;
    } headers[] = {
        {"{'descr':'<f4','fortran_order':False,'shape':(0,)}", TG_OK},
        {"{\"shape\" : ( 3L , 0 ) , \"descr\":\"|u1\", 'fortran_order': True,}\n  ", TG_OK},
        {"{'descr':'<f4','fortran_order':False,'shape':(0)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(0,,)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(-1,)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(0,99999999999999999999)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(1152921504606846976,16)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(1,1,1,1,1,1,1,1,1)}", TG_ERR_UNSUPPORTED},
        {"{'descr':'<f4','fortran_order':False}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(0,),'shape':(0,)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(0,),'more':1}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':Maybe,'shape':(0,)}", TG_ERR_FORMAT},
        {"{'descr':'<f4','fortran_order':False,'shape':(0,)} x", TG_ERR_FORMAT},
        {"{'descr':'|f4','fortran_order':False,'shape':(0,)}", TG_ERR_UNSUPPORTED},
        {"{'descr':'<f2','fortran_order':False,'shape':(0,)}", TG_ERR_UNSUPPORTED},
        {"{'descr':'<f4", TG_ERR_FORMAT},
        {"[]", TG_ERR_FORMAT},
        {"", TG_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        tg_diag diag = {0};
        tg_status status = parse_npy_header(headers[i].header, &diag);
        if (status != headers[i].status) fail_msg("%s: %s", headers[i].header, diag.message);
    }
    tg_diag diag = {0};
    const unsigned char enormous[] = "\x93NUMPY\2\0\xff\xff\xff\xff{";
    assert_int_equal(io_parse("e.npy", enormous, sizeof enormous - 1, &diag), TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "4294967295", "at most");
    assert_int_equal(io_parse("v.npy", "\x93NUMPY\4\0\0\0\0\0", 12, &diag), TG_ERR_UNSUPPORTED);
}

static tg_status parse_safetensors(const char *header, const char *data, size_t data_size, tg_diag *diag)
{
    tg_bytes bytes = {0};
    unsigned char length[8];
    tg_store_bytes(length, strlen(header), 8, false);
    assert_true(tg_bytes_append(&bytes, length, 8) && tg_bytes_append_text(&bytes, header) &&
                tg_bytes_append(&bytes, data, data_size));
    tg_status status = parse_copy("h.safetensors", bytes.data, bytes.size, diag);
    tg_bytes_clear(&bytes);
    return status;
}

#define U8(name, shape, begin, end)                                                                          \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static void test_safetensors_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        tg_status status;
        const char *message;
    } headers[] = {
        {"{" U8("a", "4", "4", "8") "," U8("b", "2,2", "0", "4") "}  ", TG_OK, ""},
        {"{" U8("a", "4", "0", "4") "," U8("b", "4", "3", "7") "}", TG_ERR_FORMAT, "'b' begins at byte 3"},
        {"{" U8("a", "3", "0", "3") "," U8("b", "4", "4", "8") "}", TG_ERR_FORMAT, "'b' begins at byte 4"},
        {"{" U8("a", "4", "0", "4") "}", TG_ERR_FORMAT, "take 4 bytes of data, found 8"},
        {"{" U8("a", "4", "0", "4") "," U8("a", "4", "4", "8") "}", TG_ERR_FORMAT, "duplicate"},
        {"{" U8("a", "9", "0", "9") "}", TG_ERR_FORMAT, "0 to 9"},
        {"{" U8("a", "9", "0", "8") "}", TG_ERR_FORMAT, "expected 9 bytes"},
        {"{" U8("a", "8", "8", "0") "}", TG_ERR_FORMAT, "8 to 0"},
        {"{" U8("a", "-8", "0", "8") "}", TG_ERR_FORMAT, "size 0"},
        {"{" U8("a", "8.0", "0", "8") "}", TG_ERR_FORMAT, "size 0"},
        {"{" U8("a", "4611686018427387904,4611686018427387904", "0", "8") "}", TG_ERR_FORMAT,
         "impossible shape"},
        {"{" U8("a", "99999999999999999999", "0", "8") "}", TG_ERR_FORMAT, "too big"},
        {"{" U8("a", "8,1,1,1,1,1,1,1,1", "0", "8") "}", TG_ERR_UNSUPPORTED, "9 axes"},
        {"{" U8("", "8", "0", "8") "}", TG_ERR_FORMAT, "needs a name"},
        {"{" U8("a\\u0000", "8", "0", "8") "}", TG_ERR_FORMAT, "h.safetensors"},
        {"{" U8("\xff", "8", "0", "8") "}", TG_ERR_FORMAT, "byte 0xff"},
        {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", TG_ERR_UNSUPPORTED,
         "F8_E4M3"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[8]}}", TG_ERR_FORMAT, "data_offsets"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"x\":1}}", TG_ERR_FORMAT, "'a'"},
        {"{\"a\":7}", TG_ERR_FORMAT, "'a'"},
        {"{\"__metadata__\":{\"k\":1}}", TG_ERR_FORMAT, "'k' is not text"},
        {"{\"__metadata__\":[]}", TG_ERR_FORMAT, "not an object"},
        {"{", TG_ERR_FORMAT, "line 1"},
        {"[]", TG_ERR_FORMAT, "no JSON object"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        tg_diag diag = {0};
        tg_status status = parse_safetensors(headers[i].header, "01234567", 8, &diag);
        if (status != headers[i].status) fail_msg("%s: %d, %s", headers[i].header, status, diag.message);
        if (status != TG_OK) io_assert_message(&diag, headers[i].status, "h.safetensors", headers[i].message);
    }
    tg_diag diag = {0};
    assert_int_equal(io_parse("e.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10, &diag),
                     TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "9223372036854775807", "at most 100000000");
}

/* Three small arrays and two pairs, as a file in memory. */
static tg_bytes checksummed_file(void)
{
    tg_bundle bundle = {0};
    tg_metadata metadata = {0};
    tg_bytes file = {0}, data = {0};
    assert_int_equal(tg_bundle_add(&bundle, "weight", io_pattern(TG_F32, 2, (int64_t[]){2, 3}), NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&bundle, "mask", io_pattern(TG_BOOL, 1, (int64_t[]){5}), NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&bundle, "step", io_pattern(TG_I64, 0, NULL), NULL), TG_OK);
    assert_int_equal(tg_metadata_set(&metadata, "author", "nobody", NULL), TG_OK);
    assert_int_equal(tg_safetensors_serialise(&bundle, &metadata, "c.safetensors", &file, &data, NULL),
                     TG_OK);
    assert_true(tg_bytes_append(&file, data.data, data.size));
    tg_bytes_clear(&data);
    tg_metadata_clear(&metadata);
    tg_bundle_clear(&bundle);
    return file;
}

static void test_checksum_sees_every_change(void **state)
{
    (void)state;
    tg_bytes file = checksummed_file();
    assert_int_equal(io_parse("c.safetensors", file.data, file.size, NULL), TG_OK);
    size_t data_start = 8 + (size_t)tg_load_bytes(file.data, 8, false);
    for (size_t i = data_start; i < file.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            file.data[i] ^= (unsigned char)(1 << bit);
            tg_diag diag = {0};
            assert_int_equal(io_parse("c.safetensors", file.data, file.size, &diag), TG_ERR_CHECKSUM);
            io_assert_message(&diag, TG_ERR_CHECKSUM, "c.safetensors", "checksum");
            file.data[i] ^= (unsigned char)(1 << bit);
        }
    }
    /* In the header: a tensor's name, a key, a value, a shape, an element type of the same size. */
    static const struct {
        const char *from, *to;
    } changes[] = {{"weight", "weighs"}, {"author", "editor"},   {"nobody", "anyone"},
                   {"[2,3]", "[3,2]"},   {"\"I64\"", "\"F64\""}, {"xxh3\":\"", "xxh4\":\""}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t length = strlen(changes[i].from);
        unsigned char *at = file.data + 8;
        while (memcmp(at, changes[i].from, length) != 0) at++;
        assert_true(at + length < file.data + data_start);
        memcpy(at, changes[i].to, length);
        /* Without the pair there is nothing to compare with. */
        tg_status expected = strstr(changes[i].to, "xxh4") != NULL ? TG_OK : TG_ERR_CHECKSUM;
        assert_int_equal(io_parse("c.safetensors", file.data, file.size, NULL), expected);
        memcpy(at, changes[i].from, length);
    }
    tg_bytes_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_truncation_fails),
        cmocka_unit_test(test_trailing_bytes_fail),
        cmocka_unit_test(test_random_flips_never_crash),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_unsupported_and_impossible),
        cmocka_unit_test(test_npz_size_is_checked_first),
        cmocka_unit_test(test_npy_headers),
        cmocka_unit_test(test_safetensors_headers),
        cmocka_unit_test(test_checksum_sees_every_change),
    };
    return cmocka_run_group_tests_name("io damage", tests, io_setup, io_teardown);
}
