/* The examples that `train` learns from: CSV files, folders with IDX files, npz files, made to fit the model's
 * inputs x and y. */
#ifndef TG_CLI_TRAIN_DATA_H
#define TG_CLI_TRAIN_DATA_H

#include <tapegrad/lang.h>
#include <tapegrad/nn.h>

/* What a file says. */
typedef struct train_source {
    tg_array *x, *y;       /* [n, …]; y may be NULL where the file has none */
    int labelled;          /* y[i] is the number of a class */
    char **classes;        /* names of the classes by number, or NULL */
    int64_t n_classes;     /* names */
    int64_t rows, columns; /* of the picture that an example is; 0: none */
    int numbers_as_header; /* a CSV file's columns are named by numbers: it may have no header line */
} train_source;

/* What the network takes: arrays of the declared element types, with the declared ranks. */
typedef struct train_data {
    tg_array *x, *y; /* y NULL: the model has no input y */
    char **classes;  /* names, or NULL */
    int64_t n_classes;
    int64_t rows, columns;
    int numbers_as_header;
} train_data;

/* Which files of a folder are wanted where it has both. */
typedef enum train_part { TRAIN_PART_TRAIN, TRAIN_PART_TEST } train_part;

/* Reads a folder's images and labels; part of train_data_load. */
tg_status train_folder_load(const char *path, train_part part, train_source *source, tg_diag *diag);

/* Reads `path` for the model. Class names get the numbers that they have in `like` (the training data) unless that
 * is NULL. *data must be empty; clear it in any case. */
tg_status train_data_load(const char *path, train_part part, const tg_model *m, const train_data *like,
                          train_data *data, tg_diag *diag);
void train_data_clear(train_data *data);

/* The number of examples. */
int64_t train_data_count(const train_data *data);
/* Drops the examples from n on. */
void train_data_cut(train_data *data, int64_t n);

/* The model's input of this name; name NULL when there is none. */
tg_declaration train_input(const tg_model *m, const char *name);

/* An element as a number. */
double train_number(const tg_array *array, int64_t i);

#endif
