/* A convention's network on the tape: forward pass, the convention's rules as expressions, generic gradients. */
#ifndef TG_RULES_NET_H
#define TG_RULES_NET_H

#include <tapegrad/ops.h>
#include <tapegrad/rules.h>

/* An error to plant: its kind, and the layer. kind is -1 for none. */
typedef struct tg_planted {
    int kind, layer;
} tg_planted;

typedef struct tg_rules_layer {
    tg_tensor *W, *b, *z, *a;
    tg_tensor *delta, *dW, *db;           /* by the convention's rules */
    tg_tensor *adjoint, *grad_W, *grad_b; /* what tg_grad derives for z, W and b */
} tg_rules_layer;

typedef struct tg_rules_net {
    tg_graph *g;
    tg_convention convention;
    const tg_activation *activations;
    tg_cost kind;
    int L;
    int64_t N, K;  /* examples and outputs */
    int axis;      /* of units: 1 for rows, else 0 */
    double factor; /* the cost is this times the convention's: 1 but for a model that was recognised */
    tg_planted planted;
    int off_kinks; /* proofs may assume that no argument is at a kink */
    tg_tensor *x, *y, *cost;
    /* The assumption that targets sum to one is made of a leaf, along its axis of outputs: y itself, or of a model that
     * was recognised its own targets or, where it computes them, what stands for them. */
    tg_tensor *target, *target_leaf;
    int target_axis;
    tg_rules_layer *layer; /* 1 .. L; 0 has a = x alone */
} tg_rules_net;

/* Whether examples are rows, and whether W^l is [n_(l-1), n_l]. */
int tg_rules_in_rows(tg_convention convention);
int tg_rules_in_out(tg_convention convention);
/* 1 for the conventions whose text takes one example at a time. */
int tg_rules_single(tg_convention convention);

/* Records everything in g, with sizes n_0 .. n_L and N examples. layers has L + 1 entries. Returns 0 with the graph's
 * error kept. */
int tg_rules_record(tg_graph *g, const tg_rules_spec *spec, const int64_t *sizes, int64_t N,
                    tg_planted planted, tg_rules_layer *layers, tg_rules_net *net);

/* The factor between the generic adjoint of z^l and the error term: adjoint = factor times error term, with
 * 1/N for delta and rows. */
tg_tensor *tg_rules_scaled(const tg_rules_net *net, tg_tensor *delta);

/* The derivative by a^l as the convention has it, without what it keeps elsewhere (closed_form.c); after the fill. */
tg_tensor *tg_rules_activation_derivative(const tg_rules_net *net, int l);
/* Fills delta, dW and db of every layer (closed_form.c). */
void tg_rules_closed_form(const tg_rules_net *net);

#endif
