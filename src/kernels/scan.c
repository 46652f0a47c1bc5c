/* Running sums along one axis. */
#include "compensated.h"
#include "reduce.h"
#include "walk.h"

/* One line: n elements from x[0] on, stride apart, into out, out_stride apart. */
typedef void (*scan_fn)(int64_t n, const void *x, int64_t stride, void *out, int64_t out_stride);

static void scan_f32(int64_t n, const void *x, int64_t stride, void *out, int64_t out_stride)
{
    const float *from = x;
    float *to = out;
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)from[i * stride];
        to[i * out_stride] = (float)sum;
    }
}

static void scan_f64(int64_t n, const void *x, int64_t stride, void *out, int64_t out_stride)
{
    const double *from = x;
    double *to = out;
    double sum = 0.0, lost = 0.0;
    for (int64_t i = 0; i < n; i++) {
        tg_compensated_add(&sum, &lost, from[i * stride]);
        to[i * out_stride] = tg_compensated_total(sum, lost);
    }
}

static void scan_i64(int64_t n, const void *x, int64_t stride, void *out, int64_t out_stride)
{
    const int64_t *from = x;
    int64_t *to = out;
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (uint64_t)from[i * stride];
        to[i * out_stride] = (int64_t)sum;
    }
}

static const scan_fn scans[4] = {[TG_F32] = scan_f32, [TG_F64] = scan_f64, [TG_I64] = scan_i64};

/* The axes of a view but one, with its strides and those of a row-major array of its shape. */
typedef struct other_axes {
    int count;
    int64_t size[TG_MAX_RANK], in_stride[TG_MAX_RANK], out_stride[TG_MAX_RANK];
    int64_t line_stride; /* that axis's own, in the row-major array */
} other_axes;

static void leave_out(const tg_view *in, int axis, other_axes *others)
{
    int64_t row_major = 1;
    others->count = in->rank - 1;
    for (int i = in->rank - 1; i >= 0; i--) {
        if (i == axis) {
            others->line_stride = row_major;
        } else {
            int j = i > axis ? i - 1 : i;
            others->size[j] = in->shape[i];
            others->in_stride[j] = in->strides[i];
            others->out_stride[j] = row_major;
        }
        row_major *= in->shape[i];
    }
}

void tg_scan_sum(const tg_view *in, int axis, int reverse, void *out)
{
    if (in->count == 0) return;
    const int64_t item = (int64_t)tg_dtype_size(in->dtype), n = in->shape[axis];
    other_axes others = {0};
    leave_out(in, axis, &others);
    int64_t stride = in->strides[axis], line_stride = others.line_stride;
    const char *x = in->data;
    char *y = out;
    if (reverse) {
        x += (n - 1) * stride * item;
        y += (n - 1) * line_stride * item;
        stride = -stride;
        line_stride = -line_stride;
    }
    tg_walk from, to;
    tg_walk_start(&from, others.count, others.size, others.in_stride);
    tg_walk_start(&to, others.count, others.size, others.out_stride);
    for (int64_t i = 0; i < in->count / n; i++, tg_walk_next(&from), tg_walk_next(&to)) {
        scans[in->dtype](n, x + from.offset * item, stride, y + to.offset * item, line_stride);
    }
}
