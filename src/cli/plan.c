/* tapegrad plan: the compiled schedule. */
#include <inttypes.h>

#include "program.h"
#include "steps.h"
#include "train.h"

typedef struct totals {
    double flops, bytes;
} totals;

static totals sum_of(const tg_step_list *list)
{
    totals sum = {0, 0};
    for (int64_t i = 0; i < list->stats.steps; i++) {
        sum.flops += list->rows[i].info.flops;
        sum.bytes += tg_step_bytes(&list->rows[i]);
    }
    return sum;
}

static void show(const tg_step_list *list, int threads)
{
    const tg_function_stats *stats = &list->stats;
    totals sum = sum_of(list);
    printf("step  unit  kernel              flops        bytes  shapes\n");
    for (int64_t i = 0; i < stats->steps; i++) {
        const tg_step_row *row = &list->rows[i];
        printf("%4" PRId64 " %5" PRId64 "  %-12s %12.0f %12.0f  ", i, row->info.unit, row->info.op,
               row->info.flops, tg_step_bytes(row));
        tg_step_print_places(stdout, row);
    }
    printf("\nkernels        %" PRId64 " in %" PRId64 " units, for %" PRId64
           " nodes\nflops          %.0f\nbytes moved    %.0f\n"
           "peak memory    %zu bytes in the arena (lower bound by lifetimes: %zu; without sharing: %zu)\n"
           "scratch        %zu bytes",
           stats->steps, stats->units, stats->nodes, sum.flops, sum.bytes, stats->arena_bytes,
           stats->live_bytes, stats->total_bytes, stats->scratch_bytes);
    if (threads > 1) printf(" for each of %d threads", threads);
    putchar('\n');
    if (stats->params_in_bands > 0)
        printf("params         %" PRId64 " in bands, as products take them, in %zu bytes beside their own\n",
               stats->params_in_bands, stats->bands_bytes);
}

static int show_json(const tg_command *command, const tg_step_list *list, int threads)
{
    const tg_function_stats *stats = &list->stats;
    totals sum = sum_of(list);
    json_t *steps = json_array();
    for (int64_t i = 0; i < stats->steps; i++) json_array_append_new(steps, tg_step_json(&list->rows[i]));
    return tg_json_print(
        command, json_pack("{s:o, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "steps", steps,
                           "nodes", (json_int_t)stats->nodes, "units", (json_int_t)stats->units, "flops",
                           sum.flops, "bytes", sum.bytes, "arena_bytes", (json_int_t)stats->arena_bytes,
                           "lower_bound_bytes", (json_int_t)stats->live_bytes, "unshared_bytes",
                           (json_int_t)stats->total_bytes, "scratch_bytes", (json_int_t)stats->scratch_bytes,
                           "params_in_bands", (json_int_t)stats->params_in_bands, "bands_bytes",
                           (json_int_t)stats->bands_bytes, "threads", threads));
}

/* A step of training, as `train` compiles it. */
static int compile_step(const tg_program *p, const tg_arguments *a, const tg_compile_options *options,
                        tg_function **f)
{
    const train_settings settings = {.optimizer = tg_option_value(a, "optimizer")};
    const tg_optimizer optimizer = train_optimizer(&settings);
    const char *name;
    if (tg_option_given(a, "out"))
        return tg_complain(a->command, "--optimizer plans a step of training, which has no --out");
    tg_tensor *loss = tg_program_result(p, a, &name);
    if (loss == NULL) return TG_EXIT_BAD;
    if (tg_train_step_with(p->graph, loss, &optimizer, options, f) == TG_OK) return TG_EXIT_OK;
    return tg_complain(a->command, "%s: %s", p->path, tg_error(p->graph));
}

static int compile_outputs(const tg_program *p, const tg_arguments *a, const tg_compile_options *options,
                           tg_function **f)
{
    tg_selection s = {0};
    int status = tg_program_select(p, a, "out", &s);
    if (status == TG_EXIT_OK && tg_compile_with(p->graph, s.tensors, s.count, NULL, 0, options, f) != TG_OK)
        status = tg_complain(a->command, "%s: %s", p->path, tg_error(p->graph));
    tg_selection_clear(&s);
    return status;
}

static int run(const tg_arguments *a)
{
    tg_program p;
    tg_function *f = NULL;
    tg_step_list list = {0};
    tg_compile_options options;
    int status = tg_program_open(a, &p);
    if (status == TG_EXIT_OK && !tg_option_compile(a, &options)) status = TG_EXIT_BAD;
    if (status == TG_EXIT_OK)
        status = tg_option_given(a, "optimizer") ? compile_step(&p, a, &options, &f)
                                                 : compile_outputs(&p, a, &options, &f);
    if (status == TG_EXIT_OK && !tg_steps_read(f, &list)) status = tg_complain(a->command, "out of memory");
    if (status == TG_EXIT_OK && tg_option_given(a, "json"))
        status = show_json(a->command, &list, options.threads);
    else if (status == TG_EXIT_OK)
        show(&list, options.threads);
    tg_steps_clear(&list);
    tg_function_free(f);
    tg_program_close(&p);
    return status;
}

static const tg_option options[] = {
    TG_PROGRAM_OPTIONS,
    {"out", 'o', "NAMES", 1, "What is computed, as a,b (the program's outputs).", NULL},
    TG_THREADS_OPTION,
    TG_WITHOUT_OPTION,
    {"optimizer", 'O', "NAME", 0,
     "Plan a step of training instead, as train runs it: loss, gradients and updates by sgd, momentum, adam or adamw.",
     "sgd momentum adam adamw"},
    {"json", 0, NULL, 0, "Write one JSON object.", NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad plan model.tg --dim N=64", "the kernels that compute the outputs, their work and memory"},
    {"tapegrad plan model.tg --dim N=64 --out gW --json", "the same for one gradient, as JSON"},
    {"tapegrad plan model.tg --dim N=64 --without fuse", "what kernels cost that do not run together"},
    {"tapegrad plan model.tg --dim N=64 --optimizer adam", "a step of training with batches of 64"},
    {"tapegrad plan model.tg --dim N=64 --optimizer adam --threads 4",
     "the same for four threads, with the scratch memory of each"},
    {NULL, NULL}};

const tg_command tg_command_plan = {
    "plan",
    "show the compiled schedule: kernels, flops, bytes, memory",
    "MODEL.tg",
    1,
    1,
    "Compiles the outputs of a program and shows the kernels that a run calls, in order: the floating-point "
    "operations of each, the bytes that it reads and writes, and shapes. Kernels of one unit run together, on one "
    "block of rows after the other, and what passes between them stays in the cache and costs no bytes. Results "
    "share one arena; its size is the peak of memory, beside params and inputs, and with it stands the most that is "
    "alive in one unit, each result in whole units of 64 bytes, below which no arrangement can go. Inputs need no data, "
    "but named sizes must be known.\n\n"
    "--without leaves out passes of the planner, to see what they bring: fuse (kernels that run together), epilogue "
    "(products that are scaled, added and go through ReLU as they are made), view (reading through strides), loop (plain "
    "loops instead of a walk over axes), update and overwrite (results computed in params, and over what they are made "
    "of), place (results that share memory), small (tiny arrays in vector registers), chain (results that go from one "
    "elementwise operation to the next in registers), depth (threads that share out the sums of a product whose rows and "
    "columns are few), bands (large params that lie between runs as products take them).",
    options,
    examples,
    run};
