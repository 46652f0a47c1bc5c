/* What every pass of the planner brings: training steps and functions of long arrays that are compiled without it beside the
 * same with all of them, in turns, so that what slows the machine down slows all.
 *
 *     bench_passes [--only NAME] [--type f32|f64] [--blocks N] [--threads N] [--json FILE] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_workload.h"
#include "options.h"
#include "ours.h"
#include "timing.h"

enum { MOST_PASSES = 31, MOST_SIDES = MOST_PASSES + 1, MAX_WORKLOADS = 16 };
/* A block is about this long, in seconds. */
#define BLOCK_TIME 0.01

/* One workload: side 0 has all passes, side i + 1 lacks pass i. */
typedef struct sides {
    const char *name;
    int n;
    our_net nets[MOST_SIDES]; /* of a long array: graph and function alone */
    batch data;               /* y is NULL for a long array */
} sides;

typedef enum measured { TIME, MEMORY, MEASURED } measured;

/* How often as long, and as large, something is without a pass as with all. */
typedef struct table {
    precision type;
    int threads, n_passes, n_workloads;
    const char *names[MAX_WORKLOADS];
    double ratio[MEASURED][MOST_PASSES][MAX_WORKLOADS];
} table;

/* ---- Measuring ---------------------------------------------------------------------------------------- */

static const char *without(int side)
{
    return side == 0 ? NULL : tg_pass_name(side - 1);
}

static int count_sides(void)
{
    int n = 1;
    while (n <= MOST_PASSES && tg_pass_name(n - 1) != NULL) n++;
    return n;
}

/* As our_make. */
static int make_array(our_net *net, const array_workload *w, const batch *data, int threads,
                      const char *passes_off)
{
    const tg_compile_options how = {.threads = threads, .passes_off = passes_off};
    *net = (our_net){.graph = tg_graph_new(NULL)};
    if (net->graph == NULL) return 0;
    tg_tensor *x = array_input(net->graph, w, data->type == F32 ? TG_F32 : TG_F64), *y = array_result(w, x);
    return tg_compile_with(net->graph, &y, 1, NULL, 0, &how, &net->step) == TG_OK &&
           tg_bind(net->step, x, data->x) == TG_OK;
}

/* These two make one workload: 0 with a message. clear_sides in both cases. */
static int make_steps(sides *s, const workload *w, precision type, int threads)
{
    *s = (sides){.name = w->name, .data.type = type, .n = count_sides()};
    int made = batch_make(&s->data, w);
    for (int i = 0; i < s->n && made; i++) made = our_make(&s->nets[i], w, &s->data, threads, without(i));
    if (!made) fprintf(stderr, "%s could not be made\n", w->name);
    return made;
}

static int make_arrays(sides *s, const array_workload *w, precision type, int threads)
{
    const int64_t count = w->rows * w->columns;
    *s = (sides){.name = w->name, .data.type = type, .n = count_sides()};
    s->data.x = malloc(bytes_of(type, (int)count));
    int made = s->data.x != NULL;
    if (made) array_fill(count, type == F32 ? TG_F32 : TG_F64, s->data.x);
    for (int i = 0; i < s->n && made; i++) made = make_array(&s->nets[i], w, &s->data, threads, without(i));
    if (!made) fprintf(stderr, "%s could not be made\n", w->name);
    return made;
}

static void clear_sides(sides *s)
{
    for (int i = 0; i < s->n; i++) our_free(&s->nets[i]);
    batch_free(&s->data);
}

/* The first step, which finds the caches full of another side's data, is left out. */
static double time_steps(const our_net *net, int steps)
{
    tg_run(net->step);
    double start = now();
    for (int i = 0; i < steps; i++) tg_run(net->step);
    return (now() - start) / steps;
}

static int steps_in_a_block(const our_net *net)
{
    int steps = 1;
    while (time_steps(net, steps) * steps < BLOCK_TIME) steps *= 2;
    return steps;
}

/* What a function needs of its own: results, what kernels use again, and params that lie in bands. */
static double memory_of(const our_net *net)
{
    tg_function_stats s = tg_stats(net->step);
    return (double)s.arena_bytes + (double)s.scratch_bytes + (double)s.bands_bytes;
}

static void measure(const sides *s, int blocks, table *t)
{
    static double times[MOST_SIDES][MAX_BLOCKS];
    int steps[MOST_SIDES];
    for (int i = 0; i < s->n; i++) steps[i] = steps_in_a_block(&s->nets[i]);
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < s->n; i++) times[i][b] = time_steps(&s->nets[i], steps[i]);
    for (int i = 1; i < s->n; i++) {
        double ratios[MAX_BLOCKS];
        for (int b = 0; b < blocks; b++) ratios[b] = times[i][b] / times[0][b];
        t->ratio[TIME][i - 1][t->n_workloads] = median(ratios, blocks);
        t->ratio[MEMORY][i - 1][t->n_workloads] = memory_of(&s->nets[i]) / memory_of(&s->nets[0]);
    }
    t->names[t->n_workloads++] = s->name;
    t->n_passes = s->n - 1;
}

/* Measures what was made, and frees it. */
static int finish(sides *s, int made, int blocks, table *t)
{
    if (made) measure(s, blocks, t);
    clear_sides(s);
    return made;
}

static int measure_all(table *t, const options *o)
{
    const workload *w;
    const array_workload *a;
    sides s;
    for (int i = 0; (w = workload_at(i)) != NULL; i++)
        if (is_wanted(o, w->name) && !finish(&s, make_steps(&s, w, t->type, t->threads), o->blocks, t))
            return 0;
    for (int i = 0; (a = array_workload_at(i)) != NULL; i++)
        if (is_wanted(o, a->name) && !finish(&s, make_arrays(&s, a, t->type, t->threads), o->blocks, t))
            return 0;
    return 1;
}

/* ---- Reporting ---------------------------------------------------------------------------------------- */

static int width_of(const char *name)
{
    return (int)strlen(name) + 2 < 7 ? 7 : (int)strlen(name) + 2;
}

static void print(const table *t, measured what)
{
    printf("%s without a pass over that with all, %s, threads: %d\n%-10s", what == TIME ? "Time" : "Memory",
           precision_names[t->type], t->threads, "");
    for (int i = 0; i < t->n_workloads; i++) printf("%*s", width_of(t->names[i]), t->names[i]);
    putchar('\n');
    for (int p = 0; p < t->n_passes; p++) {
        printf("%-10s", tg_pass_name(p));
        for (int i = 0; i < t->n_workloads; i++) printf("%*.2f", width_of(t->names[i]), t->ratio[what][p][i]);
        putchar('\n');
    }
    putchar('\n');
    fflush(stdout);
}

static void write_json(FILE *json, const table *t, const char *separator)
{
    for (int p = 0; p < t->n_passes; p++)
        for (int i = 0; i < t->n_workloads; i++) {
            fprintf(
                json,
                "%s{\"pass\": \"%s\", \"name\": \"%s\", \"dtype\": \"%s\", \"threads\": %d, \"time\": %.4f, "
                "\"memory\": %.4f}",
                separator, tg_pass_name(p), t->names[i], precision_names[t->type], t->threads,
                t->ratio[TIME][p][i], t->ratio[MEMORY][p][i]);
            separator = ",\n ";
        }
}

/* ---- The program -------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    options o;
    if (!read_options(argc, argv, 15, &o)) return 2;
    if (!pin_process(o.threads)) fprintf(stderr, "the process could not be pinned to its processors\n");
    FILE *json = o.json == NULL ? NULL : fopen(o.json, "w");
    if (o.json != NULL && json == NULL) {
        perror(o.json);
        return 1;
    }
    int failed = 0;
    const char *separator = "[";
    for (int type = 0; type < PRECISIONS && !failed; type++) {
        if (!o.types[type]) continue;
        table t = {.type = (precision)type, .threads = o.threads};
        failed = !measure_all(&t, &o);
        if (failed || t.n_workloads == 0) continue;
        print(&t, TIME);
        print(&t, MEMORY);
        if (json != NULL) write_json(json, &t, separator);
        separator = ",\n ";
    }
    if (json != NULL) fputs(*separator == '[' ? "[]\n" : "]\n", json);
    if (json != NULL && fclose(json) != 0) failed = 1;
    return failed;
}
