/* The formats of a lesson: everything is there once, fits, and is escaped; drawings, numbers, prose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include <cmocka.h>

#include <tapegrad/explain.h>

#include "explain/text.h"
#include "lesson/format.h"
#include "lesson/html.h"
#include "lesson/text_layout.h"
#include "lesson_example.h"

static const char hostile[] =
    "<script>alert(\"&'\")</script> \\end{document} 100% $5 #1 a_b ^x ~ {} \xC3\xA9 \xE4\xB8\xAD "
    "\xFF \x1B[31m \xC2\x9B a-->b ]]> </style> "
    "a_very_long_name_of_something_that_goes_on_until_it_is_longer_than_a_line_of_text_can_be_"
    "in_any_terminal_of_a_hundred_columns";

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) n++;
    return n;
}

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("there is no '%s'", part);
}

static void assert_no_part(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    if (at != NULL) fail_msg("there is '%s': '%.60s'", part, at);
}

/* The parts are there, each behind the one before. */
static void assert_order(const char *text, const char *const *parts, int n)
{
    for (int i = 0; i < n; i++) {
        const char *at = strstr(text, parts[i]);
        if (at == NULL)
            fail_msg("there is no '%s' behind '%s'", parts[i], i > 0 ? parts[i - 1] : "the beginning");
        text = at + strlen(parts[i]);
    }
}

/* ---- Text --------------------------------------------------------------------------------------------- */

static void assert_columns(char *text)
{
    for (char *line = text, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        if (tg_text_columns(line) > TG_LESSON_COLUMNS)
            fail_msg("%zu columns: '%s'", tg_text_columns(line), line);
        *end = '\n';
    }
}

static void test_text(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_network(&lesson, 2, 2);
    char *text = tg_lesson_text(&lesson, 0);
    static const char *const parts[] = {
        "letters.tg: a 4-5-3 network",
        "Values: example 1 of 4",
        "delta: columns",
        "wⱼₖˡ goes from",
        "Names",
        "  W1  w¹\n",
        "Equations",
        "  equation 2  δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)",
        "Forward pass",
        "   1  z¹ = w¹ a⁰ + b¹",
        "(forward)\n",
        "      model    z1 : f64[4, 5] = x0 @ transpose(W1) + b1\n",
        "   5  C = ",
        "      value    0.3849\n",
        "Reverse pass",
        "   6  δ² = (a² − y) ⊙ σ′(z²)",
        "(equation 1)\n",
        "      rule     reverse rule of sigmoid",
        "      verdict  proved: equals",
        "      note     with the quadratic cost σ′ stays",
        "      value    [ 0.08725  −0.1326  0.1426 ]\n",
        "   7  ∂C/∂w² = ",
        ("      value    [  0.005988   0.07492   0.04081   0.01427   0.08142 ]\n"
         "               [ −0.009099  −0.1138   −0.06201  −0.02169  −0.1237  ]\n"),
        "  11  ∂C/∂b¹",
        "Verdicts",
        "5 proved, 1 not decided\n",
        "   6  δ²  proved\n",
        "  11  ∂C/∂b¹  not decided\n",
        "Where the course text slips",
        "* one step"};
    assert_order(text, parts, sizeof parts / sizeof *parts);
    assert_columns(text);
    tg_text_free(text);
    text = tg_lesson_text(&lesson, 1);
    assert_part(text, "Δ⁽²⁾ = (X⁽²⁾ − Y) ⊙ θ′(S⁽²⁾)");
    assert_columns(text);
    tg_text_free(text);
    tg_lesson_clear(&lesson);
    assert_null(lesson.views);
}

static void test_text_of_tape(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_tape(&lesson, 59);
    char *text = tg_lesson_text(&lesson, 0);
    assert_part(text, "Not shown as a multilayer perceptron: the loss has no layer");
    assert_part(
        text,
        "  10  hidden_units_of_the_layer_10 = sin(%9) * exp(%9)\n      model    hidden_units_of_the_layer_10 : "
        "f64[4, 3]\n");
    assert_no_part(text, "value");
    assert_no_part(text, "Verdicts");
    assert_columns(text);
    tg_text_free(text);
    tg_lesson_clear(&lesson);
}

static void test_hostile_text(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_of_string(&lesson, hostile, hostile);
    char *text = tg_lesson_text(&lesson, 0);
    assert_columns(text);
    for (const char *c = text; *c != '\0'; c++) assert_true((unsigned char)*c >= ' ' || *c == '\n');
    assert_no_part(text, "\xFF");
    assert_no_part(text, "\xC2\x9B");
    assert_part(text, "\uFFFD[31m");
    assert_part(text, "<script>alert(\"&'\")</script>");
    tg_text_free(text);
    tg_lesson_clear(&lesson);
}

static void test_wrapping(void **state)
{
    (void)state;
    tg_text out = {0};
    tg_text_repeat(&out, ' ', 90);
    tg_text_wrap(&out, "one two  three\nfour", 90, 4);
    tg_text_repeat(&out, '=', 98);
    tg_text_wrap(&out, "ééééé", 98, 2);
    char *text = tg_text_take(&out);
    char expected[600];
    snprintf(expected, sizeof expected, "%90sone two\n    three\n    four\n", "");
    assert_memory_equal(text, expected, strlen(expected));
    assert_part(text, "==éé\n  ééé\n");
    tg_text_free(text);
    assert_int_equal(tg_text_columns("v\u0304₁ 𝟏 δ\u20D7"), 6);
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "0"},
                 {0.31254, "0.3125"},
                 {-12, "-12"},
                 {1.25e-5, "1.25e-5"},
                 {-3e12, "-3e12"},
                 {-1e-300, "-1e-300"},
                 {(double)NAN, "NaN"},
                 {(double)INFINITY, "inf"},
                 {-(double)INFINITY, "-inf"},
                 {99999, "1e5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TG_LESSON_NUMBER];
        tg_lesson_number(text, cases[i].value, "-");
        assert_string_equal(text, cases[i].text);
    }
    char text[TG_LESSON_NUMBER];
    tg_lesson_number(text, -1.25e-300, "−");
    assert_string_equal(text, "−1.25e−300");
}

static tg_lesson_values range(int rank, int64_t rows, int64_t columns)
{
    tg_lesson_values v = {.rank = rank, .shape = {rank == 1 ? columns : rows, columns}};
    v.numbers = malloc((size_t)(rows * columns) * sizeof(double));
    for (int64_t i = 0; i < rows * columns; i++) v.numbers[i] = (double)i;
    return v;
}

static char *matrix_text(tg_lesson_values v)
{
    tg_text out = {0};
    tg_text_matrix(&out, &v, 0);
    free(v.numbers);
    return tg_text_take(&out);
}

static void test_matrices(void **state)
{
    (void)state;
    char *text = matrix_text(range(1, 1, 784));
    assert_string_equal(text, "[ 0  1  2  3  4  5  6  7  8  9  10  11  12  13  …  783 ]\n");
    tg_text_free(text);
    text = matrix_text(range(2, 40, 2));
    assert_part(text, "[ 18  19 ]\n[  …   … ]\n[ 78  79 ]\n");
    tg_text_free(text);
    text = matrix_text(range(2, 3, 0));
    assert_string_equal(text, "");
    tg_text_free(text);
    tg_lesson_values wide = range(2, 2, 30);
    for (int i = 0; i < 60; i++) wide.numbers[i] = -1.2345e-7 / (i + 1);
    text = matrix_text(wide);
    assert_columns(text);
    assert_part(text, "…");
    assert_part(text, "−4.115e−9 ]\n");
    tg_text_free(text);
}

static char *values_html(tg_lesson_values v)
{
    tg_text out = {0};
    tg_html_values(&out, &v);
    free(v.numbers);
    return tg_text_take(&out);
}

/* Tints by size and sign; digits below digits. */
static void test_values_html(void **state)
{
    (void)state;
    tg_lesson_values v = range(2, 2, 2);
    v.numbers[0] = -8.25, v.numbers[1] = 0, v.numbers[2] = 4, v.numbers[3] = (double)NAN;
    char *text = values_html(v);
    assert_part(text, "<tr><td class=\"n8\">−8.25</td><td>0</td></tr>"
                      "<tr><td class=\"p4\">4\u2008\u2007\u2007</td><td>NaN</td></tr>");
    tg_text_free(text);
    text = values_html(range(2, 100, 100));
    assert_int_equal(count(text, "<td"), 144);
    assert_int_equal(count(text, "<td class=\"dots\">"), 23);
    assert_part(text, ">9999</td></tr></table>");
    tg_text_free(text);
}

/* ---- HTML --------------------------------------------------------------------------------------------- */

static int is_void(const char *name, size_t length)
{
    return (length == 4 && memcmp(name, "meta", 4) == 0) || (length == 5 && memcmp(name, "input", 5) == 0);
}

/* Every element is closed, in order, and every & begins a character. */
static void assert_balanced(const char *page)
{
    const char *open[100];
    size_t lengths[100];
    int depth = 0;
    if (strncmp(page, "<!", 2) == 0) page = strchr(page, '>') + 1;
    for (const char *c = page; *c != '\0'; c++) {
        if (*c == '&') {
            size_t n = strcspn(c, ";");
            assert_true(n > 2 && n < 8);
        }
        if (*c != '<') continue;
        int closing = c[1] == '/';
        const char *name = c + 1 + closing, *end = strchr(c, '>');
        size_t length = strcspn(name, " />");
        assert_non_null(end);
        if (closing) {
            if (depth == 0 || lengths[depth - 1] != length || memcmp(open[depth - 1], name, length) != 0)
                fail_msg("'%.40s' closes nothing", c);
            depth--;
        } else if (end[-1] != '/' && !is_void(name, length)) {
            assert_true(depth < 100);
            open[depth] = name;
            lengths[depth++] = length;
        }
        int raw = !closing && (strncmp(name, "style", 5) == 0 || strncmp(name, "script", 6) == 0);
        c = raw ? strstr(end, "</") - 1 : end;
    }
    assert_int_equal(depth, 0);
}

static void assert_page(const char *page, const tg_lesson *lesson)
{
    assert_balanced(page);
    assert_no_part(page, "http");
    assert_no_part(page, "src=");
    assert_no_part(page, "url(");
    assert_int_equal(count(page, "<script"), 1);
    assert_int_equal(count(page, " checked"), lesson->n_views > 1);
    for (int v = 0; v < lesson->n_views; v++)
        for (int i = 0; i < lesson->views[v].n_steps; i++) {
            char id[50];
            snprintf(id, sizeof id, " id=\"v%d-s%d\"", v, i);
            if (count(page, id) != 1) fail_msg("%d times%s", count(page, id), id);
        }
    assert_ptr_equal(strstr(page, "</html>\n") + 8, page + strlen(page));
}

static void test_page(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_network(&lesson, 2, 5);
    lesson.first = 1;
    char *page = tg_lesson_html(&lesson), *again = tg_lesson_html(&lesson);
    assert_string_equal(page, again);
    tg_text_free(again);
    assert_page(page, &lesson);
    if (strlen(page) > 400000) fail_msg("the page has %zu bytes", strlen(page));
    static const char *const parts[] = {
        "<html lang=\"en\">",
        "<title>letters.tg · explained</title>",
        "prefers-color-scheme:dark",
        "@media print",
        "main:has(#c4:checked)>.view:not(#v4){display:none}",
        "<h1>letters.tg</h1>",
        "id=\"c0\" autocomplete=\"off\"><label for=\"c0\">delta</label>",
        "id=\"c1\" autocomplete=\"off\" checked><label for=\"c1\">rows</label>",
        "<section class=\"view\" id=\"v0\"",
        "<dt>equation 2</dt>",
        "<dt><code>W1</code></dt>",
        "<svg ",
        "aria-label=\"Step forward\"",
        "data-say=\"Step 6: δ², equation 1\"",
        "Reverse pass · layer 2 · equation 1</span> <span class=\"badge good\">proved<",
        "<math",
        "<dt>in the model</dt><dd><code>%38</code></dd>",
        "<dt>shape</dt><dd><code>f64[4, 3]</code></dd>",
        "<dt>on the tape</dt><dd><code>(output - y) / 4",
        "<dt>made by</dt><dd>reverse rule of sigmoid",
        "<dt>verdict</dt><dd>proved: equals",
        ">−0.1326</td>",
        "<ul class=\"notes\">",
        "badge open\">not decided<",
        "5 proved, 1 not decided",
        "Where the course text slips",
        "id=\"v4\"",
        "The program",
        "param W1 : f64[5, 4]"};
    assert_order(page, parts, sizeof parts / sizeof *parts);
    tg_text_free(page);
    tg_lesson_clear(&lesson);
}

static void test_other_pages(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        tg_lesson lesson;
        if (kind == 0) lesson_tape(&lesson, 59);
        if (kind == 1) lesson_network(&lesson, 6, 1);
        if (kind == 2) lesson_of_string(&lesson, hostile, hostile);
        char *page = tg_lesson_html(&lesson);
        assert_page(page, &lesson);
        assert_no_part(page, "<fieldset");
        assert_no_part(page, "<p></p>");
        if (kind == 0) assert_no_part(page, "<td");
        if (kind == 1) assert_part(page, "badge bad\">refuted<");
        if (kind == 2)
            assert_part(page,
                        "<p>&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt; \\end{document} 100%");
        if (kind == 2) assert_no_part(page, "<script>alert");
        assert_no_part(page, "\x1B");
        tg_text_free(page);
        tg_lesson_clear(&lesson);
    }
}

/* Equations within prose, and the punctuation that stays with them. */
static void test_prose(void **state)
{
    (void)state;
    tg_text out = {0};
    tg_html_prose(&out, "a $x$, b$y$$z$ for $5 <");
    char *text = tg_text_take(&out);
    assert_balanced(text);
    assert_int_equal(count(text, "<math"), 3);
    assert_part(text, "a <span class=\"whole\"><math");
    assert_part(text, "</math>,</span> b<span class=\"whole\"><math");
    assert_part(text, "</math></span> for $5 &lt;");
    tg_text_free(text);
}

/* ---- Drawings ----------------------------------------------------------------------------------------- */

typedef struct box {
    int x, y, width, height;
} box;

static int inside(const box *b, int x, int y)
{
    return x > b->x + 1 && x < b->x + b->width - 1 && y > b->y + 1 && y < b->y + b->height - 1;
}

/* Follows "M1 2L3 4Q5 6 7 8…" and fails where it meets the inside of a box. */
static void follow(const char *path, const box *boxes, int n)
{
    int x = 0, y = 0, points = 0;
    while (*path != '"') {
        char *end;
        path += strspn(path, "MLQ ");
        int to_x = (int)strtol(path, &end, 10), to_y = (int)strtol(end, &end, 10);
        assert_true(end > path);
        path = end;
        if (points++ > 0 && x != to_x && y != to_y)
            fail_msg("from %d %d to %d %d is no straight way", x, y, to_x, to_y);
        for (int k = 0; points > 1 && k <= 50; k++)
            for (int i = 0; i < n; i++)
                if (inside(&boxes[i], x + (to_x - x) * k / 50, y + (to_y - y) * k / 50))
                    fail_msg("an arrow runs through the box at %d %d", boxes[i].x, boxes[i].y);
        x = to_x;
        y = to_y;
    }
    assert_true(points >= 2);
}

static void check_drawing(const tg_lesson_view *v)
{
    tg_text out = {0};
    box boxes[100];
    int n = 0, arrows = 0;
    tg_html_drawing(&out, v, 0);
    char *text = tg_text_take(&out);
    assert_balanced(text);
    for (const char *at = text; (at = strstr(at, "<rect ")) != NULL; at++, n++)
        assert_int_equal(sscanf(at, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", &boxes[n].x,
                                &boxes[n].y, &boxes[n].width, &boxes[n].height),
                         4);
    assert_int_equal(n, v->n_boxes);
    for (const char *at = text; (at = strstr(at, "<g class=\"arrow ")) != NULL; at++, arrows++)
        follow(strstr(at, " d=\"") + 4, boxes, n);
    assert_int_equal(arrows, v->n_arrows);
    tg_text_free(text);
}

static void test_drawing(void **state)
{
    (void)state;
    for (int layers = 1; layers <= 6; layers++) {
        tg_lesson lesson;
        lesson_network(&lesson, layers, 2);
        check_drawing(&lesson.views[0]);
        tg_lesson_clear(&lesson);
    }
    tg_lesson lesson;
    lesson_tape(&lesson, 59);
    check_drawing(&lesson.views[0]);
    lesson.views[0].n_boxes = 0;
    char *page = tg_lesson_html(&lesson);
    assert_no_part(page, "<figure");
    assert_balanced(page);
    tg_text_free(page);
    lesson.views[0].n_boxes = 60;
    tg_lesson_clear(&lesson);
}

/* All ways from a box to any other, with the grid full and with the two alone on it. */
static void test_ways(void **state)
{
    (void)state;
    enum { SIDE = 4 };
    tg_lesson_box boxes[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) boxes[i] = (tg_lesson_box){NULL, i % SIDE, i / SIDE, -1};
    for (int i = 0; i < SIDE * SIDE * SIDE * SIDE; i++) {
        tg_lesson_arrow arrow = {i % (SIDE * SIDE), i / (SIDE * SIDE), i % 2};
        if (arrow.from == arrow.to) continue;
        check_drawing(
            &(tg_lesson_view){.boxes = boxes, .n_boxes = SIDE * SIDE, .arrows = &arrow, .n_arrows = 1});
        tg_lesson_box two[] = {boxes[arrow.from], boxes[arrow.to]};
        tg_lesson_arrow between = {0, 1, i % 2};
        check_drawing(&(tg_lesson_view){.boxes = two, .n_boxes = 2, .arrows = &between, .n_arrows = 1});
    }
}

/* ---- LaTeX -------------------------------------------------------------------------------------------- */

/* Braces and environments close in order; what is no Latin letter is ASCII. */
static void assert_latex(const char *text)
{
    int depth = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0')
            c++;
        else if (*c == '%' && c[1] != '\n')
            assert_memory_equal(c, "% ", 2); /* the comments of the preamble */
        else
            depth += (*c == '{') - (*c == '}');
        assert_true(depth >= 0);
        assert_in_range((unsigned char)*c, '\n', 0xC5);
    }
    assert_int_equal(depth, 0);
    static const char *const environments[] = {"document", "details", "array", "itemize", "list"};
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++) {
        char begin[50], end[50];
        snprintf(begin, sizeof begin, "\\begin{%s}", environments[i]);
        snprintf(end, sizeof end, "\\end{%s}", environments[i]);
        assert_int_equal(count(text, begin), count(text, end));
    }
}

static void test_latex(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_network(&lesson, 2, 5);
    for (int v = 0; v < 5; v++) {
        char *text = tg_lesson_latex(&lesson, v);
        assert_latex(text);
        assert_int_equal(count(text, "\\step{"), 11);
        tg_text_free(text);
    }
    char *text = tg_lesson_latex(&lesson, 0);
    static const char *const parts[] = {
        "\\documentclass[11pt]{article}",
        "\\section*{letters.tg}",
        "$w^{l}_{jk}$ goes from",
        "\\entry{\\code{W1}}{$w^{1}$}",
        "\\entry{\\itshape equation 2}{\\fit{\\linewidth}{\\delta^{l} =",
        "\\subsection*{Forward pass}",
        "\\step{1}{z^{1} = w^{1} a^{0} + b^{1}}{forward}",
        "w\\_",
        "\\subsection*{Reverse pass}",
        "\\fact{model}{\\code{\\%38} : \\code{f64[",
        "\\fact{rule}{reverse rule of sigmoid",
        "\\fact{value}{\\matrixfit{\\left[\\begin{array}{*{3}{r}}0.08725 & -0.1326 & 0.1426\\end{array}",
        "-0.1138\\phantom{0} &",
        "\\subsection*{Verdicts}",
        "\\begin{itemize}",
        "\\subsection*{The program}",
        "\\end{document}\n"};
    assert_order(text, parts, sizeof parts / sizeof *parts);
    tg_text_free(text);
    tg_lesson_clear(&lesson);
}

static void test_hostile_latex(void **state)
{
    (void)state;
    tg_lesson lesson;
    lesson_of_string(&lesson, hostile, "x");
    char *text = tg_lesson_latex(&lesson, 0);
    assert_latex(text);
    assert_int_equal(count(text, "\\end{document}"), 1);
    assert_part(text, "\\textless{}script\\textgreater{}alert(");
    assert_part(text, "100\\% ");
    assert_part(
        text,
        "\\#1 a\\_\\allowbreak{}b \\textasciicircum{}x \\textasciitilde{} \\{\\} \xC3\xA9 [U+4E2D] [U+FFFD]");
    tg_text_free(text);
    tg_lesson_clear(&lesson);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),         cmocka_unit_test(test_text_of_tape),
        cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_matrices),
        cmocka_unit_test(test_values_html),  cmocka_unit_test(test_page),
        cmocka_unit_test(test_other_pages),  cmocka_unit_test(test_prose),
        cmocka_unit_test(test_drawing),      cmocka_unit_test(test_ways),
        cmocka_unit_test(test_latex),        cmocka_unit_test(test_hostile_latex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
