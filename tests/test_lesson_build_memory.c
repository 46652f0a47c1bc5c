/* Building a lesson, and telling why a gradient is zero, survive every allocation that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/tapegrad.h>

#include "failing_alloc.h"
#include "lesson/build.h"
#include "lesson/why.h"

/* x W + b through the sigmoid, or, for no network, sin x. */
static tg_tensor *record(tg_graph *g, int network)
{
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, (int64_t[]){1, 2}),
              *y = tg_input(g, "y", TG_F64, 2, (int64_t[]){1, 1});
    tg_tensor *W = tg_param(g, "W", TG_F64, 2, (int64_t[]){2, 1}, NULL);
    if (!network) return tg_set_name(tg_sum(tg_sin(W), NULL), "loss");
    return tg_sum(tg_square(tg_sub(tg_sigmoid(tg_matmul(x, W)), y)), NULL);
}

static int build(void *network)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *loss = g != NULL ? record(g, network != NULL) : NULL;
    tg_lesson *lesson = NULL;
    tg_diag diag;
    tg_tensor *named[] = {g != NULL ? tg_find(g, "W") : NULL};
    tg_lesson_task task = {.g = g,
                           .loss = loss,
                           .loss_name = "loss",
                           .model = "m",
                           .named = named,
                           .n_named = 1,
                           .convention = -1};
    int made = loss != NULL && tg_lesson_build(&task, &lesson, &diag) == TG_OK;
    assert_true(made == (lesson != NULL));
    if (lesson != NULL) tg_lesson_clear(lesson);
    free(lesson);
    tg_graph_free(g);
    return made;
}

static int tell_why(void *context)
{
    (void)context;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *loss = g != NULL ? record(g, 0) : NULL;
    tg_diag diag;
    char *answer = loss != NULL ? tg_lesson_why(g, loss, tg_find(g, "W"), &diag) : NULL;
    int told = answer != NULL;
    tg_text_free(answer);
    tg_graph_free(g);
    return told;
}

/* Every k in turn, until none is left to fail; texts may be missing where memory was. */
static void survive(int (*attempt)(void *), void *context)
{
    int failed = 1;
    for (int64_t k = 1; failed; k++) {
        int64_t live = failing_alloc_live();
        failing_alloc_start(k, 0);
        int made = attempt(context);
        failed = failing_alloc_stop();
        assert_true(failed || made);
        assert_int_equal(failing_alloc_live(), live);
    }
}

static void test_networks(void **state)
{
    (void)state;
    survive(build, &(int){1});
}

static void test_tapes(void **state)
{
    (void)state;
    survive(build, NULL);
}

static void test_why(void **state)
{
    (void)state;
    survive(tell_why, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks), cmocka_unit_test(test_tapes),
                                       cmocka_unit_test(test_why)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
