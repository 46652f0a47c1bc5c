/* A project's own test of its own derivatives: the ridge of Rosenbrock's function, its gradient, and its Hessian times
 * a vector. With the argument 1 that product has a wrong sign. The exit status is the verdict. */
#include <stdio.h>
#include <string.h>

#include "tapegrad_check.h"

static void ridge(const double *x, double *y, void *context)
{
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    (void)context;
    y[0] = a * a + 100 * b * b;
}

static void ridge_gradient(const double *x, double *g, void *context)
{
    double b = x[1] - x[0] * x[0];
    (void)context;
    g[0] = -2 * (1 - x[0]) - 400 * x[0] * b;
    g[1] = 200 * b;
}

static void ridge_hvp(const double *x, const double *v, double *hv, void *context)
{
    double sign = *(const int *)context ? -1 : 1;
    hv[0] = sign * ((2 - 400 * (x[1] - 3 * x[0] * x[0])) * v[0] - 400 * x[0] * v[1]);
    hv[1] = sign * (-400 * x[0] * v[0] + 200 * v[1]);
}

int main(int argc, char **argv)
{
    int wrong = argc > 1 && strcmp(argv[1], "1") == 0;
    const double x[2] = {-1.2, 0.8};
    const tg_callback call = {
        .n = 2, .m = 1, .f = ridge, .gradient = ridge_gradient, .hvp = ridge_hvp, .context = &wrong};
    tg_check_report *r;
    tg_verdict verdict = tg_check_callback(&call, x, NULL, &r);
    char *text = tg_check_text(r);
    fputs(text != NULL ? text : "out of memory\n", stdout);
    tg_text_free(text);
    tg_check_free(r);
    return (int)verdict;
}
