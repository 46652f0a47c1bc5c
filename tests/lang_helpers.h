/* Programs of the model language for the tests. */
#ifndef TG_TESTS_LANG_HELPERS_H
#define TG_TESTS_LANG_HELPERS_H

#include <tapegrad/tapegrad.h>

/* A program that was read and built. */
typedef struct program {
    tg_model *model;
    tg_graph *graph;
    tg_status status; /* of the build */
    char *problems;   /* as shown; "" */
} program;

/* Named size N is bound to 2 and M to 3 where the program has them. Errors are answers; it fails the test when memory
 * runs out. */
program program_of_bytes(const char *text, size_t size);
program program_of(const char *text);
void program_free(program *p);

/* The value of a name of a program that has no inputs, as "f64[2, 2] 1 2 3 4", or what went wrong. Returns text. */
char *program_value(const char *text, const char *name, char *value, size_t size);

#endif
