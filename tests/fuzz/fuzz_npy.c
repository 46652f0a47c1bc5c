/* Fuzz target: .npy. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tg_array *array = NULL, *again = NULL;
    tg_diag diag;
    if (tg_npy_parse(bytes, size, "fuzz", &array, &diag) != TG_OK) return 0;
    tg_bytes written = {0};
    fuzz_require(tg_npy_serialise(array, "fuzz", &written, &diag) == TG_OK, "it can be written");
    fuzz_require(tg_npy_parse(written.data, written.size, "fuzz", &again, &diag) == TG_OK,
                 "it can be read again");
    fuzz_require_same_array(array, again);
    tg_bytes_clear(&written);
    tg_array_free(array);
    tg_array_free(again);
    return 0;
}
