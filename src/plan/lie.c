/* How arrays lie in the rows and columns of a group. */
#include "fuse.h"
#include "ops/ops.h"

void tg_extent_of(const tg_place *p, int64_t *rows, int64_t *columns)
{
    *columns = p->rank >= 2 ? p->shape[p->rank - 1] : 1;
    *rows = *columns == 0 ? 0 : p->count / *columns;
}

/* The stride of axes [0, n) walked as one; 0 where they have one element. */
static int common_stride(const tg_place *p, int n, int64_t *stride)
{
    int64_t next = 0;
    int any = 0;
    *stride = 0;
    for (int i = n - 1; i >= 0; i--) {
        if (p->shape[i] == 1) continue;
        if (any && p->strides[i] != next) return 0;
        if (!any) *stride = p->strides[i];
        any = 1;
        next = p->strides[i] * p->shape[i];
    }
    return 1;
}

int tg_lie_of(const tg_place *p, tg_extent extent, tg_lie *lie)
{
    int has_columns = extent == TG_EXTENT_FULL && p->rank >= 2;
    int last = p->rank - 1;
    lie->column = has_columns && p->shape[last] != 1 ? p->strides[last] : 0;
    return common_stride(p, has_columns ? last : p->rank, &lie->row);
}

tg_extent tg_reduced_extent(const tg_step *step, const tg_place *input, tg_extent reads, unsigned *axes)
{
    const tg_axes_attr *attr = step->attr;
    unsigned set = 0;
    for (int i = 0; i < (int)attr->axes.count; i++) set |= 1u << attr->axes.values[i];
    int has_columns = reads == TG_EXTENT_FULL && input->rank >= 2, stays = 0, goes = 0;
    for (int i = 0; i < input->rank - has_columns; i++) {
        if (input->shape[i] == 1) continue;
        if ((set >> i & 1u) != 0)
            goes = 1;
        else
            stays = 1;
    }
    int64_t columns = has_columns ? input->shape[input->rank - 1] : 1;
    int columns_go = has_columns && (set >> (input->rank - 1) & 1u) != 0;
    if (stays && goes) return TG_EXTENT_NONE;
    *axes = (goes ? 1u : 0u) | (columns_go ? 2u : 0u);
    if (goes) return TG_EXTENT_END;
    /* Rows stay. Where there is one row and nothing goes, an end would do as well. */
    if (reads == TG_EXTENT_COLUMN) return TG_EXTENT_COLUMN;
    if (columns == 1) return TG_EXTENT_FULL;
    return columns_go ? TG_EXTENT_COLUMN : TG_EXTENT_FULL;
}
