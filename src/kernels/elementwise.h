/* The inner loops of the elementwise operations, and the walk over strided operands that calls them. */
#ifndef TG_KERNELS_ELEMENTWISE_H
#define TG_KERNELS_ELEMENTWISE_H

#include <tapegrad/op.h>

#include "instructions.h"

/* The rows of elementwise.def, numbered. */
typedef enum tg_row {
#define UNARY(name, ...) TG_ROW_##name,
#define UNARY_PERIODIC(name, ...) TG_ROW_##name,
#define UNARY_ANY(name, ...) TG_ROW_##name,
#define FLAT(name, ...) TG_ROW_##name,
#define BINARY(name, ...) TG_ROW_##name,
#define BINARY_ANY(name, ...) TG_ROW_##name,
#define COMPARE(name, ...) TG_ROW_##name,
#define LOGICAL(name, ...) TG_ROW_##name,
#include "ops/elementwise.def"
#undef UNARY
#undef UNARY_PERIODIC
#undef UNARY_ANY
#undef FLAT
#undef BINARY
#undef BINARY_ANY
#undef COMPARE
#undef LOGICAL
    TG_ROWS
} tg_row;

/* n elements, one after another in out; in[k] advances by strides[k], which is 1, or 0 for one value throughout.
 * out may be the memory of an input of stride 1 and equally large elements. An element of the result depends on its
 * operands alone, not on where it stands. */
typedef void (*tg_loop)(int64_t n, void *out, const void *const *in, const int64_t *strides);

/* The loops compiled for one instruction set. */
typedef struct tg_elementwise_kernels {
    /* By tg_dtype of the inputs, then by row; NULL where the operation does not take that type. */
    const tg_loop *rows[4];
    /* By tg_dtype of the operands that are chosen from; the first operand is the condition. */
    tg_loop where[4];
} tg_elementwise_kernels;

/* NULL where this build has none for that set. The caller sees to it that the processor has it. */
const tg_elementwise_kernels *tg_elementwise_for(tg_instructions set);

/* Rows shorter than this are better gathered, as the loops take long to start. */
#define TG_SHORT_ROW 32

/* Calls the loop over the whole of call->out, along axes that are merged as far as the strides allow. */
void tg_elementwise_walk(const tg_kernel_call *call, tg_loop loop);

extern const tg_elementwise_kernels tg_elementwise_baseline;

/* 1 when the row has a loop for this type of inputs. */
static inline int tg_row_accepts(tg_row row, tg_dtype dtype)
{
    return tg_elementwise_baseline.rows[dtype][row] != NULL;
}
/* The loop of a row that this processor runs for inputs of this type. */
tg_loop tg_row_loop(tg_row row, tg_dtype dtype);
/* The kernel of a row: picks the loop by the first input's type. */
tg_status tg_row_run(tg_row row, const tg_kernel_call *call);
/* The kernel of where, and its loop for choosing from this type. */
tg_loop tg_where_loop(tg_dtype dtype);
tg_status tg_where_run(const tg_kernel_call *call);

#endif
