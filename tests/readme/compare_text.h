/* Compares what a program printed with what was expected of it. */
#ifndef TG_TESTS_COMPARE_TEXT_H
#define TG_TESTS_COMPARE_TEXT_H

#include <stddef.h>

/* 1 when the lines have the same words. Two decimal numbers ("0.25", "1e-12", "[0.5,") count as the same when they differ
 * by no more than one unit of the last decimal that is written, or, with tolerance > 0, by this share of the larger
 * or by 1e-6. Lines are ended by '\n' or the end of the text. */
int same_line(const char *expected, const char *found, double tolerance);

/* The same for whole texts. A line "..." of the expected text stands for any number of lines, none included.
 * When 0 is returned, *line (unless NULL) is the number of the expected line that was not found, from 1. */
int same_text(const char *expected, const char *found, double tolerance, int *line);

/* 1 when one of text's lines contains the words of `expected` one after another. */
int has_words(const char *text, const char *expected, double tolerance);

#endif
