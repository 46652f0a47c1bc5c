/* A lesson for a terminal. */
#include <stdlib.h>
#include <string.h>

#include "explain/math.h"
#include "format.h"
#include "lesson.h"
#include "text_layout.h"

enum { INDENT = 6, FACTS = 15 };

/* ---- Pieces ------------------------------------------------------------------------------------------- */

static void add_math(tg_text *out, const char *latex)
{
    tg_text piece = {0};
    tg_math_text(&piece, latex);
    char *text = tg_text_take(&piece);
    if (text == NULL)
        out->failed = 1;
    else
        tg_lesson_add_clean(out, text, strlen(text));
    tg_text_free(text);
}

static void add_symbol(tg_text *out, const char *latex)
{
    if (latex != NULL) add_math(out, latex);
}

static void add_words(tg_text *out, const char *text)
{
    if (text != NULL) tg_lesson_add_clean(out, text, strlen(text));
}

static void add_prose(tg_text *out, const char *prose)
{
    static const tg_lesson_writer writer = {tg_lesson_add_clean, add_math};
    if (prose != NULL) tg_lesson_prose(out, prose, &writer);
}

/* Appends the line, wrapped, and empties it. */
static void put_line(tg_text *out, tg_text *content, size_t at, size_t indent)
{
    char *text = tg_text_take(content);
    if (text == NULL)
        out->failed = 1;
    else
        tg_text_wrap(out, text, at, indent);
    tg_text_free(text);
}

static void put_heading(tg_text *out, const char *words, char underline)
{
    size_t width = tg_text_columns(words);
    tg_text_add(out, "\n", 1);
    tg_text_wrap(out, words, 0, 0);
    tg_text_repeat(out, underline, width < TG_LESSON_COLUMNS ? width : TG_LESSON_COLUMNS);
    tg_text_add(out, "\n", 1);
}

/* A word and what it is, from column FACTS on. */
static void put_fact(tg_text *out, const char *word, tg_text *content)
{
    size_t width = tg_text_columns(word);
    tg_text_repeat(out, ' ', INDENT);
    tg_lesson_add(out, word);
    size_t at = INDENT + width < FACTS ? FACTS : INDENT + width + 1;
    tg_text_repeat(out, ' ', at - INDENT - width);
    put_line(out, content, at, FACTS);
}

/* ---- The model ---------------------------------------------------------------------------------------- */

static void put_model(tg_text *out, const tg_lesson *lesson)
{
    tg_text content = {0};
    add_words(&content, lesson->model);
    if (lesson->summary != NULL) tg_lesson_add(&content, ": ");
    add_words(&content, lesson->summary);
    put_line(out, &content, 0, 0);
    if (lesson->loss != NULL) {
        tg_lesson_add(&content, "Differentiated: ");
        add_words(&content, lesson->loss);
        put_line(out, &content, 0, 0);
    }
    if (lesson->sample != NULL) {
        tg_lesson_add(&content, "Values: ");
        add_words(&content, lesson->sample);
        put_line(out, &content, 0, 0);
    }
    if (lesson->not_mlp != NULL) {
        tg_lesson_add(&content, "Not shown as a multilayer perceptron: ");
        add_words(&content, lesson->not_mlp);
        put_line(out, &content, 0, 2);
    }
}

static void put_title(tg_text *out, const tg_lesson_view *v)
{
    tg_text content = {0};
    add_words(&content, v->title);
    char *title = tg_text_take(&content);
    if (title == NULL) {
        out->failed = 1;
        return;
    }
    if (*title != '\0') put_heading(out, title, '=');
    tg_text_free(title);
    for (int i = 0; i < v->n_paragraphs; i++) {
        if (i > 0) tg_text_add(out, "\n", 1);
        add_prose(&content, v->paragraphs[i]);
        put_line(out, &content, 0, 0);
    }
}

/* Two columns; the first is as wide as its widest, within reason. */
typedef struct table {
    size_t width;
    int n;
} table;

static void put_row(tg_text *out, const table *t, const char *left, tg_text *right)
{
    tg_text cleaned = {0};
    add_words(&cleaned, left);
    char *text = tg_text_take(&cleaned);
    if (text == NULL) {
        out->failed = 1;
        tg_text_free(tg_text_take(right));
        return;
    }
    size_t width = tg_text_columns(text);
    tg_text_repeat(out, ' ', 2);
    if (width > t->width) {
        tg_text_wrap(out, text, 2, 2);
        tg_text_repeat(out, ' ', t->width + 4);
    } else {
        tg_lesson_add(out, text);
        tg_text_repeat(out, ' ', t->width - width + 2);
    }
    put_line(out, right, t->width + 4, t->width + 4);
    tg_text_free(text);
}

static void widen(table *t, const char *left)
{
    size_t width = left == NULL ? 0 : tg_text_columns(left);
    if (width > t->width) t->width = width < 30 ? width : 30;
}

static void put_names(tg_text *out, const tg_lesson *lesson, const tg_lesson_view *v)
{
    table t = {0};
    char **names = tg_lesson_names(lesson, v, &t.n);
    if (t.n == 0) return;
    put_heading(out, "Names", '-');
    for (int i = 0; i < t.n; i++) widen(&t, names[2 * i]);
    for (int i = 0; i < t.n; i++) {
        tg_text symbol = {0};
        add_symbol(&symbol, names[2 * i + 1]);
        put_row(out, &t, names[2 * i], &symbol);
    }
}

static void put_general(tg_text *out, const tg_lesson_view *v)
{
    table t = {.n = v->n_general};
    if (t.n == 0) return;
    put_heading(out, "Equations", '-');
    for (int i = 0; i < t.n; i++) widen(&t, v->general_labels[i]);
    for (int i = 0; i < t.n; i++) {
        tg_text equation = {0};
        add_math(&equation, v->general[i]);
        put_row(out, &t, v->general_labels[i], &equation);
    }
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

/* "  7  δ² = (a² − y) ⊙ σ′(z²)" with "(equation 1)" at the right end. */
static void put_equation(tg_text *out, const tg_lesson_step *s, int number)
{
    tg_text content = {0}, label = {0};
    if (s->equation != NULL) {
        add_math(&content, s->equation);
    } else {
        add_symbol(&content, s->symbol);
        if (s->tape != NULL) tg_lesson_add(&content, " = ");
        add_words(&content, s->tape);
    }
    if (s->label != NULL) {
        tg_lesson_add(&label, "(");
        add_words(&label, s->label);
        tg_lesson_add(&label, ")");
    }
    char *tag = tg_text_take(&label), *text = tg_text_take(&content);
    if (tag == NULL || text == NULL) {
        out->failed = 1;
    } else {
        size_t used = INDENT + tg_text_columns(text), width = tg_text_columns(tag);
        int beside = width > 0 && strchr(text, '\n') == NULL && used + 2 + width <= TG_LESSON_COLUMNS;
        tg_text_print(out, "%4d  ", number);
        if (beside) {
            tg_lesson_add(out, text);
            tg_text_repeat(out, ' ', TG_LESSON_COLUMNS - used - width);
            tg_text_print(out, "%s\n", tag);
        } else {
            tg_text_wrap(out, text, INDENT, INDENT + 2);
            tg_text_repeat(out, ' ', width > 0 ? INDENT : 0);
            if (width > 0) tg_text_wrap(out, tag, INDENT, INDENT);
        }
    }
    tg_text_free(tag);
    tg_text_free(text);
}

/* "model   delta2 : f64[4, 3] = (a2 - y) * a2 * (1 - a2)" */
static void put_tape(tg_text *out, const tg_lesson_step *s)
{
    tg_text content = {0};
    int named = s->name != NULL && *s->name != '\0';
    add_words(&content, s->name);
    if (s->shape != NULL) tg_lesson_add(&content, named ? " : " : ": ");
    add_words(&content, s->shape);
    if (s->equation != NULL && s->tape != NULL) tg_lesson_add(&content, " = ");
    if (s->equation != NULL) add_words(&content, s->tape);
    if (s->name == NULL && s->shape == NULL && s->tape == NULL)
        tg_text_free(tg_text_take(&content));
    else
        put_fact(out, "model", &content);
}

static void put_step(tg_text *out, const tg_lesson_step *s, int number)
{
    tg_text content = {0};
    tg_text_add(out, "\n", 1);
    put_equation(out, s, number);
    if (s->reason != NULL) {
        add_prose(&content, s->reason);
        tg_text_repeat(out, ' ', INDENT);
        put_line(out, &content, INDENT, INDENT);
    }
    put_tape(out, s);
    if (s->rule != NULL) {
        add_words(&content, s->rule);
        put_fact(out, "rule", &content);
    }
    if (s->verdict != NULL) {
        add_words(&content, s->verdict);
        put_fact(out, "verdict", &content);
    }
    for (size_t k = 0; k < sizeof s->notes / sizeof *s->notes && s->notes[k] != NULL; k++) {
        add_prose(&content, s->notes[k]);
        put_fact(out, "note", &content);
    }
    int64_t rows, columns;
    if (!tg_lesson_matrix(&s->values, &rows, &columns)) return;
    tg_text_print(out, "%*svalue", INDENT, "");
    tg_text_repeat(out, ' ', FACTS - INDENT - 5);
    tg_text_matrix(out, &s->values, FACTS);
}

static void put_steps(tg_text *out, const tg_lesson_view *v)
{
    const char *pass = "";
    for (int i = 0; i < v->n_steps; i++) {
        const char *now = tg_lesson_pass(&v->steps[i]);
        if (strcmp(now, pass) != 0) put_heading(out, now, '-');
        pass = now;
        put_step(out, &v->steps[i], i + 1);
    }
}

/* ---- Verdicts and slips ------------------------------------------------------------------------------- */

static void put_verdicts(tg_text *out, const tg_lesson_view *v)
{
    tg_text content = {0};
    if (tg_lesson_count(v, -2) == v->n_steps) return;
    put_heading(out, "Verdicts", '-');
    tg_lesson_tally(&content, v);
    put_line(out, &content, 0, 0);
    for (int i = 0; i < v->n_steps; i++) {
        const tg_lesson_step *s = &v->steps[i];
        if (s->holds == -2) continue;
        tg_text_print(&content, "%d  ", i + 1);
        add_symbol(&content, s->symbol);
        tg_text_print(&content, "  %s", tg_lesson_verdict_word(s));
        tg_text_repeat(out, ' ', i < 9 ? 3 : i < 99 ? 2 : 1);
        put_line(out, &content, 3, INDENT);
    }
}

static void put_slips(tg_text *out, const tg_lesson_view *v)
{
    if (v->n_slips == 0) return;
    put_heading(out, "Where the course text slips", '-');
    for (int i = 0; i < v->n_slips; i++) {
        tg_text content = {0};
        tg_lesson_add(&content, "* ");
        add_prose(&content, v->slips[i]);
        put_line(out, &content, 0, 2);
    }
}

char *tg_lesson_text(const tg_lesson *lesson, int view)
{
    tg_text out = {0};
    const tg_lesson_view *v = &lesson->views[view];
    put_model(&out, lesson);
    put_title(&out, v);
    put_names(&out, lesson, v);
    put_general(&out, v);
    put_steps(&out, v);
    put_verdicts(&out, v);
    put_slips(&out, v);
    return tg_text_take(&out);
}
