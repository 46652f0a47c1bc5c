/* Every allocation of recognition fails once: nothing leaks, the graph keeps the error and its tape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "lesson/found_net.h"
#include "recognise_models.h"

typedef struct attempt {
    built_model model;
    int expected;
} attempt;

static int recognise(void *context)
{
    const attempt *a = context;
    tg_graph *g = a->model.graph;
    static tg_found_mlp found;
    static tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_rules_net net;
    char reason[TG_REASON];
    int64_t nodes = tg_node_count(g);
    tg_mark mark = tg_get_mark(g);
    int answer = tg_recognise(g, a->model.loss, &found, reason);
    assert_int_equal(tg_node_count(g), nodes);
    assert_true(answer == a->expected || answer == -1);
    assert_int_equal(tg_graph_status(g) != TG_OK, answer == -1);
    if (answer == 1 && !tg_found_net(g, a->model.loss, &found, TG_CONVENTION_COLUMNS, layers, &net)) {
        assert_int_equal(tg_graph_status(g), TG_ERR_MEMORY);
        answer = -1;
    }
    tg_rewind(g, mark);
    return answer != -1;
}

/* What the graph itself keeps from one call to the next is there already. */
static void run(const char *text, int expected)
{
    attempt a = {build_model(text), expected};
    assert_int_equal(recognise(&a), 1);
    assert_true(failing_alloc_every(recognise, &a) > 10);
    free_model(&a.model);
}

static void test_found(void **state)
{
    (void)state;
    run("input x : f64[7, 4]\ninput y : f64[7, 3]\nparam A : f64[4, 5]\nparam a : f64[5]\nparam B : f64[5, 3]\n"
        "h = tanh(x @ A + a)\nloss = mean((h @ B - y)^2)",
        1);
}

static void test_refused(void **state)
{
    (void)state;
    run("input x : f64[7, 4]\ninput y : f64[7, 4]\nparam A : f64[4, 4]\nparam B : f64[4, 4]\n"
        "h = relu(x @ A) + x\nloss = mean((h @ B - y)^2)",
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
