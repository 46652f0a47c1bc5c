/* Reductions: the walk over a strided array. It goes one of two ways, whichever follows memory: along the
 * reduced axes for one result at a time, or across many results at once. */
#include "reduce.h"

#include "reduce_fold.h"
#include "walk.h"

extern const tg_reduce_kernels tg_reduce_baseline, tg_reduce_avx2, tg_reduce_avx512;

const tg_reduce_kernels *tg_reduce_for(tg_instructions set)
{
#if defined(__x86_64__)
    if (set == TG_AVX512) return &tg_reduce_avx512;
    if (set == TG_AVX2) return &tg_reduce_avx2;
#endif
    return set == TG_BASELINE ? &tg_reduce_baseline : NULL;
}

static const tg_reduce_kernels *kernels(void)
{
    return tg_reduce_for(tg_instructions_here());
}

static int64_t distance(int64_t stride)
{
    return stride < 0 ? -stride : stride;
}

/* The order in which reduced axes are walked is ours to choose: the nearest elements come last. */
static void sort_by_stride(int n, int64_t *size, int64_t *stride)
{
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && distance(stride[j]) > distance(stride[j - 1]); j--) {
            int64_t size_j = size[j], stride_j = stride[j];
            size[j] = size[j - 1];
            stride[j] = stride[j - 1];
            size[j - 1] = size_j;
            stride[j - 1] = stride_j;
        }
    }
}

static int merge_neighbours(int n, int64_t *size, int64_t *stride)
{
    int merged = 0;
    for (int i = 0; i < n; i++) {
        if (merged > 0 && stride[merged - 1] == size[i] * stride[i]) {
            size[merged - 1] *= size[i];
            stride[merged - 1] = stride[i];
        } else {
            size[merged] = size[i];
            stride[merged] = stride[i];
            merged++;
        }
    }
    return merged;
}

void tg_reduction_plan(const tg_view *in, const unsigned char *is_reduced, tg_reduction *plan)
{
    *plan = (tg_reduction){0};
    for (int i = 0; i < in->rank; i++) {
        if (in->shape[i] == 1) continue;
        if (is_reduced[i]) {
            plan->reduced_size[plan->reduced] = in->shape[i];
            plan->reduced_stride[plan->reduced++] = in->strides[i];
        } else {
            plan->kept_size[plan->kept] = in->shape[i];
            plan->kept_stride[plan->kept++] = in->strides[i];
        }
    }
    /* The sizes of an empty array may be too large to multiply, and there is nothing to gain. */
    if (in->count == 0) return;
    sort_by_stride(plan->reduced, plan->reduced_size, plan->reduced_stride);
    plan->kept = merge_neighbours(plan->kept, plan->kept_size, plan->kept_stride);
    plan->reduced = merge_neighbours(plan->reduced, plan->reduced_size, plan->reduced_stride);
}

/* The reduced elements of a result are so many runs, over the axes before the last, of n elements. */
typedef struct runs_of {
    int outer;
    int64_t count, n, stride;
} runs_of;

static runs_of find_runs(const tg_reduction *plan)
{
    const int last = plan->reduced - 1;
    if (last < 0) return (runs_of){.count = 1, .n = 1};
    return (runs_of){.outer = last,
                     .count = tg_walk_count(last, plan->reduced_size),
                     .n = plan->reduced_size[last],
                     .stride = plan->reduced_stride[last]};
}

/* One result at a time. */
static void fold_along(const tg_reduction *plan, const tg_fold *fold, int64_t item, const char *in, char *out)
{
    const runs_of r = find_runs(plan);
    const int64_t results = tg_walk_count(plan->kept, plan->kept_size);
    tg_totals t;
    tg_walk result, run;
    tg_walk_start(&result, plan->kept, plan->kept_size, plan->kept_stride);
    for (int64_t i = 0; i < results; i++, tg_walk_next(&result)) {
        fold->start(&t, fold->lanes);
        tg_walk_start(&run, r.outer, plan->reduced_size, plan->reduced_stride);
        for (int64_t j = 0; j < r.count; j++, tg_walk_next(&run))
            fold->along(&t, r.n, in + (result.offset + run.offset) * item, r.stride);
        fold->join(&t);
        fold->finish(&t, 1, out + i * item);
    }
}

/* The results of one block of the last kept axis: n of them from `in` on. */
static void fold_block(const tg_reduction *plan, const tg_fold *fold, int64_t item, int64_t n, const char *in,
                       char *out)
{
    const int64_t stride = plan->kept_stride[plan->kept - 1];
    const runs_of r = find_runs(plan);
    tg_totals t;
    tg_walk run;
    fold->start(&t, n);
    tg_walk_start(&run, r.outer, plan->reduced_size, plan->reduced_stride);
    for (int64_t j = 0; j < r.count; j++, tg_walk_next(&run))
        fold->across(&t, n, in + run.offset * item, stride, r.n, r.stride);
    fold->finish(&t, n, out);
}

/* Many results at once. */
static void fold_across(const tg_reduction *plan, const tg_fold *fold, int64_t item, const char *in,
                        char *out)
{
    const int last = plan->kept - 1;
    const int64_t columns = plan->kept_size[last], stride = plan->kept_stride[last];
    const int64_t groups = tg_walk_count(last, plan->kept_size);
    tg_walk group;
    tg_walk_start(&group, last, plan->kept_size, plan->kept_stride);
    for (int64_t i = 0; i < groups; i++, tg_walk_next(&group)) {
        for (int64_t j = 0; j < columns; j += TG_FOLD_TOTALS) {
            int64_t n = columns - j < TG_FOLD_TOTALS ? columns - j : TG_FOLD_TOTALS;
            fold_block(plan, fold, item, n, in + (group.offset + j * stride) * item,
                       out + (i * columns + j) * item);
        }
    }
}

/* Across pays where the kept elements lie closer together, or the runs along are too short to be worth
 * starting; and there must be enough results to go across. */
static int goes_across(const tg_reduction *plan)
{
    const int kept = plan->kept - 1, reduced = plan->reduced - 1;
    if (kept < 0 || plan->kept_size[kept] < 8) return 0;
    if (reduced < 0) return 1;
    return distance(plan->kept_stride[kept]) < distance(plan->reduced_stride[reduced]) ||
           plan->reduced_size[reduced] < 2 * TG_FOLD_LANES;
}

static void reduce(const tg_reduction *plan, const tg_fold *fold, tg_dtype dtype, const void *in, void *out)
{
    const int64_t item = (int64_t)tg_dtype_size(dtype);
    if (tg_walk_count(plan->kept, plan->kept_size) == 0) return;
    if (goes_across(plan))
        fold_across(plan, fold, item, in, out);
    else
        fold_along(plan, fold, item, in, out);
}

void tg_reduce_sum(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out)
{
    reduce(plan, kernels()->sum[dtype], dtype, in, out);
}

void tg_reduce_max(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out)
{
    reduce(plan, kernels()->max[dtype], dtype, in, out);
}

void tg_reduce_min(const tg_reduction *plan, tg_dtype dtype, const void *in, void *out)
{
    reduce(plan, kernels()->min[dtype], dtype, in, out);
}
