/* The profile of a function: what is counted, where time is put down, and that results stay what they are. */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include <math.h>
#include <string.h>
#include <time.h>

#include <tapegrad/op.h>
#include <tapegrad/profile.h>

#include "failing_alloc.h"
#include "graph_helpers.h"

enum { ROWS = 400, INPUTS = 60, HIDDEN = 90, RUNS = 7, MANY = 101 };

/* A step of training whose units have several blocks. */
typedef struct step {
    tg_tensor *x, *W, *cost;
    tg_function *f;
} step;

static double inputs[ROWS * INPUTS], weights[INPUTS * HIDDEN];

static step make_step(tg_graph *g, int threads)
{
    for (int i = 0; i < ROWS * INPUTS; i++) inputs[i] = (double)((i * 7919) % 1000) / 1000 - 0.5;
    for (int i = 0; i < INPUTS * HIDDEN; i++) weights[i] = (double)((i * 1049) % 997) / 997 - 0.5;
    step s = {.x = tg_find(g, "x"), .W = tg_find(g, "W")};
    if (s.x == NULL) s.x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){ROWS, INPUTS});
    if (s.W == NULL) s.W = param_2d(g, "W", INPUTS, HIDDEN, weights);
    tg_tensor *gradient;
    s.cost = tg_mean(tg_square(tg_tanh(tg_matmul(s.x, s.W))), NULL);
    assert_int_equal(tg_grad(g, s.cost, &s.W, 1, &gradient), TG_OK);
    const tg_update update = {s.W, tg_sub(s.W, tg_mul_scalar(gradient, 0.1))};
    const tg_compile_options options = {.threads = threads};
    if (tg_compile_with(g, &s.cost, 1, &update, 1, &options, &s.f) != TG_OK) fail_msg("%s", tg_error(g));
    assert_int_equal(tg_bind(s.f, s.x, inputs), TG_OK);
    return s;
}

static void run(tg_function *f, int n)
{
    for (int i = 0; i < n; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
}

/* ---- Counting ------------------------------------------------------------------------------------------ */

static void assert_nothing_counted(const tg_function *f)
{
    tg_profile_total total = tg_profile_sum(f);
    assert_int_equal(total.runs, 0);
    assert_true(total.seconds == 0 && total.kernel_seconds == 0 && total.clock_seconds == 0);
    for (int64_t i = 0; i < tg_stats(f).steps; i++) {
        assert_int_equal(tg_profile_step(f, i).calls, 0);
        assert_true(tg_profile_step(f, i).seconds == 0);
    }
}

static void test_calls(void **state)
{
    step s = make_step(*state, 1);
    run(s.f, 2);
    assert_nothing_counted(s.f);
    assert_int_equal(tg_profile_start(s.f), TG_OK);
    assert_nothing_counted(s.f);
    run(s.f, RUNS);
    tg_profile_total total = tg_profile_sum(s.f);
    assert_int_equal(total.runs, RUNS);
    assert_int_equal(total.threads, 1);
    double seconds = 0;
    int64_t most = 0;
    for (int64_t i = 0; i < tg_stats(s.f).steps; i++) {
        tg_step_profile one = tg_profile_step(s.f, i);
        assert_true(one.calls >= RUNS && one.calls % RUNS == 0);
        most = one.calls > most ? one.calls : most;
        seconds += one.seconds;
    }
    assert_true(most > RUNS); /* blocks count */
    assert_true(seconds > 0 && fabs(seconds - total.kernel_seconds) < 1e-9 * seconds);
    /* Kernels run within runs, on this one thread. */
    assert_true(total.kernel_seconds <= total.seconds && total.clock_seconds > 0);
    assert_int_equal(tg_profile_step(s.f, -1).calls, 0);
    assert_int_equal(tg_profile_step(s.f, tg_stats(s.f).steps).calls, 0);
    tg_function_free(s.f);
}

static void test_stop_and_start(void **state)
{
    step s = make_step(*state, 1);
    tg_profile_stop(s.f);
    assert_int_equal(tg_profile_start(s.f), TG_OK);
    run(s.f, RUNS);
    tg_profile_stop(s.f);
    double seconds = tg_profile_sum(s.f).seconds, of_step = tg_profile_step(s.f, 0).seconds;
    int64_t calls = tg_profile_step(s.f, 0).calls;
    run(s.f, 3);
    assert_int_equal(tg_profile_sum(s.f).runs, RUNS);
    assert_int_equal(tg_profile_step(s.f, 0).calls, calls);
    assert_true(tg_profile_sum(s.f).seconds == seconds && tg_profile_step(s.f, 0).seconds == of_step);
    assert_int_equal(tg_profile_start(s.f), TG_OK);
    assert_nothing_counted(s.f);
    run(s.f, 3);
    assert_int_equal(tg_profile_sum(s.f).runs, 3);
    assert_int_equal(tg_profile_step(s.f, 0).calls, calls / RUNS * 3);
    tg_function_free(s.f);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(tg_profile_start(NULL), TG_ERR_NULL);
    tg_profile_stop(NULL);
    assert_int_equal(tg_profile_sum(NULL).runs, 0);
    assert_int_equal(tg_profile_step(NULL, 0).calls, 0);
    assert_null(tg_step_tensor(NULL, 0, 0));
}

static void test_forks_begin_without(void **state)
{
    step s = make_step(*state, 1);
    assert_int_equal(tg_profile_start(s.f), TG_OK);
    tg_function *other = tg_function_fork(s.f);
    assert_non_null(other);
    run(other, 1);
    assert_nothing_counted(other);
    assert_nothing_counted(s.f);
    tg_function_free(s.f);
    run(other, 1);
    tg_function_free(other);
}

/* The lanes' calls add up to the same number in every run, of so many that the threads get their share; and every bit of
 * the results is the same. */
static void test_threads(void **state)
{
    static double expected[INPUTS * HIDDEN];
    for (int threads = 1; threads <= 3; threads++) {
        for (int profiled = 0; profiled <= 1; profiled++) {
            step s = make_step(*state, threads);
            assert_int_equal(tg_set(s.W, weights, sizeof weights), TG_OK);
            if (profiled) assert_int_equal(tg_profile_start(s.f), TG_OK);
            run(s.f, MANY);
            /* A CBLAS keeps the bits for a number of threads. */
            if ((threads == 1 || TG_WITH_CBLAS) && !profiled) memcpy(expected, tg_data(s.W), sizeof expected);
            assert_memory_equal(tg_data(s.W), expected, sizeof expected);
            assert_int_equal(tg_profile_sum(s.f).threads, profiled ? threads : 0);
            for (int64_t i = 0; i < tg_stats(s.f).steps && profiled; i++) {
                int64_t calls = tg_profile_step(s.f, i).calls;
                assert_true(calls >= MANY && calls % MANY == 0);
            }
            tg_function_free(s.f);
        }
    }
}

/* ---- Where time is put down ----------------------------------------------------------------------------- */

static tg_status slow_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

/* Two milliseconds at least. */
static tg_status slow_kernel(const tg_kernel_call *call)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while (1e9 * (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) < 2e6);
    memcpy(call->out.data, call->in[0].data, (size_t)call->out.count * sizeof(double));
    return TG_OK;
}

static const tg_op slow = {.name = "slow",
                           .n_inputs = 1,
                           .inputs = "x",
                           .infer = slow_infer,
                           .kernel = slow_kernel,
                           .flags = TG_OP_CONSTANT_SLOPE};

static void test_time_belongs_to_its_step(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){1, 2, 3}), *before = tg_exp(x);
    tg_tensor *y = tg_tanh(tg_apply(g, tg_op_register(g, &slow), &before, 1, NULL));
    tg_function *f;
    assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &f), TG_OK);
    assert_int_equal(tg_profile_start(f), TG_OK);
    run(f, RUNS);
    int found = 0;
    for (int64_t i = 0; i < tg_stats(f).steps; i++) {
        if (strcmp(tg_step_at(f, i).op, "slow") != 0) continue;
        found++;
        assert_int_equal(tg_profile_step(f, i).calls, RUNS);
        assert_true(tg_profile_step(f, i).seconds > 0.0019 * RUNS);
    }
    assert_int_equal(found, 1);
    assert_true(tg_profile_sum(f).seconds > 0.002 * RUNS);
    tg_function_free(f);
}

/* The run that fails counts, and what it did before. */
static void test_failing_run(void **state)
{
    tg_graph *g = *state;
    tg_tensor *table = param_1d(g, "table", 3, (const double[]){1, 2, 3});
    tg_tensor *index = tg_input(g, "index", TG_I64, 1, (const int64_t[]){2});
    tg_tensor *y = tg_exp(tg_gather(table, index, 0));
    tg_function *f;
    const int64_t good[2] = {0, 2}, bad[2] = {0, 3};
    assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &f), TG_OK);
    assert_int_equal(tg_profile_start(f), TG_OK);
    assert_int_equal(tg_bind(f, index, good), TG_OK);
    run(f, 2);
    assert_int_equal(tg_bind(f, index, bad), TG_OK);
    assert_int_equal(tg_run(f), TG_ERR_INDEX);
    assert_contains(tg_function_error(f), "3");
    int64_t last = tg_stats(f).steps - 1;
    assert_true(last > 0);
    assert_int_equal(tg_profile_sum(f).runs, 3);
    assert_int_equal(tg_profile_step(f, 0).calls, 3);
    assert_int_equal(tg_profile_step(f, last).calls, 2);
    tg_function_free(f);
}

/* ---- Names --------------------------------------------------------------------------------------------- */

static void test_tensors_of_steps(void **state)
{
    tg_graph *g = *state;
    tg_mark mark = tg_get_mark(g);
    step s = make_step(g, 1);
    int reads_x = 0, reads_W = 0, writes_W = 0, others = 0;
    for (int64_t i = 0; i < tg_stats(s.f).steps; i++) {
        int n = tg_step_at(s.f, i).n_inputs;
        for (int k = 0; k <= n; k++) {
            const tg_tensor *t = tg_step_tensor(s.f, i, k);
            if (k < n && t == s.x) reads_x++;
            if (k < n && t == s.W) reads_W++;
            if (k == n && t == s.W) writes_W++;
            if (t != NULL && t != s.x && t != s.W) others++;
        }
        assert_null(tg_step_tensor(s.f, i, -1));
        assert_null(tg_step_tensor(s.f, i, n + 1));
    }
    assert_true(reads_x == 2 && reads_W == 2 && writes_W == 1 && others == 0);
    assert_null(tg_step_tensor(s.f, -1, 0));
    assert_null(tg_step_tensor(s.f, tg_stats(s.f).steps, 0));
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    tg_input(g, "other", TG_F64, 0, NULL);
    for (int64_t i = 0; i < tg_stats(s.f).steps; i++)
        for (int k = 0; k <= tg_step_at(s.f, i).n_inputs; k++) {
            const tg_tensor *t = tg_step_tensor(s.f, i, k);
            assert_true(t == NULL || strcmp(tg_name(t), "W") == 0); /* params stay */
        }
    tg_function_free(s.f);
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static int start(void *context)
{
    const step *s = context;
    tg_function *f = tg_function_fork(s->f);
    if (f == NULL) return 0;
    tg_status status = tg_profile_start(f);
    int failed = failing_alloc_stop();
    if (status != TG_OK) {
        assert_true(failed);
        assert_int_equal(status, TG_ERR_MEMORY);
        assert_contains(tg_function_error(f), "memory");
        run(f, 1);
        assert_nothing_counted(f);
        assert_int_equal(tg_profile_start(f), TG_OK);
    }
    run(f, 1);
    assert_int_equal(tg_profile_sum(f).runs, 1);
    tg_function_free(f);
    return status == TG_OK;
}

static void test_out_of_memory(void **state)
{
    step s = make_step(*state, 1);
    assert_true(failing_alloc_every(start, &s) >= 3);
    tg_function_free(s.f);
}

static void test_running_allocates_nothing(void **state)
{
    step s = make_step(*state, 2);
    assert_int_equal(tg_profile_start(s.f), TG_OK);
    failing_alloc_start(1, 1);
    run(s.f, 3);
    assert_false(failing_alloc_stop());
    assert_int_equal(tg_profile_sum(s.f).runs, 3);
    tg_function_free(s.f);
}

/* ---- The machine --------------------------------------------------------------------------------------- */

static void test_peak(void **state)
{
    (void)state;
    tg_peak peak;
    assert_int_equal(tg_measure_peak(1, NULL), TG_ERR_NULL);
    assert_int_equal(tg_measure_peak(0, &peak), TG_ERR_ARGUMENT);
    assert_int_equal(tg_measure_peak(TG_MAX_THREADS + 1, &peak), TG_ERR_ARGUMENT);
    for (int threads = 1; threads <= 3; threads += 2) {
        memset(&peak, 0, sizeof peak);
        assert_int_equal(tg_measure_peak(threads, &peak), TG_OK);
        assert_int_equal(peak.threads, threads);
        /* Any processor from the last decades on, under any tool. */
        assert_true(peak.f32_flops > 1e6 && peak.f64_flops > 1e6 && peak.bandwidth > 1e6);
        assert_true(peak.f32_flops < 1e15 && peak.f64_flops < 1e15 && peak.bandwidth < 1e15);
    }
}

static int measure(void *context)
{
    tg_peak *peak = context;
    tg_status status = tg_measure_peak(1, peak);
    assert_true(status == TG_OK || status == TG_ERR_MEMORY);
    return status == TG_OK;
}

static void test_peak_out_of_memory(void **state)
{
    (void)state;
    tg_peak peak;
    assert_int_equal(failing_alloc_every(measure, &peak), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_calls),         graph_test(test_stop_and_start),
        graph_test(test_nothing),       graph_test(test_forks_begin_without),
        graph_test(test_threads),       graph_test(test_time_belongs_to_its_step),
        graph_test(test_failing_run),   graph_test(test_tensors_of_steps),
        graph_test(test_out_of_memory), graph_test(test_running_allocates_nothing),
        graph_test(test_peak),          graph_test(test_peak_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
