/* The options of bench_steps and bench_passes. */
#ifndef TG_BENCH_OPTIONS_H
#define TG_BENCH_OPTIONS_H

#include "workload.h"

enum { MAX_BLOCKS = 1000 };

typedef struct options {
    const char *only, *json; /* NULL: all; no file */
    int blocks, threads;
    int types[PRECISIONS]; /* which of them */
} options;

/* 0 with the usage printed. blocks is what holds where none are given. */
int read_options(int argc, char **argv, int blocks, options *o);

/* Whether what has this name is asked for. */
int is_wanted(const options *o, const char *name);

#endif
