/* softmax and log_softmax of long rows, which are taken in pieces: values beside sums of exponentials in long double, rows
 * with infinite and far apart numbers, lengths that have no pieces, derivatives, and the same bits however they run. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#define INF ((double)INFINITY)

/* Lengths in pieces, from 8192 columns down to 1024, and without: short, and having no such divisor. */
enum { LONG = 3 * 4096, LONGEST = 5 * 4096 };

static double scatter(int64_t i, double range)
{
    return range * ((double)((i * 7919 + 13) % 10007) / 10007 - 0.5);
}

static tg_tensor *leaf(tg_graph *g, tg_dtype dtype, int64_t rows, int64_t columns, const double *values)
{
    const int64_t shape[2] = {rows, columns}, n = rows * columns;
    float *floats = malloc((size_t)n * sizeof *floats);
    assert_non_null(floats);
    for (int64_t i = 0; i < n; i++) floats[i] = (float)values[i];
    int rank = rows == 1 ? 1 : 2;
    tg_tensor *x = tg_param(g, "x", dtype, rank, shape + 2 - rank,
                            dtype == TG_F32 ? (const void *)floats : (const void *)values);
    free(floats);
    assert_non_null(x);
    return x;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

/* found is off by a few units in the last place, and what rounding the difference from the maximum makes of an
 * exponential; far below the normal numbers, by a few of the smallest. */
static int is_near(tg_dtype dtype, double found, long double expected, long double distance, int is_log)
{
    long double unit = dtype == TG_F32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON;
    long double least = dtype == TG_F32 ? 0x1p-149L : 0x1p-1074L;
    long double error = fabsl((long double)found - expected);
    return is_log ? error <= 2 * unit * (1 + fabsl(expected))
                  : error <= unit * (3 + distance) * expected + 3 * least;
}

/* With what rounding takes from a sum put back, as long double may be no more than double (valgrind). */
static long double sum_of_exponentials(int64_t n, const double *x, long double most)
{
    long double sum = 0, lost = 0;
    for (int64_t i = 0; i < n; i++) {
        long double term = expl((long double)x[i] - most) - lost, next = sum + term;
        lost = (next - sum) - term;
        sum = next;
    }
    return sum;
}

static void check_row(tg_dtype dtype, int64_t n, const double *x, const double *y, const double *log_y)
{
    long double most = (long double)-INFINITY;
    for (int64_t i = 0; i < n; i++) most = fmaxl(most, (long double)x[i]);
    const long double sum = sum_of_exponentials(n, x, most);
    for (int64_t i = 0; i < n; i++) {
        long double distance = most - (long double)x[i];
        if (x[i] == -INF) {
            assert_true(y[i] == 0 && log_y[i] == -INF);
            continue;
        }
        if (!is_near(dtype, y[i], expl(-distance) / sum, distance, 0))
            fail_msg("softmax of %lld: [%lld] is %g", (long long)n, (long long)i, y[i]);
        if (!is_near(dtype, log_y[i], -distance - logl(sum), distance, 1))
            fail_msg("log_softmax of %lld: [%lld] is %g", (long long)n, (long long)i, log_y[i]);
    }
}

static void check_rows(tg_graph *g, tg_dtype dtype, int64_t rows, int64_t n, const double *values)
{
    const size_t bytes = (size_t)(rows * n) * sizeof(double);
    double *x = malloc(bytes), *y = malloc(bytes), *log_y = malloc(bytes);
    assert_true(x != NULL && y != NULL && log_y != NULL);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *t = leaf(g, dtype, rows, n, values);
    evaluate(t, x, rows * n, __FILE__, __LINE__);
    evaluate(tg_softmax(t, -1), y, rows * n, __FILE__, __LINE__);
    evaluate(tg_log_softmax(t, -1), log_y, rows * n, __FILE__, __LINE__);
    for (int64_t r = 0; r < rows; r++) check_row(dtype, n, x + r * n, y + r * n, log_y + r * n);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    free(x);
    free(y);
    free(log_y);
}

static void test_values(void **state)
{
    static const int64_t lengths[] = {1, 1000, 8191, 8192, 8193, 10007, LONG, 1024 * 11, 1021 * 11, LONGEST};
    static double values[3 * LONGEST];
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int k = 0; k < COUNT(lengths); k++) {
            for (int64_t i = 0; i < 3 * lengths[k]; i++)
                values[i] = scatter(i, 12) - 100 * (double)(i / lengths[k]);
            check_rows(*state, (tg_dtype)dtype, 3, lengths[k], values);
            check_rows(*state, (tg_dtype)dtype, 1, lengths[k], values);
        }
    }
}

/* Pieces whose maxima are so far apart that the others' exponentials are small, below the normal numbers, or 0; the
 * largest in the first piece, in the middle or in the last. */
static void test_far_apart(void **state)
{
    static double values[LONG];
    static const double steps[] = {30, 86, 95, 103, 700, 740, 1e4, 1e38};
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int k = 0; k < COUNT(steps); k++) {
            for (int order = 0; order < 3; order++) {
                for (int64_t i = 0; i < LONG; i++)
                    values[i] = scatter(i, 4) - steps[k] * (double)((i / 4096 + order) % 3);
                check_rows(*state, (tg_dtype)dtype, 1, LONG, values);
            }
        }
    }
}

/* Some, or whole pieces of them, are -inf, and count nothing. */
static void test_masked(void **state)
{
    static double values[LONG];
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        const double lowest = dtype == TG_F32 ? (double)-FLT_MAX : -DBL_MAX;
        for (int seen = 0; seen < 3; seen++) {
            for (int64_t i = 0; i < LONG; i++) values[i] = i / 4096 == seen ? scatter(i, 4) : -INF;
            check_rows(*state, (tg_dtype)dtype, 1, LONG, values);
            values[4096 * seen + 7] = -INF;
            values[4096 * ((seen + 1) % 3)] = lowest;
            check_rows(*state, (tg_dtype)dtype, 1, LONG, values);
        }
        for (int64_t i = 0; i < LONG; i++) values[i] = -INF;
        values[5000] = lowest;
        check_rows(*state, (tg_dtype)dtype, 1, LONG, values);
    }
}

/* As in a short row: no number anywhere. */
static void test_no_numbers(void **state)
{
    static double values[LONG], y[LONG];
    static const double special[] = {INF, (double)NAN, -INF};
    tg_graph *g = *state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int k = 0; k < COUNT(special); k++) {
            for (int64_t i = 0; i < LONG; i++)
                values[i] = special[k] < 0 || i == 5000 ? special[k] : scatter(i, 4);
            tg_mark mark = tg_get_mark(g);
            tg_tensor *x = leaf(g, (tg_dtype)dtype, 1, LONG, values);
            evaluate(tg_softmax(x, 0), y, LONG, __FILE__, __LINE__);
            for (int64_t i = 0; i < LONG; i++) assert_true(isnan(y[i]));
            evaluate(tg_log_softmax(x, 0), y, LONG, __FILE__, __LINE__);
            for (int64_t i = 0; i < LONG; i++) assert_true(isnan(y[i]));
            assert_int_equal(tg_rewind(g, mark), TG_OK);
        }
    }
}

/* ---- Derivatives -------------------------------------------------------------------------------------- */

/* The derivative of sum c softmax(x) is y (c - sum c y), and that of sum c log_softmax(x) is c - y sum c. */
static void test_derivatives(void **state)
{
    static double values[LONG], weights[LONG], y[LONG], of_softmax[LONG], of_log[LONG];
    tg_graph *g = *state;
    for (int64_t i = 0; i < LONG; i++) {
        values[i] = scatter(i, 12) - (double)(i / 4096);
        weights[i] = scatter(3 * i + 1, 2);
    }
    tg_tensor *x = leaf(g, TG_F64, 1, LONG, values),
              *c = tg_constant(g, TG_F64, 1, (int64_t[]){LONG}, weights);
    tg_tensor *softmax = tg_softmax(x, 0), *gradient = NULL, *log_gradient = NULL;
    assert_int_equal(tg_grad(g, tg_sum(tg_mul(c, softmax), NULL), &x, 1, &gradient), TG_OK);
    assert_int_equal(tg_grad(g, tg_sum(tg_mul(c, tg_log_softmax(x, 0)), NULL), &x, 1, &log_gradient), TG_OK);
    evaluate(softmax, y, LONG, __FILE__, __LINE__);
    evaluate(gradient, of_softmax, LONG, __FILE__, __LINE__);
    evaluate(log_gradient, of_log, LONG, __FILE__, __LINE__);
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < LONG; i++) mean += weights[i] * y[i], sum += weights[i];
    for (int64_t i = 0; i < LONG; i++) {
        assert_true(fabs(of_softmax[i] - y[i] * (weights[i] - mean)) <= 1e-14 * y[i]);
        assert_true(fabs(of_log[i] - (weights[i] - y[i] * sum)) <= 1e-13);
    }
}

/* ---- Ways to run -------------------------------------------------------------------------------------- */

/* The bits depend on no pass of the planner and not on the number of threads. */
static void test_same_bits(void **state)
{
    static const char *const off[] = {NULL, "fuse", "chain", "loop", "fuse,chain,loop,view", NULL};
    static double values[4 * LONGEST];
    tg_graph *g = *state;
    for (int64_t i = 0; i < 4 * LONGEST; i++) values[i] = scatter(i, 12);
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_mark mark = tg_get_mark(g);
        const size_t bytes = 4 * LONGEST * tg_dtype_size((tg_dtype)dtype);
        tg_tensor *x = leaf(g, (tg_dtype)dtype, 4, LONGEST, values);
        tg_tensor *const outputs[2] = {tg_softmax(x, 1), tg_log_softmax(x, 1)};
        tg_function *first = compile_with(g, outputs, 2, NULL, 1);
        assert_int_equal(tg_run(first), TG_OK);
        for (int k = 0; k < COUNT(off); k++) {
            tg_function *f = compile_with(g, outputs, 2, off[k], k == 0 || k == 4 ? 3 : 1);
            assert_int_equal(tg_run(f), TG_OK);
            for (int i = 0; i < 2; i++)
                assert_memory_equal(tg_output(f, outputs[i]), tg_output(first, outputs[i]), bytes);
            tg_function_free(f);
        }
        tg_function_free(first);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

/* Along other axes than the last, and with as many axes as a tensor can have, rows are not split. */
static void test_other_axes(void **state)
{
    static double values[2 * LONG], y[2 * LONG], expected[2 * LONG];
    tg_graph *g = *state;
    for (int64_t i = 0; i < 2 * LONG; i++) values[i] = scatter(i, 12);
    tg_tensor *rows = leaf(g, TG_F64, 2, LONG, values), *columns = tg_transpose(rows, NULL);
    evaluate(tg_softmax(rows, 1), expected, 2 * LONG, __FILE__, __LINE__);
    evaluate(tg_softmax(columns, 0), y, 2 * LONG, __FILE__, __LINE__);
    for (int64_t i = 0; i < 2 * LONG; i++) {
        double of_row = expected[i % 2 * LONG + i / 2];
        assert_true(fabs(y[i] - of_row) <= 4e-15 * of_row);
    }
    tg_tensor *deep = tg_reshape(rows, TG_MAX_RANK, (const int64_t[]){1, 1, 1, 1, 1, 1, 2, LONG});
    evaluate(tg_log_softmax(deep, -1), y, 2 * LONG, __FILE__, __LINE__);
    for (int64_t i = 0; i < 2 * LONG; i++) assert_true(fabs(y[i] - log(expected[i])) <= 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_values),     graph_test(test_far_apart),   graph_test(test_masked),
        graph_test(test_no_numbers), graph_test(test_derivatives), graph_test(test_same_bits),
        graph_test(test_other_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
