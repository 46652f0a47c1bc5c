/* Pictures of digits with their labels, as the examples digits and mnist use them. */
#ifndef TAPEGRAD_EXAMPLES_DIGIT_DATA_H
#define TAPEGRAD_EXAMPLES_DIGIT_DATA_H

#include <tapegrad/tapegrad.h>

/* x: f32 [n, pixels], grey values from 0 to 1; y: f32 [n, 10], a row of zeros with a 1 at the digit. */
typedef struct digit_data {
    tg_array *x, *y;
} digit_data;

/* Loads FOLDER/images and FOLDER/labels, IDX files. white is the grey value that becomes 1. The caller clears
 * *out, which must be empty, also after a failure. */
tg_status digit_data_load(const char *folder, const char *images, const char *labels, double white,
                          digit_data *out, tg_diag *diag);

/* The n examples of `from` that rows[0], …, rows[n-1] name, as a copy. */
tg_status digit_data_select(const digit_data *from, const int64_t *rows, int64_t n, digit_data *out,
                            tg_diag *diag);

void digit_data_clear(digit_data *data);

#endif
