/* Problems of a program: kept, suggested for, shown. */
#include "problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/text.h"
#include "graph/c_locale.h"

void tg_problem_add(tg_problems *p, uint32_t start, uint32_t length, const char *format, ...)
{
    if (p->count >= TG_PROBLEMS_MAX) {
        p->more++;
        return;
    }
    char message[1024];
    va_list args;
    va_start(args, format);
    tg_c_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (p->count == p->room) {
        int room = p->room == 0 ? 8 : 2 * p->room;
        tg_problem *items = realloc(p->items, (size_t)room * sizeof *items);
        if (items == NULL) {
            p->failed = 1;
            return;
        }
        p->items = items;
        p->room = room;
    }
    size_t size = strlen(message) + 1;
    char *copy = malloc(size);
    if (copy == NULL) {
        p->failed = 1;
        return;
    }
    memcpy(copy, message, size);
    p->items[p->count++] = (tg_problem){start, length, copy};
}

void tg_problems_cut(tg_problems *p, int count)
{
    while (p->count > count) free(p->items[--p->count].message);
    p->more = 0;
}

void tg_problems_free(tg_problems *p)
{
    tg_problems_cut(p, 0);
    free(p->items);
    p->items = NULL;
    p->room = 0;
}

/* ---- Places ------------------------------------------------------------------------------------------- */

static uint32_t line_start(const tg_problems *p, uint32_t at)
{
    while (at > 0 && p->text[at - 1] != '\n') at--;
    return at;
}

uint32_t tg_utf8_length(const char *text, uint32_t n)
{
    unsigned char first = n > 0 ? (unsigned char)text[0] : 0x80;
    uint32_t length = first < 0x80   ? 1
                      : first < 0xC2 ? 0
                      : first < 0xE0 ? 2
                      : first < 0xF0 ? 3
                      : first < 0xF5 ? 4
                                     : 0;
    if (length > n) return 0;
    for (uint32_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80) return 0;
    /* Longer than needed, a surrogate, or beyond U+10FFFF. */
    unsigned char second = length > 1 ? (unsigned char)text[1] : 0;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return length;
}

/* Characters of UTF-8 text: bytes that do not continue one. */
static int characters(const char *text, uint32_t n)
{
    int count = 0;
    for (uint32_t i = 0; i < n; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

void tg_problem_place(const tg_problems *p, uint32_t start, int *line, int *column)
{
    if (start > p->size) start = p->size;
    *line = 1;
    for (uint32_t i = 0; i < start; i++) *line += p->text[i] == '\n';
    uint32_t begin = line_start(p, start);
    *column = characters(p->text + begin, start - begin) + 1;
}

/* ---- Showing ------------------------------------------------------------------------------------------ */

static int by_place(const void *a, const void *b)
{
    const tg_problem *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

#define SHOWN_WIDTH 160 /* bytes of a line */

/* A piece of a line, with tabs as spaces and dots for control characters and bytes that are no UTF-8. */
static void show_characters(tg_text *text, const char *chars, uint32_t n)
{
    for (uint32_t i = 0, length; i < n; i += length) {
        length = tg_utf8_length(chars + i, n - i);
        int is_control = (unsigned char)chars[i] < 32 || chars[i] == 127;
        if (length == 0 || is_control) {
            /* What continues a character takes no column of its own. */
            int continues = ((unsigned char)chars[i] & 0xC0) == 0x80;
            if (!continues) tg_text_add(text, chars[i] == '\t' ? " " : ".", 1);
            length = 1;
        } else {
            tg_text_add(text, chars + i, length);
        }
    }
}

/* The line and ^~~~ under the place. */
static void show_line(tg_text *text, const tg_problems *p, const tg_problem *problem)
{
    uint32_t begin = line_start(p, problem->start), end = begin;
    while (end < p->size && p->text[end] != '\n') end++;
    if (end > problem->start && p->text[end - 1] == '\r') end--;
    uint32_t from = begin;
    if (problem->start - begin > SHOWN_WIDTH / 2) from = problem->start - SHOWN_WIDTH / 2;
    while (from > begin && ((unsigned char)p->text[from] & 0xC0) == 0x80) from--;
    uint32_t to = end - from > SHOWN_WIDTH ? from + SHOWN_WIDTH : end;
    while (to < end && ((unsigned char)p->text[to] & 0xC0) == 0x80) to++;
    tg_text_print(text, "    %s", from > begin ? "..." : "");
    show_characters(text, p->text + from, to - from);
    tg_text_print(text, "%s\n    %s%*s^", to < end ? "..." : "", from > begin ? "   " : "",
                  problem->start > from ? characters(p->text + from, problem->start - from) : 0, "");
    uint32_t stop = problem->start + problem->length < to ? problem->start + problem->length : to;
    int width = stop > problem->start ? characters(p->text + problem->start, stop - problem->start) : 1;
    for (int i = 1; i < width; i++) tg_text_add(text, "~", 1);
    tg_text_add(text, "\n", 1);
}

char *tg_problems_show(tg_problems *p)
{
    tg_text text = {0};
    /* The list itself stays in the order in which problems were found: a new build drops those of the last one. */
    tg_problem *sorted = malloc(((size_t)p->count + 1) * sizeof *sorted);
    if (sorted == NULL) return NULL;
    if (p->count > 0) memcpy(sorted, p->items, (size_t)p->count * sizeof *sorted);
    qsort(sorted, (size_t)p->count, sizeof *sorted, by_place);
    for (int i = 0; i < p->count; i++) {
        int line, column;
        tg_problem_place(p, sorted[i].start, &line, &column);
        tg_text_print(&text, "%s:%d:%d: error: %s\n", p->name, line, column, sorted[i].message);
        show_line(&text, p, &sorted[i]);
    }
    free(sorted);
    if (p->more > 0) tg_text_print(&text, "%s: %d more errors\n", p->name, p->more);
    return tg_text_take(&text);
}

/* ---- Suggestions -------------------------------------------------------------------------------------- */

#define LONGEST_NAME 40

/* Letters to change, add, drop or exchange with a neighbour to get from a to b. */
static int edit_distance(const char *a, int n, const char *b, int m)
{
    int rows[3][LONGEST_NAME + 1];
    for (int j = 0; j <= m; j++) rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

void tg_suggest(const char *name, uint32_t length, const char *candidate, const char **best, int *distance)
{
    size_t m = strlen(candidate);
    if (length > LONGEST_NAME || m > LONGEST_NAME || m == 0) return;
    int found = edit_distance(name, (int)length, candidate, (int)m);
    if (found >= *distance || 2 * found > (int)length - (found > 1)) return;
    *distance = found;
    *best = candidate;
}
