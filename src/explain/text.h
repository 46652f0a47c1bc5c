/* A text that grows. */
#ifndef TG_EXPLAIN_TEXT_H
#define TG_EXPLAIN_TEXT_H

#include <stddef.h>

#include <tapegrad/export.h>

/* Begin with zeros. When memory runs out, failed is set and further additions do nothing. */
typedef struct tg_text {
    char *chars;
    size_t length, room;
    int failed;
} tg_text;

void tg_text_add(tg_text *text, const char *chars, size_t n);
void tg_text_print(tg_text *text, const char *format, ...) TG_PRINTF(2, 3);
/* The finished text, which the caller owns, or NULL when memory ran out. */
char *tg_text_take(tg_text *text);

#endif
