/* Reports as text, JSON and JUnit XML. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <tapegrad/explain.h>

#include "explain/text.h"
#include "subject.h"

static const char *const kind_names[] = {[TG_CHECK_ELEMENT] = "element",
                                         [TG_CHECK_DIRECTION] = "direction",
                                         [TG_CHECK_MODES] = "modes",
                                         [TG_CHECK_SYMMETRY] = "symmetry",
                                         [TG_CHECK_TAYLOR] = "taylor"};
static const char *const outcome_names[] = {[TG_CHECK_AGREES] = "agrees",
                                            [TG_CHECK_DIFFERS] = "differs",
                                            [TG_CHECK_UNSURE] = "unsure",
                                            [TG_CHECK_SUBGRADIENT] = "subgradient",
                                            [TG_CHECK_KINK] = "kink"};

const char *tg_verdict_name(tg_verdict verdict)
{
    static const char *const names[] = {
        [TG_PASS] = "pass", [TG_FAIL] = "fail", [TG_INCONCLUSIVE] = "inconclusive"};
    return (unsigned)verdict <= (unsigned)TG_INCONCLUSIVE ? names[verdict] : "unknown verdict";
}

static const char *part_name(const tg_check_report *r, const tg_check_entry *e)
{
    return e->part < 0 || e->part >= r->n_parts ? "all" : r->names[e->part];
}

/* ---- Text ----------------------------------------------------------------------------------------------- */

static void print_entry(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    tg_text_print(t, "  %-11s order %d, %s '%s'", outcome_names[e->outcome], e->order, kind_names[e->kind],
                  part_name(r, e));
    if (e->index >= 0) tg_text_print(t, " %" PRId64, e->index);
    if (e->kind == TG_CHECK_ELEMENT) tg_text_print(t, ", x = %.9g", e->x);
    tg_text_print(t, ": analytic %.12g, numeric %.12g, error %.3g, tolerance %.3g, noise %.3g", e->analytic,
                  e->numeric, e->error, e->tolerance, e->noise);
    if (e->step > 0) tg_text_print(t, ", step %.3g", e->step);
    if (e->left != 0 || e->right != 0)
        tg_text_print(t, ", slopes %.9g to the left and %.9g to the right", e->left, e->right);
    tg_text_print(t, "\n");
}

char *tg_check_text(const tg_check_report *r)
{
    if (r == NULL) return NULL;
    tg_text t = {0};
    tg_text_print(&t, "%s: %s\n", tg_verdict_name(r->verdict), r->reason);
    if (r->pattern[0] != '\0') tg_text_print(&t, "it looks like this: %s\n", r->pattern);
    if (r->culprit[0] != '\0')
        tg_text_print(&t, "the first operation whose own rule fails: %s\n", r->culprit);
    tg_text_print(&t,
                  "compared: %" PRId64 " elements, %" PRId64 " random directions; %" PRId64
                  " differ, %" PRId64 " unsure\n",
                  r->elements, r->directions, r->differing, r->unsure);
    if (r->subgradients + r->kinks + r->crossings > 0)
        tg_text_print(&t,
                      "kinks: %" PRId64 " elements accepted as subgradients, %" PRId64 " left open; %" PRId64
                      " steps were made smaller to stay on one side\n",
                      r->subgradients, r->kinks, r->crossings);
    if (r->held > 0) tg_text_print(&t, "held constant: %" PRId64 " stop_gradient\n", r->held);
    if (!isnan(r->taylor_order)) tg_text_print(&t, "order of the Taylor remainder: %.3g\n", r->taylor_order);
    tg_text_print(&t, "seed: %" PRIu64 "\n", r->seed);
    for (int i = 0; i < r->n_entries; i++) print_entry(&t, r, &r->entries[i]);
    return tg_text_take(&t);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void json_text(tg_text *t, const char *text)
{
    tg_text_add(t, "\"", 1);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') tg_text_add(t, "\\", 1);
        if ((unsigned char)*text < 32)
            tg_text_print(t, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            tg_text_add(t, text, 1);
    }
    tg_text_add(t, "\"", 1);
}

/* JSON has no infinities and no NaN: they become null. */
static void json_number(tg_text *t, const char *name, double value)
{
    if (isfinite(value))
        tg_text_print(t, ", \"%s\": %.17g", name, value);
    else
        tg_text_print(t, ", \"%s\": null", name);
}

static void json_entry(tg_text *t, const tg_check_report *r, const tg_check_entry *e)
{
    tg_text_print(t,
                  "{\"kind\": \"%s\", \"outcome\": \"%s\", \"order\": %d, \"tensor\": ", kind_names[e->kind],
                  outcome_names[e->outcome], e->order);
    json_text(t, part_name(r, e));
    tg_text_print(t, ", \"index\": %" PRId64, e->index);
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

char *tg_check_json(const tg_check_report *r)
{
    if (r == NULL) return NULL;
    tg_text t = {0};
    tg_text_print(&t, "{\"verdict\": \"%s\", \"reason\": ", tg_verdict_name(r->verdict));
    json_text(&t, r->reason);
    tg_text_print(&t, ", \"pattern\": ");
    json_text(&t, r->pattern);
    tg_text_print(&t, ", \"culprit\": ");
    json_text(&t, r->culprit);
    /* A number of 64 bits would lose digits in most readers. */
    tg_text_print(&t, ", \"seed\": \"%" PRIu64 "\", \"elements\": %" PRId64 ", \"directions\": %" PRId64,
                  r->seed, r->elements, r->directions);
    tg_text_print(&t, ", \"differing\": %" PRId64 ", \"unsure\": %" PRId64 ", \"subgradients\": %" PRId64,
                  r->differing, r->unsure, r->subgradients);
    tg_text_print(&t, ", \"kinks\": %" PRId64 ", \"crossings\": %" PRId64 ", \"held\": %" PRId64, r->kinks,
                  r->crossings, r->held);
    json_number(&t, "taylor_order", r->taylor_order);
    tg_text_print(&t, ", \"entries\": [");
    for (int i = 0; i < r->n_entries; i++) {
        if (i > 0) tg_text_print(&t, ", ");
        json_entry(&t, r, &r->entries[i]);
    }
    tg_text_print(&t, "]}\n");
    return tg_text_take(&t);
}

/* ---- JUnit XML ------------------------------------------------------------------------------------------ */

/* Control characters cannot stand in XML at all. */
static void xml_text(tg_text *t, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *as = *text == '<'   ? "&lt;"
                         : *text == '>' ? "&gt;"
                         : *text == '&' ? "&amp;"
                         : *text == '"' ? "&quot;"
                                        : NULL;
        if (as != NULL)
            tg_text_print(t, "%s", as);
        else if ((unsigned char)*text >= 32 || *text == '\n')
            tg_text_add(t, text, 1);
    }
}

char *tg_check_junit(const tg_check_report *r, const char *suite)
{
    char *details = tg_check_text(r);
    if (details == NULL) return NULL;
    tg_text t = {0};
    tg_text_print(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    xml_text(&t, suite != NULL ? suite : "gradients");
    tg_text_print(&t, "\" tests=\"1\" failures=\"%d\" errors=\"%d\" skipped=\"0\">\n", r->verdict == TG_FAIL,
                  r->verdict == TG_INCONCLUSIVE);
    tg_text_print(&t, "  <testcase name=\"derivatives\">\n");
    if (r->verdict != TG_PASS) {
        const char *element = r->verdict == TG_FAIL ? "failure" : "error";
        tg_text_print(&t, "    <%s message=\"", element);
        xml_text(&t, r->reason);
        tg_text_print(&t, "\">");
        xml_text(&t, details);
        tg_text_print(&t, "</%s>\n", element);
    }
    tg_text_print(&t, "  </testcase>\n</testsuite>\n");
    tg_text_free(details);
    return tg_text_take(&t);
}
