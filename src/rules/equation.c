/* The conventions' equations, written for a layer and a cost. */
#include <stdio.h>
#include <string.h>

#include "course.h"
#include "explain/math.h"
#include "explain/text.h"
#include "notation.h"

typedef struct writing {
    tg_text *text;
    const tg_convention_notation *notation;
    int l, L;          /* 0: the letters */
    const char *a, *y; /* what <a> and <y> stand for */
    const char *c;     /* what <c> stands for: the cost of one example */
} writing;

static void write_template(const writing *w, const char *template);

/* "l", "l-1", "L" or the number. */
static void write_layer(const writing *w, int offset)
{
    if (w->l > 0)
        tg_text_print(w->text, "%d", w->l + offset);
    else
        tg_text_print(w->text, offset == 0 ? "l" : "l%+d", offset);
}

static void write_last(const writing *w)
{
    if (w->l > 0)
        tg_text_print(w->text, "%d", w->L);
    else
        tg_text_add(w->text, "L", 1);
}

/* Writes what stands for the placeholder at `from`, and returns its length; 0 when it is none. */
static size_t write_placeholder(const writing *w, const char *from)
{
    static const char *const names[] = {"<l>", "<l-1>", "<l+1>", "<L>", "<a>", "<y>", "<c>", "<L+1>"};
    size_t which = 0, count = sizeof names / sizeof *names;
    while (which < count && strncmp(from, names[which], strlen(names[which])) != 0) which++;
    if (which == count) return 0;
    if (which < 3) write_layer(w, which == 0 ? 0 : which == 1 ? -1 : 1);
    if (which == 3) write_last(w);
    if (which == 4) write_template(w, w->a);
    if (which == 5) write_template(w, w->y);
    if (which == 6) write_template(w, w->c);
    if (which == 7) tg_text_print(w->text, w->l > 0 ? "%d" : "L+1", w->L + 1);
    return strlen(names[which]);
}

static void write_template(const writing *w, const char *template)
{
    while (*template != '\0') {
        size_t n = *template == '<' ? write_placeholder(w, template) : 0;
        if (n == 0) {
            tg_text_add(w->text, template, 1);
            n = 1;
        }
        template += n;
    }
}

void tg_notation_write(tg_text *text, const tg_convention_notation *notation, const char *pattern, int l,
                       int L)
{
    writing w = {
        .text = text, .notation = notation, .l = l, .L = L, .a = notation->a, .y = notation->y, .c = ""};
    write_template(&w, pattern);
}

/* The error of the last layer, which depends on the cost and the activation. */
static void write_last_error(writing *w, const tg_rules_spec *spec)
{
    tg_activation s = spec->activations[spec->n_layers - 1];
    const char *g = tg_course_cost_slope_latex(spec->cost);
    int cancels = (s == TG_SOFTMAX && spec->cost == TG_COST_CROSS_ENTROPY) ||
                  (s == TG_SIGMOID && spec->cost == TG_COST_BINARY_CROSS_ENTROPY);
    int last = w->l;
    w->l = last > 0 ? w->L : 0;
    writing error = *w;
    if (last == 0) { /* the letter of the last layer is L */
        char template[128];
        snprintf(template, sizeof template, "%s", w->notation->error);
        char *at = strstr(template, "<l>");
        if (at != NULL) at[1] = 'L';
        write_template(&error, template);
    } else {
        write_template(&error, w->notation->error);
    }
    tg_text_print(w->text, " = %s%s", w->notation->mean, w->notation->mean[0] != '\0' ? " " : "");
    if (cancels) {
        write_template(w, w->notation->mean[0] != '\0' ? "(<a> - <y>)" : "<a> - <y>");
    } else if (s == TG_SOFTMAX) {
        write_template(w, "<a> \\odot \\left( g - \\sum_k g_k\\, <a>_k \\right), \\quad g = ");
        write_template(w, g);
    } else {
        int sum = spec->cost == TG_COST_QUADRATIC && (s != TG_IDENTITY || w->notation->mean[0] != '\0');
        write_template(w, sum ? "(" : "");
        write_template(w, g);
        write_template(w, sum ? ")" : "");
        if (s != TG_IDENTITY) {
            char slope[128];
            snprintf(slope, sizeof slope, " \\odot %s", w->notation->slope);
            char *at = strstr(slope, "<l>");
            if (at != NULL) at[1] = 'L';
            write_template(w, slope);
        }
    }
}

/* The derivative by the output, which depends on the cost. */
static void write_output(writing *w, const tg_rules_spec *spec)
{
    if (w->l > 0) w->l = w->L;
    int sum = spec->cost == TG_COST_QUADRATIC &&
              (w->notation->mean[0] != '\0' || spec->convention == TG_CONVENTION_JACOBIAN);
    write_template(w, w->notation->output);
    tg_text_print(w->text, " = %s%s%s", w->notation->mean, w->notation->mean[0] != '\0' ? " " : "",
                  sum ? "(" : "");
    write_template(w, tg_course_cost_slope_latex(spec->cost));
    tg_text_print(w->text, "%s%s", sum ? ")" : "",
                  spec->convention == TG_CONVENTION_JACOBIAN ? "^{\\top}" : "");
}

static void write_cost(writing *w, const tg_rules_spec *spec)
{
    w->a = w->notation->one_a, w->y = w->notation->one_y;
    w->c = tg_course_cost_latex(spec->cost);
    if (w->l > 0) w->l = w->L;
    write_template(w, w->notation->cost);
}

static char *in_notation(tg_text *latex, tg_notation notation)
{
    if (notation == TG_LATEX) return tg_text_take(latex);
    char *source = tg_text_take(latex);
    if (source == NULL) return NULL;
    tg_text out = {0};
    if (notation == TG_MATHML)
        tg_math_mathml(&out, source, 1);
    else
        tg_math_text(&out, source);
    tg_text_free(source);
    return tg_text_take(&out);
}

char *tg_rules_equation(const tg_rules_spec *spec, tg_equation_kind kind, int l, tg_notation notation)
{
    if (spec == NULL || tg_convention_name(spec->convention) == NULL || (unsigned)kind >= TG_EQUATIONS)
        return NULL;
    if (l < 0 || l > spec->n_layers) return NULL;
    const tg_convention_notation *n = &tg_notations[spec->convention];
    tg_text latex = {0};
    writing w = {.text = &latex, .notation = n, .l = l, .L = spec->n_layers, .a = n->a, .y = n->y};
    if (kind == TG_EQUATION_COST)
        write_cost(&w, spec);
    else if (kind == TG_EQUATION_OUTPUT)
        write_output(&w, spec);
    else if (kind == TG_EQUATION_LAST_ERROR)
        write_last_error(&w, spec);
    else
        write_template(&w, n->equations[kind]);
    return in_notation(&latex, notation);
}

const char *tg_rules_equation_label(tg_convention convention, tg_equation_kind kind)
{
    if (tg_convention_name(convention) == NULL || (unsigned)kind >= TG_EQUATIONS) return NULL;
    static const char *const common[TG_EQUATIONS] = {[TG_EQUATION_Z] = "forward",
                                                     [TG_EQUATION_A] = "forward",
                                                     [TG_EQUATION_COST] = "cost",
                                                     [TG_EQUATION_UPDATE] = "learning"};
    return common[kind] != NULL ? common[kind] : tg_notations[convention].labels[kind];
}

const char *tg_rules_equation_reason(tg_convention convention, tg_equation_kind kind)
{
    if (tg_convention_name(convention) == NULL || (unsigned)kind >= TG_EQUATIONS) return NULL;
    return tg_notations[convention].reasons[kind];
}

const char *tg_rules_slip(tg_convention convention, int i)
{
    if (tg_convention_name(convention) == NULL || i < 0) return NULL;
    for (int k = 0; k <= i; k++)
        if (tg_notations[convention].slips[k] == NULL) return NULL;
    return tg_notations[convention].slips[i];
}
