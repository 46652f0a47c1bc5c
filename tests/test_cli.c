/* The command: what it prints, writes and answers, and that bad input ends in a message. */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include <tapegrad/tapegrad.h>

/* ---- Running it --------------------------------------------------------------------------------------- */

/* What the last run wrote. */
static char out[200000], err[200000];

static void read_whole(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, size - 1, file);
    fclose(file);
    text[n] = '\0';
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Runs a line of the shell in which tapegrad is the command; its exit status, after checking that no signal ended
 * it. */
static int run(const char *format, ...)
{
    char line[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    char whole[4000];
    snprintf(whole, sizeof whole, "tapegrad() { \"%s\" \"$@\"; }; { %s; } >out.txt 2>err.txt",
             TG_TEST_COMMAND, line);
    int status = system(whole);
    assert_true(WIFEXITED(status));
    read_whole("out.txt", out, sizeof out);
    read_whole("err.txt", err, sizeof err);
    if (WEXITSTATUS(status) > 3) print_error("%s\n%s\n%s\n", line, out, err);
    assert_true(WEXITSTATUS(status) <= 3);
    return WEXITSTATUS(status);
}

#define assert_contains(text, part)                                                                          \
    do {                                                                                                     \
        if (strstr((text), (part)) == NULL) fail_msg("expected '%s' in:\n%s", (part), (text));               \
    } while (0)

/* The last run's standard output as one JSON object; the caller releases it. */
static json_t *parse_output(void)
{
    json_error_t error;
    json_t *object = json_loads(out, 0, &error);
    if (object == NULL) fail_msg("no JSON: %s\n%s", error.text, out);
    assert_true(json_is_object(object));
    return object;
}

static const char model[] = "input x : f64[N, 2]\n"
                            "param W1 : f64[2, 3] = glorot\n"
                            "param b1 : f64[3]\n"
                            "param W2 : f64[3, 1] = glorot\n"
                            "a1 = tanh(x @ W1 + b1)\n"
                            "z2 = a1 @ W2\n"
                            "loss = mean(z2^2)\n"
                            "output loss, z2\n";

static int folder_setup(void **state)
{
    static char folder[] = "/tmp/tapegrad-cli-XXXXXX";
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) return -1;
    write_file("model.tg", model);
    write_file("small.tg", "input x : f64[2]\ny = x * 2\nt = x > 1.5\nk = iota(2)\noutput y, t, k\n");
    tg_bundle bundle = {0};
    static const int64_t shape[] = {2};
    tg_array *x = tg_array_new(TG_F64, 1, shape, NULL);
    static const double values[] = {1, 2.5};
    if (x == NULL) return -1;
    memcpy(x->data, values, sizeof values);
    if (tg_npy_save("x.npy", x, NULL) != TG_OK || tg_bundle_add(&bundle, "x", x, NULL) != TG_OK) return -1;
    int fine = tg_npz_save("x.npz", &bundle, NULL) == TG_OK &&
               tg_safetensors_save("x.safetensors", &bundle, NULL, NULL) == TG_OK;
    tg_bundle_clear(&bundle);
    return fine ? 0 : -1;
}

static int folder_teardown(void **state)
{
    (void)state;
    char here[200];
    if (getcwd(here, sizeof here) == NULL || strncmp(here, "/tmp/tapegrad-cli-", 18) != 0) return -1;
    char line[300];
    snprintf(line, sizeof line, "rm -r '%s'", here);
    return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

/* ---- General ------------------------------------------------------------------------------------------ */

static void help(void **state)
{
    (void)state;
    static const char *const commands[] = {"eval", "check", "graph", "plan", "ops", "version"};
    assert_int_equal(run("tapegrad --help"), 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) assert_contains(out, commands[i]);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_int_equal(run("tapegrad %s --help", commands[i]), 0);
        assert_contains(out, "Usage: tapegrad");
        assert_contains(out, "Examples:\n  tapegrad");
        if (strcmp(commands[i], "graph") != 0) assert_contains(out, "--json");
        assert_string_equal(err, "");
    }
    assert_int_equal(run("tapegrad help eval"), 0);
    assert_contains(out, "--load FILE");
    assert_int_equal(run("tapegrad --man"), 0);
    assert_contains(out, ".TH TAPEGRAD 1");
    assert_contains(out, "\\-\\-load");
    assert_int_equal(run("tapegrad --completion > completion.bash && bash -n completion.bash"), 0);
    assert_int_equal(run("tapegrad --version"), 0);
    assert_contains(out, tg_version());
}

static void bad_usage(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } list[] = {
        {"tapegrad", "Usage: tapegrad"},
        {"tapegrad evl", "there is no command 'evl'; did you mean 'eval'? 'tapegrad --help' lists"},
        {"tapegrad nope", "there is no command 'nope'; 'tapegrad --help' lists"},
        {"tapegrad help nope", "there is no command 'nope'"},
        {"tapegrad eval", "expected 'tapegrad eval MODEL.tg'"},
        {"tapegrad eval a.tg b.tg", "'b.tg' is one argument too many"},
        {"tapegrad eval small.tg --lod x", "there is no option '--lod'; did you mean '--load'?"},
        {"tapegrad eval small.tg -q", "there is no option '-q'"},
        {"tapegrad eval small.tg --load", "--load needs a value: --load FILE"},
        {"tapegrad eval small.tg --json=3", "--json takes no value"},
        {"tapegrad eval small.tg --seed -1", "--seed: expected a whole number"},
        {"tapegrad eval small.tg --seed 18446744073709551616", "--seed: expected a whole number"},
        {"tapegrad eval model.tg --dim N", "--dim: expected NAME=NUMBER"},
        {"tapegrad eval model.tg --dim N=x", "--dim N: expected a size, found 'x'"},
        {"tapegrad eval model.tg --dim M=2", "has no size 'M'"},
        {"tapegrad eval model.tg --dim N=2 --dim N=3", "size N is 2 and cannot be 3 too"},
        {"tapegrad eval small.tg --load x.csv", "expected FILE.npz, FILE.safetensors or NAME=FILE.npy"},
        {"tapegrad eval small.tg --load x.npy", "give NAME=x.npy"},
        {"tapegrad eval small.tg --load =x.npy", "give NAME=x.npy"},
        {"tapegrad graph small.tg --format png", "--format: expected one of: text dot svg; found 'png'"},
        {"tapegrad ops sofmax", "there is no operation 'sofmax'; did you mean 'softmax'?"},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_int_equal(run("%s", list[i].line), 2);
        assert_contains(err, list[i].message);
        assert_string_equal(out, "");
    }
}

/* Numbers that are none have no sign, and "-" is standard output as it is standard input. */
static void special_numbers_and_dash(void **state)
{
    (void)state;
    write_file("nan.tg", "a = -(0 / 0)\nb = [0 / 0, -1 / 0]\noutput a, b\n");
    assert_int_equal(run("tapegrad eval - < nan.tg"), 0);
    assert_string_equal(out, "a : f64[] = nan\nb : f64[2] = [ nan, -inf]\n");
    assert_int_equal(run("cat nan.tg | tapegrad eval -"), 0);
    assert_contains(out, "b : f64[2] = ");
    assert_int_equal(run("tapegrad eval - < /dev/null"), 2);
    assert_contains(err, "standard input computes nothing");
    assert_int_equal(run("tapegrad eval - < ."), 2);
    assert_contains(err, "standard input: expected a file, found a directory");
    assert_int_equal(run("tapegrad graph nan.tg -o -"), 0);
    assert_contains(out, "constant(");
    assert_int_not_equal(access("-", F_OK), 0);
}

static void bad_files(void **state)
{
    (void)state;
    write_file("garbage.npz", "PK\003\004 this is no archive");
    write_file("garbage.npy", "\x93NUMPY\x01");
    write_file("garbage.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}");
    write_file("garbage.tg", "\x01\x02\xff\xfe(((\n= = =\n");
    assert_int_equal(mkdir("folder.npz", 0700), 0);
    assert_int_equal(mkdir("folder.tg", 0700), 0);
    static const struct {
        const char *line, *message;
    } list[] = {
        {"tapegrad eval nothing.tg", "nothing.tg"},
        {"tapegrad eval folder.tg", "folder.tg"},
        {"tapegrad eval garbage.tg", "garbage.tg:1:1: error:"},
        {"tapegrad eval x.npz", "x.npz:1:"},
        {"tapegrad eval small.tg --load nothing.npz", "nothing.npz"},
        {"tapegrad eval small.tg --load folder.npz", "folder.npz"},
        {"tapegrad eval small.tg --load garbage.npz", "garbage.npz"},
        {"tapegrad eval small.tg --load x=garbage.npy", "garbage.npy"},
        {"tapegrad eval small.tg --load garbage.safetensors", "garbage.safetensors"},
        {"tapegrad eval small.tg --load x.npz --save folder.npz", "folder.npz"},
        {"tapegrad eval small.tg --load x.npz --save y.npy", "expected a name that ends in .npz"},
        {"tapegrad eval small.tg --load x.npz --save y.safetensors", "expected a name that ends in .npz"},
        {"tapegrad eval small.tg --load x.npz --save nowhere/y.npz", "nowhere/y.npz"},
        {"tapegrad graph small.tg -o nowhere/y.txt", "nowhere/y.txt"},
        {"tapegrad graph small.tg -o ''", "the name of a file to write is empty"},
        {"tapegrad eval small.tg", "input 'x : f64[2]' has no value; give --load FILE.npz with an array 'x'"},
        {"tapegrad eval model.tg", "model.tg:1:15: error: size 'N' is not known"},
        {"tapegrad eval model.tg --load x.npz", "input 'x' has shape [N, 2], but the array for it has [2]"},
        {"tapegrad eval small.tg --load x.npz --out y,nope", "small.tg has no tensor 'nope'"},
        {"tapegrad eval small.tg --load x.npz > /dev/full", "cannot write to standard output"},
        {"tapegrad graph small.tg --grad --of nope", "has no tensor 'nope'"},
        {"tapegrad graph small.tg --grad", "none of its outputs is a floating number"},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_int_equal(run("%s", list[i].line), 2);
        assert_contains(err, list[i].message);
    }
    /* A reader that goes away is no reason for a message. */
    assert_int_equal(run("tapegrad ops --json | head -c 10; tapegrad ops | true"), 0);
    assert_string_equal(err, "");
}

/* ---- eval --------------------------------------------------------------------------------------------- */

static void eval_prints(void **state)
{
    (void)state;
    static const char expected[] = "y : f64[2] = [2, 5]\nt : bool[2] = [false,  true]\nk : i64[2] = [0, 1]\n";
    static const char *const files[] = {"x.npz", "x=x.npy", "x.safetensors"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run("tapegrad eval small.tg --load %s", files[i]), 0);
        assert_string_equal(out, expected);
        assert_string_equal(err, "");
    }
    assert_int_equal(run("tapegrad eval - --load x.npz --out k,x < small.tg"), 0);
    assert_string_equal(out, "k : i64[2] = [0, 1]\nx : f64[2] = [  1, 2.5]\n");
    write_file("shapes.tg", "const m = [[1, -2], [0.5, 1e-9]]\nc = reshape(iota(4), [2, 1, 2])\ne = m[0:0]\n"
                            "big = reshape(iota(1200), [30, 40])\ns = sum(m)\noutput m, c, e, s, big\n");
    assert_int_equal(run("tapegrad eval shapes.tg"), 0);
    assert_contains(out, "m : f64[2, 2] =\n[[    1,    -2],\n [  0.5, 1e-09]]\n");
    assert_contains(out, "c : i64[2, 1, 2] =\n[[[0, 1]],\n\n [[2, 3]]]\n");
    assert_contains(out, "e : f64[0, 2] =\n[]\n");
    assert_contains(out, "s : f64[] = -0.5\n");
    assert_contains(out, "[[   0,    1,    2, ...,   37,   38,   39],\n");
    assert_contains(out, " ...,\n");
}

static void eval_json(void **state)
{
    (void)state;
    write_file(
        "json.tg",
        "const m = [[0.1, 0], [-1, 2]]\nn = m[0] / 0 * 0\ni = log(0 * m[1])\nt = m > 0\noutput m, n, i, t\n");
    assert_int_equal(run("tapegrad eval json.tg --json"), 0);
    json_t *object = parse_output(), *outputs = json_object_get(object, "outputs");
    json_t *m = json_object_get(outputs, "m"), *data = json_object_get(m, "data");
    assert_string_equal(json_string_value(json_object_get(m, "dtype")), "f64");
    assert_int_equal(json_array_size(json_object_get(m, "shape")), 2);
    double found = json_real_value(json_array_get(json_array_get(data, 0), 0)), expected = 0.1;
    assert_memory_equal(&found, &expected, sizeof found);
    json_t *n = json_object_get(json_object_get(outputs, "n"), "data");
    assert_string_equal(json_string_value(json_array_get(n, 1)), "nan");
    json_t *i = json_object_get(json_object_get(outputs, "i"), "data");
    assert_string_equal(json_string_value(json_array_get(i, 1)), "-inf");
    assert_true(json_is_true(
        json_array_get(json_array_get(json_object_get(json_object_get(outputs, "t"), "data"), 0), 0)));
    json_decref(object);
}

/* Every bit pattern comes back: subnormal, signed zero, infinite, not a number with a payload. */
static void eval_keeps_bits(void **state)
{
    (void)state;
    static const uint64_t bits[] = {0x3FB999999999999A, 1,
                                    0x8000000000000000, 0x7FF0000000000000,
                                    0xFFF0000000000000, 0x7FF8000000001234,
                                    0x7FEFFFFFFFFFFFFF, 0x000FFFFFFFFFFFFF};
    static const int64_t shape[] = {8};
    tg_bundle bundle = {0};
    tg_array *x = tg_array_new(TG_F64, 1, shape, NULL);
    assert_non_null(x);
    memcpy(x->data, bits, sizeof bits);
    assert_int_equal(tg_bundle_add(&bundle, "x", x, NULL), TG_OK);
    assert_int_equal(tg_npz_save("bits.npz", &bundle, NULL), TG_OK);
    tg_bundle_clear(&bundle);
    write_file("bits.tg", "input x : f64[8]\ny = reshape(x, [4, 2])\noutput x, y\n");
    assert_int_equal(run("tapegrad eval bits.tg --load bits.npz --save back.npz"), 0);
    assert_string_equal(out, "");
    assert_int_equal(tg_npz_load("back.npz", &bundle, NULL), TG_OK);
    assert_int_equal(bundle.count, 2);
    assert_memory_equal(tg_bundle_find(&bundle, "x")->data, bits, sizeof bits);
    assert_memory_equal(tg_bundle_find(&bundle, "y")->data, bits, sizeof bits);
    tg_bundle_clear(&bundle);
}

/* Saves one array of a type as v.npz. */
static void save_array(tg_dtype dtype, const void *data, int64_t n)
{
    tg_bundle bundle = {0};
    tg_array *x = tg_array_new(dtype, 1, &n, NULL);
    assert_non_null(x);
    memcpy(x->data, data, tg_type_bytes(&x->type));
    assert_int_equal(tg_bundle_add(&bundle, "x", x, NULL), TG_OK);
    assert_int_equal(tg_npz_save("v.npz", &bundle, NULL), TG_OK);
    tg_bundle_clear(&bundle);
}

static void eval_converts(void **state)
{
    (void)state;
    static const char *const programs[] = {"f32", "f64", "i64", "bool"};
    for (int i = 0; i < 4; i++) {
        char name[20], text[100];
        snprintf(name, sizeof name, "%s.tg", programs[i]);
        snprintf(text, sizeof text, "input x : %s[2]\noutput x\n", programs[i]);
        write_file(name, text);
    }
    save_array(TG_F64, (double[]){0.1, 1e10}, 2);
    assert_int_equal(run("tapegrad eval f32.tg --load v.npz"), 0);
    assert_contains(out, "1e+10");
    assert_int_equal(run("tapegrad eval i64.tg --load v.npz"), 2);
    assert_contains(err, "'x' is f64 in the file and i64 in the program: element 0 is 0.1");
    save_array(TG_F64, (double[]){1e300, 1}, 2);
    assert_int_equal(run("tapegrad eval f32.tg --load v.npz"), 2);
    assert_contains(err, "element 0 is 1.0000000000000001e+300, which is no f32");
    save_array(TG_I64, (int64_t[]){1, 9007199254740993}, 2);
    assert_int_equal(run("tapegrad eval f64.tg --load v.npz"), 2);
    assert_contains(err, "element 1 is 9007199254740993, which is no f64");
    save_array(TG_I64, (int64_t[]){1, INT64_MAX}, 2);
    assert_int_equal(run("tapegrad eval f64.tg --load v.npz"), 2);
    save_array(TG_I64, (int64_t[]){1, 0}, 2);
    assert_int_equal(run("tapegrad eval f64.tg --load v.npz"), 0);
    assert_int_equal(run("tapegrad eval f32.tg --load v.npz"), 0);
    assert_int_equal(run("tapegrad eval bool.tg --load v.npz"), 0);
    assert_contains(out, "[ true, false]");
    save_array(TG_F64, (double[]){1, 2}, 2);
    assert_int_equal(run("tapegrad eval i64.tg --load v.npz"), 0);
    assert_int_equal(run("tapegrad eval bool.tg --load v.npz"), 2);
}

static void eval_params_and_sizes(void **state)
{
    (void)state;
    write_file("params.tg", "param W : f64[H, 2] = normal(0, 1)\nparam x : f64[2] = ones\ny = W @ x\n");
    assert_int_equal(
        run("tapegrad eval params.tg --dim H=2 --save a.npz && tapegrad eval params.tg --dim H=2 "
            "--seed 0 --save b.npz && cmp a.npz b.npz"),
        0);
    assert_int_equal(run("tapegrad eval params.tg --dim H=2 --seed 1 --save b.npz; cmp -s a.npz b.npz"), 1);
    assert_int_equal(run("tapegrad eval params.tg --dim H=2 --out x --load x.npz"), 0);
    assert_string_equal(out, "x : f64[2] = [  1, 2.5]\n");
    write_file("other.tg", "param w : f64[1]\ny = w\n");
    assert_int_equal(run("tapegrad eval other.tg --load x.npz"), 0);
    assert_contains(err, "x.npz: the program has no input or param 'x'; not used");
    /* An input that nothing asks for needs no value, and a size comes from any array that has it. */
    write_file("sizes.tg", "input x : f64[N]\ninput q : f64[N, N]\ny = x * N\nz = q * 2\n");
    assert_int_equal(run("tapegrad eval sizes.tg --load x.npz --out y"), 0);
    assert_string_equal(out, "y : f64[2] = [2, 5]\n");
    assert_int_equal(run("tapegrad eval sizes.tg --load x.npz --out z"), 2);
    assert_contains(err, "input 'q : f64[2, 2]' has no value");
}

/* Outputs that are views of other outputs are copied at the end; the copies must not take an output's place. */
static void eval_keeps_outputs_apart(void **state)
{
    (void)state;
    write_file("views.tg",
               "input x : f64[2]\na = sin(x) * 0 + x\nr = a[::-1]\nb = exp(x) * 0 - x\nq = b[::-1]\n"
               "c = cos(x) * 0 + 3\np = c[::-1]\noutput a, r, b, q, c, p\n");
    assert_int_equal(run("tapegrad eval views.tg --load x.npz"), 0);
    assert_string_equal(out, "a : f64[2] = [  1, 2.5]\nr : f64[2] = [2.5,   1]\nb : f64[2] = [  -1, -2.5]\n"
                             "q : f64[2] = [-2.5,   -1]\nc : f64[2] = [3, 3]\np : f64[2] = [3, 3]\n");
}

/* ---- The other commands ------------------------------------------------------------------------------- */

static void graph_text_and_dot(void **state)
{
    (void)state;
    assert_int_equal(run("tapegrad graph model.tg --dim N=5"), 0);
    assert_contains(out, "%0 'x' = input() : f64[5, 2]");
    assert_null(strstr(out, "reverse of"));
    assert_int_equal(run("tapegrad graph model.tg --dim N=5 --grad"), 0);
    assert_contains(out, "'dloss/dW1' = ");
    assert_contains(out, "# reverse of");
    assert_int_equal(run("tapegrad graph model.tg --dim N=5 --grad --format dot"), 0);
    assert_contains(out, "digraph tape {");
    assert_contains(out, "label=<layer 1>;");
    assert_contains(out, "label=<reverse of layer 1>;");
    assert_contains(out, "dir=back");
    assert_int_equal(
        run("tapegrad graph model.tg --dim N=5 --of loss --wrt W2,x --format text -o listing.txt"), 0);
    assert_string_equal(out, "");
    read_whole("listing.txt", out, sizeof out);
    assert_contains(out, "'dloss/dx' = ");
    assert_null(strstr(out, "dloss/dW1"));
}

static void graph_svg(void **state)
{
    (void)state;
    assert_int_equal(run("PATH=/nonexistent; tapegrad graph model.tg --dim N=5 --format svg"), 2);
    assert_contains(err, "--format svg needs Graphviz's 'dot', which is not installed");
    if (system("dot -V >/dev/null 2>&1") != 0) skip();
    assert_int_equal(run("tapegrad graph model.tg --dim N=5 --grad --format svg -o model.svg"), 0);
    read_whole("model.svg", out, sizeof out);
    assert_contains(out, "</svg>");
}

static void plan(void **state)
{
    (void)state;
    assert_int_equal(run("tapegrad plan model.tg --dim N=100"), 0);
    assert_contains(out, "matmul");
    assert_contains(out, "lower bound by lifetimes");
    assert_int_equal(run("tapegrad plan model.tg --dim N=100 --json"), 0);
    json_t *object = parse_output();
    json_int_t arena = json_integer_value(json_object_get(object, "arena_bytes")),
               bound = json_integer_value(json_object_get(object, "lower_bound_bytes")),
               unshared = json_integer_value(json_object_get(object, "unshared_bytes"));
    assert_true(0 < bound && bound <= arena && arena <= unshared);
    json_t *first = json_array_get(json_object_get(object, "steps"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "kernel")), "matmul");
    assert_true(json_real_value(json_object_get(first, "flops")) == (2.0 * 2 + 1) * 100 * 3);
    /* The product adds the bias too. The activation runs in the same unit, so that they stay in the cache. */
    json_t *second = json_array_get(json_object_get(object, "steps"), 1);
    assert_int_equal(json_integer_value(json_object_get(first, "bytes_written")), 0);
    assert_int_equal(json_integer_value(json_object_get(second, "unit")),
                     json_integer_value(json_object_get(first, "unit")));
    assert_true(json_integer_value(json_object_get(object, "units")) <
                (json_int_t)json_array_size(json_object_get(object, "steps")));
    json_decref(object);
    assert_int_equal(run("tapegrad plan model.tg --dim N=100 --without fuse,place --json"), 0);
    object = parse_output();
    assert_int_equal(json_integer_value(json_object_get(object, "units")),
                     json_array_size(json_object_get(object, "steps")));
    assert_true(json_integer_value(json_object_get(object, "arena_bytes")) > arena);
    json_decref(object);
    assert_int_equal(run("tapegrad plan model.tg --dim N=100 --without fuse,fuze"), 2);
    assert_contains(err, "no pass 'fuze'; there are fuse");
}

/* Every operation has a signature, a formula and an example; those with derivatives show them. */
static void ops(void **state)
{
    (void)state;
    assert_int_equal(run("tapegrad ops"), 0);
    assert_contains(out, "sum(x, axis=none, keepdims=false)");
    assert_int_equal(run("tapegrad ops sigmoid"), 0);
    assert_contains(out, "adjoint of x = g * (result * (1 - result))");
    assert_int_equal(run("tapegrad ops --json"), 0);
    json_t *object = parse_output(), *op;
    size_t i;
    tg_graph *g = tg_graph_new(NULL);
    json_array_foreach(json_object_get(object, "ops"), i, op)
    {
        const char *name = json_string_value(json_object_get(op, "name"));
        assert_string_equal(name, tg_op_at(g, (int)i)->name);
        if (!json_is_string(json_object_get(op, "formula"))) fail_msg("%s has no formula", name);
        if (!json_is_object(json_object_get(op, "example"))) fail_msg("%s has no example", name);
    }
    assert_null(tg_op_at(g, (int)i));
    tg_graph_free(g);
    json_decref(object);
}

static void version(void **state)
{
    (void)state;
    assert_int_equal(run("tapegrad version --json"), 0);
    json_t *object = parse_output();
    assert_string_equal(json_string_value(json_object_get(object, "version")), tg_version());
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help),
        cmocka_unit_test(bad_usage),
        cmocka_unit_test(special_numbers_and_dash),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(eval_prints),
        cmocka_unit_test(eval_json),
        cmocka_unit_test(eval_keeps_bits),
        cmocka_unit_test(eval_converts),
        cmocka_unit_test(eval_params_and_sizes),
        cmocka_unit_test(eval_keeps_outputs_apart),
        cmocka_unit_test(graph_text_and_dot),
        cmocka_unit_test(graph_svg),
        cmocka_unit_test(plan),
        cmocka_unit_test(ops),
        cmocka_unit_test(version),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
