/* Recognising a multilayer perceptron: from the input up, layer by layer, each param where it meets the layer below. */
#include "recognise.h"

#include <stdio.h>
#include <string.h>

#include "recogniser.h"

/* ---- What is no chain of layers ----------------------------------------------------------------------- */

/* One of z^1 .. z^L, so far. */
static int is_z(const tg_recogniser *r, const tg_tensor *t)
{
    int is = 0;
    for (int k = 1; k <= r->found->L; k++) is |= r->found->layer[k].z == t;
    return is;
}

/* Sees what `from` depends on, but not through z^1 .. z^L. */
static void see_below(tg_recogniser *r, const tg_tensor *from)
{
    memset(r->seen, 0, (size_t)r->nodes);
    r->seen[tg_id(from)] = 1;
    for (int64_t id = tg_id(from); id >= 0; id--) {
        const tg_tensor *t = tg_node(r->g, id);
        for (int i = 0; r->seen[id] && !is_z(r, t) && i < tg_input_count(t); i++)
            r->seen[tg_id(tg_input_at(t, i))] = 1;
    }
}

/* Whether x is t, or a step on the way from t to z. */
static int leads_to(tg_tensor *x, const tg_tensor *t, const tg_tensor *z)
{
    return tg_peeled(x) == t || (x != z && tg_depends_on(x, t) && tg_depends_on(z, x));
}

/* What uses t beside z: the first thing seen that is made of t and no step to z. */
static const tg_tensor *user_of(const tg_recogniser *r, const tg_tensor *t, const tg_tensor *z)
{
    for (int64_t id = tg_id(t) + 1; id < r->nodes; id++) {
        tg_tensor *user = tg_node(r->g, id);
        if (!r->seen[id] || is_z(r, user) || leads_to(user, t, z)) continue;
        for (int i = 0; i < tg_input_count(user); i++)
            if (leads_to(tg_input_at(user, i), t, z)) return user;
    }
    return r->loss;
}

static int refuse_param(const tg_recogniser *r, const tg_tensor *param, int l)
{
    char name[TG_CALLED], user[TG_CALLED];
    if (param == NULL || !r->seen[tg_id(param)]) return 0;
    tg_refuse_model(
        r,
        "the param %s is used in two places, in layer %d and again in %s, so this is no plain multilayer "
        "perceptron",
        tg_called(param, name), l, tg_called(user_of(r, param, r->found->layer[l].z), user));
    return 1;
}

static int refuse_bypass(const tg_recogniser *r, const tg_tensor *outputs, int l)
{
    char name[TG_CALLED], user[TG_CALLED];
    tg_called(outputs, name), tg_called(user_of(r, outputs, r->found->layer[l].z), user);
    if (l == 1)
        tg_refuse_model(
            r, "the input %s goes into layer 1 and also around it, into %s: a connection that skips a layer",
            name, user);
    else
        tg_refuse_model(
            r,
            "%s of layer %d goes into layer %d and also around it, into %s: a connection that skips a layer",
            name, l - 1, l, user);
    return 1;
}

int tg_refuse_second_use(tg_recogniser *r, const tg_tensor *from, int l)
{
    const tg_found_layer *layers = r->found->layer;
    see_below(r, from);
    for (int k = 1; k <= l; k++)
        if (refuse_param(r, layers[k].W, k) || refuse_param(r, layers[k].b, k)) return 1;
    for (int k = l; k >= 2; k--) {
        if (r->seen[tg_id(layers[k - 1].a)]) return refuse_bypass(r, layers[k - 1].a, k);
        if (r->seen[tg_id(layers[k - 1].z)]) return refuse_bypass(r, layers[k - 1].z, k);
    }
    return from != r->loss && r->seen[tg_id(r->found->x)] && refuse_bypass(r, r->found->x, 1);
}

/* ---- The search --------------------------------------------------------------------------------------- */

/* The next param in order of depth that is in no layer yet. */
static struct tg_meeting *next_meeting(tg_recogniser *r)
{
    for (int i = 0; i < r->n_params; i++)
        if (!r->meetings[i].taken) return &r->meetings[i];
    return NULL;
}

static int find_layers(tg_recogniser *r)
{
    struct tg_meeting *meeting;
    int found = 1, l = 0;
    while (found == 1 && (meeting = next_meeting(r)) != NULL) {
        if (l == TG_RULES_LAYERS) return tg_refuse_model(r, "it has more than %d layers", TG_RULES_LAYERS);
        if (l > 0) found = tg_find_activation(r, l);
        if (found == 1) found = tg_find_linear(r, l + 1, meeting);
        if (found == 1) r->found->L = ++l;
    }
    return found;
}

/* Drops what was recorded and keeps an error all the same. */
static void restore_tape(tg_graph *g, tg_mark mark)
{
    tg_diag diag = {.status = tg_graph_status(g)};
    snprintf(diag.message, sizeof diag.message, "%s", tg_error(g));
    tg_rewind(g, mark);
    if (diag.status != TG_OK) tg_set_error(g, diag.status, "%s", diag.message);
}

int tg_recognise(tg_graph *g, tg_tensor *loss, tg_found_mlp *found, char *reason)
{
    tg_recogniser r;
    if (g == NULL || tg_graph_status(g) != TG_OK) return -1;
    if (loss == NULL || found == NULL || reason == NULL) {
        tg_set_error(g, TG_ERR_NULL, "recognise: an argument is NULL");
        return -1;
    }
    if (tg_graph_of(loss) != g) {
        tg_set_error(g, TG_ERR_GRAPH, "recognise: the loss belongs to another graph");
        return -1;
    }
    memset(found, 0, sizeof *found);
    reason[0] = '\0';
    tg_mark mark = tg_get_mark(g);
    int answer = tg_recogniser_begin(&r, g, loss, found, reason);
    if (answer == 1 && tg_count(loss) != 1) answer = tg_refuse_model(&r, "the loss is no single number");
    if (answer == 1) answer = find_layers(&r);
    if (answer == 1) answer = tg_find_cost(&r);
    for (int l = 1; l <= found->L; l++) found->activations[l - 1] = found->layer[l].activation;
    tg_recogniser_end(&r);
    restore_tape(g, mark);
    return tg_graph_status(g) == TG_OK ? answer : -1;
}
