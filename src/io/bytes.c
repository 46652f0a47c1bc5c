/* Blocks of bytes that grow, numbers in a stated byte order, and text. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

bool tg_bytes_reserve(tg_bytes *bytes, size_t extra)
{
    if (extra <= bytes->room - bytes->size) return true;
    if (extra > SIZE_MAX / 2 - bytes->size) return false;
    size_t room = bytes->room > 0 ? bytes->room : 256;
    while (room < bytes->size + extra) room *= 2;
    unsigned char *data = realloc(bytes->data, room);
    if (data == NULL) return false;
    bytes->data = data;
    bytes->room = room;
    return true;
}

bool tg_bytes_append(tg_bytes *bytes, const void *data, size_t size)
{
    if (!tg_bytes_reserve(bytes, size)) return false;
    if (size > 0) memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return true;
}

bool tg_bytes_append_text(tg_bytes *bytes, const char *text)
{
    return tg_bytes_append(bytes, text, strlen(text));
}

void tg_bytes_clear(tg_bytes *bytes)
{
    free(bytes->data);
    *bytes = (tg_bytes){0};
}

uint64_t tg_load_bytes(const unsigned char *at, size_t width, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) value = value << 8 | at[big_endian ? i : width - 1 - i];
    return value;
}

void tg_store_bytes(unsigned char *at, uint64_t value, size_t width, bool big_endian)
{
    for (size_t i = 0; i < width; i++) {
        at[big_endian ? width - 1 - i : i] = (unsigned char)(value & 0xff);
        value >>= 8;
    }
}

char *tg_text_copy(const char *text, size_t size)
{
    if (size == SIZE_MAX) return NULL;
    char *copy = malloc(size + 1);
    if (copy == NULL) return NULL;
    if (size > 0) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

/* The length of the UTF-8 sequence at text, or 0 when it is not one. */
static size_t utf8_length(const unsigned char *text)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    if (length < 2) return length;
    uint32_t code = text[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        /* The final zero of the string is no continuation byte, so this never reads past it. */
        if ((text[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[length] || code > 0x10ffff || surrogate ? 0 : length;
}

bool tg_text_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = utf8_length(at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}
