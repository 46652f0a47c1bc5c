/* The kernels of a compiled function, for `plan` and for the profile of `train`. */
#ifndef TG_CLI_STEPS_H
#define TG_CLI_STEPS_H

#include "command.h"

/* What a kernel reads or writes. */
typedef struct tg_step_place {
    tg_type type;
    char *name; /* of the input or param; NULL for what lies in between */
} tg_step_place;

typedef struct tg_step_row {
    tg_step_info info;
    tg_step_profile time;
    tg_step_place *places; /* the inputs and then the result */
} tg_step_row;

/* All of them, which need no function any more. */
typedef struct tg_step_list {
    tg_function_stats stats;
    tg_profile_total total;
    tg_step_row *rows; /* stats.steps of them */
} tg_step_list;

/* 0 when memory runs out; clear it in any case. */
int tg_steps_read(const tg_function *f, tg_step_list *list);
void tg_steps_clear(tg_step_list *list);

static inline double tg_step_bytes(const tg_step_row *row)
{
    return (double)row->info.bytes_read + (double)row->info.bytes_written;
}

/* "x.64 f32[64, 2], W f32[2, 3] -> f32[64, 3]" and the end of the line. */
void tg_step_print_places(FILE *to, const tg_step_row *row);
/* Its kernel, unit, work, inputs and output; NULL when memory runs out. */
json_t *tg_step_json(const tg_step_row *row);

#endif
