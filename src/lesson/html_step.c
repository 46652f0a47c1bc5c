/* A step of a lesson in HTML: a card that can be read alone. */
#include <math.h>
#include <string.h>

#include "explain/math.h"
#include "format.h"
#include "html.h"

enum { MOST_ROWS = 12, MOST_COLUMNS = 12, TINTS = 8 };

/* ---- Values ------------------------------------------------------------------------------------------- */

/* The most that a number has behind its decimal point in this column, the point included. */
static size_t column_rest(const tg_lesson_values *values, int64_t rows, int64_t columns, int64_t j)
{
    size_t most = 0;
    for (int64_t i = 0; i < rows; i++) {
        char number[TG_LESSON_NUMBER];
        tg_lesson_number(number, values->numbers[i * columns + j], "−");
        const char *rest = number + tg_lesson_whole(number);
        size_t length = 0;
        while (rest[length] == '.' || (rest[length] >= '0' && rest[length] <= '9')) length++;
        if (length > most) most = length;
    }
    return most;
}

/* The number and as much space as makes decimal points stand below each other. */
static void add_number(tg_text *out, double value, size_t most)
{
    char number[TG_LESSON_NUMBER];
    tg_lesson_number(number, value, "−");
    tg_lesson_add(out, number);
    const char *rest = number + tg_lesson_whole(number);
    size_t has = 0;
    for (; rest[has] != '\0'; has++)
        if (rest[has] == 'e') return;
    if (has == 0 && most > 0) tg_lesson_add(out, "\u2008");
    for (size_t i = has == 0 ? 1 : has; i < most; i++) tg_lesson_add(out, "\u2007");
}

static double largest(const tg_lesson_values *values, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values->numbers[i])) most = fmax(most, fabs(values->numbers[i]));
    return most;
}

/* A tint by sign and size: p1 to p8, n1 to n8. */
static void add_cell(tg_text *out, double value, double most, size_t rest)
{
    int tint = most > 0 && isfinite(value) ? (int)(fabs(value) / most * TINTS + 0.5) : 0;
    if (tint > 0)
        tg_text_print(out, "<td class=\"%c%d\">", value < 0 ? 'n' : 'p', tint);
    else
        tg_lesson_add(out, "<td>");
    add_number(out, value, rest);
    tg_lesson_add(out, "</td>");
}

void tg_html_values(tg_text *out, const tg_lesson_values *values)
{
    int64_t rows, columns;
    if (!tg_lesson_matrix(values, &rows, &columns)) return;
    double most = largest(values, rows * columns);
    tg_lesson_add(out, "<div class=\"scroll\"><table class=\"values\"><caption>value</caption>");
    for (int64_t i = 0; i < tg_lesson_places(rows, MOST_ROWS); i++) {
        int64_t row = tg_lesson_at(rows, MOST_ROWS, i);
        tg_lesson_add(out, "<tr>");
        for (int64_t j = 0; j < tg_lesson_places(columns, MOST_COLUMNS); j++) {
            int64_t column = tg_lesson_at(columns, MOST_COLUMNS, j);
            if (row < 0 || column < 0)
                tg_text_print(out, "<td class=\"dots\">%s</td>", row < 0 ? column < 0 ? "" : "⋮" : "…");
            else
                add_cell(out, values->numbers[row * columns + column], most,
                         column_rest(values, rows, columns, column));
        }
        tg_lesson_add(out, "</tr>");
    }
    tg_lesson_add(out, "</table></div>\n");
}

/* ---- The card ----------------------------------------------------------------------------------------- */

/* "Step 7: δ², equation 1" for those who listen. */
static void add_spoken(tg_text *out, const tg_lesson_step *s, int step)
{
    tg_text name = {0};
    if (s->symbol != NULL) tg_math_text(&name, s->symbol);
    char *text = tg_text_take(&name);
    if (text == NULL) out->failed = 1;
    tg_text_print(out, "Step %d: ", step + 1);
    tg_html_text(out, text);
    if (s->label != NULL) tg_lesson_add(out, ", ");
    tg_html_text(out, s->label);
    tg_text_free(text);
}

static void add_head(tg_text *out, const tg_lesson_step *s, int step)
{
    static const char *const looks[] = {"open", "bad", "good"};
    const char *verdict = tg_lesson_verdict_word(s);
    tg_text_print(out, "<h4><span class=\"number\">%d</span> <span class=\"eyebrow\">%s", step + 1,
                  tg_lesson_pass(s));
    if (s->layer > 0) tg_text_print(out, " · layer %d", s->layer);
    if (s->label != NULL && strcmp(s->label, "forward") != 0) { /* the pass has said that */
        tg_lesson_add(out, " · ");
        tg_html_text(out, s->label);
    }
    tg_lesson_add(out, "</span>");
    if (verdict != NULL)
        tg_text_print(out, " <span class=\"badge %s\">%s</span>", looks[s->holds + 1], verdict);
    tg_lesson_add(out, "</h4>\n<div class=\"equation scroll\">");
    tg_html_math(out, s->equation != NULL ? s->equation : s->symbol, 1);
    tg_lesson_add(out, "</div>\n");
}

static void add_fact(tg_text *out, const char *word, const char *text, int code)
{
    if (text == NULL || *text == '\0') return;
    tg_text_print(out, "<dt>%s</dt><dd>%s", word, code ? "<code>" : "");
    tg_html_text(out, text);
    tg_text_print(out, "%s</dd>\n", code ? "</code>" : "");
}

static void add_facts(tg_text *out, const tg_lesson_step *s)
{
    if (s->name == NULL && s->shape == NULL && s->tape == NULL && s->rule == NULL && s->verdict == NULL)
        return;
    tg_lesson_add(out, "<dl>\n");
    add_fact(out, "in the model", s->name, 1);
    add_fact(out, "shape", s->shape, 1);
    add_fact(out, "on the tape", s->tape, 1);
    add_fact(out, "made by", s->rule, 0);
    add_fact(out, "verdict", s->verdict, 0);
    tg_lesson_add(out, "</dl>\n");
}

void tg_html_step(tg_text *out, const tg_lesson_view *v, int view, int step)
{
    const tg_lesson_step *s = &v->steps[step];
    int64_t rows, columns;
    tg_text_print(out, "<li class=\"step card\" id=\"v%d-s%d\" data-say=\"", view, step);
    add_spoken(out, s, step);
    tg_lesson_add(out, "\">\n");
    add_head(out, s, step);
    if (s->reason != NULL) {
        tg_lesson_add(out, "<p>");
        tg_html_prose(out, s->reason);
        tg_lesson_add(out, "</p>\n");
    }
    int beside = tg_lesson_matrix(&s->values, &rows, &columns);
    if (beside) tg_lesson_add(out, "<div class=\"beside\">\n");
    add_facts(out, s);
    tg_html_values(out, &s->values);
    if (beside) tg_lesson_add(out, "</div>\n");
    if (s->notes[0] != NULL) tg_lesson_add(out, "<ul class=\"notes\">\n");
    for (size_t k = 0; k < sizeof s->notes / sizeof *s->notes && s->notes[k] != NULL; k++) {
        tg_lesson_add(out, "<li>");
        tg_html_prose(out, s->notes[k]);
        tg_lesson_add(out, "</li>\n");
    }
    if (s->notes[0] != NULL) tg_lesson_add(out, "</ul>\n");
    tg_lesson_add(out, "</li>\n");
}
