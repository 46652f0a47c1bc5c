/* A multilayer perceptron as a convention has it: the model's own tensors, brought into the convention's layout, with
 * its equations, proofs and values. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/diff.h>

#include "build.h"
#include "found_net.h"
#include "rules/report.h"

typedef struct mlp_view {
    const tg_lesson_task *task;
    const tg_found_mlp *found;
    tg_rules_spec spec;
    int64_t sizes[TG_RULES_LAYERS + 1];
    tg_activation activations[TG_RULES_LAYERS];
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_rules_net net;
    tg_claim claims[3 * TG_RULES_LAYERS];
    /* The adjoints of the model's own tensors: z, then W and b. b's is NULL where there is none. */
    tg_tensor *adjoints[TG_RULES_LAYERS + 1], *weights[TG_RULES_LAYERS + 1], *biases[TG_RULES_LAYERS + 1];
    tg_tensor
        *outputs[TG_RULES_LAYERS + 1]; /* the adjoints of its own a; NULL where the loss does not take it */
    tg_tensor *tensors[6 * TG_RULES_LAYERS + 1];
    int sample_axis[6 * TG_RULES_LAYERS + 1];
    tg_lesson_view *view;
} mlp_view;

static int convention_has_rows(const mlp_view *m)
{
    return tg_rules_in_rows(m->spec.convention);
}

static void fill_spec(mlp_view *m, tg_convention convention)
{
    const tg_found_mlp *found = m->found;
    m->sizes[0] = found->inputs;
    for (int l = 1; l <= found->L; l++) {
        m->sizes[l] = found->layer[l].units;
        m->activations[l - 1] = found->layer[l].activation;
    }
    m->spec = (tg_rules_spec){.convention = convention,
                              .n_layers = found->L,
                              .sizes = m->sizes,
                              .activations = m->activations,
                              .cost = found->cost,
                              .batch = found->N};
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

/* The left side of an equation. */
static char *left_side(const char *equation)
{
    char *symbol = tg_lesson_copy(equation);
    char *equals = symbol != NULL ? strstr(symbol, " = ") : NULL;
    if (equals != NULL) *equals = '\0';
    return symbol;
}

/* What the program calls it; "%12" where it has no name. */
static char *own_name(const tg_tensor *t)
{
    if (t == NULL) return NULL;
    return tg_name(t)[0] != '\0' ? tg_lesson_copy(tg_name(t)) : tg_lesson_print("%%%" PRId64, tg_id(t));
}

/* Starts a step: equation, label, reason; `shown` is the tensor in the convention's layout, `own` the model's. */
static tg_lesson_step *add_step(mlp_view *m, tg_lesson_phase phase, tg_equation_kind kind, int l,
                                tg_tensor *shown, const tg_tensor *own)
{
    tg_lesson_view *v = m->view;
    int i = v->n_steps++;
    tg_convention c = m->spec.convention;
    tg_lesson_step *step = &v->steps[i];
    *step = (tg_lesson_step){.phase = phase, .layer = l, .holds = -2, .values = {.rank = -1}};
    step->equation = tg_rules_equation(&m->spec, kind, l, TG_LATEX);
    step->symbol = left_side(step->equation);
    step->label = tg_lesson_copy(tg_rules_equation_label(c, kind));
    step->reason = tg_lesson_copy(tg_rules_equation_reason(c, kind));
    step->name = own_name(own);
    step->shape = shown != NULL ? tg_lesson_shape(shown) : NULL;
    step->tape = own != NULL ? tg_expression(own, TG_TEXT) : NULL;
    m->tensors[i] = shown;
    m->sample_axis[i] = -1;
    return step;
}

static void add_forward(mlp_view *m)
{
    int by_sample = convention_has_rows(m) ? 0 : 1;
    for (int l = 1; l <= m->found->L; l++) {
        const tg_found_layer *own = &m->found->layer[l];
        add_step(m, TG_LESSON_FORWARD, TG_EQUATION_Z, l, m->layers[l].z, own->z);
        m->sample_axis[m->view->n_steps - 1] = by_sample;
        tg_lesson_step *step = add_step(m, TG_LESSON_FORWARD, TG_EQUATION_A, l, m->layers[l].a, own->a);
        m->sample_axis[m->view->n_steps - 1] = by_sample;
        if (own->a == NULL)
            tg_lesson_note(
                step,
                tg_lesson_copy("The model has no tensor of this: its cost takes z, which is more accurate."));
    }
    add_step(m, TG_LESSON_COST, TG_EQUATION_COST, m->found->L, m->task->loss, m->task->loss);
}

static void add_verdict(tg_lesson_step *step, const tg_claim *claim)
{
    tg_text text = {0};
    int n = tg_proof_rule_count(claim->proof);
    step->holds = claim->verdict == TG_PROVED ? 1 : claim->verdict == TG_REFUTED ? 0 : -1;
    if (claim->verdict == TG_PROVED) {
        tg_text_print(&text, "proved: what differentiation derives is this rule%s",
                      n > 0                              ? ", by "
                      : tg_proof_tier(claim->proof) == 0 ? ", the very same node of the tape"
                                                         : ", after renaming indices");
        for (int i = 0; i < n; i++)
            tg_text_print(&text, "%s%s", i > 0 ? "; " : "", tg_proof_rule(claim->proof, i));
    } else {
        tg_text_print(&text, "%s", claim->verdict == TG_REFUTED ? "refuted" : "not decided");
    }
    if (claim->conditional) tg_text_print(&text, ", given the error term of the layer above");
    step->verdict = tg_text_take(&text);
}

/* The derivative by a^l, which the error term of layer l goes on from. */
static void add_output(mlp_view *m, int l)
{
    int L = m->found->L;
    tg_equation_kind kind = l == L ? TG_EQUATION_OUTPUT : TG_EQUATION_INPUT;
    tg_tensor *shown = tg_rules_activation_derivative(&m->net, l);
    tg_lesson_step *step = add_step(m, TG_LESSON_BACKWARD, kind, l, shown, m->outputs[l]);
    m->sample_axis[m->view->n_steps - 1] = convention_has_rows(m) ? 0 : 1;
    if (m->outputs[l] != NULL)
        step->rule = tg_lesson_rules_of(m->outputs[l], m->adjoints + l + 1, L - l);
    else
        tg_lesson_note(
            step,
            tg_lesson_copy("The tape has no such adjoint: its cost takes $z$, and the next step at once."));
}

static void add_error(mlp_view *m, int l)
{
    int L = m->found->L;
    tg_equation_kind kind = l == L ? TG_EQUATION_LAST_ERROR : TG_EQUATION_ERROR;
    tg_lesson_step *step = add_step(m, TG_LESSON_BACKWARD, kind, l, m->layers[l].delta, m->adjoints[l]);
    m->sample_axis[m->view->n_steps - 1] = convention_has_rows(m) ? 0 : 1;
    tg_tensor *const *known = m->outputs[l] != NULL ? &m->outputs[l] : m->adjoints + l + 1;
    step->rule = tg_lesson_rules_of(m->adjoints[l], known, m->outputs[l] != NULL ? 1 : L - l);
    tg_lesson_error_notes(step, &m->spec, l, m->net.factor);
}

static void add_backward(mlp_view *m)
{
    for (int i = 0; i < 3 * m->found->L; i++) {
        const tg_claim *claim = &m->claims[i];
        int l = claim->layer;
        const tg_rules_layer *layer = &m->layers[l];
        tg_lesson_step *step;
        if (claim->kind == TG_CLAIM_ERROR) {
            add_output(m, l);
            add_error(m, l);
        } else if (claim->kind == TG_CLAIM_WEIGHTS) {
            step = add_step(m, TG_LESSON_GRADIENT, TG_EQUATION_WEIGHTS, l, layer->dW, m->weights[l]);
            step->rule = tg_lesson_rules_of(m->weights[l], m->adjoints + l, 1);
            tg_lesson_gradient_notes(step, &m->spec);
        } else {
            step = add_step(m, TG_LESSON_GRADIENT, TG_EQUATION_BIASES, l, layer->db, m->biases[l]);
            if (m->biases[l] == NULL)
                tg_lesson_note(step, tg_lesson_copy("The model has no biases in this layer."));
            else if (m->biases[l] != m->adjoints[l])
                step->rule = tg_lesson_rules_of(m->biases[l], m->adjoints + l, 1);
        }
        if (claim->proof != NULL) add_verdict(&m->view->steps[m->view->n_steps - 1], claim);
    }
}

/* ---- What stands above the steps ---------------------------------------------------------------------- */

static int add_line(char ***lines, int *n, char *line)
{
    char **grown = realloc(*lines, (size_t)(*n + 1) * sizeof **lines);
    if (grown == NULL || line == NULL) {
        if (grown != NULL) *lines = grown;
        tg_text_free(line);
        return 0;
    }
    *lines = grown;
    (*lines)[(*n)++] = line;
    return 1;
}

static const char *const titles[TG_CONVENTIONS] = {
    [TG_CONVENTION_VECTOR] = "vector: one example, gradient vectors",
    [TG_CONVENTION_JACOBIAN] = "jacobian: one example, Jacobians",
    [TG_CONVENTION_DELTA] = "delta: the four equations",
    [TG_CONVENTION_ROWS] = "rows: a batch in rows",
    [TG_CONVENTION_COLUMNS] = "columns: a batch in columns"};

static const char *const layouts[TG_CONVENTIONS] = {
    [TG_CONVENTION_VECTOR] =
        "One example at a time, as a column; weights are $n_l$ by $n_{l-1}$. $D_u x$ has the derivative of $x_j$ by "
        "$u_i$ at row $i$ and column $j$, so chain rules read from the inside out: $d_u f = D_u x \\cdot d_x f$.",
    [TG_CONVENTION_JACOBIAN] =
        "One example at a time, as a column; neuron $k$'s weights are column $k$ of $\\Omega$, so $\\Omega$ is $n_{l-1}$ "
        "by $n_l$. A Jacobian has the derivative of $f_i$ by $a_j$ at row $i$ and column $j$.",
    [TG_CONVENTION_DELTA] =
        "Examples are columns; weights are $n_l$ by $n_{l-1}$, $w_{jk}$ going from neuron $k$ to neuron $j$. $\\delta$ is "
        "the derivative of the cost of one example by $z$; gradients take the mean.",
    [TG_CONVENTION_ROWS] =
        "Examples are rows; weights are $d_{l-1}$ by $d_l$. $\\Delta$ is without the $1/N$ of the cost, which stands in "
        "the gradients.",
    [TG_CONVENTION_COLUMNS] =
        "Examples are columns; node $i$'s weights are column $i$ of $W$, so $W$ is $n_{l-1}$ by $n_l$. $\\Delta$ has the "
        "cost's $1/(M K)$ in it."};

/* "W1 is W^1, b1 is b^1; h is the transpose of a^1" */
static char *correspondence(const mlp_view *m)
{
    tg_text text = {0};
    int rows = convention_has_rows(m), in_out = tg_rules_in_out(m->spec.convention);
    const tg_convention_notation *n = &tg_notations[m->spec.convention];
    tg_text_print(&text, "The model's names: ");
    for (int l = 1; l <= m->found->L; l++) {
        const tg_found_layer *own = &m->found->layer[l];
        const struct {
            const tg_tensor *t;
            const char *symbol;
            int other;
        } pairs[2] = {{own->W, n->W, own->in_out != in_out}, {own->b, n->b, 0}};
        for (int i = 0; i < 2; i++) {
            if (pairs[i].t == NULL) continue;
            tg_text latex = {0};
            tg_notation_write(&latex, n, pairs[i].symbol, l, m->found->L);
            char *symbol = tg_text_take(&latex);
            tg_text_print(&text, "%s%s is ", l + i > 1 ? ", " : "", tg_name(pairs[i].t));
            if (symbol != NULL) tg_text_print(&text, "$%s$", symbol);
            if (pairs[i].other) tg_text_print(&text, " transposed");
            tg_text_free(symbol);
        }
    }
    tg_text_print(&text, ". It has examples in %s%s.", m->found->x_rows ? "rows" : "columns",
                  (m->found->x_rows != 0) == rows ? ", as here" : "; here all is transposed accordingly");
    return tg_text_take(&text);
}

static int add_general(mlp_view *m)
{
    tg_lesson_view *v = m->view;
    v->general = calloc(TG_EQUATIONS, sizeof *v->general);
    v->general_labels = calloc(TG_EQUATIONS, sizeof *v->general_labels);
    if (v->general == NULL || v->general_labels == NULL) return 0;
    for (int kind = 0; kind < TG_EQUATIONS; kind++) {
        if ((kind == TG_EQUATION_ERROR || kind == TG_EQUATION_INPUT) && m->found->L == 1) continue;
        tg_equation_kind k = (tg_equation_kind)kind;
        int i = v->n_general++;
        v->general[i] = tg_rules_equation(&m->spec, k, 0, TG_LATEX);
        v->general_labels[i] = tg_lesson_copy(tg_rules_equation_label(m->spec.convention, k));
        if (v->general[i] == NULL || v->general_labels[i] == NULL) return 0;
    }
    return 1;
}

static int add_head(mlp_view *m)
{
    tg_lesson_view *v = m->view;
    const char *slip;
    v->convention = (int)m->spec.convention;
    v->title = tg_lesson_copy(titles[m->spec.convention]);
    int ok = v->title != NULL &&
             add_line(&v->paragraphs, &v->n_paragraphs, tg_lesson_copy(layouts[m->spec.convention])) &&
             add_line(&v->paragraphs, &v->n_paragraphs, correspondence(m)) && add_general(m);
    for (int i = 0; ok && (slip = tg_rules_slip(m->spec.convention, i)) != NULL; i++)
        ok = add_line(&v->slips, &v->n_slips, tg_lesson_copy(slip));
    return ok;
}

/* ---- All of it ---------------------------------------------------------------------------------------- */

/* Names for what has none, so that expressions stay short: z3, adjoint_z3. */
static void give_names(const tg_tensor *own, const char *letter, int l, tg_tensor *adjoint)
{
    char *name = tg_name(own)[0] != '\0' ? tg_lesson_copy(tg_name(own)) : tg_lesson_print("%s%d", letter, l);
    char *of_adjoint = tg_lesson_print("adjoint_%s", name != NULL ? name : letter);
    if (tg_name(own)[0] == '\0' && name != NULL) tg_set_name((tg_tensor *)own, name);
    if (of_adjoint != NULL && tg_name(adjoint)[0] == '\0') tg_set_name(adjoint, of_adjoint);
    tg_text_free(name);
    tg_text_free(of_adjoint);
}

/* The adjoints of the model's own tensors. */
static tg_status derive(mlp_view *m, tg_diag *diag)
{
    tg_graph *g = m->task->g;
    for (int l = 1; l <= m->found->L; l++) {
        const tg_found_layer *own = &m->found->layer[l];
        tg_tensor *of[3] = {own->z, own->W, own->b}, *adjoint[3] = {NULL, NULL, NULL};
        tg_status status = tg_grad(g, m->task->loss, of, own->b != NULL ? 3 : 2, adjoint);
        if (status != TG_OK) return tg_fail(diag, status, "%s", tg_error(g));
        m->adjoints[l] = adjoint[0], m->weights[l] = adjoint[1], m->biases[l] = adjoint[2];
        give_names(own->z, "z", l, adjoint[0]);
        give_names(own->W, "W", l, adjoint[1]);
        if (own->b != NULL) give_names(own->b, "b", l, adjoint[2]);
        if (own->a == NULL || own->a == own->z || !tg_depends_on(m->task->loss, own->a)) continue;
        status = tg_grad(g, m->task->loss, &own->a, 1, &m->outputs[l]);
        if (status != TG_OK) return tg_fail(diag, status, "%s", tg_error(g));
        give_names(own->a, "a", l, m->outputs[l]);
    }
    return TG_OK;
}

static tg_status prepare(mlp_view *m, tg_diag *diag)
{
    tg_graph *g = m->task->g;
    tg_status status = derive(m, diag);
    if (status != TG_OK) return status;
    if (!tg_found_net(g, m->task->loss, m->found, m->spec.convention, m->layers, &m->net))
        return tg_fail(diag, tg_graph_status(g), "%s", tg_error(g));
    tg_claims_begin(m->claims, m->found->L);
    return tg_rules_induct(&m->net, NULL, 0, m->found->cost == TG_COST_CROSS_ENTROPY, m->claims, diag);
}

tg_status tg_lesson_mlp_view(const tg_lesson_task *task, const tg_found_mlp *found, tg_convention convention,
                             tg_lesson_view *view, tg_diag *diag)
{
    mlp_view *m = calloc(1, sizeof *m);
    view->steps = calloc((size_t)(6 * found->L + 1), sizeof *view->steps);
    if (m == NULL || view->steps == NULL) {
        free(m);
        return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    }
    m->task = task, m->found = found, m->view = view;
    fill_spec(m, convention);
    tg_mark mark = tg_get_mark(task->g);
    tg_status status = prepare(m, diag);
    if (status == TG_OK) {
        add_forward(m);
        add_backward(m);
        status = tg_lesson_take_values(task, m->tensors, m->sample_axis, view, diag);
    }
    if (status == TG_OK && !(add_head(m) && tg_lesson_draw_mlp(view, found->L)))
        status = tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    for (int i = 0; i < 3 * found->L; i++) tg_proof_free(m->claims[i].proof);
    tg_rewind(task->g, mark);
    free(m);
    return status;
}
