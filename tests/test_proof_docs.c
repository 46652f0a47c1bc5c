/* docs/proofs.md: its table is the library's, its program is proof_example.c, and its output is what that prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/proof.h>

/* Everything that can be read from a stream, as a string. */
static char *read_all(FILE *f)
{
    size_t room = 1 << 16, n;
    char *text = malloc(room);
    assert_non_null(f);
    assert_non_null(text);
    n = fread(text, 1, room - 1, f);
    assert_true(n > 0 && n < room - 1);
    text[n] = '\0';
    return text;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = read_all(f);
    fclose(f);
    return text;
}

static void check_holds(const char *page, const char *part)
{
    if (strstr(page, part) == NULL) fail_msg("the page has not: %s", part);
}

static void test_table(void **state)
{
    int count, rows = 0;
    char *page = read_file(TG_TEST_PAGE);
    const tg_proof_rule_info *rules = tg_proof_rules(&count);
    for (int i = 0; i < count; i++) {
        char row[512];
        snprintf(row, sizeof row, "\n| %s | `%s` | %s%s |\n", rules[i].name, rules[i].statement,
                 rules[i].condition, rules[i].is_assumption ? " (assumption)" : "");
        check_holds(page, row);
    }
    for (const char *at = page; (at = strstr(at, "\n| ")) != NULL; at++) rows++;
    assert_int_equal(rows, count + 2); /* the heading and the line below it */
    free(page);
    (void)state;
}

static void test_program(void **state)
{
    char *page = read_file(TG_TEST_PAGE), *source = read_file(TG_TEST_SOURCE);
    FILE *program = popen(TG_TEST_PROGRAM, "r");
    char *output = read_all(program);
    assert_int_equal(pclose(program), 0);
    check_holds(page, source);
    check_holds(page, output);
    free(page);
    free(source);
    free(output);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
