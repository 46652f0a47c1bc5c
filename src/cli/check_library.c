/* tapegrad check --library: every operation by the cases of its record. */
#include "check.h"

#include "check/report.h"

/* What is counted over all operations. */
typedef struct totals {
    int operations, cases;
    int verdicts[3];
} totals;

static tg_verdict verdict_of(const totals *t)
{
    return t->verdicts[TG_FAIL] > 0 ? TG_FAIL : t->verdicts[TG_INCONCLUSIVE] > 0 ? TG_INCONCLUSIVE : TG_PASS;
}

static void show_line(const tg_check_op_report *r)
{
    printf("%-24s %5d   ", r->op, r->cases);
    if (r->passed + r->failed + r->unsure > 0)
        printf("%8.1e", r->worst_error);
    else
        printf("%8s", "-");
    printf("   %s%s\n", tg_verdict_name(r->verdict),
           r->passed == 0 && r->verdict == TG_PASS ? ", no derivative" : "");
}

/* Why an operation does not pass, with the worst of its cases. */
static void show_trouble(const tg_check_op_report *r)
{
    printf("\n%s: %s: %s\n", r->op, tg_verdict_name(r->verdict), r->reason);
    char *text = r->worst != NULL && r->worst->verdict != TG_PASS ? tg_check_text(r->worst) : NULL;
    if (text != NULL) printf("case %s\n%s", r->worst_case, text);
    tg_text_free(text);
}

/* ---- JSON: the shape that the check of a program has, with an operation in the place of a tensor --------------- */

static void add_summaries(json_t *check, const tg_check_report *r)
{
    int64_t elements = 0, kinks = 0;
    double error = 0;
    const tg_check_entry *worst = NULL;
    for (int i = 0; r != NULL && i < r->n_summaries; i++) {
        const tg_check_summary *s = &r->summaries[i];
        if (s->method != TG_BY_DIFFERENCES) continue;
        elements += s->elements;
        kinks += s->kinks;
        if (worst != NULL && s->max_abs_error <= error) continue;
        error = s->max_abs_error;
        worst = &s->worst;
    }
    json_t *index = json_array();
    int64_t place[TG_CHECK_MAX_RANK];
    int rank = worst == NULL ? 0 : tg_check_index(r, worst, place);
    for (int i = 0; i < rank; i++) json_array_append_new(index, json_integer((json_int_t)place[i]));
    json_object_set_new(check, "max_abs_error", tg_json_real(error));
    json_object_set_new(check, "worst",
                        json_pack("{s:o, s:o, s:o}", "index", index, "analytic",
                                  tg_json_real(worst == NULL ? 0 : worst->analytic), "numeric",
                                  tg_json_real(worst == NULL ? 0 : worst->numeric)));
    json_object_set_new(check, "kinks", json_integer((json_int_t)kinks));
    json_object_set_new(check, "elements", json_integer((json_int_t)elements));
}

static json_t *json_of(const tg_check_op_report *r)
{
    json_t *check = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:s}", "wrt", r->op, "method",
                              "central", "status", tg_verdict_name(r->verdict), "reason", r->reason, "cases",
                              r->cases, "passed", r->passed, "failed", r->failed, "unsure", r->unsure, "zero",
                              r->vacuous, "worst_case", r->worst_case);
    if (check == NULL) return NULL;
    json_object_set_new(check, "max_rel_error", tg_json_real(r->worst_error));
    add_summaries(check, r->worst);
    return check;
}

/* ---- All operations --------------------------------------------------------------------------------------- */

/* Leaves of a graph are in the list of operations too, but compute nothing. */
static int computes(const tg_op *op)
{
    return op->infer != NULL || op->compose != NULL;
}

static int finish(const tg_arguments *a, const totals *t, json_t *checks)
{
    tg_verdict verdict = verdict_of(t);
    int status = TG_EXIT_OK;
    if (checks != NULL)
        status = tg_json_print(a->command,
                               json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "status", tg_verdict_name(verdict),
                                         "of", "library", "dtype", "f64", "operations", t->operations,
                                         "cases", t->cases, "checks", checks));
    else
        printf("\n%s: %d operations, %d cases; %d pass, %d fail, %d inconclusive\n", tg_verdict_name(verdict),
               t->operations, t->cases, t->verdicts[TG_PASS], t->verdicts[TG_FAIL],
               t->verdicts[TG_INCONCLUSIVE]);
    return status == TG_EXIT_OK ? check_exit_status(verdict) : status;
}

int check_library(const tg_arguments *a, const tg_check_options *options)
{
    totals t = {0};
    const tg_op *op;
    tg_graph *g = tg_graph_new(NULL);
    json_t *checks = tg_option_given(a, "json") ? json_array() : NULL;
    if (g == NULL) return tg_complain(a->command, "out of memory");
    if (checks == NULL) printf("operation                cases   error      verdict\n");
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) {
        tg_check_op_report *r;
        if (!computes(op)) continue;
        t.verdicts[tg_check_op(g, op, options, &r)]++;
        if (r == NULL) {
            json_decref(checks);
            tg_graph_free(g);
            return tg_complain(a->command, "out of memory");
        }
        t.operations++;
        t.cases += r->cases;
        if (checks != NULL)
            json_array_append_new(checks, json_of(r));
        else
            show_line(r);
        if (checks == NULL && r->verdict != TG_PASS) show_trouble(r);
        tg_check_op_free(r);
    }
    tg_graph_free(g);
    return finish(a, &t, checks);
}
