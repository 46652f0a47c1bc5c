/* What the formats of a lesson share. */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/c_locale.h"
#include "io/bytes.h"
#include "lang/problems.h"

/* ---- Words -------------------------------------------------------------------------------------------- */

const char *tg_lesson_pass(const tg_lesson_step *step)
{
    int reverse = step->phase == TG_LESSON_BACKWARD || step->phase == TG_LESSON_GRADIENT;
    return reverse ? "Reverse pass" : "Forward pass";
}

const char *tg_lesson_verdict_word(const tg_lesson_step *step)
{
    return step->holds == 1    ? "proved"
           : step->holds == 0  ? "refuted"
           : step->holds == -1 ? "not decided"
                               : NULL;
}

int tg_lesson_count(const tg_lesson_view *view, int holds)
{
    int n = 0;
    for (int i = 0; i < view->n_steps; i++) n += view->steps[i].holds == holds;
    return n;
}

void tg_lesson_tally(tg_text *out, const tg_lesson_view *view)
{
    static const int holds[] = {1, 0, -1};
    static const char *const words[] = {"proved", "refuted", "not decided"};
    const char *between = "";
    for (int i = 0; i < 3; i++) {
        int n = tg_lesson_count(view, holds[i]);
        if (n == 0) continue;
        tg_text_print(out, "%s%d %s", between, n, words[i]);
        between = ", ";
    }
}

const char *tg_lesson_view_name(const tg_lesson_view *view)
{
    const char *name = view->convention < 0 ? NULL : tg_convention_name((tg_convention)view->convention);
    return name == NULL ? "tape" : name;
}

char **tg_lesson_names(const tg_lesson *lesson, const tg_lesson_view *view, int *n)
{
    *n = view->n_names > 0 ? view->n_names : lesson->n_names;
    return view->n_names > 0 ? view->names : lesson->names;
}

/* ---- Text --------------------------------------------------------------------------------------------- */

void tg_lesson_add(tg_text *out, const char *text)
{
    tg_text_add(out, text, strlen(text));
}

size_t tg_lesson_character(const char *text)
{
    /* The final zero is no continuation byte, so this never reads past it. */
    return tg_utf8_length(text, 4);
}

void tg_lesson_add_clean(tg_text *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)text[i];
        size_t length = tg_utf8_length(text + i, n - i < 4 ? (uint32_t)(n - i) : 4);
        int second_set = length == 2 && c == 0xC2 && (unsigned char)text[i + 1] < 0xA0; /* U+0080 to U+009F */
        int control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F || second_set;
        if (length == 0 || control)
            tg_lesson_add(out, "\uFFFD");
        else if (c == '\t')
            tg_lesson_add(out, " ");
        else
            tg_text_add(out, text + i, length);
        i += length == 0 ? 1 : length;
    }
}

void tg_lesson_prose(tg_text *out, const char *prose, const tg_lesson_writer *writer)
{
    while (*prose != '\0') {
        size_t words = strcspn(prose, "$");
        const char *opening = prose + words, *closing = *opening == '$' ? strchr(opening + 1, '$') : NULL;
        if (closing == NULL) words = strlen(prose);
        writer->words(out, prose, words);
        prose += words;
        if (closing == NULL) continue;
        char *latex = tg_text_copy(opening + 1, (size_t)(closing - opening - 1));
        if (latex == NULL)
            out->failed = 1;
        else
            writer->math(out, latex);
        free(latex);
        prose = closing + 1;
    }
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

void tg_lesson_number(char out[TG_LESSON_NUMBER], double value, const char *minus)
{
    char digits[TG_LESSON_NUMBER];
    if (isnan(value)) {
        snprintf(out, TG_LESSON_NUMBER, "NaN");
        return;
    }
    tg_c_snprintf(digits, sizeof digits, "%.4g", fabs(value));
    char *exponent = strchr(digits, 'e');
    int power = exponent == NULL ? 0 : atoi(exponent + 1);
    if (exponent != NULL) *exponent = '\0';
    const char *sign = value < 0 ? minus : "";
    if (exponent == NULL)
        snprintf(out, TG_LESSON_NUMBER, "%s%.12s", sign, digits);
    else
        snprintf(out, TG_LESSON_NUMBER, "%s%.12se%s%d", sign, digits, power < 0 ? minus : "", abs(power));
}

size_t tg_lesson_whole(const char *number)
{
    return strcspn(number, ".e");
}

int64_t tg_lesson_places(int64_t n, int64_t most)
{
    return n < most ? n : most;
}

int64_t tg_lesson_at(int64_t n, int64_t most, int64_t i)
{
    if (n <= most || i < most - 2) return i;
    return i == most - 1 ? n - 1 : -1;
}

int tg_lesson_matrix(const tg_lesson_values *values, int64_t *rows, int64_t *columns)
{
    *rows = values->rank == 2 ? values->shape[0] : 1;
    *columns = values->rank == 2 ? values->shape[1] : values->rank == 1 ? values->shape[0] : 1;
    return values->rank >= 0 && values->numbers != NULL && *rows > 0 && *columns > 0;
}
