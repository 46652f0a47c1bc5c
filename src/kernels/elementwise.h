/* The inner loops of the elementwise operations, and the walk over strided operands that calls them. */
#ifndef TG_KERNELS_ELEMENTWISE_H
#define TG_KERNELS_ELEMENTWISE_H

#include <tapegrad/op.h>

/* The rows of elementwise.def, numbered. */
typedef enum tg_row {
#define UNARY(name, ...) TG_ROW_##name,
#define UNARY_ANY(name, ...) TG_ROW_##name,
#define FLAT(name, ...) TG_ROW_##name,
#define BINARY(name, ...) TG_ROW_##name,
#define BINARY_ANY(name, ...) TG_ROW_##name,
#define COMPARE(name, ...) TG_ROW_##name,
#define LOGICAL(name, ...) TG_ROW_##name,
#include "ops/elementwise.def"
#undef UNARY
#undef UNARY_ANY
#undef FLAT
#undef BINARY
#undef BINARY_ANY
#undef COMPARE
#undef LOGICAL
    TG_ROWS
} tg_row;

/* n elements; in[k] advances by strides[k] elements, out by one. */
typedef void (*tg_loop)(int64_t n, void *out, const void *const *in, const int64_t *strides);

/* By row, for inputs of one element type; NULL where the operation does not take that type. */
extern const tg_loop tg_loops_f32[TG_ROWS], tg_loops_f64[TG_ROWS], tg_loops_i64[TG_ROWS],
    tg_loops_bool[TG_ROWS];

/* By the type of the operands that are chosen from; the first operand is the condition. */
extern const tg_loop tg_where_loops[];

/* Calls the loop over the whole of call->out, along axes that are merged as far as the strides allow. */
void tg_elementwise_walk(const tg_kernel_call *call, tg_loop loop);

/* 1 when the row has a loop for this type of inputs. */
int tg_row_accepts(tg_row row, tg_dtype dtype);
/* The loop of a row that this processor runs for inputs of this type. */
tg_loop tg_row_loop(tg_row row, tg_dtype dtype);
/* The kernel of a row: picks the loop by the first input's type. */
tg_status tg_row_run(tg_row row, const tg_kernel_call *call);

#endif
