/* Functions that tier 1 leaves closed, and what is known of them: found from their formulas, as tier 2 reads them. */
#include <string.h>

#include "engine.h"

/* Its formula goes through exp or log and is neither of them. */
static int is_composite(const tg_op *op)
{
    if ((op->flags & TG_OP_ELEMENTWISE) == 0 || op->n_inputs != 1 || op->formula == NULL) return 0;
    const char *formula = op->formula;
    if (strcmp(formula, "exp(x)") == 0 || strcmp(formula, "log(x)") == 0) return 0;
    return strstr(formula, "exp(") != NULL || strstr(formula, "log(") != NULL;
}

/* How f(-x) follows from f(x), found from the formula. */
static tg_parity find_parity(tg_engine *e, const tg_form *x, const tg_form *f, const tg_form *reflection)
{
    const tg_form *constant = tg_form_number(e, x, tg_integer(1));
    if (f == NULL || reflection == NULL) return TG_PARITY_NONE;
    if (tg_form_equal(e, reflection, f)) return TG_PARITY_EVEN;
    if (tg_form_equal(e, reflection, tg_form_scale(e, f, tg_integer(-1)))) return TG_PARITY_ODD;
    if (tg_form_equal(e, reflection, tg_form_add(e, constant, f, -1))) return TG_PARITY_COMPLEMENT;
    if (tg_form_equal(e, reflection, tg_form_add(e, f, x, -1))) return TG_PARITY_SHIFT;
    return TG_PARITY_NONE;
}

static void find_facts(tg_engine *e, tg_function_facts *facts, const void *attr)
{
    int off_kinks = e->off_kinks;
    uint32_t used = e->used;
    e->off_kinks = 0; /* what holds of a function must need no assumption */
    tg_atom key = {.kind = TG_ATOM_LEAF, .number = ++e->fresh, .name = "x", .sum_slot = -1};
    const tg_form *x = tg_form_single(e, tg_form_scalar(e, tg_integer(0)), tg_atom_intern(e, &key, NULL, 0),
                                      NULL, tg_integer(1));
    const tg_form *minus = tg_form_scale(e, x, tg_integer(-1));
    const tg_form *f = tg_formula_form(e, facts->op, attr, &x);
    facts->positive = tg_form_is_positive(e, f, 1);
    facts->parity = find_parity(e, x, f, tg_formula_form(e, facts->op, attr, &minus));
    e->off_kinks = off_kinks;
    e->used = used;
}

const tg_function_facts *tg_function_facts_of(tg_engine *e, const tg_op *op, const void *attr)
{
    tg_function_facts *facts;
    HASH_FIND_PTR(e->facts, &op, facts);
    if (facts != NULL) return facts;
    facts = tg_engine_take(e, sizeof *facts);
    if (facts == NULL) return NULL;
    *facts = (tg_function_facts){.op = op, .opaque = is_composite(op)};
    HASH_ADD_PTR(e->facts, op, facts);
    if (!tg_hash_added(facts)) return tg_engine_fail(e, TG_ERR_MEMORY);
    if (facts->opaque && op->n_attrs == 0) find_facts(e, facts, attr);
    return facts;
}
