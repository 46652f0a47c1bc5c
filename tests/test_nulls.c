/* NULL graphs, tensors, functions and lists: an answer, never a crash. */
#include <math.h>

#include "graph_helpers.h"

static const int64_t two = 2;

static void test_graph_functions(void **state)
{
    (void)state;
    char text[4];
    tg_graph_free(NULL);
    tg_clear_error(NULL);
    assert_int_equal(tg_graph_seed(NULL), 0);
    assert_int_equal(tg_graph_status(NULL), TG_ERR_NULL);
    assert_string_not_equal(tg_error(NULL), "");
    assert_null(tg_set_error(NULL, TG_ERR_IO, "nowhere"));
    assert_null(tg_input(NULL, "x", TG_F64, 0, NULL));
    assert_null(tg_param(NULL, "x", TG_F64, 0, NULL, NULL));
    assert_null(tg_state(NULL, "x", TG_F64, 0, NULL, NULL));
    assert_null(tg_constant(NULL, TG_F64, 0, NULL, text));
    assert_null(tg_number(NULL, TG_F64, 1));
    assert_null(tg_number(NULL, (tg_dtype)9, 1));
    assert_int_equal(tg_set(NULL, text, 4), TG_ERR_NULL);
    assert_int_equal(tg_get(NULL, text, 4), TG_ERR_NULL);
    assert_null(tg_data(NULL));
    assert_int_equal(tg_param_count(NULL), 0);
    assert_null(tg_param_at(NULL, 0));
    assert_false(tg_is_trainable(NULL));
    assert_null(tg_find(NULL, "x"));
    assert_int_equal(tg_node_count(NULL), 0);
    assert_null(tg_node(NULL, 0));
    assert_int_equal(tg_get_mark(NULL).nodes, 0);
    assert_int_equal(tg_rewind(NULL, (tg_mark){0, TG_OK}), TG_ERR_NULL);
    assert_null(tg_iota(NULL, 3, TG_F64));
    assert_null(tg_full(NULL, TG_F64, 0, NULL, 1));
    assert_null(tg_op_register(NULL, NULL));
    assert_null(tg_op_at(NULL, 0));
    assert_null(tg_op_find(NULL, "sin"));
    assert_null(tg_apply(NULL, NULL, NULL, 0, NULL));
}

static void test_looking_at_nothing(void **state)
{
    (void)state;
    assert_null(tg_graph_of(NULL));
    assert_int_equal(tg_type_of(NULL).rank, -1);
    assert_int_equal(tg_type_of(NULL).dtype, TG_F32);
    assert_int_equal(tg_dtype_of(NULL), TG_F32);
    assert_int_equal(tg_rank(NULL), -1);
    assert_null(tg_shape(NULL));
    assert_int_equal(tg_count(NULL), -1);
    assert_int_equal(tg_id(NULL), -1);
    assert_null(tg_op_of(NULL));
    assert_int_equal(tg_input_count(NULL), 0);
    assert_null(tg_input_at(NULL, 0));
    assert_null(tg_attr_of(NULL));
    assert_null(tg_set_name(NULL, "n"));
    assert_string_equal(tg_name(NULL), "");
    assert_int_equal(tg_origin_of(NULL).kind, TG_ORIGIN_RECORDED);
    assert_false(tg_depends_on(NULL, NULL));
}

static void test_unary_operations(void **state)
{
    (void)state;
    static tg_tensor *(*const unary[])(tg_tensor *) = {
        tg_neg,  tg_abs,   tg_sign, tg_square,  tg_sqrt,     tg_rsqrt,       tg_reciprocal,
        tg_exp,  tg_expm1, tg_log,  tg_log1p,   tg_sin,      tg_cos,         tg_tan,
        tg_atan, tg_sinh,  tg_cosh, tg_erf,     tg_erfc,     tg_tanh,        tg_relu,
        tg_elu,  tg_gelu,  tg_silu, tg_sigmoid, tg_softplus, tg_logical_not, tg_stop_gradient};
    for (int i = 0; i < COUNT(unary); i++) assert_null(unary[i](NULL));
    static tg_tensor *(*const reductions[])(tg_tensor *, const tg_axes *) = {tg_sum, tg_mean, tg_prod,
                                                                             tg_max, tg_min,  tg_logsumexp};
    for (int i = 0; i < COUNT(reductions); i++) {
        assert_null(reductions[i](NULL, NULL));
        assert_null(reductions[i](NULL, TG_AXES(0)));
    }
    static tg_tensor *(*const along[])(tg_tensor *, int) = {tg_argmax, tg_argmin,  tg_cumsum,
                                                            tg_flip,   tg_softmax, tg_log_softmax};
    for (int i = 0; i < COUNT(along); i++) assert_null(along[i](NULL, 0));
    static tg_tensor *(*const with_number[])(tg_tensor *, double) = {
        tg_number_like, tg_add_scalar, tg_mul_scalar, tg_pow_scalar, tg_leaky_relu};
    for (int i = 0; i < COUNT(with_number); i++) assert_null(with_number[i](NULL, 2));
    const int order[2] = {1, 0};
    assert_null(tg_reshape(NULL, 1, &two));
    assert_null(tg_transpose(NULL, NULL));
    assert_null(tg_transpose(NULL, order));
    assert_null(tg_broadcast_to(NULL, 1, &two));
    assert_null(tg_slice(NULL, 0, 0, 1, 1));
    assert_null(tg_slice(NULL, 0, 0, 1, -1));
    assert_null(tg_index(NULL, 0, 0));
    assert_null(tg_pad(NULL, NULL, NULL, NULL, 0));
    assert_null(tg_cast(NULL, TG_F32));
    assert_null(tg_one_hot(NULL, 3, TG_F64));
    assert_null(tg_random_uniform(NULL, TG_F64, 1, &two));
    assert_null(tg_random_normal(NULL, TG_F64, 1, &two));
}

/* Each with one tensor missing: the graph keeps an error; with all missing there is no graph to keep it. */
static void test_operations_of_several_tensors(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 2, NULL), *i = tg_param(g, "i", TG_I64, 1, &two, NULL);
    static tg_tensor *(*const binary[])(tg_tensor *, tg_tensor *) = {tg_add,
                                                                     tg_sub,
                                                                     tg_mul,
                                                                     tg_div,
                                                                     tg_pow,
                                                                     tg_maximum,
                                                                     tg_minimum,
                                                                     tg_eq,
                                                                     tg_ne,
                                                                     tg_lt,
                                                                     tg_le,
                                                                     tg_gt,
                                                                     tg_ge,
                                                                     tg_logical_and,
                                                                     tg_logical_or,
                                                                     tg_logical_xor,
                                                                     tg_dot,
                                                                     tg_outer,
                                                                     tg_matmul,
                                                                     tg_softmax_cross_entropy,
                                                                     tg_sigmoid_cross_entropy};
    for (int k = 0; k < COUNT(binary); k++) {
        assert_null(binary[k](NULL, NULL));
        assert_null(binary[k](x, NULL));
        assert_error(g, TG_ERR_NULL, "NULL", "");
        assert_null(binary[k](NULL, x));
        assert_error(g, TG_ERR_NULL, "NULL", "");
    }
    static tg_tensor *(*const indexing[])(tg_tensor *, tg_tensor *, int) = {tg_gather, tg_take_along_axis};
    for (int k = 0; k < COUNT(indexing); k++) {
        assert_null(indexing[k](NULL, NULL, 0));
        assert_null(indexing[k](x, NULL, 0));
        assert_error(g, TG_ERR_NULL, "NULL", "");
        assert_null(indexing[k](NULL, i, 0));
        assert_error(g, TG_ERR_NULL, "NULL", "");
    }
    assert_null(tg_scatter_add(NULL, NULL, NULL, 0));
    assert_null(tg_scatter_add(x, i, NULL, 0));
    assert_error(g, TG_ERR_NULL, "scatter_add", "NULL");
    assert_null(tg_where(NULL, NULL, NULL));
    assert_null(tg_where(NULL, x, x));
    assert_error(g, TG_ERR_NULL, "where", "NULL");
    assert_null(tg_random_bernoulli(NULL, x, 1, &two));
    assert_error(g, TG_ERR_NULL, "random_bernoulli", "NULL");
}

static void test_lists(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 2, NULL), *pair[2] = {x, NULL};
    assert_null(tg_concat(NULL, 2, 0));
    assert_null(tg_stack(NULL, 2, 0));
    assert_null(tg_concat(pair, 0, 0));
    assert_null(tg_stack(pair, -1, 0));
    tg_clear_error(g);
    assert_null(tg_concat(pair, 2, 0));
    assert_error(g, TG_ERR_NULL, "concat", "input 1 is NULL");
    assert_null(tg_stack(pair, 2, 0));
    assert_error(g, TG_ERR_NULL, "NULL", "");
    assert_null(tg_reshape(x, 1, NULL));
    assert_int_not_equal(tg_graph_status(g), TG_OK);
    tg_clear_error(g);
    assert_null(tg_broadcast_to(x, 2, NULL));
    assert_int_not_equal(tg_graph_status(g), TG_OK);
    tg_clear_error(g);
    assert_null(tg_pad(x, NULL, &two, NULL, 0));
    assert_error(g, TG_ERR_NULL, "pad", "NULL");
    assert_null(tg_apply(g, NULL, &x, 1, NULL));
    assert_error(g, TG_ERR_NULL, "tg_apply", "operation");
    assert_null(tg_apply(g, tg_op_find(g, "sum"), &x, 1, NULL));
    assert_error(g, TG_ERR_NULL, "sum", "attributes");
    assert_null(tg_apply(g, tg_op_find(g, "sin"), NULL, 1, NULL));
    assert_int_not_equal(tg_graph_status(g), TG_OK);
    tg_clear_error(g);
    assert_null(tg_op_find(g, NULL));
    assert_null(tg_find(g, NULL));
    assert_null(tg_op_register(g, NULL));
    assert_error(g, TG_ERR_NULL, "tg_op_register", "NULL");
}

static void test_derivatives(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1), *y = tg_sin(x), *out = x, *none = NULL;
    assert_int_equal(tg_grad(NULL, y, &x, 1, &out), TG_ERR_NULL);
    assert_null(out);
    assert_int_equal(tg_vjp(NULL, &y, &y, 1, &x, 1, &out), TG_ERR_NULL);
    assert_int_equal(tg_jvp(NULL, &y, 1, &x, &x, 1, &out), TG_ERR_NULL);
    assert_int_equal(tg_hvp(NULL, y, &x, &x, 1, &out), TG_ERR_NULL);
    assert_int_equal(tg_jacobian(NULL, y, x, &out), TG_ERR_NULL);
    assert_int_equal(tg_hessian(NULL, y, x, &out), TG_ERR_NULL);
    const tg_status found[] = {tg_grad(g, NULL, &x, 1, &out),        tg_grad(g, y, NULL, 1, &out),
                               tg_grad(g, y, &none, 1, &out),        tg_grad(g, y, &x, 1, NULL),
                               tg_vjp(g, NULL, &y, 1, &x, 1, &out),  tg_vjp(g, &y, NULL, 1, &x, 1, &out),
                               tg_vjp(g, &y, &none, 1, &x, 1, &out), tg_vjp(g, &y, &y, 1, &x, 1, NULL),
                               tg_jvp(g, NULL, 1, &x, &x, 1, &out),  tg_jvp(g, &y, 1, &x, NULL, 1, &out),
                               tg_jvp(g, &y, 1, NULL, &x, 1, &out),  tg_jvp(g, &y, 1, &x, &x, 1, NULL),
                               tg_hvp(g, y, &x, NULL, 1, &out),      tg_hvp(g, NULL, &x, &x, 1, &out),
                               tg_hvp(g, y, NULL, &x, 1, &out),      tg_hvp(g, y, &x, &x, 1, NULL),
                               tg_jacobian(g, NULL, x, &out),        tg_jacobian(g, y, NULL, &out),
                               tg_jacobian(g, y, x, NULL),           tg_hessian(g, NULL, x, &out),
                               tg_hessian(g, y, NULL, &out),         tg_hessian(g, y, x, NULL)};
    for (int i = 0; i < COUNT(found); i++) assert_int_equal(found[i], TG_ERR_NULL);
    tg_clear_error(g);
    assert_null(tg_custom(NULL, &x, 1, NULL));
    assert_null(tg_custom(y, &x, 1, NULL));
    assert_error(g, TG_ERR_NULL, "tg_custom", "NULL");
    assert_null(tg_custom(y, &x, 1, &(tg_custom_rules){.name = "no rules"}));
    assert_error(g, TG_ERR_NULL, "tg_custom", "vjp");
}

static void test_functions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1), *none = NULL;
    tg_function *f = NULL;
    double value = 0;
    assert_int_equal(tg_eval(NULL, &x, 1, &value, 8), TG_ERR_NULL);
    assert_int_equal(tg_compile(NULL, &x, 1, NULL, 0, &f), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, &x, 1, NULL, 0, NULL), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, NULL, 1, NULL, 0, &f), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, &none, 1, NULL, 0, &f), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, &x, 1, NULL, 1, &f), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, &x, 1, &(tg_update){NULL, x}, 1, &f), TG_ERR_NULL);
    assert_int_equal(tg_compile(g, &x, 1, &(tg_update){x, NULL}, 1, &f), TG_ERR_NULL);
    assert_null(f);
    tg_clear_error(g);
    tg_function_free(NULL);
    assert_null(tg_function_fork(NULL));
    assert_int_equal(tg_bind(NULL, x, &value), TG_ERR_NULL);
    assert_int_equal(tg_run(NULL), TG_ERR_NULL);
    assert_string_not_equal(tg_function_error(NULL), "");
    assert_null(tg_output(NULL, x));
    assert_int_equal(tg_read(NULL, x, &value, 8), TG_ERR_NULL);
    assert_true(isnan(tg_scalar(NULL, x)));
    assert_int_equal(tg_stats(NULL).nodes, 0);
    assert_int_equal(tg_compile(g, &x, 1, NULL, 0, &f), TG_OK);
    assert_int_equal(tg_bind(f, NULL, &value), TG_ERR_NULL);
    assert_null(tg_output(f, NULL));
    assert_int_equal(tg_read(f, NULL, &value, 8), TG_ERR_NULL);
    assert_int_equal(tg_read(f, x, NULL, 8), TG_ERR_NULL);
    assert_true(isnan(tg_scalar(f, NULL)));
    tg_function_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_functions),
        cmocka_unit_test(test_looking_at_nothing),
        cmocka_unit_test(test_unary_operations),
        graph_test(test_operations_of_several_tensors),
        graph_test(test_lists),
        graph_test(test_derivatives),
        graph_test(test_functions),
    };
    return cmocka_run_group_tests_name("nulls", tests, NULL, NULL);
}
