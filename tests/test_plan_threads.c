/* Functions with threads of their own: the same bits whatever their number (close to them, by a CBLAS), several at
 * once, and processes that are forked off. */
#define _GNU_SOURCE /* fork */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tapegrad/nn.h>

#include "graph_helpers.h"

enum { BATCH = 210, INPUTS = 130, HIDDEN = 192, RUNS = 4, PARAMS = 3 };

/* A training step with products, broadcasts, reductions of rows and of columns, large enough to be shared out: by rows,
 * by columns that are as many for every thread or not, and both. */
typedef struct step {
    tg_tensor *outputs[3];
    tg_update updates[PARAMS];
    double start[PARAMS][HIDDEN * HIDDEN];
} step;

static void make_step(tg_graph *g, step *s)
{
    static double x[BATCH * INPUTS];
    for (int i = 0; i < BATCH * INPUTS; i++) x[i] = (double)((i * 7919) % 1000) / 1000 - 0.5;
    for (int i = 0; i < HIDDEN * HIDDEN; i++)
        s->start[0][i] = s->start[1][i] = s->start[2][i] = (double)((i * 1049) % 997) / 997 - 0.5;
    tg_tensor *input = param_2d(g, "x", BATCH, INPUTS, x);
    tg_tensor *params[PARAMS] = {param_2d(g, "W", INPUTS, HIDDEN, s->start[0]),
                                 param_1d(g, "b", HIDDEN, s->start[1]),
                                 param_2d(g, "V", HIDDEN, HIDDEN, s->start[2])};
    tg_tensor *first = tg_relu(tg_add(tg_matmul(input, params[0]), params[1])), *gradients[PARAMS];
    tg_tensor *a = tg_tanh(tg_matmul(first, params[2]));
    tg_tensor *cost = tg_sum(tg_square(tg_softmax(a, -1)), NULL);
    assert_int_equal(tg_grad(g, cost, params, PARAMS, gradients), TG_OK);
    for (int i = 0; i < PARAMS; i++)
        s->updates[i] = (tg_update){params[i], tg_sub(params[i], tg_mul_scalar(gradients[i], 0.1))};
    s->outputs[0] = cost;
    s->outputs[1] = gradients[1];
    s->outputs[2] = tg_sum(tg_exp(tg_mul(a, tg_cos(a))), NULL);
}

static tg_function *compile(tg_graph *g, const step *s, int threads)
{
    tg_function *f;
    const tg_compile_options options = {.threads = threads};
    if (tg_compile_with(g, s->outputs, COUNT(s->outputs), s->updates, PARAMS, &options, &f) != TG_OK)
        fail_msg("%s", tg_error(g));
    return f;
}

/* The outputs and params after some runs from the start. */
enum { RESULTS = 2 + HIDDEN + INPUTS * HIDDEN + HIDDEN + HIDDEN * HIDDEN };

static void run(const step *s, tg_function *f, double *results)
{
    for (int i = 0; i < PARAMS; i++)
        tg_set(s->updates[i].param, s->start[i], (size_t)tg_count(s->updates[i].param) * sizeof(double));
    for (int i = 0; i < RUNS; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
    const tg_tensor *read[] = {s->outputs[0],       s->outputs[1],       s->outputs[2],
                               s->updates[0].param, s->updates[1].param, s->updates[2].param};
    for (int i = 0; i < COUNT(read); i++) {
        size_t size = (size_t)tg_count(read[i]) * sizeof(double);
        memcpy(results, i < 3 ? tg_output(f, read[i]) : tg_data(read[i]), size);
        results += tg_count(read[i]);
    }
}

static step shared_step;
static double expected[RESULTS], found[RESULTS], again[RESULTS];

/* Results with other numbers of threads have the same bits. Those of a CBLAS come close: how it rounds follows from the
 * sizes of the parts that a product is shared out in. */
static void assert_other_threads(const double *a, const double *b, int n)
{
    if (!TG_WITH_CBLAS) assert_memory_equal(a, b, (size_t)n * sizeof *a);
    for (int i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= 1e-10 * (1 + fabs(b[i])))) fail_msg("%d: %.17g and %.17g", i, a[i], b[i]);
}

static void test_same_bits(void **state)
{
    tg_graph *g = *state;
    make_step(g, &shared_step);
    tg_function *one = compile(g, &shared_step, 0);
    run(&shared_step, one, expected);
    static const int counts[] = {2, 3, 4, 5, 16};
    for (int i = 0; i < COUNT(counts); i++) {
        tg_function *f = compile(g, &shared_step, counts[i]);
        assert_false(tg_stats(f).from_cache);
        run(&shared_step, f, found);
        assert_other_threads(found, expected, RESULTS);
        /* With as many threads the bits are the same in every build. */
        tg_function *fork = tg_function_fork(f);
        run(&shared_step, fork, again);
        assert_memory_equal(again, found, sizeof found);
        tg_function_free(fork);
        usleep(2000); /* long enough for the threads to fall asleep */
        run(&shared_step, f, again);
        assert_memory_equal(again, found, sizeof found);
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

/* ---- tg_fit ------------------------------------------------------------------------------------------- */

/* How many threads the process has; 0 where the system does not say. */
static int threads_here(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    if (tasks == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

/* The same once nothing changes: a thread that has ended is listed for a moment longer. */
static int threads_at_rest(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    int n = threads_here();
    for (int same = 0; same < 5; same++) {
        nanosleep(&moment, NULL);
        int now = threads_here();
        if (now != n) same = 0;
        n = now;
    }
    return n;
}

static int most_threads;

static int count_threads(const tg_progress *now, void *context)
{
    (void)now, (void)context;
    if (threads_here() <= most_threads) return 0;
    int n = threads_at_rest();
    if (n > most_threads) most_threads = n;
    return 0;
}

static tg_status build(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    (void)context;
    const int64_t units[] = {HIDDEN, 3};
    const tg_activation activations[] = {TG_RELU, TG_IDENTITY};
    const tg_mlp_spec spec = {2, units, activations, TG_INIT_HE};
    net->x = tg_batch_input(g, "x", n, TG_F64, 1, (const int64_t[]){INPUTS});
    net->y = tg_batch_input(g, "y", n, TG_F64, 1, (const int64_t[]){3});
    net->loss = tg_mean(tg_square(tg_sub(tg_mlp(g, "net", net->x, &spec, NULL), net->y)), NULL);
    return net->loss == NULL ? tg_graph_status(g) : TG_OK;
}

/* Trains from the start; W is the first layer's weights, and validation the last score. */
static void fit(const tg_dataset *data, int threads, double *W, double *validation)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 3});
    tg_fit_result result;
    const tg_fit_options options = {.optimizer = TG_ADAM(.rate = 0.01),
                                    .epochs = 2,
                                    .batch = 80,
                                    .validation = data,
                                    .on_step = count_threads,
                                    .threads = threads};
    threads_at_rest();
    most_threads = 0;
    if (tg_fit(g, build, NULL, data, &options, &result) != TG_OK) fail_msg("%s", tg_error(g));
    *validation = result.validation.loss;
    memcpy(W, tg_data(tg_find(g, "net.1.W")), INPUTS * HIDDEN * sizeof(double));
    tg_graph_free(g);
}

static void test_fit(void **state)
{
    (void)state;
    static double W[3][INPUTS * HIDDEN];
    double validation[3];
    const int64_t x_shape[] = {BATCH, INPUTS}, y_shape[] = {BATCH, 3};
    tg_array *x = tg_array_new(TG_F64, 2, x_shape, NULL), *y = tg_array_new(TG_F64, 2, y_shape, NULL);
    for (int i = 0; i < BATCH * INPUTS; i++)
        ((double *)x->data)[i] = (double)((i * 7919) % 1000) / 1000 - 0.5;
    for (int i = 0; i < BATCH * 3; i++) ((double *)y->data)[i] = (double)((i * 31) % 7) / 7;
    const tg_dataset data = {x, y};
    const int before = threads_at_rest();
    fit(&data, 0, W[0], &validation[0]);
    assert_int_equal(most_threads, before);
    for (int threads = 2; threads <= 3; threads++) {
        fit(&data, threads, W[1], &validation[1]);
        assert_other_threads(W[1], W[0], INPUTS * HIDDEN);
        assert_other_threads(&validation[1], &validation[0], 1);
        /* One function for whole batches, and one for the rest. */
        if (before > 0) assert_int_equal(most_threads, before + 2 * (threads - 1));
        fit(&data, threads, W[2], &validation[2]);
        assert_memory_equal(W[2], W[1], sizeof W[1]);
        assert_true(validation[2] == validation[1]);
    }
    assert_int_equal(threads_at_rest(), before);
    tg_array_free(x);
    tg_array_free(y);
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
        graph_test(test_same_bits), graph_test(test_functions_at_once), graph_test(test_forked_process),
        cmocka_unit_test(test_fit), graph_test(test_bad_options),
    };
    return cmocka_run_group_tests_name("threads of functions", tests, NULL, NULL);
}
