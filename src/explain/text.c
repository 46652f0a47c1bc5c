/* A text that grows. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/text.h>

#include "graph/c_locale.h"

static int reserve(tg_text *text, size_t more)
{
    if (text->failed) return 0;
    if (text->room - text->length > more) return 1;
    size_t room = 2 * (text->length + more) + 64;
    char *chars = realloc(text->chars, room);
    if (chars == NULL) {
        text->failed = 1;
        return 0;
    }
    text->chars = chars;
    text->room = room;
    return 1;
}

void tg_text_add(tg_text *text, const char *chars, size_t n)
{
    if (!reserve(text, n)) return;
    memcpy(text->chars + text->length, chars, n);
    text->length += n;
    text->chars[text->length] = '\0';
}

void tg_text_print(tg_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = tg_c_vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !reserve(text, (size_t)n)) return;
    va_start(args, format);
    tg_c_vsnprintf(text->chars + text->length, (size_t)n + 1, format, args);
    va_end(args);
    text->length += (size_t)n;
}

char *tg_text_take(tg_text *text)
{
    tg_text_add(text, "", 0);
    char *chars = text->chars;
    if (text->failed) {
        free(chars);
        chars = NULL;
    }
    *text = (tg_text){0};
    return chars;
}

void tg_text_free(char *text)
{
    free(text);
}
