/* Reports as JUnit XML. */
#include <stdio.h>

#include "graph/c_locale.h"
#include "report.h"

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

/* What is inside of a test case: nothing where it passes. */
static void print_answer(tg_text *t, tg_verdict verdict, const char *message, const char *details)
{
    if (verdict == TG_PASS) return;
    const char *element = verdict == TG_FAIL ? "failure" : "error";
    tg_text_print(t, "    <%s message=\"", element);
    xml_text(t, message);
    tg_text_print(t, "\">");
    xml_text(t, details);
    tg_text_print(t, "</%s>\n", element);
}

static void print_summary_case(tg_text *t, const tg_check_report *r, const tg_check_summary *s)
{
    char message[200];
    tg_text_print(t, "  <testcase name=\"");
    xml_text(t, tg_check_part_name(r, s->part));
    tg_text_print(t, "%s%s %s order %d\">\n", s->claim[0] != '\0' ? " " : "", s->claim,
                  tg_check_method_name(s->method), s->order);
    tg_c_snprintf(message, sizeof message, "analytic %.12g, numeric %.12g, relative error %.3g",
                  s->worst.analytic, s->worst.numeric, s->max_rel_error);
    print_answer(t, s->verdict, message, "");
    tg_text_print(t, "  </testcase>\n");
}

char *tg_check_junit(const tg_check_report *r, const char *suite)
{
    char *details = tg_check_text(r);
    if (details == NULL) return NULL;
    tg_text t = {0};
    int counts[3] = {0, 0, 0};
    counts[r->verdict]++;
    for (int i = 0; i < r->n_summaries; i++) counts[r->summaries[i].verdict]++;
    tg_text_print(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    xml_text(&t, suite != NULL ? suite : "gradients");
    tg_text_print(&t, "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\">\n", r->n_summaries + 1,
                  counts[TG_FAIL], counts[TG_INCONCLUSIVE]);
    tg_text_print(&t, "  <testcase name=\"derivatives\">\n");
    print_answer(&t, r->verdict, r->reason, details);
    tg_text_print(&t, "  </testcase>\n");
    for (int i = 0; i < r->n_summaries; i++) print_summary_case(&t, r, &r->summaries[i]);
    tg_text_print(&t, "</testsuite>\n");
    tg_text_free(details);
    return tg_text_take(&t);
}
