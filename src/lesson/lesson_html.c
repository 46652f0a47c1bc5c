/* A lesson as one page that needs nothing else. */
#include "format.h"
#include "html.h"
#include "lesson.h"

/* ---- Head --------------------------------------------------------------------------------------------- */

/* Without scripts, and without anything but CSS, the chosen convention alone is shown. */
static void add_switch_style(tg_text *out, const tg_lesson *lesson)
{
    tg_lesson_add(out, "<style>\n");
    for (int i = 0; lesson->n_views > 1 && i < lesson->n_views; i++)
        tg_text_print(out, "main:has(#c%d:checked)>.view:not(#v%d){display:none}\n", i, i);
    tg_lesson_add(out, "</style>\n");
}

static void add_head(tg_text *out, const tg_lesson *lesson)
{
    tg_lesson_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    tg_html_text(out, lesson->model);
    tg_lesson_add(out, " · explained</title>\n");
    tg_html_style(out);
    add_switch_style(out, lesson);
    tg_lesson_add(out, "</head>\n");
}

static void add_sentence(tg_text *out, const char *before, const char *text)
{
    if (text == NULL) return;
    tg_text_print(out, "<p class=\"soft\">%s", before);
    tg_html_text(out, text);
    tg_lesson_add(out, ".</p>\n");
}

static void add_switch(tg_text *out, const tg_lesson *lesson)
{
    if (lesson->n_views < 2) return;
    tg_lesson_add(out, "<fieldset class=\"switch\">\n<legend>Convention</legend>\n");
    for (int i = 0; i < lesson->n_views; i++) {
        tg_text_print(
            out,
            "<input type=\"radio\" name=\"convention\" id=\"c%d\" autocomplete=\"off\"%s><label for=\"c%d\">",
            i, i == lesson->first ? " checked" : "", i);
        tg_html_text(out, tg_lesson_view_name(&lesson->views[i]));
        tg_lesson_add(out, "</label>\n");
    }
    tg_lesson_add(out, "</fieldset>\n");
}

/* ---- Page --------------------------------------------------------------------------------------------- */

char *tg_lesson_html(const tg_lesson *lesson)
{
    tg_text out = {0};
    add_head(&out, lesson);
    tg_lesson_add(&out,
                  "<body>\n<main>\n<header>\n<p class=\"eyebrow\">Backpropagation, step by step</p>\n<h1>");
    tg_html_text(&out, lesson->model);
    tg_lesson_add(&out, "</h1>\n");
    add_sentence(&out, "", lesson->summary);
    if (lesson->loss != NULL) {
        tg_lesson_add(&out, "<p class=\"soft\">Differentiated: <code>");
        tg_html_text(&out, lesson->loss);
        tg_lesson_add(&out, "</code>.</p>\n");
    }
    add_sentence(&out, "Values: ", lesson->sample);
    add_sentence(&out, "Not shown as a multilayer perceptron: ", lesson->not_mlp);
    tg_lesson_add(&out, "</header>\n");
    add_switch(&out, lesson);
    for (int i = 0; i < lesson->n_views; i++) tg_html_view(&out, lesson, i);
    if (lesson->source != NULL) {
        tg_lesson_add(&out, "<section class=\"program\">\n<h2>The program</h2>\n<pre tabindex=\"0\">");
        tg_html_text(&out, lesson->source);
        tg_lesson_add(&out, "</pre>\n</section>\n");
    }
    tg_lesson_add(&out, "</main>\n");
    tg_html_script(&out);
    tg_lesson_add(&out, "</body>\n</html>\n");
    return tg_text_take(&out);
}
