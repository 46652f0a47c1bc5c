/* A compiled function runs without allocating, locking or hashing, and tg_eval of what it knows without allocating. What
 * would do so is counted on its way, by the linker's --wrap; hashes are made in the functions named here alone, and
 * their code is compiled into those. */
#define _DEFAULT_SOURCE /* usleep */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "failing_alloc.h"
#include "plan_models.h"
#include "random_program.h"

#include <tapegrad/nn.h>

#include "plan/plan.h"

enum { RUNS = 10, WARM_RUNS = 2, PROGRAMS = 60, LARGE_PROGRAMS = 6, MOST_TRIES = 200 };

/* ---- Counting --------------------------------------------------------------------------------------------- */

static pthread_t caller;
static atomic_llong locks, hashes; /* of the thread that runs functions; of all */
/* How many other threads are about to sleep or asleep, and how often one has been. */
static atomic_llong asleep, sleeps;

static int is_caller(void)
{
    return pthread_equal(pthread_self(), caller) != 0;
}

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (is_caller()) {
        atomic_fetch_add(&locks, 1);
    } else {
        atomic_fetch_add(&asleep, 1);
        atomic_fetch_add(&sleeps, 1);
    }
    return __real_pthread_mutex_lock(mutex);
}

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int status = __real_pthread_mutex_unlock(mutex);
    if (!is_caller()) atomic_fetch_sub(&asleep, 1);
    return status;
}

tg_tensor *__real_tg_intern(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                            int n, const void *attr, size_t attr_size, int unique);
tg_tensor *__wrap_tg_intern(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                            int n, const void *attr, size_t attr_size, int unique);
tg_tensor *__wrap_tg_intern(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                            int n, const void *attr, size_t attr_size, int unique)
{
    atomic_fetch_add(&hashes, 1);
    return __real_tg_intern(g, op, type, inputs, n, attr, attr_size, unique);
}

tg_tensor *__real_tg_find(const tg_graph *g, const char *name);
tg_tensor *__wrap_tg_find(const tg_graph *g, const char *name);
tg_tensor *__wrap_tg_find(const tg_graph *g, const char *name)
{
    atomic_fetch_add(&hashes, 1);
    return __real_tg_find(g, name);
}

XXH128_hash_t __real_tg_request_hash(const tg_request *request);
XXH128_hash_t __wrap_tg_request_hash(const tg_request *request);
XXH128_hash_t __wrap_tg_request_hash(const tg_request *request)
{
    atomic_fetch_add(&hashes, 1);
    return __real_tg_request_hash(request);
}

XXH128_hash_t __real_tg_request_key(const tg_request *request);
XXH128_hash_t __wrap_tg_request_key(const tg_request *request);
XXH128_hash_t __wrap_tg_request_key(const tg_request *request)
{
    atomic_fetch_add(&hashes, 1);
    return __real_tg_request_key(request);
}

typedef struct counts {
    int64_t allocations, locks, hashes;
} counts;

static counts count_now(void)
{
    return (counts){failing_alloc_calls(), atomic_load(&locks), atomic_load(&hashes)};
}

/* ---- Runs ------------------------------------------------------------------------------------------------- */

static void run(tg_function *f, int times)
{
    for (int i = 0; i < times; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
}

/* With the first output read in every way; results are small enough to be read. */
static void run_and_read(tg_function *f, const tg_tensor *output, int times)
{
    static double values[1 << 16];
    for (int i = 0; i < times; i++) {
        run(f, 1);
        if (output == NULL) continue;
        tg_scalar(f, output);
        assert_non_null(tg_output(f, output));
        size_t size = (size_t)tg_count(output) * tg_dtype_size(tg_dtype_of(output));
        assert_int_equal(tg_read(f, output, values, size), TG_OK);
    }
}

static void check_runs(tg_function *f, const tg_tensor *output)
{
    run_and_read(f, output, WARM_RUNS);
    counts before = count_now();
    run_and_read(f, output, RUNS);
    counts after = count_now();
    assert_int_equal(after.allocations, before.allocations);
    assert_int_equal(after.locks, before.locks);
    assert_int_equal(after.hashes, before.hashes);
}

/* Between units the other thread looks for work for a while, and then sleeps: the caller locks to wake it, and to sleep
 * itself when it has to wait long. How often depends on what else the machine does, but there is a most for every unit;
 * nothing locks for a kernel or a block. Where no other thread locks, nobody sleeps, and the caller has nothing to lock
 * for, but for one that it thought late. Returns in how many runs that was so. */
static int check_runs_of_two_threads(tg_function *f, int times)
{
    enum { LOCKS_OF_A_UNIT = 4 };
    int awake = 0;
    int64_t locks_awake = 0;
    run(f, WARM_RUNS);
    for (int i = 0; i < times; i++) {
        counts before = count_now();
        int64_t sleeps_before = atomic_load(&sleeps), asleep_before = atomic_load(&asleep);
        run(f, 1);
        counts after = count_now();
        assert_int_equal(after.allocations, before.allocations);
        assert_int_equal(after.hashes, before.hashes);
        assert_true(after.locks - before.locks <= LOCKS_OF_A_UNIT * tg_stats(f).units);
        if (asleep_before > 0 || atomic_load(&sleeps) > sleeps_before) continue;
        awake++;
        locks_awake += after.locks - before.locks;
    }
    assert_true(locks_awake <= 1 + awake / 4);
    return awake;
}

static tg_function *compile(tg_graph *g, tg_tensor *const *outputs, int n, const tg_update *updates,
                            int n_updates, const tg_compile_options *options)
{
    tg_function *f;
    if (tg_compile_with(g, outputs, n, updates, n_updates, options, &f) != TG_OK) fail_msg("%s", tg_error(g));
    return f;
}

/* ---- Training steps --------------------------------------------------------------------------------------- */

/* Steps of several optimisers, with one thread and with two; the graph is freed. */
static void check_steps(tg_graph *g, tg_tensor *cost)
{
    static const tg_optimizer optimizers[] = {TG_SGD(.rate = 0.01), TG_SGD(.rate = 0.01, .momentum = 0.9),
                                              TG_ADAM(.rate = 0.001)};
    for (int k = 0; k < COUNT(optimizers); k++) {
        tg_update *updates;
        int n;
        if (tg_optimizer_updates(g, cost, &optimizers[k], &updates, &n) != TG_OK) fail_msg("%s", tg_error(g));
        tg_function *f = compile(g, &cost, 1, updates, n, NULL);
        check_runs(f, cost);
        tg_function_free(f);
        f = compile(g, &cost, 1, updates, n, &(tg_compile_options){.threads = 2});
        check_runs_of_two_threads(f, RUNS);
        tg_function_free(f);
        tg_updates_free(updates);
    }
    tg_graph_free(g);
}

static void test_training_steps(void **state)
{
    (void)state;
    tg_tensor *cost;
    tg_graph *g = network_model(3, 7, 4, 0, &cost);
    check_steps(g, cost);
    g = network_model(4, 90, 130, 1, &cost);
    check_steps(g, cost);
    g = convolution_model(8, &cost);
    check_steps(g, cost);
    g = recurrent_model(6, &cost);
    check_steps(g, cost);
}

static void test_random_programs(void **state)
{
    (void)state;
    for (int key = 0; key < PROGRAMS + LARGE_PROGRAMS; key++) {
        random_program p;
        random_program_make(&p, (uint64_t)key, key < PROGRAMS ? &random_small : &random_large);
        for (int i = -1; i < 0 || tg_pass_name(i) != NULL; i++) {
            const tg_compile_options options = {.passes_off = i < 0 ? NULL : tg_pass_name(i)};
            tg_function *f = compile(p.g, p.outputs, p.n_outputs, p.updates, p.n_updates, &options);
            check_runs(f, p.n_outputs > 0 ? p.outputs[0] : NULL);
            tg_function_free(f);
        }
        tg_graph_free(p.g);
    }
}

/* ---- Other data, other leaves ------------------------------------------------------------------------------ */

/* Inputs that are bound anew before every run, forks, and params that were set. */
static void test_binding(void **state)
{
    tg_graph *g = *state;
    const double data[2][6] = {{1, 2, 3, 4, 5, 6}, {6, 5, 4, 3, 2, 1}};
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, (const int64_t[]){2, 3}), *w = param_2d(g, "w", 3, 2, data[0]);
    tg_tensor *y = tg_tanh(tg_matmul(x, w));
    tg_function *f = compile(g, &y, 1, NULL, 0, NULL), *other = tg_function_fork(f);
    counts before = count_now();
    for (int i = 0; i < RUNS; i++) {
        assert_int_equal(tg_bind(f, x, data[i % 2]), TG_OK);
        assert_int_equal(tg_bind(other, x, data[(i + 1) % 2]), TG_OK);
        assert_int_equal(tg_set(w, data[i % 2], sizeof data[0]), TG_OK);
        run(f, 1);
        run(other, 1);
    }
    counts after = count_now();
    assert_int_equal(after.allocations, before.allocations);
    assert_int_equal(after.locks, before.locks);
    assert_int_equal(after.hashes, before.hashes);
    tg_function_free(other);
    tg_function_free(f);
}

/* tg_eval has to find its plan, which takes one hash, and nothing else. */
static void test_eval(void **state)
{
    (void)state;
    tg_tensor *cost;
    tg_graph *g = network_model(3, 7, 4, 0, &cost);
    float value;
    assert_int_equal(tg_eval(g, &cost, 1, &value, sizeof value), TG_OK);
    counts before = count_now();
    for (int i = 0; i < RUNS; i++) assert_int_equal(tg_eval(g, &cost, 1, &value, sizeof value), TG_OK);
    counts after = count_now();
    assert_int_equal(after.allocations, before.allocations);
    assert_int_equal(after.locks, before.locks);
    assert_int_equal(after.hashes, before.hashes + RUNS);
    tg_graph_free(g);
}

/* A training step that is recorded anew in every round, evaluated and rewound. */
static void test_eval_of_what_is_recorded_again(void **state)
{
    tg_graph *g = *state;
    const double data[6] = {1, 2, 3, 4, 5, 6};
    tg_tensor *x = param_2d(g, "x", 2, 3, data), *w = param_2d(g, "w", 3, 2, data), *gradient;
    tg_mark mark = tg_get_mark(g);
    counts before = count_now();
    for (int i = 0; i < RUNS; i++) {
        if (i == WARM_RUNS) before = count_now();
        double values[6];
        tg_tensor *y = tg_sum(tg_square(tg_tanh(tg_matmul(x, w))), NULL);
        assert_int_equal(tg_vjp(g, &y, (tg_tensor *[]){tg_number(g, TG_F64, 1)}, 1, &w, 1, &gradient), TG_OK);
        int64_t asked = failing_alloc_calls();
        assert_int_equal(tg_eval(g, &gradient, 1, values, sizeof values), TG_OK);
        if (i >= WARM_RUNS) assert_int_equal(failing_alloc_calls(), asked);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
    assert_int_equal(count_now().locks, before.locks);
}

/* Where units come one right after the other, threads stay awake, unless the machine has others to serve. */
static void test_threads_that_stay_awake(void **state)
{
    static const double zeros[300000];
    tg_graph *g = *state;
    tg_tensor *y = tg_neg(param_1d(g, "x", COUNT(zeros), zeros));
    tg_function *f = compile(g, &y, 1, NULL, 0, &(tg_compile_options){.threads = 2});
    int awake = 0;
    for (int i = 0; i < MOST_TRIES && awake == 0; i++) awake = check_runs_of_two_threads(f, RUNS);
    printf("threads stayed awake in %d of the last %d runs\n", awake, RUNS);
    tg_function_free(f);
}

/* What is counted is seen: making a function allocates and hashes, and a pool of threads locks. */
static void test_counting(void **state)
{
    tg_graph *g = *state;
    static const double zeros[250000];
    tg_tensor *y = tg_sum(tg_exp(param_2d(g, "x", 500, 500, zeros)), NULL);
    counts before = count_now();
    tg_function *f = compile(g, &y, 1, NULL, 0, &(tg_compile_options){.threads = 2});
    for (int i = 0; i < MOST_TRIES && count_now().locks == before.locks; i++) {
        usleep(20000);
        run(f, 1);
    }
    tg_function_free(f);
    counts after = count_now();
    assert_true(after.allocations > before.allocations);
    assert_true(after.hashes > before.hashes);
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1) assert_true(after.locks > before.locks);
}

int main(void)
{
    caller = pthread_self();
    const struct CMUnitTest tests[] = {
        graph_test(test_counting),
        cmocka_unit_test(test_training_steps),
        graph_test(test_threads_that_stay_awake),
        cmocka_unit_test(test_random_programs),
        graph_test(test_binding),
        cmocka_unit_test(test_eval),
        graph_test(test_eval_of_what_is_recorded_again),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
