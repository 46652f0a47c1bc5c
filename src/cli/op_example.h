/* An operation at work: a call in the model language, its result's type, its derivatives as text. Everything comes from
 * the operation's record: the call is the first of the cases that it lists for its tests. */
#ifndef TG_CLI_OP_EXAMPLE_H
#define TG_CLI_OP_EXAMPLE_H

#include <tapegrad/op.h>

#define TG_EXAMPLE_INPUTS 8

typedef struct tg_op_example {
    tg_graph *graph;
    char call[256]; /* "sum(x, axis=1)" */
    int n_inputs;
    char names[TG_EXAMPLE_INPUTS][32];
    char types[TG_EXAMPLE_INPUTS][64]; /* "f64[2, 3]" */
    tg_tensor *result;
    char *derivatives[TG_EXAMPLE_INPUTS]; /* each input's adjoint, g being the result's; NULL: none */
} tg_op_example;

/* 0 when there is no example, or memory ran out. Clear it in both cases. */
int tg_op_example_make(const tg_op *op, tg_op_example *e);
void tg_op_example_clear(tg_op_example *e);

/* "sum(x, axis=none, keepdims=false)". Returns text. */
char *tg_op_signature(const tg_op *op, char *text, size_t size);

#endif
