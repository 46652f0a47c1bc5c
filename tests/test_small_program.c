/* What programs of small arrays are made of: the memory that their records have, and their order. */
#include <math.h>
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/nn.h>
#include <tapegrad/profile.h>

#include "ops/ops.h"
#include "plan/function.h"

enum { BATCH = 4 };

static int here(void)
{
    return tg_small_kernels_for(TG_F32, 1) != NULL;
}

typedef struct lesson {
    tg_graph *graph;
    tg_tensor *loss;
    tg_function *step;
} lesson;

/* A training step of a network of 2-3-1. */
static lesson make_lesson(tg_dtype dtype, const char *passes_off, size_t memory_limit)
{
    lesson l = {.graph = tg_graph_new(NULL)};
    tg_tensor *x = tg_input(l.graph, "x", dtype, 2, (const int64_t[]){BATCH, 2}),
              *y = tg_input(l.graph, "y", dtype, 2, (const int64_t[]){BATCH, 1});
    const tg_mlp_spec spec = {2, (int64_t[]){3, 1}, (tg_activation[]){TG_SIGMOID, TG_SIGMOID},
                              TG_INIT_GLOROT};
    tg_layer layers[2];
    l.loss = tg_mean(tg_cost_of(TG_COST_QUADRATIC, tg_mlp(l.graph, "net", x, &spec, layers), y), NULL);
    const tg_optimizer sgd = TG_SGD(.rate = 0.5);
    tg_update *updates;
    int n;
    assert_int_equal(tg_optimizer_updates(l.graph, l.loss, &sgd, &updates, &n), TG_OK);
    const tg_compile_options options = {.passes_off = passes_off, .memory_limit = memory_limit};
    if (tg_compile_with(l.graph, &l.loss, 1, updates, n, &options, &l.step) != TG_OK)
        fail_msg("%s", tg_error(l.graph));
    tg_updates_free(updates);
    static const double inputs[] = {0.1, 0.9, -0.5, 0.3, 0.7, -0.2, 1, 0.4}, outputs[] = {0, 1, 1, 0};
    static float narrow[12];
    for (int i = 0; i < 12; i++) narrow[i] = (float)(i < 8 ? inputs[i] : outputs[i - 8]);
    tg_bind(l.step, x, dtype == TG_F32 ? (const void *)narrow : inputs);
    tg_bind(l.step, y, dtype == TG_F32 ? (const void *)(narrow + 8) : outputs);
    return l;
}

static void free_lesson(lesson *l)
{
    tg_function_free(l->step);
    tg_graph_free(l->graph);
}

static const tg_place *result_of(const tg_plan *plan, int64_t i)
{
    return &plan->places[plan->small[i].places[3]];
}

/* No two results share scratch memory, all of it is there, and a plan with a limit takes no more than it did. */
static void test_memory(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        lesson l = make_lesson((tg_dtype)dtype, NULL, 0), usual = make_lesson((tg_dtype)dtype, "small", 0),
               limited = make_lesson((tg_dtype)dtype, NULL, (size_t)1 << 20);
        const tg_plan *plan = l.step->plan;
        int in_scratch = 0;
        for (int64_t i = 0; i + 1 < plan->n_small; i++) {
            const tg_place *a = result_of(plan, i);
            if (a->base != TG_BASE_SCRATCH) continue;
            in_scratch++;
            assert_true(a->offset >= 0 &&
                        (size_t)(a->offset + plan->small[i].bytes) <= plan->stats.scratch_bytes);
            for (int64_t j = 0; j < i; j++) {
                const tg_place *b = result_of(plan, j);
                assert_true(b->base != TG_BASE_SCRATCH || a->offset + plan->small[i].bytes <= b->offset ||
                            b->offset + plan->small[j].bytes <= a->offset);
            }
        }
        if (here()) assert_true(in_scratch > 10);
        assert_int_equal(plan->parts_offset, plan->scratch_offset + plan->stats.scratch_bytes);
        assert_true(plan->arena_bytes >= plan->parts_offset);
        assert_int_equal(limited.step->plan->n_small, plan->n_small);
        assert_int_equal(tg_stats(limited.step).scratch_bytes, tg_stats(usual.step).scratch_bytes);
        assert_int_equal(limited.step->plan->arena_bytes, usual.step->plan->arena_bytes);
        for (int i = 0; i < 50; i++) {
            assert_int_equal(tg_run(l.step), TG_OK);
            assert_int_equal(tg_run(usual.step), TG_OK);
            assert_int_equal(tg_run(limited.step), TG_OK);
            assert_true(tg_scalar(l.step, l.loss) == tg_scalar(limited.step, limited.loss));
            double difference = tg_scalar(l.step, l.loss) - tg_scalar(usual.step, usual.loss);
            assert_true(fabs(difference) <= (dtype == TG_F32 ? 1e-5 : 1e-13));
        }
        free_lesson(&l);
        free_lesson(&usual);
        free_lesson(&limited);
    }
}

/* Many programs take the same scratch memory in turn. */
static void test_memory_of_many(void **state)
{
    (void)state;
    size_t bytes[2];
    for (int k = 0; k < 2; k++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *x = param_1d(g, "x", 3, (const double[]){0.1, 0.2, 0.3}), *y = x;
        for (int i = 0; i < (k == 0 ? 400 : 4000); i++)
            y = tg_div(tg_tanh(tg_mul(y, x)), tg_sum(tg_exp(y), NULL));
        tg_function *f;
        assert_int_equal(tg_compile(g, &y, 1, NULL, 0, &f), TG_OK);
        bytes[k] = tg_stats(f).scratch_bytes;
        tg_function_free(f);
        tg_graph_free(g);
    }
    assert_true(bytes[1] <= 2 * bytes[0]);
}

static int is_of(const tg_plan *plan, int64_t record, const char *name)
{
    const tg_op *op = plan->steps[plan->small[record].step].op;
    return op != NULL && strcmp(op->name, name) == 0;
}

static int takes_kept(const tg_small_record *r)
{
    return r->in[0].kind == TG_SMALL_KEPT || r->in[1].kind == TG_SMALL_KEPT;
}

/* Forward goes from register to register; params come before the loss, which nothing waits for, and the first layer's,
 * which the next run begins with, before the second's. */
static void test_order(void **state)
{
    (void)state;
    if (!here()) return;
    static const char *const forward[] = {"matmul", "add", "sigmoid", "matmul", "add", "sigmoid", "sub"};
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        lesson l = make_lesson((tg_dtype)dtype, NULL, 0);
        const tg_plan *plan = l.step->plan;
        for (int i = 0; i < COUNT(forward); i++) {
            assert_true(is_of(plan, i, forward[i]));
            assert_true(i == 0 || takes_kept(&plan->small[i]));
        }
        int64_t kept = 0, first_layer = 0, second_layer = 0, loss = 0;
        for (int64_t i = 0; i + 1 < plan->n_small; i++) {
            const tg_place *to = result_of(plan, i);
            kept += takes_kept(&plan->small[i]);
            if (is_of(plan, i, "square")) loss = i;
            if (to->base >= TG_BASE_LEAF && to->dtype != TG_I64 && to->count == 6) first_layer = i;
            if (to->base >= TG_BASE_LEAF && to->dtype != TG_I64 && to->count == 1) second_layer = i;
        }
        assert_true(first_layer > 0 && second_layer > first_layer && loss > second_layer);
        assert_true(kept >= 23);
        free_lesson(&l);
    }
}

/* A run that is one program is profiled like any other, and clears the message of what failed before. */
static void test_run(void **state)
{
    (void)state;
    lesson l = make_lesson(TG_F64, NULL, 0);
    assert_int_equal(l.step->plan->is_program, here());
    assert_int_equal(tg_run(l.step), TG_OK);
    assert_int_equal(tg_bind(l.step, l.loss, NULL), TG_ERR_ARGUMENT);
    assert_int_equal(tg_run(l.step), TG_OK);
    assert_string_equal(tg_function_error(l.step), "");
    assert_int_equal(tg_profile_start(l.step), TG_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(tg_run(l.step), TG_OK);
    tg_profile_stop(l.step);
    assert_int_equal(tg_run(l.step), TG_OK);
    assert_int_equal(tg_profile_sum(l.step).runs, 3);
    free_lesson(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_memory_of_many),
                                       cmocka_unit_test(test_order), cmocka_unit_test(test_run)};
    return cmocka_run_group_tests_name("programs of small arrays", tests, NULL, NULL);
}
