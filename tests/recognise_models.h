/* Networks for the tests of recognition: programs of the model language that are, or are not, multilayer perceptrons, and what is to be seen in them. */
#ifndef TG_TESTS_RECOGNISE_MODELS_H
#define TG_TESTS_RECOGNISE_MODELS_H

#include <tapegrad/tapegrad.h>

#include "lesson/recognise.h"

typedef struct recognise_model {
    const char *name;
    const char *text;  /* N and M stand for 7 */
    const char *found; /* as found_text writes it; or, for what is none, the reason or a part of it */
} recognise_model;

/* Both end with a NULL name. */
extern const recognise_model perceptrons[], others[];

typedef struct built_model {
    tg_model *model;
    tg_graph *graph;
    tg_tensor *loss;
} built_model;

/* The test fails when the program is wrong. */
built_model build_model(const char *text);
void free_model(built_model *m);

/* "4-5-3 N=7 tanh,sigmoid quadratic 2/(N K) x:r y:r W:io b:10 z:rc a:r-": W is in x out or out x in, b is there or
 * not, x, y, z and a are in rows or columns, a can be missing. Returns text. */
char *found_text(const tg_found_mlp *found, char *text, size_t size);

/* Proves every claim of a convention for what was found; the test fails where one is not proved. */
void prove_rules(const built_model *m, const tg_found_mlp *found, const char *name, tg_convention convention);

#endif
