/* Reading LaTeX: rows, their scripts, and what signs and bars mean in them. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "math_parser.h"

/* ---- Nodes -------------------------------------------------------------------------------------------- */

int tg_math_new(tg_math_parser *p, tg_math_kind kind, tg_math_class class)
{
    tg_math_tree *tree = p->tree;
    if (tree->n == tree->room) {
        int room = tree->room == 0 ? 32 : 2 * tree->room;
        tg_math_node *nodes =
            tree->room > INT_MAX / 4 ? NULL : realloc(tree->nodes, (size_t)room * sizeof *nodes);
        if (nodes == NULL) {
            tree->failed = 1;
            return -1;
        }
        tree->nodes = nodes;
        tree->room = room;
    }
    tree->nodes[tree->n] = (tg_math_node){
        .kind = kind, .class = class, .alphabet = p->alphabet, .part = {-1, -1, -1}, .next = -1};
    return tree->n++;
}

tg_math_node *tg_math_node_at(const tg_math_parser *p, int node)
{
    return &p->tree->nodes[node];
}

void tg_math_tree_free(tg_math_tree *tree)
{
    free(tree->nodes);
    *tree = (tg_math_tree){.root = -1};
}

int tg_math_new_symbol(tg_math_parser *p, const tg_math_symbol *symbol)
{
    int node = tg_math_new(p, TG_MATH_SYMBOL, symbol->class);
    if (node < 0) return -1;
    tg_math_node *n = tg_math_node_at(p, node);
    n->chars = symbol->text;
    n->length = strlen(symbol->text);
    n->flags = symbol->flags;
    return node;
}

/* ---- Characters --------------------------------------------------------------------------------------- */

void tg_math_skip_spaces(tg_math_parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r') p->at++;
}

int tg_math_take(tg_math_parser *p, const char *text)
{
    size_t length = strlen(text);
    tg_math_skip_spaces(p);
    if (strncmp(p->at, text, length) != 0) return 0;
    p->at += length;
    return 1;
}

const tg_math_symbol *tg_math_character_symbol(char c)
{
    if (c == '|') return tg_math_symbol_find("vert", 4);
    if (c == '\0' || strchr("+-*=<>:()[],;!?/.@", c) == NULL) return NULL;
    return tg_math_symbol_find(&c, 1);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 12, 0.5, 1e-07: what a constant of a graph prints. */
static size_t number_length(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n])) n++;
    if (text[n] == '.' && is_digit(text[n + 1]))
        for (n++; is_digit(text[n]); n++) continue;
    if (text[n] != 'e' || (text[n + 1] != '+' && text[n + 1] != '-') || !is_digit(text[n + 2])) return n;
    for (n += 2; is_digit(text[n]); n++) continue;
    return n;
}

static int new_span(tg_math_parser *p, tg_math_class class, size_t length)
{
    int node = tg_math_new(p, TG_MATH_SYMBOL, class);
    if (node < 0) return -1;
    tg_math_node_at(p, node)->chars = p->at;
    tg_math_node_at(p, node)->length = length;
    p->at += length;
    return node;
}

static int read_group(tg_math_parser *p)
{
    p->at++;
    int row = tg_math_read_row(p, TG_MATH_NOTHING, 0);
    if (row < 0 || !tg_math_take(p, "}")) return -1;
    int only = tg_math_node_at(p, row)->part[0];
    return only >= 0 && tg_math_node_at(p, only)->next < 0 ? only : row;
}

/* One item without its scripts; a number gives up its other digits where `one_digit` is set, as in \frac12. */
static int read_nucleus(tg_math_parser *p, int one_digit)
{
    tg_math_skip_spaces(p);
    char c = *p->at;
    if (c == '{') return read_group(p);
    if (c == '\\') return tg_math_read_command(p);
    if (is_digit(c)) return new_span(p, TG_MATH_NUMBER, one_digit ? 1 : number_length(p->at));
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return new_span(p, TG_MATH_LETTER, 1);
    if ((unsigned char)c >= 0x80) return new_span(p, TG_MATH_LETTER, tg_math_character_length(p->at));
    if (c == '~') {
        int space = tg_math_new(p, TG_MATH_SPACE, TG_MATH_NOTHING);
        if (space >= 0) tg_math_node_at(p, space)->count = 4;
        p->at++;
        return space;
    }
    const tg_math_symbol *symbol = tg_math_character_symbol(c);
    if (symbol == NULL) return -1;
    p->at++;
    return tg_math_new_symbol(p, symbol);
}

int tg_math_read_argument(tg_math_parser *p)
{
    if (++p->depth > TG_MATH_DEPTH) return -1;
    int node = read_nucleus(p, 1);
    p->depth--;
    if (node < 0) return -1;
    tg_math_class *class = &tg_math_node_at(p, node)->class;
    if (*class == TG_MATH_BINARY || *class == TG_MATH_BAR)
        *class = TG_MATH_ORDINARY; /* it stands alone: x^* */
    return node;
}

/* ---- Scripts ------------------------------------------------------------------------------------------ */

static int script_follows(const tg_math_parser *p)
{
    return *p->at == '^' || *p->at == '_' || *p->at == '\'';
}

/* The scripts of `base`, which is -1 where there is nothing to carry them. */
static int read_scripts(tg_math_parser *p, int base)
{
    int script[3] = {base, -1, -1}, primes = 0;
    if (base < 0) script[0] = tg_math_new(p, TG_MATH_ROW, TG_MATH_GROUP);
    if (script[0] < 0) return -1;
    while (script_follows(p)) {
        char c = *p->at++;
        if (c == '\'') {
            if (script[2] >= 0) return -1;
            primes++;
        } else {
            int which = c == '_' ? 1 : 2;
            if (script[which] >= 0) return -1;
            script[which] = tg_math_read_argument(p);
            if (script[which] < 0) return -1;
        }
        tg_math_skip_spaces(p);
    }
    int node = tg_math_new(p, TG_MATH_SCRIPTS, tg_math_node_at(p, script[0])->class);
    if (node < 0) return -1;
    memcpy(tg_math_node_at(p, node)->part, script, sizeof script);
    tg_math_node_at(p, node)->count = primes;
    return node;
}

static int read_item(tg_math_parser *p)
{
    int base = -1;
    if (!script_follows(p)) {
        base = read_nucleus(p, 0);
        if (base < 0) return -1;
        tg_math_skip_spaces(p);
    }
    return script_follows(p) ? read_scripts(p, base) : base;
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

static void set_class(const tg_math_parser *p, int node, tg_math_class class)
{
    for (; node >= 0; node = p->tree->nodes[node].kind == TG_MATH_SCRIPTS ? p->tree->nodes[node].part[0] : -1)
        p->tree->nodes[node].class = class;
}

static int is_bar(const tg_math_parser *p, int node, const char *chars)
{
    if (tg_math_node_at(p, node)->class != TG_MATH_BAR) return 0;
    while (tg_math_node_at(p, node)->kind == TG_MATH_SCRIPTS) node = tg_math_node_at(p, node)->part[0];
    return strcmp(tg_math_node_at(p, node)->chars, chars) == 0;
}

/* Bars of one kind open and close in turn; when their number is odd, none does: p(a|b). */
static void resolve_bars(const tg_math_parser *p, int first, const char *chars)
{
    int n = 0, seen = 0;
    for (int i = first; i >= 0; i = tg_math_node_at(p, i)->next) n += is_bar(p, i, chars);
    for (int i = first; i >= 0; i = tg_math_node_at(p, i)->next)
        if (is_bar(p, i, chars))
            set_class(p, i, n % 2 == 1 ? TG_MATH_ORDINARY : seen++ % 2 == 0 ? TG_MATH_OPEN : TG_MATH_CLOSE);
}

/* A binary operator with nothing before it that it could join is a sign. */
static void resolve_signs(const tg_math_parser *p, int first, tg_math_class before)
{
    for (int i = first; i >= 0; i = tg_math_node_at(p, i)->next) {
        tg_math_class class = tg_math_node_at(p, i)->class;
        int nothing = before == TG_MATH_NOTHING || before == TG_MATH_OPEN || before == TG_MATH_LARGE ||
                      before == TG_MATH_FUNCTION || before == TG_MATH_BINARY || before == TG_MATH_SIGN ||
                      before == TG_MATH_RELATION || before == TG_MATH_PUNCTUATION;
        if (class == TG_MATH_BINARY && nothing) {
            set_class(p, i, TG_MATH_SIGN);
            class = TG_MATH_SIGN;
        }
        if (class != TG_MATH_NOTHING) before = class;
    }
}

static int row_ends(const tg_math_parser *p, int bracket)
{
    const char *at = p->at;
    if (*at == '\0' || *at == '}' || *at == '&' || (*at == ']' && bracket)) return 1;
    return strncmp(at, "\\\\", 2) == 0 || strncmp(at, "\\end{", 5) == 0 ||
           (strncmp(at, "\\right", 6) == 0 && !isalpha((unsigned char)at[6]));
}

int tg_math_read_row(tg_math_parser *p, tg_math_class before, int bracket)
{
    if (++p->depth > TG_MATH_DEPTH) return -1;
    int row = tg_math_new(p, TG_MATH_ROW, TG_MATH_GROUP), last = -1;
    if (row < 0) return -1;
    for (tg_math_skip_spaces(p); !row_ends(p, bracket); tg_math_skip_spaces(p)) {
        int item = read_item(p);
        if (item < 0) return -1;
        if (last < 0)
            tg_math_node_at(p, row)->part[0] = item;
        else
            tg_math_node_at(p, last)->next = item;
        last = item;
    }
    int first = tg_math_node_at(p, row)->part[0];
    resolve_bars(p, first, "|");
    resolve_bars(p, first, "‖");
    resolve_signs(p, first, before);
    p->depth--;
    return row;
}

int tg_math_parse(tg_math_tree *tree, const char *latex)
{
    tg_math_parser p = {.at = latex, .tree = tree};
    tree->root = -1;
    if (!tg_text_is_utf8(latex)) return 0;
    tree->root = tg_math_read_row(&p, TG_MATH_NOTHING, 0);
    return tree->root >= 0 && *p.at == '\0';
}
