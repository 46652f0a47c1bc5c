/* The options of bench_steps and bench_passes. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

static int read_type(const char *name, options *o)
{
    for (int t = 0; t < PRECISIONS; t++) o->types[t] = strcmp(name, precision_names[t]) == 0;
    return o->types[F32] || o->types[F64];
}

static int read(int argc, char **argv, options *o)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return 0;
        if (strcmp(argv[i], "--only") == 0)
            o->only = argv[i + 1];
        else if (strcmp(argv[i], "--json") == 0)
            o->json = argv[i + 1];
        else if (strcmp(argv[i], "--blocks") == 0)
            o->blocks = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--threads") == 0)
            o->threads = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--type") != 0 || !read_type(argv[i + 1], o))
            return 0;
    }
    return o->blocks >= 1 && o->blocks <= MAX_BLOCKS && o->threads >= 1 && o->threads <= TG_MAX_THREADS;
}

int read_options(int argc, char **argv, int blocks, options *o)
{
    *o = (options){.blocks = blocks, .threads = 1, .types = {1, 1}};
    if (read(argc, argv, o)) return 1;
    fprintf(stderr,
            "usage: %s [--only NAME] [--type f32|f64] [--blocks 1..%d] [--threads 1..%d] [--json FILE]\n",
            argv[0], MAX_BLOCKS, TG_MAX_THREADS);
    return 0;
}

int is_wanted(const options *o, const char *name)
{
    return o->only == NULL || strcmp(o->only, name) == 0;
}
