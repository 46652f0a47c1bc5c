/* Numbers with a decimal point in every locale: the calling thread is in the "C" locale for the time of a call. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* newlocale, uselocale */
#endif

#include "c_locale.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(_WIN32) /* it has no locale of a thread's own */
typedef int c_locale;
static c_locale enter(void)
{
    return 0;
}
static void leave(c_locale before)
{
    (void)before;
}
#else
typedef locale_t c_locale;

/* The locale to go back to; 0 where there is no memory for one, and then all stays as it is. */
static c_locale enter(void)
{
    locale_t own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return own == (locale_t)0 ? own : uselocale(own);
}

static void leave(c_locale before)
{
    if (before != (locale_t)0) freelocale(uselocale(before));
}
#endif

double tg_c_strtod(const char *text, char **end)
{
    c_locale before = enter();
    double value = strtod(text, end);
    leave(before);
    return value;
}

float tg_c_strtof(const char *text, char **end)
{
    c_locale before = enter();
    float value = strtof(text, end);
    leave(before);
    return value;
}

int tg_c_vsnprintf(char *text, size_t size, const char *format, va_list args)
{
    c_locale before = enter();
    int n = vsnprintf(text, size, format, args);
    leave(before);
    return n;
}

int tg_c_snprintf(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = tg_c_vsnprintf(text, size, format, args);
    va_end(args);
    return n;
}
