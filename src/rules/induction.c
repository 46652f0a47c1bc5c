/* The proof, layer by layer from the last to the first, as the courses do it. For layer l every z is a tensor of which
 * nothing is known, and so is the error term of layer l + 1: on the generic side the adjoint of z^(l+1) stands for it
 * (times the factor that the convention keeps elsewhere), on the other side the convention's error term. An equation
 * that holds for every such tensor holds for the one that was there. */
#include <stdio.h>

#include "report.h"

/* The factor of the cost, where it is another than the convention's. */
static tg_tensor *times_factor(const tg_rules_net *net, tg_tensor *t)
{
    return net->factor == 1 ? t : tg_mul_scalar(t, net->factor);
}

void tg_claim_sides(const tg_rules_net *net, const tg_claim *claim, tg_tensor **generic, tg_tensor **rule)
{
    const tg_rules_layer *layer = &net->layer[claim->layer];
    switch (claim->kind) {
    case TG_CLAIM_ERROR:
        *generic = layer->adjoint, *rule = times_factor(net, tg_rules_scaled(net, layer->delta));
        return;
    case TG_CLAIM_WEIGHTS:
        *generic = layer->grad_W, *rule = times_factor(net, layer->dW);
        return;
    case TG_CLAIM_BIASES:
        *generic = layer->grad_b, *rule = times_factor(net, layer->db);
        return;
    }
}

/* A fresh tensor of the same type, of which nothing is known: "z2", or "z2.1" and so on where that is taken. */
static tg_tensor *unknown(tg_graph *g, const char *letter, int l, const tg_tensor *like)
{
    char name[48];
    snprintf(name, sizeof name, "%s%d", letter, l);
    for (int i = 1; tg_find(g, name) != NULL; i++) snprintf(name, sizeof name, "%s%d.%d", letter, l, i);
    return tg_input(g, name, tg_dtype_of(like), tg_rank(like), tg_shape(like));
}

typedef struct induction {
    const tg_rules_net *net;
    const tg_size_symbol *sizes;
    int n_sizes, assume;
    tg_tensor *z[TG_RULES_LAYERS + 1], *delta[TG_RULES_LAYERS + 1], *adjoint[TG_RULES_LAYERS + 1];
} induction;

/* Cuts every z and, where there is such a layer, the error term of layer `known`. */
static int make_cuts(const induction *in, int known, tg_cut *cuts)
{
    const tg_rules_net *net = in->net;
    int n = 0;
    for (int l = 1; l <= net->L; l++) cuts[n++] = (tg_cut){net->layer[l].z, in->z[l]};
    if (net->target != net->target_leaf) cuts[n++] = (tg_cut){net->target, net->target_leaf};
    if (known > net->L) return n;
    cuts[n++] = (tg_cut){net->layer[known].adjoint, in->adjoint[known]};
    cuts[n++] = (tg_cut){net->layer[known].delta, in->delta[known]};
    return n;
}

static tg_status prove_claim(const induction *in, tg_claim *claim, tg_diag *diag)
{
    const tg_rules_net *net = in->net;
    tg_cut cuts[TG_RULES_LAYERS + 3];
    tg_sum_one one = {net->target_leaf, net->target_axis};
    int known = claim->kind == TG_CLAIM_ERROR ? claim->layer + 1 : claim->layer;
    tg_proof_task task = {.cuts = cuts,
                          .n_cuts = make_cuts(in, known, cuts),
                          .sizes = in->sizes,
                          .n_sizes = in->n_sizes,
                          .sums = &one,
                          .n_sums = in->assume,
                          .off_kinks = net->off_kinks};
    tg_claim_sides(net, claim, &task.left, &task.right);
    claim->derived = task.left;
    claim->ruled = claim->kind == TG_CLAIM_ERROR ? net->layer[claim->layer].delta : task.right;
    tg_proof *proof = NULL;
    tg_status status = tg_prove(net->g, &task, &proof);
    claim->proof = proof;
    if (status != TG_OK) return tg_fail(diag, status, "%s", tg_error(net->g));
    claim->verdict = tg_proof_verdict_of(proof);
    return TG_OK;
}

void tg_claims_begin(tg_claim *claims, int L)
{
    for (int i = 0; i < 3 * L; i++)
        claims[i] = (tg_claim){.kind = (tg_claim_kind)(i % 3), .layer = L - i / 3, .verdict = TG_UNDECIDED};
}

tg_status tg_rules_induct(const tg_rules_net *net, const tg_size_symbol *sizes, int n_sizes, int assume,
                          tg_claim *claims, tg_diag *diag)
{
    induction in = {.net = net, .sizes = sizes, .n_sizes = n_sizes, .assume = assume};
    for (int l = 1; l <= net->L; l++) {
        in.z[l] = unknown(net->g, "z", l, net->layer[l].z);
        in.delta[l] = unknown(net->g, "delta", l, net->layer[l].delta);
        in.adjoint[l] = times_factor(net, tg_rules_scaled(net, in.delta[l]));
    }
    if (tg_graph_status(net->g) != TG_OK)
        return tg_fail(diag, tg_graph_status(net->g), "%s", tg_error(net->g));
    int conditional = 0; /* on an error term above that was not proved */
    tg_status status = TG_OK;
    for (int i = 0; i < 3 * net->L && status == TG_OK; i++) {
        if (claims[i].kind == TG_CLAIM_BIASES && net->layer[claims[i].layer].b == NULL) continue;
        claims[i].conditional = conditional;
        status = prove_claim(&in, &claims[i], diag);
        if (claims[i].kind == TG_CLAIM_ERROR && claims[i].verdict != TG_PROVED) conditional = 1;
    }
    return status;
}
