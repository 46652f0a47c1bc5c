/* Lines of a terminal: wrapping, and matrices. */
#include "text_layout.h"

#include <string.h>

#include "format.h"

enum { MOST_ROWS = 12, MOST_COLUMNS = 16 };

/* ---- Wrapping ----------------------------------------------------------------------------------------- */

static int is_combining(const char *character)
{
    unsigned char a = (unsigned char)character[0], b = (unsigned char)character[1];
    if (a == 0xCC || (a == 0xCD && b < 0xB0)) return 1;                   /* U+0300 to U+036F */
    return a == 0xE2 && b == 0x83 && (unsigned char)character[2] >= 0x90; /* U+20D0 to U+20FF */
}

/* The columns of the first n bytes. */
static size_t columns_of(const char *text, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        size_t length = tg_lesson_character(text + i);
        columns += length == 0 || !is_combining(text + i);
        i += length == 0 ? 1 : length;
    }
    return columns;
}

size_t tg_text_columns(const char *text)
{
    return columns_of(text, strlen(text));
}

void tg_text_repeat(tg_text *out, char character, size_t n)
{
    while (n-- > 0) tg_text_add(out, &character, 1);
}

/* How many bytes of the word fit into so many columns. */
static size_t fitting(const char *word, size_t n, size_t columns)
{
    size_t i = 0, next = 0;
    while (next < n && columns_of(word, next) <= columns) {
        i = next;
        size_t length = tg_lesson_character(word + i);
        next += length == 0 ? 1 : length;
    }
    return next >= n && columns_of(word, n) <= columns ? n : i;
}

typedef struct line {
    tg_text *out;
    size_t at, indent; /* the column where the output is; where lines begin */
    int begun;         /* there is a word on the line */
} line;

static void break_line(line *l)
{
    tg_text_add(l->out, "\n", 1);
    tg_text_repeat(l->out, ' ', l->indent);
    l->at = l->indent;
    l->begun = 0;
}

/* A word wider than a line is cut. */
static void put_word(line *l, const char *word, size_t n, size_t spaces)
{
    size_t columns = columns_of(word, n);
    if (l->begun && l->at + spaces + columns > TG_LESSON_COLUMNS) break_line(l);
    if (l->begun) {
        tg_text_repeat(l->out, ' ', spaces);
        l->at += spaces;
    }
    while (l->at + columns > TG_LESSON_COLUMNS) {
        size_t piece = fitting(word, n, TG_LESSON_COLUMNS - l->at);
        if (piece == 0) break;
        tg_text_add(l->out, word, piece);
        word += piece;
        n -= piece;
        columns = columns_of(word, n);
        break_line(l);
    }
    tg_text_add(l->out, word, n);
    l->at += columns;
    l->begun = 1;
}

void tg_text_wrap(tg_text *out, const char *text, size_t at, size_t indent)
{
    line l = {.out = out, .at = at, .indent = indent};
    size_t spaces = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        if (word > 0) {
            put_word(&l, text, word, spaces > 3 ? 3 : spaces);
            spaces = 0;
        } else if (*text == '\n') {
            break_line(&l);
            word = 1;
        } else {
            spaces++;
            word = 1;
        }
        text += word;
    }
    tg_text_add(out, "\n", 1);
}

/* ---- Matrices ----------------------------------------------------------------------------------------- */

typedef struct grid {
    const tg_lesson_values *values;
    int64_t rows, columns;
    int64_t most_columns;                           /* that there is room for */
    size_t whole[MOST_COLUMNS], rest[MOST_COLUMNS]; /* the widths before the decimal point and from it on */
} grid;

/* The number at the places, or dots. */
static void cell(const grid *g, int64_t i, int64_t j, char number[TG_LESSON_NUMBER])
{
    int64_t row = tg_lesson_at(g->rows, MOST_ROWS, i), column = tg_lesson_at(g->columns, g->most_columns, j);
    if (row < 0 || column < 0)
        memcpy(number, row < 0 && column < 0 ? " " : "…", row < 0 && column < 0 ? 2 : sizeof "…");
    else
        tg_lesson_number(number, g->values->numbers[row * g->columns + column], "−");
}

static size_t measure(grid *g)
{
    size_t width = 2;
    int64_t shown = tg_lesson_places(g->columns, g->most_columns);
    memset(g->whole, 0, sizeof g->whole);
    memset(g->rest, 0, sizeof g->rest);
    for (int64_t j = 0; j < shown; j++) {
        for (int64_t i = 0; i < tg_lesson_places(g->rows, MOST_ROWS); i++) {
            char number[TG_LESSON_NUMBER];
            cell(g, i, j, number);
            size_t bytes = tg_lesson_whole(number), whole = columns_of(number, bytes);
            size_t rest = tg_text_columns(number + bytes);
            if (whole > g->whole[j]) g->whole[j] = whole;
            if (rest > g->rest[j]) g->rest[j] = rest;
        }
        width += g->whole[j] + g->rest[j] + 2;
    }
    return width;
}

static void print_row(tg_text *out, const grid *g, int64_t i)
{
    tg_text_add(out, "[", 1);
    for (int64_t j = 0; j < tg_lesson_places(g->columns, g->most_columns); j++) {
        char number[TG_LESSON_NUMBER];
        cell(g, i, j, number);
        size_t bytes = tg_lesson_whole(number), whole = columns_of(number, bytes);
        tg_text_repeat(out, ' ', (j > 0 ? 2u : 1u) + g->whole[j] - whole);
        tg_lesson_add(out, number);
        tg_text_repeat(out, ' ', g->rest[j] - tg_text_columns(number + bytes));
    }
    tg_text_add(out, " ]\n", 3);
}

void tg_text_matrix(tg_text *out, const tg_lesson_values *values, size_t at)
{
    grid g = {.values = values, .most_columns = MOST_COLUMNS};
    if (!tg_lesson_matrix(values, &g.rows, &g.columns)) return;
    if (values->rank == 0) {
        char number[TG_LESSON_NUMBER];
        tg_lesson_number(number, values->numbers[0], "−");
        tg_text_print(out, "%s\n", number);
        return;
    }
    while (measure(&g) > TG_LESSON_COLUMNS - at && g.most_columns > 3) g.most_columns--;
    for (int64_t i = 0; i < tg_lesson_places(g.rows, MOST_ROWS); i++) {
        tg_text_repeat(out, ' ', i > 0 ? at : 0);
        print_row(out, &g, i);
    }
}
