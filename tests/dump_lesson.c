/* Writes an example lesson for people to look at and for the browser test: dump_lesson html|latex|text [KIND [VIEW]],
 * where KIND is the number of layers of a network, "tape" or "long". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/text.h"
#include "lesson_example.h"
#include <tapegrad/explain.h>

int main(int n, char **words)
{
    tg_lesson lesson;
    const char *format = n > 1 ? words[1] : "text", *kind = n > 2 ? words[2] : "2";
    if (strcmp(kind, "tape") == 0)
        lesson_tape(&lesson, 7);
    else if (strcmp(kind, "long") == 0)
        lesson_tape(&lesson, 59);
    else if (atoi(kind) > 0)
        lesson_network(&lesson, atoi(kind), 5);
    else
        lesson_of_string(&lesson, kind, "x");
    int view = n > 3 ? atoi(words[3]) : 0;
    char *text = strcmp(format, "html") == 0    ? tg_lesson_html(&lesson)
                 : strcmp(format, "latex") == 0 ? tg_lesson_latex(&lesson, view)
                                                : tg_lesson_text(&lesson, view);
    if (text != NULL) fputs(text, stdout);
    int failed = text == NULL;
    tg_text_free(text);
    tg_lesson_clear(&lesson);
    return failed;
}
