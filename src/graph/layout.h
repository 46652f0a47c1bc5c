/* How values of params lie; see layout.c. */
#ifndef TG_GRAPH_LAYOUT_H
#define TG_GRAPH_LAYOUT_H

#include "graph.h"

/* 1 for a matrix of several whole bands. */
int tg_can_lie_in_bands(const tg_type *type);

/* Memory for the bands of a param of such a type. 0 when there is none. */
int tg_reserve_bands(tg_tensor *t);

/* Where a leaf lies in rows; NULL for an input without a value. */
void *tg_rows_of(tg_tensor *t);
/* Says that it is changed there, so that bands hold it no more. */
void tg_now_in_rows(tg_tensor *t);

/* Where a param lies in bands, to be changed there. Its bands were reserved. */
void *tg_bands_of(tg_tensor *t);

/* Copies what lies in rows, or would, and changes nothing. */
void tg_copy_rows(const tg_tensor *t, void *to, size_t size);

#endif
