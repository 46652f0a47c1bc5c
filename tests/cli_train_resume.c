/* tapegrad train: going on from a checkpoint, and Ctrl-C. */
#define _XOPEN_SOURCE 700 /* kill */

#include "cli_train_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In two parts or in one: the same bits, for every optimiser. */
static void test_resume(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd", "momentum", "adam", "adamw"};
    write_text("points.tg", points_model);
    write_points("points.csv", 0, 60);
    for (int i = 0; i < 4; i++) {
        char text[300];
        snprintf(
            text, sizeof text,
            "points.tg --data points.csv --batch 7 --seed 3 --lr 0.02 --optimizer %s --epochs 5 --save one.safetensors",
            optimizers[i]);
        json_decref(train_json(text));
        snprintf(
            text, sizeof text,
            "points.tg --data points.csv --batch 7 --seed 3 --lr 0.02 --optimizer %s --epochs 2 --save two.safetensors",
            optimizers[i]);
        json_decref(train_json(text));
        /* The settings are the checkpoint's. */
        json_t *r = train_json("points.tg --data points.csv --epochs 5 --save two.safetensors --resume");
        assert_int_equal(json_integer_value(json_object_get(r, "epochs")), 5);
        json_decref(r);
        assert_same_weights("one.safetensors", "two.safetensors");
    }
}

static void test_nothing_left(void **state)
{
    (void)state;
    json_t *before = train_json("points.tg --data points.csv --epochs 3 --save w.safetensors");
    json_t *r = train_json("points.tg --data points.csv --epochs 2 --save w.safetensors --resume");
    char *err = read_text("err");
    assert_non_null(strstr(err, "has its 3 epochs"));
    assert_true(json_score(r, "train", "loss") == json_score(before, "train", "loss"));
    free(err);
    json_decref(r);
    json_decref(before);
}

static void test_wrong_file(void **state)
{
    (void)state;
    assert_refused("train points.tg --data points.csv --save nothing.safetensors --resume",
                   "nothing.safetensors");
    write_text("other.tg",
               "input x : f64[N, 2]\ninput y : f64[N, 3]\nparam W : f64[2, 3]\nparam b : f64[1, 3]\n"
               "loss = mean(softmax_cross_entropy(x @ W + b, y))\n");
    assert_refused("train other.tg --data points.csv --save w.safetensors --resume --epochs 9",
                   "'b' is f64[3]");
    tg_bundle b = {0};
    assert_int_equal(tg_bundle_add(&b, "W", tg_array_new(TG_F64, 2, (int64_t[]){2, 3}, NULL), NULL), TG_OK);
    assert_int_equal(tg_safetensors_save("plain.safetensors", &b, NULL, NULL), TG_OK);
    tg_bundle_clear(&b);
    assert_refused("train points.tg --data points.csv --save plain.safetensors --resume", "not a checkpoint");
}

/* ---- Ctrl-C ------------------------------------------------------------------------------------------- */

/* Starts training, waits for the first line of progress, interrupts it; what it says goes to the file "err". */
static int interrupt(const char *const *arguments)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(TG_TEST_COMMAND, (char *const *)(uintptr_t)arguments);
        _exit(99);
    }
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r"), *err = fopen("err", "wb");
    char line[1000];
    assert_true(said != NULL && err != NULL);
    assert_non_null(fgets(line, sizeof line, said));
    assert_int_equal(kill(child, SIGINT), 0);
    kill(child, SIGINT); /* two at once count as one */
    do fputs(line, err);
    while (fgets(line, sizeof line, said) != NULL);
    fclose(said);
    fclose(err);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int64_t saved_number(const char *path, const char *key)
{
    tg_bundle b = {0};
    tg_metadata m = {0};
    assert_int_equal(tg_safetensors_load(path, &b, &m, NULL), TG_OK);
    const char *text = tg_metadata_get(&m, key);
    assert_non_null(text);
    int64_t number = strtoll(text, NULL, 10);
    tg_bundle_clear(&b);
    tg_metadata_clear(&m);
    return number;
}

/* Interrupted wherever it happens to be, then resumed: the bits of training in one go. */
static void test_interrupt(void **state)
{
    (void)state;
    write_points("many.csv", 0, 3000);
    const char *const arguments[] = {"tapegrad",      "train", "points.tg", "--data", "many.csv",
                                     "--batch",       "1",     "--epochs",  "100000", "--save",
                                     "i.safetensors", NULL};
    assert_int_equal(interrupt(arguments), 130);
    char *err = read_text("err"), text[300];
    assert_non_null(strstr(err, "interrupted in epoch "));
    assert_non_null(strstr(err, "\nsaved i.safetensors\n"));
    assert_non_null(
        strstr(err, "\nresume with: tapegrad train points.tg --data many.csv --batch 1 --epochs 100000 "
                    "--save i.safetensors --resume\n"));
    free(err);
    int64_t epochs = saved_number("i.safetensors", "tapegrad.train.epoch") + 2;
    if (saved_number("i.safetensors", "tapegrad.train.step") > 0)
        assert_refused("train points.tg --data many.csv --batch 2 --save i.safetensors --resume",
                       "--batch 1");
    snprintf(text, sizeof text, "points.tg --data many.csv --epochs %d --save i.safetensors --resume",
             (int)epochs);
    json_decref(train_json(text));
    snprintf(text, sizeof text, "points.tg --data many.csv --batch 1 --epochs %d --save j.safetensors",
             (int)epochs);
    json_decref(train_json(text));
    assert_same_weights("i.safetensors", "j.safetensors");
}

static void test_interrupt_unsaved(void **state)
{
    (void)state;
    const char *const arguments[] = {"tapegrad", "train",    "points.tg", "--data",
                                     "many.csv", "--epochs", "100000",    NULL};
    assert_int_equal(interrupt(arguments), 130);
    char *err = read_text("err");
    assert_non_null(strstr(err, "nothing is saved"));
    free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume), cmocka_unit_test(test_nothing_left),
                                       cmocka_unit_test(test_wrong_file), cmocka_unit_test(test_interrupt),
                                       cmocka_unit_test(test_interrupt_unsaved)};
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
