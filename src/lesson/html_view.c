/* A view of a lesson in HTML: what to know first, the drawing, the steps, verdicts and slips. */
#include "format.h"
#include "html.h"

static void add_general(tg_text *out, const tg_lesson_view *v)
{
    tg_lesson_add(out, "<div class=\"card\">\n<h3>Equations</h3>\n<dl class=\"equations\">\n");
    for (int i = 0; i < v->n_general; i++) {
        tg_lesson_add(out, "<dt>");
        tg_html_text(out, v->general_labels[i]);
        tg_lesson_add(out, "</dt><dd class=\"scroll\">");
        tg_html_math(out, v->general[i], 1);
        tg_lesson_add(out, "</dd>\n");
    }
    tg_lesson_add(out, "</dl>\n</div>\n");
}

static void add_names(tg_text *out, char **names, int n)
{
    tg_lesson_add(out, "<div class=\"card\">\n<h3>Names</h3>\n<dl class=\"names\">\n");
    for (int i = 0; i < n; i++) {
        tg_lesson_add(out, "<dt><code>");
        tg_html_text(out, names[2 * i]);
        tg_lesson_add(out, "</code></dt><dd>");
        tg_html_math(out, names[2 * i + 1], 0);
        tg_lesson_add(out, "</dd>\n");
    }
    tg_lesson_add(out, "</dl>\n</div>\n");
}

static void add_first(tg_text *out, const tg_lesson *lesson, const tg_lesson_view *v)
{
    int n;
    char **names = tg_lesson_names(lesson, v, &n);
    if (v->n_general == 0 && n == 0) return;
    tg_lesson_add(out, "<div class=\"first\">\n");
    if (v->n_general > 0) add_general(out, v);
    if (n > 0) add_names(out, names, n);
    tg_lesson_add(out, "</div>\n");
}

/* Hidden until the script, which they need, shows them. */
static void add_controls(tg_text *out, const tg_lesson_view *v)
{
    static const struct {
        const char *go, *label, *path;
    } buttons[] = {{"first", "First step", "M4 3v10M13 3 7 8l6 5"},
                   {"back", "Step back", "M11 3 5 8l6 5"},
                   {"forward", "Step forward", "M5 3l6 5-6 5"},
                   {"last", "Last step", "M12 3v10M3 3l6 5-6 5"}};
    tg_lesson_add(
        out, "<div class=\"controls\" role=\"group\" aria-label=\"Steps\" hidden>\n<span class=\"buttons\">");
    for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++)
        tg_text_print(
            out,
            "<button type=\"button\" data-go=\"%s\" aria-label=\"%s\" title=\"%s\"><svg viewBox=\"0 0 16 16\" "
            "aria-hidden=\"true\"><path d=\"%s\"/></svg></button>",
            buttons[i].go, buttons[i].label, buttons[i].label, buttons[i].path);
    tg_text_print(
        out,
        "</span>\n<input type=\"range\" min=\"1\" max=\"%d\" value=\"1\" autocomplete=\"off\" aria-label=\"Step\">\n"
        "<span class=\"count\"><span>Step </span><b></b></span>\n<button type=\"button\" class=\"all\" aria-pressed=\"false\">All "
        "steps</button>\n</div>\n<p class=\"spoken\" aria-live=\"polite\"></p>\n",
        v->n_steps);
}

static void add_steps(tg_text *out, const tg_lesson_view *v, int view)
{
    if (v->n_steps == 0) return;
    tg_lesson_add(out, "<h3>In the order of computation</h3>\n<div class=\"player\">\n");
    tg_html_drawing(out, v, view);
    add_controls(out, v);
    tg_lesson_add(out, "<ol class=\"steps\">\n");
    for (int i = 0; i < v->n_steps; i++) tg_html_step(out, v, view, i);
    tg_lesson_add(out, "</ol>\n</div>\n");
}

static void add_verdicts(tg_text *out, const tg_lesson_view *v, int view)
{
    static const char *const looks[] = {"open", "bad", "good"};
    if (tg_lesson_count(v, -2) == v->n_steps) return;
    tg_lesson_add(out, "<h3>Verdicts</h3>\n<p class=\"soft\">");
    tg_lesson_tally(out, v);
    tg_lesson_add(out, ".</p>\n<ul class=\"verdicts\">\n");
    for (int i = 0; i < v->n_steps; i++) {
        const tg_lesson_step *s = &v->steps[i];
        if (s->holds == -2) continue;
        tg_text_print(out, "<li><a href=\"#v%d-s%d\">%d</a> ", view, i, i + 1);
        tg_html_math(out, s->symbol, 0);
        tg_text_print(out, " <span class=\"badge %s\">%s</span></li>\n", looks[s->holds + 1],
                      tg_lesson_verdict_word(s));
    }
    tg_lesson_add(out, "</ul>\n");
}

static void add_slips(tg_text *out, const tg_lesson_view *v)
{
    if (v->n_slips == 0) return;
    tg_lesson_add(out, "<h3>Where the course text slips</h3>\n<ul class=\"slips\">\n");
    for (int i = 0; i < v->n_slips; i++) {
        tg_lesson_add(out, "<li>");
        tg_html_prose(out, v->slips[i]);
        tg_lesson_add(out, "</li>\n");
    }
    tg_lesson_add(out, "</ul>\n");
}

void tg_html_view(tg_text *out, const tg_lesson *lesson, int view)
{
    const tg_lesson_view *v = &lesson->views[view];
    tg_text_print(out,
                  "<section class=\"view\" id=\"v%d\" aria-labelledby=\"v%d-title\">\n<h2 id=\"v%d-title\">",
                  view, view, view);
    tg_html_text(out, v->title);
    tg_lesson_add(out, "</h2>\n");
    for (int i = 0; i < v->n_paragraphs; i++) {
        tg_lesson_add(out, "<p>");
        tg_html_prose(out, v->paragraphs[i]);
        tg_lesson_add(out, "</p>\n");
    }
    add_first(out, lesson, v);
    add_steps(out, v, view);
    add_verdicts(out, v, view);
    add_slips(out, v);
    tg_lesson_add(out, "</section>\n");
}
