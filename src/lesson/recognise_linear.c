/* Finding z of a layer: the node whose normal form, with the outputs of the layer below cut, is the sum of the products
 * of weights and outputs plus at most one bias for each unit. */
#include <stdlib.h>
#include <string.h>

#include "recogniser.h"

/* ---- Stages ------------------------------------------------------------------------------------------- */

/* A tensor without a gradient is not what it has the value of. (The shift of a softmax is one; any would do there.) */
static int cut_stopped(tg_stage *s, const tg_recogniser *r)
{
    for (int64_t id = 0; id < r->nodes; id++) {
        const tg_tensor *t = tg_node(r->g, id);
        if (!r->part[id] || strcmp(tg_op_of(t)->name, "stop_gradient") != 0 || !tg_has_params(r, t)) continue;
        s->lowering->cuts[id] = tg_form_fresh(s->engine, t, "stopped");
        if (s->lowering->cuts[id] == NULL) return 0;
    }
    return 1;
}

int tg_stage_begin(tg_stage *s, const tg_recogniser *r, const tg_tensor *cut, const tg_tensor *other)
{
    *s = (tg_stage){.engine = tg_engine_new(NULL, 2)};
    tg_engine *e = s->engine;
    int ok = e != NULL;
    if (ok) {
        e->off_kinks = 1;
        s->lowering = tg_lowering_new(e, r->g);
        s->value = tg_form_fresh(e, cut, "z");
        ok = tg_lowering_cut(s->lowering, cut, s->value) && cut_stopped(s, r);
        if (ok && other != NULL) ok = tg_lowering_cut(s->lowering, other, tg_form_fresh(e, other, "y"));
    }
    if (!ok) tg_set_error(r->g, TG_ERR_MEMORY, "recognise: out of memory");
    return ok;
}

void tg_stage_end(tg_stage *s)
{
    tg_engine_free(s->engine);
}

const tg_form *tg_stage_form(tg_stage *s, const tg_tensor *t)
{
    tg_engine *e = s->engine;
    const tg_form *form = tg_lower(s->lowering, t);
    if (e->failure == TG_ERR_SIZE) e->failure = TG_OK;
    return form;
}

int tg_stage_failed(tg_stage *s, tg_graph *g)
{
    if (s->engine->failure != TG_ERR_MEMORY) return 0;
    tg_set_error(g, TG_ERR_MEMORY, "recognise: out of memory");
    return 1;
}

/* ---- Reading a form ----------------------------------------------------------------------------------- */

/* An affine map of the outputs below: which axes of W, of those outputs and of z are those of the inputs, the units
 * and the examples; -1 where there is none (a size of 1). */
typedef struct affine {
    tg_tensor *z, *bias;
    int W_in, W_out, below_in, below_sample, z_out, z_sample;
} affine;

typedef struct search {
    tg_recogniser *r;
    tg_stage stage;
    tg_tensor *W, *below;
    const tg_atom *outputs; /* what stands for the outputs below */
    unsigned char *ok;      /* by id: made of sums and products of leaves */
    const char *hint;       /* what was nearly a layer */
} search;

/* The axis of t that slot `slot` of its leaf is. */
static int axis_of_slot(const tg_tensor *t, int slot)
{
    int axis = 0;
    while (tg_shape(t)[axis] == 1 || slot-- > 0) axis++;
    return axis;
}

static int is_once(const tg_factor *f)
{
    return tg_rational_equal(f->exponent, tg_integer(1));
}

/* The summed axis and the free one of a tensor in a product; *index: what the free one is in z. 0: it has two. */
static int read_axes(const tg_tensor *t, const tg_factor *f, int *summed, int *free_axis, int *index)
{
    *summed = *free_axis = *index = -1;
    for (int s = 0; s < f->slots; s++) {
        int axis = axis_of_slot(t, s);
        if (f->index[s] < 0 && *summed < 0)
            *summed = axis;
        else if (f->index[s] >= 0 && *free_axis < 0)
            *free_axis = axis, *index = f->index[s];
        else
            return 0;
    }
    return 1;
}

/* sum_k W_k a_k */
static int read_product(search *s, const tg_term *t, affine *f)
{
    const tg_engine *e = s->stage.engine;
    if (t->n_factors != 2 || t->n_bound > 1) return 0;
    const tg_factor *w = &t->factors[0], *a = &t->factors[1];
    if (tg_atom_of(e, w) == s->outputs) w = &t->factors[1], a = &t->factors[0];
    if (tg_atom_of(e, w)->source != s->W || tg_atom_of(e, a) != s->outputs || !is_once(w) || !is_once(a))
        return 0;
    if (!read_axes(s->W, w, &f->W_in, &f->W_out, &f->z_out)) return 0;
    if (!read_axes(s->below, a, &f->below_in, &f->below_sample, &f->z_sample)) return 0;
    return (f->W_in >= 0) == (f->below_in >= 0) && (f->z_out < 0 || f->z_out != f->z_sample);
}

/* A bias for each unit. */
static int read_bias(search *s, const tg_term *t, const affine *f, tg_tensor **bias)
{
    const tg_engine *e = s->stage.engine;
    if (t->n_factors != 1 || t->n_bound != 0 || !is_once(&t->factors[0])) return 0;
    const tg_atom *atom = tg_atom_of(e, &t->factors[0]);
    tg_tensor *b = NULL;
    for (int i = 0; i < s->r->n_params; i++)
        if (atom->source == s->r->meetings[i].param) b = s->r->meetings[i].param;
    if (b == NULL || b == s->W) return 0;
    if (atom->slots == (f->z_out >= 0) && (f->z_out < 0 || t->factors[0].index[0] == f->z_out)) {
        *bias = b;
        return 1;
    }
    s->hint = atom->slots == 0 ? "its bias is one number for all units"
                               : "its bias has other values for every example";
    return 0;
}

/* The axes must be those that the layer below has. */
static int fits_below(const affine *f, const tg_tensor *below, int rows)
{
    int units = tg_rank(below) == 2 ? rows != 0 : rows ? 0 : -1;
    int samples = tg_rank(below) == 2 ? rows == 0 : rows ? -1 : 0;
    return (f->below_in < 0 || f->below_in == units) && (f->below_sample < 0 || f->below_sample == samples);
}

/* Whether the form is such a map of W. */
static int read_affine(search *s, const tg_form *form, affine *f)
{
    int products = 0, biases = 0;
    if (form->rank > 2 || form->n_terms < 1 || form->n_terms > 2) return 0;
    for (int i = 0; i < form->n_terms; i++) {
        if (!tg_rational_equal(form->terms[i].coefficient, tg_integer(1))) return 0;
        products += read_product(s, &form->terms[i], f);
    }
    if (products != 1) return 0;
    f->bias = NULL;
    for (int i = 0; i < form->n_terms; i++) biases += read_bias(s, &form->terms[i], f, &f->bias);
    return biases == form->n_terms - 1;
}

/* ---- The search --------------------------------------------------------------------------------------- */

/* Made of leaves by sums and products: what an affine map can be a step of. */
static int is_polynomial(const tg_engine *e, const tg_form *form)
{
    if (form == NULL || form->n_terms > 8) return 0;
    for (int i = 0; i < form->n_terms; i++)
        for (int k = 0; k < form->terms[i].n_factors; k++)
            if (tg_atom_of(e, &form->terms[i].factors[k])->kind != TG_ATOM_LEAF) return 0;
    return 1;
}

static int inputs_are_ok(const search *s, const tg_tensor *t)
{
    for (int i = 0; i < tg_input_count(t); i++) {
        const tg_tensor *x = tg_input_at(t, i);
        if (!s->ok[tg_id(x)] && tg_has_leaves(s->r, x)) return 0;
    }
    return tg_input_count(t) > 0;
}

/* Looks at every node once, from the leaves up. The first map with a bias counts, else the first one without: what comes
 * later is a view of it. */
static int search_map(search *s, int l, affine *best)
{
    int rows;
    tg_recogniser *r = s->r;
    tg_outputs_below(r, l, &rows);
    s->ok[tg_id(s->below)] = 1;
    for (int64_t id = 0; id < r->nodes; id++) {
        tg_tensor *t = tg_node(r->g, id);
        if (!r->part[id] || t == s->below) continue;
        if (tg_is_trainable(t)) s->ok[id] = 1;
        if (!inputs_are_ok(s, t)) continue;
        const tg_form *form = tg_stage_form(&s->stage, t);
        if (tg_stage_failed(&s->stage, r->g)) return -1;
        s->ok[id] = (unsigned char)is_polynomial(s->stage.engine, form);
        affine f = {.z = t};
        if (!s->ok[id] || !read_affine(s, form, &f)) continue;
        if (l > 1 && !fits_below(&f, s->below, rows)) {
            s->hint = "it mixes examples";
            continue;
        }
        if (best->z == NULL || (best->bias == NULL && f.bias != NULL)) *best = f;
    }
    return best->z != NULL;
}

/* ---- What was found ----------------------------------------------------------------------------------- */

static int64_t size_of_axis(const tg_tensor *t, int axis)
{
    return axis < 0 ? 1 : tg_shape(t)[axis];
}

/* W^l is [n_(l-1), n_l]: told by its axes or, where both sizes are 1, all the same. */
static int is_in_out(const tg_tensor *W, const affine *f)
{
    if (tg_rank(W) < 2) return f->W_out < 0;
    return f->W_in >= 0 ? f->W_in == 0 : f->W_out != 0;
}

static void mark_taken(tg_recogniser *r, const tg_tensor *param)
{
    for (int i = 0; i < r->n_params; i++)
        if (r->meetings[i].param == param) r->meetings[i].taken = 1;
}

static void keep_layer(tg_recogniser *r, int l, tg_tensor *W, tg_tensor *below, const affine *f)
{
    tg_found_mlp *found = r->found;
    tg_found_layer *layer = &found->layer[l];
    int64_t N = size_of_axis(f->z, f->z_sample), in = size_of_axis(below, f->below_in);
    int rows;
    *layer = (tg_found_layer){
        .W = W, .b = f->bias, .in_out = is_in_out(W, f), .units = size_of_axis(f->z, f->z_out), .z = f->z};
    if (l == 1) {
        /* Where the sizes of x do not tell, it is as z is; where those of z do not either, in rows. */
        layer->rows = tg_is_in_rows(f->z, layer->units, N, f->z_out < 0 ? f->z_sample <= 0 : f->z_out == 1);
        found->N = N;
        found->inputs = in;
        found->x_rows = tg_is_in_rows(below, in, N, f->below_in < 0 ? layer->rows : f->below_in == 1);
    }
    tg_outputs_below(r, l, &rows);
    layer->rows = tg_is_in_rows(f->z, layer->units, N, f->z_out < 0 ? rows : f->z_out == 1);
    mark_taken(r, W);
    if (f->bias != NULL) mark_taken(r, f->bias);
}

static int refuse_layer(const search *s, int l, const struct tg_meeting *m)
{
    char W[TG_CALLED], below[TG_CALLED];
    tg_called(s->W, W);
    tg_called(s->below, below);
    if (s->hint != NULL)
        return tg_refuse_model(s->r, "the param %s is not the weights of a layer: %s", W, s->hint);
    if (l > 1 && (m->node == NULL || !tg_depends_on(m->node, s->below)))
        return tg_refuse_model(
            s->r,
            "the param %s is not applied to the outputs %s of layer %d, so the network is no "
            "chain of layers",
            W, below, l - 1);
    return tg_refuse_model(
        s->r,
        "the param %s does not enter as the weights W of W a + b, with %s as a, so it is no "
        "layer of a multilayer perceptron",
        W, below);
}

/* ---- The inputs of the first layer -------------------------------------------------------------------- */

/* What W^1 is multiplied by: an input, or what the model makes of one before the first param. */
static int find_x(tg_recogniser *r, const struct tg_meeting *m)
{
    char W[TG_CALLED];
    tg_called(m->param, W);
    for (int i = 0; m->node != NULL && i < tg_input_count(m->node); i++) {
        tg_tensor *t = tg_input_at(m->node, i);
        if (!tg_has_leaves(r, t) || tg_has_params(r, t)) continue;
        if (r->found->x != NULL && r->found->x != tg_peeled(t))
            return tg_refuse_model(r, "the param %s meets two inputs at once", W);
        r->found->x = tg_peeled(t);
    }
    if (r->found->x != NULL) return 1;
    return tg_refuse_model(r, "the param %s is not applied to an input: it first meets %s", W,
                           m->node != NULL ? "another param" : "numbers alone");
}

int tg_find_linear(tg_recogniser *r, int l, struct tg_meeting *m)
{
    int rows;
    if (l == 1) {
        int is_there = find_x(r, m);
        if (is_there != 1) return is_there;
    }
    search s = {.r = r, .W = m->param, .below = tg_outputs_below(r, l, &rows)};
    if (tg_rank(s.W) > 2 || tg_rank(s.below) > 2)
        return tg_refuse_model(r, "layer %d has tensors of more than two axes", l);
    affine f = {0};
    int found = -1;
    s.ok = calloc((size_t)r->nodes, 1);
    if (s.ok == NULL)
        tg_set_error(r->g, TG_ERR_MEMORY, "recognise: out of memory");
    else if (tg_stage_begin(&s.stage, r, s.below, NULL)) {
        s.outputs = tg_atom_of(s.stage.engine, &s.stage.value->terms[0].factors[0]);
        found = search_map(&s, l, &f);
    }
    tg_stage_end(&s.stage);
    free(s.ok);
    if (found == 0 || (found == 1 && f.bias == NULL && s.hint != NULL)) return refuse_layer(&s, l, m);
    if (found == 1) keep_layer(r, l, s.W, s.below, &f);
    return found;
}
