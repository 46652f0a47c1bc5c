/* Threads by option and by environment, and passes of the planner that are left out: the same results, and what is
 * refused. */
#define _XOPEN_SOURCE 700 /* setenv */

#include "cli_train_run.h"

#include <stdlib.h>
#include <string.h>

/* Layers that are wide enough to be shared out. */
static const char wide_model[] = "input x : f32[N, 2]\ninput y : f32[N, 3]\n"
                                 "param W1 : f32[2, 600] = glorot\nparam b1 : f32[600]\n"
                                 "param W2 : f32[600, 192] = glorot\nparam b2 : f32[192]\n"
                                 "param W3 : f32[192, 3] = glorot\n"
                                 "a1 = relu(x @ W1 + b1)\npred = relu(a1 @ W2 + b2) @ W3\n"
                                 "loss = mean(sum((pred - y)^2, axis=1))\noutput loss, pred\n";

static void train(const char *arguments)
{
    assert_int_equal(run_tapegrad(arguments), 0);
}

/* Weights that other numbers of threads have trained: the same bits, but for rounding where products are a library's. */
static void assert_other_threads(const char *path, const char *other)
{
    if (TG_WITH_CBLAS || TG_WITH_ONEDNN)
        assert_close_weights(path, other, 1e-3);
    else
        assert_same_weights(path, other);
}

static void test_same_bits(void **state)
{
    (void)state;
    write_text("wide.tg", wide_model);
    write_points("points.csv", 0, 60);
    train("train wide.tg --data points.csv --batch 40 --epochs 3 --save one.safetensors");
    train("train wide.tg --data points.csv --batch 40 --epochs 3 --threads 2 --save two.safetensors");
    assert_other_threads("one.safetensors", "two.safetensors");
    train("train wide.tg --data points.csv --batch 40 --epochs 3 --threads 2 --save again.safetensors");
    assert_same_weights("two.safetensors", "again.safetensors");
    setenv("TAPEGRAD_THREADS", "3", 1);
    train("train wide.tg --data points.csv --batch 40 --epochs 3 --save three.safetensors");
    assert_other_threads("one.safetensors", "three.safetensors");
    setenv("TAPEGRAD_THREADS", "", 1); /* as if it were not there */
    train("train wide.tg --data points.csv --batch 40 --epochs 3 --save none.safetensors");
    assert_same_weights("one.safetensors", "none.safetensors");
    unsetenv("TAPEGRAD_THREADS");
}

static void test_eval(void **state)
{
    (void)state;
    write_text("sum.tg", "param a : f64[400, 300] = glorot\ns = sum(exp(a) / 3)\noutput s\n");
    assert_int_equal(run_tapegrad("eval sum.tg --json"), 0);
    char *one = read_text("out");
    assert_int_equal(run_tapegrad("eval sum.tg --json -j 3"), 0);
    char *three = read_text("out");
    assert_string_equal(one, three);
    free(one);
    free(three);
}

/* A member of what `tapegrad plan … --json` writes. */
static json_int_t planned(const char *arguments, const char *member)
{
    assert_int_equal(run_tapegrad(arguments), 0);
    char *text = read_text("out");
    json_t *object = json_loads(text, 0, NULL);
    json_t *number = json_object_get(object, member);
    if (!json_is_integer(number)) fail_msg("no %s in %s", member, text);
    json_int_t value = json_integer_value(number);
    json_decref(object);
    free(text);
    return value;
}

static void test_plan(void **state)
{
    (void)state;
    write_text("wide.tg", wide_model);
    assert_int_equal(planned("plan wide.tg --dim N=400 --json", "threads"), 1);
    assert_int_equal(planned("plan wide.tg --dim N=400 --json --threads 4", "threads"), 4);
    assert_int_equal(planned("plan wide.tg --dim N=400 --optimizer sgd --json -j 3", "threads"), 3);
    setenv("TAPEGRAD_THREADS", "2", 1);
    assert_int_equal(planned("plan wide.tg --dim N=400 --json", "threads"), 2);
    assert_int_equal(planned("plan wide.tg --dim N=400 --json -j 1", "threads"), 1);
    unsetenv("TAPEGRAD_THREADS");
    assert_int_equal(run_tapegrad("plan wide.tg --dim N=400 -j 4"), 0);
    char *text = read_text("out");
    assert_non_null(strstr(text, "bytes for each of 4 threads"));
    free(text);
    assert_refused("plan wide.tg --dim N=400 --threads 0",
                   "--threads: expected a whole number from 1 to 256");
    assert_refused("plan wide.tg --dim N=400 --optimizer sgd --threads 0", "--threads: expected");
}

/* place, chain and the like keep every bit. */
static void test_eval_without(void **state)
{
    (void)state;
    write_text("sum.tg", "param a : f64[400, 300] = glorot\ns = sum(exp(a) / 3)\noutput s\n");
    assert_int_equal(run_tapegrad("eval sum.tg --json"), 0);
    char *all = read_text("out");
    assert_int_equal(run_tapegrad("eval sum.tg --json --without place,chain,overwrite"), 0);
    char *fewer = read_text("out");
    assert_string_equal(all, fewer);
    assert_refused("eval sum.tg --without place,fuze", "no pass 'fuze'; there are fuse");
    free(all);
    free(fewer);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "257", "two", "2x", "-1", " "};
    assert_refused("train points.tg --data points.csv --threads 0",
                   "--threads: expected a whole number from 1 to 256");
    assert_refused("eval sum.tg --threads many",
                   "--threads: expected a whole number from 1 to 256, found 'many'");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("TAPEGRAD_THREADS", bad[i], 1);
        assert_refused("eval sum.tg", "TAPEGRAD_THREADS: expected a whole number from 1 to 256, found '");
        assert_refused("train wide.tg --data points.csv", "TAPEGRAD_THREADS: expected");
        /* The option wins, and then nobody looks at the variable. */
        assert_int_equal(run_tapegrad("eval sum.tg --threads 2"), 0);
    }
    unsetenv("TAPEGRAD_THREADS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_eval),
                                       cmocka_unit_test(test_plan), cmocka_unit_test(test_eval_without),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests_name("tapegrad train, eval and plan: threads and passes", tests,
                                       train_setup, train_teardown);
}
