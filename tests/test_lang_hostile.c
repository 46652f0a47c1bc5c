/* The model language: texts that are made to do harm. Each is answered, in time and memory that its length bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang_helpers.h"

/* A text that grows, with room from the start. */
typedef struct builder {
    char *text;
    size_t size, room;
} builder;

static builder new_text(size_t room)
{
    builder b = {malloc(room), 0, room};
    assert_non_null(b.text);
    b.text[0] = '\0';
    return b;
}

static void add(builder *b, const char *text)
{
    size_t n = strlen(text);
    assert_true(b->size + n < b->room);
    memcpy(b->text + b->size, text, n + 1);
    b->size += n;
}

static void repeat(builder *b, const char *text, int times)
{
    for (int i = 0; i < times; i++) add(b, text);
}

/* Builds the text and frees it; its problems must contain the words, or be none for NULL. */
static void expect(builder *b, const char *words)
{
    program p = program_of_bytes(b->text, b->size);
    if (words == NULL)
        assert_string_equal(p.problems, "");
    else if (strstr(p.problems, words) == NULL)
        fail_msg("expected '%s' in:\n%.1000s", words, p.problems);
    program_free(&p);
    free(b->text);
}

static void deep_nesting(void **state)
{
    (void)state;
    static const struct {
        const char *open, *middle, *close;
    } shapes[] = {
        {"(", "1", ")"}, {"sin(", "1", ")"}, {"-(", "1", ")"}, {"2^", "1", ""}, {"1 + (", "1", ")"}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int depth = 150; depth <= 100000; depth += 99850) {
            builder b = new_text(1000000);
            add(&b, "y = ");
            repeat(&b, shapes[i].open, depth);
            add(&b, shapes[i].middle);
            repeat(&b, shapes[i].close, depth);
            expect(&b, depth == 150 ? NULL : "nested more than 200 deep");
        }
    builder lists = new_text(1000000), open = new_text(1000000);
    add(&lists, "y = ");
    repeat(&lists, "[", 100000);
    repeat(&lists, "]", 100000);
    expect(&lists, "nested more than 200 deep");
    add(&open, "y = ");
    repeat(&open, "x[", 100000);
    expect(&open, "'[' is never closed");
}

static void functions_that_double(void **state)
{
    (void)state;
    builder b = new_text(10000);
    add(&b, "def f0(a) = sin(a) + cos(a)\n");
    for (int i = 1; i < 60; i++) {
        char line[100];
        snprintf(line, sizeof line, "def f%d(a) = f%d(sin(a)) + f%d(cos(a))\n", i, i - 1, i - 1);
        add(&b, line);
    }
    add(&b, "y = f59([1])\nz = f59([2])");
    expect(&b, "expand to more than");
}

/* Lists that share their items: 4^60 numbers in a few characters. */
static void lists_that_double(void **state)
{
    (void)state;
    builder b = new_text(10000);
    add(&b, "def d(l) = [l, l, l, l]\ny = ");
    repeat(&b, "d(", 60);
    add(&b, "[1]");
    repeat(&b, ")", 60);
    add(&b, " + 1");
    expect(&b, "at most 8 axes");
    builder c = new_text(10000);
    add(&c, "def d(l) = [l, l, l, l, l, l, l, l, l, l, l, l, l, l, l, l]\ny = d(d(d(d(d(d(d([1]))))))) + 1");
    expect(&c, "the lists are not of one length");
}

/* A long list as an argument costs its length at every call. */
static void long_lists_called_often(void **state)
{
    (void)state;
    builder b = new_text(1000000);
    add(&b, "const v = [1]\ndef c(l) = concat(l, axis=0)[0]\ndef e(l) = c(l) + c(l) + c(l) + c(l)\n"
            "def g(l) = e(l) + e(l) + e(l) + e(l) + e(l) + e(l) + e(l) + e(l)\n"
            "def h(l) = g(l) + g(l) + g(l) + g(l) + g(l) + g(l) + g(l) + g(l)\n"
            "def k(l) = h(l) + h(l) + h(l) + h(l) + h(l) + h(l) + h(l) + h(l)\ny = k([v");
    repeat(&b, ", v", 50000);
    add(&b, "])");
    expect(&b, "expand to more than");
}

/* Brackets around brackets around a long list: each level must not take memory for all of it. */
static void nested_long_list(void **state)
{
    (void)state;
    builder b = new_text(1000000);
    add(&b, "y = ");
    repeat(&b, "[", 190);
    add(&b, "1");
    repeat(&b, ", 1", 200000);
    repeat(&b, "]", 190);
    expect(&b, "at most 8 axes");
}

static void derivatives_that_grow(void **state)
{
    (void)state;
    builder b = new_text(100000);
    add(&b, "param x : f64[1]\ny0 = sum(sin(x) * exp(x))\n");
    for (int i = 1; i < 40; i++) {
        char line[100];
        snprintf(line, sizeof line, "y%d = sum(jacobian(sin(y%d * x + full([2000], 0.1)), x))\n", i, i - 1);
        add(&b, line);
    }
    program p = program_of_bytes(b.text, b.size);
    program_free(&p);
    free(b.text);
    builder rows = new_text(1000);
    add(&rows, "input x : f64[3000000]\ny = hessian(sum(sin(x)), x)");
    expect(&rows, "rows of a graph");
}

static void huge_numbers(void **state)
{
    (void)state;
    builder digits = new_text(2000000), axis = new_text(1000), sizes = new_text(1000), place = new_text(1000);
    add(&digits, "y = 0.");
    repeat(&digits, "1234567890", 100000);
    expect(&digits, NULL);
    add(&axis, "input x : f64[99999999999999999999]");
    expect(&axis, "expected a size");
    add(&sizes, "input x : f64[4294967296, 4294967296, 4294967296]\ny = sum(x)");
    expect(&sizes, "input 'x'");
    add(&place, "y = [1, 2][99999999999999999999:] + [1][1e300:1e300]");
    expect(&place, "a position in a slice must be a whole number");
}

static void bytes_of_all_kinds(void **state)
{
    (void)state;
    static const char nul[] = "y = [1]\0\nz = y", broken[] = "y = \xC3(\n\xF0\x9F = \x80\x80 1\n\xFF\xFE";
    program p = program_of_bytes(nul, sizeof nul - 1);
    assert_non_null(strstr(p.problems, "1:8: error: a character with code 0 does not belong in a program"));
    program_free(&p);
    p = program_of_bytes(broken, sizeof broken - 1);
    assert_int_equal(p.status, TG_ERR_SYNTAX);
    program_free(&p);
    char all[256 * 3];
    for (int i = 0; i < 256 * 3; i++) all[i] = (char)(i * 7 % 256);
    for (size_t size = 0; size <= sizeof all; size++) {
        p = program_of_bytes(all, size);
        program_free(&p);
    }
    static const char tail[] =
        "param w : f64[N] = uniform(-1, 2)\ndef f(a, b) = a[1:, -b] ^ 2\ny = f([[1]], 1)";
    for (size_t size = 0; size < sizeof tail; size++) {
        p = program_of_bytes(tail, size);
        program_free(&p);
    }
}

static void many_lines(void **state)
{
    (void)state;
    builder b = new_text(20000000), wrong = new_text(20000000), ahead = new_text(20000000);
    add(&b, "x0 = [1]\r\n");
    for (int i = 1; i < 100000; i++) {
        char line[100];
        snprintf(line, sizeof line, "x%d = x%d * 1.0001 + %d\r\n", i, i - 1, i);
        add(&b, line);
        snprintf(line, sizeof line, "y%d = nope%d +* 1\n", i, i);
        add(&wrong, line);
        snprintf(line, sizeof line, "z%d = z%d\n", i, i + 1);
        add(&ahead, line);
    }
    expect(&b, NULL);
    expect(&wrong, "more errors");
    expect(&ahead, "more errors");
}

static void many_declarations(void **state)
{
    (void)state;
    builder b = new_text(20000000);
    for (int i = 0; i < 50000; i++) {
        char line[100];
        snprintf(line, sizeof line, "input x%d : f64[%d]\nconst c%d : f64[] = 1\n", i, i % 10, i);
        add(&b, line);
    }
    program p = program_of_bytes(b.text, b.size);
    assert_string_equal(p.problems, "");
    assert_int_equal(tg_model_declaration_count(p.model), 50000);
    for (int i = 0; i < 50000; i++) {
        char name[20];
        tg_declaration d = tg_model_declaration_at(p.model, i);
        snprintf(name, sizeof name, "x%d", i);
        assert_string_equal(d.name, name);
        assert_int_equal(d.shape[0], i % 10);
    }
    program_free(&p);
    free(b.text);
}

/* Lone carriage returns are no line ends; showing a problem behind one must not read beyond the text. */
static void carriage_returns(void **state)
{
    (void)state;
    builder b = new_text(1000);
    add(&b, "y = \r");
    repeat(&b, "\xBC", 200);
    expect(&b, "no UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_nesting),      cmocka_unit_test(functions_that_double),
        cmocka_unit_test(lists_that_double), cmocka_unit_test(long_lists_called_often),
        cmocka_unit_test(nested_long_list),  cmocka_unit_test(derivatives_that_grow),
        cmocka_unit_test(huge_numbers),      cmocka_unit_test(bytes_of_all_kinds),
        cmocka_unit_test(many_lines),        cmocka_unit_test(many_declarations),
        cmocka_unit_test(carriage_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
