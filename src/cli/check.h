/* What the parts of tapegrad check share. */
#ifndef TG_CLI_CHECK_H
#define TG_CLI_CHECK_H

#include "program.h"

/* dy/dxs of a program. */
typedef struct check_request {
    tg_program program;
    tg_selection wrt;
    tg_tensor *y, **xs;
    const char *of, **names;
    int n;
} check_request;

int check_exit_status(tg_verdict verdict);
/* Writes a text of the library's to the file, or to standard output where path is NULL, and frees it. */
int check_write(const tg_command *command, const char *path, char *text);

/* Checks every operation of the library. An exit status. */
int check_library(const tg_arguments *a, const tg_check_options *options);

/* Writes how the error of a difference depends on its step as an SVG drawing. An exit status. */
int check_steps(const check_request *r, const char *path, const tg_check_options *options);

#endif
