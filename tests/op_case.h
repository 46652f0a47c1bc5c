/* The cases that a record lists for its tests, "sum(f[2, 3], axis=1, keepdims=true)": operands, then attributes.
 *
 *   f[2, 3]  of the floating type that the test chooses; values in the record's domain, all different from each
 *            other and from 0 (by 0.05 in a domain of ordinary width), so that no kink is near
 *   b[3]     bool, both values
 *   i4[5]    i64, in 0 .. 3
 *   #1       the first operand again
 *
 * An elementwise record without cases gets some here: equal shapes, broadcasts, one element, none, and an
 * operand used twice. */
#ifndef TG_TESTS_OP_CASE_H
#define TG_TESTS_OP_CASE_H

#include <stdalign.h>

#include <tapegrad/ops.h>

#define OP_CASE_INPUTS TG_ELEMENTWISE_MAX

typedef struct op_case {
    const tg_op *op;
    char text[160];
    char error[160]; /* why it could not be made */
    int n_inputs;
    tg_type types[OP_CASE_INPUTS];
    int same_as[OP_CASE_INPUTS];   /* the operand that it repeats, or -1 */
    int64_t below[OP_CASE_INPUTS]; /* of i64: values are smaller than this */
    alignas(8) unsigned char attr[TG_ATTR_MAX];
} op_case;

int op_case_count(const tg_op *op);

/* Case i, with f meaning `floating`. 0 with c->error when the text is wrong. */
int op_case_make(op_case *c, const tg_op *op, int i, tg_dtype floating);

/* 1 when operand k has derivatives of its own. */
int op_case_differentiable(const op_case *c, int k);

/* The values of operand k; and n numbers in -1 .. 1 for another purpose ("cotangent"). They are the same in
 * every run, can be represented in f32, and depend on the text of the case. */
void op_case_values(const op_case *c, int k, double *values);
void op_case_random(const op_case *c, const char *purpose, int64_t n, double *values);

#endif
