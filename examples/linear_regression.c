/* A straight line through the iris data: the petal's width w from its length l, w = a l + b.
 *
 *     linear_regression [file]        by default examples/data/iris/iris.csv
 *
 * Gradient descent on the mean of (a l + b - w)^2 / 2 arrives at the closed form of least squares. */
#include <stdio.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

#define STEPS 2000

static const double *find_column(const tg_csv *csv, const char *name)
{
    for (int64_t i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->columns[i].name, name) == 0) return csv->columns[i].values;
    return NULL;
}

static void solve(const double *l, const double *w, int64_t n, double *a, double *b)
{
    double mean_l = 0, mean_w = 0, covariance = 0, variance = 0;
    for (int64_t i = 0; i < n; i++) {
        mean_l += l[i] / (double)n;
        mean_w += w[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        covariance += (l[i] - mean_l) * (w[i] - mean_w);
        variance += (l[i] - mean_l) * (l[i] - mean_l);
    }
    *a = covariance / variance;
    *b = mean_w - *a * mean_l;
}

static tg_status descend(tg_graph *g, const double *l, const double *w, int64_t n)
{
    tg_tensor *length = tg_constant(g, TG_F64, 1, &n, l), *width = tg_constant(g, TG_F64, 1, &n, w);
    tg_tensor *a = tg_param(g, "a", TG_F64, 0, NULL, NULL), *b = tg_param(g, "b", TG_F64, 0, NULL, NULL);
    tg_tensor *error = tg_sub(tg_add(tg_mul(a, length), b), width);
    tg_tensor *cost = tg_mean(tg_mul_scalar(tg_square(error), 0.5), NULL);

    tg_function *step = NULL;
    tg_status status = tg_train_step(g, cost, &TG_SGD(.rate = 0.1), &step);
    for (int t = 1; t <= STEPS && status == TG_OK; t++) {
        status = tg_run(step);
        if (status != TG_OK)
            fprintf(stderr, "%s\n", tg_function_error(step));
        else if (t == 1 || t == 10 || t == 100 || t == STEPS)
            printf("after %4d steps  w = %.6f l %+.6f   cost before the step %.6f\n", t,
                   *(const double *)tg_data(a), *(const double *)tg_data(b), tg_scalar(step, cost));
    }
    tg_function_free(step);
    return status;
}

static int fit_line(const tg_csv *csv)
{
    const double *l = find_column(csv, "petal_length"), *w = find_column(csv, "petal_width");
    if (l == NULL || w == NULL || csv->rows == 0) {
        fprintf(stderr, "expected columns petal_length and petal_width, and rows\n");
        return 1;
    }
    tg_graph *g = tg_graph_new(NULL);
    tg_status status = descend(g, l, w, csv->rows);
    if (tg_graph_status(g) != TG_OK) fprintf(stderr, "%s\n", tg_error(g));
    tg_graph_free(g);
    double a, b;
    solve(l, w, csv->rows, &a, &b);
    printf("closed form       w = %.6f l %+.6f\n", a, b);
    return status == TG_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    tg_csv *csv = NULL;
    tg_diag diag;
    if (tg_csv_load(argc > 1 ? argv[1] : "examples/data/iris/iris.csv", &csv, &diag) != TG_OK) {
        fprintf(stderr, "%s\n", diag.message);
        return 1;
    }
    int result = fit_line(csv);
    tg_csv_free(csv);
    return result;
}
