/* What the families of operations share. */
#ifndef TG_OPS_OPS_H
#define TG_OPS_OPS_H

#include <tapegrad/ops.h>

#include "graph/graph.h"
#include "kernels/elementwise.h"

/* The families: records, NULL-ended. */
extern const tg_op *const tg_elementwise_ops[],
    *const tg_where_ops[], *const tg_activation_ops[],
                               *const tg_shape_ops[],
                                   *const tg_slice_ops[],
                                       *const tg_join_ops[],
                                           *const tg_gather_ops[],
                                               *const tg_reduce_ops[],
                                                   *const tg_statistics_ops[],
                                                       *const tg_scan_ops[],
                                                           *const tg_matmul_ops[],
                                                               *const tg_cast_ops[],
                                                                   *const tg_fill_ops[],
                                                                       *const tg_softmax_ops[],
                                                                           *const tg_random_ops[];

/* What runs over contiguous elements for where or an operation of tg_elementwise_ops, whose first input and result have
 * these types; NULL for any other operation. */
tg_loop tg_loop_of(const tg_op *op, tg_dtype in, tg_dtype out);

/* What the planner makes of a product and what follows it: start + scale * a b, or start - scale * a b, then relu, then 0
 * where mask is not positive. Its inputs are a and b and behind them those whose numbers are given here, 0 for none.
 * scale is one number; start and mask have the two axes of the result. */
typedef struct tg_epilogue_attr {
    int scale, start, mask;
    int subtracts, is_relu;
} tg_epilogue_attr;

tg_status tg_matmul_epilogue(const tg_kernel_call *call);
/* The end of a product whose blocks of depth were computed apart: the first input is what they have summed, [blocks, m, n],
 * and the attribute's numbers count from it. */
tg_status tg_matmul_join(const tg_kernel_call *call);

/* Makes *axis count from the front; fails, through q, when it is outside 0 .. rank-1. */
tg_status tg_canonical_axis(tg_infer *q, int64_t *axis, int rank);
/* The same outside a shape rule: the graph of x keeps the error of the call. */
int tg_resolve_axis(tg_tensor *x, const char *call, int64_t *axis, int rank);

/* A shape as an attribute; one that is NULL and ranks that are too large are kept for the shape rule to refuse. */
tg_ints tg_shape_attr(int rank, const int64_t *shape);
tg_status tg_check_shape_attr(tg_infer *q, const tg_ints *shape);

/* The attributes of everything that reduces axes; all axes where none are given (count -1). */
typedef struct tg_axes_attr {
    tg_ints axes;
    int64_t keep;
} tg_axes_attr;

extern const tg_attr tg_axes_attrs[2];

/* Records a reduction over axes as the C interface gives them. */
tg_tensor *tg_apply_axes(tg_tensor *x, const tg_op *op, const tg_axes *axes);

/* The shape rule and view of an operation whose result is its first input as it is. */
tg_status tg_same_infer(tg_infer *q);
int tg_same_view(const tg_type *input, const int64_t *input_strides, const tg_type *output, const void *attr,
                 int64_t *offset, int64_t *strides);

/* 1 when x is f32 or f64; otherwise its graph keeps the error of the call. */
int tg_needs_floating(tg_tensor *x, const char *call);

/* The forward rule of an operation that is linear in its only differentiable input, its first. */
void tg_jvp_linear(tg_rule *r);
/* A branch function: of an operation that is constant in pieces. */
tg_tensor *tg_branch_itself(tg_tensor *node);

/* 1 when every element of t is the same number that is known now: *value. */
int tg_is_number(const tg_tensor *t, double *value);

/* The scalar constant that t is, or is stretched from; NULL for anything else. */
tg_tensor *tg_scalar_constant(tg_tensor *t);

/* The operation on inputs that are all scalar constants, stretched or not: it is done to the scalars, and the result is
 * stretched. NULL for other inputs. */
tg_tensor *tg_combine_numbers(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                              const tg_type *type);

/* 1 for f32, f64 and i64. */
static inline int tg_is_numeric(tg_dtype dtype)
{
    return dtype != TG_BOOL;
}

#endif
