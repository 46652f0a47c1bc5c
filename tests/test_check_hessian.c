/* tg_check_callback: second derivatives, and what reports say of a function of one output. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/check_callback.h>

enum { N = 6 };

static const double point[N] = {0.7, -1.3, 0.4, 2.1, -0.6, 1.5};

typedef struct settings {
    int wrong; /* which mistake */
} settings;

/* sum_i sin(x_i) x_(i+1) */
static void wave(const double *x, double *y, void *context)
{
    (void)context;
    y[0] = 0;
    for (int i = 0; i < N; i++) y[0] += sin(x[i]) * x[(i + 1) % N];
}

static void wave_gradient(const double *x, double *g, void *context)
{
    (void)context;
    for (int i = 0; i < N; i++) g[i] = cos(x[i]) * x[(i + 1) % N] + sin(x[(i + N - 1) % N]);
}

static void wave_hessian(const double *x, double *h, void *context)
{
    const settings *s = context;
    memset(h, 0, N * N * sizeof *h);
    for (int i = 0; i < N; i++) {
        int next = (i + 1) % N;
        h[i * N + i] = -sin(x[i]) * x[next];
        h[i * N + next] = h[next * N + i] = cos(x[i]);
    }
    if (s->wrong == 1) h[1] += 0.01; /* no longer symmetric */
    if (s->wrong == 2)
        for (int i = 0; i < N * N; i++) h[i] = -h[i];
}

static void wave_hvp(const double *x, const double *v, double *hv, void *context)
{
    double h[N * N];
    wave_hessian(x, h, context);
    for (int i = 0; i < N; i++) {
        hv[i] = 0;
        for (int k = 0; k < N; k++) hv[i] += h[i * N + k] * v[k];
    }
}

static void wave_jvp(const double *x, const double *xdot, double *ydot, void *context)
{
    double g[N];
    wave_gradient(x, g, context);
    ydot[0] = 0;
    for (int i = 0; i < N; i++) ydot[0] += g[i] * xdot[i];
}

/* The verdict; the report's text has the part. */
static tg_verdict check(const tg_callback *call, const char *part)
{
    tg_check_report *r;
    tg_verdict verdict = tg_check_callback(call, point, NULL, &r);
    char *text = tg_check_text(r);
    assert_non_null(text);
    assert_contains(text, part);
    tg_text_free(text);
    tg_check_free(r);
    return verdict;
}

static void test_second_order(void **state)
{
    (void)state;
    settings s = {0};
    tg_check_report *r;
    tg_callback call = {.n = N, .m = 1, .f = wave, .gradient = wave_gradient, .context = &s};
    call.hvp = wave_hvp;
    assert_int_equal(check(&call, "hvp symmetry"), TG_PASS);
    call.hessian = wave_hessian;
    assert_int_equal(check(&call, "hessian forward  order 2  pass"), TG_PASS);
    for (s.wrong = 1; s.wrong <= 2; s.wrong++) {
        call.hvp = wave_hvp;
        call.hessian = NULL;
        assert_int_equal(check(&call, s.wrong == 1 ? "differs     order 2, symmetry" : "the sign is wrong"),
                         TG_FAIL);
        call.hvp = NULL;
        call.hessian = wave_hessian;
        assert_int_equal(check(&call, s.wrong == 1 ? "differs     order 2" : "the sign is wrong"), TG_FAIL);
    }
    /* First derivatives only. */
    assert_int_equal(tg_check_callback(&call, point, &(tg_check_options){.order = 1}, &r), TG_PASS);
    assert_int_equal(r->summaries[0].order, 1);
    assert_string_equal(r->summaries[0].claim, "gradient");
    assert_int_equal(r->summaries[r->n_summaries - 1].order, 1);
    tg_check_free(r);
    call.gradient = NULL;
    assert_int_equal(check(&call, "no derivative to check"), TG_INCONCLUSIVE);
    call.jvp = wave_jvp;
    assert_int_equal(check(&call, "checked as derivatives of a gradient"), TG_INCONCLUSIVE);
    call.m = 2;
    assert_int_equal(check(&call, "a function with m = 1"), TG_INCONCLUSIVE);
}

/* What a report says of one output are its own derivatives, whatever it was weighed with. */
static void test_summaries(void **state)
{
    (void)state;
    settings s = {0};
    double g[N];
    tg_check_report *r;
    tg_callback call = {.n = N, .m = 1, .f = wave, .gradient = wave_gradient, .context = &s};
    wave_gradient(point, g, &s);
    assert_int_equal(tg_check_callback(&call, point, &(tg_check_options){.of = "wave", .worst = 20}, &r),
                     TG_PASS);
    assert_string_equal(r->of, "wave");
    assert_int_equal(r->summaries[0].elements, N);
    assert_int_equal(r->summaries[0].nonzero, N);
    assert_true(r->summaries[0].max_rel_error < 1e-9);
    for (int i = 0; i < r->n_entries; i++)
        if (r->entries[i].kind == TG_CHECK_ELEMENT)
            assert_true(fabs(r->entries[i].analytic - g[r->entries[i].index]) < 1e-14);
    tg_check_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_order),
        cmocka_unit_test(test_summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
