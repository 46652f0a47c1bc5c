/* Reports as text, and the names of what stands in them. */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *tg_verdict_name(tg_verdict verdict)
{
    static const char *const names[] = {
        [TG_PASS] = "pass", [TG_FAIL] = "fail", [TG_INCONCLUSIVE] = "inconclusive"};
    return (unsigned)verdict <= (unsigned)TG_INCONCLUSIVE ? names[verdict] : "unknown verdict";
}

const char *tg_check_method_name(tg_check_method method)
{
    static const char *const names[] = {[TG_BY_DIFFERENCES] = "central",
                                        [TG_BY_COMPLEX_STEP] = "complex",
                                        [TG_BY_FORWARD_MODE] = "forward",
                                        [TG_BY_SYMMETRY] = "symmetry",
                                        [TG_BY_TAYLOR] = "taylor"};
    return (unsigned)method <= (unsigned)TG_BY_TAYLOR ? names[method] : "unknown method";
}

const char *tg_check_kind_name(tg_check_kind kind)
{
    static const char *const names[] = {[TG_CHECK_ELEMENT] = "element",
                                        [TG_CHECK_DIRECTION] = "direction",
                                        [TG_CHECK_MODES] = "modes",
                                        [TG_CHECK_SYMMETRY] = "symmetry",
                                        [TG_CHECK_TAYLOR] = "taylor"};
    return names[kind];
}

const char *tg_check_outcome_name(tg_check_outcome outcome)
{
    static const char *const names[] = {[TG_CHECK_AGREES] = "agrees",
                                        [TG_CHECK_DIFFERS] = "differs",
                                        [TG_CHECK_UNSURE] = "unsure",
                                        [TG_CHECK_SUBGRADIENT] = "subgradient",
                                        [TG_CHECK_KINK] = "kink"};
    return names[outcome];
}

const char *tg_check_part_name(const tg_check_report *r, int part)
{
    return part < 0 || part >= r->n_parts ? "all" : r->names[part];
}

int tg_check_index(const tg_check_report *r, const tg_check_entry *e, int64_t *index)
{
    int is_element = e->kind == TG_CHECK_ELEMENT || e->kind == TG_CHECK_MODES;
    if (!is_element || e->index < 0 || e->part < 0 || e->part >= r->n_parts) return 0;
    const tg_check_shape *shape = &r->shapes[e->part];
    int64_t rest = e->index;
    for (int axis = shape->rank - 1; axis >= 0; axis--) {
        index[axis] = rest % shape->sizes[axis];
        rest /= shape->sizes[axis];
    }
    return shape->rank;
}

/* ---- Text ----------------------------------------------------------------------------------------------- */

static void print_index(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    int64_t index[TG_CHECK_MAX_RANK];
    int rank = tg_check_index(r, e, index);
    for (int i = 0; i < rank; i++) tg_text_print(t, "%s%" PRId64, i == 0 ? "[" : ", ", index[i]);
    if (rank > 0)
        tg_text_print(t, "]");
    else if (e->index >= 0)
        tg_text_print(t, " %" PRId64, e->index);
}

static void print_entry(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    tg_text_print(t, "  %-11s order %d, %s %s", tg_check_outcome_name(e->outcome), e->order,
                  tg_check_kind_name(e->kind), tg_check_part_name(r, e->part));
    print_index(t, r, e);
    if (e->kind == TG_CHECK_ELEMENT) tg_text_print(t, ", x = %.9g", e->x);
    tg_text_print(t, ": analytic %.12g, numeric %.12g, error %.3g, tolerance %.3g, noise %.3g", e->analytic,
                  e->numeric, e->error, e->tolerance, e->noise);
    if (e->step > 0) tg_text_print(t, ", step %.3g", e->step);
    if (e->left != 0 || e->right != 0)
        tg_text_print(t, ", slopes %.9g to the left and %.9g to the right", e->left, e->right);
    tg_text_print(t, "\n");
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_summary(tg_text *t, const tg_check_report *r, const tg_check_summary *s)
{
    char covered[64], method[64];
    snprintf(method, sizeof method, "%s%s%s", s->claim, s->claim[0] != '\0' ? " " : "",
             tg_check_method_name(s->method));
    tg_text_print(t, "  %-10s %-*s order %d  %-12s ", tg_check_part_name(r, s->part),
                  s->claim[0] != '\0' ? 16 : 8, method, s->order, tg_verdict_name(s->verdict));
    if (s->method == TG_BY_TAYLOR)
        tg_text_print(t, "order of the remainder %.3g\n", s->worst.numeric);
    else if (s->method == TG_BY_SYMMETRY)
        tg_text_print(t, "relative error %.2g\n", s->max_rel_error);
    else {
        snprintf(covered, sizeof covered, "%" PRId64 " element%s", s->elements, plural(s->elements));
        if (s->directions > 0)
            snprintf(covered, sizeof covered, "%" PRId64 " elements in %" PRId64 " direction%s", s->elements,
                     s->directions, plural(s->directions));
        tg_text_print(t, "%s, error %.2g, relative %.2g\n", covered, s->max_abs_error, s->max_rel_error);
    }
}

/* Longer programs are for a file. */
#define SHORT_PROGRAM 1500

static void print_program(tg_text *t, const tg_check_report *r)
{
    size_t length = strlen(r->reproducer);
    if (length <= SHORT_PROGRAM)
        tg_text_print(t, "a program that fails in the same way:\n\n%s\n", r->reproducer);
    else
        tg_text_print(t, "the report has a program of %zu characters that fails in the same way\n", length);
}

char *tg_check_text(const tg_check_report *r)
{
    if (r == NULL) return NULL;
    tg_text t = {0};
    tg_text_print(&t, "%s: %s\n", tg_verdict_name(r->verdict), r->reason);
    if (r->pattern[0] != '\0') tg_text_print(&t, "it looks like this: %s\n", r->pattern);
    if (r->culprit[0] != '\0')
        tg_text_print(&t, "the first operation whose own rule fails: %s\n", r->culprit);
    if (r->of[0] != '\0') tg_text_print(&t, "of %s (%s)", r->of, r->dtype);
    tg_text_print(&t, "%sseed: %" PRIu64 "\n", r->of[0] != '\0' ? ", " : "", r->seed);
    if (r->drawn[0] != '\0') tg_text_print(&t, "drawn: %s\n", r->drawn);
    for (int i = 0; i < r->n_summaries; i++) print_summary(&t, r, &r->summaries[i]);
    tg_text_print(&t,
                  "compared: %" PRId64 " element%s, %" PRId64 " random direction%s; %" PRId64
                  " differ, %" PRId64 " unsure\n",
                  r->elements, plural(r->elements), r->directions, plural(r->directions), r->differing,
                  r->unsure);
    if (r->subgradients + r->kinks + r->crossings > 0)
        tg_text_print(&t,
                      "kinks: %" PRId64 " element%s accepted as subgradient%s, %" PRId64
                      " left open; %" PRId64 " step%s made smaller to stay on one side\n",
                      r->subgradients, plural(r->subgradients), plural(r->subgradients), r->kinks,
                      r->crossings, r->crossings == 1 ? " was" : "s were");
    if (r->held > 0) tg_text_print(&t, "held constant: %" PRId64 " stop_gradient\n", r->held);
    if (!isnan(r->taylor_order)) tg_text_print(&t, "order of the Taylor remainder: %.3g\n", r->taylor_order);
    for (int i = 0; i < r->n_entries; i++)
        if (r->entries[i].outcome != TG_CHECK_AGREES) print_entry(&t, r, &r->entries[i]);
    if (r->reproducer != NULL) print_program(&t, r);
    return tg_text_take(&t);
}
