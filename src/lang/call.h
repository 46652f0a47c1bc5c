/* The arguments of a call. */
#ifndef TG_LANG_CALL_H
#define TG_LANG_CALL_H

#include "evaluate.h"

#define TG_ARGUMENTS_MAX 64 /* of one call; concat and stack take a list */

/* What stands in the brackets of a call. */
typedef struct tg_arguments {
    uint32_t name; /* token of the function's name */
    tg_value values[TG_ARGUMENTS_MAX];
    uint32_t count;                         /* by position; the named ones follow */
    uint32_t named, keys[TG_ARGUMENTS_MAX]; /* tokens of the names, by place in values */
} tg_arguments;

/* Fills the attribute struct from the arguments beyond the first n_inputs, by position and by name, and from the
 * defaults. 0 with a problem. Without a graph, values may be unknown and are left out. */
int tg_read_attributes(tg_evaluator *e, const tg_op *op, const tg_arguments *a, uint32_t n_inputs,
                       char *bytes);

#endif
