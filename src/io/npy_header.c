/* The header of .npy files: magic, version, length, and a Python dictionary such as
 * {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. The format is described in NumPy's
 * manual under numpy.lib.format. */
#include <inttypes.h>
#include <string.h>

#include "formats.h"

typedef struct cursor {
    const char *start, *at, *end;
    const char *name;
    tg_diag *diag;
} cursor;

static tg_status expected(const cursor *c, const char *what)
{
    if (c->at >= c->end)
        return tg_fail(c->diag, TG_ERR_FORMAT, "%s: npy header: expected %s, found its end", c->name, what);
    return tg_fail(c->diag, TG_ERR_FORMAT, "%s: npy header, byte %td: expected %s, found '%c'", c->name,
                   c->at - c->start, what, *c->at >= ' ' && *c->at <= '~' ? *c->at : '?');
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

/* Skips space and takes the character if it is next. */
static bool take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at >= c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
    c->at += length;
    return true;
}

/* A Python string without escapes; text points into the header. */
static tg_status take_string(cursor *c, const char *what, const char **text, size_t *length)
{
    skip_space(c);
    if (c->at >= c->end || (*c->at != '\'' && *c->at != '"')) return expected(c, what);
    char quote = *c->at++;
    *text = c->at;
    while (c->at < c->end && *c->at != quote && *c->at != '\\') c->at++;
    if (c->at >= c->end || *c->at != quote) return expected(c, "the end of a string");
    *length = (size_t)(c->at - *text);
    c->at++;
    return TG_OK;
}

static tg_status take_descr(cursor *c, tg_layout *layout)
{
    static const struct {
        const char *code;
        tg_element element;
    } codes[] = {
        {"f4", TG_ELEMENT_F32}, {"f8", TG_ELEMENT_F64}, {"i8", TG_ELEMENT_I64}, {"b1", TG_ELEMENT_BOOL},
        {"i1", TG_ELEMENT_I8},  {"u1", TG_ELEMENT_U8},  {"i2", TG_ELEMENT_I16}, {"u2", TG_ELEMENT_U16},
        {"i4", TG_ELEMENT_I32}, {"u4", TG_ELEMENT_U32}, {"u8", TG_ELEMENT_U64},
    };
    if (take(c, '['))
        return tg_fail(c->diag, TG_ERR_UNSUPPORTED, "%s: expected numbers, found records (structured dtype)",
                       c->name);
    const char *text;
    size_t length;
    tg_status status = take_string(c, "an element type in quotes", &text, &length);
    if (status != TG_OK) return status;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (length != 3 || memcmp(text + 1, codes[i].code, 2) != 0) continue;
        if (text[0] != '<' && text[0] != '>' && !(text[0] == '|' && text[2] == '1')) continue;
        layout->element = codes[i].element;
        layout->big_endian = text[0] == '>';
        return TG_OK;
    }
    return tg_fail(c->diag, TG_ERR_UNSUPPORTED,
                   "%s: element type '%.*s' is none of f4, f8, i1 to i8, u1 to u8, b1 with its byte order",
                   c->name, length < 40 ? (int)length : 40, text);
}

static tg_status take_size(cursor *c, int64_t *size)
{
    skip_space(c);
    if (c->at >= c->end || *c->at < '0' || *c->at > '9') return expected(c, "a size or ')'");
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        int digit = *c->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return tg_fail(c->diag, TG_ERR_FORMAT, "%s: npy header: a size is beyond 2^63", c->name);
        value = 10 * value + digit;
    }
    if (c->at < c->end && *c->at == 'L') c->at++; /* written by NumPy under Python 2 */
    *size = value;
    return TG_OK;
}

static tg_status take_shape(cursor *c, tg_layout *layout)
{
    if (!take(c, '(')) return expected(c, "a shape in parentheses");
    layout->rank = 0;
    while (!take(c, ')')) {
        if (layout->rank == TG_MAX_RANK)
            return tg_fail(c->diag, TG_ERR_UNSUPPORTED, "%s: the array has more than %d axes", c->name,
                           TG_MAX_RANK);
        tg_status status = take_size(c, &layout->shape[layout->rank++]);
        if (status != TG_OK) return status;
        if (take(c, ',')) continue;
        if (layout->rank == 1) return expected(c, "',' after the only size");
        skip_space(c);
        if (c->at >= c->end || *c->at != ')') return expected(c, "',' or ')'");
    }
    return TG_OK;
}

enum { KEY_DESCR = 1, KEY_ORDER = 2, KEY_SHAPE = 4, KEYS_ALL = 7 };

static tg_status take_pair(cursor *c, tg_npy_header *out, int *seen)
{
    const char *key;
    size_t length;
    tg_status status = take_string(c, "a key in quotes", &key, &length);
    if (status != TG_OK) return status;
    if (!take(c, ':')) return expected(c, "':'");
    int which = 0;
    if (length == 5 && memcmp(key, "descr", 5) == 0) {
        which = KEY_DESCR;
        status = take_descr(c, &out->layout);
    } else if (length == 13 && memcmp(key, "fortran_order", 13) == 0) {
        which = KEY_ORDER;
        out->fortran_order = take_word(c, "True");
        if (!out->fortran_order && !take_word(c, "False")) status = expected(c, "True or False");
    } else if (length == 5 && memcmp(key, "shape", 5) == 0) {
        which = KEY_SHAPE;
        status = take_shape(c, &out->layout);
    }
    if (status == TG_OK && (which == 0 || (*seen & which) != 0))
        return tg_fail(c->diag, TG_ERR_FORMAT, "%s: npy header: unexpected or repeated key '%.*s'", c->name,
                       length < 40 ? (int)length : 40, key);
    *seen |= which;
    return status;
}

static tg_status take_dictionary(cursor *c, tg_npy_header *out)
{
    int seen = 0;
    if (!take(c, '{')) return expected(c, "'{'");
    while (!take(c, '}')) {
        tg_status status = take_pair(c, out, &seen);
        if (status != TG_OK) return status;
        if (take(c, ',')) continue;
        skip_space(c);
        if (c->at >= c->end || *c->at != '}') return expected(c, "',' or '}'");
    }
    skip_space(c);
    if (c->at < c->end) return expected(c, "only spaces after '}'");
    if (seen != KEYS_ALL)
        return tg_fail(c->diag, TG_ERR_FORMAT, "%s: npy header: expected descr, fortran_order and shape",
                       c->name);
    return TG_OK;
}

/* Checks what comes before the dictionary and finds where the dictionary is. */
static tg_status find_text(const unsigned char *bytes, size_t size, const char *name, size_t *start,
                           size_t *length, tg_diag *diag)
{
    if (size < 8 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: not an npy file: it does not begin with \\x93NUMPY", name);
    unsigned major = bytes[6], minor = bytes[7];
    if (major < 1 || major > 3 || minor != 0)
        return tg_fail(diag, TG_ERR_UNSUPPORTED, "%s: npy version %u.%u, expected 1.0, 2.0 or 3.0", name,
                       major, minor);
    size_t width = major == 1 ? 2 : 4;
    if (size < 8 + width) return tg_fail(diag, TG_ERR_FORMAT, "%s: the npy header is cut off", name);
    *start = 8 + width;
    uint64_t claimed = tg_load_bytes(bytes + 8, width, false);
    if (claimed > TG_NPY_HEADER_MAX - *start)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: npy header of %" PRIu64 " bytes, expected at most %zu", name,
                       claimed, TG_NPY_HEADER_MAX - *start);
    if (claimed > size - *start)
        return tg_fail(diag, TG_ERR_FORMAT, "%s: expected an npy header of %" PRIu64 " bytes, found %zu",
                       name, claimed, size - *start);
    *length = (size_t)claimed;
    return TG_OK;
}

tg_status tg_npy_parse_header(const void *bytes, size_t size, const char *name, tg_npy_header *out,
                              tg_diag *diag)
{
    size_t start = 0, length = 0;
    tg_status status = find_text(bytes, size, name, &start, &length, diag);
    if (status != TG_OK) return status;
    tg_npy_header header = {.data_offset = start + length};
    const char *text = (const char *)bytes + start;
    cursor c = {.start = text, .at = text, .end = text + length, .name = name, .diag = diag};
    status = take_dictionary(&c, &header);
    if (status != TG_OK) return status;
    status = tg_layout_bytes(&header.layout, name, &header.data_bytes, diag);
    if (status != TG_OK) return status;
    *out = header;
    return TG_OK;
}
