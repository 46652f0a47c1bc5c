/* A C++ program that uses the library: x squared at 3, and its derivative. */
#include <tapegrad/tapegrad.h>

#include <cstdio>
#include <cstring>

static bool check(bool claim, const char *what)
{
    if (!claim) std::fprintf(stderr, "not true: %s\n", what);
    return claim;
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
    return good ? 0 : 1;
}
