/* The checksum of a .safetensors file, with xxHash. */
#include "checksum.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "formats.h"

/* The checksum is xxHash's state; the name hides the header from the rest. */
static XXH3_state_t *state_of(tg_checksum *checksum)
{
    return (XXH3_state_t *)checksum;
}

tg_checksum *tg_checksum_new(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state != NULL) XXH3_128bits_reset(state);
    return (tg_checksum *)state;
}

void tg_checksum_number(tg_checksum *checksum, uint64_t number)
{
    unsigned char bytes[8];
    tg_store_bytes(bytes, number, sizeof bytes, false);
    XXH3_128bits_update(state_of(checksum), bytes, sizeof bytes);
}

static void add_bytes(tg_checksum *checksum, const void *bytes, size_t size)
{
    tg_checksum_number(checksum, size);
    if (size > 0) XXH3_128bits_update(state_of(checksum), bytes, size);
}

void tg_checksum_tensor(tg_checksum *checksum, const char *name, const char *element, int rank,
                        const int64_t *shape, const void *data, size_t size)
{
    add_bytes(checksum, name, strlen(name));
    add_bytes(checksum, element, strlen(element));
    tg_checksum_number(checksum, (uint64_t)rank);
    for (int axis = 0; axis < rank; axis++) tg_checksum_number(checksum, (uint64_t)shape[axis]);
    add_bytes(checksum, data, size);
}

void tg_checksum_metadata(tg_checksum *checksum, const tg_metadata *metadata)
{
    size_t count = metadata != NULL ? metadata->count : 0;
    size_t pairs = 0;
    for (size_t i = 0; i < count; i++) pairs += strcmp(metadata->items[i].key, TG_CHECKSUM_KEY) != 0;
    tg_checksum_number(checksum, pairs);
    for (size_t i = 0; i < count; i++) {
        const char *key = metadata->items[i].key, *value = metadata->items[i].value;
        if (strcmp(key, TG_CHECKSUM_KEY) == 0) continue;
        add_bytes(checksum, key, strlen(key));
        add_bytes(checksum, value, strlen(value));
    }
}

void tg_checksum_end(tg_checksum *checksum, char text[TG_CHECKSUM_TEXT])
{
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(state_of(checksum)));
    for (size_t i = 0; i < sizeof digest.digest; i++) snprintf(text + 2 * i, 3, "%02x", digest.digest[i]);
    XXH3_freeState(state_of(checksum));
}
