/* The model language: what its constructs mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lang_helpers.h"

/* Programs that assign y, and its value. */
typedef struct expectation {
    const char *text, *value;
} expectation;

static void check(const expectation *list)
{
    for (; list->text != NULL; list++) {
        char value[2000];
        program_value(list->text, "y", value, sizeof value);
        if (strcmp(value, list->value) != 0) print_error("program:\n%s\n", list->text);
        assert_string_equal(value, list->value);
    }
}

#define A "const a = [[1, 2, 3], [4, 5, 6]]\n"
#define V "const v = [1, 2, 4]\n"
#define F "const f : f32[2] = [0.5, 0.1]\n"
#define P "param w : f64[3] = constant(2)\n"
#define K "const k : i64[3] = [2, 0, 1]\n"

static void operators(void **state)
{
    (void)state;
    static const expectation list[] = {{V "y = v + v * v", "f64[3] 2 6 20"},
                                       {V "y = v - v / 2 - 1", "f64[3] -0.5 0 1"},
                                       {V "y = 2 * v ^ 2", "f64[3] 2 8 32"},
                                       {V "y = -v ^ 2", "f64[3] -1 -4 -16"},
                                       {V "y = (-v) ^ 2", "f64[3] 1 4 16"},
                                       {V "y = --v", "f64[3] 1 2 4"},
                                       {V "y = 2 ^ 3 ^ 0 * v", "f64[3] 2 4 8"},
                                       {V "y = v ^ -1", "f64[3] 1 0.5 0.25"},
                                       {V "y = 1 - 2 - 3 + v * 0", "f64[3] -4 -4 -4"},
                                       {V "y = 8 / 4 / 2 + v * 0", "f64[3] 1 1 1"},
                                       {V "y = v + 1 < v * 2", "bool[3] false true true"},
                                       {V "y = v == 2", "bool[3] false true false"},
                                       {V "y = v != 2", "bool[3] true false true"},
                                       {V "y = v <= 2", "bool[3] true true false"},
                                       {V "y = v >= 2", "bool[3] false true true"},
                                       {V "y = v > 2", "bool[3] false false true"},
                                       {A V "y = a @ v", "f64[2] 17 38"},
                                       {A "y = a @ transpose(a)", "f64[2, 2] 14 32 32 77"},
                                       {A V "y = 2 * a @ v", "f64[2] 34 76"},
                                       {A V "y = a + v", "f64[2, 3] 2 4 7 5 7 10"},
                                       {NULL, NULL}};
    check(list);
}

static void numbers(void **state)
{
    (void)state;
    static const expectation list[] = {{F "y = f + 1", "f32[2] 1.5 1.10000002"},
                                       {"y = 1e3 + 2.5e-1 + .5 + 1.", "f64[] 1001.75"},
                                       {K "y = k + 1", "i64[3] 3 1 2"},
                                       {"const y : f32[] = 0.1", "f32[] 0.100000001"},
                                       {"const y = 0.1\nz = 1", "no tensor"},
                                       {"const c = 0.5\ny = c * [1, 2]", "f64[2] 0.5 1"},
                                       {F "const c = 0.5\ny = c * f", "f32[2] 0.25 0.0500000007"},
                                       {"const y : f64[2] = 3", "f64[2] 3 3"},
                                       {"const y : bool[2] = [true, 0]", "bool[2] true false"},
                                       {"const y : i64[2, 0] = [[], []]", "i64[2, 0]"},
                                       {"y = [[1, 2], [3, 4]]", "f64[2, 2] 1 2 3 4"},
                                       {"const y : f64[] = 9007199254740993", "f64[] 9.007199255e+15"},
                                       {NULL, NULL}};
    check(list);
}

/* A literal is rounded once: these would differ in the last bit if they went through another type or text. */
static void literals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } list[] = {{"0.1", 0.1},
                {"-0.1", -0.1},
                {"5e-324", 5e-324},
                {"1.7976931348623157e308", 1.7976931348623157e308},
                {"3.141592653589793238462643", 3.141592653589793},
                {"0.1000000000000000055511151231257827021181583404541015625", 0.1},
                {"9007199254740993", 9007199254740992.0}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "const y : f64[] = %s\nz = y", list[i].text);
        program p = program_of(text);
        assert_int_equal(p.status, TG_OK);
        assert_memory_equal(tg_data(tg_model_find(p.model, "y")), &list[i].value, sizeof(double));
        program_free(&p);
    }
    /* Halfway between two floats, and a little more: rounding to double first would lose the little. */
    program p = program_of("const y : f32[] = 1.000000059604644775390626\nz = y");
    float above = 1.00000012f;
    assert_memory_equal(tg_data(tg_model_find(p.model, "y")), &above, sizeof above);
    program_free(&p);
}

/* A double has 53 bits; an i64 literal has 63 and its sign. */
static void whole_literals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } list[] = {{"9007199254740993", INT64_C(9007199254740993)},
                {"-9007199254740993", -INT64_C(9007199254740993)},
                {"-(9007199254740993)", -INT64_C(9007199254740993)},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"007", 7},
                {"-0", 0},
                {"1e15", INT64_C(1000000000000000)}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "const y : i64[2] = [%s, 1]\nz = y", list[i].text);
        program p = program_of(text);
        assert_string_equal(p.problems, "");
        assert_memory_equal(tg_data(tg_model_find(p.model, "y")), &list[i].value, sizeof(int64_t));
        program_free(&p);
    }
}

static void indexing(void **state)
{
    (void)state;
    static const expectation list[] = {{A "y = a[1]", "f64[3] 4 5 6"},
                                       {A "y = a[-1, 0]", "f64[] 4"},
                                       {A "y = a[:, 1]", "f64[2] 2 5"},
                                       {A "y = a[:, 1:]", "f64[2, 2] 2 3 5 6"},
                                       {A "y = a[0, ::2]", "f64[2] 1 3"},
                                       {A "y = a[:, ::-1]", "f64[2, 3] 3 2 1 6 5 4"},
                                       {A "y = a[:, -2:]", "f64[2, 2] 2 3 5 6"},
                                       {A "y = a[1:1]", "f64[0, 3]"},
                                       {A "y = a[0][2]", "f64[] 3"},
                                       {V "y = v[2:0:-1]", "f64[2] 4 2"},
                                       {V "y = v[0:100]", "f64[3] 1 2 4"},
                                       {V K "y = v[k]", "f64[3] 4 1 2"},
                                       {V "y = v[[0, 0, -1 + 3]]", "f64[3] 1 1 4"},
                                       {A "y = a[:, [2, 0]]", "f64[2, 2] 3 1 6 4"},
                                       {A "y = (a @ transpose(a))[0]", "f64[2] 14 32"},
                                       /* Beyond every end; the largest is no position that was left out. */
                                       {V "y = v[-9007199254740993:9007199254740993]", "f64[3] 1 2 4"},
                                       {V "y = v[-9223372036854775808:9223372036854775807]", "f64[3] 1 2 4"},
                                       {V "y = v[9223372036854775807::-1]", "f64[3] 4 2 1"},
                                       {V "y = v[2:9223372036854775807:-1]", "f64[0]"},
                                       {V "y = v[::9223372036854775807]", "f64[1] 1"},
                                       {NULL, NULL}};
    check(list);
}

static void calls(void **state)
{
    (void)state;
    static const expectation list[] = {
        {A "y = sum(a)", "f64[] 21"},
        {A "y = sum(a, axis=1)", "f64[2] 6 15"},
        {A "y = sum(a, 1, true)", "f64[2, 1] 6 15"},
        {A "y = sum(a, axis=[0, 1], keepdims=true)", "f64[1, 1] 21"},
        {A "y = sum(a, axis=none)", "f64[] 21"},
        {A "y = mean(a, axis=-1)", "f64[2] 2 5"},
        {A "y = max(a, axis=0)", "f64[3] 4 5 6"},
        {V "y = maximum(v, 2)", "f64[3] 2 2 4"},
        {A "y = reshape(a, [3, -1])", "f64[3, 2] 1 2 3 4 5 6"},
        {A "y = transpose(a)", "f64[3, 2] 1 4 2 5 3 6"},
        {A "y = transpose(reshape(a, [1, 2, 3]), [2, 0, 1])", "f64[3, 1, 2] 1 4 2 5 3 6"},
        {V "y = concat([v, v[0:1]], axis=0)", "f64[4] 1 2 4 1"},
        {V "y = stack([v, v])", "f64[2, 3] 1 2 4 1 2 4"},
        {V "y = where(v > 1, v, 0)", "f64[3] 0 2 4"},
        {V "y = where([true, false, true], v, -v)", "f64[3] 1 -2 4"},
        {V "y = broadcast_to(v, [2, 3])", "f64[2, 3] 1 2 4 1 2 4"},
        {V "y = cumsum(v, axis=0)", "f64[3] 1 3 7"},
        {V "y = leaky_relu(-v, slope=0.1)", "f64[3] -0.1 -0.2 -0.4"},
        {V "y = softmax(v * 0, axis=-1)", "f64[3] 0.3333333333 0.3333333333 0.3333333333"},
        {V "y = cast(v, f32)", "f32[3] 1 2 4"},
        {V "y = cast(v, dtype=i64)", "i64[3] 1 2 4"},
        {"y = full([2], 0.5, dtype=f32)", "f32[2] 0.5 0.5"},
        {"y = iota(3)", "i64[3] 0 1 2"},
        {K "y = one_hot(k, depth=3)", "f64[3, 3] 0 0 1 1 0 0 0 1 0"},
        {V "y = sum(\n  v,  # a comment\n\n  axis=0\n)", "f64[] 7"},
        {NULL, NULL}};
    check(list);
}

static void functions(void **state)
{
    (void)state;
    static const expectation list[] = {
        {V "def twice(u) = u + u\ny = twice(v)", "f64[3] 2 4 8"},
        {V "def twice(u) = u + u\ndef four(u) = twice(twice(u))\ny = four(v)", "f64[3] 4 8 16"},
        {V "def f(u, n) = u ^ n\ny = f(v, 2)", "f64[3] 1 4 16"},
        {V "def f() = 2\ny = f() * v", "f64[3] 2 4 8"},
        {V "def f(v) = v + 1\ny = f(v * 10)", "f64[3] 11 21 41"},
        {V "def f(u) = u * v\ny = f(2)", "f64[3] 2 4 8"},
        {V "def sin(u) = u + 1\ny = sin(v)", "f64[3] 2 3 5"},
        {P "def d(u) = grad(sum(u^3), u)\ny = d(w)", "f64[3] 12 12 12"},
        {V "def pick(u, i) = u[i]\ny = pick(v, -1) + pick(v, [0, 1])", "f64[2] 5 6"},
        {NULL, NULL}};
    check(list);
}

static void derivatives(void **state)
{
    (void)state;
    static const expectation list[] = {{P "y = grad(sum(w^3), w)", "f64[3] 12 12 12"},
                                       {P "y = grad(sum(grad(sum(w^3), w)), w)", "f64[3] 12 12 12"},
                                       {P "y = vjp(w^2, [1, 10, 100], w)", "f64[3] 4 40 400"},
                                       {P "y = jvp(w^2, w, [1, 0, 1])", "f64[3] 4 0 4"},
                                       {P "y = hvp(sum(w^3), w, [1, 0, 1])", "f64[3] 12 0 12"},
                                       {P "y = jacobian(w^2, w)", "f64[3, 3] 4 0 0 0 4 0 0 0 4"},
                                       {P "y = hessian(sum(w^3), w)", "f64[3, 3] 12 0 0 0 12 0 0 0 12"},
                                       {P "y = grad(sum(stop_gradient(w) * w), w)", "f64[3] 2 2 2"},
                                       {P "y = grad(sum(checkpoint(w^3, w)), w)", "f64[3] 12 12 12"},
                                       {P "y = checkpoint(sin(w) - sin(w), w, w * 2)", "f64[3] 0 0 0"},
                                       {P "param u : f64[2]\ny = grad(sum(w), u)", "f64[2] 0 0"},
                                       {P "y = jacobian(hessian(sum(w^3), w)[0, 0], w)", "f64[3] 6 0 0"},
                                       {NULL, NULL}};
    check(list);
}

static void layout(void **state)
{
    (void)state;
    static const expectation list[] = {{"\n\n  y = [1]  \t# one\n\n", "f64[1] 1"},
                                       {"const v = [1,\r\n 2]\r\ny = v + 1\r\n", "f64[2] 2 3"},
                                       {"\xEF\xBB\xBFy = [1]", "f64[1] 1"},
                                       {"y = [1] # \xC3\xA9\xE2\x82\xAC", "f64[1] 1"},
                                       {"y = (1 +\n  2) * [1,]", "f64[1] 3"},
                                       {"input = [3]\noutput = input\ny = output", "f64[1] 3"},
                                       {"y=[1,2]@[3,4]", "f64[] 11"},
                                       {"y = [1]\n# no line end", "f64[1] 1"},
                                       {NULL, NULL}};
    check(list);
}

/* ---- Declarations ------------------------------------------------------------------------------------- */

static const char contract[] =
    "input  x : f64[N, 4]                 # bound at run time; N is a named size\n"
    "input  y : f64[N, 3]\n"
    "param  W1 : f64[4, 8] = glorot       # zeros, ones, constant(v), uniform(lo, hi), normal(mean, std), glorot, he\n"
    "param  b1 : f64[8]                   # no initialiser: zeros\n"
    "const  k  : i64[3] = [2, 0, 1]       # literal arrays, nested for higher ranks; const c = 0.5 is a scalar\n"
    "def    dense(u, W, b) = u @ W + b    # a function of one expression\n"
    "a1   = tanh(dense(x, W1, b1))\n"
    "loss = mean(sum(0.5 * (a1[:, 0:3] - y)^2, axis=1))\n"
    "gW   = grad(loss, W1)                # derivatives are expressions like any other\n"
    "output loss, gW\n";

static void the_documented_example(void **state)
{
    (void)state;
    program p = program_of(contract);
    assert_string_equal(p.problems, "");
    assert_int_equal(tg_model_declaration_count(p.model), 4);
    tg_declaration x = tg_model_declaration_at(p.model, 0), b = tg_model_declaration_at(p.model, 3);
    assert_string_equal(x.name, "x");
    assert_true(x.is_input && x.rank == 2 && x.shape[0] == 2 && x.shape[1] == 4);
    assert_string_equal(x.size_names[0], "N");
    assert_null(x.size_names[1]);
    assert_string_equal(b.name, "b1");
    assert_false(b.is_input);
    assert_null(tg_model_declaration_at(p.model, 4).name);
    tg_tensor *loss, *gradient;
    assert_int_equal(tg_model_output_count(p.model), 2);
    assert_string_equal(tg_model_output_at(p.model, 0, &loss), "loss");
    assert_string_equal(tg_model_output_at(p.model, 1, &gradient), "gW");
    assert_int_equal(tg_rank(loss), 0);
    assert_true(tg_rank(gradient) == 2 && tg_shape(gradient)[1] == 8);
    assert_string_equal(tg_name(tg_model_find(p.model, "a1")), "a1");
    program_free(&p);
}

/* A constant with a type is a leaf of its own: it is neither folded nor merged with another of the same value. */
static void derivatives_by_constants(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"const x : f64[2] = [1, 2]\nconst z : f64[2] = [1, 2]\ny = grad(sum(x * z^2), x)", "f64[2] 1 4"},
        {"const x : f64[] = 3\ny = grad(x^2, x)", "f64[] 6"},
        {"const x : f64[2] = 1\ny = grad(sum(x^3), x)", "f64[2] 3 3"},
        {"const x = [1, 2]\ny = hessian(sum(x^3), x)[1, 1]", "f64[] 12"},
        {NULL, NULL}};
    check(list);
}

static void initialisers(void **state)
{
    (void)state;
    static const expectation list[] = {{"param y : f64[2]", "f64[2] 0 0"},
                                       {"param y : f64[2] = zeros", "f64[2] 0 0"},
                                       {"param y : f32[2] = ones", "f32[2] 1 1"},
                                       {"param y : f64[2] = constant(-0.5)", "f64[2] -0.5 -0.5"},
                                       {"param y : f64[] = uniform(2, 2)", "f64[] 2"},
                                       {"param y : f64[2] = normal(3, 0)", "f64[2] 3 3"},
                                       {NULL, NULL}};
    check(list);
    char value[200];
    program_value("param W : f64[6, 6] = glorot\ny = stack([sum(W^2) > 1, max(abs(W)) <= 0.7072])", "y",
                  value, sizeof value);
    assert_string_equal(value, "bool[2] true true");
    program_value("param W : f64[50, 50] = he\ny = stack([mean(W^2) > 0.035, mean(W^2) < 0.045])", "y", value,
                  sizeof value);
    assert_string_equal(value, "bool[2] true true");
}

static void sizes(void **state)
{
    (void)state;
    static const char text[] =
        "input x : f64[N, M]\nparam W : f64[M, 2]\ny = x @ W / N\nz = reshape(x, [-1, N * M])";
    tg_model *m;
    tg_diag diag;
    int64_t value;
    static const int64_t shape[] = {5, 7}, other[] = {6, 7}, wrong[] = {5, 7, 1};
    assert_int_equal(tg_model_parse(text, sizeof text - 1, "t", &m, &diag), TG_OK);
    assert_string_equal(tg_model_size_at(m, 1, &value), "M");
    assert_int_equal(value, -1);
    assert_null(tg_model_size_at(m, 2, NULL));
    assert_int_equal(tg_model_bind_shape(m, "x", 2, shape, &diag), TG_OK);
    tg_model_size_at(m, 1, &value);
    assert_int_equal(value, 7);
    assert_int_equal(tg_model_bind_shape(m, "x", 2, other, &diag), TG_ERR_SHAPE);
    assert_string_equal(diag.message, "'x': size N is 5 and cannot be 6 too");
    assert_int_equal(tg_model_bind_shape(m, "x", 3, wrong, &diag), TG_ERR_SHAPE);
    assert_string_equal(diag.message, "input 'x' has shape [N, M], but the array for it has [5, 7, 1]");
    assert_int_equal(tg_model_bind_shape(m, "w", 2, shape, &diag), TG_ERR_NAME);
    assert_int_equal(tg_model_bind_size(m, "N", 6, &diag), TG_ERR_SHAPE);
    assert_int_equal(tg_model_bind_size(m, "K", 6, &diag), TG_ERR_NAME);
    assert_int_equal(tg_model_bind_size(m, "N", -6, &diag), TG_ERR_SIZE);
    tg_graph *g = tg_graph_new(NULL);
    assert_int_equal(tg_model_build(m, g, NULL), TG_OK);
    assert_int_equal(tg_shape(tg_model_find(m, "y"))[0], 5);
    assert_int_equal(tg_shape(tg_model_find(m, "z"))[1], 35);
    /* Again for another batch: params are shared, inputs get names of their own. */
    tg_tensor *W = tg_model_find(m, "W");
    tg_model_unbind_sizes(m);
    static const int64_t second[] = {2, 7};
    assert_int_equal(tg_model_bind_shape(m, "x", 2, second, &diag), TG_OK);
    assert_int_equal(tg_model_build(m, g, ".2"), TG_OK);
    assert_ptr_equal(tg_model_find(m, "W"), W);
    assert_string_equal(tg_name(tg_model_find(m, "x")), "x.2");
    assert_int_equal(tg_shape(tg_model_find(m, "y"))[0], 2);
    tg_graph_free(g);
    tg_model_free(m);
}

static void the_last_assignment_is_the_output(void **state)
{
    (void)state;
    program p = program_of("x = [1]\nz = x + 1\ndef f(u) = u");
    assert_int_equal(tg_model_output_count(p.model), 1);
    assert_string_equal(tg_model_output_at(p.model, 0, NULL), "z");
    program_free(&p);
    p = program_of("const c = 2\noutput c");
    tg_tensor *c;
    assert_int_equal(p.status, TG_OK);
    tg_model_output_at(p.model, 0, &c);
    assert_int_equal(tg_dtype_of(c), TG_F64);
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators),
        cmocka_unit_test(numbers),
        cmocka_unit_test(literals_are_exact),
        cmocka_unit_test(whole_literals_are_exact),
        cmocka_unit_test(indexing),
        cmocka_unit_test(calls),
        cmocka_unit_test(functions),
        cmocka_unit_test(derivatives),
        cmocka_unit_test(layout),
        cmocka_unit_test(the_documented_example),
        cmocka_unit_test(derivatives_by_constants),
        cmocka_unit_test(initialisers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(the_last_assignment_is_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
