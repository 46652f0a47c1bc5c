/* Text in LaTeX. */
#ifndef TG_LESSON_LATEX_ESCAPE_H
#define TG_LESSON_LATEX_ESCAPE_H

#include "explain/text.h"

/* Appends n bytes of text so that LaTeX sets it as it is, with no package for other scripts: a character that plain
 * LaTeX has no sign for becomes its number, [U+4E2D]. Newlines are spaces. */
void tg_latex_words(tg_text *out, const char *text, size_t n);
/* The same for a piece of a program, which may be broken behind punctuation. */
void tg_latex_code(tg_text *out, const char *text, size_t n);

#endif
