/* How operations are read: products and chains of them, views, casts, reductions, and what is not understood. */
#include "proof_helpers.h"

static tg_tensor *matrix(tg_graph *g, const char *name, int64_t rows, int64_t columns)
{
    return tg_input(g, name, TG_F64, 2, (const int64_t[]){rows, columns});
}

static tg_tensor *transposed(tg_tensor *x)
{
    return tg_transpose(x, NULL);
}

/* Eight bound indices of one size, which only their places in the chain tell apart. */
static void test_chain(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = matrix(g, "a", 3, 3), *left = a, *right = a, *turned = transposed(a);
    for (int i = 0; i < 8; i++) {
        left = tg_matmul(left, a);
        right = tg_matmul(a, right);
        turned = tg_matmul(turned, transposed(a));
    }
    assert_proved(g, .left = left, .right = right);
    assert_proved(g, .left = left, .right = transposed(turned));
    assert_refuted(g, .left = left, .right = turned);
    /* The trace of a product in any cyclic order: sums that are told apart by nothing but their order. */
    tg_tensor *b = matrix(g, "b", 3, 4), *c = matrix(g, "c", 4, 3);
    tg_tensor *one = tg_sum(tg_mul(b, transposed(c)), NULL), *other = tg_sum(tg_mul(transposed(b), c), NULL);
    assert_proved(g, .left = one, .right = other);
    assert_proved(g, .left = tg_mul(one, tg_square(one)), .right = tg_pow_scalar(other, 3));
    /* Indices on a circle look alike from each of them. */
    tg_tensor *two = tg_matmul(a, a), *turned_two = tg_matmul(transposed(a), transposed(a));
    tg_tensor *five = tg_matmul(two, tg_matmul(two, a)), *three = tg_matmul(a, two);
    assert_proved(g, .left = tg_sum(tg_mul(a, turned_two), NULL),
                  .right = tg_sum(tg_mul(transposed(a), two), NULL));
    assert_proved(g, .left = tg_sum(tg_mul(two, transposed(three)), NULL),
                  .right = tg_sum(tg_mul(tg_matmul(turned_two, transposed(two)), a), NULL));
    assert_refuted(g, .left = tg_sum(tg_mul(two, three), NULL), .right = tg_sum(tg_mul(five, a), NULL));
}

static void test_products(void **state)
{
    tg_graph *g = *state;
    const int64_t of_a[3] = {2, 3, 4}, of_b[3] = {2, 4, 5}, wide_a[4] = {2, 3, 4, 1},
                  wide_b[4] = {2, 1, 4, 5};
    tg_tensor *a = tg_input(g, "a", TG_F64, 3, of_a), *b = tg_input(g, "b", TG_F64, 3, of_b);
    const int last_two[3] = {0, 2, 1};
    tg_tensor *product = tg_matmul(a, b);
    tg_tensor *turned = tg_matmul(tg_transpose(b, last_two), tg_transpose(a, last_two));
    tg_tensor *by_sum = tg_sum(tg_mul(tg_reshape(a, 4, wide_a), tg_reshape(b, 4, wide_b)), TG_AXES(2));
    assert_proved(g, .left = product, .right = tg_transpose(turned, last_two));
    assert_proved(g, .left = product, .right = by_sum);
    assert_refuted(g, .left = product, .right = tg_neg(by_sum));
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, (const int64_t[]){4}),
              *y = tg_input(g, "y", TG_F64, 1, (const int64_t[]){4});
    assert_proved(g, .left = tg_dot(x, y), .right = tg_sum(tg_mul(y, x), NULL));
    assert_proved(g, .left = tg_sum(tg_outer(x, y), NULL), .right = tg_mul(tg_sum(x, NULL), tg_sum(y, NULL)));
}

static void test_reductions(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = matrix(g, "x", 3, 4);
    assert_proved(g, .left = tg_sum(x, NULL), .right = tg_sum(tg_sum(transposed(x), TG_AXES(0)), TG_AXES(0)));
    assert_proved(g, .left = tg_max(x, NULL), .right = tg_max(transposed(x), NULL));
    assert_proved(g, .left = tg_max(x, TG_AXES(0)), .right = tg_max(transposed(x), TG_AXES(1)));
    assert_proved(g, .left = tg_min(x, TG_AXES(1)), .right = tg_neg(tg_max(tg_neg(x), TG_AXES(1))));
    assert_refuted(g, .left = tg_max(x, TG_AXES(1)), .right = tg_neg(tg_min(x, TG_AXES(1))));
    assert_proved(g, .left = tg_logsumexp(x, TG_AXES(1)), .right = tg_log(tg_sum(tg_exp(x), TG_AXES(1))));
    assert_proved(g, .left = tg_mean(x, NULL), .right = tg_div(tg_sum(x, NULL), tg_number(g, TG_F64, 12)));
}

static void test_casts(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = matrix(g, "x", 3, 4), *zero = tg_number_like(x, 0);
    tg_tensor *narrow = tg_cast(tg_exp(tg_cast(x, TG_F32)), TG_F64),
              *whole = tg_cast(tg_cast(x, TG_I64), TG_F64);
    assert_proved(g, .left = narrow, .right = tg_exp(x));
    assert_refuted(g, .left = whole, .right = x);
    assert_proved(g, .left = tg_cast(tg_cast(x, TG_BOOL), TG_F64), .right = tg_cast(tg_ne(x, zero), TG_F64));
    assert_proved(g, .left = tg_cast(tg_cast(tg_gt(x, zero), TG_I64), TG_F64),
                  .right = tg_cast(tg_gt(x, zero), TG_F64));
    /* A bool is its own square, and decides. */
    tg_tensor *b = tg_input(g, "b", TG_BOOL, 2, tg_shape(x)), *f = tg_cast(b, TG_F64);
    assert_proved(g, .left = tg_mul(f, f), .right = f);
    assert_proved(g, .left = tg_where(b, x, tg_neg(x)),
                  .right = tg_mul(x, tg_sub(tg_mul_scalar(f, 2), tg_number_like(x, 1))));
    assert_refuted(g, .left = tg_mul(x, x), .right = x);
}

/* Operations that only move elements are unknown functions: the same of the same is the same. */
static void test_not_understood(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = matrix(g, "x", 3, 4), *y = matrix(g, "y", 3, 4), *e = tg_exp(x);
    tg_tensor *rows = tg_slice(e, 0, 0, 2, 1), *flat = tg_reshape(x, 1, (const int64_t[]){12});
    tg_tensor *same = tg_slice(tg_reciprocal(tg_exp(tg_neg(x))), 0, 0, 2, 1);
    assert_proved(g, .left = tg_sum(rows, NULL), .right = tg_sum(same, NULL));
    assert_refuted(g, .left = rows, .right = tg_slice(e, 0, 1, 3, 1));
    assert_refuted(g, .left = tg_flip(x, 0), .right = x);
    assert_refuted(g, .left = tg_cumsum(x, 1), .right = tg_cumsum(y, 1));
    assert_int_equal(
        verdict_on(g,
                   (tg_proof_task){.left = rows, .right = tg_exp(tg_slice(x, 0, 0, 2, 1)), .points = POINTS}),
        TG_UNDECIDED);
    assert_int_equal(
        verdict_on(g,
                   (tg_proof_task){.left = tg_sum(flat, NULL), .right = tg_sum(x, NULL), .points = POINTS}),
        TG_UNDECIDED);
}

/* Numbers are read as what they stand for. */
static void test_numbers(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL), *f = tg_input(g, "f", TG_F32, 0, NULL);
    assert_proved(g, .left = tg_mul_scalar(tg_mul_scalar(x, 0.1), 3), .right = tg_mul_scalar(x, 0.3));
    assert_proved(g, .left = tg_mul_scalar(x, 1.0 / 49), .right = tg_div(x, tg_number(g, TG_F64, 49)));
    assert_proved(g, .left = tg_mul_scalar(x, 1 / 7840000.0),
                  .right = tg_div(x, tg_number(g, TG_F64, 7840000)));
    assert_proved(g, .left = tg_mul_scalar(tg_mul_scalar(x, 0.70710678118654752), 0.70710678118654752),
                  .right = tg_mul_scalar(x, 0.5));
    assert_proved(g, .left = tg_mul_scalar(f, 0.1), .right = tg_div(f, tg_number(g, TG_F32, 10)));
    /* Neither a simple rational nor a root: kept as it is, and no more is known of it. */
    tg_tensor *odd = tg_mul_scalar(x, 0.123456789123);
    assert_proved(g, .left = tg_sub(odd, odd), .right = tg_number(g, TG_F64, 0));
    assert_proved(g, .left = tg_neg(odd), .right = tg_mul_scalar(x, -0.123456789123));
    assert_refuted(g, .left = odd, .right = tg_mul_scalar(x, 0.123457));
}

/* A program's own operation is understood from its formula. */
static tg_status same_type(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status no_kernel(const tg_kernel_call *call)
{
    return tg_fail(call->diag, TG_ERR_UNSUPPORTED, "not run");
}

static void test_own_operation(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = matrix(g, "x", 3, 4);
    const char *const formulas[2] = {"where(x >= 0, x, -x) / (1 + max(x, 0) + 0.5 * abs(x - x))",
                                     "a mystery"};
    tg_tensor *results[2];
    for (int i = 0; i < 2; i++) {
        const tg_op record = {.name = i == 0 ? "clear" : "mystery",
                              .n_inputs = 1,
                              .inputs = "x",
                              .formula = formulas[i],
                              .flags = TG_OP_ELEMENTWISE | TG_OP_CONSTANT_SLOPE,
                              .infer = same_type,
                              .kernel = no_kernel};
        const tg_op *op = tg_op_register(g, &record);
        assert_non_null(op);
        results[i] = tg_apply(g, op, &x, 1, NULL);
        tg_tensor *turned = tg_transpose(x, NULL);
        tg_tensor *back = tg_transpose(tg_apply(g, op, &turned, 1, NULL), NULL);
        assert_proved(g, .left = results[i], .right = back);
    }
    assert_proved(g, .left = results[0], .right = tg_div(tg_abs(x), tg_add_scalar(tg_relu(x), 1)));
    assert_int_equal(verdict_on(g, (tg_proof_task){.left = results[1], .right = x}), TG_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {graph_test(test_chain),          graph_test(test_products),
                                       graph_test(test_reductions),     graph_test(test_casts),
                                       graph_test(test_not_understood), graph_test(test_numbers),
                                       graph_test(test_own_operation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
