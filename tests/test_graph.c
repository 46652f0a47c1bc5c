/* The graph: one node for one expression, leaves and their values, names, marks, origins. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

/* ---- Same expression, same tensor --------------------------------------------------------------------- */

static void test_same_expression_is_same_tensor(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *y = scalar_param(g, "y", 3);
    tg_tensor *first = tg_mul(tg_sin(x), tg_exp(y));
    int64_t nodes = tg_node_count(g);
    assert_ptr_equal(tg_mul(tg_sin(x), tg_exp(y)), first);
    assert_int_equal(tg_node_count(g), nodes);
    assert_ptr_not_equal(tg_sin(y), tg_sin(x));
    assert_ptr_not_equal(tg_cos(x), tg_sin(x));
}

static void test_order_of_commutative_inputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *y = scalar_param(g, "y", 3);
    assert_ptr_equal(tg_add(x, y), tg_add(y, x));
    assert_ptr_equal(tg_mul(x, y), tg_mul(y, x));
    assert_ptr_equal(tg_maximum(x, y), tg_maximum(y, x));
    assert_ptr_not_equal(tg_sub(x, y), tg_sub(y, x));
    assert_ptr_not_equal(tg_div(x, y), tg_div(y, x));
    assert_ptr_equal(tg_gt(x, y), tg_lt(y, x));
    assert_value(tg_sub(y, x), 1, 0);
}

static void test_attributes_tell_nodes_apart(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 3, 3, NULL);
    assert_ptr_equal(tg_sum(x, TG_AXES(1)), tg_sum(x, TG_AXES(-1)));
    assert_ptr_equal(tg_sum(x, NULL), tg_sum(x, TG_AXES(1, 0)));
    assert_ptr_not_equal(tg_sum(x, TG_AXES(1)), tg_sum(x, TG_AXES(0)));
    assert_ptr_not_equal(tg_sum(x, TG_AXES(1)), tg_sum(x, TG_KEEP_AXES(1)));
    assert_ptr_equal(tg_slice(x, 0, 0, 2, 1), tg_slice(x, -2, -3, -1, 1));
    assert_ptr_not_equal(tg_slice(x, 0, 0, 2, 1), tg_slice(x, 0, 1, 3, 1));
    assert_ptr_equal(tg_reshape(x, 1, (const int64_t[]){-1}), tg_reshape(x, 1, (const int64_t[]){9}));
    assert_ptr_not_equal(tg_leaky_relu(x, 0.1), tg_leaky_relu(x, 0.2));
}

static void test_constants_merge_and_leaves_do_not(void **state)
{
    tg_graph *g = *state;
    assert_ptr_equal(tg_number(g, TG_F64, 2.5), tg_number(g, TG_F64, 2.5));
    assert_ptr_not_equal(tg_number(g, TG_F64, 2.5), tg_number(g, TG_F32, 2.5));
    assert_ptr_not_equal(tg_number(g, TG_F64, 0.0), tg_number(g, TG_F64, -0.0));
    const double data[2] = {1, 2};
    const int64_t two = 2, one_two[2] = {1, 2};
    tg_tensor *c = tg_constant(g, TG_F64, 1, &two, data);
    assert_ptr_equal(tg_constant(g, TG_F64, 1, &two, data), c);
    assert_ptr_not_equal(tg_constant(g, TG_F64, 2, one_two, data), c);
    assert_ptr_not_equal(scalar_param(g, "a", 1), scalar_param(g, "b", 1));
    assert_ptr_not_equal(tg_input(g, "c", TG_F64, 0, NULL), tg_input(g, "d", TG_F64, 0, NULL));
    assert_int_equal(tg_leaf_kind_of(c), TG_LEAF_CONSTANT);
    assert_int_equal(tg_leaf_kind_of(tg_find(g, "a")), TG_LEAF_PARAM);
    assert_int_equal(tg_leaf_kind_of(tg_find(g, "c")), TG_LEAF_INPUT);
    assert_int_equal(tg_leaf_kind_of(tg_state(g, "s", TG_I64, 0, NULL, NULL)), TG_LEAF_STATE);
    assert_int_equal(tg_leaf_kind_of(tg_exp(tg_find(g, "a"))), TG_LEAF_NONE);
    assert_int_equal(tg_leaf_kind_of(NULL), TG_LEAF_NONE);
    assert_int_equal(tg_param_count(g), 3);
}

static void test_options(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 7, .flags = TG_NO_INTERN | TG_NO_SIMPLIFY});
    assert_int_equal(tg_graph_seed(g), 7);
    tg_tensor *x = scalar_param(g, "x", 2);
    tg_tensor *first = tg_sin(x), *second = tg_sin(x);
    assert_ptr_not_equal(first, second);
    assert_value(tg_sub(first, second), 0, 0);
    tg_tensor *same = tg_mul_scalar(x, 1);
    assert_ptr_not_equal(same, x);
    assert_value(same, 2, 0);
    tg_tensor *folded = tg_add(tg_number(g, TG_F64, 1), tg_number(g, TG_F64, 2));
    assert_string_equal(tg_op_of(folded)->name, "add");
    assert_value(folded, 3, 0);
    tg_graph_free(g);
}

/* A derivative is the same with and without the switches. */
static void test_options_do_not_change_derivatives(void **state)
{
    (void)state;
    double found[4];
    for (unsigned flags = 0; flags < 4; flags++) {
        tg_graph *g = tg_graph_new(&(tg_graph_options){.flags = flags});
        tg_tensor *x = scalar_param(g, "x", 0.7);
        tg_tensor *y = tg_mul(tg_sin(tg_mul(x, x)), tg_exp(tg_sin(tg_mul(x, x)))), *dy, *ddy;
        assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
        assert_int_equal(tg_grad(g, dy, &x, 1, &ddy), TG_OK);
        evaluate(ddy, &found[flags], 1, __FILE__, __LINE__);
        tg_graph_free(g);
    }
    for (int i = 1; i < 4; i++) assert_true(fabs(found[i] - found[0]) < 1e-12 * fabs(found[0]));
}

/* ---- Leaves ------------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "layer/W_1.a-b", 1);
    assert_string_equal(tg_name(x), "layer/W_1.a-b");
    assert_ptr_equal(tg_find(g, "layer/W_1.a-b"), x);
    assert_null(tg_find(g, "other"));
    assert_null(tg_input(g, "layer/W_1.a-b", TG_F64, 0, NULL));
    assert_error(g, TG_ERR_NAME, "taken", "layer/W_1.a-b");
    const char *const bad[] = {"", "two words", "tab\t", "naïve", NULL};
    for (int i = 0; i < COUNT(bad); i++) {
        assert_null(tg_input(g, bad[i], TG_F64, 0, NULL));
        assert_error(g, TG_ERR_NAME, "input", "name");
    }
    char name[257];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_null(scalar_param(g, name, 1));
    assert_error(g, TG_ERR_NAME, "255", "param");
    assert_non_null(scalar_param(g, name + 1, 1));
}

static void test_names_of_expressions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1);
    tg_tensor *y = tg_set_name(tg_sin(x), "first");
    assert_string_equal(tg_name(y), "first");
    assert_ptr_equal(tg_set_name(tg_sin(x), "second"), y);
    assert_string_equal(tg_name(y), "first");
    assert_string_equal(tg_name(tg_set_name(x, "renamed")), "x");
    assert_string_equal(tg_name(tg_cos(x)), "");
    assert_null(tg_find(g, "first"));
    assert_null(tg_set_name(NULL, "n"));
}

static void test_set_get_data(void **state)
{
    tg_graph *g = *state;
    const double start[3] = {1, 2, 3}, other[3] = {4, 5, 6};
    double back[3] = {0};
    tg_tensor *p = param_1d(g, "p", 3, start), *zeros = param_1d(g, "zeros", 3, NULL);
    const int64_t three = 3;
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, &three);
    assert_memory_equal(tg_data(p), start, sizeof start);
    assert_int_equal(tg_get(zeros, back, sizeof back), TG_OK);
    assert_true(back[0] == 0 && back[2] == 0);
    assert_int_equal(tg_set(p, other, sizeof other), TG_OK);
    assert_values(p, other, 3, 0);
    assert_null(tg_data(x));
    assert_int_equal(tg_get(x, back, sizeof back), TG_ERR_UNBOUND);
    assert_error(g, TG_ERR_UNBOUND, "'x'", "f64[3]");
    assert_int_equal(tg_set(x, start, sizeof start), TG_OK);
    assert_int_equal(tg_get(x, back, sizeof back), TG_OK);
    assert_memory_equal(back, start, sizeof start);
    assert_memory_equal(tg_data(x), start, sizeof start);
    assert_int_equal(tg_set(p, other, 16), TG_ERR_SIZE);
    assert_error(g, TG_ERR_SIZE, "16 bytes", "24");
    assert_int_equal(tg_get(p, back, 32), TG_ERR_SIZE);
    assert_error(g, TG_ERR_SIZE, "32 bytes", "'p'");
    assert_int_equal(tg_set(p, NULL, 24), TG_ERR_NULL);
    tg_clear_error(g);
    tg_tensor *c = tg_constant(g, TG_F64, 1, &three, other), *e = tg_sin(x);
    assert_int_equal(tg_get(c, back, sizeof back), TG_OK);
    assert_memory_equal(back, other, sizeof other);
    assert_memory_equal(tg_data(c), other, sizeof other);
    assert_int_equal(tg_set(c, start, sizeof start), TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "tg_set", "constant");
    assert_null(tg_data(e));
    assert_int_equal(tg_get(e, back, sizeof back), TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "tg_get", "tg_eval");
}

static void test_params_in_order(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = scalar_param(g, "a", 1), *s = tg_state(g, "s", TG_I64, 0, NULL, NULL);
    tg_tensor *b = scalar_param(g, "b", 1);
    assert_int_equal(tg_param_count(g), 3);
    assert_ptr_equal(tg_param_at(g, 0), a);
    assert_ptr_equal(tg_param_at(g, 1), s);
    assert_ptr_equal(tg_param_at(g, 2), b);
    assert_null(tg_param_at(g, 3));
    assert_null(tg_param_at(g, -1));
    assert_true(tg_is_trainable(a));
    assert_false(tg_is_trainable(s));
    assert_false(tg_is_trainable(tg_sin(a)));
}

static void test_empty_tensors(void **state)
{
    tg_graph *g = *state;
    const int64_t shape[2] = {0, 3};
    tg_tensor *p = tg_param(g, "p", TG_F64, 2, shape, NULL), *c = tg_constant(g, TG_F64, 2, shape, NULL);
    assert_int_equal(tg_count(p), 0);
    assert_int_equal(tg_set(p, NULL, 0), TG_OK);
    assert_int_equal(tg_get(c, NULL, 0), TG_OK);
    assert_value(tg_sum(tg_add(p, c), NULL), 0, 0);
    assert_values(tg_sum(p, TG_AXES(0)), ((const double[]){0, 0, 0}), 3, 0);
}

static void test_looking_at_a_tensor(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 3, NULL), *y = tg_sum(tg_exp(x), TG_AXES(1));
    assert_ptr_equal(tg_graph_of(y), g);
    assert_int_equal(tg_dtype_of(y), TG_F64);
    assert_int_equal(tg_rank(x), 2);
    assert_int_equal(tg_shape(x)[1], 3);
    assert_int_equal(tg_type_of(y).shape[0], 2);
    assert_string_equal(tg_op_of(y)->name, "sum");
    assert_int_equal(tg_input_count(y), 1);
    assert_ptr_equal(tg_input_at(tg_input_at(y, 0), 0), x);
    assert_null(tg_input_at(y, 1));
    assert_null(tg_input_at(y, -1));
    assert_non_null(tg_attr_of(y));
    for (int64_t id = 0; id < tg_node_count(g); id++) {
        tg_tensor *t = tg_node(g, id);
        assert_int_equal(tg_id(t), id);
        for (int i = 0; i < tg_input_count(t); i++) assert_true(tg_id(tg_input_at(t, i)) < id);
    }
    assert_null(tg_node(g, tg_node_count(g)));
    assert_null(tg_node(g, -1));
}

static void test_depends_on(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, NULL), *w = param_1d(g, "w", 3, NULL);
    tg_tensor *y = tg_sum(tg_sin(x), NULL);
    assert_true(tg_depends_on(y, x));
    assert_true(tg_depends_on(y, y));
    assert_false(tg_depends_on(y, w));
    assert_false(tg_depends_on(x, y));
    tg_tensor *through_integers = tg_cast(tg_argmax(x, 0), TG_F64);
    assert_true(tg_depends_on(through_integers, x));
    tg_graph *other = tg_graph_new(NULL);
    assert_false(tg_depends_on(y, scalar_param(other, "z", 1)));
    tg_graph_free(other);
}

static void test_origins(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.5), *s = tg_sin(x), *y = tg_mul(s, x), *dy, *ydot;
    assert_int_equal(tg_origin_of(y).kind, TG_ORIGIN_RECORDED);
    assert_null(tg_origin_of(y).of);
    assert_int_equal(tg_grad(g, y, &x, 1, &dy), TG_OK);
    assert_int_equal(tg_origin_of(dy).kind, TG_ORIGIN_SUM);
    assert_ptr_equal(tg_origin_of(dy).of, x);
    tg_tensor *cos = NULL;
    for (int64_t id = 0; id < tg_node_count(g); id++)
        if (strcmp(tg_op_of(tg_node(g, id))->name, "cos") == 0) cos = tg_node(g, id);
    assert_int_equal(tg_origin_of(cos).kind, TG_ORIGIN_REVERSE);
    assert_ptr_equal(tg_origin_of(cos).of, s);
    assert_int_equal(tg_origin_of(cos).input, 0);
    tg_tensor *e = tg_exp(x), *one = tg_number(g, TG_F64, 3);
    assert_int_equal(tg_jvp(g, &e, 1, &x, &one, 1, &ydot), TG_OK);
    assert_int_equal(tg_origin_of(ydot).kind, TG_ORIGIN_FORWARD);
    assert_ptr_equal(tg_origin_of(ydot).of, e);
    assert_int_equal(tg_origin_of(tg_cosh(x)).kind, TG_ORIGIN_RECORDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_same_expression_is_same_tensor),
        graph_test(test_order_of_commutative_inputs),
        graph_test(test_attributes_tell_nodes_apart),
        graph_test(test_constants_merge_and_leaves_do_not),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_options_do_not_change_derivatives),
        graph_test(test_names),
        graph_test(test_names_of_expressions),
        graph_test(test_set_get_data),
        graph_test(test_params_in_order),
        graph_test(test_empty_tensors),
        graph_test(test_looking_at_a_tensor),
        graph_test(test_depends_on),
        graph_test(test_origins),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
