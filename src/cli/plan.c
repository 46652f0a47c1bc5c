/* tapegrad plan: the compiled schedule. */
#include <inttypes.h>

#include "print.h"
#include "program.h"

typedef struct totals {
    double flops, bytes;
} totals;

static void show_step(const tg_function *f, int64_t i, totals *sum)
{
    tg_step_info step = tg_step_at(f, i);
    char text[TG_TYPE_TEXT], line[600] = "";
    size_t length = 0;
    for (int k = 0; k < step.n_inputs && length < sizeof line - TG_TYPE_TEXT; k++) {
        tg_type type = tg_step_input(f, i, k);
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s", k > 0 ? ", " : "",
                                   tg_type_text(&type, text, sizeof text));
    }
    size_t bytes = step.bytes_read + step.bytes_written;
    printf("%4" PRId64 " %5" PRId64 "  %-12s %12.0f %12zu  %s -> %s\n", i, step.unit, step.op, step.flops,
           bytes, line, tg_type_text(&step.output, text, sizeof text));
    sum->flops += step.flops;
    sum->bytes += (double)bytes;
}

static int show(const tg_function *f)
{
    totals sum = {0, 0};
    tg_function_stats stats = tg_stats(f);
    printf("step  unit  kernel              flops        bytes  shapes\n");
    for (int64_t i = 0; i < stats.steps; i++) show_step(f, i, &sum);
    printf("\nkernels        %" PRId64 " in %" PRId64 " units, for %" PRId64
           " nodes\nflops          %.0f\nbytes moved    %.0f\n"
           "arena          %zu bytes (lower bound by lifetimes: %zu; without sharing: %zu)\n"
           "scratch        %zu bytes\n",
           stats.steps, stats.units, stats.nodes, sum.flops, sum.bytes, stats.arena_bytes, stats.live_bytes,
           stats.total_bytes, stats.scratch_bytes);
    return TG_EXIT_OK;
}

static json_t *type_as_json(const tg_type *type)
{
    return json_pack("{s:s, s:o}", "dtype", tg_dtype_name(type->dtype), "shape", tg_json_shape(type));
}

static json_t *json_step(const tg_function *f, int64_t i, totals *sum)
{
    tg_step_info step = tg_step_at(f, i);
    json_t *inputs = json_array();
    for (int k = 0; k < step.n_inputs; k++) {
        tg_type type = tg_step_input(f, i, k);
        json_array_append_new(inputs, type_as_json(&type));
    }
    sum->flops += step.flops;
    sum->bytes += (double)(step.bytes_read + step.bytes_written);
    return json_pack("{s:s, s:I, s:f, s:I, s:I, s:o, s:o}", "kernel", step.op, "unit", (json_int_t)step.unit,
                     "flops", step.flops, "bytes_read", (json_int_t)step.bytes_read, "bytes_written",
                     (json_int_t)step.bytes_written, "inputs", inputs, "output", type_as_json(&step.output));
}

static int show_json(const tg_command *command, const tg_function *f)
{
    totals sum = {0, 0};
    tg_function_stats stats = tg_stats(f);
    json_t *steps = json_array();
    for (int64_t i = 0; i < stats.steps; i++) json_array_append_new(steps, json_step(f, i, &sum));
    return tg_json_print(
        command, json_pack("{s:o, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I}", "steps", steps, "nodes",
                           (json_int_t)stats.nodes, "units", (json_int_t)stats.units, "flops", sum.flops,
                           "bytes", sum.bytes, "arena_bytes", (json_int_t)stats.arena_bytes,
                           "lower_bound_bytes", (json_int_t)stats.live_bytes, "unshared_bytes",
                           (json_int_t)stats.total_bytes, "scratch_bytes", (json_int_t)stats.scratch_bytes));
}

static int run(const tg_arguments *a)
{
    tg_program p;
    tg_selection s = {0};
    tg_function *f = NULL;
    int status = tg_program_open(a, &p);
    if (status == TG_EXIT_OK) status = tg_program_select(&p, a, "out", &s);
    const tg_compile_options compile = {.passes_off = tg_option_value(a, "without")};
    if (status == TG_EXIT_OK && tg_compile_with(p.graph, s.tensors, s.count, NULL, 0, &compile, &f) != TG_OK)
        status = tg_complain(a->command, "%s: %s", p.path, tg_error(p.graph));
    if (status == TG_EXIT_OK) status = tg_option_given(a, "json") ? show_json(a->command, f) : show(f);
    tg_function_free(f);
    tg_selection_clear(&s);
    tg_program_close(&p);
    return status;
}

static const tg_option options[] = {
    TG_PROGRAM_OPTIONS,
    {"out", 'o', "NAMES", 1, "What is computed, as a,b (the program's outputs).", NULL},
    {"without", 0, "PASSES", 0, "Passes of the planner to leave out, as fuse,view.", NULL},
    {"json", 0, NULL, 0, "Write one JSON object.", NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad plan model.tg --dim N=64", "the kernels that compute the outputs, their work and memory"},
    {"tapegrad plan model.tg --dim N=64 --out gW --json", "the same for one gradient, as JSON"},
    {"tapegrad plan model.tg --dim N=64 --without fuse", "what kernels cost that do not run together"},
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
    "share one arena; beside its size stands the most that is alive in one unit, each result in whole units of 64 "
    "bytes, below which no arrangement can go. Inputs need no data, but named sizes must be known.\n\n"
    "--without leaves out passes of the planner, to see what they bring: fuse (kernels that run together), view (reading "
    "through strides), loop (plain loops instead of a walk over axes), update and overwrite (results computed in params, "
    "and over what they are made of), place (results that share memory).",
    options,
    examples,
    run};
