/* The rewrite rules: each fires where it should and keeps the value, also of infinities and NaN; what would
 * change a value for some number is not done. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include "graph/graph.h"

static const double awkward[8] = {0.0,        1.5, -2.0, 1e300, -1e-300, (double)INFINITY, -(double)INFINITY,
                                  (double)NAN};

typedef struct fixture {
    tg_graph *g;
    tg_tensor *x, *y, *m; /* awkward numbers in two orders, and a matrix */
} fixture;

static fixture begin(tg_graph *g)
{
    double turned[8];
    for (int i = 0; i < 8; i++) turned[i] = awkward[(i + 5) % 8];
    return (fixture){g, param_1d(g, "x", 8, awkward), param_1d(g, "y", 8, turned),
                     param_2d(g, "m", 2, 4, awkward)};
}

static int is_op(const tg_tensor *t, const char *name)
{
    return t != NULL && strcmp(tg_op_of(t)->name, name) == 0;
}

/* The value that the same call has in a graph without rewriting. */
typedef tg_tensor *(*expression)(const fixture *f);

static void same_value_without_rules(expression make, const fixture *f)
{
    tg_graph *plain = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY});
    fixture p = begin(plain);
    tg_tensor *expected = make(&p), *found = make(f);
    double values[64];
    assert_true(expected != NULL && tg_count(expected) <= 64);
    evaluate(expected, values, tg_count(expected), __FILE__, __LINE__);
    check_values(found, values, tg_count(expected), 1e-15, __FILE__, __LINE__);
    tg_graph_free(plain);
}

/* ---- Each rule ---------------------------------------------------------------------------------------- */

#define EXPRESSION(name, value)                                                                              \
    static tg_tensor *name(const fixture *f)                                                                 \
    {                                                                                                        \
        return value;                                                                                        \
    }

EXPRESSION(plus_zero, tg_add_scalar(f->x, 0))
EXPRESSION(zero_plus, tg_add(tg_full(f->g, TG_F64, 1, (const int64_t[]){8}, 0), f->x))
EXPRESSION(minus_zero, tg_sub(f->x, tg_number(f->g, TG_F64, 0)))
EXPRESSION(times_one, tg_mul_scalar(f->x, 1))
EXPRESSION(one_times, tg_mul(tg_number(f->g, TG_F64, 1), f->x))
EXPRESSION(over_one, tg_div(f->x, tg_number(f->g, TG_F64, 1)))
EXPRESSION(to_the_one, tg_pow_scalar(f->x, 1))
EXPRESSION(negated_twice, tg_neg(tg_neg(f->x)))
EXPRESSION(larger_of_itself, tg_maximum(f->x, f->x))
EXPRESSION(smaller_of_itself, tg_minimum(f->x, f->x))
EXPRESSION(where_same, tg_where(tg_gt(f->x, f->y), f->x, f->x))
EXPRESSION(where_true, tg_where(tg_number(f->g, TG_BOOL, 1), f->x, f->y))
EXPRESSION(where_false, tg_where(tg_number(f->g, TG_BOOL, 0), f->y, f->x))
EXPRESSION(own_shape, tg_reshape(f->x, 1, (const int64_t[]){8}))
EXPRESSION(there_and_back, tg_reshape(tg_reshape(f->x, 2, (const int64_t[]){4, 2}), 1, (const int64_t[]){8}))
EXPRESSION(transposed_vector, tg_transpose(f->x, NULL))
EXPRESSION(stretched_to_itself, tg_broadcast_to(f->x, 1, (const int64_t[]){8}))
EXPRESSION(flipped_twice, tg_flip(tg_flip(f->x, 0), -1))
EXPRESSION(whole_slice, tg_slice(f->x, 0, 0, TG_END, 1))
EXPRESSION(padded_by_nothing, tg_pad(f->x, (const int64_t[]){0}, (const int64_t[]){0}, NULL, 7))
EXPRESSION(joined_alone, tg_concat(&(tg_tensor *){f->x}, 1, 0))
EXPRESSION(own_type, tg_cast(f->x, TG_F64))
EXPRESSION(sum_of_no_axis, tg_sum(f->x, &(tg_axes){0}))

/* These are x itself. */
static void test_rules_that_give_the_input(void **state)
{
    fixture f = begin(*state);
    static const struct {
        const char *name;
        expression make;
    } rules[] = {
        {"x + 0", plus_zero},
        {"0 + x", zero_plus},
        {"x - 0", minus_zero},
        {"x 1", times_one},
        {"1 x", one_times},
        {"x / 1", over_one},
        {"x ^ 1", to_the_one},
        {"-(-x)", negated_twice},
        {"max(x, x)", larger_of_itself},
        {"min(x, x)", smaller_of_itself},
        {"where(c, x, x)", where_same},
        {"where(true, x, y)", where_true},
        {"where(false, y, x)", where_false},
        {"reshape to its own shape", own_shape},
        {"reshape there and back", there_and_back},
        {"transpose that moves nothing", transposed_vector},
        {"broadcast to its own shape", stretched_to_itself},
        {"flip of a flip", flipped_twice},
        {"slice of everything", whole_slice},
        {"pad with nothing", padded_by_nothing},
        {"concat of one", joined_alone},
        {"cast to its own type", own_type},
        {"sum over no axis", sum_of_no_axis},
    };
    for (int i = 0; i < COUNT(rules); i++) {
        if (rules[i].make(&f) != f.x) fail_msg("%s is not x", rules[i].name);
        same_value_without_rules(rules[i].make, &f);
    }
}

EXPRESSION(plus_negated, tg_add(f->x, tg_neg(f->y)))
EXPRESSION(negated_plus, tg_add(tg_neg(f->x), f->y))
EXPRESSION(minus_negated, tg_sub(f->x, tg_neg(f->y)))
EXPRESSION(times_minus_one, tg_mul_scalar(f->x, -1))
EXPRESSION(minus_one_times, tg_mul(tg_full(f->g, TG_F64, 1, (const int64_t[]){8}, -1), f->x))
EXPRESSION(to_the_two, tg_pow_scalar(f->x, 2))
EXPRESSION(transposed_twice, tg_transpose(tg_transpose(f->m, NULL), NULL))
EXPRESSION(stretched_twice,
           tg_broadcast_to(tg_broadcast_to(f->x, 2, (const int64_t[]){2, 8}), 3, (const int64_t[]){3, 2, 8}))

static void test_rules_that_give_something_simpler(void **state)
{
    fixture f = begin(*state);
    assert_ptr_equal(plus_negated(&f), tg_sub(f.x, f.y));
    assert_ptr_equal(negated_plus(&f), tg_sub(f.y, f.x));
    assert_ptr_equal(minus_negated(&f), tg_add(f.x, f.y));
    assert_ptr_equal(times_minus_one(&f), tg_neg(f.x));
    assert_ptr_equal(minus_one_times(&f), tg_neg(f.x));
    assert_ptr_equal(to_the_two(&f), tg_square(f.x));
    assert_ptr_equal(transposed_twice(&f), f.m);
    assert_ptr_equal(tg_input_at(stretched_twice(&f), 0), f.x);
    static const expression all[] = {plus_negated,    negated_plus, minus_negated,    times_minus_one,
                                     minus_one_times, to_the_two,   transposed_twice, stretched_twice};
    for (int i = 0; i < COUNT(all); i++) same_value_without_rules(all[i], &f);
}

static void test_transposes_compose(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = tg_input(g, "x", TG_F64, 3, (const int64_t[]){2, 3, 4});
    const int turn[3] = {1, 2, 0}, back[3] = {2, 0, 1};
    assert_ptr_equal(tg_transpose(tg_transpose(x, turn), back), x);
    assert_ptr_equal(tg_transpose(tg_transpose(tg_transpose(x, turn), turn), turn), x);
    assert_ptr_equal(tg_transpose(tg_transpose(x, turn), turn), tg_transpose(x, back));
}

static void test_integers_and_bools(void **state)
{
    tg_graph *g = *state;
    const int64_t two = 2, data[2] = {INT64_MIN, 5};
    tg_tensor *i = tg_param(g, "i", TG_I64, 1, &two, data), *b = tg_param(g, "b", TG_BOOL, 1, &two, NULL);
    assert_ptr_equal(tg_add_scalar(i, 0), i);
    assert_ptr_equal(tg_mul_scalar(i, 1), i);
    assert_ptr_equal(tg_neg(tg_neg(i)), i);
    assert_ptr_equal(tg_add(i, tg_neg(i)), tg_sub(i, i));
    assert_values(tg_add(i, tg_neg(i)), ((const double[]){0, 0}), 2, 0);
    assert_ptr_equal(tg_logical_and(b, b), b);
    assert_ptr_equal(tg_logical_or(b, b), b);
    assert_ptr_not_equal(tg_logical_xor(b, b), b);
    tg_tensor *yes = tg_full(g, TG_BOOL, 1, &two, 1), *no = tg_full(g, TG_BOOL, 1, &two, 0);
    assert_ptr_equal(tg_logical_and(b, tg_number(g, TG_BOOL, 1)), b);
    assert_ptr_equal(tg_logical_and(no, b), no);
    assert_ptr_equal(tg_logical_or(tg_number(g, TG_BOOL, 0), b), b);
    assert_ptr_equal(tg_logical_or(b, yes), yes);
    assert_true(is_op(tg_logical_xor(b, yes), "logical_xor"));
}

/* ---- Constants ---------------------------------------------------------------------------------------- */

static void test_folding(void **state)
{
    tg_graph *g = *state;
    const int64_t three = 3;
    tg_tensor *two = tg_number(g, TG_F64, 2), *five = tg_number(g, TG_F64, 5);
    assert_ptr_equal(tg_add(two, tg_number(g, TG_F64, 3)), five);
    assert_ptr_equal(tg_mul(tg_number(g, TG_I64, 6), tg_number(g, TG_I64, 7)), tg_number(g, TG_I64, 42));
    assert_ptr_equal(tg_lt(two, five), tg_number(g, TG_BOOL, 1));
    assert_value(tg_exp(two), exp(2), 1e-15);
    assert_true(is_op(tg_exp(two), "constant"));
    assert_true(is_op(tg_log(tg_number(g, TG_F64, -1)), "constant"));
    assert_value(tg_log(tg_number(g, TG_F64, -1)), (double)NAN, 0);
    tg_tensor *v = tg_constant(g, TG_F64, 1, &three, (const double[]){1, 2, 3});
    assert_ptr_equal(tg_mul(v, v), tg_constant(g, TG_F64, 1, &three, (const double[]){1, 4, 9}));
    assert_true(is_op(tg_sum(v, NULL), "constant"));
    assert_value(tg_sum(v, NULL), 6, 0);
    /* A stretched number stays one number. */
    const int64_t large[2] = {1000, 1000};
    tg_tensor *full = tg_full(g, TG_F64, 2, large, 2);
    tg_tensor *squared = tg_mul(full, full);
    assert_true(is_op(squared, "broadcast_to"));
    assert_ptr_equal(tg_input_at(squared, 0), tg_number(g, TG_F64, 4));
    /* Its shape is the only thing that reshape and transpose change. */
    const int64_t flat = 1000000, tall[2] = {2000, 500}, wide[2] = {500, 2000};
    assert_ptr_equal(tg_reshape(full, 1, &flat), tg_full(g, TG_F64, 1, &flat, 2));
    assert_ptr_equal(tg_transpose(tg_full(g, TG_F64, 2, tall, 2), NULL), tg_full(g, TG_F64, 2, wide, 2));
    /* Constants of some size are left for running. */
    double many[100] = {0};
    tg_tensor *big = tg_constant(g, TG_F64, 1, (const int64_t[]){100}, many);
    assert_true(is_op(tg_exp(big), "exp"));
}

static void test_opaque_is_not_folded(void **state)
{
    tg_graph *g = *state;
    tg_tensor *two = tg_number(g, TG_F64, 2), *stopped = tg_stop_gradient(two);
    assert_true(is_op(stopped, "stop_gradient"));
    assert_value(tg_mul(stopped, two), 4, 0);
}

/* ---- What is left alone ------------------------------------------------------------------------------- */

EXPRESSION(times_zero, tg_mul_scalar(f->x, 0))
EXPRESSION(minus_itself, tg_sub(f->x, f->x))
EXPRESSION(over_itself, tg_div(f->x, f->x))
EXPRESSION(added_and_taken, tg_sub(tg_add(f->x, f->y), f->y))
EXPRESSION(log_of_exp, tg_log(tg_exp(f->x)))
EXPRESSION(to_the_zero, tg_pow_scalar(f->x, 0))
EXPRESSION(equal_to_itself, tg_eq(f->x, f->x))

static void test_what_holds_for_finite_numbers_only(void **state)
{
    fixture f = begin(*state);
    assert_true(is_op(times_zero(&f), "mul"));
    assert_true(is_op(minus_itself(&f), "sub"));
    assert_true(is_op(over_itself(&f), "div"));
    assert_true(is_op(added_and_taken(&f), "sub"));
    assert_true(is_op(log_of_exp(&f), "log"));
    assert_true(is_op(equal_to_itself(&f), "eq"));
    const double nan = (double)NAN;
    assert_values(times_zero(&f), ((const double[]){0, 0, 0, 0, 0, nan, nan, nan}), 8, 0);
    assert_values(minus_itself(&f), ((const double[]){0, 0, 0, 0, 0, nan, nan, nan}), 8, 0);
    assert_values(over_itself(&f), ((const double[]){nan, 1, 1, 1, 1, nan, nan, nan}), 8, 0);
    assert_values(equal_to_itself(&f), ((const double[]){1, 1, 1, 1, 1, 1, 1, 0}), 8, 0);
    static const expression all[] = {times_zero,      minus_itself, over_itself,
                                     added_and_taken, log_of_exp,   to_the_zero};
    for (int i = 0; i < COUNT(all); i++) same_value_without_rules(all[i], &f);
}

/* ---- The list ----------------------------------------------------------------------------------------- */

/* Every rule of the library has a name and is one of those that the tests above know. */
static void test_every_rule_is_known(void **state)
{
    tg_graph *g = *state;
    static const char *const known[] = {"x + 0 = x",
                                        "a + (-b) = a - b",
                                        "x - 0 = x",
                                        "a - (-b) = a + b",
                                        "x 1 = x",
                                        "x (-1) = -x",
                                        "x / 1 = x",
                                        "x ^ 1 = x",
                                        "x ^ 2 = x x",
                                        "-(-x) = x",
                                        "f(x, x) = x",
                                        "f(number) = number",
                                        "x and a known one",
                                        "x or a known one",
                                        "the branch that a known condition takes",
                                        "reshape to its own shape",
                                        "reshape of a reshape",
                                        "reshape of a number",
                                        "transpose that moves nothing",
                                        "transpose of a transpose",
                                        "transpose of a number",
                                        "broadcast to its own shape",
                                        "broadcast of a broadcast",
                                        "flip of a flip",
                                        "slice of everything",
                                        "pad with nothing",
                                        "concat of one",
                                        "cast to its own type",
                                        "reduction of no axis"};
    unsigned seen[COUNT(known)] = {0};
    const tg_op *op;
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++)
        for (const tg_simplification *rule = op->simplify; rule != NULL && rule->name != NULL; rule++) {
            int at = 0;
            while (at < COUNT(known) && strcmp(known[at], rule->name) != 0) at++;
            if (at == COUNT(known)) fail_msg("%s has the rule '%s', which has no test", op->name, rule->name);
            seen[at]++;
        }
    for (int i = 0; i < COUNT(known); i++)
        if (seen[i] == 0) fail_msg("no operation has the rule '%s'", known[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_rules_that_give_the_input),
        graph_test(test_rules_that_give_something_simpler),
        graph_test(test_transposes_compose),
        graph_test(test_integers_and_bools),
        graph_test(test_folding),
        graph_test(test_opaque_is_not_folded),
        graph_test(test_what_holds_for_finite_numbers_only),
        graph_test(test_every_rule_is_known),
    };
    return cmocka_run_group_tests_name("simplify", tests, NULL, NULL);
}
