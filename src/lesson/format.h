/* What the formats of a lesson share: words, numbers, prose. */
#ifndef TG_LESSON_FORMAT_H
#define TG_LESSON_FORMAT_H

#include "explain/text.h"
#include "lesson.h"

/* ---- Words -------------------------------------------------------------------------------------------- */

/* "Forward pass" or "Reverse pass"; the cost ends the one, the gradients belong to the other. */
const char *tg_lesson_pass(const tg_lesson_step *step);
/* "proved", "refuted", "not decided"; NULL where there is nothing to prove. */
const char *tg_lesson_verdict_word(const tg_lesson_step *step);
/* How many steps of the view hold: 1, 0, -1. */
int tg_lesson_count(const tg_lesson_view *view, int holds);
/* "6 proved, 0 refuted, 1 not decided", without what there is none of. */
void tg_lesson_tally(tg_text *out, const tg_lesson_view *view);
/* "delta", "rows"; "tape" for the view without a convention. */
const char *tg_lesson_view_name(const tg_lesson_view *view);

/* The rows of names beside symbols that go with the view; *n is their number. */
char **tg_lesson_names(const tg_lesson *lesson, const tg_lesson_view *view, int *n);

/* ---- Text --------------------------------------------------------------------------------------------- */

void tg_lesson_add(tg_text *out, const char *text);
/* Appends n bytes of text that came from anywhere: control characters, which a terminal would obey, and bytes that
 * are no UTF-8 become U+FFFD. Newlines stay, tabs become spaces. */
void tg_lesson_add_clean(tg_text *out, const char *text, size_t n);
/* The length of the UTF-8 character at text, which ends with a zero; 0 where there is none. */
size_t tg_lesson_character(const char *text);

/* Prose is text in which equations stand between dollars. Hands the pieces over in order, equations as LaTeX; a
 * dollar without a partner is text. */
typedef struct tg_lesson_writer {
    void (*words)(tg_text *out, const char *chars, size_t n);
    void (*math)(tg_text *out, const char *latex);
} tg_lesson_writer;
void tg_lesson_prose(tg_text *out, const char *prose, const tg_lesson_writer *writer);

/* ---- Numbers ------------------------------------------------------------------------------------------ */

#define TG_LESSON_NUMBER 32

/* Four significant digits: "0.3125", "1.2e-5", "NaN"; with this minus sign. */
void tg_lesson_number(char out[TG_LESSON_NUMBER], double value, const char *minus);
/* The part of the number before its decimal point, its exponent or its end. */
size_t tg_lesson_whole(const char *number);

/* Where n things are too many, `most` (at least 3) places show the first of them, dots, and the last. */
int64_t tg_lesson_places(int64_t n, int64_t most);
/* What is at place i: an index, or -1 for the dots. */
int64_t tg_lesson_at(int64_t n, int64_t most, int64_t i);

/* The values as a matrix; a rank below 2 is one row. 0 when there is nothing to show. */
int tg_lesson_matrix(const tg_lesson_values *values, int64_t *rows, int64_t *columns);

#endif
