/* Numbers in CSV cells. */
#include "csv_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUIET_NAN UINT64_C(0x7ff8000000000000)
#define SIGN_BIT (UINT64_C(1) << 63)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at)) at++;
    return at;
}

static double double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The word's length at text when it is inf, infinity or nan, else 0. */
static size_t special_length(const char *text)
{
    static const char *const words[] = {"infinity", "inf", "nan"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncasecmp(text, words[i], strlen(words[i])) == 0) return strlen(words[i]);
    return 0;
}

/* Reads nan(0x and 16 digits): the bits of a NaN that is not the usual one. */
static size_t nan_bits_length(const char *text, uint64_t *bits)
{
    int used = 0;
    if (strncmp(text, "nan(0x", 6) != 0 || strspn(text + 6, "0123456789abcdef") != 16 || text[22] != ')')
        return 0;
    if (sscanf(text, "nan(0x%16" SCNx64 ")%n", bits, &used) != 1 || used != 23) return 0;
    return isnan(double_of_bits(*bits)) ? 23 : 0;
}

/* The length of the number at text without its sign, or 0. */
static size_t unsigned_length(const char *text)
{
    size_t special = special_length(text);
    if (special > 0) return special;
    const char *whole_end = skip_digits(text), *end = whole_end;
    bool digits = whole_end > text;
    if (*end == '.') {
        end = skip_digits(whole_end + 1);
        digits = digits || end > whole_end + 1;
    }
    if (!digits) return 0;
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1;
        if (*exponent == '+' || *exponent == '-') exponent++;
        if (is_digit(*exponent)) end = skip_digits(exponent);
    }
    return (size_t)(end - text);
}

bool tg_csv_is_number(const char *text)
{
    uint64_t bits;
    text += strspn(text, " \t");
    size_t length = nan_bits_length(text, &bits);
    if (length == 0) {
        if (*text == '+' || *text == '-') text++;
        length = unsigned_length(text);
    }
    if (length == 0) return false;
    text += length;
    return text[strspn(text, " \t")] == '\0';
}

bool tg_csv_read_number(const char *text, double *value)
{
    uint64_t bits;
    text += strspn(text, " \t");
    if (nan_bits_length(text, &bits) > 0) {
        *value = double_of_bits(bits);
        return true;
    }
    const char *magnitude = text + (*text == '+' || *text == '-');
    if (strncasecmp(magnitude, "nan", 3) == 0) { /* what bits strtod gives is the C library's choice */
        *value = double_of_bits(*text == '-' ? QUIET_NAN | SIGN_BIT : QUIET_NAN);
        return true;
    }
    *value = strtod(text, NULL);
    return !isinf(*value) || special_length(magnitude) > 0;
}

void tg_csv_write_number(double value, char text[TG_CSV_NUMBER_TEXT])
{
    uint64_t bits = bits_of_double(value);
    if (isnan(value)) {
        if ((bits & ~SIGN_BIT) == QUIET_NAN)
            snprintf(text, TG_CSV_NUMBER_TEXT, "%snan", (bits & SIGN_BIT) != 0 ? "-" : "");
        else
            snprintf(text, TG_CSV_NUMBER_TEXT, "nan(0x%016" PRIx64 ")", bits);
        return;
    }
    /* 17 digits tell every double from its neighbours; most need fewer. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, TG_CSV_NUMBER_TEXT, "%.*g", digits, value);
        if (bits_of_double(strtod(text, NULL)) == bits) return;
    }
}
