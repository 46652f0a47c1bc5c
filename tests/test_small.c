/* Programs over small arrays: every elementwise operation, in every form of its operands, gives the same bits as its
 * loop; sums, products and extrema are right in every layout; nothing is read or written beyond an array. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#include "ops/ops.h"
#include "plan/function.h"

enum { ROWS = 3, COLUMNS = 5, COUNT_OF_ELEMENTS = ROWS * COLUMNS };

static int here(void)
{
    return tg_small_kernels_for(TG_F32, 1) != NULL;
}

/* ---- Two functions of the same outputs ------------------------------------------------------------------- */

/* Runs twice, so that what a record reads of the run before does no harm. */
static void run_twice(tg_function *f)
{
    for (int i = 0; i < 2; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
}

static void assert_same_bits(tg_graph *g, tg_tensor *const *outputs, int n, const char *what)
{
    tg_function *small = compile_with(g, outputs, n, NULL, 1),
                *usual = compile_with(g, outputs, n, "small", 1);
    assert_int_equal(usual->plan->n_small, 0);
    if (here() && small->plan->n_small <= small->plan->n_steps) fail_msg("%s: a step is in no program", what);
    run_twice(small);
    run_twice(usual);
    for (int i = 0; i < n; i++) {
        tg_type type = tg_type_of(outputs[i]);
        if (memcmp(tg_output(small, outputs[i]), tg_output(usual, outputs[i]), tg_type_bytes(&type)) != 0)
            fail_msg("%s: output %d differs", what, i);
    }
    tg_function_free(small);
    tg_function_free(usual);
}

/* ---- Elementwise ------------------------------------------------------------------------------------------ */

/* Of so many columns, or rows if turned. */
static tg_tensor *values_of(tg_graph *g, const char *name, int64_t columns, tg_dtype dtype, int is_turned,
                            double low, double high, int seed)
{
    double numbers[COUNT_OF_ELEMENTS];
    const int64_t shape[2] = {is_turned ? columns : ROWS, is_turned ? ROWS : columns};
    for (int i = 0; i < COUNT_OF_ELEMENTS; i++)
        numbers[i] = low + (high - low) * ((i * 7 + seed) % COUNT_OF_ELEMENTS) / (COUNT_OF_ELEMENTS - 1.0);
    float narrow[COUNT_OF_ELEMENTS];
    int64_t whole[COUNT_OF_ELEMENTS];
    unsigned char bits[COUNT_OF_ELEMENTS];
    for (int i = 0; i < COUNT_OF_ELEMENTS; i++) {
        narrow[i] = (float)numbers[i];
        whole[i] = (int64_t)(3 * numbers[i]);
        bits[i] = numbers[i] > 0;
    }
    const void *const data[] = {[TG_F32] = narrow, [TG_F64] = numbers, [TG_I64] = whole, [TG_BOOL] = bits};
    return tg_param(g, name, dtype, 2, shape, data[dtype]);
}

static tg_tensor *values(tg_graph *g, const char *name, tg_dtype dtype, int is_turned, double low,
                         double high, int seed)
{
    return values_of(g, name, COLUMNS, dtype, is_turned, low, high, seed);
}

/* Operands as they lie, transposed, stretched from a row and a column, and just computed, on either side. */
static void check_operation(const tg_op *op, tg_dtype dtype, int64_t columns)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY});
    double low = op->domain.low, high = op->domain.high;
    if (low == 0 && high == 0) low = -2, high = 2;
    tg_tensor *x = values_of(g, "x", columns, dtype, 0, low, high, 0),
              *y = values_of(g, "y", columns, dtype, 0, low, high, 4);
    tg_tensor *turned = tg_transpose(values_of(g, "t", columns, dtype, 1, low, high, 2), NULL);
    tg_tensor *row = tg_broadcast_to(tg_index(y, 0, 1), 2, tg_shape(x));
    tg_tensor *column = tg_broadcast_to(tg_slice(turned, 1, columns - 1, columns, 1), 2, tg_shape(x));
    tg_tensor *made =
        dtype == TG_BOOL ? tg_logical_and(x, y) : tg_mul_scalar(tg_add(x, y), dtype == TG_I64 ? 2 : 0.5);
    tg_tensor *const lists[][2] = {
        {x, y},    {turned, x},  {x, turned}, {row, column},         {column, row}, {made, y},
        {y, made}, {made, made}, {made, row}, {tg_flip(x, 1), made}, {made, turned}};
    tg_tensor *outputs[2 * COUNT(lists)];
    int n = 0;
    for (int i = 0; i < COUNT(lists); i++) {
        /* The operation made last is the one that is still in registers. */
        tg_tensor *again = dtype == TG_BOOL ? tg_logical_xor(lists[i][0], y) : tg_minimum(lists[i][0], y);
        tg_tensor *const inputs[2] = {i % 2 == 0 ? again : lists[i][0], i % 2 == 0 ? lists[i][1] : again};
        outputs[n++] = tg_apply(g, op, inputs, op->n_inputs, NULL);
        outputs[n++] = tg_apply(g, op, lists[i], op->n_inputs, NULL);
    }
    assert_non_null(outputs[n - 1]);
    assert_same_bits(g, outputs, n, op->name);
    tg_graph_free(g);
}

static void test_elementwise(void **state)
{
    (void)state;
    int checked = 0;
    for (int row = 0; row < TG_ROWS; row++) {
        for (int dtype = TG_F32; dtype <= TG_BOOL; dtype++) {
            int is_logical = dtype == TG_BOOL && !tg_row_accepts((tg_row)row, TG_F32);
            if (!tg_row_accepts((tg_row)row, (tg_dtype)dtype) || (dtype == TG_BOOL && !is_logical)) continue;
            if (dtype == TG_I64 && !tg_row_accepts((tg_row)row, TG_F32)) continue;
            if (dtype == TG_I64 && (tg_elementwise_ops[row]->flags & TG_OP_CONSTANT_SLOPE) != 0) continue;
            /* 3, 6 and 15 elements: half a vector, one, and up to two. */
            const int64_t columns[] = {1, 2, COLUMNS};
            for (int i = 0; i < COUNT(columns); i++)
                check_operation(tg_elementwise_ops[row], (tg_dtype)dtype, columns[i]);
            checked++;
        }
    }
    assert_true(checked > TG_ROWS);
}

/* Comparisons, what they choose, and choices between computed and stretched operands. */
static void test_choices(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        tg_dtype dtype = i % 2 == 0 ? TG_F32 : TG_F64;
        const int64_t columns[] = {1, 2, COLUMNS};
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = values_of(g, "x", columns[i / 2], dtype, 0, -2, 2, 0),
                  *y = values_of(g, "y", columns[i / 2], dtype, 0, -2, 2, 4);
        tg_tensor *z = tg_transpose(values_of(g, "z", columns[i / 2], dtype, 1, -2, 2, 5), NULL);
        tg_tensor *less = tg_lt(x, y), *other = tg_logical_or(tg_ge(z, x), tg_logical_not(less));
        tg_tensor *outputs[] = {tg_where(less, x, z),
                                tg_where(other, tg_neg(y), x),
                                tg_where(tg_transpose(tg_transpose(other, NULL), NULL), z, y),
                                tg_relu(tg_sub(x, y)),
                                tg_where(tg_broadcast_to(tg_index(less, 0, 0), 2, tg_shape(x)), x, y),
                                other};
        assert_same_bits(g, outputs, COUNT(outputs), "where");
        /* A choice between bools is made elsewhere. */
        tg_tensor *chosen = tg_where(less, other, tg_logical_not(other));
        tg_function *small = compile_with(g, &chosen, 1, NULL, 1),
                    *usual = compile_with(g, &chosen, 1, "small", 1);
        run_twice(small);
        run_twice(usual);
        assert_memory_equal(tg_output(small, chosen), tg_output(usual, chosen), (size_t)tg_count(x));
        tg_function_free(small);
        tg_function_free(usual);
        tg_graph_free(g);
    }
}

/* Far from 0, small, and no numbers. */
static const double special[] = {
    (double)NAN, HUGE_VAL, -HUGE_VAL, 0.0,    -0.0,   1e-300, -1e-40, 29.9,   30.1,   -29.9, -30.1,
    60.5,        -60.5,    87.2,      -87.2,  88.4,   -88.4,  -95.3,  -103.9, -104.1, 104.1, -708.2,
    -709.5,      709.5,    710.5,     -744.9, -745.9, -746.5, 746.5,  1e10,   -1e10,  3e38,  -1e308,
    0.5,         -2.5,     16.7,      -16.3,  -17.7,  -20.3,  -36.9,  -38.2,  -41.3,
};

static int is_same(const void *a, const void *b, tg_dtype dtype)
{
    double x = dtype == TG_F32 ? (double)*(const float *)a : *(const double *)a;
    double y = dtype == TG_F32 ? (double)*(const float *)b : *(const double *)b;
    return memcmp(a, b, tg_dtype_size(dtype)) == 0 || (isnan(x) && isnan(y));
}

static void check_special(const tg_op *op, tg_dtype dtype, int64_t columns, int from)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY});
    float narrow[COUNT(special)];
    double wide[COUNT(special)];
    tg_tensor *inputs[2];
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < COUNT(special); i++)
            narrow[i] = (float)(wide[i] = special[(from + i + 7 * k) % COUNT(special)]);
        inputs[k] = tg_param(g, k == 0 ? "x" : "y", dtype, 2, (const int64_t[]){ROWS, columns},
                             dtype == TG_F32 ? (const void *)narrow : wide);
    }
    tg_tensor *y = tg_apply(g, op, inputs, op->n_inputs, NULL);
    tg_function *small = compile_with(g, &y, 1, NULL, 1), *usual = compile_with(g, &y, 1, "small", 1);
    run_twice(small);
    run_twice(usual);
    const size_t item = tg_dtype_size(tg_dtype_of(y));
    for (int64_t i = 0; i < tg_count(y); i++) {
        const char *a = (const char *)tg_output(small, y) + (size_t)i * item;
        const char *b = (const char *)tg_output(usual, y) + (size_t)i * item;
        if (tg_dtype_of(y) == TG_BOOL ? *a != *b : !is_same(a, b, dtype))
            fail_msg("%s of special number %lld differs", op->name, (long long)i + from);
    }
    tg_function_free(small);
    tg_function_free(usual);
    tg_graph_free(g);
}

static void test_special_numbers(void **state)
{
    (void)state;
    for (int row = 0; row < TG_ROWS; row++) {
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            if (!tg_row_accepts((tg_row)row, (tg_dtype)dtype)) continue;
            for (int from = 0; from < COUNT(special); from += 3)
                for (int64_t columns = 1; columns <= COLUMNS; columns += 2)
                    check_special(tg_elementwise_ops[row], (tg_dtype)dtype, columns, from);
        }
    }
}

/* ---- Sums, extrema, products -------------------------------------------------------------------------------- */

static void check_close(tg_graph *g, tg_tensor *t, const char *what)
{
    tg_function *small = compile_with(g, &t, 1, NULL, 1), *usual = compile_with(g, &t, 1, "small", 1);
    if (here() && small->plan->n_small == 0) fail_msg("%s: there is no program", what);
    run_twice(small);
    run_twice(usual);
    double tolerance = tg_dtype_of(t) == TG_F32 ? 16 * (double)FLT_EPSILON : 16 * DBL_EPSILON;
    for (int64_t i = 0; i < tg_count(t); i++) {
        double a = tg_dtype_of(t) == TG_F32 ? (double)((const float *)tg_output(small, t))[i]
                                            : ((const double *)tg_output(small, t))[i];
        double b = tg_dtype_of(t) == TG_F32 ? (double)((const float *)tg_output(usual, t))[i]
                                            : ((const double *)tg_output(usual, t))[i];
        if (!(fabs(a - b) <= tolerance * 8 || (isnan(a) && isnan(b))))
            fail_msg("%s: element %lld is %.17g, expected %.17g", what, (long long)i, a, b);
    }
    tg_function_free(small);
    tg_function_free(usual);
}

static void test_reductions(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = values(g, "x", (tg_dtype)dtype, 0, -2, 2, 0);
        tg_tensor *turned = tg_transpose(values(g, "t", (tg_dtype)dtype, 1, -2, 2, 3), NULL);
        tg_tensor *nan = tg_div(tg_sub(x, x), tg_sub(x, tg_index(x, 0, 1)));
        tg_tensor *cube = tg_reshape(tg_slice(x, 1, 0, 4, 1), 3, (const int64_t[]){3, 2, 2});
        tg_tensor *const operands[] = {x, turned, tg_flip(x, 0), tg_neg(turned), nan, cube};
        for (int i = 0; i < COUNT(operands); i++) {
            for (int axis = -1; axis < tg_rank(operands[i]); axis++) {
                tg_axes axes = {.count = 1, .axis = {axis}, .keep = i % 2};
                const tg_axes *given = axis < 0 ? NULL : &axes;
                check_close(g, tg_sum(operands[i], given), "sum");
                check_close(g, tg_max(operands[i], given), "max");
                check_close(g, tg_min(operands[i], given), "min");
            }
        }
        tg_graph_free(g);
    }
}

/* Four terms, of which large ones cancel, wherever they stand; and infinite ones. */
static void test_exact_sums(void **state)
{
    (void)state;
    const double large = 1e16,
                 lists[][5] = {{large, 1, -large, 1, 2},           {1, large, 1, -large, 2},
                               {large, -large, 1, 1e-17, 1},       {1, large, -large, -1e-17, 1},
                               {-large, large, 0, 1, 1},           {large, -large, 1, 0, 1},
                               {large, 1, 0.5, 0, large + 2},      {HUGE_VAL, 1, large, 2, HUGE_VAL},
                               {1, 2, 3, -HUGE_VAL, -HUGE_VAL},    {HUGE_VAL, 1, -HUGE_VAL, 1, (double)NAN},
                               {1, (double)NAN, 1, 1, (double)NAN}};
    for (int from = 0; from < COUNT(lists); from++) {
        const int64_t n = 1 + from % 5; /* up to four have records of their own */
        tg_graph *g = tg_graph_new(NULL);
        double data[2 * 4 * COUNT(lists)] = {0}, expected[COUNT(lists)];
        for (int i = 0; i < n; i++) {
            memcpy(&data[4 * i], lists[(from + i) % COUNT(lists)], 4 * sizeof(double));
            expected[i] = lists[(from + i) % COUNT(lists)][4];
        }
        tg_tensor *x = tg_param(g, "x", TG_F64, 2, (const int64_t[]){n, 4}, data);
        tg_tensor *sums[] = {tg_sum(x, &(tg_axes){.count = 1, .axis = {1}}),
                             tg_sum(tg_mul_scalar(x, 1.0), &(tg_axes){.count = 1, .axis = {1}}),
                             tg_sum(tg_neg(x), &(tg_axes){.count = 1, .axis = {1}})};
        tg_function *f = compile_with(g, sums, COUNT(sums), NULL, 1);
        run_twice(f);
        for (int k = 0; k < COUNT(sums); k++) {
            for (int i = 0; i < n; i++) {
                double got = ((const double *)tg_output(f, sums[k]))[i], want = expected[i];
                if (k == 2) want = -want;
                if (!(got == want || (isnan(got) && isnan(want))))
                    fail_msg("sum %d, %d of %lld: %.17g, expected %.17g", k, i, (long long)n, got, want);
            }
        }
        tg_function_free(f);
        tg_graph_free(g);
    }
}

static void test_products(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = values(g, "x", (tg_dtype)dtype, 0, -2, 2, 0),
                  *w = values(g, "w", (tg_dtype)dtype, 1, -1, 1, 3);
        tg_tensor *xt = tg_transpose(x, NULL), *wt = tg_transpose(w, NULL);
        check_close(g, tg_matmul(x, w), "3 5 by 5 3");
        check_close(g, tg_matmul(tg_tanh(x), w), "computed by 5 3");
        check_close(g, tg_matmul(x, tg_tanh(w)), "3 5 by computed");
        check_close(g, tg_matmul(wt, xt), "transposed both");
        check_close(g, tg_matmul(tg_slice(x, 1, 0, 2, 1), tg_slice(wt, 0, 1, 3, 1)), "slices");
        check_close(g, tg_matmul(tg_flip(x, 1), w), "flipped");
        for (int64_t terms = 1; terms <= ROWS; terms++) {
            tg_tensor *a = tg_slice(tg_tanh(x), 1, 0, terms, 1), *b = tg_slice(w, 0, 0, terms, 1);
            check_close(g, tg_matmul(a, b), "few terms");
            check_close(g, tg_matmul(a, tg_slice(b, 1, 0, 2, 1)), "few terms and 6 elements");
            check_close(g, tg_matmul(a, tg_slice(tg_tanh(b), 1, 1, 2, 1)), "few terms and 3 elements");
            check_close(g, tg_sum(a, &(tg_axes){.count = 1, .axis = {1}}), "a sum of few terms");
        }
        check_close(g,
                    tg_dot(tg_reshape(x, 1, (const int64_t[]){-1}), tg_reshape(w, 1, (const int64_t[]){-1})),
                    "dot");
        tg_graph_free(g);
    }
}

/* ---- Memory --------------------------------------------------------------------------------------------------- */

/* Arrays of exactly their size, so that sanitizers see what goes beyond. */
static void test_bound_memory(void **state)
{
    (void)state;
    for (int n = 1; n <= 17; n++) {
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            size_t item = tg_dtype_size((tg_dtype)dtype);
            tg_graph *g = tg_graph_new(NULL);
            tg_tensor *x = tg_input(g, "x", (tg_dtype)dtype, 1, (const int64_t[]){n}),
                      *y = tg_flip(tg_exp(x), 0);
            tg_tensor *outputs[2] = {tg_mul(y, x), tg_sum(tg_sub(x, tg_flip(x, 0)), NULL)};
            tg_function *f = compile_with(g, outputs, 2, NULL, 1);
            for (int from = 0; from < 3; from++) {
                char *memory = malloc(item * (size_t)(n + from));
                float *narrow = (float *)memory + from;
                double *wide = (double *)memory + from;
                for (int i = 0; i < n; i++) {
                    if (dtype == TG_F32)
                        narrow[i] = (float)i / 8;
                    else
                        wide[i] = i / 8.0;
                }
                assert_int_equal(tg_bind(f, x, memory + (size_t)from * item), TG_OK);
                run_twice(f);
                double last = dtype == TG_F32 ? (double)((const float *)tg_output(f, outputs[0]))[n - 1]
                                              : ((const double *)tg_output(f, outputs[0]))[n - 1];
                assert_true(fabs(last - (n - 1) / 8.0) <= 1e-6);
                assert_true(fabs(tg_scalar(f, outputs[1])) <= 1e-6);
                free(memory);
            }
            tg_function_free(f);
            tg_graph_free(g);
        }
    }
}

/* More records than one program has, and arrays that are too large in between. */
static void test_long_chains(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = values(g, "x", TG_F32, 0, -1, 1, 0), *y = x;
    tg_tensor *large = tg_param(g, "large", TG_F32, 2, (const int64_t[]){40, COLUMNS}, NULL);
    for (int i = 0; i < 700; i++) {
        y = tg_tanh(
            tg_add(tg_transpose(tg_matmul(y, tg_transpose(y, NULL)), NULL), tg_index(y, 1, i % COLUMNS)));
        y = tg_matmul(y, x);
        if (i % 50 == 49) y = tg_add(y, tg_tanh(tg_sum(tg_add(large, tg_index(y, 0, 0)), NULL)));
    }
    check_close(g, y, "chain");
    tg_graph_free(g);
}

/* Updates go to the params; functions that share the plan have addresses of their own. */
static void test_updates_and_forks(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *w = values(g, "w", TG_F64, 0, -1, 1, 0), *x = tg_input(g, "x", TG_F64, 2, tg_shape(w));
    const tg_update update = {w, tg_sub(w, tg_mul_scalar(tg_mul(w, x), 0.5))};
    tg_tensor *total = tg_sum(tg_mul(w, x), NULL);
    tg_function *f;
    assert_int_equal(tg_compile(g, &total, 1, &update, 1, &f), TG_OK);
    tg_function *copy = tg_function_fork(f);
    double ones[COUNT_OF_ELEMENTS], twos[COUNT_OF_ELEMENTS], before[COUNT_OF_ELEMENTS],
        after[COUNT_OF_ELEMENTS];
    for (int i = 0; i < COUNT_OF_ELEMENTS; i++) ones[i] = 1, twos[i] = 2;
    tg_get(w, before, sizeof before);
    assert_int_equal(tg_bind(f, x, ones), TG_OK);
    assert_int_equal(tg_bind(copy, x, twos), TG_OK);
    assert_int_equal(tg_run(f), TG_OK);
    tg_get(w, after, sizeof after);
    for (int i = 0; i < COUNT_OF_ELEMENTS; i++) assert_true(after[i] == before[i] / 2);
    assert_int_equal(tg_run(copy), TG_OK);
    tg_get(w, after, sizeof after);
    for (int i = 0; i < COUNT_OF_ELEMENTS; i++) assert_true(after[i] == 0);
    tg_function_free(copy);
    tg_function_free(f);
    tg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),      cmocka_unit_test(test_special_numbers),
        cmocka_unit_test(test_exact_sums),       cmocka_unit_test(test_choices),
        cmocka_unit_test(test_reductions),       cmocka_unit_test(test_products),
        cmocka_unit_test(test_bound_memory),     cmocka_unit_test(test_long_chains),
        cmocka_unit_test(test_updates_and_forks)};
    return cmocka_run_group_tests_name("small arrays", tests, NULL, NULL);
}
