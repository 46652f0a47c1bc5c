/* Lines of a terminal: wrapping, and matrices. */
#ifndef TG_LESSON_TEXT_LAYOUT_H
#define TG_LESSON_TEXT_LAYOUT_H

#include "explain/text.h"
#include "lesson.h"

#define TG_LESSON_COLUMNS 100

/* The columns that a text of one line takes: a combining character takes none, any other one. */
size_t tg_text_columns(const char *text);
/* Appends n times the character. */
void tg_text_repeat(tg_text *out, char character, size_t n);
/* Appends the text and a newline, broken at spaces where it is wider than the terminal. The first line begins at
 * column `at`, where the output is now, the others are indented. */
void tg_text_wrap(tg_text *out, const char *text, size_t at, size_t indent);
/* Appends the values, a row a line, beginning at column `at` where the output is now. */
void tg_text_matrix(tg_text *out, const tg_lesson_values *values, size_t at);

#endif
