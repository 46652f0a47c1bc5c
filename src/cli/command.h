/* The command from inside: what a subcommand is, its arguments, and how it speaks.
 *
 * One record describes a subcommand. Its table of options drives the reading of the command line, `--help`, the
 * man page and the completion, so that they cannot disagree. */
#ifndef TG_CLI_COMMAND_H
#define TG_CLI_COMMAND_H

#include <stdio.h>

#include <jansson.h>

#include <tapegrad/tapegrad.h>

/* Exit statuses. */
enum {
    TG_EXIT_OK = 0,
    TG_EXIT_NO = 1,  /* the answer is no: a check failed, a rule was refuted */
    TG_EXIT_BAD = 2, /* bad usage or bad input */
    TG_EXIT_INCONCLUSIVE = 3
};

typedef struct tg_option {
    const char *name;     /* without the dashes; NULL ends a table */
    char letter;          /* -o, or 0 */
    const char *argument; /* what follows it: "FILE"; NULL for a switch */
    int repeats;          /* may be given several times; of others the last one counts */
    const char *help;     /* one sentence */
    const char *choices;  /* the words that it accepts: "text dot svg"; "FILE" for any file; NULL */
} tg_option;

typedef struct tg_example {
    const char *command; /* NULL ends a list */
    const char *says;
} tg_example;

typedef struct tg_arguments tg_arguments;

typedef struct tg_command {
    const char *name;
    const char *summary;  /* half a sentence */
    const char *operands; /* "MODEL.tg", "[NAME]", "" */
    int least, most;      /* how many */
    const char *about;    /* paragraphs, with a blank line between them */
    const tg_option *options;
    const tg_example *examples;
    int (*run)(const tg_arguments *a); /* returns an exit status */
} tg_command;

/* Every subcommand, in the order of the help; i from 0, NULL beyond the end. */
const tg_command *tg_command_at(int i);

extern const tg_command tg_command_eval;
extern const tg_command tg_command_check;
extern const tg_command tg_command_train;
extern const tg_command tg_command_graph;
extern const tg_command tg_command_plan;
extern const tg_command tg_command_rules;
extern const tg_command tg_command_explain;
extern const tg_command tg_command_ops;
extern const tg_command tg_command_version;

/* ---- Arguments ---------------------------------------------------------------------------------------- */

typedef struct tg_given {
    const tg_option *option;
    const char *value; /* NULL for a switch */
} tg_given;

struct tg_arguments {
    const tg_command *command;
    tg_given *given;
    int n_given;
    const char **operands;
    int n_operands;
    int wants_help;
};

/* Reads what follows the subcommand's name in argv[0]. TG_EXIT_OK, or TG_EXIT_BAD with a message printed; clear it
 * in both cases. Strings stay argv's. */
int tg_arguments_read(const tg_command *command, int argc, char **argv, tg_arguments *a);
void tg_arguments_clear(tg_arguments *a);

/* Whether an option was given; its last value, or NULL; the i-th value of one that repeats, or NULL beyond the end. */
int tg_option_given(const tg_arguments *a, const char *name);
const char *tg_option_value(const tg_arguments *a, const char *name);
const char *tg_option_value_at(const tg_arguments *a, const char *name, int i);

/* Reads a whole number, nothing before it, and nothing behind it where end is NULL; else *end is what comes behind. 0 when
 * there is none within the bounds. */
int tg_read_integer(const char *text, const char **end, int64_t least, int64_t most, int64_t *value);
/* The same of any uint64_t, and all of the text. */
int tg_read_seed(const char *text, uint64_t *seed);

/* A number's value: *value is left alone when the option is not given. 0 with a message when it is no number or out
 * of range. */
int tg_option_integer(const tg_arguments *a, const char *name, int64_t least, int64_t most, int64_t *value);
int tg_option_real(const tg_arguments *a, const char *name, double least, double most, double *value);
int tg_option_seed(const tg_arguments *a, uint64_t *seed);

/* Threads: the value of --threads, or else that of the environment variable, or else 1. 0 with a message as above. */
#define TG_THREADS_VARIABLE "TAPEGRAD_THREADS"
#define TG_THREADS_OPTION                                                                                    \
    {                                                                                                        \
        "threads", 'j', "N", 0,                                                                              \
            "Threads to use (when not given: what the environment variable " TG_THREADS_VARIABLE             \
            " says, or else 1). Results do not depend on it.",                                               \
            NULL                                                                                             \
    }
int tg_option_threads(const tg_arguments *a, int *threads);

#define TG_WITHOUT_OPTION                                                                                    \
    {                                                                                                        \
        "without", 0, "PASSES", 0, "Passes of the planner to leave out, as fuse,view.", NULL                 \
    }
/* How --threads and --without say that functions are compiled. 0 with a message as above. */
int tg_option_compile(const tg_arguments *a, tg_compile_options *options);

/* The file of --save, or NULL. 0 with a message when its name is that of another format of arrays, as which it could
 * not be loaded again. */
int tg_option_save(const tg_arguments *a, const char *format, const char **path);

/* ---- Speaking ----------------------------------------------------------------------------------------- */

/* "tapegrad eval: …" on standard error. Returns TG_EXIT_BAD, so that a failing function can end with it. */
int tg_complain(const tg_command *command, const char *format, ...) TG_PRINTF(2, 3);
/* The same without counting as a failure: "tapegrad eval: note: …". */
void tg_note(const tg_command *command, const char *format, ...) TG_PRINTF(2, 3);

/* Writes a text to the file, which is replaced as a whole; to standard output where path is NULL or "-". */
int tg_text_write(const tg_command *command, const char *path, const char *text);

/* A file's name for texts that must be UTF-8: with ? for other bytes where it is not. New memory, or NULL. */
char *tg_utf8_name(const char *name);

/* Writes the object to standard output and releases it; NULL (out of memory) is a failure. */
int tg_json_print(const tg_command *command, json_t *object);
/* A number as JSON; those that JSON does not have become "nan", "inf" and "-inf". */
json_t *tg_json_real(double value);

/* Help, the man page and the completion, all from the records. */
void tg_help_overview(FILE *to);
void tg_help_command(FILE *to, const tg_command *command);
void tg_print_manual(FILE *to);
void tg_print_completion(FILE *to);

#endif
