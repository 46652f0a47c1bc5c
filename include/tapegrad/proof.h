/* Proofs: whether two tensors of a graph are the same for every value of their leaves.
 *
 *     tg_proof *p;
 *     if (tg_prove(g, &(tg_proof_task){.left = gradient, .right = by_hand, .points = 24}, &p) == TG_OK) {
 *         if (tg_proof_verdict_of(p) == TG_PROVED) puts(tg_proof_form(p, 0, TG_TEXT));
 *         tg_proof_free(p);
 *     }
 *
 * Both are brought to a normal form in index notation (sums of products of indexed factors) by named rules; the
 * rules that were used are the proof. Where the normal forms differ a counterexample is looked for at random points;
 * where neither is found nothing is claimed. docs/proofs.md says what can be decided.
 *
 * Operations are read from their records (op.h), a program's own as well: elementwise ones from the formula, views
 * from their strides, sums and products from `index`. One that cannot be read is taken as an unknown function of its
 * arguments. Numbers of the tape are read as the rationals they stand for (0.1 as one tenth), and rounding is
 * ignored: what is proved holds for real numbers, wherever both sides are defined. */
#ifndef TAPEGRAD_PROOF_H
#define TAPEGRAD_PROOF_H

#include <tapegrad/explain.h>
#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_proof_verdict {
    TG_PROVED,   /* equal for every value of the leaves that the assumptions allow */
    TG_REFUTED,  /* there is a counterexample */
    TG_UNDECIDED /* neither a proof nor a counterexample was found */
} tg_proof_verdict;

/* "proved", "refuted", "undecided". */
TG_API const char *tg_proof_verdict_name(tg_proof_verdict verdict);

/* In a proof `node` is taken to have the value of `value`, an expression of the same type: a fresh input, or one
 * times a number. To forget what a node is made of is sound, since what holds for every value holds for this one.
 * The tensors that node transposes, reshapes or negates are taken accordingly. Do not cut `left` or `right`, or
 * what they are a view of: the claim would be about `value` and empty. */
typedef struct tg_cut {
    tg_tensor *node;
    tg_tensor *value;
} tg_cut;

/* A size that stands for any size: axes of this length, and factors of it in numbers, are read as the symbol. It
 * should be a prime that occurs nowhere else in the expressions, as 101, 103, … or 1009, 1013, …. */
typedef struct tg_size_symbol {
    int64_t size;
    const char *name;
} tg_size_symbol;

/* The assumption that the elements of a leaf along an axis sum to one. */
typedef struct tg_sum_one {
    tg_tensor *leaf;
    int axis; /* negative: from the end */
} tg_sum_one;

typedef struct tg_proof_task {
    tg_tensor *left, *right; /* of one shape */
    const tg_cut *cuts;
    int n_cuts;
    const tg_size_symbol *sizes;
    int n_sizes;
    const tg_sum_one *sums;
    int n_sums;
    tg_tensor *const *positive; /* leaves whose elements are assumed to be > 0 */
    int n_positive;
    int off_kinks; /* assume that no argument of a step, of |x| or of a maximum is at its kink */
    int points;    /* random points at which a counterexample is looked for; 0: none. 24 is a good number: few
                      points can all lie where a relu hides the error */
    uint64_t seed; /* of the points */
} tg_proof_task;

typedef struct tg_proof tg_proof;

/* Decides the task. The graph is only read. *out is what was found; free it with tg_proof_free, before the graph is
 * freed or rewound. An assumption that the proof does not need is not used. A
 * counterexample is looked for without the cuts. Errors, kept by the graph: NULL; GRAPH; SHAPE (left and right, or a
 * cut and its value, differ); ARGUMENT (an assumption about what is no leaf or no axis, a size below 2); MEMORY. */
TG_API tg_status tg_prove(tg_graph *g, const tg_proof_task *task, tg_proof **out);
TG_API void tg_proof_free(tg_proof *p); /* NULL is fine */

TG_API tg_proof_verdict tg_proof_verdict_of(const tg_proof *p);
/* How: 0, left and right are the same tensor; 1, by the rules alone; 2, with functions such as the logistic function
 * written through exp. */
TG_API int tg_proof_tier(const tg_proof *p);

/* The names of the rules used, each once, in the order of their first use; NULL beyond the end. */
TG_API int tg_proof_rule_count(const tg_proof *p);
TG_API const char *tg_proof_rule(const tg_proof *p, int i);

/* A tensor whose normal form needed a named rule. */
typedef struct tg_proof_step {
    int right; /* 0: it belongs to the left side (to both, where they share it) */
    const tg_tensor *node;
    const char *rules;       /* "S/S; step" */
    const char *matrix;      /* the tensor as an expression */
    const char *index;       /* its normal form in index notation */
    const char *index_latex; /* the same as LaTeX */
} tg_proof_step;

/* The steps from the leaves up, the left side's first. They are those of the proof or, when nothing was proved, of
 * the last attempt. Texts are written when they are asked for and are the proof's. NULL beyond the end, or when memory
 * runs out. */
TG_API int tg_proof_step_count(const tg_proof *p);
TG_API const tg_proof_step *tg_proof_step_at(tg_proof *p, int i);

/* The normal form of a side (proved sides have equal ones, which can still look different before a common
 * denominator). "" where there is none: the same tensor, or too large. NULL when memory runs out. */
TG_API const char *tg_proof_form(tg_proof *p, int right, tg_notation notation);

/* Where left and right differ, when refuted. */
typedef struct tg_counterexample {
    int point;     /* the number of the random point */
    int64_t index; /* of the element, in row-major order */
    double left, right;
} tg_counterexample;

/* NULL unless refuted. */
TG_API const tg_counterexample *tg_proof_counterexample(const tg_proof *p);

/* ---- The rules ---------------------------------------------------------------------------------------- */

typedef struct tg_proof_rule_info {
    const char *name;
    const char *statement;
    const char *condition; /* "": none */
    int is_assumption;     /* it holds because the task says so */
} tg_proof_rule_info;

/* Every rule beside the bookkeeping of indices. */
TG_API const tg_proof_rule_info *tg_proof_rules(int *count);

#ifdef __cplusplus
}
#endif

#endif
