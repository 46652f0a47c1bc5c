/* What the tests of graphs share. */
#include "graph_helpers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int graph_setup(void **state)
{
    *state = tg_graph_new(NULL);
    return *state == NULL ? -1 : 0;
}

int graph_teardown(void **state)
{
    tg_graph *g = *state;
    int left = tg_graph_status(g) != TG_OK;
    if (left) print_error("an error was left: %s\n", tg_error(g));
    tg_graph_free(g);
    return left ? -1 : 0;
}

tg_tensor *scalar_param(tg_graph *g, const char *name, double value)
{
    return tg_param(g, name, TG_F64, 0, NULL, &value);
}

tg_tensor *param_1d(tg_graph *g, const char *name, int64_t n, const double *data)
{
    return tg_param(g, name, TG_F64, 1, &n, data);
}

tg_tensor *param_2d(tg_graph *g, const char *name, int64_t rows, int64_t columns, const double *data)
{
    return tg_param(g, name, TG_F64, 2, (const int64_t[]){rows, columns}, data);
}

tg_function *compile_with(tg_graph *g, tg_tensor *const *outputs, int n, const char *passes_off, int threads)
{
    tg_function *f = NULL;
    const tg_compile_options options = {.passes_off = passes_off, .threads = threads};
    if (tg_compile_with(g, outputs, n, NULL, 0, &options, &f) != TG_OK) fail_msg("%s", tg_error(g));
    return f;
}

static double element(const void *data, tg_dtype dtype, int64_t i)
{
    switch (dtype) {
    case TG_F32:
        return (double)((const float *)data)[i];
    case TG_F64:
        return ((const double *)data)[i];
    case TG_I64:
        return (double)((const int64_t *)data)[i];
    case TG_BOOL:
        return ((const unsigned char *)data)[i];
    }
    return (double)NAN;
}

void evaluate(tg_tensor *t, double *values, int64_t n, const char *file, int line)
{
    if (t == NULL || tg_count(t) != n) {
        print_error("the tensor has %lld elements, expected %lld\n", (long long)tg_count(t), (long long)n);
        _fail(file, line);
    }
    tg_type type = tg_type_of(t);
    void *data = malloc(tg_type_bytes(&type) + 1);
    tg_status status = tg_eval(tg_graph_of(t), &t, 1, data, tg_type_bytes(&type));
    for (int64_t i = 0; i < n && status == TG_OK; i++) values[i] = element(data, type.dtype, i);
    free(data);
    if (status != TG_OK) {
        print_error("%s\n", tg_error(tg_graph_of(t)));
        _fail(file, line);
    }
}

static int close_to(double found, double expected, double tolerance)
{
    if (isnan(expected)) return isnan(found);
    if (found == expected) return 1;
    return fabs(found - expected) <= tolerance * fmax(1, fabs(expected));
}

void check_values(tg_tensor *t, const double *expected, int64_t n, double tolerance, const char *file,
                  int line)
{
    double *values = malloc((size_t)(n + 1) * sizeof *values);
    evaluate(t, values, n, file, line);
    int64_t wrong = -1;
    for (int64_t i = 0; i < n && wrong < 0; i++)
        if (!close_to(values[i], expected[i], tolerance)) wrong = i;
    double found = wrong < 0 ? 0 : values[wrong];
    free(values);
    if (wrong < 0) return;
    print_error("element %lld is %.17g, expected %.17g\n", (long long)wrong, found, expected[wrong]);
    _fail(file, line);
}

void check_contains(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part) != NULL) return;
    print_error("\"%s\" lacks \"%s\"\n", text, part);
    _fail(file, line);
}

void check_error(tg_graph *g, tg_status status, const char *part, const char *other, const char *file,
                 int line)
{
    if (tg_graph_status(g) != status) {
        print_error("the error is %s (%s), expected %s\n", tg_status_name(tg_graph_status(g)), tg_error(g),
                    tg_status_name(status));
        _fail(file, line);
    }
    check_contains(tg_error(g), part, file, line);
    check_contains(tg_error(g), other, file, line);
    tg_clear_error(g);
}
