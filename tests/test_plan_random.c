/* Random programs: a compiled function, with its fused groups, views, buffers that are shared and params that are
 * updated in place, has to give what every operation gives alone, and the same without any of the planner's passes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_program.h"

enum { PROGRAMS = 120, LARGE_PROGRAMS = 12, WIDE_PROGRAMS = 12, ROUNDS = 2, PARAMS = RANDOM_PARAMS };

typedef struct program {
    random_program made;
    double *original[PARAMS]; /* values of the params */
    double **values[ROUNDS];  /* of every node, one operation at a time */
    double *usual;            /* what the usual function gives, value after value */
    int64_t n_usual, at_usual;
    int limited;
} program;

/* How a function's results stand to those of the usual one. */
typedef enum likeness { ARE_USUAL, MAY_BE_ROUNDED, SAME_BITS } likeness;

static size_t size_of(const tg_tensor *t)
{
    return (size_t)tg_count(t) * sizeof(double);
}

static void *copy(const void *data, size_t size)
{
    void *made = malloc(size + 1);
    assert_non_null(made);
    memcpy(made, data, size);
    return made;
}

static void restore_params(program *p)
{
    for (int i = 0; i < PARAMS; i++) tg_set(p->made.params[i], p->original[i], size_of(p->made.params[i]));
}

/* ---- Its values, one operation at a time --------------------------------------------------------------------- */

/* A constant's or param's value is there; an operation is recorded alone, on params that hold its inputs. */
static void compute(double *const *values, tg_tensor *t)
{
    if (tg_data(t) != NULL) {
        evaluate(t, values[tg_id(t)], tg_count(t), __FILE__, __LINE__);
        return;
    }
    tg_graph *alone = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY | TG_NO_INTERN});
    tg_tensor *inputs[4];
    assert_true(tg_input_count(t) <= COUNT(inputs));
    for (int i = 0; i < tg_input_count(t); i++) {
        tg_tensor *x = tg_input_at(t, i);
        const char name[2] = {(char)('a' + i), '\0'};
        inputs[i] = tg_param(alone, name, TG_F64, tg_rank(x), tg_shape(x), values[tg_id(x)]);
        inputs[i] = tg_cast(inputs[i], tg_dtype_of(x));
    }
    tg_tensor *same = tg_apply(alone, tg_op_of(t), inputs, tg_input_count(t), tg_attr_of(t));
    evaluate(same, values[tg_id(t)], tg_count(t), __FILE__, __LINE__);
    tg_graph_free(alone);
}

/* What the param holds after a round. */
static tg_tensor *value_after(const program *p, int param)
{
    for (int u = 0; u < p->made.n_updates; u++)
        if (p->made.updates[u].param == p->made.params[param]) return p->made.updates[u].value;
    return p->made.params[param];
}

static void compute_rounds(program *p)
{
    int64_t nodes = tg_node_count(p->made.g);
    for (int round = 0; round < ROUNDS; round++) {
        double **values = p->values[round] = malloc((size_t)nodes * sizeof *values);
        for (int64_t id = 0; id < nodes; id++) {
            values[id] = malloc(size_of(tg_node(p->made.g, id)) + 1);
            compute(values, tg_node(p->made.g, id));
        }
        for (int i = 0; i < PARAMS; i++)
            tg_set(p->made.params[i], values[tg_id(value_after(p, i))], size_of(p->made.params[i]));
    }
    restore_params(p);
}

/* ---- Comparing ---------------------------------------------------------------------------------------------------- */

static void compare(program *p, int round, tg_tensor *t, const double *found, likeness like, const char *what)
{
    const double *expected = p->values[round][tg_id(t)];
    double *usual = p->usual + p->at_usual;
    for (int64_t i = 0; i < tg_count(t); i++) {
        if (!(fabs(found[i] - expected[i]) <= 1e-11 * fmax(1, fabs(expected[i]))))
            fail_msg("program %llu: element %lld of %s, node %lld (%s), is %.17g, expected %.17g",
                     (unsigned long long)p->made.key, (long long)i, what, (long long)tg_id(t),
                     tg_op_of(t)->name, found[i], expected[i]);
        /* How a CBLAS rounds follows from what it is asked to add. */
        if (like == SAME_BITS && !TG_WITH_CBLAS && memcmp(&found[i], &usual[i], sizeof found[i]) != 0)
            fail_msg("program %llu: element %lld of %s, node %lld (%s), is %.17g, usually %.17g",
                     (unsigned long long)p->made.key, (long long)i, what, (long long)tg_id(t),
                     tg_op_of(t)->name, found[i], usual[i]);
    }
    p->at_usual += tg_count(t);
    assert_true(p->at_usual <= p->n_usual);
    if (like == ARE_USUAL) memcpy(usual, found, size_of(t));
}

static void run_rounds(program *p, tg_function *f, likeness like)
{
    p->at_usual = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
        for (int i = 0; i < p->made.n_outputs; i++) {
            tg_tensor *output = p->made.outputs[i];
            compare(p, round, output, tg_output(f, output), like, "an output");
        }
        for (int i = 0; i < PARAMS; i++)
            compare(p, round, value_after(p, i), tg_data(p->made.params[i]), like, "a param");
    }
}

/* Returns the memory that the function takes, 0 when there is none within the limit. */
static size_t run_with(program *p, const char *passes_off, size_t memory_limit, likeness like)
{
    const random_program *made = &p->made;
    tg_function *f;
    const tg_compile_options options = {.passes_off = passes_off, .memory_limit = memory_limit};
    tg_status status = tg_compile_with(made->g, made->outputs, made->n_outputs, made->updates,
                                       made->n_updates, &options, &f);
    if (status == TG_ERR_SIZE && memory_limit > 0) {
        assert_non_null(strstr(tg_error(made->g), "memory limit"));
        tg_clear_error(made->g);
        return 0;
    }
    if (status != TG_OK) fail_msg("%s", tg_error(made->g));
    run_rounds(p, f, like);
    restore_params(p);
    tg_function_stats stats = tg_stats(f);
    assert_true(stats.nodes <= tg_node_count(made->g));
    if (memory_limit > 0) assert_true(stats.arena_bytes + stats.scratch_bytes <= memory_limit);
    tg_function_free(f);
    return stats.arena_bytes + stats.scratch_bytes;
}

/* ---- Programs ------------------------------------------------------------------------------------------------------- */

static void begin(program *p, uint64_t key, const random_sizes *sizes)
{
    *p = (program){0};
    random_program_make(&p->made, key, sizes);
    for (int i = 0; i < PARAMS; i++) {
        p->original[i] = copy(tg_data(p->made.params[i]), size_of(p->made.params[i]));
        p->n_usual += ROUNDS * tg_count(p->made.params[i]);
    }
    for (int i = 0; i < p->made.n_outputs; i++) p->n_usual += ROUNDS * tg_count(p->made.outputs[i]);
    p->usual = malloc((size_t)p->n_usual * sizeof *p->usual);
    compute_rounds(p);
}

static void end(program *p)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (int64_t id = 0; id < tg_node_count(p->made.g); id++) free(p->values[round][id]);
        free(p->values[round]);
    }
    for (int i = 0; i < PARAMS; i++) free(p->original[i]);
    free(p->usual);
    tg_graph_free(p->made.g);
}

/* Less and less memory, until there is no plan. */
static void run_with_limits(program *p, size_t bytes)
{
    while (bytes > 256 && (bytes = run_with(p, NULL, bytes * 9 / 10, SAME_BITS)) > 0) p->limited++;
}

/* Where a pass is left out that changes what is added in which order, results are rounded otherwise. */
static likeness likeness_without(const char *pass)
{
    static const char *const rounded[] = {"fuse", "view", "small"};
    for (int i = 0; i < COUNT(rounded); i++)
        if (strcmp(pass, rounded[i]) == 0) return MAY_BE_ROUNDED;
    return SAME_BITS;
}

static void run_without_passes(program *p)
{
    char all[200] = "";
    int n = 0;
    for (; tg_pass_name(n) != NULL; n++) {
        run_with(p, tg_pass_name(n), 0, likeness_without(tg_pass_name(n)));
        if (n > 0) strcat(all, ",");
        strcat(all, tg_pass_name(n));
    }
    assert_true(n >= 6);
    run_with(p, all, 0, MAY_BE_ROUNDED);
}

static int run_program(uint64_t key, const random_sizes *sizes)
{
    program p;
    begin(&p, key, sizes);
    run_with_limits(&p, run_with(&p, NULL, 0, ARE_USUAL));
    run_without_passes(&p);
    end(&p);
    return p.limited;
}

static void test_random_programs(void **state)
{
    (void)state;
    int limited = 0;
    for (uint64_t key = 0; key < PROGRAMS; key++) limited += run_program(key, &random_small);
    assert_in_range(limited, PROGRAMS / 8, 100 * PROGRAMS);
}

static void test_random_programs_of_many_blocks(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < LARGE_PROGRAMS; key++) run_program(key, &random_large);
}

/* Rows so wide that chains go along them. */
static void test_random_programs_of_wide_rows(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < WIDE_PROGRAMS; key++) run_program(key, &random_wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_programs),
                                       cmocka_unit_test(test_random_programs_of_many_blocks),
                                       cmocka_unit_test(test_random_programs_of_wide_rows)};
    return cmocka_run_group_tests_name("random plans", tests, NULL, NULL);
}
