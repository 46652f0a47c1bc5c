/* Writing equations as text: spaces between neighbours, symbols and words. */
#include "math_writer.h"

/* Whether a space belongs between two neighbours. */
static int spaced(tg_math_class left, tg_math_class right, int tight)
{
    if (left == TG_MATH_NOTHING || left == TG_MATH_OPEN || left == TG_MATH_SIGN) return 0;
    if (right == TG_MATH_CLOSE || right == TG_MATH_PUNCTUATION) return 0;
    if (left == TG_MATH_RELATION && right == TG_MATH_RELATION) return 0;
    if (tg_math_is_operator(left) || tg_math_is_operator(right) || left == TG_MATH_PUNCTUATION) return !tight;
    if (left == TG_MATH_LARGE || right == TG_MATH_LARGE || right == TG_MATH_FUNCTION) return 1;
    if (left == TG_MATH_FUNCTION) return right != TG_MATH_OPEN;
    if (left == TG_MATH_WORD) return right != TG_MATH_OPEN && right != TG_MATH_ORDINARY;
    if (right == TG_MATH_WORD) return 1;
    return right == TG_MATH_NUMBER && (left == TG_MATH_NUMBER || left == TG_MATH_LETTER);
}

void tg_math_begin(tg_math_writer *w, tg_math_class class)
{
    int blanks = spaced(w->before, class, w->tight);
    if (w->scripted && !w->tight && (tg_math_is_operand(class) || w->before == TG_MATH_FUNCTION)) blanks = 1;
    int at_edge = w->before == TG_MATH_NOTHING || w->before == TG_MATH_OPEN || class == TG_MATH_CLOSE ||
                  class == TG_MATH_PUNCTUATION;
    if (w->blanks > blanks && !at_edge) blanks = w->blanks;
    tg_text_add(w->out, "  ", (size_t)blanks);
    w->blanks = w->scripted = 0;
    w->before = class;
}

void tg_math_put(tg_math_writer *w, tg_math_class class, const char *chars)
{
    if (*chars == '\0') return;
    tg_math_begin(w, class);
    tg_text_add(w->out, chars, strlen(chars));
}

void tg_math_write_symbol(tg_math_writer *w, const tg_math_node *n)
{
    tg_math_begin(w, n->class);
    if (tg_math_is_symbol(n, "∑") || tg_math_is_symbol(n, "∏")) {
        tg_text_print(w->out, tg_math_is_symbol(n, "∑") ? "Σ" : "Π");
        return;
    }
    for (size_t i = 0; i < n->length;) {
        char character[TG_MATH_CHARACTER];
        size_t length = tg_math_character_length(n->chars + i);
        tg_math_alphabet_apply(character, n->chars + i, length, n->alphabet);
        tg_text_add(w->out, character, strlen(character));
        i += length;
    }
}

void tg_math_write_word(tg_math_writer *w, const tg_math_node *n)
{
    size_t at = 0, length;
    int begun = 0;
    for (const char *c; (c = tg_math_word_next(n, &at, &length)) != NULL;) {
        if (*c == ' ') {
            w->blanks = 1;
            continue;
        }
        if (!begun) tg_math_begin(w, n->class);
        if (w->blanks > 0) tg_text_add(w->out, " ", 1);
        w->blanks = 0;
        begun = 1;
        tg_text_add(w->out, c, length);
    }
}
