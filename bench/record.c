/* What it costs to record operations: on long tapes and short ones, new and rewound, and a loop that records its
 * training step in every round beside the compiled function of the same.
 *
 *     bench_record [--json FILE] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

#include "timing.h"

enum { ROUNDS = 15, LONG = 300000, SHORT = 30, REPEATS = 2000, STEPS = 400, BATCH = 64, PARAMS = 4 };

/* Times of one row, and what they are divided by. */
typedef struct row {
    const char *name, *key, *unit;
    double median, least;
} row;

enum { CHAIN, CHAIN_AGAIN, CHAIN_FOUND, FAN, SMALL, SCALARS, STEP, FIND, LOOP, COMPILED, ROWS };

static row rows[ROWS] = {
    [CHAIN] = {.name = "chain of 300,000, new tape", .key = "chain", .unit = "ns a node"},
    [CHAIN_AGAIN] = {.name = "the same after a rewind", .key = "chain_again", .unit = "ns a node"},
    [CHAIN_FOUND] = {.name = "the same over itself, every node found", .key = "found", .unit = "ns a node"},
    [FAN] = {.name = "300,000 operations of one tensor, new", .key = "fan", .unit = "ns a node"},
    [SMALL] = {.name = "expression of 30, recorded and rewound", .key = "small", .unit = "ns a node"},
    [SCALARS] = {.name = "the same with a number in each", .key = "scalars", .unit = "ns a node"},
    [STEP] = {.name = "step of 784-64-10, recorded and rewound", .key = "step", .unit = "us"},
    [FIND] = {.name = "its plan found", .key = "find", .unit = "us"},
    [LOOP] = {.name = "cost and gradients, recorded and tg_eval", .key = "loop", .unit = "us"},
    [COMPILED] = {.name = "the same compiled: tg_run and tg_read", .key = "compiled", .unit = "us"},
};

static void keep(int i, double *times, int n, double scale)
{
    rows[i].median = scale * median(times, n);
    rows[i].least = scale * least(times, n);
}

/* ---- Elementwise -------------------------------------------------------------------------------------- */

/* A chain of n operations; every third is of two tensors. */
static tg_tensor *chain(tg_tensor *x, tg_tensor *y, int n)
{
    tg_tensor *t = x;
    for (int i = 0; i < n; i += 3) t = tg_tanh(tg_neg(tg_add(t, y)));
    return t;
}

/* n operations that all read x. */
static tg_tensor *fan(tg_tensor *x, tg_tensor *unused, int n)
{
    tg_tensor *t = x;
    (void)unused;
    for (int i = 0; i < n; i++) t = tg_slice(x, 0, i, i + 1, 1);
    return t;
}

/* n operations, every second with a number: two nodes and the number itself. */
static tg_tensor *with_numbers(tg_tensor *x, tg_tensor *unused, int n)
{
    tg_tensor *t = x;
    (void)unused;
    for (int i = 0; i < n; i += 2) t = tg_tanh(tg_add_scalar(t, i + 1));
    return t;
}

typedef tg_tensor *recorder(tg_tensor *x, tg_tensor *y, int n);

static tg_graph *start(int64_t n, tg_tensor **x, tg_tensor **y)
{
    tg_graph *g = tg_graph_new(NULL);
    *x = tg_input(g, "x", TG_F32, 1, &n);
    *y = tg_input(g, "y", TG_F32, 1, &n);
    return g;
}

/* On a new tape, once more over itself, and again after a rewind; -1 for rows that are not wanted. */
static int measure_long(recorder *record, int64_t size, int new_row, int found_row, int again_row)
{
    double times[3][ROUNDS];
    int usable = 1;
    for (int i = 0; i < ROUNDS && usable; i++) {
        tg_tensor *x, *y;
        tg_graph *g = start(size, &x, &y);
        tg_mark mark = tg_get_mark(g);
        for (int k = 0; k < 3; k++) {
            if (k == 2) tg_rewind(g, mark);
            double begin = now();
            record(x, y, LONG);
            times[k][i] = (now() - begin) / LONG;
        }
        usable = tg_node_count(g) == LONG + 2;
        tg_graph_free(g);
    }
    keep(new_row, times[0], ROUNDS, 1e9);
    if (found_row >= 0) keep(found_row, times[1], ROUNDS, 1e9);
    if (again_row >= 0) keep(again_row, times[2], ROUNDS, 1e9);
    return usable;
}

static int measure_short(recorder *record, int result)
{
    static double times[REPEATS];
    tg_tensor *x, *y;
    tg_graph *g = start(64, &x, &y);
    tg_mark mark = tg_get_mark(g);
    for (int i = 0; i < REPEATS; i++) {
        double begin = now();
        record(x, y, SHORT);
        int64_t nodes = tg_node_count(g) - mark.nodes;
        tg_rewind(g, mark);
        times[i] = (now() - begin) / (double)nodes;
    }
    int usable = tg_graph_status(g) == TG_OK;
    tg_graph_free(g);
    keep(result, times, REPEATS, 1e9);
    return usable;
}

/* ---- A training step ---------------------------------------------------------------------------------- */

typedef struct network {
    tg_graph *g;
    tg_tensor *x, *y, *params[PARAMS], *results[1 + PARAMS]; /* the cost and its gradients */
    size_t bytes;                                            /* of the results */
    float *values;
} network;

static const int64_t shapes[PARAMS][2] = {{784, 64}, {64}, {64, 10}, {10}};

static int make_network(network *n)
{
    static const char *const names[PARAMS] = {"net.1.W", "net.1.b", "net.2.W", "net.2.b"};
    static float x[BATCH * 784], y[BATCH * 10];
    for (int i = 0; i < BATCH * 784; i++) x[i] = (float)(i % 251) / 251;
    for (int i = 0; i < BATCH; i++) y[10 * i + i % 10] = 1;
    n->g = tg_graph_new(NULL);
    n->x = tg_input(n->g, "x", TG_F32, 2, (const int64_t[]){BATCH, 784});
    n->y = tg_input(n->g, "y", TG_F32, 2, (const int64_t[]){BATCH, 10});
    tg_set(n->x, x, sizeof x);
    tg_set(n->y, y, sizeof y);
    n->bytes = sizeof(float);
    for (int i = 0; i < PARAMS; i++) {
        n->params[i] = tg_param_init(n->g, names[i], TG_F32, i % 2 == 0 ? 2 : 1, shapes[i],
                                     i % 2 == 0 ? TG_INIT_HE : TG_INIT_ZEROS);
        n->bytes += (size_t)tg_count(n->params[i]) * sizeof(float);
    }
    n->values = malloc(n->bytes);
    return n->values != NULL && tg_graph_status(n->g) == TG_OK;
}

static tg_status record_network(network *n)
{
    tg_tensor *a = tg_relu(tg_add(tg_matmul(n->x, n->params[0]), n->params[1]));
    tg_tensor *s = tg_add(tg_matmul(a, n->params[2]), n->params[3]);
    n->results[0] = tg_mean(tg_softmax_cross_entropy(s, n->y), NULL);
    return tg_grad(n->g, n->results[0], n->params, PARAMS, n->results + 1);
}

/* Recording the step, rewinding it, and compiling it where the plan is there. */
static tg_status measure_step(network *n)
{
    static double record[STEPS], find[STEPS];
    tg_mark mark = tg_get_mark(n->g);
    tg_status status = TG_OK;
    for (int i = 0; i < STEPS && status == TG_OK; i++) {
        tg_function *f = NULL;
        double begin = now();
        status = record_network(n);
        double recorded = now();
        if (status == TG_OK) status = tg_compile(n->g, n->results, 1 + PARAMS, NULL, 0, &f);
        double found = now();
        if (status == TG_OK) status = tg_rewind(n->g, mark);
        record[i] = recorded - begin + (now() - found);
        find[i] = found - recorded;
        tg_function_free(f);
    }
    keep(STEP, record, STEPS, 1e6);
    keep(FIND, find, STEPS, 1e6);
    return status;
}

static tg_status run_and_read(tg_function *f, tg_tensor *const *results, const network *n)
{
    tg_status status = tg_run(f);
    char *to = (char *)n->values;
    for (int k = 0; k <= PARAMS && status == TG_OK; k++) {
        size_t bytes = sizeof(float) * (k == 0 ? 1 : (size_t)tg_count(n->params[k - 1]));
        status = tg_read(f, results[k], to, bytes);
        to += bytes;
    }
    return status;
}

/* In turns, so that both meet the same machine. */
static tg_status measure_loop(network *n)
{
    static double loop[STEPS], compiled[STEPS];
    tg_mark mark = tg_get_mark(n->g);
    tg_tensor *results[1 + PARAMS]; /* of the function: it still knows them when they are gone */
    tg_function *f = NULL;
    tg_status status = record_network(n);
    if (status == TG_OK) status = tg_compile(n->g, n->results, 1 + PARAMS, NULL, 0, &f);
    memcpy(results, n->results, sizeof results);
    if (status == TG_OK) status = tg_rewind(n->g, mark);
    for (int i = 0; i < STEPS && status == TG_OK; i++) {
        double begin = now();
        status = record_network(n);
        if (status == TG_OK) status = tg_eval(n->g, n->results, 1 + PARAMS, n->values, n->bytes);
        if (status == TG_OK) status = tg_rewind(n->g, mark);
        double middle = now();
        if (status == TG_OK) status = run_and_read(f, results, n);
        loop[i] = middle - begin;
        compiled[i] = now() - middle;
    }
    tg_function_free(f);
    keep(LOOP, loop, STEPS, 1e6);
    keep(COMPILED, compiled, STEPS, 1e6);
    return status;
}

static int measure_network(void)
{
    network n = {0};
    tg_status status = make_network(&n) ? measure_step(&n) : TG_ERR_MEMORY;
    if (status == TG_OK) status = measure_loop(&n);
    if (status != TG_OK) fprintf(stderr, "a step: %s; %s\n", tg_status_name(status), tg_error(n.g));
    tg_graph_free(n.g);
    free(n.values);
    return status == TG_OK;
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

static int write_json(const char *path)
{
    FILE *json = fopen(path, "w");
    if (json == NULL) {
        perror(path);
        return 0;
    }
    for (int i = 0; i < ROWS; i++)
        fprintf(json, "%s\"%s\": {\"median\": %.3f, \"least\": %.3f, \"unit\": \"%s\"}",
                i == 0 ? "{" : ",\n ", rows[i].key, rows[i].median, rows[i].least, rows[i].unit);
    fprintf(json, "}\n");
    return fclose(json) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json") != 0)) {
        fprintf(stderr, "usage: bench_record [--json FILE]\n");
        return 2;
    }
    if (!pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    if (!measure_long(chain, 64, CHAIN, CHAIN_FOUND, CHAIN_AGAIN) || !measure_long(fan, LONG, FAN, -1, -1) ||
        !measure_short(chain, SMALL) || !measure_short(with_numbers, SCALARS) || !measure_network())
        return 1;
    printf("%-44s %10s %10s\n", "", "median", "best");
    for (int i = 0; i < ROWS; i++)
        printf("%-44s %10.1f %10.1f %s\n", rows[i].name, rows[i].median, rows[i].least, rows[i].unit);
    return argc == 3 && !write_json(argv[2]);
}
