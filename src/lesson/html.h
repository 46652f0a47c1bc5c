/* Parts of the page of a lesson. */
#ifndef TG_LESSON_HTML_H
#define TG_LESSON_HTML_H

#include "explain/text.h"
#include "lesson.h"

/* ---- Text --------------------------------------------------------------------------------------------- */

/* For content and for attributes in double quotes; nothing for NULL. */
void tg_html_text(tg_text *out, const char *text);
void tg_html_prose(tg_text *out, const char *prose);
/* display: on a line of its own, larger. */
void tg_html_math(tg_text *out, const char *latex, int display);

/* ---- Parts -------------------------------------------------------------------------------------------- */

/* Views and steps are known by their indices: v0, v0-s3. */
void tg_html_view(tg_text *out, const tg_lesson *lesson, int view);
void tg_html_step(tg_text *out, const tg_lesson_view *v, int view, int step);
void tg_html_values(tg_text *out, const tg_lesson_values *values);
/* The boxes and arrows as SVG; nothing when there are no boxes. */
void tg_html_drawing(tg_text *out, const tg_lesson_view *v, int view);
void tg_html_style(tg_text *out);
void tg_html_script(tg_text *out);

#endif
