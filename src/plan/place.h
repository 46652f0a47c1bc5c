/* Placing what lives in the arena. */
#ifndef TG_PLAN_PLACE_H
#define TG_PLAN_PLACE_H

#include "plan.h"

/* Memory that is taken from one moment to another, both included: a buffer, or several of which each takes over the
 * memory of the one before. */
typedef struct tg_block {
    int64_t first, last;
    size_t size; /* a multiple of TG_ALIGNMENT, more than 0 */
    size_t offset;
} tg_block;

/* Blocks one after the other as they are taken, each into the smallest gap that holds it; with `backward`, from the last
 * moment to the first. *size is where they end. It takes time in proportion to blocks and moments, as long as gaps
 * are few. 0 when memory runs out. */
int tg_place_by_time(tg_block *blocks, int64_t n, int64_t n_steps, int backward, size_t *size);

/* Looks for a better place for all of them, by other orders than that of time, where there are not too many. *size is
 * what they take now and then. Nothing changes where none is found. 0 when memory runs out. */
int tg_place_by_order(tg_block *blocks, int64_t n, size_t least, size_t *size);

#endif
