/* tapegrad check: are a program's derivatives right? */
#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is checked -------------------------------------------------------------------------------------- */

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

static int add(check_request *r, tg_tensor *x, const char *name)
{
    char text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(x);
    if (!is_floating(x))
        return tg_complain(r->program.command, "--wrt: '%s' is %s; only f32 and f64 tensors have derivatives",
                           name, tg_type_text(&type, text, sizeof text));
    for (int i = 0; i < r->n; i++)
        if (r->xs[i] == x)
            return tg_complain(r->program.command, "--wrt: '%s' and '%s' are the same tensor", r->names[i],
                               name);
    r->xs[r->n] = x;
    r->names[r->n++] = name;
    return TG_EXIT_OK;
}

/* --wrt, otherwise all params, otherwise the floating inputs that y depends on. */
static int find_variables(check_request *r, const tg_arguments *a)
{
    const tg_program *p = &r->program;
    int status = TG_EXIT_OK, declared = tg_model_declaration_count(p->model);
    if (tg_option_given(a, "wrt")) status = tg_program_select(p, a, "wrt", &r->wrt);
    size_t room = (size_t)(declared > r->wrt.count ? declared : r->wrt.count) + 1;
    r->xs = calloc(room, sizeof(tg_tensor *));
    r->names = calloc(room, sizeof *r->names);
    if (r->xs == NULL || r->names == NULL) return tg_complain(p->command, "out of memory");
    for (int i = 0; i < r->wrt.count && status == TG_EXIT_OK; i++)
        status = add(r, r->wrt.tensors[i], r->wrt.names[i]);
    if (status != TG_EXIT_OK || r->n > 0) return status;
    for (int inputs = 0; inputs <= 1 && r->n == 0; inputs++)
        for (int i = 0; i < declared; i++) {
            tg_declaration d = tg_model_declaration_at(p->model, i);
            tg_tensor *x = tg_find(p->graph, d.name);
            if (d.is_input == inputs && is_floating(x) && (!inputs || tg_depends_on(r->y, x)))
                add(r, x, d.name);
        }
    if (r->n > 0) return TG_EXIT_OK;
    return tg_complain(p->command,
                       "'%s' depends on no floating param or input; --wrt names what to differentiate by",
                       r->of);
}

/* ---- Running ---------------------------------------------------------------------------------------------- */

int check_exit_status(tg_verdict verdict)
{
    return verdict == TG_PASS ? TG_EXIT_OK : verdict == TG_FAIL ? TG_EXIT_NO : TG_EXIT_INCONCLUSIVE;
}

/* A text of the library's, written and freed. */
int check_write(const tg_command *command, const char *path, char *text)
{
    int status = text == NULL ? tg_complain(command, "out of memory") : tg_text_write(command, path, text);
    tg_text_free(text);
    return status;
}

static int write_report(const check_request *r, const tg_arguments *a, const tg_check_report *report)
{
    const tg_command *command = a->command;
    const char *junit = tg_option_value(a, "junit"), *reproducer = tg_option_value(a, "reproducer");
    int status = TG_EXIT_OK;
    if (junit != NULL) {
        char *suite = tg_utf8_name(r->program.path);
        status = check_write(command, junit, suite == NULL ? NULL : tg_check_junit(report, suite));
        free(suite);
    }
    if (status == TG_EXIT_OK && reproducer != NULL) {
        if (report->reproducer != NULL)
            status = tg_text_write(command, reproducer, report->reproducer);
        else
            tg_note(command, "there is nothing to reproduce; %s is not written", reproducer);
    }
    if (status != TG_EXIT_OK) return status;
    return check_write(command, NULL,
                       tg_option_given(a, "json") ? tg_check_json(report) : tg_check_text(report));
}

/* What the command line says of how to check; order is 0 when it says nothing. 0 with a message. */
static int read_options(const tg_arguments *a, tg_check_options *options)
{
    int64_t order = 0;
    if (!tg_option_seed(a, &options->seed) || !tg_option_integer(a, "order", 1, 2, &order) ||
        !tg_option_real(a, "rtol", 1e-15, 1, &options->rtol))
        return 0;
    options->order = (int)order;
    return 1;
}

static int check_program(check_request *r, const tg_arguments *a, tg_check_options options)
{
    tg_check_report *report;
    options.of = r->of;
    options.names = r->names;
    if (options.order == 0) options.order = 1;
    const char *steps = tg_option_value(a, "steps");
    if (steps != NULL && check_steps(r, steps, &options) != TG_EXIT_OK) return TG_EXIT_BAD;
    tg_verdict verdict = tg_check(r->program.graph, r->y, r->xs, r->n, &options, &report);
    if (report == NULL) return tg_complain(a->command, "out of memory");
    int status = write_report(r, a, report);
    tg_check_free(report);
    return status == TG_EXIT_OK ? check_exit_status(verdict) : status;
}

static int run_program(const tg_arguments *a, const tg_check_options *options)
{
    check_request r = {0};
    int status = tg_program_load(a, &r.program);
    if (status == TG_EXIT_OK) status = tg_program_bind_free_sizes(&r.program);
    if (status == TG_EXIT_OK) status = tg_program_build(a, &r.program);
    if (status == TG_EXIT_OK) {
        r.y = tg_program_result(&r.program, a, &r.of);
        status = r.y == NULL ? TG_EXIT_BAD : find_variables(&r, a);
    }
    if (status == TG_EXIT_OK) status = check_program(&r, a, *options);
    free(r.xs);
    free(r.names);
    tg_selection_clear(&r.wrt);
    tg_program_close(&r.program);
    return status;
}

static int run(const tg_arguments *a)
{
    tg_check_options given = {0};
    int library = tg_option_given(a, "library");
    if (a->n_operands == 0 && !library)
        return tg_complain(a->command, "expected 'tapegrad check MODEL.tg' or 'tapegrad check --library'; "
                                       "'tapegrad check --help' says more");
    for (int i = 0; library && i < a->n_given; i++) {
        const char *name = a->given[i].option->name;
        int fits = strcmp(name, "library") == 0 || strcmp(name, "json") == 0 || strcmp(name, "order") == 0 ||
                   strcmp(name, "seed") == 0 || strcmp(name, "rtol") == 0;
        if (!fits)
            return tg_complain(a->command, "--%s is for the check of a program, not for --library", name);
    }
    if (library && a->n_operands > 0)
        return tg_complain(a->command,
                           "--library checks the library's operations, not a program; found '%s' too",
                           a->operands[0]);
    if (!read_options(a, &given)) return TG_EXIT_BAD;
    return library ? check_library(a, &given) : run_program(a, &given);
}

static const tg_option options[] = {
    TG_PROGRAM_OPTIONS,
    {"of", 0, "NAME", 0, "What to differentiate ('loss', or the only output that is a floating number).",
     NULL},
    {"wrt", 0, "NAMES", 1, "By what, as a,b (all params; without params the floating inputs).", NULL},
    {"order", 0, "ORDER", 0,
     "1: first derivatives; 2: the derivatives of the gradient too (1; with --library 2).", "1 2"},
    {"library", 0, NULL, 0, "Check every operation of the library instead of a program.", NULL},
    {"rtol", 0, "X", 0, "The relative error that is allowed (1e-6).", NULL},
    {"json", 0, NULL, 0, "Write one JSON object: {\"status\", \"of\", \"dtype\", \"checks\": [...]}.", NULL},
    {"junit", 0, "FILE", 0, "Write the results to FILE as JUnit XML too.", "FILE"},
    {"reproducer", 0, "FILE.tg", 0, "When a rule is wrong, write a program that has it alone.", "FILE"},
    {"steps", 0, "FILE.svg", 0, "Draw how the error of a difference depends on its step.", "FILE"},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad check model.tg --load data.npz", "the gradients of 'loss' by all params, at the data"},
    {"tapegrad check model.tg --of pred --wrt x,W1 --order 2", "of a tensor of any shape, to second order"},
    {"tapegrad check model.tg --json --junit results.xml", "for programs and for CI"},
    {"tapegrad check --library", "every operation, by the cases that its record lists"},
    {NULL, NULL}};

const tg_command tg_command_check = {
    "check",
    "check derivatives numerically",
    "[MODEL.tg]",
    0,
    1,
    "Holds the derivatives that reverse mode gives against numerical ones (central differences, extrapolated, with an "
    "error estimate) and against forward mode, in f64 even for an f32 program. The exit status is 0 when everything "
    "agrees, 1 when something is wrong, and 3 when neither can be said: a gradient that is zero everywhere proves "
    "nothing, and does not pass.\n\n"
    "Inputs that are not loaded are drawn, params that are not loaded begin as their initialisers and the seed say, "
    "and named sizes that nothing binds are small. A tensor that is not a number is weighed with a random adjoint. "
    "Kinks (relu, abs, max, …) are found from the branches that the operations take, and are counted. When a rule "
    "is wrong, the report says what the error looks like, names the first operation whose own rule fails, and shows a "
    "program with that operation alone.",
    options,
    examples,
    run};
