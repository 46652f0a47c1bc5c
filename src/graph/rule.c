/* Derivative rules: what they can ask, what they give back, and how they are called. */
#include <stdlib.h>

#include "rule.h"

tg_graph *tg_rule_graph(const tg_rule *r)
{
    return r->graph;
}

int tg_rule_input_count(const tg_rule *r)
{
    return r->node->n_inputs - r->first;
}

tg_tensor *tg_rule_input(const tg_rule *r, int i)
{
    return i < 0 ? NULL : tg_input_at(r->node, r->first + i);
}

tg_tensor *tg_rule_output(const tg_rule *r)
{
    return r->node;
}

const void *tg_rule_attr(const tg_rule *r)
{
    return tg_node_attr(r->node);
}

tg_tensor *tg_rule_output_adjoint(const tg_rule *r)
{
    return r->adjoint;
}

static int is_active(const tg_rule *r, const tg_tensor *t)
{
    return t != NULL && t->id >= r->low && (r->visited[t->id - r->low] & TG_SPAN_ACTIVE) != 0;
}

int tg_rule_wants_of(const tg_rule *r, const tg_tensor *t)
{
    return r->adjoints != NULL && is_active(r, t);
}

int tg_rule_wants(const tg_rule *r, int i)
{
    return tg_rule_wants_of(r, tg_rule_input(r, i));
}

/* 1 when `given` is a possible derivative for `like`; otherwise the rule has failed. */
static int check_given(tg_rule *r, const tg_tensor *given, const tg_tensor *like, const char *what)
{
    if (given == NULL) {
        r->failed = 1;
        tg_set_error(r->graph, TG_ERR_RULE, "%s: its rule gives a NULL %s", r->node->op->name, what);
        return 0;
    }
    if (given->graph == r->graph && tg_same_types(given, like)) return 1;
    char label[TG_LABEL_TEXT], like_label[TG_LABEL_TEXT];
    r->failed = 1;
    tg_set_error(r->graph, TG_ERR_RULE, "%s: its rule gives the %s %s for %s", r->node->op->name, what,
                 tg_label(given, label, sizeof label), tg_label(like, like_label, sizeof like_label));
    return 0;
}

/* Adds to *sum; the new node, if one is needed, is marked as the sum of the contributions to `of`. */
static void accumulate(tg_rule *r, tg_tensor **sum, tg_tensor *term, tg_tensor *of)
{
    if (*sum == NULL) {
        *sum = term;
        return;
    }
    tg_origin outer = r->graph->origin;
    r->graph->origin = (tg_origin){TG_ORIGIN_SUM, of, -1};
    *sum = r->graph->library->add(*sum, term);
    r->graph->origin = outer;
    if (*sum == NULL) r->failed = 1;
}

void tg_rule_adjoint_of(tg_rule *r, tg_tensor *t, tg_tensor *adjoint)
{
    if (!tg_rule_wants_of(r, t) || r->failed) return;
    if (check_given(r, adjoint, t, "adjoint")) accumulate(r, &r->adjoints[t->id - r->low], adjoint, t);
}

void tg_rule_adjoint(tg_rule *r, int i, tg_tensor *adjoint)
{
    tg_rule_adjoint_of(r, tg_rule_input(r, i), adjoint);
}

tg_tensor *tg_rule_tangent(const tg_rule *r, int i)
{
    tg_tensor *input = tg_rule_input(r, i);
    return r->tangents != NULL && is_active(r, input) ? r->tangents[input->id - r->low] : NULL;
}

void tg_rule_output_tangent(tg_rule *r, tg_tensor *tangent)
{
    if (r->failed || r->tangents == NULL) return;
    if (check_given(r, tangent, r->node, "tangent")) accumulate(r, &r->tangent, tangent, r->node);
}

/* An operation of constant slope passes nothing on. It is asked only where it is itself an x. */
static int passes_nothing(const tg_op *op)
{
    return (op->flags & TG_OP_CONSTANT_SLOPE) != 0;
}

void tg_rule_run_reverse(tg_rule *r)
{
    const tg_op *op = r->node->op;
    if (passes_nothing(op)) return;
    tg_origin outer = r->graph->origin;
    r->graph->origin = (tg_origin){TG_ORIGIN_REVERSE, r->node, -1};
    if (op->slope != NULL) {
        for (int i = 0; i < r->node->n_inputs && !r->failed; i++) {
            if (!tg_rule_wants(r, i)) continue;
            r->graph->origin.input = i;
            tg_rule_adjoint(r, i, op->slope(r, i, r->adjoint));
        }
    } else if (op->vjp != NULL) {
        op->vjp(r);
    } else {
        r->failed = 1;
        tg_set_error(r->graph, TG_ERR_RULE, "%s: it has no reverse rule", op->name);
    }
    r->graph->origin = outer;
}

/* The forward rule of an operation that has only a reverse rule, by transposing twice: the reverse rule is
 * linear in the adjoint u, xbar_i = J_i^T u, so the reverse derivative of <xbar_i, xdot_i> with respect to u
 * is J_i xdot_i. u is a placeholder that no result depends on. */
static void forward_from_reverse(tg_rule *r)
{
    tg_graph *g = r->graph;
    tg_type type = tg_type_of(r->node);
    tg_tensor *u = tg_intern(g, &(tg_recipe){.op = &tg_op_input, .type = &type, .unique = 1});
    int64_t room = r->node->id - r->low;
    tg_tensor **adjoints = calloc((size_t)room + 1, sizeof(tg_tensor *));
    if (u == NULL || adjoints == NULL) {
        tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory for its forward rule", r->node->op->name);
        free(adjoints);
        r->failed = 1;
        return;
    }
    tg_rule reverse = *r;
    reverse.tangents = NULL;
    reverse.adjoint = u;
    reverse.adjoints = adjoints;
    tg_rule_run_reverse(&reverse);
    r->failed = reverse.failed;
    for (int i = 0; i < r->node->n_inputs && !r->failed; i++) {
        const tg_tensor *input = r->node->inputs[i];
        if (input->id < r->low) continue;
        tg_tensor *xbar = adjoints[input->id - r->low], *xdot = r->tangents[input->id - r->low], *ydot;
        if (xbar == NULL || xdot == NULL) continue;
        adjoints[input->id - r->low] = NULL; /* an input used twice counts once: its adjoint is the sum */
        if (tg_vjp(g, &xbar, &xdot, 1, &u, 1, &ydot) == TG_OK)
            tg_rule_output_tangent(r, ydot);
        else
            r->failed = 1;
    }
    free(adjoints);
}

void tg_rule_run_forward(tg_rule *r)
{
    const tg_op *op = r->node->op;
    if (passes_nothing(op)) return;
    tg_origin outer = r->graph->origin;
    r->graph->origin = (tg_origin){TG_ORIGIN_FORWARD, r->node, -1};
    if (op->slope != NULL) {
        for (int i = 0; i < r->node->n_inputs && !r->failed; i++) {
            tg_tensor *xdot = tg_rule_tangent(r, i);
            if (xdot != NULL) tg_rule_output_tangent(r, op->slope(r, i, xdot));
        }
    } else if (op->jvp != NULL) {
        op->jvp(r);
    } else {
        forward_from_reverse(r);
    }
    r->graph->origin = outer;
}
