/* The search for a counterexample. */
#ifndef TG_PROOF_REFUTE_H
#define TG_PROOF_REFUTE_H

#include <tapegrad/proof.h>

/* TG_OK, with *found telling whether there is one; or TG_ERR_MEMORY. What cannot be evaluated has none. */
tg_status tg_refute(tg_graph *g, const tg_proof_task *task, tg_counterexample *counterexample, int *found);

#endif
