/* The folds that sum. */
#include <string.h>

#include "compensated.h"
#include "reduce_fold.h"

/* f32 in f64: 29 spare bits are enough for hundreds of millions of elements. */
static inline void step_f32(double *total, double *lost, double x)
{
    (void)lost;
    *total += x;
}

static inline double result_f32(double total, double lost)
{
    (void)lost;
    return total;
}

#define FOLD(part) sum_f32_##part
#define real float
#define wide double
#define TOTALS(t) (t)->of.f64
#define START 0.0
#define step step_f32
#define result result_f32
#include "reduce_fold.inc"

#define FOLD(part) sum_f64_##part
#define real double
#define wide double
#define TOTALS(t) (t)->of.f64
#define START 0.0
#define step tg_compensated_add
#define result tg_compensated_total
#include "reduce_fold.inc"

/* Unsigned, so that wrapping around is defined. */
static inline void step_i64(uint64_t *total, double *lost, uint64_t x)
{
    (void)lost;
    *total += x;
}

static inline uint64_t result_i64(uint64_t total, double lost)
{
    (void)lost;
    return total;
}

#define FOLD(part) sum_i64_##part
#define real int64_t
#define wide uint64_t
#define TOTALS(t) (t)->of.u64
#define START 0
#define step step_i64
#define result result_i64
#include "reduce_fold.inc"

const tg_fold *const tg_fold_sum[4] = {
    [TG_F32] = &sum_f32_fold,
    [TG_F64] = &sum_f64_fold,
    [TG_I64] = &sum_i64_fold,
};
