/* Naming the function between two layers: its normal form, with z cut, is that of one of the library's activations. */
#include <tapegrad/nn.h>
#include <tapegrad/ops.h>

#include "recogniser.h"
#include "rules/course.h"

/* The outputs of layer l: the last function of z's leaves that something with other leaves uses. NULL: there is none. */
static tg_tensor *last_before_others(tg_recogniser *r, const tg_tensor *z)
{
    tg_tensor *last = NULL;
    tg_see_above(r, z);
    for (int64_t id = tg_id(z) + 1; id < r->nodes; id++) {
        const tg_tensor *user = tg_node(r->g, id);
        if (!r->part[id] || tg_same_leaves(r, user, z)) continue;
        for (int i = 0; i < tg_input_count(user); i++) {
            tg_tensor *t = tg_input_at(user, i);
            if (r->seen[tg_id(t)] && tg_same_leaves(r, t, z) && (last == NULL || tg_id(t) > tg_id(last)))
                last = t;
        }
    }
    return last;
}

/* The outputs themselves and not a view of them; but never past z. */
static tg_tensor *peel_outputs(const tg_recogniser *r, tg_tensor *a)
{
    tg_tensor *inner = a == NULL ? NULL : tg_peeled(a);
    return inner != NULL && r->seen[tg_id(inner)] ? inner : a;
}

static int is_form_of(tg_stage *s, const tg_form *form, tg_tensor *const *versions, int n)
{
    for (int i = 0; i < n; i++)
        if (tg_form_equal(s->engine, form, tg_stage_form(s, versions[i]))) return i;
    return -1;
}

/* Records every activation of z in the shape of a, and compares the forms. */
static int compare_all(tg_recogniser *r, const tg_found_layer *layer, tg_tensor *a, tg_activation *which,
                       int *swapped)
{
    tg_tensor *versions[TG_SOFTMAX][2];
    int n[TG_SOFTMAX], swaps[TG_SOFTMAX][2], found = 0;
    for (int s = 0; s < (int)TG_SOFTMAX; s++)
        n[s] = tg_versions(tg_course_activation((tg_activation)s, layer->z, 0), a, versions[s], swaps[s]);
    if (tg_graph_status(r->g) != TG_OK) return -1;
    tg_stage stage;
    if (!tg_stage_begin(&stage, r, layer->z, NULL)) {
        tg_stage_end(&stage);
        return -1;
    }
    const tg_form *form = tg_stage_form(&stage, a);
    for (int s = 0; s < (int)TG_SOFTMAX && form != NULL && !found; s++) {
        int i = is_form_of(&stage, form, versions[s], n[s]);
        if (i < 0) continue;
        *which = (tg_activation)s;
        *swapped = swaps[s][i];
        found = 1;
    }
    if (tg_stage_failed(&stage, r->g)) found = -1;
    tg_stage_end(&stage);
    return found;
}

int tg_find_activation(tg_recogniser *r, int l)
{
    tg_found_layer *layer = &r->found->layer[l];
    tg_tensor *a = peel_outputs(r, last_before_others(r, layer->z));
    char text[TG_CALLED];
    int swapped = 0;
    if (a == NULL)
        return tg_refuse_model(
            r, "nothing is made of %s, the z of layer %d, by which another param could come in",
            tg_called(layer->z, text), l);
    if (tg_refuse_second_use(r, a, l)) return 0;
    tg_mark mark = tg_get_mark(r->g);
    int found = compare_all(r, layer, a, &layer->activation, &swapped);
    if (found >= 0) tg_rewind(r->g, mark);
    if (found == 0)
        return tg_refuse_model(
            r, "what layer %d makes of its z, %s, is none of the activations that are known here", l,
            tg_called(a, text));
    layer->a = a;
    layer->a_rows = tg_is_in_rows(a, layer->units, r->found->N, swapped ? !layer->rows : layer->rows);
    return found;
}
