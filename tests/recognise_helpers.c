/* What the tests of recognition share. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lesson/found_net.h"
#include "recognise_models.h"
#include "rules/report.h"

built_model build_model(const char *text)
{
    built_model m = {0};
    const char *name;
    if (tg_model_parse(text, strlen(text), "test.tg", &m.model, NULL) != TG_OK)
        fail_msg("%s", m.model != NULL ? tg_model_problems(m.model) : "out of memory");
    m.graph = tg_graph_new(NULL);
    assert_non_null(m.graph);
    for (int i = 0; (name = tg_model_size_at(m.model, i, NULL)) != NULL; i++)
        assert_int_equal(tg_model_bind_size(m.model, name, 7, NULL), TG_OK);
    if (tg_model_build(m.model, m.graph, NULL) != TG_OK) fail_msg("%s", tg_model_problems(m.model));
    m.loss = tg_model_find(m.model, "loss");
    assert_non_null(m.loss);
    return m;
}

void free_model(built_model *m)
{
    tg_graph_free(m->graph);
    tg_model_free(m->model);
}

char *found_text(const tg_found_mlp *found, char *text, size_t size)
{
    const tg_found_layer *layers = found->layer;
    size_t n = (size_t)snprintf(text, size, "%" PRId64, found->inputs);
    for (int l = 1; l <= found->L; l++)
        n += (size_t)snprintf(text + n, size - n, "-%" PRId64, layers[l].units);
    n += (size_t)snprintf(text + n, size - n, " N=%" PRId64, found->N);
    for (int l = 1; l <= found->L; l++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", l > 1 ? "," : " ",
                              tg_activation_name(layers[l].activation));
    n += (size_t)snprintf(text + n, size - n, " %s %s x:%c y:%c W:", tg_cost_name(found->cost),
                          found->factor_text, found->x_rows ? 'r' : 'c', found->y_rows ? 'r' : 'c');
    for (int l = 1; l <= found->L; l++) text[n++] = layers[l].in_out ? 'i' : 'o';
    n += (size_t)snprintf(text + n, size - n, " b:");
    for (int l = 1; l <= found->L; l++) text[n++] = layers[l].b != NULL ? '1' : '0';
    n += (size_t)snprintf(text + n, size - n, " z:");
    for (int l = 1; l <= found->L; l++) text[n++] = layers[l].rows ? 'r' : 'c';
    n += (size_t)snprintf(text + n, size - n, " a:");
    for (int l = 1; l <= found->L; l++) text[n++] = layers[l].a == NULL ? '-' : layers[l].a_rows ? 'r' : 'c';
    text[n] = '\0';
    return text;
}

void prove_rules(const built_model *m, const tg_found_mlp *found, const char *name, tg_convention convention)
{
    tg_graph *g = m->graph;
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_claim claims[3 * TG_RULES_LAYERS];
    tg_rules_net net;
    tg_diag diag = {TG_OK, ""};
    tg_mark mark = tg_get_mark(g);
    if (!tg_found_net(g, m->loss, found, convention, layers, &net)) fail_msg("%s: %s", name, tg_error(g));
    tg_claims_begin(claims, found->L);
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
