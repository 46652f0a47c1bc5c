/* Layers: dense, activations, multilayer perceptrons. */
#include <stdio.h>
#include <string.h>

#include <tapegrad/nn.h>

/* "NAME.SUFFIX", or 0 with an error kept when it is too long. */
static int join(tg_graph *g, char *text, size_t size, const char *name, const char *suffix)
{
    const size_t length = strlen(name), end = strlen(suffix) + 1;
    if (length + 1 + end > size) {
        tg_set_error(g, TG_ERR_NAME, "layer '%.60s': the name is too long", name);
        return 0;
    }
    memcpy(text, name, length);
    text[length] = '.';
    memcpy(text + length + 1, suffix, end);
    return 1;
}

static tg_tensor *dense(const char *name, tg_tensor *x, int64_t units, tg_init init, tg_layer *layer)
{
    tg_graph *g = tg_graph_of(x);
    char weights[256], bias[256];
    if (g == NULL) return NULL;
    if (name == NULL) return tg_set_error(g, TG_ERR_NAME, "dense: its name is NULL");
    if (tg_rank(x) < 1) return tg_set_error(g, TG_ERR_RANK, "dense '%s': x is a scalar", name);
    if (!join(g, weights, sizeof weights, name, "W") || !join(g, bias, sizeof bias, name, "b")) return NULL;
    int64_t shape[2] = {tg_shape(x)[tg_rank(x) - 1], units};
    layer->W = tg_param_init(g, weights, tg_dtype_of(x), 2, shape, init);
    layer->b = tg_param_init(g, bias, tg_dtype_of(x), 1, &units, TG_INIT_ZEROS);
    layer->z = tg_add(tg_matmul(x, layer->W), layer->b);
    return layer->z;
}

tg_tensor *tg_dense(tg_graph *g, const char *name, tg_tensor *x, int64_t units, tg_init init)
{
    tg_layer layer;
    if (x != NULL && tg_graph_of(x) != g)
        return tg_set_error(g, TG_ERR_GRAPH, "dense '%s': x belongs to another graph",
                            name == NULL ? "" : name);
    return dense(name, x, units, init, &layer);
}

tg_tensor *tg_activate(tg_tensor *z, tg_activation activation)
{
    switch (activation) {
    case TG_IDENTITY:
        return z;
    case TG_SIGMOID:
        return tg_sigmoid(z);
    case TG_TANH:
        return tg_tanh(z);
    case TG_RELU:
        return tg_relu(z);
    case TG_LEAKY_RELU:
        return tg_leaky_relu(z, 0.01);
    case TG_ELU:
        return tg_elu(z);
    case TG_GELU:
        return tg_gelu(z);
    case TG_SILU:
        return tg_silu(z);
    case TG_SOFTPLUS:
        return tg_softplus(z);
    case TG_SIN:
        return tg_sin(z);
    case TG_SOFTMAX:
        return tg_softmax(z, -1);
    }
    return tg_set_error(tg_graph_of(z), TG_ERR_ARGUMENT, "unknown activation %d", (int)activation);
}

tg_tensor *tg_mlp(tg_graph *g, const char *name, tg_tensor *x, const tg_mlp_spec *spec, tg_layer *layers)
{
    if (g == NULL) return NULL;
    if (name == NULL || spec == NULL || spec->units == NULL || spec->activations == NULL)
        return tg_set_error(g, TG_ERR_NULL, "mlp: its name, spec, units or activations are NULL");
    if (spec->n_layers < 1)
        return tg_set_error(g, TG_ERR_ARGUMENT, "mlp '%s': %d layers", name, spec->n_layers);
    if (x != NULL && tg_graph_of(x) != g)
        return tg_set_error(g, TG_ERR_GRAPH, "mlp '%s': x belongs to another graph", name);
    tg_tensor *a = x;
    for (int l = 0; l < spec->n_layers; l++) {
        char number[16], full[256];
        snprintf(number, sizeof number, "%d", l + 1);
        if (!join(g, full, sizeof full, name, number)) return NULL;
        tg_layer layer = {0};
        layer.a = tg_activate(dense(full, a, spec->units[l], spec->init, &layer), spec->activations[l]);
        if (layers != NULL) layers[l] = layer;
        a = layer.a;
    }
    return a;
}
