/* How much memory plans take beside the least that lifetimes allow: the most that is alive in one unit. */
#include <stdio.h>

#include "plan_models.h"
#include "random_program.h"

#include <tapegrad/nn.h>

/* What arenas may take over the least. */
#define MOST_EXCESS 0.05

enum { PROGRAMS = 400, LARGE_PROGRAMS = 40 };

typedef struct tally {
    int plans, above, far_above; /* how many take more than the least, and more than they may */
    double worst;
    size_t shared; /* bytes that lie over others */
} tally;

static void note(tally *t, const tg_function *f)
{
    tg_function_stats stats = tg_stats(f);
    double excess = stats.live_bytes == 0 ? 0 : (double)stats.arena_bytes / (double)stats.live_bytes - 1;
    if (stats.live_bytes == 0) assert_int_equal(stats.arena_bytes, 0);
    assert_true(stats.arena_bytes >= stats.live_bytes);
    t->plans++;
    t->above += excess > 0;
    t->far_above += excess > MOST_EXCESS;
    if (excess > t->worst) t->worst = excess;
    if (stats.total_bytes > stats.arena_bytes) t->shared += stats.total_bytes - stats.arena_bytes;
}

static void note_compiled(tally *t, tg_graph *g, tg_tensor *const *outputs, int n, const tg_update *updates,
                          int n_updates)
{
    tg_function *f;
    if (tg_compile(g, outputs, n, updates, n_updates, &f) != TG_OK) fail_msg("%s", tg_error(g));
    note(t, f);
    tg_function_free(f);
}

/* Every plan of these is within the bound. */
static void check(const tally *t, const char *what)
{
    printf("%s: of %d plans %d take more than the least, the worst %.2f %% more\n", what, t->plans, t->above,
           100 * t->worst);
    assert_true(t->plans > 0);
    assert_true(t->shared > 0);
    assert_int_equal(t->far_above, 0);
}

/* ---- Training steps --------------------------------------------------------------------------------------- */

/* Steps of two optimisers; the graph is freed. */
static void note_steps(tally *t, tg_graph *g, tg_tensor *cost)
{
    static const tg_optimizer optimizers[2] = {TG_SGD(.rate = 0.1), TG_ADAM(.rate = 0.001)};
    for (int k = 0; k < 2; k++) {
        tg_update *updates;
        int n;
        if (tg_optimizer_updates(g, cost, &optimizers[k], &updates, &n) != TG_OK) fail_msg("%s", tg_error(g));
        note_compiled(t, g, &cost, 1, updates, n);
        tg_updates_free(updates);
    }
    tg_graph_free(g);
}

static void test_networks(void **state)
{
    (void)state;
    static const int depths[] = {1, 2, 3, 5, 8, 14, MOST_LAYERS}, widths[] = {2, 15, 120};
    tally t = {0};
    for (int d = 0; d < COUNT(depths); d++)
        for (int w = 0; w < COUNT(widths); w++)
            for (int variety = 0; variety < 4; variety++) {
                tg_tensor *cost;
                tg_graph *g = network_model(depths[d], widths[w], 9, variety, &cost);
                note_steps(&t, g, cost);
            }
    check(&t, "networks");
}

static void test_convolutions(void **state)
{
    (void)state;
    tally t = {0};
    for (int64_t channels = 2; channels <= 32; channels *= 2) {
        tg_tensor *cost;
        tg_graph *g = convolution_model(channels, &cost);
        note_steps(&t, g, cost);
    }
    check(&t, "convolutions");
}

static void test_recurrences(void **state)
{
    (void)state;
    tally t = {0};
    for (int steps = 1; steps <= 64; steps *= 4) {
        tg_tensor *cost;
        tg_graph *g = recurrent_model(steps, &cost);
        note_steps(&t, g, cost);
    }
    check(&t, "recurrences");
}

/* ---- Random programs -------------------------------------------------------------------------------------- */

static void note_programs(tally *t, int n, const random_sizes *sizes)
{
    for (int key = 0; key < n; key++) {
        random_program p;
        random_program_make(&p, (uint64_t)key, sizes);
        note_compiled(t, p.g, p.outputs, p.n_outputs, p.updates, p.n_updates);
        tg_graph_free(p.g);
    }
}

static void test_random_programs(void **state)
{
    (void)state;
    tally t = {0};
    note_programs(&t, PROGRAMS, &random_small);
    note_programs(&t, LARGE_PROGRAMS, &random_large);
    check(&t, "random programs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_recurrences),
        cmocka_unit_test(test_random_programs),
    };
    return cmocka_run_group_tests_name("memory of plans", tests, NULL, NULL);
}
