/* A network with one hidden layer fits t = sin(x) on [-pi, pi], written the way the mathematics is:
 *
 *     Z1 = W1^T X + b1,   A1 = tanh(Z1),   Y = W2^T A1 + b2,   E = 1/(MK) sum_m sum_k (y_km - t_km)^2 / 2
 *
 * with the M examples in the columns of X: D x M and of the targets T: K x M, and the weights of a unit in a
 * column of W1: D x n and of W2: n x K. Each layer has a learning rate of its own. */
#include <math.h>
#include <stdio.h>

#include <tapegrad/tapegrad.h>

#define D 1
#define N 12
#define K 1
#define M 64
#define STEPS 10000

/* The result of a layer before its activation: W^T A + b, with W: from x to, b: to x 1 for every column. */
static tg_tensor *layer(tg_graph *g, const char *W_name, const char *b_name, tg_tensor *A, int64_t from,
                        int64_t to)
{
    tg_tensor *W = tg_param_init(g, W_name, TG_F64, 2, (int64_t[]){from, to}, TG_INIT_NORMAL(0, 1));
    tg_tensor *b = tg_param_init(g, b_name, TG_F64, 2, (int64_t[]){to, 1}, TG_INIT_NORMAL(0, 1));
    return tg_add(tg_matmul(tg_transpose(W, NULL), A), b);
}

static tg_status descend(tg_graph *g, tg_tensor *E)
{
    tg_rate rates[] = {{"1.", 0.15}, {"2.", 0.1}}; /* rho_1 and rho_2 */
    tg_optimizer descent = TG_SGD(.rate = 1, .rates = rates, .n_rates = 2);
    tg_function *step = NULL;
    tg_status status = tg_train_step(g, E, &descent, &step);
    for (int t = 1; t <= STEPS && status == TG_OK; t++) {
        status = tg_run(step);
        if (status != TG_OK)
            fprintf(stderr, "%s\n", tg_function_error(step));
        else if (t == 1 || t % 2000 == 0)
            printf("step %5d   E = %.6f\n", t, tg_scalar(step, E));
    }
    tg_function_free(step);
    return status;
}

static tg_status print_fit(tg_graph *g, tg_tensor *Y, const double *x, const double *t)
{
    double y[K * M], furthest = 0;
    tg_status status = tg_eval(g, &Y, 1, y, sizeof y);
    for (int m = 0; m < M && status == TG_OK; m++) {
        furthest = fmax(furthest, fabs(y[m] - t[m]));
        if (m % 9 == 0) printf("x = %7.4f   sin x = %7.4f   y = %7.4f\n", x[m], t[m], y[m]);
    }
    if (status == TG_OK) printf("largest distance %.4f\n", furthest);
    return status;
}

int main(void)
{
    double x[D * M], t[K * M];
    for (int m = 0; m < M; m++) {
        x[m] = -3.14159265358979 + 2 * 3.14159265358979 * m / (M - 1);
        t[m] = sin(x[m]);
    }
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 1});
    tg_tensor *X = tg_constant(g, TG_F64, 2, (int64_t[]){D, M}, x);
    tg_tensor *T = tg_constant(g, TG_F64, 2, (int64_t[]){K, M}, t);

    tg_tensor *A1 = tg_tanh(layer(g, "1.W", "1.b", X, D, N));
    tg_tensor *Y = layer(g, "2.W", "2.b", A1, N, K);
    tg_tensor *E = tg_mul_scalar(tg_sum(tg_mul_scalar(tg_square(tg_sub(Y, T)), 0.5), NULL), 1.0 / (M * K));

    tg_status status = descend(g, E);
    if (status == TG_OK) status = print_fit(g, Y, x, t);
    if (tg_graph_status(g) != TG_OK) fprintf(stderr, "%s\n", tg_error(g));
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}
