/* Fuzz target: CSV. */
#include <string.h>

#include "fuzz.h"

static void require_same_table(const tg_csv *a, const tg_csv *b)
{
    fuzz_require(a->rows == b->rows && a->n_columns == b->n_columns, "the sizes come back");
    for (int64_t i = 0; i < a->n_columns; i++) {
        const tg_csv_column *x = &a->columns[i], *y = &b->columns[i];
        fuzz_require(strcmp(x->name, y->name) == 0, "the names come back");
        fuzz_require(memcmp(x->values, y->values, (size_t)a->rows * sizeof *x->values) == 0,
                     "the values come back");
        fuzz_require(x->n_classes == y->n_classes, "the number of classes comes back");
        for (int64_t j = 0; j < x->n_classes; j++)
            fuzz_require(strcmp(x->classes[j], y->classes[j]) == 0, "the classes come back");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tg_csv *csv = NULL, *again = NULL;
    tg_diag diag;
    if (tg_csv_parse(bytes, size, "fuzz", &csv, &diag) != TG_OK) return 0;
    tg_bytes written = {0};
    fuzz_require(tg_csv_serialise(csv, "fuzz", &written, &diag) == TG_OK, "it can be written");
    fuzz_require(tg_csv_parse(written.data, written.size, "fuzz", &again, &diag) == TG_OK,
                 "it can be read again");
    require_same_table(csv, again);
    tg_bytes_clear(&written);
    tg_csv_free(csv);
    tg_csv_free(again);
    return 0;
}
