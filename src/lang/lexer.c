/* From text to tokens. */
#include "lexer.h"

#include <stdlib.h>
#include <string.h>

typedef struct lexer {
    const char *text;
    uint32_t size, at;
    tg_token *items;
    uint32_t count, room;
    uint32_t *open; /* tokens of the brackets that are open */
    uint32_t n_open, open_room;
    tg_problems *problems;
    int failed;
} lexer;

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const lexer *l, uint32_t ahead)
{
    return l->at + ahead < l->size ? l->text[l->at + ahead] : '\0';
}

static void add(lexer *l, tg_token_kind kind, uint32_t start)
{
    if (l->count == l->room) {
        uint32_t room = l->room == 0 ? 256 : 2 * l->room;
        tg_token *items = realloc(l->items, (size_t)room * sizeof *items);
        if (items == NULL) {
            l->failed = 1;
            return;
        }
        l->items = items;
        l->room = room;
    }
    l->items[l->count++] = (tg_token){kind, start, l->at - start, 0};
}

static void lex_number(lexer *l)
{
    uint32_t start = l->at;
    while (is_digit(peek(l, 0))) l->at++;
    if (peek(l, 0) == '.' && is_digit(peek(l, 1))) {
        l->at++;
        while (is_digit(peek(l, 0))) l->at++;
    } else if (peek(l, 0) == '.') {
        l->at++; /* "1." */
    }
    char sign = peek(l, 1);
    if ((peek(l, 0) == 'e' || peek(l, 0) == 'E') &&
        (is_digit(sign) || ((sign == '+' || sign == '-') && is_digit(peek(l, 2))))) {
        l->at += 2;
        while (is_digit(peek(l, 0))) l->at++;
    }
    if (is_letter(peek(l, 0))) {
        uint32_t bad = l->at;
        while (is_letter(peek(l, 0)) || is_digit(peek(l, 0))) l->at++;
        tg_problem_add(l->problems, bad, l->at - bad,
                       "'%.*s' after a number: expected an operator or a space",
                       (int)(l->at - bad > 20 ? 20 : l->at - bad), l->text + bad);
        l->at = bad;
    }
    add(l, TG_TOKEN_NUMBER, start);
    while (is_letter(peek(l, 0)) || is_digit(peek(l, 0))) l->at++;
}

/* ---- Brackets ----------------------------------------------------------------------------------------- */

static void open_bracket(lexer *l)
{
    if (l->n_open == l->open_room) {
        uint32_t room = l->open_room == 0 ? 64 : 2 * l->open_room;
        uint32_t *open = realloc(l->open, room * sizeof *open);
        if (open == NULL) {
            l->failed = 1;
            return;
        }
        l->open = open;
        l->open_room = room;
    }
    l->open[l->n_open++] = l->count - 1;
}

static void close_bracket(lexer *l)
{
    const tg_token *closing = &l->items[l->count - 1];
    char c = l->text[closing->start];
    if (l->n_open == 0) {
        tg_problem_add(l->problems, closing->start, 1, "'%c' closes nothing", c);
        l->count--;
        return;
    }
    uint32_t partner = l->open[l->n_open - 1];
    char opened = l->text[l->items[partner].start];
    if ((opened == '(') != (c == ')')) {
        tg_problem_add(l->problems, closing->start, 1, "expected '%c' to close '%c', found '%c'",
                       opened == '(' ? ')' : ']', opened, c);
        l->count--;
        return;
    }
    l->n_open--;
    l->items[partner].match = l->count - 1;
    l->items[l->count - 1].match = partner;
}

/* A bracket that is open where a statement has to end. */
static void report_open(lexer *l)
{
    if (l->n_open == 0 || l->failed) return;
    uint32_t token = l->open[l->n_open - 1];
    tg_problem_add(l->problems, l->items[token].start, 1, "'%c' is never closed",
                   l->text[l->items[token].start]);
    for (uint32_t i = 0; i < l->n_open; i++) l->items[l->open[i]].match = l->count;
    l->n_open = 0;
}

/* Whether the text from here on can only be a statement: a keyword that begins one, and a name. */
static int begins_statement(const lexer *l)
{
    static const char *const keywords[] = {"input ", "param ", "const ", "def ", "output "};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        size_t n = strlen(keywords[i]);
        if (l->size - l->at > n && memcmp(l->text + l->at, keywords[i], n) == 0 &&
            is_letter(l->text[l->at + n]))
            return 1;
    }
    return 0;
}

static void lex_symbol(lexer *l)
{
    static const char single[] = "+-*/@^=<>()[],:", *const pairs[] = {"==", "!=", "<=", ">="};
    uint32_t start = l->at;
    char c = peek(l, 0);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (c == pairs[i][0] && peek(l, 1) == pairs[i][1]) {
            l->at += 2;
            add(l, TG_TOKEN_SYMBOL, start);
            return;
        }
    if (c != '\0' && strchr(single, c) != NULL) {
        l->at++;
        add(l, TG_TOKEN_SYMBOL, start);
        if (l->failed) return;
        if (c == '(' || c == '[') open_bracket(l);
        if (c == ')' || c == ']') close_bracket(l);
        return;
    }
    uint32_t length = tg_utf8_length(l->text + start, l->size - start);
    l->at += length > 0 ? length : 1;
    if (length == 0)
        tg_problem_add(l->problems, start, 1, "byte %d is no UTF-8 here", (unsigned char)c);
    else if ((unsigned char)c < 32 || c == 127)
        tg_problem_add(l->problems, start, 1, "a character with code %d does not belong in a program",
                       (unsigned char)c);
    else
        tg_problem_add(l->problems, start, length, "'%.*s' does not belong in a program", (int)length,
                       l->text + start);
}

/* A line's end; several in a row, and those at the beginning, make one token or none. */
static void lex_newline(lexer *l)
{
    uint32_t start = l->at++;
    if (l->n_open > 0 && begins_statement(l)) report_open(l);
    if (l->n_open > 0 || l->count == 0 || l->items[l->count - 1].kind == TG_TOKEN_NEWLINE) return;
    add(l, TG_TOKEN_NEWLINE, start);
}

static void lex_one(lexer *l)
{
    char c = peek(l, 0);
    uint32_t start = l->at;
    if (c == ' ' || c == '\t') {
        l->at++;
    } else if (c == '\n' || (c == '\r' && peek(l, 1) == '\n')) {
        if (c == '\r') l->at++;
        lex_newline(l);
    } else if (c == '#') {
        while (l->at < l->size && l->text[l->at] != '\n') l->at++;
    } else if (is_letter(c)) {
        while (is_letter(peek(l, 0)) || is_digit(peek(l, 0))) l->at++;
        add(l, TG_TOKEN_NAME, start);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(l, 1)))) {
        lex_number(l);
    } else {
        lex_symbol(l);
    }
}

tg_status tg_lex(const char *text, uint32_t size, tg_tokens *tokens, tg_problems *problems)
{
    lexer l = {.text = text, .size = size, .problems = problems};
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) l.at = 3; /* a byte order mark */
    while (l.at < size && !l.failed) lex_one(&l);
    report_open(&l);
    l.at = size;
    add(&l, TG_TOKEN_NEWLINE, size);
    add(&l, TG_TOKEN_END, size);
    free(l.open);
    if (l.failed) {
        free(l.items);
        return TG_ERR_MEMORY;
    }
    *tokens = (tg_tokens){l.items, l.count};
    return TG_OK;
}
