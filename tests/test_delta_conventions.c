/* The five conventions against each other: transposed and freed of their factors, their results are the same. And the
 * jacobian convention against products of Jacobians that are written out. */
#include "delta_example.h"

/* The results of all examples as sums, in one layout. */
typedef struct sums {
    double cost, output[BATCH][MAX_UNITS];
    double terms[MAX_LAYERS][BATCH][MAX_UNITS];  /* dC/dz^l of each example */
    double inputs[MAX_LAYERS][BATCH][MAX_UNITS]; /* dC/da^(l-1) of each example */
    double dweights[MAX_LAYERS][MAX_UNITS][MAX_UNITS], dbiases[MAX_LAYERS][MAX_UNITS];
} sums;

/* The examples first .. first + batch - 1 of a network in rows, in another convention. */
static void convert(const example *rows, tg_convention convention, int64_t first, int64_t batch, example *e)
{
    int depth = rows->net.n_layers;
    prepare_example(e, convention, depth, rows->sizes, batch);
    e->net.cost = rows->net.cost;
    memcpy(e->activations, rows->activations, sizeof e->activations);
    memcpy(e->biases, rows->biases, sizeof e->biases);
    for (int64_t i = 0; i < batch; i++) {
        for (int64_t k = 0; k < e->sizes[0]; k++)
            e->x[unit_at(&e->net, e->sizes[0], k, i)] = rows->x[(first + i) * e->sizes[0] + k];
        for (int64_t k = 0; k < e->sizes[depth]; k++)
            e->y[unit_at(&e->net, e->sizes[depth], k, i)] = rows->y[(first + i) * e->sizes[depth] + k];
    }
    for (int l = 0; l < depth; l++) {
        if (rows->bias_list[l] == NULL) e->bias_list[l] = NULL;
        for (int64_t in = 0; in < e->sizes[l]; in++)
            for (int64_t out = 0; out < e->sizes[l + 1]; out++)
                e->weights[l][weight_at(&e->net, l, in, out)] =
                    rows->weights[l][weight_at(&rows->net, l, in, out)];
    }
}

static void add_layer(const tg_delta_net *net, const gradients *g, int l, int64_t first, sums *s)
{
    int64_t n_in = net->sizes[l], n_out = net->sizes[l + 1];
    double share = cost_share(net), each = term_share(net);
    for (int64_t i = 0; i < net->batch; i++) {
        for (int64_t k = 0; k < n_out; k++)
            s->terms[l][first + i][k] = g->deltas[l][unit_at(net, n_out, k, i)] / each;
        for (int64_t k = 0; k < n_in; k++)
            s->inputs[l][first + i][k] = g->inputs[l][input_at(net, n_in, k, i)] / each;
    }
    for (int64_t k = 0; k < n_out; k++) {
        s->dbiases[l][k] += g->dbiases[l][k] / share;
        for (int64_t i = 0; i < n_in; i++)
            s->dweights[l][i][k] += g->dweights[l][weight_at(net, l, i, k)] / share;
    }
}

/* Adds the results of the examples from `first` on. */
static void add_examples(const example *rows, tg_convention convention, int64_t first, int64_t batch, sums *s)
{
    example e;
    gradients g;
    convert(rows, convention, first, batch, &e);
    compute(&e.net, &g);
    int depth = e.net.n_layers;
    s->cost += g.result.cost / cost_share(&e.net);
    for (int64_t i = 0; i < batch; i++)
        for (int64_t k = 0; k < e.sizes[depth]; k++)
            s->output[first + i][k] = g.output[unit_at(&e.net, e.sizes[depth], k, i)];
    for (int l = 0; l < depth; l++) add_layer(&e.net, &g, l, first, s);
}

static void sum_up(const example *rows, tg_convention convention, sums *s)
{
    memset(s, 0, sizeof *s);
    if (convention != TG_CONVENTION_VECTOR) {
        add_examples(rows, convention, 0, rows->net.batch, s);
        return;
    }
    for (int64_t i = 0; i < rows->net.batch; i++) add_examples(rows, convention, i, 1, s);
}

/* Up to rounding, relative to the largest number. */
static void assert_same(const double *found, const double *expected, size_t n, const char *convention,
                        const char *what)
{
    double largest = 0.0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs(expected[k]));
    for (size_t k = 0; k < n; k++)
        if (!(fabs(found[k] - expected[k]) <= 1e-13 * largest))
            fail_msg("%s, %s: found %.17g, expected %.17g", convention, what, found[k], expected[k]);
}

static void compare_sums(const sums *found, const sums *expected, const char *name)
{
    assert_same(&found->cost, &expected->cost, 1, name, "cost");
    assert_same(found->output[0], expected->output[0], BATCH * MAX_UNITS, name, "output");
    for (int l = 0; l < MAX_LAYERS; l++) {
        assert_same(found->terms[l][0], expected->terms[l][0], BATCH * MAX_UNITS, name, "error terms");
        assert_same(found->inputs[l][0], expected->inputs[l][0], BATCH * MAX_UNITS, name, "inputs");
        assert_same(found->dweights[l][0], expected->dweights[l][0], MAX_UNITS * MAX_UNITS, name, "weights");
        assert_same(found->dbiases[l], expected->dbiases[l], MAX_UNITS, name, "biases");
    }
}

static int64_t draw(uint64_t key, uint64_t *i, int64_t low, int64_t high)
{
    return low + (int64_t)tg_random_below(key, (*i)++, (uint64_t)(high - low + 1));
}

/* A bias is missing now and then, but for the last layer's, which keeps the outputs of entropies positive. */
static void draw_network(example *e, tg_activation last, tg_cost cost, uint64_t key)
{
    uint64_t i = 0;
    int64_t sizes[MAX_LAYERS + 1];
    int depth = (int)draw(key, &i, 1, MAX_LAYERS);
    for (int l = 0; l <= depth; l++) sizes[l] = draw(key, &i, 1, MAX_UNITS);
    prepare_example(e, TG_CONVENTION_ROWS, depth, sizes, draw(key, &i, 1, BATCH));
    e->net.cost = cost;
    for (int l = 0; l < depth - 1; l++) {
        e->activations[l] = (tg_activation)draw(key, &i, 0, TG_SOFTMAX - 1);
        if (draw(key, &i, 0, 3) == 0) e->bias_list[l] = NULL;
    }
    e->activations[depth - 1] = last;
    fill_random(e, key + 1);
}

static void check_agreement(tg_activation last, tg_cost cost, uint64_t *key)
{
    example rows;
    sums expected, found;
    do {
        draw_network(&rows, last, cost, *key += 2);
        sum_up(&rows, TG_CONVENTION_ROWS, &expected);
    } while (!isfinite(expected.cost));
    for (int c = 0; c < TG_CONVENTIONS; c++) {
        if (c == TG_CONVENTION_ROWS) continue;
        sum_up(&rows, (tg_convention)c, &found);
        compare_sums(&found, &expected, tg_convention_name((tg_convention)c));
    }
}

static void test_all_agree(void **state)
{
    (void)state;
    uint64_t key = 7000;
    for (int activation = 0; activation < N_ACTIVATIONS; activation++)
        for (int cost = 0; cost < N_COSTS; cost++)
            for (int round = 0; round < 12; round++)
                check_agreement((tg_activation)activation, (tg_cost)cost, &key);
}

/* ---- The Jacobians of the jacobian convention ---- */

/* alpha = Phi(W^T alpha' + beta) for tanh in layer 1 and sigmoid in layer 2, and Phi'(zeta). */
static void layer_by_hand(const example *e, int l, const double *before, double *alpha, double *slope)
{
    for (int64_t k = 0; k < e->sizes[l + 1]; k++) {
        double zeta = e->biases[l][k];
        for (int64_t i = 0; i < e->sizes[l]; i++) zeta += e->weights[l][i * e->sizes[l + 1] + k] * before[i];
        alpha[k] = l == 0 ? tanh(zeta) : 1 / (1 + exp(-zeta));
        slope[k] = l == 0 ? 1 - alpha[k] * alpha[k] : alpha[k] * (1 - alpha[k]);
    }
}

/* P df/da, where row m of df/da is Phi'(zeta_m) times the weights of neuron m. */
static void row_times_input_jacobian(const example *e, int l, const double *P, const double *slope,
                                     double *product)
{
    int64_t n = e->sizes[l], m = e->sizes[l + 1];
    double jacobian[MAX_UNITS][MAX_UNITS];
    for (int64_t row = 0; row < m; row++)
        for (int64_t i = 0; i < n; i++) jacobian[row][i] = slope[row] * e->weights[l][i * m + row];
    for (int64_t i = 0; i < n; i++) {
        product[i] = 0;
        for (int64_t row = 0; row < m; row++) product[i] += P[row] * jacobian[row][i];
    }
}

/* P df/dw_k, where df/dw_k is zero but for row k, which is Phi'(zeta_k) alpha'^T. */
static void row_times_weight_jacobian(const example *e, int l, int64_t k, const double *P,
                                      const double *before, const double *slope, double *product)
{
    int64_t n = e->sizes[l], m = e->sizes[l + 1];
    double jacobian[MAX_UNITS][MAX_UNITS] = {{0}};
    for (int64_t i = 0; i < n; i++) jacobian[k][i] = slope[k] * before[i];
    for (int64_t i = 0; i < n; i++) {
        product[i] = 0;
        for (int64_t row = 0; row < m; row++) product[i] += P[row] * jacobian[row][i];
    }
}

/* Layer l's P, and its gradient of the weights, which is added to dW, from the P of the layer above. */
static void check_layer(const example *e, const gradients *g, int l, int64_t example_index, const double *P,
                        const double *before, const double *slope, double *P_below, double *dW)
{
    int64_t n = e->sizes[l], m = e->sizes[l + 1];
    row_times_input_jacobian(e, l, P, slope, P_below);
    assert_all_near(&g->inputs[l][example_index * n], P_below, (int)n, 1e-15, "P");
    for (int64_t k = 0; k < m; k++) {
        double row[MAX_UNITS];
        row_times_weight_jacobian(e, l, k, P, before, slope, row);
        for (int64_t i = 0; i < n; i++) dW[i * m + k] += row[i] / (double)e->net.batch;
        assert_near(g->deltas[l][k * e->net.batch + example_index], slope[k] * P[k], 1e-15, "B");
    }
}

static void test_products_of_jacobians(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 20; key++) {
        example e;
        gradients g;
        double dW[2][MAX_UNITS * MAX_UNITS] = {{0}};
        prepare_example(&e, TG_CONVENTION_JACOBIAN, 2, (int64_t[]){3, 5, 2}, key % 2 ? BATCH : 1);
        e.activations[0] = TG_TANH;
        e.activations[1] = TG_SIGMOID;
        fill_random(&e, key);
        compute(&e.net, &g);
        for (int64_t i = 0; i < e.net.batch; i++) {
            double x[3], a[2][MAX_UNITS], slope[2][MAX_UNITS], P3[2], P2[MAX_UNITS], P1[MAX_UNITS];
            for (int k = 0; k < 3; k++) x[k] = e.x[k * e.net.batch + i];
            layer_by_hand(&e, 0, x, a[0], slope[0]);
            layer_by_hand(&e, 1, a[0], a[1], slope[1]);
            for (int k = 0; k < 2; k++) P3[k] = a[1][k] - e.y[k * e.net.batch + i];
            check_layer(&e, &g, 1, i, P3, a[0], slope[1], P2, dW[1]);
            check_layer(&e, &g, 0, i, P2, x, slope[0], P1, dW[0]);
        }
        assert_all_near(g.dweights[0], dW[0], 15, 1e-15, "weights 1");
        assert_all_near(g.dweights[1], dW[1], 10, 1e-15, "weights 2");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_agree),
        cmocka_unit_test(test_products_of_jacobians),
    };
    return cmocka_run_group_tests_name("delta conventions", tests, NULL, NULL);
}
