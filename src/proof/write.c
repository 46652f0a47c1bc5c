/* Forms as text and LaTeX, in index notation. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "explain/text.h"

typedef struct writer {
    const tg_engine *engine;
    tg_text text;
    int latex;
    int depth;
} writer;

/* The names of the indices where a form stands: of its free ones, and how many bound names are taken. */
typedef struct scope {
    int free[TG_MAX_RANK];
    int taken;
} scope;

#define FREE_NAMES "ijklmnop"
#define BOUND_NAMES "abcdefghqrstuvwxyz"
#define DEPTH_MAX 24

static void write_form(writer *w, const tg_form *a, const scope *s);

/* Bound indices are numbered from TG_MAX_RANK on. */
static void write_index(writer *w, int number)
{
    int bound = number - TG_MAX_RANK, letters = (int)strlen(BOUND_NAMES);
    if (bound < 0)
        tg_text_print(&w->text, "%c", FREE_NAMES[number]);
    else if (bound < letters)
        tg_text_print(&w->text, "%c", BOUND_NAMES[bound]);
    else
        tg_text_print(&w->text, w->latex ? "a_{%d}" : "a%d", bound);
}

static void write_indices(writer *w, const int *numbers, int n)
{
    if (n == 0) return;
    tg_text_print(&w->text, w->latex ? "_{" : "[");
    for (int i = 0; i < n; i++) {
        if (i > 0 && !w->latex) tg_text_print(&w->text, ",");
        write_index(w, numbers[i]);
    }
    tg_text_print(&w->text, w->latex ? "}" : "]");
}

static void write_name(writer *w, const tg_atom *a)
{
    const char *name = a->name == NULL ? "" : a->name;
    if (*name == '\0') {
        tg_text_print(&w->text, w->latex ? "\\%%%lld" : "%%%lld", (long long)a->number);
        return;
    }
    if (w->latex) tg_text_print(&w->text, name[1] != '\0' ? "\\mathit{" : "{");
    for (; *name != '\0'; name++) tg_text_print(&w->text, w->latex && *name == '_' ? "\\%c" : "%c", *name);
    if (w->latex) tg_text_print(&w->text, "}");
}

static void write_symbol(writer *w, const tg_atom *a)
{
    for (int i = 0; w->engine->task != NULL && i < w->engine->task->n_sizes; i++)
        if (w->engine->task->sizes[i].size == a->number) {
            tg_text_print(&w->text, "%s", w->engine->task->sizes[i].name);
            return;
        }
}

static void write_real(writer *w, const tg_atom *a)
{
    double value;
    memcpy(&value, &a->number, sizeof value);
    tg_text_print(&w->text, "%.17g", value);
}

/* What stands before and after an argument. */
static void fences(const tg_atom *a, int latex, const char **before, const char **after)
{
    *before = latex ? "\\left(" : "(";
    *after = latex ? "\\right)" : ")";
    switch (a->kind) {
    case TG_ATOM_EXP:
        *before = latex ? "e^{" : "exp(";
        *after = latex ? "}" : ")";
        break;
    case TG_ATOM_LOG:
        *before = latex ? "\\log\\left(" : "log(";
        break;
    case TG_ATOM_POSITIVE:
    case TG_ATOM_NEGATIVE:
        *before = latex ? "\\left[" : "[";
        *after = a->kind == TG_ATOM_POSITIVE ? latex ? " > 0\\right]" : " > 0]"
                 : latex                     ? " < 0\\right]"
                                             : " < 0]";
        break;
    default:
        break;
    }
}

/* max over the captured indices, which get names of their own. */
static void write_maximum_head(writer *w, const tg_atom *a, const scope *s)
{
    tg_text_print(&w->text, w->latex ? "\\max_{" : "max_");
    for (int i = 0; i < a->captured; i++) write_index(w, TG_MAX_RANK + s->taken + i);
    if (w->latex) tg_text_print(&w->text, "}");
}

static void write_arguments(writer *w, const tg_atom *a, const int *numbers, const scope *s)
{
    const char *before, *after;
    scope inner = {.taken = s->taken + a->captured};
    for (int i = 0; i < a->captured; i++) inner.free[i] = TG_MAX_RANK + s->taken + i;
    for (int i = 0; i < a->slots && a->captured + i < TG_MAX_RANK; i++)
        inner.free[a->captured + i] = numbers[i];
    if (a->kind == TG_ATOM_MAX) write_maximum_head(w, a, s);
    if (a->kind == TG_ATOM_FUNCTION) write_name(w, a);
    fences(a, w->latex, &before, &after);
    tg_text_print(&w->text, "%s", before);
    for (int i = 0; i < a->n_arguments; i++) {
        if (i > 0) tg_text_print(&w->text, ", ");
        write_form(w, a->arguments[i], &inner);
    }
    tg_text_print(&w->text, "%s", after);
}

static void write_atom(writer *w, const tg_atom *a, const int *numbers, const scope *s)
{
    scope inner = {.taken = s->taken};
    switch (a->kind) {
    case TG_ATOM_LEAF:
        write_name(w, a);
        write_indices(w, numbers, a->slots);
        break;
    case TG_ATOM_OPAQUE: /* its arguments' indices are not the result's */
        write_name(w, a);
        if (a->n_arguments > 0) tg_text_print(&w->text, "(");
        for (int i = 0; i < a->n_arguments; i++) {
            if (i > 0) tg_text_print(&w->text, ", ");
            for (int k = 0; k < TG_MAX_RANK; k++) inner.free[k] = TG_MAX_RANK + s->taken + k;
            inner.taken = s->taken + a->arguments[i]->rank;
            write_form(w, a->arguments[i], &inner);
        }
        if (a->n_arguments > 0) tg_text_print(&w->text, ")");
        write_indices(w, numbers, a->slots);
        break;
    case TG_ATOM_SIZE:
        write_symbol(w, a);
        break;
    case TG_ATOM_PRIME:
        tg_text_print(&w->text, "%lld", (long long)a->number);
        break;
    case TG_ATOM_REAL:
        write_real(w, a);
        break;
    case TG_ATOM_PI:
        tg_text_print(&w->text, w->latex ? "\\pi" : "pi");
        break;
    default:
        write_arguments(w, a, numbers, s);
        break;
    }
}

static void write_exponent(writer *w, tg_rational r)
{
    if (r.num == 1 && r.den == 1) return;
    if (w->latex)
        tg_text_print(&w->text, r.den == 1 ? "^{%lld}" : "^{%lld/%lld}", (long long)r.num, (long long)r.den);
    else
        tg_text_print(&w->text, r.den == 1 ? "^%lld" : "^(%lld/%lld)", (long long)r.num, (long long)r.den);
}

/* The factors whose exponents have this sign, with that sign taken off. */
static int write_factors(writer *w, const tg_term *t, const scope *s, int sign)
{
    int written = 0;
    for (int i = 0; i < t->n_factors; i++) {
        const tg_factor *f = &t->factors[i];
        if ((f->exponent.num > 0) != (sign > 0)) continue;
        int numbers[TG_MAX_RANK];
        for (int k = 0; k < f->slots; k++)
            numbers[k] = f->index[k] >= 0 ? s->free[f->index[k]]
                                          : TG_MAX_RANK + s->taken - f->index[k] - 1 - t->n_bound;
        if (written++ > 0) tg_text_print(&w->text, w->latex ? " \\, " : " ");
        write_atom(w, tg_atom_of(w->engine, f), numbers, s);
        write_exponent(w, (tg_rational){sign * f->exponent.num, f->exponent.den});
    }
    return written;
}

static int count_denominators(const tg_term *t)
{
    int n = 0;
    for (int i = 0; i < t->n_factors; i++) n += t->factors[i].exponent.num < 0;
    return n;
}

/* Coefficient and factors, what is divided by after a slash or below a line. */
static void write_product(writer *w, const tg_term *t, const scope *s)
{
    int64_t num = t->coefficient.num < 0 ? -t->coefficient.num : t->coefficient.num, den = t->coefficient.den;
    int below = count_denominators(t) + (den != 1), above = t->n_factors - count_denominators(t);
    if (below > 0 && w->latex) tg_text_print(&w->text, "\\frac{");
    if (num != 1 || above == 0) tg_text_print(&w->text, above > 0 ? "%lld " : "%lld", (long long)num);
    write_factors(w, t, s, 1);
    if (below == 0) return;
    tg_text_print(&w->text, w->latex ? "}{" : below > 1 ? " / (" : " / ");
    if (den != 1) tg_text_print(&w->text, below > 1 ? "%lld " : "%lld", (long long)den);
    write_factors(w, t, s, -1);
    tg_text_print(&w->text, w->latex ? "}" : below > 1 ? ")" : "");
}

static void write_term(writer *w, const tg_term *t, const scope *s)
{
    scope inner = *s;
    inner.taken += t->n_bound;
    if (t->n_bound > 0) {
        tg_text_print(&w->text, w->latex ? "\\sum_{" : "sum_");
        for (int b = 0; b < t->n_bound; b++) write_index(w, TG_MAX_RANK + s->taken + b);
        tg_text_print(&w->text, w->latex ? "} " : " ");
    }
    write_product(w, t, &inner);
}

static void write_form(writer *w, const tg_form *a, const scope *s)
{
    if (++w->depth > DEPTH_MAX || w->text.length > 8000) {
        tg_text_print(&w->text, w->latex ? "\\dots" : "...");
        w->depth--;
        return;
    }
    if (a->n_terms == 0) tg_text_print(&w->text, "0");
    for (int i = 0; i < a->n_terms; i++) {
        int negative = a->terms[i].coefficient.num < 0;
        tg_text_print(&w->text, "%s", i == 0 ? (negative ? "-" : "") : negative ? " - " : " + ");
        write_term(w, &a->terms[i], s);
    }
    w->depth--;
}

char *tg_form_text(const tg_engine *e, const tg_form *a, int latex)
{
    writer w = {.engine = e, .latex = latex};
    scope s = {.taken = 0};
    for (int i = 0; i < TG_MAX_RANK; i++) s.free[i] = i;
    if (a != NULL) write_form(&w, a, &s);
    tg_text_add(&w.text, "", 0);
    return tg_text_take(&w.text);
}
