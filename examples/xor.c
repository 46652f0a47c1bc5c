/* A network of 2 inputs, 4 hidden units (tanh) and 1 output (sigmoid) learns the exclusive or.
 *
 * All four cases make one batch, one to a row. */
#include <stdio.h>

#include <tapegrad/tapegrad.h>

#define STEPS 500

static tg_status train(tg_function *step, const tg_tensor *cost)
{
    for (int t = 1; t <= STEPS; t++) {
        tg_status status = tg_run(step);
        if (status != TG_OK) {
            fprintf(stderr, "%s\n", tg_function_error(step));
            return status;
        }
        if (t % 100 == 0) printf("step %3d   cost %.6f\n", t, tg_scalar(step, cost));
    }
    return TG_OK;
}

int main(void)
{
    static const double cases[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, answers[4][1] = {{0}, {1}, {1}, {0}};
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 1});
    tg_tensor *x = tg_constant(g, TG_F64, 2, (int64_t[]){4, 2}, cases);
    tg_tensor *y = tg_constant(g, TG_F64, 2, (int64_t[]){4, 1}, answers);

    tg_tensor *hidden = tg_tanh(tg_dense(g, "hidden", x, 4, TG_INIT_GLOROT));
    tg_tensor *z = tg_dense(g, "output", hidden, 1, TG_INIT_GLOROT);
    tg_tensor *cost = tg_mean(tg_sigmoid_cross_entropy(z, y), NULL);

    tg_function *step = NULL;
    double answer[4];
    tg_status status = tg_train_step(g, cost, &TG_ADAM(.rate = 0.05), &step);
    if (status == TG_OK) status = train(step, cost);
    if (status == TG_OK) status = tg_eval(g, (tg_tensor *[]){tg_sigmoid(z)}, 1, answer, sizeof answer);
    for (int i = 0; i < 4 && status == TG_OK; i++)
        printf("%g xor %g = %.4f\n", cases[i][0], cases[i][1], answer[i]);

    if (tg_graph_status(g) != TG_OK) fprintf(stderr, "%s\n", tg_error(g));
    tg_function_free(step);
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}
