/* Proofs with every allocation failing in turn: no leak, no crash, and never a verdict that was not earned. */
#include <stdio.h>

#include "failing_alloc.h"
#include "graph_helpers.h"

#include <tapegrad/proof.h>

/* 1 when the whole of it worked, with the verdict that is right. */
static int look(tg_proof *p, tg_proof_verdict right)
{
    assert_int_equal(tg_proof_verdict_of(p), right);
    int ok = tg_proof_form(p, 0, TG_TEXT) != NULL;
    ok = tg_proof_form(p, 1, TG_LATEX) != NULL && ok;
    for (int i = 0; i < tg_proof_step_count(p); i++) ok = tg_proof_step_at(p, i) != NULL && ok;
    tg_proof_free(p);
    return ok;
}

static int prove_in(tg_graph *g, int spoilt)
{
    const int64_t shape[2] = {2, 3};
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, shape), *y = tg_input(g, "y", TG_F64, 2, shape), *d = NULL;
    tg_tensor *z = tg_sigmoid(x), *p = tg_softmax(z, 1);
    if (p == NULL || tg_grad(g, tg_sum(tg_softmax_cross_entropy(z, y), NULL), &z, 1, &d) != TG_OK) return 0;
    tg_tensor *right = tg_sub(tg_softmax(x, 1), y);
    if (spoilt) right = tg_neg(right);
    tg_sum_one sum = {y, 1};
    tg_cut cut = {z, x};
    if (right == NULL) return 0;
    tg_proof_task task = {
        .left = d, .right = right, .cuts = &cut, .n_cuts = 1, .sums = &sum, .n_sums = 1, .points = 2};
    tg_proof *proof;
    if (tg_prove(g, &task, &proof) != TG_OK) {
        assert_int_equal(tg_graph_status(g), TG_ERR_MEMORY);
        return 0;
    }
    return look(proof, spoilt ? TG_REFUTED : TG_PROVED);
}

static int attempt(void *context)
{
    tg_graph *g = tg_graph_new(NULL);
    int ok = g != NULL && prove_in(g, *(int *)context);
    tg_graph_free(g);
    return ok;
}

static void test_memory(void **state)
{
    (void)state;
    for (int spoilt = 0; spoilt < 2; spoilt++) assert_true(failing_alloc_every(attempt, &spoilt) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
