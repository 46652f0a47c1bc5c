/* tg_check_callback: derivative code without a graph, right and wrong. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>

enum { N = 6, M = 3 };

static const double point[N] = {0.7, -1.3, 0.4, 2.1, -0.6, 1.5};

typedef struct settings {
    int wrong; /* which mistake */
    int calls;
} settings;

/* y_j = sum_i sin((j + 1) x_i) x_((i + 1) % N) */
static void f(const double *x, double *y, void *context)
{
    (void)context;
    for (int j = 0; j < M; j++) {
        y[j] = 0;
        for (int i = 0; i < N; i++) y[j] += sin((j + 1) * x[i]) * x[(i + 1) % N];
    }
}

static double slope(const double *x, int j, int i)
{
    return (j + 1) * cos((j + 1) * x[i]) * x[(i + 1) % N] + sin((j + 1) * x[(i + N - 1) % N]);
}

static void complex_f(const double *x, double *y, void *context)
{
    (void)context;
    for (int j = 0; j < M; j++) {
        y[2 * j] = y[2 * j + 1] = 0;
        for (int i = 0; i < N; i++) {
            double k = j + 1, re = x[2 * i], im = x[2 * i + 1];
            double sin_re = sin(k * re) * cosh(k * im), sin_im = cos(k * re) * sinh(k * im);
            int next = 2 * ((i + 1) % N);
            y[2 * j] += sin_re * x[next] - sin_im * x[next + 1];
            y[2 * j + 1] += sin_re * x[next + 1] + sin_im * x[next];
        }
    }
}

static void jacobian(const double *x, double *out, void *context)
{
    const settings *s = context;
    for (int j = 0; j < M; j++)
        for (int i = 0; i < N; i++) out[j * N + i] = slope(x, j, i);
    if (s->wrong == 6) out[M * N - 1] *= 1.001;
}

static void vjp(const double *x, const double *ybar, double *xbar, void *context)
{
    const settings *s = context;
    for (int i = 0; i < N; i++) {
        xbar[i] = 0;
        for (int j = s->wrong == 8; j < M; j++) xbar[i] += ybar[j] * slope(x, j, i);
        if (s->wrong == 1) xbar[i] = -xbar[i];
        if (s->wrong == 2) xbar[i] /= N;
        if (s->wrong == 3 && i == 4) xbar[i] = 0;
    }
    if (s->wrong == 4) {
        double first = xbar[0];
        memmove(xbar, xbar + 1, (N - 1) * sizeof *xbar);
        xbar[N - 1] = first;
    }
    if (s->wrong == 5) memset(xbar, 0, N * sizeof *xbar);
}

static void jvp(const double *x, const double *xdot, double *ydot, void *context)
{
    const settings *s = context;
    for (int j = 0; j < M; j++) {
        ydot[j] = 0;
        for (int i = 0; i < N; i++) ydot[j] += slope(x, j, i) * xdot[i];
    }
    if (s->wrong == 7) ydot[1] = ydot[2];
}

static tg_verdict check(const tg_callback *call, const char *part)
{
    tg_check_report *r;
    tg_verdict verdict = tg_check_callback(call, point, NULL, &r);
    assert_non_null(r);
    assert_int_equal(verdict, r->verdict);
    char *text = tg_check_text(r);
    assert_non_null(text);
    if (part != NULL) assert_contains(text, part);
    if (verdict != TG_PASS && part == NULL) print_error("%s", text);
    tg_text_free(text);
    tg_check_free(r);
    return verdict;
}

static void test_right(void **state)
{
    (void)state;
    settings s = {0};
    tg_callback call = {.n = N, .m = M, .f = f, .context = &s};
    call.vjp = vjp;
    assert_int_equal(check(&call, NULL), TG_PASS);
    call.jvp = jvp;
    assert_int_equal(check(&call, NULL), TG_PASS);
    call.vjp = NULL;
    assert_int_equal(check(&call, NULL), TG_PASS);
    call.jacobian = jacobian;
    call.complex_f = complex_f;
    assert_int_equal(check(&call, NULL), TG_PASS);
}

static void test_wrong(void **state)
{
    (void)state;
    static const char *const looks[] = {[1] = "the sign is wrong",
                                        [2] = "the mean of 6 elements taken for a sum",
                                        [3] = "1 of 6 elements are wrong: they are zero",
                                        [4] = "shifted",
                                        [5] = "missing",
                                        [6] = "1 of 6 elements",
                                        [7] = "differs",
                                        [8] = "one missing term: that of index 0 of 3"};
    for (int with_complex = 0; with_complex <= 1; with_complex++)
        for (int wrong = 1; wrong <= 8; wrong++) {
            settings s = {.wrong = wrong};
            tg_callback call = {.n = N, .m = M, .f = f, .vjp = vjp, .jacobian = jacobian, .context = &s};
            if (with_complex) call.complex_f = complex_f;
            if (wrong == 7) call.jvp = jvp;
            assert_int_equal(check(&call, looks[wrong]), TG_FAIL);
            if (wrong == 7) {
                call.vjp = NULL;
                call.jacobian = NULL;
                assert_int_equal(check(&call, "element"), TG_FAIL);
            }
        }
}

/* ---- Functions that cannot be judged ------------------------------------------------------------------------ */

static void restless(const double *x, double *y, void *context)
{
    f(x, y, context);
    y[0] += 1e-9 * ((settings *)context)->calls++;
}

static void writes_x(const double *x, double *y, void *context)
{
    f(x, y, context);
    ((double *)(uintptr_t)x)[0] = 0;
}

static void writes_beyond(const double *x, const double *ybar, double *xbar, void *context)
{
    vjp(x, ybar, xbar, context);
    xbar[N] = 1;
}

static void leaves_out(const double *x, const double *ybar, double *xbar, void *context)
{
    double all[N];
    vjp(x, ybar, all, context);
    memcpy(xbar, all, (N - 1) * sizeof *all);
}

/* A buffer that should have been cleared: right the first time. */
static void adds_up(const double *x, const double *ybar, double *xbar, void *context)
{
    settings *s = context;
    vjp(x, ybar, xbar, context);
    if (s->calls++ > 0) xbar[2] *= 2;
}

/* What f works with is changed by its derivative. */
static void changed_f(const double *x, double *y, void *context)
{
    f(x, y, context);
    y[1] += ((settings *)context)->calls >= 3;
}

static void counting_vjp(const double *x, const double *ybar, double *xbar, void *context)
{
    ((settings *)context)->calls++;
    vjp(x, ybar, xbar, context);
}

static void constant(const double *x, double *y, void *context)
{
    (void)context;
    y[0] = 3;
    y[1] = y[2] = 0 * x[0];
}

static void no_slope(const double *x, const double *ybar, double *xbar, void *context)
{
    (void)x, (void)ybar, (void)context;
    memset(xbar, 0, N * sizeof *xbar);
}

static void not_finite(const double *x, double *y, void *context)
{
    f(x, y, context);
    y[1] = (double)NAN;
}

static void test_refused(void **state)
{
    (void)state;
    settings s = {0};
    tg_callback call = {.n = N, .m = M, .f = restless, .vjp = vjp, .context = &s};
    assert_int_equal(check(&call, "two different results"), TG_INCONCLUSIVE);
    call.f = writes_x;
    assert_int_equal(check(&call, "writes into its arguments"), TG_INCONCLUSIVE);
    call.f = f;
    call.vjp = writes_beyond;
    assert_int_equal(check(&call, "beyond the end"), TG_INCONCLUSIVE);
    s.calls = 0;
    call.vjp = adds_up;
    assert_int_equal(check(&call, "a derivative gives two different results"), TG_INCONCLUSIVE);
    s.calls = 0;
    call.f = changed_f;
    call.vjp = counting_vjp;
    assert_int_equal(check(&call, "another result after its derivatives"), TG_INCONCLUSIVE);
    call.f = f;
    call.vjp = leaves_out;
    assert_int_equal(check(&call, "differs"), TG_FAIL);
    call.f = not_finite;
    call.vjp = vjp;
    assert_int_equal(check(&call, "not finite"), TG_INCONCLUSIVE);
    call.f = constant;
    call.vjp = no_slope;
    assert_int_equal(check(&call, "every derivative is zero"), TG_INCONCLUSIVE);
    call.vjp = NULL;
    assert_int_equal(check(&call, "no derivative to check"), TG_INCONCLUSIVE);
    call.m = 0;
    assert_int_equal(check(&call, "at least 1"), TG_INCONCLUSIVE);
    assert_int_equal(tg_check_callback(NULL, point, NULL, NULL), TG_INCONCLUSIVE);
}

/* ---- Kinks ---------------------------------------------------------------------------------------------------- */

static void kinked(const double *x, double *y, void *context)
{
    (void)context;
    y[0] = fabs(x[0]) + fmax(x[1], 0) + x[2] * x[2] + 1e-3 * fabs(x[3] - 2.1000001) + x[4] * x[5];
}

static void kinked_gradient(const double *x, double *g, void *context)
{
    const settings *s = context;
    g[0] = x[0] > 0 ? 1 : x[0] < 0 ? -1 : 0;
    g[1] = x[1] > 0;
    g[2] = 2 * x[2];
    g[3] = x[3] > 2.1000001 ? 1e-3 : -1e-3;
    g[4] = x[5];
    g[5] = x[4];
    if (s->wrong) g[0] = 5;
}

static void test_kinks(void **state)
{
    (void)state;
    settings s = {0};
    tg_check_report *r;
    const double at[N] = {0, 0, 0.4, 2.1, -0.6, 1.5};
    tg_callback call = {.n = N, .m = 1, .f = kinked, .gradient = kinked_gradient, .context = &s};
    assert_int_equal(tg_check_callback(&call, at, NULL, &r), TG_PASS);
    assert_int_equal(r->subgradients, 1); /* the differences of |x| at 0 are 0, as claimed */
    assert_int_equal(r->kinks, 1);
    tg_check_free(r);
    s.wrong = 1; /* outside of the slopes -1 and 1 */
    assert_int_equal(tg_check_callback(&call, at, NULL, &r), TG_INCONCLUSIVE);
    assert_int_equal(r->unsure, 1);
    tg_check_free(r);
}

/* ---- A layer: rows of a bias --------------------------------------------------------------------------------- */

enum { ROWS = 4, COLUMNS = 6 };

/* y[i, k] = exp(b[k]) (i + 1) */
static void rows(const double *b, double *y, void *context)
{
    (void)context;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < COLUMNS; k++) y[i * COLUMNS + k] = exp(b[k]) * (i + 1);
}

static void rows_vjp(const double *b, const double *ybar, double *bbar, void *context)
{
    const settings *s = context;
    memset(bbar, 0, COLUMNS * sizeof *bbar);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < COLUMNS; k++) {
            double term = ybar[i * COLUMNS + k] * exp(b[k]) * (i + 1);
            bbar[k] = s->wrong == 1 ? term : bbar[k] + term;
        }
}

static void test_broadcast(void **state)
{
    (void)state;
    settings s = {0};
    tg_callback call = {.n = COLUMNS, .m = ROWS * COLUMNS, .f = rows, .vjp = rows_vjp, .context = &s};
    assert_int_equal(check(&call, NULL), TG_PASS);
    s.wrong = 1;
    assert_int_equal(
        check(&call, "only the term of index 3 of 4 in the output is there: a sum over an axis that was "
                     "broadcast is missing"),
        TG_FAIL);
}

static void test_complex_summary(void **state)
{
    (void)state;
    settings s = {0};
    tg_check_report *r;
    tg_callback call = {.n = N, .m = M, .f = f, .jacobian = jacobian, .complex_f = complex_f, .context = &s};
    assert_int_equal(tg_check_callback(&call, point, NULL, &r), TG_PASS);
    assert_string_equal(tg_check_method_name(r->summaries[0].method), "complex");
    assert_true(r->summaries[0].max_rel_error < 1e-14);
    tg_check_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),     cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_kinks),
        cmocka_unit_test(test_broadcast), cmocka_unit_test(test_complex_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
