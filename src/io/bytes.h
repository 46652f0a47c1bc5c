/* Blocks of bytes that grow, numbers in a stated byte order, and text: what every file format here needs. */
#ifndef TG_IO_BYTES_H
#define TG_IO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with `tg_bytes b = {0};` and end with tg_bytes_clear. data comes from malloc. */
typedef struct tg_bytes {
    unsigned char *data;
    size_t size, room;
} tg_bytes;

/* Makes room for extra more bytes. False: out of memory, and nothing has changed. */
bool tg_bytes_reserve(tg_bytes *bytes, size_t extra);
bool tg_bytes_append(tg_bytes *bytes, const void *data, size_t size);
bool tg_bytes_append_text(tg_bytes *bytes, const char *text);
void tg_bytes_clear(tg_bytes *bytes);

/* width bytes as an unsigned number, and back; width is 1 to 8. */
uint64_t tg_load_bytes(const unsigned char *at, size_t width, bool big_endian);
void tg_store_bytes(unsigned char *at, uint64_t value, size_t width, bool big_endian);

/* A new string of these bytes and a final zero; NULL when out of memory. */
char *tg_text_copy(const char *text, size_t size);
/* Whether the text is UTF-8: shortest forms only, no surrogates, at most U+10FFFF. */
bool tg_text_is_utf8(const char *text);

#endif
