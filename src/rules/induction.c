/* The proof, layer by layer from the last to the first, as the courses do it. For layer l every z is a tensor of which
 * nothing is known, and so is the error term of layer l + 1: on the generic side the adjoint of z^(l+1) stands for it
 * (times the factor that the convention keeps elsewhere), on the other side the convention's error term. An equation
 * that holds for every such tensor holds for the one that was there. */
#include <stdio.h>

#include "report.h"

/* The sizes of the proof are primes, which stand for any size: n_0 .. n_L and N. */
typedef struct symbols {
    int64_t sizes[TG_RULES_LAYERS + 1];
    int64_t N;
    char names[TG_RULES_LAYERS + 2][8];
    tg_size_symbol list[TG_RULES_LAYERS + 2];
    int n;
} symbols;

static int64_t next_prime(int64_t after)
{
    for (int64_t p = after + 1;; p++) {
        int64_t d = 2;
        while (d * d <= p && p % d != 0) d++;
        if (d * d > p) return p;
    }
}

#define SMALLEST_PRIME 1000

static int64_t add_symbol(symbols *s, int64_t prime, const char *letter, int l)
{
    snprintf(s->names[s->n], sizeof s->names[s->n], l >= 0 ? "%s%d" : "%s", letter, l);
    s->list[s->n] = (tg_size_symbol){prime, s->names[s->n]};
    s->n++;
    return prime;
}

static void choose_symbols(symbols *s, const tg_rules_spec *spec, tg_planted planted)
{
    int64_t prime = next_prime(SMALLEST_PRIME);
    int equal = planted.kind >= 0 && spec->sizes[0] == spec->sizes[spec->n_layers];
    s->n = 0;
    for (int l = 1; l <= spec->n_layers && equal; l++) equal = spec->sizes[l] == spec->sizes[0];
    for (int l = 0; l <= spec->n_layers; l++) {
        if (equal && l > 0) {
            s->sizes[l] = s->sizes[0];
            continue;
        }
        s->sizes[l] = add_symbol(s, prime, "n", equal ? -1 : l);
        prime = next_prime(prime);
    }
    s->N = tg_rules_single(spec->convention) ? 1 : add_symbol(s, prime, "N", -1);
}

void tg_claim_sides(const tg_rules_net *net, const tg_claim *claim, tg_tensor **generic, tg_tensor **rule)
{
    const tg_rules_layer *layer = &net->layer[claim->layer];
    switch (claim->kind) {
    case TG_CLAIM_ERROR:
        *generic = layer->adjoint, *rule = tg_rules_scaled(net, layer->delta);
        return;
    case TG_CLAIM_WEIGHTS:
        *generic = layer->grad_W, *rule = layer->dW;
        return;
    case TG_CLAIM_BIASES:
        *generic = layer->grad_b, *rule = layer->db;
        return;
    }
}

/* A fresh tensor of the same type, of which nothing is known. */
static tg_tensor *unknown(tg_graph *g, const char *letter, int l, const tg_tensor *like)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", letter, l);
    return tg_input(g, name, tg_dtype_of(like), tg_rank(like), tg_shape(like));
}

typedef struct induction {
    const tg_rules_net *net;
    tg_rules_report *report;
    symbols symbols;
    tg_tensor *z[TG_RULES_LAYERS + 1], *delta[TG_RULES_LAYERS + 1], *adjoint[TG_RULES_LAYERS + 1];
} induction;

/* Cuts every z and, for known > 0, the error term of layer `known`. */
static int make_cuts(const induction *in, int known, tg_cut *cuts)
{
    const tg_rules_net *net = in->net;
    int n = 0;
    for (int l = 1; l <= net->L; l++) cuts[n++] = (tg_cut){net->layer[l].z, in->z[l]};
    if (known < 1 || known > net->L) return n;
    cuts[n++] = (tg_cut){net->layer[known].adjoint, in->adjoint[known]};
    cuts[n++] = (tg_cut){net->layer[known].delta, in->delta[known]};
    return n;
}

static tg_status prove_claim(induction *in, tg_claim *claim, tg_diag *diag)
{
    const tg_rules_net *net = in->net;
    const tg_rules_spec *spec = &in->report->spec;
    tg_cut cuts[TG_RULES_LAYERS + 2];
    tg_sum_one one = {net->y, net->axis};
    int assume = spec->cost == TG_COST_CROSS_ENTROPY && !spec->no_assumptions;
    tg_proof_task task = {.cuts = cuts,
                          .n_cuts = make_cuts(in, claim->kind == TG_CLAIM_ERROR ? claim->layer + 1 : claim->layer, cuts),
                          .sizes = in->symbols.list,
                          .n_sizes = in->symbols.n,
                          .sums = &one,
                          .n_sums = assume};
    tg_claim_sides(net, claim, &task.left, &task.right);
    claim->derived = task.left, claim->ruled = task.right;
    tg_proof *proof = NULL;
    tg_status status = tg_prove(net->g, &task, &proof);
    claim->proof = proof;
    if (status != TG_OK) return tg_fail(diag, status, "%s", tg_error(net->g));
    claim->verdict = tg_proof_verdict_of(claim->proof);
    return TG_OK;
}

/* Claims below an error term that is not proved are conditional on it. */
static tg_status prove_all(induction *in, tg_diag *diag)
{
    int conditional = 0;
    for (int i = 0; i < in->report->n_claims; i++) {
        tg_claim *claim = &in->report->claims[i];
        claim->conditional = conditional;
        tg_status status = prove_claim(in, claim, diag);
        if (status != TG_OK) return status;
        if (claim->kind == TG_CLAIM_ERROR && claim->verdict != TG_PROVED) conditional = 1;
    }
    return TG_OK;
}

tg_status tg_rules_prove(tg_rules_report *r, tg_planted planted, tg_diag *diag)
{
    induction in = {.report = r};
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_rules_net net;
    tg_graph *g = r->proof_graph;
    choose_symbols(&in.symbols, &r->spec, planted);
    if (!tg_rules_record(g, &r->spec, in.symbols.sizes, in.symbols.N, planted, layers, &net))
        return tg_fail(diag, tg_graph_status(g), "%s", tg_error(g));
    in.net = &net;
    for (int l = 1; l <= net.L; l++) {
        in.z[l] = unknown(g, "z", l, layers[l].z);
        in.delta[l] = unknown(g, "delta", l, layers[l].delta);
        in.adjoint[l] = tg_rules_scaled(&net, in.delta[l]);
    }
    if (tg_graph_status(g) != TG_OK) return tg_fail(diag, tg_graph_status(g), "%s", tg_error(g));
    return prove_all(&in, diag);
}
