/* Values for the leaves of a graph that have none. */
#ifndef TG_CHECK_DRAWING_H
#define TG_CHECK_DRAWING_H

#include <tapegrad/check.h>
#include <tapegrad/op.h>

typedef struct tg_drawing {
    uint64_t seed;
    double low, high; /* of floating leaves */
    uint64_t below;   /* integers lie from 0 to one less */
} tg_drawing;

/* The ranges for which y has a value that is finite, if there are any: those of the options (or the default ones and
 * then positive numbers), with integers that are as large as y's operations take as indices. */
tg_drawing tg_drawing_choose(tg_tensor *y, const tg_check_options *options);
/* "'x' from -1 to 1": the leaves that y depends on and that have no value. Returns text. */
char *tg_drawing_text(const tg_drawing *drawing, const tg_tensor *y, char *text, size_t size);

/* The value of a leaf as f64 numbers: its own, or drawn. */
void tg_leaf_values(const tg_tensor *leaf, const tg_drawing *drawing, double *values);

#endif
