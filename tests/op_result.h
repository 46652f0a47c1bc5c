/* What an operation gives for a case: its value and every derivative, as doubles. */
#ifndef TG_TESTS_OP_RESULT_H
#define TG_TESTS_OP_RESULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/op_case.h"

/* u is the cotangent of the value, v_k are tangents of the operands and w_k weights of their adjoints: the
 * numbers of tg_op_case_random for "cotangent", "tangent0", "weights0", ... */
typedef struct op_result {
    tg_type type; /* of the value */
    double *value;
    int has_derivatives;                /* the value and an operand are floating */
    double *adjoint[TG_OP_CASE_INPUTS]; /* J_k^T u; NULL for an operand without derivatives */
    double *tangent;                    /* sum_k J_k v_k */
    double *second[TG_OP_CASE_INPUTS];  /* the gradient of sum_j <J_j^T u, w_j> with respect to operand k */
    double *moved[TG_OP_CASE_INPUTS];   /* how J_k^T u changes along all v: forward over reverse */
} op_result;

/* Records and evaluates in a new graph with these flags. `record`, unless it is NULL, is registered there and
 * used in place of the case's own. The test fails when anything does. */
void op_result_compute(op_result *r, const tg_op_case *c, const tg_op *record, unsigned flags);
void op_result_free(op_result *r);

/* The values of a tensor, as doubles; free them. The test fails when it cannot be evaluated. */
double *op_evaluate(tg_tensor *t);
/* Gives an input, of any type, its values. */
void op_set(tg_tensor *input, const double *values);

/* Fails unless |a_i - b_i| <= tolerance * (|b_i| + scale) for all i, or both are NaN or equal. */
void op_assert_close(const tg_op_case *c, const char *what, const double *a, const double *b, int64_t n,
                     double tolerance, double scale);
/* The largest magnitude; 0 of nothing. */
double op_largest(const double *a, int64_t n);

/* Calls f for every case of every operation, floating operands being of the type. */
void op_for_each_case(tg_dtype floating, void (*f)(const tg_op_case *c));

#endif
