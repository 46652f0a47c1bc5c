/* Every elementwise operation against its own formula, evaluated in quadruple precision: the kernels of every
 * element type, the slope in reverse and forward mode, and second derivatives. An operation is tested by being in
 * the registry. */
#include "op_result.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quad_formula.h"

/* ---- The formula of a case ---------------------------------------------------------------------------- */

static void add_variable(quad_variables *v, const char *name, size_t length, double value)
{
    assert_true(v->n < QUAD_VARIABLES && length < sizeof v->names[0]);
    memcpy(v->names[v->n], name, length);
    v->names[v->n][length] = '\0';
    v->values[v->n++] = value;
}

/* The operands by their names in the record, then the attributes that are numbers. */
static quad_variables variables_of(const tg_op_case *c)
{
    quad_variables v = {.n = 0};
    for (const char *name = c->op->inputs; *name != '\0';) {
        size_t length = strcspn(name, " ");
        add_variable(&v, name, length, 1);
        name += length + strspn(name + length, " ");
    }
    for (int i = 0; i < c->op->n_attrs; i++) {
        const tg_attr *a = &c->op->attrs[i];
        double value;
        memcpy(&value, c->attr + a->offset, sizeof value);
        if (a->kind == TG_ATTR_FLOAT) add_variable(&v, a->name, strlen(a->name), value);
    }
    return v;
}

static int has_formula(const tg_op_case *c)
{
    quad_variables v = variables_of(c);
    return v.n >= c->n_inputs && quad_formula_parses(c->op->formula, &v);
}

static void check_formula(const tg_op_case *c)
{
    if ((c->op->flags & TG_OP_ELEMENTWISE) != 0 && !has_formula(c))
        fail_msg("%s: it is elementwise, but its formula \"%s\" cannot be evaluated", c->op->name,
                 c->op->formula);
}

static void test_formulas(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_formula);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

#define SAMPLES 2100

typedef struct samples {
    int n;
    double values[SAMPLES];
} samples;

static void add_sample(samples *s, tg_dtype dtype, double value)
{
    s->values[s->n++] = dtype == TG_F32 ? (double)(float)value : value;
}

/* What is tried for an operand: `dense` points of the domain, and special ones. */
static samples samples_for(const tg_op *op, tg_dtype dtype, int dense)
{
    static const double special[] = {0.0,  -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN, 1, -1,
                                     1e-8, -1e-8};
    static const double integers[] = {0, 1, -1, 2, -3, 7, 100, -1000};
    samples s = {.n = 0};
    if (dtype == TG_BOOL) {
        for (int i = 0; i < 2; i++) add_sample(&s, dtype, i);
    } else if (dtype == TG_I64) {
        for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) add_sample(&s, dtype, integers[i]);
    } else {
        tg_domain d = op->domain.low == op->domain.high ? (tg_domain){-2, 2} : op->domain;
        for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) add_sample(&s, dtype, special[i]);
        for (int i = 0; i < dense; i++) add_sample(&s, dtype, d.low + (d.high - d.low) * i / (dense - 1));
    }
    return s;
}

/* What the formula has no value for, inf/inf or 0 inf, may be NaN, or what it tends to. */
static double limit_of(const tg_op *op, quad_variables v, int n_inputs)
{
    for (int k = 0; k < n_inputs; k++)
        if (isinf(v.values[k])) v.values[k] = copysign(1e4, v.values[k]);
    return quad_formula_value(op->formula, &v);
}

static int is_close(const tg_op_case *c, double got, double expected, tg_dtype dtype)
{
    if (got == expected || (isnan(got) && isnan(expected))) return 1;
    if (dtype != TG_F32 && dtype != TG_F64) return 0;
    double eps = dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    double largest = dtype == TG_F32 ? (double)FLT_MAX : DBL_MAX,
           least = dtype == TG_F32 ? (double)FLT_MIN : DBL_MIN;
    if (fabs(expected) > largest) return isinf(got) && (got > 0) == (expected > 0);
    /* A composition may lose a few digits: erfc(x) turns an error of its argument into x^2 times as much. */
    double ulps = c->op->compose == NULL ? 5 : 64;
    double error = quad_formula_error(0) * (fabs(expected) + 1e-8);
    return fabs(got - expected) <= ulps * eps * fabs(expected) + least + error;
}

static void check_element(const tg_op_case *c, const quad_variables *v, tg_dtype dtype, double got)
{
    double expected = quad_formula_value(c->op->formula, v);
    int any_nan = 0;
    for (int k = 0; k < c->n_inputs; k++) any_nan = any_nan || isnan(v->values[k]);
    if (isnan(expected) && !any_nan) {
        if (isnan(got)) return;
        expected = limit_of(c->op, *v, c->n_inputs);
    }
    if (is_close(c, got, expected, dtype)) return;
    fail_msg("%s, giving %s: %s of (%g, %g, %g) is %.17g, the formula \"%s\" gives %.17g", c->text,
             tg_dtype_name(dtype), c->op->name, v->values[0], v->values[1], v->values[2], got, c->op->formula,
             expected);
}

/* The operation on every combination of samples; 0 when it does not take these types. */
static int check_values(const tg_op_case *c, const tg_dtype *dtypes)
{
    int floats = 0;
    int64_t count = 1;
    for (int k = 0; k < c->n_inputs; k++) floats += dtypes[k] == TG_F32 || dtypes[k] == TG_F64;
    samples *lists = calloc(TG_OP_CASE_INPUTS, sizeof *lists);
    assert_non_null(lists);
    for (int k = 0; k < c->n_inputs; k++) {
        lists[k] = samples_for(c->op, dtypes[k], floats == 1 ? 2001 : floats == 2 ? 33 : 9);
        count *= lists[k].n;
    }
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *inputs[TG_OP_CASE_INPUTS];
    double *columns[TG_OP_CASE_INPUTS];
    int64_t every = 1;
    for (int k = 0; k < c->n_inputs; k++) {
        inputs[k] = tg_input(g, (char[]){(char)('a' + k), '\0'}, dtypes[k], 1, &count);
        columns[k] = calloc((size_t)count, sizeof(double));
        assert_non_null(columns[k]);
        for (int64_t i = 0; i < count; i++) columns[k][i] = lists[k].values[i / every % lists[k].n];
        op_set(inputs[k], columns[k]);
        every *= lists[k].n;
    }
    tg_tensor *y = tg_apply(g, c->op, inputs, c->n_inputs, c->attr);
    if (y != NULL) {
        double *got = op_evaluate(y);
        quad_variables v = variables_of(c);
        for (int64_t i = 0; i < count; i++) {
            for (int k = 0; k < c->n_inputs; k++) v.values[k] = columns[k][i];
            check_element(c, &v, tg_dtype_of(y), got[i]);
        }
        free(got);
    } else if (tg_graph_status(g) != TG_ERR_DTYPE && tg_graph_status(g) != TG_ERR_ARGUMENT) {
        fail_msg("%s: %s", c->text, tg_error(g));
    }
    for (int k = 0; k < c->n_inputs; k++) free(columns[k]);
    free(lists);
    tg_graph_free(g);
    return y != NULL;
}

/* In the first case and those with other attributes: every element type for the operands that are floating in
 * it, those that are bool staying so. */
static void check_case_values(const tg_op_case *c)
{
    tg_op_case first;
    assert_true(tg_op_case_make(&first, c->op, 0, TG_F64));
    int is_first = strcmp(first.text, c->text) == 0;
    if (!has_formula(c) || (!is_first && memcmp(first.attr, c->attr, sizeof c->attr) == 0)) return;
    int accepted = 0;
    for (int dtype = TG_F32; dtype <= TG_BOOL; dtype++) {
        tg_dtype dtypes[TG_OP_CASE_INPUTS];
        for (int k = 0; k < c->n_inputs; k++)
            dtypes[k] = c->types[k].dtype == TG_F64 || c->types[0].dtype == TG_BOOL ? (tg_dtype)dtype
                                                                                    : c->types[k].dtype;
        if (c->n_inputs > 1 && c->types[0].dtype == TG_BOOL && c->types[1].dtype != TG_BOOL)
            dtypes[0] = TG_BOOL;
        accepted += check_values(c, dtypes);
    }
    if (accepted == 0) fail_msg("%s: no element type is accepted", c->text);
}

static void test_values(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_case_values);
}

/* ---- Derivatives -------------------------------------------------------------------------------------- */

/* The element of operand k that element e of the result is made of, by the rules of broadcasting. */
static int64_t element_of(const tg_type *x, const tg_type *y, int64_t e)
{
    int64_t at = 0, stride = 1;
    for (int axis = y->rank - 1; axis >= 0; axis--) {
        int64_t position = e % y->shape[axis];
        int own = axis - (y->rank - x->rank);
        e /= y->shape[axis];
        if (own < 0) continue;
        if (x->shape[own] > 1) at += position * stride;
        stride *= x->shape[own];
    }
    return at;
}

/* What op_result_compute gives, from slopes and curvatures of the formula; and sums of magnitudes, which tell how
 * much cancels. */
typedef struct expected {
    double *tangent, *adjoint[TG_OP_CASE_INPUTS], *second[TG_OP_CASE_INPUTS], *moved[TG_OP_CASE_INPUTS];
    double size;
} expected;

static double *random_numbers(const tg_op_case *c, const char *purpose, int k, int64_t n)
{
    char name[32];
    snprintf(name, sizeof name, k < 0 ? "%s" : "%s%d", purpose, k);
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    tg_op_case_random(c, name, n, values);
    return values;
}

static void add_to(expected *want, double *sum, double term)
{
    *sum += term;
    want->size = fmax(want->size, fabs(term));
}

/* The terms of element e of the result; own[k] is the operand that operand k stands for, at[k] its element. */
static void add_element(expected *want, const tg_op_case *c, const quad_variables *at_e, int64_t e,
                        const int *own, const int64_t *at, double u, double *const *v, double *const *w)
{
    const char *formula = c->op->formula;
    for (int j = 0; j < c->n_inputs; j++) {
        if (v[own[j]] == NULL) continue;
        double slope = quad_formula_slope(formula, at_e, j);
        add_to(want, &want->tangent[e], slope * v[own[j]][at[j]]);
        add_to(want, &want->adjoint[own[j]][at[j]], slope * u);
        for (int k = 0; k < c->n_inputs; k++) {
            if (v[own[k]] == NULL) continue;
            double curvature = u * quad_formula_curvature(formula, at_e, j, k);
            add_to(want, &want->second[own[j]][at[j]], curvature * w[own[k]][at[k]]);
            add_to(want, &want->moved[own[j]][at[j]], curvature * v[own[k]][at[k]]);
        }
    }
}

static expected expect(const tg_op_case *c, const tg_type *y)
{
    expected want = {.size = 0};
    int64_t n = tg_type_count(y), at[TG_OP_CASE_INPUTS];
    int own[TG_OP_CASE_INPUTS];
    double *x[TG_OP_CASE_INPUTS], *v[TG_OP_CASE_INPUTS] = {NULL}, *w[TG_OP_CASE_INPUTS] = {NULL};
    double *u = random_numbers(c, "cotangent", -1, n);
    want.tangent = calloc((size_t)n + 1, sizeof(double));
    for (int k = 0; k < c->n_inputs; k++) {
        int64_t count = tg_type_count(&c->types[k]);
        own[k] = c->same_as[k] >= 0 ? c->same_as[k] : k;
        x[k] = calloc((size_t)count + 1, sizeof(double));
        tg_op_case_values(c, k, x[k]);
        if (!tg_op_case_differentiable(c, k)) continue;
        v[k] = random_numbers(c, "tangent", k, count);
        w[k] = random_numbers(c, "weights", k, count);
        want.adjoint[k] = calloc((size_t)count + 1, sizeof(double));
        want.second[k] = calloc((size_t)count + 1, sizeof(double));
        want.moved[k] = calloc((size_t)count + 1, sizeof(double));
    }
    quad_variables variables = variables_of(c);
    for (int64_t e = 0; e < n; e++) {
        for (int k = 0; k < c->n_inputs; k++) {
            at[k] = element_of(&c->types[k], y, e);
            variables.values[k] = x[k][at[k]];
        }
        add_element(&want, c, &variables, e, own, at, u[e], v, w);
    }
    for (int k = 0; k < c->n_inputs; k++) free(x[k]), free(v[k]), free(w[k]);
    free(u);
    return want;
}

static void check_derivatives(const tg_op_case *c)
{
    if (!has_formula(c)) return;
    op_result r;
    op_result_compute(&r, c, NULL, 0);
    if (r.has_derivatives) {
        expected want = expect(c, &r.type);
        /* Slopes such as y (1 - y) have an absolute rather than a relative error where they vanish. */
        double tolerance = 10 * quad_formula_error(1), scale = 1e-3 * (1 + want.size);
        op_assert_close(c, "forward", r.tangent, want.tangent, tg_type_count(&r.type), tolerance, scale);
        for (int k = 0; k < c->n_inputs; k++) {
            if (r.adjoint[k] == NULL) continue;
            int64_t n = tg_type_count(&c->types[k]);
            op_assert_close(c, "reverse", r.adjoint[k], want.adjoint[k], n, tolerance, scale);
            op_assert_close(c, "reverse over reverse", r.second[k], want.second[k], n, tolerance, scale);
            op_assert_close(c, "forward over reverse", r.moved[k], want.moved[k], n, tolerance, scale);
            free(want.adjoint[k]), free(want.second[k]), free(want.moved[k]);
        }
        free(want.tangent);
    }
    op_result_free(&r);
}

static void test_derivatives(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_derivatives);
}

/* The comparison itself can tell right from wrong. */
static void test_parser(void **state)
{
    (void)state;
    quad_variables v = {.n = 2, .names = {"x", "slope"}, .values = {3, 0.5}};
    static const struct {
        const char *formula;
        double value;
    } right[] = {
        {"-x ^ 2", -9},    {"2 ^ -1", 0.5},        {"1 - 2 - 3", -4},
        {"12 / 2 / 3", 2}, {"slope * x + 1", 2.5}, {"where(x > 0, x, exp(x) - 1)", 3},
        {"max(x, 4)", 4},  {"not x > 4", 1},       {"x and 0 or 1", 1},
        {"1 xor x", 0},    {"min(x, 1) <= 1", 1},  {"(x)", 3},
    };
    static const char *const wrong[] = {"",    "x +", "y",   "max(x)", "nothing(x)",
                                        "x x", "(x",  "x_i", "1, 2",   "where(x, x, x, x)"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(quad_formula_parses(right[i].formula, &v));
        assert_true(quad_formula_value(right[i].formula, &v) == right[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(quad_formula_parses(wrong[i], &v));
    assert_true(fabs(quad_formula_slope("x ^ 3 * slope", &v, 0) - 13.5) < 20 * quad_formula_error(1));
    assert_true(fabs(quad_formula_curvature("x ^ 3 * slope", &v, 0, 1) - 27) < 40 * quad_formula_error(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parser),
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_derivatives),
    };
    return cmocka_run_group_tests_name("ops: elementwise", tests, NULL, NULL);
}
