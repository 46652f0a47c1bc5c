/* Numbers texts in order of first appearance, with uthash. */
#include "text_index.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1 /* else uthash ends the process; hh.tbl is NULL after an addition that failed */
#include <uthash.h>

#include "bytes.h"

typedef struct tg_text_entry {
    size_t number;
    UT_hash_handle hh;
} tg_text_entry;

/* Room for one more text, which grows at each power of two. */
static bool reserve(tg_text_index *index)
{
    if ((index->count & (index->count - 1)) != 0) return true;
    size_t room = index->count == 0 ? 1 : 2 * index->count;
    if (room > SIZE_MAX / sizeof *index->texts) return false;
    char **texts = realloc(index->texts, room * sizeof *texts);
    if (texts == NULL) return false;
    index->texts = texts;
    return true;
}

bool tg_text_index_add(tg_text_index *index, const char *text, size_t *number, bool *is_new)
{
    tg_text_entry *entry = NULL;
    size_t length = strlen(text);
    HASH_FIND(hh, index->table, text, length, entry);
    *is_new = entry == NULL;
    if (entry != NULL) {
        *number = entry->number;
        return true;
    }
    if (!reserve(index)) return false;
    entry = calloc(1, sizeof *entry);
    char *copy = tg_text_copy(text, length);
    if (entry != NULL && copy != NULL) {
        entry->number = index->count;
        HASH_ADD_KEYPTR(hh, index->table, copy, length, entry);
        if (entry->hh.tbl != NULL) {
            *number = entry->number;
            index->texts[index->count++] = copy;
            return true;
        }
    }
    free(entry);
    free(copy);
    return false;
}

char **tg_text_index_release(tg_text_index *index)
{
    tg_text_entry *entry, *next;
    HASH_ITER(hh, index->table, entry, next)
    {
        HASH_DEL(index->table, entry);
        free(entry);
    }
    char **texts = index->texts;
    *index = (tg_text_index){0};
    return texts;
}

void tg_text_index_clear(tg_text_index *index)
{
    size_t count = index->count;
    char **texts = tg_text_index_release(index);
    for (size_t i = 0; i < count; i++) free(texts[i]);
    free(texts);
}
