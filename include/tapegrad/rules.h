/* The five conventions of backpropagation on the tape, and the proof that differentiating the tape derives them.
 *
 * For a convention (delta.h describes the five) a multilayer perceptron is recorded in that convention's layout, and
 * three things are held against each other:
 *
 *   the generic gradients    what tg_grad derives from the cost, knowing nothing of layers
 *   the rules on the tape    the convention's error terms and gradients, as expressions in its own shapes
 *   the rules in plain C     tg_delta_rules, which shares nothing with the graph
 *
 * For every layer there are three claims: the adjoint of z^l is the convention's error term (up to the factor that the
 * convention keeps elsewhere), the gradient of W^l is the convention's, and so is that of b^l. Each is proved by
 * normal forms (proof.h), layer by layer as the courses do it: the error term of layer l + 1 is taken as given, as a
 * tensor of which nothing is known, when that of layer l is proved. Sizes are symbols in the proof, so it holds for
 * every width and batch. Beside the proof stands the comparison of numbers, at the sizes and with random data that the
 * caller chooses.
 *
 * A rule can be broken on purpose (`plant`): then the claim that it breaks is refuted by a counterexample. */
#ifndef TAPEGRAD_RULES_H
#define TAPEGRAD_RULES_H

#include <tapegrad/delta.h>
#include <tapegrad/explain.h>
#include <tapegrad/proof.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Planted errors ----------------------------------------------------------------------------------- */

/* A way to get a rule wrong. */
typedef struct tg_plant {
    const char *name;    /* "dropped-transpose" */
    const char *mistake; /* what is wrong, in a sentence */
} tg_plant;

/* The kinds, i from 0; NULL beyond the end. */
TG_API const tg_plant *tg_plant_at(int i);

/* ---- A check ------------------------------------------------------------------------------------------ */

typedef struct tg_rules_spec {
    tg_convention convention;
    int n_layers;                     /* L, from 1 to TG_RULES_LAYERS */
    const int64_t *sizes;             /* n_0 .. n_L */
    const tg_activation *activations; /* s_1 .. s_L; softmax only as s_L */
    tg_cost cost;
    int64_t batch;      /* N; vector and jacobian take the examples one by one */
    uint64_t seed;      /* of the random data, and of where an error is planted */
    const char *plant;  /* the name of the kind of error to plant; NULL: none */
    int plant_layer;    /* where; 0: drawn from the layers where that kind is possible */
    int no_assumptions; /* leave out the assumption sum_k y_k = 1 of softmax with cross-entropy */
} tg_rules_spec;

#define TG_RULES_LAYERS 64

/* The activations that the course has: sigmoid or ReLU in hidden layers, and as s_L what goes with the cost: softmax
 * for cross-entropy, sigmoid for binary cross-entropy, the identity for columns, else the hidden one. */
TG_API tg_activation tg_convention_activation(tg_convention convention);
TG_API tg_cost tg_convention_cost(tg_convention convention);
TG_API tg_activation tg_convention_output(tg_convention convention, tg_activation hidden, tg_cost cost);

/* Whether this kind of error can be planted in the network, and at which layers: bit l - 1 of *layers for layer l up
 * to 64. A kind that would change nothing there (the slope taken of a in place of z where they are the same) is not
 * possible. Unknown kinds give 0. */
TG_API int tg_plant_possible(const tg_rules_spec *spec, const char *plant, uint64_t *layers);

typedef enum tg_claim_kind { TG_CLAIM_ERROR, TG_CLAIM_WEIGHTS, TG_CLAIM_BIASES } tg_claim_kind;

typedef struct tg_claim {
    tg_claim_kind kind;
    int layer; /* 1 .. L */
    const tg_tensor *derived,
        *ruled; /* what tg_grad gives, and what the rule says (the error term without the factor), in the proof's graph */
    tg_proof *proof; /* the report's */
    tg_proof_verdict verdict;
    int conditional; /* it rests on the error term of a layer above that was not proved */
    /* The generic gradient beside tg_delta_rules, in f64 on random data: the largest difference, relative to the
     * tensor's largest element, and in units in the last place of that element. */
    double max_abs_error, max_rel_error, max_ulp;
    /* The generic gradient beside the rule on the tape at the same data, where they differ beyond rounding. */
    int differs;
    int rank;
    int64_t index[2];
    double generic, rule; /* the two values at that element */
} tg_claim;

typedef struct tg_rules_report tg_rules_report;

/* Runs the check. Errors: NULL, ARGUMENT, SIZE, MEMORY, and what recording can say; *diag, which may be NULL, has the
 * message. A refuted rule is no error but a result. */
TG_API tg_status tg_rules_check(const tg_rules_spec *spec, tg_rules_report **out, tg_diag *diag);
TG_API void tg_rules_free(tg_rules_report *report);

/* 1 when every claim is proved without condition and all numbers agree; 0 when a claim is refuted or numbers differ;
 * -1 when something could not be decided. */
TG_API int tg_rules_verdict(const tg_rules_report *report);
/* The claims from the last layer to the first: error, weights, biases. NULL beyond the end. */
TG_API const tg_claim *tg_rules_claim(const tg_rules_report *report, int i);
/* The network as it was checked. Its sizes can differ from what was asked for: an error such as a dropped transpose
 * would be given away by the shapes, so all widths are made equal for it. */
TG_API const tg_rules_spec *tg_rules_spec_of(const tg_rules_report *report);
/* The layer where the error was planted; 0: none. */
TG_API int tg_rules_planted(const tg_rules_report *report);

/* What the rule of claim i says, as it was built, in the model language with N, n0, n1, … for the sizes; with a planted
 * error the wrong rule. Free it with tg_text_free. */
TG_API char *tg_rules_rule_text(const tg_rules_report *report, int i);

/* ---- Equations ---------------------------------------------------------------------------------------- */

typedef enum tg_equation_kind {
    TG_EQUATION_Z,          /* z^l */
    TG_EQUATION_A,          /* a^l */
    TG_EQUATION_COST,       /* the cost; l is ignored */
    TG_EQUATION_OUTPUT,     /* the derivative by the output a^L; l is ignored */
    TG_EQUATION_LAST_ERROR, /* the error term of layer L */
    TG_EQUATION_ERROR,      /* the error term of layer l < L */
    TG_EQUATION_INPUT,      /* the derivative by the activation a^l of a layer l < L */
    TG_EQUATION_WEIGHTS,    /* the gradient of W^l */
    TG_EQUATION_WEIGHT,     /* the same for one weight, or one column of them */
    TG_EQUATION_BIASES,     /* the gradient of b^l */
    TG_EQUATION_UPDATE      /* how W^l and b^l learn */
} tg_equation_kind;
#define TG_EQUATIONS 11

/* An equation of the convention in its own notation: for layer l, or with the letter l for l = 0 (the last layer is then
 * L, otherwise the number n_layers). What depends on the cost or the activation is written for the spec's. */
TG_API char *tg_rules_equation(const tg_rules_spec *spec, tg_equation_kind kind, int l, tg_notation notation);
/* The convention's own name of the equation: "equation 2", "rules 4, 5", "algorithm A"; and why it holds, in a
 * sentence with LaTeX between dollar signs (NULL: it needs none). NULL for an unknown convention or kind. */
TG_API const char *tg_rules_equation_label(tg_convention convention, tg_equation_kind kind);
TG_API const char *tg_rules_equation_reason(tg_convention convention, tg_equation_kind kind);
/* Where the course's text slips, which its reader will meet; sentences, i from 0; NULL beyond the end. */
TG_API const char *tg_rules_slip(tg_convention convention, int i);

#ifdef __cplusplus
}
#endif

#endif
