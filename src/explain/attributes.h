/* Attributes and constants as text. */
#ifndef TG_EXPLAIN_ATTRIBUTES_H
#define TG_EXPLAIN_ATTRIBUTES_H

#include <tapegrad/op.h>

#include "text.h"

/* "axis=[0, 2], keepdims=true": the attributes that differ from their defaults, with a comma before the first if
 * something stands before them. */
void tg_text_attributes(tg_text *text, const tg_op *op, const void *attr, int after_something);

/* A number so that reading it gives the same value. */
void tg_text_number(tg_text *text, tg_dtype dtype, const void *value);

/* A constant's value: a number, or nested lists, which are cut after a few elements. */
void tg_text_constant(tg_text *text, const tg_tensor *t);

#endif
