/* What is wrong with a program, and how it is shown. */
#ifndef TG_LANG_PROBLEMS_H
#define TG_LANG_PROBLEMS_H

#include <stdint.h>

#include <tapegrad/lang.h>

typedef struct tg_problem {
    uint32_t start; /* byte in the text */
    uint32_t length;
    char *message;
} tg_problem;

typedef struct tg_problems {
    const char *text;
    uint32_t size;
    const char *name;
    tg_problem *items;
    int count, room;
    int more;   /* found but not kept */
    int failed; /* out of memory */
} tg_problems;

/* At most this many are kept. */
#define TG_PROBLEMS_MAX 100

void tg_problem_add(tg_problems *problems, uint32_t start, uint32_t length, const char *format, ...)
    TG_PRINTF(4, 5);
/* Drops the problems from `count` on. */
void tg_problems_cut(tg_problems *problems, int count);
void tg_problems_free(tg_problems *problems);

/* Line and column, from 1, of a byte. */
void tg_problem_place(const tg_problems *problems, uint32_t start, int *line, int *column);
/* All of them, sorted by place, as text; new memory or NULL. */
char *tg_problems_show(tg_problems *problems);

/* The length of the UTF-8 character at text, of which n bytes are left; 0 when there is none. */
uint32_t tg_utf8_length(const char *text, uint32_t n);

/* The candidate that is most like `name` (at most two letters changed, added, dropped or exchanged, and less than
 * half of it, but one of two), kept in *best with its distance in *distance; begin with *distance = 3. */
void tg_suggest(const char *name, uint32_t length, const char *candidate, const char **best, int *distance);

#endif
