/* The random operations: their distributions, that a key determines the numbers, and that other keys give
 * independent ones. Keys are fixed, so the outcome is too; the limits are five standard deviations or more. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "graph_helpers.h"

#define N 40000

typedef struct moments {
    double mean, variance, fourth;
} moments;

static moments moments_of(const double *x, int64_t n)
{
    moments m = {0, 0, 0};
    for (int64_t i = 0; i < n; i++) m.mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double square = (x[i] - m.mean) * (x[i] - m.mean);
        m.variance += square / (double)n;
        m.fourth += square * square / (double)n;
    }
    return m;
}

static double correlation(const double *x, const double *y, int64_t n)
{
    moments mx = moments_of(x, n), my = moments_of(y, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (x[i] - mx.mean) * (y[i] - my.mean) / (double)n;
    return sum / sqrt(mx.variance * my.variance);
}

static double *draw(tg_tensor *t)
{
    double *values = malloc(N * sizeof *values);
    assert_non_null(values);
    evaluate(t, values, N, __FILE__, __LINE__);
    return values;
}

static tg_tensor *key(tg_graph *g, int64_t value)
{
    return tg_constant(g, TG_I64, 0, NULL, &value);
}

static const int64_t shape[2] = {200, N / 200};

/* chi-squared of 64 boxes: 63 expected, deviation 11.2. */
static double unevenness(const double *x)
{
    double boxes[64] = {0}, sum = 0;
    for (int64_t i = 0; i < N; i++) boxes[(int)(x[i] * 64)]++;
    for (int b = 0; b < 64; b++) sum += (boxes[b] - N / 64.0) * (boxes[b] - N / 64.0) / (N / 64.0);
    return sum;
}

static void test_uniform(void **state)
{
    tg_graph *g = *state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        double *x = draw(tg_random_uniform(key(g, 7), (tg_dtype)dtype, 2, shape));
        for (int64_t i = 0; i < N; i++) assert_true(x[i] >= 0 && x[i] < 1);
        moments m = moments_of(x, N);
        assert_true(fabs(m.mean - 0.5) < 5 * sqrt(1.0 / 12 / N));
        assert_true(fabs(m.variance - 1.0 / 12) < 5 * sqrt((1.0 / 80 - 1.0 / 144) / N));
        assert_true(unevenness(x) < 63 + 5 * 11.2);
        assert_true(fabs(correlation(x, x + 1, N - 1)) < 5 / sqrt(N));
        free(x);
    }
}

/* The numbers are those of Philox, by the documented layout: two f64 or four f32 a counter. */
static void test_uniform_is_philox(void **state)
{
    tg_graph *g = *state;
    uint32_t words[4];
    int64_t seven = 7;
    double expected[7], single[7];
    for (int i = 0; i < 7; i++) {
        tg_philox(42, (uint64_t)i / 2, 0, words);
        expected[i] = ldexp((double)(((uint64_t)words[i % 2 * 2] << 32 | words[i % 2 * 2 + 1]) >> 11), -53);
        tg_philox(42, (uint64_t)i / 4, 0, words);
        single[i] = ldexp((double)(words[i % 4] >> 8), -24);
    }
    assert_values(tg_random_uniform(key(g, 42), TG_F64, 1, &seven), expected, 7, 0);
    assert_values(tg_random_uniform(key(g, 42), TG_F32, 1, &seven), single, 7, 0);
}

static void test_normal(void **state)
{
    tg_graph *g = *state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        double *x = draw(tg_random_normal(key(g, 7), (tg_dtype)dtype, 2, shape)), within = 0;
        moments m = moments_of(x, N);
        assert_true(fabs(m.mean) < 5 / sqrt(N));
        assert_true(fabs(m.variance - 1) < 5 * sqrt(2.0 / N));
        assert_true(fabs(m.fourth - 3) < 5 * sqrt(96.0 / N));
        for (int64_t i = 0; i < N; i++) within += fabs(x[i]) < 1 ? 1.0 / N : 0;
        assert_true(fabs(within - erf(sqrt(0.5))) < 5 * sqrt(0.22 / N));
        assert_true(fabs(correlation(x, x + 1, N - 1)) < 5 / sqrt(N));
        free(x);
    }
}

static void test_bernoulli(void **state)
{
    tg_graph *g = *state;
    tg_tensor *p = param_1d(g, "p", 4, (const double[]){0, 0.25, 0.9, 1}), *slope;
    tg_tensor *y = tg_random_bernoulli(key(g, 3), p, 2, (const int64_t[]){N / 4, 4});
    assert_int_equal(tg_dtype_of(y), TG_F64);
    double *x = draw(y), sums[4] = {0};
    for (int i = 0; i < N; i++) {
        assert_true(x[i] == 0 || x[i] == 1);
        sums[i % 4] += x[i];
    }
    free(x);
    assert_true(sums[0] == 0 && sums[3] == N / 4);
    assert_true(fabs(sums[1] - 0.25 * N / 4) < 5 * sqrt(0.25 * 0.75 * N / 4));
    assert_true(fabs(sums[2] - 0.9 * N / 4) < 5 * sqrt(0.9 * 0.1 * N / 4));
    assert_int_equal(tg_grad(g, tg_sum(y, NULL), &p, 1, &slope), TG_OK);
    assert_values(slope, ((const double[]){0, 0, 0, 0}), 4, 0);
}

typedef tg_tensor *(*draw_fn)(tg_tensor *key, tg_dtype dtype, int rank, const int64_t *shape);

static void check_keys(tg_graph *g, draw_fn fn)
{
    static const int64_t others[] = {8, 9, -7, 7 + ((int64_t)1 << 32), INT64_MIN};
    double *x = draw(fn(key(g, 7), TG_F64, 2, shape));
    double *again = draw(fn(key(g, 7), TG_F64, 1, (const int64_t[]){N}));
    assert_memory_equal(x, again, N * sizeof *x);
    free(again);
    for (int i = 0; i < COUNT(others); i++) {
        double *y = draw(fn(key(g, others[i]), TG_F64, 2, shape));
        assert_true(fabs(correlation(x, y, N)) < 5 / sqrt(N));
        free(y);
    }
    free(x);
}

static void test_keys(void **state)
{
    check_keys(*state, tg_random_uniform);
    check_keys(*state, tg_random_normal);
}

/* A key that is an input gives other numbers when it changes, and none of it is folded away. */
static void test_key_as_input(void **state)
{
    tg_graph *g = *state;
    tg_tensor *k = tg_input(g, "key", TG_I64, 0, NULL), *x = tg_random_uniform(k, TG_F64, 2, shape);
    int64_t value = 1;
    assert_int_equal(tg_set(k, &value, sizeof value), TG_OK);
    double *first = draw(x);
    value = 2;
    assert_int_equal(tg_set(k, &value, sizeof value), TG_OK);
    double *other = draw(x);
    assert_true(fabs(correlation(first, other, N)) < 5 / sqrt(N));
    free(other);
    value = 1;
    assert_int_equal(tg_set(k, &value, sizeof value), TG_OK);
    other = draw(x);
    assert_memory_equal(first, other, N * sizeof *first);
    free(first);
    free(other);
    assert_null(tg_random_uniform(tg_number(g, TG_F64, 1), TG_F64, 2, shape));
    assert_error(g, TG_ERR_DTYPE, "random_uniform", "key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_uniform), graph_test(test_uniform_is_philox),
        graph_test(test_normal),  graph_test(test_bernoulli),
        graph_test(test_keys),    graph_test(test_key_as_input),
    };
    return cmocka_run_group_tests_name("ops: random", tests, NULL, NULL);
}
