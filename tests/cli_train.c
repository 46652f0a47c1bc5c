/* tapegrad train: the data that it takes, what it says, what it refuses. */
#define _XOPEN_SOURCE 700 /* mkdir */

#include "cli_train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- CSV ---------------------------------------------------------------------------------------------- */

static void test_json(void **state)
{
    (void)state;
    write_text("points.tg", points_model);
    write_points("points.csv", 0, 60);
    json_t *r =
        train_json("points.tg --data points.csv --test points.csv --epochs 40 --lr 0.1 --save w.safetensors");
    assert_int_equal(json_object_size(r), 5);
    assert_int_equal(json_integer_value(json_object_get(r, "epochs")), 40);
    assert_true(json_is_number(json_object_get(r, "seconds")));
    assert_string_equal(json_string_value(json_object_get(r, "saved")), "w.safetensors");
    assert_int_equal(json_object_size(json_object_get(r, "train")), 2);
    assert_true(json_score(r, "train", "accuracy") == 1);
    assert_true(json_score(r, "train", "loss") < 0.1);
    /* The same data: the same scores. */
    assert_true(json_score(r, "test", "loss") == json_score(r, "train", "loss"));
    json_decref(r);
    r = train_json("points.tg --data points.csv --epochs 1");
    assert_int_equal(json_object_size(r), 3); /* no test, nothing saved */
    json_decref(r);
}

/* Other rows first give the classes other numbers in the file, which must not matter. */
static void test_class_names(void **state)
{
    (void)state;
    write_points("points.csv", 0, 60);
    write_points("shifted.csv", 1, 60);
    json_t *r = train_json("points.tg --data points.csv --test shifted.csv --epochs 40 --lr 0.1");
    assert_true(json_score(r, "test", "accuracy") == 1);
    json_decref(r);
    write_text("other.csv", "a,b,corner\n0,2,down\n");
    assert_refused("train points.tg --data points.csv --test other.csv",
                   "'down' is not in the training data");
    write_text("numbers.csv", "a,b,corner\n0,2,1\n");
    assert_refused("train points.tg --data points.csv --test numbers.csv", "expected class names");
    write_text("four.csv", "a,b,corner\n0,2,a\n0,2,b\n0,2,c\n0,2,d\n");
    assert_refused("train points.tg --data four.csv",
                   "y has 3 columns, for at most 3 classes; found 4 class names");
    write_text("word.csv", "a,b,corner\nx,2,a\n");
    assert_refused("train points.tg --data word.csv", "column 'a'");
    write_text("narrow.csv", "a,corner\n2,up\n");
    assert_refused("train points.tg --data narrow.csv",
                   "narrow.csv: input 'x' has shape [N, 2], but the array");
    assert_refused("train points.tg --data points.csv --test narrow.csv",
                   "narrow.csv: input 'x' has shape [N, 2], but the array");
    write_text("any.tg", "input x : f64[N, D]\ninput y : f64[N, 3]\nparam W : f64[D, 3]\n"
                         "loss = mean(softmax_cross_entropy(x @ W, y))\n");
    assert_refused("train any.tg --data points.csv --test narrow.csv",
                   "narrow.csv: 'x': size D is 2 and cannot be 1 too");
}

/* A size that no data tell is given, for training and for going on. */
static void test_given_sizes(void **state)
{
    (void)state;
    write_points("points.csv", 0, 60);
    write_text("wide.tg", "input x : f64[N, 2]\ninput y : f64[N, K]\nparam W : f64[2, H] = glorot\n"
                          "param V : f64[H, 3] = glorot\ns = tanh(x @ W) @ V\n"
                          "loss = mean(softmax_cross_entropy(s, y))\npred = softmax(s)\noutput loss, pred\n");
    assert_refused("train wide.tg --data points.csv", "give --dim H=NUMBER");
    assert_refused("train wide.tg --data points.csv --dim H=4 --dim N=8",
                   "N is the batch's, which --batch gives");
    assert_refused("train wide.tg --data points.csv --dim H=4 --dim K=2",
                   "y has 2 columns, for at most 2 classes");
    assert_refused("train wide.tg --data points.csv --dim Q=4", "has no size 'Q'");
    assert_refused("train wide.tg --data points.csv --dim 'H= 4'", "--dim H: expected a size, found ' 4'");
    assert_refused("train wide.tg --data points.csv --dim H=4 --save -", "--save -: expected a file's name");
    json_t *r = train_json(
        "wide.tg --data points.csv --test points.csv --dim H=4 --batch 7 --epochs 2 --save a.safetensors");
    json_decref(r);
    r = train_json("wide.tg --data points.csv --dim H=4 --epochs 3 --save a.safetensors --resume");
    json_decref(r);
    r = train_json("wide.tg --data points.csv --dim H=4 --dim K=3 --batch 7 --epochs 3 --save b.safetensors");
    json_decref(r);
    assert_same_weights("a.safetensors", "b.safetensors");
    tg_bundle weights = {0};
    assert_int_equal(tg_safetensors_load("a.safetensors", &weights, NULL, NULL), TG_OK);
    assert_int_equal(tg_bundle_find(&weights, "W")->type.shape[1], 4);
    tg_bundle_clear(&weights);
}

/* A file without a header line, and losses that are no ordinary numbers. */
static void test_odd_lines(void **state)
{
    (void)state;
    write_text("bare.csv", "0,2,up\n-2,-1,left\n2,-1,right\n");
    assert_int_equal(run_tapegrad("train points.tg --data bare.csv --epochs 1"), 0);
    char *err = read_text("err");
    assert_non_null(strstr(err, "note: bare.csv: the first line, though of numbers, is taken as the header"));
    assert_non_null(strstr(err, "1 epoch in"));
    free(err);
    write_text("nan.csv", "a,b,corner\n0,nan,up\n");
    assert_int_equal(run_tapegrad("train points.tg --data nan.csv --epochs 1"), 0);
    char *out = read_text("out");
    assert_non_null(strstr(out, "loss nan "));
    free(out);
    write_text("line.tg", "input x : f64[N, 2]\ninput y : f64[N, 1]\nparam W : f64[2, 1] = glorot\n"
                          "loss = mean((x @ W - y)^2)\n");
    write_text("line.csv", "a,b,value\n1,2,0.5\n");
    assert_int_equal(run_tapegrad("train line.tg --data line.csv --epochs 2 --optimizer sgd --lr 1e30"), 0);
    out = read_text("out");
    err = read_text("err");
    assert_true(strstr(out, "e+") != NULL && strlen(out) < 40);
    assert_true(strstr(err, "e+") != NULL && strlen(err) < 120);
    free(out);
    free(err);
    write_points("points.csv", 0, 60);
    json_t *r =
        train_json("points.tg --data points.csv --epochs 1 --save \"$(printf 'w\\377.safetensors')\"");
    assert_string_equal(json_string_value(json_object_get(r, "saved")), "w?.safetensors");
    json_decref(r);
}

static void test_numeric_target(void **state)
{
    (void)state;
    write_text("line.csv", "x,y\n0,1\n1,3\n2,5\n3,7\n-1,-1\n");
    write_text("line.tg", "input x : f64[N, 1]\ninput y : f64[N, 1]\nparam w : f64[1, 1]\nparam b : f64[1]\n"
                          "pred = x @ w + b\nloss = mean((pred - y)^2)\noutput loss, pred\n");
    json_t *r =
        train_json("line.tg --data line.csv --epochs 300 --lr 0.1 --optimizer sgd --save line.safetensors");
    assert_true(json_score(r, "train", "loss") < 1e-10);
    assert_null(json_object_get(json_object_get(r, "train"), "accuracy")); /* the targets are no classes */
    json_decref(r);
    tg_bundle weights = {0};
    assert_int_equal(tg_safetensors_load("line.safetensors", &weights, NULL, NULL), TG_OK);
    double w = *(double *)tg_bundle_find(&weights, "w")->data,
           b = *(double *)tg_bundle_find(&weights, "b")->data;
    assert_true(w > 1.9999 && w < 2.0001 && b > 0.9999 && b < 1.0001);
    tg_bundle_clear(&weights);
    /* Numbers that are classes become one-hot where y has the columns. */
    write_text("labels.csv", "a,b,label\n0,2,0\n-2,-1,1\n2,-1,2\n");
    r = train_json("points.tg --data labels.csv --epochs 200 --lr 0.1");
    assert_true(json_score(r, "train", "accuracy") == 1);
    json_decref(r);
    write_text("half.csv", "a,b,label\n0,2,0.5\n");
    assert_refused("train points.tg --data half.csv", "whole numbers from 0 to 2; found 0.5");
    write_text("large.csv", "a,b,value\n0,1e39,0.5\n");
    write_text("single.tg", "input x : f32[N, 2]\ninput y : f32[N, 1]\nparam W : f32[2, 1] = glorot\n"
                            "loss = mean((x @ W - y)^2)\n");
    assert_refused("train single.tg --data large.csv", "large.csv: x: element 1 is 9.99");
    int64_t counts[] = {1, 2, 16777216, 16777217}; /* the last is no f32 */
    tg_array x = {.type = {TG_I64, 2, {2, 2}}, .data = counts},
             y = {.type = {TG_I64, 2, {2, 1}}, .data = counts};
    tg_named_array items[] = {{"x", &x}, {"y", &y}};
    assert_int_equal(tg_npz_save("counts.npz", &(tg_bundle){2, items}, NULL), TG_OK);
    assert_refused("train single.tg --data counts.npz",
                   "counts.npz: x: element 3 is 16777217, which is no f32");
}

/* ---- IDX and npz -------------------------------------------------------------------------------------- */

static tg_array *images(int64_t n)
{
    tg_array *x = tg_array_new(TG_I64, 3, (int64_t[]){n, 2, 3}, NULL);
    for (int64_t i = 0; i < n * 6; i++) ((int64_t *)x->data)[i] = (i * 37 + i / 6 % 2 * 100) % 256;
    return x;
}

static tg_array *labels(int64_t n, int64_t shift)
{
    tg_array *y = tg_array_new(TG_I64, 1, &n, NULL);
    for (int64_t i = 0; i < n; i++) ((int64_t *)y->data)[i] = (i + shift) % 2;
    return y;
}

static void save_idx(const char *path, tg_array *array)
{
    assert_int_equal(tg_idx_save(path, array, NULL), TG_OK);
    tg_array_free(array);
}

static void save_npz(const char *path, tg_array *x, tg_array *y)
{
    tg_bundle b = {0};
    assert_int_equal(tg_bundle_add(&b, "x", x, NULL), TG_OK);
    if (y != NULL) assert_int_equal(tg_bundle_add(&b, "y", y, NULL), TG_OK);
    assert_int_equal(tg_npz_save(path, &b, NULL), TG_OK);
    tg_bundle_clear(&b);
}

static const char pictures_model[] =
    "input x : f32[N, 6]\ninput y : f32[N, 2]\nparam W : f32[6, 2] = glorot\n"
    "s = (x / 255) @ W\nloss = mean(softmax_cross_entropy(s, y))\n"
    "pred = softmax(s)\noutput loss, pred\n";

/* The part is chosen by the prefix, a lone pair of files needs none, and an npz of the same numbers gives the same. */
static void test_folder(void **state)
{
    (void)state;
    write_text("pictures.tg", pictures_model);
    assert_int_equal(mkdir("both", 0700), 0);
    assert_int_equal(mkdir("alone", 0700), 0);
    save_idx("both/train-images-idx3-ubyte.gz", images(20));
    save_idx("both/train-labels-idx1-ubyte", labels(20, 0));
    save_idx("both/t10k-images-idx3-ubyte", images(10));
    save_idx("both/t10k-labels-idx1-ubyte.gz", labels(10, 1));
    save_idx("alone/some-images", images(10));
    save_idx("alone/some-labels", labels(10, 1));
    save_npz("train.npz", images(20), labels(20, 0));
    json_t *a = train_json("pictures.tg --data both --test both --epochs 3");
    json_t *b = train_json("pictures.tg --data train.npz --test alone --epochs 3");
    json_object_del(a, "seconds");
    json_object_del(b, "seconds");
    assert_true(json_equal(a, b));
    assert_true(json_score(a, "train", "loss") != json_score(a, "test", "loss"));
    json_decref(a);
    json_decref(b);
    save_idx("alone/more-images", images(10));
    assert_refused("train pictures.tg --data alone", "expected one file with 'images'");
    assert_int_equal(mkdir("empty", 0700), 0);
    assert_refused("train pictures.tg --data empty", "'images'");
    save_npz("no_y.npz", images(4), NULL);
    assert_refused("train pictures.tg --data no_y.npz", "found no y");
}

/* Labels that do not fit a single column: declared, where 1 would do, or that of training data of one class. */
static void test_labels_of_one_column(void **state)
{
    (void)state;
    tg_array *from_one = labels(2, 1);
    ((int64_t *)from_one->data)[1] = 2;
    assert_int_equal(mkdir("three", 0700), 0);
    assert_int_equal(mkdir("one", 0700), 0);
    save_idx("three/some-images", images(2));
    save_idx("three/some-labels", from_one);
    save_idx("one/some-images", images(1));
    save_idx("one/some-labels", labels(1, 0));
    write_text("column.tg", "input x : f32[N, 6]\ninput y : f32[N, 1]\nparam W : f32[6, 1] = glorot\n"
                            "loss = mean((x @ W - y)^2)\n");
    assert_refused("train column.tg --data three",
                   "three: y has 1 column, so that the targets must be whole numbers from 0 to 1; found 2");
    write_text("columns.tg", "input x : f32[N, 6]\ninput y : f32[N, K]\nparam W : f32[6, 1] = glorot\n"
                             "loss = mean((x @ W - y)^2)\n");
    assert_refused("train columns.tg --data one --test three",
                   "three: y has 1 column, so that the targets must be whole numbers from 0 to 0; found 1");
}

/* A model that keeps the pictures' axes, has i64 targets, or no targets at all. */
static void test_shapes(void **state)
{
    (void)state;
    write_text("axes.tg",
               "input x : f64[N, 2, 3]\ninput y : i64[N]\nparam W : f64[6, 2] = glorot\n"
               "s = reshape(x / 255, [N, 6]) @ W\nloss = mean(softmax_cross_entropy(s, one_hot(y, 2, f64)))\n"
               "pred = argmax(s, 1)\noutput loss, pred\n");
    json_t *r = train_json("axes.tg --data both --epochs 2");
    double accuracy = json_score(r, "train", "accuracy");
    assert_true(accuracy >= 0 && accuracy <= 1);
    json_decref(r);
    write_text("code.tg",
               "input x : f32[N, 6]\nparam W : f32[6, 6] = glorot\nloss = mean(((x @ W) - x)^2) / 65025\n");
    r = train_json("code.tg --data no_y.npz --epochs 2");
    assert_true(json_score(r, "train", "loss") > 0);
    assert_null(json_object_get(json_object_get(r, "train"), "accuracy"));
    json_decref(r);
    /* Two numbers to learn for each example are no classes. */
    tg_array *y = tg_array_new(TG_F64, 2, (int64_t[]){4, 2}, NULL);
    for (int i = 0; i < 8; i++) ((double *)y->data)[i] = 0.1 * i;
    save_npz("numbers.npz", images(4), y);
    r = train_json("pictures.tg --data numbers.npz --epochs 1");
    assert_null(json_object_get(json_object_get(r, "train"), "accuracy"));
    json_decref(r);
    write_text("wide.tg", "input x : f32[N, 7]\nparam W : f32[7, 1]\nloss = mean(x @ W)\n");
    assert_refused("train wide.tg --data both", "[20, 6]");
}

/* ---- Batches ------------------------------------------------------------------------------------------ */

static void write_fixed(int batch)
{
    char text[400];
    snprintf(text, sizeof text,
             "input x : f64[%d, 2]\ninput y : f64[%d, 3]\nparam W : f64[2, 3]\n"
             "loss = mean(softmax_cross_entropy(x @ W, y))\n",
             batch, batch);
    write_text("fixed.tg", text);
}

static void test_fixed_batch(void **state)
{
    (void)state;
    write_points("points.csv", 0, 60);
    write_fixed(20);
    json_decref(train_json("fixed.tg --data points.csv --epochs 2"));
    assert_refused("train fixed.tg --data points.csv --batch 10", "batches of 20");
    write_fixed(25);
    json_decref(train_json("fixed.tg --data points.csv --test points.csv --epochs 2"));
    char *err = read_text("err");
    assert_non_null(strstr(err, "the last 10 examples of points.csv are left out"));
    free(err);
    write_fixed(61);
    assert_refused("train fixed.tg --data points.csv", "60 examples");
}

/* ---- What it says, and refuses ------------------------------------------------------------------------ */

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(
        run_tapegrad("train points.tg --data points.csv --test points.csv --epochs 12 --report r.html"), 0);
    char *err = read_text("err"), *out = read_text("out");
    int lines = 0;
    for (const char *line = err; (line = strstr(line, "epoch ")) != NULL; line++) lines++;
    assert_int_equal(lines, 12);
    assert_non_null(strstr(err, "epoch  3 of 12   loss "));
    assert_null(strchr(err, '\r')); /* no bar without a terminal */
    assert_ptr_equal(strstr(out, "train   loss "), out);
    assert_non_null(strstr(out, "\ntest    loss "));
    assert_non_null(strstr(out, "\nreport  r.html\n"));
    free(err);
    free(out);
}

static void refuse_model(const char *text, const char *message)
{
    write_text("bad.tg", text);
    assert_refused("train bad.tg --data points.csv", message);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_refused("train points.tg", "--data is missing");
    assert_refused("train points.tg --data missing.csv", "missing.csv: No such file");
    assert_refused("train missing.tg --data points.csv", "missing.tg");
    assert_refused("train points.tg --data points.csv --epochs 0", "--epochs");
    assert_refused("train points.tg --data points.csv --lr -1", "--lr");
    assert_refused("train points.tg --data points.csv --optimizer best", "sgd momentum adam adamw");
    assert_refused("train points.tg --data points.csv --save nowhere/w.safetensors", "cannot write there");
    assert_refused("train points.tg --data points.csv --save w.npz",
                   "expected a name that ends in .safetensors");
    assert_refused("train points.tg --data points.csv --save ''",
                   "--save: expected the name of a file, found ''");
    assert_refused("train points.tg --data points.csv --save .",
                   "--save .: expected a file, found a directory");
    assert_refused("train points.tg --data points.csv --report /dev/null", "expected a file, found a device");
    assert_refused("train points.tg --data points.csv --resume", "--resume needs --save");
    assert_refused("train - --data points.csv < /dev/null", "standard input: the model has no input x");
    refuse_model("input y : f64[N, 3]\nloss = mean(y)\n", "no input x");
    refuse_model("input x : f64[N, 2]\nloss = mean(x)\n", "depends on no param");
    refuse_model("input x : f64[N, 2]\nparam W : f64[2, 1]\ncost = mean(x @ W)\n", "no value 'loss'");
    refuse_model("input x : f64[N, 2]\nparam W : f64[2, 1]\nloss = x @ W\n", "expected a scalar");
    refuse_model("input x : f64[N, 2]\ninput z : f64[N]\nloss = mean(x)\n", "input 'z' has no data");
    refuse_model("input x : f64[N, 2]\nparam W : f64[2, H]\nloss = mean(x @ W)\n", "the size H");
    refuse_model("input x : f64[N, 2]\ninput y : f64[3, N]\nloss = mean(x)\n", "examples stand in rows");
    refuse_model("input x : f64[N, 2]\nloss = mean(q)\n", "bad.tg:2:13");
    refuse_model("input x : f64[N, 3]\nparam W : f64[3, 1]\nloss = mean(x @ W)\n", "[60, 2]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_class_names),
                                       cmocka_unit_test(test_odd_lines),
                                       cmocka_unit_test(test_given_sizes),
                                       cmocka_unit_test(test_numeric_target),
                                       cmocka_unit_test(test_folder),
                                       cmocka_unit_test(test_labels_of_one_column),
                                       cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_fixed_batch),
                                       cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
