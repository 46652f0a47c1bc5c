/* Texts of a lesson. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/op.h>

#include "build.h"
#include "graph/c_locale.h"

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
    int n = tg_c_vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text == NULL) return NULL;
    va_start(args, format);
    tg_c_vsnprintf(text, (size_t)n + 1, format, args);
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
} rules_met;

static void meet(rules_met *met, tg_origin origin)
{
    for (int i = 0; i < met->n; i++)
        if (met->rules[i].of == origin.of && met->rules[i].input == origin.input) return;
    if (met->n < MOST_RULES) met->rules[met->n++] = origin;
}

/* Goes down from the adjoint through what reverse rules made, as far as the known adjoints. */
static int search(rules_met *met, const tg_tensor *adjoint, tg_tensor *const *known, int n_known)
{
    int64_t top = tg_id(adjoint);
    unsigned char *seen = calloc((size_t)top + 1, 1);
    if (seen == NULL) return 0;
    seen[top] = 1;
    for (int i = 0; i < n_known; i++)
        if (known[i] != NULL && tg_id(known[i]) < top) seen[tg_id(known[i])] = 2; /* ends here */
    for (int64_t id = top; id >= 0; id--) {
        const tg_tensor *t = tg_node(tg_graph_of(adjoint), id);
        tg_origin origin = seen[id] == 1 ? tg_origin_of(t) : (tg_origin){TG_ORIGIN_RECORDED, NULL, -1};
        if (origin.kind == TG_ORIGIN_REVERSE) meet(met, origin);
        for (int i = 0; origin.kind != TG_ORIGIN_RECORDED && i < tg_input_count(t); i++) {
            int64_t input = tg_id(tg_input_at(t, i));
            if (seen[input] == 0) seen[input] = 1;
        }
    }
    free(seen);
    return 1;
}

static const char *input_word(tg_origin origin)
{
    static const char *const words[] = {"first", "second", "third", "fourth"};
    if (tg_input_count(origin.of) < 2 || origin.input < 0 || origin.input > 3) return NULL;
    return words[origin.input];
}

char *tg_lesson_rules_of(const tg_tensor *adjoint, tg_tensor *const *known, int n_known)
{
    rules_met met = {.n = 0};
    if (!search(&met, adjoint, known, n_known) || met.n == 0) return NULL;
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
