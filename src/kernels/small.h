/* Programs over arrays of at most 16 elements. In a step of a tiny network finding the operands costs more than
 * computing does; here every array is a vector register or two, and what an operation needs is resolved before: a
 * program is a list of records, each of which computes one array and goes on to the next. What the record before has
 * computed is still in registers. Transposes, broadcasts, sums and products are choices of lanes. */
#ifndef TG_KERNELS_SMALL_H
#define TG_KERNELS_SMALL_H

#include "elementwise.h"

enum {
    TG_SMALL_COUNT = 16, /* elements of an array, and terms of a sum or product */
    TG_SMALL_TERMS = 5,  /* sums and products of fewer terms, but not of 0, have functions of their own */
    TG_SMALL_RECORDS =
        128 /* of one program: where a compiler makes calls of what should be jumps, stacks stay small */
};

/* How a record has an operand. */
typedef enum tg_small_kind {
    TG_SMALL_ANY,    /* from memory, in any order */
    TG_SMALL_PICKED, /* the same, out of 64 bytes that may be read */
    TG_SMALL_KEPT,   /* it is what the record before has computed */
    TG_SMALL_READ,   /* from memory as it lies, and all of the vectors there may be read */
    TG_SMALL_SPLAT,  /* one number in memory, for every lane */
    TG_SMALL_KINDS
} tg_small_kind;

typedef struct tg_small_operand {
    const void *from; /* the element in lane 0, if it is in memory */
    const void *
        lanes; /* the lane that each element is in, for every term: as many integers as a record of these kernels
                        * has lanes, as large as its elements */
    uint32_t loaded; /* bits of the lanes that are read */
    tg_small_kind kind;
} tg_small_operand;

typedef void (*tg_small_fn)(void); /* in truth of a type that only the kernels know */

/* A kind of record's functions, by how the first operand and the second are had (ANY where there is none). There may be
 * some alone, but always that for ANY and ANY. */
typedef tg_small_fn tg_small_forms[TG_SMALL_KINDS][TG_SMALL_KINDS];

typedef struct tg_small_record {
    tg_small_fn run;
    void *to; /* the result, in whole vectors */
    tg_small_operand in[3];
    uint32_t written; /* bits of its elements */
    int n_inputs;
    int terms;    /* of a sum, an extremum or a product */
    tg_loop loop; /* of an operation that is computed element by element */
    /* For who makes programs: the places of inputs and, last, of the result (-1: none); bytes from where an input's place
     * begins to lane 0; the step, the type that it works on, the bytes that it writes, whether it computes more than
     * sums, differences and products, and what to choose `run` from. */
    int64_t places[4], shift[3], step;
    tg_dtype dtype;
    int bytes, is_function;
    const tg_small_forms *forms;
} tg_small_record;

/* How records with a result of one element type, and up to so many elements, compute. */
typedef struct tg_small_kernels {
    int lanes;                    /* the most elements */
    size_t lane_size;             /* of a number in a list of lanes */
    tg_small_forms rows[TG_ROWS]; /* none for rows that are left to the record's loop */
    tg_small_forms loop;          /* whatever the record's loop does */
    tg_small_forms where, copy, copy_bool;
    tg_small_forms product[TG_SMALL_TERMS], sum[TG_SMALL_TERMS]; /* of so many terms, or of any number */
    tg_small_forms max, min;
    tg_small_fn end;                          /* comes last in a program */
    void (*go)(const tg_small_record *first); /* runs a program, to its end */
} tg_small_kernels;

/* For results of so many elements, with bools beside those of the type, on this processor; NULL for a type and a number
 * that it has no such kernels for. */
const tg_small_kernels *tg_small_kernels_for(tg_dtype dtype, int64_t count);

#endif
