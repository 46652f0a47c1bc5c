/* Params: what their initialisers draw, on what the numbers depend, sharing by name, and bad requests. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_helpers.h"

#define ROWS 160
#define COLUMNS 240
#define N (ROWS * COLUMNS)

static const int64_t matrix[2] = {ROWS, COLUMNS};

static double element(const tg_tensor *t, int64_t i)
{
    return tg_dtype_of(t) == TG_F32 ? (double)((const float *)tg_data(t))[i]
                                    : ((const double *)tg_data(t))[i];
}

typedef struct moments {
    double mean, variance, low, high;
} moments;

static moments moments_of(const tg_tensor *t)
{
    moments m = {0, 0, (double)INFINITY, -(double)INFINITY};
    int64_t n = tg_count(t);
    for (int64_t i = 0; i < n; i++) {
        double v = element(t, i);
        m.mean += v / (double)n;
        m.low = fmin(m.low, v);
        m.high = fmax(m.high, v);
    }
    for (int64_t i = 0; i < n; i++)
        m.variance += (element(t, i) - m.mean) * (element(t, i) - m.mean) / (double)n;
    return m;
}

static void assert_same_bits(const tg_tensor *a, const tg_tensor *b, int same)
{
    tg_type type = tg_type_of(a);
    assert_int_equal(memcmp(tg_data(a), tg_data(b), tg_type_bytes(&type)) == 0, same);
}

/* ---- What is drawn ------------------------------------------------------------------------------------ */

/* Uniform in low .. high: the bounds hold and are nearly reached; mean and variance to 5 standard errors. */
static void check_uniform(const tg_tensor *t, double low, double high)
{
    assert_non_null(t);
    moments m = moments_of(t);
    double n = (double)tg_count(t), width = high - low, variance = width * width / 12,
           rounding = 1e-6 * width;
    assert_true(m.low >= low - rounding && m.high <= high + rounding);
    assert_true(m.low < low + 10 * width / n && m.high > high - 10 * width / n);
    assert_true(fabs(m.mean - (low + high) / 2) < 5 * sqrt(variance / n));
    assert_true(fabs(m.variance / variance - 1) < 5 * sqrt(0.8 / n));
}

/* Normal: also the share within one deviation, and tails as long as they should be. */
static void check_normal(const tg_tensor *t, double mean, double deviation)
{
    assert_non_null(t);
    moments m = moments_of(t);
    double n = (double)tg_count(t), inside = 0;
    for (int64_t i = 0; i < tg_count(t); i++) inside += fabs(element(t, i) - mean) < deviation;
    assert_true(fabs(m.mean - mean) < 5 * deviation / sqrt(n));
    assert_true(fabs(m.variance / (deviation * deviation) - 1) < 5 * sqrt(2 / n));
    assert_true(fabs(inside / n - 0.68268949213708590) < 5 * sqrt(0.2166 / n));
    assert_true(m.high > mean + 3 * deviation && m.high < mean + 6 * deviation);
    assert_true(m.low < mean - 3 * deviation && m.low > mean - 6 * deviation);
}

static void test_distributions(void **state)
{
    tg_graph *g = *state;
    for (int d = 0; d < 2; d++) {
        tg_dtype dtype = d == 0 ? TG_F32 : TG_F64;
        char name[32];
        strcpy(name, d == 0 ? "single.A" : "double.A");
        char *kind = name + strlen(name) - 1;
        check_uniform(tg_param_init(g, name, dtype, 2, matrix, TG_INIT_UNIFORM(-3, 1)), -3, 1);
        *kind = 'B';
        check_normal(tg_param_init(g, name, dtype, 2, matrix, TG_INIT_NORMAL(2, 0.5)), 2, 0.5);
        *kind = 'C';
        double limit = sqrt(6.0 / (ROWS + COLUMNS));
        check_uniform(tg_param_init(g, name, dtype, 2, matrix, TG_INIT_GLOROT), -limit, limit);
        *kind = 'D';
        check_normal(tg_param_init(g, name, dtype, 2, matrix, TG_INIT_HE), 0, sqrt(2.0 / ROWS));
        assert_int_equal(tg_dtype_of(tg_find(g, name)), dtype);
    }
}

static void test_fixed_values(void **state)
{
    tg_graph *g = *state;
    for (int d = 0; d < 2; d++) {
        tg_dtype dtype = d == 0 ? TG_F32 : TG_F64;
        const int64_t shape[3] = {2, 3, 2};
        tg_tensor *zeros = tg_param_init(g, d == 0 ? "z4" : "z8", dtype, 3, shape, TG_INIT_ZEROS);
        tg_tensor *tenth = tg_param_init(g, d == 0 ? "c4" : "c8", dtype, 3, shape, TG_INIT_CONSTANT(0.1));
        for (int64_t i = 0; i < 12; i++) {
            assert_true(element(zeros, i) == 0 && !signbit(element(zeros, i)));
            assert_true(element(tenth, i) == (d == 0 ? (double)0.1f : 0.1));
        }
    }
    assert_true(element(tg_param_init(g, "s", TG_F64, 0, NULL, TG_INIT_CONSTANT(-2.5)), 0) == -2.5);
}

/* Of shapes that are no matrix, fan_in is all but the last axis. */
static void test_fans_of_other_ranks(void **state)
{
    tg_graph *g = *state;
    const int64_t box[3] = {20, 40, 50}, line = 20000;
    double limit = sqrt(6.0 / (20 * 40 + 50));
    check_uniform(tg_param_init(g, "box.glorot", TG_F64, 3, box, TG_INIT_GLOROT), -limit, limit);
    check_normal(tg_param_init(g, "box.he", TG_F64, 3, box, TG_INIT_HE), 0, sqrt(2.0 / (20 * 40)));
    check_normal(tg_param_init(g, "line.he", TG_F64, 1, &line, TG_INIT_HE), 0, sqrt(2.0));
    tg_tensor *scalar = tg_param_init(g, "scalar", TG_F64, 0, NULL, TG_INIT_GLOROT);
    assert_true(fabs(element(scalar, 0)) <= sqrt(3.0) && element(scalar, 0) != 0);
}

static void test_empty_shapes(void **state)
{
    tg_graph *g = *state;
    const int64_t no_rows[2] = {0, 4}, nothing[2] = {0, 0};
    assert_int_equal(tg_count(tg_param_init(g, "a", TG_F64, 2, no_rows, TG_INIT_HE)), 0);
    assert_int_equal(tg_count(tg_param_init(g, "b", TG_F32, 2, nothing, TG_INIT_GLOROT)), 0);
}

/* ---- On what the numbers depend ----------------------------------------------------------------------- */

static void test_order_does_not_matter(void **state)
{
    (void)state;
    tg_graph *first = tg_graph_new(&(tg_graph_options){.seed = 5});
    tg_graph *second = tg_graph_new(&(tg_graph_options){.seed = 5});
    tg_tensor *a = tg_param_init(first, "a", TG_F64, 2, matrix, TG_INIT_HE);
    tg_tensor *b = tg_param_init(first, "b", TG_F32, 2, matrix, TG_INIT_GLOROT);
    tg_sin(tg_param_init(second, "other", TG_F64, 2, matrix, TG_INIT_HE));
    assert_same_bits(b, tg_param_init(second, "b", TG_F32, 2, matrix, TG_INIT_GLOROT), 1);
    assert_same_bits(a, tg_param_init(second, "a", TG_F64, 2, matrix, TG_INIT_HE), 1);
    tg_graph_free(first);
    tg_graph_free(second);
}

static double correlation(const tg_tensor *a, const tg_tensor *b)
{
    moments m = moments_of(a), k = moments_of(b);
    double sum = 0;
    for (int64_t i = 0; i < N; i++) sum += (element(a, i) - m.mean) * (element(b, i) - k.mean);
    return sum / (N * sqrt(m.variance * k.variance));
}

static void test_names_and_seeds_give_other_numbers(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 5});
    tg_graph *other = tg_graph_new(&(tg_graph_options){.seed = 6});
    tg_tensor *a = tg_param_init(g, "net.1.W", TG_F64, 2, matrix, TG_INIT_GLOROT);
    tg_tensor *b = tg_param_init(g, "net.2.W", TG_F64, 2, matrix, TG_INIT_GLOROT);
    tg_tensor *c = tg_param_init(other, "net.1.W", TG_F64, 2, matrix, TG_INIT_GLOROT);
    assert_same_bits(a, b, 0);
    assert_same_bits(a, c, 0);
    assert_true(fabs(correlation(a, b)) < 5 / sqrt(N));
    assert_true(fabs(correlation(a, c)) < 5 / sqrt(N));
    tg_graph_free(g);
    tg_graph_free(other);
}

/* The tape holds the param alone, whatever it took to draw it. */
static void test_tape_holds_the_param_alone(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = tg_param_init(g, "a", TG_F64, 2, matrix, TG_INIT_HE);
    assert_int_equal(tg_node_count(g), 1);
    assert_int_equal(tg_param_count(g), 1);
    assert_true(tg_is_trainable(a));
}

/* ---- Sharing and conflicts ---------------------------------------------------------------------------- */

static void test_sharing(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = tg_param_init(g, "a", TG_F64, 2, matrix, TG_INIT_HE);
    double first = element(a, 0);
    assert_ptr_equal(tg_param_init(g, "a", TG_F64, 2, matrix, TG_INIT_ZEROS), a);
    assert_true(element(a, 0) == first);
    assert_int_equal(tg_param_count(g), 1);
}

static void test_conflicts(void **state)
{
    tg_graph *g = *state;
    const int64_t turned[2] = {COLUMNS, ROWS};
    assert_non_null(tg_param_init(g, "a", TG_F64, 2, matrix, TG_INIT_HE));
    assert_null(tg_param_init(g, "a", TG_F64, 2, turned, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "'a'", "f64[160, 240]");
    assert_null(tg_param_init(g, "a", TG_F64, 1, matrix, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "'a'", "f64[160, 240]");
    assert_null(tg_param_init(g, "a", TG_F32, 2, matrix, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "'a'", "f64[160, 240]");
    assert_null(tg_param_init(g, "a", TG_F64, 2, NULL, TG_INIT_HE));
    assert_error(g, TG_ERR_NULL, "'a'", "shape");
    assert_non_null(tg_input(g, "x", TG_F64, 2, matrix));
    assert_null(tg_param_init(g, "x", TG_F64, 2, matrix, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "'x'", "input");
    assert_int_equal(tg_param_count(g), 1);
}

static void test_bad_requests(void **state)
{
    tg_graph *g = *state;
    const int64_t negative[2] = {3, -1}, huge[2] = {INT64_MAX / 2, 9}, many[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    assert_null(tg_param_init(NULL, "a", TG_F64, 2, matrix, TG_INIT_HE));
    assert_null(tg_param_init(g, NULL, TG_F64, 2, matrix, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "param", "NULL");
    assert_null(tg_param_init(g, "two words", TG_F64, 2, matrix, TG_INIT_HE));
    assert_error(g, TG_ERR_NAME, "two words", "name");
    assert_null(tg_param_init(g, "a", TG_I64, 2, matrix, TG_INIT_ZEROS));
    assert_error(g, TG_ERR_DTYPE, "'a'", "f32 and f64");
    assert_null(tg_param_init(g, "a", TG_BOOL, 2, matrix, TG_INIT_ZEROS));
    assert_error(g, TG_ERR_DTYPE, "'a'", "f32 and f64");
    assert_null(tg_param_init(g, "a", TG_F64, 2, negative, TG_INIT_HE));
    assert_error(g, TG_ERR_SIZE, "'a'", "-1");
    assert_null(tg_param_init(g, "a", TG_F64, 2, huge, TG_INIT_HE));
    assert_error(g, TG_ERR_SIZE, "'a'", "9");
    assert_null(tg_param_init(g, "a", TG_F64, 9, many, TG_INIT_HE));
    assert_error(g, TG_ERR_RANK, "'a'", "9");
    assert_null(tg_param_init(g, "a", TG_F64, 2, NULL, TG_INIT_HE));
    assert_error(g, TG_ERR_NULL, "'a'", "shape");
    assert_null(tg_param_init(g, "a", TG_F64, 2, matrix, (tg_init){.kind = (tg_init_kind)77}));
    assert_error(g, TG_ERR_ARGUMENT, "'a'", "77");
    assert_int_equal(tg_param_count(g), 0);
}

static void test_batch_inputs(void **state)
{
    tg_graph *g = *state;
    const int64_t shape[2] = {3, 4}, other[2] = {4, 3}, many[TG_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    tg_tensor *x = tg_batch_input(g, "x", 7, TG_F32, 2, shape);
    assert_string_equal(tg_name(x), "x.7");
    tg_type type = tg_type_of(x), expected;
    assert_int_equal(tg_type_make(&expected, TG_F32, 3, (const int64_t[]){7, 3, 4}, NULL), TG_OK);
    assert_memory_equal(&type, &expected, sizeof type);
    assert_ptr_equal(tg_batch_input(g, "x", 7, TG_F32, 2, shape), x);
    assert_ptr_not_equal(tg_batch_input(g, "x", 8, TG_F32, 2, shape), x);
    assert_int_equal(tg_rank(tg_batch_input(g, "labels", 7, TG_I64, 0, NULL)), 1);
    assert_null(tg_batch_input(g, "x", 7, TG_F32, 2, other));
    assert_error(g, TG_ERR_NAME, "x.7", "f32[7, 3, 4]");
    assert_null(tg_batch_input(g, "x", 7, TG_F32, 2, NULL));
    assert_error(g, TG_ERR_NULL, "x", "shape");
    assert_null(tg_batch_input(g, "x", 7, TG_F32, TG_MAX_RANK, many));
    assert_error(g, TG_ERR_RANK, "'x'", "8");
    assert_null(tg_batch_input(g, "x", -1, TG_F32, 2, shape));
    assert_error(g, TG_ERR_SIZE, "x.-1", "-1");
    assert_null(tg_batch_input(g, NULL, 1, TG_F32, 2, shape));
    assert_error(g, TG_ERR_NAME, "input", "NULL");
    char name[300];
    memset(name, 'n', sizeof name);
    name[299] = '\0';
    assert_null(tg_batch_input(g, name, 1, TG_F32, 2, shape));
    assert_error(g, TG_ERR_NAME, "nnn", "too long");
    assert_null(tg_batch_input(NULL, "x", 1, TG_F32, 2, shape));
    assert_non_null(tg_param_init(g, "p.1", TG_F64, 1, (const int64_t[]){1}, TG_INIT_ZEROS));
    assert_null(tg_batch_input(g, "p", 1, TG_F64, 0, NULL));
    assert_error(g, TG_ERR_NAME, "'p.1'", "param");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_distributions),
        graph_test(test_fixed_values),
        graph_test(test_fans_of_other_ranks),
        graph_test(test_empty_shapes),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_names_and_seeds_give_other_numbers),
        graph_test(test_tape_holds_the_param_alone),
        graph_test(test_sharing),
        graph_test(test_conflicts),
        graph_test(test_bad_requests),
        graph_test(test_batch_inputs),
    };
    return cmocka_run_group_tests_name("nn params", tests, NULL, NULL);
}
