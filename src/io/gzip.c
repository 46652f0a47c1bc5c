/* gzip, with zlib. */
#include "gzip.h"

bool tg_is_gzip(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    return size >= 2 && at[0] == 0x1f && at[1] == 0x8b;
}

#if TG_WITH_ZLIB

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip's frame */

struct tg_gunzip {
    z_stream stream;
    const unsigned char *next; /* what zlib has not been given yet */
    size_t left;
    bool member_ended;
    const char *name;
};

tg_status tg_gunzip_open(const void *bytes, size_t size, const char *name, tg_gunzip **out, tg_diag *diag)
{
    tg_gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip == NULL || inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK) {
        free(gunzip);
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for decompression", name);
    }
    gunzip->next = bytes;
    gunzip->left = size;
    gunzip->name = name;
    *out = gunzip;
    return TG_OK;
}

/* Gives zlib more input when it has none. False: there is none. */
static bool feed(tg_gunzip *gunzip)
{
    z_stream *stream = &gunzip->stream;
    if (stream->avail_in > 0) return true;
    size_t step = gunzip->left < UINT_MAX ? gunzip->left : UINT_MAX;
    stream->next_in = (Bytef *)(uintptr_t)gunzip->next; /* zlib reads only, but its type does not say so */
    stream->avail_in = (uInt)step;
    gunzip->next += step;
    gunzip->left -= step;
    return step > 0;
}

/* Decompresses until *room bytes are made or the input ends, and subtracts what was made from *room. */
static tg_status inflate_some(tg_gunzip *gunzip, unsigned char *out, size_t *room, tg_diag *diag)
{
    z_stream *stream = &gunzip->stream;
    while (*room > 0 && feed(gunzip)) {
        if (gunzip->member_ended) { /* a gzip file may have several members, one after another */
            if (inflateReset(stream) != Z_OK)
                return tg_fail(diag, TG_ERR_FORMAT, "%s: gzip: cannot go on", gunzip->name);
            gunzip->member_ended = false;
        }
        uInt step = *room < UINT_MAX ? (uInt)*room : UINT_MAX;
        stream->next_out = out;
        stream->avail_out = step;
        int code = inflate(stream, Z_NO_FLUSH);
        uInt made = step - stream->avail_out;
        out += made;
        *room -= made;
        if (code == Z_MEM_ERROR)
            return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for decompression", gunzip->name);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return tg_fail(diag, TG_ERR_FORMAT, "%s: gzip: %s", gunzip->name,
                           stream->msg != NULL ? stream->msg : "damaged data");
        gunzip->member_ended = code == Z_STREAM_END;
    }
    return TG_OK;
}

tg_status tg_gunzip_read(tg_gunzip *gunzip, void *out, size_t size, tg_diag *diag)
{
    size_t room = size;
    tg_status status = inflate_some(gunzip, out, &room, diag);
    if (status != TG_OK || room == 0) return status;
    return tg_fail(diag, TG_ERR_FORMAT, "%s: gzip: expected %zu more bytes, found the end", gunzip->name,
                   room);
}

tg_status tg_gunzip_finish(tg_gunzip *gunzip, tg_diag *diag)
{
    unsigned char more;
    size_t room = 1;
    tg_status status = inflate_some(gunzip, &more, &room, diag);
    if (status != TG_OK) return status;
    if (room == 0) return tg_fail(diag, TG_ERR_FORMAT, "%s: more data than the header says", gunzip->name);
    if (!gunzip->member_ended)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: gzip: the compressed data are cut off", gunzip->name);
    return TG_OK;
}

void tg_gunzip_close(tg_gunzip *gunzip)
{
    if (gunzip == NULL) return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

static tg_status deflate_all(z_stream *stream, const tg_bytes *bytes, const char *name, tg_bytes *out,
                             tg_diag *diag)
{
    const unsigned char *next = bytes->data;
    size_t left = bytes->size;
    int code = Z_OK;
    while (code != Z_STREAM_END) {
        if (stream->avail_in == 0 && left > 0) {
            size_t step = left < UINT_MAX ? left : UINT_MAX;
            stream->next_in = (Bytef *)(uintptr_t)next;
            stream->avail_in = (uInt)step;
            next += step;
            left -= step;
        }
        const size_t room = 64 * 1024;
        if (!tg_bytes_reserve(out, room))
            return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for compression", name);
        stream->next_out = out->data + out->size;
        stream->avail_out = (uInt)room;
        code = deflate(stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END)
            return tg_fail(diag, TG_ERR_MEMORY, "%s: compression failed (zlib's code %d)", name, code);
        out->size += room - stream->avail_out;
    }
    return TG_OK;
}

tg_status tg_gzip(const tg_bytes *bytes, const char *name, tg_bytes *out, tg_diag *diag)
{
    const int most_memory = 8; /* zlib's default */
    z_stream stream = {0};
    /* zlib writes no time and no name into the frame of its own accord, so the result depends on the bytes alone. */
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, most_memory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for compression", name);
    tg_status status = deflate_all(&stream, bytes, name, out, diag);
    deflateEnd(&stream);
    return status;
}

#else

static tg_status fail_without_zlib(const char *name, tg_diag *diag)
{
    return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: gzip files need zlib: build with the package zlib", name);
}

tg_status tg_gunzip_open(const void *bytes, size_t size, const char *name, tg_gunzip **out, tg_diag *diag)
{
    (void)bytes, (void)size, (void)out;
    return fail_without_zlib(name, diag);
}

tg_status tg_gunzip_read(tg_gunzip *gunzip, void *out, size_t size, tg_diag *diag)
{
    (void)gunzip, (void)out, (void)size;
    return fail_without_zlib("gunzip", diag);
}

tg_status tg_gunzip_finish(tg_gunzip *gunzip, tg_diag *diag)
{
    (void)gunzip;
    return fail_without_zlib("gunzip", diag);
}

void tg_gunzip_close(tg_gunzip *gunzip)
{
    (void)gunzip;
}

tg_status tg_gzip(const tg_bytes *bytes, const char *name, tg_bytes *out, tg_diag *diag)
{
    (void)bytes, (void)out;
    return fail_without_zlib(name, diag);
}

#endif
