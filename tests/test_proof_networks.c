/* The generic gradients of multilayer perceptrons against backpropagation as a course has it: examples in rows, ReLU,
 * softmax with cross-entropy, the mean over the batch. Layer by layer, with everything below and above cut off. */
#include "proof_helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 4

/* Index l is layer l. */
typedef struct network {
    tg_graph *g;
    int depth;
    tg_tensor *z[DEPTH_MAX + 1], *a[DEPTH_MAX + 1], *W[DEPTH_MAX + 1], *b[DEPTH_MAX + 1], *y;
    tg_tensor *dz[DEPTH_MAX + 1], *dW[DEPTH_MAX + 1], *db[DEPTH_MAX + 1]; /* by tg_grad */
    tg_tensor *delta[DEPTH_MAX + 1];                                      /* by the course */
    tg_tensor *any_z[DEPTH_MAX + 1], *any_delta[DEPTH_MAX + 1];           /* what the cuts put there */
} network;

static const int64_t sizes[DEPTH_MAX + 1] = {13, 17, 19, 23, 29};
#define BATCH 11
static const tg_size_symbol symbols[] = {{BATCH, "N"}, {13, "n0"}, {17, "n1"},
                                         {19, "n2"},   {23, "n3"}, {29, "n4"}};

static tg_tensor *leaf(network *q, const char *letter, int l, int64_t rows, int64_t columns)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", letter, l);
    return tg_input(q->g, name, TG_F64, 2, (const int64_t[]){rows, columns});
}

static tg_tensor *mean(tg_tensor *t)
{
    return tg_div(t, tg_number_like(t, BATCH));
}

static void forward(network *q, tg_tensor *(*activation)(tg_tensor *))
{
    q->a[0] = leaf(q, "x", 0, BATCH, sizes[0]);
    q->y = leaf(q, "y", 0, BATCH, sizes[q->depth]);
    for (int l = 1; l <= q->depth; l++) {
        q->W[l] = leaf(q, "W", l, sizes[l - 1], sizes[l]);
        q->b[l] = leaf(q, "b", l, 1, sizes[l]);
        q->z[l] = tg_add(tg_matmul(q->a[l - 1], q->W[l]), q->b[l]);
        q->a[l] = l < q->depth ? activation(q->z[l]) : tg_softmax(q->z[l], 1);
        q->any_z[l] = leaf(q, "Z", l, BATCH, sizes[l]);
        q->any_delta[l] = leaf(q, "D", l, BATCH, sizes[l]);
    }
}

static void backward(network *q)
{
    tg_tensor *cost = mean(tg_sum(tg_softmax_cross_entropy(q->z[q->depth], q->y), NULL));
    int n = q->depth;
    assert_int_equal(tg_grad(q->g, cost, q->z + 1, n, q->dz + 1), TG_OK);
    assert_int_equal(tg_grad(q->g, cost, q->W + 1, n, q->dW + 1), TG_OK);
    assert_int_equal(tg_grad(q->g, cost, q->b + 1, n, q->db + 1), TG_OK);
}

static tg_tensor *relu_slope(tg_tensor *z, tg_tensor *a)
{
    (void)a;
    return tg_cast(tg_gt(z, tg_number_like(z, 0)), TG_F64);
}

static tg_tensor *sigmoid_slope(tg_tensor *z, tg_tensor *a)
{
    (void)z;
    return tg_mul(a, tg_sub(tg_number_like(a, 1), a));
}

static void course(network *q, tg_tensor *(*slope)(tg_tensor *, tg_tensor *))
{
    q->delta[q->depth] = tg_sub(q->a[q->depth], q->y);
    for (int l = q->depth - 1; l >= 1; l--)
        q->delta[l] = tg_mul(tg_transpose(tg_matmul(q->W[l + 1], tg_transpose(q->delta[l + 1], NULL)), NULL),
                             slope(q->z[l], q->a[l]));
}

static void make(network *q, int depth, tg_tensor *(*activation)(tg_tensor *),
                 tg_tensor *(*slope)(tg_tensor *, tg_tensor *))
{
    *q = (network){.g = tg_graph_new(NULL), .depth = depth};
    forward(q, activation);
    backward(q);
    course(q, slope);
    assert_int_equal(tg_graph_status(q->g), TG_OK);
}

/* Cuts every z, and layer l's delta on both sides. */
static int make_cuts(const network *q, int l, tg_cut *cuts)
{
    int n = 0;
    for (int k = 1; k <= q->depth; k++) cuts[n++] = (tg_cut){q->z[k], q->any_z[k]};
    if (l <= q->depth) {
        cuts[n++] = (tg_cut){q->delta[l], q->any_delta[l]};
        cuts[n++] = (tg_cut){q->dz[l], mean(q->any_delta[l])};
    }
    return n;
}

/* The claim left = right with layer l's delta cut. */
static tg_proof_verdict claim(const network *q, tg_tensor *left, tg_tensor *right, int l)
{
    tg_cut cuts[DEPTH_MAX + 2];
    tg_sum_one sum = {q->y, 1};
    int n = make_cuts(q, l, cuts);
    return verdict_on(q->g, (tg_proof_task){.left = left,
                                            .right = right,
                                            .cuts = cuts,
                                            .n_cuts = n,
                                            .sizes = symbols,
                                            .n_sizes = COUNT(symbols),
                                            .sums = &sum,
                                            .n_sums = 1,
                                            .points = 3});
}

static void check_layers(network *q)
{
    for (int l = q->depth; l >= 1; l--) {
        tg_tensor *weights = mean(tg_matmul(tg_transpose(q->a[l - 1], NULL), q->delta[l]));
        tg_tensor *biases = mean(tg_sum(q->delta[l], TG_KEEP_AXES(0)));
        assert_int_equal(claim(q, q->dz[l], mean(q->delta[l]), l + 1), TG_PROVED);
        assert_int_equal(claim(q, q->dW[l], weights, l), TG_PROVED);
        assert_int_equal(claim(q, q->db[l], biases, l), TG_PROVED);
        /* The mean forgotten, and the wrong layer's delta. */
        assert_int_equal(claim(q, q->dz[l], q->delta[l], l + 1), TG_REFUTED);
        assert_int_equal(claim(q, q->dW[l], tg_neg(weights), l), TG_REFUTED);
        assert_int_equal(claim(q, q->db[l], tg_mul(biases, biases), l), TG_REFUTED);
    }
}

static void test_layers(void **state)
{
    (void)state;
    for (int depth = 1; depth <= DEPTH_MAX; depth++) {
        network q;
        make(&q, depth, tg_relu, relu_slope);
        check_layers(&q);
        tg_graph_free(q.g);
        make(&q, depth, tg_sigmoid, sigmoid_slope);
        check_layers(&q);
        tg_graph_free(q.g);
    }
}

/* Without cuts all of it at once. */
static void test_whole(void **state)
{
    (void)state;
    network q;
    make(&q, 2, tg_sigmoid, sigmoid_slope);
    tg_sum_one sum = {q.y, 1};
    tg_tensor *weights = mean(tg_matmul(tg_transpose(q.a[0], NULL), q.delta[1]));
    assert_proved(q.g, .left = q.dW[1], .right = weights, .sums = &sum, .n_sums = 1);
    assert_refuted(q.g, .left = q.dW[1], .right = weights);
    tg_graph_free(q.g);
}

/* A counterexample shows where the two differ. */
static void test_counterexample(void **state)
{
    (void)state;
    network q;
    make(&q, 2, tg_relu, relu_slope);
    tg_proof *p;
    tg_tensor *no_step = mean(tg_matmul(q.delta[2], tg_transpose(q.W[2], NULL)));
    tg_proof_task task = {.left = q.dz[1], .right = no_step, .points = POINTS, .seed = 5};
    assert_int_equal(tg_prove(q.g, &task, &p), TG_OK);
    const tg_counterexample *found = tg_proof_counterexample(p);
    assert_non_null(found);
    assert_true(found->index >= 0 && found->index < BATCH * sizes[1]);
    assert_true(found->left != found->right && found->point < POINTS);
    tg_proof_free(p);
    tg_graph_free(q.g);
}

/* A node is cut where simplification has skipped over it: through transposes and negations. */
static void test_cuts_through_views(void **state)
{
    tg_graph *g = *state;
    const int64_t shape[2] = {3, 4}, flat[3] = {1, 4, 3};
    tg_tensor *x = tg_input(g, "x", TG_F64, 2, shape),
              *d = tg_input(g, "d", TG_F64, 2, (const int64_t[]){4, 3});
    tg_tensor *inner = tg_exp(x), *node = tg_neg(tg_transpose(inner, NULL));
    tg_cut cut = {node, d};
    assert_proved(g, .left = tg_sin(inner), .right = tg_sin(tg_neg(tg_transpose(d, NULL))), .cuts = &cut,
                  .n_cuts = 1);
    cut.node = tg_reshape(node, 3, flat);
    cut.value = tg_reshape(d, 3, flat);
    assert_proved(g, .left = inner, .right = tg_neg(tg_transpose(d, NULL)), .cuts = &cut, .n_cuts = 1);
    /* The cut forgets that exp(x) is positive. */
    tg_tensor *step = tg_cast(tg_gt(inner, tg_number_like(inner, 0)), TG_F64);
    tg_tensor *one = tg_full(g, TG_F64, 2, shape, 1);
    assert_proved(g, .left = step, .right = one);
    assert_int_equal(verdict_on(g, (tg_proof_task){.left = step, .right = one, .cuts = &cut, .n_cuts = 1}),
                     TG_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers), cmocka_unit_test(test_whole),
                                       cmocka_unit_test(test_counterexample),
                                       graph_test(test_cuts_through_views)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
