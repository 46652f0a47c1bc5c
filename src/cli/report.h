/* The page that `train --report` writes: one HTML file that needs nothing else. */
#ifndef TG_CLI_REPORT_H
#define TG_CLI_REPORT_H

#include <stdio.h>

#include "train.h"

/* Writes the page of a finished run to settings.report, which is replaced as a whole. */
tg_status report_write(train_run *r, tg_diag *diag);

/* ---- Parts of the page -------------------------------------------------------------------------------- */

/* Text with the characters that HTML takes for its own replaced; what is no UTF-8 becomes U+FFFD. */
void report_text(FILE *to, const char *text);
void report_style(FILE *to);

typedef struct report_line {
    const char *name, *style; /* "Training", a CSS class */
    const double *y;          /* at x = first, first + 1, …; NaN: nothing there */
} report_line;

typedef struct report_chart {
    const char *title;
    const report_line *lines;
    int n_lines;
    int64_t first, n; /* points */
    int percent;      /* y from 0 to 1, shown as 0 to 100 % */
} report_chart;

void report_draw(FILE *to, const report_chart *chart);

/* Grey pictures of rows × columns values from low (paper) to high (ink), as an <img> with a PNG inside. */
void report_picture(FILE *to, const tg_array *x, int64_t example, int64_t rows, int64_t columns, double low,
                    double high);

/* Results by class; nothing where the targets are no classes. pred is for `data`. */
void report_classes(FILE *to, const train_run *r, const train_data *data, const tg_array *pred);

/* The class of example i: its target's, or what pred says. */
int64_t report_class(const tg_array *array, int64_t i);

#endif
