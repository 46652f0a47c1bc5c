/* What is measured on long arrays. */
#include "array_workload.h"

static const array_workload workloads[] = {
    {"chain", "ten operations on 10,000,000 numbers", CHAIN, 1, 10000000},
    {"logsumexp", "logsumexp of 1,280,000 numbers", LOGSUMEXP, 1, 1280000},
    {"softmax", "softmax of 1,280,000 numbers", SOFTMAX, 1, 1280000},
    {"logsumexp_rows", "logsumexp of 1,280 rows of 1,000", LOGSUMEXP, 1280, 1000},
    {"softmax_rows", "softmax of 1,280 rows of 1,000", SOFTMAX, 1280, 1000},
};

const array_workload *array_workload_at(int i)
{
    const int n = sizeof workloads / sizeof workloads[0];
    return i < n ? &workloads[i] : NULL;
}

tg_tensor *array_input(tg_graph *g, const array_workload *w, tg_dtype dtype)
{
    const int64_t shape[2] = {w->rows, w->columns};
    int rank = w->rows == 1 ? 1 : 2;
    return tg_input(g, "x", dtype, rank, shape + 2 - rank);
}

static tg_tensor *chain(tg_tensor *x)
{
    tg_tensor *t = tg_neg(tg_add_scalar(tg_mul_scalar(x, 1.5), 0.5));
    t = tg_maximum(tg_abs(t), tg_number_like(t, 0.25));
    t = tg_sub(tg_square(t), x);
    t = tg_minimum(t, tg_number_like(t, 4));
    return tg_add(tg_mul_scalar(t, 0.75), x);
}

tg_tensor *array_result(const array_workload *w, tg_tensor *x)
{
    switch (w->kind) {
    case CHAIN:
        return chain(x);
    case LOGSUMEXP:
        return tg_logsumexp(x, TG_AXES(-1));
    default:
        return tg_softmax(x, -1);
    }
}

void array_fill(int64_t n, tg_dtype dtype, void *x)
{
    uint32_t random = 1;
    for (int64_t i = 0; i < n; i++) {
        random = random * 1664525U + 1013904223U;
        double value = (random >> 8) / 2097152.0 - 4;
        if (dtype == TG_F32)
            ((float *)x)[i] = (float)value;
        else
            ((double *)x)[i] = value;
    }
}
