/* Small questions about a model: what a token says, which name or size it is. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/c_locale.h"
#include "model.h"

int tg_token_is(const tg_model *m, uint32_t token, const char *text)
{
    const tg_token *t = &m->tokens.items[token];
    return t->kind != TG_TOKEN_NEWLINE && t->length == strlen(text) &&
           memcmp(m->text + t->start, text, t->length) == 0;
}

char *tg_token_copy(const tg_model *m, uint32_t token)
{
    const tg_token *t = &m->tokens.items[token];
    char *copy = malloc((size_t)t->length + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, m->text + t->start, t->length);
    copy[t->length] = '\0';
    return copy;
}

void tg_token_problem(tg_model *m, uint32_t token, const char *format, ...)
{
    char message[900];
    va_list args;
    va_start(args, format);
    tg_c_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const tg_token *t = &m->tokens.items[token];
    tg_problem_add(&m->problems, t->start, t->kind == TG_TOKEN_NEWLINE ? 1 : t->length, "%s", message);
}

char *tg_token_label(const tg_model *m, uint32_t token, char *text, size_t size)
{
    const tg_token *t = &m->tokens.items[token];
    if (t->kind == TG_TOKEN_NEWLINE || t->kind == TG_TOKEN_END)
        snprintf(text, size, "the end of the line");
    else
        snprintf(text, size, "'%.*s'", (int)(t->length < 40 ? t->length : 40), m->text + t->start);
    return text;
}

tg_name_entry *tg_name_find(const tg_model *m, const char *name, uint32_t length)
{
    tg_name_entry *entry;
    HASH_FIND(hh, m->names, name, length, entry);
    return entry;
}

int tg_size_find(const tg_model *m, const char *name, uint32_t length)
{
    for (int i = 0; i < m->n_sizes; i++)
        if (strlen(m->sizes[i].name) == length && memcmp(m->sizes[i].name, name, length) == 0) return i;
    return -1;
}

int tg_reserve(void **items, int count, int *room, size_t item)
{
    if (count < *room) return 1;
    int wanted = *room == 0 ? 16 : 2 * *room;
    void *grown = realloc(*items, (size_t)wanted * item);
    if (grown == NULL) return 0;
    *items = grown;
    *room = wanted;
    return 1;
}
