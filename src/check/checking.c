/* A check under way: its defaults, its report, its verdict. */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tg_check_options tg_check_defaults(const tg_check_options *options)
{
    tg_check_options o = {0};
    if (options != NULL) o = *options;
    if (!(o.rtol > 0)) o.rtol = 1e-6;
    if (!(o.atol > 0)) o.atol = 0;
    if (!(o.step > 0)) o.step = 0.006;
    if (o.full_limit <= 0) o.full_limit = 64;
    if (o.directions <= 0) o.directions = 3;
    if (o.order <= 0) o.order = 2;
    if (o.worst <= 0) o.worst = 8;
    if (!(o.low < o.high)) {
        o.low = -1;
        o.high = 1;
    }
    return o;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

int tg_checking_begin(tg_checking *c, const tg_check_options *options, const tg_part *parts, int n)
{
    *c = (tg_checking){.options = tg_check_defaults(options), .order = 1, .claim = ""};
    tg_check_report *r = calloc(1, sizeof *r);
    if (r == NULL) return 0;
    c->report = r;
    r->verdict = TG_INCONCLUSIVE;
    r->culprit_id = -1;
    r->seed = c->options.seed;
    r->dtype = "f64";
    r->taylor_order = (double)NAN;
    r->names = calloc((size_t)n + 1, sizeof *r->names);
    r->shapes = calloc((size_t)n + 1, sizeof *r->shapes);
    r->entries = calloc((size_t)c->options.worst, sizeof *r->entries);
    int ok = r->names != NULL && r->shapes != NULL && r->entries != NULL;
    for (int i = 0; i < n && ok; i++) {
        r->names[i] = copy_text(parts[i].name);
        r->shapes[i].rank = parts[i].rank;
        memcpy(r->shapes[i].sizes, parts[i].shape, sizeof r->shapes[i].sizes);
        ok = r->names[i] != NULL;
        if (ok) r->n_parts++;
    }
    if (ok) return 1;
    tg_check_free(r);
    c->report = NULL;
    return 0;
}

void tg_check_free(tg_check_report *report)
{
    if (report == NULL) return;
    for (int i = 0; i < report->n_parts; i++) free(report->names[i]);
    free(report->names);
    free(report->shapes);
    free(report->summaries);
    free(report->entries);
    free(report->reproducer);
    free(report);
}

/* How much an entry deserves to be listed. */
static double badness(const tg_check_entry *e)
{
    static const double ranks[] = {[TG_CHECK_AGREES] = 0,
                                   [TG_CHECK_DIFFERS] = 3,
                                   [TG_CHECK_UNSURE] = 2,
                                   [TG_CHECK_SUBGRADIENT] = 1,
                                   [TG_CHECK_KINK] = 1};
    double ratio = e->tolerance > 0 ? e->error / e->tolerance : e->error;
    /* Between 0 and 1, whatever the ratio is; NaN counts as the worst. */
    return ranks[e->outcome] + (ratio >= 0 && isfinite(ratio) ? ratio / (1 + ratio) : 0.999999);
}

/* ---- Summaries ------------------------------------------------------------------------------------------ */

static tg_check_method method_of(const tg_checking *c, const tg_check_entry *e)
{
    switch (e->kind) {
    case TG_CHECK_MODES:
        return TG_BY_FORWARD_MODE;
    case TG_CHECK_SYMMETRY:
        return TG_BY_SYMMETRY;
    case TG_CHECK_TAYLOR:
        return TG_BY_TAYLOR;
    default:
        return c->by_complex_step ? TG_BY_COMPLEX_STEP : TG_BY_DIFFERENCES;
    }
}

/* The summary that the entry belongs to; a new one if need be. NULL when memory runs out. */
static tg_check_summary *summary_of(tg_checking *c, const tg_check_entry *e)
{
    tg_check_report *r = c->report;
    tg_check_method method = method_of(c, e);
    for (int i = r->n_summaries - 1; i >= 0; i--) {
        tg_check_summary *s = &r->summaries[i];
        if (s->method == method && s->order == e->order && s->part == e->part && s->claim == c->claim)
            return s;
    }
    tg_check_summary *grown = realloc(r->summaries, ((size_t)r->n_summaries + 1) * sizeof *grown);
    if (grown == NULL) {
        c->out_of_memory = 1;
        return NULL;
    }
    r->summaries = grown;
    grown[r->n_summaries] = (tg_check_summary){
        .method = method, .claim = c->claim, .order = e->order, .part = e->part, .worst = *e};
    return &grown[r->n_summaries++];
}

/* Whether e says more about the errors than what was the worst so far. */
static int is_worse(const tg_check_entry *e, const tg_check_entry *worst)
{
    return badness(e) > badness(worst) || !tg_check_counts(worst);
}

/* NaN counts as larger than anything. */
static double larger(double most, double value)
{
    return isnan(most) || value <= most ? most : value;
}

static void summarise(tg_checking *c, const tg_check_entry *e)
{
    tg_check_summary *s = summary_of(c, e);
    if (s == NULL) return;
    int is_direction = e->kind == TG_CHECK_DIRECTION || (e->kind == TG_CHECK_MODES && e->index < 0);
    s->directions += is_direction;
    if (is_direction)
        s->elements = e->part >= 0 ? c->parts[e->part].count : s->elements;
    else if (s->directions == 0)
        s->elements++; /* after a direction all elements are covered already */
    int is_subgradient = e->outcome == TG_CHECK_SUBGRADIENT; /* numeric is NaN */
    int is_zero = fabs(e->analytic) <= c->zero && (is_subgradient || fabs(e->numeric) <= c->zero);
    s->nonzero += (is_subgradient || e->outcome == TG_CHECK_AGREES) && !is_zero;
    s->differing += e->outcome == TG_CHECK_DIFFERS;
    s->unsure += e->outcome == TG_CHECK_UNSURE;
    s->kinks += !tg_check_counts(e);
    if (!tg_check_counts(e)) return;
    double relative = e->scale > 0 ? e->error / e->scale : 0;
    s->max_abs_error = larger(s->max_abs_error, e->error);
    s->max_rel_error = larger(s->max_rel_error, relative);
    if (is_worse(e, &s->worst)) s->worst = *e;
}

/* A first derivative that is zero everywhere proves nothing. */
static int proves_nothing(const tg_check_summary *s)
{
    return s->order == 1 && s->nonzero == 0 && s->method != TG_BY_TAYLOR;
}

static int is_numeric(const tg_check_summary *s)
{
    return s->method == TG_BY_DIFFERENCES || s->method == TG_BY_COMPLEX_STEP;
}

int tg_checking_any_nonzero(const tg_checking *c)
{
    for (int i = 0; i < c->report->n_summaries; i++) {
        const tg_check_summary *s = &c->report->summaries[i];
        if (is_numeric(s) && s->order == 1 && s->nonzero > 0) return 1;
    }
    return 0;
}

static void judge_summaries(tg_check_report *r)
{
    for (int i = 0; i < r->n_summaries; i++) {
        tg_check_summary *s = &r->summaries[i];
        s->verdict = s->differing > 0                     ? TG_FAIL
                     : s->unsure > 0 || proves_nothing(s) ? TG_INCONCLUSIVE
                                                          : TG_PASS;
    }
}

/* ---- Entries and the verdict ------------------------------------------------------------------------------ */

void tg_checking_add(tg_checking *c, const tg_check_entry *entry)
{
    tg_check_report *r = c->report;
    summarise(c, entry);
    r->elements += entry->kind == TG_CHECK_ELEMENT;
    r->directions += entry->kind == TG_CHECK_DIRECTION;
    r->differing += entry->outcome == TG_CHECK_DIFFERS;
    r->unsure += entry->outcome == TG_CHECK_UNSURE;
    r->subgradients += entry->outcome == TG_CHECK_SUBGRADIENT;
    r->kinks += entry->outcome == TG_CHECK_KINK;
    int at = r->n_entries;
    if (at == c->options.worst) {
        if (badness(entry) <= badness(&r->entries[at - 1])) return;
        at--;
    } else {
        r->n_entries++;
    }
    for (; at > 0 && badness(entry) > badness(&r->entries[at - 1]); at--) r->entries[at] = r->entries[at - 1];
    r->entries[at] = *entry;
}

/* Why a check in which nothing differs and nothing is unsure is not a pass; NULL where it is one. */
static const char *vacuous_reason(const tg_checking *c, char *text, size_t size)
{
    const tg_check_report *r = c->report;
    if (r->elements + r->directions == 0) return "there was nothing to compare";
    if (!tg_checking_any_nonzero(c))
        return r->kinks + r->subgradients > 0
                   ? "every derivative is zero or lies at a kink, which would prove nothing"
                   : "every derivative is zero, by the claim and by the differences: such a check "
                     "would prove nothing";
    for (int i = 0; i < r->n_summaries; i++) {
        const tg_check_summary *s = &r->summaries[i];
        if (!is_numeric(s) || !proves_nothing(s)) continue;
        const char *name = s->part >= 0 && s->part < r->n_parts ? r->names[s->part] : "x";
        if (s->kinks > 0)
            snprintf(text, size,
                     "the derivative by '%.100s' is zero or lies at a kink in every element, which proves "
                     "nothing",
                     name);
        else
            snprintf(text, size,
                     "the derivative by '%.100s' is zero in every element, by the claim and by the "
                     "differences, which proves nothing",
                     name);
        return text;
    }
    return NULL;
}

void tg_checking_end(tg_checking *c)
{
    tg_check_report *r = c->report;
    char text[256];
    const char *reason;
    judge_summaries(r);
    r->verdict = TG_INCONCLUSIVE;
    if (r->differing > 0) {
        r->verdict = TG_FAIL;
        reason = "a derivative differs from the differences of the function";
    } else if (c->out_of_memory) {
        reason = "memory ran out";
    } else if (c->problem != NULL) {
        reason = c->problem;
    } else if (r->unsure > 0) {
        reason = "some differences are too inexact to decide";
    } else {
        reason = vacuous_reason(c, text, sizeof text);
        r->vacuous = reason != NULL;
    }
    if (reason == NULL) {
        r->verdict = TG_PASS;
        reason = "every derivative agrees with the differences of the function";
    }
    if (r->reason[0] == '\0') snprintf(r->reason, sizeof r->reason, "%s", reason);
}
