/* tg_check_callback: derivative code over arrays that knows nothing of graphs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Every array that a callback gets lies between guards; one that it may only read is compared with a copy. */
#define GUARD 4
#define GUARD_VALUE 8.3266726846886741e-17

typedef struct callback_run {
    const tg_callback *call;
    double *in, *direction, *out, *jacobian; /* behind their guards */
    double *in_copy, *direction_copy;
    const char *problem;
} callback_run;

static double *guarded(int64_t count)
{
    double *block = calloc((size_t)count + 2 * GUARD, sizeof *block);
    if (block == NULL) return NULL;
    for (int i = 0; i < GUARD; i++) block[i] = block[GUARD + count + i] = GUARD_VALUE;
    return block + GUARD;
}

static void free_guarded(double *array)
{
    if (array != NULL) free(array - GUARD);
}

static int guards_intact(const double *array, int64_t count)
{
    for (int i = 1; i <= GUARD; i++)
        if (array[-i] != GUARD_VALUE || array[count + i - 1] != GUARD_VALUE) return 0;
    return 1;
}

/* What a result holds before a call is nothing that a function would give by accident. A guard follows directly. */
static void spoil(double *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) out[i] = (double)NAN;
    for (int i = 0; i < GUARD; i++) out[count + i] = GUARD_VALUE;
}

static void load(double *array, double *copy, const double *values, int64_t count)
{
    memcpy(array, values, (size_t)count * sizeof(double));
    memcpy(copy, values, (size_t)count * sizeof(double));
    for (int i = 0; i < GUARD; i++) array[count + i] = GUARD_VALUE;
}

/* After a call: was the argument left alone, and the room around it and the result? */
static int intact(callback_run *r, const double *in, const double *in_copy, int64_t n_in, const double *out,
                  int64_t n_out)
{
    if (memcmp(in, in_copy, (size_t)n_in * sizeof(double)) != 0)
        r->problem = "a callback writes into its arguments";
    else if (!guards_intact(in, n_in) || !guards_intact(out, n_out))
        r->problem = "a callback writes beyond the end of an array";
    return r->problem == NULL;
}

static int run_value(void *context, const double *x, double *y, unsigned char *branches)
{
    (void)branches;
    callback_run *r = context;
    load(r->in, r->in_copy, x, r->call->n);
    spoil(r->out, r->call->m);
    r->call->f(r->in, r->out, r->call->context);
    memcpy(y, r->out, (size_t)r->call->m * sizeof(double));
    return intact(r, r->in, r->in_copy, r->call->n, r->out, r->call->m);
}

typedef void (*product_fn)(const double *x, const double *direction, double *out, void *context);

static int run_product(callback_run *r, product_fn product, const double *x, const double *direction,
                       int64_t n_direction, double *out, int64_t n_out)
{
    load(r->in, r->in_copy, x, r->call->n);
    load(r->direction, r->direction_copy, direction, n_direction);
    spoil(r->out, n_out);
    product(r->in, r->direction, r->out, r->call->context);
    memcpy(out, r->out, (size_t)n_out * sizeof(double));
    return intact(r, r->in, r->in_copy, r->call->n, r->out, n_out) &&
           intact(r, r->direction, r->direction_copy, n_direction, r->out, n_out);
}

static int run_vjp(void *context, const double *x, const double *ybar, double *xbar)
{
    callback_run *r = context;
    return run_product(r, r->call->vjp, x, ybar, r->call->m, xbar, r->call->n);
}

static int run_jvp(void *context, const double *x, const double *xdot, double *ydot)
{
    callback_run *r = context;
    return run_product(r, r->call->jvp, x, xdot, r->call->n, ydot, r->call->m);
}

static int run_gradient(void *context, const double *x, const double *ybar, double *xbar)
{
    callback_run *r = context;
    load(r->in, r->in_copy, x, r->call->n);
    spoil(r->out, r->call->n);
    r->call->gradient(r->in, r->out, r->call->context);
    for (int64_t i = 0; i < r->call->n; i++) xbar[i] = ybar[0] * r->out[i];
    return intact(r, r->in, r->in_copy, r->call->n, r->out, r->call->n);
}

static int run_jacobian(void *context, const double *x, const double *ybar, double *xbar)
{
    callback_run *r = context;
    int64_t n = r->call->n, m = r->call->m;
    load(r->in, r->in_copy, x, n);
    spoil(r->jacobian, n * m);
    r->call->jacobian(r->in, r->jacobian, r->call->context);
    memset(xbar, 0, (size_t)n * sizeof(double));
    for (int64_t j = 0; j < m; j++)
        for (int64_t i = 0; i < n; i++) xbar[i] += ybar[j] * r->jacobian[j * n + i];
    return intact(r, r->in, r->in_copy, n, r->jacobian, n * m);
}

/* Im <w, f(x + i h u)> / h, for an h so small that its square vanishes. */
#define COMPLEX_STEP 1e-30

static int run_complex(void *context, const double *x, const double *u, const double *ybar, double *slope)
{
    callback_run *r = context;
    int64_t n = r->call->n, m = r->call->m;
    for (int64_t i = 0; i < n; i++) {
        r->direction[2 * i] = x[i];
        r->direction[2 * i + 1] = COMPLEX_STEP * u[i];
    }
    memcpy(r->direction_copy, r->direction, 2 * (size_t)n * sizeof(double));
    for (int i = 0; i < GUARD; i++) r->direction[2 * n + i] = GUARD_VALUE;
    spoil(r->out, 2 * m);
    r->call->complex_f(r->direction, r->out, r->call->context);
    *slope = 0;
    for (int64_t j = 0; j < m; j++) *slope += ybar[j] * r->out[2 * j + 1] / COMPLEX_STEP;
    return intact(r, r->direction, r->direction_copy, 2 * n, r->out, 2 * m) && isfinite(*slope);
}

/* ---- Second derivatives: those of the claimed gradient ------------------------------------------------------ */

static int run_first(void *context, const double *x, double *gradient, unsigned char *branches)
{
    (void)branches;
    callback_run *r = context;
    const double one = 1;
    if (r->call->gradient != NULL) return run_gradient(r, x, &one, gradient);
    return r->call->vjp != NULL ? run_vjp(r, x, &one, gradient) : run_jacobian(r, x, &one, gradient);
}

static int run_hvp(void *context, const double *x, const double *v, double *hv)
{
    callback_run *r = context;
    return run_product(r, r->call->hvp, x, v, r->call->n, hv, r->call->n);
}

static int load_hessian(callback_run *r, const double *x)
{
    int64_t n = r->call->n;
    load(r->in, r->in_copy, x, n);
    spoil(r->jacobian, n * n);
    r->call->hessian(r->in, r->jacobian, r->call->context);
    return intact(r, r->in, r->in_copy, n, r->jacobian, n * n);
}

static int run_hessian_rows(void *context, const double *x, const double *v, double *hv)
{
    callback_run *r = context;
    int64_t n = r->call->n;
    if (!load_hessian(r, x)) return 0;
    for (int64_t i = 0; i < n; i++) {
        hv[i] = 0;
        for (int64_t k = 0; k < n; k++) hv[i] += r->jacobian[i * n + k] * v[k];
    }
    return 1;
}

static int run_hessian_columns(void *context, const double *x, const double *v, double *vh)
{
    callback_run *r = context;
    int64_t n = r->call->n;
    if (!load_hessian(r, x)) return 0;
    for (int64_t i = 0; i < n; i++) {
        vh[i] = 0;
        for (int64_t k = 0; k < n; k++) vh[i] += v[k] * r->jacobian[k * n + i];
    }
    return 1;
}

/* ---- The claims ------------------------------------------------------------------------------------------ */

/* Whether f gives at x what it gave before. */
static int gives_again(callback_run *r, const double *x, const double *before, double *again,
                       const char *problem)
{
    if (!run_value(r, x, again, NULL)) return 0;
    if (memcmp(before, again, (size_t)r->call->m * sizeof(double)) == 0) return 1;
    r->problem = problem;
    return 0;
}

typedef int (*run_fn)(void *context, const double *x, const double *direction, double *out);

/* A derivative that keeps something from call to call may be right only once. */
static int repeats(tg_checking *c, callback_run *r, run_fn run, const double *x, const double *direction,
                   int64_t count)
{
    double *a = calloc((size_t)count, sizeof *a), *b = calloc((size_t)count, sizeof *b);
    int computed = a != NULL && b != NULL && run(r, x, direction, a) && run(r, x, direction, b);
    if (a == NULL || b == NULL) c->out_of_memory = 1;
    if (computed && memcmp(a, b, (size_t)count * sizeof *a) != 0)
        r->problem = "a derivative gives two different results for the same arguments";
    free(a);
    free(b);
    return computed && r->problem == NULL;
}

static const char *argument_problem(const tg_callback *call, const double *x)
{
    if (call == NULL || x == NULL || call->f == NULL)
        return "tg_check_callback: the callback, f or x is NULL";
    if (call->n < 1 || call->m < 1 || call->n > INT64_MAX / 64 / call->m)
        return "tg_check_callback: n and m must be at least 1, and their product countable";
    if (call->vjp == NULL && call->jvp == NULL && call->gradient == NULL && call->jacobian == NULL)
        return "tg_check_callback: there is no derivative to check";
    if ((call->gradient != NULL || call->hvp != NULL || call->hessian != NULL) && call->m != 1)
        return "tg_check_callback: a gradient, hvp or hessian is of a function with m = 1";
    if (call->vjp == NULL && call->gradient == NULL && call->jacobian == NULL &&
        (call->hvp != NULL || call->hessian != NULL))
        return "tg_check_callback: second derivatives are checked as derivatives of a gradient, vjp or jacobian";
    if (call->hessian != NULL && call->n > INT64_MAX / 64 / call->n)
        return "tg_check_callback: a hessian of n times n numbers cannot be counted";
    return NULL;
}

static void check_claim(tg_checking *c, tg_subject s, const char *name, const double *x, const double *w)
{
    callback_run *r = s.context;
    if (c->problem != NULL || r->problem != NULL || c->out_of_memory) return;
    if (s.vjp != NULL && !repeats(c, r, s.vjp, x, w, s.n)) return;
    if (s.jvp != NULL && !repeats(c, r, s.jvp, x, x, s.m)) return;
    c->claim = name;
    tg_check_subject(c, &s, x, w);
    if (c->order == 2 && c->problem == NULL) tg_check_symmetry(c, &s, x);
    c->claim = "";
}

static void check_first(tg_checking *c, callback_run *r, tg_subject s, const double *x, const double *w)
{
    const tg_callback *call = r->call;
    s.slope = call->complex_f != NULL ? run_complex : NULL;
    s.vjp = call->vjp != NULL ? run_vjp : NULL;
    s.jvp = call->jvp != NULL ? run_jvp : NULL;
    if (s.vjp != NULL || s.jvp != NULL) check_claim(c, s, s.vjp != NULL ? "vjp" : "jvp", x, w);
    s.jvp = NULL;
    s.vjp = run_gradient;
    if (call->gradient != NULL) check_claim(c, s, "gradient", x, w);
    s.vjp = run_jacobian;
    if (call->jacobian != NULL) check_claim(c, s, "jacobian", x, w);
}

static void check_second(tg_checking *c, callback_run *r, tg_subject s, const double *x)
{
    const tg_callback *call = r->call;
    double *v = calloc((size_t)call->n, sizeof *v);
    if (v == NULL) {
        c->out_of_memory = 1;
        return;
    }
    tg_check_draw(tg_check_key(c->options.seed, "second adjoint"), call->n, v);
    c->order = 2;
    s.m = call->n;
    s.value = run_first;
    s.jvp = run_hvp;
    if (call->hvp != NULL) check_claim(c, s, "hvp", x, v);
    s.jvp = run_hessian_rows;
    s.vjp = run_hessian_columns;
    if (call->hessian != NULL) check_claim(c, s, "hessian", x, v);
    c->order = 1;
    free(v);
}

static void check_claims(tg_checking *c, callback_run *r, const double *x, const double *w)
{
    const tg_callback *call = r->call;
    tg_part part = {.name = "x", .count = call->n, .rank = 1, .shape = {call->n}};
    tg_subject s = {
        .context = r, .parts = &part, .n_parts = 1, .n = call->n, .m = call->m, .value = run_value};
    check_first(c, r, s, x, w);
    int has_second = call->hvp != NULL || call->hessian != NULL;
    if (has_second && c->options.order >= 2 && c->report->differing == 0 && c->problem == NULL)
        check_second(c, r, s, x);
}

static void check_callback(tg_checking *c, const tg_callback *call, const double *x)
{
    int64_t n = call->n, m = call->m;
    callback_run r = {.call = call};
    r.in = guarded(n);
    r.direction = guarded(2 * n + m);
    r.out = guarded(2 * m + n);
    r.jacobian = guarded(call->hessian != NULL ? n * n : call->jacobian != NULL ? n * m : 0);
    r.in_copy = calloc((size_t)n, sizeof(double));
    r.direction_copy = calloc(2 * (size_t)n + (size_t)m, sizeof(double));
    double *w = calloc((size_t)m, sizeof *w), *other = calloc((size_t)m, sizeof *other);
    double *first = calloc((size_t)m, sizeof *first);
    if (r.in == NULL || r.direction == NULL || r.out == NULL || r.jacobian == NULL || r.in_copy == NULL ||
        r.direction_copy == NULL || w == NULL || other == NULL || first == NULL) {
        c->out_of_memory = 1;
    } else if (run_value(&r, x, first, NULL) &&
               gives_again(&r, x, first, other, "f gives two different results for the same x")) {
        tg_check_draw(tg_check_key(c->options.seed, "adjoint"), m, w);
        check_claims(c, &r, x, w);
        if (r.problem == NULL)
            gives_again(&r, x, first, other, "f gives another result after its derivatives were computed");
    }
    if (r.problem != NULL) c->problem = r.problem;
    free_guarded(r.in);
    free_guarded(r.direction);
    free_guarded(r.out);
    free_guarded(r.jacobian);
    free(r.in_copy);
    free(r.direction_copy);
    free(w);
    free(other);
    free(first);
}

tg_verdict tg_check_callback(const tg_callback *callback, const double *x, const tg_check_options *options,
                             tg_check_report **report)
{
    if (report != NULL) *report = NULL;
    tg_checking c;
    const char *problem = argument_problem(callback, x);
    tg_part part = {.name = "x", .rank = 1, .shape = {problem == NULL ? callback->n : 0}};
    if (!tg_checking_begin(&c, options, &part, 1)) return TG_INCONCLUSIVE;
    snprintf(c.report->of, sizeof c.report->of, "%s", c.options.of != NULL ? c.options.of : "f");
    c.problem = problem;
    if (problem == NULL) check_callback(&c, callback, x);
    /* A function that breaks the rules of the check cannot be judged by it, whatever was found. */
    if (problem == NULL && c.problem != NULL) c.report->differing = 0;
    tg_checking_end(&c);
    tg_verdict verdict = c.report->verdict;
    if (report != NULL)
        *report = c.report;
    else
        tg_check_free(c.report);
    return verdict;
}
