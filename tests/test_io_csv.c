/* CSV: what the cells mean, where errors are, and tables that come back as they were. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_helpers.h"

static tg_csv *parse(const char *text)
{
    tg_csv *csv = NULL;
    tg_diag diag = {0};
    if (tg_csv_parse(text, strlen(text), "t.csv", &csv, &diag) != TG_OK) fail_msg("%s", diag.message);
    return csv;
}

static void test_numbers(void **state)
{
    (void)state;
    tg_csv *csv =
        parse("\xef\xbb\xbfx,\"the \"\"y\"\"\"\r\n1, 2.5 \r\n-3e2,.5\r\n+4.,-0\n\"7\",NaN\n0.1,-Infinity");
    assert_int_equal(csv->rows, 5);
    assert_int_equal(csv->n_columns, 2);
    assert_string_equal(csv->columns[0].name, "x");
    assert_string_equal(csv->columns[1].name, "the \"y\"");
    const double x[5] = {1, -300, 4, 7, 0.1}, y[3] = {2.5, 0.5, -0.0};
    assert_memory_equal(csv->columns[0].values, x, sizeof x);
    assert_memory_equal(csv->columns[1].values, y, sizeof y);
    assert_true(isnan(csv->columns[1].values[3]));
    assert_true(csv->columns[1].values[4] == -(double)INFINITY);
    assert_null(csv->columns[0].classes);
    assert_int_equal(csv->columns[0].n_classes, 0);
    tg_csv_free(csv);
}

static void test_classes(void **state)
{
    (void)state;
    tg_csv *csv = parse("kind,size,code\nb,1,0x10\n\"a, \"\"c\"\"\nd\",2,12\nb,3,1e\n b,4,12\n");
    const double kinds[4] = {0, 1, 0, 2}, codes[4] = {0, 1, 2, 1};
    assert_int_equal(csv->rows, 4);
    assert_int_equal(csv->columns[0].n_classes, 3);
    assert_string_equal(csv->columns[0].classes[0], "b");
    assert_string_equal(csv->columns[0].classes[1], "a, \"c\"\nd");
    assert_string_equal(csv->columns[0].classes[2], " b");
    assert_memory_equal(csv->columns[0].values, kinds, sizeof kinds);
    assert_null(csv->columns[1].classes);
    assert_int_equal(csv->columns[2].n_classes, 3);
    assert_string_equal(csv->columns[2].classes[0], "0x10");
    assert_memory_equal(csv->columns[2].values, codes, sizeof codes);
    tg_csv_free(csv);

    csv = parse("only,header");
    assert_int_equal(csv->rows, 0);
    assert_int_equal(csv->n_columns, 2);
    tg_csv_free(csv);
}

static void test_many_classes(void **state)
{
    (void)state;
    tg_bytes text = {0};
    assert_true(tg_bytes_append_text(&text, "id\n"));
    for (int i = 0; i < 5000; i++) {
        char cell[32];
        snprintf(cell, sizeof cell, "n%d\n", i * 7919 % 2500);
        assert_true(tg_bytes_append_text(&text, cell));
    }
    tg_csv *csv = NULL;
    assert_int_equal(tg_csv_parse(text.data, text.size, "t.csv", &csv, NULL), TG_OK);
    assert_int_equal(csv->columns[0].n_classes, 2500);
    for (int i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%d", i * 7919 % 2500);
        assert_string_equal(csv->columns[0].classes[(int)csv->columns[0].values[i]], name);
        assert_true(csv->columns[0].values[i] == i % 2500);
    }
    tg_csv_free(csv);
    tg_bytes_clear(&text);
}

static void test_errors_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *message;
    } cases[] = {
        {"", "t.csv", "empty file"},
        {"a,b\n1,2\n3\n", "line 3, column 1", "expected 2 cells in the line, found fewer"},
        {"a,b\n1,2\n3,4,5\n", "line 3, column 2", "expected 2 cells in the line, found more"},
        {"a,b\n1,\n", "line 2, column 2", "an empty cell"},
        {"a,b\n1,", "line 2, column 2", "an empty cell"},
        {"a,b\n,1\n", "line 2, column 1", "an empty cell"},
        {"a,b\n \t,1\n", "line 2, column 1", "an empty cell"},
        {"a,b\n\"\",1\n", "line 2, column 1", "an empty cell"},
        {"a,b\n\n1,2\n", "line 2, column 1", "an empty cell"},
        {"a,b\n\n", "line 2, column 1", "an empty cell"},
        {"a,,c\n", "line 1, column 2", "an empty cell"},
        {"a,b,a\n", "line 1, column 3", "already there (the first line names the columns)"},
        {"a,b\n\"x\ny\",1\n2,3\"\n", "line 4, column 2", "a quote inside a bare cell"},
        {"a,b\n\"x\"y,1\n", "line 2, column 1", "text after a closing quote"},
        {"a,b\n1,\"x\n\n", "line 2, column 2", "never closed"},
        {"a,b\n1\r,2\n", "line 2, column 1", "carriage return"},
        {"a,b\n1,2\r", "line 2, column 2", "carriage return"},
        {"a,b\n1,2\n3,1e999\n", "line 3, column 2", "beyond the largest double"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tg_csv *csv = NULL;
        tg_diag diag = {0};
        assert_int_equal(tg_csv_parse(cases[i].text, strlen(cases[i].text), "t.csv", &csv, &diag),
                         TG_ERR_FORMAT);
        assert_null(csv);
        io_assert_message(&diag, TG_ERR_FORMAT, cases[i].place, cases[i].message);
        assert_ptr_equal(strstr(diag.message, "t.csv"), diag.message);
    }
    tg_diag diag = {0};
    assert_int_equal(io_parse("t.csv", "a\n1\0", 4, &diag), TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "line 2, column 1", "a zero byte");
    assert_int_equal(io_parse("t.csv", "a\n\"1\0\"", 6, &diag), TG_ERR_FORMAT);
    io_assert_message(&diag, TG_ERR_FORMAT, "line 2, column 1", "a zero byte");
}

/* A table of one column of numbers and one of classes, over memory of the caller's. */
static void assert_round_trip(const tg_csv *csv)
{
    tg_diag diag = {0};
    tg_csv *loaded = NULL;
    if (tg_csv_save(io_path("t.csv"), csv, &diag) != TG_OK) fail_msg("%s", diag.message);
    if (tg_csv_load(io_path("t.csv"), &loaded, &diag) != TG_OK) fail_msg("%s", diag.message);
    assert_int_equal(loaded->rows, csv->rows);
    assert_int_equal(loaded->n_columns, csv->n_columns);
    for (int64_t i = 0; i < csv->n_columns; i++) {
        const tg_csv_column *a = &loaded->columns[i], *b = &csv->columns[i];
        assert_string_equal(a->name, b->name);
        assert_memory_equal(a->values, b->values, (size_t)csv->rows * sizeof *b->values);
        assert_int_equal(a->n_classes, b->n_classes);
        for (int64_t j = 0; j < b->n_classes; j++) assert_string_equal(a->classes[j], b->classes[j]);
    }
    tg_csv_free(loaded);
}

static void test_round_trip_is_exact(void **state)
{
    (void)state;
    enum { ROWS = 2000 };
    static double values[ROWS], numbers[ROWS];
    static const uint64_t special[] = {
        0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xffffffffffffffff,
        0x7ff0000000000000, 0xfff0000000000000, 0x8000000000000000, 1,
        0x7fefffffffffffff, 0x0010000000000000, 0x3fb999999999999a, 0x000fffffffffffff};
    uint64_t bits = 88172645463325252;
    for (size_t i = 0; i < ROWS; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        uint64_t value = i < sizeof special / sizeof special[0] ? special[i] : bits;
        memcpy(&values[i], &value, sizeof value);
        numbers[i] = (double)(i % 4);
    }
    char x[] = "\xef\xbb\xbf,\"x\"", kind[] = "kind", c0[] = "a,\"b\"", c1[] = "two\r\nlines", c2[] = "12",
         c3[] = " c";
    char *classes[4] = {c0, c1, c2, c3};
    tg_csv_column columns[2] = {{.name = x, .values = values},
                                {.name = kind, .values = numbers, .classes = classes, .n_classes = 4}};
    tg_csv csv = {.rows = ROWS, .n_columns = 2, .columns = columns};
    assert_round_trip(&csv);
    csv.rows = 0;
    csv.n_columns = 1;
    assert_round_trip(&csv);
}

static void test_numbers_are_short(void **state)
{
    (void)state;
    double values[4] = {0.1, 3, -0.0, 1e-7};
    char name[] = "x";
    tg_csv_column column = {.name = name, .values = values};
    tg_csv csv = {.rows = 4, .n_columns = 1, .columns = &column};
    tg_bytes text = {0};
    assert_int_equal(tg_csv_serialise(&csv, "t.csv", &text, NULL), TG_OK);
    const char expected[] = "x\n0.1\n3\n-0\n1e-07\n";
    assert_int_equal(text.size, sizeof expected - 1);
    assert_memory_equal(text.data, expected, text.size);
    tg_bytes_clear(&text);
}

static void test_what_would_not_read_back_is_refused(void **state)
{
    (void)state;
    double values[2] = {0, 1};
    char name[] = "k", blank[] = " ", one[] = "1", two[] = "2", text[] = "t";
    char *numbers[2] = {one, two}, *unnamed[2] = {text, blank}, *mixed[2] = {one, text};
    tg_csv_column columns[2] = {{.name = name, .values = values}, {.name = name, .values = values}};
    tg_csv csv = {.rows = 2, .n_columns = 1, .columns = columns};
    tg_diag diag = {0};
    const char *path = io_path("r.csv");
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_OK);
    columns[0].n_classes = 2;
    columns[0].classes = mixed;
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_OK);
    columns[0].classes = numbers;
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_ERR_ARGUMENT);
    columns[0].classes = unnamed;
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_ERR_NAME);
    columns[0].classes = mixed;
    for (int i = 0; i < 4; i++) {
        values[1] = (const double[]){2, -1, 0.5, (double)NAN}[i];
        assert_int_equal(tg_csv_save(path, &csv, &diag), TG_ERR_INDEX);
        io_assert_message(&diag, TG_ERR_INDEX, "'k', row 1", "2 classes");
    }
    values[1] = 1;
    csv.n_columns = 2;
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_ERR_NAME);
    csv.n_columns = 0;
    assert_int_equal(tg_csv_save(path, &csv, &diag), TG_ERR_SIZE);
    assert_int_equal(tg_csv_save(path, NULL, &diag), TG_ERR_NULL);
}

static void test_damage_never_crashes(void **state)
{
    (void)state;
    static const char text[] = "a,\"b\"\"b\",c\r\n1,\"x, y\",2\n3,\"z\nz\",-4e5\n5,w,nan\n";
    char damaged[sizeof text];
    uint64_t random = 7;
    for (size_t size = 0; size < sizeof text; size++) {
        char *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, text, size);
        tg_diag diag = {0};
        tg_status status = io_parse("t.csv", copy, size, &diag);
        assert_true(status == TG_OK || (status == TG_ERR_FORMAT && diag.message[0] != '\0'));
        free(copy);
    }
    for (int round = 0; round < 5000; round++) {
        memcpy(damaged, text, sizeof text);
        for (int flips = 0; flips <= round % 3; flips++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            damaged[(random >> 33) % (sizeof text - 1)] = ",\"\n\r1ax "[random >> 61];
        }
        tg_status status = io_parse("t.csv", damaged, sizeof text - 1, NULL);
        assert_true(status == TG_OK || status == TG_ERR_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_many_classes),
        cmocka_unit_test(test_errors_have_places),
        cmocka_unit_test(test_round_trip_is_exact),
        cmocka_unit_test(test_numbers_are_short),
        cmocka_unit_test(test_what_would_not_read_back_is_refused),
        cmocka_unit_test(test_damage_never_crashes),
    };
    return cmocka_run_group_tests_name("io csv", tests, io_setup, io_teardown);
}
