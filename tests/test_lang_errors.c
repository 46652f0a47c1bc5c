/* The model language: what is wrong with a program, where, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lang_helpers.h"

/* Programs, and the first lines of their problems without "test.tg:". */
typedef struct expectation {
    const char *text, *problems;
} expectation;

/* The lines that name a place, one after another. */
static void headlines(const char *problems, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (const char *line = problems; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "test.tg:", 8) != 0) continue;
        int n = (int)strcspn(line, "\n") - 8;
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", used > 0 ? "\n" : "", n, line + 8);
        assert_true(used < size);
    }
}

static void check(const expectation *list)
{
    for (; list->text != NULL; list++) {
        char found[4000];
        program p = program_of(list->text);
        headlines(p.problems, found, sizeof found);
        if (strcmp(found, list->problems) != 0) print_error("program:\n%s\n", list->text);
        assert_string_equal(found, list->problems);
        assert_int_equal(p.status, TG_ERR_SYNTAX);
        assert_int_equal(tg_node_count(p.graph), 0);
        program_free(&p);
    }
}

static void text_that_is_no_program(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"y = 1 $ 2", "1:7: error: '$' does not belong in a program"},
        {"y = 1 \xC3\xA9 2", "1:7: error: '\xC3\xA9' does not belong in a program"},
        {"y = [1] # \xC3\xA9\nz = \xE2\x82\xAC + q",
         "2:5: error: '\xE2\x82\xAC' does not belong in a program"},
        {"y = \xC3(1)", "1:5: error: byte 195 is no UTF-8 here"},
        {"y = x\001", "1:6: error: a character with code 1 does not belong in a program"},
        {"y = 3x", "1:6: error: 'x' after a number: expected an operator or a space"},
        {"y = 1.5.2", "1:8: error: expected an operator or the end of the line, found '.2'"},
        {"y = 1e999 * [1]", "1:5: error: the number is too large"},
        {"y = (1 + 2", "1:5: error: '(' is never closed"},
        {"y = [1, 2\nparam w : f64[q]\nz = [1]",
         "1:5: error: '[' is never closed\n2:15: error: size 'q' is not known: load data that have it, or give "
         "--dim q=NUMBER"},
        {"y = 1)", "1:6: error: ')' closes nothing"},
        {"y = [1)", "1:5: error: '[' is never closed\n1:7: error: expected ']' to close '[', found ')'"},
        {NULL, NULL}};
    check(list);
}

static void statements(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"3 = 4", "1:1: error: expected a statement, found '3'"},
        {"y == 3", "1:3: error: expected '=', found '=='"},
        {"y =", "1:4: error: expected an expression, found the end of the line"},
        {"input", "1:6: error: expected a name, found the end of the line"},
        {"input x f64[2]", "1:9: error: expected ':' and a type, found 'f64'"},
        {"input x : f65[2]", "1:11: error: expected a type (f32, f64, i64 or bool), found 'f65'"},
        {"input x : f64",
         "1:14: error: expected '[' and the shape ('[]' for a scalar), found the end of the line"},
        {"input x : f64[2.5]", "1:15: error: expected a size: a whole number or a name, found '2.5'"},
        {"input x : f64[1,1,1,1,1,1,1,1,1]", "1:31: error: a tensor has at most 8 axes"},
        {"input x : f64[2] = 1", "1:18: error: expected the end of the line, found '='"},
        {"param w : i64[2]", "1:7: error: a param must be f32 or f64"},
        {"param w : f64[2] = random",
         "1:20: error: expected an initialiser (zeros, ones, constant(v), uniform(lo, hi), normal(mean, std), "
         "glorot, he), found 'random'"},
        {"param w : f32[2] = uniform(-3e38, 3e38)",
         "1:7: error: param 'w': uniform from -3e+38 to 3e+38 is wider than the numbers of f32"},
        {"param w : f64[2] = uniform(1.7e308, -1e308)",
         "1:7: error: param 'w': uniform from 1.7e+308 to -1e+308 is wider than the numbers of f64"},
        {"param w : f64[2] = uniform(1)", "1:29: error: expected ',', found ')'"},
        {"const k : f64[2]", "1:17: error: expected '=', found the end of the line"},
        {"def f(1) = 2", "1:7: error: expected a parameter's name, found '1'"},
        {"def f(a, b, a) = a", "1:13: error: there is a parameter 'a' already"},
        {"def f(a)", "1:9: error: expected '=', found the end of the line"},
        {"y = [1]\ny = [2]", "2:1: error: 'y' has a value already, from line 1: a name is assigned once"},
        {"input x : f64[N]\nN = [3]", "2:1: error: 'N' is the name of a size, from line 1"},
        {"y = [1]\noutput y,", "2:10: error: expected a name, found the end of the line"},
        {"y = [1]\noutput z", "2:8: error: 'z' has no value"},
        {NULL, NULL}};
    check(list);
}

static void expressions(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"y = [1] +", "1:10: error: expected an expression, found the end of the line"},
        {"y = * 2", "1:5: error: expected an expression, found '*'"},
        {"y = [1] [2]\nz = 1 2", "1:10: error: index: position 2 of axis 0, which has size 1; %0 f64[1]\n"
                                 "2:7: error: expected an operator or the end of the line, found '2'"},
        {"xx = [1]\ny = xy + 1", "2:5: error: 'xy' has no value; did you mean 'xx'?"},
        {"y = z + 1\nz = [1]", "1:5: error: 'z' is used before it gets its value, on line 2"},
        {"y = f\ndef f(a) = a", "1:5: error: 'f' is used before it gets its value, on line 2"},
        {"def f(a) = a\ny = f + 1", "2:5: error: 'f' is a function: it needs its arguments"},
        {"x = [1, 2]\ny = x @ [[1, 2, 3]]",
         "2:7: error: matmul: the inner sizes 2 and 1 differ; a: 'x' f64[2], b: %1 f64[1, 3]"},
        {"const f : f32[1] = [1]\ny = f + ([1] @ [[2]])",
         "2:7: error: add: its inputs have different types; a: 'f' f32[1], b: %6 f64[1]"},
        {"y = [[1, 2], [3]]", "1:14: error: the lists are not of one length: expected 2 elements here"},
        {"y = [1, [2]]", "1:9: error: expected a number, found '['"},
        {"const k : i64[2] = [1, 0.5]", "1:24: error: 0.5 is not a value of type i64"},
        {"const k : f32[] = 1e39", "1:19: error: 1e39 is not a value of type f32"},
        {"const f : f32[1] = [1]\ny = f * -3.5e38", "2:9: error: -3.5e38 is not a value of type f32"},
        {"const k : i64[] = 9223372036854775808",
         "1:19: error: 9223372036854775808 is not a value of type i64"},
        {"const k : i64[] = -9223372036854775809",
         "1:19: error: -9223372036854775809 is not a value of type i64"},
        {"const k : i64[] = 9007199254740992 + 1",
         "1:19: error: 9007199254740992 is not a value of type i64: numbers are f64, exact below 2^53, but for "
         "literals of digits alone"},
        {"const k : i64[] = -9007199254740992.0",
         "1:19: error: -9007199254740992.0 is not a value of type i64: numbers are f64, exact below 2^53, but for "
         "literals of digits alone"},
        {"const k : i64[] = 1e19", "1:19: error: 1e19 is not a value of type i64"},
        {"const k : i64[3] = [1, 2]", "1:20: error: expected i64[3], found i64[2]"},
        {"x = [1]\ny = x[0, 1]", "2:10: error: too many indices for a tensor of rank 1"},
        {"x = [1]\ny = x[5]", "2:7: error: index: position 5 of axis 0, which has size 1; 'x' f64[1]"},
        {"x = [1]\ny = x[0.5:]", "2:7: error: a position in a slice must be a whole number"},
        {"y = broadcast_to([1, 2], [2, 3])",
         "1:5: error: broadcast_to: x cannot be stretched to f64[2, 3]; x: %0 f64[2]"},
        {"y = transpose([[1, 2]], [0])",
         "1:5: error: transpose: an order of 1 axis for a tensor of rank 2; x: %0 f64[1, 2]"},
        {"y = iota(9223372036854775807)",
         "1:5: error: iota: an impossible result: the sizes up to axis 0 (9223372036854775807) multiply "
         "to more than 2^63 bytes"},
        {"x = [1]\ny = x[-9223372036854775808]",
         "2:7: error: index: position -9223372036854775808 of axis 0, which has size 1; 'x' f64[1]"},
        {"x = [1]\ny = x[9223372036854775808:]", "2:7: error: a position in a slice must be a whole number"},
        {"y = iota(-1)", "1:5: error: iota: an impossible result: axis 0 has size -1, expected 0 or more"},
        {"x = [1]\ny = x[]", "2:7: error: expected an index, found ']'"},
        {NULL, NULL}};
    check(list);
}

static void calls(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"y = softmx([1])", "1:5: error: there is no function 'softmx'; did you mean 'softmax'?"},
        {"y = hessin([1], [1])", "1:5: error: there is no function 'hessin'; did you mean 'hessian'?"},
        {"y = qqqqqqq([1])", "1:5: error: there is no function 'qqqqqqq'"},
        {"y = g(1)\ndef g(a) = a", "1:5: error: 'g' is used before it is defined"},
        {"def g(a) = a\ny = g(a=1)", "2:7: error: 'g' takes its arguments by place, without names"},
        {"y = sum()", "1:5: error: sum: expected at least 1 argument, found 0"},
        {"y = sin(1, 2, 3)", "1:5: error: sin: expected 1 argument, found 3"},
        {"y = sum([1], axs=0)", "1:14: error: sum has no argument 'axs'; did you mean 'axis'?"},
        {"y = sum([1], axis=0, axis=0)", "1:22: error: sum: 'axis' is given twice"},
        {"y = sum([1], axis=3)", "1:5: error: sum: axis 3 of a tensor of rank 1; x: %0 f64[1]"},
        {"y = sum([1], keepdims=1)", "1:23: error: keepdims: expected true or false"},
        {"y = sum(axis=0, [1])",
         "1:17: error: expected an argument with its name, as the one before it, found '['"},
        {"y = reshape([1])", "1:5: error: reshape: 'shape' is missing"},
        {"y = one_hot([1], depth=0.5)", "1:24: error: depth: expected a whole number"},
        {"y = cast([1], dtype=3)", "1:21: error: dtype: expected a type (f32, f64, i64 or bool)"},
        {"y = leaky_relu([1], slope=[2])", "1:27: error: slope: expected a number"},
        {"y = concat([[1]], 0, 1)", "1:5: error: concat: expected at most 2 arguments, found 3"},
        {"y = concat([], axis=0)", "1:5: error: concat: the list is empty"},
        {"y = concat([1])", "1:5: error: concat: axis 0 of a tensor of rank 0; xs: %0 f64[]"},
        {"y = grad([1])", "1:5: error: expected grad(y, x)"},
        {"y = checkpoint([1])", "1:5: error: expected checkpoint(y, x, ...)"},
        {"param w : f64[2]\ny = checkpoint(w, x=w)", "2:5: error: expected checkpoint(y, x, ...)"},
        {"param w : f64[2]\ny = chekpoint(w, w)",
         "2:5: error: there is no function 'chekpoint'; did you mean 'checkpoint'?"},
        {"const x = 2\ny = grad(x * x, x)",
         "2:17: error: grad: no derivative with respect to a number; give it a type: "
         "const x : f64[] = 2"},
        {"param x : f64[2]\ny = grad(x, x)",
         "2:5: error: tg_grad: the output 'x' f64[2] has 2 elements, expected 1; tg_vjp "
         "and tg_jacobian differentiate tensors"},
        {"def f(a) = a\ny = f(1, 2)", "2:5: error: 'f' takes 1 argument, found 2"},
        {"y = [1]\nz = y(2)", "2:5: error: 'y' is no function"},
        {NULL, NULL}};
    check(list);
}

/* A problem in a function's body is the body's; one that an argument brings about is the call's. */
static void functions(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"def f(a) = a + b\ny = f(1)", "1:16: error: 'b' has no value"},
        {"def f(a) = f(a)\ny = f(1)", "1:12: error: 'f' is used before it is defined"},
        {"def f(a) = a +\ny = f(1)\nz = f(2)",
         "1:15: error: expected an expression, found the end of the line"},
        {"def f(a) = a @ [1, 2]\ny = f([1, 2, 3])",
         "2:5: error: in 'f': matmul: the inner sizes 3 and 2 differ; a: %0 f64[3], b: %1 f64[2]"},
        {"def f(a) = a @ [1, 2]\ndef g(a) = f(a) + 1\ny = g([1, 2, 3])",
         "3:5: error: in 'f': matmul: the inner sizes 3 and 2 differ; a: %0 f64[3], b: %1 f64[2]"},
        {NULL, NULL}};
    check(list);
}

/* All of one run, each once, and none that another one causes. */
static void many_at_once(void **state)
{
    (void)state;
    static const expectation list[] = {
        {"a = nope1\nb = nope2\nc = a + b\nd = c @ [1, 2]\ne = [1] @ [1, 2]\ninput q\nf = softmx([1])\ng = e + 1",
         "1:5: error: 'nope1' has no value\n2:5: error: 'nope2' has no value\n"
         "5:9: error: matmul: the inner sizes 1 and 2 differ; a: %0 f64[1], b: %1 f64[2]\n"
         "6:8: error: expected ':' and a type, found the end of the line\n"
         "7:5: error: there is no function 'softmx'; did you mean 'softmax'?"},
        {"input x : f64[B]\ny = x @ [1, 2] + nope\nz = y[",
         "1:15: error: size 'B' is not known: load data that have it, or give --dim B=NUMBER\n"
         "2:18: error: 'nope' has no value\n3:6: error: '[' is never closed"},
        {NULL, NULL}};
    check(list);
}

static void how_it_is_shown(void **state)
{
    (void)state;
    program p = program_of("x = [1, 2]\n\ty = softmx(x)  # \xC3\xA9\r\nz = \"\xC3\xA9\" + 1");
    assert_string_equal(p.problems,
                        "test.tg:2:6: error: there is no function 'softmx'; did you mean 'softmax'?\n"
                        "     y = softmx(x)  # \xC3\xA9\n"
                        "         ^~~~~~\n"
                        "test.tg:3:5: error: '\"' does not belong in a program\n"
                        "    z = \"\xC3\xA9\" + 1\n"
                        "        ^\n"
                        "test.tg:3:6: error: '\xC3\xA9' does not belong in a program\n"
                        "    z = \"\xC3\xA9\" + 1\n"
                        "         ^\n"
                        "test.tg:3:7: error: '\"' does not belong in a program\n"
                        "    z = \"\xC3\xA9\" + 1\n"
                        "          ^\n");
    assert_int_equal(tg_model_problem_count(p.model), 4);
    assert_null(tg_model_problem_at(p.model, 4).message);
    program_free(&p);
}

/* A build forgets the problems of the one before it, and finds its own again. */
static void building_again(void **state)
{
    (void)state;
    static const char text[] = "input x : f64[N]\ndef f(a) = a +\ny = x @ [1, 2]\nz = f(x) $";
    tg_model *m;
    tg_graph *g = tg_graph_new(NULL);
    char first[2000], again[2000];
    assert_int_equal(tg_model_parse(text, sizeof text - 1, "test.tg", &m, NULL), TG_ERR_SYNTAX);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tg_model_build(m, g, NULL), TG_ERR_SYNTAX);
        headlines(tg_model_problems(m), i == 0 ? first : again, sizeof first);
        if (i > 0) assert_string_equal(first, again);
    }
    assert_int_equal(tg_model_problem_count(m), 3);
    assert_int_equal(tg_model_bind_size(m, "N", 3, NULL), TG_OK);
    assert_int_equal(tg_model_build(m, g, NULL), TG_ERR_SYNTAX);
    headlines(tg_model_problems(m), again, sizeof again);
    assert_string_equal(again,
                        "2:15: error: expected an expression, found the end of the line\n"
                        "3:7: error: matmul: the inner sizes 3 and 2 differ; a: 'x' f64[3], b: %1 f64[2]\n"
                        "4:10: error: '$' does not belong in a program");
    tg_graph_free(g);
    tg_model_free(m);
}

static void nulls(void **state)
{
    (void)state;
    tg_model *m;
    tg_diag diag;
    assert_int_equal(tg_model_parse(NULL, 1, "t", &m, &diag), TG_ERR_NULL);
    assert_null(m);
    assert_int_equal(tg_model_parse("", 0, NULL, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_model_parse(NULL, 0, NULL, &m, NULL), TG_OK);
    assert_int_equal(tg_model_build(m, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_model_build(NULL, NULL, NULL), TG_ERR_NULL);
    assert_int_equal(tg_model_bind_size(m, NULL, 1, NULL), TG_ERR_NULL);
    assert_int_equal(tg_model_bind_shape(NULL, "x", 0, NULL, NULL), TG_ERR_NULL);
    assert_null(tg_model_find(m, NULL));
    assert_null(tg_model_output_at(m, 0, NULL));
    assert_string_equal(tg_model_problems(NULL), "");
    assert_int_equal(tg_model_declaration_count(NULL), 0);
    tg_model_free(m);
    tg_model_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_no_program),
        cmocka_unit_test(statements),
        cmocka_unit_test(expressions),
        cmocka_unit_test(calls),
        cmocka_unit_test(functions),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(how_it_is_shown),
        cmocka_unit_test(building_again),
        cmocka_unit_test(nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
