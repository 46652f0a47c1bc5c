/* Naming the cost: the loss's normal form, with z^L and the targets cut, is a number times the sum of one of the
 * library's costs of one of its activations. */
#include <stdio.h>
#include <stdlib.h>

#include <tapegrad/ops.h>

#include "graph/c_locale.h"
#include "recogniser.h"
#include "rules/course.h"

#define TARGETS_MAX 16
#define ACTIVATIONS ((int)TG_SOFTMAX + 1)
#define COSTS ((int)TG_COST_BINARY_CROSS_ENTROPY + 1)

/* ---- What can be the targets -------------------------------------------------------------------------- */

typedef struct targets {
    tg_tensor *list[TARGETS_MAX];
    int n;
} targets;

static void add_target(targets *ts, tg_tensor *t)
{
    for (int i = 0; i < ts->n; i++)
        if (ts->list[i] == t) return;
    if (ts->n < TARGETS_MAX) ts->list[ts->n++] = t;
}

/* The inputs that are compared with the outputs, then what the model makes of them before that. */
static void find_targets(tg_recogniser *r, const tg_tensor *z, targets *ts)
{
    targets made = {.n = 0};
    *ts = made;
    tg_see_above(r, z);
    for (int64_t id = r->nodes - 1; id > tg_id(z); id--) {
        const tg_tensor *user = tg_node(r->g, id);
        for (int k = 0; r->seen[id] && k < tg_input_count(user); k++) {
            tg_tensor *t = tg_input_at(user, k);
            if (!tg_has_leaves(r, t) || tg_has_params(r, t)) continue;
            for (int i = 0; i < r->n_leaves; i++)
                if ((tg_leaves_of(r, t)[i / 64] >> (i % 64) & 1u) != 0) add_target(ts, r->leaves[i]);
            add_target(&made, tg_peeled(t));
        }
    }
    for (int i = 0; i < made.n; i++) add_target(ts, made.list[i]);
}

/* ---- Candidates --------------------------------------------------------------------------------------- */

typedef struct candidates {
    tg_tensor *sums[ACTIVATIONS][COSTS];
} candidates;

/* The sum of every cost of every activation of z. */
static void record_candidates(const tg_recogniser *r, tg_tensor *y, candidates *c)
{
    const tg_found_layer *last = &r->found->layer[r->found->L];
    tg_tensor *z = last->z;
    int axis = tg_rank(z) == 2 ? last->rows != 0 : 0;
    for (int s = 0; s < ACTIVATIONS; s++) {
        int is_possible = s != (int)TG_SOFTMAX || last->units > 1;
        tg_tensor *a = is_possible ? tg_course_activation((tg_activation)s, z, axis) : NULL;
        for (int k = 0; k < COSTS; k++)
            c->sums[s][k] = !is_possible ? NULL
                                         : tg_reshape(tg_sum(tg_course_cost((tg_cost)k, a, y), NULL),
                                                      tg_rank(r->loss), tg_shape(r->loss));
    }
}

/* loss = factor times candidate, for a positive factor. */
static int is_multiple(tg_engine *e, const tg_form *loss, const tg_form *candidate, tg_rational *factor)
{
    if (candidate == NULL || loss->n_terms == 0 || candidate->n_terms == 0) return 0;
    if (tg_term_compare(&loss->terms[0], &candidate->terms[0]) != 0) return 0;
    tg_rational below = candidate->terms[0].coefficient, inverse;
    if (!tg_rational_make(below.den, below.num, &inverse)) return 0;
    if (!tg_rational_mul(loss->terms[0].coefficient, inverse, factor) || factor->num <= 0) return 0;
    return tg_form_equal(e, loss, tg_form_scale(e, candidate, *factor));
}

static int compare_candidates(tg_recogniser *r, const candidates *c, const tg_tensor *cut_y,
                              tg_rational *factor)
{
    static const int first[] = {TG_IDENTITY, TG_SOFTMAX, TG_SIGMOID, TG_TANH,     TG_RELU, TG_LEAKY_RELU,
                                TG_ELU,      TG_GELU,    TG_SILU,    TG_SOFTPLUS, TG_SIN};
    tg_found_layer *last = &r->found->layer[r->found->L];
    tg_stage stage;
    int found = tg_stage_begin(&stage, r, last->z, cut_y) ? 0 : -1;
    const tg_form *loss = found == 0 ? tg_stage_form(&stage, r->loss) : NULL;
    for (int i = 0; i < ACTIVATIONS && loss != NULL && found == 0; i++)
        for (int k = 0; k < COSTS && found == 0; k++) {
            tg_tensor *sum = c->sums[first[i]][k];
            if (sum == NULL || !is_multiple(stage.engine, loss, tg_stage_form(&stage, sum), factor)) continue;
            last->activation = (tg_activation)first[i];
            r->found->cost = (tg_cost)k;
            found = 1;
        }
    if (found == 0 && tg_stage_failed(&stage, r->g)) found = -1;
    tg_stage_end(&stage);
    return found;
}

/* ---- The factor --------------------------------------------------------------------------------------- */

/* p/q, p/(q N), p/(q K) or p/(q N K), whichever has the smallest numbers. */
static void write_factor(tg_found_mlp *found, tg_rational factor)
{
    int64_t N = found->N, K = found->layer[found->L].units;
    const int64_t sizes[4] = {1, N, K, N * K};
    static const char *const names[4] = {"", "N", "K", "N K"};
    tg_rational best = factor, r;
    int unit = 0;
    for (int i = 1; i < 4; i++)
        if (tg_rational_mul(factor, tg_integer(sizes[i]), &r) &&
            (double)r.num + (double)r.den < (double)best.num + (double)best.den) {
            best = r;
            unit = i;
        }
    found->factor = (double)factor.num / (double)factor.den;
    found->numerator = factor.num, found->denominator = factor.den;
    char *text = found->factor_text;
    size_t size = sizeof found->factor_text;
    if (best.num > 9999 || best.den > 9999)
        tg_c_snprintf(text, size, "%.9g", found->factor);
    else if (unit == 0 && best.den == 1)
        snprintf(text, size, "%d", (int)best.num);
    else if (unit == 0)
        snprintf(text, size, "%d/%d", (int)best.num, (int)best.den);
    else if (best.den == 1)
        snprintf(text, size, unit == 3 ? "%d/(%s)" : "%d/%s", (int)best.num, names[unit]);
    else
        snprintf(text, size, "%d/(%d %s)", (int)best.num, (int)best.den, names[unit]);
}

/* ---- The tensor of the last outputs ------------------------------------------------------------------- */

/* A function of z alone in the loss with the form of a or of its transpose. */
static tg_tensor *find_spelling(tg_recogniser *r, tg_stage *s, tg_tensor *a, tg_tensor *transposed,
                                int *swapped)
{
    const tg_tensor *z = r->found->layer[r->found->L].z;
    const tg_form *forms[2] = {tg_stage_form(s, a), tg_stage_form(s, transposed)};
    tg_see_above(r, z);
    for (int64_t id = tg_id(z) + 1; id < r->nodes; id++) {
        tg_tensor *t = tg_node(r->g, id);
        if (!r->seen[id] || !tg_same_leaves(r, t, z) || tg_count(t) != tg_count(z)) continue;
        const tg_form *form = tg_stage_form(s, t);
        for (*swapped = 0; *swapped < 2; ++*swapped)
            if (tg_form_equal(s->engine, form, forms[*swapped])) return t;
    }
    return NULL;
}

/* Keeps a^L where the tape has it: as s(z^L) itself, or as another spelling of that in the loss. */
static int find_last_outputs(tg_recogniser *r)
{
    tg_found_layer *last = &r->found->layer[r->found->L];
    int64_t nodes = tg_node_count(r->g);
    int swapped = 0, ok = 1;
    tg_tensor *a = tg_course_activation(last->activation, last->z, tg_rank(last->z) == 2 ? last->rows : 0);
    tg_tensor *transposed = tg_transpose(a, NULL);
    if (transposed == NULL) return -1;
    if (tg_id(a) < nodes) {
        last->a = a;
    } else {
        tg_stage stage;
        ok = tg_stage_begin(&stage, r, last->z, NULL);
        if (ok) last->a = find_spelling(r, &stage, a, transposed, &swapped);
        if (ok && tg_stage_failed(&stage, r->g)) ok = 0;
        tg_stage_end(&stage);
    }
    if (last->a != NULL)
        last->a_rows = tg_is_in_rows(last->a, last->units, r->found->N, swapped ? !last->rows : last->rows);
    return ok ? 1 : -1;
}

/* ---- The search --------------------------------------------------------------------------------------- */

static int try_version(tg_recogniser *r, tg_tensor *y, tg_tensor *version)
{
    candidates *c = malloc(sizeof *c);
    tg_rational factor;
    int found = -1;
    if (c == NULL) {
        tg_set_error(r->g, TG_ERR_MEMORY, "recognise: out of memory");
        return -1;
    }
    record_candidates(r, version, c);
    if (tg_graph_status(r->g) == TG_OK) found = compare_candidates(r, c, y, &factor);
    free(c);
    if (found != 1) return found;
    write_factor(r->found, factor);
    return 1;
}

/* With y as the targets. */
static int try_targets(tg_recogniser *r, tg_tensor *y)
{
    const tg_found_layer *last = &r->found->layer[r->found->L];
    tg_tensor *versions[2];
    int swapped[2], found = 0;
    if (tg_dtype_of(y) != tg_dtype_of(last->z)) return 0;
    tg_mark mark = tg_get_mark(r->g);
    int n = tg_versions(y, last->z, versions, swapped);
    for (int i = 0; i < n && found == 0; i++) {
        found = try_version(r, y, versions[i]);
        if (found == 1)
            r->found->y_rows =
                tg_is_in_rows(y, last->units, r->found->N, swapped[i] ? !last->rows : last->rows);
    }
    if (found >= 0) tg_rewind(r->g, mark);
    if (found == 1) r->found->y = y;
    return found;
}

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

static int refuse_cost(tg_recogniser *r, const targets *ts)
{
    const tg_found_layer *last = &r->found->layer[r->found->L];
    char text[TG_CALLED], of_y[TG_TYPE_TEXT], of_z[TG_TYPE_TEXT];
    if (ts->n == 0)
        return tg_refuse_model(
            r, "the loss compares the outputs with no targets: it depends on the network alone");
    for (int i = 0; i < ts->n; i++)
        if (!is_floating(ts->list[i]))
            return tg_refuse_model(
                r, "the targets %s are %s, and none of the costs that are known here takes those",
                tg_called(ts->list[i], text), tg_dtype_name(tg_dtype_of(ts->list[i])));
    tg_called(ts->list[0], text);
    tg_type y = tg_type_of(ts->list[0]), z = tg_type_of(last->z);
    if (y.rank != z.rank)
        return tg_refuse_model(
            r,
            "the loss is no multiple of a cost that is known here; the targets %s are %s and the "
            "outputs %s: a reshape may be missing",
            text, tg_type_text(&y, of_y, sizeof of_y), tg_type_text(&z, of_z, sizeof of_z));
    return tg_refuse_model(
        r,
        "the loss is no multiple of a cost that is known here (quadratic, l1, huber, logistic, "
        "hinge, cross-entropies) of the outputs of layer %d and %s",
        r->found->L, text);
}

int tg_find_cost(tg_recogniser *r)
{
    tg_found_layer *last = &r->found->layer[r->found->L];
    targets ts;
    int found = 0;
    if (tg_refuse_second_use(r, r->loss, r->found->L)) return 0;
    find_targets(r, last->z, &ts);
    for (int i = 0; i < ts.n && found == 0; i++) found = try_targets(r, ts.list[i]);
    if (found == 0) return refuse_cost(r, &ts);
    return found < 0 ? -1 : find_last_outputs(r);
}
