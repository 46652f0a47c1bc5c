/* What the tests of graphs share: graphs, evaluating, and comparing what comes out. */
#ifndef TG_TESTS_GRAPH_HELPERS_H
#define TG_TESTS_GRAPH_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tapegrad/function.h>
#include <tapegrad/ops.h>

/* A graph for each test, in *state; the teardown also fails a test that leaves an error behind. */
int graph_setup(void **state);
int graph_teardown(void **state);
#define graph_test(function) cmocka_unit_test_setup_teardown(function, graph_setup, graph_teardown)

/* f64 params and inputs. param_1d and input_1d have one axis; data may be NULL for an input. */
tg_tensor *scalar_param(tg_graph *g, const char *name, double value);
tg_tensor *param_1d(tg_graph *g, const char *name, int64_t n, const double *data);
tg_tensor *param_2d(tg_graph *g, const char *name, int64_t rows, int64_t columns, const double *data);

/* A function without some passes (NULL: with all) on so many threads, which the caller frees; the test fails when there is
 * none. */
tg_function *compile_with(tg_graph *g, tg_tensor *const *outputs, int n, const char *passes_off, int threads);

/* The values of t, of any element type, as numbers; the test fails when it cannot be evaluated or has not n
 * elements. */
void evaluate(tg_tensor *t, double *values, int64_t n, const char *file, int line);

/* Element i of t is expected[i] but for tolerance, relative to numbers beyond 1. NaN equals NaN. */
void check_values(tg_tensor *t, const double *expected, int64_t n, double tolerance, const char *file,
                  int line);
#define assert_values(t, expected, n, tolerance) check_values(t, expected, n, tolerance, __FILE__, __LINE__)
#define assert_value(t, expected, tolerance)                                                                 \
    check_values(t, (const double[]){expected}, 1, tolerance, __FILE__, __LINE__)

/* The graph's error has this status and both parts in its message; it is cleared. */
void check_error(tg_graph *g, tg_status status, const char *part, const char *other, const char *file,
                 int line);
#define assert_error(g, status, part, other) check_error(g, status, part, other, __FILE__, __LINE__)

void check_contains(const char *text, const char *part, const char *file, int line);
#define assert_contains(text, part) check_contains(text, part, __FILE__, __LINE__)

#define COUNT(list) ((int)(sizeof(list) / sizeof(list)[0]))

#endif
