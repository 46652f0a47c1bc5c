/* One training step in f32: the library's compiled function beside the same step written by hand.
 * Both run in turns on one processor, so that what slows the machine down slows both.
 *
 *     bench_steps [--only NAME] [--blocks N] [--threads N] [--json FILE] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "ours.h"
#include "timing.h"

static const workload workloads[] = {
    {"W0", "2-3-1 sigmoid, quadratic, batch 4", 2, {2, 3, 1}, 4, 0, 0.5F},
    {"W1", "784-30-10 sigmoid, quadratic, batch 10", 2, {784, 30, 10}, 10, 0, 0.5F},
    {"W2", "784-64-10 ReLU, softmax, batch 64", 2, {784, 64, 10}, 64, 1, 0.01F},
    {"W3", "784-512-512-10 ReLU, softmax, batch 128", 3, {784, 512, 512, 10}, 128, 1, 0.01F},
    {"W4", "1024-1024-1024-1024-10 ReLU, batch 256", 4, {1024, 1024, 1024, 1024, 10}, 256, 1, 0.002F},
};
enum { N_WORKLOADS = sizeof workloads / sizeof workloads[0], MAX_BLOCKS = 1000, CHECKED_STEPS = 20 };

/* A block is at least this long, in seconds. */
#define BLOCK_TIME 0.02
/* Both sides sum in different orders; this is how far apart that may take them, relative to the largest weight. */
#define TOLERANCE 1e-5

typedef struct row {
    double ours, ours_best, hand, hand_best; /* seconds a step: medians of the blocks, and best blocks */
    double difference;                       /* of the weights, after CHECKED_STEPS steps */
    int64_t kernels;
} row;

/* Both sides of one workload, and the weights that every block begins with. */
typedef struct pair {
    our_net ours;
    hand_net hand;
    hand_net start; /* for its weights alone */
    void (*hand_step)(hand_net *net);
} pair;

/* ---- Data --------------------------------------------------------------------------------------------- */

static int make_batch(const workload *w, batch *data)
{
    int inputs = w->sizes[0], outputs = w->sizes[w->n_layers];
    data->x = malloc((size_t)(w->batch * inputs) * sizeof(float));
    data->y = calloc((size_t)(w->batch * outputs), sizeof(float));
    if (data->x == NULL || data->y == NULL) return 0;
    uint32_t random = 1;
    for (int i = 0; i < w->batch * inputs; i++) {
        random = random * 1664525U + 1013904223U;
        data->x[i] = (float)(random >> 8) / 8388608.0F - 1;
    }
    for (int i = 0; i < w->batch; i++) {
        if (outputs == 1)
            data->y[i] = (float)(i % 2);
        else
            data->y[i * outputs + i % outputs] = 1;
    }
    return 1;
}

static size_t weight_bytes(const workload *w, int l)
{
    return (size_t)(w->sizes[l] * w->sizes[l + 1]) * sizeof(float);
}

static size_t bias_bytes(const workload *w, int l)
{
    return (size_t)w->sizes[l + 1] * sizeof(float);
}

/* Both sides go back to the same weights. */
static void reset(pair *p)
{
    const workload *w = p->hand.of;
    for (int l = 0; l < w->n_layers; l++) {
        memcpy(p->hand.W[l], p->start.W[l], weight_bytes(w, l));
        memcpy(p->hand.b[l], p->start.b[l], bias_bytes(w, l));
        tg_set(p->ours.W[l], p->start.W[l], weight_bytes(w, l));
        tg_set(p->ours.b[l], p->start.b[l], bias_bytes(w, l));
    }
}

static int make_pair(pair *p, const workload *w, const batch *data, int threads)
{
    int made = hand_make(&p->hand, w, data) && hand_make(&p->start, w, data);
    if (!our_make(&p->ours, w, data, threads) || !made) {
        fprintf(stderr, "%s: %s\n", w->name, made ? tg_error(p->ours.graph) : "out of memory");
        return 0;
    }
    for (int l = 0; l < w->n_layers; l++) {
        tg_get(p->ours.W[l], p->start.W[l], weight_bytes(w, l));
        tg_get(p->ours.b[l], p->start.b[l], bias_bytes(w, l));
    }
    p->hand_step = hand_is_small(w) ? hand_small_step : hand_step;
    reset(p);
    return 1;
}

/* ---- Agreement ---------------------------------------------------------------------------------------- */

/* The largest of |a - b|, and of |b| into *size. */
static double largest_difference(const float *a, const float *b, size_t bytes, double *size)
{
    double most = 0;
    *size = 0;
    for (size_t i = 0; i < bytes / sizeof(float); i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        *size = fmax(*size, fabs((double)b[i]));
        if (isnan(a[i]) || isnan(b[i])) return HUGE_VAL;
    }
    return most;
}

/* Runs both from the same weights and compares weights and losses; infinity when the weights did not move, for
 * then nothing was compared. */
static double difference(pair *p)
{
    const workload *w = p->hand.of;
    reset(p);
    for (int i = 0; i < CHECKED_STEPS; i++) {
        if (tg_run(p->ours.step) != TG_OK) return HUGE_VAL;
        p->hand_step(&p->hand);
    }
    double loss = tg_scalar(p->ours.step, p->ours.loss), size;
    double worst = fabs(loss - (double)p->hand.loss) / fabs(loss);
    for (int l = 0; l < w->n_layers; l++) {
        const float *W = tg_data(p->ours.W[l]), *b = tg_data(p->ours.b[l]);
        double moved = largest_difference(p->start.W[l], p->hand.W[l], weight_bytes(w, l), &size);
        if (!(moved > 100 * TOLERANCE * size)) return HUGE_VAL;
        worst = fmax(worst, largest_difference(W, p->hand.W[l], weight_bytes(w, l), &size) / size);
        worst = fmax(worst, largest_difference(b, p->hand.b[l], bias_bytes(w, l), &size) / size);
    }
    return worst;
}

/* ---- Measuring ---------------------------------------------------------------------------------------- */

static double time_ours(pair *p, int steps)
{
    double start = now();
    for (int i = 0; i < steps; i++) tg_run(p->ours.step);
    return (now() - start) / steps;
}

static double time_hand(pair *p, int steps)
{
    double start = now();
    for (int i = 0; i < steps; i++) p->hand_step(&p->hand);
    return (now() - start) / steps;
}

static int steps_in_a_block(pair *p)
{
    int steps = 1;
    while (time_hand(p, steps) * steps < BLOCK_TIME) steps *= 2;
    return steps;
}

static void measure(pair *p, int blocks, row *r)
{
    static double ours[MAX_BLOCKS], hand[MAX_BLOCKS];
    int steps = steps_in_a_block(p);
    for (int i = 0; i < blocks; i++) {
        reset(p);
        ours[i] = time_ours(p, steps);
        hand[i] = time_hand(p, steps);
    }
    r->ours_best = least(ours, blocks);
    r->hand_best = least(hand, blocks);
    r->ours = median(ours, blocks);
    r->hand = median(hand, blocks);
}

static int run_workload(const workload *w, int blocks, int threads, row *r)
{
    batch data = {0};
    pair p = {0};
    int done = make_batch(w, &data) && make_pair(&p, w, &data, threads);
    if (done) {
        r->difference = difference(&p);
        r->kernels = tg_stats(p.ours.step).steps;
        measure(&p, blocks, r);
    }
    our_free(&p.ours);
    hand_free(&p.hand);
    hand_free(&p.start);
    free(data.x);
    free(data.y);
    if (done && !(r->difference <= TOLERANCE)) {
        fprintf(stderr, "%s: the two sides differ by %g after %d steps\n", w->name, r->difference,
                CHECKED_STEPS);
        return 0;
    }
    return done;
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

static void print_row(const workload *w, const row *r)
{
    printf("%-3s %-40s %9.2f %9.2f %6.2f %9.2f %9.2f %6.2f %8lld  %.0e\n", w->name, w->what, 1e6 * r->ours,
           1e6 * r->hand, r->ours / r->hand, 1e6 * r->ours_best, 1e6 * r->hand_best,
           r->ours_best / r->hand_best, (long long)r->kernels, r->difference);
    fflush(stdout);
}

static void write_row(FILE *json, const char *separator, const workload *w, int threads, const row *r)
{
    fprintf(json,
            "%s{\"name\": \"%s\", \"dtype\": \"f32\", \"threads\": %d, \"ours_us\": %.4f, \"hand_us\": %.4f, "
            "\"torch_us\": null, \"ours_best_us\": %.4f, \"hand_best_us\": %.4f}",
            separator, w->name, threads, 1e6 * r->ours, 1e6 * r->hand, 1e6 * r->ours_best,
            1e6 * r->hand_best);
}

typedef struct options {
    const char *only, *json;
    int blocks, threads;
} options;

static int read_options(int argc, char **argv, options *o)
{
    *o = (options){.blocks = 31, .threads = 1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return 0;
        if (strcmp(argv[i], "--only") == 0)
            o->only = argv[i + 1];
        else if (strcmp(argv[i], "--json") == 0)
            o->json = argv[i + 1];
        else if (strcmp(argv[i], "--blocks") == 0)
            o->blocks = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--threads") == 0)
            o->threads = (int)strtol(argv[i + 1], NULL, 10);
        else
            return 0;
    }
    return o->blocks >= 1 && o->blocks <= MAX_BLOCKS && o->threads >= 1 && o->threads <= TG_MAX_THREADS;
}

int main(int argc, char **argv)
{
    options o;
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: bench_steps [--only NAME] [--blocks 1..%d] [--threads 1..%d] [--json FILE]\n",
                MAX_BLOCKS, TG_MAX_THREADS);
        return 2;
    }
    hand_use_threads(o.threads);
    if (o.threads == 1 && !pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    FILE *json = o.json == NULL ? NULL : fopen(o.json, "w");
    if (o.json != NULL && json == NULL) {
        perror(o.json);
        return 1;
    }
    printf("%-3s %-40s %9s %9s %6s %9s %9s %6s %8s  %s\n", "", "microseconds a step", "ours", "hand", "ratio",
           "best ours", "best hand", "ratio", "kernels", "differ");
    int failed = 0;
    const char *separator = "[";
    for (int i = 0; i < N_WORKLOADS; i++) {
        row r;
        if (o.only != NULL && strcmp(o.only, workloads[i].name) != 0) continue;
        if (!run_workload(&workloads[i], o.blocks, o.threads, &r)) {
            failed = 1;
            continue;
        }
        print_row(&workloads[i], &r);
        if (json != NULL) write_row(json, separator, &workloads[i], o.threads, &r);
        separator = ",\n ";
    }
    if (json != NULL) {
        fputs(*separator == '[' ? "[]\n" : "]\n", json);
        if (fclose(json) != 0) failed = 1;
    }
    return failed;
}
