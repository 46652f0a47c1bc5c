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

/* An equation and the full stop behind it stand in one span, since a line may break behind an equation. The span is open
 * while the output ends with the equation. */
static int span_is_open(const tg_text *out)
{
    static const char end[] = "</math>";
    size_t length = sizeof end - 1;
    return out->length >= length && memcmp(out->chars + out->length - length, end, length) == 0;
}

static void close_span(tg_text *out)
{
    if (span_is_open(out)) tg_lesson_add(out, "</span>");
}

static void add_prose_words(tg_text *out, const char *text, size_t n)
{
    size_t punctuation = 0;
    while (punctuation < n && strchr(".,;:!?)]'", text[punctuation]) != NULL) punctuation++;
    if (span_is_open(out) && punctuation > 0) {
        add_escaped(out, text, punctuation);
        tg_lesson_add(out, "</span>");
        text += punctuation;
        n -= punctuation;
    }
    close_span(out);
    add_escaped(out, text, n);
}

static void add_prose_math(tg_text *out, const char *latex)
{
    close_span(out);
    tg_lesson_add(out, "<span class=\"whole\">");
    tg_html_math(out, latex, 0);
}

void tg_html_prose(tg_text *out, const char *prose)
{
    static const tg_lesson_writer writer = {add_prose_words, add_prose_math};
    if (prose == NULL) return;
    tg_lesson_prose(out, prose, &writer);
    close_span(out);
}
