/* tg_check_op: the library's operations, and a program's own, right and wrong. */
#include <math.h>
#include <string.h>

#include "check/op_case.h"
#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/ops.h>

static void fail_with(const tg_check_op_report *r, const char *what)
{
    char *text = tg_check_text(r->worst);
    print_error("%s", text != NULL ? text : "no report");
    tg_text_free(text);
    fail_msg("%s: %s: case %s: %s", r->op, what, r->worst_case, r->reason);
}

/* Every operation passes, in every case, with what order and forward mode there is. */
static void test_library(void **state)
{
    tg_graph *g = *state;
    const tg_op *op;
    int operations = 0, cases = 0, passed = 0;
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) {
        tg_check_op_report *r;
        int is_leaf = op->infer == NULL && op->compose == NULL;
        tg_verdict verdict = tg_check_op(g, op, NULL, &r);
        assert_non_null(r);
        assert_string_equal(r->op, op->name);
        if (verdict != (is_leaf ? TG_INCONCLUSIVE : TG_PASS)) fail_with(r, "it is right");
        assert_int_equal(r->cases, r->passed + r->vacuous + r->constant);
        if (!is_leaf) assert_int_equal(r->cases, 2 * tg_op_case_count(op)); /* f32 and f64 */
        if ((op->flags & TG_OP_CONSTANT_SLOPE) != 0) assert_int_equal(r->passed, 0);
        operations += !is_leaf;
        cases += r->cases;
        passed += r->passed;
        tg_check_op_free(r);
    }
    print_message("%d operations, %d cases, %d with a derivative\n", operations, cases, passed);
    assert_true(operations > 70 && cases > 500 && passed > 300);
    assert_int_equal(tg_node_count(g), 0);
}

/* ---- Operations of one's own ---------------------------------------------------------------------------------- */

static tg_status same_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype != TG_F64) return tg_infer_fail(q, TG_ERR_DTYPE, "it is for f64");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status log_kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    double *y = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++) y[i] = log(x[i]);
    return TG_OK;
}

/* The rule needs another operation of the program's, which it finds by its name. */
static void log_vjp(tg_rule *r)
{
    tg_tensor *const inputs[2] = {tg_rule_output_adjoint(r), tg_rule_input(r, 0)};
    tg_graph *g = tg_rule_graph(r);
    tg_rule_adjoint(r, 0, tg_apply(g, tg_op_find(g, "quotient"), inputs, 2, NULL));
}

static tg_tensor *compose_quotient(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    return tg_div(inputs[0], inputs[1]);
}

static const tg_op quotient = {
    .name = "quotient", .n_inputs = 2, .inputs = "a b", .compose = compose_quotient};
static const tg_op own_log = {.name = "own_log",
                              .n_inputs = 1,
                              .inputs = "x",
                              .domain = {0.5, 3},
                              .infer = same_infer,
                              .kernel = log_kernel,
                              .vjp = log_vjp};

/* Neither cases nor the flag of an elementwise operation: shapes are guessed, values follow the domain. */
static void test_own_without_cases(void **state)
{
    tg_graph *g = *state;
    tg_check_op_report *r;
    assert_non_null(tg_op_register(g, &quotient));
    const tg_op *op = tg_op_register(g, &own_log);
    if (tg_check_op(g, op, NULL, &r) != TG_PASS) fail_with(r, "it is right");
    assert_int_equal(r->cases, tg_op_case_guesses(op));
    assert_int_equal(r->failed, 0);
    assert_true(r->worst_error < 1e-7);
    tg_check_op_free(r);
    tg_op outside = own_log;
    outside.name = "outside";
    outside.domain = (tg_domain){-3, -0.5};
    assert_int_equal(tg_check_op(g, tg_op_register(g, &outside), NULL, &r), TG_INCONCLUSIVE);
    assert_contains(r->reason, "not finite");
    tg_check_op_free(r);
}

static void wrong_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_neg(tg_div(tg_rule_output_adjoint(r), tg_rule_input(r, 0))));
}

static void test_own_wrong(void **state)
{
    tg_graph *g = *state;
    tg_check_op_report *r;
    static const char *const cases[] = {"own_log(f[0])", "own_log(f[4])", NULL};
    tg_op wrong = own_log;
    wrong.vjp = wrong_vjp;
    wrong.cases = cases;
    assert_int_equal(tg_check_op(g, tg_op_register(g, &wrong), NULL, &r), TG_FAIL);
    assert_int_equal(r->cases, 2);
    assert_int_equal(r->failed, 1);
    assert_int_equal(r->vacuous, 1);
    assert_string_equal(r->worst_case, "own_log(f[4])");
    assert_string_equal(r->worst->pattern, "the sign is wrong");
    assert_contains(r->worst->culprit, "own_log");
    tg_check_op_free(r);
}

static tg_status picky_infer(tg_infer *q)
{
    return tg_infer_fail(q, TG_ERR_SHAPE, "it likes no shape");
}

static tg_status picky_kernel(const tg_kernel_call *call)
{
    (void)call;
    return TG_OK;
}

static void test_own_unfit(void **state)
{
    tg_graph *g = *state;
    tg_check_op_report *r;
    static const char *const malformed[] = {"picky_too(f[4]", NULL};
    tg_op picky = {
        .name = "picky", .n_inputs = 3, .infer = picky_infer, .kernel = picky_kernel, .vjp = wrong_vjp};
    assert_int_equal(tg_check_op(g, tg_op_register(g, &picky), NULL, &r), TG_INCONCLUSIVE);
    assert_contains(r->reason, "no case fits it");
    assert_null(r->worst);
    tg_check_op_free(r);
    picky.name = "picky_too";
    picky.n_inputs = 1;
    picky.cases = malformed;
    assert_int_equal(tg_check_op(g, tg_op_register(g, &picky), NULL, &r), TG_INCONCLUSIVE);
    assert_contains(r->reason, "no end");
    tg_check_op_free(r);
    assert_int_equal(tg_check_op(g, &picky, NULL, &r), TG_INCONCLUSIVE);
    assert_contains(r->reason, "none of the graph's");
    tg_check_op_free(r);
    assert_int_equal(tg_check_op(NULL, NULL, NULL, NULL), TG_INCONCLUSIVE);
    tg_check_op_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_library),
        graph_test(test_own_without_cases),
        graph_test(test_own_wrong),
        graph_test(test_own_unfit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
