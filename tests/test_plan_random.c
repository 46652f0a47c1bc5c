/* Random programs: a compiled function, with its fused groups, views, buffers that are shared and params that are
 * updated in place, has to give what every operation gives alone, and the same without any of the planner's passes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/random.h>

enum { PROGRAMS = 120, LARGE_PROGRAMS = 12, ROUNDS = 2, PARAMS = 8 };

/* Sizes of axes, and of what is computed: arrays of one block, and of many. */
typedef struct sizes {
    int64_t two, three, four, most;
    int operations;
} sizes;
static const sizes small = {2, 3, 4, 200, 70}, large = {3, 150, 28, 13000, 24};

typedef struct program {
    tg_graph *g;
    uint64_t key, at;
    const sizes *sizes;
    tg_tensor *params[PARAMS];
    tg_update updates[PARAMS];
    tg_tensor *outputs[6];
    int n_updates, n_outputs, limited;
    double **values; /* of every node */
} program;

static int draw(program *p, int n)
{
    return (int)tg_random_below(p->key, p->at++, (uint64_t)n);
}

/* ---- Making a program -------------------------------------------------------------------------------------- */

static void make_params(program *p)
{
    const int64_t two = p->sizes->two, three = p->sizes->three, four = p->sizes->four;
    const struct {
        int rank;
        int64_t shape[3];
    } types[PARAMS] = {{2, {three, four}}, {2, {three, four}}, {2, {four, four}},       {2, {four, four}},
                       {1, {four}},        {1, {four}},        {3, {two, three, four}}, {2, {three, 1}}};
    static double data[3 * 150 * 28];
    for (int i = 0; i < PARAMS; i++) {
        for (int64_t k = 0; k < two * three * four; k++) data[k] = draw(p, 2001) / 1000.0 - 1;
        const char name[2] = {(char)('a' + i), '\0'};
        p->params[i] = tg_param(p->g, name, TG_F64, types[i].rank, types[i].shape, data);
    }
}

/* A node of the tape, later ones more often. */
static tg_tensor *pick(program *p)
{
    int n = (int)tg_node_count(p->g), first = draw(p, n), second = draw(p, n);
    tg_tensor *t = tg_node(p->g, first > second ? first : second);
    return tg_dtype_of(t) == TG_F64 ? t : p->params[draw(p, PARAMS)];
}

static tg_tensor *view_of(program *p, tg_tensor *x)
{
    if (tg_rank(x) == 0) return tg_broadcast_to(x, 2, (const int64_t[]){p->sizes->three, p->sizes->four});
    int axis = draw(p, tg_rank(x));
    int64_t size = tg_shape(x)[axis];
    switch (draw(p, 6)) {
    case 0:
        return tg_transpose(x, NULL);
    case 1:
        return tg_flip(x, axis);
    case 2:
        return tg_slice(x, axis, draw(p, (int)size), TG_END, 1 + draw(p, 2));
    case 3:
        return tg_slice(x, axis, TG_END, TG_END, -1 - draw(p, 2));
    case 4:
        return tg_reshape(x, 1, (const int64_t[]){-1});
    default:
        if (tg_count(x) % 4 == 0) return tg_reshape(x, 2, (const int64_t[]){-1, 4});
        return tg_index(x, axis, draw(p, (int)size));
    }
}

static tg_tensor *reduction_of(program *p, tg_tensor *x)
{
    if (tg_rank(x) == 0) return tg_neg(x);
    tg_axes axes = {.count = 1, .keep = draw(p, 2), .axis = {draw(p, tg_rank(x))}};
    switch (draw(p, 5)) {
    case 0:
        return tg_sum(x, NULL);
    case 1:
        return tg_sum(x, &axes);
    case 2:
        return tg_max(x, &axes);
    case 3:
        return tg_cumsum(x, axes.axis[0]);
    default:
        return tg_softmax(x, axes.axis[0]);
    }
}

/* NULL where the inputs do not fit. */
static tg_tensor *combination(program *p, tg_tensor *a, tg_tensor *b)
{
    switch (draw(p, 8)) {
    case 0:
        return tg_add(a, b);
    case 1:
        return tg_sub(a, b);
    case 2:
        return tg_mul(a, b);
    case 3:
        return tg_maximum(a, b);
    case 4:
        return tg_where(tg_lt(a, b), a, tg_mul_scalar(b, 0.5));
    case 5:
        return tg_add(a, tg_transpose(a, NULL));
    case 6:
        return tg_concat((tg_tensor *[]){a, b, a}, 3, 0);
    default:
        return tg_mul_scalar(tg_matmul(a, b), 1.0 / (double)p->sizes->four);
    }
}

static tg_tensor *random_operation(program *p)
{
    tg_tensor *a = pick(p), *made;
    switch (draw(p, 8)) {
    case 0:
        return tg_tanh(a);
    case 1:
        return tg_sin(a);
    case 2:
    case 3:
        return view_of(p, a);
    case 4:
        return reduction_of(p, a);
    default:
        made = combination(p, a, pick(p));
        tg_clear_error(p->g);
        return made != NULL && tg_count(made) <= p->sizes->most ? made : tg_neg(a);
    }
}

static int same_type(const tg_tensor *a, const tg_tensor *b)
{
    return tg_dtype_of(a) == tg_dtype_of(b) && tg_rank(a) == tg_rank(b) &&
           memcmp(tg_shape(a), tg_shape(b), (size_t)tg_rank(a) * sizeof(int64_t)) == 0;
}

/* A node of the param's type: another param, something computed, or a view brought to that shape. */
static tg_tensor *new_value(program *p, tg_tensor *param)
{
    for (int tries = 0; tries < 30; tries++) {
        tg_tensor *t = pick(p);
        if (t != param && same_type(t, param)) return t;
    }
    tg_tensor *t = tg_add(param, tg_mul_scalar(tg_sum(pick(p), NULL), 0.01));
    return draw(p, 2) == 0 ? t : tg_sub(t, tg_flip(param, 0));
}

static void make_program(program *p)
{
    make_params(p);
    for (int i = 0; i < p->sizes->operations; i++) assert_non_null(random_operation(p));
    if (draw(p, 2) == 0) {
        tg_tensor *gradients[PARAMS];
        tg_tensor *cost = tg_sum(tg_tanh(pick(p)), NULL);
        assert_int_equal(tg_grad(p->g, cost, p->params, PARAMS, gradients), TG_OK);
        for (int i = 0; i < PARAMS; i++)
            if (draw(p, 2) == 0) tg_sub(p->params[i], tg_mul_scalar(gradients[i], 0.1));
    }
    for (int i = 0; i < PARAMS; i++)
        if (draw(p, 2) == 0)
            p->updates[p->n_updates++] = (tg_update){p->params[i], new_value(p, p->params[i])};
    p->n_outputs = draw(p, COUNT(p->outputs) + 1);
    for (int i = 0; i < p->n_outputs; i++) p->outputs[i] = pick(p);
}

/* ---- Its values, one operation at a time --------------------------------------------------------------------- */

/* A constant's or param's value is there; an operation is recorded alone, on params that hold its inputs. */
static void compute(program *p, tg_tensor *t, double *values)
{
    if (tg_data(t) != NULL) {
        evaluate(t, values, tg_count(t), __FILE__, __LINE__);
        return;
    }
    tg_graph *alone = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY | TG_NO_INTERN});
    tg_tensor *inputs[4];
    assert_true(tg_input_count(t) <= COUNT(inputs));
    for (int i = 0; i < tg_input_count(t); i++) {
        tg_tensor *x = tg_input_at(t, i);
        const char name[2] = {(char)('a' + i), '\0'};
        inputs[i] = tg_param(alone, name, TG_F64, tg_rank(x), tg_shape(x), p->values[tg_id(x)]);
        inputs[i] = tg_cast(inputs[i], tg_dtype_of(x));
    }
    tg_tensor *same = tg_apply(alone, tg_op_of(t), inputs, tg_input_count(t), tg_attr_of(t));
    evaluate(same, values, tg_count(t), __FILE__, __LINE__);
    tg_graph_free(alone);
}

static void compute_all(program *p)
{
    for (int64_t id = 0; id < tg_node_count(p->g); id++) compute(p, tg_node(p->g, id), p->values[id]);
}

/* ---- Comparing ---------------------------------------------------------------------------------------------------- */

static void compare(const program *p, tg_tensor *t, const double *found, const char *what)
{
    const double *expected = p->values[tg_id(t)];
    for (int64_t i = 0; i < tg_count(t); i++)
        if (!(fabs(found[i] - expected[i]) <= 1e-11 * fmax(1, fabs(expected[i]))))
            fail_msg("program %llu: element %lld of %s, node %lld (%s), is %.17g, expected %.17g",
                     (unsigned long long)p->key, (long long)i, what, (long long)tg_id(t), tg_op_of(t)->name,
                     found[i], expected[i]);
}

static void run_and_compare(program *p, tg_function *f)
{
    compute_all(p);
    if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
    for (int i = 0; i < p->n_outputs; i++)
        compare(p, p->outputs[i], tg_output(f, p->outputs[i]), "an output");
    for (int i = 0; i < PARAMS; i++) {
        tg_tensor *value = p->params[i];
        for (int u = 0; u < p->n_updates; u++)
            if (p->updates[u].param == value) {
                value = p->updates[u].value;
                break;
            }
        compare(p, value, tg_data(p->params[i]), "a param");
    }
}

/* The params go back to what they were, so that the next function starts where this one did. Returns the memory that
 * the function takes, 0 when there is none within the limit. */
static size_t run_and_restore(program *p, const char *passes_off, size_t memory_limit)
{
    tg_function *f;
    double *before[PARAMS];
    const tg_compile_options options = {.passes_off = passes_off, .memory_limit = memory_limit};
    tg_status status =
        tg_compile_with(p->g, p->outputs, p->n_outputs, p->updates, p->n_updates, &options, &f);
    if (status == TG_ERR_SIZE && memory_limit > 0) {
        assert_non_null(strstr(tg_error(p->g), "memory limit"));
        tg_clear_error(p->g);
        return 0;
    }
    if (status != TG_OK) fail_msg("%s", tg_error(p->g));
    for (int i = 0; i < PARAMS; i++) {
        size_t size = (size_t)tg_count(p->params[i]) * sizeof(double);
        before[i] = malloc(size);
        memcpy(before[i], tg_data(p->params[i]), size);
    }
    for (int round = 0; round < ROUNDS; round++) run_and_compare(p, f);
    for (int i = 0; i < PARAMS; i++) {
        tg_set(p->params[i], before[i], (size_t)tg_count(p->params[i]) * sizeof(double));
        free(before[i]);
    }
    tg_function_stats stats = tg_stats(f);
    assert_true(stats.nodes <= tg_node_count(p->g));
    if (memory_limit > 0) assert_true(stats.arena_bytes + stats.scratch_bytes <= memory_limit);
    tg_function_free(f);
    return stats.arena_bytes + stats.scratch_bytes;
}

/* Less and less memory, until there is no plan. */
static void run_with_limits(program *p)
{
    size_t bytes = run_and_restore(p, NULL, 0);
    while (bytes > 256 && (bytes = run_and_restore(p, NULL, bytes * 9 / 10)) > 0) p->limited++;
}

static int run_program(uint64_t key, const sizes *of)
{
    program p = {.key = key, .sizes = of};
    p.g = tg_graph_new(&(tg_graph_options){.flags = key % 2 == 0 ? 0 : TG_NO_SIMPLIFY});
    make_program(&p);
    int64_t nodes = tg_node_count(p.g);
    p.values = malloc((size_t)nodes * sizeof *p.values);
    for (int64_t id = 0; id < nodes; id++)
        p.values[id] = malloc(((size_t)tg_count(tg_node(p.g, id)) + 1) * sizeof(double));
    run_with_limits(&p);
    for (int i = 0; tg_pass_name(i) != NULL; i++) run_and_restore(&p, tg_pass_name(i), 0);
    for (int64_t id = 0; id < nodes; id++) free(p.values[id]);
    free(p.values);
    tg_graph_free(p.g);
    return p.limited;
}

static void test_random_programs(void **state)
{
    (void)state;
    int limited = 0;
    for (uint64_t key = 0; key < PROGRAMS; key++) limited += run_program(key, &small);
    assert_in_range(limited, PROGRAMS / 8, 100 * PROGRAMS);
}

static void test_random_programs_of_many_blocks(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < LARGE_PROGRAMS; key++) run_program(key, &large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_programs),
                                       cmocka_unit_test(test_random_programs_of_many_blocks)};
    return cmocka_run_group_tests_name("random plans", tests, NULL, NULL);
}
