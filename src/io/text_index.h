/* Numbers texts in order of first appearance. */
#ifndef TG_IO_TEXT_INDEX_H
#define TG_IO_TEXT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

/* Begin with `tg_text_index t = {0};`. */
typedef struct tg_text_index {
    size_t count;
    char **texts; /* by number */
    struct tg_text_entry *table;
} tg_text_index;

/* The text's number, and whether it is new. False: out of memory. */
bool tg_text_index_add(tg_text_index *index, const char *text, size_t *number, bool *is_new);
/* Frees the table; the texts, and the array of them, become the caller's. */
char **tg_text_index_release(tg_text_index *index);
/* Frees everything. */
void tg_text_index_clear(tg_text_index *index);

#endif
