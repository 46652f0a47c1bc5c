/* What checkpoints save and cost: a training step (f32, one thread) of a deep tanh network as it is, and with a
 * checkpoint after every sqrt(depth) layers. Both run in turns on one processor. The arena is what a run needs beside
 * the params.
 *
 *     bench_recompute [--blocks N] [--depth N] [--limit KIB]
 *
 * With --limit the second side has no checkpoints of its own: it is compiled within KIB times sqrt(depth) KiB. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

#include "timing.h"

enum { WIDTH = 64, BATCH = 32, MAX_DEPTH = 10000, MAX_BLOCKS = 1000, CHECKED_STEPS = 3 };

/* A block is at least this long, in seconds. */
#define BLOCK_TIME 0.05
#define RATE 0.01

typedef struct net {
    tg_graph *graph;
    tg_function *step;
    tg_tensor *loss;
} net;

/* ---- Making ------------------------------------------------------------------------------------------- */

/* A param of numbers around 0 that keep what runs through the layers at its size. */
static tg_tensor *weights(tg_graph *g, int layer)
{
    static float data[WIDTH * WIDTH];
    const int64_t shape[2] = {WIDTH, WIDTH};
    uint32_t random = (uint32_t)layer + 1;
    char name[32];
    snprintf(name, sizeof name, "W%d", layer);
    for (int i = 0; i < WIDTH * WIDTH; i++) {
        random = random * 1664525U + 1013904223U;
        data[i] = ((float)(random >> 8) / 8388608.0F - 1) * sqrtf(3.3F / WIDTH);
    }
    return tg_param(g, name, TG_F32, 2, shape, data);
}

static tg_tensor *biases(tg_graph *g, int layer)
{
    char name[32];
    snprintf(name, sizeof name, "b%d", layer);
    return tg_param(g, name, TG_F32, 1, (const int64_t[]){WIDTH}, NULL);
}

/* The last segment is not checkpointed: it would be recorded again at once. */
static tg_tensor *layers(tg_graph *g, tg_tensor *x, int depth, int every)
{
    tg_tensor *a = x, *from = x;
    for (int l = 1; l <= depth; l++) {
        a = tg_tanh(tg_add(tg_matmul(a, weights(g, l)), biases(g, l)));
        if (every > 0 && l % every == 0 && depth - l >= every) from = a = tg_checkpoint(a, &from, 1);
    }
    return a;
}

static int compile(net *n, size_t limit)
{
    int count = (int)tg_param_count(n->graph), done = 0;
    tg_tensor **params = malloc((size_t)count * sizeof(tg_tensor *));
    tg_tensor **gradients = malloc((size_t)count * sizeof(tg_tensor *));
    tg_update *updates = malloc((size_t)count * sizeof *updates);
    if (params != NULL && gradients != NULL && updates != NULL) {
        for (int i = 0; i < count; i++) params[i] = tg_param_at(n->graph, i);
        done = tg_grad(n->graph, n->loss, params, count, gradients) == TG_OK;
        for (int i = 0; i < count && done; i++)
            updates[i] = (tg_update){params[i], tg_sub(params[i], tg_mul_scalar(gradients[i], RATE))};
        done = done && tg_compile_with(n->graph, &n->loss, 1, updates, count,
                                       &(tg_compile_options){.memory_limit = limit}, &n->step) == TG_OK;
    }
    free(params);
    free(gradients);
    free(updates);
    return done;
}

static int make(net *n, int depth, int every, size_t limit)
{
    static float data[2][BATCH * WIDTH];
    const int64_t shape[2] = {BATCH, WIDTH};
    *n = (net){.graph = tg_graph_new(NULL)};
    if (n->graph == NULL) return 0;
    for (int i = 0; i < BATCH * WIDTH; i++) {
        data[0][i] = (float)(i * 37 % 101) / 50.0F - 1;
        data[1][i] = (float)(i * 53 % 97) / 100.0F;
    }
    tg_tensor *x = tg_constant(n->graph, TG_F32, 2, shape, data[0]);
    tg_tensor *y = tg_constant(n->graph, TG_F32, 2, shape, data[1]);
    n->loss = tg_mean(tg_square(tg_sub(layers(n->graph, x, depth, every), y)), NULL);
    int done = n->loss != NULL && compile(n, limit);
    if (!done) fprintf(stderr, "%d layers: %s\n", depth, tg_error(n->graph));
    return done;
}

static void destroy(net *n)
{
    tg_function_free(n->step);
    tg_graph_free(n->graph);
}

/* ---- Comparing and measuring -------------------------------------------------------------------------- */

/* 1 when both have the same params, to the last bit, after some steps that change them. */
static int same_bits(net *a, net *b)
{
    int same = 1;
    double before = 0, after = 0;
    for (int s = 0; s < CHECKED_STEPS; s++) {
        tg_run(a->step);
        tg_run(b->step);
        after = tg_scalar(a->step, a->loss);
        if (s == 0) before = after;
    }
    for (int64_t i = 0; i < tg_param_count(a->graph); i++) {
        tg_tensor *p = tg_param_at(a->graph, i), *q = tg_param_at(b->graph, i);
        same = same && memcmp(tg_data(p), tg_data(q), (size_t)tg_count(p) * sizeof(float)) == 0;
    }
    return same && isfinite(after) && after != before;
}

static double time_of(net *n, int steps)
{
    double start = now();
    for (int i = 0; i < steps; i++) tg_run(n->step);
    return (now() - start) / steps;
}

/* Medians of the times of a step and of the ratios of neighbouring blocks; and the ratio of the best blocks. */
static void measure(net *plain, net *checkpointed, int blocks, double *times)
{
    static double a[MAX_BLOCKS], b[MAX_BLOCKS], ratios[MAX_BLOCKS];
    int steps = 1;
    while (time_of(plain, steps) * steps < BLOCK_TIME) steps *= 2;
    for (int i = 0; i < blocks; i++) {
        a[i] = time_of(plain, steps);
        b[i] = time_of(checkpointed, steps);
        ratios[i] = b[i] / a[i];
    }
    times[3] = least(b, blocks) / least(a, blocks);
    times[0] = median(a, blocks);
    times[1] = median(b, blocks);
    times[2] = median(ratios, blocks);
}

/* Arena bytes as they are, and with checkpoints. */
static int run_depth(int depth, int blocks, double limit, double *bytes)
{
    net plain = {0}, checkpointed = {0};
    int every = (int)lround(sqrt(depth));
    size_t bytes_within = (size_t)(1024 * limit * sqrt(depth));
    int done = make(&plain, depth, 0, 0) && make(&checkpointed, depth, limit > 0 ? 0 : every, bytes_within);
    if (done) {
        double times[4];
        int same = same_bits(&plain, &checkpointed);
        bytes[0] = (double)tg_stats(plain.step).arena_bytes;
        bytes[1] = (double)tg_stats(checkpointed.step).arena_bytes;
        measure(&plain, &checkpointed, blocks, times);
        printf("%6d %6d %11.0f %11.0f %6.2f %10.2f %10.2f %6.2f %6.2f  %s\n", depth, every, bytes[0] / 1024,
               bytes[1] / 1024, bytes[0] / bytes[1], 1e3 * times[0], 1e3 * times[1], times[2], times[3],
               same ? "yes" : "no");
        fflush(stdout);
    }
    destroy(&plain);
    destroy(&checkpointed);
    return done;
}

int main(int argc, char **argv)
{
    static const int depths[] = {100, 200, 400, 1000};
    int blocks = 21, only = 0;
    double limit = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--blocks") == 0) blocks = (int)strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--limit") == 0) limit = strtod(argv[i + 1], NULL);
        if (strcmp(argv[i], "--depth") == 0) only = (int)strtol(argv[i + 1], NULL, 10);
    }
    if (argc % 2 == 0 || limit < 0 || blocks < 1 || blocks > MAX_BLOCKS || only < 0 || only > MAX_DEPTH) {
        fprintf(stderr, "usage: bench_recompute [--blocks 1..%d] [--depth 1..%d] [--limit KIB]\n", MAX_BLOCKS,
                MAX_DEPTH);
        return 2;
    }
    if (!pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    printf("%6s %6s %11s %11s %6s %10s %10s %6s %6s  %s\n", "depth", "every", "KiB", "KiB again", "less",
           "ms", "ms again", "ratio", "best", "same bits");
    double bytes[4][2] = {{0}};
    for (int i = 0; i < 4; i++)
        if (!run_depth(only > 0 ? only : depths[i], blocks, limit, bytes[i]) || only > 0) return only == 0;
    for (int k = 0; k < 2; k++)
        printf("%s: memory grows as depth to the power %.2f\n", k == 0 ? "all kept" : "checkpoints",
               log(bytes[3][k] / bytes[0][k]) / log(1000.0 / 100.0));
    return 0;
}
