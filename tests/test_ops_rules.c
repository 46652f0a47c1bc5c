/* What has to hold for every operation, whatever it computes: its record is complete, its modes of differentiation
 * agree with each other, and neither the element type nor the graph's options change its results. */
#include "op_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_random(const tg_op *op)
{
    return strncmp(op->name, "random_", 7) == 0;
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static int words(const char *text)
{
    int n = 0;
    for (const char *at = text; *at != '\0'; at++) n += *at != ' ' && (at == text || at[-1] == ' ');
    return n;
}

static void check_derivative_fields(const tg_op *op)
{
    int constant = (op->flags & TG_OP_CONSTANT_SLOPE) != 0;
    if (op->compose == NULL && (op->slope != NULL || op->vjp != NULL) == constant)
        fail_msg("%s: it needs a rule, or TG_OP_CONSTANT_SLOPE, and not both", op->name);
    if (op->slope != NULL && (op->vjp != NULL || op->jvp != NULL))
        fail_msg("%s: slope and other rules exclude each other", op->name);
    if (op->compose != NULL && op->composes == NULL &&
        (op->kernel != NULL || op->vjp != NULL || op->infer != NULL))
        fail_msg("%s: it is always composed, so a kernel or rule of its own is never used", op->name);
}

static void check_record(const tg_graph *g, const tg_op *op)
{
    assert_true(op->name != NULL && op->name[0] != '\0');
    if (tg_op_find(g, op->name) != op) fail_msg("%s: another operation has the name", op->name);
    if (op->inputs == NULL || op->formula == NULL || op->formula[0] == '\0')
        fail_msg("%s: inputs or formula are missing", op->name);
    if (words(op->inputs) != (op->n_inputs == TG_VARIADIC ? 1 : op->n_inputs))
        fail_msg("%s: \"%s\" does not name %d inputs", op->name, op->inputs, op->n_inputs);
    if (tg_op_case_count(op) == 0) fail_msg("%s: it has no cases to be tested with", op->name);
    if (op->domain.low > op->domain.high) fail_msg("%s: its domain is empty", op->name);
    check_derivative_fields(op);
}

static void test_records(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(NULL);
    const tg_op *op;
    int n = 0;
    for (; (op = tg_op_at(g, n)) != NULL; n++) check_record(g, op);
    assert_true(n >= 70);
    tg_graph_free(g);
}

/* ---- Modes agree -------------------------------------------------------------------------------------- */

typedef struct sum {
    double value, size;
} sum;

static sum dot(const double *a, const double *b, int64_t n, sum s)
{
    for (int64_t i = 0; i < n; i++) {
        s.value += a[i] * b[i];
        s.size += fabs(a[i] * b[i]);
    }
    return s;
}

/* The sum over operands of <parts_k, numbers_k>, the numbers being those of a purpose. */
static sum dot_operands(const tg_op_case *c, double *const *parts, const char *purpose)
{
    sum s = {0, 0};
    for (int k = 0; k < c->n_inputs; k++) {
        if (parts[k] == NULL) continue;
        char name[32];
        int64_t n = tg_type_count(&c->types[k]);
        double *values = calloc((size_t)n + 1, sizeof *values);
        assert_non_null(values);
        snprintf(name, sizeof name, "%s%d", purpose, k);
        tg_op_case_random(c, name, n, values);
        s = dot(parts[k], values, n, s);
        free(values);
    }
    return s;
}

static void assert_same_sum(const tg_op_case *c, const char *what, sum a, sum b)
{
    if (fabs(a.value - b.value) <= 1e-12 * (a.size + b.size)) return;
    fail_msg("%s: %s: %.17g and %.17g", c->text, what, a.value, b.value);
}

static int same_dtype(const tg_op_case *c, const op_result *r)
{
    for (int k = 0; k < c->n_inputs; k++)
        if (r->adjoint[k] != NULL && c->types[k].dtype != r->type.dtype) return 0;
    return 1;
}

/* <u, J v> = <J^T u, v>, and the same one order higher; a cast rounds one side and is left out. */
static void check_transposition(const tg_op_case *c)
{
    op_result r;
    op_result_compute(&r, c, NULL, 0);
    if (r.has_derivatives && same_dtype(c, &r)) {
        int64_t n = tg_type_count(&r.type);
        double *u = calloc((size_t)n + 1, sizeof *u);
        assert_non_null(u);
        tg_op_case_random(c, "cotangent", n, u);
        assert_same_sum(c, "<u, J v> and <J^T u, v>", dot(u, r.tangent, n, (sum){0, 0}),
                        dot_operands(c, r.adjoint, "tangent"));
        assert_same_sum(c, "<d(J^T u) v, w> and <d<J^T u, w>, v>", dot_operands(c, r.moved, "weights"),
                        dot_operands(c, r.second, "tangent"));
        free(u);
    }
    op_result_free(&r);
}

static void test_transposition(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_transposition);
}

/* ---- Variants give the same --------------------------------------------------------------------------- */

/* Derivatives such as y (1 - y), which vanish where saturated, have an absolute error there: hence the 0.01. */
static void compare_arrays(const tg_op_case *c, const char *what, const double *a, const double *b, int64_t n,
                           double tolerance)
{
    assert_true((a == NULL) == (b == NULL));
    if (a != NULL) op_assert_close(c, what, a, b, n, tolerance, fmax(0.01, op_largest(b, n)));
}

static void compare_results(const tg_op_case *c, const char *variant, const op_result *a, const op_result *b,
                            double tolerance)
{
    char what[80];
    int64_t n = tg_type_count(&b->type);
    if (tg_type_count(&a->type) != n) fail_msg("%s: %s: another shape", c->text, variant);
    snprintf(what, sizeof what, "%s: value", variant);
    compare_arrays(c, what, a->value, b->value, n, tolerance);
    snprintf(what, sizeof what, "%s: tangent", variant);
    compare_arrays(c, what, a->tangent, b->tangent, n, tolerance);
    for (int k = 0; k < c->n_inputs; k++) {
        n = tg_type_count(&c->types[k]);
        snprintf(what, sizeof what, "%s: adjoint of operand %d", variant, k);
        compare_arrays(c, what, a->adjoint[k], b->adjoint[k], n, tolerance);
        snprintf(what, sizeof what, "%s: second derivative for operand %d", variant, k);
        compare_arrays(c, what, a->second[k], b->second[k], n, tolerance);
        snprintf(what, sizeof what, "%s: change of the adjoint of operand %d", variant, k);
        compare_arrays(c, what, a->moved[k], b->moved[k], n, tolerance);
    }
}

static void check_options(const tg_op_case *c)
{
    static const struct {
        unsigned flags;
        const char *name;
    } variants[] = {{TG_NO_SIMPLIFY, "without simplification"},
                    {TG_NO_INTERN, "without interning"},
                    {TG_NO_SIMPLIFY | TG_NO_INTERN, "without both"}};
    op_result plain, other;
    op_result_compute(&plain, c, NULL, 0);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        op_result_compute(&other, c, NULL, variants[i].flags);
        compare_results(c, variants[i].name, &other, &plain, 1e-14);
        op_result_free(&other);
    }
    op_result_free(&plain);
}

static void test_options(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_options);
}

/* Operands can be represented in f32, so only the arithmetic differs. Random numbers differ by their type. */
static void check_single(const tg_op_case *c)
{
    if (is_random(c->op)) return;
    tg_op_case single;
    int i = 0;
    do assert_true(tg_op_case_make(&single, c->op, i++, TG_F32));
    while (strcmp(single.text, c->text) != 0);
    op_result of_f32, of_f64;
    op_result_compute(&of_f32, &single, NULL, 0);
    op_result_compute(&of_f64, c, NULL, 0);
    compare_results(c, "in f32", &of_f32, &of_f64, 2e-5);
    op_result_free(&of_f32);
    op_result_free(&of_f64);
}

static void test_single_precision(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_single);
}

/* The forward rule against the one that transposing the reverse rule twice gives. */
static void check_derived_forward(const tg_op_case *c)
{
    if (c->op->jvp == NULL) return;
    tg_op copy = *c->op;
    copy.name = "transposed_twice";
    copy.jvp = NULL;
    op_result own, derived;
    op_result_compute(&own, c, NULL, 0);
    op_result_compute(&derived, c, &copy, 0);
    compare_results(c, "forward rule from the reverse rule", &derived, &own, 1e-14);
    op_result_free(&own);
    op_result_free(&derived);
}

static void test_derived_forward(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_derived_forward);
}

/* ---- Cases themselves --------------------------------------------------------------------------------- */

static void check_sampling(const tg_op_case *c)
{
    tg_domain d = c->op->domain.low == c->op->domain.high ? (tg_domain){-2, 2} : c->op->domain;
    double seen[256];
    int n = 0;
    for (int k = 0; k < c->n_inputs; k++) {
        if (!tg_op_case_differentiable(c, k)) continue;
        assert_true(n + tg_type_count(&c->types[k]) <= 256);
        tg_op_case_values(c, k, seen + n);
        n += (int)tg_type_count(&c->types[k]);
    }
    for (int i = 0; i < n; i++) {
        assert_true(seen[i] >= d.low && seen[i] <= d.high && fabs(seen[i]) > 0.04 &&
                    (double)(float)seen[i] == seen[i]);
        for (int j = 0; j < i; j++)
            if (fabs(seen[i] - seen[j]) < 0.012 * (d.high - d.low))
                fail_msg("%s: %g and %g are too close", c->text, seen[i], seen[j]);
    }
}

static void test_sampling(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_sampling);
}

static void test_malformed_cases(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "sum",        "sum(",           "sum(f[2)",        "sum(f[2]",          "sum(f[2],",
        "mean(f[2])", "sum(f[2], a=1)", "sum(f[2], axis)", "sum(f[2], axis=x)", "sum(f[2], keepdims=2)",
        "sum(f[2]) ", "sum(#1)",        "sum(i[2])",       "sum(f[-1])",        "sum(f[2], axis=[1, 2)",
    };
    tg_graph *g = tg_graph_new(NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tg_op op = *tg_op_find(g, "sum");
        op.cases = (const char *const[]){wrong[i], NULL};
        tg_op_case c;
        if (tg_op_case_make(&c, &op, 0, TG_F64)) fail_msg("\"%s\" was accepted", wrong[i]);
        assert_true(c.error[0] != '\0');
    }
    tg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),          cmocka_unit_test(test_sampling),
        cmocka_unit_test(test_malformed_cases),  cmocka_unit_test(test_transposition),
        cmocka_unit_test(test_derived_forward),  cmocka_unit_test(test_options),
        cmocka_unit_test(test_single_precision),
    };
    return cmocka_run_group_tests_name("ops: rules", tests, NULL, NULL);
}
