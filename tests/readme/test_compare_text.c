/* The comparison that the tests of the README and of the examples rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare_text.h"

static void words_and_spaces(void **state)
{
    (void)state;
    assert_true(same_line("a  b", " a b \n c", 0));
    assert_true(same_line("", "\n", 0));
    assert_false(same_line("a b", "a c", 0));
    assert_false(same_line("a b", "a", 0));
    assert_false(same_line("a", "a b", 0));
}

static void numbers(void **state)
{
    (void)state;
    assert_true(same_line("x 0.25 y", "x 0.26 y", 0));
    assert_false(same_line("x 0.25", "x 0.27", 0));
    assert_true(same_line("x 0.25", "x 0.26", 0.05));
    assert_false(same_line("x 0.25", "x 0.28", 0.05));
    assert_false(same_line("x 0.25", "x -0.25", 0.05));
    assert_false(same_line("x 25", "x 26", 0.05));
    assert_false(same_line("0.25%", "0.25s", 0.05));
    assert_true(same_line("1.2e-16", "-4.0e-15", 0.05));
    assert_false(same_line("1.2e-16", "4.0e-15", 0));
    assert_false(same_line("1.2e-16", "1.2e-5", 0.05));
    assert_false(same_line("1.5", "nan", 0.05));
    assert_false(same_line("1.5", "inf", 0.05));
    assert_true(same_line("[[0.25, 1.5]]", "[[0.26, 1.5]]", 0));
    assert_false(same_line("[[0.25,", "[0.25,", 0.05));
}

static void texts(void **state)
{
    (void)state;
    int line = 0;
    assert_true(same_text("a\nb\n", "a\nb\n", 0, NULL));
    assert_false(same_text("a\nb\n", "a\nc\n", 0, &line));
    assert_int_equal(line, 2);
    assert_false(same_text("a\n", "a\nb\n", 0, NULL));
    assert_false(same_text("a\nb\n", "a\n", 0, NULL));
    assert_true(same_text("a\n...\nd\n", "a\nb\nc\nd\n", 0, NULL));
    assert_true(same_text("a\n...\nd\n", "a\nd\n", 0, NULL));
    assert_true(same_text("a\n...\n", "a\nb\nc\n", 0, NULL));
    assert_false(same_text("a\n...\nd\n", "a\nb\nc\n", 0, NULL));
    assert_false(same_text("...\nd\n", "d\ne\n", 0, NULL));
}

static void words_within(void **state)
{
    (void)state;
    assert_true(has_words("one\ntest accuracy 98.9 %\n", "accuracy 98.9 %", 0));
    assert_false(has_words("one\ntest accuracy 98.9 %\n", "accuracy 97.9 %", 0));
    assert_false(has_words("one\ntwo\n", "one two", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_spaces),
        cmocka_unit_test(numbers),
        cmocka_unit_test(texts),
        cmocka_unit_test(words_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
