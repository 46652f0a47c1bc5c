/* Long arrays by hand: plain loops that a compiler makes vectors of. */
#ifndef TG_BENCH_HAND_ARRAYS_H
#define TG_BENCH_HAND_ARRAYS_H

#include <stdint.h>

/* For one element type. In rows: an array of rows by columns. */
typedef struct hand_arrays {
    /* Element by element, past no cache: what a plain copy takes. */
    void (*copy)(int64_t n, const void *x, void *y);
    /* The chain of ten operations of arrays.c. */
    void (*chain)(int64_t n, const void *x, void *y);
    /* One read pass and the exponentials: sum exp(x - shift). Nothing that gives a logsumexp or a softmax of numbers
     * that are not known beforehand does less. */
    double (*sum_of_exp)(int64_t n, const void *x, double shift);
    /* Of each row, block by block in the L1 cache; y has a number for each. */
    void (*logsumexp)(int64_t rows, int64_t columns, const void *x, void *y);
    void (*softmax)(int64_t rows, int64_t columns, const void *x, void *y);
} hand_arrays;

extern const hand_arrays hand_arrays_f32, hand_arrays_f64;

#endif
