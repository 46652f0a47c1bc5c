/* tapegrad explain: a model's forward and backward equations, and why they are what they are. */
#include <stdlib.h>
#include <string.h>

#include "explain/text.h"
#include "lesson/build.h"
#include "lesson/why.h"
#include "program.h"

typedef struct explain_request {
    tg_program program;
    tg_tensor *loss;
    const char *loss_name;
    int convention; /* -1: none was asked for */
    int64_t sample;
} explain_request;

/* ---- The command line --------------------------------------------------------------------------------- */

static int read_request(explain_request *r, const tg_arguments *a)
{
    const char *convention = tg_option_value(a, "convention");
    r->convention = convention != NULL ? tg_convention_find(convention) : -1;
    r->sample = 1;
    if (!tg_option_integer(a, "sample", 1, INT64_MAX, &r->sample)) return TG_EXIT_BAD;
    int status = tg_program_load(a, &r->program);
    if (status == TG_EXIT_OK) status = tg_program_bind_free_sizes(&r->program);
    if (status == TG_EXIT_OK) status = tg_program_build(a, &r->program);
    if (status != TG_EXIT_OK) return status;
    r->loss = tg_program_result(&r->program, a, &r->loss_name);
    if (r->loss == NULL) return TG_EXIT_BAD;
    if (tg_count(r->loss) != 1)
        return tg_complain(a->command,
                           "'%s' has %lld elements; an explanation needs a single number to differentiate",
                           r->loss_name, (long long)tg_count(r->loss));
    return TG_EXIT_OK;
}

/* ---- --why -------------------------------------------------------------------------------------------- */

static int tell_why(const tg_arguments *a, explain_request *r, const char *name)
{
    tg_diag diag = {TG_OK, ""};
    const tg_program *p = &r->program;
    const char *format = tg_option_value(a, "format");
    uint64_t seed = 0;
    if (format != NULL && strcmp(format, "text") != 0)
        return tg_complain(p->command, "--why answers in text, not as --format %s", format);
    if (!tg_option_seed(a, &seed)) return TG_EXIT_BAD;
    tg_tensor *x = tg_model_find(p->model, name);
    if (x == NULL) return tg_complain(p->command, "--why: %s has no tensor '%s'", p->path, name);
    if (tg_dtype_of(x) != TG_F32 && tg_dtype_of(x) != TG_F64)
        return tg_complain(p->command, "--why: '%s' is no floating tensor, so it has no gradient", name);
    tg_lesson_task task = {.g = p->graph, .loss = r->loss, .seed = seed};
    if (tg_lesson_draw_inputs(&task, NULL) != TG_OK) return tg_complain(p->command, "out of memory");
    char *answer = tg_lesson_why(p->graph, r->loss, x, &diag);
    if (answer == NULL) return tg_complain(p->command, "%s: %s", p->path, diag.message);
    tg_text text = {0};
    tg_text_print(&text, "the gradient of '%s' by '%s' is %s", r->loss_name, name, answer);
    tg_text_free(answer);
    char *whole = tg_text_take(&text);
    if (whole == NULL) return tg_complain(p->command, "out of memory");
    int status = tg_text_write(p->command, tg_option_value(a, "output"), whole);
    tg_text_free(whole);
    return status;
}

/* ---- The lesson --------------------------------------------------------------------------------------- */

/* The tensors that have names. */
static tg_tensor **named_tensors(const tg_graph *g, int *n)
{
    int64_t all = tg_node_count(g);
    tg_tensor **named = calloc((size_t)all + 1, sizeof *named);
    *n = 0;
    for (int64_t id = 0; named != NULL && id < all; id++)
        if (tg_name(tg_node(g, id))[0] != '\0') named[(*n)++] = tg_node(g, id);
    return named;
}

static int write_lesson(const tg_arguments *a, const explain_request *r, const tg_lesson *lesson)
{
    const char *format = tg_option_value(a, "format");
    int view = r->convention >= 0 && lesson->n_views > r->convention ? r->convention : lesson->first;
    if (r->convention >= 0 && lesson->not_mlp != NULL)
        tg_note(a->command, "shown as the tape has it, in no convention: %s", lesson->not_mlp);
    char *text = format == NULL || strcmp(format, "text") == 0 ? tg_lesson_text(lesson, view)
                 : strcmp(format, "latex") == 0                ? tg_lesson_latex(lesson, view)
                                                               : tg_lesson_html(lesson);
    if (text == NULL) return tg_complain(a->command, "out of memory");
    int status = tg_text_write(a->command, tg_option_value(a, "output"), text);
    tg_text_free(text);
    return status;
}

static int explain(const tg_arguments *a, explain_request *r)
{
    const tg_program *p = &r->program;
    tg_diag diag = {TG_OK, ""};
    tg_lesson *lesson;
    uint64_t seed = 0;
    const char *slash = strrchr(p->path, '/');
    tg_lesson_task task = {.g = p->graph,
                           .loss = r->loss,
                           .loss_name = r->loss_name,
                           .model = slash != NULL ? slash + 1 : p->path,
                           .convention = r->convention,
                           .sample = r->sample - 1};
    if (!tg_option_seed(a, &seed)) return TG_EXIT_BAD;
    task.seed = seed;
    tg_tensor **named = named_tensors(p->graph, &task.n_named);
    task.named = named;
    if (named == NULL) return tg_complain(a->command, "out of memory");
    tg_status made = tg_lesson_build(&task, &lesson, &diag);
    free(named);
    if (made != TG_OK) return tg_complain(a->command, "%s: %s", p->path, diag.message);
    int status = write_lesson(a, r, lesson);
    tg_lesson_clear(lesson);
    free(lesson);
    return status;
}

static int run(const tg_arguments *a)
{
    explain_request r = {.program = {.command = a->command}};
    int status = read_request(&r, a);
    const char *why = tg_option_value(a, "why");
    if (status == TG_EXIT_OK) status = why != NULL ? tell_why(a, &r, why) : explain(a, &r);
    tg_program_close(&r.program);
    return status;
}

static const tg_option options[] = {
    TG_PROGRAM_OPTIONS,
    {"convention", 'c', "NAME", 0,
     "The notation: vector, jacobian, delta, rows or columns (the one that fits).",
     "vector jacobian delta rows columns"},
    {"format", 'f', "FORMAT", 0,
     "text, latex (a document to compile), or html (one page to step through) (text).", "text latex html"},
    {"output", 'o', "FILE", 0, "Write to FILE instead of standard output.", "FILE"},
    {"of", 0, "NAME", 0, "What is differentiated ('loss', or the only output that is a floating number).",
     NULL},
    {"sample", 0, "I", 0, "The example whose values are shown, from 1 (1).", NULL},
    {"why", 0, "NAME", 0, "Instead: why the gradient by NAME is zero, missing or not finite.", NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad explain net.tg", "the equations, values and proofs, in the notation that fits the model"},
    {"tapegrad explain net.tg --load data.npz --format html -o net.html",
     "one page with all notations, to step through"},
    {"tapegrad explain net.tg --convention delta --format latex -o net.tex", "a document"},
    {"tapegrad explain net.tg --why W1", "the path that made a gradient zero or NaN"},
    {NULL, NULL}};

const tg_command tg_command_explain = {
    "explain",
    "show and explain a model's forward and backward equations",
    "MODEL.tg",
    1,
    1,
    "Recognises a multilayer perceptron in a program, whatever its names, layout and spelling, and shows it as a "
    "backpropagation course would: the forward equations, the reverse pass in the order in which it runs, what each "
    "adjoint is called and why it is what it is, with shapes and the values of one example; and beside each the proof "
    "that what differentiation derives is the course's rule. Of any other model the derived equations are shown as the "
    "tape has them.\n\n"
    "Inputs that are not loaded are drawn at random, and named sizes that nothing binds are small.",
    options,
    examples,
    run};
