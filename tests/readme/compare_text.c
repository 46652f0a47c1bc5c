/* Compares printed text, numbers by value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_text.h"

typedef struct word {
    const char *text;
    size_t length; /* 0 at the end of a line */
} word;

static word next_word(const char **line)
{
    const char *p = *line + strspn(*line, " \t\r");
    word w = {p, strcspn(p, " \t\r\n")};
    *line = p + w.length;
    return w;
}

static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end == NULL ? text + strlen(text) : end + 1;
}

/* Reads a decimal number at the beginning of a word: its value, one unit of its last digit, and its length; 0 when
 * there is none or it is an integer, which has to agree as text. */
static size_t read_decimal(word w, double *value, double *unit)
{
    char text[64];
    if (w.length == 0 || w.length >= sizeof text) return 0;
    memcpy(text, w.text, w.length);
    text[w.length] = '\0';
    char *end;
    *value = strtod(text, &end);
    size_t length = (size_t)(end - text);
    const char *point = memchr(text, '.', length), *exponent = memchr(text, 'e', length);
    if (length == 0 || (point == NULL && exponent == NULL)) return 0;
    const char *digits_end = exponent == NULL ? end : exponent;
    double power = exponent == NULL ? 0 : strtod(exponent + 1, NULL);
    *unit = pow(10, power - (point == NULL ? 0 : (double)(digits_end - point - 1)));
    return length;
}

static int same_word(word a, word b, double tolerance)
{
    if (a.length == b.length && memcmp(a.text, b.text, a.length) == 0) return 1;
    while (a.length > 0 && b.length > 0 && *a.text == *b.text && (*a.text == '[' || *a.text == '(')) {
        a = (word){a.text + 1, a.length - 1};
        b = (word){b.text + 1, b.length - 1};
    }
    double x = 0, y = 0, x_unit = 0, y_unit = 0;
    size_t nx = read_decimal(a, &x, &x_unit), ny = read_decimal(b, &y, &y_unit);
    if (nx == 0 || ny == 0 || a.length - nx != b.length - ny) return 0;
    if (memcmp(a.text + nx, b.text + ny, a.length - nx) != 0) return 0;
    double allowed = 1.01 * fmax(x_unit, y_unit);
    if (tolerance > 0) allowed = fmax(fmax(allowed, 1e-6), tolerance * fmax(fabs(x), fabs(y)));
    return fabs(x - y) <= allowed;
}

/* 1 when `found` begins with the words of `expected`; whole: and ends with them. */
static int begins_with(const char *expected, const char *found, double tolerance, int whole)
{
    for (;;) {
        word a = next_word(&expected), b = next_word(&found);
        if (a.length == 0) return !whole || b.length == 0;
        if (b.length == 0 || !same_word(a, b, tolerance)) return 0;
    }
}

int same_line(const char *expected, const char *found, double tolerance)
{
    return begins_with(expected, found, tolerance, 1);
}

int same_text(const char *expected, const char *found, double tolerance, int *line)
{
    int at = 1;
    for (int any = 0; *expected != '\0'; expected = next_line(expected), at++, any = 0) {
        while (same_line("...", expected, 0)) {
            any = 1;
            expected = next_line(expected);
            at++;
        }
        if (*expected == '\0') return 1;
        while (any && *found != '\0' && !same_line(expected, found, tolerance)) found = next_line(found);
        if (line != NULL) *line = at;
        if (*found == '\0' || !same_line(expected, found, tolerance)) return 0;
        found = next_line(found);
    }
    if (line != NULL) *line = at;
    return *found == '\0';
}

int has_words(const char *text, const char *expected, double tolerance)
{
    for (; *text != '\0'; text = next_line(text)) {
        const char *p = text;
        for (word w = next_word(&p); w.length > 0; w = next_word(&p))
            if (begins_with(expected, w.text, tolerance, 0)) return 1;
    }
    return 0;
}
