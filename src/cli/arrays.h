/* Arrays from files, by name. */
#ifndef TG_CLI_ARRAYS_H
#define TG_CLI_ARRAYS_H

#include "command.h"

typedef struct tg_loaded {
    char *name;
    tg_array *array;
    const char *from; /* the option's text */
    int is_state;     /* of a training run: not meant for the program */
} tg_loaded;

typedef struct tg_loaded_list {
    tg_loaded *items;
    int count;
} tg_loaded_list;

/* Adds the arrays of FILE.npz, FILE.safetensors or NAME=FILE.npy; one of the same name takes the place of an earlier
 * one. TG_EXIT_OK, or TG_EXIT_BAD with a message. */
int tg_load_arrays(const tg_command *command, const char *file, tg_loaded_list *list);
void tg_loaded_clear(tg_loaded_list *list);

/* The array with another element type; free it with tg_array_free. Every element must keep its value, but f64 to f32,
 * which rounds to nearest and refuses finite numbers that f32 cannot hold. NULL with *diag. */
tg_array *tg_array_as(const tg_array *array, tg_dtype dtype, tg_diag *diag);

#endif
