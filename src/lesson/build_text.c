/* Texts of a lesson. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/op.h>

#include "build.h"

char *tg_lesson_copy(const char *text)
{
    if (text == NULL) return NULL;
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    if (copy != NULL) memcpy(copy, text, n);
    return copy;
}

char *tg_lesson_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text == NULL) return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

char *tg_lesson_shape(const tg_tensor *t)
{
    char text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    return tg_lesson_copy(tg_type_text(&type, text, sizeof text));
}

/* ---- What made an adjoint ----------------------------------------------------------------------------- */

#define MOST_RULES 12

/* The reverse rules met, newest first, each once. */
typedef struct rules_met {
    tg_origin rules[MOST_RULES];
    int n;
    tg_tensor *const *known;
    int n_known;
    int64_t oldest; /* forward nodes lie before it */
} rules_met;

static void meet(rules_met *met, tg_origin origin)
{
    for (int i = 0; i < met->n; i++)
        if (met->rules[i].of == origin.of && met->rules[i].input == origin.input) return;
    if (met->n < MOST_RULES) met->rules[met->n++] = origin;
}

static int is_known(const rules_met *met, const tg_tensor *t)
{
    for (int i = 0; i < met->n_known; i++)
        if (met->known[i] == t) return 1;
    return 0;
}

static void search(rules_met *met, const tg_tensor *t, int depth)
{
    tg_origin origin = tg_origin_of(t);
    if (origin.kind != TG_ORIGIN_REVERSE || depth > 40) {
        if (origin.kind != TG_ORIGIN_SUM) return;
    } else {
        meet(met, origin);
    }
    for (int i = 0; i < tg_input_count(t); i++) {
        const tg_tensor *input = tg_input_at(t, i);
        if (!is_known(met, input)) search(met, input, depth + 1);
    }
}

static const char *input_word(tg_origin origin)
{
    static const char *const words[] = {"first", "second", "third", "fourth"};
    if (tg_input_count(origin.of) < 2 || origin.input < 0 || origin.input > 3) return NULL;
    return words[origin.input];
}

char *tg_lesson_rules_of(const tg_tensor *adjoint, tg_tensor *const *known, int n_known)
{
    rules_met met = {.known = known, .n_known = n_known};
    search(&met, adjoint, 0);
    if (met.n == 0) return NULL;
    tg_text text = {0};
    tg_text_print(&text, "reverse rule%s of ", met.n > 1 ? "s" : "");
    for (int i = met.n - 1; i >= 0; i--) { /* in the order they ran */
        const char *word = input_word(met.rules[i]);
        tg_text_print(&text, "%s%s", tg_op_of(met.rules[i].of)->name, "");
        if (word != NULL) tg_text_print(&text, " (for its %s input)", word);
        if (i > 0) tg_text_print(&text, i == 1 ? " and " : ", ");
    }
    return tg_text_take(&text);
}
