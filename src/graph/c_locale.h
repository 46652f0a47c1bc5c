/* Numbers with a decimal point in every locale: strtod, printf and the like read and write a comma where setlocale()
 * has been told so, and programs that have a window usually tell it. */
#ifndef TG_GRAPH_C_LOCALE_H
#define TG_GRAPH_C_LOCALE_H

#include <stdarg.h>
#include <stddef.h>

#include <tapegrad/export.h>

/* Where many numbers are read: the calling thread is in the "C" locale until it leaves, with what entering returned. All
 * stays as it is where there is no memory for a locale, and then NULL is returned. */
void *tg_enter_c_locale(void);
void tg_leave_c_locale(void *before);

/* As the functions of the C library, in the "C" locale. */
double tg_c_strtod(const char *text, char **end);
float tg_c_strtof(const char *text, char **end);
int tg_c_vsnprintf(char *text, size_t size, const char *format, va_list args);
int tg_c_snprintf(char *text, size_t size, const char *format, ...) TG_PRINTF(3, 4);

#endif
