/* Equations as MathML Core. */
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "math.h"
#include "math_tree.h"

typedef struct writer {
    tg_text *out;
    const tg_math_tree *tree;
    int display; /* sums have their limits below and above */
    int script;  /* operators have no spaces */
} writer;

static const tg_math_node *node_at(const writer *w, int node)
{
    return &w->tree->nodes[node];
}

static void write_node(writer *w, int node);

/* ---- Characters --------------------------------------------------------------------------------------- */

/* For content and for attributes; `valid` is 0 where the text may not be UTF-8. */
static void escape(tg_text *out, const char *chars, size_t n, int valid)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)chars[i];
        const char *instead = c == '&'                             ? "&amp;"
                              : c == '<'                           ? "&lt;"
                              : c == '>'                           ? "&gt;"
                              : c == '"'                           ? "&quot;"
                              : c == '\n'                          ? "&#10;"
                              : (c < ' ' && c != '\t') || c == 127 ? " "
                              : c >= 0x80 && !valid                ? "\uFFFD"
                                                                   : NULL;
        if (instead != NULL)
            tg_text_add(out, instead, strlen(instead));
        else
            tg_text_add(out, chars + i, 1);
    }
}

static void add(writer *w, const char *text)
{
    tg_text_add(w->out, text, strlen(text));
}

/* <tag attributes>chars</tag> */
static void element(writer *w, const char *tag, const char *attributes, const char *chars, size_t length,
                    tg_math_alphabet alphabet)
{
    tg_text_print(w->out, "<%s%s>", tag, attributes);
    for (size_t i = 0; i < length;) {
        char character[TG_MATH_CHARACTER];
        size_t n = tg_math_character_length(chars + i);
        tg_math_alphabet_apply(character, chars + i, n, alphabet);
        escape(w->out, character, strlen(character), 1);
        i += n;
    }
    tg_text_print(w->out, "</%s>", tag);
}

/* ---- Symbols and words -------------------------------------------------------------------------------- */

static const char *operator_attributes(const writer *w, const tg_math_node *n)
{
    int binary = n->class == TG_MATH_BINARY, relation = n->class == TG_MATH_RELATION;
    if ((binary || relation || n->class == TG_MATH_SIGN) && w->script) return " lspace=\"0\" rspace=\"0\"";
    if ((binary || relation) && (n->flags & TG_MATH_SPACED))
        return binary ? " stretchy=\"false\" lspace=\"0.2222em\" rspace=\"0.2222em\""
                      : " stretchy=\"false\" lspace=\"0.2778em\" rspace=\"0.2778em\"";
    switch (n->class) {
    case TG_MATH_SIGN:
        return " form=\"prefix\"";
    case TG_MATH_OPEN:
        return " form=\"prefix\" stretchy=\"false\"";
    case TG_MATH_CLOSE:
        return " form=\"postfix\" stretchy=\"false\"";
    case TG_MATH_PUNCTUATION:
        return w->script ? " rspace=\"0\"" : "";
    default:
        return "";
    }
}

static void write_symbol(writer *w, const tg_math_node *n)
{
    int one = n->length == tg_math_character_length(n->chars), ascii = (unsigned char)n->chars[0] < 0x80;
    int upright = (n->flags & TG_MATH_UPRIGHT) != 0 || n->alphabet == TG_MATH_ROMAN;
    switch (n->class) {
    case TG_MATH_NUMBER:
        element(w, "mn", "", n->chars, n->length, n->alphabet);
        break;
    case TG_MATH_LETTER:
    case TG_MATH_FUNCTION:
        element(w, "mi", one && upright ? " mathvariant=\"normal\"" : "", n->chars, n->length, n->alphabet);
        break;
    case TG_MATH_ORDINARY:
        if (ascii || strcmp(n->chars, "‖") == 0 || strcmp(n->chars, "−") == 0)
            element(w, "mo", " stretchy=\"false\" lspace=\"0\" rspace=\"0\"", n->chars, n->length,
                    n->alphabet);
        else
            element(w, "mi", " mathvariant=\"normal\"", n->chars, n->length, n->alphabet);
        break;
    default:
        element(w, "mo", operator_attributes(w, n), n->chars, n->length, n->alphabet);
        break;
    }
}

/* Words are <mi>, spoken ones <mtext>, in which spaces at the ends would be lost if they could break. */
static void write_word(writer *w, const tg_math_node *n)
{
    int operator_like = n->class == TG_MATH_BINARY || n->class == TG_MATH_RELATION;
    const char *tag = operator_like ? "mo" : n->spoken ? "mtext" : "mi", *attributes = "";
    if (operator_like)
        attributes = operator_attributes(w, n);
    else if (!n->spoken && n->length > 0 && tg_math_character_length(n->chars) == n->length)
        attributes = " mathvariant=\"normal\"";
    tg_text_print(w->out, "<%s%s>", tag, attributes);
    size_t at = 0, length;
    for (const char *c; (c = tg_math_word_next(n, &at, &length)) != NULL;)
        if (*c == ' ')
            add(w, "\u00A0");
        else
            escape(w->out, c, length, 1);
    tg_text_print(w->out, "</%s>", tag);
}

/* ---- Scripts ------------------------------------------------------------------------------------------ */

/* Writes a part of something, in the smaller style that it has there. */
static void write_small(writer *w, int node, int script)
{
    writer inner = *w;
    inner.display = 0;
    inner.script = w->script || script;
    write_node(&inner, node);
}

/* Primes stand beside the base, since fonts have them raised already. */
static void write_base(writer *w, int base, int primes)
{
    static const char *const marks[] = {"", "′", "″", "‴"};
    if (primes > 0) add(w, "<mrow>");
    write_node(w, base);
    for (int left = primes; left > 0; left -= 3)
        tg_text_print(w->out, "<mo>%s</mo>", marks[left < 3 ? left : 3]);
    if (primes > 0) add(w, "</mrow>");
}

static void write_scripts(writer *w, const tg_math_node *n)
{
    static const char *const tags[2][4] = {{NULL, "msub", "msup", "msubsup"},
                                           {NULL, "munder", "mover", "munderover"}};
    const tg_math_node *base = node_at(w, n->part[0]);
    int limits = base->kind == TG_MATH_BRACE || (w->display && (base->flags & TG_MATH_LIMITS));
    const char *tag = tags[limits][(n->part[1] >= 0) + 2 * (n->part[2] >= 0)];
    if (tag != NULL) tg_text_print(w->out, "<%s>", tag);
    write_base(w, n->part[0], n->count);
    if (n->part[1] >= 0) write_small(w, n->part[1], 1);
    if (n->part[2] >= 0) write_small(w, n->part[2], 1);
    if (tag != NULL) tg_text_print(w->out, "</%s>", tag);
}

/* ---- Fractions, roots, fences, accents ---------------------------------------------------------------- */

static void write_fraction(writer *w, const tg_math_node *n)
{
    add(w, n->flags & TG_MATH_SMALL ? "<mfrac displaystyle=\"false\">"
           : n->flags & TG_MATH_BIG ? "<mfrac displaystyle=\"true\">"
                                    : "<mfrac>");
    write_small(w, n->part[0], 0);
    write_small(w, n->part[1], 0);
    add(w, "</mfrac>");
}

static void write_root(writer *w, const tg_math_node *n)
{
    add(w, n->part[1] >= 0 ? "<mroot>" : "<msqrt>");
    write_node(w, n->part[0]);
    if (n->part[1] >= 0) write_small(w, n->part[1], 1);
    add(w, n->part[1] >= 0 ? "</mroot>" : "</msqrt>");
}

static void write_delimiter(writer *w, const char *chars, const char *form, int tall)
{
    if (*chars != '\0')
        tg_text_print(w->out, "<mo form=\"%s\" stretchy=\"%s\">%s</mo>", form, tall ? "true" : "false",
                      chars);
}

/* Chromium leaves gaps beside a fence that may stretch, so only those do that have to. */
static void write_fence(writer *w, const tg_math_node *n)
{
    int tall = (n->flags & TG_MATH_TALL) != 0;
    add(w, "<mrow>");
    write_delimiter(w, n->chars, "prefix", tall);
    write_node(w, n->part[0]);
    write_delimiter(w, n->closing, "postfix", tall);
    add(w, "</mrow>");
}

static void write_sized(writer *w, const tg_math_node *n)
{
    const char *form = n->class == TG_MATH_CLOSE ? "postfix" : "prefix";
    const char *space = n->class == TG_MATH_RELATION ? "0.2778em" : "0";
    tg_text_print(w->out, "<mo form=\"%s\" stretchy=\"true\" lspace=\"%s\" rspace=\"%s\"", form, space,
                  space);
    if (n->count > 0)
        tg_text_print(w->out, " minsize=\"%d.%dem\" maxsize=\"%d.%dem\"", n->count / 10, n->count % 10,
                      n->count / 10, n->count % 10);
    tg_text_print(w->out, ">%s</mo>", n->chars);
}

static void write_accent(writer *w, const tg_math_node *n)
{
    add(w, "<mover accent=\"true\">");
    write_node(w, n->part[0]);
    tg_text_print(w->out, "<mo stretchy=\"%s\">%s</mo></mover>",
                  n->flags & TG_MATH_STRETCHY ? "true" : "false", n->closing);
}

static void write_brace(writer *w, const tg_math_node *n)
{
    const char *tag = strcmp(n->chars, "⏟") == 0 ? "munder" : "mover";
    tg_text_print(w->out, "<%s>", tag);
    write_node(w, n->part[0]);
    tg_text_print(w->out, "<mo stretchy=\"true\">%s</mo></%s>", n->chars, tag);
}

/* ---- Tables ------------------------------------------------------------------------------------------- */

/* MathML Core has no attribute for the alignment of columns; a style does it, in Chromium only with the prefix, and
 * columnalign is for other readers. */
static void write_cell(writer *w, int cell, tg_math_table_kind kind, int column)
{
    if (kind == TG_MATH_MATRIX)
        add(w, "<mtd>");
    else if (kind == TG_MATH_CASES)
        add(w, "<mtd style=\"text-align:left\">");
    else if (column % 2 == 0)
        tg_text_print(
            w->out,
            "<mtd style=\"text-align:right;text-align:-webkit-right;padding-right:0;padding-left:%s\">",
            column == 0 ? "0" : "2em");
    else
        add(w, "<mtd style=\"text-align:left;padding-left:0;padding-right:0\">");
    write_node(w, cell);
    add(w, "</mtd>");
}

static void write_table(writer *w, const tg_math_node *n)
{
    static const char *const opening[] = {"<mtable columnalign=\"left left\">",
                                          "<mtable displaystyle=\"true\" columnalign=\"right left\">",
                                          "<mtable>"};
    writer inner = *w;
    inner.display = n->table == TG_MATH_ALIGNED;
    int fences = *n->chars != '\0';
    if (fences) add(w, "<mrow>");
    write_delimiter(w, n->chars, "prefix", 1);
    add(w, opening[n->table]);
    for (int row = n->part[0]; row >= 0; row = node_at(w, row)->next) {
        add(w, "<mtr>");
        for (int cell = node_at(w, row)->part[0], i = 0; cell >= 0; cell = node_at(w, cell)->next, i++)
            write_cell(&inner, cell, n->table, i);
        add(w, "</mtr>");
    }
    add(w, "</mtable>");
    write_delimiter(w, n->closing, "postfix", 1);
    if (fences) add(w, "</mrow>");
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

static int is_operand(const tg_math_node *n)
{
    return n->class == TG_MATH_LETTER || n->class == TG_MATH_NUMBER || n->class == TG_MATH_WORD ||
           n->class == TG_MATH_ORDINARY || (n->class == TG_MATH_GROUP && n->kind != TG_MATH_FENCE);
}

/* Letters have no spaces of their own in MathML: log x needs one. */
static int needs_space(const tg_math_node *left, const tg_math_node *right)
{
    if (left->class == TG_MATH_FUNCTION)
        return is_operand(right) || right->class == TG_MATH_LARGE || right->class == TG_MATH_FUNCTION;
    return right->class == TG_MATH_FUNCTION &&
           (is_operand(left) || left->class == TG_MATH_CLOSE || left->kind == TG_MATH_FENCE);
}

static void write_space(writer *w, int eighteenths)
{
    if (eighteenths != 0) tg_text_print(w->out, "<mspace width=\"%.4gem\"/>", (double)eighteenths / 18);
}

static void write_row(writer *w, const tg_math_node *n)
{
    add(w, "<mrow>");
    for (int i = n->part[0]; i >= 0; i = node_at(w, i)->next) {
        write_node(w, i);
        int next = node_at(w, i)->next;
        if (next >= 0 && !w->script && needs_space(node_at(w, i), node_at(w, next))) write_space(w, 3);
    }
    add(w, "</mrow>");
}

static void write_node(writer *w, int node)
{
    const tg_math_node *n = node_at(w, node);
    switch (n->kind) {
    case TG_MATH_SYMBOL:
        write_symbol(w, n);
        break;
    case TG_MATH_TEXT:
        write_word(w, n);
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
        write_fence(w, n);
        break;
    case TG_MATH_SIZED:
        write_sized(w, n);
        break;
    case TG_MATH_ACCENT:
        write_accent(w, n);
        break;
    case TG_MATH_BRACE:
        write_brace(w, n);
        break;
    case TG_MATH_TABLE:
        write_table(w, n);
        break;
    case TG_MATH_SPACE:
        write_space(w, n->count);
        break;
    }
}

/* ---- The element -------------------------------------------------------------------------------------- */

static void write_alternative(tg_text *out, const tg_math_tree *tree)
{
    tg_text text = {0};
    tg_math_write_text(&text, tree);
    char *chars = tg_text_take(&text);
    if (chars == NULL) {
        out->failed = 1;
        return;
    }
    tg_text_print(out, " alttext=\"");
    escape(out, chars, strlen(chars), 1);
    tg_text_print(out, "\"");
    free(chars);
}

int tg_math_mathml(tg_text *out, const char *latex, int display)
{
    tg_math_tree tree = {0};
    int read = tg_math_parse(&tree, latex);
    if (tree.failed) out->failed = 1;
    tg_text_print(out, "<math%s", display ? " display=\"block\"" : "");
    if (read) write_alternative(out, &tree);
    tg_text_print(out, read ? "><semantics>" : "><mtext>");
    writer w = {.out = out, .tree = &tree, .display = display};
    if (read) {
        write_node(&w, tree.root);
        tg_text_print(out, "<annotation encoding=\"application/x-tex\">");
    }
    escape(out, latex, strlen(latex), tg_text_is_utf8(latex));
    tg_text_print(out, read ? "</annotation></semantics></math>" : "</mtext></math>");
    tg_math_tree_free(&tree);
    return read && !out->failed;
}
