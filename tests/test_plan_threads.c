/* Functions with threads of their own: the same bits whatever their number, several at once, and processes that are
 * forked off. */
#define _GNU_SOURCE /* fork */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph_helpers.h"

enum { BATCH = 210, INPUTS = 130, HIDDEN = 170, RUNS = 6 };

/* A training step with products, broadcasts, reductions of rows and of columns, large enough to be shared out. */
typedef struct step {
    tg_tensor *outputs[3];
    tg_update updates[2];
    double start[2][INPUTS * HIDDEN];
} step;

static void make_step(tg_graph *g, step *s)
{
    static double x[BATCH * INPUTS];
    for (int i = 0; i < BATCH * INPUTS; i++) x[i] = (double)((i * 7919) % 1000) / 1000 - 0.5;
    for (int i = 0; i < INPUTS * HIDDEN; i++)
        s->start[0][i] = s->start[1][i] = (double)((i * 1049) % 997) / 997 - 0.5;
    tg_tensor *input = param_2d(g, "x", BATCH, INPUTS, x);
    tg_tensor *params[2] = {param_2d(g, "W", INPUTS, HIDDEN, s->start[0]),
                            param_1d(g, "b", HIDDEN, s->start[1])};
    tg_tensor *a = tg_tanh(tg_add(tg_matmul(input, params[0]), params[1])), *gradients[2];
    tg_tensor *cost = tg_sum(tg_square(tg_softmax(a, -1)), NULL);
    assert_int_equal(tg_grad(g, cost, params, 2, gradients), TG_OK);
    for (int i = 0; i < 2; i++)
        s->updates[i] = (tg_update){params[i], tg_sub(params[i], tg_mul_scalar(gradients[i], 0.1))};
    s->outputs[0] = cost;
    s->outputs[1] = gradients[1];
    s->outputs[2] = tg_sum(tg_exp(tg_mul(a, tg_cos(a))), NULL);
}

static tg_function *compile(tg_graph *g, const step *s, int threads)
{
    tg_function *f;
    const tg_compile_options options = {.threads = threads};
    if (tg_compile_with(g, s->outputs, COUNT(s->outputs), s->updates, 2, &options, &f) != TG_OK)
        fail_msg("%s", tg_error(g));
    return f;
}

/* The outputs and params after some runs from the start. */
enum { RESULTS = 2 + HIDDEN + INPUTS * HIDDEN + HIDDEN };

static void run(const step *s, tg_function *f, double *results)
{
    for (int i = 0; i < 2; i++)
        tg_set(s->updates[i].param, s->start[i], (size_t)tg_count(s->updates[i].param) * sizeof(double));
    for (int i = 0; i < RUNS; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
    const tg_tensor *read[5] = {s->outputs[0], s->outputs[1], s->outputs[2], s->updates[0].param,
                                s->updates[1].param};
    for (int i = 0; i < 5; i++) {
        size_t size = (size_t)tg_count(read[i]) * sizeof(double);
        memcpy(results, i < 3 ? tg_output(f, read[i]) : tg_data(read[i]), size);
        results += tg_count(read[i]);
    }
}

static step shared_step;
static double expected[RESULTS], found[RESULTS];

static void test_same_bits(void **state)
{
    tg_graph *g = *state;
    make_step(g, &shared_step);
    tg_function *one = compile(g, &shared_step, 0);
    run(&shared_step, one, expected);
    for (int threads = 2; threads <= 5; threads++) {
        tg_function *f = compile(g, &shared_step, threads);
        assert_false(tg_stats(f).from_cache);
        run(&shared_step, f, found);
        assert_memory_equal(found, expected, sizeof found);
        tg_function *fork = tg_function_fork(f);
        run(&shared_step, fork, found);
        assert_memory_equal(found, expected, sizeof found);
        tg_function_free(fork);
        usleep(2000); /* long enough for the threads to fall asleep */
        run(&shared_step, f, found);
        assert_memory_equal(found, expected, sizeof found);
        tg_function_free(f);
    }
    tg_function_free(one);
}

static void *run_alone(void *function)
{
    for (int i = 0; i < RUNS; i++)
        if (tg_run(function) != TG_OK) return function;
    return NULL;
}

static void test_functions_at_once(void **state)
{
    tg_graph *g = *state;
    make_step(g, &shared_step);
    const tg_compile_options options = {.threads = 3};
    tg_function *f[3];
    pthread_t threads[3];
    assert_int_equal(tg_compile_with(g, shared_step.outputs, 3, NULL, 0, &options, &f[0]), TG_OK);
    for (int i = 1; i < 3; i++) f[i] = tg_function_fork(f[0]);
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_alone, f[i]), 0);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (int i = 1; i < 3; i++)
        assert_memory_equal(tg_output(f[i], shared_step.outputs[1]), tg_output(f[0], shared_step.outputs[1]),
                            HIDDEN * sizeof(double));
    for (int i = 0; i < 3; i++) tg_function_free(f[i]);
}

/* The child has no threads but its own. */
static void test_forked_process(void **state)
{
    tg_graph *g = *state;
    make_step(g, &shared_step);
    tg_function *f = compile(g, &shared_step, 4);
    run(&shared_step, f, expected);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run(&shared_step, f, found);
        tg_function_free(f);
        _exit(memcmp(found, expected, sizeof found) != 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    run(&shared_step, f, found);
    assert_memory_equal(found, expected, sizeof found);
    tg_function_free(f);
}

static void test_bad_options(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1);
    tg_function *f;
    const tg_compile_options bad[] = {{.threads = -1}, {.threads = TG_MAX_THREADS + 1}};
    for (int i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tg_compile_with(g, &x, 1, NULL, 0, &bad[i], &f), TG_ERR_ARGUMENT);
        assert_null(f);
        assert_error(g, TG_ERR_ARGUMENT, "threads", "0 to 256");
    }
    assert_int_equal(tg_compile_with(g, &x, 1, NULL, 0, &(tg_compile_options){.passes_off = "fuse,fuze"}, &f),
                     TG_ERR_ARGUMENT);
    assert_error(g, TG_ERR_ARGUMENT, "\"fuze\"", "pass");
    assert_string_equal(tg_pass_name(0), "fuse");
    assert_null(tg_pass_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_same_bits),
        graph_test(test_functions_at_once),
        graph_test(test_forked_process),
        graph_test(test_bad_options),
    };
    return cmocka_run_group_tests_name("threads of functions", tests, NULL, NULL);
}
