/* Epilogues: which steps become a part of a product, and that their values are the same to the last bit. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include "plan/function.h"

static int64_t steps_of(const tg_function *f, const char *op)
{
    int64_t n = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) n += strcmp(tg_step_at(f, s).op, op) == 0;
    return n;
}

/* ---- Updates ---------------------------------------------------------------------------------------------- */

static int64_t products_in(const tg_function *f, int n_inputs)
{
    int64_t n = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++)
        n += strcmp(tg_step_at(f, s).op, "matmul") == 0 && tg_step_at(f, s).n_inputs == n_inputs;
    return n;
}

/* An update by a product is one step, in the param itself; a product that is read twice, as a view or negated is not. */
static void test_epilogues(void **state)
{
    tg_graph *g = *state;
    tg_tensor *w = param_2d(g, "w", 40, 24, NULL), *x = param_2d(g, "x", 16, 40, NULL),
              *d = param_2d(g, "d", 16, 24, NULL), *rate = scalar_param(g, "rate", 0.25),
              *b = param_1d(g, "b", 24, NULL);
    tg_tensor *product = tg_matmul(tg_transpose(x, NULL), d);
    const struct {
        tg_tensor *value;
        int inputs; /* of the product, 2 where nothing is folded */
    } cases[] = {{tg_sub(w, tg_mul(product, rate)), 4},
                 {tg_sub(w, tg_mul_scalar(product, 0.1)), 4},
                 {tg_sub(w, product), 3},
                 {tg_add(tg_mul_scalar(product, 2), tg_tanh(w)), 4},
                 {tg_add(tg_broadcast_to(b, 2, tg_shape(w)), product), 3},
                 {tg_relu(tg_add(tg_mul_scalar(product, 2), b)), 4},
                 {tg_mul_scalar(product, 2), 3},
                 {tg_mul(tg_relu(product), rate), 2},
                 {tg_add(tg_relu(product), w), 2},
                 {tg_sub(product, w), 2},
                 {tg_sub(w, tg_mul(product, w)), 2},
                 {tg_sub(w, tg_mul(product, product)), 2},
                 {tg_add(product, tg_sum(product, NULL)), 2},
                 {tg_add(w, tg_flip(product, 0)), 2},
                 {tg_add(w, tg_transpose(tg_reshape(product, 2, (const int64_t[]){24, 40}), NULL)), 2}};
    for (int i = 0; i < COUNT(cases); i++) {
        const tg_update update = {w, cases[i].value};
        for (int off = 0; off < 2; off++) {
            tg_function *f;
            const tg_compile_options options = {.passes_off = off ? "epilogue" : NULL};
            assert_int_equal(tg_compile_with(g, NULL, 0, &update, 1, &options, &f), TG_OK);
            if (products_in(f, off ? 2 : cases[i].inputs) != 1) fail_msg("case %d, off: %d", i, off);
            if (cases[i].inputs == 4 && !off) assert_int_equal(f->plan->updates[0].place, -1);
            tg_function_free(f);
        }
    }
}

/* With values: the same bits, for every type and layout of what is added, and for several threads. */
static void test_values_of_epilogues(void **state)
{
    tg_graph *g = *state;
    static float numbers[64 * 700], found[2][2][600 * 48];
    for (int i = 0; i < COUNT(numbers); i++) numbers[i] = (float)((i * 37) % 101) / 50.0F - 1;
    tg_tensor *w = tg_param(g, "w", TG_F32, 2, (const int64_t[]){600, 48}, numbers),
              *x = tg_param(g, "x", TG_F32, 2, (const int64_t[]){64, 600}, numbers + 5),
              *d = tg_param(g, "d", TG_F32, 2, (const int64_t[]){64, 48}, numbers + 11);
    tg_tensor *product = tg_matmul(tg_transpose(x, NULL), d);
    tg_tensor *wide = tg_param(g, "wide", TG_F32, 2, (const int64_t[]){600, 64}, numbers + 3);
    tg_tensor *outputs[2] = {
        tg_sub(w, tg_mul_scalar(product, 0.3)),
        tg_add(tg_matmul(tg_transpose(x, NULL), tg_neg(d)), tg_slice(wide, 1, 4, 52, 1))};
    for (int off = 0; off < 2; off++) {
        tg_function *f;
        const tg_compile_options options = {.passes_off = off ? "epilogue" : NULL, .threads = off ? 1 : 3};
        assert_int_equal(tg_compile_with(g, outputs, 2, NULL, 0, &options, &f), TG_OK);
        assert_int_equal(tg_run(f), TG_OK);
        for (int i = 0; i < 2; i++) tg_read(f, outputs[i], found[off][i], sizeof found[off][i]);
        tg_function_free(f);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
    double expected = (double)numbers[0];
    for (int i = 0; i < 64; i++)
        expected -= 0.3 * (double)numbers[5 + i * 600] * (double)numbers[11 + i * 48];
    assert_true(fabs((double)found[0][0][0] - expected) < 1e-5);
}

/* ---- Layers ------------------------------------------------------------------------------------------------- */

/* Two layers with ReLU between them, and what their cost asks of them. */
enum { BATCH = 70, INPUTS = 340, HIDDEN = 96, OUTPUTS = 10, RESULTS = 5 };

typedef struct layers {
    tg_tensor *z, *a, *results[RESULTS]; /* results: the cost and the gradients */
} layers;

static layers two_layers(tg_graph *g, tg_dtype dtype)
{
    static double numbers[INPUTS * HIDDEN + 20];
    for (int i = 0; i < COUNT(numbers); i++) numbers[i] = (double)((i * 37) % 101) / 50.0 - 1;
    numbers[5 * INPUTS + 3] = (double)NAN;
    numbers[6 * INPUTS + 4] = (double)INFINITY;
    tg_tensor *x = tg_cast(param_2d(g, "x", BATCH, INPUTS, numbers), dtype);
    tg_tensor *params[4] = {
        param_2d(g, "w1", INPUTS, HIDDEN, numbers + 11), param_1d(g, "b1", HIDDEN, numbers + 3),
        param_2d(g, "w2", HIDDEN, OUTPUTS, numbers + 17), param_1d(g, "b2", OUTPUTS, numbers + 5)};
    tg_tensor *p[4];
    layers made;
    for (int i = 0; i < 4; i++) p[i] = tg_cast(params[i], dtype);
    made.z = tg_add(tg_matmul(x, p[0]), p[1]);
    made.a = tg_relu(made.z);
    made.results[0] = tg_sum(tg_tanh(tg_add(tg_matmul(made.a, p[2]), p[3])), NULL);
    assert_int_equal(tg_grad(g, made.results[0], params, 4, made.results + 1), TG_OK);
    return made;
}

/* The product of more steps than are summed in one go takes bias and ReLU, and the one going back takes the choice by
 * ReLU's result; where nothing was is not stored. */
static void test_steps_of_layers(void **state)
{
    layers made = two_layers(*state, TG_F64);
    tg_function *f = compile_with(*state, made.results, RESULTS, NULL, 1);
    assert_int_equal(steps_of(f, "relu") + steps_of(f, "lt") + steps_of(f, "where"), 0);
    assert_int_equal(steps_of(f, "matmul"), 5);
    assert_int_equal(products_in(f, 3), 3);
    tg_function_free(f);
    f = compile_with(*state, made.results, RESULTS, "epilogue", 1);
    assert_int_equal(steps_of(f, "relu") + steps_of(f, "lt") + steps_of(f, "where"), 3);
    tg_function_free(f);
}

/* ReLU's input is an output too: it is made, and ReLU apart from it. */
static void test_what_is_read_elsewhere_is_made(void **state)
{
    layers made = two_layers(*state, TG_F64);
    tg_tensor *outputs[RESULTS + 1] = {made.z};
    memcpy(outputs + 1, made.results, sizeof made.results);
    tg_function *f = compile_with(*state, outputs, RESULTS + 1, NULL, 1);
    assert_int_equal(steps_of(f, "relu"), 1);
    assert_int_equal(steps_of(f, "lt") + steps_of(f, "where"), 0);
    tg_function_free(f);
}

/* What was positive stays as such where nobody needs ReLU's result later, since it is smaller; where another comparison
 * or another choice is made; and where it is read by others. */
static void test_masks_that_stay(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 20, 30, NULL), *w = param_2d(g, "w", 30, 40, NULL),
              *d = param_2d(g, "d", 20, 40, NULL), *z = tg_tanh(d), *zero = tg_number(g, TG_F64, 0),
              *product = tg_matmul(x, w), *later = tg_sum(z, NULL);
    const struct {
        tg_tensor *value, *also;
        int lt, where;
    } cases[] = {{tg_where(tg_lt(zero, z), product, zero), tg_exp(tg_add(product, z)), 1, 1},
                 {tg_where(tg_lt(zero, z), tg_matmul(x, tg_neg(w)), zero), z, 0, 0},
                 {tg_where(tg_lt(zero, z), tg_matmul(x, tg_exp(w)), zero), later, 1, 1},
                 {tg_where(tg_lt(z, zero), tg_matmul(x, tg_sin(w)), zero), z, 1, 1},
                 {tg_where(tg_lt(d, z), tg_matmul(x, tg_relu(w)), zero), z, 1, 1},
                 {tg_where(tg_lt(zero, z), zero, tg_matmul(x, tg_cos(w))), z, 1, 1},
                 {tg_where(tg_lt(zero, z), tg_matmul(x, tg_tanh(w)), z), z, 1, 1}};
    for (int i = 0; i < COUNT(cases); i++) {
        tg_tensor *outputs[2] = {cases[i].value, cases[i].also};
        tg_function *f = compile_with(g, outputs, 2, NULL, 1);
        if (steps_of(f, "lt") != cases[i].lt || steps_of(f, "where") != cases[i].where)
            fail_msg("case %d has %lld lt and %lld where", i, (long long)steps_of(f, "lt"),
                     (long long)steps_of(f, "where"));
        tg_function_free(f);
    }
    tg_tensor *mask = tg_lt(zero, z), *outputs[3] = {tg_where(mask, tg_matmul(x, tg_sqrt(w)), zero), z, mask};
    tg_function *f = compile_with(g, outputs, 3, NULL, 1);
    assert_int_equal(steps_of(f, "lt"), 1);
    assert_int_equal(steps_of(f, "where"), 0);
    tg_function_free(f);
}

/* The same bits with the pass, on so many threads, and without. */
static void compare_outputs(tg_graph *g, tg_tensor *const *outputs, int n, int threads)
{
    static double usual[INPUTS * HIDDEN], found[INPUTS * HIDDEN];
    tg_function *f = compile_with(g, outputs, n, "epilogue", 1),
                *folded = compile_with(g, outputs, n, NULL, threads);
    assert_int_equal(tg_run(f), TG_OK);
    assert_int_equal(tg_run(folded), TG_OK);
    for (int i = 0; i < n; i++) {
        const size_t size = (size_t)tg_count(outputs[i]) * tg_dtype_size(tg_dtype_of(outputs[i]));
        tg_read(f, outputs[i], usual, size);
        tg_read(folded, outputs[i], found, size);
        assert_memory_equal(usual, found, size);
    }
    tg_function_free(f);
    tg_function_free(folded);
}

/* With NaN and infinity among them, which ReLU and its mask must treat alike. */
static void test_values_of_layers(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        tg_graph *g = tg_graph_new(NULL);
        layers made = two_layers(g, i % 2 == 0 ? TG_F32 : TG_F64);
        compare_outputs(g, made.results, RESULTS, 1 + i / 2);
        tg_graph_free(g);
    }
}

/* Who asks whether ReLU's input is positive before ReLU is computed cannot ask its result. */
static void test_asking_before_relu(void **state)
{
    tg_graph *g = *state;
    static double numbers[40 * 30 + 3];
    for (int i = 0; i < COUNT(numbers); i++) numbers[i] = (double)((i * 37) % 101) / 50.0 - 1;
    tg_tensor *x = param_2d(g, "x", 20, 30, numbers), *w = param_2d(g, "w", 30, 40, numbers + 3);
    tg_tensor *z = tg_matmul(x, w), *positive = tg_lt(tg_number(g, TG_F64, 0), z);
    tg_tensor *outputs[2] = {tg_where(positive, tg_tanh(z), tg_sin(z)), NULL};
    outputs[1] = tg_relu(z);
    compare_outputs(g, outputs, 2, 1);
    tg_tensor *only[2] = {tg_cast(positive, TG_F64), outputs[1]};
    compare_outputs(g, only, 2, 1);
}

/* A product that goes over its sums several times must not lie over what is added in the end. */
static void test_deep_products(void **state)
{
    tg_graph *g = *state;
    enum { DEPTH = 700, ROWS = 20, COLUMNS = 30 };
    static double numbers[DEPTH * COLUMNS + 3], found[2][ROWS * COLUMNS];
    for (int i = 0; i < COUNT(numbers); i++) numbers[i] = (double)((i * 37) % 101) / 50.0 - 1;
    tg_tensor *x = param_2d(g, "x", DEPTH, ROWS, numbers), *d = param_2d(g, "d", DEPTH, COLUMNS, numbers + 1),
              *w = param_2d(g, "w", ROWS, COLUMNS, numbers + 2), *b = param_1d(g, "b", COLUMNS, numbers + 3);
    tg_tensor *product = tg_matmul(tg_transpose(x, NULL), d);
    tg_tensor *row = tg_slice(tg_transpose(x, NULL), 0, 1, 2, 1);
    tg_tensor *outputs[2] = {tg_add(tg_matmul(row, d), tg_tanh(b)), tg_add(product, tg_sin(w))};
    compare_outputs(g, outputs, 2, 1);
    const tg_update update = {w, tg_sub(w, tg_mul_scalar(product, 0.01))};
    for (int off = 0; off < 2; off++) {
        tg_function *f;
        const tg_compile_options options = {.passes_off = off ? "epilogue" : NULL};
        tg_set(w, numbers + 2, sizeof found[0]);
        assert_int_equal(tg_compile_with(g, NULL, 0, &update, 1, &options, &f), TG_OK);
        assert_int_equal(tg_run(f), TG_OK);
        tg_get(w, found[off], sizeof found[off]);
        tg_function_free(f);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
}

static double flops_in(const tg_function *f)
{
    double sum = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) sum += tg_step_at(f, s).flops;
    return sum;
}

/* What is done is the same; what is read and written is less. */
static void test_flops(void **state)
{
    layers made = two_layers(*state, TG_F64);
    tg_function *f = compile_with(*state, made.results, RESULTS, NULL, 1),
                *apart = compile_with(*state, made.results, RESULTS, "epilogue", 1);
    assert_true(flops_in(f) == flops_in(apart));
    assert_true(tg_step_at(f, 0).flops > 0);
    tg_function_free(f);
    tg_function_free(apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_epilogues),
        graph_test(test_values_of_epilogues),
        graph_test(test_steps_of_layers),
        graph_test(test_what_is_read_elsewhere_is_made),
        graph_test(test_masks_that_stay),
        graph_test(test_values_of_layers),
        graph_test(test_asking_before_relu),
        graph_test(test_deep_products),
        graph_test(test_flops),
    };
    return cmocka_run_group_tests_name("epilogues", tests, NULL, NULL);
}
