/* A recursive-descent parser that computes while it reads, in libquadmath's __float128 or, where that is
 * missing, in long double. */
#include "quad_formula.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if TG_TEST_QUADMATH
#include <quadmath.h>
typedef __float128 quad;
#define Q(name) name##q
#define STEP 1e-6
#define VALUE_ERROR 0
#define DIFFERENCE_ERROR 1e-13
#else
typedef long double quad;
#define Q(name) name##l
#define STEP 2e-4
#define VALUE_ERROR 1e-10
#define DIFFERENCE_ERROR 1e-6
#endif

typedef struct reader {
    const char *at;
    const quad_variables *names;
    const quad *values;
    int failed;
} reader;

static quad read_or(reader *r);

static void skip_spaces(reader *r)
{
    while (*r->at == ' ') r->at++;
}

/* Takes the symbol when it is next; a word must end where a word ends. */
static int take(reader *r, const char *symbol)
{
    skip_spaces(r);
    size_t n = strlen(symbol);
    if (strncmp(r->at, symbol, n) != 0) return 0;
    if (isalpha((unsigned char)symbol[0]) && (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')) return 0;
    r->at += n;
    return 1;
}

static quad fail(reader *r)
{
    r->failed = 1;
    return 0;
}

/* ---- Functions ---------------------------------------------------------------------------------------- */

static quad sign(quad x)
{
    return x != x ? x : (quad)((x > 0) - (x < 0));
}

static quad larger(quad a, quad b)
{
    return a != a || a > b ? a : b;
}

static quad smaller(quad a, quad b)
{
    return a != a || a < b ? a : b;
}

static const struct {
    const char *name;
    quad (*f)(quad x);
} functions[] = {
    {"abs", Q(fabs)},  {"sign", sign},      {"sqrt", Q(sqrt)},   {"exp", Q(exp)},     {"expm1", Q(expm1)},
    {"log", Q(log)},   {"log1p", Q(log1p)}, {"sin", Q(sin)},     {"cos", Q(cos)},     {"tan", Q(tan)},
    {"asin", Q(asin)}, {"acos", Q(acos)},   {"atan", Q(atan)},   {"sinh", Q(sinh)},   {"cosh", Q(cosh)},
    {"tanh", Q(tanh)}, {"asinh", Q(asinh)}, {"acosh", Q(acosh)}, {"atanh", Q(atanh)}, {"erf", Q(erf)},
    {"erfc", Q(erfc)}, {"floor", Q(floor)}, {"ceil", Q(ceil)},   {"cbrt", Q(cbrt)},   {"lgamma", Q(lgamma)},
};

static quad call(reader *r, const char *name, const quad *arguments, int n)
{
    for (size_t i = 0; n == 1 && i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(name, functions[i].name) == 0) return functions[i].f(arguments[0]);
    if (n == 2 && strcmp(name, "max") == 0) return larger(arguments[0], arguments[1]);
    if (n == 2 && strcmp(name, "min") == 0) return smaller(arguments[0], arguments[1]);
    if (n == 3 && strcmp(name, "where") == 0) return arguments[0] != 0 ? arguments[1] : arguments[2];
    return fail(r);
}

/* ---- Grammar, from the tightest to the loosest -------------------------------------------------------- */

static quad read_name(reader *r)
{
    char name[32];
    size_t n = 0;
    while ((isalnum((unsigned char)r->at[n]) || r->at[n] == '_') && n + 1 < sizeof name) n++;
    memcpy(name, r->at, n);
    name[n] = '\0';
    r->at += n;
    if (!take(r, "(")) {
        for (int i = 0; i < r->names->n; i++)
            if (strcmp(name, r->names->names[i]) == 0) return r->values[i];
        return fail(r);
    }
    quad arguments[3];
    int count = 0;
    do {
        if (count == 3) return fail(r);
        arguments[count++] = read_or(r);
    } while (take(r, ","));
    return take(r, ")") ? call(r, name, arguments, count) : fail(r);
}

static quad read_primary(reader *r)
{
    skip_spaces(r);
    if (isalpha((unsigned char)*r->at)) return read_name(r);
    if (take(r, "(")) {
        quad inner = read_or(r);
        return take(r, ")") ? inner : fail(r);
    }
    char *end;
    double number = isdigit((unsigned char)*r->at) ? strtod(r->at, &end) : 0;
    if (!isdigit((unsigned char)*r->at)) return fail(r);
    r->at = end;
    return (quad)number;
}

static quad read_unary(reader *r);

static quad read_power(reader *r)
{
    quad base = read_primary(r);
    return take(r, "^") ? Q(pow)(base, read_unary(r)) : base;
}

static quad read_unary(reader *r)
{
    return take(r, "-") ? -read_unary(r) : read_power(r);
}

static quad read_product(reader *r)
{
    quad x = read_unary(r);
    for (;;) {
        if (take(r, "*"))
            x *= read_unary(r);
        else if (take(r, "/"))
            x /= read_unary(r);
        else
            return x;
    }
}

static quad read_sum(reader *r)
{
    quad x = read_product(r);
    for (;;) {
        if (take(r, "+"))
            x += read_product(r);
        else if (take(r, "-"))
            x -= read_product(r);
        else
            return x;
    }
}

static quad read_comparison(reader *r)
{
    quad a = read_sum(r);
    if (take(r, "==")) return a == read_sum(r);
    if (take(r, "!=")) return a != read_sum(r);
    if (take(r, "<=")) return a <= read_sum(r);
    if (take(r, ">=")) return a >= read_sum(r);
    if (take(r, "<")) return a < read_sum(r);
    if (take(r, ">")) return a > read_sum(r);
    return a;
}

static quad read_not(reader *r)
{
    return take(r, "not") ? (quad)(read_not(r) == 0) : read_comparison(r);
}

static quad read_and(reader *r)
{
    quad a = read_not(r);
    while (take(r, "and")) {
        quad b = read_not(r);
        a = a != 0 && b != 0;
    }
    return a;
}

static quad read_or(reader *r)
{
    quad a = read_and(r);
    for (;;) {
        int exclusive = take(r, "xor");
        if (!exclusive && !take(r, "or")) return a;
        quad b = read_and(r);
        a = exclusive ? (a != 0) != (b != 0) : a != 0 || b != 0;
    }
}

static quad evaluate(const char *formula, const quad_variables *names, const quad *values, int *failed)
{
    reader r = {.at = formula, .names = names, .values = values};
    quad value = read_or(&r);
    skip_spaces(&r);
    *failed = r.failed || *r.at != '\0';
    return value;
}

/* ---- Differences -------------------------------------------------------------------------------------- */

/* The derivative with respect to the variables in `order`, one after the other. */
static quad derivative(const char *formula, const quad_variables *names, const quad *values, const int *order,
                       int n)
{
    int failed;
    if (n == 0) return evaluate(formula, names, values, &failed);
    static const int shifts[4] = {-2, -1, 1, 2}, weights[4] = {1, -8, 8, -1};
    quad total = 0, moved[QUAD_VARIABLES], step = (quad)STEP;
    for (int k = 0; k < 4; k++) {
        memcpy(moved, values, sizeof moved);
        moved[order[0]] += shifts[k] * step;
        total += weights[k] * derivative(formula, names, moved, order + 1, n - 1);
    }
    return total / (12 * step);
}

static double derivative_at(const char *formula, const quad_variables *variables, const int *order, int n)
{
    quad values[QUAD_VARIABLES] = {0};
    for (int i = 0; i < variables->n; i++) values[i] = (quad)variables->values[i];
    return (double)derivative(formula, variables, values, order, n);
}

int quad_formula_parses(const char *formula, const quad_variables *variables)
{
    quad values[QUAD_VARIABLES] = {0};
    int failed;
    (void)evaluate(formula, variables, values, &failed);
    return !failed;
}

double quad_formula_value(const char *formula, const quad_variables *variables)
{
    return derivative_at(formula, variables, NULL, 0);
}

double quad_formula_slope(const char *formula, const quad_variables *variables, int i)
{
    return derivative_at(formula, variables, (int[]){i}, 1);
}

double quad_formula_curvature(const char *formula, const quad_variables *variables, int i, int j)
{
    return derivative_at(formula, variables, (int[]){i, j}, 2);
}

double quad_formula_error(int order)
{
    return order == 0 ? VALUE_ERROR : DIFFERENCE_ERROR;
}
