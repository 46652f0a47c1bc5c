/* The check of a convention's rules: arguments, the two parts, the verdict. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "plant.h"
#include "report.h"

tg_activation tg_convention_activation(tg_convention convention)
{
    return convention == TG_CONVENTION_ROWS ? TG_RELU : TG_SIGMOID;
}

tg_cost tg_convention_cost(tg_convention convention)
{
    return convention == TG_CONVENTION_ROWS ? TG_COST_CROSS_ENTROPY : TG_COST_QUADRATIC;
}

tg_activation tg_convention_output(tg_convention convention, tg_activation hidden, tg_cost cost)
{
    if (cost == TG_COST_CROSS_ENTROPY) return TG_SOFTMAX;
    if (cost == TG_COST_BINARY_CROSS_ENTROPY) return TG_SIGMOID;
    return convention == TG_CONVENTION_COLUMNS ? TG_IDENTITY : hidden;
}

/* ---- Arguments ---------------------------------------------------------------------------------------- */

static tg_status check_network(const tg_rules_spec *spec, tg_diag *diag)
{
    if (tg_convention_name(spec->convention) == NULL)
        return tg_fail(diag, TG_ERR_ARGUMENT, "unknown convention %d", (int)spec->convention);
    if (spec->n_layers < 1 || spec->n_layers > TG_RULES_LAYERS)
        return tg_fail(diag, TG_ERR_ARGUMENT, "%d layers; expected 1 to %d", spec->n_layers, TG_RULES_LAYERS);
    if (spec->sizes == NULL || spec->activations == NULL)
        return tg_fail(diag, TG_ERR_NULL, "the sizes or the activations of the network are NULL");
    if (spec->batch < 1)
        return tg_fail(diag, TG_ERR_ARGUMENT, "batch is %" PRId64 ", expected at least 1", spec->batch);
    if (tg_cost_name(spec->cost) == NULL)
        return tg_fail(diag, TG_ERR_ARGUMENT, "unknown cost %d", (int)spec->cost);
    for (int l = 0; l <= spec->n_layers; l++)
        if (spec->sizes[l] < 1)
            return tg_fail(diag, TG_ERR_ARGUMENT, "layer %d has %" PRId64 " units, expected at least 1", l,
                           spec->sizes[l]);
    for (int l = 1; l <= spec->n_layers; l++) {
        tg_activation s = spec->activations[l - 1];
        if (tg_activation_name(s) == NULL)
            return tg_fail(diag, TG_ERR_ARGUMENT, "unknown activation %d of layer %d", (int)s, l);
        if (s == TG_SOFTMAX && l < spec->n_layers)
            return tg_fail(diag, TG_ERR_ARGUMENT,
                           "softmax in layer %d: the rules have it as last activation only", l);
    }
    return TG_OK;
}

/* Where the error goes: the layer asked for, or one drawn from those that are possible. */
static tg_status choose_layer(const tg_rules_spec *spec, tg_planted *planted, tg_diag *diag)
{
    *planted = (tg_planted){-1, 0};
    if (spec->plant == NULL) return TG_OK;
    uint64_t layers;
    planted->kind = tg_plant_find(spec->plant);
    if (planted->kind < 0)
        return tg_fail(diag, TG_ERR_NAME, "there is no kind of error called '%s'", spec->plant);
    if (!tg_plant_possible(spec, spec->plant, &layers))
        return tg_fail(diag, TG_ERR_ARGUMENT, "'%s' cannot be planted in this network of convention %s",
                       spec->plant, tg_convention_name(spec->convention));
    int l = spec->plant_layer;
    if (l != 0 && (l < 0 || l > spec->n_layers || (layers >> (l - 1) & 1) == 0))
        return tg_fail(diag, TG_ERR_ARGUMENT, "'%s' cannot be planted at layer %d", spec->plant, l);
    uint64_t key = tg_random_key(spec->seed, "plant");
    for (uint64_t i = 0; l == 0; i++) {
        int drawn = 1 + (int)tg_random_below(key, i, (uint64_t)spec->n_layers);
        if (layers >> (drawn - 1) & 1) l = drawn;
    }
    planted->layer = l;
    return TG_OK;
}

/* Shapes would give some errors away, so they get equal widths: the largest of the hidden ones and the outputs. */
static void copy_spec(tg_rules_report *r, const tg_rules_spec *spec, tg_planted planted)
{
    int L = spec->n_layers;
    r->spec = *spec;
    memcpy(r->activations, spec->activations, (size_t)L * sizeof *r->activations);
    memcpy(r->sizes, spec->sizes, (size_t)(L + 1) * sizeof *r->sizes);
    if (planted.kind >= 0) {
        int64_t width = 2;
        for (int l = 1; l <= L; l++) width = spec->sizes[l] > width ? spec->sizes[l] : width;
        for (int l = 0; l <= L && tg_plant_needs_equal_widths(planted.kind); l++) r->sizes[l] = width;
        snprintf(r->plant, sizeof r->plant, "%s", spec->plant);
        r->spec.plant = r->plant;
        r->planted_layer = r->spec.plant_layer = planted.layer;
    }
    r->spec.sizes = r->sizes;
    r->spec.activations = r->activations;
    r->n_claims = 3 * L;
    tg_claims_begin(r->claims, L);
}

/* ---- The check ---------------------------------------------------------------------------------------- */

tg_status tg_rules_check(const tg_rules_spec *spec, tg_rules_report **out, tg_diag *diag)
{
    if (out == NULL) return tg_fail(diag, TG_ERR_NULL, "tg_rules_check: out is NULL");
    *out = NULL;
    if (spec == NULL) return tg_fail(diag, TG_ERR_NULL, "tg_rules_check: spec is NULL");
    tg_planted planted;
    tg_status status = check_network(spec, diag);
    if (status == TG_OK) status = choose_layer(spec, &planted, diag);
    if (status != TG_OK) return status;
    tg_rules_report *r = calloc(1, sizeof *r);
    if (r != NULL) r->proof_graph = tg_graph_new(NULL);
    if (r == NULL || r->proof_graph == NULL) {
        free(r);
        return tg_fail(diag, TG_ERR_MEMORY, "tg_rules_check: no memory");
    }
    copy_spec(r, spec, planted);
    status = tg_rules_prove(r, planted, diag);
    if (status == TG_OK) status = tg_rules_compare(r, planted, diag);
    if (status == TG_OK)
        *out = r;
    else
        tg_rules_free(r);
    return status;
}

void tg_rules_free(tg_rules_report *report)
{
    if (report == NULL) return;
    for (int i = 0; i < report->n_claims; i++) tg_proof_free(report->claims[i].proof);
    tg_graph_free(report->proof_graph);
    free(report);
}

/* ---- Results ------------------------------------------------------------------------------------------ */

#define AGREES                                                                                               \
    1e-12 /* relative difference between the generic gradient and the plain rules that rounding explains */

int tg_rules_verdict(const tg_rules_report *report)
{
    int verdict = 1;
    if (report == NULL) return -1;
    for (int i = 0; i < report->n_claims; i++) {
        const tg_claim *claim = &report->claims[i];
        if (claim->verdict == TG_REFUTED || !(claim->max_rel_error <= AGREES)) return 0;
        if (claim->verdict == TG_PROVED && !claim->conditional && claim->differs) return 0;
        if (claim->verdict != TG_PROVED || claim->conditional) verdict = -1;
    }
    return verdict;
}

const tg_claim *tg_rules_claim(const tg_rules_report *report, int i)
{
    return report != NULL && i >= 0 && i < report->n_claims ? &report->claims[i] : NULL;
}

const tg_rules_spec *tg_rules_spec_of(const tg_rules_report *report)
{
    return report != NULL ? &report->spec : NULL;
}

int tg_rules_planted(const tg_rules_report *report)
{
    return report != NULL ? report->planted_layer : 0;
}
