/* Numbers with a decimal point in every locale: the calling thread is in the "C" locale for the time of a call. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* newlocale, uselocale */
#endif

#include "c_locale.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(_WIN32) /* it has no locale of a thread's own */
void *tg_enter_c_locale(void)
{
    return NULL;
}

void tg_leave_c_locale(void *before)
{
    (void)before;
}
#else
void *tg_enter_c_locale(void)
{
    locale_t own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return own == (locale_t)0 ? NULL : (void *)uselocale(own);
}

void tg_leave_c_locale(void *before)
{
    if (before != NULL) freelocale(uselocale((locale_t)before));
}
#endif

double tg_c_strtod(const char *text, char **end)
{
    void *before = tg_enter_c_locale();
    double value = strtod(text, end);
    tg_leave_c_locale(before);
    return value;
}

float tg_c_strtof(const char *text, char **end)
{
    void *before = tg_enter_c_locale();
    float value = strtof(text, end);
    tg_leave_c_locale(before);
    return value;
}

int tg_c_vsnprintf(char *text, size_t size, const char *format, va_list args)
{
    void *before = tg_enter_c_locale();
    int n = vsnprintf(text, size, format, args);
    tg_leave_c_locale(before);
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
