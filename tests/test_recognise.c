/* Multilayer perceptrons are recognised in any spelling, what is none is refused with a reason, and what was recognised
 * obeys the rules of all five conventions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recognise_models.h"

static void test_perceptrons(void **state)
{
    (void)state;
    for (const recognise_model *m = perceptrons; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON], text[512];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 1) fail_msg("%s: %d: %s %s", m->name, answer, reason, tg_error(built.graph));
        if (strcmp(found_text(&found, text, sizeof text), m->found) != 0)
            fail_msg("%s: %s\n   instead of %s", m->name, text, m->found);
        assert_int_equal(tg_node_count(built.graph), nodes);
        for (int c = 0; c < TG_CONVENTIONS; c++) prove_rules(&built, &found, m->name, (tg_convention)c);
        free_model(&built);
    }
}

static void test_others(void **state)
{
    (void)state;
    for (const recognise_model *m = others; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 0 || strstr(reason, m->found) == NULL)
            fail_msg("%s: %d: %s (%s)", m->name, answer, reason, tg_error(built.graph));
        assert_int_equal(tg_node_count(built.graph), nodes);
        free_model(&built);
    }
}

/* ---- Networks of the library -------------------------------------------------------------------------- */

static tg_tensor *library_network(tg_graph *g, int L, tg_activation hidden, tg_activation last, tg_cost cost)
{
    int64_t units[TG_RULES_LAYERS + 1];
    tg_activation activations[TG_RULES_LAYERS + 1];
    for (int l = 0; l < L; l++) units[l] = l < L - 1 ? 5 : 3, activations[l] = l < L - 1 ? hidden : last;
    tg_mlp_spec spec = {.n_layers = L, .units = units, .activations = activations, .init = TG_INIT_ZEROS};
    tg_tensor *x = tg_input(g, "x", TG_F32, 2, (int64_t[]){7, 4});
    tg_tensor *y = tg_input(g, "y", TG_F32, 2, (int64_t[]){7, 3});
    return tg_mean(tg_cost_of(cost, tg_mlp(g, "net", x, &spec, NULL), y), NULL);
}

static void test_library(void **state)
{
    (void)state;
    for (int s = 0; s <= (int)TG_SOFTMAX; s++)
        for (int c = 0; c <= (int)TG_COST_BINARY_CROSS_ENTROPY; c++) {
            tg_graph *g = tg_graph_new(NULL);
            tg_activation last = (tg_activation)s, hidden = last == TG_SOFTMAX ? TG_TANH : last;
            tg_tensor *loss = library_network(g, 2, hidden, last, (tg_cost)c);
            tg_found_mlp found;
            char reason[TG_REASON];
            if (tg_recognise(g, loss, &found, reason) != 1)
                fail_msg("%s, %s: %s %s", tg_activation_name(last), tg_cost_name((tg_cost)c), reason,
                         tg_error(g));
            assert_int_equal(found.activations[0], hidden);
            assert_int_equal(found.activations[1], last);
            assert_int_equal(found.cost, c);
            assert_string_equal(found.factor_text, "1/N");
            assert_ptr_equal(found.layer[1].W, tg_find(g, "net.1.W"));
            assert_ptr_equal(found.layer[2].b, tg_find(g, "net.2.b"));
            assert_ptr_equal(found.x, tg_find(g, "x"));
            assert_ptr_equal(found.y, tg_find(g, "y"));
            tg_graph_free(g);
        }
}

static void test_depth(void **state)
{
    (void)state;
    for (int L = TG_RULES_LAYERS; L <= TG_RULES_LAYERS + 1; L++) {
        tg_graph *g = tg_graph_new(NULL);
        tg_tensor *loss = library_network(g, L, TG_RELU, TG_IDENTITY, TG_COST_QUADRATIC);
        tg_found_mlp found;
        char reason[TG_REASON];
        assert_int_equal(tg_recognise(g, loss, &found, reason), L <= TG_RULES_LAYERS);
        if (L <= TG_RULES_LAYERS)
            assert_int_equal(found.L, L);
        else
            assert_string_equal(reason, "it has more than 64 layers");
        tg_graph_free(g);
    }
}

/* ---- The models of the examples ----------------------------------------------------------------------- */

static const struct example {
    const char *file, *found;
} examples[] = {
    {"autoencoder",
     "64-32-6-32-64 N=7 tanh,tanh,tanh,sigmoid quadratic 1/(N K) x:r y:r W:iiii b:1111 z:rrrr a:rrrr"},
    {"columns", "4-5-2 N=7 tanh,identity quadratic 1/(N K) x:c y:c W:ii b:11 z:cc a:cc"},
    {"deep_relu",
     "64-64-32-32-10 N=7 relu,relu,relu,softmax cross_entropy 1/N x:r y:r W:iiii b:1111 z:rrrr a:rrrr"},
    {"delta", "4-6-5-3 N=1 sigmoid,sigmoid,sigmoid quadratic 1 x:c y:c W:ooo b:111 z:ccc a:ccc"},
    {"jacobian", "4-5-3 N=1 tanh,tanh quadratic 1 x:c y:c W:ii b:11 z:cc a:cc"},
    {"logistic_regression", "4-3 N=7 softmax cross_entropy 1/N x:r y:r W:i b:1 z:r a:r"},
    {"rows", "4-6-3 N=7 relu,softmax cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:rr"},
    {"vector", "4-5-3 N=1 sigmoid,sigmoid quadratic 1 x:c y:c W:oo b:11 z:cc a:cc"},
    {"xor", "2-4-1 N=7 tanh,sigmoid binary_cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:rr"},
    {"rosenbrock", "the param 'start' is not applied to an input: it first meets numbers alone"},
    {"shared_weights", "the param 'V' is used in two places, in layer 1 and again in"},
};

static void read_file(const char *name, char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/../../examples/models/%s.tg", TG_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, size - 1, file);
    assert_true(n > 0 && n < size - 1);
    text[n] = '\0';
    fclose(file);
}

static void test_examples(void **state)
{
    (void)state;
    static char program[16384];
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        read_file(examples[i].file, program, sizeof program);
        built_model built = build_model(program);
        tg_found_mlp found;
        char reason[TG_REASON], text[512];
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        const char *said = answer == 1 ? found_text(&found, text, sizeof text) : reason;
        if (answer < 0 || strncmp(said, examples[i].found, strlen(examples[i].found)) != 0)
            fail_msg("%s: %d: %s", examples[i].file, answer, said);
        for (int c = 0; answer == 1 && c < TG_CONVENTIONS; c++)
            prove_rules(&built, &found, examples[i].file, (tg_convention)c);
        free_model(&built);
    }
}

/* ---- Errors ------------------------------------------------------------------------------------------- */

static void test_errors(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(NULL), *other = tg_graph_new(NULL);
    tg_found_mlp found;
    char reason[TG_REASON];
    tg_tensor *loss = library_network(g, 1, TG_TANH, TG_TANH, TG_COST_L1);
    assert_int_equal(tg_recognise(NULL, loss, &found, reason), -1);
    assert_int_equal(tg_recognise(g, NULL, &found, reason), -1);
    assert_int_equal(tg_graph_status(g), TG_ERR_NULL);
    assert_int_equal(tg_recognise(g, loss, &found, reason), -1); /* an error is kept already */
    tg_clear_error(g);
    assert_int_equal(tg_recognise(other, loss, &found, reason), -1);
    assert_int_equal(tg_graph_status(other), TG_ERR_GRAPH);
    assert_int_equal(tg_recognise(g, loss, &found, reason), 1);
    tg_graph_free(g);
    tg_graph_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perceptrons), cmocka_unit_test(test_others),   cmocka_unit_test(test_library),
        cmocka_unit_test(test_depth),       cmocka_unit_test(test_examples), cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
