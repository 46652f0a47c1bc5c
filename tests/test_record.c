/* Recording: an operation that is on the tape is found there, wherever it is kept, and after any rewind; what was
 * recorded again finds its plan, and what differs does not. */
#include "graph/graph.h"
#include "graph_helpers.h"

/* ---- Finding nodes ----------------------------------------------------------------------------------------- */

/* More operations of one tensor than are listed as its users. */
enum { MANY = 40, LISTED = 8 };

static void record_many(tg_tensor *x, tg_tensor **nodes, int from, int to)
{
    for (int i = from; i < to; i++) nodes[i] = tg_slice(x, 0, i, i + 1, 1);
}

static void test_many_users_of_one_tensor(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", MANY, (const double[MANY]){0}), *nodes[MANY], *again[MANY];
    record_many(x, nodes, 0, MANY);
    int64_t count = tg_node_count(g);
    assert_int_equal(count, 1 + MANY);
    record_many(x, again, 0, MANY);
    assert_int_equal(tg_node_count(g), count);
    assert_memory_equal(nodes, again, sizeof nodes);
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < i; k++) assert_ptr_not_equal(nodes[i], nodes[k]);
}

/* At every point of the list of users, and beyond it. */
static void test_rewind_among_many_users(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", MANY, (const double[MANY]){0}), *nodes[MANY], *again[MANY];
    for (int kept = 0; kept <= MANY; kept++) {
        tg_mark empty = tg_get_mark(g);
        record_many(x, nodes, 0, kept);
        tg_mark mark = tg_get_mark(g);
        record_many(x, nodes, kept, MANY);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
        assert_int_equal(tg_node_count(g), 1 + kept);
        assert_int_equal(x->n_users, kept < LISTED ? kept : LISTED);
        for (int i = MANY - 1; i >= 0; i--) record_many(x, again, i, i + 1); /* in another order */
        assert_memory_equal(again, nodes, (size_t)kept * sizeof *nodes);
        assert_int_equal(tg_node_count(g), 1 + MANY);
        record_many(x, nodes, 0, MANY);
        assert_memory_equal(again, nodes, sizeof nodes);
        assert_int_equal(tg_node_count(g), 1 + MANY);
        assert_int_equal(tg_rewind(g, empty), TG_OK);
    }
}

/* An operation as the reference keeps it. */
typedef struct recorded {
    int kind, a, b, k;
    tg_tensor *node;
} recorded;

enum { KINDS = 5, LENGTH = 600 };

static tg_tensor *apply(const recorded *r, const recorded *tape)
{
    tg_tensor *a = tape[r->a].node, *b = tape[r->b].node;
    switch (r->kind) {
    case 0:
        return tg_sub(a, b);
    case 1:
        return tg_div(a, b);
    case 2:
        return tg_sin(a);
    case 3:
        return tg_flip(a, r->k % 2);
    default:
        return tg_cumsum(a, r->k % 2);
    }
}

/* The part of r that its operation reads. */
static recorded canonical(recorded r)
{
    if (r.kind >= 2) r.b = 0;
    r.k = r.kind >= 3 ? r.k % 2 : 0;
    return r;
}

static int find_recorded(const recorded *tape, int n, const recorded *r)
{
    for (int i = 1; i < n; i++)
        if (tape[i].kind == r->kind && tape[i].a == r->a && tape[i].b == r->b && tape[i].k == r->k) return i;
    return -1;
}

/* Random operations and rewinds, beside a list that is searched from end to end. */
static void test_random_tapes(void **state)
{
    (void)state;
    const tg_graph_options options = {.flags = TG_NO_SIMPLIFY};
    tg_graph *g = tg_graph_new(&options);
    static recorded tape[LENGTH];
    uint32_t random = 7;
    int n = 1, met = 0;
    tape[0].node = param_2d(g, "x", 2, 3, (const double[6]){1, 2, 3, 4, 5, 6});
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525u + 1013904223u;
        const int kind = (int)(random >> 28) % KINDS, k = (int)(random >> 27 & 1);
        /* Few inputs, so that they have many users, and equal operations are met again. */
        const int span = n < 30 ? n : 30;
        recorded r = {kind, (int)(random >> 8 & 255) % span, (int)(random >> 16 & 255) % span, k, NULL};
        r = canonical(r);
        r.node = apply(&r, tape);
        int known = find_recorded(tape, n, &r);
        if (known >= 0) {
            assert_ptr_equal(r.node, tape[known].node);
            met++;
        } else {
            assert_int_equal(tg_id(r.node), n);
            tape[n++] = r;
        }
        assert_int_equal(tg_node_count(g), n);
        if (n == LENGTH || (random >> 4 & 255) == 0) {
            n = 1 + (int)(random >> 12) % n;
            if (n > tg_node_count(g)) n = (int)tg_node_count(g);
            assert_int_equal(tg_rewind(g, (tg_mark){n, TG_OK}), TG_OK);
        }
    }
    assert_true(met > 1000);
    assert_int_equal(tg_graph_status(g), TG_OK);
    tg_graph_free(g);
}

/* Of fewer bytes than a word: what was recorded before does not count. */
static void test_short_constants(void **state)
{
    tg_graph *g = *state;
    const int64_t n = 3;
    const unsigned char bools[3] = {1, 0, 1};
    tg_tensor *x = param_1d(g, "x", 4, (const double[4]){0}), *first = tg_constant(g, TG_BOOL, 1, &n, bools);
    tg_sum(tg_slice(x, 0, 1, 3, 1), TG_AXES(0));
    assert_ptr_equal(tg_constant(g, TG_BOOL, 1, &n, bools), first);
}

/* So many that some of their hashes meet in the 32 bits that the table keeps. */
static void test_hashes_that_meet(void **state)
{
    enum { NUMBERS = 200000 };
    tg_graph *g = *state;
    for (int i = 0; i < NUMBERS; i++) tg_number(g, TG_F64, i);
    assert_int_equal(tg_node_count(g), NUMBERS);
    for (int i = 0; i < NUMBERS; i++)
        if (tg_id(tg_number(g, TG_F64, i)) != i)
            fail_msg("%d is found as node %lld", i, (long long)tg_id(tg_number(g, TG_F64, i)));
}

static void test_shapes_are_shared(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_2d(g, "x", 2, 3, (const double[6]){0}), *y = param_2d(g, "y", 2, 3, NULL);
    assert_ptr_equal(tg_shape(tg_tanh(tg_add(x, y))), tg_shape(x));
    assert_ptr_equal(tg_shape(tg_lt(y, x)), tg_shape(y));
    tg_tensor *row = tg_sum(x, TG_AXES(0));
    assert_ptr_not_equal(tg_shape(row), tg_shape(x));
    assert_int_equal(tg_shape(row)[0], 3);
    assert_int_equal(tg_shape(tg_add(row, x))[0], 2); /* the first input, stretched */
    assert_int_equal(tg_rank(tg_add(row, x)), 2);
}

/* ---- Structure --------------------------------------------------------------------------------------------- */

static XXH128_hash_t structure(const tg_tensor *t)
{
    assert_true(tg_find_structures(t->graph, t->id));
    return t->graph->structures[t->id];
}

static int same_structure(const tg_tensor *a, XXH128_hash_t b)
{
    const XXH128_hash_t found = structure(a);
    return found.low64 == b.low64 && found.high64 == b.high64;
}

static void test_structure_of_what_is_recorded_again(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 3, NULL), *y = param_1d(g, "y", 3, NULL);
    tg_mark mark = tg_get_mark(g);
    tg_tensor *first = tg_sum(tg_mul(tg_exp(x), y), NULL);
    const XXH128_hash_t before = structure(first);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    tg_exp(y); /* so that ids differ */
    assert_true(same_structure(tg_sum(tg_mul(tg_exp(x), y), NULL), before));
    /* What differs in one thing: a leaf, an operation, the order of inputs, an attribute, the type. */
    assert_false(same_structure(tg_sum(tg_mul(tg_exp(y), y), NULL), before));
    assert_false(same_structure(tg_sum(tg_mul(tg_expm1(x), y), NULL), before));
    assert_false(same_structure(tg_max(tg_mul(tg_exp(x), y), NULL), before));
    assert_false(same_structure(tg_sum(tg_mul(tg_exp(x), y), &(tg_axes){.count = 1, .keep = 1}), before));
    assert_false(same_structure(tg_sub(x, y), structure(tg_sub(y, x))));
    assert_false(same_structure(tg_slice(x, 0, 0, 2, 1), structure(tg_slice(x, 0, 1, 3, 1))));
    assert_false(same_structure(tg_number(g, TG_F64, 0), structure(tg_number(g, TG_I64, 0))));
    const double zeros[2] = {0, 0};
    const int64_t shapes[3][2] = {{2}, {1, 2}, {2, 1}};
    tg_tensor *constants[3];
    for (int i = 0; i < 3; i++) constants[i] = tg_constant(g, TG_F64, i == 0 ? 1 : 2, shapes[i], zeros);
    assert_false(same_structure(constants[0], structure(constants[1])));
    assert_false(same_structure(constants[1], structure(constants[2])));
}

/* What lies in one constant's memory reads like another's shape. */
static void test_structure_of_constants_like_shapes(void **state)
{
    tg_graph *g = *state;
    const int64_t two = 2, empty[3] = {0, 1, 2}, long_shape = 20;
    const unsigned char bytes[16] = {3};
    double numbers[2], many[20] = {0};
    memcpy(numbers, bytes, sizeof numbers);
    tg_tensor *pair = tg_constant(g, TG_F64, 1, &two, numbers),
              *none = tg_constant(g, TG_F64, 3, empty, NULL);
    assert_false(same_structure(pair, structure(none)));
    const int64_t one = 1, nothing[2] = {1, 0};
    tg_tensor *zero = tg_constant(g, TG_F64, 1, &one, (const double[1]){0});
    assert_false(same_structure(zero, structure(tg_constant(g, TG_F64, 2, nothing, NULL))));
    /* More bytes than are hashed at once; the last number differs. */
    tg_tensor *zeros = tg_constant(g, TG_F64, 1, &long_shape, many);
    many[19] = 1;
    tg_tensor *other = tg_constant(g, TG_F64, 1, &long_shape, many);
    assert_ptr_not_equal(other, zeros);
    assert_false(same_structure(zeros, structure(other)));
    assert_ptr_equal(tg_constant(g, TG_F64, 1, &long_shape, many), other);
}

/* More inputs than are hashed at once: every one of them counts, and so does their order. */
static void test_many_inputs(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", MANY, (const double[MANY]){0}), *parts[MANY], *joined[MANY + 1];
    record_many(x, parts, 0, MANY);
    for (int i = 0; i <= MANY; i++) { /* input i and the next one exchanged; one twice; as they are */
        tg_tensor *inputs[MANY];
        memcpy(inputs, parts, sizeof inputs);
        if (i < MANY - 1) {
            inputs[i] = parts[i + 1];
            inputs[i + 1] = parts[i];
        } else if (i < MANY) {
            inputs[i] = parts[0];
        }
        joined[i] = tg_concat(inputs, MANY, 0);
        assert_ptr_equal(tg_concat(inputs, MANY, 0), joined[i]);
        for (int k = 0; k < i; k++) {
            assert_ptr_not_equal(joined[i], joined[k]);
            assert_false(same_structure(joined[i], structure(joined[k])));
        }
    }
    tg_mark mark = tg_get_mark(g);
    tg_tensor *sum = tg_sum(joined[3], NULL);
    const XXH128_hash_t before = structure(sum);
    assert_int_equal(tg_rewind(g, mark), TG_OK);
    assert_true(same_structure(tg_sum(joined[3], NULL), before));
}

/* A leaf in the place of one that was dropped. */
static void test_structure_of_a_leaf_made_again(void **state)
{
    tg_graph *g = *state;
    tg_mark mark = tg_get_mark(g);
    XXH128_hash_t before[4];
    for (int i = 0; i < 4; i++) {
        tg_tensor *p = scalar_param(g, "p", 1);
        before[i] = structure(tg_exp(p));
        for (int k = 0; k < i; k++) assert_false(same_structure(tg_exp(p), before[k]));
        assert_int_equal(tg_rewind(g, mark), TG_OK);
        assert_int_equal(g->n_structures, 0);
    }
}

static void test_structure_without_merging(void **state)
{
    (void)state;
    const tg_graph_options options = {.flags = TG_NO_INTERN};
    tg_graph *g = tg_graph_new(&options);
    tg_tensor *x = param_1d(g, "x", 2, (const double[]){1, 2}), *a = tg_exp(x), *b = tg_exp(x);
    assert_ptr_not_equal(a, b);
    assert_false(same_structure(a, structure(b)));
    tg_tensor *both = tg_mul(a, b), *square = tg_mul(a, a);
    assert_values(both, ((const double[]){7.38905609893065, 54.598150033144236}), 2, 1e-15);
    assert_values(square, ((const double[]){7.38905609893065, 54.598150033144236}), 2, 1e-15);
    tg_graph_free(g);
}

/* ---- Plans ------------------------------------------------------------------------------------------------- */

static int from_cache(tg_tensor *y)
{
    tg_function *f;
    assert_int_equal(tg_compile(tg_graph_of(y), &y, 1, NULL, 0, &f), TG_OK);
    int found = tg_stats(f).from_cache;
    assert_int_equal(tg_run(f), TG_OK);
    tg_function_free(f);
    return found;
}

static tg_tensor *windowed(tg_tensor *x, tg_tensor *w, int64_t start)
{
    return tg_sum(tg_mul(tg_slice(x, 0, start, start + 2, 1), w), NULL);
}

static void test_one_attribute_is_another_plan(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = param_1d(g, "x", 4, (const double[]){1, 2, 3, 4});
    tg_tensor *w = param_1d(g, "w", 2, (const double[]){1, 10});
    tg_mark mark = tg_get_mark(g);
    for (int round = 0; round < 3; round++)
        for (int start = 0; start < 3; start++) {
            tg_tensor *y = windowed(x, w, start);
            assert_int_equal(from_cache(y), round > 0);
            assert_value(y, start + 1 + 10 * (start + 2), 0);
            assert_int_equal(tg_rewind(g, mark), TG_OK);
        }
}

/* Requests whose outputs are the same, and their updates not. */
static void test_updates_are_told_apart(void **state)
{
    tg_graph *g = *state;
    tg_tensor *a = scalar_param(g, "a", 1), *b = scalar_param(g, "b", 2), *sum = tg_add(a, b);
    const tg_update updates[5] = {{a, sum}, {b, sum}, {b, a}, {a, b}, {a, a}};
    const double expected[5][2] = {{3, 2}, {3, 5}, {3, 3}, {3, 3}, {3, 3}};
    for (int i = 0; i < 5; i++) {
        tg_function *f;
        assert_int_equal(tg_compile(g, &sum, 1, &updates[i], 1, &f), TG_OK);
        assert_int_equal(tg_run(f), TG_OK);
        tg_function_free(f);
        assert_value(a, expected[i][0], 0);
        assert_value(b, expected[i][1], 0);
    }
}

/* Two requests share one plan, which knows only the last of them. */
static void test_leaves_in_turns(void **state)
{
    tg_graph *g = *state;
    tg_tensor *leaves[3] = {scalar_param(g, "a", 2), scalar_param(g, "b", 3), scalar_param(g, "c", 5)};
    tg_mark mark = tg_get_mark(g);
    for (int round = 0; round < 12; round++) {
        tg_tensor *p = leaves[round % 3], *q = leaves[(round / 3 + 1) % 3];
        double pv = 0, qv = 0;
        assert_int_equal(tg_get(p, &pv, sizeof pv), TG_OK);
        assert_int_equal(tg_get(q, &qv, sizeof qv), TG_OK);
        assert_value(tg_sub(tg_square(p), q), pv * pv - qv, 0);
        if (round % 2 == 0) assert_true(from_cache(tg_sub(tg_square(p), q)));
        assert_value(tg_sub(tg_square(p), q), pv * pv - qv, 0);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

/* A leaf that was dropped and made again, with the same name at the same place, is another leaf. */
static void test_a_leaf_made_again(void **state)
{
    tg_graph *g = *state;
    tg_tensor *w = scalar_param(g, "w", 2);
    tg_mark mark = tg_get_mark(g);
    for (int round = 0; round < 6; round++) {
        tg_tensor *p = scalar_param(g, "p", round);
        tg_tensor *y = tg_add(tg_mul(w, p), w);
        assert_value(y, 2 * round + 2, 0);
        assert_true(from_cache(y));
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

/* The same expressions in another order on the tape. */
static void test_another_order_on_the_tape(void **state)
{
    tg_graph *g = *state;
    tg_tensor *x = scalar_param(g, "x", 2), *y = scalar_param(g, "y", 3);
    tg_mark mark = tg_get_mark(g);
    for (int round = 0; round < 4; round++) {
        tg_tensor *parts[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++) {
            const int k = (i + round) % 2;
            parts[k] = k == 0 ? tg_square(x) : tg_mul_scalar(y, 7);
        }
        assert_value(tg_sub(parts[0], parts[1]), 4 - 21, 0);
        assert_int_equal(from_cache(tg_sub(parts[0], parts[1])), 1);
        assert_int_equal(tg_rewind(g, mark), TG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        graph_test(test_many_users_of_one_tensor),
        graph_test(test_rewind_among_many_users),
        cmocka_unit_test(test_random_tapes),
        graph_test(test_short_constants),
        graph_test(test_hashes_that_meet),
        graph_test(test_shapes_are_shared),
        graph_test(test_structure_of_what_is_recorded_again),
        graph_test(test_structure_of_constants_like_shapes),
        graph_test(test_many_inputs),
        graph_test(test_structure_of_a_leaf_made_again),
        cmocka_unit_test(test_structure_without_merging),
        graph_test(test_one_attribute_is_another_plan),
        graph_test(test_updates_are_told_apart),
        graph_test(test_leaves_in_turns),
        graph_test(test_a_leaf_made_again),
        graph_test(test_another_order_on_the_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
