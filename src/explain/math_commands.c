/* Reading LaTeX: the commands. */
#include <string.h>

#include "math_parser.h"

typedef struct command command;
typedef int reader(tg_math_parser *p, const command *c);

/* What the other fields mean depends on the reader. */
struct command {
    const char *name;
    reader *read;
    int number;
    const char *chars, *closing;
};

/* ---- Words -------------------------------------------------------------------------------------------- */

static const char escapes[] = "_%&#${} ,;:";

const char *tg_math_word_next(const tg_math_node *word, size_t *at, size_t *length)
{
    while (!word->spoken && *at < word->length && word->chars[*at] == ' ') ++*at;
    if (*at >= word->length) return NULL;
    const char *c = word->chars + *at;
    int escaped = *c == '\\';
    if (escaped) c++;
    *length = tg_math_character_length(c);
    *at += *length + (size_t)escaped;
    int space = *c == '~' || (escaped && strchr(" ,;:", *c) != NULL);
    return space ? " " : c;
}

/* The length of {…} after its brace, if there are only characters and escapes in it; -1 otherwise. */
static int plain_length(const char *at)
{
    int n = 0;
    while (at[n] != '}') {
        if (at[n] == '\\') n++;
        int escaped = n > 0 && at[n - 1] == '\\';
        if (at[n] == '\0' || (escaped && strchr(escapes, at[n]) == NULL)) return -1;
        if (!escaped && strchr("{^_$&#%", at[n]) != NULL) return -1;
        if ((unsigned char)at[n] < ' ') return -1;
        n++;
    }
    return n;
}

/* Another alphabet for one argument. */
static int read_alphabet(tg_math_parser *p, const command *c)
{
    tg_math_alphabet outer = p->alphabet;
    p->alphabet = (tg_math_alphabet)c->number;
    int node = tg_math_read_argument(p);
    p->alphabet = outer;
    return node;
}

/* number: the class; chars: "text" where spaces count. A word with commands in it is read as a formula. */
static int read_word(tg_math_parser *p, const command *c)
{
    int limits = c->number == TG_MATH_FUNCTION && tg_math_take(p, "*");
    tg_math_skip_spaces(p);
    int length = *p->at == '{' ? plain_length(p->at + 1) : -1;
    if (length < 0) {
        if (c->chars != NULL) return -1;
        return read_alphabet(p, &(command){.number = TG_MATH_ROMAN});
    }
    int node = tg_math_new(p, TG_MATH_TEXT, (tg_math_class)c->number);
    if (node < 0) return -1;
    tg_math_node *n = tg_math_node_at(p, node);
    n->chars = p->at + 1;
    n->length = (size_t)length;
    n->spoken = c->chars != NULL;
    n->flags = limits ? TG_MATH_LIMITS : 0;
    if (n->class == TG_MATH_WORD && length > 0 && tg_math_character_length(n->chars) == (size_t)length)
        n->class = TG_MATH_LETTER;
    p->at += length + 2;
    return node;
}

/* ---- Fractions, roots, accents, braces, classes ------------------------------------------------------- */

static int read_fraction(tg_math_parser *p, const command *c)
{
    int above = tg_math_read_argument(p), below = above < 0 ? -1 : tg_math_read_argument(p);
    int node = below < 0 ? -1 : tg_math_new(p, TG_MATH_FRACTION, TG_MATH_GROUP);
    if (node < 0) return -1;
    tg_math_node_at(p, node)->part[0] = above;
    tg_math_node_at(p, node)->part[1] = below;
    tg_math_node_at(p, node)->flags = c->number;
    return node;
}

static int read_root(tg_math_parser *p, const command *c)
{
    (void)c;
    int degree = -1;
    if (tg_math_take(p, "[")) {
        degree = tg_math_read_row(p, TG_MATH_NOTHING, 1);
        if (degree < 0 || !tg_math_take(p, "]")) return -1;
    }
    int of = tg_math_read_argument(p), node = of < 0 ? -1 : tg_math_new(p, TG_MATH_ROOT, TG_MATH_GROUP);
    if (node < 0) return -1;
    tg_math_node_at(p, node)->part[0] = of;
    tg_math_node_at(p, node)->part[1] = degree;
    return node;
}

/* number: the flags, or -1 for a brace. */
static int read_accent(tg_math_parser *p, const command *c)
{
    int of = tg_math_read_argument(p);
    if (of < 0) return -1;
    int node = c->number < 0 ? tg_math_new(p, TG_MATH_BRACE, TG_MATH_GROUP)
                             : tg_math_new(p, TG_MATH_ACCENT, TG_MATH_LETTER);
    if (node < 0) return -1;
    tg_math_node *n = tg_math_node_at(p, node);
    n->part[0] = of;
    n->chars = c->chars;
    n->closing = c->closing;
    n->flags = c->number < 0 ? 0 : c->number;
    return node;
}

/* \mathbin{?}: number is the class. */
static int read_class(tg_math_parser *p, const command *c)
{
    int node = tg_math_read_argument(p);
    if (node < 0) return -1;
    tg_math_node_at(p, node)->class = (tg_math_class)c->number;
    tg_math_node_at(p, node)->flags |= TG_MATH_SPACED;
    return node;
}

/* number: eighteenths of the font's size. */
static int read_space(tg_math_parser *p, const command *c)
{
    int node = tg_math_new(p, TG_MATH_SPACE, TG_MATH_NOTHING);
    if (node >= 0) tg_math_node_at(p, node)->count = c->number;
    return node;
}

/* \textcolor{red}{x}: the colour is passed over. number: whether what it colours follows as an argument. */
static int read_colour(tg_math_parser *p, const command *c)
{
    tg_math_skip_spaces(p);
    int length = *p->at == '{' ? plain_length(p->at + 1) : -1;
    if (length < 0) return -1;
    p->at += length + 2;
    return c->number ? tg_math_read_argument(p) : read_space(p, &(command){.number = 0});
}

/* ---- Fences ------------------------------------------------------------------------------------------- */

static size_t letters(const char *at)
{
    size_t n = 0;
    while ((at[n] >= 'a' && at[n] <= 'z') || (at[n] >= 'A' && at[n] <= 'Z')) n++;
    return n;
}

/* The length of the command's name at `at`, behind the backslash: letters or one character; 0 at the end. */
static size_t name_length(const char *at)
{
    size_t n = letters(at);
    return n > 0 ? n : *at != '\0';
}

/* A delimiter, (, \lVert or \{, or "." for none, which is told by "". */
static const char *read_delimiter(tg_math_parser *p)
{
    tg_math_skip_spaces(p);
    if (*p->at == '.') {
        p->at++;
        return "";
    }
    int is_command = *p->at == '\\';
    size_t length = is_command ? name_length(p->at + 1) : 1;
    if (is_command && length == 1 && strchr("{}|", p->at[1]) == NULL) return NULL;
    const tg_math_symbol *s =
        is_command ? tg_math_symbol_find(p->at + 1, length) : tg_math_character_symbol(*p->at);
    if (length == 0 || s == NULL) return NULL;
    int fits = s->class == TG_MATH_OPEN || s->class == TG_MATH_CLOSE || s->class == TG_MATH_BAR;
    if (!fits && strcmp(s->text, "/") != 0) return NULL;
    p->at += length + (size_t)is_command;
    return s->text;
}

static int is_tall(const tg_math_node *n)
{
    return n->kind == TG_MATH_FRACTION || n->kind == TG_MATH_ROOT || n->kind == TG_MATH_TABLE ||
           n->kind == TG_MATH_BRACE || n->kind == TG_MATH_SIZED || (n->flags & TG_MATH_LIMITS) != 0;
}

static int read_fence(tg_math_parser *p, const command *c)
{
    (void)c;
    int first = p->tree->n;
    const char *opening = read_delimiter(p);
    int row = opening == NULL ? -1 : tg_math_read_row(p, TG_MATH_NOTHING, 0);
    if (row < 0 || !tg_math_take(p, "\\right")) return -1;
    const char *closing = read_delimiter(p);
    int node = closing == NULL ? -1 : tg_math_new(p, TG_MATH_FENCE, TG_MATH_GROUP);
    if (node < 0) return -1;
    tg_math_node *n = tg_math_node_at(p, node);
    n->part[0] = row;
    n->chars = opening;
    n->closing = closing;
    for (int i = first; i < node; i++)
        if (is_tall(tg_math_node_at(p, i))) n->flags = TG_MATH_TALL;
    return node;
}

/* \bigl and its kin. number: tenths of the height, 0 for that of the fence around it; chars: l, r, m or "" as the command ends. */
static int read_sized(tg_math_parser *p, const command *c)
{
    const char *delimiter = read_delimiter(p);
    if (delimiter == NULL || *delimiter == '\0') return -1;
    tg_math_class class = *c->chars == 'l'   ? TG_MATH_OPEN
                          : *c->chars == 'r' ? TG_MATH_CLOSE
                          : *c->chars == 'm' ? TG_MATH_RELATION
                                             : TG_MATH_ORDINARY;
    int node = tg_math_new(p, TG_MATH_SIZED, class);
    if (node < 0) return -1;
    tg_math_node_at(p, node)->chars = delimiter;
    tg_math_node_at(p, node)->count = c->number;
    return node;
}

/* ---- Environments ------------------------------------------------------------------------------------- */

static const struct environment {
    const char *name;
    tg_math_table_kind kind;
    const char *opening, *closing;
} environments[] = {{"cases", TG_MATH_CASES, "{", ""},     {"aligned", TG_MATH_ALIGNED, "", ""},
                    {"align*", TG_MATH_ALIGNED, "", ""},   {"split", TG_MATH_ALIGNED, "", ""},
                    {"gathered", TG_MATH_ALIGNED, "", ""}, {"matrix", TG_MATH_MATRIX, "", ""},
                    {"pmatrix", TG_MATH_MATRIX, "(", ")"}, {"bmatrix", TG_MATH_MATRIX, "[", "]"},
                    {"vmatrix", TG_MATH_MATRIX, "|", "|"}, {"Vmatrix", TG_MATH_MATRIX, "‖", "‖"}};

static const struct environment *read_environment_name(tg_math_parser *p)
{
    if (!tg_math_take(p, "{")) return NULL;
    size_t length = strcspn(p->at, "}");
    for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++)
        if (strncmp(environments[i].name, p->at, length) == 0 && environments[i].name[length] == '\0') {
            p->at += length;
            return tg_math_take(p, "}") ? &environments[i] : NULL;
        }
    return NULL;
}

/* Puts `node` behind *last, or into `owner` as its first. */
static void chain(tg_math_parser *p, int owner, int *last, int node)
{
    if (*last < 0)
        tg_math_node_at(p, owner)->part[0] = node;
    else
        tg_math_node_at(p, *last)->next = node;
    *last = node;
}

/* The cells up to \\ or \end. In `aligned`, cells join: an operator behind & has something before it. */
static int read_table_row(tg_math_parser *p, tg_math_table_kind kind)
{
    int row = tg_math_new(p, TG_MATH_ROW, TG_MATH_GROUP), last = -1;
    if (row < 0) return -1;
    do {
        int joins = kind == TG_MATH_ALIGNED && last >= 0;
        int cell = tg_math_read_row(p, joins ? TG_MATH_GROUP : TG_MATH_NOTHING, 0);
        if (cell < 0) return -1;
        chain(p, row, &last, cell);
    } while (tg_math_take(p, "&"));
    return row;
}

static int read_environment(tg_math_parser *p, const command *c)
{
    (void)c;
    const struct environment *e = read_environment_name(p);
    int table = e == NULL ? -1 : tg_math_new(p, TG_MATH_TABLE, TG_MATH_GROUP), last = -1;
    if (table < 0) return -1;
    tg_math_node_at(p, table)->table = e->kind;
    tg_math_node_at(p, table)->chars = e->opening;
    tg_math_node_at(p, table)->closing = e->closing;
    int ended = 0;
    while (!ended) {
        int row = read_table_row(p, e->kind);
        if (row < 0) return -1;
        chain(p, table, &last, row);
        if (!tg_math_take(p, "\\\\"))
            ended = tg_math_take(p, "\\end") ? 1 : -1;
        else
            ended = tg_math_take(p, "\\end"); /* a \\ after the last row adds none */
    }
    return ended == 1 && read_environment_name(p) == e ? table : -1;
}

/* ---- The list ----------------------------------------------------------------------------------------- */

/* clang-format off */
static const command commands[] = {
    {"frac", read_fraction, 0, 0, 0}, {"tfrac", read_fraction, TG_MATH_SMALL, 0, 0},
    {"dfrac", read_fraction, TG_MATH_BIG, 0, 0}, {"sqrt", read_root, 0, 0, 0},
    {"left", read_fence, 0, 0, 0}, {"begin", read_environment, 0, 0, 0},
    {"mathrm", read_word, TG_MATH_WORD, 0, 0}, {"mathsf", read_word, TG_MATH_WORD, 0, 0},
    {"mathtt", read_word, TG_MATH_WORD, 0, 0}, {"mathit", read_word, TG_MATH_WORD, 0, 0},
    {"operatorname", read_word, TG_MATH_FUNCTION, 0, 0},
    {"text", read_word, TG_MATH_WORD, "text", 0}, {"textrm", read_word, TG_MATH_WORD, "text", 0},
    {"mathbf", read_alphabet, TG_MATH_BOLD, 0, 0}, {"boldsymbol", read_alphabet, TG_MATH_BOLD, 0, 0},
    {"mathbb", read_alphabet, TG_MATH_DOUBLE_STRUCK, 0, 0}, {"mathcal", read_alphabet, TG_MATH_SCRIPT, 0, 0},
    {"mathbin", read_class, TG_MATH_BINARY, 0, 0}, {"mathrel", read_class, TG_MATH_RELATION, 0, 0},
    {"hat", read_accent, 0, "\u0302", "ˆ"}, {"widehat", read_accent, TG_MATH_STRETCHY, "\u0302", "^"},
    {"tilde", read_accent, 0, "\u0303", "˜"}, {"widetilde", read_accent, TG_MATH_STRETCHY, "\u0303", "~"},
    {"bar", read_accent, 0, "\u0304", "¯"}, {"overline", read_accent, TG_MATH_STRETCHY, "\u0304", "‾"},
    {"dot", read_accent, 0, "\u0307", "˙"}, {"ddot", read_accent, 0, "\u0308", "¨"},
    {"vec", read_accent, 0, "\u20D7", "→"}, {"underbrace", read_accent, -1, "⏟", 0},
    {"overbrace", read_accent, -1, "⏞", 0}, {"textcolor", read_colour, 1, 0, 0}, {"color", read_colour, 0, 0, 0},
    {"middle", read_sized, 0, "m", 0}, {"bigl", read_sized, 12, "l", 0}, {"bigr", read_sized, 12, "r", 0}, {"bigm", read_sized, 12, "m", 0},
    {"big", read_sized, 12, "", 0}, {"Bigl", read_sized, 18, "l", 0}, {"Bigr", read_sized, 18, "r", 0},
    {"Bigm", read_sized, 18, "m", 0}, {"Big", read_sized, 18, "", 0}, {"biggl", read_sized, 24, "l", 0},
    {"biggr", read_sized, 24, "r", 0}, {"bigg", read_sized, 24, "", 0}, {"Biggl", read_sized, 30, "l", 0},
    {"Biggr", read_sized, 30, "r", 0}, {"Bigg", read_sized, 30, "", 0},
    {",", read_space, 3, 0, 0}, {":", read_space, 4, 0, 0}, {">", read_space, 4, 0, 0},
    {";", read_space, 5, 0, 0}, {" ", read_space, 4, 0, 0}, {"!", read_space, -3, 0, 0},
    {"quad", read_space, 18, 0, 0}, {"qquad", read_space, 36, 0, 0}, {"displaystyle", read_space, 0, 0, 0},
    {"textstyle", read_space, 0, 0, 0}, {"limits", read_space, 0, 0, 0},
};
/* clang-format on */

int tg_math_read_command(tg_math_parser *p)
{
    const char *name = p->at + 1;
    size_t length = name_length(name);
    p->at = name + length;
    for (size_t i = 0; length > 0 && i < sizeof commands / sizeof commands[0]; i++)
        if (strncmp(commands[i].name, name, length) == 0 && commands[i].name[length] == '\0') {
            if (++p->depth > TG_MATH_DEPTH) return -1;
            int node = commands[i].read(p, &commands[i]);
            p->depth--;
            return node;
        }
    if (length == 0 || (letters(name) == 0 && strchr("_%&#${}|", *name) == NULL)) return -1;
    const tg_math_symbol *symbol = tg_math_symbol_find(name, length);
    return symbol == NULL ? -1 : tg_math_new_symbol(p, symbol);
}
