/* Elementwise kernels over strided operands: which loops run here, and how they go over arrays whose axes lie in
 * memory in any way. */
#include "elementwise.h"

#include <string.h>

#include "walk.h"

/* ---- Which loops -------------------------------------------------------------------------------------- */

extern const tg_elementwise_kernels tg_elementwise_avx2, tg_elementwise_avx512;

const tg_elementwise_kernels *tg_elementwise_for(tg_instructions set)
{
#if defined(__x86_64__)
    if (set == TG_AVX512) return &tg_elementwise_avx512;
    if (set == TG_AVX2) return &tg_elementwise_avx2;
#endif
    return set == TG_BASELINE ? &tg_elementwise_baseline : NULL;
}

static const tg_elementwise_kernels *kernels(void)
{
    return tg_elementwise_for(tg_instructions_here());
}

tg_loop tg_row_loop(tg_row row, tg_dtype dtype)
{
    return kernels()->rows[dtype][row];
}

tg_status tg_row_run(tg_row row, const tg_kernel_call *call)
{
    tg_elementwise_walk(call, kernels()->rows[call->in[0].dtype][row]);
    return TG_OK;
}

tg_loop tg_where_loop(tg_dtype dtype)
{
    return kernels()->where[dtype];
}

tg_status tg_where_run(const tg_kernel_call *call)
{
    tg_elementwise_walk(call, tg_where_loop(call->out.dtype));
    return TG_OK;
}

/* ---- Walking ------------------------------------------------------------------------------------------ */

/* The axes of the result, with axes that every operand walks in one stride merged into one. */
typedef struct axes {
    int rank;
    int64_t size[TG_MAX_RANK];
    int64_t stride[TG_ELEMENTWISE_MAX][TG_MAX_RANK];
} axes;

static int mergeable(const tg_kernel_call *call, const axes *w, int axis)
{
    for (int k = 0; k < call->n_inputs; k++)
        if (w->stride[k][w->rank - 1] != call->in[k].strides[axis] * call->out.shape[axis]) return 0;
    return 1;
}

static void plan_axes(const tg_kernel_call *call, axes *w)
{
    w->rank = 0;
    for (int axis = 0; axis < call->out.rank; axis++) {
        int64_t size = call->out.shape[axis];
        if (size == 1) continue;
        if (w->rank > 0 && mergeable(call, w, axis))
            w->size[w->rank - 1] *= size;
        else
            w->size[w->rank++] = size;
        for (int k = 0; k < call->n_inputs; k++) w->stride[k][w->rank - 1] = call->in[k].strides[axis];
    }
    if (w->rank == 0) {
        w->rank = 1;
        w->size[0] = 1;
        for (int k = 0; k < call->n_inputs; k++) w->stride[k][0] = 0;
    }
}

/* Rows that the loop takes as they lie: along the last axis, strides are 0 and 1. */
static void walk_rows(const tg_kernel_call *call, const axes *w, tg_loop loop)
{
    const int last = w->rank - 1;
    const char *in[TG_ELEMENTWISE_MAX];
    int64_t strides[TG_ELEMENTWISE_MAX], item[TG_ELEMENTWISE_MAX];
    for (int k = 0; k < call->n_inputs; k++) {
        in[k] = call->in[k].data;
        strides[k] = w->stride[k][last];
        item[k] = (int64_t)tg_dtype_size(call->in[k].dtype);
    }
    char *out = call->out.data;
    int64_t step = w->size[last] * (int64_t)tg_dtype_size(call->out.dtype), index[TG_MAX_RANK] = {0};
    for (;;) {
        const void *at[TG_ELEMENTWISE_MAX];
        for (int k = 0; k < call->n_inputs; k++) at[k] = in[k];
        loop(w->size[last], out, at, strides);
        out += step;
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            for (int k = 0; k < call->n_inputs; k++) in[k] += w->stride[k][axis] * item[k];
            if (++index[axis] < w->size[axis]) break;
            for (int k = 0; k < call->n_inputs; k++) in[k] -= w->stride[k][axis] * item[k] * w->size[axis];
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}

/* ---- Blocks ------------------------------------------------------------------------------------------- */

/* Bytes of a block of the largest operand: what is gathered for all operands stays in the L1 cache. */
#define BLOCK 4096
/* Short rows that hold one value each, and a row that repeats, are written in whole pieces of so many bytes. What goes
 * beyond a row is written over by the next one, or lies behind the block. */
#define PIECE 32

/* An operand that is read in blocks. */
typedef struct operand {
    enum { AS_IT_LIES, ONE_VALUE, SHORT_ROWS, GATHERED } kind;
    int64_t item;
    const char *data;
    tg_walk at; /* over all axes but the last */
    int64_t column;
} operand;

static void start_operand(operand *x, const tg_view *view, const axes *w, const int64_t *stride)
{
    int64_t contiguous = 1, any = 0;
    x->kind = AS_IT_LIES;
    for (int i = w->rank - 1; i >= 0; i--) {
        if (stride[i] != contiguous) x->kind = GATHERED;
        contiguous *= w->size[i];
        any |= stride[i];
    }
    const int last = w->rank - 1, is_short = last > 0 && w->size[last] < TG_SHORT_ROW;
    if (x->kind == GATHERED && is_short && (stride[last] == 0 || stride[last - 1] == 0)) x->kind = SHORT_ROWS;
    if (any == 0) x->kind = ONE_VALUE;
    x->item = (int64_t)tg_dtype_size(view->dtype);
    x->data = view->data;
    x->column = 0;
    tg_walk_start(&x->at, w->rank - 1, w->size, stride);
}

#define COPY_RUN(type)                                                                                       \
    for (int64_t i = 0; i < n; i++) ((type *)to)[i] = ((const type *)from)[i * stride]

static void copy_run(int64_t item, int64_t n, const char *from, int64_t stride, void *to)
{
    if (item == 4)
        COPY_RUN(uint32_t);
    else if (item == 8)
        COPY_RUN(uint64_t);
    else
        COPY_RUN(unsigned char);
}

/* The next n elements, one after another. */
static void gather(operand *x, const axes *w, int64_t stride, int64_t n, char *to)
{
    const int64_t columns = w->size[w->rank - 1];
    while (n > 0) {
        int64_t run = columns - x->column < n ? columns - x->column : n;
        copy_run(x->item, run, x->data + (x->at.offset + x->column * stride) * x->item, stride, to);
        to += run * x->item;
        n -= run;
        x->column += run;
        if (x->column < columns) continue;
        x->column = 0;
        tg_walk_next(&x->at);
    }
}

#define FILL_ROWS(type)                                                                                      \
    for (int64_t i = 0; i < rows; i++, from += stride * item, to += columns * item) {                        \
        const type value = *(const type *)(const void *)from;                                                \
        for (int64_t j = 0; j < columns * item; j += PIECE)                                                  \
            for (int64_t k = 0; k < PIECE / (int64_t)sizeof(type); k++)                                      \
                ((type *)(void *)(to + j))[k] = value;                                                       \
    }

/* Rows of one value each. */
static void fill_rows(int64_t item, int64_t rows, int64_t columns, const char *from, int64_t stride, char *to)
{
    if (item == 4) {
        FILL_ROWS(uint32_t)
    } else if (item == 8) {
        FILL_ROWS(uint64_t)
    } else {
        FILL_ROWS(unsigned char)
    }
}

/* The same row again and again. */
static void repeat_row(int64_t item, int64_t rows, int64_t columns, const char *from, int64_t stride,
                       char *to)
{
    char row[TG_SHORT_ROW * sizeof(double)] = {0};
    copy_run(item, columns, from, stride, row);
    for (int64_t i = 0; i < rows; i++, to += columns * item)
        for (int64_t j = 0; j < columns * item; j += PIECE) memcpy(to + j, row + j, PIECE);
}

/* The next n elements, which are whole rows. */
static void gather_short_rows(operand *x, const axes *w, int64_t stride, int64_t n, char *to)
{
    const int axis = w->rank - 2;
    const int64_t columns = w->size[axis + 1], down = x->at.stride[axis];
    for (int64_t wanted = n / columns, rows; wanted > 0; wanted -= rows) {
        const char *from = x->data + x->at.offset * x->item;
        rows = w->size[axis] - x->at.index[axis];
        if (rows > wanted) rows = wanted;
        if (stride == 0)
            fill_rows(x->item, rows, columns, from, down, to);
        else
            repeat_row(x->item, rows, columns, from, stride, to);
        to += rows * columns * x->item;
        x->at.index[axis] += rows - 1;
        x->at.offset += (rows - 1) * down;
        tg_walk_next(&x->at);
    }
}

static void walk_blocks(const tg_kernel_call *call, const axes *w, tg_loop loop)
{
    _Alignas(64) char room[TG_ELEMENTWISE_MAX][BLOCK + PIECE];
    const int64_t count = tg_walk_count(w->rank, w->size), out_item = (int64_t)tg_dtype_size(call->out.dtype);
    const int64_t columns = w->size[w->rank - 1];
    int64_t item = 1;
    operand operands[TG_ELEMENTWISE_MAX];
    int64_t strides[TG_ELEMENTWISE_MAX];
    for (int k = 0; k < call->n_inputs; k++) {
        start_operand(&operands[k], &call->in[k], w, w->stride[k]);
        strides[k] = operands[k].kind == ONE_VALUE ? 0 : 1;
        if (operands[k].item > item) item = operands[k].item;
    }
    /* Of short rows a block has whole ones. */
    const int64_t most = BLOCK / item, block = most - (columns < TG_SHORT_ROW ? most % columns : 0);
    for (int64_t done = 0; done < count; done += block) {
        const void *at[TG_ELEMENTWISE_MAX];
        int64_t n = count - done < block ? count - done : block;
        for (int k = 0; k < call->n_inputs; k++) {
            operand *x = &operands[k];
            at[k] = x->kind >= SHORT_ROWS ? room[k] : x->data + done * strides[k] * x->item;
            if (x->kind == SHORT_ROWS) gather_short_rows(x, w, w->stride[k][w->rank - 1], n, room[k]);
            if (x->kind == GATHERED) gather(x, w, w->stride[k][w->rank - 1], n, room[k]);
        }
        loop(n, (char *)call->out.data + done * out_item, at, strides);
    }
}

void tg_elementwise_walk(const tg_kernel_call *call, tg_loop loop)
{
    if (call->out.count == 0) return;
    axes w;
    plan_axes(call, &w);
    int rows = w.rank == 1 || w.size[w.rank - 1] >= TG_SHORT_ROW;
    for (int k = 0; k < call->n_inputs; k++) {
        int64_t stride = w.stride[k][w.rank - 1];
        rows = rows && (stride == 0 || stride == 1);
    }
    if (rows)
        walk_rows(call, &w, loop);
    else
        walk_blocks(call, &w, loop);
}
