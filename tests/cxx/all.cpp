/* A C++ program that uses the library: x squared at 3 and its derivative; a layer, sums over axes, a training step. */
#include <tapegrad/tapegrad.h>

#include <cstdio>
#include <cstring>

static bool check(bool claim, const char *what)
{
    if (!claim) std::fprintf(stderr, "not true: %s\n", what);
    return claim;
}

static bool check_network()
{
    tg_graph *g = tg_graph_new(NULL);
    const int64_t shape[2] = {2, 3};
    const double ones[6] = {1, 1, 1, 1, 1, 1};
    tg_tensor *x = tg_constant(g, TG_F64, 2, shape, ones);
    tg_tensor *w = tg_param_init(g, "w", TG_F64, 2, shape, TG_INIT_CONSTANT(2));
    tg_tensor *h = tg_dense(g, "h", x, 2, TG_INIT_GLOROT);
    tg_tensor *rows = tg_sum(tg_mul(x, w), TG_AXES(1)), *all = tg_sum(tg_mul(x, w), TG_KEEP_AXES(0, 1));
    tg_tensor *loss = tg_add(tg_mean(tg_square(h), NULL), tg_mean(tg_square(w), TG_AXES(0, -1)));
    double sums[3] = {0, 0, 0}, before = 0;
    tg_tensor *wanted[2] = {rows, all};
    bool good = check(tg_rank(all) == 2 && tg_eval(g, wanted, 2, sums, sizeof sums) == TG_OK, tg_error(g)) &&
                check(sums[0] == 6 && sums[1] == 6 && sums[2] == 12, "sums over axes");
    good = check(tg_sum(x, TG_AXES(0, 1, 2, 3, 4, 5, 6, 7, 8)) == NULL, "there are no nine axes") && good;
    tg_clear_error(g);
    tg_optimizer adam = {};
    adam.kind = TG_OPTIMIZER_ADAM;
    adam.rate = 0.1;
    tg_function *step = NULL;
    good = check(tg_train_step(g, loss, &adam, &step) == TG_OK, tg_error(g)) && good;
    for (int t = 0; t < 10 && good; t++) {
        good = check(tg_run(step) == TG_OK, "a step runs");
        good = check(t == 0 || tg_scalar(step, loss) < before, "the loss falls") && good;
        before = tg_scalar(step, loss);
    }
    tg_function_free(step);
    tg_graph_free(g);
    return good;
}

int main()
{
    bool good = check(tg_version_number() == TG_VERSION_NUMBER, "the library has the version of its headers");
    tg_graph *g = tg_graph_new(NULL);
    const double three = 3.0;
    tg_tensor *x = tg_param(g, "x", TG_F64, 0, NULL, &three);
    tg_tensor *y = tg_mul(x, x);
    tg_tensor *dx = NULL;
    double values[2] = {0, 0};
    good = check(tg_grad(g, y, &x, 1, &dx) == TG_OK, "there is a gradient") && good;
    tg_tensor *wanted[2] = {y, dx};
    good = check(tg_eval(g, wanted, 2, values, sizeof values) == TG_OK, tg_error(g)) && good;
    good = check(values[0] == 9.0 && values[1] == 6.0, "x squared is 9, its derivative 6") && good;
    tg_graph_free(g);
    good = check_network() && good;
    return good ? 0 : 1;
}
