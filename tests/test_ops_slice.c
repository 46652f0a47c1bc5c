/* slice against Python's rule for x[start:stop:step], for every small combination, with its derivatives. */
#include <stdio.h>
#include <string.h>

#include "graph_helpers.h"

#define LONGEST 4
#define OMITTED 100 /* stands for a start or stop that is left out */

/* The positions of x[start:stop:step] on n elements, as Python's documentation of sequences says: a negative
 * position counts from the end; what is left out is the end that the step begins or stops at; positions beyond an
 * end are cut to it. */
static int python_slice(int n, int start, int stop, int step, int *positions)
{
    int first = step > 0 ? 0 : n - 1, beyond = step > 0 ? n : -1, least = step > 0 ? 0 : -1;
    int most = step > 0 ? n : n - 1, count = 0;
    if (start != OMITTED) {
        first = start < 0 ? start + n : start;
        first = first < least ? least : first > most ? most : first;
    }
    if (stop != OMITTED) {
        beyond = stop < 0 ? stop + n : stop;
        beyond = beyond < least ? least : beyond > most ? most : beyond;
    }
    for (int at = first; step > 0 ? at < beyond : at > beyond; at += step) positions[count++] = at;
    return count;
}

static void check_slice(tg_graph *g, tg_tensor *x, int start, int stop, int step)
{
    int n = (int)tg_count(x), positions[LONGEST + 1];
    int64_t count = python_slice(n, start, stop, step, positions);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *y = tg_slice(x, 0, start == OMITTED ? (step > 0 ? 0 : TG_END) : start,
                            stop == OMITTED ? TG_END : stop, step);
    double expected[LONGEST + 1], adjoint[LONGEST + 1] = {0}, weights[LONGEST + 1];
    for (int i = 0; i < count; i++) {
        expected[i] = positions[i] + 10;
        weights[i] = i + 1;
        adjoint[positions[i]] = weights[i];
    }
    if (tg_count(y) != count)
        fail_msg("x[%d:%d:%d] of %d elements has %lld, expected %lld", start, stop, step, n,
                 (long long)tg_count(y), (long long)count);
    assert_values(y, expected, count, 0);
    tg_tensor *ybar = tg_constant(g, TG_F64, 1, &count, weights), *xbar, *ydot;
    assert_int_equal(tg_vjp(g, &y, &ybar, 1, &x, 1, &xbar), TG_OK);
    assert_values(xbar, adjoint, n, 0);
    assert_int_equal(tg_jvp(g, &y, 1, &x, &x, 1, &ydot), TG_OK);
    assert_values(ydot, expected, count, 0);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
}

static void test_every_slice(void **state)
{
    tg_graph *g = *state;
    for (int64_t n = 0; n <= LONGEST; n++) {
        double values[LONGEST + 1];
        char name[8];
        for (int i = 0; i < n; i++) values[i] = i + 10;
        snprintf(name, sizeof name, "x%d", (int)n);
        tg_tensor *x = param_1d(g, name, n, values);
        for (int start = -6; start <= 7; start++)
            for (int stop = -6; stop <= 7; stop++)
                for (int step = -5; step <= 5; step++)
                    if (step != 0)
                        check_slice(g, x, start == 7 ? OMITTED : start, stop == 7 ? OMITTED : stop, step);
    }
}

static void test_extreme_positions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3});
    assert_ptr_equal(tg_slice(x, 0, INT64_MIN, TG_END, 1), x);
    assert_values(tg_slice(x, 0, 0, TG_END, INT64_MAX), ((const double[]){1}), 1, 0);
    assert_values(tg_slice(x, 0, TG_END, INT64_MIN, -INT64_MAX), ((const double[]){3}), 1, 0);
    assert_values(tg_slice(x, 0, INT64_MAX - 1, INT64_MIN + 1, -1), ((const double[]){3, 2, 1}), 3, 0);
    assert_int_equal(tg_count(tg_slice(x, 0, INT64_MAX - 1, TG_END, 1)), 0);
    assert_null(tg_slice(x, 0, 0, 3, 0));
    assert_error(g, TG_ERR_ARGUMENT, "slice", "step");
    assert_null(tg_slice(x, 0, 0, 3, INT64_MIN));
    assert_error(g, TG_ERR_ARGUMENT, "slice", "step");
}

static void test_slices_of_slices(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 3, 4, (const double[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    tg_tensor *y = tg_slice(tg_slice(x, 1, TG_END, TG_END, -2), 0, -2, TG_END, 1);
    assert_values(y, ((const double[]){7, 5, 11, 9}), 4, 0);
    assert_values(tg_slice(tg_transpose(x, NULL), 0, 2, 0, -1), ((const double[]){2, 6, 10, 1, 5, 9}), 6, 0);
    assert_values(tg_index(x, 1, -1), ((const double[]){3, 7, 11}), 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_every_slice),
        graph_test(test_extreme_positions),
        graph_test(test_slices_of_slices),
    };
    return cmocka_run_group_tests_name("ops: slice", tests, NULL, NULL);
}
