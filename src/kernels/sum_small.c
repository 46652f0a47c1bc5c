/* Sums of a few numbers, where looking for the best way would take longer than summing. */
#include "reduce.h"

int tg_sum_small(const tg_view *in, unsigned axes, void *out)
{
    if (in->dtype != TG_F32 || in->rank < 1 || in->rank > 2 || in->count < 1 || in->count > TG_SUM_SMALL)
        return 0;
    const int is_matrix = in->rank == 2;
    const int64_t rows = is_matrix ? in->shape[0] : 1, columns = in->shape[is_matrix];
    const int64_t row = is_matrix ? in->strides[0] : 0, column = in->strides[is_matrix];
    const int along_rows = is_matrix && (axes & 1u) != 0;
    const int along_columns = (axes >> is_matrix & 1u) != 0;
    const float *x = in->data;
    float *y = out;
    double sums[TG_SUM_SMALL];
    const int64_t outer = along_rows ? 1 : rows, inner = along_columns ? 1 : columns;
    for (int64_t i = 0; i < outer * inner; i++) sums[i] = 0;
    for (int64_t i = 0; i < rows; i++) {
        double *to = along_rows ? sums : sums + i * inner;
        for (int64_t j = 0; j < columns; j++) to[along_columns ? 0 : j] += (double)x[i * row + j * column];
    }
    for (int64_t i = 0; i < outer * inner; i++) y[i] = (float)sums[i];
    return 1;
}
