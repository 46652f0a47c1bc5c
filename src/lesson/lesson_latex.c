/* A lesson as a LaTeX document: article, amsmath and geometry, and nothing else. */
#include <string.h>

#include "format.h"
#include "latex_escape.h"
#include "lesson.h"

enum { MOST_ROWS = 12, MOST_COLUMNS = 8 };

/* \fit sets an equation smaller where it is wider than the room that is left, and where that does not do, breaks it;
 * \matrixfit sets a matrix, which cannot be broken, as small as it takes. */
static const char preamble[] =
    "\\documentclass[11pt]{article}\n"
    "\\usepackage[a4paper,margin=25mm]{geometry}\n"
    "\\usepackage{amsmath}\n"
    "\\setlength{\\parindent}{0pt}\n"
    "\\setlength{\\parskip}{4pt plus 1pt}\n"
    "\\setlength{\\arraycolsep}{4pt}\n"
    "\\setlength{\\emergencystretch}{6em}\n"
    "\\renewcommand{\\labelitemi}{$\\bullet$}\n"
    "\\newsavebox{\\fitted}\n"
    "\\newcommand{\\tryfit}[3]{% room, size, equation\n"
    "  \\ifdim\\wd\\fitted>#1\\relax\\sbox{\\fitted}{#2$\\displaystyle #3$}\\fi}\n"
    "\\newcommand{\\fit}[2]{% room, equation\n"
    "  \\sbox{\\fitted}{$\\displaystyle #2$}\\tryfit{#1}{\\small}{#2}\\tryfit{#1}{\\footnotesize}{#2}%\n"
    "  \\ifdim\\wd\\fitted>#1\\relax\\parbox[t]{#1}{\\raggedright\\footnotesize$#2$\\strut}%\n"
    "  \\else\\usebox{\\fitted}\\fi}\n"
    "\\newcommand{\\matrixfit}[1]{\\small\\setlength{\\arraycolsep}{3.5pt}\\sbox{\\fitted}{$\\displaystyle #1$}%\n"
    "  \\tryfit{\\linewidth}{\\footnotesize}{#1}\\tryfit{\\linewidth}{\\scriptsize}{#1}%\n"
    "  \\tryfit{\\linewidth}{\\tiny}{#1}\\usebox{\\fitted}}\n"
    "\\newcommand{\\code}[1]{{\\ttfamily\\small #1}}\n"
    "\\newcommand{\\atright}[1]{\\sbox{\\fitted}{\\itshape #1}%\n"
    "  \\ifdim\\wd\\fitted>.5\\linewidth\\newline{\\itshape #1}\\else\n"
    "  \\unskip\\nobreak\\hfil\\penalty50\\hskip1em\\null\\nobreak\\hfill\\usebox{\\fitted}\\fi}\n"
    "\\newcommand{\\step}[3]{% number, equation, its name\n"
    "  \\par\\filbreak\\bigskip\n"
    "  \\makebox[9mm][l]{\\bfseries #1}\\fit{\\dimexpr\\linewidth-9mm\\relax}{#2}%\n"
    "  \\def\\name{#3}\\ifx\\name\\empty\\else\\atright{#3}\\fi\\par}\n"
    "\\newenvironment{details}{\\begin{list}{}{\\setlength{\\leftmargin}{9mm}\\setlength{\\topsep}{0pt}%\n"
    "  \\setlength{\\partopsep}{0pt}\\setlength{\\parsep}{2pt}\\setlength{\\itemsep}{0pt}}\\item\\relax}{\\end{list}}\n"
    "\\newcommand{\\fact}[2]{\\par\\makebox[17mm][l]{\\itshape #1}%\n"
    "  \\parbox[t]{\\dimexpr\\linewidth-17mm\\relax}{\\raggedright #2\\strut}\\par}\n"
    "\\newcommand{\\entry}[2]{\\par\\parbox[t]{45mm}{\\raggedright #1\\strut}%\n"
    "  \\parbox[t]{\\dimexpr\\linewidth-45mm\\relax}{#2\\strut}\\par}\n"
    "\\begin{document}\n";

/* ---- Pieces ------------------------------------------------------------------------------------------- */

static void add_math(tg_text *out, const char *latex)
{
    tg_text_print(out, "$%s$", latex);
}

static void add_words(tg_text *out, const char *text)
{
    if (text != NULL) tg_latex_words(out, text, strlen(text));
}

static void add_code(tg_text *out, const char *text)
{
    if (text == NULL) return;
    tg_lesson_add(out, "\\code{");
    tg_latex_code(out, text, strlen(text));
    tg_lesson_add(out, "}");
}

static void add_prose(tg_text *out, const char *prose)
{
    static const tg_lesson_writer writer = {tg_latex_words, add_math};
    if (prose != NULL) tg_lesson_prose(out, prose, &writer);
}

/* ---- The model ---------------------------------------------------------------------------------------- */

static void put_sentence(tg_text *out, const char *before, const char *text)
{
    if (text == NULL) return;
    tg_text_print(out, "%s", before);
    add_words(out, text);
    tg_lesson_add(out, ".\n\n");
}

static void put_model(tg_text *out, const tg_lesson *lesson)
{
    tg_lesson_add(out, "\\section*{");
    add_words(out, lesson->model);
    tg_lesson_add(out, "}\n");
    put_sentence(out, "", lesson->summary);
    if (lesson->loss != NULL) {
        tg_lesson_add(out, "Differentiated: ");
        add_code(out, lesson->loss);
        tg_lesson_add(out, ".\n\n");
    }
    put_sentence(out, "Values: ", lesson->sample);
    put_sentence(out, "Not shown as a multilayer perceptron: ", lesson->not_mlp);
}

static void put_title(tg_text *out, const tg_lesson_view *v)
{
    tg_lesson_add(out, "\\section*{");
    add_words(out, v->title);
    tg_lesson_add(out, "}\n");
    for (int i = 0; i < v->n_paragraphs; i++) {
        add_prose(out, v->paragraphs[i]);
        tg_lesson_add(out, "\n\n");
    }
}

static void put_names(tg_text *out, const tg_lesson *lesson, const tg_lesson_view *v)
{
    int n;
    char **names = tg_lesson_names(lesson, v, &n);
    if (n > 0) tg_lesson_add(out, "\\subsection*{Names}\n");
    for (int i = 0; i < n; i++) {
        tg_lesson_add(out, "\\entry{");
        add_code(out, names[2 * i]);
        tg_text_print(out, "}{$%s$}\n", names[2 * i + 1]);
    }
}

static void put_general(tg_text *out, const tg_lesson_view *v)
{
    if (v->n_general > 0) tg_lesson_add(out, "\\subsection*{Equations}\n");
    for (int i = 0; i < v->n_general; i++) {
        tg_lesson_add(out, "\\entry{\\itshape ");
        add_words(out, v->general_labels[i]);
        tg_text_print(out, "}{\\fit{\\linewidth}{%s}}\n", v->general[i]);
    }
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static size_t digits_after(const char *number)
{
    size_t whole = tg_lesson_whole(number);
    return number[whole] == '.' ? strlen(number + whole + 1) : 0;
}

/* What the numbers of a column have behind the decimal point at most; 0 where one has an exponent. */
static size_t column_digits(const tg_lesson_values *values, int64_t rows, int64_t columns, int64_t j)
{
    size_t most = 0;
    for (int64_t i = 0; i < rows; i++) {
        char number[TG_LESSON_NUMBER];
        tg_lesson_number(number, values->numbers[i * columns + j], "-");
        if (strchr(number, 'e') != NULL) return 0;
        if (digits_after(number) > most) most = digits_after(number);
    }
    return most;
}

/* The number, with room behind it so that its decimal point stands below the others. */
static void put_number(tg_text *out, double value, size_t digits)
{
    char number[TG_LESSON_NUMBER];
    tg_lesson_number(number, value, "-");
    char *exponent = strchr(number, 'e');
    if (exponent != NULL) *exponent = '\0';
    tg_lesson_add(out, number);
    if (exponent != NULL) tg_text_print(out, "\\mathrm{e}{%s}", exponent + 1);
    size_t has = digits_after(number);
    if (exponent != NULL || has >= digits) return;
    tg_text_print(out, "\\phantom{%s%.*s}", has == 0 ? "." : "", (int)(digits - has), "0000000000000000");
}

static void put_row(tg_text *out, const tg_lesson_values *values, int64_t rows, int64_t columns, int64_t row)
{
    for (int64_t j = 0; j < tg_lesson_places(columns, MOST_COLUMNS); j++) {
        int64_t column = tg_lesson_at(columns, MOST_COLUMNS, j);
        if (j > 0) tg_lesson_add(out, " & ");
        if (row < 0)
            tg_lesson_add(out, column < 0 ? "" : "\\vdots");
        else if (column < 0)
            tg_lesson_add(out, "\\cdots");
        else
            put_number(out, values->numbers[row * columns + column],
                       column_digits(values, rows, columns, column));
    }
}

static void put_values(tg_text *out, const tg_lesson_values *values)
{
    int64_t rows, columns;
    if (!tg_lesson_matrix(values, &rows, &columns)) return;
    tg_lesson_add(out, "\\fact{value}{\\matrixfit{");
    if (values->rank == 0) {
        put_number(out, values->numbers[0], 0);
        tg_lesson_add(out, "}}\n");
        return;
    }
    tg_text_print(out, "\\left[\\begin{array}{*{%d}{r}}", (int)tg_lesson_places(columns, MOST_COLUMNS));
    for (int64_t i = 0; i < tg_lesson_places(rows, MOST_ROWS); i++) {
        if (i > 0) tg_lesson_add(out, " \\\\ ");
        put_row(out, values, rows, columns, tg_lesson_at(rows, MOST_ROWS, i));
    }
    tg_lesson_add(out, "\\end{array}\\right]}}\n");
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

static void put_equation(tg_text *out, const tg_lesson_step *s, int number)
{
    const char *equation = s->equation != NULL ? s->equation : s->symbol != NULL ? s->symbol : "";
    tg_text_print(out, "\\step{%d}{%s}{", number, equation);
    add_words(out, s->label);
    tg_lesson_add(out, "}\n");
}

static void put_tape(tg_text *out, const tg_lesson_step *s)
{
    if (s->name == NULL && s->shape == NULL && s->tape == NULL) return;
    int named = s->name != NULL && *s->name != '\0';
    tg_lesson_add(out, "\\fact{model}{");
    if (named) add_code(out, s->name);
    if (s->shape != NULL) tg_lesson_add(out, named ? " : " : "\\code{:} ");
    add_code(out, s->shape);
    if (s->tape != NULL) tg_lesson_add(out, " \\code{=} ");
    add_code(out, s->tape);
    tg_lesson_add(out, "}\n");
}

static void put_fact(tg_text *out, const char *word, const char *text)
{
    if (text == NULL) return;
    tg_text_print(out, "\\fact{%s}{", word);
    add_words(out, text);
    tg_lesson_add(out, "}\n");
}

static void put_step(tg_text *out, const tg_lesson_step *s, int number)
{
    put_equation(out, s, number);
    tg_lesson_add(out, "\\begin{details}\n");
    if (s->reason != NULL) {
        add_prose(out, s->reason);
        tg_lesson_add(out, "\\par\n");
    }
    put_tape(out, s);
    put_fact(out, "rule", s->rule);
    put_fact(out, "verdict", s->verdict);
    for (size_t k = 0; k < sizeof s->notes / sizeof *s->notes && s->notes[k] != NULL; k++) {
        tg_lesson_add(out, "\\fact{note}{");
        add_prose(out, s->notes[k]);
        tg_lesson_add(out, "}\n");
    }
    put_values(out, &s->values);
    tg_lesson_add(out, "\\end{details}\n");
}

static void put_steps(tg_text *out, const tg_lesson_view *v)
{
    const char *pass = "";
    for (int i = 0; i < v->n_steps; i++) {
        const char *now = tg_lesson_pass(&v->steps[i]);
        if (strcmp(now, pass) != 0) tg_text_print(out, "\\subsection*{%s}\n", now);
        pass = now;
        put_step(out, &v->steps[i], i + 1);
    }
}

/* ---- Verdicts, slips, the program --------------------------------------------------------------------- */

static void put_verdicts(tg_text *out, const tg_lesson_view *v)
{
    if (tg_lesson_count(v, -2) == v->n_steps) return;
    tg_lesson_add(out, "\\subsection*{Verdicts}\n");
    tg_lesson_tally(out, v);
    tg_lesson_add(out, ".\n");
    for (int i = 0; i < v->n_steps; i++) {
        const tg_lesson_step *s = &v->steps[i];
        if (s->holds == -2) continue;
        tg_text_print(out, "\\entry{\\makebox[9mm][l]{%d}$%s$}{%s}\n", i + 1,
                      s->symbol == NULL ? "" : s->symbol, tg_lesson_verdict_word(s));
    }
}

static void put_slips(tg_text *out, const tg_lesson_view *v)
{
    if (v->n_slips == 0) return;
    tg_lesson_add(out, "\\subsection*{Where the course text slips}\n\\begin{itemize}\n");
    for (int i = 0; i < v->n_slips; i++) {
        tg_lesson_add(out, "\\item ");
        add_prose(out, v->slips[i]);
        tg_lesson_add(out, "\n");
    }
    tg_lesson_add(out, "\\end{itemize}\n");
}

/* Every line is a paragraph; spaces at its beginning stay. */
static void put_source(tg_text *out, const char *source)
{
    if (source == NULL || *source == '\0') return;
    tg_lesson_add(
        out,
        "\\subsection*{The program}\n{\\ttfamily\\footnotesize\\raggedright\\setlength{\\parskip}{0pt}\n");
    while (*source != '\0') {
        size_t indent = strspn(source, " \t"), length = strcspn(source, "\n");
        if (indent > length) indent = length;
        tg_text_print(out, "\\hangindent=2em\\strut{}");
        for (size_t i = 0; i < indent; i++) tg_lesson_add(out, "~");
        tg_latex_code(out, source + indent, length - indent);
        tg_lesson_add(out, "\\par\n");
        source += length + (source[length] == '\n');
    }
    tg_lesson_add(out, "}\n");
}

char *tg_lesson_latex(const tg_lesson *lesson, int view)
{
    tg_text out = {0};
    const tg_lesson_view *v = &lesson->views[view];
    tg_lesson_add(&out, preamble);
    put_model(&out, lesson);
    put_title(&out, v);
    put_names(&out, lesson, v);
    put_general(&out, v);
    put_steps(&out, v);
    put_verdicts(&out, v);
    put_slips(&out, v);
    put_source(&out, lesson->source);
    tg_lesson_add(&out, "\\end{document}\n");
    return tg_text_take(&out);
}
