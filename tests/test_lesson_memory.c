/* The formats of a lesson with every allocation failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/explain.h>

#include "failing_alloc.h"
#include "lesson_example.h"

typedef struct format {
    const tg_lesson *lesson;
    char *(*write)(const tg_lesson *lesson);
    const char *expected;
} format;

static char *write_text(const tg_lesson *lesson)
{
    return tg_lesson_text(lesson, 0);
}

static char *write_latex(const tg_lesson *lesson)
{
    return tg_lesson_latex(lesson, 0);
}

/* What is written is all of it, or nothing. */
static int attempt(void *context)
{
    const format *f = context;
    char *text = f->write(f->lesson);
    if (text == NULL) return 0;
    if (f->expected != NULL) assert_string_equal(text, f->expected);
    tg_text_free(text);
    return 1;
}

static void fail_everywhere(const tg_lesson *lesson, char *(*write)(const tg_lesson *lesson))
{
    char *expected = write(lesson);
    assert_non_null(expected);
    format f = {lesson, write, expected};
    assert_true(failing_alloc_every(attempt, &f) > 5);
    tg_text_free(expected);
}

static void test_formats(void **state)
{
    (void)state;
    int64_t before = failing_alloc_live();
    tg_lesson lesson;
    lesson_network(&lesson, 1, 1);
    fail_everywhere(&lesson, write_text);
    fail_everywhere(&lesson, write_latex);
    fail_everywhere(&lesson, tg_lesson_html);
    tg_lesson_clear(&lesson);
    lesson_of_string(&lesson, "a $x$ b", "\\unreadable");
    fail_everywhere(&lesson, write_text);
    fail_everywhere(&lesson, write_latex);
    fail_everywhere(&lesson, tg_lesson_html);
    tg_lesson_clear(&lesson);
    assert_int_equal(failing_alloc_live(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
