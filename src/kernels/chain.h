/* Chains of elementwise operations. Each is a record, whose function computes a chunk of a few vectors and jumps to the
 * next record's with the results still in registers, so that what passes from one operation to the next touches no
 * memory. A chain goes over its arrays chunk by chunk, and may end with a sum of what the last operation gives. */
#ifndef TG_KERNELS_CHAIN_H
#define TG_KERNELS_CHAIN_H

#include "elementwise.h"

enum {
    TG_CHAIN_RECORDS =
        32 /* of one chain: where a compiler makes calls of what should be jumps, stacks stay small */
};

/* How an operand is had. */
typedef enum tg_chain_kind {
    TG_CHAIN_READ,   /* element by element, from memory */
    TG_CHAIN_NUMBER, /* one number for all elements, from memory */
    TG_CHAIN_KEPT    /* what the record before has computed */
} tg_chain_kind;

typedef void (*tg_chain_fn)(void); /* in truth of a type that only the kernels know */

typedef struct tg_chain_record {
    tg_chain_fn run;
    char *to;          /* the first element of the result; of a sum its totals (tg_totals) */
    const char *in[2]; /* the first elements of the operands; any for what is kept */
    tg_chain_kind kind[2];
    int is_stored; /* 0: the next record alone needs the result */
    int64_t row_bytes
        [3]; /* from one row to the next of the operands and the result, in a chain that goes row by row */
} tg_chain_record;

/* Records of one element type, for one instruction set. Their results are the same to the last bit as those of its
 * loops. */
typedef struct tg_chain_kernels {
    tg_chain_fn rows[TG_ROWS]; /* NULL where there is none */
    tg_chain_fn sum; /* its totals come to be what the fold of the same instruction set makes of them */
    tg_chain_fn end; /* comes last */
    int64_t chunk;   /* elements */
    void (*go)(const tg_chain_record *first, int64_t chunks);
} tg_chain_kernels;

/* NULL for other types than f32 and f64, and where this build has none for that set. The caller sees to it that the
 * processor has it. */
const tg_chain_kernels *tg_chain_for(tg_instructions set, tg_dtype dtype);

#endif
