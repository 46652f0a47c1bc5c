/* Marks and rewinding: what is dropped, what stays, and functions compiled from either. */
#include <stdlib.h>

#include "graph_helpers.h"

static void test_rewind_drops_what_came_after(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *y = tg_exp(x);
    tg_mark mark = tg_get_mark(g);
    int64_t nodes = tg_node_count(g);
    tg_tensor *w = scalar_param(g, "w", 3);
    tg_input(g, "v", TG_F64, 0, NULL);
    tg_set_name(tg_mul(tg_sin(x), w), "product");
    assert_int_equal(tg_param_count(g), 2);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    assert_int_equal(tg_node_count(g), nodes);
    assert_int_equal(tg_param_count(g), 1);
    assert_null(tg_find(g, "w"));
    assert_null(tg_find(g, "v"));
    assert_ptr_equal(tg_find(g, "x"), x);
    assert_ptr_equal(tg_exp(x), y);
    assert_value(y, 7.38905609893065, 1e-15);
    tg_tensor *again = scalar_param(g, "w", 5);
    assert_value(tg_mul(tg_sin(x), again), 5 * 0.90929742682568171, 1e-15);
}

static void test_rewind_clears_later_errors_only(void **state)
{
    tg_graph *g = *state;
    tg_mark clean = tg_get_mark(g);
    scalar_param(g, "bad name", 1);
    assert_int_equal(tg_graph_status(g), TG_ERR_NAME);
    tg_mark after = tg_get_mark(g);
    scalar_param(g, "x", 1);
    assert_int_equal(tg_rewind(g, after), TG_OK);
    assert_int_equal(tg_graph_status(g), TG_ERR_NAME);
    assert_int_equal(tg_rewind(g, clean), TG_OK);
    assert_int_equal(tg_graph_status(g), TG_OK);
    assert_string_equal(tg_error(g), "");
}

static void test_rewind_beyond_the_end(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1);
    tg_mark early = tg_get_mark(g);
    tg_sin(x);
    tg_mark late = tg_get_mark(g);
    assert_int_equal(tg_rewind(g, late), TG_OK);
    assert_int_equal(tg_rewind(g, early), TG_OK);
    assert_int_equal(tg_rewind(g, late), TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "tg_rewind", "node 2 of a tape of 1");
    assert_int_equal(tg_rewind(g, (tg_mark){-1, TG_OK}), TG_ERR_ARGUMENT);
    tg_clear_error(g);
    assert_value(tg_sin(x), 0.8414709848078965, 1e-15);
}

static tg_tensor *record_step(tg_tensor *x, tg_tensor *w, int length)
{
    tg_tensor *t = x;
    for (int i = 0; i < length; i++) t = tg_tanh(tg_mul(w, tg_add(t, x)));
    return tg_sum(tg_square(t), NULL);
}

/* Recording the same again finds the same memory: the tape's first node after the mark has its old address. */
static void test_memory_is_used_again(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){1, 2, 3, 4}), *w = scalar_param(g, "w", 0.5), *dw;
    tg_mark mark = tg_get_mark(g);
    const tg_tensor *first = NULL, *last = NULL;
    for (int round = 0; round < 50; round++) {
        tg_tensor *y = record_step(x, w, 8);
        assert_int_equal(tg_grad(g, y, &w, 1, &dw), TG_OK);
        const tg_tensor *start = tg_node(g, mark.nodes);
        if (round > 0) assert_ptr_equal(start, first);
        if (round > 1) assert_ptr_equal(dw, last);
        first = start;
        last = dw;
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

static void test_function_over_surviving_leaves_runs_on(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 3);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *y = tg_square(x);
    tg_function *f;
    assert_int_equal(tg_compile(g, &y, 1, &(tg_update){x, tg_add_scalar(x, 1)}, 1, &f), TG_OK);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    assert_int_equal(tg_run(f), TG_OK);
    assert_true(tg_scalar(f, y) == 9);
    for (int i = 0; i < 100; i++) tg_exp(tg_add_scalar(x, i)); /* writes over the dropped nodes' memory */
    assert_int_equal(tg_run(f), TG_OK);
    assert_true(tg_scalar(f, y) == 16);
    assert_value(x, 5, 0);
    tg_function_free(f);
}

static void test_function_of_a_dropped_leaf_is_stale(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 3);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *w = scalar_param(g, "w", 4), *y = tg_mul(x, w);
    tg_function *f;
    assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &f), TG_OK);
    assert_int_equal(tg_run(f), TG_OK);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    assert_int_equal(tg_run(f), TG_ERR_STALE);
    assert_contains(tg_function_error(f), "tg_rewind");
    /* A new param at the same place of the tape, of the same name, is another one. */
    scalar_param(g, "w", 5);
    assert_int_equal(tg_run(f), TG_ERR_STALE);
    tg_function *fork = tg_function_fork(f);
    assert_int_equal(tg_run(fork), TG_ERR_STALE);
    tg_function_free(fork);
    tg_function_free(f);
}

static void test_plan_is_found_after_rewind(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){1, 2, 3, 4}), *w = scalar_param(g, "w", 0.5);
    tg_mark mark = tg_get_mark(g);
    double first = 0;
    for (int round = 0; round < 3; round++) {
        tg_tensor *y = record_step(x, w, 3);
        tg_function *f;
        assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &f), TG_OK);
        assert_int_equal(tg_stats(f).from_cache, round > 0);
        assert_int_equal(tg_run(f), TG_OK);
        if (round == 0) first = tg_scalar(f, y);
        assert_true(tg_scalar(f, y) == first);
        tg_function_free(f);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
    tg_tensor *longer = record_step(x, w, 4);
    tg_function *f;
    assert_int_equal(tg_compile(g, &longer, 1, NULL, 0, &f), TG_OK);
    assert_false(tg_stats(f).from_cache);
    tg_function_free(f);
}

/* A loop that records, evaluates and rewinds with leaves of its own in each round. */
static void test_leaves_made_in_a_loop(void **state)
{
    tg_graph *g = *state;
    tg_tensor *w = scalar_param(g, "w", 2);
    tg_mark mark = tg_get_mark(g);
    for (int round = 0; round < 20; round++) {
        tg_tensor *p = scalar_param(g, "p", round), *x = tg_input(g, "x", TG_F64, 0, NULL);
        const double value = 10.0 * round;
        assert_int_equal(tg_set(x, &value, sizeof value), TG_OK);
        assert_value(tg_add(tg_mul(w, p), x), 12.0 * round, 0);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

static void test_rewind_to_nothing(void **state)
{
    tg_graph *g = *state;
    tg_mark empty = tg_get_mark(g);
    tg_tensor *x = scalar_param(g, "x", 3);
    assert_value(tg_square(x), 9, 0);
    assert_int_equal(tg_rewind(g, empty), TG_OK);
    assert_int_equal(tg_node_count(g), 0);
    x = scalar_param(g, "x", 4);
    assert_value(tg_square(x), 16, 0);
}

/* The memory of what was dropped is used again, where it is large enough. */
static void test_large_after_small(void **state)
{
    enum { NODES = 3000, LARGE = 300000 };
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1);
    tg_mark mark = tg_get_mark(g);
    double *values = malloc(LARGE * sizeof *values);
    for (int i = 0; i < LARGE; i++) values[i] = i;
    for (int round = 0; round < 3; round++) {
        tg_tensor *t = x;
        for (int i = 0; i < NODES; i++) t = tg_sin(t);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
        const int64_t shape[1] = {LARGE};
        tg_tensor *large = tg_constant(g, TG_F64, 1, shape, values);
        t = x;
        for (int i = 0; i < NODES; i++) t = tg_cos(t);
        assert_memory_equal(tg_data(large), values, LARGE * sizeof *values);
        assert_int_equal(tg_node_count(g), mark.nodes + 1 + NODES);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_rewind_drops_what_came_after),
        graph_test(test_rewind_clears_later_errors_only),
        graph_test(test_rewind_beyond_the_end),
        graph_test(test_memory_is_used_again),
        graph_test(test_function_over_surviving_leaves_runs_on),
        graph_test(test_function_of_a_dropped_leaf_is_stale),
        graph_test(test_plan_is_found_after_rewind),
        graph_test(test_leaves_made_in_a_loop),
        graph_test(test_rewind_to_nothing),
        graph_test(test_large_after_small),
    };
    return cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}
