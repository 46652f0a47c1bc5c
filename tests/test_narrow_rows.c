/* Matrices of narrow rows: what goes over several rows at once gives the bits that row by row gives, in every instruction
 * set, in any layout and whatever follows in memory; of which there is no more than the matrix, so that sanitizers see who
 * reads beyond. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#include "kernels/compensated.h"
#include "kernels/elementwise.h"
#include "kernels/reduce_fold.h"

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

/* Of many sizes, so that every other order of adding gives other bits; now and then no number, where `special`. */
static void *make(tg_dtype dtype, int64_t n, int special)
{
    static const double specials[] = {(double)INFINITY, -(double)INFINITY, (double)NAN, -0.0};
    char *data = malloc((size_t)n * tg_dtype_size(dtype));
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++) {
        double x = ldexp((double)draw(-(1 << 30), 1 << 30), (int)draw(-60, 20));
        if (special && draw(0, 40) == 0) x = specials[draw(0, 3)];
        if (dtype == TG_F32) ((float *)(void *)data)[i] = (float)x;
        if (dtype == TG_F64) ((double *)(void *)data)[i] = x;
        if (dtype == TG_I64) ((int64_t *)(void *)data)[i] = draw(-1000, 1000);
        if (dtype == TG_BOOL) data[i] = (char)draw(0, 1);
    }
    return data;
}

static double at(tg_dtype dtype, const void *data, int64_t i)
{
    if (dtype == TG_F32) return (double)((const float *)data)[i];
    if (dtype == TG_F64) return ((const double *)data)[i];
    return dtype == TG_I64 ? (double)((const int64_t *)data)[i] : (double)((const unsigned char *)data)[i];
}

/* ---- Reductions --------------------------------------------------------------------------------------- */

typedef enum kind { SUM, MAX, MIN } kind;

static double add_one_by_one(kind k, tg_dtype dtype, const void *x, int64_t n, int64_t stride)
{
    double total = k == SUM ? 0.0 : k == MAX ? -(double)INFINITY : (double)INFINITY, lost = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double here = at(dtype, x, i * stride);
        if (k == SUM && dtype == TG_F64)
            tg_compensated_add(&total, &lost, here);
        else if (k == SUM)
            total += here;
        else if ((k == MAX ? here > total : here < total) || here != here)
            total = here;
    }
    if (k == SUM && dtype == TG_F64) total = tg_compensated_total(total, lost);
    return dtype == TG_F32 ? (double)(float)total : total;
}

/* n results of `rows` elements each, `times` over: elements of a result are row_stride apart, results stride. */
static void check_across(tg_instructions set, kind k, tg_dtype dtype, int64_t n, int64_t stride, int64_t rows,
                         int64_t row_stride)
{
    const tg_reduce_kernels *kernels = tg_reduce_for(set);
    const tg_fold *fold = k == SUM   ? kernels->sum[dtype]
                          : k == MAX ? kernels->max[dtype]
                                     : kernels->min[dtype];
    const int64_t item = (int64_t)tg_dtype_size(dtype),
                  count = (n - 1) * stride + (rows - 1) * row_stride + 1;
    char *x = make(dtype, count, draw(0, 1) == 0), found[(TG_FOLD_TOTALS + 1) * sizeof(double)];
    tg_totals t;
    memset(found, 0x5a, sizeof found);
    fold->start(&t, n);
    fold->across(&t, n, x, stride, rows, row_stride);
    fold->finish(&t, n, found);
    for (int64_t i = 0; i < n; i++) {
        double expected = add_one_by_one(k, dtype, x + i * stride * item, rows, row_stride),
               got = at(dtype, found, i);
        if (got != expected && (got == got || expected == expected))
            fail_msg("kind %d of %s, result %d of %d of %d elements: %a, not %a", (int)k,
                     tg_dtype_name(dtype), (int)i, (int)n, (int)rows, got, expected);
    }
    for (int64_t i = n * item; i < (n + 1) * item; i++) assert_int_equal(found[i], 0x5a);
    free(x);
}

static void test_reductions(void **state)
{
    (void)state;
    for (int set = 0; set <= (int)tg_instructions_here(); set++) {
        for (int i = 0; i < 12 * 40; i++) {
            kind k = (kind)(i % 3);
            tg_dtype dtype = (tg_dtype)(i / 3 % (k == SUM ? 3 : 4));
            int64_t width = i / 12 % 40 + 1, rows = draw(0, 3) == 0 ? 256 : draw(1, 80), gap = draw(1, 3);
            check_across((tg_instructions)set, k, dtype, rows, width, width, 1);
            check_across((tg_instructions)set, k, dtype, rows, width + gap, width, 1);
            check_across((tg_instructions)set, k, dtype, width, 1, rows, width);
            check_across((tg_instructions)set, k, dtype, width, 1, rows, width + gap);
            check_across((tg_instructions)set, k, dtype, width, gap, rows, width * gap);
        }
    }
}

/* ---- Walks over a column or a row ---------------------------------------------------------------------- */

typedef enum other { COLUMN, ROW, EVERY_OTHER_ROW } other;

/* matrix[rows, columns] - other, in the matrix's memory or elsewhere, against a call of the loop for every row. */
static void check_walk(tg_dtype dtype, int64_t rows, int64_t columns, other o, int in_place)
{
    const int64_t item = (int64_t)tg_dtype_size(dtype), count = rows * columns, bytes = count * item;
    const int64_t shape[3] = {2, rows / 2, columns}, plain[3] = {rows / 2 * columns, columns, 1};
    const int64_t column[3] = {rows / 2, 1, 0}, row[3] = {0, 0, 1}, apart[3] = {columns, 0, 1};
    const int64_t *strides = o == COLUMN ? column : o == ROW ? row : apart;
    char *x = make(dtype, count, 1), *y = make(dtype, o == COLUMN ? rows : (o == ROW ? 1 : 2) * columns, 1),
         *expected = malloc((size_t)bytes), *found = in_place ? x : malloc((size_t)bytes);
    const tg_loop loop = tg_row_loop(TG_ROW_sub, dtype);
    assert_true(expected != NULL && found != NULL);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t outer = i / (rows / 2), inner = i % (rows / 2);
        const void *in[2] = {x + i * columns * item, y + (outer * strides[0] + inner * strides[1]) * item};
        loop(columns, expected + i * columns * item, in, (const int64_t[]){1, strides[2]});
    }
    const tg_view in[2] = {{x, dtype, 3, count, shape, plain, 0}, {y, dtype, 3, count, shape, strides, 0}};
    const tg_kernel_call call = {.n_inputs = 2, .in = in, .out = {found, dtype, 3, count, shape, plain, 0}};
    tg_elementwise_walk(&call, loop);
    for (int64_t i = 0; i < count; i++) {
        double a = at(dtype, found, i), b = at(dtype, expected, i);
        if (a != b && (a == a || b == b))
            fail_msg("%s, element %d of %d by %d: %a, not %a", tg_dtype_name(dtype), (int)i, (int)rows,
                     (int)columns, a, b);
    }
    if (!in_place) free(found);
    free(expected);
    free(x);
    free(y);
}

static void test_walks(void **state)
{
    (void)state;
    for (int64_t columns = 1; columns <= 40; columns++)
        for (int dtype = TG_F32; dtype <= TG_I64; dtype++)
            for (int o = COLUMN; o <= EVERY_OTHER_ROW; o++)
                for (int i = 0; i < 4; i++)
                    check_walk((tg_dtype)dtype, 2 * draw(1, i < 2 ? 20 : 300), columns, (other)o, i % 2);
}

/* A choice by a column of bool, whose elements are smaller than those of the block. */
static void test_condition(void **state)
{
    (void)state;
    enum { ROWS = 150, COLUMNS = 5 };
    const int64_t shape[2] = {ROWS, COLUMNS}, plain[2] = {COLUMNS, 1}, column[2] = {1, 0}, row[2] = {0, 1};
    unsigned char *condition = make(TG_BOOL, ROWS, 0);
    double *x = make(TG_F64, ROWS * COLUMNS, 0), *y = make(TG_F64, COLUMNS, 0), found[ROWS * COLUMNS];
    const int64_t count = ROWS * COLUMNS;
    const tg_view in[3] = {{condition, TG_BOOL, 2, count, shape, column, 0},
                           {x, TG_F64, 2, count, shape, plain, 0},
                           {y, TG_F64, 2, count, shape, row, 0}};
    const tg_kernel_call call = {.n_inputs = 3, .in = in, .out = {found, TG_F64, 2, count, shape, plain, 0}};
    tg_elementwise_walk(&call, tg_where_loop(TG_F64));
    for (int64_t i = 0; i < count; i++)
        assert_true(found[i] == (condition[i / COLUMNS] ? x[i] : y[i % COLUMNS]));
    free(condition);
    free(x);
    free(y);
}

/* ---- Plans -------------------------------------------------------------------------------------------- */

/* A cost of softmax and its derivatives: the same bits where kernels walk and where loops go over rows. */
static void check_softmax(tg_graph *g, tg_dtype dtype, int64_t rows, int64_t columns)
{
    static const char *const off[] = {"loop", "chain", "loop,chain"};
    const int64_t shape[2] = {rows, columns};
    void *values = make(TG_F32, rows * columns, 0);
    for (int64_t i = 0; i < rows * columns; i++) ((float *)values)[i] = (float)draw(-900, 900) / 100;
    tg_mark mark = tg_get_mark(g);
    tg_tensor *x = tg_cast(tg_param(g, "x", TG_F32, 2, shape, values), dtype), *outputs[4];
    tg_tensor *y = tg_softmax(tg_mul(x, x), -1), *loss = tg_softmax_cross_entropy(x, y);
    outputs[0] = y;
    outputs[1] = loss;
    assert_int_equal(tg_grad(g, tg_sum(loss, NULL), &x, 1, &outputs[2]), TG_OK);
    outputs[3] = tg_sum(outputs[2], TG_AXES(0));
    const size_t item = tg_dtype_size(dtype), all = (size_t)(rows * columns) * item;
    const size_t bytes[4] = {all, (size_t)rows * item, all, (size_t)columns * item};
    tg_function *first = compile_with(g, outputs, 4, NULL, 1);
    assert_int_equal(tg_run(first), TG_OK);
    for (int k = 0; k < COUNT(off); k++) {
        tg_function *f = compile_with(g, outputs, 4, off[k], 1);
        assert_int_equal(tg_run(f), TG_OK);
        for (int i = 0; i < 4; i++)
            assert_memory_equal(tg_output(f, outputs[i]), tg_output(first, outputs[i]), bytes[i]);
        tg_function_free(f);
    }
    tg_function_free(first);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    free(values);
}

static void test_plans(void **state)
{
    for (int64_t columns = 2; columns <= 33; columns += columns < 18 ? 1 : 15)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
            check_softmax(*state, (tg_dtype)dtype, draw(0, 1) == 0 ? draw(15, 18) : draw(40, 130), columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_condition),
        graph_test(test_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
