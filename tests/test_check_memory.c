/* The checks with every allocation failing in turn: no leak, no crash, and never a verdict that was not earned. */
#include <math.h>
#include <string.h>

#include "check/steps.h"
#include "failing_alloc.h"
#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>

/* 1 for a pass; anything else must be inconclusive because memory ran out. */
static int answer(tg_verdict verdict, tg_check_report *r)
{
    assert_int_not_equal(verdict, TG_FAIL);
    if (verdict != TG_PASS && r != NULL) assert_contains(r->reason, "memory");
    tg_check_free(r);
    return verdict == TG_PASS;
}

static int check_graph(void *context)
{
    (void)context;
    tg_check_report *r = NULL;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = tg_param(g, "x", TG_F64, 1, (const int64_t[]){3}, (const double[]){0.5, -1, 2});
    tg_tensor *y = tg_mul(tg_relu(x), tg_log_softmax(tg_sin(x), 0));
    tg_verdict verdict = TG_INCONCLUSIVE;
    if (y != NULL) verdict = tg_check(g, y, &x, 1, NULL, &r);
    int ok = answer(verdict, r);
    tg_graph_free(g);
    return ok;
}

static void cube(const double *x, double *y, void *context)
{
    (void)context;
    y[0] = x[0] * x[0] * x[1];
}

static void cube_gradient(const double *x, double *gradient, void *context)
{
    (void)context;
    gradient[0] = 2 * x[0] * x[1];
    gradient[1] = x[0] * x[0];
}

static int check_callback(void *context)
{
    (void)context;
    tg_check_report *r = NULL;
    const double x[2] = {1.5, -0.5};
    tg_callback call = {.n = 2, .m = 1, .f = cube, .gradient = cube_gradient};
    tg_verdict verdict = tg_check_callback(&call, x, NULL, &r);
    return answer(verdict, r);
}

static void cube_hvp(const double *x, const double *v, double *hv, void *context)
{
    (void)context;
    hv[0] = 2 * x[1] * v[0] + 2 * x[0] * v[1];
    hv[1] = 2 * x[0] * v[0];
}

static int check_second(void *context)
{
    (void)context;
    tg_check_report *r = NULL;
    const double x[2] = {1.5, -0.5};
    tg_callback call = {.n = 2, .m = 1, .f = cube, .gradient = cube_gradient, .hvp = cube_hvp};
    tg_verdict verdict = tg_check_callback(&call, x, NULL, &r);
    return answer(verdict, r);
}

/* ---- An operation with a wrong rule: never a pass ------------------------------------------------------------ */

static tg_status same_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype != TG_F64) return tg_infer_fail(q, TG_ERR_DTYPE, "it is for f64");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status exp_kernel(const tg_kernel_call *call)
{
    for (int64_t i = 0; i < call->out.count; i++)
        ((double *)call->out.data)[i] = exp(((const double *)call->in[0].data)[i]);
    return TG_OK;
}

static void exp_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_neg(tg_mul(tg_rule_output_adjoint(r), tg_rule_output(r))));
}

static int check_wrong(void *context)
{
    static const char *const cases[] = {"wrong_exp(f[2])", NULL};
    static const tg_op op = {.name = "wrong_exp",
                             .n_inputs = 1,
                             .inputs = "x",
                             .cases = cases,
                             .infer = same_infer,
                             .kernel = exp_kernel,
                             .vjp = exp_vjp};
    const int as_operation = *(const int *)context;
    int failed = 0;
    tg_graph *g = tg_graph_new(NULL);
    const tg_op *own = tg_op_register(g, &op);
    if (own != NULL && as_operation) {
        tg_check_op_report *r = NULL;
        tg_verdict verdict = tg_check_op(g, own, NULL, &r);
        assert_int_not_equal(verdict, TG_PASS);
        failed = verdict == TG_FAIL;
        tg_check_op_free(r);
    } else if (own != NULL) {
        tg_check_report *r = NULL;
        tg_tensor *x = tg_input(g, "x", TG_F64, 1, (const int64_t[]){2}); /* drawn */
        tg_tensor *h = tg_apply(g, own, &x, 1, NULL), *y = tg_sum(h, NULL);
        tg_verdict verdict = y == NULL ? TG_INCONCLUSIVE : tg_check(g, y, &x, 1, NULL, &r);
        assert_int_not_equal(verdict, TG_PASS);
        failed = verdict == TG_FAIL && r != NULL && r->reproducer != NULL;
        char *text = tg_check_text(r), *json = tg_check_json(r), *xml = tg_check_junit(r, NULL);
        failed = failed && text != NULL && json != NULL && xml != NULL;
        tg_text_free(text);
        tg_text_free(json);
        tg_text_free(xml);
        tg_check_free(r);
    }
    tg_graph_free(g);
    return failed;
}

static int measure_steps(void *context)
{
    (void)context;
    tg_check_steps steps;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = tg_param(g, "x", TG_F64, 1, (const int64_t[]){3}, (const double[]){0.5, -1, 2});
    tg_tensor *y = tg_sin(x);
    int ok = y != NULL && tg_check_measure_steps(y, &x, 1, NULL, &steps, NULL) == TG_OK;
    tg_graph_free(g);
    return ok;
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_alloc_every(check_graph, NULL) > 100);
    assert_true(failing_alloc_every(check_callback, NULL) > 10);
    assert_true(failing_alloc_every(check_second, NULL) > 20);
    assert_true(failing_alloc_every(measure_steps, NULL) > 50);
    assert_true(failing_alloc_every(check_wrong, &(int){0}) > 200);
    assert_true(failing_alloc_every(check_wrong, &(int){1}) > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
