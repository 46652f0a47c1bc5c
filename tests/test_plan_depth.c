/* Products that threads share by what they sum over: which they are, and that their bits are those of one thread. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include "plan/function.h"

enum { MOST = 200 * 910 };

/* Units of a product by blocks and the sum of these. */
static int count_shared(const tg_function *f)
{
    int n = 0;
    for (int64_t u = 0; u < f->plan->n_units; u++) {
        const int64_t first = f->plan->units[u].first_step;
        const tg_step_info product = tg_step_at(f, first), sum = tg_step_at(f, first + 1);
        if (f->plan->units[u].n_heads == 0 || f->plan->units[u].n_finals == 0) continue;
        n += strcmp(product.op, "matmul") == 0 && strcmp(sum.op, "sum") == 0;
    }
    return n;
}

typedef struct shape {
    int64_t rows, columns, depth;
    int is_shared; /* on two threads, in f32 */
} shape;

static tg_tensor *param_of(tg_graph *g, const char *name, tg_dtype dtype, int64_t rows, int64_t columns,
                           int at)
{
    static double f64[MOST];
    static float f32[MOST];
    assert_true(rows * columns <= MOST);
    for (int64_t i = 0; i < rows * columns; i++) {
        f64[i] = (double)(((i + at) * 7919) % 1009) / 1009 - 0.4;
        f32[i] = (float)f64[i];
    }
    return tg_param(g, name, dtype, 2, (int64_t[]){rows, columns},
                    dtype == TG_F32 ? (void *)f32 : (void *)f64);
}

enum { PRODUCTS = 6, OUTPUTS };

/* Products with every ending, and what masks one of them. */
static void make_products(tg_graph *g, const shape *s, tg_dtype dtype, tg_tensor *outputs[OUTPUTS])
{
    tg_tensor *x = param_of(g, "x", dtype, s->rows, s->depth, 0),
              *turned = param_of(g, "turned", dtype, s->depth, s->rows, 5),
              *w = param_of(g, "w", dtype, s->depth, s->columns, 1),
              *v = param_of(g, "v", dtype, s->columns, s->depth, 2),
              *b = param_of(g, "b", dtype, 1, s->columns, 3), *rate = param_of(g, "rate", dtype, 1, 1, 4),
              *u = param_of(g, "u", dtype, s->rows, s->columns, 6);
    tg_tensor *zero = tg_number(g, dtype, 0), *row = tg_reshape(b, 1, (int64_t[]){s->columns});
    outputs[0] = tg_matmul(x, w);
    outputs[1] = tg_relu(tg_add(tg_matmul(tg_transpose(turned, NULL), w), row));
    outputs[2] = tg_mul(tg_matmul(x, tg_transpose(v, NULL)), tg_reshape(rate, 0, NULL));
    outputs[3] = tg_sub(row, tg_matmul(tg_transpose(turned, NULL), tg_transpose(v, NULL)));
    /* Its group goes on with a reduction of rows. */
    outputs[5] = tg_softmax(tg_tanh(tg_add(tg_matmul(tg_square(x), w), row)), -1);
    tg_tensor *z = outputs[PRODUCTS] = tg_tanh(u);
    outputs[4] = tg_where(tg_lt(zero, z), tg_matmul(tg_sqrt(tg_square(x)), w), zero);
}

static void assert_same(const tg_tensor *t, const void *a, const void *b)
{
    const int64_t count = tg_count(t);
    if (!TG_WITH_CBLAS) assert_memory_equal(a, b, (size_t)count * tg_dtype_size(tg_dtype_of(t)));
    for (int64_t i = 0; i < count; i++) {
        double x = tg_dtype_of(t) == TG_F32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
        double y = tg_dtype_of(t) == TG_F32 ? (double)((const float *)b)[i] : ((const double *)b)[i];
        assert_true(fabs(x - y) <= 1e-4 * (1 + fabs(y)));
    }
}

static void check(const shape *s, tg_dtype dtype)
{
    static double expected[OUTPUTS][130 * 70];
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *outputs[OUTPUTS];
    make_products(g, s, dtype, outputs);
    const size_t bytes = (size_t)(s->rows * s->columns) * tg_dtype_size(dtype);
    assert_true(bytes <= sizeof expected[0]);
    for (int threads = 1; threads <= 3; threads++) {
        for (int off = 0; off < 2; off++) {
            tg_function *f = compile_with(g, outputs, OUTPUTS, off ? "depth" : NULL, threads);
            const int shared = count_shared(f);
            if (off || threads == 1) assert_int_equal(shared, 0);
            if (!off && threads == 2 && dtype == TG_F32)
                assert_int_equal(shared, s->is_shared ? PRODUCTS : 0);
            for (int run = 0; run < 2; run++) {
                assert_int_equal(tg_run(f), TG_OK);
                for (int i = 0; i < OUTPUTS; i++) {
                    if (threads == 1 && !off) tg_read(f, outputs[i], expected[i], bytes);
                    assert_same(outputs[i], tg_output(f, outputs[i]), expected[i]);
                }
            }
            tg_function_free(f);
        }
    }
    tg_graph_free(g);
}

/* Blocks that are all alike or not, columns of whole and parts of vectors, what is too small or too large, and a column. */
static void test_shapes(void **state)
{
    (void)state;
    static const shape shapes[] = {{64, 64, 784, 1}, {60, 24, 1300, 1}, {100, 33, 801, 1}, {190, 3, 903, 1},
                                   {64, 64, 400, 0}, {10, 30, 900, 0},  {130, 70, 410, 0}, {200, 1, 900, 0}};
    for (int i = 0; i < COUNT(shapes); i++) {
        check(&shapes[i], TG_F32);
        check(&shapes[i], TG_F64);
    }
}

/* A row of a matrix, of two axes and none between its rows, is read where it lies. */
static void test_repeated_rows(void **state)
{
    tg_graph *g = *state;
    static double expected[64 * 64];
    tg_tensor *x = param_of(g, "x", TG_F64, 1, 784, 0), *w = param_of(g, "w", TG_F64, 784, 64, 1);
    tg_tensor *y = tg_matmul(tg_broadcast_to(x, 2, (int64_t[]){64, 784}), w);
    for (int threads = 1; threads <= 2; threads++) {
        tg_function *f = compile_with(g, &y, 1, NULL, threads);
        assert_int_equal(count_shared(f), threads - 1);
        assert_int_equal(tg_run(f), TG_OK);
        if (threads == 1) tg_read(f, y, expected, sizeof expected);
        assert_same(y, tg_output(f, y), expected);
        tg_function_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), graph_test(test_repeated_rows)};
    return cmocka_run_group_tests_name("products shared by depth", tests, NULL, NULL);
}
