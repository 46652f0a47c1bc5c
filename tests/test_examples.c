/* Runs every example and compares what it prints with the numbers that README.md shows.
 *
 * The README has a table of the examples: | `name` | what it is | `words it prints`, `more of them` |. Arguments: the
 * README, the folder of the programs, and the names of the examples that there are. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare_text.h"

#define OUTPUT 16384

static char **arguments;
static int n_arguments;

/* Runs an example with arguments as the shell takes them; the exit status. */
static int run(const char *name, const char *args, char output[OUTPUT])
{
    char command[1024];
    snprintf(command, sizeof command, "'%s/%s' %s 2>&1", arguments[2], name, args);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, OUTPUT - 1, pipe)] = '\0';
    return pclose(pipe);
}

/* The row of the README's table, from its beginning, in a buffer of `size`. */
static void find_row(const char *name, char *row, size_t size)
{
    char begin[100];
    int length = snprintf(begin, sizeof begin, "| `%s` |", name);
    FILE *readme = fopen(arguments[1], "r");
    assert_non_null(readme);
    int found = 0;
    while (!found && fgets(row, (int)size, readme) != NULL) found = strncmp(row, begin, (size_t)length) == 0;
    fclose(readme);
    if (!found) fail_msg("README.md has no row for the example %s", name);
}

/* Everything in backquotes in the last cell of the row must have been printed. */
static void compare(const char *name, double tolerance)
{
    char output[OUTPUT], row[2048], *p, *end;
    find_row(name, row, sizeof row);
    if (run(name, "", output) != 0) fail_msg("%s failed:\n%s", name, output);
    int shown = 0;
    for (p = strstr(strstr(row + 2, "| ") + 2, "| "); (p = strchr(p, '`')) != NULL; p = end + 1, shown++) {
        end = strchr(p + 1, '`');
        assert_non_null(end);
        *end = '\0';
        if (!has_words(output, p + 1, tolerance))
            fail_msg("%s did not print '%s' but\n%s", name, p + 1, output);
    }
    assert_true(shown > 0);
}

/* Training in f32 depends on the machine's instructions a little, the others do not to the digits that are shown. */
static void examples_print_what_the_readme_shows(void **state)
{
    (void)state;
    compare("derivative", 0);
    compare("linear_regression", 0);
    compare("xor", 0);
    compare("regression_net", 0);
    compare("digits", 0.05);
    compare("conventions", 0);
    compare("custom_op", 0);
    compare("architecture", 0.05);
}

static void every_example_is_in_the_readme(void **state)
{
    (void)state;
    char row[2048];
    for (int i = 3; i < n_arguments; i++) find_row(arguments[i], row, sizeof row);
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    char output[OUTPUT];
    assert_int_not_equal(run("mnist", "", output), 0);
    assert_non_null(strstr(output, "usage: mnist folder"));
    assert_int_not_equal(run("mnist", "nowhere relu", output), 0);
    assert_non_null(strstr(output, "nowhere/train-images-idx3-ubyte.gz"));
    assert_int_not_equal(run("digits", "nowhere", output), 0);
    assert_non_null(strstr(output, "nowhere/digits-images-idx3-ubyte.gz"));
    assert_int_not_equal(run("linear_regression", "nowhere.csv", output), 0);
    assert_non_null(strstr(output, "nowhere.csv"));
}

/* MNIST is not bundled; the small digits under its names show that the program works. */
static void mnist_trains(void **state)
{
    (void)state;
    char output[OUTPUT], folder[] = "/tmp/tapegrad-XXXXXX", command[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command,
             "for f in train t10k; do for k in images-idx3 labels-idx1; do "
             "cp examples/data/digits/digits-$k-ubyte.gz %s/$f-$k-ubyte.gz; done; done",
             folder);
    assert_int_equal(system(command), 0);
    int status = run("mnist", folder, output);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(status, 0);
    char *accuracy = strstr(output, "\ntest accuracy ");
    assert_non_null(accuracy);
    assert_true(atof(accuracy + strlen("\ntest accuracy ")) > 50);
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    arguments = argv;
    n_arguments = argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_print_what_the_readme_shows),
        cmocka_unit_test(every_example_is_in_the_readme),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(mnist_trains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
