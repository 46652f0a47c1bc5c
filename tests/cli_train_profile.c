/* tapegrad train --profile, and the plan of a training step. */
#include "cli_train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_said(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("expected '%s' in:\n%s", part, text);
}

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value)) fail_msg("no number '%s'", name);
    return json_number_value(value);
}

/* 60 examples in batches of 16: three whole ones an epoch, and one of 12. */
static const char options[] = "points.tg --data points.csv --epochs 5 --batch 16 --optimizer sgd";

static void write_model(void)
{
    write_text("points.tg", points_model);
    write_points("points.csv", 0, 60);
}

static int has_name(const json_t *places, const char *name)
{
    size_t i;
    const json_t *place;
    json_array_foreach(places, i, place)
    {
        const char *found = json_string_value(json_object_get(place, "name"));
        if (found != NULL && strcmp(found, name) == 0) return 1;
    }
    return 0;
}

static void test_json(void **state)
{
    (void)state;
    write_model();
    char line[300];
    snprintf(line, sizeof line, "%s --profile", options);
    json_t *r = train_json(line);
    const json_t *profile = json_object_get(r, "profile"), *steps = json_object_get(profile, "steps"), *step;
    assert_true(number(profile, "runs") == 5 * 3 - 1); /* whole batches, without the first */
    assert_true(number(profile, "batch") == 16 && number(profile, "threads") == 1);
    assert_true(number(profile, "seconds") >= number(profile, "kernel_seconds"));
    assert_true(number(profile, "clock_seconds") > 0);
    const json_t *peak = json_object_get(profile, "peak");
    assert_true(number(peak, "f32_flops") > 0 && number(peak, "f64_flops") > 0 &&
                number(peak, "bandwidth") > 0);
    size_t i;
    double seconds = 0;
    int reads_W = 0, writes_W = 0, products = 0;
    json_array_foreach(steps, i, step)
    {
        seconds += number(step, "seconds");
        assert_true(number(step, "calls") >= 14 && number(step, "flops") >= 0);
        const json_t *written = json_object_get(json_object_get(step, "output"), "name");
        reads_W += has_name(json_object_get(step, "inputs"), "W");
        writes_W += json_is_string(written) && strcmp(json_string_value(written), "W") == 0;
        products += strcmp(json_string_value(json_object_get(step, "kernel")), "matmul") == 0;
    }
    double difference = seconds - number(profile, "kernel_seconds");
    assert_true(seconds > 0 && difference < 1e-9 && difference > -1e-9);
    assert_true(reads_W >= 1 && writes_W == 1 && products == 2); /* forward, and the gradient of W */
    json_decref(r);
    r = train_json(options);
    assert_null(json_object_get(r, "profile"));
    json_decref(r);
}

static void test_threads(void **state)
{
    (void)state;
    write_model();
    char line[300];
    snprintf(line, sizeof line, "%s --profile --threads 2", options);
    json_t *r = train_json(line);
    const json_t *profile = json_object_get(r, "profile");
    assert_true(number(profile, "threads") == 2 && number(profile, "runs") == 14);
    assert_true(number(json_object_get(profile, "peak"), "threads") == 2);
    json_decref(r);
    snprintf(line, sizeof line, "train %s --profile --threads 2", options);
    assert_int_equal(run_tapegrad(line), 0);
    char *out = read_text("out");
    assert_said(out, "on all threads together");
    assert_said(out, "threads: 2, measured now");
    free(out);
}

/* Training is the same, and the table has the plan's kernels. */
static void test_table(void **state)
{
    (void)state;
    write_model();
    char line[400];
    snprintf(line, sizeof line, "train %s --save plain.safetensors", options);
    assert_int_equal(run_tapegrad(line), 0);
    char *plain = read_text("out");
    snprintf(line, sizeof line, "train %s --save profiled.safetensors --profile", options);
    assert_int_equal(run_tapegrad(line), 0);
    char *out = read_text("out");
    assert_same_weights("plain.safetensors", "profiled.safetensors");
    assert_null(strstr(plain, "profile of"));
    assert_said(out, "profile of 14 steps on batches of 16\n");
    assert_said(out, "step  unit  kernel ");
    assert_said(out, "GFLOP/s   peak     GB/s   peak");
    assert_said(out, "matmul ");
    assert_said(out, "W f64[2, 3]");
    assert_said(out, " together ");
    assert_said(out, "\nall ");
    assert_said(out, " 100.0%");
    assert_said(out, "\na step  ");
    assert_said(out, "\nthis machine ");
    free(out);
    free(plain);
}

static void test_single_step(void **state)
{
    (void)state;
    write_model();
    assert_int_equal(run_tapegrad("train points.tg --data points.csv --epochs 1 --batch 60 --profile"), 0);
    char *out = read_text("out");
    assert_said(out, "no profile: the first step is not timed");
    free(out);
    /* The only batch of an epoch is a whole one. */
    json_t *r = train_json("points.tg --data points.csv --epochs 3 --batch 60 --profile");
    assert_true(number(json_object_get(r, "profile"), "runs") == 2);
    json_decref(r);
}

/* A checkpoint before the smaller batch of an epoch: that batch has a function of its own, which is not the one to
 * profile. */
static void test_resumed_at_the_last_batch(void **state)
{
    (void)state;
    write_model();
    char line[400];
    remove("w.safetensors");
    snprintf(line, sizeof line, "%s --save w.safetensors", options);
    json_decref(train_json(line));
    tg_bundle weights = {0};
    tg_metadata m = {0};
    assert_int_equal(tg_safetensors_load("w.safetensors", &weights, &m, NULL), TG_OK);
    assert_int_equal(tg_metadata_set(&m, "tapegrad.train.step", "3", NULL), TG_OK);
    assert_int_equal(tg_safetensors_save("w.safetensors", &weights, &m, NULL), TG_OK);
    tg_bundle_clear(&weights);
    tg_metadata_clear(&m);
    json_t *r = train_json("points.tg --data points.csv --epochs 7 --save w.safetensors --resume --profile");
    const json_t *profile = json_object_get(r, "profile");
    const json_t *first = json_array_get(json_object_get(profile, "steps"), 0);
    assert_true(number(profile, "runs") == 3 - 1); /* the seventh epoch's */
    assert_true(number(profile, "batch") == 16);
    assert_int_equal(
        json_integer_value(json_array_get(json_object_get(json_object_get(first, "output"), "shape"), 0)),
        16);
    json_decref(r);
}

/* ---- tapegrad plan -------------------------------------------------------------------------------------- */

static void test_plan_of_a_step(void **state)
{
    (void)state;
    write_model();
    assert_int_equal(run_tapegrad("plan points.tg --dim N=16 --optimizer sgd --json"), 0);
    char *out = read_text("out");
    json_t *r = json_loads(out, 0, NULL);
    assert_non_null(r);
    double flops = 0, bytes = 0;
    int writes_W = 0, states = 0;
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(r, "steps"), i, step)
    {
        const json_t *written = json_object_get(json_object_get(step, "output"), "name");
        writes_W += json_is_string(written) && strcmp(json_string_value(written), "W") == 0;
        states += json_is_string(written) && strstr(json_string_value(written), "adam") != NULL;
        flops += number(step, "flops");
        bytes += number(step, "bytes_read") + number(step, "bytes_written");
    }
    assert_true(writes_W == 1 && states == 0);
    assert_true(flops == number(r, "flops") && bytes == number(r, "bytes"));
    /* Two products of [16, 2] and [2, 3] elements. */
    assert_true(flops >= 2 * 2 * 16 * 2 * 3);
    assert_true(number(r, "lower_bound_bytes") > 0 &&
                number(r, "lower_bound_bytes") <= number(r, "arena_bytes"));
    double units = number(r, "units");
    json_decref(r);
    free(out);
    assert_int_equal(run_tapegrad("plan points.tg --dim N=16 --optimizer sgd --without fuse --json"), 0);
    out = read_text("out");
    r = json_loads(out, 0, NULL);
    assert_true(number(r, "units") > units);
    json_decref(r);
    free(out);
    assert_int_equal(run_tapegrad("plan points.tg --dim N=16 --optimizer adam"), 0);
    out = read_text("out");
    assert_said(out, "W.adam_m f64[2, 3]");
    assert_said(out, "peak memory ");
    assert_said(out, "lower bound by lifetimes");
    free(out);
    assert_refused("plan points.tg --dim N=16 --optimizer best", "sgd momentum adam adamw");
    assert_refused("plan points.tg --dim N=16 --optimizer sgd --out loss", "has no --out");
    write_text("fixed.tg", "input x : f64[4]\nloss = mean(x^2)\noutput loss\n");
    assert_refused("plan fixed.tg --optimizer sgd", "depends on no param");
}

/* A layer of 64 by 160: its param is in bands, unless a library computes its products. */
static void test_plan_in_bands(void **state)
{
    (void)state;
    write_text("layer.tg", "input x: f32[N, 64]\nparam W: f32[64, 160] = glorot\n"
                           "loss = mean(square(x @ W))\n");
    for (int with = 0; with < 2; with++) {
        char line[200];
        snprintf(line, sizeof line, "plan layer.tg --dim N=64 --optimizer sgd %s --json",
                 with ? "" : "--without bands");
        assert_int_equal(run_tapegrad(line), 0);
        char *out = read_text("out");
        json_t *r = json_loads(out, 0, NULL);
        assert_non_null(r);
        assert_true(number(r, "bands_bytes") == number(r, "params_in_bands") * 64 * 160 * sizeof(float));
        assert_true(number(r, "params_in_bands") <= with);
        const int is_shown = number(r, "params_in_bands") > 0;
        json_decref(r);
        free(out);
        *strstr(line, "--json") = '\0';
        assert_int_equal(run_tapegrad(line), 0);
        out = read_text("out");
        assert_int_equal(strstr(out, "1 in bands") != NULL, is_shown);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_single_step),
                                       cmocka_unit_test(test_resumed_at_the_last_batch),
                                       cmocka_unit_test(test_plan_of_a_step),
                                       cmocka_unit_test(test_plan_in_bands)};
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
