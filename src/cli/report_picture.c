/* Grey pictures as PNG in base64 (PNG specification, third edition; zlib's stored blocks, RFC 1950 and 1951). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

typedef struct png {
    unsigned char *bytes;
    size_t size;
} png;

static void put(png *p, const void *bytes, size_t size)
{
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

static void put_number(png *p, uint32_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16 & 255),
                                    (unsigned char)(number >> 8 & 255), (unsigned char)(number & 255)};
    put(p, bytes, sizeof bytes);
}

/* The CRC-32 of the specification's annex, bit by bit: pictures here are small. */
static uint32_t crc(const unsigned char *bytes, size_t size)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        c ^= bytes[i];
        for (int k = 0; k < 8; k++) c = (c & 1u) != 0 ? 0xEDB88320u ^ c >> 1 : c >> 1;
    }
    return ~c;
}

static uint32_t adler(const unsigned char *bytes, size_t size)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void put_chunk(png *p, const char *type, const unsigned char *data, size_t size)
{
    put_number(p, (uint32_t)size);
    size_t start = p->size;
    put(p, type, 4);
    if (size > 0) put(p, data, size);
    put_number(p, crc(p->bytes + start, p->size - start));
}

/* A zlib stream of one stored block, which holds at most 65,535 bytes. */
static void put_image(png *p, const unsigned char *raw, size_t size, unsigned char *stream)
{
    const unsigned char head[7] = {0x78,
                                   0x01,
                                   1,
                                   (unsigned char)(size & 255),
                                   (unsigned char)(size >> 8),
                                   (unsigned char)(~size & 255),
                                   (unsigned char)(~size >> 8 & 255)};
    png z = {stream, 0};
    put(&z, head, sizeof head);
    put(&z, raw, size);
    put_number(&z, adler(raw, size));
    put_chunk(p, "IDAT", stream, z.size);
}

static void print_base64(FILE *to, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < size) three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size) three |= bytes[i + 2];
        fputc(digits[three >> 18], to);
        fputc(digits[three >> 12 & 63], to);
        fputc(i + 1 < size ? digits[three >> 6 & 63] : '=', to);
        fputc(i + 2 < size ? digits[three & 63] : '=', to);
    }
}

static void encode(png *p, const unsigned char *raw, size_t raw_size, int64_t rows, int64_t columns,
                   unsigned char *stream)
{
    unsigned char header[13] = {0};
    png h = {header, 0};
    put_number(&h, (uint32_t)columns);
    put_number(&h, (uint32_t)rows);
    header[8] = 8; /* bits; then grey, and the only methods that there are */
    put(p, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(p, "IHDR", header, sizeof header);
    put_image(p, raw, raw_size, stream);
    put_chunk(p, "IEND", NULL, 0);
}

void report_picture(FILE *to, const tg_array *x, int64_t example, int64_t rows, int64_t columns, double low,
                    double high)
{
    if (rows < 1 || columns < 1 || rows > 65535 / (columns + 1)) return;
    size_t raw_size = (size_t)(rows * (columns + 1));
    unsigned char *raw = calloc(3 * raw_size + 200, 1), *stream = raw == NULL ? NULL : raw + raw_size;
    if (raw == NULL) return;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) { /* each row begins with its filter, 0 */
            double share = (train_number(x, (example * rows + r) * columns + c) - low) / (high - low);
            raw[r * (columns + 1) + 1 + c] = (unsigned char)(255 - lrint(255 * fmax(0, fmin(1, share))));
        }
    png p = {stream + raw_size + 50, 0};
    encode(&p, raw, raw_size, rows, columns, stream);
    fputs("<img class=\"picture\" alt=\"\" src=\"data:image/png;base64,", to);
    print_base64(to, p.bytes, p.size);
    fputs("\">", to);
    free(raw);
}
