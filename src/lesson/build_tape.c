/* A model that is no multilayer perceptron, as the tape has it: its named tensors, and their adjoints in the order in
 * which the reverse pass computes them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/diff.h>

#include "build.h"

typedef struct tape_view {
    const tg_lesson_task *task;
    tg_tensor *
        *named; /* that the loss depends on and has a gradient by, in the order of the tape; the loss last */
    tg_tensor **adjoints;
    int n;
    tg_tensor **tensors;
    int *no_sample;
    int *forward, *backward; /* the steps of named[i] and of its adjoint; -1: none */
    tg_lesson_view *view;
} tape_view;

static int by_id(const void *a, const void *b)
{
    int64_t x = tg_id(*(tg_tensor *const *)a), y = tg_id(*(tg_tensor *const *)b);
    return (x > y) - (x < y);
}

static void choose(tape_view *v)
{
    const tg_lesson_task *task = v->task;
    for (int i = 0; i < task->n_named; i++) {
        tg_tensor *t = task->named[i];
        tg_dtype dtype = tg_dtype_of(t);
        int seen = t == task->loss || !tg_depends_on(task->loss, t) ||
                   tg_leaf_kind_of(t) == TG_LEAF_CONSTANT || (dtype != TG_F32 && dtype != TG_F64);
        for (int k = 0; k < v->n && !seen; k++) seen = v->named[k] == t;
        if (!seen) v->named[v->n++] = t;
    }
    qsort(v->named, (size_t)v->n, sizeof *v->named, by_id);
    v->named[v->n++] = task->loss;
}

/* Names of several letters upright. */
static void write_name(tg_text *text, const tg_tensor *t)
{
    tg_text_print(text, "\\mathrm{");
    for (const char *c = tg_name(t); *c != '\0'; c++) tg_text_print(text, *c == '_' ? "\\_" : "%c", *c);
    tg_text_print(text, "}");
}

char *tg_lesson_symbol(const tg_tensor *t, const tg_tensor *loss)
{
    tg_text text = {0};
    if (loss != NULL) {
        tg_text_print(&text, "\\frac{\\partial ");
        write_name(&text, loss);
        tg_text_print(&text, "}{\\partial ");
    }
    write_name(&text, t);
    if (loss != NULL) tg_text_print(&text, "}");
    return tg_text_take(&text);
}

/* "symbol = expression" */
static char *equation(const char *left, const tg_tensor *t)
{
    char *right = tg_expression(t, TG_LATEX);
    char *both = left != NULL && right != NULL ? tg_lesson_print("%s = %s", left, right) : NULL;
    tg_text_free(right);
    return both;
}

static tg_lesson_step *add_step(tape_view *v, tg_lesson_phase phase, char *left, tg_tensor *t)
{
    int i = v->view->n_steps++;
    tg_lesson_step *step = &v->view->steps[i];
    *step = (tg_lesson_step){.phase = phase, .symbol = left, .holds = -2, .values = {.rank = -1}};
    step->equation = equation(left, t);
    step->name = tg_lesson_copy(tg_name(t));
    step->shape = tg_lesson_shape(t);
    step->tape = tg_expression(t, TG_TEXT);
    v->tensors[i] = t;
    v->no_sample[i] = -1;
    return step;
}

static void add_forward(tape_view *v)
{
    for (int i = 0; i < v->n; i++) {
        tg_tensor *t = v->named[i];
        v->forward[i] = -1;
        if (tg_leaf_kind_of(t) != TG_LEAF_NONE) continue;
        v->forward[i] = v->view->n_steps;
        add_step(v, i == v->n - 1 ? TG_LESSON_COST : TG_LESSON_FORWARD, tg_lesson_symbol(t, NULL), t);
    }
}

/* The adjoints with names, the newest last. */
static void name_adjoints(tape_view *v)
{
    for (int i = 0; i < v->n; i++) {
        if (v->adjoints[i] == NULL || tg_leaf_kind_of(v->adjoints[i]) != TG_LEAF_NONE) continue;
        char *name = tg_lesson_print("adjoint_%s", tg_name(v->named[i]));
        if (name != NULL) tg_set_name(v->adjoints[i], name);
        tg_text_free(name);
    }
}

static void add_backward(tape_view *v)
{
    int *order = calloc((size_t)v->n + 1, sizeof *order);
    if (order == NULL) return;
    for (int i = 0; i < v->n; i++) { /* by insertion: the order of the tape */
        int k = i;
        for (; k > 0 && v->adjoints[order[k - 1]] != NULL && v->adjoints[i] != NULL &&
               tg_id(v->adjoints[order[k - 1]]) > tg_id(v->adjoints[i]);
             k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (int k = 0; k < v->n; k++) {
        tg_tensor *of = v->named[order[k]], *adjoint = v->adjoints[order[k]];
        v->backward[order[k]] = -1;
        if (adjoint == NULL || of == v->task->loss) continue;
        v->backward[order[k]] = v->view->n_steps;
        int leaf = tg_leaf_kind_of(of) != TG_LEAF_NONE;
        tg_lesson_step *step = add_step(v, leaf ? TG_LESSON_GRADIENT : TG_LESSON_BACKWARD,
                                        tg_lesson_symbol(of, v->task->loss), adjoint);
        step->rule = tg_lesson_rules_of(adjoint, v->adjoints, v->n);
        step->reason = tg_lesson_print("the derivative of %s by %s: what its uses hand back, added",
                                       v->task->loss_name, tg_name(of));
    }
    free(order);
}

static int make_room(tape_view *v)
{
    size_t n = (size_t)v->task->n_named + 2;
    v->named = calloc(n, sizeof *v->named);
    v->adjoints = calloc(n, sizeof *v->adjoints);
    v->tensors = calloc(2 * n, sizeof *v->tensors);
    v->no_sample = calloc(2 * n, sizeof *v->no_sample);
    v->forward = calloc(n, sizeof *v->forward);
    v->backward = calloc(n, sizeof *v->backward);
    v->view->steps = calloc(2 * n, sizeof *v->view->steps);
    return v->named != NULL && v->adjoints != NULL && v->tensors != NULL && v->no_sample != NULL &&
           v->forward != NULL && v->backward != NULL && v->view->steps != NULL;
}

static tg_status fill(tape_view *v, tg_diag *diag)
{
    tg_graph *g = v->task->g;
    if (!make_room(v)) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    choose(v);
    tg_status status = tg_grad(g, v->task->loss, v->named, v->n, v->adjoints);
    if (status != TG_OK) return tg_fail(diag, status, "%s", tg_error(g));
    name_adjoints(v);
    add_forward(v);
    add_backward(v);
    v->view->convention = -1;
    v->view->title = tg_lesson_copy("the tape");
    if (v->view->title == NULL || !tg_lesson_draw_tape(v->view, v->named, v->n, v->forward, v->backward))
        return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    return tg_lesson_take_values(v->task, v->tensors, v->no_sample, v->view, diag);
}

tg_status tg_lesson_tape_view(const tg_lesson_task *task, tg_lesson_view *view, tg_diag *diag)
{
    tape_view v = {.task = task, .view = view};
    tg_mark mark = tg_get_mark(task->g);
    tg_status status = fill(&v, diag);
    tg_rewind(task->g, mark);
    free(v.named);
    free(v.adjoints);
    free(v.tensors);
    free(v.no_sample);
    free(v.forward);
    free(v.backward);
    return status;
}
