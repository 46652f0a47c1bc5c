/* Equations as Unicode text. */
#include <stdlib.h>
#include <string.h>

#include "math.h"
#include "math_writer.h"

static void write_node(tg_math_writer *w, int node);

/* ---- Scripts ------------------------------------------------------------------------------------------ */

/* The node by itself, in a text of its own; free it. NULL when memory runs out, which fails `w`. */
static char *alone(tg_math_writer *w, int node, int tight)
{
    tg_text text = {0};
    tg_math_writer inner = {.out = &text, .tree = w->tree, .tight = tight};
    write_node(&inner, node);
    char *chars = tg_text_take(&text);
    if (chars == NULL) w->out->failed = 1;
    return chars;
}

static int characters(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text += tg_math_character_length(text)) n++;
    return n;
}

static int is_alphanumeric(const char *text)
{
    for (; *text != '\0'; text++) {
        int fits = (*text >= '0' && *text <= '9') || ((*text | 32) >= 'a' && (*text | 32) <= 'z');
        if (!fits) return 0;
    }
    return 1;
}

/* Whether the text is one pair of brackets and what is in it. */
static int is_bracketed(const char *text)
{
    int depth = 0;
    if (*text != '(' && *text != '[') return 0;
    for (; *text != '\0'; text++) {
        depth += (*text == '(' || *text == '[') - (*text == ')' || *text == ']');
        if (depth == 0) return text[1] == '\0';
    }
    return 0;
}

typedef const char *form(const char *text, size_t *length);

/* Writes the text in its raised or lowered characters, if each has one. */
static int write_in_form(tg_math_writer *w, const char *text, form *find)
{
    size_t length;
    if (*text == '\0') return 1;
    for (const char *c = text; *c != '\0'; c += tg_math_character_length(c))
        if (find(c, &length) == NULL) return 0;
    for (; *text != '\0'; text += tg_math_character_length(text)) {
        const char *other = find(text, &length);
        tg_text_add(w->out, other, length);
    }
    return 1;
}

static void write_script(tg_math_writer *w, int node, form *find, const char *mark, int limits)
{
    char *text = node < 0 ? NULL : alone(w, node, 1);
    if (text == NULL) return;
    if (find == NULL || !write_in_form(w, text, find)) {
        const tg_math_node *n = tg_math_node_at(w, node);
        int word = n->kind == TG_MATH_SYMBOL || n->kind == TG_MATH_TEXT;
        int bare = characters(text) == 1 || is_bracketed(text) || (word && is_alphanumeric(text));
        const char *open = limits ? "{" : bare ? "" : "(", *close = limits ? "}" : bare ? "" : ")";
        tg_text_print(w->out, "%s%s%s%s", mark, open, text, close);
    }
    free(text);
}

/* Whether a script behind the node would seem to belong to its end alone. */
static int base_needs_parentheses(const tg_math_writer *w, int node)
{
    const tg_math_node *n = tg_math_node_at(w, node);
    if (n->kind == TG_MATH_ROW) return n->part[0] >= 0 && tg_math_node_at(w, n->part[0])->next >= 0;
    if (n->kind == TG_MATH_TABLE) return n->table == TG_MATH_ALIGNED;
    return n->kind == TG_MATH_FRACTION || n->kind == TG_MATH_ROOT || n->kind == TG_MATH_SCRIPTS;
}

/* The node in brackets, unless it brings some: {(a + b)}^2. */
static void write_between(tg_math_writer *w, const char *open, int node, const char *close)
{
    char *text = alone(w, node, w->tight);
    if (text == NULL) return;
    int bracketed = is_bracketed(text);
    tg_math_begin(w, TG_MATH_OPEN);
    tg_text_print(w->out, bracketed ? "%.0s%s%.0s" : "%s%s%s", open, text, close);
    w->before = TG_MATH_CLOSE;
    free(text);
}

/* Σ_{k=1..K} */
static void write_range(tg_math_writer *w, int from, int to)
{
    char *low = alone(w, from, 1), *high = alone(w, to, 1);
    if (low != NULL && high != NULL) tg_text_print(w->out, "_{%s..%s}", low, high);
    free(low);
    free(high);
}

static void write_scripts(tg_math_writer *w, const tg_math_node *n)
{
    static const char *const primes[] = {"", "′", "″", "‴"};
    int base = n->part[0], brace = tg_math_node_at(w, base)->kind == TG_MATH_BRACE;
    int limits = brace || (tg_math_node_at(w, base)->flags & TG_MATH_LIMITS) != 0;
    if (brace)
        write_between(w, "[", base, "]");
    else if (base_needs_parentheses(w, base))
        write_between(w, "(", base, ")");
    else
        write_node(w, base);
    for (int left = n->count; left > 0; left -= 3) {
        const char *marks = primes[left < 3 ? left : 3];
        tg_text_add(w->out, marks, strlen(marks));
    }
    if (limits && !brace && n->part[1] >= 0 && n->part[2] >= 0) {
        write_range(w, n->part[1], n->part[2]);
        w->scripted = 1;
        return;
    }
    write_script(w, n->part[1], brace ? NULL : tg_math_lowered, "_", limits);
    write_script(w, n->part[2], brace ? NULL : tg_math_raised, "^", limits);
    w->scripted = (n->part[1] >= 0 || n->part[2] >= 0) && !tg_math_is_symbol(tg_math_node_at(w, base), "∂");
}

/* ---- Fractions and roots ------------------------------------------------------------------------------ */

/* ½ and so on, or NULL. */
static const char *vulgar(const tg_math_writer *w, const tg_math_node *n)
{
    static const char *const known[][3] = {{"1", "2", "½"}, {"1", "3", "⅓"}, {"2", "3", "⅔"},
                                           {"1", "4", "¼"}, {"3", "4", "¾"}, {"1", "8", "⅛"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (tg_math_is_symbol(tg_math_node_at(w, n->part[0]), known[i][0]) &&
            tg_math_is_symbol(tg_math_node_at(w, n->part[1]), known[i][1]))
            return known[i][2];
    return NULL;
}

/* Whether something in the row, outside parentheses, binds less tightly than a division, or as tightly. */
static int is_sum(const tg_math_writer *w, int node)
{
    if (tg_math_node_at(w, node)->kind == TG_MATH_FRACTION)
        return vulgar(w, tg_math_node_at(w, node)) == NULL;
    if (tg_math_node_at(w, node)->kind != TG_MATH_ROW) return 0;
    int depth = 0;
    for (int i = tg_math_node_at(w, node)->part[0]; i >= 0; i = tg_math_node_at(w, i)->next) {
        tg_math_class class = tg_math_node_at(w, i)->class;
        depth += (class == TG_MATH_OPEN) - (class == TG_MATH_CLOSE);
        if (depth > 0) continue;
        int loose = tg_math_is_operator(class) || class == TG_MATH_PUNCTUATION || class == TG_MATH_LARGE ||
                    class == TG_MATH_FUNCTION;
        if (loose || tg_math_is_symbol(tg_math_node_at(w, i), "/")) return 1;
    }
    return 0;
}

/* A divisor of several factors needs parentheses, but ∂w and dx do not, nor f(x). */
static int divisor_needs_parentheses(const tg_math_writer *w, int node)
{
    if (tg_math_node_at(w, node)->kind != TG_MATH_ROW || is_sum(w, node)) return is_sum(w, node);
    int first = tg_math_node_at(w, node)->part[0], second = first < 0 ? -1 : tg_math_node_at(w, first)->next;
    if (second < 0) return 0;
    int call = tg_math_node_at(w, second)->class == TG_MATH_OPEN ||
               tg_math_node_at(w, second)->kind == TG_MATH_FENCE;
    const tg_math_node *d = tg_math_node_at(w, first);
    int partial =
        (tg_math_is_symbol(d, "∂") || tg_math_is_symbol(d, "d")) && tg_math_node_at(w, second)->next < 0;
    if (!call) return !partial;
    int depth = 0;
    for (int i = second; i >= 0; i = tg_math_node_at(w, i)->next) {
        depth +=
            (tg_math_node_at(w, i)->class == TG_MATH_OPEN) - (tg_math_node_at(w, i)->class == TG_MATH_CLOSE);
        if (depth == 0) return tg_math_node_at(w, i)->next >= 0;
    }
    return 1;
}

static void write_operand(tg_math_writer *w, int node, int parentheses)
{
    if (parentheses)
        write_between(w, "(", node, ")");
    else
        write_node(w, node);
}

/* The fraction is a factor where there is something beside it that it multiplies. */
static int is_factor(const tg_math_writer *w, const tg_math_node *n)
{
    int next = n->next;
    while (next >= 0 && tg_math_node_at(w, next)->kind == TG_MATH_SPACE)
        next = tg_math_node_at(w, next)->next;
    tg_math_class after = next < 0 ? TG_MATH_NOTHING : tg_math_node_at(w, next)->class;
    return tg_math_is_operand(w->before) || w->before == TG_MATH_CLOSE || w->before == TG_MATH_FUNCTION ||
           tg_math_is_operand(after) || after == TG_MATH_OPEN || after == TG_MATH_LARGE ||
           after == TG_MATH_FUNCTION;
}

static int begins_with_sign(const tg_math_writer *w, int node)
{
    int first = tg_math_node_at(w, node)->kind == TG_MATH_ROW ? tg_math_node_at(w, node)->part[0] : -1;
    return first >= 0 && tg_math_node_at(w, first)->class == TG_MATH_SIGN;
}

static void write_fraction(tg_math_writer *w, const tg_math_node *n)
{
    if (vulgar(w, n) != NULL) {
        tg_math_put(w, TG_MATH_NUMBER, vulgar(w, n));
        return;
    }
    int factor = is_factor(w, n);
    if (factor) tg_math_put(w, TG_MATH_OPEN, "(");
    int after_operator = w->before == TG_MATH_BINARY || w->before == TG_MATH_SIGN;
    write_operand(w, n->part[0],
                  is_sum(w, n->part[0]) || (after_operator && begins_with_sign(w, n->part[0])));
    tg_text_add(w->out, "/", 1);
    w->before = TG_MATH_NOTHING;
    write_operand(w, n->part[1], divisor_needs_parentheses(w, n->part[1]));
    if (factor)
        tg_math_put(w, TG_MATH_CLOSE, ")");
    else
        w->before = TG_MATH_GROUP;
}

static void write_root(tg_math_writer *w, const tg_math_node *n)
{
    char *of = alone(w, n->part[0], w->tight);
    if (of == NULL) return;
    tg_math_begin(w, TG_MATH_GROUP);
    write_script(w, n->part[1], tg_math_raised, "^", 0);
    int bare = characters(of) == 1 || is_bracketed(of) || is_alphanumeric(of);
    tg_text_print(w->out, bare ? "√%s" : "√(%s)", of);
    free(of);
}

static void write_accent(tg_math_writer *w, const tg_math_node *n)
{
    char *of = alone(w, n->part[0], w->tight);
    if (of == NULL) return;
    tg_math_begin(w, TG_MATH_LETTER);
    for (const char *c = of; *c != '\0'; c += tg_math_character_length(c)) {
        tg_text_add(w->out, c, tg_math_character_length(c));
        if (*c != ' ') tg_text_add(w->out, n->chars, strlen(n->chars));
    }
    free(of);
}

/* ---- Tables ------------------------------------------------------------------------------------------- */

/* {a if c; b otherwise} */
static void write_case(tg_math_writer *w, int row)
{
    for (int cell = tg_math_node_at(w, row)->part[0], i = 0; cell >= 0;
         cell = tg_math_node_at(w, cell)->next, i++) {
        int first = tg_math_node_at(w, cell)->part[0];
        int spoken = first >= 0 && tg_math_node_at(w, first)->spoken;
        if (i > 0 && !spoken && w->before != TG_MATH_PUNCTUATION) tg_math_put(w, TG_MATH_WORD, "if");
        if (i > 0) w->blanks = 1;
        write_node(w, cell);
    }
}

/* Spaces part the cells, or commas where a cell has more in it than one thing and its sign. */
static void write_matrix_row(tg_math_writer *w, int row)
{
    int simple = 1;
    for (int cell = tg_math_node_at(w, row)->part[0]; cell >= 0; cell = tg_math_node_at(w, cell)->next) {
        int first = tg_math_node_at(w, cell)->part[0];
        if (first >= 0 && tg_math_node_at(w, first)->class == TG_MATH_SIGN)
            first = tg_math_node_at(w, first)->next;
        if (first >= 0 && tg_math_node_at(w, first)->next >= 0) simple = 0;
    }
    for (int cell = tg_math_node_at(w, row)->part[0], i = 0; cell >= 0;
         cell = tg_math_node_at(w, cell)->next, i++) {
        if (i > 0 && !simple) tg_text_add(w->out, ",", 1);
        if (i > 0) tg_text_add(w->out, " ", 1);
        if (i > 0) w->before = TG_MATH_OPEN;
        write_node(w, cell);
    }
}

/* A row without a left side goes on with the one above, and is indented. */
static void write_aligned_row(tg_math_writer *w, int row)
{
    if (tg_math_node_at(w, tg_math_node_at(w, row)->part[0])->part[0] < 0) tg_text_add(w->out, "  ", 2);
    for (int cell = tg_math_node_at(w, row)->part[0], i = 0; cell >= 0;
         cell = tg_math_node_at(w, cell)->next, i++) {
        if (i > 0 && i % 2 == 0) w->blanks = 2;
        write_node(w, cell);
    }
}

static void write_table(tg_math_writer *w, const tg_math_node *n)
{
    static void (*const rows[])(tg_math_writer * w, int row) = {write_case, write_aligned_row,
                                                                write_matrix_row};
    int aligned = n->table == TG_MATH_ALIGNED, brackets = *n->chars == '(' || *n->chars == '\0';
    if (!aligned) tg_math_put(w, TG_MATH_OPEN, n->table == TG_MATH_MATRIX && brackets ? "[" : n->chars);
    for (int row = n->part[0]; row >= 0; row = tg_math_node_at(w, row)->next) {
        if (row != n->part[0]) {
            tg_text_add(w->out, aligned ? "\n" : "; ", aligned ? 1 : 2);
            w->before = aligned ? TG_MATH_NOTHING : TG_MATH_OPEN;
            w->blanks = 0;
        }
        rows[n->table](w, row);
    }
    if (n->table == TG_MATH_CASES) tg_math_put(w, TG_MATH_CLOSE, "}");
    if (n->table == TG_MATH_MATRIX) tg_math_put(w, TG_MATH_CLOSE, brackets ? "]" : n->closing);
    if (!aligned) w->blanks = 1;
}

/* ---- All ---------------------------------------------------------------------------------------------- */

static void write_row(tg_math_writer *w, const tg_math_node *n)
{
    for (int i = n->part[0]; i >= 0; i = tg_math_node_at(w, i)->next) write_node(w, i);
}

static void write_node(tg_math_writer *w, int node)
{
    const tg_math_node *n = tg_math_node_at(w, node);
    switch (n->kind) {
    case TG_MATH_SYMBOL:
        tg_math_write_symbol(w, n);
        break;
    case TG_MATH_TEXT:
        tg_math_write_word(w, n);
        break;
    case TG_MATH_ROW:
        write_row(w, n);
        break;
    case TG_MATH_SCRIPTS:
        write_scripts(w, n);
        break;
    case TG_MATH_FRACTION:
        write_fraction(w, n);
        break;
    case TG_MATH_ROOT:
        write_root(w, n);
        break;
    case TG_MATH_FENCE:
        tg_math_put(w, TG_MATH_OPEN, n->chars);
        write_node(w, n->part[0]);
        tg_math_put(w, TG_MATH_CLOSE, n->closing);
        break;
    case TG_MATH_SIZED:
        tg_math_put(w, n->class, n->chars);
        break;
    case TG_MATH_ACCENT:
        write_accent(w, n);
        break;
    case TG_MATH_BRACE:
        write_node(w, n->part[0]);
        break;
    case TG_MATH_TABLE:
        write_table(w, n);
        break;
    case TG_MATH_SPACE:
        if (n->count >= 3 && w->blanks < 2 && !w->tight) w->blanks = n->count >= 18 ? 2 : 1;
        break;
    }
}

void tg_math_write_text(tg_text *out, const tg_math_tree *tree)
{
    tg_math_writer w = {.out = out, .tree = tree};
    write_node(&w, tree->root);
}

int tg_math_text(tg_text *out, const char *latex)
{
    tg_math_tree tree = {0};
    int read = tg_math_parse(&tree, latex);
    if (tree.failed) out->failed = 1;
    if (read)
        tg_math_write_text(out, &tree);
    else
        tg_text_add(out, latex, strlen(latex));
    tg_math_tree_free(&tree);
    return read && !out->failed;
}
