/* Chains of elementwise operations. Each is a record, whose function computes a chunk of a few vectors and jumps to the
 * next record's with the results still in registers, so that what passes from one operation to the next touches no
 * memory; to read, to store and to ask for memory ahead are records too. A chain goes over its arrays chunk by chunk, and
 * may end with a sum of what the last operation gives. */
#ifndef TG_KERNELS_CHAIN_H
#define TG_KERNELS_CHAIN_H

#include "elementwise.h"

#define TG_CHAIN_STEPS                                                                                       \
    32 /* the most: where compilers make calls of what should be jumps, stacks stay small */

/* How an operation has its operands: as what the record before has kept in registers, which is the only operand of some;
 * read element by element; or as one number for all elements. There is a function for each, for it costs time to ask. */
typedef enum tg_chain_way {
    TG_CHAIN_KEPT,
    TG_CHAIN_KEPT_READ,
    TG_CHAIN_READ_KEPT,
    TG_CHAIN_KEPT_NUMBER,
    TG_CHAIN_NUMBER_KEPT,
    TG_CHAIN_WAYS
} tg_chain_way;

typedef void (*tg_chain_fn)(void); /* in truth of a type that only the kernels know */

typedef struct tg_chain_record {
    tg_chain_fn run;
    char *memory;  /* the first element that it reads or writes; of a sum its totals (tg_totals) */
    int64_t ahead; /* of a fetch: how many bytes on from where the chain is */
} tg_chain_record;

/* Records of one element type, for one instruction set. Their results are the same to the last bit as those of its
 * loops. */
typedef struct tg_chain_kernels {
    tg_chain_fn rows[TG_ROWS][TG_CHAIN_WAYS]; /* NULL where there is none */
    tg_chain_fn read, spread;                 /* keep elements, or one number as all of them */
    tg_chain_fn store;
    tg_chain_fn fetch, fetch_to_write; /* ask for memory */
    tg_chain_fn sum; /* its totals come to be what the fold of the same instruction set makes of them */
    tg_chain_fn end; /* comes last, or a sum does */
    int64_t chunk;   /* elements */
    void (*go)(const tg_chain_record *first, int64_t n); /* over n elements */
} tg_chain_kernels;

/* NULL for other types than f32 and f64, and where this build has none for that set. The caller sees to it that the
 * processor has it. */
const tg_chain_kernels *tg_chain_for(tg_instructions set, tg_dtype dtype);

#endif
