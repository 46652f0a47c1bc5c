/* One training step: the library's compiled function beside the same step written by hand, in plain C, with OpenBLAS and
 * with oneDNN. All run in turns on the same processors, so that what slows the machine down slows all. With threads, the
 * library's step on one thread takes its turn too; and since two processors may be one core, or share its power, every
 * round also measures how much faster the threads are at sums and products alone: that is what a step can be at most.
 *
 *     bench_steps [--only NAME] [--type f32|f64] [--blocks N] [--threads N] [--json FILE] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "pair.h"
#include "timing.h"

/* A block is about this long, in seconds. */
#define BLOCK_TIME 0.02
/* The threads of OpenBLAS and OpenMP go on looking for work for so many seconds, in which others must not be measured. */
#define PATIENCE_OF_OTHERS 0.1
/* A round counts as one with free processors where the machine's own speedup is so much of the number of threads. */
#define NEARLY_ALL 0.9

/* Seconds a step: the median of the blocks, and the best. */
typedef struct timing {
    double median, best;
} timing;

/* How often as fast as one thread several are, medians of the rounds: ours, and sums and products alone; and ours in the
 * rounds in which the machine gave nearly all, of which there were so many. */
typedef struct speedup {
    double ours, machine, ours_when_free;
    int free_rounds;
} speedup;

typedef struct row {
    const workload *of;
    precision type;
    int threads;
    timing ours, alone, hand[HAND_VERSIONS];
    speedup speedup;                  /* with more than one thread */
    const char *names[HAND_VERSIONS]; /* NULL for a version that does not do this */
    int best_hand;                    /* the version with the smallest median */
    double difference;
    int64_t kernels;
} row;

/* ---- Measuring ---------------------------------------------------------------------------------------- */

/* The sides, versions by hand behind ours. */
enum { OURS, ALONE, HAND, SIDES = HAND + HAND_VERSIONS };

static int takes_part(const pair *p, int side)
{
    if (side < HAND) return side == OURS || p->alone.step != NULL;
    return p->versions[side - HAND] != NULL;
}

static void run_step(pair *p, int side)
{
    if (side < HAND)
        tg_run(side == OURS ? p->ours.step : p->alone.step);
    else
        p->versions[side - HAND]->step(&p->hand[side - HAND]);
}

/* The first step, which finds the caches full of the other side's data, is left out. */
static double time_steps(pair *p, int side, int steps)
{
    run_step(p, side);
    double start = now();
    for (int i = 0; i < steps; i++) run_step(p, side);
    return (now() - start) / steps;
}

static int steps_in_a_block(pair *p, int side)
{
    int steps = 1;
    while (time_steps(p, side, steps) * steps < BLOCK_TIME) steps *= 2;
    return steps;
}

/* 0 when it cannot be measured. */
static double machine_speedup(const row *r)
{
    tg_peak all, one;
    if (tg_measure_peak(r->threads, &all) != TG_OK || tg_measure_peak(1, &one) != TG_OK) return 0;
    return r->type == F32 ? all.f32_flops / one.f32_flops : all.f64_flops / one.f64_flops;
}

static timing summary(double *times, int n)
{
    timing t = {.best = least(times, n)};
    t.median = median(times, n);
    return t;
}

/* times of ours and alone, before they are sorted; machine: of every round. */
static speedup compare_threads(const row *r, double times[SIDES][MAX_BLOCKS], double *machine, int rounds)
{
    static double ours[MAX_BLOCKS], when_free[MAX_BLOCKS];
    speedup s = {0};
    for (int i = 0; i < rounds; i++) {
        ours[i] = times[ALONE][i] / times[OURS][i];
        if (machine[i] >= NEARLY_ALL * r->threads) when_free[s.free_rounds++] = ours[i];
    }
    s.ours = median(ours, rounds);
    s.machine = median(machine, rounds);
    if (s.free_rounds > 0) s.ours_when_free = median(when_free, s.free_rounds);
    return s;
}

static void measure(pair *p, const options *o, row *r)
{
    static double times[SIDES][MAX_BLOCKS], machine[MAX_BLOCKS];
    int steps[SIDES] = {0};
    for (int side = 0; side < SIDES; side++)
        if (takes_part(p, side)) steps[side] = steps_in_a_block(p, side);
    for (int i = 0; i < o->blocks; i++) {
        pair_reset(p);
        if (o->threads > 1) machine[i] = machine_speedup(r);
        for (int side = 0; side < SIDES; side++) {
            if (steps[side] == 0) continue;
            times[side][i] = time_steps(p, side, steps[side]);
            if (o->threads > 1 && side >= HAND) wait_for(PATIENCE_OF_OTHERS);
        }
    }
    if (o->threads > 1) r->speedup = compare_threads(r, times, machine, o->blocks);
    r->ours = summary(times[OURS], o->blocks);
    if (o->threads > 1) r->alone = summary(times[ALONE], o->blocks);
    r->best_hand = -1;
    for (int v = 0; v < HAND_VERSIONS; v++) {
        if (p->versions[v] == NULL) continue;
        r->names[v] = p->versions[v]->name;
        r->hand[v] = summary(times[HAND + v], o->blocks);
        if (r->best_hand < 0 || r->hand[v].median < r->hand[r->best_hand].median) r->best_hand = v;
    }
}

static int run_workload(row *r, const options *o)
{
    pair p;
    int done = pair_make(&p, r->of, r->type, r->threads);
    if (done) {
        r->difference = pair_difference(&p);
        r->kernels = tg_stats(p.ours.step).steps;
        measure(&p, o, r);
    }
    pair_free(&p);
    if (done && !(r->difference <= pair_tolerance(r->type))) {
        fprintf(stderr, "%s in %s: the sides differ by %g\n", r->of->name, precision_names[r->type],
                r->difference);
        return 0;
    }
    return done;
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

static void print_head(int threads)
{
    printf(
        "Microseconds a step, threads: %d. Medians, and the best blocks; by hand: the best of the last three\n"
        "%-40s %4s %9s %9s %6s %9s %9s %6s %7s %7s %10s %10s %10s",
        threads, "", "", "ours", "hand", "ratio", "best ours", "best hand", "ratio", "kernels", "differ",
        "plain C", "OpenBLAS", "oneDNN");
    if (threads > 1) printf(" %10s %8s %8s %14s", "on one", "speedup", "machine", "speedup if free");
    putchar('\n');
}

static void print_speedup(const row *r)
{
    printf(" %10.2f %8.2f %8.2f", 1e6 * r->alone.median, r->speedup.ours, r->speedup.machine);
    if (r->speedup.free_rounds > 0)
        printf(" %8.2f (%d)", r->speedup.ours_when_free, r->speedup.free_rounds);
    else
        printf(" %8s", "-");
}

static void print_row(const row *r)
{
    const timing *hand = &r->hand[r->best_hand];
    double best = hand->best;
    for (int v = 0; v < HAND_VERSIONS; v++)
        if (r->names[v] != NULL) best = fmin(best, r->hand[v].best);
    printf("%-3s%-37.37s %4s %9.2f %9.2f %6.2f %9.2f %9.2f %6.2f %7lld %7.0e", r->of->name, r->of->what,
           precision_names[r->type], 1e6 * r->ours.median, 1e6 * hand->median, r->ours.median / hand->median,
           1e6 * r->ours.best, 1e6 * best, r->ours.best / best, (long long)r->kernels, r->difference);
    for (int v = 0; v < HAND_VERSIONS; v++) {
        if (r->names[v] == NULL)
            printf(" %10s", "-");
        else
            printf(" %10.2f", 1e6 * r->hand[v].median);
    }
    if (r->threads > 1) print_speedup(r);
    putchar('\n');
    fflush(stdout);
}

static void write_row(FILE *json, const char *separator, const row *r)
{
    static const char *const names[HAND_VERSIONS] = {"plain", "openblas", "onednn"};
    double best = r->hand[r->best_hand].best;
    fprintf(json,
            "%s{\"name\": \"%s\", \"dtype\": \"%s\", \"threads\": %d, \"ours_us\": %.4f, \"hand_us\": %.4f, "
            "\"torch_us\": null",
            separator, r->of->name, precision_names[r->type], r->threads, 1e6 * r->ours.median,
            1e6 * r->hand[r->best_hand].median);
    for (int v = 0; v < HAND_VERSIONS; v++) {
        if (r->names[v] == NULL) {
            fprintf(json, ", \"hand_%s_us\": null", names[v]);
            continue;
        }
        fprintf(json, ", \"hand_%s_us\": %.4f", names[v], 1e6 * r->hand[v].median);
        best = fmin(best, r->hand[v].best);
    }
    fprintf(json, ", \"ours_best_us\": %.4f, \"hand_best_us\": %.4f", 1e6 * r->ours.best, 1e6 * best);
    if (r->threads > 1) {
        fprintf(json,
                ", \"alone_us\": %.4f, \"speedup\": %.4f, \"machine_speedup\": %.4f, \"free_rounds\": %d",
                1e6 * r->alone.median, r->speedup.ours, r->speedup.machine, r->speedup.free_rounds);
        if (r->speedup.free_rounds > 0)
            fprintf(json, ", \"speedup_if_free\": %.4f", r->speedup.ours_when_free);
    }
    fputc('}', json);
}

/* ---- The program -------------------------------------------------------------------------------------- */

static int run_all(const options *o, FILE *json)
{
    int failed = 0;
    const char *separator = "[";
    print_head(o->threads);
    for (int type = 0; type < PRECISIONS; type++) {
        const workload *w;
        for (int i = 0; (w = workload_at(i)) != NULL; i++) {
            row r = {.of = w, .type = (precision)type, .threads = o->threads};
            if (!o->types[type] || !is_wanted(o, w->name)) continue;
            if (!run_workload(&r, o)) {
                failed = 1;
                continue;
            }
            print_row(&r);
            if (json != NULL) write_row(json, separator, &r);
            separator = ",\n ";
        }
    }
    if (json != NULL) fputs(*separator == '[' ? "[]\n" : "]\n", json);
    return failed;
}

int main(int argc, char **argv)
{
    options o;
    if (!read_options(argc, argv, 31, &o)) return 2;
    if (!pin_process(o.threads)) fprintf(stderr, "the process could not be pinned to its processors\n");
    FILE *json = o.json == NULL ? NULL : fopen(o.json, "w");
    if (o.json != NULL && json == NULL) {
        perror(o.json);
        return 1;
    }
    int failed = run_all(&o, json);
    if (json != NULL && fclose(json) != 0) failed = 1;
    return failed;
}
