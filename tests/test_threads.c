/* Two graphs share nothing; forks of one function run at once. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "graph_helpers.h"

enum { THREADS = 4, ROUNDS = 50, INPUTS = 16 };

/* ---- A graph for each thread ------------------------------------------------------------------------------ */

/* A small network trained for some steps: everything from recording to updates. */
static void *train(void *result)
{
    double *cost = result;
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 3});
    const double data[6] = {0.1, -0.2, 0.3, 0.4, -0.5, 0.6};
    tg_tensor *W = param_2d(g, "W", 3, 2, data), *b = param_1d(g, "b", 2, NULL),
              *x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){2, 3});
    tg_tensor *y = tg_tanh(tg_add(tg_matmul(x, W), b)), *c = tg_mean(tg_square(tg_add_scalar(y, -0.5)), NULL);
    tg_tensor *params[2] = {W, b}, *gradients[2];
    tg_function *f = NULL;
    tg_status status = tg_set(x, data, sizeof data);
    if (status == TG_OK) status = tg_grad(g, c, params, 2, gradients);
    const tg_update updates[2] = {{W, tg_sub(W, gradients[0])}, {b, tg_sub(b, gradients[1])}};
    if (status == TG_OK) status = tg_compile(g, &c, 1, updates, 2, &f);
    for (int i = 0; i < ROUNDS && status == TG_OK; i++) status = tg_run(f);
    *cost = status == TG_OK ? tg_scalar(f, c) : -1;
    tg_function_free(f);
    tg_graph_free(g);
    return NULL;
}

static void test_graphs_in_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    double costs[THREADS], alone;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, train, &costs[i]), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    train(&alone);
    assert_true(alone > 0 && alone < 0.1);
    for (int i = 0; i < THREADS; i++) assert_memory_equal(&costs[i], &alone, sizeof alone);
}

/* ---- Forks of one function ---------------------------------------------------------------------------------- */

typedef struct job {
    tg_function *f;
    const tg_tensor *x, *y;
    double inputs[ROUNDS][INPUTS], outputs[ROUNDS];
    int failures;
    pthread_barrier_t *together; /* NULL, or where all wait for each other before they begin */
} job;

static void *run_all(void *data)
{
    job *j = data;
    if (j->together != NULL) pthread_barrier_wait(j->together);
    for (int i = 0; i < ROUNDS; i++) {
        if (tg_bind(j->f, j->x, j->inputs[i]) != TG_OK || tg_run(j->f) != TG_OK) j->failures++;
        j->outputs[i] = tg_scalar(j->f, j->y);
    }
    return NULL;
}

static void test_forks_in_threads(void **state)
{
    tg_graph *g = *state;
    static job jobs[THREADS + 1];
    const int64_t n = INPUTS;
    double weights[INPUTS];
    for (int k = 0; k < INPUTS; k++) weights[k] = 0.1 * k - 0.5;
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, &n), *w = param_1d(g, "w", n, weights), *dw;
    tg_tensor *y = tg_sum(tg_softmax(tg_mul(tg_sin(x), w), 0), NULL), *i = tg_argmax(x, 0);
    y = tg_add(y, tg_gather(w, i, 0));
    assert_int_equal(tg_grad(g, tg_mul(y, tg_dot(w, x)), &w, 1, &dw), TG_OK);
    y = tg_sum(tg_square(dw), NULL);
    memset(jobs, 0, sizeof jobs);
    assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &jobs[0].f), TG_OK);
    for (int t = 0; t <= THREADS; t++) {
        if (t > 0) jobs[t].f = tg_function_fork(jobs[0].f);
        jobs[t].x = x;
        jobs[t].y = y;
        for (int r = 0; r < ROUNDS; r++)
            for (int k = 0; k < INPUTS; k++)
                jobs[t].inputs[r][k] = 0.01 * (r * k % 17) + 0.02 * ((r + k) % 5);
    }
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, run_all, &jobs[t + 1]), 0);
    for (int t = 0; t < THREADS; t++) assert_int_equal(pthread_join(threads[t], NULL), 0);
    run_all(&jobs[0]);
    for (int t = 0; t <= THREADS; t++) {
        assert_int_equal(jobs[t].failures, 0);
        assert_memory_equal(jobs[t].outputs, jobs[0].outputs, sizeof jobs[t].outputs);
        tg_function_free(jobs[t].f);
    }
    assert_true(jobs[0].outputs[1] != jobs[0].outputs[2]);
}

/* ---- A param that training left in bands ---------------------------------------------------------------------- */

/* Every round a step trains, and then several threads at once read what it made: each of them may be the first to need
 * it in rows. */
static void test_readers_after_training(void **state)
{
    tg_graph *g = *state;
    enum { ROWS = 32, WIDTH = 1600 };
    static double values[ROWS * WIDTH];
    static job jobs[THREADS];
    for (int i = 0; i < ROWS * WIDTH; i++) values[i] = (i * 7 % 31 - 15) / 16.0;
    tg_tensor *w = param_2d(g, "w", ROWS, WIDTH, values), *x = tg_input(g, "x", TG_F64, 0, NULL), *dw;
    tg_tensor *a = tg_constant(g, TG_F64, 2, (const int64_t[]){ROWS, ROWS}, values);
    tg_tensor *cost = tg_sum(tg_square(tg_matmul(a, w)), NULL), *y = tg_sum(tg_mul(tg_square(w), x), NULL);
    assert_int_equal(tg_grad(g, cost, &w, 1, &dw), TG_OK);
    const tg_update update = {w, tg_sub(w, tg_mul_scalar(dw, 1e-4))};
    pthread_barrier_t together;
    tg_function *step;
    assert_int_equal(tg_compile(g, &cost, 1, &update, 1, &step), TG_OK);
    memset(jobs, 0, sizeof jobs);
    assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &jobs[0].f), TG_OK);
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (int t = 0; t < THREADS; t++) {
        if (t > 0) jobs[t].f = tg_function_fork(jobs[0].f);
        jobs[t].together = &together;
        jobs[t].x = x;
        jobs[t].y = y;
        for (int i = 0; i < ROUNDS; i++) jobs[t].inputs[i][0] = 1;
    }
    for (int round = 0; round < 10; round++) {
        pthread_t threads[THREADS];
        double expected = 0;
        assert_int_equal(tg_run(step), TG_OK);
        assert_int_equal(tg_get(w, values, sizeof values), TG_OK);
        for (int t = 0; t < THREADS; t++)
            assert_int_equal(pthread_create(&threads[t], NULL, run_all, &jobs[t]), 0);
        for (int t = 0; t < THREADS; t++) assert_int_equal(pthread_join(threads[t], NULL), 0);
        for (int i = 0; i < ROWS * WIDTH; i++) expected += values[i] * values[i];
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(jobs[t].failures, 0);
            assert_memory_equal(&jobs[t].outputs[ROUNDS - 1], &jobs[0].outputs[0], sizeof(double));
            assert_true(fabs(jobs[t].outputs[0] - expected) <= 1e-12 * expected);
        }
    }
    for (int t = 0; t < THREADS; t++) tg_function_free(jobs[t].f);
    pthread_barrier_destroy(&together);
    tg_function_free(step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_graphs_in_threads),
                                       graph_test(test_forks_in_threads),
                                       graph_test(test_readers_after_training)};
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
