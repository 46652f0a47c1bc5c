/* A program outside the tree that uses the installed library: d/dx sin(x) e^x at 0 is 1. With all packages built
 * in, it also writes and reads the file named, which calls them. */
#include <stdio.h>

#include <tapegrad/tapegrad.h>

static int derivative_is_right(void)
{
    tg_graph *g = tg_graph_new(NULL);
    const double zero = 0.0;
    tg_tensor *x = tg_param(g, "x", TG_F64, 0, NULL, &zero);
    tg_tensor *y = tg_mul(tg_sin(x), tg_exp(x));
    tg_tensor *dx = NULL;
    double value = -1.0;
    int right = tg_grad(g, y, &x, 1, &dx) == TG_OK && tg_eval(g, &dx, 1, &value, sizeof value) == TG_OK;
    if (!right) fprintf(stderr, "%s\n", tg_error(g));
    tg_graph_free(g);
    return right && value == 1.0;
}

static int file_is_right(const char *path)
{
    tg_diag diag = {TG_OK, ""};
    tg_array *array = tg_array_new(TG_F32, 1, (int64_t[]){3}, &diag), *again = NULL;
    tg_status status = array == NULL ? diag.status : tg_idx_save(path, array, &diag);
    if (status == TG_OK) status = tg_idx_load(path, &again, &diag);
    if (status != TG_OK) fprintf(stderr, "%s\n", diag.message);
    tg_array_free(array);
    tg_array_free(again);
    return status == TG_OK;
}

int main(int argc, char **argv)
{
    printf("tapegrad %s\n", tg_version());
    return derivative_is_right() && (argc < 2 || file_is_right(argv[1])) ? 0 : 1;
}
