/* Running `tapegrad train` in a folder of its own, and looking at what it says. */
#ifndef TG_TESTS_CLI_TRAIN_RUN_H
#define TG_TESTS_CLI_TRAIN_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <tapegrad/tapegrad.h>

/* A folder for files, for cmocka's groups; tests run in it. */
int train_setup(void **state);
int train_teardown(void **state);

void write_text(const char *path, const char *text);
/* A file's contents, to be freed. */
char *read_text(const char *path);

/* Runs `tapegrad` with these arguments (for a shell), with standard output in the file "out" and standard error in
 * "err". The exit status. */
int run_tapegrad(const char *arguments);
/* The command fails with status 2, and says this. */
void assert_refused(const char *arguments, const char *message);

/* `tapegrad train … --json`, which succeeds, as JSON; release it with json_decref. */
json_t *train_json(const char *arguments);
/* The number at "train", "loss" and the like; fails when it is not there. */
double json_score(const json_t *result, const char *part, const char *name);

/* Two weight files hold the same tensors, bit for bit; or with elements that are no further apart than that. */
void assert_same_weights(const char *path, const char *other);
void assert_close_weights(const char *path, const char *other, double tolerance);

/* A classifier of points (two features, three classes) with dtype f64, and 60 examples for it in points.csv. */
extern const char points_model[];
void write_points(const char *path, int first, int n);

#endif
