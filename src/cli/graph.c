/* tapegrad graph: the tape, with or without the reverse pass. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "graph_dot.h"
#include "program.h"

extern char **environ;

/* ---- What is shown ------------------------------------------------------------------------------------ */

/* The tensor to differentiate: --of, otherwise the output 'loss', otherwise the first output that is a number. */
static tg_tensor *find_scalar(const tg_program *p, const tg_arguments *a, const char **name)
{
    tg_tensor *t;
    *name = tg_option_value(a, "of");
    if (*name != NULL) {
        t = tg_model_find(p->model, *name);
        if (t == NULL) tg_complain(p->command, "--of: %s has no tensor '%s'", p->path, *name);
        return t;
    }
    *name = "loss";
    if ((t = tg_model_find(p->model, *name)) != NULL) return t;
    for (int i = 0; (*name = tg_model_output_at(p->model, i, &t)) != NULL; i++)
        if (t != NULL && tg_count(t) == 1) return t;
    tg_complain(p->command, "%s has no output with one element to differentiate; give --of NAME", p->path);
    return NULL;
}

/* The params, unless --wrt names others. */
static int find_variables(const tg_program *p, const tg_arguments *a, tg_selection *wrt)
{
    if (tg_option_given(a, "wrt")) return tg_program_select(p, a, "wrt", wrt);
    int64_t n = tg_param_count(p->graph);
    *wrt = (tg_selection){.tensors = calloc((size_t)n + 1, sizeof(tg_tensor *))};
    if (wrt->tensors == NULL) return tg_complain(p->command, "out of memory");
    for (int64_t i = 0; i < n; i++) wrt->tensors[i] = tg_param_at(p->graph, i);
    if (n == 0)
        return tg_complain(p->command, "%s has no params; name what to differentiate by with --wrt", p->path);
    return TG_EXIT_OK;
}

/* Adds the gradients to the selection's tensors, with names. How many, or -1 with a message. */
static int add_gradients(const tg_program *p, const tg_arguments *a, tg_selection *s)
{
    const char *of;
    tg_tensor *y = find_scalar(p, a, &of), **grown;
    tg_selection wrt = {0};
    if (y == NULL) return -1;
    int status = find_variables(p, a, &wrt), n = wrt.count > 0 ? wrt.count : (int)tg_param_count(p->graph);
    if (status == TG_EXIT_OK) {
        grown = realloc(s->tensors, ((size_t)s->count + (size_t)n + 1) * sizeof(tg_tensor *));
        if (grown != NULL) s->tensors = grown;
        if (grown == NULL)
            status = tg_complain(p->command, "out of memory");
        else if (tg_grad(p->graph, y, wrt.tensors, n, s->tensors + s->count) != TG_OK)
            status = tg_complain(p->command, "%s: %s", p->path, tg_error(p->graph));
    }
    for (int i = 0; status == TG_EXIT_OK && i < n; i++) {
        char name[256];
        snprintf(name, sizeof name, "d%.100s/d%.100s", of, tg_name(wrt.tensors[i]));
        tg_set_name(s->tensors[s->count + i], name);
    }
    tg_selection_clear(&wrt);
    return status == TG_EXIT_OK ? n : -1;
}

/* ---- Output ------------------------------------------------------------------------------------------- */

/* Runs `dot -Tsvg` between two files. 0, or why it failed as an errno; -1 when dot itself did. */
static int run_dot(FILE *from, FILE *to)
{
    char program[] = "dot", format[] = "-Tsvg", *const arguments[] = {program, format, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status, why = posix_spawn_file_actions_init(&actions);
    if (why != 0) return why;
    why = posix_spawn_file_actions_adddup2(&actions, fileno(from), 0);
    if (why == 0) why = posix_spawn_file_actions_adddup2(&actions, fileno(to), 1);
    if (why == 0) why = posix_spawnp(&child, "dot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (why != 0) return why;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int write_drawing(const tg_arguments *a, FILE *svg)
{
    long size = fseek(svg, 0, SEEK_END) == 0 ? ftell(svg) : -1;
    char *text = size >= 0 ? malloc((size_t)size + 1) : NULL;
    int status = TG_EXIT_BAD;
    rewind(svg);
    if (text != NULL && fread(text, 1, (size_t)size, svg) == (size_t)size) {
        text[size] = '\0';
        status = tg_text_write(a->command, tg_option_value(a, "output"), text);
    } else {
        tg_complain(a->command, "cannot read what dot drew");
    }
    free(text);
    return status;
}

static int write_svg(const tg_arguments *a, const char *dot)
{
    FILE *from = tmpfile(), *to = tmpfile();
    int status = TG_EXIT_BAD;
    if (from == NULL || to == NULL || fputs(dot, from) < 0 || fflush(from) != 0) {
        tg_complain(a->command, "cannot make a temporary file: %s", strerror(errno));
    } else {
        rewind(from);
        int why = run_dot(from, to);
        if (why == ENOENT)
            tg_complain(a->command,
                        "--format svg needs Graphviz's 'dot', which is not installed (on Debian and "
                        "Ubuntu: apt-get install graphviz); --format dot and text do not");
        else if (why != 0)
            tg_complain(a->command, "dot failed%s%s", why > 0 ? ": " : "", why > 0 ? strerror(why) : "");
        else
            status = write_drawing(a, to);
    }
    if (from != NULL) fclose(from);
    if (to != NULL) fclose(to);
    return status;
}

static int write_graph(const tg_program *p, const tg_arguments *a, const tg_selection *s, int n)
{
    const char *format = tg_option_value(a, "format");
    const char *slash = strrchr(p->path, '/'), *title = slash == NULL ? p->path : slash + 1;
    int is_text = format == NULL || strcmp(format, "text") == 0;
    char *text = is_text ? tg_listing(p->graph, s->tensors, n) : tg_graph_dot(p->graph, s->tensors, n, title);
    if (text == NULL) return tg_complain(p->command, "out of memory");
    int status = !is_text && strcmp(format, "svg") == 0
                     ? write_svg(a, text)
                     : tg_text_write(p->command, tg_option_value(a, "output"), text);
    tg_text_free(text);
    return status;
}

static int run(const tg_arguments *a)
{
    tg_program p;
    tg_selection s = {0};
    int status = tg_program_open(a, &p);
    if (status == TG_EXIT_OK) status = tg_program_select(&p, a, "out", &s);
    int n = s.count;
    if (status == TG_EXIT_OK &&
        (tg_option_given(a, "grad") || tg_option_given(a, "of") || tg_option_given(a, "wrt"))) {
        int added = add_gradients(&p, a, &s);
        status = added < 0 ? TG_EXIT_BAD : TG_EXIT_OK;
        n += added;
    }
    if (status == TG_EXIT_OK) status = write_graph(&p, a, &s, n);
    tg_selection_clear(&s);
    tg_program_close(&p);
    return status;
}

static const tg_option options[] = {
    {"grad", 'g', NULL, 0, "Add the reverse pass: the gradients of the loss by the params.", NULL},
    {"of", 0, "NAME", 0, "What to differentiate (the output 'loss', or the first that has one element).",
     NULL},
    {"wrt", 0, "NAMES", 1, "By what to differentiate, as a,b (all params).", NULL},
    {"out", 0, "NAMES", 1, "The tensors to show, as a,b (the program's outputs).", NULL},
    {"format", 'f', "FORMAT", 0,
     "text: the tape, one node a line; dot: a drawing for Graphviz; svg: the same drawn by Graphviz's 'dot'.",
     "text dot svg"},
    {"output", 'o', "FILE", 0, "Write to FILE instead of standard output.", "FILE"},
    TG_PROGRAM_OPTIONS,
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad graph model.tg --dim N=8", "the tape as text"},
    {"tapegrad graph model.tg --dim N=8 --grad --format svg -o model.svg",
     "a drawing with the reverse pass beside the forward one"},
    {"tapegrad graph model.tg --of loss --wrt W1 --format dot | dot -Tpdf > model.pdf",
     "one gradient, on paper"},
    {NULL, NULL}};

const tg_command tg_command_graph = {
    "graph",
    "show the tape, with or without the reverse pass",
    "MODEL.tg",
    1,
    1,
    "Shows the operations that a program records, and with --grad those of its reverse pass. In drawings nodes are "
    "grouped by layer: the number that ends a name tells its layer (W1, b1 and a1 are of layer 1), and what has no "
    "name belongs to the assignment that it was recorded for. Constants stand in the labels of what uses them; "
    "broadcasts, reshapes and transposes stand on the edges, which show shapes.",
    options,
    examples,
    run};
