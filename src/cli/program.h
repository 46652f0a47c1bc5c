/* A program (.tg) with its data: read, bound, built. */
#ifndef TG_CLI_PROGRAM_H
#define TG_CLI_PROGRAM_H

#include "arrays.h"

typedef struct tg_program {
    const tg_command *command;
    const char *path;
    tg_model *model;
    tg_graph *graph;
    tg_loaded_list loaded;
} tg_program;

/* The options that tg_program_open reads, for the tables. */
#define TG_PROGRAM_OPTIONS                                                                                   \
    {"load",                                                                                                 \
     'l',                                                                                                    \
     "FILE",                                                                                                 \
     1,                                                                                                      \
     "Bind inputs and params by name to the arrays of FILE: .npz, .safetensors, or NAME=FILE.npy.",          \
     "FILE"},                                                                                                \
        {"dim", 'd', "N=8", 1, "Bind a named size.", NULL},                                                  \
    {                                                                                                        \
        "seed", 's', "S", 0, "Seed of the initialisers of params (0 when not given).", NULL                  \
    }

/* Reads a program; "-" is standard input. TG_EXIT_OK, or TG_EXIT_BAD with all its problems printed and *out NULL. */
int tg_program_read(const tg_command *command, const char *path, tg_model **out);
/* Binds the named sizes of --dim. TG_EXIT_OK, or TG_EXIT_BAD with a message. */
int tg_program_bind_dims(const tg_arguments *a, tg_model *m);

/* Reads the program that the first operand names, loads files, binds sizes, builds the graph and sets the values.
 * TG_EXIT_OK or TG_EXIT_BAD with a message; close it in both cases. */
int tg_program_open(const tg_arguments *a, tg_program *p);
/* The same in two steps, for who has to say something about sizes in between: up to the binding of sizes, and from the
 * building of the graph. */
int tg_program_load(const tg_arguments *a, tg_program *p);
int tg_program_build(const tg_arguments *a, tg_program *p);
/* Between the two: gives every size that is still free a small value, and says so on standard error. */
int tg_program_bind_free_sizes(const tg_program *p);
void tg_program_close(tg_program *p);

/* What is differentiated: the tensor that --of names, otherwise 'loss', otherwise the only output that is a floating
 * number. NULL with a message. */
tg_tensor *tg_program_result(const tg_program *p, const tg_arguments *a, const char **name);

/* The tensors that --out (or another option with a list of names) asks for; the program's outputs without it. Free
 * *names and *tensors with free, also after a failure; the names are the model's and the option's. */
typedef struct tg_selection {
    char **names; /* one block each */
    tg_tensor **tensors;
    int count;
} tg_selection;

int tg_program_select(const tg_program *p, const tg_arguments *a, const char *option,
                      tg_selection *selection);
void tg_selection_clear(tg_selection *selection);

/* Complains when an input that the tensors depend on has no value. */
int tg_program_require_values(const tg_program *p, tg_tensor *const *tensors, int n);

#endif
