/* How values of params lie: in rows, as callers see them, or in bands (kernels/gemm.h), as large matrix products take
 * them. One that was in bands has memory for both, and each is filled from the other when it is asked for. */
#include "layout.h"

#include <sched.h>
#include <string.h>

#include "kernels/gemm.h"

int tg_can_lie_in_bands(const tg_type *type)
{
    if (type->rank != 2 || !tg_is_floating(type->dtype) || type->shape[0] < 2) return 0;
    const int64_t columns = tg_gemm_band_row(tg_dtype_size(type->dtype));
    return type->shape[1] > columns && type->shape[1] % columns == 0;
}

/* Copies each row of each band. */
static void copy_bands(const tg_tensor *t, char *to, const char *from, int to_rows)
{
    const int64_t rows = t->shape[0],
                  n_bands = t->shape[1] / tg_gemm_band_row(tg_dtype_size((tg_dtype)t->dtype));
    for (int64_t b = 0; b < n_bands; b++) {
        for (int64_t i = 0; i < rows; i++) {
            const int64_t in_rows = (i * n_bands + b) * TG_GEMM_BAND_BYTES,
                          in_bands = (b * rows + i) * TG_GEMM_BAND_BYTES;
            memcpy(to + (to_rows ? in_rows : in_bands), from + (to_rows ? in_bands : in_rows),
                   TG_GEMM_BAND_BYTES);
        }
    }
}

/* Threads that only read a param may come here together. */
static void lock(tg_leaf *leaf)
{
    while (atomic_exchange_explicit(&leaf->is_locked, 1, memory_order_acquire)) sched_yield();
}

static void unlock(tg_leaf *leaf)
{
    atomic_store_explicit(&leaf->is_locked, 0, memory_order_release);
}

static void set_current(tg_tensor *t, int current)
{
    tg_leaf *leaf = t->own.leaf;
    if (atomic_load_explicit(&leaf->current, memory_order_relaxed) == current) return;
    atomic_store_explicit(&leaf->current, current, memory_order_release);
    tg_leaves_changed(t->graph);
}

int tg_reserve_bands(tg_tensor *t)
{
    tg_leaf *leaf = t->own.leaf;
    const tg_type type = tg_type_of(t);
    if (leaf->bands == NULL) leaf->bands = tg_aligned_alloc(tg_type_bytes(&type));
    return leaf->bands != NULL;
}

void *tg_rows_of(tg_tensor *t)
{
    tg_leaf *leaf = t->own.leaf;
    if ((atomic_load_explicit(&leaf->current, memory_order_acquire) & TG_IN_ROWS) == 0) {
        lock(leaf);
        if ((leaf->current & TG_IN_ROWS) == 0) {
            copy_bands(t, leaf->data, leaf->bands, 1);
            set_current(t, TG_IN_ROWS | TG_IN_BANDS);
        }
        unlock(leaf);
    }
    return leaf->data;
}

void tg_now_in_rows(tg_tensor *t)
{
    set_current(t, TG_IN_ROWS);
}

void *tg_bands_of(tg_tensor *t)
{
    tg_leaf *leaf = t->own.leaf;
    if ((leaf->current & TG_IN_BANDS) == 0) copy_bands(t, leaf->bands, leaf->data, 0);
    set_current(t, TG_IN_BANDS);
    return leaf->bands;
}

void tg_copy_rows(const tg_tensor *t, void *to, size_t size)
{
    const tg_leaf *leaf = t->own.leaf;
    if ((atomic_load_explicit(&leaf->current, memory_order_acquire) & TG_IN_ROWS) != 0)
        memcpy(to, leaf->data, size);
    else
        copy_bands(t, to, leaf->bands, 1);
}
