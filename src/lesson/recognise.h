/* Finding a multilayer perceptron in a tape that says nothing of layers, whatever names, layout and spelling it was
 * written in. */
#ifndef TG_LESSON_RECOGNISE_H
#define TG_LESSON_RECOGNISE_H

#include <tapegrad/rules.h>

/* Layer l = 1 .. L. */
typedef struct tg_found_layer {
    tg_tensor *W, *b; /* b: NULL when there is none */
    int in_out;       /* W is [n_(l-1), n_l], else [n_l, n_(l-1)] */
    int64_t units;    /* n_l */
    tg_tensor *z, *a; /* a: NULL where the tape has no tensor of it, as with a fused softmax and cost */
    int rows;         /* z is [N, n_l], else [n_l, N]; a vector [n_l] counts as rows with N = 1 */
    int a_rows;       /* the same of a */
    tg_activation activation;
} tg_found_layer;

typedef struct tg_found_mlp {
    int L;
    tg_found_layer layer[TG_RULES_LAYERS + 1];
    tg_activation activations[TG_RULES_LAYERS]; /* those of layers 1 .. L once more, as a list */
    tg_tensor *x, *y;
    int x_rows, y_rows;
    int64_t N, inputs;
    tg_cost cost;
    double factor;                  /* the loss is this times the sum of the cost over examples and outputs */
    int64_t numerator, denominator; /* of the factor */
    char factor_text[32];           /* "1/N", "2/(N K)" */
} tg_found_mlp;

/* Looks for the network whose cost the scalar `loss` is. 1: *found is filled. 0: it is none, or not seen to be one;
 * reason says why in a sentence. Leaves the tape as it was. -1: out of memory or an error that the graph keeps. */
#define TG_REASON 256
int tg_recognise(tg_graph *g, tg_tensor *loss, tg_found_mlp *found, char *reason);

#endif
