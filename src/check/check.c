/* tg_check: derivatives of a graph's tensors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_check.h"

_Static_assert(TG_CHECK_MAX_RANK == TG_MAX_RANK, "reports hold the shape of any tensor");

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

static tg_part *make_parts(tg_tensor *const *xs, int n, const char *const *names)
{
    tg_part *parts = calloc((size_t)n + 1, sizeof *parts);
    int64_t offset = 0;
    for (int i = 0; i < n && parts != NULL; i++) {
        parts[i].name = names != NULL ? names[i] : tg_name(xs[i]);
        parts[i].rank = tg_rank(xs[i]);
        memcpy(parts[i].shape, tg_shape(xs[i]), (size_t)tg_rank(xs[i]) * sizeof(int64_t));
        parts[i].offset = offset;
        parts[i].count = tg_count(xs[i]);
        offset += parts[i].count;
    }
    return parts;
}

int64_t tg_check_count(tg_tensor *const *xs, int n)
{
    int64_t count = 0;
    for (int i = 0; i < n; i++) count += tg_count(xs[i]);
    return count;
}

int tg_check_point(tg_checking *c, const tg_drawing *drawing, tg_tensor *const *xs, int n, double *x)
{
    int ok = 1;
    for (int i = 0; i < n && ok; x += tg_count(xs[i]), i++) {
        if (tg_leaf_kind_of(xs[i]) != TG_LEAF_NONE) {
            tg_leaf_values(xs[i], drawing, x);
            continue;
        }
        tg_graph_copy copy;
        ok =
            tg_graph_copy_make(&copy, &xs[i], 1, NULL, 0, 0, drawing, TG_F64) &&
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
    int64_t n = first->subject.n;
    tg_tensor *gradient = tg_graph_subject_gradient(first, w);
    double *v = calloc((size_t)n + 1, sizeof *v);
    if (gradient != NULL && v != NULL) {
        if (tg_graph_subject_make(&second, first->copy, gradient, first->subject.parts)) {
            c->order = 2;
            tg_check_draw(tg_check_key(c->options.seed, "second adjoint"), n, v);
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
    tg_check_draw(tg_check_key(c->options.seed, "adjoint"), tg_count(y), w);
    tg_check_subject(c, &first.subject, x, w);
    if (c->options.order >= 2 && c->report->differing == 0 && c->problem == NULL &&
        tg_checking_any_nonzero(c))
        check_second_order(c, &first, x, w);
    tg_graph_subject_free(&first);
}

void tg_check_derivatives(tg_checking *c, const tg_drawing *drawing, tg_tensor *y, tg_tensor *const *xs,
                          int n)
{
    tg_graph_copy copy = {0};
    tg_part *parts = make_parts(xs, n, NULL);
    double *x = calloc((size_t)tg_check_count(xs, n) + 1, sizeof *x);
    double *w = calloc((size_t)tg_count(y) + 1, sizeof *w);
    if (parts == NULL || x == NULL || w == NULL) {
        c->out_of_memory = 1;
    } else if (tg_check_point(c, drawing, xs, n, x)) {
        if (tg_graph_copy_make(&copy, &y, 1, xs, n, 1, drawing, TG_F64)) {
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

/* ---- The call ------------------------------------------------------------------------------------------- */

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

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

static void place_name(const tg_tensor *t, char *name)
{
    snprintf(name, NAME_ROOM, "%%%" PRId64, tg_id(t));
}

/* Whether the xs are in order: only then are they looked at. */
static int begin(tg_checking *c, const tg_check_options *options, tg_tensor *const *xs, int n)
{
    const char **names = calloc((size_t)n + 1, sizeof *names);
    char *made = calloc((size_t)n + 1, NAME_ROOM);
    tg_part *parts = NULL;
    for (int i = 0; i < n && names != NULL && made != NULL; i++) {
        names[i] = made + (size_t)i * NAME_ROOM;
        place_name(xs[i], made + (size_t)i * NAME_ROOM);
        if (tg_name(xs[i])[0] != '\0') names[i] = tg_name(xs[i]);
        if (options != NULL && options->names != NULL) names[i] = options->names[i];
    }
    if (names != NULL && made != NULL) parts = make_parts(xs, n, names);
    int ok = parts != NULL && tg_checking_begin(c, options, parts, n);
    free(parts);
    free(names);
    free(made);
    return ok;
}

static void describe(tg_checking *c, const tg_drawing *drawing, const tg_tensor *y)
{
    tg_check_report *r = c->report;
    char place[NAME_ROOM];
    place_name(y, place);
    const char *name = c->options.of != NULL ? c->options.of : tg_name(y)[0] != '\0' ? tg_name(y) : place;
    snprintf(r->of, sizeof r->of, "%s", name);
    r->dtype = tg_dtype_name(tg_dtype_of(y));
    tg_drawing_text(drawing, y, r->drawn, sizeof r->drawn);
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
        tg_drawing drawing = tg_drawing_choose(y, options);
        describe(&c, &drawing, y);
        tg_check_derivatives(&c, &drawing, y, xs, n);
        if (c.report->differing > 0) tg_check_bisect(&c, &drawing, y, xs, n);
    }
    tg_checking_end(&c);
    tg_verdict verdict = c.report->verdict;
    if (report != NULL)
        *report = c.report;
    else
        tg_check_free(c.report);
    return verdict;
}
