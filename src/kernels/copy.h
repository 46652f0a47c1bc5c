/* Copies of strided arrays. */
#ifndef TG_KERNELS_COPY_H
#define TG_KERNELS_COPY_H

#include <tapegrad/op.h>

/* Writes the elements of `in`, in row-major order of its shape, one after another to `out`. */
void tg_copy(const tg_view *in, void *out);

/* The kernel of an operation whose result is its first input's elements in the same row-major order. */
tg_status tg_copy_kernel(const tg_kernel_call *call);

/* Writes n elements of `in`, row-major, into a strided array: element (i0, i1, …) goes to
 * out + sum(i_k * strides[k]). */
void tg_copy_into(int rank, const int64_t *shape, size_t item, const void *in, void *out,
                  const int64_t *strides);

#endif
