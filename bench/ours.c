/* The same training step, compiled by the library. */
#include "ours.h"

static tg_status compile_step(our_net *net, const tg_optimizer *optimizer, const tg_compile_options *options)
{
    tg_update *updates;
    int n;
    tg_status status = tg_optimizer_updates(net->graph, net->loss, optimizer, &updates, &n);
    if (status != TG_OK) return status;
    status = tg_compile_with(net->graph, &net->loss, 1, updates, n, options, &net->step);
    tg_updates_free(updates);
    return status;
}

int our_make(our_net *net, const workload *of, const batch *data, int threads, const char *without)
{
    int last = of->n_layers - 1;
    int64_t units[MAX_LAYERS], inputs[2] = {of->batch, of->sizes[0]},
                               outputs[2] = {of->batch, of->sizes[last + 1]};
    tg_activation activations[MAX_LAYERS];
    for (int l = 0; l <= last; l++) {
        units[l] = of->sizes[l + 1];
        activations[l] = !of->is_softmax ? TG_SIGMOID : l < last ? TG_RELU : TG_IDENTITY;
    }
    const tg_mlp_spec spec = {of->n_layers, units, activations, of->is_softmax ? TG_INIT_HE : TG_INIT_GLOROT};
    tg_graph *g = tg_graph_new(NULL);
    *net = (our_net){.graph = g};
    if (g == NULL) return 0;
    tg_dtype dtype = data->type == F32 ? TG_F32 : TG_F64;
    tg_tensor *x = tg_input(g, "x", dtype, 2, inputs), *y = tg_input(g, "y", dtype, 2, outputs);
    tg_layer layers[MAX_LAYERS];
    tg_tensor *a = tg_mlp(g, "net", x, &spec, layers);
    net->loss =
        tg_mean(of->is_softmax ? tg_softmax_cross_entropy(a, y) : tg_cost_of(TG_COST_QUADRATIC, a, y), NULL);
    const tg_optimizer sgd = TG_SGD(.rate = of->rate);
    const tg_compile_options options = {.threads = threads, .passes_off = without};
    if (compile_step(net, &sgd, &options) != TG_OK) return 0;
    for (int l = 0; l <= last; l++) {
        net->W[l] = layers[l].W;
        net->b[l] = layers[l].b;
    }
    return tg_bind(net->step, x, data->x) == TG_OK && tg_bind(net->step, y, data->y) == TG_OK;
}

void our_free(our_net *net)
{
    tg_function_free(net->step);
    tg_graph_free(net->graph);
}
