/* tg_check: derivatives of a graph's tensors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "compare.h"
#include "graph_subject.h"

static tg_drawing drawing_of(const tg_check_options *o)
{
    return (tg_drawing){o->seed, o->low, o->high};
}

/* The reason becomes the copy's error; a rule that cannot be recorded is a rule that is wrong. */
static void keep_copy_error(tg_checking *c, const tg_graph_copy *copy)
{
    if (copy->g == NULL || tg_graph_status(copy->g) == TG_OK || tg_graph_status(copy->g) == TG_ERR_MEMORY) {
        c->out_of_memory = 1;
        return;
    }
    c->report->differing += tg_graph_status(copy->g) == TG_ERR_RULE;
    snprintf(c->report->reason, sizeof c->report->reason, "%.500s", tg_error(copy->g));
    c->problem = c->report->reason;
}

static tg_part *make_parts(tg_tensor *const *xs, int n)
{
    tg_part *parts = calloc((size_t)n + 1, sizeof *parts);
    int64_t offset = 0;
    for (int i = 0; i < n && parts != NULL; i++) {
        parts[i].name = tg_name(xs[i]);
        parts[i].rank = tg_rank(xs[i]);
        memcpy(parts[i].shape, tg_shape(xs[i]), (size_t)tg_rank(xs[i]) * sizeof(int64_t));
        parts[i].offset = offset;
        parts[i].count = tg_count(xs[i]);
        offset += parts[i].count;
    }
    return parts;
}

static int64_t total_count(tg_tensor *const *xs, int n)
{
    int64_t count = 0;
    for (int i = 0; i < n; i++) count += tg_count(xs[i]);
    return count;
}

/* The values of the xs at which is checked: of leaves their own or drawn, of expressions what they come to. */
static int base_values(tg_checking *c, tg_tensor *const *xs, int n, double *x)
{
    tg_drawing drawing = drawing_of(&c->options);
    int ok = 1;
    for (int i = 0; i < n && ok; x += tg_count(xs[i]), i++) {
        if (tg_is_leaf(xs[i])) {
            tg_leaf_values(xs[i], &drawing, x);
            continue;
        }
        tg_graph_copy copy;
        ok =
            tg_graph_copy_make(&copy, &xs[i], 1, NULL, 0, 0, &drawing) &&
            tg_eval(copy.g, &copy.map[tg_id(xs[i])], 1, x, (size_t)tg_count(xs[i]) * sizeof(double)) == TG_OK;
        if (!ok) keep_copy_error(c, &copy);
        tg_graph_copy_free(&copy);
    }
    return ok;
}

/* The gradient as a function of its own, checked in the same way. */
static void check_second_order(tg_checking *c, tg_graph_subject *first, const double *x, const double *w)
{
    tg_graph_subject second;
    int64_t n = first->subject.n, nonzero = c->nonzero;
    tg_tensor *gradient = tg_graph_subject_gradient(first, w);
    double *v = calloc((size_t)n + 1, sizeof *v);
    if (gradient != NULL && v != NULL) {
        if (tg_graph_subject_make(&second, first->copy, gradient, first->subject.parts)) {
            c->order = 2;
            tg_check_draw(tg_random_key(c->options.seed, "second adjoint"), n, v);
            tg_check_subject(c, &second.subject, x, v);
            if (c->problem == NULL && !c->out_of_memory) tg_check_symmetry(c, &second.subject, x);
            c->order = 1;
        } else {
            keep_copy_error(c, first->copy);
        }
        tg_graph_subject_free(&second);
    } else {
        keep_copy_error(c, first->copy);
    }
    c->nonzero = nonzero; /* first derivatives alone make a check worth something */
    free(v);
}

static void check_orders(tg_checking *c, tg_graph_copy *copy, tg_tensor *y, const tg_part *parts,
                         const double *x, double *w)
{
    tg_graph_subject first = {0};
    if (!tg_graph_copy_set(copy, x) || !tg_graph_subject_make(&first, copy, y, parts)) {
        keep_copy_error(c, copy);
        tg_graph_subject_free(&first);
        return;
    }
    tg_check_draw(tg_random_key(c->options.seed, "adjoint"), tg_count(y), w);
    tg_check_subject(c, &first.subject, x, w);
    if (c->options.order >= 2 && c->report->differing == 0 && c->problem == NULL && c->nonzero > 0)
        check_second_order(c, &first, x, w);
    tg_graph_subject_free(&first);
}

static void check_tensors(tg_checking *c, tg_tensor *y, tg_tensor *const *xs, int n)
{
    tg_drawing drawing = drawing_of(&c->options);
    tg_graph_copy copy = {0};
    tg_part *parts = make_parts(xs, n);
    double *x = calloc((size_t)total_count(xs, n) + 1, sizeof *x);
    double *w = calloc((size_t)tg_count(y) + 1, sizeof *w);
    if (parts == NULL || x == NULL || w == NULL) {
        c->out_of_memory = 1;
    } else if (base_values(c, xs, n, x)) {
        if (tg_graph_copy_make(&copy, &y, 1, xs, n, 1, &drawing)) {
            c->report->held += copy.n_held;
            check_orders(c, &copy, copy.map[tg_id(y)], parts, x, w);
        } else {
            keep_copy_error(c, &copy);
        }
        tg_graph_copy_free(&copy);
    }
    free(parts);
    free(x);
    free(w);
}

/* ---- The first operation whose own rule fails ----------------------------------------------------------- */

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

/* The different floating inputs of t; their number. */
static int floating_inputs(const tg_tensor *t, tg_tensor **inputs)
{
    int n = 0;
    for (int i = 0; i < tg_input_count(t); i++) {
        tg_tensor *input = tg_input_at(t, i);
        int known = !is_floating(input);
        for (int k = 0; k < n; k++) known |= inputs[k] == input;
        if (!known) inputs[n++] = input;
    }
    return n;
}

static int rule_fails(tg_tensor *t, const tg_check_options *options)
{
    tg_checking c;
    tg_tensor **inputs = calloc((size_t)tg_input_count(t) + 1, sizeof(tg_tensor *));
    int fails = 0;
    if (inputs == NULL) return 0;
    int n = floating_inputs(t, inputs);
    if (n > 0 && tg_checking_begin(&c, options, NULL, 0)) {
        check_tensors(&c, t, inputs, n);
        fails = c.report->differing > 0;
        tg_check_free(c.report);
    }
    free(inputs);
    return fails;
}

static int depends_on_any(const tg_tensor *t, tg_tensor *const *xs, int n)
{
    for (int i = 0; i < n; i++)
        if (tg_depends_on(t, xs[i])) return 1;
    return 0;
}

static void find_culprit(tg_checking *c, tg_tensor *y, tg_tensor *const *xs, int n)
{
    tg_check_report *r = c->report;
    tg_check_options options = c->options;
    options.worst = 1;
    for (int64_t id = 0; id <= tg_id(y); id++) {
        tg_tensor *t = tg_node(tg_graph_of(y), id);
        const tg_op *op = tg_op_of(t);
        if (tg_is_leaf(t) || !is_floating(t) || (op->flags & TG_OP_CONSTANT_SLOPE) != 0 ||
            !tg_depends_on(y, t))
            continue;
        if (!depends_on_any(t, xs, n) || !rule_fails(t, &options)) continue;
        char type_text[TG_TYPE_TEXT];
        tg_type type = tg_type_of(t);
        r->culprit_id = id;
        snprintf(r->culprit, sizeof r->culprit, "%s%s%.60s%s, node %%%" PRId64 ", %s", op->name,
                 tg_name(t)[0] != '\0' ? " '" : "", tg_name(t), tg_name(t)[0] != '\0' ? "'" : "", id,
                 tg_type_text(&type, type_text, sizeof type_text));
        return;
    }
}

/* ---- The call ------------------------------------------------------------------------------------------- */

/* What is wrong with the arguments, or NULL. */
static const char *argument_problem(const tg_graph *g, const tg_tensor *y, tg_tensor *const *xs, int n)
{
    if (g == NULL || y == NULL) return "tg_check: the graph or y is NULL";
    if (n < 0 || (n > 0 && xs == NULL)) return "tg_check: the list of xs is NULL or its length negative";
    if (tg_graph_of(y) != g) return "tg_check: y belongs to another graph";
    if (!is_floating(y)) return "tg_check: y is neither f32 nor f64";
    for (int i = 0; i < n; i++) {
        if (xs[i] == NULL) return "tg_check: an x is NULL";
        if (tg_graph_of(xs[i]) != g) return "tg_check: an x belongs to another graph";
        if (!is_floating(xs[i])) return "tg_check: an x is neither f32 nor f64";
        for (int k = 0; k < i; k++)
            if (xs[k] == xs[i]) return "tg_check: an x stands twice in the list";
    }
    return NULL;
}

/* Expressions without a name are called by their place on the tape. */
#define NAME_ROOM 32

static int begin(tg_checking *c, const tg_check_options *options, tg_tensor *const *xs, int n)
{
    const char **names = calloc((size_t)n + 1, sizeof *names);
    char *made = calloc((size_t)n + 1, NAME_ROOM);
    int ok = names != NULL && made != NULL;
    for (int i = 0; i < n && ok; i++) {
        names[i] = made + (size_t)i * NAME_ROOM;
        snprintf(made + (size_t)i * NAME_ROOM, NAME_ROOM, "%%%" PRId64, tg_id(xs[i]));
        if (tg_name(xs[i])[0] != '\0') names[i] = tg_name(xs[i]);
    }
    ok = ok && tg_checking_begin(c, options, names, n);
    free(names);
    free(made);
    return ok;
}

tg_verdict tg_check(tg_graph *g, tg_tensor *y, tg_tensor *const *xs, int n, const tg_check_options *options,
                    tg_check_report **report)
{
    if (report != NULL) *report = NULL;
    tg_checking c;
    const char *problem = argument_problem(g, y, xs, n);
    if (!begin(&c, options, xs, problem == NULL ? n : 0)) return TG_INCONCLUSIVE;
    c.problem = problem;
    if (problem == NULL) {
        check_tensors(&c, y, xs, n);
        if (c.report->differing > 0) find_culprit(&c, y, xs, n);
    }
    tg_checking_end(&c);
    tg_verdict verdict = c.report->verdict;
    if (report != NULL)
        *report = c.report;
    else
        tg_check_free(c.report);
    return verdict;
}
