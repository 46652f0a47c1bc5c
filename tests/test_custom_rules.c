/* tg_custom, and user's operations with several inputs: elementwise, variadic, strided, failing. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

/* ---- tg_custom ------------------------------------------------------------------------------------------ */

/* log(1 + exp(x)), whose plain derivative is inf / inf for large x. */
static tg_tensor *naive_softplus(tg_tensor *x)
{
    return tg_log(tg_add_scalar(tg_exp(x), 1));
}

static void sigmoid_vjp(tg_rule *r)
{
    assert_int_equal(tg_rule_input_count(r), 1);
    assert_null(tg_rule_input(r, 1));
    assert_null(tg_rule_input(r, -1));
    assert_true(tg_rule_wants(r, 0));
    tg_rule_adjoint(r, 0, tg_mul(tg_rule_output_adjoint(r), tg_sigmoid(tg_rule_input(r, 0))));
}

static void sigmoid_jvp(tg_rule *r)
{
    assert_non_null(tg_rule_tangent(r, 0));
    assert_false(tg_rule_wants(r, 0));
    tg_rule_output_tangent(r, tg_mul(tg_rule_tangent(r, 0), tg_sigmoid(tg_rule_input(r, 0))));
}

static void check_softplus(tg_graph *g, const tg_custom_rules *rules)
{
    const double at[2] = {0.5, 400};
    tg_tensor *x = param_1d(g, rules->name, 2, at), *y = tg_custom(naive_softplus(x), &x, 1, rules);
    tg_tensor *ones = tg_full(g, TG_F64, 1, (const int64_t[]){2}, 1), *d, *dd, *ydot;
    assert_string_equal(tg_name(y), rules->name);
    assert_values(y, ((const double[]){log(1 + exp(0.5)), 400}), 2, 1e-14);
    assert_int_equal(tg_vjp(g, &y, &ones, 1, &x, 1, &d), TG_OK);
    const double s = 1 / (1 + exp(-0.5));
    assert_values(d, ((const double[]){s, 1}), 2, 1e-14);
    assert_int_equal(tg_jvp(g, &y, 1, &x, &ones, 1, &ydot), TG_OK);
    assert_values(ydot, ((const double[]){s, 1}), 2, 1e-14);
    assert_int_equal(tg_vjp(g, &d, &ones, 1, &x, 1, &dd), TG_OK);
    assert_values(dd, ((const double[]){s * (1 - s), 0}), 2, 1e-14);
    assert_int_equal(tg_vjp(g, &ydot, &ones, 1, &x, 1, &dd), TG_OK);
    assert_values(dd, ((const double[]){s * (1 - s), 0}), 2, 1e-14);
}

static void test_custom_with_one_rule_and_with_two(void **state)
{
    check_softplus(*state, &(tg_custom_rules){.name = "reverse", .vjp = sigmoid_vjp});
    check_softplus(*state, &(tg_custom_rules){.name = "both", .vjp = sigmoid_vjp, .jvp = sigmoid_jvp});
}

/* Rounds forwards, and lets the gradient through as if it had not. */
static void straight_through(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_rule_output_adjoint(r));
}

static void test_straight_through_estimator(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){0.2, 1.7, -2.9}), *d, *plain;
    tg_tensor *rounded = tg_cast(tg_cast(x, TG_I64), TG_F64);
    tg_tensor *y = tg_custom(rounded, &x, 1, &(tg_custom_rules){.name = "round", .vjp = straight_through});
    assert_values(y, ((const double[]){0, 1, -2}), 3, 0);
    assert_int_equal(tg_grad(g, tg_sum(tg_square(rounded), NULL), &x, 1, &plain), TG_OK);
    assert_values(plain, ((const double[]){0, 0, 0}), 3, 0);
    assert_int_equal(tg_grad(g, tg_sum(tg_square(y), NULL), &x, 1, &d), TG_OK);
    assert_values(d, ((const double[]){0, 2, -4}), 3, 0);
}

/* Clips the gradient to the limit that the context points to. */
static void clip(tg_rule *r)
{
    const double *limit = tg_rule_context(r);
    tg_tensor *g = tg_rule_output_adjoint(r);
    g = tg_minimum(tg_maximum(g, tg_number_like(g, -*limit)), tg_number_like(g, *limit));
    tg_rule_adjoint(r, 0, g);
}

static void test_context(void **state)
{
    tg_graph *g = *state;
    double one = 1, two = 2;
    tg_tensor *x = scalar_param(g, "x", 5), *d;
    tg_tensor *a = tg_custom(x, &x, 1, &(tg_custom_rules){.vjp = clip, .context = &one});
    tg_tensor *b = tg_custom(x, &x, 1, &(tg_custom_rules){.vjp = clip, .context = &two});
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(tg_custom(x, &x, 1, &(tg_custom_rules){.vjp = clip, .context = &one}), a);
    assert_int_equal(tg_grad(g, tg_mul_scalar(a, 3), &x, 1, &d), TG_OK);
    assert_value(d, 1, 0);
    assert_int_equal(tg_grad(g, tg_mul_scalar(b, 3), &x, 1, &d), TG_OK);
    assert_value(d, 2, 0);
}

/* Without the right inputs there is nothing to differentiate through, even where y depends on x. */
static void test_custom_hides_its_body(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *w = scalar_param(g, "w", 3), *out[2], *xs[2] = {x, w};
    tg_tensor *y = tg_custom(tg_mul(x, w), &w, 1, &(tg_custom_rules){.vjp = straight_through});
    assert_value(y, 6, 0);
    assert_int_equal(tg_grad(g, y, xs, 2, out), TG_OK);
    assert_value(out[0], 0, 0);
    assert_value(out[1], 1, 0);
    assert_null(tg_custom(y, (tg_tensor *[]){x, NULL}, 2, &(tg_custom_rules){.vjp = clip}));
    assert_error(g, TG_ERR_NULL, "tg_custom", "input 1 is NULL");
    tg_graph *other = tg_graph_new(NULL);
    tg_tensor *foreign = scalar_param(other, "f", 1);
    assert_null(tg_custom(y, &foreign, 1, &(tg_custom_rules){.vjp = clip}));
    assert_error(g, TG_ERR_GRAPH, "tg_custom", "'f'");
    tg_graph_free(other);
}

/* ---- Operations of several inputs ----------------------------------------------------------------------- */

static tg_status same_type_infer(tg_infer *q)
{
    tg_type first = tg_infer_input(q, 0);
    for (int i = 1; i < tg_infer_input_count(q); i++) {
        tg_type other = tg_infer_input(q, i);
        if (other.rank != first.rank || memcmp(other.shape, first.shape, sizeof other.shape) != 0)
            return tg_infer_fail(q, TG_ERR_SHAPE, "input %d has another shape", i);
    }
    return tg_infer_output(q, TG_F64, first.rank, first.shape);
}

static int row_major(const tg_view *v)
{
    int64_t stride = 1;
    for (int i = v->rank - 1; i >= 0; i--) {
        if (v->shape[i] != 1 && v->strides[i] != stride) return 0;
        stride *= v->shape[i];
    }
    return 1;
}

/* sqrt(a^2 + b^2); its inputs have to come row-major, because the record does not say otherwise. */
static tg_status hypotenuse_kernel(const tg_kernel_call *call)
{
    const double *a = call->in[0].data, *b = call->in[1].data;
    if (!row_major(&call->in[0]) || !row_major(&call->in[1]))
        return tg_fail(call->diag, TG_ERR_SHAPE, "strided");
    for (int64_t i = 0; i < call->out.count; i++) ((double *)call->out.data)[i] = hypot(a[i], b[i]);
    return TG_OK;
}

static tg_tensor *hypotenuse_slope(const tg_rule *r, int i, tg_tensor *g)
{
    return tg_mul(g, tg_div(tg_rule_input(r, i), tg_rule_output(r)));
}

static const tg_op hypotenuse = {.name = "hypotenuse",
                                 .n_inputs = 2,
                                 .flags = TG_OP_ELEMENTWISE | TG_OP_COMMUTATIVE | TG_OP_CAN_FAIL,
                                 .infer = same_type_infer,
                                 .kernel = hypotenuse_kernel,
                                 .slope = hypotenuse_slope};

static void test_elementwise_operation(void **state)
{
    tg_graph *g = *state;
    const tg_op *op = tg_op_register(g, &hypotenuse);
    tg_tensor *a = param_2d(g, "a", 2, 2, (const double[]){3, 5, 8, 7}),
              *b = param_1d(g, "b", 2, (const double[]){4, 12});
    /* b is stretched; the transpose has to be copied before the kernel sees it. */
    tg_tensor *y = tg_apply(g, op, (tg_tensor *[]){a, b}, 2, NULL), *xs[2] = {a, b}, *out[2];
    assert_ptr_equal(tg_apply(g, op, (tg_tensor *[]){tg_broadcast_to(b, 2, tg_shape(a)), a}, 2, NULL), y);
    assert_values(y, ((const double[]){5, 13, sqrt(80), sqrt(193)}), 4, 1e-15);
    tg_tensor *turned = tg_apply(g, op, (tg_tensor *[]){tg_transpose(a, NULL), b}, 2, NULL);
    assert_values(turned, ((const double[]){5, sqrt(208), sqrt(41), sqrt(193)}), 4, 1e-15);
    assert_int_equal(tg_grad(g, tg_sum(y, NULL), xs, 2, out), TG_OK);
    assert_values(out[0], ((const double[]){0.6, 5 / 13.0, 8 / sqrt(80), 7 / sqrt(193)}), 4, 1e-15);
    assert_values(out[1], ((const double[]){0.8 + 4 / sqrt(80), 12 / 13.0 + 12 / sqrt(193)}), 2, 1e-15);
    tg_tensor *tangents[2] = {a, b}, *ydot;
    assert_int_equal(tg_jvp(g, &y, 1, xs, tangents, 2, &ydot), TG_OK);
    assert_values(ydot, ((const double[]){5, 13, sqrt(80), sqrt(193)}), 4, 1e-15);
    tg_tensor *three = tg_number(g, TG_F64, 3), *four = tg_number(g, TG_F64, 4);
    assert_ptr_equal(tg_apply(g, op, (tg_tensor *[]){three, four}, 2, NULL),
                     tg_apply(g, op, (tg_tensor *[]){four, three}, 2, NULL));
    assert_value(tg_apply(g, op, (tg_tensor *[]){three, four}, 2, NULL), 5, 0);
}

/* The sum of all inputs, each times its position counted from 1, plus an attribute. */
static tg_status weighted_kernel(const tg_kernel_call *call)
{
    const double *offset = call->attr;
    double *y = call->out.data;
    for (int64_t k = 0; k < call->out.count; k++) y[k] = *offset;
    for (int i = 0; i < call->n_inputs; i++)
        for (int64_t k = 0; k < call->out.count; k++) y[k] += (i + 1) * ((const double *)call->in[i].data)[k];
    return TG_OK;
}

static void weighted_vjp(tg_rule *r)
{
    for (int i = 0; i < tg_rule_input_count(r); i++)
        if (tg_rule_wants(r, i)) tg_rule_adjoint(r, i, tg_mul_scalar(tg_rule_output_adjoint(r), i + 1));
}

static void test_variadic_operation(void **state)
{
    tg_graph *g = *state;
    static const tg_attr attrs[] = {{"offset", TG_ATTR_FLOAT, 0, "0"}};
    const tg_op record = {.name = "weighted",
                          .n_inputs = TG_VARIADIC,
                          .attrs = attrs,
                          .n_attrs = 1,
                          .attr_size = sizeof(double),
                          .infer = same_type_infer,
                          .kernel = weighted_kernel,
                          .vjp = weighted_vjp};
    const tg_op *op = tg_op_register(g, &record);
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){1, 2}),
              *w = param_1d(g, "w", 2, (const double[]){10, 20});
    tg_tensor *xs[6] = {x, w, x, x, w, x}, *pair[2] = {x, w}, *out[2], *ydot;
    const double offset = 0.5, other = 1.5;
    tg_tensor *y = tg_apply(g, op, xs, 6, &offset);
    assert_values(y, ((const double[]){0.5 + 14 + 70, 0.5 + 28 + 140}), 2, 1e-15);
    assert_ptr_not_equal(tg_apply(g, op, xs, 6, &other), y);
    assert_ptr_not_equal(tg_apply(g, op, xs, 5, &offset), y);
    assert_int_equal(tg_vjp(g, &y, &x, 1, pair, 2, out), TG_OK);
    assert_values(out[0], ((const double[]){14, 28}), 2, 0);
    assert_values(out[1], ((const double[]){7, 14}), 2, 0);
    assert_int_equal(tg_jvp(g, &y, 1, pair, pair, 2, &ydot), TG_OK);
    assert_values(ydot, ((const double[]){84, 168}), 2, 0);
    assert_null(tg_apply(g, op, xs, 0, &offset));
    assert_error(g, TG_ERR_ARGUMENT, "weighted: 0 inputs", "at least 1");
    assert_null(tg_apply(g, op, (tg_tensor *[]){x, tg_sum(x, NULL)}, 2, &offset));
    assert_error(g, TG_ERR_SHAPE, "weighted: input 1 has another shape", "f64[]");
}

/* ---- Strides ------------------------------------------------------------------------------------------------ */

/* Copies its input through its strides; the result's first element says whether they were row-major. */
static tg_status look_kernel(const tg_kernel_call *call)
{
    const tg_view *in = &call->in[0];
    double *y = call->out.data;
    for (int64_t i = 0; i < in->shape[0]; i++)
        for (int64_t k = 0; k < in->shape[1]; k++)
            y[i * in->shape[1] + k] = ((const double *)in->data)[i * in->strides[0] + k * in->strides[1]];
    y[0] = row_major(in);
    return TG_OK;
}

static void test_strided_and_row_major_kernels(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 3, (const double[]){1, 2, 3, 4, 5, 6});
    tg_op record = {.name = "looks",
                    .n_inputs = 1,
                    .flags = TG_OP_CONSTANT_SLOPE,
                    .infer = same_type_infer,
                    .kernel = look_kernel};
    const tg_op *plain = tg_op_register(g, &record);
    record.name = "looks_strided";
    record.flags |= TG_OP_STRIDED;
    const tg_op *strided = tg_op_register(g, &record);
    tg_tensor *views[] = {x, tg_transpose(x, NULL), tg_flip(x, 1),
                          tg_broadcast_to(tg_slice(x, 0, 1, 2, 1), 2, (const int64_t[]){2, 3}),
                          tg_slice(x, 1, 0, TG_END, 2)};
    for (int i = 0; i < COUNT(views); i++) {
        double expected[6];
        evaluate(views[i], expected, tg_count(views[i]), __FILE__, __LINE__);
        expected[0] = 1;
        check_values(tg_apply(g, plain, &views[i], 1, NULL), expected, tg_count(views[i]), 0, __FILE__,
                     __LINE__);
        expected[0] = i == 0;
        check_values(tg_apply(g, strided, &views[i], 1, NULL), expected, tg_count(views[i]), 0, __FILE__,
                     __LINE__);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_custom_with_one_rule_and_with_two),
        graph_test(test_straight_through_estimator),
        graph_test(test_context),
        graph_test(test_custom_hides_its_body),
        graph_test(test_elementwise_operation),
        graph_test(test_variadic_operation),
        graph_test(test_strided_and_row_major_kernels),
    };
    return cmocka_run_group_tests_name("custom rules", tests, NULL, NULL);
}
