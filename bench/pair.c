/* One workload: both sides of it, and whether they agree. */
#include "pair.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKED_STEPS = 4 };

/* ---- Making ------------------------------------------------------------------------------------------- */

static void copy_weights(const pair *p, hand_net *to)
{
    for (int l = 0; l < p->of->n_layers; l++) {
        memcpy(to->W[l], p->start.W[l], bytes_of(p->data.type, weights_of(p->of, l)));
        memcpy(to->b[l], p->start.b[l], bytes_of(p->data.type, p->of->sizes[l + 1]));
    }
}

void pair_reset(pair *p)
{
    for (int l = 0; l < p->of->n_layers; l++) {
        tg_set(p->ours.W[l], p->start.W[l], bytes_of(p->data.type, weights_of(p->of, l)));
        tg_set(p->ours.b[l], p->start.b[l], bytes_of(p->data.type, p->of->sizes[l + 1]));
        if (p->alone.step == NULL) continue;
        tg_set(p->alone.W[l], p->start.W[l], bytes_of(p->data.type, weights_of(p->of, l)));
        tg_set(p->alone.b[l], p->start.b[l], bytes_of(p->data.type, p->of->sizes[l + 1]));
    }
    for (int v = 0; v < HAND_VERSIONS; v++)
        if (p->versions[v] != NULL) copy_weights(p, &p->hand[v]);
}

static int make_hand(pair *p, int v, int threads)
{
    const hand_version *version = p->versions[v];
    if (!hand_make(&p->hand[v], p->of, &p->data)) return 0;
    copy_weights(p, &p->hand[v]);
    if (version->use_threads != NULL) version->use_threads(threads);
    return version->prepare == NULL || version->prepare(&p->hand[v]);
}

static int make_ours(our_net *net, const workload *w, const batch *data, int threads)
{
    if (our_make(net, w, data, threads, NULL)) return 1;
    fprintf(stderr, "%s: %s\n", w->name, tg_error(net->graph));
    return 0;
}

int pair_make(pair *p, const workload *w, precision type, int threads)
{
    const hand_version *const all[HAND_VERSIONS] = {
        [HAND_PLAIN] = &hand_plain, [HAND_OPENBLAS] = &hand_openblas, [HAND_ONEDNN] = hand_onednn};
    *p = (pair){.of = w, .data.type = type};
    int made = batch_make(&p->data, w) && hand_make(&p->start, w, &p->data);
    if (made && (!make_ours(&p->ours, w, &p->data, threads) ||
                 (threads > 1 && !make_ours(&p->alone, w, &p->data, 1))))
        return 0;
    for (int l = 0; l < w->n_layers && made; l++) {
        tg_get(p->ours.W[l], p->start.W[l], bytes_of(type, weights_of(w, l)));
        tg_get(p->ours.b[l], p->start.b[l], bytes_of(type, w->sizes[l + 1]));
    }
    for (int v = 0; v < HAND_VERSIONS && made; v++) {
        p->versions[v] = all[v] != NULL && all[v]->fits(w, type) ? all[v] : NULL;
        made = p->versions[v] == NULL || make_hand(p, v, threads);
    }
    if (!made) fprintf(stderr, "%s: what is written by hand could not be made\n", w->name);
    return made;
}

void pair_free(pair *p)
{
    our_free(&p->ours);
    our_free(&p->alone);
    for (int v = 0; v < HAND_VERSIONS; v++) {
        if (p->versions[v] != NULL && p->versions[v]->finish != NULL) p->versions[v]->finish(&p->hand[v]);
        hand_free(&p->hand[v]);
    }
    hand_free(&p->start);
    batch_free(&p->data);
}

/* ---- Agreement ---------------------------------------------------------------------------------------- */

static double get(precision type, const void *from, int i)
{
    return type == F32 ? (double)((const float *)from)[i] : ((const double *)from)[i];
}

/* |a - b| / |b - start|, lengths of vectors: how far two runs are apart, relative to the way that they have gone. */
static double distance(precision type, const void *start, const void *a, const void *b, int n)
{
    double apart = 0, gone = 0;
    for (int i = 0; i < n; i++) {
        double difference = get(type, a, i) - get(type, b, i), way = get(type, b, i) - get(type, start, i);
        apart += difference * difference;
        gone += way * way;
    }
    return gone > 0 ? sqrt(apart / gone) : HUGE_VAL;
}

/* The same for a param, whose value is copied: it lies as it does without us. */
static double distance_of(precision type, const void *start, const tg_tensor *param, const void *hand, int n)
{
    const size_t bytes = bytes_of(type, n);
    void *now = malloc(bytes);
    if (now == NULL || tg_get(param, now, bytes) != TG_OK) {
        free(now);
        return HUGE_VAL;
    }
    const double apart = distance(type, start, now, hand, n);
    free(now);
    return apart;
}

/* In f32 a hidden unit of one example in many is once in a while on different sides of the kink of ReLU. */
double pair_tolerance(precision type)
{
    return type == F32 ? 1e-3 : 1e-11;
}

static double difference_to(const pair *p, const hand_net *hand)
{
    precision type = p->data.type;
    double loss = tg_scalar(p->ours.step, p->ours.loss), worst = fabs(loss - hand->loss) / fabs(loss);
    for (int l = 0; l < p->of->n_layers; l++) {
        double W = distance_of(type, p->start.W[l], p->ours.W[l], hand->W[l], weights_of(p->of, l));
        double b = distance_of(type, p->start.b[l], p->ours.b[l], hand->b[l], p->of->sizes[l + 1]);
        if (isnan(W) || isnan(b)) return HUGE_VAL;
        worst = fmax(worst, fmax(W, b));
    }
    return worst;
}

double pair_difference(pair *p)
{
    double worst = 0;
    pair_reset(p);
    for (int i = 0; i < CHECKED_STEPS; i++) {
        if (tg_run(p->ours.step) != TG_OK) return HUGE_VAL;
        for (int v = 0; v < HAND_VERSIONS; v++)
            if (p->versions[v] != NULL) p->versions[v]->step(&p->hand[v]);
    }
    for (int v = 0; v < HAND_VERSIONS; v++)
        if (p->versions[v] != NULL) worst = fmax(worst, difference_to(p, &p->hand[v]));
    return worst;
}
