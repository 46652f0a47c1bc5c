/* Recognition from inside: what is known of the part of the tape that a loss depends on, and the steps of the search.
 *
 * The steps return 1 when they found what they look for, 0 when there is none (the reason is then written), and -1
 * with the graph's error kept. */
#ifndef TG_LESSON_RECOGNISER_H
#define TG_LESSON_RECOGNISER_H

#include "proof/engine.h"
#include "recognise.h"

typedef struct tg_recogniser {
    tg_graph *g;
    tg_tensor *loss;
    tg_found_mlp *found;
    char *reason;
    int64_t nodes;       /* on the tape up to the loss */
    unsigned char *part; /* by id: the loss depends on it */
    unsigned char *seen; /* by id: for one question at a time */
    int n_leaves, words;
    tg_tensor **leaves;
    uint64_t *sets;   /* by id, so many words each: the leaves that it depends on, a bit each */
    uint64_t *params; /* the set of all params */
    int n_params;
    struct tg_meeting {
        tg_tensor *param, *node; /* the first node that depends on the param and on more */
        int leaf;                /* the param's number */
        int taken;
    } * meetings; /* n_params, in order of depth */
} tg_recogniser;

int tg_recogniser_begin(tg_recogniser *r, tg_graph *g, tg_tensor *loss, tg_found_mlp *found, char *reason);
void tg_recogniser_end(tg_recogniser *r);

/* Writes the reason; returns 0. */
int tg_refuse_model(const tg_recogniser *r, const char *format, ...) TG_PRINTF(2, 3);
/* "'h'", or "%12 (add)" for a tensor without a name. Returns text. */
#define TG_CALLED 80
char *tg_called(const tg_tensor *t, char *text);

/* ---- Leaves and paths (recognise_tape.c) ---- */

const uint64_t *tg_leaves_of(const tg_recogniser *r, const tg_tensor *t);
int tg_same_leaves(const tg_recogniser *r, const tg_tensor *a, const tg_tensor *b);
int tg_has_leaves(const tg_recogniser *r, const tg_tensor *t); /* any; else it is a constant */
int tg_has_params(const tg_recogniser *r, const tg_tensor *t);
/* Sets seen for everything in the part that depends on base, base itself included. */
void tg_see_above(tg_recogniser *r, const tg_tensor *base);
/* What t only transposes, repeats along new axes or gives other axes of size 1. */
tg_tensor *tg_peeled(tg_tensor *t);
/* t in the shape of `like`, as it is and transposed, where that fits: n of them. swapped[i]: transposed. */
int tg_versions(tg_tensor *t, const tg_tensor *like, tg_tensor **versions, int *swapped);
/* Which way round a tensor of outputs is: rows or not. both: the answer where its sizes do not tell. */
int tg_is_in_rows(const tg_tensor *t, int64_t units, int64_t N, int both);
/* Layer l - 1's outputs: x for layer 1. */
tg_tensor *tg_outputs_below(const tg_recogniser *r, int l, int *rows);

/* ---- Normal forms with one or two tensors cut ---- */

typedef struct tg_stage {
    tg_engine *engine;
    tg_lowering *lowering;
    const tg_form *value; /* what the first cut tensor is taken for */
} tg_stage;

/* 0 when memory runs out, with the graph's error. Always call tg_stage_end. */
int tg_stage_begin(tg_stage *s, const tg_recogniser *r, const tg_tensor *cut, const tg_tensor *other);
void tg_stage_end(tg_stage *s);
/* The form, or NULL; when it is too large the stage can still be used. */
const tg_form *tg_stage_form(tg_stage *s, const tg_tensor *t);
int tg_stage_failed(tg_stage *s, tg_graph *g); /* memory ran out: the graph keeps the error */

/* ---- The steps ---- */

/* z of layer l, with its weights, of which `meeting` is where they meet the layer below. */
int tg_find_linear(tg_recogniser *r, int l, struct tg_meeting *meeting);
/* The activation of hidden layer l. */
int tg_find_activation(tg_recogniser *r, int l);
/* The cost, and the activation of the last layer. */
int tg_find_cost(tg_recogniser *r);
/* When tensor `from` uses a param or the outputs of a layer in another way than through z^1 .. z^l: writes that and
 * returns 1. */
int tg_refuse_second_use(tg_recogniser *r, const tg_tensor *from, int l);

#endif
