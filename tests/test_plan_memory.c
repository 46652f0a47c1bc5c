/* How much memory plans take beside the least that lifetimes allow: the most that is alive in one unit. */
#include <stdio.h>
#include <string.h>

#include "random_program.h"

#include <tapegrad/nn.h>

/* What arenas may take over the least. */
#define MOST_EXCESS 0.05

enum { PROGRAMS = 400, LARGE_PROGRAMS = 40, MOST_LAYERS = 40 };

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

static void note_step(tally *t, tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer)
{
    tg_update *updates;
    int n;
    if (tg_optimizer_updates(g, loss, optimizer, &updates, &n) != TG_OK) fail_msg("%s", tg_error(g));
    note_compiled(t, g, &loss, 1, updates, n);
    tg_updates_free(updates);
}

static const tg_optimizer sgd = TG_SGD(.rate = 0.1), adam = TG_ADAM(.rate = 0.001);

/* A network of layers that are as wide as each other, or not, and whose activations differ, or not. */
static void note_network(tally *t, int layers, int width, int batch, int variety)
{
    int64_t units[MOST_LAYERS];
    tg_activation activations[MOST_LAYERS];
    for (int i = 0; i < layers; i++) {
        units[i] = 1 + width * (variety == 0 ? 2 : 1 + (7 * i + 3 * variety) % 5) / 2;
        activations[i] = (tg_activation)(variety + (variety == 0 ? 0 : i) % 4);
    }
    units[layers - 1] = 10;
    activations[layers - 1] = TG_IDENTITY;
    for (int k = 0; k < 2; k++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = tg_input(g, "x", TG_F32, 2, (const int64_t[]){batch, 20});
        tg_tensor *y = tg_input(g, "y", TG_F32, 2, (const int64_t[]){batch, 10});
        tg_mlp_spec spec = {layers, units, activations, TG_INIT_ZEROS};
        tg_tensor *s = tg_mlp(g, "net", x, &spec, NULL);
        note_step(t, g, tg_mean(tg_softmax_cross_entropy(s, y), NULL), k == 0 ? &sgd : &adam);
        tg_graph_free(g);
    }
}

static void test_networks(void **state)
{
    (void)state;
    static const int depths[] = {1, 2, 3, 5, 8, 14, MOST_LAYERS}, widths[] = {2, 15, 120};
    tally t = {0};
    for (int d = 0; d < COUNT(depths); d++)
        for (int w = 0; w < COUNT(widths); w++)
            for (int variety = 0; variety < 4; variety++) note_network(&t, depths[d], widths[w], 9, variety);
    check(&t, "networks");
}

/* A convolution as a product of patches, pooling, and a table of embeddings. */
static tg_tensor *convolution(tg_graph *g, tg_tensor *x, int64_t channels)
{
    int64_t n = tg_shape(x)[0], size = tg_shape(x)[1], from = tg_shape(x)[2], out = size - 2;
    tg_tensor *patches[3];
    for (int k = 0; k < 3; k++) patches[k] = tg_slice(x, 1, k, k + out, 1);
    tg_tensor *rows = tg_reshape(tg_concat(patches, 3, 2), 2, (const int64_t[]){n * out, 3 * from});
    char name[32];
    snprintf(name, sizeof name, "conv.%lld", (long long)size);
    tg_tensor *made = tg_relu(tg_dense(g, name, rows, channels, TG_INIT_ZEROS));
    tg_tensor *pairs = tg_reshape(made, 4, (const int64_t[]){n, out / 2, 2, channels});
    return tg_max(pairs, &(tg_axes){.count = 1, .axis = {2}});
}

static void test_convolutions(void **state)
{
    (void)state;
    tally t = {0};
    for (int64_t channels = 2; channels <= 32; channels *= 2) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *table = tg_param_init(g, "table", TG_F32, 2, (const int64_t[]){50, 6}, TG_INIT_ZEROS);
        tg_tensor *tokens = tg_input(g, "tokens", TG_I64, 2, (const int64_t[]){4, 30});
        tg_tensor *y = tg_input(g, "y", TG_F32, 2, (const int64_t[]){4, 10});
        tg_tensor *x = tg_gather(table, tokens, 0);
        for (int i = 0; i < 3; i++) x = convolution(g, x, channels);
        x = tg_dense(g, "top", tg_reshape(x, 2, (const int64_t[]){4, -1}), 10, TG_INIT_ZEROS);
        note_step(&t, g, tg_mean(tg_softmax_cross_entropy(x, y), NULL), &adam);
        tg_graph_free(g);
    }
    check(&t, "convolutions");
}

/* The same step many times, each with the state that the one before left. */
static void test_recurrences(void **state)
{
    (void)state;
    tally t = {0};
    for (int steps = 1; steps <= 64; steps *= 4) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = tg_input(g, "x", TG_F32, 3, (const int64_t[]){steps, 8, 5});
        tg_tensor *w = tg_param_init(g, "w", TG_F32, 2, (const int64_t[]){12, 12}, TG_INIT_ZEROS);
        tg_tensor *u = tg_param_init(g, "u", TG_F32, 2, (const int64_t[]){5, 12}, TG_INIT_ZEROS);
        tg_tensor *h = tg_full(g, TG_F32, 2, (const int64_t[]){8, 12}, 0), *cost = tg_sum(h, NULL);
        for (int i = 0; i < steps; i++) {
            h = tg_tanh(tg_add(tg_matmul(h, w), tg_matmul(tg_index(x, 0, i), u)));
            cost = tg_add(cost, tg_mean(tg_square(tg_cumsum(h, 1)), NULL));
        }
        note_step(&t, g, cost, &sgd);
        tg_graph_free(g);
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
