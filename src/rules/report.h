/* What a check of a convention's rules found. */
#ifndef TG_RULES_REPORT_H
#define TG_RULES_REPORT_H

#include "net.h"

/* The sizes of the proof, n_0 .. n_L and N: primes that stand for any size. */
typedef struct tg_rules_symbols {
    int64_t sizes[TG_RULES_LAYERS + 1];
    int64_t N;
    char names[TG_RULES_LAYERS + 2][8];
    tg_size_symbol list[TG_RULES_LAYERS + 2];
    int n;
} tg_rules_symbols;

struct tg_rules_report {
    tg_rules_spec spec; /* with arrays of its own */
    int64_t sizes[TG_RULES_LAYERS + 1];
    tg_activation activations[TG_RULES_LAYERS];
    char plant[64];
    int planted_layer;
    tg_rules_symbols symbols;
    tg_graph *proof_graph; /* whose tensors the proofs' steps name */
    int n_claims;          /* 3 L: for l = L .. 1 the error term, the weights, the biases */
    tg_claim claims[3 * TG_RULES_LAYERS];
};

/* The generic side and the convention's side of a claim, scaled as the generic one is. */
void tg_claim_sides(const tg_rules_net *net, const tg_claim *claim, tg_tensor **generic, tg_tensor **rule);

/* The 3 L claims of a network, from the last layer to the first, with nothing known of them. */
void tg_claims_begin(tg_claim *claims, int L);

/* Proves the 3 L claims of a network (induction.c): fills derived, ruled, proof, verdict and conditional. sizes are what
 * stands for any size; assume: the targets sum to one. A layer without biases has no claim of them: it stays as it is,
 * derived and proof NULL. */
tg_status tg_rules_induct(const tg_rules_net *net, const tg_size_symbol *sizes, int n_sizes, int assume,
                          tg_claim *claims, tg_diag *diag);
/* The same for the network of a report, with symbols for its sizes (symbols.c). */
tg_status tg_rules_prove(tg_rules_report *r, tg_planted planted, tg_diag *diag);
/* Compares numbers (numeric.c): fills the rest, and turns what is not proved and differs into refuted. */
tg_status tg_rules_compare(tg_rules_report *r, tg_planted planted, tg_diag *diag);

#endif
