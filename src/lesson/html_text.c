/* Text in HTML. */
#include <string.h>

#include "explain/math.h"
#include "format.h"
#include "html.h"

static void add_escaped(tg_text *out, const char *text, size_t n)
{
    tg_text cleaned = {0};
    tg_lesson_add_clean(&cleaned, text, n);
    char *clean = tg_text_take(&cleaned);
    if (clean == NULL) {
        out->failed = 1;
        return;
    }
    for (const char *c = clean; *c != '\0'; c++) switch (*c) {
        case '&':
            tg_lesson_add(out, "&amp;");
            break;
        case '<':
            tg_lesson_add(out, "&lt;");
            break;
        case '>':
            tg_lesson_add(out, "&gt;");
            break;
        case '"':
            tg_lesson_add(out, "&quot;");
            break;
        case '\'':
            tg_lesson_add(out, "&#39;");
            break;
        default:
            tg_text_add(out, c, 1);
        }
    tg_text_free(clean);
}

void tg_html_text(tg_text *out, const char *text)
{
    if (text != NULL) add_escaped(out, text, strlen(text));
}

void tg_html_math(tg_text *out, const char *latex, int display)
{
    if (latex != NULL) tg_math_mathml(out, latex, display);
}

/* A word joiner keeps what follows an equation without a space, a full stop, on its line. */
static void add_prose_words(tg_text *out, const char *text, size_t n)
{
    static const char end[] = "</math>";
    size_t length = sizeof end - 1;
    int behind = out->length >= length && memcmp(out->chars + out->length - length, end, length) == 0;
    if (behind && n > 0 && *text != ' ') tg_lesson_add(out, "\u2060");
    add_escaped(out, text, n);
}

static void add_math(tg_text *out, const char *latex)
{
    tg_html_math(out, latex, 0);
}

void tg_html_prose(tg_text *out, const char *prose)
{
    static const tg_lesson_writer writer = {add_prose_words, add_math};
    if (prose != NULL) tg_lesson_prose(out, prose, &writer);
}
