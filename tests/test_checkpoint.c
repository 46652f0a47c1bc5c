/* Checkpoints: the same values and derivatives as without, from a segment that is recorded again. */
#include <string.h>

#include "graph_helpers.h"

enum { WIDTH = 6, ROWS = 4 };

static int64_t count_ops(const tg_graph *g, const char *name)
{
    int64_t n = 0;
    for (int64_t id = 0; id < tg_node_count(g); id++) n += strcmp(tg_op_of(tg_node(g, id))->name, name) == 0;
    return n;
}

static void assert_same(tg_tensor *a, tg_tensor *b, double tolerance)
{
    double expected[64];
    assert_non_null(b);
    assert_int_equal(tg_count(a), tg_count(b));
    assert_in_range(tg_count(b), 1, COUNT(expected));
    evaluate(b, expected, tg_count(b), __FILE__, __LINE__);
    assert_values(a, expected, tg_count(b), tolerance);
}

/* ---- A chain of layers ---------------------------------------------------------------------------------- */

typedef struct chain {
    tg_tensor *x, *W[12], *b[12], *cost, *gradients[25];
    int n;
} chain;

/* n layers of tanh; a checkpoint after every `every` of them, none for 0. Both kinds share x and the params. */
static void record_chain(tg_graph *g, chain *c, int n, int every)
{
    tg_tensor *a = c->x, *from = c->x;
    c->n = n;
    for (int l = 0; l < n; l++) {
        a = tg_tanh(tg_add(tg_matmul(a, c->W[l]), c->b[l]));
        if (every > 0 && (l + 1) % every == 0) from = a = tg_checkpoint(a, &from, 1);
    }
    c->cost = tg_sum(tg_square(a), NULL);
    tg_tensor *wrt[25] = {c->x};
    for (int l = 0; l < n; l++) wrt[1 + l] = c->W[l], wrt[1 + n + l] = c->b[l];
    assert_int_equal(tg_grad(g, c->cost, wrt, 1 + 2 * n, c->gradients), TG_OK);
}

static void make_leaves(tg_graph *g, chain *c, int n, double scale)
{
    double data[WIDTH * WIDTH];
    for (int i = 0; i < WIDTH * WIDTH; i++) data[i] = scale * (double)((i * 7 + 3) % 11 - 5) / 10;
    c->x = param_2d(g, "x", ROWS, WIDTH, data);
    for (int l = 0; l < n; l++) {
        const char W[3] = {'W', (char)('a' + l), '\0'}, b[3] = {'b', (char)('a' + l), '\0'};
        data[l] += 0.1;
        c->W[l] = param_2d(g, W, WIDTH, WIDTH, data);
        c->b[l] = param_1d(g, b, WIDTH, data + l);
    }
}

/* To the last bit: one use of every tensor leaves no order of sums open. */
static void test_a_chain_to_the_last_bit(void **state)
{
    tg_graph *g = *state;
    chain plain, checkpointed;
    make_leaves(g, &plain, 12, 1);
    checkpointed = plain;
    record_chain(g, &plain, 12, 0);
    int64_t products = count_ops(g, "matmul"), broadcasts = count_ops(g, "broadcast_to");
    record_chain(g, &checkpointed, 12, 4);
    /* The first segment is the plain one's; all three are recorded once more, and the reverse pass reads the copies. */
    assert_int_equal(count_ops(g, "checkpoint"), 3);
    assert_int_equal(count_ops(g, "matmul"), products + 8 + 12 + 24);
    /* Biases are broadcast again, or their adjoints would pass as matrices; but not those that are older than the input
     * of a segment, as here those of the plain chain are for all segments but the first. */
    assert_int_equal(count_ops(g, "broadcast_to"), broadcasts + 4);
    assert_same(checkpointed.cost, plain.cost, 0);
    for (int i = 0; i < 25; i++) {
        assert_ptr_not_equal(checkpointed.gradients[i], plain.gradients[i]);
        assert_same(checkpointed.gradients[i], plain.gradients[i], 0);
    }
}

static size_t arena_of(int n, int every)
{
    tg_graph *g = tg_graph_new(NULL);
    chain c;
    tg_function *f;
    make_leaves(g, &c, n, 1);
    record_chain(g, &c, n, every);
    tg_tensor *const outputs[2] = {c.cost, c.gradients[0]};
    assert_int_equal(tg_compile(g, outputs, 2, NULL, 0, &f), TG_OK);
    size_t bytes = tg_stats(f).live_bytes;
    tg_function_free(f);
    tg_graph_free(g);
    return bytes;
}

static void test_memory(void **state)
{
    (void)state;
    const size_t layer = ROWS * WIDTH * sizeof(double);
    assert_true(arena_of(12, 0) >= 12 * layer);
    assert_true(arena_of(12, 4) <= 9 * layer);
    assert_true(arena_of(12, 4) < arena_of(12, 0));
}

/* The example of docs/memory.md. */
static tg_tensor *deep(tg_tensor *x, tg_tensor *const *W, int depth)
{
    int every = 1;
    while (every * every < depth) every++;
    tg_tensor *a = x, *from = x;
    for (int l = 1; l <= depth; l++) {
        a = tg_tanh(tg_matmul(a, W[l - 1]));
        if (l % every == 0 && depth - l >= every) from = a = tg_checkpoint(a, &from, 1);
    }
    return a;
}

static void test_the_example(void **state)
{
    tg_graph *g = *state;
    chain c;
    make_leaves(g, &c, 12, 1);
    tg_tensor *plain = c.x, *d[2];
    for (int l = 0; l < 12; l++) plain = tg_tanh(tg_matmul(plain, c.W[l]));
    tg_tensor *y = deep(c.x, c.W, 12);
    assert_int_equal(count_ops(g, "checkpoint"), 2);
    assert_int_equal(tg_grad(g, tg_sum(plain, NULL), c.W, 1, &d[0]), TG_OK);
    assert_int_equal(tg_grad(g, tg_sum(y, NULL), c.W, 1, &d[1]), TG_OK);
    assert_same(d[1], d[0], 0);
}

/* ---- Derivatives ---------------------------------------------------------------------------------------- */

/* Three inputs that are used in several places. */
static tg_tensor *mixed(tg_tensor *x, tg_tensor *w, tg_tensor *kept)
{
    tg_tensor *h = tg_sin(tg_mul(x, w));
    return tg_add(tg_mul(tg_exp(tg_mul(h, kept)), x), tg_mul(h, tg_tanh(w)));
}

static void test_second_order_and_forward_mode(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){0.3, -0.7, 1.1});
    tg_tensor *w = param_1d(g, "w", 3, (const double[]){1.2, 0.4, -0.5});
    tg_tensor *v = param_1d(g, "v", 3, (const double[]){0.6, -1, 0.25});
    tg_tensor *kept = tg_cos(w), *plain = mixed(x, w, kept), *xs[3] = {x, w, v}, *out[2][3],
              *vs[3] = {v, x, w};
    tg_tensor *y = tg_checkpoint(plain, &x, 1), *sums[2] = {tg_sum(plain, NULL), tg_sum(y, NULL)};
    assert_ptr_not_equal(y, plain);
    assert_same(y, plain, 0);
    for (int k = 0; k < 2; k++) assert_int_equal(tg_grad(g, sums[k], xs, 2, out[k]), TG_OK);
    for (int i = 0; i < 2; i++) assert_same(out[1][i], out[0][i], 1e-15);
    for (int k = 0; k < 2; k++) assert_int_equal(tg_hvp(g, sums[k], xs, vs, 2, out[k]), TG_OK);
    for (int i = 0; i < 2; i++) assert_same(out[1][i], out[0][i], 1e-14);
    for (int k = 0; k < 2; k++) assert_int_equal(tg_hessian(g, sums[k], w, &out[k][0]), TG_OK);
    assert_same(out[1][0], out[0][0], 1e-14);
    assert_int_equal(tg_jvp(g, &plain, 1, xs, vs, 2, &out[0][0]), TG_OK);
    assert_int_equal(tg_jvp(g, &y, 1, xs, vs, 2, &out[1][0]), TG_OK);
    assert_same(out[1][0], out[0][0], 0);
    /* Reverse over reverse over reverse. */
    for (int k = 0; k < 2; k++) {
        tg_tensor *t = sums[k];
        for (int order = 0; order < 3; order++) {
            assert_int_equal(tg_grad(g, t, &x, 1, &out[k][0]), TG_OK);
            t = tg_sum(tg_mul(out[k][0], v), NULL);
        }
    }
    assert_same(out[1][0], out[0][0], 1e-13);
}

static void check_gradients(tg_graph *g, tg_tensor *plain, tg_tensor *y, tg_tensor *const *xs, int n,
                            double tolerance)
{
    tg_tensor *expected[8], *found[8];
    assert_int_equal(tg_grad(g, tg_sum(plain, NULL), xs, n, expected), TG_OK);
    assert_int_equal(tg_grad(g, tg_sum(y, NULL), xs, n, found), TG_OK);
    assert_same(y, plain, 0);
    for (int i = 0; i < n; i++) assert_same(found[i], expected[i], tolerance);
}

static void test_nested(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.4), *w = scalar_param(g, "w", 1.3), *xs[2] = {x, w};
    tg_tensor *of_w = tg_sin(w), *plain = x, *y = x;
    for (int l = 0; l < 6; l++) {
        plain = tg_tanh(tg_mul(tg_add(plain, of_w), tg_exp(w)));
        y = tg_tanh(tg_mul(tg_add(y, of_w), tg_exp(w)));
        /* Inputs that change from one to the next, so that some lie within the segments of others. */
        y = tg_checkpoint(y, l % 3 == 1 ? &of_w : l % 3 == 2 ? &x : xs, l % 3 == 0 ? 2 : 1);
    }
    check_gradients(g, plain, y, xs, 2, 1e-14);
    tg_tensor *sums[2] = {plain, y}, *out[2];
    for (int k = 0; k < 2; k++) assert_int_equal(tg_hessian(g, sums[k], w, &out[k]), TG_OK);
    assert_same(out[1], out[0], 1e-12);
}

static void test_nested_too_deep(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.4), *y = x, *d;
    for (int l = 0; l < TG_MAX_CHECKPOINTS; l++) y = tg_checkpoint(tg_sin(y), &x, 1);
    assert_int_equal(tg_grad(g, y, &x, 1, &d), TG_OK);
    assert_null(tg_checkpoint(tg_sin(y), &x, 1));
    assert_error(g, TG_ERR_ARGUMENT, "tg_checkpoint", "64 deep");
    /* One after the other is no nesting. */
    for (int l = 0; l < 2 * TG_MAX_CHECKPOINTS; l++) y = tg_checkpoint(tg_sin(y), &y, 1);
    assert_non_null(y);
}

/* ---- What is inside ------------------------------------------------------------------------------------- */

static void test_derivative_with_respect_to_what_is_inside(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.4), *w = scalar_param(g, "w", 1.3);
    tg_tensor *h = tg_sin(tg_mul(x, w)), *view = tg_broadcast_to(w, 1, (const int64_t[]){3});
    tg_tensor *plain = tg_mul(tg_tanh(tg_add(tg_exp(h), view)), h), *y = tg_checkpoint(plain, &x, 1);
    tg_tensor *xs[5] = {x, w, h, view, plain};
    check_gradients(g, plain, y, xs, 5, 1e-14);
    check_gradients(g, plain, y, xs + 2, 1, 1e-14);
    check_gradients(g, plain, y, xs + 3, 2, 1e-14);
    tg_tensor *d;
    assert_int_equal(tg_vjp(g, &y, &plain, 1, &y, 1, &d), TG_OK);
    assert_ptr_equal(d, plain);
}

static void test_shared_and_dependent_inputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.4), *w = scalar_param(g, "w", 1.3),
              *later = scalar_param(g, "later", 1);
    tg_tensor *half = tg_sin(tg_mul(x, w)), *quarter = tg_exp(half), *params[2] = {x, w};
    tg_tensor *plain = tg_mul(tg_add(tg_tanh(quarter), tg_mul(half, x)), quarter);
    tg_tensor *const xs[6] = {half, quarter, x, half, quarter, later};
    for (int n = 1; n <= 6; n++) check_gradients(g, plain, tg_checkpoint(plain, xs, n), params, 2, 1e-14);
    /* Given twice, or not needed: the same tensor. */
    assert_ptr_equal(tg_checkpoint(plain, xs, 3), tg_checkpoint(plain, xs, 6));
    tg_tensor *after = tg_neg(plain);
    assert_ptr_equal(tg_checkpoint(plain, (tg_tensor *[]){x, after}, 2), tg_checkpoint(plain, &x, 1));
    /* Two checkpoints and the plain tensor itself, which share a segment. */
    tg_tensor *a = tg_checkpoint(plain, xs, 1), *b = tg_checkpoint(tg_neg(plain), &x, 1);
    tg_tensor *both = tg_add(tg_mul(a, plain), tg_exp(b));
    check_gradients(g, tg_add(tg_mul(plain, plain), tg_exp(tg_neg(plain))), both, params, 2, 1e-14);
}

static void test_integers_and_random_numbers_inside(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){0.3, -0.7, 1.1, 0.2});
    const int64_t position = 2;
    tg_tensor *key = tg_constant(g, TG_I64, 0, NULL, &position), *W = tg_outer(x, tg_exp(x));
    tg_tensor *row = tg_gather(W, tg_argmax(x, 0), 0), *noise = tg_random_normal(key, TG_F64, 1, tg_shape(x));
    tg_tensor *plain =
        tg_where(tg_lt(x, tg_mul_scalar(noise, 0.1)), tg_sin(row), tg_softmax(tg_mul(row, x), 0));
    check_gradients(g, plain, tg_checkpoint(plain, &x, 1), &x, 1, 1e-14);
    /* An input that is an integer: W is kept. */
    tg_tensor *indices = tg_argmax(W, 1), *rows = tg_tanh(tg_gather(W, indices, 0));
    check_gradients(g, rows, tg_checkpoint(rows, &indices, 1), &x, 1, 1e-14);
}

/* What depends on x alone is recorded again although no derivative is asked for there. */
static void test_an_input_without_a_derivative(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 0.4), *w = scalar_param(g, "w", 1.3);
    tg_tensor *plain = tg_tanh(tg_mul(tg_sin(x), w)), *y = tg_checkpoint(plain, &x, 1);
    check_gradients(g, plain, y, &w, 1, 0);
    assert_int_equal(count_ops(g, "sin"), 2);
}

static void straight_through(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_rule_output_adjoint(r));
}

static void test_rules_of_ones_own_inside(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, (const double[]){0.3, 1.7, -2.2}), *doubled = tg_mul_scalar(x, 2);
    tg_tensor *rounded = tg_cast(tg_cast(doubled, TG_I64), TG_F64);
    tg_tensor *own = tg_custom(rounded, &doubled, 1, &(tg_custom_rules){.vjp = straight_through});
    tg_tensor *plain = tg_mul(tg_sin(own), x);
    check_gradients(g, plain, tg_checkpoint(plain, &x, 1), &x, 1, 1e-15);
}

/* ---- What is refused, and what is left as it is ----------------------------------------------------------- */

static void test_nothing_to_record_again(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *w = scalar_param(g, "w", 2), *y = tg_sin(x);
    assert_ptr_equal(tg_checkpoint(y, &w, 1), y);
    assert_ptr_equal(tg_checkpoint(y, &y, 1), y);
    assert_ptr_equal(tg_checkpoint(y, NULL, 0), y);
    tg_tensor *integer = tg_cast(y, TG_I64), *after = tg_exp(y);
    assert_ptr_equal(tg_checkpoint(integer, &x, 1), integer);
    assert_ptr_equal(tg_checkpoint(y, &after, 1), y);
}

static void test_errors(void **state)
{
    tg_graph *g = *state, *other = tg_graph_new(NULL);
    tg_tensor *x = scalar_param(g, "x", 2), *foreign = scalar_param(other, "f", 1), *y = tg_sin(x);
    assert_null(tg_checkpoint(NULL, &x, 1));
    assert_int_equal(tg_graph_status(g), TG_OK);
    assert_null(tg_checkpoint(y, NULL, 1));
    assert_error(g, TG_ERR_NULL, "tg_checkpoint", "NULL");
    assert_null(tg_checkpoint(y, (tg_tensor *[]){x, NULL}, 2));
    assert_error(g, TG_ERR_NULL, "tg_checkpoint", "input 1 is NULL");
    assert_null(tg_checkpoint(y, &foreign, 1));
    assert_error(g, TG_ERR_GRAPH, "tg_checkpoint", "'f'");
    assert_null(tg_checkpoint(y, &x, -1));
    assert_error(g, TG_ERR_ARGUMENT, "tg_checkpoint", "-1 inputs");
    tg_graph_free(other);
}

/* What fails inside is a failure of the derivative, which leaves nothing behind. */
static void no_adjoint(tg_rule *r)
{
    tg_rule_adjoint(r, 0, NULL);
}

static void test_a_rule_that_fails_inside(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *inner = tg_exp(x), *d;
    tg_tensor *own = tg_custom(inner, &x, 1, &(tg_custom_rules){.vjp = no_adjoint});
    tg_tensor *y = tg_checkpoint(tg_sin(own), &x, 1);
    tg_tensor *cost = tg_mul(y, tg_number(g, TG_F64, 3));
    tg_number(g, TG_F64, 1); /* the adjoint of the cost, which a failure leaves */
    int64_t nodes = tg_node_count(g);
    assert_int_equal(tg_grad(g, cost, &x, 1, &d), TG_ERR_RULE);
    assert_null(d);
    assert_int_equal(tg_node_count(g), nodes);
    assert_error(g, TG_ERR_RULE, "custom", "NULL adjoint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_a_chain_to_the_last_bit),
        cmocka_unit_test(test_memory),
        graph_test(test_the_example),
        graph_test(test_second_order_and_forward_mode),
        graph_test(test_nested),
        graph_test(test_nested_too_deep),
        graph_test(test_derivative_with_respect_to_what_is_inside),
        graph_test(test_shared_and_dependent_inputs),
        graph_test(test_integers_and_random_numbers_inside),
        graph_test(test_an_input_without_a_derivative),
        graph_test(test_rules_of_ones_own_inside),
        graph_test(test_nothing_to_record_again),
        graph_test(test_errors),
        graph_test(test_a_rule_that_fails_inside),
    };
    return cmocka_run_group_tests_name("checkpoints", tests, NULL, NULL);
}
