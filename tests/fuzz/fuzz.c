/* What the fuzz targets share. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require(int claim, const char *what)
{
    if (claim) return;
    fprintf(stderr, "not true: %s\n", what);
    abort();
}

void fuzz_require_same_array(const tg_array *a, const tg_array *b)
{
    fuzz_require(memcmp(&a->type, &b->type, sizeof a->type) == 0, "the type comes back");
    fuzz_require(memcmp(a->data, b->data, tg_type_bytes(&a->type)) == 0, "the data come back");
}

void fuzz_require_same_bundle(const tg_bundle *a, const tg_bundle *b)
{
    fuzz_require(a->count == b->count, "the number of arrays comes back");
    for (size_t i = 0; i < a->count; i++) {
        fuzz_require(strcmp(a->items[i].name, b->items[i].name) == 0, "the names come back");
        fuzz_require_same_array(a->items[i].array, b->items[i].array);
    }
}
