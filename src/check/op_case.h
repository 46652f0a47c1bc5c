/* The cases that a record lists for its checks, "sum(f[2, 3], axis=1, keepdims=true)": operands, then attributes.
 *
 *   f[2, 3]  of the floating type that is asked for; values in the record's domain, all different from each
 *            other and from 0 (by 0.05 in a domain of ordinary width), so that no kink is near
 *   b[3]     bool, both values
 *   i4[5]    i64, in 0 .. 3
 *   #1       the first operand again
 *
 * An elementwise record without cases gets some here: equal shapes, broadcasts, one element, none, and an
 * operand used twice. */
#ifndef TG_CHECK_OP_CASE_H
#define TG_CHECK_OP_CASE_H

#include <stdalign.h>

#include <tapegrad/ops.h>

#define TG_OP_CASE_INPUTS TG_ELEMENTWISE_MAX

typedef struct tg_op_case {
    const tg_op *op;
    char text[160];
    char error[160]; /* why it could not be made */
    int n_inputs;
    tg_type types[TG_OP_CASE_INPUTS];
    int same_as[TG_OP_CASE_INPUTS];   /* the operand that it repeats, or -1 */
    int64_t below[TG_OP_CASE_INPUTS]; /* of i64: values are smaller than this */
    alignas(8) unsigned char attr[TG_ATTR_MAX];
} tg_op_case;

int tg_op_case_count(const tg_op *op);
/* How many cases there are for a record that lists none: shapes by the number of its operands, with the attributes'
 * defaults. Whether they suit the operation is for its shape rule to say. */
int tg_op_case_guesses(const tg_op *op);

/* Case i, with f meaning `floating`. 0 with c->error when the text is wrong. */
int tg_op_case_make(tg_op_case *c, const tg_op *op, int i, tg_dtype floating);

/* 1 when operand k has derivatives of its own. */
int tg_op_case_differentiable(const tg_op_case *c, int k);

/* The values of operand k; and n numbers in -1 .. 1 for another purpose ("cotangent"). They are the same in
 * every run, can be represented in f32, and depend on the text of the case. 0 when memory runs out. */
int tg_op_case_values(const tg_op_case *c, int k, double *values);
void tg_op_case_random(const tg_op_case *c, const char *purpose, int64_t n, double *values);

#endif
