/* The model language (.tg): text to graph. docs/language.md describes the language.
 *
 *     tg_model *m;
 *     if (tg_model_parse(text, size, "net.tg", &m, NULL) == TG_OK &&
 *         tg_model_bind_size(m, "N", 8, NULL) == TG_OK && tg_model_build(m, g, NULL) == TG_OK)
 *         loss = tg_model_find(m, "loss");
 *     else
 *         fputs(tg_model_problems(m), stderr);
 *     tg_model_free(m);
 *
 * Any text whatever is answered with a graph or with problems, in time and memory bounded by its length and by
 * limits that a message names. A model is for one thread at a time. */
#ifndef TAPEGRAD_LANG_H
#define TAPEGRAD_LANG_H

#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_model tg_model;

/* Reads a program: its statements and what they declare. text (copied) need not end in a zero byte; name stands
 * for it in messages. *out is a model even when the answer is TG_ERR_SYNTAX, so that its problems can be read;
 * free it with tg_model_free. It is NULL for NULL and MEMORY. */
TG_API tg_status tg_model_parse(const char *text, size_t size, const char *name, tg_model **out,
                                tg_diag *diag);
TG_API void tg_model_free(tg_model *m);

/* Every problem found so far, in the order of the text, ready to be shown: place, message, the line, a mark. ""
 * when there is none. The text is the model's and stays until the next call that changes it. */
TG_API const char *tg_model_problems(const tg_model *m);

typedef struct tg_model_problem {
    int line, column; /* from 1; the column counts characters, not bytes */
    const char *message;
} tg_model_problem;

TG_API int tg_model_problem_count(const tg_model *m);
TG_API tg_model_problem tg_model_problem_at(const tg_model *m, int i); /* message NULL beyond the end */

/* ---- What it declares --------------------------------------------------------------------------------- */

/* An input or param. A named size is -1 in shape until it is bound, and size_names[i] is its name; NULL for an
 * axis with a number. */
typedef struct tg_declaration {
    const char *name;
    int is_input;
    tg_dtype dtype;
    int rank;
    int64_t shape[TG_MAX_RANK];
    const char *size_names[TG_MAX_RANK];
} tg_declaration;

TG_API int tg_model_declaration_count(const tg_model *m);
/* In the order of the text; name NULL beyond the end. Strings are the model's. */
TG_API tg_declaration tg_model_declaration_at(const tg_model *m, int i);

/* The i-th named size, and in *value (value may be NULL) its value, -1 while it is not bound; NULL beyond the end. */
TG_API const char *tg_model_size_at(const tg_model *m, int i, int64_t *value);

/* Binds a named size. Errors, kept as *diag: NAME (no such size), SIZE (negative), SHAPE (bound to another value
 * before). */
TG_API tg_status tg_model_bind_size(tg_model *m, const char *name, int64_t value, tg_diag *diag);
/* Binds the named sizes in the shape of an input or param to those of an array for it. Errors: NAME (no such
 * declaration), SHAPE (the array does not fit; the message shows both). */
TG_API tg_status tg_model_bind_shape(tg_model *m, const char *name, int rank, const int64_t *shape,
                                     tg_diag *diag);
/* Forgets all sizes, for another build. */
TG_API void tg_model_unbind_sizes(tg_model *m);

/* ---- The graph ---------------------------------------------------------------------------------------- */

/* Builds the program in g. Inputs get their names, followed by input_suffix unless that is NULL; params that g has
 * already are shared, so that a program can be built again for other sizes. Returns TG_ERR_SYNTAX with all
 * independent problems, and g's error cleared; what was recorded before the call is intact. Other errors: NULL, MEMORY,
 * and that which g has already. */
TG_API tg_status tg_model_build(tg_model *m, tg_graph *g, const char *input_suffix);

/* After a build: the tensor of a name (input, param, constant or assignment; NULL: there is none), and the
 * outputs in the order of the text, each with its tensor in *tensor (tensor may be NULL); NULL beyond the end. A program
 * without an output statement has its last assignment as output. */
TG_API tg_tensor *tg_model_find(const tg_model *m, const char *name);
TG_API int tg_model_output_count(const tg_model *m);
TG_API const char *tg_model_output_at(const tg_model *m, int i, tg_tensor **tensor);

#ifdef __cplusplus
}
#endif

#endif
