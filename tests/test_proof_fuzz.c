/* Soundness: random expressions whose normal forms must have the tensors' values, and random pairs (the same thing
 * written in two ways, one of them spoilt, and unrelated ones) which must agree in value wherever the engine calls
 * them equal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proof_helpers.h"

#define ROUNDS 400
#define ELEMENTS_MAX 16

static uint64_t random_state;

static int below(int n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((random_state >> 33) % (uint64_t)n);
}

/* ---- Pairs of expressions ----------------------------------------------------------------------------- */

typedef struct shape {
    int64_t size[2];
} shape;

/* The same expression written in two ways, unless `other` was spoilt on the way. */
typedef struct pair {
    tg_tensor *one, *other;
} pair;

typedef struct generator {
    tg_graph *g;
    int spoil; /* after so many more operations the other one is spoilt; -1: never */
} generator;

static int64_t draw_size(void)
{
    static const int64_t sizes[] = {3, 3, 2, 4, 1};
    return sizes[below(5)];
}

static shape draw_shape(void)
{
    int64_t rows = draw_size();
    return (shape){{rows, draw_size()}};
}

static pair twice(tg_tensor *t)
{
    return (pair){t, t};
}

static pair draw_leaf(generator *q, shape s)
{
    char name[16] = "x00";
    if (below(7) == 0) {
        tg_tensor *number = tg_number(q->g, TG_F64, (double)(below(7) - 3) / (1 + below(3)));
        return twice(tg_broadcast_to(number, 2, s.size));
    }
    name[0] = (char)('x' + below(3));
    name[1] = (char)('0' + s.size[0]);
    name[2] = (char)('0' + s.size[1]);
    tg_tensor *known = tg_find(q->g, name);
    return twice(known != NULL ? known : tg_input(q->g, name, TG_F64, 2, s.size));
}

static pair draw_pair(generator *q, shape s, int depth);

static tg_tensor *one_like(tg_tensor *x)
{
    return tg_number_like(x, 1);
}

static tg_tensor *step(tg_tensor *x)
{
    return tg_cast(tg_gt(x, tg_number_like(x, 0)), TG_F64);
}

static tg_tensor *transposed(tg_tensor *x)
{
    return tg_transpose(x, NULL);
}

/* What jumps where two expressions that are equal meet would be left to rounding; so they do not meet. */
static pair off_kink(tg_tensor *a, tg_tensor *b)
{
    double distance = (double)(100 + below(1000)) / 3847;
    return (pair){tg_add_scalar(a, distance), tg_add_scalar(b, distance)};
}

/* Each function once as it is and once in other words. */
static pair apply_unary(int which, pair x)
{
    tg_tensor *a = x.one, *b = x.other;
    switch (which) {
    case 0:
        a = tg_tanh(a), b = tg_tanh(b);
        return (pair){tg_exp(a), tg_div(one_like(b), tg_exp(tg_neg(b)))};
    case 1:
        return (pair){tg_log(tg_add_scalar(tg_square(a), 1)), tg_log1p(tg_mul(b, b))};
    case 2:
        return (pair){tg_tanh(a),
                      below(2) ? tg_neg(tg_tanh(tg_neg(b)))
                               : tg_sub(tg_mul_scalar(tg_sigmoid(tg_mul_scalar(b, 2)), 2), one_like(b))};
    case 3:
        return (pair){tg_sigmoid(a), below(2) ? tg_sub(one_like(b), tg_sigmoid(tg_neg(b)))
                                              : tg_reciprocal(tg_add_scalar(tg_exp(tg_neg(b)), 1))};
    case 4:
        return (pair){tg_relu(a), tg_mul(b, step(b))};
    case 5:
        x = off_kink(a, b), a = x.one, b = x.other;
        return (pair){step(a), step(tg_mul_scalar(b, 2))};
    case 6:
        return (pair){tg_abs(a), below(2) ? tg_mul(b, tg_sign(b)) : tg_add(tg_relu(b), tg_relu(tg_neg(b)))};
    case 7:
        x = off_kink(a, b), a = x.one, b = x.other;
        return (pair){tg_sign(a), tg_neg(tg_sign(tg_neg(b)))};
    case 8:
        return (pair){tg_softplus(a), tg_sub(b, tg_log(tg_sigmoid(b)))};
    case 9:
        return (pair){tg_erf(a), tg_sub(one_like(b), tg_erfc(b))};
    case 10:
        return (pair){tg_elu(a), tg_where(tg_le(b, tg_number_like(b, 0)), tg_expm1(b), b)};
    case 11:
        return (pair){tg_sqrt(tg_add_scalar(tg_square(a), 1)),
                      tg_pow_scalar(tg_add_scalar(tg_mul(b, b), 1), 0.5)};
    default:
        return (pair){tg_sin(a), tg_neg(tg_sin(tg_neg(b)))};
    }
}

static pair apply_binary(int which, pair x, pair y)
{
    tg_tensor *a = x.one, *b = x.other;
    switch (which) {
    case 0:
        return (pair){tg_add(a, y.one), tg_neg(tg_sub(tg_neg(b), y.other))};
    case 1:
        return (pair){tg_sub(a, y.one), tg_neg(tg_sub(y.other, b))};
    case 2:
        return (pair){tg_mul(a, y.one), below(2) ? tg_mul(y.other, b)
                                                 : tg_add(tg_mul(tg_sub(b, one_like(b)), y.other), y.other)};
    case 3: {
        tg_tensor *d = tg_add_scalar(tg_square(y.one), 1), *f = tg_add_scalar(tg_mul(y.other, y.other), 1);
        return (pair){tg_div(a, d), tg_mul(b, tg_reciprocal(f))};
    }
    case 4:
        return (pair){tg_maximum(a, y.one), tg_add(b, tg_relu(tg_sub(y.other, b)))};
    case 5:
        return (pair){tg_minimum(a, y.one), tg_neg(tg_maximum(tg_neg(b), tg_neg(y.other)))};
    case 6:
        x = off_kink(a, b), a = x.one, b = x.other;
        return (pair){tg_cast(tg_gt(a, y.one), TG_F64),
                      tg_sub(one_like(b), tg_cast(tg_ge(y.other, b), TG_F64))};
    case 7:
        x = off_kink(a, b), a = x.one, b = x.other;
        return (pair){tg_where(tg_ge(a, y.one), a, tg_neg(y.one)),
                      tg_where(tg_logical_not(tg_ge(b, y.other)), tg_neg(y.other), b)};
    default: {
        tg_tensor *d = tg_add_scalar(tg_sin(y.one), 2), *f = tg_add_scalar(tg_neg(tg_sin(y.other)), -2);
        return (pair){tg_div(a, d), tg_neg(tg_div(b, f))};
    }
    }
}

static pair draw_product(generator *q, shape s, int depth)
{
    int64_t inner = draw_size();
    pair x = draw_pair(q, (shape){{s.size[0], inner}}, depth - 1);
    pair y = draw_pair(q, (shape){{inner, s.size[1]}}, depth - 1);
    return (pair){tg_matmul(x.one, y.one), transposed(tg_matmul(transposed(y.other), transposed(x.other)))};
}

/* A sum, mean, maximum, softmax or repetition along an axis. */
static pair draw_along_axis(generator *q, shape s, int depth)
{
    int axis = below(2), kind = below(5);
    shape inner = s;
    if (kind < 3) inner.size[axis] = draw_size();
    pair x = draw_pair(q, inner, depth - 1);
    int64_t ones[2][2] = {{1, inner.size[0]}, {inner.size[1], 1}};
    const tg_axes *along = TG_KEEP_AXES(axis);
    tg_tensor *unit = tg_full(q->g, TG_F64, 2, ones[axis], 1);
    if (kind == 0) {
        x = (pair){tg_sum(x.one, along), axis == 0 ? tg_matmul(unit, x.other) : tg_matmul(x.other, unit)};
    } else if (kind == 1) {
        tg_tensor *sum = tg_sum(x.other, along);
        x = (pair){tg_mean(x.one, along), tg_div(sum, tg_number_like(sum, (double)inner.size[axis]))};
    } else if (kind == 2) {
        x = (pair){tg_max(x.one, along), tg_neg(tg_min(tg_neg(x.other), along))};
    } else if (kind == 3) {
        tg_tensor *e = tg_exp(x.other);
        return (pair){tg_softmax(x.one, axis), tg_div(e, tg_sum(e, along))};
    } else {
        tg_tensor *shifted = tg_sub(x.other, tg_max(x.other, along));
        return (pair){tg_log_softmax(x.one, axis), tg_sub(shifted, tg_log(tg_sum(tg_exp(shifted), along)))};
    }
    return (pair){tg_broadcast_to(x.one, 2, s.size), tg_broadcast_to(x.other, 2, s.size)};
}

static tg_tensor *spoilt(tg_tensor *t)
{
    switch (below(4)) {
    case 0:
        return tg_shape(t)[0] == tg_shape(t)[1] ? transposed(t) : tg_neg(t);
    case 1:
        return tg_mul_scalar(t, 2);
    case 2:
        return tg_mul(t, t);
    default:
        return tg_neg(t);
    }
}

static pair draw_operation(generator *q, shape s, int depth)
{
    int choice = below(20);
    if (choice < 9) {
        pair x = draw_pair(q, s, depth - 1);
        return apply_binary(choice, x, draw_pair(q, s, depth - 1));
    }
    if (choice < 13) return apply_unary(below(13), draw_pair(q, s, depth - 1));
    if (choice < 15) return draw_product(q, s, depth);
    if (choice < 18) return draw_along_axis(q, s, depth);
    if (choice == 18) {
        pair x = draw_pair(q, (shape){{s.size[1], s.size[0]}}, depth - 1);
        return (pair){transposed(x.one), transposed(x.other)};
    }
    pair x = draw_pair(q, s, depth - 1);
    return (pair){tg_pow_scalar(x.one, 3), tg_mul(x.other, tg_square(x.other))};
}

static pair draw_pair(generator *q, shape s, int depth)
{
    pair made = depth <= 0 || below(12) == 0 ? draw_leaf(q, s) : draw_operation(q, s, depth);
    if (q->spoil >= 0 && q->spoil-- == 0) made.other = spoilt(made.other);
    return made;
}

/* ---- What must hold ----------------------------------------------------------------------------------- */

typedef enum agreement { AGREE, DIFFER, UNDEFINED } agreement;

static agreement compare(const double *a, const double *b, int64_t n)
{
    agreement found = UNDEFINED;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i]) || fabs(a[i]) + fabs(b[i]) > 1e7) continue;
        if (found == UNDEFINED) found = AGREE;
        if (fabs(a[i] - b[i]) > 1e-6 * fmax(1, fabs(a[i]) + fabs(b[i]))) found = DIFFER;
    }
    return found;
}

static agreement compare_tensors(generator *q, pair p)
{
    double one[ELEMENTS_MAX], other[ELEMENTS_MAX];
    agreement found = UNDEFINED;
    for (uint64_t point = 0; point < 3; point++) {
        set_inputs(q->g, point, -2, 2);
        evaluate(p.one, one, tg_count(p.one), __FILE__, __LINE__);
        evaluate(p.other, other, tg_count(p.one), __FILE__, __LINE__);
        agreement here = compare(one, other, tg_count(p.one));
        if (here == DIFFER) return DIFFER;
        if (here == AGREE) found = AGREE;
    }
    return found;
}

/* 1 when the normal form could be evaluated; its values must then be the tensor's. */
static int check_form_value(generator *q, tg_tensor *t, int tier)
{
    double form_value[ELEMENTS_MAX], value[ELEMENTS_MAX];
    tg_engine *e = tg_engine_new(NULL, tier);
    assert_non_null(e);
    const tg_form *form = tg_lower(tg_lowering_new(e, q->g), t);
    int known = form != NULL && form_values(e, form, form_value);
    if (known) {
        evaluate(t, value, tg_count(t), __FILE__, __LINE__);
        agreement found = compare(value, form_value, tg_count(t));
        if (found == DIFFER) fail_msg("%s is not %s", tg_form_text(e, form, 0), tg_expression(t, TG_TEXT));
        known = found == AGREE;
    }
    tg_engine_free(e);
    return known;
}

static void test_pairs(void **state)
{
    int equal = 0, equal_proved = 0, unequal = 0, forms = 0;
    for (int round = 0; round < ROUNDS; round++) {
        random_state = (uint64_t)round * 7919 + 17;
        int same = round % 3 != 0 && round % 7 != 0;
        generator q = {.g = tg_graph_new(NULL), .spoil = round % 3 == 0 ? below(6) : -1};
        pair p = draw_pair(&q, draw_shape(), 1 + below(4));
        if (round % 7 == 0) p.other = draw_pair(&q, (shape){{tg_shape(p.one)[0], tg_shape(p.one)[1]}}, 2).one;
        assert_int_equal(tg_graph_status(q.g), TG_OK);
        agreement values = compare_tensors(&q, p);
        for (int tier = 1; tier <= 2; tier++)
            forms += check_form_value(&q, p.one, tier) + check_form_value(&q, p.other, tier);
        tg_proof_verdict verdict =
            verdict_on(q.g, (tg_proof_task){.left = p.one, .right = p.other, .points = 4});
        if (verdict == TG_PROVED && values == DIFFER)
            fail_msg("round %d: proved, but %s is not %s", round, tg_expression(p.one, TG_TEXT),
                     tg_expression(p.other, TG_TEXT));
        if (verdict == TG_REFUTED && same)
            fail_msg("round %d: refuted, but %s is %s", round, tg_expression(p.one, TG_TEXT),
                     tg_expression(p.other, TG_TEXT));
        equal += values == AGREE;
        equal_proved += values == AGREE && verdict == TG_PROVED;
        unequal += values == DIFFER;
        tg_graph_free(q.g);
    }
    (void)state;
    print_message("%d of %d equal pairs proved, %d unequal; %d forms evaluated\n", equal_proved, equal,
                  unequal, forms);
    assert_true(equal > ROUNDS / 3 && unequal > ROUNDS / 10 && forms > ROUNDS);
    assert_true(equal_proved * 10 > equal * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
