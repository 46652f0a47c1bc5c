/* Programs over arrays of at most 16 elements. In a step of a tiny network finding the operands costs more than
 * computing does; here every array is a vector register or two, and what an operation needs is resolved before: a
 * program is a list of records, each of which computes one array and goes on to the next. What the record before has
 * computed is still in registers. Transposes, broadcasts, sums and products are choices of lanes. */
#ifndef TG_KERNELS_SMALL_H
#define TG_KERNELS_SMALL_H

#include "elementwise.h"

enum {
    TG_SMALL_COUNT = 16, /* elements of an array, and terms of a sum or product */
    TG_SMALL_RECORDS =
        128 /* of one program: where a compiler makes calls of what should be jumps, stacks stay small */
};

/* How the operands of an elementwise record are had: as they lie, or in any way. */
typedef enum tg_small_form {
    TG_SMALL_ANY,
    TG_SMALL_READ, /* all of them in memory */
    TG_SMALL_KEPT_READ, /* the first is what the record before has computed, the second, if there is one, in memory */
    TG_SMALL_READ_KEPT, /* the other way round */
    TG_SMALL_FORMS
} tg_small_form;

typedef struct tg_small_operand {
    const void *from;     /* the element in lane 0; NULL: what the record before has computed */
    const int32_t *lanes; /* the lane that each element is in, 16 for every term; NULL: as they lie */
    uint32_t loaded;      /* bits of the lanes that are read */
    short is_whole;       /* all of the vectors that hold those may be read */
    short is_bool;
} tg_small_operand;

typedef void (*tg_small_fn)(void); /* in truth of a type that only the kernels know */

typedef struct tg_small_record {
    tg_small_fn run;
    void *to; /* the result, in whole vectors */
    tg_small_operand in[3];
    uint32_t written; /* bits of its elements */
    int n_inputs;
    int terms;    /* of a sum, an extremum or a product */
    tg_loop loop; /* of an operation that is computed element by element */
    /* For who makes programs: the places of inputs and, last, of the result (-1: none); bytes from where an input's place
     * begins to lane 0; the step, its row of elementwise.def if it has forms (TG_ROWS: none), and the type it works on. */
    int64_t places[4], shift[3], step;
    int row;
    tg_dtype dtype;
} tg_small_record;

/* How records of one element type compute. */
typedef struct tg_small_kernels {
    tg_small_fn rows[TG_ROWS][TG_SMALL_FORMS]; /* NULL where there is none */
    tg_small_fn where, copy, sum, max, min, product;
    tg_small_fn loop;                         /* whatever the record's loop does, to elements of this size */
    tg_small_fn end;                          /* comes last in a program */
    void (*go)(const tg_small_record *first); /* runs a program, to its end */
} tg_small_kernels;

/* For float or double, and bools beside them, on this processor; NULL for other types, and where it has no such
 * kernels. */
const tg_small_kernels *tg_small_kernels_for(tg_dtype dtype);

#endif
