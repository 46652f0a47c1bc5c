/* The engine of proofs, from inside: normal forms in index notation.
 *
 * A form stands for a tensor of rank r: value[i0, …, i(r-1)] = sum over terms of c * product of factors, where each
 * term is summed over its bound indices. A factor is an atom (a leaf, an exponential, a power of a sum, …) with an
 * index in each of its slots and a rational exponent. Forms are interned: the same form is the same pointer.
 *
 * Every function that gives a form gives NULL for a NULL form and when it fails; engine->failure then says why:
 * TG_ERR_MEMORY, or TG_ERR_SIZE for what is too large to be decided. So calls nest without a check after each.
 * Forms, atoms and lowerings live as long as their engine. */
#ifndef TG_PROOF_ENGINE_H
#define TG_PROOF_ENGINE_H

#include <tapegrad/graph.h>
#include <tapegrad/op.h>

#include "graph/hash.h"
#include "graph/memory.h"
#include "rational.h"
#include "rules.h"

#define TG_TERMS_MAX 20000       /* of a form, and waiting to be normalised */
#define TG_PERMUTATIONS_MAX 5040 /* of bound indices that nothing tells apart */
#define TG_BOUND_MAX 64          /* bound indices of a term */
#define TG_FACTORS_MAX 128       /* factors of a term */
#define TG_STEPS_MAX 400000      /* terms normalised by one engine */

typedef enum tg_atom_kind {
    TG_ATOM_LEAF,     /* a tensor taken as it is */
    TG_ATOM_SIZE,     /* a size symbol */
    TG_ATOM_PRIME,    /* a prime (or large integer), for its roots */
    TG_ATOM_PI,       /* pi */
    TG_ATOM_REAL,     /* a positive number of the tape that is none of these; number: its bits */
    TG_ATOM_EXP,      /* of its argument */
    TG_ATOM_LOG,      /* of its argument */
    TG_ATOM_POWER,    /* its argument, to be raised to a negative or fractional exponent */
    TG_ATOM_POSITIVE, /* [argument > 0] */
    TG_ATOM_NEGATIVE, /* [argument < 0] */
    TG_ATOM_MAX,      /* of its argument over its first indices */
    TG_ATOM_FUNCTION, /* a function of its arguments, element by element */
    TG_ATOM_OPAQUE    /* what nothing is known of: an operation with its attributes and arguments */
} tg_atom_kind;

typedef struct tg_form tg_form;
typedef struct tg_atom tg_atom;
typedef struct tg_engine tg_engine;

struct tg_atom {
    tg_atom_kind kind;
    int id;
    int slots, captured; /* captured: MAX only, the first indices of the argument */
    int64_t sizes[TG_MAX_RANK];
    int64_t number;     /* SIZE, PRIME: the integer; LEAF: a fresh one's number */
    const void *source; /* LEAF: the tensor or NULL; FUNCTION, OPAQUE: the tg_op or a static name */
    const char *name;
    int n_arguments;
    const tg_form *const *arguments;
    int indicator; /* its values are 0 and 1 */
    int positive;  /* its values are > 0: 1 known, 2 assumed; -1: that was looked for and not found */
    int sum_slot;  /* LEAF: its elements along this slot sum to one; -1 */
    UT_hash_handle hh;
};

/* Bytes are compared and hashed, so there is no padding. Unused entries of index are 0. */
typedef struct tg_factor {
    int32_t atom, slots;
    int8_t index[TG_MAX_RANK]; /* >= 0: an axis of the form; -1 - k: bound index k of the term */
    tg_rational exponent;
} tg_factor;

typedef struct tg_term {
    tg_rational coefficient;
    int n_factors, n_bound;
    tg_factor *factors;
    int64_t *bound; /* the sizes of the bound indices; while normalising, 0 for one that is gone */
} tg_term;

struct tg_form {
    int id, rank, n_terms;
    int64_t sizes[TG_MAX_RANK];
    tg_term *terms;
    UT_hash_handle hh;
};

/* What is known of an elementwise operation that is not written out in tier 1. */
typedef enum tg_parity {
    TG_PARITY_NONE,
    TG_PARITY_ODD,        /* f(-x) = -f(x) */
    TG_PARITY_EVEN,       /* f(-x) = f(x) */
    TG_PARITY_COMPLEMENT, /* f(-x) = 1 - f(x) */
    TG_PARITY_SHIFT       /* f(-x) = f(x) - x */
} tg_parity;

typedef struct tg_function_facts {
    const tg_op *op;
    int opaque; /* in tier 1 */
    int positive;
    tg_parity parity;
    UT_hash_handle hh;
} tg_function_facts;

struct tg_engine {
    tg_arena arena, scratch;
    tg_atom *interned_atoms;
    tg_form *interned_forms;
    tg_function_facts *facts;
    tg_atom **atoms; /* by id */
    int n_atoms, atoms_room, n_forms;
    int64_t fresh;
    int64_t steps;
    int depth; /* of the search for signs */
    tg_status failure;
    int tier; /* 1: functions written with exp and log stay closed; 2: they are opened */
    int off_kinks;
    int assume_sums, assume_positive;
    const tg_proof_task *task;          /* the size symbols and the assumptions; or NULL */
    uint32_t used;                      /* rules, a bit each, since it was last cleared */
    uint32_t seen;                      /* all of them */
    unsigned char order[TG_RULE_COUNT]; /* in which they were first seen */
    int n_seen;
};

tg_engine *tg_engine_new(const tg_proof_task *task, int tier); /* NULL when memory runs out */
void tg_engine_free(tg_engine *e);
/* Keeps the first failure; returns NULL. */
void *tg_engine_fail(tg_engine *e, tg_status status);
void *tg_engine_take(tg_engine *e, size_t size);
void *tg_engine_scratch(tg_engine *e, size_t size);

/* Says that a rule was used. */
static inline void tg_note(tg_engine *e, tg_rule_number rule)
{
    uint32_t bit = UINT32_C(1) << rule;
    if ((e->seen & bit) == 0) e->order[e->n_seen++] = (unsigned char)rule;
    e->seen |= bit;
    e->used |= bit;
}

/* ---- Atoms -------------------------------------------------------------------------------------------- */

/* The atom like *key: kind, slots, captured, sizes, number, source, arguments and attr are what it is known by. */
const tg_atom *tg_atom_intern(tg_engine *e, const tg_atom *key, const void *attr, size_t attr_size);
const tg_atom *tg_atom_of(const tg_engine *e, const tg_factor *f);
/* kind with one argument, whose axes are the slots (but for the captured ones). */
const tg_atom *tg_atom_about(tg_engine *e, tg_atom_kind kind, const tg_form *argument, int captured);
const tg_atom *tg_atom_number(tg_engine *e, tg_atom_kind kind, int64_t number);
int tg_atom_is_positive(tg_engine *e, const tg_atom *atom); /* notes an assumption that it rests on */

/* ---- Forms and terms ---------------------------------------------------------------------------------- */

typedef struct tg_work tg_work; /* terms to be normalised into a form */

tg_work *tg_work_begin(tg_engine *e);
/* A new term with room for this much; it is among the work's. */
tg_term *tg_work_term(tg_engine *e, tg_work *w, tg_rational coefficient, int factors, int bound);
/* The form of rank and sizes. Always call it, after a failure too. */
const tg_form *tg_work_finish(tg_engine *e, tg_work *w, int rank, const int64_t *sizes);

/* Multiplies a term under construction. index: what the free indices of `by` become, or NULL. */
void tg_term_times(tg_engine *e, tg_term *t, const tg_term *by, const int8_t *index);
void tg_term_factor(tg_engine *e, tg_term *t, const tg_atom *atom, const int8_t *index, tg_rational exponent);
int tg_term_scale(tg_engine *e, tg_term *t, tg_rational by);
int tg_term_compare(const tg_term *a, const tg_term *b); /* by bound indices and factors */
int tg_factor_is_free(const tg_factor *f);               /* all its indices are free */

/* Interns a form whose terms are canonical and sorted. */
const tg_form *tg_form_intern(tg_engine *e, int rank, const int64_t *sizes, const tg_term *terms, int n);
int tg_form_compare(const tg_form *a, const tg_form *b);
/* Puts a term with its bound indices named canonically and its factors sorted in the place of t. */
int tg_term_canonical(tg_engine *e, tg_term *t);
/* Whether a pattern's factors (free index k standing for at[k]) occur in t, its bound indices as bound indices that
 * occur nowhere else. taken[i]: the exponent that factor i of t gives (0: none); gone: those bound indices, a bit
 * each. */
int tg_term_match(const tg_engine *e, const tg_term *pattern, const int8_t *at, const tg_term *t,
                  tg_rational *taken, uint64_t *gone);
/* The term of a form that is replaced first. */
const tg_term *tg_form_lead(const tg_engine *e, const tg_form *a);

/* ---- Algebra ------------------------------------------------------------------------------------------ */

const tg_form *tg_form_number(tg_engine *e, const tg_form *like, tg_rational r); /* like: rank and sizes */
const tg_form *tg_form_scalar(tg_engine *e, tg_rational r);                      /* of rank 0 */
const tg_form *tg_form_single(tg_engine *e, const tg_form *like, const tg_atom *atom, const int8_t *index,
                              tg_rational exponent);
int tg_form_is_number(const tg_form *a, tg_rational *r);
const tg_form *tg_form_add(tg_engine *e, const tg_form *a, const tg_form *b, int sign); /* a + sign b */
const tg_form *tg_form_scale(tg_engine *e, const tg_form *a, tg_rational by);
const tg_form *tg_form_mul(tg_engine *e, const tg_form *a, const tg_form *b);
/* Free index k becomes index[k] of a form of this rank and these sizes. */
const tg_form *tg_form_relabel(tg_engine *e, const tg_form *a, const int8_t *index, int rank,
                               const int64_t *sizes);
const tg_form *tg_form_pow(tg_engine *e, const tg_form *a, tg_rational exponent);
const tg_form *tg_form_exp(tg_engine *e, const tg_form *a);
const tg_form *tg_form_log(tg_engine *e, const tg_form *a);
const tg_form *tg_form_step(tg_engine *e, const tg_form *a, int sign); /* [a > 0] or, for -1, [a < 0] */
/* The maximum over the axes in a bit set; axes of the result that keep a size of 1 or are gone as the caller says. */
const tg_form *tg_form_max(tg_engine *e, const tg_form *a, unsigned axes, const int8_t *index, int rank,
                           const int64_t *sizes);
/* f of one argument, known by name or by record and attributes. */
const tg_form *tg_form_function(tg_engine *e, const tg_form *a, const tg_function_facts *facts,
                                const void *source, const char *name, const void *attr, size_t attr_size);

/* Forms over slots: the used free indices in an order that does not depend on their names, those in the bit set
 * `captured` first. index: which free index each slot is. 0 when it fails. */
int tg_form_slots(tg_engine *e, const tg_form *const *in, int n, unsigned captured, const tg_form **out,
                  int8_t *index, int *slots);

/* Whether every value is > 0 as far as its terms show it. */
int tg_form_is_positive(tg_engine *e, const tg_form *a, int sign);
/* Common factors in free indices and the positive rational content of a: *rest is what remains. */
typedef struct tg_content {
    tg_rational number;
    int n;
    tg_factor factors[TG_FACTORS_MAX];
    const tg_form *rest;
} tg_content;
int tg_form_content(tg_engine *e, const tg_form *a, int positive_only, tg_content *c);
/* f(a) with the indicators in free indices of a drawn out of it. */
typedef const tg_form *(*tg_case_fn)(tg_engine *e, const tg_form *a, const void *context);
const tg_form *tg_form_by_cases(tg_engine *e, const tg_form *a, tg_case_fn f, const void *context);
const tg_form *tg_form_without(tg_engine *e, const tg_form *a, const tg_factor *indicator);

int tg_form_equal(tg_engine *e, const tg_form *a, const tg_form *b);

/* ---- From tensors to forms ---------------------------------------------------------------------------- */

/* What an elementwise operation's formula is of these arguments (all of one rank and sizes); NULL without a failure
 * when it cannot be read. */
const tg_form *tg_formula_form(tg_engine *e, const tg_op *op, const void *attr,
                               const tg_form *const *arguments);
const tg_function_facts *tg_function_facts_of(tg_engine *e, const tg_op *op, const void *attr);

/* A finite number of the tape as a form like another; NULL without a failure for one that is not finite. */
const tg_form *tg_form_constant(tg_engine *e, const tg_form *like, double x, int is_f32);

typedef struct tg_lowering {
    tg_engine *engine;
    tg_graph *graph;
    int64_t nodes;         /* that were on the tape */
    const tg_form **cuts;  /* by tensor id: what the tensor is taken for; NULL: what it is made of */
    const tg_form **forms; /* by tensor id */
    uint32_t *used;        /* by tensor id: the rules that its own form needed */
    unsigned char *wanted; /* by tensor id */
} tg_lowering;

tg_lowering *tg_lowering_new(tg_engine *e, tg_graph *g);
/* Takes node for value, and with it what node only transposes, reshapes or negates. */
int tg_lowering_cut(tg_lowering *l, const tg_tensor *node, const tg_form *value);
const tg_form *tg_lower(tg_lowering *l, const tg_tensor *t);
/* The form of one node from those of its inputs. */
const tg_form *tg_node_form(tg_engine *e, const tg_tensor *t, const tg_form *const *inputs);
/* The axes that carry an index, those of another size than 1; returns how many. */
int tg_indexed_axes(const tg_tensor *t, int8_t *axes);
/* An empty form of the tensor's type; and a fresh leaf of it, which is no tensor. */
const tg_form *tg_form_like(tg_engine *e, const tg_tensor *t);
const tg_form *tg_form_fresh(tg_engine *e, const tg_tensor *like, const char *name);

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* In index notation. New memory, or NULL. */
char *tg_form_text(const tg_engine *e, const tg_form *a, int latex);

#endif
