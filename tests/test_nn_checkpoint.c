/* Checkpoints: the same bits back, training that goes on as if it had never stopped, and damaged files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_helpers.h"
#include "nn_helpers.h"

static void save(tg_graph *g, const char *path)
{
    if (tg_checkpoint_save(g, path, NULL) != TG_OK) fail_msg("%s", tg_error(g));
}

static void load(tg_graph *g, const char *path)
{
    if (tg_checkpoint_load(g, path, NULL) != TG_OK) fail_msg("%s", tg_error(g));
}

/* ---- Round trips -------------------------------------------------------------------------------------- */

/* Params and states of every type and of odd shapes, with numbers that few formats keep. */
static tg_graph *assorted(int filled)
{
    const double wide[6] = {0.1, -0.0, (double)INFINITY, -(double)INFINITY, 4.9e-324, 1.7976931348623157e308};
    const float single[2] = {0.1f, -1e-40f};
    const int64_t whole[3] = {INT64_MIN, INT64_MAX, -1}, six[2] = {2, 3}, two = 2, three = 3,
                  none[2] = {0, 4};
    const unsigned char flags[2] = {1, 0};
    const double number = 2.5;
    tg_graph *g = tg_graph_new(NULL);
    tg_param(g, "net.W", TG_F64, 2, six, filled ? wide : NULL);
    tg_state(g, "counter", TG_I64, 1, &three, filled ? whole : NULL);
    tg_param(g, "single", TG_F32, 1, &two, filled ? single : NULL);
    tg_state(g, "flags", TG_BOOL, 1, &two, filled ? flags : NULL);
    tg_param(g, "scalar", TG_F64, 0, NULL, filled ? &number : NULL);
    tg_param(g, "empty", TG_F64, 2, none, NULL);
    assert_int_equal(tg_graph_status(g), TG_OK);
    return g;
}

static void test_round_trip(void **state)
{
    (void)state;
    const char *path = io_path("round.safetensors");
    tg_graph *saved = assorted(1), *same = assorted(0), *new = tg_graph_new(NULL);
    save(saved, path);
    load(same, path);
    nn_assert_same_params(saved, same);
    load(new, path); /* makes what is missing, params as params and states as states, in the same order */
    nn_assert_same_params(saved, new);
    for (int64_t i = 0; i < tg_param_count(saved); i++)
        assert_string_equal(tg_name(tg_param_at(saved, i)), tg_name(tg_param_at(new, i)));
    load(new, path);
    nn_assert_same_params(saved, new);
    tg_graph_free(saved);
    tg_graph_free(same);
    tg_graph_free(new);
}

static void test_empty_graph(void **state)
{
    (void)state;
    const char *path = io_path("empty.safetensors");
    tg_graph *g = tg_graph_new(NULL);
    save(g, path);
    load(g, path);
    assert_int_equal(tg_node_count(g), 0);
    tg_graph_free(g);
}

/* What the file lacks stays as it is. */
static void test_partial(void **state)
{
    (void)state;
    const char *path = io_path("partial.safetensors");
    tg_graph *small = tg_graph_new(NULL), *large = tg_graph_new(NULL);
    scalar_param(small, "a", 1);
    scalar_param(large, "b", 2);
    scalar_param(large, "a", 3);
    save(small, path);
    load(large, path);
    assert_true(*nn_value(large, "a") == 1 && *nn_value(large, "b") == 2);
    tg_graph_free(small);
    tg_graph_free(large);
}

static void test_metadata(void **state)
{
    (void)state;
    const char *path = io_path("metadata.safetensors");
    tg_graph *g = assorted(1), *back = tg_graph_new(NULL);
    tg_metadata given = {0}, found = {0};
    assert_int_equal(tg_metadata_set(&given, "epoch", "12", NULL), TG_OK);
    assert_int_equal(tg_metadata_set(&given, "note", "two\nlines, \"quotes\" and \xc3\xa9", NULL), TG_OK);
    assert_int_equal(tg_checkpoint_save(g, path, &given), TG_OK);
    assert_int_equal(given.count, 2);
    assert_int_equal(tg_checkpoint_load(back, path, &found), TG_OK);
    assert_string_equal(tg_metadata_get(&found, "epoch"), "12");
    assert_string_equal(tg_metadata_get(&found, "note"), "two\nlines, \"quotes\" and \xc3\xa9");
    /* Metadata that is not empty is refused and stays; what was loaded can be saved again. */
    assert_int_equal(tg_checkpoint_load(back, path, &given), TG_ERR_ARGUMENT);
    assert_error(back, TG_ERR_ARGUMENT, "tg_checkpoint_load", "empty");
    assert_string_equal(tg_metadata_get(&given, "epoch"), "12");
    assert_int_equal(tg_checkpoint_save(back, path, &found), TG_OK);
    load(back, path);
    nn_assert_same_params(g, back);
    tg_metadata_clear(&given);
    tg_metadata_clear(&found);
    tg_graph_free(g);
    tg_graph_free(back);
}

/* ---- Going on ----------------------------------------------------------------------------------------- */

typedef enum load_time { LOAD_BEFORE_BUILDING, LOAD_AFTER_BUILDING } load_time;

static void fit(tg_graph *g, const nn_data *d, const tg_optimizer *o, int64_t first_epoch, int64_t epochs)
{
    tg_fit_options options = {
        .optimizer = *o, .epochs = epochs, .first_epoch = first_epoch, .batch = 8, .seed = 4};
    tg_fit_result result;
    if (tg_fit(g, nn_classifier, NULL, &d->set, &options, &result) != TG_OK) fail_msg("%s", tg_error(g));
    assert_int_equal(result.epochs, epochs);
}

static void check_resumed(const nn_data *d, const tg_optimizer *o, load_time when)
{
    const char *path = io_path("resume.safetensors");
    tg_graph *whole = tg_graph_new(&(tg_graph_options){.seed = 1});
    tg_graph *begun = tg_graph_new(&(tg_graph_options){.seed = 1});
    tg_graph *resumed = tg_graph_new(&(tg_graph_options){.seed = 99});
    fit(whole, d, o, 0, 7);
    fit(begun, d, o, 0, 3);
    save(begun, path);
    if (when == LOAD_AFTER_BUILDING) {
        tg_net net = {0};
        tg_update *updates;
        int n;
        assert_int_equal(nn_classifier(resumed, 8, &net, NULL), TG_OK);
        assert_int_equal(tg_optimizer_updates(resumed, net.loss, o, &updates, &n), TG_OK);
        tg_updates_free(updates);
    }
    load(resumed, path);
    nn_assert_same_params(begun, resumed);
    fit(resumed, d, o, 3, 7);
    assert_true(nn_params_differ(begun, resumed));
    nn_assert_same_params(whole, resumed);
    tg_graph_free(whole);
    tg_graph_free(begun);
    tg_graph_free(resumed);
}

static void test_resumed_training_has_the_same_bits(void **state)
{
    (void)state;
    const tg_schedule cosine = {TG_SCHEDULE_COSINE, 0.1, 30, 4};
    const tg_optimizer optimizers[] = {
        TG_SGD(.rate = 0.1),
        TG_SGD(.rate = 0.1, .schedule = cosine, .clip_norm = 0.1),
        TG_MOMENTUM(.rate = 0.05, .nesterov = 1),
        TG_ADAM(.rate = 0.02),
        TG_ADAMW(.rate = 0.02, .decay = 0.1, .clip_norm = 0.3, .schedule = cosine),
    };
    nn_data d;
    nn_data_make(&d, 37, 3);
    for (int i = 0; i < COUNT(optimizers); i++) {
        check_resumed(&d, &optimizers[i], LOAD_BEFORE_BUILDING);
        check_resumed(&d, &optimizers[i], LOAD_AFTER_BUILDING);
    }
    nn_data_free(&d);
}

/* ---- Failures ----------------------------------------------------------------------------------------- */

/* Loading fails with this status and part in its message, and the graph is as before. */
static void refused(tg_graph *g, const char *file, tg_status status, const char *part)
{
    const char *copy = io_path("before.safetensors"), *path = io_path(file);
    int64_t nodes = tg_node_count(g);
    save(g, copy);
    tg_metadata metadata = {0};
    assert_int_equal(tg_checkpoint_load(g, path, &metadata), status);
    assert_error(g, status, "tg_checkpoint_load", part);
    assert_int_equal(metadata.count, 0);
    assert_int_equal(tg_node_count(g), nodes);
    tg_graph *before = tg_graph_new(NULL);
    load(before, copy);
    nn_assert_same_params(before, g);
    tg_graph_free(before);
}

/* Every byte in turn is changed: each file is refused, and nothing in the graph changes. */
static void test_damaged_files(void **state)
{
    (void)state;
    const char *path = io_path("damaged.safetensors");
    tg_graph *saved = assorted(1), *g = assorted(0);
    save(saved, path);
    tg_bytes bytes = io_read(path);
    for (size_t i = 0; i < bytes.size; i++) {
        bytes.data[i] ^= 1;
        io_write(path, bytes.data, bytes.size);
        tg_status status = tg_checkpoint_load(g, path, NULL);
        /* Unsupported: the name of an element type that was changed. */
        if (status != TG_ERR_CHECKSUM && status != TG_ERR_FORMAT && status != TG_ERR_UNSUPPORTED)
            fail_msg("byte %zu of %zu changed: %s (%s)", i, bytes.size, tg_status_name(status), tg_error(g));
        assert_error(g, status, "tg_checkpoint_load", "damaged.safetensors");
        bytes.data[i] ^= 1;
    }
    tg_graph *untouched = assorted(0);
    nn_assert_same_params(untouched, g);
    tg_graph_free(untouched);
    bytes.data[bytes.size - 1] ^= 0x40;
    io_write(path, bytes.data, bytes.size);
    refused(g, "damaged.safetensors", TG_ERR_CHECKSUM, "damaged");
    io_write(path, bytes.data, bytes.size - 1);
    refused(g, "damaged.safetensors", TG_ERR_FORMAT, "damaged");
    io_write(path, bytes.data, 5);
    refused(g, "damaged.safetensors", TG_ERR_FORMAT, "damaged");
    io_write(path, bytes.data, 0);
    refused(g, "damaged.safetensors", TG_ERR_FORMAT, "damaged");
    tg_bytes_clear(&bytes);
    tg_graph_free(saved);
    tg_graph_free(g);
}

/* The last of three params does not fit: the others keep their values, and the new one is not made. */
static void test_other_types(void **state)
{
    (void)state;
    const char *path = io_path("types.safetensors");
    const int64_t three = 3, four = 4;
    const double values[3] = {7, 8, 9};
    tg_graph *saved = tg_graph_new(NULL);
    param_1d(saved, "new", 3, values);
    param_1d(saved, "same", 3, values);
    param_1d(saved, "z", 3, values);
    save(saved, path);
    for (int i = 0; i < 4; i++) {
        tg_graph *g = tg_graph_new(NULL);
        param_1d(g, "same", 3, NULL);
        if (i == 0) param_1d(g, "z", 4, NULL);
        if (i == 1) tg_param(g, "z", TG_F64, 2, (const int64_t[]){3, 1}, NULL);
        if (i == 2) tg_param(g, "z", TG_F32, 1, &three, NULL);
        if (i == 3) tg_input(g, "z", TG_F64, 1, &four);
        refused(g, "types.safetensors", i < 2 ? TG_ERR_SHAPE : i == 2 ? TG_ERR_DTYPE : TG_ERR_NAME, "'z'");
        assert_null(tg_find(g, "new"));
        assert_true(nn_value(g, "same")[0] == 0);
        tg_graph_free(g);
    }
    tg_graph_free(saved);
}

/* A file from elsewhere whose second name is none that a graph can have. */
static void test_impossible_names(void **state)
{
    (void)state;
    const char *path = io_path("names.safetensors");
    tg_bundle bundle = {0};
    const int64_t two = 2;
    assert_int_equal(tg_bundle_add(&bundle, "fine", tg_array_new(TG_F64, 1, &two, NULL), NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&bundle, "two words", tg_array_new(TG_F64, 1, &two, NULL), NULL), TG_OK);
    assert_int_equal(tg_safetensors_save(path, &bundle, NULL, NULL), TG_OK);
    tg_bundle_clear(&bundle);
    tg_graph *g = assorted(1);
    assert_int_equal(tg_checkpoint_load(g, path, NULL), TG_ERR_NAME);
    assert_error(g, TG_ERR_NAME, "two words", "name");
    assert_null(tg_find(g, "fine"));
    assert_int_equal(tg_param_count(g), 6);
    tg_graph_free(g);
}

static void test_paths(void **state)
{
    (void)state;
    tg_graph *g = assorted(1);
    refused(g, "missing.safetensors", TG_ERR_IO, "missing.safetensors");
    assert_int_equal(tg_checkpoint_load(g, NULL, NULL), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_checkpoint_load", "path");
    assert_int_equal(tg_checkpoint_save(g, NULL, NULL), TG_ERR_NULL);
    assert_error(g, TG_ERR_NULL, "tg_checkpoint_save", "path");
    assert_int_equal(tg_checkpoint_save(g, io_path("no/such/folder.safetensors"), NULL), TG_ERR_IO);
    assert_error(g, TG_ERR_IO, "tg_checkpoint_save", "folder.safetensors");
    assert_int_equal(tg_checkpoint_save(NULL, io_path("x"), NULL), TG_ERR_NULL);
    assert_int_equal(tg_checkpoint_load(NULL, io_path("x"), NULL), TG_ERR_NULL);
    tg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty_graph),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_resumed_training_has_the_same_bits),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_impossible_names),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("nn checkpoint", tests, io_setup, io_teardown);
}
