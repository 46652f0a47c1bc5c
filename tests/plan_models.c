/* Training steps of several kinds. */
#include "plan_models.h"

#include <stdio.h>
#include <stdlib.h>

#include <tapegrad/nn.h>

static tg_tensor *input_of(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape)
{
    tg_tensor *t = tg_input(g, name, dtype, rank, shape);
    size_t size = (size_t)tg_count(t) * tg_dtype_size(dtype);
    void *zeros = calloc(1, size + 1);
    assert_int_equal(tg_set(t, zeros, size), TG_OK);
    free(zeros);
    return t;
}

static tg_tensor *classes(tg_graph *g, tg_tensor *s)
{
    return tg_mean(tg_softmax_cross_entropy(s, input_of(g, "y", TG_F32, 2, tg_shape(s))), NULL);
}

tg_graph *network_model(int layers, int width, int batch, int variety, tg_tensor **cost)
{
    int64_t units[MOST_LAYERS];
    tg_activation activations[MOST_LAYERS];
    for (int i = 0; i < layers; i++) {
        units[i] = 1 + width * (variety == 0 ? 2 : 1 + (7 * i + 3 * variety) % 5) / 2;
        activations[i] = (tg_activation)(variety + (variety == 0 ? 0 : i) % 4);
    }
    units[layers - 1] = 10;
    activations[layers - 1] = TG_IDENTITY;
    tg_graph *g = tg_graph_new(NULL);
    tg_mlp_spec spec = {layers, units, activations, TG_INIT_GLOROT};
    tg_tensor *x = input_of(g, "x", TG_F32, 2, (const int64_t[]){batch, 20});
    *cost = classes(g, tg_mlp(g, "net", x, &spec, NULL));
    return g;
}

static tg_tensor *convolution(tg_graph *g, tg_tensor *x, int64_t channels)
{
    int64_t n = tg_shape(x)[0], size = tg_shape(x)[1], from = tg_shape(x)[2], out = size - 2;
    tg_tensor *patches[3];
    for (int k = 0; k < 3; k++) patches[k] = tg_slice(x, 1, k, k + out, 1);
    tg_tensor *rows = tg_reshape(tg_concat(patches, 3, 2), 2, (const int64_t[]){n * out, 3 * from});
    char name[32];
    snprintf(name, sizeof name, "conv.%lld", (long long)size);
    tg_tensor *made = tg_relu(tg_dense(g, name, rows, channels, TG_INIT_GLOROT));
    tg_tensor *pairs = tg_reshape(made, 4, (const int64_t[]){n, out / 2, 2, channels});
    return tg_max(pairs, &(tg_axes){.count = 1, .axis = {2}});
}

tg_graph *convolution_model(int64_t channels, tg_tensor **cost)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *table = tg_param_init(g, "table", TG_F32, 2, (const int64_t[]){50, 6}, TG_INIT_GLOROT);
    tg_tensor *tokens = input_of(g, "tokens", TG_I64, 2, (const int64_t[]){4, 30});
    tg_tensor *x = tg_gather(table, tokens, 0);
    for (int i = 0; i < 3; i++) x = convolution(g, x, channels);
    *cost = classes(g, tg_dense(g, "top", tg_reshape(x, 2, (const int64_t[]){4, -1}), 10, TG_INIT_GLOROT));
    return g;
}

tg_graph *recurrent_model(int steps, tg_tensor **cost)
{
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = input_of(g, "x", TG_F32, 3, (const int64_t[]){steps, 8, 5});
    tg_tensor *w = tg_param_init(g, "w", TG_F32, 2, (const int64_t[]){12, 12}, TG_INIT_GLOROT);
    tg_tensor *u = tg_param_init(g, "u", TG_F32, 2, (const int64_t[]){5, 12}, TG_INIT_GLOROT);
    tg_tensor *h = tg_full(g, TG_F32, 2, (const int64_t[]){8, 12}, 0);
    *cost = tg_sum(h, NULL);
    for (int i = 0; i < steps; i++) {
        h = tg_tanh(tg_add(tg_matmul(h, w), tg_matmul(tg_index(x, 0, i), u)));
        *cost = tg_add(*cost, tg_mean(tg_square(tg_cumsum(h, 1)), NULL));
    }
    return g;
}
