/* A program's own operations and derivative rules. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

/* ---- softsign: x / (1 + |x|), with kernels of its own and only a reverse rule -------------------------- */

static tg_status softsign_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype != TG_F64) return tg_infer_fail(q, TG_ERR_DTYPE, "it takes f64");
    assert_int_equal(tg_infer_input_count(q), 1);
    assert_int_equal(tg_infer_input(q, 1).rank, -1);
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status softsign_kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    double *y = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++) y[i] = x[i] / (1 + fabs(x[i]));
    return TG_OK;
}

/* softsign'(x) = (1 - |y|)^2. */
static void softsign_vjp(tg_rule *r)
{
    tg_tensor *y = tg_rule_output(r), *slope = tg_square(tg_sub(tg_number_like(y, 1), tg_abs(y)));
    tg_rule_adjoint(r, 0, tg_mul(tg_rule_output_adjoint(r), slope));
}

static const tg_op softsign = {.name = "softsign",
                               .n_inputs = 1,
                               .inputs = "x",
                               .formula = "x / (1 + abs(x))",
                               .infer = softsign_infer,
                               .kernel = softsign_kernel,
                               .vjp = softsign_vjp};

static void test_registered_operation(void **state)
{
    tg_graph *g = *state;
    const tg_op *op = tg_op_register(g, &softsign);
    assert_non_null(op);
    assert_ptr_equal(tg_op_find(g, "softsign"), op);
    int last = 0;
    while (tg_op_at(g, last + 1) != NULL) last++;
    assert_ptr_equal(tg_op_at(g, last), op);
    assert_null(tg_op_at(g, -1));
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){-1, 0, 3}), *y = tg_apply(g, op, &x, 1, NULL);
    assert_values(y, ((const double[]){-0.5, 0, 0.75}), 3, 1e-15);
    assert_ptr_equal(tg_apply(g, op, &x, 1, NULL), y);
    tg_graph *other = tg_graph_new(NULL);
    assert_null(tg_op_find(other, "softsign"));
    tg_graph_free(other);
    tg_tensor *single = tg_number(g, TG_F32, 1);
    assert_null(tg_apply(g, op, &single, 1, NULL));
    assert_error(g, TG_ERR_DTYPE, "softsign: it takes f64", "x: ");
    assert_null(tg_apply(g, op, (tg_tensor *[]){x, x}, 2, NULL));
    assert_error(g, TG_ERR_ARGUMENT, "softsign", "2 inputs, expected 1");
}

/* The forward rule comes from transposing the reverse rule twice; second order goes through both. */
static void test_derivatives_of_a_registered_operation(void **state)
{
    tg_graph *g = *state;
    const tg_op *op = tg_op_register(g, &softsign);
    const double a = 0.5, first = 1 / (1.5 * 1.5), second = -2 / (1.5 * 1.5 * 1.5), third = 6 / pow(1.5, 4);
    tg_tensor *x = scalar_param(g, "x", a), *y = tg_apply(g, op, &x, 1, NULL), *one = tg_number(g, TG_F64, 1);
    tg_tensor *dy, *ddy, *ydot, *yddot, *hv, *dddy;
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_value(dy, first, 1e-14);
    assert_int_equal(tg_grad(g, dy, &x, 1, &ddy), TG_OK);
    assert_value(ddy, second, 1e-14);
    assert_int_equal(tg_jvp(g, &y, 1, &x, &one, 1, &ydot), TG_OK);
    assert_value(ydot, first, 1e-14);
    assert_int_equal(tg_jvp(g, &ydot, 1, &x, &one, 1, &yddot), TG_OK);
    assert_value(yddot, second, 1e-14);
    assert_int_equal(tg_hvp(g, y, &x, &one, 1, &hv), TG_OK);
    assert_value(hv, second, 1e-14);
    assert_int_equal(tg_grad(g, hv, &x, 1, &dddy), TG_OK);
    assert_value(dddy, third, 1e-14);
    tg_tensor *v = param_1d(g, "v", 2, (const double[]){0.5, -3}), *h;
    tg_tensor *total = tg_sum(tg_square(tg_apply(g, op, &v, 1, NULL)), NULL);
    assert_int_equal(tg_hessian(g, total, v, &h), TG_OK);
    /* (s^2)'' = 2 s'^2 + 2 s s'' */
    const double s = a / 1.5, at_minus_3 = 2 / 256.0 + 2 * -0.75 * (2 / 64.0);
    assert_values(h, ((const double[]){2 * first * first + 2 * s * second, 0, 0, at_minus_3}), 4, 1e-14);
}

static void test_kernels_are_copied_not_the_record(void **state)
{
    tg_graph *g = *state;
    tg_op record = softsign;
    const tg_op *op = tg_op_register(g, &record);
    memset(&record, 0, sizeof record);
    tg_tensor *x = scalar_param(g, "x", 1);
    assert_value(tg_apply(g, op, &x, 1, NULL), 0.5, 0);
}

/* ---- Records that are refused --------------------------------------------------------------------------- */

static void refused(tg_graph *g, tg_op record, tg_status status, const char *part)
{
    assert_null(tg_op_register(g, &record));
    assert_error(g, status, part, "op");
}

static tg_tensor *some_slope(const tg_rule *r, int i, tg_tensor *g)
{
    (void)r, (void)i;
    return g;
}

static int some_view(const tg_type *input, const int64_t *input_strides, const tg_type *output,
                     const void *attr, int64_t *offset, int64_t *strides)
{
    (void)input, (void)input_strides, (void)output, (void)attr, (void)offset, (void)strides;
    return 0;
}

static int never(tg_tensor *const *inputs, int n, const void *attr)
{
    (void)inputs, (void)n, (void)attr;
    return 0;
}

static tg_tensor *give_back(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n, (void)attr;
    return inputs[0];
}

#define PRIMITIVE .name = "changed", .infer = softsign_infer, .kernel = softsign_kernel
#define WITH_VJP PRIMITIVE, .n_inputs = 1, .vjp = softsign_vjp

static void test_bad_records(void **state)
{
    tg_graph *g = *state;
    static const tg_attr outside[] = {{"a", TG_ATTR_INT, 8, "0"}}, nameless[] = {{NULL, TG_ATTR_INT, 0, "0"}},
                         list[] = {{"a", TG_ATTR_INTS, 0, "none"}};
    tg_op named = softsign;
    const char *const names[] = {NULL, "", "two words", "2nd", "add", "dash-ed", "matmul"};
    for (int i = 0; i < COUNT(names); i++) {
        named.name = names[i];
        refused(g, named, TG_ERR_NAME, "name");
    }
    assert_non_null(tg_op_register(g, &softsign));
    refused(g, softsign, TG_ERR_NAME, "taken");
    const struct {
        tg_op record;
        tg_status status;
        const char *part;
    } bad[] = {
        {{.name = "changed", .n_inputs = 1, .infer = softsign_infer, .vjp = softsign_vjp},
         TG_ERR_RULE,
         "kernel"},
        {{.name = "changed", .n_inputs = 1, .kernel = softsign_kernel, .vjp = softsign_vjp},
         TG_ERR_RULE,
         "infer"},
        {{PRIMITIVE, .n_inputs = 1}, TG_ERR_RULE, "slope or vjp"},
        {{PRIMITIVE, .n_inputs = 1, .slope = some_slope}, TG_ERR_RULE, "elementwise"},
        {{PRIMITIVE, .n_inputs = -3, .vjp = softsign_vjp}, TG_ERR_ARGUMENT, "-3 inputs"},
        {{PRIMITIVE, .view = some_view, .vjp = softsign_vjp}, TG_ERR_ARGUMENT, "view"},
        {{PRIMITIVE, .n_inputs = 3, .flags = TG_OP_COMMUTATIVE, .vjp = softsign_vjp},
         TG_ERR_ARGUMENT,
         "commutative"},
        {{PRIMITIVE, .n_inputs = 5, .flags = TG_OP_ELEMENTWISE, .slope = some_slope},
         TG_ERR_ARGUMENT,
         "1 to 4"},
        {{WITH_VJP, .attr_size = TG_ATTR_MAX + 8}, TG_ERR_ARGUMENT, "1032"},
        {{WITH_VJP, .attr_size = 8, .n_attrs = 1}, TG_ERR_ARGUMENT, "NULL"},
        {{WITH_VJP, .attr_size = 8, .n_attrs = -1}, TG_ERR_ARGUMENT, "-1"},
        {{WITH_VJP, .attr_size = 8, .n_attrs = 1, .attrs = outside}, TG_ERR_ARGUMENT, "8 bytes"},
        {{WITH_VJP, .attr_size = 8, .n_attrs = 1, .attrs = nameless}, TG_ERR_ARGUMENT, "name"},
        {{WITH_VJP, .attr_size = 8, .n_attrs = 1, .attrs = list}, TG_ERR_ARGUMENT, "8 bytes"},
        /* One that is composed for some inputs alone needs the rest too. */
        {{.name = "changed", .n_inputs = 1, .compose = give_back, .composes = never}, TG_ERR_RULE, "infer"},
    };
    for (int i = 0; i < COUNT(bad); i++) refused(g, bad[i].record, bad[i].status, bad[i].part);
    assert_null(tg_op_find(g, "changed"));
}

/* ---- Rules that are wrong ------------------------------------------------------------------------------- */

static void wrong_shape_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_sum(tg_rule_output_adjoint(r), NULL));
}

static void null_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, NULL);
}

static void wrong_type_jvp(tg_rule *r)
{
    tg_rule_output_tangent(r, tg_cast(tg_rule_tangent(r, 0), TG_F32));
}

static void no_vjp(tg_rule *r)
{
    (void)r;
}

static tg_tensor *apply_changed(tg_graph *g, const char *name, tg_rule_fn vjp, tg_rule_fn jvp, tg_tensor *x)
{
    tg_op record = softsign;
    record.name = name;
    record.vjp = vjp;
    record.jvp = jvp;
    return tg_apply(g, tg_op_register(g, &record), &x, 1, NULL);
}

static void test_rules_that_are_wrong(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3}), *d = x;
    tg_tensor *y = apply_changed(g, "summed", wrong_shape_vjp, wrong_type_jvp, x);
    int64_t nodes = tg_node_count(g);
    assert_int_equal(tg_vjp(g, &y, &x, 1, &x, 1, &d), TG_ERR_RULE);
    assert_null(d);
    assert_int_equal(tg_node_count(g), nodes);
    assert_error(g, TG_ERR_RULE, "summed: its rule gives the adjoint", "f64[] for 'x' f64[3]");
    assert_int_equal(tg_jvp(g, &y, 1, &x, &x, 1, &d), TG_ERR_RULE);
    assert_error(g, TG_ERR_RULE, "summed: its rule gives the tangent", "f32[3]");
    y = apply_changed(g, "nothing", null_vjp, NULL, x);
    assert_int_equal(tg_vjp(g, &y, &x, 1, &x, 1, &d), TG_ERR_RULE);
    assert_error(g, TG_ERR_RULE, "nothing: its rule gives a NULL adjoint", "");
    assert_int_equal(tg_jvp(g, &y, 1, &x, &x, 1, &d), TG_ERR_RULE);
    assert_error(g, TG_ERR_RULE, "nothing", "NULL");
    /* Leaving an input out means that it has no gradient. */
    y = apply_changed(g, "silent", no_vjp, NULL, x);
    assert_int_equal(tg_vjp(g, &y, &x, 1, &x, 1, &d), TG_OK);
    assert_values(d, ((const double[]){0, 0, 0}), 3, 0);
    assert_int_equal(tg_jvp(g, &y, 1, &x, &x, 1, &d), TG_OK);
    assert_values(d, ((const double[]){0, 0, 0}), 3, 0);
    assert_values(tg_square(x), ((const double[]){1, 4, 9}), 3, 0);
}

static tg_status silent_infer(tg_infer *q)
{
    (void)q;
    return TG_OK;
}

static tg_status failing_infer(tg_infer *q)
{
    (void)q;
    return TG_ERR_SHAPE;
}

static tg_status oversized_infer(tg_infer *q)
{
    return tg_infer_output(q, TG_F64, 2, (const int64_t[]){INT64_MAX, 2});
}

static void test_shape_rules_that_are_wrong(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1);
    const struct {
        tg_status (*infer)(tg_infer *q);
        tg_status status;
        const char *name, *part;
    } wrong[] = {{silent_infer, TG_ERR_RULE, "silent", "no result"},
                 {failing_infer, TG_ERR_SHAPE, "failing", "failed"},
                 {oversized_infer, TG_ERR_SIZE, "oversized", "2^63"}};
    for (int i = 0; i < COUNT(wrong); i++) {
        tg_op record = softsign;
        record.name = wrong[i].name;
        record.infer = wrong[i].infer;
        assert_null(tg_apply(g, tg_op_register(g, &record), &x, 1, NULL));
        assert_error(g, wrong[i].status, wrong[i].name, wrong[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_registered_operation),
        graph_test(test_derivatives_of_a_registered_operation),
        graph_test(test_kernels_are_copied_not_the_record),
        graph_test(test_bad_records),
        graph_test(test_rules_that_are_wrong),
        graph_test(test_shape_rules_that_are_wrong),
    };
    return cmocka_run_group_tests_name("custom", tests, NULL, NULL);
}
