/* The values that a lesson shows. */
#include <stdlib.h>

#include <tapegrad/random.h>

#include "build.h"

#define CORNER 8 /* rows and columns shown of a large tensor */

/* ---- Random inputs ------------------------------------------------------------------------------------ */

typedef struct stream {
    uint64_t key, drawn;
} stream;

static double uniform(stream *s, double low, double high)
{
    const uint64_t steps = (uint64_t)1 << 53;
    return low + (high - low) * (double)tg_random_below(s->key, s->drawn++, steps) / (double)steps;
}

static tg_status set_numbers(tg_tensor *input, const double *values)
{
    int64_t n = tg_count(input);
    size_t size = (size_t)n * tg_dtype_size(tg_dtype_of(input));
    char *data = calloc(size + 1, 1);
    if (data == NULL) return TG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        if (tg_dtype_of(input) == TG_F64) ((double *)(void *)data)[i] = values[i];
        if (tg_dtype_of(input) == TG_F32) ((float *)(void *)data)[i] = (float)values[i];
    }
    tg_status status = tg_set(input, data, size);
    free(data);
    return status;
}

/* One unit of each example is 1, the others 0. */
static void one_hot(const tg_found_mlp *found, double *values, stream *s)
{
    int64_t K = found->layer[found->L].units, N = found->N;
    for (int64_t e = 0; e < N; e++) {
        int64_t k = (int64_t)tg_random_below(s->key, s->drawn++, (uint64_t)K);
        values[found->y_rows ? e * K + k : k * N + e] = 1;
    }
}

static void draw(tg_tensor *input, const tg_found_mlp *found, double *values, stream *s)
{
    int64_t n = tg_count(input);
    if (found != NULL && input == found->y && found->cost == TG_COST_CROSS_ENTROPY) {
        one_hot(found, values, s);
        return;
    }
    int binary = found != NULL && input == found->y && found->cost == TG_COST_BINARY_CROSS_ENTROPY;
    int signs = found != NULL && input == found->y && found->cost == TG_COST_LOGISTIC;
    for (int64_t i = 0; i < n; i++) {
        double u = uniform(s, -1, 1);
        values[i] = binary ? (double)(u > 0) : signs ? (u > 0 ? 1 : -1) : u;
    }
}

static tg_status draw_input(tg_tensor *input, const tg_found_mlp *found, uint64_t seed)
{
    stream s = {tg_random_key(seed, tg_name(input)), 0};
    double *values = calloc((size_t)tg_count(input) + 1, sizeof *values);
    if (values == NULL) return TG_ERR_MEMORY;
    draw(input, found, values, &s);
    tg_status status = set_numbers(input, values);
    free(values);
    return status;
}

tg_status tg_lesson_draw_inputs(const tg_lesson_task *task, const tg_found_mlp *found)
{
    for (int64_t i = 0; i < tg_node_count(task->g); i++) {
        tg_tensor *t = tg_node(task->g, i);
        if (tg_leaf_kind_of(t) != TG_LEAF_INPUT || tg_data(t) != NULL || !tg_depends_on(task->loss, t))
            continue;
        tg_status status = draw_input(t, found, task->seed);
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

/* ---- Taking values ------------------------------------------------------------------------------------ */

double tg_lesson_number_at(const tg_tensor *t, const void *data, int64_t i)
{
    switch (tg_dtype_of(t)) {
    case TG_F32:
        return (double)((const float *)data)[i];
    case TG_F64:
        return ((const double *)data)[i];
    case TG_I64:
        return (double)((const int64_t *)data)[i];
    case TG_BOOL:
        return (double)((const unsigned char *)data)[i];
    }
    return 0;
}

/* The tensor as rows and columns: leading axes are rows. */
static void as_matrix(const tg_tensor *t, int64_t *rows, int64_t *columns)
{
    int rank = tg_rank(t);
    *columns = rank > 0 ? tg_shape(t)[rank - 1] : 1;
    *rows = *columns > 0 ? tg_count(t) / *columns : 0;
}

static int take(const tg_tensor *t, const void *data, int sample_axis, int64_t sample, tg_lesson_step *step)
{
    int64_t rows, columns, first_row = 0, first_column = 0, stride;
    as_matrix(t, &rows, &columns);
    stride = columns;
    if (sample_axis == 0 && tg_rank(t) == 2) first_row = sample, rows = 1;
    if (sample_axis == 1 && tg_rank(t) == 2) first_column = sample, columns = 1;
    int64_t shown_rows = rows < CORNER ? rows : CORNER, shown_columns = columns < CORNER ? columns : CORNER;
    tg_lesson_values *v = &step->values;
    v->numbers = calloc((size_t)(shown_rows * shown_columns) + 1, sizeof *v->numbers);
    if (v->numbers == NULL) return 0;
    v->rank = tg_rank(t) < 2 ? tg_rank(t) : 2;
    v->shape[0] = v->rank == 1 ? shown_columns : shown_rows;
    v->shape[1] = shown_columns;
    for (int64_t i = 0; i < shown_rows; i++)
        for (int64_t j = 0; j < shown_columns; j++)
            v->numbers[i * shown_columns + j] =
                tg_lesson_number_at(t, data, (first_row + i) * stride + first_column + j);
    if (shown_rows < rows || shown_columns < columns)
        tg_lesson_note(step, tg_lesson_print("shown: the first %d rows and columns at most", CORNER));
    return 1;
}

tg_status tg_lesson_take_values(const tg_lesson_task *task, tg_tensor *const *tensors, const int *sample_axis,
                                tg_lesson_view *view, tg_diag *diag)
{
    tg_tensor **outputs = calloc((size_t)view->n_steps + 1, sizeof(tg_tensor *));
    if (outputs == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for the values of a lesson");
    int n = 0;
    for (int i = 0; i < view->n_steps; i++)
        if (tensors[i] != NULL) outputs[n++] = tensors[i];
    tg_function *f = NULL;
    tg_status status = tg_compile(task->g, outputs, n, NULL, 0, &f);
    if (status != TG_OK) tg_fail(diag, status, "%s", tg_error(task->g));
    if (status == TG_OK && (status = tg_run(f)) != TG_OK) tg_fail(diag, status, "%s", tg_function_error(f));
    for (int i = 0; i < view->n_steps && status == TG_OK; i++)
        if (tensors[i] != NULL &&
            !take(tensors[i], tg_output(f, tensors[i]), sample_axis[i], task->sample, &view->steps[i]))
            status = tg_fail(diag, TG_ERR_MEMORY, "out of memory for the values of a lesson");
    tg_function_free(f);
    free(outputs);
    return status;
}
