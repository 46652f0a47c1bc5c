/* Reports as JSON. */
#include <inttypes.h>
#include <math.h>

#include "report.h"

static void json_text(tg_text *t, const char *text)
{
    tg_text_add(t, "\"", 1);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') tg_text_add(t, "\\", 1);
        if (*text == '\n')
            tg_text_add(t, "\\n", 2);
        else if ((unsigned char)*text < 32)
            tg_text_print(t, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            tg_text_add(t, text, 1);
    }
    tg_text_add(t, "\"", 1);
}

/* JSON has no infinities and no NaN: they become texts. */
static void json_number(tg_text *t, const char *name, double value)
{
    if (isfinite(value))
        tg_text_print(t, ", \"%s\": %.17g", name, value);
    else
        tg_text_print(t, ", \"%s\": \"%s\"", name, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

static void json_index(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    int64_t index[TG_CHECK_MAX_RANK];
    int rank = tg_check_index(r, e, index);
    tg_text_print(t, "\"index\": [");
    for (int i = 0; i < rank; i++) tg_text_print(t, "%s%" PRId64, i > 0 ? ", " : "", index[i]);
    tg_text_print(t, "]");
}

static void json_summary(tg_text *t, const tg_check_report *r, const tg_check_summary *s)
{
    tg_text_print(t, "{\"wrt\": ");
    json_text(t, tg_check_part_name(r, s->part));
    tg_text_print(t, ", \"method\": \"%s\", \"order\": %d", tg_check_method_name(s->method), s->order);
    if (s->claim[0] != '\0') tg_text_print(t, ", \"claim\": \"%s\"", s->claim);
    tg_text_print(t, ", \"status\": \"%s\"", tg_verdict_name(s->verdict));
    json_number(t, "max_abs_error", s->max_abs_error);
    json_number(t, "max_rel_error", s->max_rel_error);
    tg_text_print(t, ", \"worst\": {");
    json_index(t, r, &s->worst);
    json_number(t, "analytic", s->worst.analytic);
    json_number(t, "numeric", s->worst.numeric);
    json_number(t, "tolerance", s->worst.tolerance);
    json_number(t, "noise", s->worst.noise);
    tg_text_print(t,
                  "}, \"kinks\": %" PRId64 ", \"elements\": %" PRId64 ", \"directions\": %" PRId64
                  ", \"differing\": %" PRId64 ", \"unsure\": %" PRId64 ", \"nonzero\": %" PRId64 "}",
                  s->kinks, s->elements, s->directions, s->differing, s->unsure, s->nonzero);
}

static void json_entry(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    tg_text_print(t, "{\"kind\": \"%s\", \"outcome\": \"%s\", \"order\": %d, \"wrt\": ",
                  tg_check_kind_name(e->kind), tg_check_outcome_name(e->outcome), e->order);
    json_text(t, tg_check_part_name(r, e->part));
    tg_text_print(t, ", ");
    json_index(t, r, e);
    json_number(t, "x", e->x);
    json_number(t, "analytic", e->analytic);
    json_number(t, "numeric", e->numeric);
    json_number(t, "error", e->error);
    json_number(t, "tolerance", e->tolerance);
    json_number(t, "noise", e->noise);
    json_number(t, "step", e->step);
    json_number(t, "left", e->left);
    json_number(t, "right", e->right);
    tg_text_print(t, "}");
}

static void json_heading(tg_text *t, const tg_check_report *r)
{
    tg_text_print(t, "{\"status\": \"%s\", \"of\": ", tg_verdict_name(r->verdict));
    json_text(t, r->of);
    tg_text_print(t, ", \"dtype\": \"%s\", \"reason\": ", r->dtype);
    json_text(t, r->reason);
    tg_text_print(t, ", \"pattern\": ");
    json_text(t, r->pattern);
    tg_text_print(t, ", \"culprit\": ");
    json_text(t, r->culprit);
    tg_text_print(t, ", \"reproducer\": ");
    if (r->reproducer != NULL)
        json_text(t, r->reproducer);
    else
        tg_text_print(t, "null");
    tg_text_print(t, ", \"drawn\": ");
    json_text(t, r->drawn);
    /* A number of 64 bits would lose digits in most readers. */
    tg_text_print(t, ", \"seed\": \"%" PRIu64 "\"", r->seed);
    tg_text_print(t,
                  ", \"subgradients\": %" PRId64 ", \"kinks\": %" PRId64 ", \"crossings\": %" PRId64
                  ", \"held\": %" PRId64,
                  r->subgradients, r->kinks, r->crossings, r->held);
    json_number(t, "taylor_order", r->taylor_order);
}

char *tg_check_json(const tg_check_report *r)
{
    if (r == NULL) return NULL;
    tg_text t = {0};
    json_heading(&t, r);
    tg_text_print(&t, ", \"checks\": [");
    for (int i = 0; i < r->n_summaries; i++) {
        if (i > 0) tg_text_print(&t, ", ");
        json_summary(&t, r, &r->summaries[i]);
    }
    tg_text_print(&t, "], \"entries\": [");
    for (int i = 0; i < r->n_entries; i++) {
        if (i > 0) tg_text_print(&t, ", ");
        json_entry(&t, r, &r->entries[i]);
    }
    tg_text_print(&t, "]}\n");
    return tg_text_take(&t);
}
