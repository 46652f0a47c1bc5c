/* tg_check on every operation with its rules broken in many ways: each is caught. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"
#include "op_result.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>

/* The operands of a case as inputs of g; xs are the floating ones. Their number. */
static int make_inputs(tg_graph *g, const tg_op_case *c, tg_tensor **inputs, tg_tensor **xs)
{
    int n = 0;
    for (int k = 0; k < c->n_inputs; k++) {
        char name[16];
        if (c->same_as[k] >= 0) {
            inputs[k] = inputs[c->same_as[k]];
            continue;
        }
        snprintf(name, sizeof name, "x%d", k);
        double *values = calloc((size_t)tg_type_count(&c->types[k]) + 1, sizeof *values);
        assert_non_null(values);
        tg_op_case_values(c, k, values);
        inputs[k] = tg_input(g, name, c->types[k].dtype, c->types[k].rank, c->types[k].shape);
        assert_non_null(inputs[k]);
        op_set(inputs[k], values);
        free(values);
        if (tg_op_case_differentiable(c, k)) xs[n++] = inputs[k];
    }
    return n;
}

static void fail_with(const char *what, const char *case_text, const tg_check_report *r)
{
    char *text = tg_check_text(r);
    print_error("%s", text != NULL ? text : "no report");
    tg_text_free(text);
    fail_msg("%s: %s", case_text, what);
}

/* ---- Broken rules ------------------------------------------------------------------------------------------ */

typedef enum mutation {
    SIGN,
    DOUBLE,
    HALF,
    ZERO,
    SLIGHT,
    DROPPED_ELEMENT,
    WRONG_ELEMENT,
    SHIFTED,
    TRANSPOSED,
    OTHER_INPUT,
    ADJOINT_IGNORED,
    MEAN_FOR_SUM,
    SECOND_ORDER,
    N_MUTATIONS
} mutation;

static const char *const mutation_names[N_MUTATIONS] = {
    "sign",          "doubled", "halved",     "zero",        "off by 1e-4",     "dropped element",
    "wrong element", "shifted", "transposed", "other input", "adjoint ignored", "mean for sum",
    "second order"};

static const tg_op *original;
static mutation how;
static int in_forward_mode; /* which of the rules is broken */

static tg_tensor *first_element(tg_tensor *t)
{
    tg_tensor *hot = tg_one_hot(tg_number(tg_graph_of(t), TG_I64, 0), tg_count(t), tg_dtype_of(t));
    return tg_reshape(hot, tg_rank(t), tg_shape(t));
}

static tg_tensor *shifted(tg_tensor *t)
{
    tg_tensor *flat = tg_reshape(t, 1, (const int64_t[]){-1});
    tg_tensor *const parts[2] = {tg_slice(flat, 0, 1, TG_END, 1), tg_slice(flat, 0, 0, 1, 1)};
    if (tg_count(t) < 2) return t;
    return tg_reshape(tg_concat(parts, 2, 0), tg_rank(t), tg_shape(t));
}

static tg_tensor *broken(tg_tensor *t)
{
    switch (how) {
    case SIGN:
        return tg_neg(t);
    case DOUBLE:
        return tg_mul_scalar(t, 2);
    case HALF:
        return tg_mul_scalar(t, 0.5);
    case ZERO:
        return tg_mul_scalar(t, 0);
    case SLIGHT:
        return tg_mul_scalar(t, 1.0001);
    case DROPPED_ELEMENT:
        return tg_where(tg_gt(first_element(t), tg_number_like(t, 0)), tg_number_like(t, 0), t);
    case WRONG_ELEMENT:
        return tg_add(t, tg_mul(t, tg_mul_scalar(first_element(t), 0.1)));
    case SHIFTED:
        return shifted(t);
    case TRANSPOSED:
        return tg_reshape(tg_transpose(t, NULL), tg_rank(t), tg_shape(t));
    case MEAN_FOR_SUM:
        return tg_mul_scalar(t, 1.0 / (double)tg_count(t));
    case SECOND_ORDER:
        return tg_stop_gradient(t);
    default:
        return t;
    }
}

static int same_types(const tg_tensor *a, const tg_tensor *b)
{
    return tg_dtype_of(a) == tg_dtype_of(b) && tg_rank(a) == tg_rank(b) &&
           memcmp(tg_shape(a), tg_shape(b), (size_t)tg_rank(a) * sizeof(int64_t)) == 0;
}

/* The original on the same inputs, and those of them that are floating. */
static tg_tensor *again(const tg_rule *r, tg_tensor **xs, int *which, int *n)
{
    tg_tensor *inputs[TG_OP_CASE_INPUTS];
    *n = 0;
    for (int i = 0; i < tg_rule_input_count(r); i++) {
        inputs[i] = tg_rule_input(r, i);
        if (tg_dtype_of(inputs[i]) != TG_F64) continue;
        which[*n] = i;
        xs[(*n)++] = inputs[i];
    }
    return tg_apply(tg_rule_graph(r), original, inputs, tg_rule_input_count(r), tg_rule_attr(r));
}

static void broken_vjp(tg_rule *r)
{
    tg_tensor *xs[TG_OP_CASE_INPUTS], *xbars[TG_OP_CASE_INPUTS], *ybar = tg_rule_output_adjoint(r);
    int which[TG_OP_CASE_INPUTS], n;
    tg_tensor *y = again(r, xs, which, &n);
    if (how == ADJOINT_IGNORED && !in_forward_mode)
        ybar = tg_full(tg_rule_graph(r), tg_dtype_of(y), tg_rank(y), tg_shape(y), 1);
    if (tg_vjp(tg_rule_graph(r), &y, &ybar, 1, xs, n, xbars) != TG_OK) return;
    if (how == OTHER_INPUT && !in_forward_mode && n >= 2 && same_types(xs[0], xs[1])) {
        tg_tensor *first = xbars[0];
        xbars[0] = xbars[1];
        xbars[1] = first;
    }
    for (int i = 0; i < n; i++) tg_rule_adjoint(r, which[i], in_forward_mode ? xbars[i] : broken(xbars[i]));
}

static void broken_jvp(tg_rule *r)
{
    tg_tensor *xs[TG_OP_CASE_INPUTS], *ydot;
    int which[TG_OP_CASE_INPUTS], n;
    tg_tensor *y = again(r, xs, which, &n);
    for (int i = 0; i < n; i++) {
        tg_tensor *xdot = tg_rule_tangent(r, which[i]);
        if (xdot == NULL) continue;
        if (tg_jvp(tg_rule_graph(r), &y, 1, &xs[i], &xdot, 1, &ydot) != TG_OK) return;
        tg_rule_output_tangent(r, in_forward_mode ? broken(ydot) : ydot);
    }
}

static double distance(tg_tensor *a, tg_tensor *b)
{
    double *u = op_evaluate(a), *v = op_evaluate(b), most = 0;
    for (int64_t i = 0; i < tg_count(a); i++) most = fmax(most, fabs(u[i] - v[i]));
    free(u);
    free(v);
    return most;
}

/* The derivatives can be recorded: then the test of the error means something. */
static void assert_recorded(tg_graph *g, tg_status status)
{
    if (status != TG_OK) fail_msg("%s: %s", mutation_names[how], tg_error(g));
}

/* 1 when the broken rule gives another derivative than the right one: otherwise nothing was planted. */
static int is_an_error(tg_graph *g, tg_tensor *right, tg_tensor *wrong, tg_tensor *const *xs, int n)
{
    double most = 0;
    tg_tensor *a[TG_OP_CASE_INPUTS], *b[TG_OP_CASE_INPUTS];
    tg_tensor *key = tg_number(g, TG_I64, 7);
    tg_tensor *u = tg_random_normal(key, tg_dtype_of(right), tg_rank(right), tg_shape(right));
    for (int i = 0; i < n && in_forward_mode; i++) {
        tg_tensor *xdot = tg_random_normal(key, TG_F64, tg_rank(xs[i]), tg_shape(xs[i]));
        assert_recorded(g, tg_jvp(g, &right, 1, &xs[i], &xdot, 1, &a[0]));
        assert_recorded(g, tg_jvp(g, &wrong, 1, &xs[i], &xdot, 1, &b[0]));
        most = fmax(most, distance(a[0], b[0]));
    }
    if (in_forward_mode) return most > 1e-9;
    assert_recorded(g, tg_vjp(g, &right, &u, 1, xs, n, a));
    assert_recorded(g, tg_vjp(g, &wrong, &u, 1, xs, n, b));
    for (int i = 0; i < n; i++) most = fmax(most, distance(a[i], b[i]));
    if (how != SECOND_ORDER) return most > 1e-9;
    for (int i = 0; i < n; i++) {
        tg_tensor *v[1] = {
            tg_random_normal(tg_number(g, TG_I64, 8), TG_F64, tg_rank(xs[i]), tg_shape(xs[i]))};
        tg_tensor *c[TG_OP_CASE_INPUTS], *d[TG_OP_CASE_INPUTS];
        assert_recorded(g, tg_vjp(g, &a[i], v, 1, xs, n, c));
        assert_recorded(g, tg_vjp(g, &b[i], v, 1, xs, n, d));
        for (int k = 0; k < n; k++) most = fmax(most, distance(c[k], d[k]));
    }
    return most > 1e-9;
}

static int planted, caught;

static void plant(const tg_op_case *c)
{
    tg_op record = *original;
    record.name = "broken";
    record.slope = NULL;
    record.vjp = broken_vjp;
    record.jvp = broken_jvp;
    record.simplify = NULL;
    record.compose = NULL;
    record.composes = NULL;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *inputs[TG_OP_CASE_INPUTS], *xs[TG_OP_CASE_INPUTS];
    int n = make_inputs(g, c, inputs, xs);
    const void *attr = original->attr_size > 0 ? c->attr : NULL;
    tg_tensor *right = tg_apply(g, original, inputs, c->n_inputs, attr);
    tg_tensor *wrong = tg_apply(g, tg_op_register(g, &record), inputs, c->n_inputs, attr);
    /* Composed from its own narrow form, it is that form's case which counts. */
    int composed = original->composes != NULL && original->composes(inputs, c->n_inputs, attr);
    int floating = tg_dtype_of(right) == TG_F32 || tg_dtype_of(right) == TG_F64;
    if (wrong != NULL && floating && !composed && tg_op_of(right) == original &&
        is_an_error(g, right, wrong, xs, n)) {
        tg_check_report *r;
        int is_caught = tg_check(g, wrong, xs, n, NULL, &r) == TG_FAIL;
        planted++;
        caught += is_caught;
        if (!is_caught) {
            print_error("%s, %s mode: %s\n", c->text, in_forward_mode ? "forward" : "reverse",
                        mutation_names[how]);
            fail_with("not caught", c->text, r);
        }
        if (r->culprit[0] == '\0' || strncmp(r->culprit, "broken", 6) != 0) fail_with("culprit", c->text, r);
        tg_check_free(r);
    }
    tg_clear_error(g);
    tg_graph_free(g);
}

static void plant_all(const tg_op_case *c)
{
    if ((c->op->slope == NULL && c->op->vjp == NULL) || (c->op->flags & TG_OP_CONSTANT_SLOPE) != 0) return;
    int64_t count = 0;
    for (int k = 0; k < c->n_inputs; k++) {
        if (c->same_as[k] >= 0 || tg_type_count(&c->types[k]) == 0) return;
        count += tg_op_case_differentiable(c, k);
    }
    if (count == 0) return;
    original = c->op;
    for (in_forward_mode = 0; in_forward_mode <= 1; in_forward_mode++)
        for (how = SIGN; how < N_MUTATIONS; how++)
            if (!in_forward_mode || how != SECOND_ORDER) plant(c);
}

static void test_broken_rules(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, plant_all);
    print_message("broken rules: %d caught of %d planted\n", caught, planted);
    assert_true(planted > 1000);
    assert_int_equal(caught, planted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
