/* The programs that reports give for failing operations: they are programs, have the operation's value, and fail as it
 * did. And what reports say of terms that are missing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op_result.h"

#include "check/graph_check.h"
#include "graph_helpers.h"

#include <tapegrad/lang.h>
#include <tapegrad/nn.h>

static tg_tensor *build(tg_graph *g, const char *text)
{
    tg_model *m;
    tg_model_parse(text, strlen(text), "reproducer", &m, NULL);
    if (tg_model_build(m, g, NULL) != TG_OK) fail_msg("%s\n%s", tg_model_problems(m), text);
    tg_tensor *loss = tg_model_find(m, "loss");
    assert_non_null(loss);
    tg_model_free(m);
    return loss;
}

/* ---- Every operation can be written --------------------------------------------------------------------------- */

static void compare(const tg_op_case *c, tg_tensor *y, const char *text)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *again = build(g, text);
    assert_int_equal(tg_dtype_of(again), tg_dtype_of(y));
    assert_int_equal(tg_count(again), tg_count(y));
    double *expected = op_evaluate(y), *found = op_evaluate(again);
    op_assert_close(c, text, found, expected, tg_count(y), 1e-12, 0);
    free(expected);
    free(found);
    tg_graph_free(g);
}

static int written;

enum { ROOM = 1000 };

/* The floating inputs that t has, each once, and their values one after another. */
static int own_inputs(const tg_tensor *t, tg_tensor **xs, double *x)
{
    int n = 0, used = 0;
    for (int i = 0; i < tg_input_count(t); i++) {
        tg_tensor *input = tg_input_at(t, i);
        int known = tg_dtype_of(input) != TG_F64;
        for (int k = 0; k < n; k++) known |= xs[k] == input;
        if (known) continue;
        int count = (int)tg_count(input);
        double *values = op_evaluate(input);
        assert_true(used + count <= ROOM);
        memcpy(x + used, values, (size_t)count * sizeof *values);
        free(values);
        used += count;
        xs[n++] = input;
    }
    return n;
}

static void check_written(const tg_op_case *c)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY});
    tg_tensor *inputs[TG_OP_CASE_INPUTS], *xs[TG_OP_CASE_INPUTS];
    double x[ROOM];
    for (int k = 0; k < c->n_inputs; k++) {
        char name[16];
        double values[ROOM];
        snprintf(name, sizeof name, "in%d", k);
        inputs[k] = c->same_as[k] >= 0
                        ? inputs[c->same_as[k]]
                        : tg_input(g, name, c->types[k].dtype, c->types[k].rank, c->types[k].shape);
        assert_true(tg_count(inputs[k]) <= ROOM && tg_op_case_values(c, k, values));
        op_set(inputs[k], values);
    }
    tg_tensor *y = tg_apply(g, c->op, inputs, c->n_inputs, c->op->attr_size > 0 ? c->attr : NULL);
    assert_non_null(y);
    /* What is composed of other operations is not on the tape itself. */
    int n = tg_op_of(y) == c->op && tg_dtype_of(y) == TG_F64 ? own_inputs(y, xs, x) : 0;
    if (n > 0) {
        tg_checking checking;
        tg_drawing drawing = {0, -1, 1, 8};
        assert_true(tg_checking_begin(&checking, NULL, NULL, 0));
        char *text = tg_check_reproducer(y, xs, n, x, &drawing, &checking);
        if (text == NULL) fail_msg("%s: no program", c->text);
        compare(c, y, text);
        tg_text_free(text);
        tg_check_free(checking.report);
        written++;
    }
    tg_graph_free(g);
}

static void test_every_operation(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_written);
    print_message("%d programs\n", written);
    assert_true(written > 150);
}

/* ---- Programs that fail --------------------------------------------------------------------------------------- */

/* y = a b, where b has a's shape or is broadcast along its first axis. */
static tg_status product_infer(tg_infer *q)
{
    tg_type a = tg_infer_input(q, 0), b = tg_infer_input(q, 1);
    if (a.dtype != TG_F64 || b.dtype != TG_F64 || a.rank != 2 || b.rank != 1 || b.shape[0] != a.shape[1])
        return tg_infer_fail(q, TG_ERR_SHAPE, "expected f64[n, k] and f64[k]");
    return tg_infer_output(q, TG_F64, 2, a.shape);
}

static tg_status product_kernel(const tg_kernel_call *call)
{
    const double *a = call->in[0].data, *b = call->in[1].data;
    double *y = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++) y[i] = a[i] * b[i % call->in[1].count];
    return TG_OK;
}

static int wrong; /* which mistake the rule makes */

static tg_tensor *row(tg_tensor *t, int64_t i)
{
    return tg_reshape(tg_slice(t, 0, i, i + 1, 1), 1, (const int64_t[]){-1});
}

static void product_vjp(tg_rule *r)
{
    tg_tensor *g = tg_rule_output_adjoint(r), *a = tg_rule_input(r, 0), *b = tg_rule_input(r, 1);
    tg_tensor *terms = tg_mul(g, a);
    int64_t rows = tg_shape(a)[0];
    tg_rule_adjoint(r, 0, tg_mul(g, b));
    if (wrong == 1)
        tg_rule_adjoint(r, 1, row(terms, rows - 1)); /* assigned in a loop, not added up */
    else if (wrong == 2)
        tg_rule_adjoint(r, 1, tg_sum(tg_slice(terms, 0, 1, TG_END, 1), TG_AXES(0))); /* a loop from 1 */
    else if (wrong == 3)
        tg_rule_adjoint(r, 1, terms); /* of the wrong shape */
    else if (wrong == 4)
        tg_rule_adjoint(r, 1, tg_neg(tg_sum(terms, TG_AXES(0))));
    else if (wrong == 5)
        tg_rule_adjoint(r, 1, tg_stop_gradient(tg_sum(terms, TG_AXES(0)))); /* no second derivative */
    else
        tg_rule_adjoint(r, 1, tg_sum(terms, TG_AXES(0)));
}

static void product_jvp(tg_rule *r)
{
    for (int i = 0; i < 2; i++)
        if (tg_rule_tangent(r, i) != NULL)
            tg_rule_output_tangent(r, tg_mul(tg_rule_tangent(r, i), tg_rule_input(r, 1 - i)));
}

static const tg_op product = {.name = "product",
                              .n_inputs = 2,
                              .inputs = "a b",
                              .infer = product_infer,
                              .kernel = product_kernel,
                              .vjp = product_vjp,
                              .jvp = product_jvp};

/* A network that uses the operation in its middle; the report of its check. */
static tg_check_report *check_network(uint64_t seed, int64_t rows)
{
    tg_graph *g = tg_graph_new(NULL);
    const tg_op *op = tg_op_register(g, &product);
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){rows, 3});
    tg_tensor *b = param_1d(g, "b", 3, (const double[]){0.5, -1.25, 2}), *in[2] = {tg_tanh(x), tg_exp(b)};
    tg_tensor *y = tg_mean(tg_square(tg_set_name(tg_apply(g, op, in, 2, NULL), "h")), NULL);
    tg_check_report *r;
    assert_int_equal(tg_check(g, y, &b, 1, &(tg_check_options){.seed = seed}, &r), wrong ? TG_FAIL : TG_PASS);
    tg_graph_free(g);
    return r;
}

/* The report's program fails alone, in the same way. */
static void check_reproduces(const tg_check_report *r, uint64_t seed, int order)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_check_report *again;
    assert_non_null(tg_op_register(g, &product));
    assert_non_null(r->reproducer);
    tg_tensor *loss = build(g, r->reproducer), *xs[2] = {tg_param_at(g, 0), tg_param_at(g, 1)};
    assert_int_equal(tg_param_count(g), 2);
    assert_int_equal(tg_check(g, loss, xs, 2, &(tg_check_options){.seed = seed, .order = order}, &again),
                     TG_FAIL);
    assert_contains(again->culprit, "product");
    const char *own = strchr(r->culprit, ']'), *its = strchr(again->culprit, ']');
    assert_non_null(own);
    assert_non_null(its);
    assert_string_equal(own, its); /* the same type, and the same words for the error */
    tg_check_free(again);
    tg_graph_free(g);
}

static void check_mistake(int mistake, int64_t rows, const char *looks)
{
    wrong = mistake;
    tg_check_report *r = check_network(7, rows);
    assert_contains(r->culprit, "product 'h'");
    assert_contains(r->culprit, looks);
    check_reproduces(r, 7, 1);
    char *text = tg_check_text(r);
    assert_contains(text, "a program that fails in the same way:");
    assert_contains(text, "# 'product' is not an operation of the library");
    assert_contains(text, "loss = product(x0, x1)\n");
    assert_contains(text, "--order 1 --seed 7");
    tg_text_free(text);
    tg_check_free(r);
}

static void test_mistakes(void **state)
{
    (void)state;
    wrong = 0;
    tg_check_report *right = check_network(0, 4);
    assert_null(right->reproducer);
    tg_check_free(right);
    check_mistake(1, 4, "a sum over an axis that was broadcast is missing");
    check_mistake(1, 4, "only the term of index 3 of 4");
    check_mistake(2, 4, "one missing term: that of index 0 of 4 in the output");
    check_mistake(2, 2, "one of two terms is missing");
    check_mistake(3, 4, "the sum over the axes that were broadcast is missing");
    check_mistake(4, 4, "the sign is wrong");
}

/* A rule with the right values whose derivative is wrong fails to the second order alone. */
static void test_second_order(void **state)
{
    (void)state;
    wrong = 5;
    tg_check_report *r = check_network(3, 4);
    assert_contains(r->culprit, "product 'h'");
    assert_contains(r->reproducer, "--order 2 --seed 3");
    check_reproduces(r, 3, 2);
    tg_graph *g = tg_graph_new(NULL);
    assert_non_null(tg_op_register(g, &product));
    tg_tensor *loss = build(g, r->reproducer), *xs[2] = {tg_param_at(g, 0), tg_param_at(g, 1)};
    assert_int_equal(tg_check(g, loss, xs, 2, &(tg_check_options){.order = 1}, NULL), TG_PASS);
    tg_graph_free(g);
    tg_check_free(r);
}

/* Values that are many are drawn by the program. */
static void test_large(void **state)
{
    (void)state;
    wrong = 1;
    tg_check_report *r = check_network(1, 1000);
    assert_contains(r->reproducer, "they are drawn from the range that they had");
    assert_contains(r->reproducer, "param x0 : f64[1000, 3] = uniform(-0.7");
    tg_graph *g = tg_graph_new(NULL);
    assert_non_null(tg_op_register(g, &product));
    tg_tensor *loss = build(g, r->reproducer), *b = tg_param_at(g, 1);
    assert_int_equal(tg_check(g, loss, &b, 1, NULL, NULL), TG_FAIL);
    tg_graph_free(g);
    tg_check_free(r);
}

/* ---- Rules of tg_custom ----------------------------------------------------------------------------------------- */

static void custom_vjp(tg_rule *r)
{
    tg_tensor *x = tg_rule_input(r, 0);
    tg_tensor *xbar = tg_mul(tg_rule_output_adjoint(r), tg_cos(x));
    tg_rule_adjoint(r, 0, wrong ? tg_mul_scalar(xbar, 3) : xbar);
}

static void right_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_mul(tg_rule_output_adjoint(r), tg_cos(tg_rule_input(r, 0))));
}

/* Its own operations are not asked for what its rules say, and a right one is not blamed for a wrong neighbour. */
static void test_custom(void **state)
{
    tg_graph *g = *state;
    tg_check_report *r;
    const tg_custom_rules rules = {.name = "mine", .vjp = custom_vjp};
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){0.7, -1.3, 0.4, 2.1});
    for (wrong = 0; wrong <= 1; wrong++) {
        tg_tensor *y = tg_exp(tg_custom(tg_sin(x), &x, 1, &rules));
        assert_int_equal(tg_check(g, y, &x, 1, NULL, &r), wrong ? TG_FAIL : TG_PASS);
        if (wrong) assert_contains(r->culprit, "'mine'");
        if (wrong) assert_contains(r->culprit, "3 times the right value");
        assert_null(r->reproducer);
        tg_check_free(r);
    }
    /* Before a wrong operation, a custom one whose rule is right. */
    wrong = 4;
    tg_tensor *h = tg_custom(tg_sin(x), &x, 1, &(tg_custom_rules){.name = "right", .vjp = right_vjp});
    tg_tensor *in[2] = {tg_reshape(h, 2, (const int64_t[]){1, 4}), x};
    tg_tensor *y = tg_apply(g, tg_op_register(g, &product), in, 2, NULL);
    assert_int_equal(tg_check(g, y, &x, 1, NULL, &r), TG_FAIL);
    assert_contains(r->culprit, "product");
    tg_check_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_second_order),
        cmocka_unit_test(test_large),
        graph_test(test_custom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
