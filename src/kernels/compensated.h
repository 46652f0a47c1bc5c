/* Sums that keep what rounding takes from them: sum + lost is as accurate as in twice the precision. */
#ifndef TG_KERNELS_COMPENSATED_H
#define TG_KERNELS_COMPENSATED_H

/* Knuth's TwoSum: the rounding error of *sum + x, exactly, whichever is larger. */
static inline void tg_compensated_add(double *sum, double *lost, double x)
{
    double next = *sum + x;
    double taken = next - *sum;
    *lost += (*sum - (next - taken)) + (x - taken);
    *sum = next;
}

/* Where sum is infinite or NaN, lost is NaN and says nothing. */
static inline double tg_compensated_total(double sum, double lost)
{
    double total = sum + lost;
    return total == total ? total : sum;
}

#endif
