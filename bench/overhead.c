/* What recording and compiling cost, and that running allocates nothing.
 *
 *     bench_overhead [--json FILE] [--rows FILE]
 *
 * --rows writes the times as rows like those of bench_steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

#include "timing.h"

/* ---- Allocations -------------------------------------------------------------------------------------- */

/* The linker sends the library's calls here, and the real functions are called by these names. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static long long allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __real_aligned_alloc(alignment, size);
}

/* ---- What is measured --------------------------------------------------------------------------------- */

enum { ROUNDS = 7, RECORDED = 300000, COMPILED = 1000000, RERECORDED = 300, RUNS = 1000, BATCH = 64 };

typedef struct overhead {
    double record;         /* seconds a node of an elementwise chain */
    double compile;        /* seconds for COMPILED nodes */
    double record_step;    /* seconds to record a training step of 784-64-10 again */
    double find_step;      /* seconds to compile it, its plan being there */
    double allocs_per_run; /* of that step */
    double allocs_to_find;
} overhead;

/* A chain of n operations; every third is of two tensors. */
static tg_tensor *chain(tg_tensor *x, tg_tensor *y, int n)
{
    tg_tensor *t = x;
    for (int i = 0; i < n; i += 3) t = tg_tanh(tg_neg(tg_add(t, y)));
    return t;
}

static int measure_chain(overhead *o)
{
    double record[ROUNDS], compile[ROUNDS];
    const int64_t shape[1] = {64};
    for (int i = 0; i < ROUNDS; i++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = tg_input(g, "x", TG_F32, 1, shape), *y = tg_input(g, "y", TG_F32, 1, shape);
        double start = now();
        chain(x, y, RECORDED);
        record[i] = (now() - start) / RECORDED;
        tg_graph_free(g);
    }
    for (int i = 0; i < ROUNDS; i++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = tg_input(g, "x", TG_F32, 1, shape), *y = tg_input(g, "y", TG_F32, 1, shape);
        tg_tensor *end = chain(x, y, COMPILED);
        tg_function *f;
        double start = now();
        tg_status status = tg_compile(g, &end, 1, NULL, 0, &f);
        compile[i] = now() - start;
        if (status != TG_OK) fprintf(stderr, "compiling a chain: %s\n", tg_error(g));
        tg_function_free(f);
        tg_graph_free(g);
        if (status != TG_OK) return 0;
    }
    o->record = median(record, ROUNDS);
    o->compile = median(compile, ROUNDS);
    return 1;
}

/* A training step of 784-64-10: x, y and every param are there before, so that only operations are recorded. */
static tg_tensor *record_loss(tg_tensor *x, tg_tensor *y)
{
    const int64_t units[2] = {64, 10};
    const tg_activation activations[2] = {TG_RELU, TG_IDENTITY};
    const tg_mlp_spec spec = {2, units, activations, TG_INIT_HE};
    tg_tensor *s = tg_mlp(tg_graph_of(x), "net", x, &spec, NULL);
    return tg_mean(tg_softmax_cross_entropy(s, y), NULL);
}

static tg_status record_step(tg_tensor *x, tg_tensor *y, tg_tensor **loss, tg_update **updates, int *n)
{
    const tg_optimizer sgd = TG_SGD(.rate = 0.01);
    *loss = record_loss(x, y);
    return tg_optimizer_updates(tg_graph_of(x), *loss, &sgd, updates, n);
}

/* Makes the leaves of the step; what else was recorded is dropped. */
static tg_status make_leaves(tg_graph *g, tg_tensor **x, tg_tensor **y)
{
    const int64_t inputs[2] = {BATCH, 784}, outputs[2] = {BATCH, 10}, weights[2][2] = {{784, 64}, {64, 10}};
    *x = tg_input(g, "x", TG_F32, 2, inputs);
    *y = tg_input(g, "y", TG_F32, 2, outputs);
    tg_state(g, "train.step", TG_I64, 0, NULL, NULL);
    tg_param_init(g, "net.1.W", TG_F32, 2, weights[0], TG_INIT_HE);
    tg_param_init(g, "net.1.b", TG_F32, 1, &weights[0][1], TG_INIT_ZEROS);
    tg_param_init(g, "net.2.W", TG_F32, 2, weights[1], TG_INIT_HE);
    tg_param_init(g, "net.2.b", TG_F32, 1, &weights[1][1], TG_INIT_ZEROS);
    return tg_graph_status(g);
}

static tg_status rerecord(tg_graph *g, tg_tensor *x, tg_tensor *y, overhead *o)
{
    static double record[RERECORDED], find[RERECORDED];
    const tg_mark mark = tg_get_mark(g);
    tg_function *first = NULL;
    tg_status status = TG_OK;
    for (int i = 0; i < RERECORDED && status == TG_OK; i++) {
        tg_tensor *loss;
        tg_update *updates;
        tg_function *f = NULL;
        int n;
        double start = now();
        status = record_step(x, y, &loss, &updates, &n);
        record[i] = now() - start;
        if (status != TG_OK) break;
        long long before = allocations;
        start = now();
        status = tg_compile(g, &loss, 1, updates, n, &f);
        find[i] = now() - start;
        o->allocs_to_find = (double)(allocations - before);
        tg_updates_free(updates);
        if (i > 0 && !tg_stats(f).from_cache) status = TG_ERR_ARGUMENT;
        if (i == 0)
            first = f;
        else
            tg_function_free(f);
        if (status == TG_OK) status = tg_rewind(g, mark);
    }
    o->record_step = median(record, RERECORDED);
    o->find_step = median(find, RERECORDED);
    tg_function_free(first);
    return status;
}

static tg_status count_allocations(tg_tensor *x, tg_tensor *y, overhead *o)
{
    static float data[BATCH * 784];
    const tg_optimizer sgd = TG_SGD(.rate = 0.01);
    tg_function *f;
    tg_status status = tg_train_step(tg_graph_of(x), record_loss(x, y), &sgd, &f);
    if (status == TG_OK) status = tg_bind(f, x, data);
    if (status == TG_OK) status = tg_bind(f, y, data);
    long long before = allocations;
    for (int i = 0; i < RUNS && status == TG_OK; i++) status = tg_run(f);
    o->allocs_per_run = (double)(allocations - before) / RUNS;
    tg_function_free(f);
    return status;
}

static int measure_step(overhead *o)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x, *y;
    tg_status status = make_leaves(g, &x, &y);
    if (status == TG_OK) status = rerecord(g, x, y, o);
    if (status == TG_OK) status = count_allocations(x, y, o);
    if (status != TG_OK)
        fprintf(stderr, "recording a step again: %s; %s\n", tg_status_name(status), tg_error(g));
    tg_graph_free(g);
    return status == TG_OK;
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

/* To the file, or nothing where path is NULL. 0 with a message when it cannot be written. */
static int write_file(const char *path, const overhead *o, void (*write)(FILE *, const overhead *))
{
    if (path == NULL) return 1;
    FILE *file = fopen(path, "w");
    if (file != NULL) write(file, o);
    if (file != NULL && fclose(file) == 0) return 1;
    perror(path);
    return 0;
}

static void write_json(FILE *file, const overhead *o)
{
    fprintf(
        file,
        "{\"record_ns_a_node\": %.2f, \"compile_1000000_nodes_ms\": %.2f, \"record_step_again_us\": %.3f, "
        "\"find_plan_us\": %.3f, \"allocations_to_find\": %.0f, \"allocations_a_run\": %g}\n",
        1e9 * o->record, 1e3 * o->compile, 1e6 * o->record_step, 1e6 * o->find_step, o->allocs_to_find,
        o->allocs_per_run);
}

static void write_row(FILE *file, const char *before, const char *name, double seconds)
{
    fprintf(file,
            "%s{\"name\": \"%s\", \"dtype\": \"f32\", \"threads\": 1, \"ours_us\": %.4f, \"hand_us\": null, "
            "\"torch_us\": null}",
            before, name, 1e6 * seconds);
}

static void write_rows(FILE *file, const overhead *o)
{
    write_row(file, "[", "record_node", o->record);
    write_row(file, ",\n ", "compile_1000000_nodes", o->compile);
    write_row(file, ",\n ", "record_step_again", o->record_step);
    write_row(file, ",\n ", "find_plan", o->find_step);
    fputs("]\n", file);
}

int main(int argc, char **argv)
{
    const char *json = NULL, *rows = NULL;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value != NULL && strcmp(argv[i], "--json") == 0)
            json = value;
        else if (value != NULL && strcmp(argv[i], "--rows") == 0)
            rows = value;
        else {
            fprintf(stderr, "usage: bench_overhead [--json FILE] [--rows FILE]\n");
            return 2;
        }
    }
    if (!pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    overhead o = {0};
    if (!measure_chain(&o) || !measure_step(&o)) return 1;
    printf("recording, elementwise chain          %10.1f ns a node\n", 1e9 * o.record);
    printf("tg_compile of a chain of 1,000,000    %10.1f ms\n", 1e3 * o.compile);
    printf("recording a step of 784-64-10 again   %10.1f us\n", 1e6 * o.record_step);
    printf("compiling it, its plan found ready    %10.1f us, %.0f allocations\n", 1e6 * o.find_step,
           o.allocs_to_find);
    printf("allocations in a run of it            %10g\n", o.allocs_per_run);
    int written = write_file(json, &o, write_json);
    return !write_file(rows, &o, write_rows) || !written;
}
