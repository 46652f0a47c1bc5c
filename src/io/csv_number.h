/* Numbers in CSV cells. Both directions are exact, and both need the "C" locale, which the caller sets. */
#ifndef TG_IO_CSV_NUMBER_H
#define TG_IO_CSV_NUMBER_H

#include <stdbool.h>

/* Whether the text is a number: decimal with an optional exponent, or inf, infinity or nan in any case, with an
 * optional sign and spaces around it, or nan with its bits, nan(0x7ff8000000000001). */
bool tg_csv_is_number(const char *text);
/* The value of such text. False: it is beyond the largest double. */
bool tg_csv_read_number(const char *text, double *value);
/* The shortest text that reads as these bits. */
#define TG_CSV_NUMBER_TEXT 32
void tg_csv_write_number(double value, char text[TG_CSV_NUMBER_TEXT]);

#endif
