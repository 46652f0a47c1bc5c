/* Long arrays on one thread: a chain of ten cheap operations over 10 million numbers beside copies of them, and logsumexp
 * and softmax of 1.28 million beside one pass that reads and takes exponentials. All sides run in turns.
 *
 *     bench_arrays [--rounds N] [--json FILE] */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_workload.h"
#include "hand_arrays.h"
#include "timing.h"

enum { MAX_ROUNDS = 500 };

/* Sides: the library, by hand, the least that there is to do, and memcpy (of a chain alone). */
enum { OURS, HAND, BOUND, MEMCPY, SIDES };

typedef struct bench {
    const array_workload *of;
    tg_dtype dtype;
    const hand_arrays *hand;
    int64_t n, n_out;
    void *x, *y;
    tg_graph *graph;
    tg_function *f;
    tg_tensor *out;
    double sink; /* so that no result is left out */
} bench;

/* ---- Making ------------------------------------------------------------------------------------------- */

static int make(bench *b, const array_workload *w, tg_dtype dtype)
{
    *b = (bench){.of = w, .dtype = dtype, .n = w->rows * w->columns, .graph = tg_graph_new(NULL)};
    b->n_out = w->kind == LOGSUMEXP ? w->rows : b->n;
    b->hand = dtype == TG_F32 ? &hand_arrays_f32 : &hand_arrays_f64;
    b->x = aligned_alloc(64, (size_t)b->n * tg_dtype_size(dtype));
    b->y = aligned_alloc(64, (size_t)b->n * tg_dtype_size(dtype));
    if (b->graph == NULL || b->x == NULL || b->y == NULL) return 0;
    array_fill(b->n, dtype, b->x);
    memset(b->y, 0, (size_t)b->n * tg_dtype_size(dtype));
    tg_tensor *x = array_input(b->graph, w, dtype);
    b->out = array_result(w, x);
    if (tg_compile(b->graph, &b->out, 1, NULL, 0, &b->f) == TG_OK) return tg_bind(b->f, x, b->x) == TG_OK;
    fprintf(stderr, "%s: %s\n", w->name, tg_error(b->graph));
    return 0;
}

static void clear(bench *b)
{
    tg_function_free(b->f);
    tg_graph_free(b->graph);
    free(b->x);
    free(b->y);
}

/* ---- Running ------------------------------------------------------------------------------------------ */

static void run_hand(const bench *b)
{
    switch (b->of->kind) {
    case CHAIN:
        b->hand->chain(b->n, b->x, b->y);
        break;
    case LOGSUMEXP:
        b->hand->logsumexp(b->of->rows, b->of->columns, b->x, b->y);
        break;
    case SOFTMAX:
        b->hand->softmax(b->of->rows, b->of->columns, b->x, b->y);
        break;
    }
}

static void run(bench *b, int side)
{
    if (side == OURS)
        tg_run(b->f);
    else if (side == HAND)
        run_hand(b);
    else if (side == MEMCPY)
        memcpy(b->y, b->x, (size_t)b->n * tg_dtype_size(b->dtype));
    else if (b->of->kind == CHAIN)
        b->hand->copy(b->n, b->x, b->y);
    else
        b->sink += b->hand->sum_of_exp(b->n, b->x, 4);
}

static double element(const bench *b, const void *list, int64_t i)
{
    return b->dtype == TG_F32 ? (double)((const float *)list)[i] : ((const double *)list)[i];
}

/* The largest difference of the results, relative to the largest of them; by hand they were made last. */
static double difference(const bench *b)
{
    const void *ours = tg_output(b->f, b->out);
    double most = 0, size = 0;
    for (int64_t i = 0; i < b->n_out; i++) {
        double y = element(b, b->y, i), apart = fabs(element(b, ours, i) - y);
        if (!(apart <= most)) most = apart;
        size = fmax(size, fabs(y));
    }
    return most / size;
}

typedef struct row {
    double median[SIDES], best[SIDES];
    double difference;
} row;

static void measure(bench *b, int rounds, row *r)
{
    static double times[SIDES][MAX_ROUNDS];
    for (int i = -1; i < rounds; i++) {
        for (int side = 0; side < SIDES; side++) {
            double start = now();
            run(b, side);
            if (i >= 0) times[side][i] = now() - start;
        }
    }
    run(b, HAND);
    r->difference = difference(b);
    for (int side = 0; side < SIDES; side++) {
        r->best[side] = least(times[side], rounds);
        r->median[side] = median(times[side], rounds);
    }
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

static void print_row(const bench *b, const row *r)
{
    printf("%-38s %4s %9.1f %9.1f %9.1f %9.2f %9.2f", b->of->what, tg_dtype_name(b->dtype),
           1e6 * r->median[OURS], 1e6 * r->median[HAND], 1e6 * r->median[BOUND],
           r->median[OURS] / r->median[BOUND], r->best[OURS] / r->best[BOUND]);
    double bytes = 2 * (double)b->n * (double)tg_dtype_size(b->dtype);
    if (b->of->kind == CHAIN)
        printf("   %.1f GB/s; copied by a loop %.1f, by memcpy %.1f", 1e-9 * bytes / r->median[OURS],
               1e-9 * bytes / r->median[BOUND], 1e-9 * bytes / r->median[MEMCPY]);
    putchar('\n');
    fflush(stdout);
}

static void write_row(FILE *json, const char *separator, const bench *b, const row *r)
{
    fprintf(json,
            "%s{\"name\": \"%s\", \"dtype\": \"%s\", \"threads\": 1, \"ours_us\": %.3f, \"hand_us\": %.3f, "
            "\"torch_us\": null, \"%s\": %.3f, \"ours_best_us\": %.3f, \"hand_best_us\": %.3f",
            separator, b->of->name, tg_dtype_name(b->dtype), 1e6 * r->median[OURS], 1e6 * r->median[HAND],
            b->of->kind == CHAIN ? "copy_us" : "read_and_exp_us", 1e6 * r->median[BOUND], 1e6 * r->best[OURS],
            1e6 * r->best[HAND]);
    if (b->of->kind == CHAIN) fprintf(json, ", \"memcpy_us\": %.3f", 1e6 * r->median[MEMCPY]);
    putc('}', json);
}

/* 0 with a message when it could not be made, or results are not those by hand. */
static int run_workload(const array_workload *w, tg_dtype dtype, int rounds, FILE *json,
                        const char *separator)
{
    bench b;
    row r;
    int fine = make(&b, w, dtype);
    if (fine) {
        measure(&b, rounds, &r);
        print_row(&b, &r);
        fine = r.difference < (dtype == TG_F32 ? 1e-4 : 1e-12);
        if (!fine) fprintf(stderr, "%s: the sides differ by %g\n", w->name, r.difference);
        if (json != NULL) write_row(json, separator, &b, &r);
    }
    clear(&b);
    return fine;
}

static int run_all(int rounds, FILE *json)
{
    const char *separator = "[";
    int failed = 0;
    printf(
        "Microseconds, one thread, medians; least: a copy by a loop, or a pass that reads and takes exponentials\n"
        "%-38s %4s %9s %9s %9s %9s %9s\n",
        "", "", "ours", "hand", "least", "ours/least", "best");
    for (int type = TG_F32; type <= TG_F64; type++) {
        const array_workload *w;
        for (int i = 0; (w = array_workload_at(i)) != NULL && !failed; i++) {
            failed = !run_workload(w, (tg_dtype)type, rounds, json, separator);
            separator = ",\n ";
        }
    }
    if (json != NULL) fputs(*separator == '[' ? "[]\n" : "]\n", json);
    return failed;
}

int main(int argc, char **argv)
{
    int rounds = 41, known = 1;
    const char *path = NULL;
    for (int i = 1; i < argc && known; i += 2) {
        known = i + 1 < argc;
        if (known && strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
        else if (known && strcmp(argv[i], "--json") == 0)
            path = argv[i + 1];
        else
            known = 0;
    }
    if (!known || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: bench_arrays [--rounds 1..%d] [--json FILE]\n", MAX_ROUNDS);
        return 2;
    }
    if (!pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    FILE *json = path == NULL ? NULL : fopen(path, "w");
    if (path != NULL && json == NULL) {
        perror(path);
        return 1;
    }
    int failed = run_all(rounds, json);
    if (json != NULL && fclose(json) != 0) failed = 1;
    return failed;
}
