/* Fuzz target: .npz. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tg_bundle bundle = {0}, again = {0};
    tg_diag diag;
    if (tg_npz_parse(bytes, size, "fuzz", &bundle, &diag) != TG_OK) return 0;
    tg_bytes written = {0};
    tg_status status = tg_npz_serialise(&bundle, "fuzz", &written, &diag);
    /* Names from other systems may not be UTF-8 or may be too long. */
    fuzz_require(status == TG_OK || status == TG_ERR_NAME, "it can be written");
    if (status == TG_OK) {
        status = tg_npz_parse(written.data, written.size, "fuzz", &again, &diag);
        fuzz_require(status == TG_OK, "it can be read again");
        fuzz_require_same_bundle(&bundle, &again);
    }
    tg_bytes_clear(&written);
    tg_bundle_clear(&bundle);
    tg_bundle_clear(&again);
    return 0;
}
