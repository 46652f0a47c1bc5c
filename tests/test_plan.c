/* Plans: where buffers lie, what is shared, and the cache. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/random.h>

#include "plan/function.h"

/* ---- Placing buffers ------------------------------------------------------------------------------------ */

enum { MAX_BUFFERS = 60 };

static int64_t draw(uint64_t key, uint64_t *at, int64_t n)
{
    return (int64_t)tg_random_below(key, (*at)++, (uint64_t)n);
}

/* Buffers with random sizes and lifetimes; some take over one that ends where they begin. */
static int64_t random_buffers(uint64_t key, tg_buffer *buffers, int64_t *n_steps)
{
    uint64_t at = 0;
    int64_t n = 1 + draw(key, &at, MAX_BUFFERS);
    *n_steps = 1 + draw(key, &at, 40);
    int64_t step = 0;
    for (int64_t i = 0; i < n; i++) {
        step += draw(key, &at, 3);
        if (step > *n_steps) step = *n_steps;
        int64_t life = draw(key, &at, 4) == 0 ? *n_steps : draw(key, &at, 6);
        buffers[i] = (tg_buffer){.bytes = (size_t)draw(key, &at, 5) * (size_t)draw(key, &at, 200),
                                 .first = step,
                                 .last = step + life > *n_steps ? *n_steps : step + life,
                                 .reuses = -1};
    }
    int used[MAX_BUFFERS] = {0};
    for (int64_t i = 1; i < n; i++)
        for (int64_t k = 0; k < i && buffers[i].reuses < 0; k++)
            if (!used[k] && buffers[k].last == buffers[i].first && buffers[k].last < *n_steps &&
                buffers[k].first < buffers[k].last && buffers[k].bytes == buffers[i].bytes) {
                buffers[i].reuses = k;
                used[k] = 1;
            }
    return n;
}

static int overlap(const tg_buffer *a, const tg_buffer *b)
{
    int in_time = a->first <= b->last && b->first <= a->last;
    int in_space = a->offset < b->offset + (int64_t)b->bytes && b->offset < a->offset + (int64_t)a->bytes;
    return in_time && in_space;
}

/* What lives at a step, in units of 64 bytes; a buffer that takes over another's memory adds nothing at the step where
 * both live. */
static size_t alive_at(const tg_buffer *buffers, int64_t n, int64_t step)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++)
        if (buffers[i].first <= step && step <= buffers[i].last &&
            (buffers[i].reuses < 0 || buffers[i].first < step))
            bytes += (buffers[i].bytes + 63) / 64 * 64;
    return bytes;
}

/* Returns how many take over another's memory. */
static int check_places(uint64_t key, const tg_buffer *buffers, int64_t n, size_t size)
{
    int taken_over = 0;
    for (int64_t i = 0; i < n; i++) {
        assert_true(buffers[i].offset >= 0 && buffers[i].offset % 64 == 0);
        assert_true((size_t)buffers[i].offset + buffers[i].bytes <= size);
        for (int64_t k = 0; k < i; k++) {
            if (buffers[i].reuses == k) {
                assert_true(buffers[i].offset == buffers[k].offset);
                taken_over++;
            } else if (overlap(&buffers[i], &buffers[k])) {
                fail_msg("key %llu: buffers %lld and %lld overlap", (unsigned long long)key, (long long)i,
                         (long long)k);
            }
        }
    }
    return taken_over;
}

/* Placed so that they share memory and so that they do not; the first within 5 % of the least, nearly always. */
static void test_live_buffers_do_not_overlap(void **state)
{
    (void)state;
    int taken_over = 0, above = 0, far_above = 0;
    for (uint64_t key = 0; key < 2000; key++) {
        tg_buffer buffers[MAX_BUFFERS];
        int64_t n_steps, n = random_buffers(key, buffers, &n_steps);
        size_t size, least, apart, most = 0, sum = 0;
        assert_true(tg_place_buffers(buffers, n, n_steps, 1, &size, &least));
        taken_over += check_places(key, buffers, n, size);
        for (int64_t s = 0; s <= n_steps; s++) {
            size_t alive = alive_at(buffers, n, s);
            if (alive > most) most = alive;
        }
        assert_int_equal(least, most);
        assert_true(size >= least);
        above += size > least;
        far_above += (double)size > 1.05 * (double)least;

        for (int64_t i = 0; i < n; i++)
            if (buffers[i].reuses < 0) sum += (buffers[i].bytes + 63) / 64 * 64;
        assert_true(tg_place_buffers(buffers, n, n_steps, 0, &apart, &least));
        check_places(key, buffers, n, apart);
        assert_int_equal(apart, sum);
    }
    assert_true(taken_over > 300);
    printf("of 2000 sets of buffers, %d take more than the least, %d over 5 %% more\n", above, far_above);
    assert_true(far_above <= 2);
}

/* More buffers than other orders than that of time are tried for. */
static void test_many_buffers(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    uint64_t at = 0;
    tg_buffer *buffers = calloc(MANY, sizeof *buffers);
    for (int64_t i = 0; i < MANY; i++) {
        int64_t last = i + draw(1, &at, 6);
        buffers[i] = (tg_buffer){.bytes = (size_t)(64 << draw(1, &at, 3)),
                                 .first = i,
                                 .last = last < MANY ? last : MANY,
                                 .reuses = -1};
    }
    size_t size, least;
    assert_true(tg_place_buffers(buffers, MANY, MANY, 1, &size, &least));
    assert_true((double)size <= 1.3 * (double)least);
    for (int64_t i = 0; i < MANY; i++)
        for (int64_t k = i > 8 ? i - 8 : 0; k < i; k++) assert_false(overlap(&buffers[i], &buffers[k]));
    free(buffers);
}

static void test_no_buffers(void **state)
{
    (void)state;
    size_t size = 7, least = 7;
    assert_true(tg_place_buffers(NULL, 0, 0, 1, &size, &least));
    assert_int_equal(size, 0);
    assert_int_equal(least, 0);
}

/* ---- What a plan takes ------------------------------------------------------------------------------------- */

static tg_function *compile(tg_graph *g, tg_tensor *const *outputs, int n)
{
    tg_function *f;
    if (tg_compile(g, outputs, n, NULL, 0, &f) != TG_OK) fail_msg("%s", tg_error(g));
    return f;
}

static tg_function_stats stats_of(tg_graph *g, tg_tensor *y)
{
    tg_function *f = compile(g, &y, 1);
    tg_function_stats stats = tg_stats(f);
    tg_function_free(f);
    return stats;
}

static void test_a_chain_needs_few_buffers(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 1024, NULL), *t = x;
    for (int i = 0; i < 100; i++) t = tg_tanh(tg_add(tg_sin(t), x));
    tg_function_stats stats = stats_of(g, t);
    assert_true(stats.arena_bytes <= 2 * 8192);
    assert_true(stats.arena_bytes <= stats.total_bytes);
    assert_int_equal(stats.nodes, 301);
    assert_true(stats.steps >= 1 && stats.steps <= 300);
    /* Reductions and matrix products cannot overwrite what they read, but what was read is free again. */
    tg_tensor *m = tg_reshape(t, 2, (const int64_t[]){32, 32});
    for (int i = 0; i < 100; i++) m = tg_matmul(m, m);
    assert_true(stats_of(g, m).arena_bytes <= 4 * 8192);
}

static void test_views_cost_nothing(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 32, 64, NULL), *y = param_2d(g, "y", 32, 16, NULL);
    tg_tensor *product = tg_matmul(tg_transpose(x, NULL), y);
    assert_int_equal(stats_of(g, product).steps, 1);
    tg_tensor *bias = param_1d(g, "bias", 64, NULL);
    assert_int_equal(stats_of(g, tg_add(tg_flip(x, 0), bias)).steps, 1);
    tg_function *f = compile(g, &product, 1);
    assert_string_equal(tg_step_at(f, 0).op, "matmul");
    tg_type left = tg_step_input(f, 0, 0), right = tg_step_input(f, 0, 1); /* as the kernel sees them */
    assert_true(left.rank == 2 && left.shape[0] == 64 && left.shape[1] == 32);
    assert_true(right.rank == 2 && right.shape[0] == 32 && right.shape[1] == 16);
    assert_int_equal(tg_step_input(f, 0, 2).rank, -1);
    assert_int_equal(tg_step_input(f, 1, 0).rank, -1);
    assert_int_equal(tg_step_input(NULL, 0, 0).rank, -1);
    assert_null(tg_step_at(f, 1).op);
    tg_function_free(f);
    assert_int_equal(stats_of(g, tg_sum(tg_slice(x, 1, 0, TG_END, 3), NULL)).steps, 1);
}

/* Eight arrays of 2^61 bytes: their sum, in 64 bits, would be 0. */
static void test_sizes_that_overflow(void **state)
{
    tg_graph *g = *state;
    tg_tensor *outputs[8];
    tg_function *f;
    for (int i = 0; i < 8; i++)
        outputs[i] =
            tg_random_uniform(tg_number(g, TG_I64, i), TG_F64, 2, (const int64_t[]){1 << 30, 1 << 28});
    assert_int_equal(tg_compile(g, outputs, 8, NULL, 0, &f), TG_ERR_SIZE);
    assert_error(g, TG_ERR_SIZE, "2^60 bytes", "");
    tg_tensor *one = tg_number(g, TG_F64, 1),
              *row = tg_broadcast_to(one, 2, (const int64_t[]){1, INT64_C(1) << 58});
    tg_tensor *column = tg_broadcast_to(one, 2, (const int64_t[]){16, 1});
    assert_int_equal(
        tg_compile(g, (tg_tensor *[]){tg_sum(tg_exp(tg_matmul(column, row)), NULL)}, 1, NULL, 0, &f),
        TG_ERR_SIZE);
    tg_clear_error(g);
    assert_int_equal(tg_eval(g, outputs, 8, NULL, 0), TG_ERR_SIZE);
    tg_clear_error(g);
}

static int64_t loops_in(const tg_function *f)
{
    int64_t n = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) n += f->plan->steps[s].loop != NULL;
    return n;
}

/* Without a pass a plan does not have what the pass brings. */
static void test_passes_left_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 32, 64, NULL), *b = param_1d(g, "b", 64, NULL);
    tg_tensor *h = tg_cumsum(tg_tanh(tg_add(x, b)), 0);
    tg_tensor *y = tg_matmul(tg_transpose(tg_cumsum(h, 1), NULL), tg_add(h, tg_cumsum(tg_sin(x), 0)));
    const tg_update update = {x, tg_sub(x, tg_mul_scalar(h, 0.1))};
    enum { NONE, FUSE, EPILOGUE, VIEW, LOOP, UPDATE, OVERWRITE, PLACE, CASES };
    static const char *const left_out[CASES] = {NULL,   "fuse",   "epilogue",  "view",
                                                "loop", "update", "overwrite", "place"};
    tg_function_stats stats[CASES];
    int64_t loops[CASES];
    for (int i = 0; i < CASES; i++) {
        tg_function *f;
        const tg_compile_options options = {.passes_off = left_out[i]};
        assert_int_equal(tg_compile_with(g, &y, 1, &update, 1, &options, &f), TG_OK);
        assert_false(tg_stats(f).from_cache);
        stats[i] = tg_stats(f);
        loops[i] = loops_in(f);
        tg_function_free(f);
    }
    assert_true(stats[NONE].units < stats[NONE].steps);
    assert_int_equal(stats[FUSE].units, stats[FUSE].steps);
    assert_int_equal(stats[VIEW].steps, stats[NONE].steps + 3); /* two broadcasts and a transpose */
    assert_true(loops[NONE] > 0);
    assert_int_equal(loops[LOOP], 0);
    assert_int_equal(stats[UPDATE].total_bytes, stats[NONE].total_bytes + 32 * 64 * sizeof(double));
    assert_true(stats[OVERWRITE].live_bytes >= stats[NONE].live_bytes);
    assert_int_equal(stats[PLACE].live_bytes, stats[NONE].live_bytes);
    assert_true(stats[NONE].arena_bytes < stats[PLACE].arena_bytes);
    assert_true(stats[PLACE].arena_bytes <= stats[PLACE].total_bytes);
}

/* The sum takes the place of what it adds, or one of its own. */
static void test_overwriting_left_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 32, 64, NULL), *y = tg_add(tg_cumsum(x, 0), tg_cumsum(x, 1));
    const size_t size = 32 * 64 * sizeof(double);
    for (int i = 0; i < 2; i++) {
        tg_function *f;
        const tg_compile_options options = {.passes_off = i == 0 ? NULL : "overwrite"};
        assert_int_equal(tg_compile_with(g, &y, 1, NULL, 0, &options, &f), TG_OK);
        assert_int_equal(tg_stats(f).live_bytes, i == 0 ? 2 * size : 3 * size);
        tg_function_free(f);
    }
}

static void test_dead_code_is_left_out(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 8, NULL), *y = tg_exp(x);
    for (int i = 0; i < 50; i++) tg_sin(tg_add_scalar(x, i));
    tg_input(g, "never given", TG_F64, 0, NULL);
    tg_clear_error(g);
    tg_input(g, "unused", TG_F64, 0, NULL);
    tg_function_stats stats = stats_of(g, y);
    assert_int_equal(stats.nodes, 2);
    assert_int_equal(stats.steps, 1);
}

/* ---- The cache --------------------------------------------------------------------------------------------- */

static void test_same_structure_same_plan(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = scalar_param(g, "a", 2), *b = scalar_param(g, "b", 3);
    tg_tensor *first = tg_sin(a), *second = tg_sin(b);
    tg_function *f = compile(g, &first, 1), *h = compile(g, &second, 1);
    assert_false(tg_stats(f).from_cache);
    assert_true(tg_stats(h).from_cache);
    assert_int_equal(tg_run(f), TG_OK);
    assert_int_equal(tg_run(h), TG_OK);
    assert_true(tg_scalar(f, first) != tg_scalar(h, second));
    assert_value(second, tg_scalar(h, second), 0);
    assert_value(first, tg_scalar(f, first), 0);
    tg_function_free(f);
    tg_function_free(h);
    /* What differs: constants, types, shapes, outputs, the order of inputs, updates. */
    tg_tensor *v = param_1d(g, "v", 2, NULL), *x = tg_input(g, "x", TG_F64, 0, NULL);
    tg_tensor *others[] = {tg_sub(a, b), tg_sub(b, a), tg_add_scalar(a, 1), tg_add_scalar(a, 2), tg_sin(v),
                           tg_sin(x),    tg_cos(a)};
    for (int i = 0; i < COUNT(others); i++) assert_false(stats_of(g, others[i]).from_cache);
    tg_tensor *pair[2] = {first, a};
    f = compile(g, pair, 2);
    assert_false(tg_stats(f).from_cache);
    tg_function_free(f);
    assert_int_equal(tg_compile(g, &first, 1, &(tg_update){a, first}, 1, &f), TG_OK);
    assert_false(tg_stats(f).from_cache);
    tg_function_free(f);
    assert_true(stats_of(g, first).from_cache);
}

/* The oldest of more plans than the cache holds is made again; functions of dropped plans still run. */
static void test_eviction(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 1), *oldest = tg_add_scalar(x, 0.5);
    tg_function *f = compile(g, &oldest, 1);
    assert_true(stats_of(g, oldest).from_cache);
    for (int i = 1; i <= 600; i++) {
        tg_tensor *y = tg_mul_scalar(tg_add_scalar(x, i), i);
        if (i % 2 == 0)
            assert_value(y, i * (i + 1.0), 0);
        else
            assert_false(stats_of(g, y).from_cache);
    }
    assert_true(stats_of(g, tg_mul_scalar(tg_add_scalar(x, 600), 600)).from_cache);
    assert_true(stats_of(g, tg_mul_scalar(tg_add_scalar(x, 400), 400)).from_cache);
    assert_false(stats_of(g, oldest).from_cache);
    assert_false(stats_of(g, tg_mul_scalar(tg_add_scalar(x, 300), 300)).from_cache);
    assert_int_equal(tg_run(f), TG_OK);
    assert_true(tg_scalar(f, oldest) == 1.5);
    tg_function_free(f);
}

static void test_eval_of_other_leaves_with_the_same_plan(void **state)
{
    tg_graph *g = *state;
    tg_tensor *leaves[20];
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%d", i);
        leaves[i] = scalar_param(g, name, i);
    }
    for (int i = 0; i < 19; i++) assert_value(tg_sub(leaves[i + 1], leaves[i]), 1, 0);
    for (int i = 0; i < 18; i++) assert_value(tg_add(leaves[i], leaves[i + 2]), 2 * i + 2, 0);
}

/* Several outputs that are one buffer and views of it: the copy that a view needs must not free the buffer. */
static void test_outputs_that_share_a_buffer(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 2, (const double[]){1, 2, 3, 4});
    tg_tensor *y = tg_square(x), *z = tg_neg(x);
    tg_tensor *const outputs[4] = {y, tg_transpose(y, NULL), tg_transpose(z, NULL), tg_flip(z, 0)};
    double v[16];
    assert_int_equal(tg_eval(g, outputs, 4, v, sizeof v), TG_OK);
    const double expected[16] = {1, 4, 9, 16, 1, 9, 4, 16, -1, -3, -2, -4, -3, -4, -1, -2};
    for (int i = 0; i < 16; i++) assert_true(v[i] == expected[i]);
}

/* A product of what its own unit would make has to come after it; a value that is a part of its buffer is copied. */
static void test_what_stays_apart(void **state)
{
    tg_graph *g = *state;
    const double data[4] = {0, 1, 0, 0};
    tg_tensor *x = param_2d(g, "x", 2, 2, data), *e = tg_add_scalar(x, 1), *y = tg_add(tg_matmul(e, e), e);
    assert_values(y, ((double[]){4, 6, 3, 4}), 4, 0);
    tg_tensor *w = param_2d(g, "w", 1, 2, data), *guard = tg_neg(tg_neg(y));
    tg_update update = {w, tg_slice(tg_square(guard), 0, 0, 1, 1)};
    tg_function *f;
    assert_int_equal(tg_compile(g, NULL, 0, &update, 1, &f), TG_OK);
    assert_int_equal(tg_run(f), TG_OK);
    assert_values(w, ((double[]){16, 36}), 2, 0);
    tg_function_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_buffers_do_not_overlap),
        cmocka_unit_test(test_many_buffers),
        cmocka_unit_test(test_no_buffers),
        graph_test(test_a_chain_needs_few_buffers),
        graph_test(test_views_cost_nothing),
        graph_test(test_sizes_that_overflow),
        graph_test(test_passes_left_out),
        graph_test(test_overwriting_left_out),
        graph_test(test_dead_code_is_left_out),
        graph_test(test_same_structure_same_plan),
        graph_test(test_eviction),
        graph_test(test_outputs_that_share_a_buffer),
        graph_test(test_what_stays_apart),
        graph_test(test_eval_of_other_leaves_with_the_same_plan),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
