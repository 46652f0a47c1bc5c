/* Running `tapegrad train`. */
#define _XOPEN_SOURCE 700 /* mkdtemp */

#include "cli_train_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[300];

int train_setup(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/tapegrad-train-XXXXXX", parent != NULL ? parent : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

int train_teardown(void **state)
{
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return chdir("/") != 0 ? -1 : system(command);
}

void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = 1 << 22;
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_true(fread(text, 1, size, file) < size);
    fclose(file);
    return text;
}

int run_tapegrad(const char *arguments)
{
    char command[2000];
    int length = snprintf(command, sizeof command, "'%s' %s >out 2>err", TG_TEST_COMMAND, arguments);
    assert_true(length > 0 && (size_t)length < sizeof command);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void assert_refused(const char *arguments, const char *message)
{
    int status = run_tapegrad(arguments);
    char *err = read_text("err"), *out = read_text("out");
    if (status != 2 || strstr(err, message) == NULL || out[0] != '\0')
        fail_msg("%s\nstatus %d, expected 2 and '%s'; it said:\n%s%s", arguments, status, message, err, out);
    free(err);
    free(out);
}

json_t *train_json(const char *arguments)
{
    char all[1500];
    snprintf(all, sizeof all, "train %s --json", arguments);
    int status = run_tapegrad(all);
    char *err = read_text("err"), *out = read_text("out");
    if (status != 0) fail_msg("%s\nstatus %d; it said:\n%s", all, status, err);
    json_t *result = json_loads(out, 0, NULL);
    if (result == NULL) fail_msg("%s\nno JSON: %s", all, out);
    free(err);
    free(out);
    return result;
}

double json_score(const json_t *result, const char *part, const char *name)
{
    const json_t *number = json_object_get(json_object_get(result, part), name);
    if (!json_is_number(number)) fail_msg("no number %s.%s", part, name);
    return json_number_value(number);
}

static double element(const tg_array *a, int64_t i)
{
    return a->type.dtype == TG_F32 ? (double)((const float *)a->data)[i] : ((const double *)a->data)[i];
}

/* Of two arrays of one type; 0: every bit. */
static int is_close(const tg_array *a, const tg_array *b, double tolerance)
{
    if (tolerance == 0) return memcmp(a->data, b->data, tg_type_bytes(&a->type)) == 0;
    for (int64_t i = 0; i < tg_type_count(&a->type); i++)
        if (!(fabs(element(a, i) - element(b, i)) <= tolerance)) return 0;
    return 1;
}

void assert_close_weights(const char *path, const char *other, double tolerance)
{
    tg_bundle a = {0}, b = {0};
    tg_diag diag = {TG_OK, ""};
    if (tg_safetensors_load(path, &a, NULL, &diag) != TG_OK ||
        tg_safetensors_load(other, &b, NULL, &diag) != TG_OK)
        fail_msg("%s", diag.message);
    assert_int_equal(a.count, b.count);
    assert_true(a.count > 0);
    for (size_t i = 0; i < a.count; i++) {
        const tg_array *x = a.items[i].array, *y = tg_bundle_find(&b, a.items[i].name);
        assert_non_null(y);
        assert_memory_equal(&x->type, &y->type, sizeof x->type);
        if (!is_close(x, y, tolerance)) fail_msg("%s and %s differ in '%s'", path, other, a.items[i].name);
    }
    tg_bundle_clear(&a);
    tg_bundle_clear(&b);
}

void assert_same_weights(const char *path, const char *other)
{
    assert_close_weights(path, other, 0);
}

const char points_model[] = "input x : f64[N, 2]\n"
                            "input y : f64[N, 3]\n"
                            "param W : f64[2, 3] = glorot\n"
                            "param b : f64[3]\n"
                            "s = x @ W + b\n"
                            "loss = mean(softmax_cross_entropy(s, y))\n"
                            "pred = softmax(s)\n"
                            "output loss, pred\n";

/* Example i is of class i mod 3, near a corner of a triangle. */
void write_points(const char *path, int first, int n)
{
    static const char *const names[] = {"up", "left", "right"};
    static const double corners[][2] = {{0, 2}, {-2, -1}, {2, -1}};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("a,b,corner\n", file);
    for (int i = first; i < first + n; i++)
        fprintf(file, "%.3f,%.3f,%s\n", corners[i % 3][0] + 0.3 * ((i * 7) % 5 - 2),
                corners[i % 3][1] + 0.3 * ((i * 11) % 7 - 3), names[i % 3]);
    fclose(file);
}
