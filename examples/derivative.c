/* y = sin(x) exp(x), its first and its second derivative, beside their closed forms.
 *
 * A gradient is an expression, so it can be differentiated like any other. */
#include <math.h>
#include <stdio.h>

#include <tapegrad/tapegrad.h>

/* Prints the three at a few points; the tensors are y, dy/dx and d2y/dx2. */
static tg_status print_table(tg_graph *g, tg_tensor *x, tg_tensor *const *tensors)
{
    printf("    x            y          dy/dx  closed form        d2y/dx2  closed form\n");
    for (int i = 0; i <= 4; i++) {
        double at = -1 + 0.75 * i, v[3];
        tg_status status = tg_set(x, &at, sizeof at);
        if (status == TG_OK) status = tg_eval(g, tensors, 3, v, sizeof v);
        if (status != TG_OK) return status;
        printf("%5.2f %12.8f   %12.8f %12.8f   %12.8f %12.8f\n", at, v[0], v[1],
               exp(at) * (sin(at) + cos(at)), v[2], 2 * exp(at) * cos(at));
    }
    return TG_OK;
}

int main(void)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL);
    tg_tensor *y = tg_mul(tg_sin(x), tg_exp(x));

    tg_tensor *dy, *d2y;
    tg_status status = tg_grad(g, y, &x, 1, &dy);
    if (status == TG_OK) status = tg_grad(g, dy, &x, 1, &d2y);
    if (status == TG_OK) status = print_table(g, x, (tg_tensor *[]){y, dy, d2y});

    if (status != TG_OK) fprintf(stderr, "%s\n", tg_error(g));
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}
