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

int tg_checking_begin(tg_checking *c, const tg_check_options *options, const char *const *names, int n)
{
    *c = (tg_checking){.options = tg_check_defaults(options), .order = 1};
    tg_check_report *r = calloc(1, sizeof *r);
    if (r == NULL) return 0;
    c->report = r;
    r->verdict = TG_INCONCLUSIVE;
    r->culprit_id = -1;
    r->seed = c->options.seed;
    r->taylor_order = (double)NAN;
    r->names = calloc((size_t)n + 1, sizeof *r->names);
    r->entries = calloc((size_t)c->options.worst, sizeof *r->entries);
    int ok = r->names != NULL && r->entries != NULL;
    for (int i = 0; i < n && ok; i++) {
        r->names[i] = copy_text(names[i]);
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
    free(report->entries);
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

void tg_checking_add(tg_checking *c, const tg_check_entry *entry)
{
    tg_check_report *r = c->report;
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

void tg_checking_end(tg_checking *c)
{
    tg_check_report *r = c->report;
    const char *reason;
    r->verdict = TG_INCONCLUSIVE;
    if (r->differing > 0) {
        r->verdict = TG_FAIL;
        reason = "a derivative differs from the differences of the function";
    } else if (c->out_of_memory) {
        reason = "memory ran out";
    } else if (c->problem != NULL) {
        reason = c->problem;
    } else if (r->elements + r->directions == 0) {
        reason = "there was nothing to compare";
    } else if (r->unsure > 0) {
        reason = "some differences are too inexact to decide";
    } else if (c->nonzero == 0 && r->kinks > 0) {
        reason = "every element lies at a kink";
    } else if (c->nonzero == 0) {
        reason =
            "every derivative is zero, by the claim and by the differences: such a check would prove nothing";
    } else {
        r->verdict = TG_PASS;
        reason = "every derivative agrees with the differences of the function";
    }
    if (r->reason[0] == '\0') snprintf(r->reason, sizeof r->reason, "%s", reason);
}
