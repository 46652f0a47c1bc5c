/* Expressions as text and LaTeX, from the operations' templates, and from the LaTeX as Unicode text and MathML. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/explain.h>
#include <tapegrad/op.h>

#include "attributes.h"
#include "math.h"

/* ---- Templates ---------------------------------------------------------------------------------------- */

/* "\\log #1": a word and its operand. */
static int is_prefix(const char *template)
{
    size_t n = strcspn(template, " #{(|");
    return template[0] == '\\' && template[n] == ' ' && template[n + 1] == '#';
}

/* How tightly a template binds, as in the model language: comparisons 0, sums 1, products 2, a sign 3, powers 4,
 * and 5 for what needs no parentheses. Only what stands outside brackets and braces counts. */
static int binding(const char *template)
{
    int depth = 0, tightest = 5;
    if (template == NULL) return tightest;
    if (template[0] == '-' || is_prefix(template)) tightest = 3;
    for (const char *c = template; *c != '\0'; c++) {
        depth += (*c == '(') + (*c == '{') + (*c == '[') - (*c == ')') - (*c == '}') - (*c == ']');
        if (depth > 0 || c == template) continue;
        int here = 5;
        if (*c == '<' || *c == '>' || *c == '=') here = 0;
        if ((*c == '+' || *c == '-') && c[-1] == ' ') here = 1;
        if ((*c == '*' || *c == '/' || *c == '@') && c[-1] == ' ') here = 2;
        if (strncmp(c, "\\vee", 4) == 0 || strncmp(c, "\\oplus", 6) == 0) here = 1;
        if (strncmp(c, "\\odot", 5) == 0 || strncmp(c, "\\,", 2) == 0 || strncmp(c, "\\wedge", 6) == 0)
            here = 2;
        if (*c == '^') here = 4;
        if (here < tightest) tightest = here;
    }
    return tightest;
}

static const char *template_of(const tg_op *op, tg_notation notation)
{
    return notation == TG_TEXT ? op->text : op->latex;
}

/* Whether operand `of` has to stand in parentheses where the template has its `number`-th placeholder at `place`. */
static int needs_parentheses(const tg_op *of, const char *template, const char *place, int number,
                             tg_notation notation)
{
    char before = place == template ? ' ' : place[-1], after = place[2];
    if ((before == '{' && after == '}') || (before == '(' && after == ')') || (before == '|')) return 0;
    const char *operand = template_of(of, notation);
    int outer = binding(template), inner = binding(operand);
    if (outer == 5) return 0;
    if (is_prefix(template) && inner == 3 && operand[0] == '-') return 1;
    return inner < outer || (inner == outer && (number == 1 ? outer == 4 : outer < 4 && outer > 0));
}

/* ---- Expansion ---------------------------------------------------------------------------------------- */

/* A node that is being written: the rest of its template, or, where it has none, the next input of name(…). */
typedef struct frame {
    const tg_tensor *node;
    const char *rest;
    int next;
    int closes; /* a parenthesis is to be closed after it */
} frame;

typedef struct writer {
    tg_text text;
    tg_notation notation;
    frame *frames;
    int n, room;
} writer;

#define LONGEST 8000

static void name(writer *w, const char *chars)
{
    if (w->notation == TG_TEXT) {
        tg_text_print(&w->text, "%s", chars);
        return;
    }
    tg_text_add(&w->text, "\\mathrm{", 8);
    for (; *chars != '\0'; chars++) {
        if (strchr("_{}%&#$ ", *chars) != NULL) tg_text_add(&w->text, "\\", 1);
        if (*chars == '\\' || *chars == '^')
            tg_text_print(&w->text, *chars == '^' ? "\\wedge " : "\\backslash ");
        else
            tg_text_add(&w->text, chars, 1);
    }
    tg_text_add(&w->text, "}", 1);
}

/* A constant's value. In LaTeX, true, nan and inf would be products of letters. */
static void constant(writer *w, const tg_tensor *t)
{
    tg_text value = {0};
    tg_text_constant(&value, t);
    char *chars = tg_text_take(&value);
    if (chars == NULL) w->text.failed = 1;
    for (const char *c = chars; c != NULL && *c != '\0';) {
        size_t n = strspn(c, "abcdefghijklmnopqrstuvwxyz");
        int word = n > 1 && w->notation != TG_TEXT;
        if (n == 0) n = strcspn(c, "abcdefghijklmnopqrstuvwxyz");
        if (word && strncmp(c, "inf", 3) == 0)
            tg_text_add(&w->text, "\\infty", 6);
        else
            tg_text_print(&w->text, word ? "\\mathrm{%.*s}" : "%.*s", (int)n, c);
        c += n;
    }
    free(chars);
}

/* Writes t if it takes no expansion. */
static int write_atom(writer *w, const tg_tensor *t, int expand_named)
{
    if (tg_leaf_kind_of(t) == TG_LEAF_CONSTANT) {
        constant(w, t);
        return 1;
    }
    int leaf = tg_op_of(t)->infer == NULL && tg_op_of(t)->compose == NULL;
    if (tg_name(t)[0] != '\0' && (leaf || !expand_named)) {
        name(w, tg_name(t));
        return 1;
    }
    if (!leaf && w->text.length < LONGEST) return 0;
    tg_text_print(&w->text, w->notation == TG_TEXT ? "%%%" PRId64 : "v_{%" PRId64 "}", tg_id(t));
    return 1;
}

static void open_node(writer *w, const tg_tensor *t, int parentheses)
{
    if (w->n == w->room) {
        int room = w->room == 0 ? 64 : 2 * w->room;
        frame *frames = realloc(w->frames, (size_t)room * sizeof *frames);
        if (frames == NULL) {
            w->text.failed = 1;
            return;
        }
        w->frames = frames;
        w->room = room;
    }
    if (parentheses) tg_text_add(&w->text, "(", 1);
    const char *template = template_of(tg_op_of(t), w->notation);
    if (template == NULL) {
        name(w, tg_op_of(t)->name);
        tg_text_add(&w->text, "(", 1);
    }
    w->frames[w->n++] = (frame){.node = t, .rest = template, .closes = parentheses};
}

static void operand(writer *w, const tg_tensor *t, int parentheses)
{
    if (!write_atom(w, t, 0)) open_node(w, t, parentheses);
}

/* A template that says all there is to say of an operation does not show attributes; name(…) does. */
static void close_node(writer *w)
{
    frame *f = &w->frames[--w->n];
    if (template_of(tg_op_of(f->node), w->notation) == NULL) {
        if (w->notation == TG_TEXT)
            tg_text_attributes(&w->text, tg_op_of(f->node), tg_attr_of(f->node), tg_input_count(f->node) > 0);
        tg_text_add(&w->text, ")", 1);
    }
    if (f->closes) tg_text_add(&w->text, ")", 1);
}

/* Goes on with the innermost open node up to its next operand or its end. */
static void advance(writer *w)
{
    frame *f = &w->frames[w->n - 1];
    if (f->rest == NULL) {
        if (f->next == tg_input_count(f->node)) {
            close_node(w);
            return;
        }
        if (f->next > 0) tg_text_add(&w->text, ", ", 2);
        operand(w, tg_input_at(f->node, f->next++), 0);
        return;
    }
    const char *template = template_of(tg_op_of(f->node), w->notation), *place = strchr(f->rest, '#');
    if (place == NULL) {
        tg_text_print(&w->text, "%s", f->rest);
        close_node(w);
        return;
    }
    tg_text_add(&w->text, f->rest, (size_t)(place - f->rest));
    int number = place[1] - '0';
    const tg_tensor *input = tg_input_at(f->node, number - 1);
    f->rest = place + 2;
    if (input != NULL)
        operand(w, input, needs_parentheses(tg_op_of(input), template, place, number, w->notation));
}

/* LaTeX, which the writer has made, in the notation that was asked for. What cannot be read, because it is nested
 * too deeply, stays LaTeX. */
static void convert(writer *w)
{
    if (w->notation != TG_UNICODE && w->notation != TG_MATHML) return;
    tg_text converted = {0};
    char *latex = tg_text_take(&w->text);
    if (latex == NULL)
        converted.failed = 1;
    else if (w->notation == TG_UNICODE)
        tg_math_text(&converted, latex);
    else
        tg_math_mathml(&converted, latex, 0);
    free(latex);
    w->text = converted;
}

char *tg_expression(const tg_tensor *t, tg_notation notation)
{
    if (t == NULL) return NULL;
    writer w = {.notation = notation};
    if (!write_atom(&w, t, 1)) open_node(&w, t, 0);
    while (w.n > 0 && !w.text.failed) advance(&w);
    free(w.frames);
    convert(&w);
    char *text = tg_text_take(&w.text);
    if (text == NULL) tg_set_error(tg_graph_of(t), TG_ERR_MEMORY, "tg_expression: out of memory");
    return text;
}
