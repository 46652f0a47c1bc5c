/* A convention's rules, as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "rules.h"

/* ---- Text --------------------------------------------------------------------------------------------- */

static void show_network(const tg_rules_spec *spec)
{
    printf("%s   ", tg_convention_name(spec->convention));
    for (int l = 0; l <= spec->n_layers; l++) printf("%s%" PRId64, l > 0 ? "-" : "", spec->sizes[l]);
    for (int l = 0; l < spec->n_layers; l++)
        printf("%s%s", l > 0 ? ", " : "  ", tg_activation_name(spec->activations[l]));
    printf("; cost %s; %" PRId64 " example%s\n", tg_cost_name(spec->cost), spec->batch,
           spec->batch == 1 ? "" : "s");
}

static void show_text(char *text)
{
    if (text != NULL) fputs(text, stdout);
    tg_text_free(text);
}

/* The columns that a UTF-8 text takes: every character counts one. */
static int columns(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) n += (*text & 0xC0) != 0x80;
    return n;
}

static tg_equation_kind equation_of(const tg_claim *claim, int L)
{
    if (claim->kind == TG_CLAIM_WEIGHTS) return TG_EQUATION_WEIGHTS;
    if (claim->kind == TG_CLAIM_BIASES) return TG_EQUATION_BIASES;
    return claim->layer == L ? TG_EQUATION_LAST_ERROR : TG_EQUATION_ERROR;
}

#define EQUATION_COLUMNS 50

static void show_equation(const tg_rules_spec *spec, const tg_claim *claim)
{
    tg_equation_kind kind = equation_of(claim, spec->n_layers);
    char *text = tg_rules_equation(spec, kind, claim->layer, TG_UNICODE);
    if (text == NULL) return;
    printf("  %-19s %s%*s", tg_rules_equation_label(spec->convention, kind), text,
           columns(text) < EQUATION_COLUMNS ? EQUATION_COLUMNS - columns(text) : 1, "");
    tg_text_free(text);
}

static void show_rules(const tg_claim *claim)
{
    int n = tg_proof_rule_count(claim->proof);
    if (n == 0) printf("%s", tg_proof_tier(claim->proof) == 0 ? " (the same node)" : " (indices)");
    for (int i = 0; i < n; i++) printf("%s%s", i == 0 ? " by " : ", ", tg_proof_rule(claim->proof, i));
}

static void show_verdict(const tg_rules_report *report, int i)
{
    const tg_claim *claim = tg_rules_claim(report, i);
    if (claim->verdict == TG_PROVED) {
        printf("proved");
        show_rules(claim);
        if (claim->conditional) printf(", given the error above");
        printf("; %.1f ulp\n", claim->max_ulp);
        return;
    }
    if (claim->verdict == TG_REFUTED)
        printf("REFUTED: at [%" PRId64 ", %" PRId64 "] the derivative is %.6g, the rule gives %.6g\n",
               claim->index[0], claim->index[1], claim->generic, claim->rule);
    else
        printf("not decided; %.1f ulp\n", claim->max_ulp);
    if (claim->verdict != TG_REFUTED || tg_rules_planted(report) != claim->layer) return;
    printf("  %-19s with %s planted, the rule is ", "", tg_rules_spec_of(report)->plant);
    show_text(tg_rules_rule_text(report, i));
    putchar('\n');
}

static void show_steps(const tg_claim *claim)
{
    const tg_proof_step *step;
    for (int i = 0; (step = tg_proof_step_at(claim->proof, i)) != NULL; i++)
        printf("      %s  %s\n          = %s   [%s]\n", step->right ? "rule:   " : "derived:", step->matrix,
               step->index, step->rules);
    const char *form = tg_proof_form(claim->proof, 0, TG_TEXT);
    if (claim->verdict == TG_PROVED && form[0] != '\0') printf("      both are %s\n", form);
}

static void show_summary(const tg_rules_report *report)
{
    int proved = 0, n = 0;
    double ulp = 0, relative = 0;
    const tg_claim *claim;
    for (; (claim = tg_rules_claim(report, n)) != NULL; n++) {
        proved += claim->verdict == TG_PROVED && !claim->conditional;
        if (!(claim->max_ulp <= ulp)) ulp = claim->max_ulp;
        if (!(claim->max_rel_error <= relative)) relative = claim->max_rel_error;
    }
    printf(
        "  %d of %d equations proved for every size; generic gradients and plain rules differ by at most %.1f ulp "
        "(%.1e)\n",
        proved, n, ulp, relative);
}

/* The rules as they stand in the exercise, one of them wrong. */
static void show_exercise(const tg_rules_report *report)
{
    const tg_rules_spec *spec = tg_rules_spec_of(report);
    const tg_claim *claim;
    static const char *const names[] = {"delta", "dW", "db"};
    for (int i = 0; (claim = tg_rules_claim(report, i)) != NULL; i++) {
        printf("  %s%d = ", names[claim->kind], claim->layer);
        show_text(tg_rules_rule_text(report, i));
        putchar('\n');
    }
    printf(
        "  One of these rules is wrong. Which, and what is wrong with it? The same command without --hide tells "
        "(--seed %" PRIu64 ").\n",
        spec->seed);
}

void tg_rules_show(const tg_rules_report *report, const tg_rules_view *view)
{
    const tg_rules_spec *spec = tg_rules_spec_of(report);
    const tg_claim *claim;
    show_network(spec);
    for (int kind = TG_EQUATION_Z; kind <= TG_EQUATION_COST; kind++) {
        printf("  %-19s ", tg_rules_equation_label(spec->convention, (tg_equation_kind)kind));
        show_text(tg_rules_equation(spec, (tg_equation_kind)kind, 0, TG_UNICODE));
        putchar('\n');
    }
    if (view->hide) {
        show_exercise(report);
        return;
    }
    for (int i = 0; (claim = tg_rules_claim(report, i)) != NULL; i++) {
        show_equation(spec, claim);
        show_verdict(report, i);
        if (view->steps) show_steps(claim);
    }
    show_summary(report);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static const char *verdict_name(int verdict)
{
    return verdict > 0 ? "pass" : verdict == 0 ? "fail" : "inconclusive";
}

/* Whether the claim holds without condition. */
static int holds(const tg_claim *claim)
{
    return claim->verdict == TG_PROVED && !claim->conditional;
}

static json_t *claim_json(const tg_rules_spec *spec, const tg_claim *claim)
{
    static const char *const letters[] = {"delta", "W", "b"};
    char name[16];
    snprintf(name, sizeof name, "%s%d", letters[claim->kind], claim->layer);
    json_t *steps = json_array();
    for (int i = 0; i < tg_proof_rule_count(claim->proof); i++)
        json_array_append_new(steps, json_string(tg_proof_rule(claim->proof, i)));
    char *equation = tg_rules_equation(spec, equation_of(claim, spec->n_layers), claim->layer, TG_LATEX);
    json_t *object = json_pack(
        "{s:s, s:b, s:s, s:b, s:o, s:s?, s:o, s:o, s:o}", "name", name, "proved", holds(claim), "verdict",
        tg_proof_verdict_name(claim->verdict), "conditional", claim->conditional, "steps", steps, "equation",
        equation, "max_ulp", tg_json_real(claim->max_ulp), "max_abs_error",
        tg_json_real(claim->max_abs_error), "max_rel_error", tg_json_real(claim->max_rel_error));
    tg_text_free(equation);
    if (object != NULL && claim->verdict == TG_REFUTED)
        json_object_set_new(object, "counterexample",
                            json_pack("{s:[I,I], s:o, s:o}", "index", (json_int_t)claim->index[0],
                                      (json_int_t)claim->index[1], "derived", tg_json_real(claim->generic),
                                      "rule", tg_json_real(claim->rule)));
    return object;
}

json_t *tg_rules_json(const tg_rules_report *report)
{
    const tg_rules_spec *spec = tg_rules_spec_of(report);
    json_t *layers = json_array(), *activations = json_array(), *errors = json_array(),
           *parameters = json_array();
    for (int l = 0; l <= spec->n_layers; l++)
        json_array_append_new(layers, json_integer((json_int_t)spec->sizes[l]));
    for (int l = 0; l < spec->n_layers; l++)
        json_array_append_new(activations, json_string(tg_activation_name(spec->activations[l])));
    const tg_claim *claim;
    for (int i = 0; (claim = tg_rules_claim(report, i)) != NULL; i++)
        json_array_append_new(claim->kind == TG_CLAIM_ERROR ? errors : parameters, claim_json(spec, claim));
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:s, s:I, s:o, s:o}", "name", tg_convention_name(spec->convention),
                  "status", verdict_name(tg_rules_verdict(report)), "layers", layers, "activations",
                  activations, "cost", tg_cost_name(spec->cost), "batch", (json_int_t)spec->batch, "errors",
                  errors, "parameters", parameters);
    if (object != NULL && spec->plant != NULL)
        json_object_set_new(object, "planted",
                            json_pack("{s:s, s:i}", "kind", spec->plant, "layer", tg_rules_planted(report)));
    return object;
}
