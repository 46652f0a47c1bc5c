/* Elementwise operations, read from their records' formulas: a recursive-descent parser that computes with forms
 * while it reads. The language is that of the formulas (tests/quad_formula.h says it too): + - * / ^, comparisons,
 * and or xor not, numbers, the inputs' and attributes' names, functions. What cannot be read is no error; the
 * operation is then taken as an unknown function. */
#include <ctype.h>
#include <string.h>

#include "engine.h"

typedef struct reader {
    tg_engine *engine;
    const char *at;
    const tg_op *op;
    const void *attr;
    const tg_form *const *arguments;
    const tg_form *like;
    int failed, depth;
} reader;

#define DEPTH_MAX 64

static const tg_form *read_or(reader *r);

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

static const tg_form *fail(reader *r)
{
    r->failed = 1;
    return NULL;
}

static const tg_form *one(reader *r)
{
    return tg_form_number(r->engine, r->like, tg_integer(1));
}

static const tg_form *negate(reader *r, const tg_form *a)
{
    return tg_form_scale(r->engine, a, tg_integer(-1));
}

static const tg_form *reciprocal(reader *r, const tg_form *a)
{
    return tg_form_pow(r->engine, a, tg_integer(-1));
}

/* ---- Functions ---------------------------------------------------------------------------------------- */

static const tg_form *sign_of(reader *r, const tg_form *a)
{
    tg_engine *e = r->engine;
    return tg_form_add(e, tg_form_step(e, a, 1), tg_form_step(e, a, -1), -1);
}

static const tg_form *absolute(reader *r, const tg_form *a)
{
    return tg_form_mul(r->engine, a, sign_of(r, a));
}

static const tg_form *square_root(reader *r, const tg_form *a)
{
    return tg_form_pow(r->engine, a, (tg_rational){1, 2});
}

static const tg_form *exponential(reader *r, const tg_form *a)
{
    return tg_form_exp(r->engine, a);
}

static const tg_form *logarithm(reader *r, const tg_form *a)
{
    return tg_form_log(r->engine, a);
}

static const tg_form *exponential_less_one(reader *r, const tg_form *a)
{
    return tg_form_add(r->engine, exponential(r, a), one(r), -1);
}

static const tg_form *logarithm_of_one_more(reader *r, const tg_form *a)
{
    return logarithm(r, tg_form_add(r->engine, one(r), a, 1));
}

/* (exp(a) + sign exp(-a)) / 2. */
static const tg_form *hyperbolic(reader *r, const tg_form *a, int sign)
{
    const tg_form *sum = tg_form_add(r->engine, exponential(r, a), exponential(r, negate(r, a)), sign);
    return tg_form_scale(r->engine, sum, (tg_rational){1, 2});
}

static const tg_form *hyperbolic_sine(reader *r, const tg_form *a)
{
    return hyperbolic(r, a, -1);
}

static const tg_form *hyperbolic_cosine(reader *r, const tg_form *a)
{
    return hyperbolic(r, a, 1);
}

static const tg_form *hyperbolic_tangent(reader *r, const tg_form *a)
{
    return tg_form_mul(r->engine, hyperbolic(r, a, -1), reciprocal(r, hyperbolic(r, a, 1)));
}

static const struct {
    const char *name;
    const tg_form *(*apply)(reader *r, const tg_form *a);
} written_functions[] = {
    {"exp", exponential},
    {"log", logarithm},
    {"sqrt", square_root},
    {"abs", absolute},
    {"sign", sign_of},
    {"expm1", exponential_less_one},
    {"log1p", logarithm_of_one_more},
    {"sinh", hyperbolic_sine},
    {"cosh", hyperbolic_cosine},
    {"tanh", hyperbolic_tangent},
};

/* Functions of which the parity is all that is known. */
static const struct {
    const char *name;
    tg_parity parity;
} closed_functions[] = {
    {"erf", TG_PARITY_ODD},     {"sin", TG_PARITY_ODD},    {"cos", TG_PARITY_EVEN},
    {"asin", TG_PARITY_ODD},    {"acos", TG_PARITY_NONE},  {"atan", TG_PARITY_ODD},
    {"asinh", TG_PARITY_ODD},   {"acosh", TG_PARITY_NONE}, {"atanh", TG_PARITY_ODD},
    {"floor", TG_PARITY_NONE},  {"ceil", TG_PARITY_NONE},  {"cbrt", TG_PARITY_ODD},
    {"lgamma", TG_PARITY_NONE},
};

static const tg_form *closed(reader *r, const char *name, const tg_form *a)
{
    for (size_t i = 0; i < sizeof closed_functions / sizeof closed_functions[0]; i++) {
        if (strcmp(name, closed_functions[i].name) != 0) continue;
        tg_function_facts facts = {.parity = closed_functions[i].parity};
        return tg_form_function(r->engine, a, &facts, closed_functions[i].name, closed_functions[i].name,
                                NULL, 0);
    }
    return fail(r);
}

static const tg_form *call_one(reader *r, const char *name, const tg_form *a)
{
    if (strcmp(name, "tan") == 0)
        return tg_form_mul(r->engine, closed(r, "sin", a), reciprocal(r, closed(r, "cos", a)));
    if (strcmp(name, "erfc") == 0) return tg_form_add(r->engine, one(r), closed(r, "erf", a), -1);
    for (size_t i = 0; i < sizeof written_functions / sizeof written_functions[0]; i++)
        if (strcmp(name, written_functions[i].name) == 0) return written_functions[i].apply(r, a);
    return closed(r, name, a);
}

/* c a + (1 - c) b. */
static const tg_form *choose(reader *r, const tg_form *c, const tg_form *a, const tg_form *b)
{
    tg_engine *e = r->engine;
    return tg_form_add(e, tg_form_mul(e, c, a), tg_form_mul(e, tg_form_add(e, one(r), c, -1), b), 1);
}

static const tg_form *call(reader *r, const char *name, const tg_form *const *a, int n)
{
    tg_engine *e = r->engine;
    if (n == 1) return call_one(r, name, a[0]);
    if (n == 3 && strcmp(name, "where") == 0) return choose(r, a[0], a[1], a[2]);
    if (n != 2) return fail(r);
    const tg_form *difference = tg_form_add(e, a[0], a[1], -1);
    const tg_form *excess = tg_form_mul(e, difference, tg_form_step(e, difference, 1));
    if (strcmp(name, "max") == 0) return tg_form_add(e, a[1], excess, 1);
    if (strcmp(name, "min") == 0) return tg_form_add(e, a[0], excess, -1);
    return fail(r);
}

/* ---- Names and numbers -------------------------------------------------------------------------------- */

/* The position of a word in a list of words with spaces between them; -1. */
static int word_position(const char *words, const char *word, size_t length)
{
    for (int i = 0; words != NULL && *words != '\0'; i++) {
        size_t n = strcspn(words, " ");
        if (n == length && strncmp(words, word, n) == 0) return i;
        words += n;
        while (*words == ' ') words++;
    }
    return -1;
}

static const tg_form *attribute(reader *r, const char *name)
{
    for (int i = 0; i < r->op->n_attrs; i++) {
        const tg_attr *a = &r->op->attrs[i];
        if (strcmp(a->name, name) != 0) continue;
        const char *at = (const char *)r->attr + a->offset;
        double x;
        int64_t n;
        if (a->kind == TG_ATTR_FLOAT) {
            memcpy(&x, at, sizeof x);
        } else if (a->kind == TG_ATTR_INT || a->kind == TG_ATTR_BOOL) {
            memcpy(&n, at, sizeof n);
            x = (double)n;
        } else {
            return fail(r);
        }
        const tg_form *value = tg_form_constant(r->engine, r->like, x, 0);
        return value != NULL ? value : fail(r);
    }
    return fail(r);
}

static const tg_form *read_name(reader *r)
{
    char name[32];
    size_t n = 0;
    while ((isalnum((unsigned char)r->at[n]) || r->at[n] == '_') && n + 1 < sizeof name) n++;
    memcpy(name, r->at, n);
    name[n] = '\0';
    r->at += n;
    if (!take(r, "(")) {
        int position = word_position(r->op->inputs, name, n);
        if (position >= 0 && position < r->op->n_inputs) return r->arguments[position];
        return attribute(r, name);
    }
    const tg_form *arguments[3];
    int count = 0;
    do {
        if (count == 3) return fail(r);
        arguments[count] = read_or(r);
        if (arguments[count++] == NULL) return fail(r);
    } while (take(r, ","));
    return take(r, ")") ? call(r, name, arguments, count) : fail(r);
}

static const tg_form *read_number(reader *r)
{
    tg_rational value = tg_integer(0);
    int after_point = 0;
    for (; isdigit((unsigned char)*r->at) || (*r->at == '.' && !after_point); r->at++) {
        if (*r->at == '.') {
            after_point = 1;
            continue;
        }
        int fits = tg_rational_mul(value, tg_integer(10), &value) &&
                   tg_rational_add(value, tg_integer(*r->at - '0'), &value);
        if (!fits) return fail(r);
        if (after_point) after_point++;
    }
    for (int i = 1; i < after_point; i++)
        if (!tg_rational_mul(value, (tg_rational){1, 10}, &value)) return fail(r);
    return tg_form_number(r->engine, r->like, value);
}

/* ---- Grammar, from the tightest to the loosest -------------------------------------------------------- */

static const tg_form *read_primary(reader *r)
{
    skip_spaces(r);
    if (isalpha((unsigned char)*r->at)) return read_name(r);
    if (isdigit((unsigned char)*r->at)) return read_number(r);
    if (!take(r, "(")) return fail(r);
    const tg_form *inner = read_or(r);
    return take(r, ")") ? inner : fail(r);
}

static const tg_form *read_unary(reader *r);

static const tg_form *read_power(reader *r)
{
    const tg_form *base = read_primary(r);
    if (!take(r, "^")) return base;
    const tg_form *exponent = read_unary(r);
    tg_rational number;
    if (base == NULL || exponent == NULL || !tg_form_is_number(exponent, &number)) return fail(r);
    return tg_form_pow(r->engine, base, number);
}

static const tg_form *read_unary(reader *r)
{
    if (++r->depth > DEPTH_MAX) return fail(r);
    const tg_form *value = take(r, "-") ? negate(r, read_unary(r)) : read_power(r);
    r->depth--;
    return value;
}

static const tg_form *multiply(reader *r, const tg_form *a, const tg_form *b)
{
    if (a != NULL && b != NULL && a->n_terms > 1 && b->n_terms > 1) tg_note(r->engine, TG_RULE_DISTRIBUTE);
    return tg_form_mul(r->engine, a, b);
}

static const tg_form *read_product(reader *r)
{
    const tg_form *x = read_unary(r);
    for (;;) {
        if (take(r, "*"))
            x = multiply(r, x, read_unary(r));
        else if (take(r, "/"))
            x = tg_form_mul(r->engine, x, reciprocal(r, read_unary(r)));
        else
            return x;
    }
}

static const tg_form *read_sum(reader *r)
{
    const tg_form *x = read_product(r);
    for (;;) {
        if (take(r, "+"))
            x = tg_form_add(r->engine, x, read_product(r), 1);
        else if (take(r, "-"))
            x = tg_form_add(r->engine, x, read_product(r), -1);
        else
            return x;
    }
}

/* [a > b] for sign 1, [a < b] for -1; where `or_not` is set, 1 minus that. */
static const tg_form *compare(reader *r, const tg_form *a, int sign, int or_not)
{
    const tg_form *difference = tg_form_add(r->engine, a, read_sum(r), -1);
    const tg_form *step = tg_form_step(r->engine, difference, sign);
    return or_not ? tg_form_add(r->engine, one(r), step, -1) : step;
}

/* [a > b] + [a < b]. */
static const tg_form *differ(reader *r, const tg_form *a)
{
    const tg_form *difference = tg_form_add(r->engine, a, read_sum(r), -1);
    return tg_form_add(r->engine, tg_form_step(r->engine, difference, 1),
                       tg_form_step(r->engine, difference, -1), 1);
}

static const tg_form *read_comparison(reader *r)
{
    const tg_form *a = read_sum(r);
    if (take(r, "==")) return tg_form_add(r->engine, one(r), differ(r, a), -1);
    if (take(r, "!=")) return differ(r, a);
    if (take(r, "<=")) return compare(r, a, 1, 1);
    if (take(r, ">=")) return compare(r, a, -1, 1);
    if (take(r, "<")) return compare(r, a, -1, 0);
    if (take(r, ">")) return compare(r, a, 1, 0);
    return a;
}

static const tg_form *read_not(reader *r)
{
    if (++r->depth > DEPTH_MAX) return fail(r);
    const tg_form *value =
        take(r, "not") ? tg_form_add(r->engine, one(r), read_not(r), -1) : read_comparison(r);
    r->depth--;
    return value;
}

static const tg_form *read_and(reader *r)
{
    const tg_form *a = read_not(r);
    while (take(r, "and")) a = tg_form_mul(r->engine, a, read_not(r));
    return a;
}

/* a + b - a b; and a + b - 2 a b where it excludes both. */
static const tg_form *read_or(reader *r)
{
    const tg_form *a = read_and(r);
    for (;;) {
        int exclusive = take(r, "xor");
        if (!exclusive && !take(r, "or")) return a;
        const tg_form *b = read_and(r), *both = tg_form_mul(r->engine, a, b);
        a = tg_form_add(r->engine, tg_form_add(r->engine, a, b, 1),
                        tg_form_scale(r->engine, both, tg_integer(exclusive ? 2 : 1)), -1);
    }
}

const tg_form *tg_formula_form(tg_engine *e, const tg_op *op, const void *attr,
                               const tg_form *const *arguments)
{
    if (op->formula == NULL || op->n_inputs < 1) return NULL;
    for (int i = 0; i < op->n_inputs; i++)
        if (arguments[i] == NULL) return NULL;
    reader r = {
        .engine = e, .at = op->formula, .op = op, .attr = attr, .arguments = arguments, .like = arguments[0]};
    const tg_form *value = read_or(&r);
    skip_spaces(&r);
    return r.failed || *r.at != '\0' ? NULL : value;
}
