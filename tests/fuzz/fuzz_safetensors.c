/* Fuzz target: .safetensors. */
#include <string.h>

#include "fuzz.h"

static void require_same_metadata(const tg_metadata *before, const tg_metadata *after)
{
    for (size_t i = 0; i < before->count; i++) {
        if (strcmp(before->items[i].key, TG_CHECKSUM_KEY) == 0) continue;
        const char *value = tg_metadata_get(after, before->items[i].key);
        fuzz_require(value != NULL && strcmp(value, before->items[i].value) == 0, "the metadata come back");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tg_bundle bundle = {0}, again = {0};
    tg_metadata metadata = {0}, metadata_again = {0};
    tg_diag diag;
    if (tg_safetensors_parse(bytes, size, "fuzz", &bundle, &metadata, &diag) != TG_OK) return 0;
    tg_bytes written = {0}, data = {0};
    tg_status status = tg_safetensors_serialise(&bundle, &metadata, "fuzz", &written, &data, &diag);
    fuzz_require(status == TG_OK || status == TG_ERR_NAME, "it can be written");
    if (status == TG_OK) {
        fuzz_require(tg_bytes_append(&written, data.data, data.size), "there is memory");
        status = tg_safetensors_parse(written.data, written.size, "fuzz", &again, &metadata_again, &diag);
        fuzz_require(status == TG_OK, "it can be read again");
        fuzz_require_same_bundle(&bundle, &again);
        require_same_metadata(&metadata, &metadata_again);
    }
    tg_bytes_clear(&written);
    tg_bytes_clear(&data);
    tg_metadata_clear(&metadata);
    tg_metadata_clear(&metadata_again);
    tg_bundle_clear(&bundle);
    tg_bundle_clear(&again);
    return 0;
}
