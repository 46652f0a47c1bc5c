/* Reading a subcommand's arguments by its table. */
#define _GNU_SOURCE /* getopt_long */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "lang/problems.h"

#define HELP 1000 /* getopt's value of --help; those of the other options count from 1001 */

/* getopt's own tables, made from the command's. */
typedef struct tables {
    struct option *longs;
    char *shorts;
    int n;
} tables;

static int make_tables(const tg_command *command, tables *t)
{
    while (command->options[t->n].name != NULL) t->n++;
    t->longs = calloc((size_t)t->n + 2, sizeof *t->longs);
    t->shorts = calloc(2 * (size_t)t->n + 4, 1);
    if (t->longs == NULL || t->shorts == NULL) return 0;
    char *letter = t->shorts;
    *letter++ = ':';
    *letter++ = 'h';
    for (int i = 0; i < t->n; i++) {
        const tg_option *o = &command->options[i];
        t->longs[i] = (struct option){o->name, o->argument != NULL ? required_argument : no_argument, NULL,
                                      HELP + 1 + i};
        if (o->letter == 0) continue;
        *letter++ = o->letter;
        if (o->argument != NULL) *letter++ = ':';
    }
    t->longs[t->n] = (struct option){"help", no_argument, NULL, HELP};
    return 1;
}

static const tg_option *option_of(const tg_command *command, const tables *t, int code)
{
    if (code > HELP && code <= HELP + t->n) return &command->options[code - HELP - 1];
    for (int i = 0; i < t->n; i++)
        if (command->options[i].letter != 0 && command->options[i].letter == code)
            return &command->options[i];
    return NULL;
}

static int unknown_option(const tg_command *command, const char *text)
{
    const char *best = NULL;
    int distance = 3;
    const char *name = text + strspn(text, "-");
    for (const tg_option *o = command->options; o->name != NULL; o++)
        tg_suggest(name, (uint32_t)strcspn(name, "="), o->name, &best, &distance);
    return tg_complain(command, "there is no option '%s'; %s%s%s'tapegrad %s --help' lists the options", text,
                       best == NULL ? "" : "did you mean '--", best == NULL ? "" : best,
                       best == NULL ? "" : "'? ", command->name);
}

static int accepts(const tg_option *o, const char *value)
{
    if (o->choices == NULL || strcmp(o->choices, "FILE") == 0) return 1;
    size_t n = strlen(value);
    for (const char *c = o->choices; *c != '\0'; c += strspn(c, " ")) {
        size_t length = strcspn(c, " ");
        if (length == n && memcmp(c, value, n) == 0) return 1;
        c += length;
    }
    return 0;
}

/* What getopt found wrong. */
static int report(const tg_command *command, const tables *t, int code, char **argv)
{
    const tg_option *o = option_of(command, t, optopt);
    if (code == ':' && o != NULL)
        return tg_complain(command, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
    if (o != NULL && optopt > HELP) return tg_complain(command, "--%s takes no value", o->name);
    char letter[3] = {'-', (char)optopt, '\0'};
    int is_letter = optopt > 0 && optopt < 128;
    return unknown_option(command, is_letter ? letter : argv[optind - 1]);
}

static int read_options(const tg_command *command, const tables *t, int argc, char **argv, tg_arguments *a)
{
    int code;
    opterr = 0;
    optind = 1;
    while ((code = getopt_long(argc, argv, t->shorts, t->longs, NULL)) != -1) {
        if (code == 'h' || code == HELP) {
            a->wants_help = 1;
            continue;
        }
        if (code == '?' || code == ':') return report(command, t, code, argv);
        const tg_option *o = option_of(command, t, code);
        if (o->argument != NULL && !accepts(o, optarg))
            return tg_complain(command, "--%s: expected one of: %s; found '%s'", o->name, o->choices, optarg);
        a->given[a->n_given++] = (tg_given){o, optarg};
    }
    while (optind < argc) a->operands[a->n_operands++] = argv[optind++];
    if (a->wants_help) return TG_EXIT_OK;
    if (a->n_operands < command->least)
        return tg_complain(command, "expected 'tapegrad %s %s'; 'tapegrad %s --help' says more",
                           command->name, command->operands, command->name);
    if (a->n_operands > command->most)
        return tg_complain(command, "'%s' is one argument too many; 'tapegrad %s --help' says more",
                           a->operands[command->most], command->name);
    return TG_EXIT_OK;
}

int tg_arguments_read(const tg_command *command, int argc, char **argv, tg_arguments *a)
{
    tables t = {0};
    *a = (tg_arguments){.command = command};
    /* A cluster of switches, -abc, is one argument with several options. */
    size_t most = 1;
    for (int i = 0; i < argc; i++) most += strlen(argv[i]) + 1;
    a->given = calloc(most, sizeof *a->given);
    a->operands = calloc((size_t)argc + 1, sizeof *a->operands);
    int status = a->given != NULL && a->operands != NULL && make_tables(command, &t)
                     ? read_options(command, &t, argc, argv, a)
                     : tg_complain(command, "out of memory");
    free(t.longs);
    free(t.shorts);
    return status;
}

void tg_arguments_clear(tg_arguments *a)
{
    free(a->given);
    free(a->operands);
    *a = (tg_arguments){0};
}

/* ---- Values ------------------------------------------------------------------------------------------- */

int tg_option_given(const tg_arguments *a, const char *name)
{
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, name) == 0) return 1;
    return 0;
}

const char *tg_option_value(const tg_arguments *a, const char *name)
{
    for (int i = a->n_given - 1; i >= 0; i--)
        if (strcmp(a->given[i].option->name, name) == 0) return a->given[i].value;
    return NULL;
}

const char *tg_option_value_at(const tg_arguments *a, const char *name, int i)
{
    for (int k = 0; k < a->n_given; k++)
        if (strcmp(a->given[k].option->name, name) == 0 && i-- == 0) return a->given[k].value;
    return NULL;
}

int tg_read_integer(const char *text, const char **end, int64_t least, int64_t most, int64_t *value)
{
    const char first = text[0] == '-' ? text[1] : text[0];
    char *stop;
    if (first < '0' || first > '9') return 0;
    errno = 0;
    long long number = strtoll(text, &stop, 10);
    if (errno != 0 || number < least || number > most || (end == NULL && *stop != '\0')) return 0;
    if (end != NULL) *end = stop;
    *value = number;
    return 1;
}

int tg_option_integer(const tg_arguments *a, const char *name, int64_t least, int64_t most, int64_t *value)
{
    const char *text = tg_option_value(a, name);
    if (text == NULL || tg_read_integer(text, NULL, least, most, value)) return 1;
    tg_complain(a->command, "--%s: expected a whole number from %" PRId64 " to %" PRId64 ", found '%s'", name,
                least, most, text);
    return 0;
}

int tg_option_threads(const tg_arguments *a, int *threads)
{
    int64_t n = 1;
    const char *text = getenv(TG_THREADS_VARIABLE);
    if (!tg_option_integer(a, "threads", 1, TG_MAX_THREADS, &n)) return 0;
    if (!tg_option_given(a, "threads") && text != NULL && *text != '\0' &&
        !tg_read_integer(text, NULL, 1, TG_MAX_THREADS, &n)) {
        tg_complain(a->command, TG_THREADS_VARIABLE ": expected a whole number from 1 to %d, found '%s'",
                    TG_MAX_THREADS, text);
        return 0;
    }
    *threads = (int)n;
    return 1;
}

/* The names of the planner's passes, as a list. */
static void pass_names(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; tg_pass_name(i) != NULL && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "", tg_pass_name(i));
}

int tg_option_compile(const tg_arguments *a, tg_compile_options *options)
{
    *options = (tg_compile_options){.passes_off = tg_option_value(a, "without")};
    const char *name = options->passes_off == NULL ? "" : options->passes_off;
    while (*name != '\0') {
        size_t length = strcspn(name, ",");
        int i = 0;
        while (tg_pass_name(i) != NULL &&
               !(strlen(tg_pass_name(i)) == length && memcmp(tg_pass_name(i), name, length) == 0))
            i++;
        if (tg_pass_name(i) == NULL) {
            char names[200];
            pass_names(names, sizeof names);
            tg_complain(a->command, "--without: there is no pass '%.*s'; there are %s",
                        (int)(length < 40 ? length : 40), name, names);
            return 0;
        }
        name += length + (name[length] == ',');
    }
    return tg_option_threads(a, &options->threads);
}

int tg_option_save(const tg_arguments *a, const char *format, const char **path)
{
    static const char *const formats[] = {".npz", ".npy", ".safetensors"};
    *path = tg_option_value(a, "save");
    if (*path != NULL && strcmp(*path, "-") == 0) {
        tg_complain(a->command,
                    "--save -: expected a file's name; arrays are not written to standard output");
        return 0;
    }
    size_t length = *path == NULL ? 0 : strlen(*path);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t n = strlen(formats[i]);
        if (length <= n || strcmp(*path + length - n, formats[i]) != 0 || strcmp(formats[i], format) == 0)
            continue;
        tg_complain(a->command, "--save %s: expected a name that ends in %s, which is what is written", *path,
                    format);
        return 0;
    }
    return 1;
}

int tg_option_real(const tg_arguments *a, const char *name, double least, double most, double *value)
{
    const char *text = tg_option_value(a, name);
    char *end;
    if (text == NULL) return 1;
    double number = strtod(text, &end);
    if (end != text && *end == '\0' && number >= least && number <= most) {
        *value = number;
        return 1;
    }
    tg_complain(a->command, "--%s: expected a number from %g to %g, found '%s'", name, least, most, text);
    return 0;
}

int tg_read_seed(const char *text, uint64_t *seed)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') return 0;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0') return 0;
    *seed = number;
    return 1;
}

int tg_option_seed(const tg_arguments *a, uint64_t *seed)
{
    const char *text = tg_option_value(a, "seed");
    if (text == NULL || tg_read_seed(text, seed)) return 1;
    tg_complain(a->command, "--seed: expected a whole number from 0 to %" PRIu64 ", found '%s'", UINT64_MAX,
                text);
    return 0;
}
