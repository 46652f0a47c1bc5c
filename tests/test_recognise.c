/* Multilayer perceptrons are recognised in any spelling, what is none is refused with a reason, and what was recognised
 * obeys the rules of all five conventions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lesson/found_net.h"
#include "recognise_models.h"
#include "rules/report.h"

/* Proves the rules of a convention for what was found; the test fails where one is not proved. */
static void prove_convention(tg_graph *g, tg_tensor *loss, const tg_found_mlp *found,
                             tg_convention convention, const char *name)
{
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_claim claims[3 * TG_RULES_LAYERS];
    tg_rules_net net;
    tg_mark mark = tg_get_mark(g);
    if (!tg_found_net(g, loss, found, convention, layers, &net)) fail_msg("%s: %s", name, tg_error(g));
    tg_claims_begin(claims, found->L);
    tg_diag diag = {TG_OK, ""};
    if (tg_rules_induct(&net, NULL, 0, found->cost == TG_COST_CROSS_ENTROPY, claims, &diag) != TG_OK)
        fail_msg("%s: %s", name, diag.message);
    for (int i = 0; i < 3 * found->L; i++) {
        int has = claims[i].kind != TG_CLAIM_BIASES || found->layer[claims[i].layer].b != NULL;
        if ((claims[i].proof != NULL) != has || (has && claims[i].verdict != TG_PROVED))
            fail_msg("%s: %s: claim %d of layer %d is %s", name, tg_convention_name(convention),
                     (int)claims[i].kind, claims[i].layer, tg_proof_verdict_name(claims[i].verdict));
        tg_proof_free((tg_proof *)claims[i].proof);
    }
    tg_rewind(g, mark);
}

static void test_perceptrons(void **state)
{
    (void)state;
    for (const recognise_model *m = perceptrons; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON], text[512];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 1) fail_msg("%s: %d: %s %s", m->name, answer, reason, tg_error(built.graph));
        if (strcmp(found_text(&found, text, sizeof text), m->found) != 0)
            fail_msg("%s: %s\n   instead of %s", m->name, text, m->found);
        assert_int_equal(tg_node_count(built.graph), nodes);
        for (int c = 0; c < TG_CONVENTIONS; c++)
            prove_convention(built.graph, built.loss, &found, (tg_convention)c, m->name);
        free_model(&built);
    }
}

static void test_others(void **state)
{
    (void)state;
    for (const recognise_model *m = others; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 0 || strstr(reason, m->found) == NULL)
            fail_msg("%s: %d: %s (%s)", m->name, answer, reason, tg_error(built.graph));
        assert_int_equal(tg_node_count(built.graph), nodes);
        free_model(&built);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perceptrons),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
