/* What the tests of proofs share: proving in a line, and the numeric value of a normal form. */
#ifndef TG_TESTS_PROOF_HELPERS_H
#define TG_TESTS_PROOF_HELPERS_H

#include "graph_helpers.h"

#include <tapegrad/tapegrad.h>

#include "proof/engine.h"

#define POINTS 24

/* The verdict on a task; the test fails when tg_prove does. */
tg_proof_verdict verdict_on(tg_graph *g, tg_proof_task task);
/* Whether the proof of a task uses the rule of this name. */
int proof_uses(tg_graph *g, tg_proof_task task, const char *rule);

#define assert_proved(g, ...) assert_int_equal(verdict_on(g, (tg_proof_task){__VA_ARGS__}), TG_PROVED)
#define assert_refuted(g, ...)                                                                               \
    assert_int_equal(verdict_on(g, (tg_proof_task){.points = POINTS, __VA_ARGS__}), TG_REFUTED)

/* Sets every input of the graph to random numbers between low and high. */
void set_inputs(tg_graph *g, uint64_t seed, double low, double high);

/* The elements of a form in row-major order, from the values of the tensors that its leaves are. 0 where that cannot
 * be computed here (an operation that is taken as a whole, too many bound indices). */
int form_values(const tg_engine *e, const tg_form *a, double *values);

#endif
